/* emu/cli/model_facts.h -- what `thimble model` knows of a model, as text or JSON. */
#pragma once
#include <jansson.h>
#include "emu/plan/offline.h"
#include "emu/report/tensor_text.h"
#include "interpreter/kernel_library.h"

struct thm_model_facts {
    const char *path, *name; /* name: without its folder */
    const struct thm_layout *layout;
    const struct thm_kernel_library *kernels;
    bool opened; /* false: the file is not a model; only `diag` says anything */
    struct thm_model model;
    enum thm_nn_err refused; /* THM_NN_OK = accepted; otherwise there is no plan */
    struct thm_nn_diag diag;
    struct thm_memory_plan plan;
    struct thm_offline_model offline;   /* with a plan of its own, if one was asked for and is smaller; data is owned */
    uint64_t constants, constant_bytes; /* elements and bytes in the file; data that tensors share counts once */
    json_t *refusing_boards;            /* see below; owned; NULL = not known */
    uint64_t macs;                      /* of one invocation in which every operator that is planned runs once */
};

/* Boards whose usual firmware does not register an operator of the model: a list of {board, set, missing: [names]}.
 * Result: 0, or reported: 2 (a profile is wrong), 20. *out: the caller's. */
int thm_model_refusing_boards(const struct thm_model *m, json_t **out);
/* The same input gives the same object. NULL: out of memory. */
json_t *thm_model_facts_json(const struct thm_model_facts *f);
/* Tensor i of a subgraph, with the bytes it has in memory (constants: in the file). */
struct thm_tensor_view thm_model_facts_tensor(const struct thm_model_facts *f, uint32_t subgraph, uint32_t i);
/* Is operator i the first of its kind that is not available? So that each is named once. */
bool thm_model_facts_missing(const struct thm_model_facts *f, uint32_t subgraph, uint32_t i, struct thm_op_info *op);
