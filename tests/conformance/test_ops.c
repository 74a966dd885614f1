/* tests/conformance/test_ops.c -- single operators and small graphs; and models that the reference runtime refuses. */
#include "tests/conformance/facts.h"
#include "tests/conformance/tar.h"

static int inexact;
static struct tar more; /* further variants of the operator at hand */

static uint8_t *unpack_more(const char *name, size_t *bytes)
{
    const uint8_t *data = tar_find(&more, name, bytes);
    uint8_t *copy = data ? malloc(*bytes + 1) : NULL;
    return copy ? memcpy(copy, data, *bytes) : NULL;
}

static void open_more(const char *folder, const char *op)
{
    char path[1700];
    size_t bytes = 0;
    snprintf(path, sizeof path, "%s/%s/more.tar.zst", folder, op);
    uint8_t *packed = slurp(path, &bytes);
    more = (struct tar){ 0 };
    if (packed && !tar_open(&more, packed, bytes)) {
        print_message("# %s is damaged\n", path);
        failures++;
    }
    free(packed);
}

static void check_variant(const char *folder, const char *op, const json_t *facts)
{
    static const char *const layouts[] = { "cortex_m", "ilp32_align8", "i386" };
    const char *variant = json_string_value(json_object_get(facts, "variant"));
    struct golden g;
    char path[1700], in[1800], out[1800];
    if (json_is_true(json_object_get(facts, "packed")))
        snprintf(path, sizeof path, "packed:%s", variant);
    else
        snprintf(path, sizeof path, "%s/%s/%s", folder, op, variant);
    snprintf(in, sizeof in, "%s/model.tflite", path);
    snprintf(out, sizeof out, "%s/%s", op, variant);
    int state = golden_open(&g, in, out) ? golden_ready(&g) : -1;
    if (state == 1 && !strstr(skipped_names, op))
        skip_model(op, &g.diag);
    if (state == 0) {
        checked++;
        snprintf(in, sizeof in, "%s/input%%u.bin", path);
        snprintf(out, sizeof out, "%s/output%%u.bin", path);
        for (size_t i = 0; (kernels = thm_kernels_at(i)); i++)
            if (golden_ready(&g) == 0)
                run_case(&g, in, out);
        for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
            check_arena(&g, facts, layouts[i], 160, &inexact);
    }
    golden_close(&g);
}

static void check_op(const char *folder, const char *op)
{
    char path[1700];
    size_t i;
    json_t *facts, *variant;
    snprintf(path, sizeof path, "%s/%s/facts.json", folder, op);
    facts = json_load_file(path, 0, NULL);
    open_more(folder, op);
    json_array_foreach(json_object_get(facts, "variants"), i, variant) check_variant(folder, op, variant);
    tar_close(&more);
    json_decref(facts);
}

static void every_operator__gives_the_reference_outputs_and_arena(void **state)
{
    (void)state;
    SHARED_OR_SKIP(shared, "golden-ops");
    char folder[1100];
    struct dirent *e;
    snprintf(folder, sizeof folder, "%s", shared);
    DIR *dir = opendir(folder);
    start_report();
    inexact = 0;
    unpack = unpack_more;
    while ((e = readdir(dir)))
        if (e->d_name[0] != '.' && strcmp(e->d_name, "rejected") != 0)
            check_op(folder, e->d_name);
    closedir(dir);
    print_message("# smallest arena above the measured one: %d\n", inexact);
    report("operators");
    assert_true(inexact <= 36); /* 8 + 14 + 14 of the whole corpus */
}

/* Words of the reference's message, and words of which ours has one for the same cause. The first row that fits counts.
 */
static const struct cause {
    const char *theirs, *ours[3];
} causes[] = {
    { "Didn't find op", { "no kernel" } },
    { "Failed to get registration", { "no kernel" } },
    { "offline buffer offsets", { "offline memory plan" } },
    { "zero_point", { "zero point" } },
    { "scale", { "scale" } },
    { "quantization", { "quantisation" } },
    { "Non-constant", { "constant" } },
    { "activation != kTfLiteActNone", { "activation" } },
    { "subgraph_index", { "subgraph" } },
    { "axis", { "axis" } },
    { "broadcastable", { "spread" } },
    { "align_corners", { "align_corners" } },
    { "is_variable", { "variable" } },
    { "has_bias", { "bias" } },
    { "Hybrid", { "hybrid" } },
    { "filter type", { "filter types" } },
    { "kTfLiteInt4", { "int4" } },
    { "positive values", { "positive values" } },
    { "num_inputs", { "inputs" } },
    { "rank", { "dimensions" } },
    { "NumElements", { "element" } },
    { "SizeOfDimension", { "larger" } },
    { "output_dim", { "shape" } },
    { "dim_shape", { "dimension" } },
    { "data->type == ", { "type", "supported" } },
    { "Begin tensor type", { "begin" } },
    { "type", { "supported", "type" } },
    { "upport", { "supported", "type" } },
};

/* A message that no row fits says only which operator failed. */
static bool names_cause(const char *message, const char *what)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (!strstr(message, causes[i].theirs))
            continue;
        for (size_t j = 0; j < 3 && causes[i].ours[j]; j++)
            if (strstr(what, causes[i].ours[j]))
                return true;
        return false;
    }
    return strncmp(message, "Node ", 5) == 0;
}

/* "Node ADD (number 0) failed ...", if it is there, is about the operator that we name. */
static bool names_operator(const json_t *messages, const struct thm_nn_diag *d)
{
    const char *last = json_string_value(json_array_get(messages, json_array_size(messages) - 1));
    char start[100];
    snprintf(start, sizeof start, "Node %.*s (number %d)", (int)d->op_name_len, d->op_name ? d->op_name : "", d->op);
    return strncmp(last, "Node ", 5) != 0 || strncmp(last, start, strlen(start)) == 0;
}

static void set_inputs(struct golden *g, const char *folder, const char *model)
{
    struct thm_tensor t;
    char path[1700];
    for (uint32_t i = 0; thm_interpreter_input(&g->it, i, &t) == THM_NN_OK; i++) {
        size_t bytes = 0;
        snprintf(path, sizeof path, "%s/%.*s.input%u.bin", folder, (int)(strlen(model) - strlen(".tflite")), model, i);
        uint8_t *data = slurp(path, &bytes);
        if (data && bytes >= t.bytes)
            memcpy(t.data, data, t.bytes);
        free(data);
    }
}

/* In the same step, with the same cause. */
static void check_refusal(struct golden *g, const json_t *facts, enum thm_nn_err err, bool ran)
{
    const char *stage = json_string_value(json_object_get(facts, "stage"));
    const json_t *messages = json_object_get(facts, "message");
    const char *message = json_string_value(json_array_get(messages, 0));
    if (!err)
        complain(g, "is accepted");
    else if (thm_nn_exit_status(err) != 14 || !g->diag.what)
        complain(g, "%s without a cause", thm_nn_strerror(err));
    else if (strcmp(stage, ran ? "invoke" : "prepare") != 0)
        complain(g, "is not refused in %s: %s", stage, g->diag.what);
    else if (!names_operator(messages, &g->diag))
        complain(g, "is refused for another operator than the reference's");
    else if (!names_cause(message, g->diag.what))
        complain(g, "'%s' does not say '%s'", g->diag.what, message);
}

static void check_rejected(const char *folder, const json_t *facts)
{
    struct golden g = { 0 };
    char path[1700];
    size_t bytes = 0;
    const char *file = json_string_value(json_object_get(facts, "model"));
    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(g.name, sizeof g.name, "%s", file);
    g.file = slurp(path, &bytes);
    g.arena = big_arena();
    memset(g.arena, 0, 1 << 20);
    enum thm_nn_err err = thm_model_open(&g.model, g.file, bytes, &g.diag);
    if (!err)
        err = allocate_in(&g, "cortex_m", 1 << 20);
    bool ran = !err;
    if (ran) {
        set_inputs(&g, folder, file);
        err = thm_interpreter_invoke(&g.it, &g.diag);
    }
    check_refusal(&g, facts, err, ran);
    checked++;
    golden_close(&g);
}

static void every_model_the_reference_refuses__is_refused_with_its_cause(void **state)
{
    (void)state;
    SHARED_OR_SKIP(shared, "golden-ops/rejected");
    char folder[1100], path[1200];
    json_t *model;
    size_t i;
    snprintf(folder, sizeof folder, "%s", shared);
    snprintf(path, sizeof path, "%s/facts.json", folder);
    json_t *facts = json_load_file(path, 0, NULL);
    start_report();
    json_array_foreach(json_object_get(facts, "rejected"), i, model) check_rejected(folder, model);
    json_decref(facts);
    report("rejected models");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator__gives_the_reference_outputs_and_arena),
        cmocka_unit_test(every_model_the_reference_refuses__is_refused_with_its_cause),
    };
    return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
