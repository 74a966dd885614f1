/* interpreter/err.h -- what can go wrong with a model, as TensorFlow Lite Micro would see it. */
#pragma once
#include <stdint.h>

/* name, exit status of the command line (10 = the board's SRAM, 14 = the model is refused, 2 = wrong use), sentence */
#define THM_NN_ERRORS(X)                                                                 \
    X(THM_NN_OK, 0, "success")                                                           \
    X(THM_NN_ETRUNCATED, 14, "the model file ends before its content does")              \
    X(THM_NN_EMALFORMED, 14, "the model file is not a valid TensorFlow Lite flatbuffer") \
    X(THM_NN_ESCHEMA, 14, "the model's schema version is not 3")                         \
    X(THM_NN_EOP, 14, "the model needs an operator that is not available")               \
    X(THM_NN_ETYPE, 14, "an operator is used with data types it does not support")       \
    X(THM_NN_ESHAPE, 14, "an operator is used with shapes or parameters it refuses")     \
    X(THM_NN_EQUANT, 14, "quantisation parameters are missing or out of range")          \
    X(THM_NN_EUNSUPPORTED, 14, "the model uses a feature that is not supported")         \
    X(THM_NN_EARENA, 10, "the tensor arena is too small")                                \
    X(THM_NN_EINVOKE, 14, "an operator failed while it ran")                             \
    X(THM_NN_EUSE, 2, "the interpreter was called in the wrong order")

enum thm_nn_err {
#define X(name, status, text) name,
    THM_NN_ERRORS(X)
#undef X
};

const char *thm_nn_strerror(enum thm_nn_err e); /* static string, never NULL */
int thm_nn_exit_status(enum thm_nn_err e);

/* Where and how much: filled by the call that fails, so that the caller can say it in one line.
 * Every pointer is either static or lies in the model; nothing is owned. */
struct thm_nn_diag {
    enum thm_nn_err err;
    const char *what;    /* static sentence: what was being done or what is wrong; NULL if nothing to add */
    int32_t subgraph;    /* -1 = does not apply; the same for op and tensor */
    int32_t op;          /* index of the operator in the subgraph */
    int32_t tensor;      /* index of the tensor in the subgraph */
    const char *op_name; /* "CONV_2D"; custom operators: the name in the model. Not NUL-terminated */
    uint32_t op_name_len;
    const char *tensor_name; /* lies in the model, not NUL-terminated */
    uint32_t tensor_name_len;
    uint64_t offset;     /* byte offset in the model file, for malformed files */
    uint64_t need, have; /* bytes asked for and bytes there were (EARENA, ETRUNCATED); 0, 0 = unknown */
    uint64_t arena_min;  /* EARENA: smallest arena that would do, if known, else 0 */
    int device_crashes;  /* EARENA: the device would not report this but store through a null pointer or over its own
                            data */
    int persistent;      /* EARENA: the persistent one of two arenas is meant (thm_interpreter_init_split()) */
};
