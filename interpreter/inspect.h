/* interpreter/inspect.h -- what tools may look at: the operators of a model, and the memory plan while it is made.
 * Looking changes nothing. */
#pragma once
#include <stdbool.h>
#include "interpreter/interpreter.h"

struct thm_op_info {
    const char *name; /* "CONV_2D"; custom operators: the name in the model. Not NUL-terminated */
    uint32_t name_len;
    bool available;        /* the interpreter, which has all operators of TensorFlow Lite Micro, has it */
    int32_t input, output; /* its first tensors, indices in the subgraph; -1 = none */
};
/* Is there an operator of this name? "CONV_2D"; custom operators by their own. */
bool thm_op_exists(const char *name);
/* Operator `op` of a subgraph; both must exist. */
void thm_model_op(const struct thm_model *m, uint32_t subgraph, uint32_t op, struct thm_op_info *out);

/* An operator as the planner saw it. The clock is 0 before the first operator and goes on by 1 with each; one that runs
 * subgraphs spans them, and operators of a subgraph that is run in several places are seen as often. */
struct thm_planned_op {
    uint32_t subgraph, op;
    int32_t first, last; /* clock */
    struct thm_work work; /* of one run */
};

/* A buffer in the head, which takes its bytes rounded up to a multiple of 16. */
struct thm_planned_buffer {
    uint32_t subgraph;
    int32_t tensor; /* -1: scratch memory of `op` */
    uint32_t op;
    uint32_t bytes, offset; /* offset: from the start of the head */
    int32_t first, last;    /* clock; -1 = never used */
};

struct thm_plan_observer { /* any function may be NULL */
    void *ctx;
    void (*op)(void *ctx, const struct thm_planned_op *op);
    void (*buffer)(void *ctx, const struct thm_planned_buffer *b);
};

/* Between init and allocate. The observer is lent until allocate returns; its functions are called there, first for all
 * operators in the order they run, then for all buffers, also when the head then turns out not to fit.
 * Errors: THM_NN_EUSE after allocate. */
enum thm_nn_err thm_interpreter_observe_plan(struct thm_interpreter *it, const struct thm_plan_observer *observer);
