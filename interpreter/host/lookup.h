/* interpreter/host/lookup.h -- tables of functions of one byte; see struct thm_kernels. */
#pragma once
#include "interpreter/ops/variant.h"

const int32_t *thm_lookup_table_begin(const struct thm_byte_map *m, size_t uses);
void thm_lookup_table_end(void);
