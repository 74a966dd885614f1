/* emu/cli/infer.c -- `thimble infer`: run a model outside a board, in an arena of an exact size. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "emu/cli/commands.h"
#include "emu/board/pack.h"
#include "emu/cli/kernels.h"
#include "emu/cli/labels.h"
#include "emu/report/nn_message.h"
#include "emu/report/tensor_text.h"

#define INPUTS_MAX 64
#define FILE_MOST  (UINT64_C(1) << 30)

enum { OPT_INPUT, OPT_OUTPUT_DIR, OPT_ARENA, OPT_LAYOUT, OPT_KERNELS, OPT_LABELS, OPT_REPEAT, OPT_JSON };

static const struct thm_option options[] = {
    [OPT_INPUT] = { "input", "FILE",
                    "raw little-endian tensor, one or more frames; once for each model input (default: zeros)", 'i' },
    [OPT_OUTPUT_DIR] = { "output-dir", "DIR", "write all frames of output K to DIR/outputK.bin", 'o' },
    [OPT_ARENA] = { "arena", "BYTES", "tensor arena size (default: the smallest that works)", 'a' },
    [OPT_LAYOUT] = { "layout", "NAME", "struct layout of the target: cortex_m (default), ilp32_align8 or i386", 'l' },
    [OPT_KERNELS] = { "kernels", "NAME", THM_KERNELS_HELP, 'k' },
    [OPT_LABELS] = { "labels", "FILE", "names of the first output's values, one a line", 0 },
    [OPT_REPEAT] = { "repeat", "N", "run everything N times for a better timing", 'n' },
    [OPT_JSON] = { "json", NULL, "print one JSON object", 'j' },
    { NULL, NULL, NULL, 0 },
};

struct output { /* all frames */
    uint8_t *data;
    struct thm_tensor tensor;
};

struct infer {
    const char *model_path, *input_paths[INPUTS_MAX], *output_dir, *labels_path;
    const struct thm_layout *layout;
    const struct thm_kernel_library *kernels;
    uint64_t arena_bytes, repeat;
    uint32_t input_files, inputs, outputs, frames;
    bool json, arena_given;
    uint8_t *file, *arena, **input;
    void *packed;
    struct output *output;
    struct thm_labels labels;
    double *times_us;
    uint64_t macs; /* of one invocation */
    struct thm_model model;
    struct thm_interpreter it;
    struct thm_arena_stats least;
};

static int set_option(struct infer *in, const struct thm_args *a, int option)
{
    switch (option) {
    case OPT_INPUT:
        if (in->input_files == INPUTS_MAX)
            return thm_usage(a, "more than %d inputs", INPUTS_MAX);
        in->input_paths[in->input_files++] = a->value;
        return 0;
    case OPT_OUTPUT_DIR: in->output_dir = a->value; return 0;
    case OPT_LABELS: in->labels_path = a->value; return 0;
    case OPT_JSON: in->json = true; return 0;
    case OPT_KERNELS: return thm_cli_kernel_library(a, a->value, &in->kernels) ? 0 : THM_EXIT_USAGE;
    case OPT_ARENA:
        in->arena_given = true;
        if (!thm_parse_size(a->value, INT32_MAX, &in->arena_bytes))
            return thm_usage(a, "--arena: '%s' is not a size below 2 GB", a->value);
        return 0;
    case OPT_REPEAT:
        if (!thm_parse_size(a->value, 100000, &in->repeat) || in->repeat == 0)
            return thm_usage(a, "--repeat: '%s' is not a number from 1 to 100000", a->value);
        return 0;
    default:
        in->layout = thm_layout_find(a->value);
        return in->layout ? 0 : thm_usage(a, "--layout: '%s' is not cortex_m, ilp32_align8 or i386", a->value);
    }
}

static int parse(struct infer *in, int argc, char **argv)
{
    struct thm_args a;
    int option, status;
    thm_args_init(&a, &thm_command_infer, argc, argv);
    while ((option = thm_args_next(&a)) >= 0)
        if ((status = set_option(in, &a, option)) != 0)
            return status;
    if (option < -1)
        return option == -3 ? -1 : THM_EXIT_USAGE;
    if (a.argc != 1)
        return thm_usage(&a, a.argc ? "more than one model" : "no model");
    in->model_path = a.argv[0];
    in->layout = thm_kernels_layout(&a, in->kernels, in->layout);
    return in->layout ? 0 : THM_EXIT_USAGE;
}

static int refuse(const struct infer *in, const struct thm_nn_diag *d)
{
    char text[512];
    thm_nn_message(d, text, sizeof text);
    if (d->err == THM_NN_EARENA && in->arena_given)
        return thm_fail(thm_nn_exit_status(d->err), "%s: arena of %" PRIu64 " bytes: %s", in->model_path,
                        in->arena_bytes, text);
    return thm_fail(thm_nn_exit_status(d->err), "%s: %s", in->model_path, text);
}

static void count_macs(void *ctx, const struct thm_op_event *ev)
{
    *(uint64_t *)ctx += ev->work.macs;
}

static void set_library(void *ctx, struct thm_interpreter *it)
{
    const struct infer *in = ctx;
    thm_interpreter_set_library(it, in->kernels); /* the layout has been chosen to fit */
}

static int allocate(struct infer *in)
{
    struct thm_nn_diag d;
    struct thm_interpreter_hooks hooks = { .ctx = &in->macs, .op_done = count_macs };
    const struct thm_nn_change change = { set_library, in };
    if (thm_nn_measure_changed(&in->model, in->layout, &change, &in->least, &d))
        return refuse(in, &d);
    if (!in->arena_given)
        in->arena_bytes = in->least.min;
    if (posix_memalign((void **)&in->arena, 16, (size_t)in->arena_bytes + 1) != 0)
        return thm_fail(THM_EXIT_HOST, "out of memory for an arena of %" PRIu64 " bytes", in->arena_bytes);
    memset(in->arena, 0, (size_t)in->arena_bytes);
    thm_interpreter_init(&in->it, &in->model, in->layout, in->arena, (uint32_t)in->arena_bytes, &hooks);
    set_library(in, &in->it);
    if (thm_interpreter_allocate(&in->it, &d)) {
        d.arena_min = in->least.min;
        return refuse(in, &d);
    }
    in->packed = thm_pack_weights(&in->it);
    in->inputs = thm_model_inputs(&in->model, 0);
    in->outputs = thm_model_outputs(&in->model, 0);
    return 0;
}

/* File i holds a whole number of frames, as many as the others. */
static int read_input(struct infer *in, uint32_t i)
{
    struct thm_tensor t;
    size_t bytes;
    thm_interpreter_input(&in->it, i, &t);
    int status = thm_read_file(in->input_paths[i], FILE_MOST, &in->input[i], &bytes);
    if (status)
        return status;
    if (t.bytes == 0 || bytes == 0 || bytes % t.bytes)
        return thm_fail(THM_EXIT_USAGE, "%s: %zu bytes, input %u '%.*s' takes %u bytes a frame", in->input_paths[i],
                        bytes, i, (int)t.info.name_len, t.info.name ? t.info.name : "", t.bytes);
    if (i > 0 && bytes / t.bytes != in->frames)
        return thm_fail(THM_EXIT_USAGE, "%s: %zu frames, the inputs before have %u", in->input_paths[i],
                        bytes / t.bytes, in->frames);
    in->frames = (uint32_t)(bytes / t.bytes);
    return 0;
}

static int read_inputs(struct infer *in)
{
    if (in->input_files && in->input_files != in->inputs)
        return thm_fail(THM_EXIT_USAGE, "%s: %u inputs, %u given with --input", in->model_path, in->inputs,
                        in->input_files);
    in->input = calloc(in->inputs + 1, sizeof *in->input);
    in->output = calloc(in->outputs + 1, sizeof *in->output);
    in->frames = 1;
    int status = in->input && in->output ? 0 : thm_fail(THM_EXIT_HOST, "out of memory");
    for (uint32_t i = 0; i < in->input_files && i < INPUTS_MAX && !status; i++)
        status = read_input(in, i);
    in->times_us = status ? NULL : calloc((size_t)in->frames * in->repeat, sizeof *in->times_us);
    if (!status && !in->times_us)
        status = thm_fail(THM_EXIT_HOST, "out of memory for %u frames", in->frames);
    for (uint32_t i = 0; i < in->outputs && !status; i++) {
        thm_interpreter_output(&in->it, i, &in->output[i].tensor);
        in->output[i].data = calloc(in->frames, (size_t)in->output[i].tensor.bytes + 1);
        if (!in->output[i].data)
            status = thm_fail(THM_EXIT_HOST, "out of memory for %u frames of output", in->frames);
    }
    return status;
}

static struct thm_tensor_view view(const struct output *o, uint32_t frame)
{
    return thm_tensor_view_of(&o->tensor.info, o->data + (size_t)frame * o->tensor.bytes, o->tensor.bytes);
}

static int read_labels(struct infer *in)
{
    int status = in->labels_path ? thm_labels_load(&in->labels, in->labels_path) : 0;
    if (status || !in->labels_path || in->outputs == 0)
        return status;
    struct thm_tensor_view first = view(&in->output[0], 0);
    size_t values = thm_tensor_count(&first);
    if (in->labels.n != values)
        return thm_fail(THM_EXIT_USAGE, "%s: %zu labels, the first output has %zu values", in->labels_path,
                        in->labels.n, values);
    return 0;
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int run_frame(struct infer *in, uint32_t frame, double *time_us)
{
    struct thm_nn_diag d;
    struct thm_tensor t;
    for (uint32_t i = 0; i < in->inputs; i++) {
        thm_interpreter_input(&in->it, i, &t);
        if (in->input[i])
            memcpy(t.data, in->input[i] + (size_t)frame * t.bytes, t.bytes);
        else if (t.bytes && !t.info.data)
            memset(t.data, 0, t.bytes);
    }
    in->macs = 0;
    double start = now_us();
    enum thm_nn_err err = thm_interpreter_invoke(&in->it, &d);
    *time_us = now_us() - start;
    if (err)
        return refuse(in, &d);
    for (uint32_t i = 0; i < in->outputs; i++) {
        thm_interpreter_output(&in->it, i, &t);
        if (t.bytes)
            memcpy(in->output[i].data + (size_t)frame * t.bytes, t.data, t.bytes);
    }
    return 0;
}

/* Every repetition starts from the same state, so all give the same outputs. */
static int run_all(struct infer *in)
{
    int status = 0;
    for (uint64_t r = 0; r < in->repeat && !status; r++) {
        thm_interpreter_reset(&in->it, NULL);
        for (uint32_t f = 0; f < in->frames && !status; f++)
            status = run_frame(in, f, &in->times_us[r * in->frames + f]);
    }
    return status;
}

static int write_outputs(const struct infer *in)
{
    int status = in->output_dir ? thm_make_folder(in->output_dir) : 0;
    for (uint32_t i = 0; i < in->outputs && in->output_dir && !status; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/output%u.bin", in->output_dir, i) < 0)
            return thm_fail(THM_EXIT_HOST, "out of memory");
        status = thm_write_file(path, in->output[i].data, (size_t)in->frames * in->output[i].tensor.bytes);
        free(path);
    }
    return status;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_us(const struct infer *in)
{
    size_t n = (size_t)in->frames * in->repeat;
    qsort(in->times_us, n, sizeof *in->times_us, by_size);
    return n % 2 ? in->times_us[n / 2] : (in->times_us[n / 2 - 1] + in->times_us[n / 2]) / 2;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static json_t *json_inputs(struct infer *in)
{
    json_t *list = json_array();
    struct thm_tensor t;
    for (uint32_t i = 0; i < in->inputs; i++) {
        thm_interpreter_input(&in->it, i, &t);
        struct thm_tensor_view v = thm_tensor_view_of(&t.info, t.data, t.bytes);
        json_array_append_new(list, thm_tensor_json_type(&v));
    }
    return list;
}

static json_t *json_outputs(const struct infer *in)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < in->outputs; i++) {
        struct thm_tensor_view v = view(&in->output[i], in->frames - 1);
        json_array_append_new(list, thm_tensor_json(&v, i ? NULL : &in->labels));
    }
    return list;
}

static json_t *json_winners(const struct infer *in)
{
    json_t *list = json_array();
    for (uint32_t f = 0; f < in->frames; f++) {
        struct thm_tensor_view v = view(&in->output[0], f);
        json_array_append_new(list, thm_tensor_json_winner(&v, &in->labels));
    }
    return list;
}

static int print_json(struct infer *in)
{
    const struct thm_arena_stats *s = thm_interpreter_stats(&in->it);
    json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:f}", "model",
                          base_name(in->model_path), "layout", thm_layout_name(in->layout), "kernels",
                          thm_kernel_library_name(in->kernels), "arena_bytes", (json_int_t)s->size, "arena_used_bytes",
                          (json_int_t)s->used, "min_arena_bytes", (json_int_t)s->min, "head_bytes", (json_int_t)s->head,
                          "tail_bytes", (json_int_t)s->tail, "inputs", json_inputs(in), "outputs", json_outputs(in),
                          "frames", (json_int_t)in->frames, "macs", (json_int_t)in->macs, "invoke_us", median_us(in));
    if (o && in->labels.n)
        json_object_set_new(o, "winners", json_winners(in));
    int bad = !o || json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0;
    putchar('\n');
    json_decref(o);
    return bad ? thm_fail(THM_EXIT_HOST, "standard output could not be written") : 0;
}

static void print_tensor(const char *what, uint32_t i, const struct thm_tensor_view *v)
{
    printf("%-6s %u ", what, i);
    thm_tensor_print_type(stdout, v);
    putchar('\n');
}

static void print_text(struct infer *in)
{
    const struct thm_arena_stats *s = thm_interpreter_stats(&in->it);
    struct thm_tensor t;
    printf("%s (%s)\n", base_name(in->model_path), thm_layout_name(in->layout));
    printf("arena    %u of %u bytes used: head %u, tail %u; smallest %u\n", s->used, s->size, s->head, s->tail, s->min);
    for (uint32_t i = 0; i < in->inputs; i++) {
        thm_interpreter_input(&in->it, i, &t);
        struct thm_tensor_view v = thm_tensor_view_of(&t.info, t.data, t.bytes);
        print_tensor("input", i, &v);
    }
    for (uint32_t i = 0; i < in->outputs; i++) {
        struct thm_tensor_view v = view(&in->output[i], 0);
        print_tensor("output", i, &v);
        for (uint32_t f = 0; f < in->frames; f++) {
            v = view(&in->output[i], f);
            printf("frame  %u ", f);
            thm_tensor_print(stdout, &v, i ? NULL : &in->labels);
            putchar('\n');
        }
    }
    printf("invoke   %.1f us on this PC (median of %" PRIu64 "), %" PRIu64 " multiply-accumulates\n", median_us(in),
           in->frames * in->repeat, in->macs);
}

static int infer(struct infer *in)
{
    struct thm_nn_diag d;
    size_t bytes;
    int status = thm_read_file(in->model_path, FILE_MOST, &in->file, &bytes);
    if (!status && thm_model_open(&in->model, in->file, bytes, &d))
        status = refuse(in, &d);
    if (!status)
        status = allocate(in);
    if (!status)
        status = read_inputs(in);
    if (!status)
        status = read_labels(in);
    if (!status)
        status = run_all(in);
    if (!status)
        status = write_outputs(in);
    if (!status && in->json)
        status = print_json(in);
    else if (!status)
        print_text(in);
    return status;
}

static void release(struct infer *in)
{
    for (uint32_t i = 0; in->input && i < in->inputs; i++)
        free(in->input[i]);
    for (uint32_t i = 0; in->output && i < in->outputs; i++)
        free(in->output[i].data);
    free(in->input);
    free(in->output);
    free(in->file);
    free(in->arena);
    free(in->packed);
    thm_labels_free(&in->labels);
    free(in->times_us);
}

static int run(int argc, char **argv)
{
    struct infer in = { .kernels = thm_kernel_library_find("reference"), .repeat = 1 };
    int status = parse(&in, argc, argv);
    if (status == 0)
        status = infer(&in);
    release(&in);
    return status < 0 ? 0 : status;
}

const struct thm_command thm_command_infer = {
    .name = "infer",
    .args = "MODEL",
    .summary = "run a model in an arena of an exact size, without a board",
    .details = "Inputs that hold several frames one after another are as many invocations on one interpreter.",
    .options = options,
    .run = run,
};
