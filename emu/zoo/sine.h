/* emu/zoo/sine.h -- a small network that is really trained: y = sin(x) for x from 0 to 2 pi.
 *
 * 1-16-16-1 with ReLU between, trained with Adam on seeded random samples; single-threaded float arithmetic
 * in a fixed order, so the same build gives the same weights. Takes a fraction of a second. */
#pragma once
#include <stdbool.h>
#include "emu/zoo/graph.h"

#define THM_SINE_WIDTH 16

enum { /* where each layer's weights and biases start */
       THM_SINE_W1 = 0,
       THM_SINE_B1 = THM_SINE_W1 + THM_SINE_WIDTH,
       THM_SINE_W2 = THM_SINE_B1 + THM_SINE_WIDTH, /* row: output, column: input */
       THM_SINE_B2 = THM_SINE_W2 + THM_SINE_WIDTH * THM_SINE_WIDTH,
       THM_SINE_W3 = THM_SINE_B2 + THM_SINE_WIDTH,
       THM_SINE_B3 = THM_SINE_W3 + THM_SINE_WIDTH,
       THM_SINE_PARAMETERS,
};

struct thm_sine {
    float p[THM_SINE_PARAMETERS];
};

void thm_sine_train(struct thm_sine *net);
float thm_sine_predict(const struct thm_sine *net, float x);

/* The largest activation of each hidden layer over the whole input range. */
void thm_sine_ranges(const struct thm_sine *net, float *first, float *second);

/* Train, and make the model: float32, or int8 inside and out (input: scale 2 pi / 255, zero point -128).
 * Out: *out, given back with thm_graph_destroy(); NULL on error. */
enum thm_zoo_err thm_sine_build(bool int8, struct thm_graph **out);
