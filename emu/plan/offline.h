/* emu/plan/offline.h -- a model that brings its memory plan along.
 *
 * TensorFlow Lite Micro looks for metadata "OfflineMemoryAllocation" in the model: 32-bit words version (1), subgraph
 * (0), number of tensors in all subgraphs, and for each its offset in the arena's head, or -1: plan it at run time.
 * Source: tensorflow/lite/micro/docs/memory_management.md, micro_allocation_info.cc (tflite-micro 90b983c). */
#pragma once
#include "emu/report/memory_plan.h"

struct thm_offline_model {
    uint8_t *data; /* the model with a plan; owned, free(); NULL: no shorter plan was found */
    size_t bytes;
    struct thm_arena_stats before, after; /* of the model as it came, and with the plan */
};

/* Look for a plan with a smaller arena than the model has as it is, on this layout and (by `change`, as in
 * thm_memory_plan_make(); may be NULL) with these kernels, and measure it.
 * Errors: as thm_nn_measure(); THM_NN_EUNSUPPORTED also: the file is longer than a FlatBuffer may get, or has fields
 * that are not known here and would be lost; THM_NN_EARENA also: the PC is out of memory. *out is empty then. */
enum thm_nn_err thm_offline_plan(const struct thm_model *m, const struct thm_layout *l,
                                 const struct thm_nn_change *change, struct thm_offline_model *out,
                                 struct thm_nn_diag *diag);

/* The model m with this plan in the place of any that it has. Result: *out, *bytes as above; errors as above.
 * In: offset[]: one for each tensor of all subgraphs, a multiple of 4, or -1. */
enum thm_nn_err thm_offline_write(const struct thm_model *m, const int32_t *offset, uint8_t **out, size_t *bytes,
                                  struct thm_nn_diag *diag);
