/* emu/cli/model.c -- `thimble model`: what a model is made of, what memory it needs, and what would refuse it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/commands.h"
#include "emu/cli/kernels.h"
#include "emu/cli/model_facts.h"

#define FILE_MOST (UINT64_C(1) << 30)

enum { OPT_LAYOUT, OPT_KERNELS, OPT_PLAN, OPT_JSON };

static const struct thm_option options[] = {
    [OPT_LAYOUT] = { "layout", "NAME", "struct layout of the target: cortex_m (default), ilp32_align8 or i386", 'l' },
    [OPT_KERNELS] = { "kernels", "NAME", THM_KERNELS_HELP, 'k' },
    [OPT_PLAN] = { "plan-arena", "FILE",
                   "look for a memory plan with a smaller arena, and write the model with that plan; exit with 1 if "
                   "there is none",
                   'p' },
    [OPT_JSON] = { "json", NULL, "print one JSON object", 'j' },
    { NULL, NULL, NULL, 0 },
};

struct request {
    struct thm_model_facts facts;
    const char *planned; /* where the model with a plan goes; NULL: nobody asks */
    bool json;
};

static int set_option(struct request *r, const struct thm_args *a, int option)
{
    switch (option) {
    case OPT_JSON: r->json = true; return 0;
    case OPT_PLAN: r->planned = a->value; return 0;
    case OPT_KERNELS: return thm_cli_kernel_library(a, a->value, &r->facts.kernels) ? 0 : THM_EXIT_USAGE;
    default:
        r->facts.layout = thm_layout_find(a->value);
        return r->facts.layout ? 0 : thm_usage(a, "--layout: '%s' is not cortex_m, ilp32_align8 or i386", a->value);
    }
}

static int parse(struct request *r, int argc, char **argv)
{
    struct thm_args a;
    int option, status;
    thm_args_init(&a, &thm_command_model, argc, argv);
    while ((option = thm_args_next(&a)) >= 0)
        if ((status = set_option(r, &a, option)) != 0)
            return status;
    if (option < -1)
        return option == -3 ? -1 : THM_EXIT_USAGE;
    if (a.argc != 1)
        return thm_usage(&a, a.argc ? "more than one model" : "no model");
    r->facts.layout = thm_kernels_layout(&a, r->facts.kernels, r->facts.layout);
    if (!r->facts.layout)
        return THM_EXIT_USAGE;
    const char *slash = strrchr(a.argv[0], '/');
    r->facts.path = a.argv[0];
    r->facts.name = slash ? slash + 1 : a.argv[0];
    return 0;
}

struct constant {
    const uint8_t *data;
    uint64_t bytes, elements;
};

static int by_address(const void *a, const void *b)
{
    const struct constant *x = a, *y = b;
    return (x->data > y->data) - (x->data < y->data);
}

static size_t list_constants(const struct thm_model *m, struct constant *list)
{
    size_t n = 0;
    for (uint32_t s = 0; s < m->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(m, s); i++) {
            struct thm_tensor_info t;
            uint64_t elements = 1;
            thm_model_tensor(m, s, i, &t);
            if (!t.data)
                continue;
            for (uint32_t d = 0; d < t.rank; d++)
                elements *= (uint64_t)t.shape[d];
            list[n++] = (struct constant){ t.data, t.data_bytes, elements };
        }
    return n;
}

static int count_constants(struct thm_model_facts *f)
{
    size_t tensors = 0;
    for (uint32_t s = 0; s < f->model.subgraphs; s++)
        tensors += thm_model_tensors(&f->model, s);
    struct constant *list = calloc(tensors + 1, sizeof *list);
    if (!list)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    size_t n = list_constants(&f->model, list);
    qsort(list, n, sizeof *list, by_address);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || list[i].data != list[i - 1].data) {
            f->constants += list[i].elements;
            f->constant_bytes += list[i].bytes;
        }
    free(list);
    return 0;
}

static void count_macs(struct thm_model_facts *f)
{
    for (uint32_t s = 0; s < f->model.subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(&f->model, s); i++) {
            const struct thm_work *w = thm_memory_plan_work(&f->plan, s, i);
            f->macs += w ? w->macs : 0;
        }
}

struct thm_tensor_view thm_model_facts_tensor(const struct thm_model_facts *f, uint32_t subgraph, uint32_t i)
{
    struct thm_tensor_info t;
    uint64_t bytes = 0;
    thm_model_tensor(&f->model, subgraph, i, &t);
    bytes = thm_type_size(t.type);
    for (uint32_t d = 0; d < t.rank; d++)
        bytes *= (uint64_t)t.shape[d];
    return thm_tensor_view_of(&t, t.data, t.data ? t.data_bytes : (size_t)bytes);
}

static bool same_name(const struct thm_op_info *a, const struct thm_op_info *b)
{
    return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

bool thm_model_facts_missing(const struct thm_model_facts *f, uint32_t subgraph, uint32_t i, struct thm_op_info *op)
{
    struct thm_op_info other;
    thm_model_op(&f->model, subgraph, i, op);
    for (uint32_t s = 0; s <= subgraph && !op->available; s++)
        for (uint32_t k = 0; k < (s < subgraph ? thm_model_ops(&f->model, s) : i); k++) {
            thm_model_op(&f->model, s, k, &other);
            if (same_name(&other, op))
                return false;
        }
    return !op->available;
}

static void print_name(const char *name, uint32_t len)
{
    for (uint32_t i = 0; name && i < len && i < 48; i++)
        putchar(name[i] < ' ' || name[i] > '~' ? '?' : name[i]);
    if (name && len > 48)
        printf("...");
}

static void print_tensor(const struct thm_model_facts *f, const char *what, uint32_t i, int32_t tensor)
{
    struct thm_tensor_view v = thm_model_facts_tensor(f, 0, (uint32_t)tensor);
    printf("%-9s%u ", what, i);
    thm_tensor_print_type(stdout, &v);
    putchar('\n');
}

static void print_io(const struct thm_model_facts *f)
{
    const struct thm_model *m = &f->model;
    for (uint32_t i = 0; i < thm_model_inputs(m, 0); i++)
        print_tensor(f, "input", i, thm_model_input(m, 0, i));
    for (uint32_t i = 0; i < thm_model_outputs(m, 0); i++)
        print_tensor(f, "output", i, thm_model_output(m, 0, i));
}

static void print_op(const struct thm_model_facts *f, uint32_t subgraph, uint32_t i)
{
    struct thm_op_info op;
    const struct thm_work *w = thm_memory_plan_work(&f->plan, subgraph, i);
    thm_model_op(&f->model, subgraph, i, &op);
    printf("op ");
    if (f->model.subgraphs > 1)
        printf("%u.", subgraph);
    printf("%u ", i);
    print_name(op.name, op.name_len);
    if (op.output >= 0) {
        struct thm_tensor_view v = thm_model_facts_tensor(f, subgraph, (uint32_t)op.output);
        v.quantized = 0;
        printf(" -> ");
        thm_tensor_print_type(stdout, &v);
    }
    if (w && w->macs)
        printf(", %" PRIu64 " multiply-accumulates", w->macs);
    printf("%s\n", op.available ? "" : " (not in TensorFlow Lite Micro)");
}

static void print_ops(const struct thm_model_facts *f)
{
    for (uint32_t s = 0; s < f->model.subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(&f->model, s); i++)
            print_op(f, s, i);
}

static void print_buffer(const struct thm_model_facts *f, const struct thm_planned_buffer *b)
{
    if (b->tensor < 0) {
        printf("  scratch of operator %u, %u bytes\n", b->op, b->bytes);
        return;
    }
    struct thm_tensor_view v = thm_model_facts_tensor(f, b->subgraph, (uint32_t)b->tensor);
    printf("  tensor %d '", (int)b->tensor);
    print_name(v.name, v.name_len);
    printf("', %u bytes\n", b->bytes);
}

static void print_memory(const struct thm_model_facts *f)
{
    const struct thm_memory_plan *p = &f->plan;
    const struct thm_planned_op *running = thm_memory_plan_running(p, p->peak);
    struct thm_op_info op;
    printf("arena    %u bytes used: head %u, tail %u; smallest %u (%s, %s kernels)\n", p->arena.used, p->arena.head,
           p->arena.tail, p->arena.min, thm_layout_name(f->layout), thm_kernel_library_name(f->kernels));
    if (!running)
        return;
    thm_model_op(&f->model, running->subgraph, running->op, &op);
    printf("peak     %" PRIu64 " bytes of the head alive at operator %u ", p->peak_bytes, running->op);
    print_name(op.name, op.name_len);
    putchar('\n');
    for (size_t i = 0; i < p->buffer_count; i++)
        if (thm_planned_alive(&p->buffers[i], p->peak))
            print_buffer(f, &p->buffers[i]);
}

static void print_missing(const struct thm_model_facts *f)
{
    struct thm_op_info op;
    for (uint32_t s = 0; s < f->model.subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(&f->model, s); i++)
            if (thm_model_facts_missing(f, s, i, &op)) {
                printf("missing  ");
                print_name(op.name, op.name_len);
                printf(" is not in TensorFlow Lite Micro: every board refuses the model\n");
            }
}

static void print_boards(const struct thm_model_facts *f)
{
    for (size_t i = 0; i < json_array_size(f->refusing_boards); i++) {
        const json_t *board = json_array_get(f->refusing_boards, i), *missing = json_object_get(board, "missing");
        printf("refused  on %s: its firmware (%s) does not register",
               json_string_value(json_object_get(board, "board")), json_string_value(json_object_get(board, "set")));
        for (size_t k = 0; k < json_array_size(missing); k++)
            printf("%s %s", k ? "," : "", json_string_value(json_array_get(missing, k)));
        putchar('\n');
    }
}

static void print_text(const struct thm_model_facts *f)
{
    if (!f->opened)
        return;
    printf("%s, %u bytes\n", f->name, f->model.size);
    print_io(f);
    print_ops(f);
    printf("weights  %" PRIu64 " constants, %" PRIu64 " bytes\n", f->constants, f->constant_bytes);
    if (f->refused) {
        print_missing(f);
        return;
    }
    printf("work     %" PRIu64 " multiply-accumulates\n", f->macs);
    print_memory(f);
    if (f->offline.data)
        printf("planned  an arena of %u bytes instead of %u\n", f->offline.after.min, f->offline.before.min);
    print_boards(f);
}

static int print_json(const struct thm_model_facts *f)
{
    json_t *o = thm_model_facts_json(f);
    int bad = !o || json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0;
    putchar('\n');
    json_decref(o);
    return bad ? thm_fail(THM_EXIT_HOST, "the JSON object could not be written") : 0;
}

static void set_library(void *ctx, struct thm_interpreter *it)
{
    const struct thm_model_facts *f = ctx;
    thm_interpreter_set_library(it, f->kernels); /* the layout has been chosen to fit */
}

/* 0 also for models that are refused. */
static int find_out(struct thm_model_facts *f, const uint8_t *file, size_t bytes)
{
    f->refused = thm_model_open(&f->model, file, bytes, &f->diag);
    f->opened = !f->refused;
    if (f->refused)
        return 0;
    const struct thm_nn_change change = { set_library, f };
    f->refused = thm_memory_plan_make(&f->plan, &f->model, f->layout, &change, &f->diag);
    if (f->plan.out_of_memory)
        return thm_fail(THM_EXIT_HOST, "out of memory for the plan of %s", f->path);
    count_macs(f);
    int status = count_constants(f);
    return status ? status : thm_model_refusing_boards(&f->model, &f->refusing_boards);
}

/* A model with a plan of its own, if that is asked for. */
static int plan(struct request *r)
{
    struct thm_model_facts *f = &r->facts;
    const struct thm_nn_change change = { set_library, f };
    if (!r->planned || f->refused)
        return 0;
    if (thm_offline_plan(&f->model, f->layout, &change, &f->offline, &f->diag)) {
        char text[512];
        thm_nn_message(&f->diag, text, sizeof text);
        return thm_fail(thm_nn_exit_status(f->diag.err), "%s: %s", f->path, text);
    }
    return f->offline.data ? thm_write_file(r->planned, f->offline.data, f->offline.bytes) : 0;
}

/* The exit status of what was asked, and its line. */
static int judge(const struct request *r)
{
    const struct thm_model_facts *f = &r->facts;
    char text[512];
    if (f->refused) {
        thm_nn_message(&f->diag, text, sizeof text);
        return thm_fail(thm_nn_exit_status(f->refused), "%s: %s", f->path, text);
    }
    if (r->planned && !f->offline.data)
        return thm_fail(THM_EXIT_DIFFERS, "%s: no plan with an arena below %u bytes was found; nothing is written",
                        f->path, f->plan.arena.min);
    return 0;
}

static int print(const struct request *r)
{
    if (r->json)
        return print_json(&r->facts);
    print_text(&r->facts);
    return 0;
}

static int describe(struct request *r)
{
    struct thm_model_facts *f = &r->facts;
    uint8_t *file = NULL;
    size_t bytes;
    int status = thm_read_file(f->path, FILE_MOST, &file, &bytes);
    if (!status)
        status = find_out(f, file, bytes);
    if (!status)
        status = plan(r);
    if (!status)
        status = print(r);
    if (!status)
        status = judge(r);
    thm_memory_plan_free(&f->plan);
    json_decref(f->refusing_boards);
    free(f->offline.data);
    free(file);
    return status;
}

static int run(int argc, char **argv)
{
    struct request r = { .facts = { .kernels = thm_kernel_library_find("reference"), .plan = { .peak = -1 } } };
    int status = parse(&r, argc, argv);
    if (status == 0)
        status = describe(&r);
    return status < 0 ? 0 : status;
}

const struct thm_command thm_command_model = {
    .name = "model",
    .args = "MODEL",
    .summary = "what a model is made of and what memory it needs, without running it",
    .details = "A model that would be refused is described as far as possible; the exit status is 14 then.",
    .options = options,
    .run = run,
};
