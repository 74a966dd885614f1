/* interpreter/interpreter.h -- runs a model in an arena exactly as TensorFlow Lite Micro would on a 32-bit device.
 *
 * Freestanding: no malloc, no operating system, no stdio. All device data lies in the caller's arena, pointer-free
 * (32-bit offsets); struct thm_interpreter stands for the MicroInterpreter object, which is outside the arena on
 * the device too. The order, sizes and alignments of all arena requests are TFLM's (tensorflow/tflite-micro 90b983c,
 * micro_allocator.cc), for the struct layout of the target's compiler. Not thread-safe. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "interpreter/err.h"
#include "interpreter/model.h"

/* Struct sizes of one family of compilers; the table is in interpreter/layout.c. */
struct thm_layout;
const struct thm_layout *thm_layout_find(const char *name); /* "cortex_m", "ilp32_align8", "i386"; NULL: unknown */
const char *thm_layout_name(const struct thm_layout *l);
const struct thm_layout *thm_layout_at(size_t i); /* NULL after the last: for listings */

/* How much one run of an operator does, read off its tensors: what its time on a device grows with. */
struct thm_work {
    enum thm_type type; /* of its first input that is no constant: float and integer kernels differ in time */
    uint64_t macs;      /* multiply-accumulates, taps in the padding among them; 0 for operators that have none */
    uint64_t elements;  /* of all outputs */
    uint64_t pixels;    /* positions: output elements over the last dimension */
    uint64_t taps;      /* filter positions over all output elements; 0 without a filter of 4 dimensions */
    uint64_t inputs;    /* elements of that input */
    uint64_t constants; /* bytes of constant tensors: weights, biases */
};

/* One operator that has just run: for device time, traces and profiles. */
struct thm_op_event {
    uint32_t subgraph, op;
    const char *name; /* not NUL-terminated for custom operators */
    uint32_t name_len;
    struct thm_work work;
};

/* What the interpreter tells its surroundings. Any pointer may be NULL. */
struct thm_interpreter_hooks {
    void *ctx;
    void (*op_done)(void *ctx, const struct thm_op_event *ev);
};

struct thm_arena_stats {     /* bytes */
    uint32_t size;           /* as given */
    uint32_t used;           /* TFLM's arena_used_bytes(): head + tail */
    uint32_t head, tail;     /* planned (non-persistent) and persistent part */
    uint32_t min;            /* smallest arena, a multiple of 16, in which thm_interpreter_allocate() succeeds */
    uint32_t min_persistent; /* two arenas: the smallest persistent one; .min is that of the other. Otherwise 0 */
};

/* A runtime tensor: where its bytes are and how to read them. */
struct thm_tensor {
    struct thm_tensor_info info;
    void *data; /* in the arena; constant tensors: in the model file (do not write) */
    uint32_t bytes;
};

/* Fields are private (interpreter/context.h explains them); the size is public so that callers need no malloc. */
struct thm_interpreter {
    const struct thm_model *model;
    const struct thm_layout *layout;
    uint8_t *arena;
    uint32_t arena_size;
    struct thm_interpreter_hooks hooks;
    struct thm_arena_stats stats;
    uint64_t priv[48];
};

/* Bind a model to an arena; touches neither.
 * In:     model, layout, arena: lent, must outlive the interpreter. hooks is copied, may be NULL.
 *         arena may have any alignment; as in TFLM its first bytes up to a multiple of 16 are lost, and the figures
 *         of the documentation hold when its end is a multiple of 16 too. */
void thm_interpreter_init(struct thm_interpreter *it, const struct thm_model *model, const struct thm_layout *layout,
                          void *arena, uint32_t arena_size, const struct thm_interpreter_hooks *hooks);

/* Bind a model to two arenas, as TFLM's MicroAllocator::Create() does with a persistent and a non-persistent buffer:
 * the planned head and temporary memory lie in `arena`, everything that stays lies in `persistent` (say, in slower
 * memory). In:     both lent, both up to 2 GB (what is above is not used); the end of `persistent` is rounded down to a
 * multiple of 16. stats.size and stats.used are sums over both. Source: micro_allocator.cc and arena_allocator/ of
 * tflite-micro: four objects at the top of the persistent arena (two allocators, planner, MicroAllocator), then the
 * order of the single arena. Not measured: the sizes of the two allocators' objects are counted from their
 * declarations. Models cannot share two arenas: in TFLM the non-persistent allocator refuses the second one. */
void thm_interpreter_init_split(struct thm_interpreter *it, const struct thm_model *model,
                                const struct thm_layout *layout, void *arena, uint32_t arena_size, void *persistent,
                                uint32_t persistent_size, const struct thm_interpreter_hooks *hooks);

/* One arena for several models, as several MicroInterpreters on one MicroAllocator have it. The persistent parts lie
 * one below the other; the head is as large as the largest model's, and every model uses all of it: an invocation, and
 * the allocation of a further model, overwrite the inputs and outputs of the others. So: allocate all, then for each
 * invocation set the inputs, invoke, read the outputs. What a model keeps between invocations (variable tensors,
 * resource variables, operator state) stays, unless an offline plan has put a variable tensor into the head. Fields are
 * private. */
struct thm_arena_share {
    uint8_t *arena;
    uint32_t arena_size;
    struct thm_arena_stats stats;
    uint64_t priv[12];
};

/* In:     arena: lent, must outlive all its interpreters. Touches nothing of it yet. */
void thm_arena_share_init(struct thm_arena_share *share, void *arena, uint32_t arena_size);
/* What all models that have been allocated so far need; .min: smallest arena in which they can be allocated in this
 * order. An interpreter's own stats are those at the time of its allocation. */
const struct thm_arena_stats *thm_arena_share_stats(const struct thm_arena_share *share);
/* Like thm_interpreter_init(). The order of the thm_interpreter_allocate() calls is that of the tails.
 * allocate, in addition: THM_NN_EUSE: another model of the share has another layout, or has failed to allocate before
 *         (TFLM's allocator can then not be used any more; models allocated earlier still run). */
void thm_interpreter_init_shared(struct thm_interpreter *it, const struct thm_model *model,
                                 const struct thm_layout *layout, struct thm_arena_share *share,
                                 const struct thm_interpreter_hooks *hooks);

/* Between init and allocate: for how many resource variables the application makes room (TFLM:
 * MicroResourceVariables::Create()); 0 = for none, so that models with VAR_HANDLE are refused. Without this call there
 * is one for each VAR_HANDLE operator of the model, and nothing if it has none. Errors: THM_NN_EUSE after allocate. */
enum thm_nn_err thm_interpreter_set_resource_variables(struct thm_interpreter *it, uint32_t slots);

/* Between init and allocate: the firmware registers only these operators, as with TFLM's MicroMutableOpResolver, and
 * models with others are refused (THM_NN_EOP). names: "CONV_2D", custom operators by their own name; lent until
 * allocate returns. Without this call all that there are. Errors: THM_NN_EUSE after allocate. */
enum thm_nn_err thm_interpreter_set_operators(struct thm_interpreter *it, const char *const *names, uint32_t count);

/* TFLM's AllocateTensors(): check every operator, plan memory, prepare.
 * Errors: THM_NN_EARENA (diag: which step or tensor, need, have), THM_NN_EOP, THM_NN_ETYPE, THM_NN_ESHAPE, ...
 *         After an error the interpreter can only be initialised again. */
enum thm_nn_err thm_interpreter_allocate(struct thm_interpreter *it, struct thm_nn_diag *diag);

/* Run all operators once. Errors: THM_NN_EUSE before allocate, THM_NN_EINVOKE. */
enum thm_nn_err thm_interpreter_invoke(struct thm_interpreter *it, struct thm_nn_diag *diag);

/* Input or output i of the first subgraph. Errors: THM_NN_EUSE: no such one, or not allocated yet. */
enum thm_nn_err thm_interpreter_input(struct thm_interpreter *it, uint32_t i, struct thm_tensor *out);
enum thm_nn_err thm_interpreter_output(struct thm_interpreter *it, uint32_t i, struct thm_tensor *out);

/* Set variable tensors, resource variables and operator state back to their start values. */
enum thm_nn_err thm_interpreter_reset(struct thm_interpreter *it, struct thm_nn_diag *diag);

const struct thm_arena_stats *thm_interpreter_stats(const struct thm_interpreter *it);
