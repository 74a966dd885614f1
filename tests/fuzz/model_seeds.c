/* Seeds for fuzz_model, by our own writer: each operator with some types and shapes, where that makes a model that can
 * be opened. usage: model_seeds FOLDER */
#include <stdio.h>
#include "interpreter/op.h"
#include "tests/unit/interpreter/builder.h"

#define CODES 162 /* builtin codes that are tried */

static const enum thm_type types[] = { THM_INT8, THM_FLOAT32, THM_INT16, THM_INT32, THM_BOOL };
static const int32_t shapes[][4] = { { 1, 4, 4, 2 }, { 1, 8, 0, 0 } };
static const int32_t ones[32] = { 1, 1, 1, 1, 1, 1, 1, 1 };

/* What harness and model agree on behind the file: kernels, then layout and arena (fuzz_model.c). */
static const uint8_t tails[][2] = { { 0, 7 }, { 255, 6 } };

static int write_seed(const char *folder, unsigned number, const struct build *b, const uint8_t tail[2])
{
    char path[4096];
    snprintf(path, sizeof path, "%s/op-%05u", folder, number);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(b->data, 1, b->at, f) != b->at || fwrite(tail, 1, 2, f) != 2 || fclose(f) != 0) {
        perror(path);
        return 20;
    }
    return 0;
}

static struct build_tensor tensor(enum thm_type type, const int32_t shape[4], bool constant)
{
    struct build_tensor t = { .type = type, .scale = 0.5f };
    uint32_t bytes = thm_type_size(type);
    for (; t.rank < 4 && shape[t.rank]; t.rank++)
        t.shape[t.rank] = shape[t.rank];
    for (int i = 0; i < t.rank; i++)
        bytes *= (uint32_t)t.shape[i];
    if (constant) {
        t.data = ones;
        t.bytes = bytes < sizeof ones ? bytes : (uint32_t)sizeof ones;
    }
    return t;
}

/* `inputs` tensors, of which all but the first are constants if asked for; false: it cannot be opened. */
static bool make(struct build *b, uint32_t code, enum thm_type type, const int32_t shape[4], int inputs, bool constants)
{
    struct build_tensor t[4];
    struct build_op op = { .code = (uint8_t)code, .inputs = inputs, .input = { 0, 1, 2 }, .output = inputs };
    struct net net = { t, inputs + 1, &op, 1, constants ? 1 : inputs, { 0, 1, 2 }, 1, { inputs } };
    struct thm_model m;
    for (int i = 0; i <= inputs; i++)
        t[i] = tensor(type, shape, constants && i > 0 && i < inputs);
    uint32_t bytes = build_net(b, &net);
    return thm_model_open(&m, b->data, bytes, NULL) == THM_NN_OK;
}

int main(int argc, char **argv)
{
    static struct build b;
    unsigned number = 0;
    int status = argc == 2 ? 0 : 2;
    if (status)
        fprintf(stderr, "usage: model_seeds FOLDER\n");
    for (uint32_t code = 0; code < CODES && !status; code++)
        for (unsigned i = 0; thm_op_find(code, "", 0) && i < 5 * 2 * 3 * 2 && !status; i++)
            if (make(&b, code, types[i % 5], shapes[i / 5 % 2], 1 + (int)(i / 10 % 3), i / 30))
                status = write_seed(argv[1], number++, &b, tails[i % 2]);
    return status;
}
