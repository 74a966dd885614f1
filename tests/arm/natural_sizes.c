/* tests/arm/natural_sizes.c -- compiling it shows that the compiler for Cortex-M gives the reference runtime's structs
 * the sizes in interpreter/layout.h: with short enums those of cortex_m, without those of ilp32_align8. The structs
 * here have members of the same types in the same order; what they mean does not matter. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "interpreter/layout.h"

enum number { FEW = 1 };

#define SIZE(type, cortex_m, ilp32_align8) \
    _Static_assert(sizeof(struct type) == (sizeof(enum number) == 1 ? (cortex_m) : (ilp32_align8)), #type)

struct tensor {
    struct {
        enum number type;
        void *params;
    } quantization;
    float scale;
    int32_t zero_point;
    void *data, *dims;
    size_t bytes;
    enum number type, allocation;
    bool variable;
};
SIZE(tensor, 32, 40); /* .io_tensor of the layouts */

struct affine_quantization {
    void *scale, *zero_point;
    int32_t dimension;
};
SIZE(affine_quantization, THM_BYTES_AFFINE, THM_BYTES_AFFINE);

struct eval_tensor {
    void *data, *dims;
    enum number type;
};
SIZE(eval_tensor, THM_BYTES_EVAL_TENSOR, THM_BYTES_EVAL_TENSOR);

struct node_and_registration {
    void *inputs, *outputs, *intermediates, *user_data, *builtin_data, *initial_data;
    int initial_data_size;
    void *registration;
};
SIZE(node_and_registration, THM_BYTES_NODE, THM_BYTES_NODE);

struct allocation_info {
    size_t bytes;
    void *output;
    int first, last;
    int32_t offline;
    bool needed;
};
SIZE(allocation_info, THM_BYTES_ALLOCATION_INFO, THM_BYTES_ALLOCATION_INFO);

struct scratch_request {
    size_t bytes;
    int node, subgraph;
};
SIZE(scratch_request, THM_BYTES_SCRATCH_REQUEST, THM_BYTES_SCRATCH_REQUEST);

struct fully_connected_options {
    enum number activation, format;
    bool keep_dims, asymmetric;
    enum number bias_type;
};
SIZE(fully_connected_options, 5, 16);

struct dequantize_data {
    struct {
        double scale;
        int32_t zero_point;
    } params;
    int32_t multiplier, shift, zero_point;
};
SIZE(dequantize_data, 32, 32); /* 24 where a double has an alignment of 4 */
