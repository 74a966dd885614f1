/* interpreter/context.h -- what lies where: the private part of struct thm_interpreter and the records in the arena.
 *
 * Records have the size that the reference runtime gives them (layout.h) and hold offsets instead of pointers, so that
 * they are the same on every machine. Natural alignment is 4. */
#pragma once
#include "interpreter/arena.h"
#include "interpreter/inspect.h"
#include "interpreter/kernel_libs/library.h"
#include "interpreter/layout.h"
#include "interpreter/op.h"

enum { PLACE_NONE, PLACE_ARENA, PLACE_MODEL };

struct eval_tensor { /* THM_BYTES_EVAL_TENSOR */
    uint32_t data;   /* offset in the arena or position in the file */
    uint32_t table;  /* position of the tensor in the file */
    uint8_t place, type, variable, unused;
};

struct node_record {          /* THM_BYTES_NODE */
    uint32_t table;           /* position of the operator in the file */
    uint32_t inputs, outputs; /* positions of its vectors of tensor indices */
    uint32_t options, data;   /* arena offsets, 0 = none */
    uint32_t scratch;         /* index of its first scratch request */
    uint32_t scratches;
    uint32_t plan_only; /* 1 = its kernel cannot run in the memory that was planned */
};

struct subgraph_record {     /* THM_BYTES_SUBGRAPH */
    uint32_t tensors, nodes; /* arena offsets of the arrays of records */
};

struct scratch_request { /* THM_BYTES_SCRATCH_REQUEST */
    uint32_t bytes, subgraph, op;
};

struct allocation_info { /* THM_BYTES_ALLOCATION_INFO */
    uint32_t bytes;
    int32_t first, last; /* clock of the operators; -1 = never */
    int32_t offline;     /* offset in the head fixed by the model; -1 = plan it */
    uint32_t planned;    /* 1 = the planner places it */
    uint32_t offset;     /* result, in the head */
};

struct variables_record { /* THM_BYTES_VARIABLES */
    uint32_t slots;       /* arena offset of the array of variable_record */
    uint32_t room, used;
};

struct variable_record {      /* THM_BYTES_VARIABLE */
    uint32_t container, name; /* positions of strings in the file; container 0 = none */
    uint32_t data, bytes;     /* arena offset; bytes 0 = nothing is assigned to it anywhere */
    int32_t initial;          /* byte that fills it */
};

enum state { STATE_FRESH, STATE_ALLOCATED, STATE_FAILED };

struct context {
    struct thm_arena arena;
    enum state state;
    uint32_t subgraphs; /* arena offset of the array of subgraph_record */
    uint32_t tensors;   /* in all subgraphs */
    uint32_t requests;  /* scratch requests so far */
    uint32_t handles;   /* arena offset of the scratch handles */
    uint32_t io[2];     /* arena offsets of the input and output pointer arrays */
    uint32_t clock;     /* of the lifetime analysis */
    uint32_t depth;     /* of called subgraphs */
    uint32_t info;      /* arena offset of the array of allocation_info, while planning */
    uint32_t bases;     /* arena offset of the index of each subgraph's first tensor, while planning */
    uint32_t arena_min; /* 0 = not known yet */
    uint32_t variables; /* arena offset of the variables_record, 0 = there is none */
    uint32_t slots;     /* for resource variables, if the user has chosen */
    bool slots_chosen;
    const char *const *operators; /* names of those the firmware registers; NULL = all there are */
    uint32_t operator_count;
    uint32_t runs;                            /* of called subgraphs in this invocation */
    const struct thm_kernels *kernels;        /* of the PC */
    const struct thm_packed *packed;          /* for them; NULL = nothing */
    const struct thm_kernel_library *library; /* of the device; NULL = the reference kernels */
    const struct thm_plan_observer *observer; /* NULL = nobody looks */
    struct thm_arena_share *share;            /* NULL = the arena is this model's alone */
    uint32_t others;                          /* largest head of the models that share the arena */
    uint8_t *persistent;                      /* NULL = one arena; the tail's own memory otherwise */
    uint32_t persistent_size;
    uint32_t persistent_min; /* like arena_min */
};

/* The private part of struct thm_arena_share: the allocator as the last model has left it. */
struct share {
    struct thm_arena arena;
    const struct thm_layout *layout;
    enum state state;
};

static inline struct context *context_of(struct thm_interpreter *it)
{
    return (struct context *)(void *)it->priv;
}

static inline void *in_arena(const struct context *c, uint32_t offset)
{
    return thm_arena_at(&c->arena, offset);
}

struct subgraph_record *thm_subgraph_at(struct context *c, uint32_t subgraph);
struct eval_tensor *thm_eval_tensor_at(struct context *c, uint32_t subgraph, uint32_t tensor);
struct node_record *thm_node_record_at(struct context *c, uint32_t subgraph, uint32_t op);
/* A node ready for its kernel; *n is overwritten. */
void thm_node_open(struct thm_interpreter *it, uint32_t subgraph, uint32_t op, struct thm_nn_diag *diag,
                   struct thm_node *n);

/* Errors: diag says what; the tensor's or operator's name comes from the model. Subgraph and index -1: none. */
enum thm_nn_err thm_fail_arena(struct thm_interpreter *it, struct thm_nn_diag *diag, const char *what, uint64_t need);
enum thm_nn_err thm_fail_head(struct thm_interpreter *it, struct thm_nn_diag *diag, const char *what, uint64_t need);
void thm_diag_op(struct thm_interpreter *it, struct thm_nn_diag *diag, uint32_t subgraph, uint32_t op);
void thm_diag_tensor(struct thm_interpreter *it, struct thm_nn_diag *diag, uint32_t subgraph, uint32_t tensor);

/* A tensor as kernels see it; *v is overwritten. */
void thm_tensor_value(struct thm_interpreter *it, uint32_t subgraph, uint32_t tensor, struct thm_value *v);

/* variables.c: how many slots for resource variables there are to be; their start values. */
uint32_t thm_variable_slots(struct thm_interpreter *it);
void thm_variables_reset(struct thm_interpreter *it);

/* temporaries.c: temporary objects that the reference makes while an operator is prepared. false: no room. */
bool thm_take_temps(const struct thm_node *n);
/* After a failed preparation, with the tail as before it: would the reference store through a null pointer, or over its
 * own persistent data? Spoils the tail. */
bool thm_prepare_crashes(struct thm_node *n);

/* Only the table of scratch requests, with room for one more operator's, stays in temporary memory. */
static inline uint64_t thm_requests_bytes(const struct context *c)
{
    return THM_BYTES_SCRATCH_REQUEST * ((uint64_t)c->requests + THM_SCRATCH_PER_OP);
}

/* share.c: take over the allocator as it is, give it back. Errors of begin: THM_NN_EUSE. */
enum thm_nn_err thm_share_begin(struct thm_interpreter *it, struct thm_nn_diag *diag);
void thm_share_end(struct thm_interpreter *it, enum thm_nn_err result);

/* lifetimes.c: fill the allocation_info array (tensors of all subgraphs, then scratch requests). */
enum thm_nn_err thm_lifetimes(struct thm_interpreter *it, struct thm_nn_diag *diag);
/* planner.c: place every buffer with .planned set; the result is in .offset.
 * In:  work: planned * THM_BYTES_PLANNED bytes at a multiple of 8. Out: the head's length. */
uint64_t thm_plan_greedy(struct allocation_info *info, uint32_t count, uint32_t planned, void *work);
/* inspect.c: for the observer: an operator that ran from the clock `from` until now; all buffers, planned. */
void thm_show_op(const struct thm_node *n, uint32_t from);
void thm_show_buffers(struct thm_interpreter *it);
/* allocate.c: all steps up to the prepared operators and the planned head. */
enum thm_nn_err thm_allocate(struct thm_interpreter *it, struct thm_nn_diag *diag);
/* interpreter.c: run the operators of one subgraph. */
enum thm_nn_err thm_invoke_subgraph(struct thm_interpreter *it, uint32_t subgraph, struct thm_nn_diag *diag);
