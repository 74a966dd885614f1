/* tests/unit/interpreter/nets.h -- two small models for tests that are not about operators. */
#pragma once
#include "tests/unit/interpreter/builder.h"

static const int8_t fc_weights[] = { 1, 2, 3, 4, -1, -2, -3, -4 };
static const int32_t fc_bias[] = { 10, -10 };
static const struct build_tensor fc_tensors[] = {
    { THM_INT8, 2, { 1, 4 }, NULL, 0, 0.5f, 0, 0 },
    { THM_INT8, 2, { 2, 4 }, fc_weights, sizeof fc_weights, 0.25f, 0, 0 },
    { THM_INT32, 1, { 2 }, fc_bias, sizeof fc_bias, 0.125f, 0, 0 },
    { THM_INT8, 2, { 1, 2 }, NULL, 0, 0.125f, 0, 0 },
    { THM_INT8, 2, { 1, 2 }, NULL, 0, 0.125f, 0, 0 },
};
static const struct build_op fc_ops[] = {
    { 9, 3, { 0, 1, 2 }, 3, 8, "1111", { 0 } },
    { 22, 1, { 3 }, 4, 17, "", { 0 } },
};
static const struct net fc_net = { fc_tensors, 5, fc_ops, 2, 1, { 0 }, 1, { 4 } };
