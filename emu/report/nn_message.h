/* emu/report/nn_message.h -- one line about what the interpreter did not like, and how much arena a model needs. */
#pragma once
#include <stddef.h>
#include "interpreter/interpreter.h"

/* "the tensor arena is too small: no room for the tensors: 16000 bytes needed, 13240 left (tensor 22 'conv1'); an arena
 * of 22784 bytes would do". Always NUL-terminated; names from the model are shortened, control characters become '?'.
 */
void thm_nn_message(const struct thm_nn_diag *d, char *buf, size_t len);

/* Allocate in host memory until it fits: the figures of the smallest arena, which no board memory is needed for.
 * Errors: whatever thm_interpreter_allocate() says; THM_NN_EARENA: not even in 1 GB, or the PC has no more. */
enum thm_nn_err thm_nn_measure(const struct thm_model *m, const struct thm_layout *l, struct thm_arena_stats *stats,
                               struct thm_nn_diag *diag);

/* The same for an interpreter that is not as thm_interpreter_init() leaves it: change->apply() is called before each
 * attempt to allocate. change may be NULL. */
struct thm_nn_change {
    void (*apply)(void *ctx, struct thm_interpreter *it);
    void *ctx;
};
enum thm_nn_err thm_nn_measure_changed(const struct thm_model *m, const struct thm_layout *l,
                                       const struct thm_nn_change *change, struct thm_arena_stats *stats,
                                       struct thm_nn_diag *diag);
