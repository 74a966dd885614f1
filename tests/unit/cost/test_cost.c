/* The cost of operators: which rows count, what they add up to, which core profiles are refused. */
#include "tests/testing.h"
#include <fcntl.h>
#include <math.h>
#include <unistd.h>
#include "emu/board/profile.h"

static const char core_text[] =
    "name: tiny\n"
    "title: A core for tests\n"
    "operator_cycles: 100\n"
    "flash_ns: 10\n"
    "kernels:\n"
    "  - {name: \"fast:1\", counts: optimised, conv: 2, depthwise: 3, dense: 4, other: 5,\n"
    "     measurements: 9, systems: 3, left_out: system, median: 8, p90: 20}\n"
    "  - {name: \"fast:2\", counts: optimised, conv: 1, depthwise: 3, dense: 4, other: 5,\n"
    "     measurements: 2, systems: 1, left_out: model, median: 9, p90: 30}\n"
    "  - {name: reference, counts: reference, conv: 1.5, depthwise: 1, dense: 1, other: 1,\n"
    "     measurements: 0, systems: 0, left_out: core, median: 40, p90: 90}\n"
    "  - {name: reference, counts: reference, fp: 2.5,\n"
    "     measurements: 4, systems: 2, left_out: system, median: 10, p90: 50}\n"
    "boards:\n"
    "  - {name: slow-board, factor: 3, measurements: 4, median: 5, p90: 6}\n"
    "energy:\n"
    "  - {mcu: \"*\", nanojoules: 0.5, measurements: 4, median: 30, p90: 60}\n"
    "  - {mcu: \"CHIP12\", nanojoules: 0.2, measurements: 2, median: 10, p90: 20}\n"
    "operators:\n"
    "  - {op: CONV_2D, type: int8, kernels: reference, mac: 10, call: 7}\n"
    "  - {op: CONV_2D, type: int8, kernels: optimised, mac: 2, pixel: 3}\n"
    "  - {op: CONV_2D, type: int8, kernels: optimised, taps: 1, mac: 1}\n"
    "  - {op: \"*\", type: \"*\", kernels: reference, output: 50}\n"
    "  - {op: \"*\", type: \"*\", kernels: optimised, output: 20, input: 1}\n";

static char path[] = "/tmp/thimble-core-XXXXXX.yaml";

static int load(const char *text, struct thm_cost_core **core, char **error)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return thm_profile_core_load(path, core, error);
}

static struct thm_cost_core *core_of_text(void)
{
    struct thm_cost_core *core;
    char *error;
    if (load(core_text, &core, &error) != 0)
        fail_msg("%s", error);
    return core;
}

static double cycles(const char *kernels, const char *board, const char *op, struct thm_work w)
{
    struct thm_cost_core *core = core_of_text();
    struct thm_cost c;
    assert_true(thm_cost_open(&c, core, kernels, board, 100000000));
    double n = thm_cost_cycles(&c, op, (uint32_t)strlen(op), &w);
    thm_profile_core_free(core);
    return n;
}

static void cycles__are_instructions_times_factor_with_call_and_flash(void **state)
{
    (void)state;
    struct thm_work conv = { .type = THM_INT8, .macs = 900, .elements = 10, .taps = 90, .pixels = 5, .constants = 50 };
    double call = 100, flash = 50; /* 50 bytes of 10 ns at 100 MHz */
    assert_true(fabs(cycles("reference", NULL, "CONV_2D", conv) - (1.5 * 9007 + call + flash)) < 1e-6);
    assert_true(fabs(cycles("fast:1", NULL, "CONV_2D", conv) - (2 * 1815 + call + flash)) < 1e-6);
    conv.taps = 10; /* a row of its own for filters of one tap */
    assert_true(fabs(cycles("fast:1", NULL, "CONV_2D", conv) - (2 * 900 + call + flash)) < 1e-6);
}

static void cycles__of_other_operators_and_types_come_from_the_general_rows(void **state)
{
    (void)state;
    struct thm_work w = { .type = THM_INT8, .elements = 10, .inputs = 4 };
    assert_true(fabs(cycles("fast:1", NULL, "COSINE", w) - (5 * 204 + 100)) < 1e-6);
    w.type = THM_FLOAT32; /* the library has no float kernels: the reference's */
    assert_true(fabs(cycles("fast:1", NULL, "COSINE", w) - (2.5 * 500 + 100)) < 1e-6);
    w.type = THM_INT16;
    w.macs = 3; /* no row of the type: int8's */
    assert_true(fabs(cycles("reference", NULL, "CONV_2D", w) - (1.5 * 37 + 100)) < 1e-6);
}

static void cycles__of_a_measured_board_are_its_own_with_the_reference_kernels(void **state)
{
    (void)state;
    struct thm_work w = { .type = THM_INT8, .elements = 10 };
    double usual = cycles("reference", NULL, "COSINE", w);
    assert_true(fabs(cycles("reference", "slow-board", "COSINE", w) - 3 * usual) < 1e-6);
    assert_true(fabs(cycles("reference", "another", "COSINE", w) - usual) < 1e-6);
    assert_true(fabs(cycles("fast", "slow-board", "COSINE", w) - cycles("fast", NULL, "COSINE", w)) < 1e-6);
}

static void open__finds_versions_and_variants(void **state)
{
    static const struct {
        const char *asked, *found;
    } cases[] = {
        { "fast", "fast:2" },           { "fast:1", "fast:1" }, { "fast:3", NULL },
        { "reference:x", "reference" }, { "fas", NULL },
    };
    struct thm_cost_core *core = core_of_text();
    struct thm_cost c;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(thm_cost_open(&c, core, cases[i].asked, NULL, 1), cases[i].found != NULL);
        if (cases[i].found)
            assert_string_equal(c.integer->name, cases[i].found);
    }
    thm_profile_core_free(core);
}

static void error__is_that_of_the_library_or_of_the_board(void **state)
{
    struct thm_cost_core *core = core_of_text();
    struct thm_cost c;
    (void)state;
    thm_cost_open(&c, core, "fast:1", "slow-board", 1);
    assert_true(thm_cost_error(&c, false).p90 == 20);
    thm_cost_open(&c, core, "reference", "slow-board", 1);
    assert_true(thm_cost_error(&c, true).p90 == 6);
    assert_true(thm_cost_error(&c, false).p90 == 90);
    assert_string_equal(thm_cost_error(&c, false).left_out, "core");
    thm_profile_core_free(core);
}

static void energy__is_of_the_mcu_or_of_any_with_the_core(void **state)
{
    struct thm_cost_core *core = core_of_text();
    (void)state;
    assert_true(thm_cost_energy(core, NULL)->nanojoules == 0.5);
    assert_true(thm_cost_energy(core, "chip")->nanojoules == 0.2);
    assert_null(thm_cost_energy(core, "chip13"));
    core->energy_count = 0;
    assert_null(thm_cost_energy(core, NULL));
    core->energy_count = 2;
    thm_profile_core_free(core);
}

static void load__refuses_wrong_cores_and_names_the_place(void **state)
{
    static const struct {
        const char *is, *becomes, *want;
    } cases[] = {
        { "flash_ns: 10", "flash_ns: much", "flash_ns: expected a decimal number" },
        { "flash_ns: 10", "flash_ns: 1e999", "flash_ns: expected a decimal number" },
        { "conv: 2,", "conv: 0,", "kernels[0].conv: expected more than 0" },
        { "fp: 2.5", "fp: -2", "kernels[3].fp: expected more than 0" },
        { "fp: 2.5", "conv: 1, depthwise: 1, dense: 1, other: 1", "kernels: expected two rows 'reference'" },
        { "counts: optimised", "counts: none", "kernels[0].counts: expected one of" },
        { "left_out: model", "left_out: nothing", "kernels[1].left_out: expected one of" },
        { "factor: 3", "factor: 0", "boards[0].factor: expected more than 0" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[4096];
        struct thm_cost_core *core;
        char *error = NULL;
        const char *at = strstr(core_text, cases[i].is);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - core_text), core_text, cases[i].becomes,
                 at + strlen(cases[i].is));
        assert_int_equal(load(text, &core, &error), 2);
        assert_null(core);
        if (!strstr(error, cases[i].want))
            fail_msg("'%s' has no '%s'", error, cases[i].want);
        free(error);
    }
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemps(path, 5);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cycles__are_instructions_times_factor_with_call_and_flash),
        cmocka_unit_test(cycles__of_other_operators_and_types_come_from_the_general_rows),
        cmocka_unit_test(cycles__of_a_measured_board_are_its_own_with_the_reference_kernels),
        cmocka_unit_test(open__finds_versions_and_variants),
        cmocka_unit_test(error__is_that_of_the_library_or_of_the_board),
        cmocka_unit_test(energy__is_of_the_mcu_or_of_any_with_the_core),
        cmocka_unit_test(load__refuses_wrong_cores_and_names_the_place),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
