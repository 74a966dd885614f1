/* tests/conformance/test_ops.c -- single operators and small graphs; and models that the reference runtime refuses. */
#include "tests/conformance/golden.h"

static int inexact;

static void check_variant(const char *folder, const char *op, const json_t *facts)
{
    static const char *const layouts[] = { "cortex_m", "ilp32_align8", "i386" };
    const char *variant = json_string_value(json_object_get(facts, "variant"));
    struct golden g;
    char path[1700], in[1800], out[1800];
    snprintf(path, sizeof path, "%s/%s/%s", folder, op, variant);
    snprintf(in, sizeof in, "%s/model.tflite", path);
    if (json_is_true(json_object_get(facts, "packed")) || access(in, R_OK) != 0)
        return;
    snprintf(out, sizeof out, "%s/%s", op, variant);
    int state = golden_open(&g, in, out) ? golden_ready(&g) : -1;
    if (state == 1 && !strstr(skipped_names, op))
        skip_model(op, &g.diag);
    if (state == 0) {
        checked++;
        snprintf(in, sizeof in, "%s/input%%u.bin", path);
        snprintf(out, sizeof out, "%s/output%%u.bin", path);
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
    json_array_foreach(json_object_get(facts, "variants"), i, variant)
        check_variant(folder, op, variant);
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
    while ((e = readdir(dir)))
        if (e->d_name[0] != '.' && strcmp(e->d_name, "rejected") != 0)
            check_op(folder, e->d_name);
    closedir(dir);
    print_message("# smallest arena above the measured one: %d\n", inexact);
    report("operators");
    assert_true(inexact <= 36); /* 8 + 14 + 14 of the whole corpus */
}

static void check_rejected(const char *folder, const char *file)
{
    struct golden g = { 0 };
    char path[1700];
    size_t bytes = 0;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(g.name, sizeof g.name, "%s", file);
    g.file = slurp(path, &bytes);
    g.arena = aligned_alloc(16, 1 << 20);
    memset(g.arena, 0, 1 << 20);
    enum thm_nn_err err = thm_model_open(&g.model, g.file, bytes, &g.diag);
    if (!err)
        err = allocate_in(&g, "cortex_m", 1 << 20);
    if (!err)
        err = thm_interpreter_invoke(&g.it, &g.diag);
    if (!err)
        complain(&g, "is accepted");
    else if (thm_nn_exit_status(err) != 14 || !g.diag.what)
        complain(&g, "%s without a cause", thm_nn_strerror(err));
    checked++;
    golden_close(&g);
}

static void every_model_the_reference_refuses__is_refused_with_a_cause(void **state)
{
    (void)state;
    SHARED_OR_SKIP(shared, "golden-ops/rejected");
    char folder[1100];
    struct dirent *e;
    snprintf(folder, sizeof folder, "%s", shared);
    DIR *dir = opendir(folder);
    start_report();
    while ((e = readdir(dir)))
        if (strstr(e->d_name, ".tflite"))
            check_rejected(folder, e->d_name);
    closedir(dir);
    report("rejected models");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator__gives_the_reference_outputs_and_arena),
        cmocka_unit_test(every_model_the_reference_refuses__is_refused_with_a_cause),
    };
    return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
