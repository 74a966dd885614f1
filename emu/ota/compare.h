/* emu/ota/compare.h -- have two models one architecture, so that only weights need to be sent? */
#pragma once
#include <stddef.h>
#include "emu/ota/weights.h"

/* false: out says where they differ first ("tensor 7 'conv2/w': shape 3x3x8 and 3x3x16"). Operators by their code,
 * custom name, inputs and outputs; their options are compared where the files lay them out alike. */
bool thm_ota_same_architecture(const struct thm_model *a, const struct thm_model *b, char *out, size_t size);
/* The same for weights alone, whose graphs are not known. */
bool thm_ota_same_records(const struct thm_weights *a, const struct thm_weights *b, char *out, size_t size);
/* Are data, scales and zero points of all tensors the same? a and b: of one architecture. false: out says which. */
bool thm_ota_same_weights(const struct thm_model *a, const struct thm_model *b, char *out, size_t size);
