/* emu/zoo/zoo.h -- the project's own models: the sixteen of OTA-TinyML in shape and size, with random
 * weights, and two that are trained when they are made (sine, sine_int8). */
#pragma once
#include "emu/zoo/graph.h"

struct thm_zoo_model {
    const char *name, *title;
    uint32_t file_bytes; /* length of the .tflite */
    struct thm_graph *graph;
};

uint32_t thm_zoo_count(void);
const char *thm_zoo_name(uint32_t index); /* index < thm_zoo_count() */
int thm_zoo_find(const char *name);       /* index; -1: no such model */

/* Make a model. *m is given back with thm_zoo_close() after success.
 * Errors: THM_ZOO_ENOMEM; others mean that a table in this folder is wrong */
enum thm_zoo_err thm_zoo_open(uint32_t index, struct thm_zoo_model *m);
void thm_zoo_close(struct thm_zoo_model *m);

/* Write it as a .tflite, or as a C array (c_array.h). Errors: THM_ZOO_ENOMEM, THM_ZOO_ESINK. */
enum thm_zoo_err thm_zoo_write(const struct thm_zoo_model *m, const struct thm_sink *sink);
enum thm_zoo_err thm_zoo_write_c(const struct thm_zoo_model *m, const struct thm_sink *sink);
