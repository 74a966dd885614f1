/* emu/cli/infer.c -- `thimble infer`: run a model outside a board, in an arena of an exact size. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "emu/cli/cli.h"
#include "emu/report/nn_message.h"

#define INPUTS_MAX 64
#define SHOWN      16
#define FILE_MOST  (UINT64_C(1) << 30)

enum { OPT_INPUT, OPT_OUTPUT_DIR, OPT_ARENA, OPT_LAYOUT, OPT_LABELS, OPT_REPEAT, OPT_JSON };

static const struct thm_option options[] = {
    [OPT_INPUT] = { "input", "FILE", "raw little-endian tensor, one or more frames; once for each model input (default: zeros)",
                    'i' },
    [OPT_OUTPUT_DIR] = { "output-dir", "DIR", "write all frames of output K to DIR/outputK.bin", 'o' },
    [OPT_ARENA] = { "arena", "BYTES", "tensor arena size (default: the smallest that works)", 'a' },
    [OPT_LAYOUT] = { "layout", "NAME", "struct layout of the target: cortex_m (default), ilp32_align8 or i386", 'l' },
    [OPT_LABELS] = { "labels", "FILE", "names of the first output's values, one a line", 0 },
    [OPT_REPEAT] = { "repeat", "N", "run everything N times for a better timing", 'n' },
    [OPT_JSON] = { "json", NULL, "print one JSON object", 'j' },
    { NULL, NULL, NULL, 0 },
};

static int run(int argc, char **argv);
const struct thm_command thm_command_infer = {
    .name = "infer", .args = "MODEL", .summary = "run a model in an arena of an exact size, without a board",
    .details = "Inputs that hold several frames one after another are as many invocations on one interpreter.",
    .options = options, .run = run,
};

struct output { /* all frames */
    uint8_t *data;
    struct thm_tensor tensor;
};

struct infer {
    const char *model_path, *input_paths[INPUTS_MAX], *output_dir, *labels_path;
    const struct thm_layout *layout;
    uint64_t arena_bytes, repeat;
    uint32_t input_files, inputs, outputs, frames;
    bool json, arena_given;
    uint8_t *file, *arena, *labels_text, **input;
    struct output *output;
    char **label;
    size_t labels;
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
    return 0;
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
    *(uint64_t *)ctx += ev->macs;
}

static int allocate(struct infer *in)
{
    struct thm_nn_diag d;
    struct thm_interpreter_hooks hooks = { .ctx = &in->macs, .op_done = count_macs };
    if (thm_nn_measure(&in->model, in->layout, &in->least, &d))
        return refuse(in, &d);
    if (!in->arena_given)
        in->arena_bytes = in->least.min;
    if (posix_memalign((void **)&in->arena, 16, (size_t)in->arena_bytes + 1) != 0)
        return thm_fail(THM_EXIT_HOST, "out of memory for an arena of %" PRIu64 " bytes", in->arena_bytes);
    memset(in->arena, 0, (size_t)in->arena_bytes);
    thm_interpreter_init(&in->it, &in->model, in->layout, in->arena, (uint32_t)in->arena_bytes, &hooks);
    if (thm_interpreter_allocate(&in->it, &d)) {
        d.arena_min = in->least.min;
        return refuse(in, &d);
    }
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
        return thm_fail(THM_EXIT_USAGE, "%s: %zu bytes, input %u '%.*s' takes %u bytes a frame", in->input_paths[i], bytes, i,
                        (int)t.info.name_len, t.info.name ? t.info.name : "", t.bytes);
    if (i > 0 && bytes / t.bytes != in->frames)
        return thm_fail(THM_EXIT_USAGE, "%s: %zu frames, the inputs before have %u", in->input_paths[i], bytes / t.bytes,
                        in->frames);
    in->frames = (uint32_t)(bytes / t.bytes);
    return 0;
}

static int read_inputs(struct infer *in)
{
    if (in->input_files && in->input_files != in->inputs)
        return thm_fail(THM_EXIT_USAGE, "%s: %u inputs, %u given with --input", in->model_path, in->inputs, in->input_files);
    in->input = calloc(in->inputs + 1, sizeof *in->input);
    in->output = calloc(in->outputs + 1, sizeof *in->output);
    in->frames = 1;
    int status = in->input && in->output ? 0 : thm_fail(THM_EXIT_HOST, "out of memory");
    for (uint32_t i = 0; i < in->input_files && !status; i++)
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

static uint32_t values_of(const struct thm_tensor *t)
{
    uint32_t size = thm_type_size(t->info.type);
    return size ? t->bytes / size : 0;
}

static int read_labels(struct infer *in)
{
    size_t bytes;
    if (!in->labels_path)
        return 0;
    int status = thm_read_file(in->labels_path, 1 << 20, &in->labels_text, &bytes);
    if (status)
        return status;
    in->labels_text[bytes] = '\0';
    in->label = calloc(bytes + 1, sizeof *in->label);
    if (!in->label)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    char *rest = NULL;
    for (char *s = strtok_r((char *)in->labels_text, "\r\n", &rest); s; s = strtok_r(NULL, "\r\n", &rest))
        in->label[in->labels++] = s;
    uint32_t values = in->outputs ? values_of(&in->output[0].tensor) : 0;
    if (in->labels != values)
        return thm_fail(THM_EXIT_USAGE, "%s: %zu labels, the first output has %u values", in->labels_path, in->labels, values);
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
    int status = 0;
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

/* Value i as stored; integers as they are. */
static double raw_value(const struct output *o, uint32_t frame, uint32_t i)
{
    const uint8_t *p = o->data + (size_t)frame * o->tensor.bytes + (size_t)i * thm_type_size(o->tensor.info.type);
    union { float f; double d; int64_t i64; uint64_t u64; int32_t i32; uint32_t u32; int16_t i16; uint16_t u16; } v = { 0 };
    memcpy(&v, p, thm_type_size(o->tensor.info.type) <= 8 ? thm_type_size(o->tensor.info.type) : 8);
    switch (o->tensor.info.type) {
    case THM_FLOAT32: return (double)v.f;
    case THM_FLOAT64: return v.d;
    case THM_INT64: return (double)v.i64;
    case THM_UINT64: return (double)v.u64;
    case THM_INT32: return v.i32;
    case THM_UINT32: return v.u32;
    case THM_INT16: return v.i16;
    case THM_UINT16: return v.u16;
    case THM_INT8: return (int8_t)p[0];
    default: return p[0];
    }
}

static bool is_quantised(const struct thm_tensor_info *t)
{
    return t->scales && t->zero_points && t->type != THM_FLOAT32;
}

static int64_t zero_point_of(const struct thm_tensor_info *t)
{
    int64_t zero;
    memcpy(&zero, t->zero_point, sizeof zero);
    return zero;
}

static double real_value(const struct output *o, uint32_t frame, uint32_t i)
{
    const struct thm_tensor_info *t = &o->tensor.info;
    double raw = raw_value(o, frame, i);
    return is_quantised(t) ? (raw - (double)zero_point_of(t)) * (double)t->scale[0] : raw;
}

static uint32_t top_of(const struct infer *in, uint32_t frame)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < values_of(&in->output[0].tensor); i++)
        if (raw_value(&in->output[0], frame, i) > raw_value(&in->output[0], frame, best))
            best = i;
    return best;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static json_t *json_name(const struct thm_tensor_info *t)
{
    json_t *name = json_stringn(t->name ? t->name : "", t->name_len);
    return name ? name : json_string("?"); /* not UTF-8 */
}

static json_t *json_number(double v)
{
    return v == floor(v) && fabs(v) < 9e15 ? json_integer((json_int_t)v) : isfinite(v) ? json_real(v) : json_null();
}

static json_t *json_tensor(const struct thm_tensor *t)
{
    json_t *shape = json_array();
    for (uint32_t i = 0; i < t->info.rank; i++)
        json_array_append_new(shape, json_integer(t->info.shape[i]));
    json_t *o = json_pack("{s:o, s:s, s:o, s:I}", "name", json_name(&t->info), "type", thm_type_name(t->info.type), "shape",
                          shape, "bytes", (json_int_t)t->bytes);
    if (is_quantised(&t->info)) {
        json_object_set_new(o, "scale", json_real((double)t->info.scale[0]));
        json_object_set_new(o, "zero_point", json_integer(zero_point_of(&t->info)));
    }
    return o;
}

static json_t *json_output(const struct infer *in, uint32_t i)
{
    const struct output *o = &in->output[i];
    json_t *object = json_tensor(&o->tensor), *values = json_array(), *real = json_array();
    for (uint32_t k = 0; k < values_of(&o->tensor) && k < SHOWN; k++) {
        json_array_append_new(values, json_number(raw_value(o, in->frames - 1, k)));
        json_array_append_new(real, json_number(real_value(o, in->frames - 1, k)));
    }
    json_object_set_new(object, "values", values);
    if (is_quantised(&o->tensor.info))
        json_object_set_new(object, "dequantised", real);
    else
        json_decref(real);
    return object;
}

static json_t *json_labels(const struct infer *in)
{
    json_t *list = json_array();
    for (uint32_t f = 0; f < in->frames; f++) {
        uint32_t top = top_of(in, f);
        json_array_append_new(list, json_pack("{s:s, s:i, s:o}", "label", in->label[top], "index", (int)top, "score",
                                              json_number(real_value(&in->output[0], f, top))));
    }
    return list;
}

static int print_json(struct infer *in)
{
    const struct thm_arena_stats *s = thm_interpreter_stats(&in->it);
    json_t *inputs = json_array(), *outputs = json_array();
    struct thm_tensor t;
    for (uint32_t i = 0; i < in->inputs; i++) {
        thm_interpreter_input(&in->it, i, &t);
        json_array_append_new(inputs, json_tensor(&t));
    }
    for (uint32_t i = 0; i < in->outputs; i++)
        json_array_append_new(outputs, json_output(in, i));
    json_t *o = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:f}", "model", base_name(in->model_path),
                          "layout", thm_layout_name(in->layout), "arena_bytes", (json_int_t)s->size, "arena_used_bytes",
                          (json_int_t)s->used, "min_arena_bytes", (json_int_t)s->min, "head_bytes", (json_int_t)s->head,
                          "tail_bytes", (json_int_t)s->tail, "inputs", inputs, "outputs", outputs, "frames",
                          (json_int_t)in->frames, "macs", (json_int_t)in->macs, "invoke_us", median_us(in));
    if (o && in->labels)
        json_object_set_new(o, "top", json_labels(in));
    if (!o || json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0) {
        json_decref(o);
        return thm_fail(THM_EXIT_HOST, "standard output could not be written");
    }
    putchar('\n');
    json_decref(o);
    return 0;
}

static void print_tensor(const char *what, uint32_t i, const struct thm_tensor *t)
{
    printf("%s %u  %s ", what, i, thm_type_name(t->info.type));
    for (uint32_t k = 0; k < t->info.rank; k++)
        printf("%s%" PRId32, k ? "x" : "", t->info.shape[k]);
    printf("%s, %u bytes", t->info.rank ? "" : "scalar", t->bytes);
    if (is_quantised(&t->info))
        printf(", scale %.6g, zero point %" PRId64, (double)t->info.scale[0], zero_point_of(&t->info));
    putchar('\n');
}

static void print_values(const struct infer *in, const struct output *o)
{
    uint32_t n = values_of(&o->tensor), shown = n < SHOWN ? n : SHOWN;
    printf("         ");
    for (uint32_t i = 0; i < shown; i++)
        printf(" %.6g", raw_value(o, in->frames - 1, i));
    printf("%s\n", n > shown ? " ..." : "");
    if (!is_quantised(&o->tensor.info))
        return;
    printf("        =");
    for (uint32_t i = 0; i < shown; i++)
        printf(" %.4g", real_value(o, in->frames - 1, i));
    printf("%s\n", n > shown ? " ..." : "");
}

static void print_text(struct infer *in)
{
    const struct thm_arena_stats *s = thm_interpreter_stats(&in->it);
    struct thm_tensor t;
    printf("%s (%s)\n", base_name(in->model_path), thm_layout_name(in->layout));
    printf("arena    %u of %u bytes used: head %u, tail %u; smallest %u\n", s->used, s->size, s->head, s->tail, s->min);
    for (uint32_t i = 0; i < in->inputs; i++) {
        thm_interpreter_input(&in->it, i, &t);
        print_tensor("input", i, &t);
    }
    for (uint32_t i = 0; i < in->outputs; i++) {
        print_tensor("output", i, &in->output[i].tensor);
        if (i > 0 || !in->labels)
            print_values(in, &in->output[i]);
    }
    for (uint32_t f = 0; f < in->frames && in->labels; f++) {
        uint32_t top = top_of(in, f);
        printf("frame %u  %s (%.4g)\n", f, in->label[top], real_value(&in->output[0], f, top));
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
    free(in->labels_text);
    free(in->label);
    free(in->times_us);
}

static int run(int argc, char **argv)
{
    struct infer in = { .layout = thm_layout_find("cortex_m"), .repeat = 1 };
    int status = parse(&in, argc, argv);
    if (status == 0)
        status = infer(&in);
    release(&in);
    return status < 0 ? 0 : status;
}
