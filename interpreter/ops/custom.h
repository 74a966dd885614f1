/* interpreter/ops/custom.h -- what the custom operators have in common: their options and the check of their tensors.
 */
#pragma once
#include "interpreter/flexbuffer.h"
#include "interpreter/op.h"

#define THM_ANY_RANK (-1)

struct thm_port { /* an input or output: what it must be */
    uint8_t type;
    int8_t rank; /* or THM_ANY_RANK: one and more */
};

/* The inputs and outputs of an operator: inputs first. */
struct thm_ports {
    uint8_t inputs, outputs;
    struct thm_port port[7];
};

/* The map of its custom options. Errors: THM_NN_EMALFORMED. */
enum thm_nn_err thm_custom_map(struct thm_node *n, struct thm_flex *map);
/* The first `count` values of the map, which are the alphabetically first keys: the reference's kernels go by position.
 */
enum thm_nn_err thm_custom_ints(struct thm_node *n, int32_t *value, uint32_t count);
/* Are these the operator's tensors? Errors: THM_NN_ESHAPE, THM_NN_ETYPE. */
enum thm_nn_err thm_check_ports(struct thm_node *n, const struct thm_ports *want);
/* An array of `count` blocks of `bytes` each, all cleared; *array is where their positions in the arena are kept. */
enum thm_nn_err thm_persistent_array(struct thm_node *n, uint32_t count, uint64_t bytes, uint32_t *array);

/* Number of the highest bit, counted from 1; 32 or 64 for 0, as the reference's MostSignificantBit functions say. */
static inline int thm_highest_bit32(uint32_t x)
{
    return x ? 32 - __builtin_clz(x) : 32;
}
