/* interpreter/kernel_libs/library.h -- what a kernel library is, and what its rules work with. */
#pragma once
#include "interpreter/kernel_library.h"
#include "interpreter/op.h"

struct thm_library_op { /* how the kernel of one operator differs from the reference's */
    const struct thm_op *op;
    uint16_t data;                                 /* bytes of op data, in the library's layout */
    bool no_float_factors;                         /* per-channel factors are not kept for float32 */
    enum thm_nn_err (*memory)(struct thm_node *n); /* after the reference's prepare; NULL = asks for the same */
};

struct thm_kernel_library {
    const char *name;
    uint8_t layout; /* THM_LAYOUT_* */
    uint8_t count;
    const struct thm_library_op *ops; /* NULL: the reference kernels */
    const void *variant;              /* for the rules */
};

extern const struct thm_kernel_library thm_cmsis_nn[]; /* a NULL name ends it */
extern const struct thm_kernel_library thm_esp_nn[];

/* NULL: the operator's kernel is the reference's. */
const struct thm_library_op *thm_library_op_of(const struct thm_node *n);
const void *thm_library_variant(const struct thm_node *n);
uint32_t thm_library_data_bytes(const struct thm_node *n);
enum thm_nn_err thm_library_memory(struct thm_node *n);

/* For memory(): take back what the reference's prepare asked for. */
void thm_library_drop_scratch(struct thm_node *n);
/* The reference's kernel cannot run in the library's scratch memory: such an operator is planned but refuses to run. */
void thm_library_plan_only(struct thm_node *n);
/* Ask for scratch memory unless it is 0 bytes. */
enum thm_nn_err thm_library_scratch(struct thm_node *n, uint64_t bytes);
/* A block that only the library's own kernel would use. */
enum thm_nn_err thm_library_block(struct thm_node *n, uint64_t bytes);

struct thm_conv_shape { /* of CONV_2D and DEPTHWISE_CONV_2D */
    uint64_t iw, ih, c, ow, oh, oc, kw, kh, pw, ph, sw, sh, dw, dh, batches;
    uint64_t filter_c;   /* channels of the filter: less than c if grouped */
    uint64_t multiplier; /* depth multiplier, depthwise only */
    enum thm_type input, filter;
};
struct thm_conv_shape thm_conv_shape_of(const struct thm_node *n);

/* Saturates far above what any scratch request may be, so that sums of some do not overflow. */
static inline uint64_t thm_times(uint64_t a, uint64_t b)
{
    const uint64_t most = UINT64_C(1) << 56;
    return b && a > most / b ? most : a * b;
}

static inline uint64_t thm_times3(uint64_t a, uint64_t b, uint64_t c)
{
    return thm_times(thm_times(a, b), c);
}

/* Multiples of a power of two. */
static inline uint64_t thm_round_up(uint64_t n, uint64_t multiple)
{
    return (n + multiple - 1) & ~(multiple - 1);
}
