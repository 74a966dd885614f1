/* tests/conformance/golden.h -- run a model on stored inputs and compare with what the reference runtime gave:
 * integers to the bit, float32 within 1e-5 relative (1e-6 near zero). */
#pragma once
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <sys/stat.h>
#include "interpreter/interpreter.h"
#include "interpreter/kernels.h"
#include "tests/packing.h"
#include "tests/testing.h"

#define BIG_ARENA (32u << 20)

struct golden {
    char name[2000]; /* for messages */
    uint8_t *file;
    size_t file_bytes;
    struct thm_model model;
    uint8_t *arena;
    struct thm_interpreter it;
    struct thm_nn_diag diag;
    uint64_t macs;
};

static const struct thm_kernels *kernels; /* NULL: as the interpreter chooses */
static int failures, checked, skipped;
static char skipped_names[900]; /* as much as a message line takes */

__attribute__((format(printf, 2, 3))) static inline void complain(const struct golden *g, const char *fmt, ...)
{
    va_list ap;
    char text[512];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (failures++ < 40)
        print_message("# %s, %s: %s\n", g->name, kernels ? thm_kernels_name(kernels) : "default", text);
}

static inline void skip_model(const char *name, const struct thm_nn_diag *d)
{
    size_t n = strlen(skipped_names);
    skipped++;
    snprintf(skipped_names + n, sizeof skipped_names - n, " %s(%.*s)", name, (int)d->op_name_len, d->op_name);
}

/* Files whose path starts with "packed:" come from here: a copy of the named one, NULL if it is not there. */
static uint8_t *(*unpack)(const char *name, size_t *bytes);

static inline uint8_t *slurp(const char *path, size_t *bytes)
{
    if (unpack && strncmp(path, "packed:", 7) == 0)
        return unpack(path + 7, bytes);
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f)
        return NULL;
    if (fstat(fileno(f), &st) != 0) {
        fclose(f);
        return NULL;
    }
    *bytes = (size_t)st.st_size;
    uint8_t *data = malloc(*bytes + 1);
    if (data && fread(data, 1, *bytes, f) != *bytes) {
        free(data);
        data = NULL;
    }
    fclose(f);
    return data;
}

static inline void count_macs(void *ctx, const struct thm_op_event *ev)
{
    *(uint64_t *)ctx += ev->work.macs;
}

static inline enum thm_nn_err allocate_in(struct golden *g, const char *layout, uint32_t bytes)
{
    struct thm_interpreter_hooks hooks = { .ctx = &g->macs, .op_done = count_macs };
    thm_interpreter_init(&g->it, &g->model, thm_layout_find(layout), g->arena, bytes, &hooks);
    if (kernels)
        thm_interpreter_set_kernels(&g->it, kernels);
    enum thm_nn_err err = thm_interpreter_allocate(&g->it, &g->diag);
    if (!err && !pack_weights(&g->it))
        complain(g, "no memory for packed weights");
    return err;
}

/* One for all models: new memory for each takes most of the time. NULL: the PC has no more. */
static inline uint8_t *big_arena(void)
{
    static uint8_t *arena;
    if (!arena)
        arena = aligned_alloc(16, BIG_ARENA);
    return arena;
}

static inline bool golden_open(struct golden *g, const char *path, const char *name)
{
    memset(g, 0, sizeof *g);
    snprintf(g->name, sizeof g->name, "%s", name);
    g->file = slurp(path, &g->file_bytes);
    g->arena = big_arena();
    if (!g->file || !g->arena) {
        complain(g, "cannot read %s", path);
        return false;
    }
    enum thm_nn_err err = thm_model_open(&g->model, g->file, g->file_bytes, &g->diag);
    if (err)
        complain(g, "open: %s: %s at byte %lu", thm_nn_strerror(err), g->diag.what, (unsigned long)g->diag.offset);
    return !err;
}

static inline void golden_close(struct golden *g)
{
    free(g->file);
}

/* Allocate in a big arena of zeros: 0 = ready, 1 = an operator is not available, -1 = complained. */
static inline int golden_ready(struct golden *g)
{
    memset(g->arena, 0, g->model.size < 100000 ? BIG_ARENA / 32 : BIG_ARENA); /* the runtime does not clear it */
    enum thm_nn_err err = allocate_in(g, "cortex_m", BIG_ARENA);
    if (err == THM_NN_EOP)
        return 1;
    if (err)
        complain(g, "allocate: %s: %s (operator %d)", thm_nn_strerror(err), g->diag.what ? g->diag.what : "",
                 g->diag.op);
    return err ? -1 : 0;
}

static inline void compare_floats(struct golden *g, const char *what, const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float limit = 1e-5f * fabsf(want[i]) + 1e-6f;
        if (memcmp(&got[i], &want[i], 4) != 0 && !(fabsf(got[i] - want[i]) <= limit)) {
            complain(g, "%s: element %zu is %.9g, not %.9g", what, i, (double)got[i], (double)want[i]);
            return;
        }
    }
}

static inline void compare(struct golden *g, const char *what, const struct thm_tensor *t, const uint8_t *want)
{
    if (t->info.type == THM_FLOAT32) {
        compare_floats(g, what, t->data, (const float *)(const void *)want, t->bytes / 4);
        return;
    }
    for (size_t i = 0; i < t->bytes; i++)
        if (((const uint8_t *)t->data)[i] != want[i]) {
            complain(g, "%s: byte %zu is %d, not %d", what, i, ((const int8_t *)t->data)[i], ((const int8_t *)want)[i]);
            return;
        }
}

static inline uint8_t *read_frames(struct golden *g, const char *path, uint32_t frame_bytes, uint32_t *frames)
{
    size_t bytes = 0;
    uint8_t *data = slurp(path, &bytes);
    if (!data || frame_bytes == 0 || bytes % frame_bytes) {
        complain(g, "%s is missing or not made of frames of %u bytes", path, frame_bytes);
        free(data);
        return NULL;
    }
    *frames = (uint32_t)(bytes / frame_bytes);
    return data;
}

/* All frames of one case, on the interpreter as it is. Patterns hold one %u for the tensor's number. */
static inline void run_case(struct golden *g, const char *input_pattern, const char *output_pattern)
{
    struct thm_tensor t;
    uint8_t *in[16] = { 0 }, *out[16] = { 0 };
    uint32_t inputs = 0, outputs = 0, frames = 1;
    char path[2300];
    bool ok = true;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    for (; inputs < 16 && !thm_interpreter_input(&g->it, inputs, &t) && ok; inputs++) {
        snprintf(path, sizeof path, input_pattern, inputs);
        ok = (in[inputs] = read_frames(g, path, t.bytes, &frames)) != NULL;
    }
    for (; outputs < 16 && !thm_interpreter_output(&g->it, outputs, &t) && ok; outputs++) {
        snprintf(path, sizeof path, output_pattern, outputs);
        ok = (out[outputs] = read_frames(g, path, t.bytes, &frames)) != NULL;
    }
#pragma GCC diagnostic pop
    for (uint32_t f = 0; f < frames && ok; f++) {
        for (uint32_t i = 0; i < inputs; i++) {
            thm_interpreter_input(&g->it, i, &t);
            memcpy(t.data, in[i] + (size_t)f * t.bytes, t.bytes);
        }
        enum thm_nn_err err = thm_interpreter_invoke(&g->it, &g->diag);
        if (err)
            complain(g, "invoke: %s: %s", thm_nn_strerror(err), g->diag.what ? g->diag.what : "");
        for (uint32_t i = 0; i < outputs && !err; i++) {
            thm_interpreter_output(&g->it, i, &t);
            snprintf(path, sizeof path, "%s frame %u output %u", strrchr(input_pattern, '/'), f, i);
            compare(g, path, &t, out[i] + (size_t)f * t.bytes);
        }
    }
    for (int i = 0; i < 16; i++) {
        free(in[i]);
        free(out[i]);
    }
}

static inline void report(const char *what)
{
    print_message("# %s: %d checked, %d skipped:%s\n", what, checked, skipped, skipped_names);
    assert_int_equal(failures, 0);
    assert_true(checked > 0);
}

static inline void start_report(void)
{
    failures = checked = skipped = 0;
    skipped_names[0] = '\0';
}
