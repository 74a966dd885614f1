/* tests/conformance/test_kernel_libs.c -- arena figures with CMSIS-NN and ESP-NN, as their real wrappers gave them. */
#include "interpreter/kernel_library.h"
#include "tests/conformance/facts.h"

static enum thm_nn_err allocate_with(struct golden *g, const struct thm_kernel_library *l, const char *layout,
                                     uint32_t bytes)
{
    thm_interpreter_init(&g->it, &g->model, thm_layout_find(layout), g->arena, bytes, NULL);
    if (thm_interpreter_set_library(&g->it, l))
        return THM_NN_EUSE;
    return thm_interpreter_allocate(&g->it, &g->diag);
}

static void check_variant(struct golden *g, const json_t *want, const char *layout, const struct thm_kernel_library *l)
{
    const struct thm_arena_stats *s = thm_interpreter_stats(&g->it);
    const char *name = thm_kernel_library_name(l);
    uint32_t min = figure(want, "min_arena_bytes");
    checked++;
    enum thm_nn_err err = allocate_with(g, l, layout, BIG_ARENA);
    if (err || s->head != figure(want, "head_bytes") || s->tail != figure(want, "tail_bytes") ||
        s->used != figure(want, "arena_used_bytes"))
        complain(g, "%s: head %u tail %u, not %u and %u", name, s->head, s->tail, figure(want, "head_bytes"),
                 figure(want, "tail_bytes"));
    if (s->min != min)
        complain(g, "%s: smallest arena %u, not %u", name, s->min, min);
    if (allocate_with(g, l, layout, min) != THM_NN_OK)
        complain(g, "%s: fails in its smallest arena of %u", name, min);
    if (allocate_with(g, l, layout, min - 16) != THM_NN_EARENA)
        complain(g, "%s: does not fail in %u bytes", name, min - 16);
}

/* A variant may be said to be the same as another. */
static const json_t *figures_of(const json_t *model, const char *variant)
{
    const json_t *v = json_object_get(model, variant);
    const char *same = json_string_value(json_object_get(v, "same_as"));
    return same ? json_object_get(model, same) : v;
}

static void check_model(const char *name, const json_t *model, const char *prefix, const json_t *variants,
                        const char *layout)
{
    struct golden g;
    char path[1500], library[64];
    snprintf(path, sizeof path, "%s/%s/facts.json", shared_path("golden"), name);
    json_t *facts = json_load_file(path, 0, NULL);
    snprintf(path, sizeof path, "%s/%s", shared_path("models"), json_string_value(json_object_get(facts, "model")));
    bool open = golden_open(&g, path, name);
    const char *variant;
    const json_t *unused;
    if (open)
        check_variant(&g, json_object_get(model, "reference"), layout, thm_kernel_library_find("reference"));
    json_object_foreach((json_t *)(uintptr_t)variants, variant, unused)
    {
        snprintf(library, sizeof library, "%s:%s", prefix, variant);
        const struct thm_kernel_library *l = thm_kernel_library_find(library);
        assert_non_null(l);
        if (open)
            check_variant(&g, figures_of(model, variant), layout, l);
    }
    golden_close(&g);
    json_decref(facts);
}

static void check_library(const char *file, const char *prefix)
{
    char path[1500];
    const char *name;
    json_t *model;
    snprintf(path, sizeof path, "%s/kernel-libs/%s", shared_path("golden"), file);
    json_t *all = json_load_file(path, 0, NULL);
    if (!all)
        skip();
    start_report();
    json_object_foreach(json_object_get(all, "models"), name,
                        model) if (json_object_get(model, "reference")) /* others are refused by every library */
        check_model(name, model, prefix, json_object_get(all, "variants"),
                    json_string_value(json_object_get(all, "layout")));
    json_decref(all);
    report(prefix);
}

static void every_model__needs_the_arena_of_cmsis_nn(void **state)
{
    (void)state;
    check_library("cmsis_nn.json", "cmsis-nn");
}

static void every_model__needs_the_arena_of_esp_nn(void **state)
{
    (void)state;
    check_library("esp_nn.json", "esp-nn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model__needs_the_arena_of_cmsis_nn),
        cmocka_unit_test(every_model__needs_the_arena_of_esp_nn),
    };
    return cmocka_run_group_tests_name("kernel_libs", tests, NULL, NULL);
}
