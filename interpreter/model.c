/* interpreter/model.c -- accessors over a verified model; verify.c holds thm_model_open(). */
#include "interpreter/model.h"
#include "interpreter/fb.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

static const struct {
    const char *name;
    uint32_t size;
} types[] = {
    [THM_FLOAT32] = { "float32", 4 }, [THM_FLOAT16] = { "float16", 2 },   [THM_INT32] = { "int32", 4 },
    [THM_UINT8] = { "uint8", 1 },     [THM_INT64] = { "int64", 8 },       [THM_STRING] = { "string", 0 },
    [THM_BOOL] = { "bool", 1 },       [THM_INT16] = { "int16", 2 },       [THM_COMPLEX64] = { "complex64", 8 },
    [THM_INT8] = { "int8", 1 },       [THM_FLOAT64] = { "float64", 8 },   [THM_COMPLEX128] = { "complex128", 16 },
    [THM_UINT64] = { "uint64", 8 },   [THM_RESOURCE] = { "resource", 4 }, /* a handle, as in TFLM */
    [THM_VARIANT] = { "variant", 0 }, [THM_UINT32] = { "uint32", 4 },     [THM_UINT16] = { "uint16", 2 },
    [THM_INT4] = { "int4", 1 },
};

const char *thm_type_name(enum thm_type t)
{
    return (size_t)t < sizeof types / sizeof types[0] ? types[t].name : "unknown";
}

uint32_t thm_type_size(enum thm_type t)
{
    return (size_t)t < sizeof types / sizeof types[0] ? types[t].size : 0;
}

uint32_t thm_model_subgraph_table(const struct thm_model *m, uint32_t subgraph)
{
    return thm_fb_at(m, thm_fb_ref(m, m->root, MODEL_SUBGRAPHS), subgraph);
}

static uint32_t subgraph_vector(const struct thm_model *m, uint32_t subgraph, uint32_t field)
{
    return thm_fb_ref(m, thm_model_subgraph_table(m, subgraph), field);
}

uint32_t thm_model_tensor_table(const struct thm_model *m, uint32_t subgraph, uint32_t tensor)
{
    return thm_fb_at(m, subgraph_vector(m, subgraph, SUBGRAPH_TENSORS), tensor);
}

uint32_t thm_model_op_table(const struct thm_model *m, uint32_t subgraph, uint32_t op)
{
    return thm_fb_at(m, subgraph_vector(m, subgraph, SUBGRAPH_OPERATORS), op);
}

uint32_t thm_model_opcode_table(const struct thm_model *m, uint32_t op_table)
{
    return thm_fb_at(m, thm_fb_ref(m, m->root, MODEL_OPERATOR_CODES),
                     (uint32_t)thm_fb_i32(m, op_table, OPERATOR_OPCODE, 0));
}

uint32_t thm_model_tensors(const struct thm_model *m, uint32_t subgraph)
{
    return thm_fb_len(m, subgraph_vector(m, subgraph, SUBGRAPH_TENSORS));
}

uint32_t thm_model_ops(const struct thm_model *m, uint32_t subgraph)
{
    return thm_fb_len(m, subgraph_vector(m, subgraph, SUBGRAPH_OPERATORS));
}

uint32_t thm_model_inputs(const struct thm_model *m, uint32_t subgraph)
{
    return thm_fb_len(m, subgraph_vector(m, subgraph, SUBGRAPH_INPUTS));
}

uint32_t thm_model_outputs(const struct thm_model *m, uint32_t subgraph)
{
    return thm_fb_len(m, subgraph_vector(m, subgraph, SUBGRAPH_OUTPUTS));
}

int32_t thm_model_input(const struct thm_model *m, uint32_t subgraph, uint32_t i)
{
    return thm_fb_i32_at(m, subgraph_vector(m, subgraph, SUBGRAPH_INPUTS), i);
}

int32_t thm_model_output(const struct thm_model *m, uint32_t subgraph, uint32_t i)
{
    return thm_fb_i32_at(m, subgraph_vector(m, subgraph, SUBGRAPH_OUTPUTS), i);
}

const uint8_t *thm_model_buffer(const struct thm_model *m, uint32_t buffer, uint32_t *bytes)
{
    uint32_t buffers = thm_fb_ref(m, m->root, MODEL_BUFFERS);
    uint32_t data = buffer < thm_fb_len(m, buffers) ? thm_fb_ref(m, thm_fb_at(m, buffers, buffer), BUFFER_DATA) : 0;
    *bytes = thm_fb_len(m, data);
    return *bytes ? thm_fb_data(m, data) : NULL;
}

static void read_quantization(const struct thm_model *m, uint32_t quant, struct thm_tensor_info *out)
{
    uint32_t scale = thm_fb_ref(m, quant, QUANT_SCALE), zero = thm_fb_ref(m, quant, QUANT_ZERO_POINT);
    out->scales = thm_fb_len(m, scale);
    out->zero_points = thm_fb_len(m, zero);
    if (out->scales)
        out->scale = (const float *)(const void *)thm_fb_data(m, scale); /* 4-aligned: verified */
    if (out->zero_points)
        out->zero_point = (const int64_t *)(const void *)thm_fb_data(m, zero);
    out->quantized_dimension = thm_fb_i32(m, quant, QUANT_DIMENSION, 0);
}

void thm_model_tensor_at(const struct thm_model *m, uint32_t table, struct thm_tensor_info *out)
{
    uint32_t name = thm_fb_ref(m, table, TENSOR_NAME), shape = thm_fb_ref(m, table, TENSOR_SHAPE);
    *out = (struct thm_tensor_info){
        .name = (const char *)thm_fb_data(m, name),
        .name_len = thm_fb_len(m, name),
        .type = (enum thm_type)thm_fb_u8(m, table, TENSOR_TYPE, THM_FLOAT32),
        .shape = (const int32_t *)(const void *)thm_fb_data(m, shape), /* 4-aligned: verified */
        .rank = thm_fb_len(m, shape),
        .is_variable = thm_fb_u8(m, table, TENSOR_IS_VARIABLE, 0),
    };
    out->data = thm_model_buffer(m, (uint32_t)thm_fb_i32(m, table, TENSOR_BUFFER, 0), &out->data_bytes);
    read_quantization(m, thm_fb_ref(m, table, TENSOR_QUANTIZATION), out);
}

void thm_model_tensor(const struct thm_model *m, uint32_t subgraph, uint32_t tensor, struct thm_tensor_info *out)
{
    thm_model_tensor_at(m, thm_model_tensor_table(m, subgraph, tensor), out);
}

uint64_t thm_shape_elements(const int32_t *shape, uint32_t rank)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return UINT64_MAX;
        n *= (uint64_t)shape[i];
        if (n > INT32_MAX)
            return UINT64_MAX;
    }
    return n;
}

const uint8_t *thm_model_metadata(const struct thm_model *m, const char *name, uint32_t want, uint32_t *bytes)
{
    uint32_t list = thm_fb_ref(m, m->root, MODEL_METADATA);
    for (uint32_t i = 0; i < thm_fb_len(m, list); i++) {
        uint32_t entry = thm_fb_at(m, list, i), text = thm_fb_ref(m, entry, METADATA_NAME);
        if (thm_fb_len(m, text) == want && text && memcmp(thm_fb_data(m, text), name, want) == 0)
            return thm_model_buffer(m, (uint32_t)thm_fb_i32(m, entry, METADATA_BUFFER, 0), bytes);
    }
    return NULL;
}
