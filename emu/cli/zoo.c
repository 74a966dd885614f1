/* thimble zoo: write the project's own models, or list them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/cli/commands.h"
#include "emu/zoo/c_array.h"
#include "emu/zoo/zoo.h"

#define SELECTION_MAX  64
#define PROGRESS_BYTES (1u << 20) /* how often progress is shown */

enum { OPT_HEADER, OPT_MODEL, OPT_LIST, OPT_JSON };
static const struct thm_option options[] = {
    [OPT_HEADER] = { "header", NULL, "also write each model as a C array, NAME.cc", 0 },
    [OPT_MODEL] = { "model", "NAME", "only this model; may be given more than once", 'm' },
    [OPT_LIST] = { "list", NULL, "write nothing, print a table of the models", 'l' },
    [OPT_JSON] = { "json", NULL, "print the list, or what was written, as JSON", 0 },
    { 0 },
};

struct request {
    bool header, list, json;
    const char *dir; /* NULL: none given */
    uint32_t chosen[SELECTION_MAX], count;
};

static const char *type_name(enum thm_type t)
{
    return t == THM_FLOAT32 ? "float32" : t == THM_INT8 ? "int8" : "int32"; /* all that the zoo has */
}

/* How often the graph uses ops[i]'s kind; 0 if an earlier op already counted it. */
static uint32_t uses_of(const struct thm_graph *g, uint32_t i)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < g->op_count; k++) {
        if (k < i && g->ops[k].code == g->ops[i].code)
            return 0;
        n += g->ops[k].code == g->ops[i].code;
    }
    return n;
}

/* --- the list --- */

static const char *shape_text(const struct thm_tflite_tensor *t, char *to, size_t size)
{
    size_t used = 0;
    for (uint32_t i = 0; i < t->rank; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%d", i ? "x" : "", t->shape[i]);
    snprintf(to + used, size - used, " %s", type_name(t->type));
    return to;
}

static void print_model(const struct thm_zoo_model *m)
{
    char in[64], out[64];
    const struct thm_graph *g = m->graph;
    printf("%-25s %9" PRIu32 " %11" PRIu64 "  %-21s %s\n", m->name, m->file_bytes, g->macs,
           shape_text(&g->tensors[g->input], in, sizeof in), shape_text(&g->tensors[g->output], out, sizeof out));
    printf("    %s\n    ", m->title);
    for (uint32_t i = 0; i < g->op_count; i++) {
        uint32_t n = uses_of(g, i);
        if (n)
            printf("%s%s", i ? ", " : "", thm_tflite_op_name(g->ops[i].code));
        if (n > 1)
            printf(" x%" PRIu32, n);
    }
    putchar('\n');
}

/* The JSON makers below return NULL if the PC is out of memory; jansson takes NULL for a value as a failure.
 */

static json_t *shape_json(const struct thm_tflite_tensor *t)
{
    json_t *shape = json_array();
    int failed = 0;
    for (uint32_t i = 0; i < t->rank; i++)
        failed |= json_array_append_new(shape, json_integer(t->shape[i]));
    if (!failed)
        return shape;
    json_decref(shape);
    return NULL;
}

static json_t *tensor_json(const struct thm_tflite_tensor *t)
{
    return json_pack("{s:s, s:o}", "type", type_name(t->type), "shape", shape_json(t));
}

static json_t *ops_json(const struct thm_graph *g)
{
    json_t *ops = json_array();
    int failed = 0;
    for (uint32_t i = 0; i < g->op_count; i++) {
        const char *name = thm_tflite_op_name(g->ops[i].code);
        uint32_t n = uses_of(g, i);
        if (n)
            failed |= json_array_append_new(ops, json_pack("{s:s, s:i}", "op", name, "count", (int)n));
    }
    if (!failed)
        return ops;
    json_decref(ops);
    return NULL;
}

static json_t *model_json(const struct thm_zoo_model *m)
{
    const struct thm_graph *g = m->graph;
    json_int_t header_bytes = (json_int_t)thm_c_array_bytes(m->name, m->file_bytes);
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "name", m->name, "architecture", m->title, "bytes",
                     (json_int_t)m->file_bytes, "header_bytes", header_bytes, "macs", (json_int_t)g->macs, "input",
                     tensor_json(&g->tensors[g->input]), "output", tensor_json(&g->tensors[g->output]), "ops",
                     ops_json(g));
}

static int open_model(uint32_t index, struct thm_zoo_model *m)
{
    enum thm_zoo_err e = thm_zoo_open(index, m);
    return e ? thm_fail(thm_zoo_exit_status(e), "%s: %s", thm_zoo_name(index), thm_zoo_strerror(e)) : 0;
}

/* Append `item` (NULL: it could not be made), which is about `name`. */
static int append_json(json_t *list, json_t *item, const char *name)
{
    if (json_array_append_new(list, item) == 0)
        return 0;
    return thm_fail(THM_EXIT_HOST, "%s: cannot be put into JSON (not UTF-8, or out of memory)", name);
}

static int print_json(const char *key, json_t *list)
{
    json_t *root = json_pack("{s:o}", key, list);
    int failed = !root || json_dumpf(root, stdout, JSON_INDENT(2)) != 0;
    putchar('\n');
    json_decref(root);
    return failed ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : 0;
}

static int list(const struct request *r)
{
    json_t *all = r->json ? json_array() : NULL;
    int status = 0;
    if (!r->json)
        printf("%-25s %9s %11s  %-21s %s\n", "MODEL", "BYTES", "MACS", "INPUT", "OUTPUT");
    for (uint32_t i = 0; i < r->count && !status; i++) {
        struct thm_zoo_model m;
        status = open_model(r->chosen[i], &m);
        if (status)
            break;
        if (r->json)
            status = append_json(all, model_json(&m), m.name);
        else
            print_model(&m);
        thm_zoo_close(&m);
    }
    if (!status && r->json)
        return print_json("models", all);
    json_decref(all);
    return status;
}

/* --- writing --- */

struct output { /* one file being written */
    FILE *file;
    const char *label; /* "3/18 NAME"; NULL: show no progress */
    uint64_t total, done, shown;
};

static int write_piece(void *context, const void *data, size_t len)
{
    struct output *o = context;
    if (fwrite(data, 1, len, o->file) != len)
        return -1;
    o->done += len;
    if (o->label && o->done - o->shown >= PROGRESS_BYTES) {
        fprintf(stderr, "\r\033[K%s  %" PRIu64 " %%", o->label, o->done * 100 / o->total);
        o->shown = o->done;
    }
    return 0;
}

static FILE *open_temporary(char *temp)
{
    int fd = mkostemp(temp, O_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (fd >= 0 && !file) {
        int err = errno;
        close(fd);
        unlink(temp);
        errno = err;
    }
    return file;
}

/* Fill a new file beside the final one; on success it takes that one's place. */
static int write_beside(const char *path, char *temp, const struct thm_zoo_model *m, bool header, struct output *o)
{
    mode_t mask = umask(0);
    umask(mask);
    o->file = open_temporary(temp);
    if (!o->file)
        return thm_fail(errno == EACCES ? THM_EXIT_USAGE : THM_EXIT_HOST, "%s: %s", path, strerror(errno));
    const struct thm_sink sink = { .write = write_piece, .context = o };
    enum thm_zoo_err e = header ? thm_zoo_write_c(m, &sink) : thm_zoo_write(m, &sink);
    int status = 0, err = errno;
    if (o->label) /* a message must not follow on the same line */
        fputs("\r\033[K", stderr);
    errno = err;
    if (e && e != THM_ZOO_ESINK)
        status = thm_fail(thm_zoo_exit_status(e), "%s: %s", path, thm_zoo_strerror(e));
    else if (e || fchmod(fileno(o->file), 0666 & ~mask) < 0)
        status = thm_fail(THM_EXIT_HOST, "%s: %s", path, strerror(errno));
    if (fclose(o->file) != 0 && !status)
        status = thm_fail(THM_EXIT_HOST, "%s: %s", path, strerror(errno));
    if (!status && rename(temp, path) < 0)
        status = thm_fail(errno == EISDIR ? THM_EXIT_USAGE : THM_EXIT_HOST, "%s: %s", path, strerror(errno));
    if (status)
        unlink(temp);
    return status;
}

static int write_file(const struct request *r, const struct thm_zoo_model *m, bool header, const char *label,
                      json_t *written)
{
    char *path = NULL, *temp = NULL;
    uint64_t bytes = header ? thm_c_array_bytes(m->name, m->file_bytes) : m->file_bytes;
    struct output o = { .label = label, .total = bytes };
    int status;
    if (asprintf(&path, "%s/%s.%s", r->dir, m->name, header ? "cc" : "tflite") < 0 ||
        asprintf(&temp, "%s.XXXXXX", path) < 0)
        status = thm_fail(THM_EXIT_HOST, "out of memory");
    else
        status = write_beside(path, temp, m, header, &o);
    if (!status && r->json) {
        json_t *item = json_pack("{s:s, s:s, s:I}", "model", m->name, "file", path, "bytes", (json_int_t)bytes);
        status = append_json(written, item, path);
    }
    free(path);
    free(temp);
    return status;
}

static int write_model(const struct request *r, uint32_t i, bool progress, json_t *written)
{
    char label[80];
    struct thm_zoo_model m;
    snprintf(label, sizeof label, "%" PRIu32 "/%" PRIu32 " %s", i + 1, r->count, thm_zoo_name(r->chosen[i]));
    if (progress)
        fprintf(stderr, "\r\033[K%s", label);
    int status = open_model(r->chosen[i], &m);
    if (status)
        return status;
    status = write_file(r, &m, false, progress ? label : NULL, written);
    if (!status && r->header)
        status = write_file(r, &m, true, progress ? label : NULL, written);
    thm_zoo_close(&m);
    return status;
}

static int write_all(const struct request *r)
{
    const bool progress = isatty(STDERR_FILENO);
    int status = thm_make_folder(r->dir);
    json_t *written = r->json && !status ? json_array() : NULL;
    for (uint32_t i = 0; i < r->count && !status; i++)
        status = write_model(r, i, progress, written);
    if (progress)
        fputs("\r\033[K", stderr);
    if (!status && progress)
        fprintf(stderr, "%" PRIu32 " model%s written to %s\n", r->count, r->count == 1 ? "" : "s", r->dir);
    if (!status && r->json)
        return print_json("files", written);
    json_decref(written);
    return status;
}

/* --- the command line --- */

static int choose(struct request *r, const struct thm_args *a)
{
    int i = thm_zoo_find(a->value);
    if (i < 0)
        return thm_fail(THM_EXIT_USAGE, "there is no model '%s'; 'thimble zoo --list' names them", a->value);
    for (uint32_t k = 0; k < r->count; k++)
        if (r->chosen[k] == (uint32_t)i)
            return 0;
    if (r->count == SELECTION_MAX)
        return thm_usage(a, "too many models");
    r->chosen[r->count++] = (uint32_t)i;
    return 0;
}

static int parse(int argc, char **argv, struct request *r, bool *done)
{
    struct thm_args a;
    int o, status = 0;
    thm_args_init(&a, &thm_command_zoo, argc, argv);
    while ((o = thm_args_next(&a)) >= 0 && !status) {
        r->header |= o == OPT_HEADER;
        r->list |= o == OPT_LIST;
        r->json |= o == OPT_JSON;
        status = o == OPT_MODEL ? choose(r, &a) : 0;
    }
    *done = o == -3;
    if (status || o == -3)
        return status;
    if (o == -2)
        return THM_EXIT_USAGE;
    if (a.argc != (r->list ? 0 : 1))
        return thm_usage(&a, r->list ? "--list takes no DIR" : "one DIR is needed, or --list");
    r->dir = a.argv[0];
    if (!r->count) /* all */
        for (; r->count < thm_zoo_count() && r->count < SELECTION_MAX; r->count++)
            r->chosen[r->count] = r->count;
    return 0;
}

static int run(int argc, char **argv)
{
    struct request r = { 0 };
    bool done = false;
    int status = parse(argc, argv, &r, &done);
    if (status || done)
        return status;
    return r.list ? list(&r) : write_all(&r);
}

const struct thm_command thm_command_zoo = {
    .name = "zoo",
    .args = "DIR",
    .summary = "write models with the shapes and sizes of published ones",
    .details = "The sixteen models of OTA-TinyML have the published architecture and exactly the published "
               "file size, but random weights; sine and sine_int8 are trained while they are made. DIR is "
               "created if it is not there. The same version writes the same bytes every time.",
    .options = options,
    .run = run,
};
