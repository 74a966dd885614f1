/* memmodels/multi_heap.h -- private: ESP-IDF's heap in its revisions, the rows of heap.c's table. */
#pragma once
#include "memmodels/heap.h"

/* The info call's figures, the same in all revisions. */
int thm_multi_heap_stat_line(const struct thm_heap *h, char *buf, size_t len);

extern const struct thm_heap_ops thm_multi_heap_tlsf, thm_multi_heap_tlsf_light;         /* since 2024 */
extern const struct thm_heap_ops thm_multi_heap_tlsf_v5, thm_multi_heap_tlsf_v5_light;   /* 2022-11 to 2024 */
extern const struct thm_heap_ops thm_multi_heap_tlsf_v4, thm_multi_heap_tlsf_v4_light;   /* 4.3 to 5.0 */
extern const struct thm_heap_ops thm_multi_heap_best_fit, thm_multi_heap_best_fit_light; /* before 4.3 */
