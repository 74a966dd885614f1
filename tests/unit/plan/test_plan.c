/* tests/unit/plan/test_plan.c -- shorter memory plans: they are sound, the model takes them, and is the same else. */
#include <stdlib.h>
#include "emu/plan/offline.h"
#include "emu/plan/search.h"
#include "interpreter/context.h"
#include "interpreter/reader.h"
#include "tests/unit/interpreter/builder.h"

enum { PLACES = 40 };

static uint32_t next(uint32_t *seed)
{
    return *seed = *seed * 1664525u + 1013904223u;
}

static void make_places(struct thm_place *p, uint32_t seed)
{
    for (int i = 0; i < PLACES; i++) {
        const int32_t first = (int32_t)(next(&seed) >> 16) % 30;
        p[i] = (struct thm_place){ 16 * (1 + (next(&seed) >> 16) % 60), first, first + (int32_t)(next(&seed) >> 16) % 8,
                                   0 };
    }
}

static uint64_t most_alive(const struct thm_place *p)
{
    uint64_t most = 0;
    for (int32_t t = 0; t < 40; t++) {
        uint64_t sum = 0;
        for (int i = 0; i < PLACES; i++)
            sum += p[i].first <= t && t <= p[i].last ? p[i].bytes : 0;
        most = sum > most ? sum : most;
    }
    return most;
}

static bool clash(const struct thm_place *a, const struct thm_place *b)
{
    return a->first <= b->last && b->first <= a->last && a->offset < b->offset + b->bytes &&
           b->offset < a->offset + a->bytes;
}

static uint64_t greedy(const struct thm_place *p)
{
    static uint64_t work[PLACES * 8];
    struct allocation_info info[PLACES];
    for (int i = 0; i < PLACES; i++)
        info[i] = (struct allocation_info){
            .bytes = (uint32_t)p[i].bytes, .first = p[i].first, .last = p[i].last, .offline = -1, .planned = 1
        };
    return thm_plan_greedy(info, PLACES, PLACES, work);
}

static void search__placements_are_sound_and_not_longer_than_the_greedy_ones(void **state)
{
    uint32_t shorter = 0;
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct thm_place p[PLACES];
        make_places(p, seed);
        const uint64_t bound = most_alive(p), length = thm_place_search(p, PLACES, bound), other = greedy(p);
        assert_in_range(length, bound, other);
        shorter += length < other;
        for (int i = 0; i < PLACES; i++) {
            assert_int_equal(p[i].offset % 16, 0);
            assert_true(p[i].offset + p[i].bytes <= length);
            for (int k = 0; k < i; k++)
                assert_false(clash(&p[i], &p[k]));
        }
    }
    assert_in_range(shorter, 10, 20);
}

static void search__same_buffers_give_the_same_placement(void **state)
{
    struct thm_place a[PLACES], b[PLACES];
    (void)state;
    make_places(a, 3);
    make_places(b, 3);
    assert_int_equal(thm_place_search(a, PLACES, 0), thm_place_search(b, PLACES, 0));
    assert_memory_equal(a, b, sizeof a);
}

static void search__nothing_and_too_much_are_not_searched(void **state)
{
    struct thm_place *many = calloc(THM_PLACES_MAX + 1, sizeof *many);
    (void)state;
    assert_int_equal(thm_place_search(many, 0, 0), 0);
    assert_int_equal(thm_place_search(many, THM_PLACES_MAX + 1, 0), 0);
    free(many);
}

/* ---- in a model ---- */

enum { ABS = 101 }; /* builtin code */

/* A chain of float vectors. */
static const struct build_tensor tensors[] = {
    { .type = THM_FLOAT32, .rank = 1, .shape = { 4 } },
    { .type = THM_FLOAT32, .rank = 1, .shape = { 4 } },
    { .type = THM_FLOAT32, .rank = 1, .shape = { 4 } },
};
static const struct build_op ops[] = { { .code = ABS, .inputs = 1, .input = { 0 }, .output = 1 },
                                       { .code = ABS, .inputs = 1, .input = { 1 }, .output = 2 } };
static const struct net chain = { tensors, 3, ops, 2, 1, { 0 }, 1, { 2 } };

struct written {
    struct build file;
    struct thm_model old, m;
    uint8_t *data;
    size_t bytes;
    struct thm_nn_diag diag;
};

static struct written w;

static int setup(void **state)
{
    (void)state;
    w = (struct written){ 0 };
    return thm_model_open(&w.old, w.file.data, build_net(&w.file, &chain), &w.diag);
}

static int teardown(void **state)
{
    (void)state;
    free(w.data);
    return 0;
}

static void put_plan(const int32_t *offset)
{
    assert_int_equal(thm_offline_write(&w.old, offset, &w.data, &w.bytes, &w.diag), THM_NN_OK);
    assert_int_equal(thm_model_open(&w.m, w.data, w.bytes, &w.diag), THM_NN_OK);
}

static const int32_t *plan_of(const struct thm_model *m, uint32_t *bytes)
{
    return (const int32_t *)(const void *)thm_model_metadata(m, "OfflineMemoryAllocation", 23, bytes);
}

static void write__the_plan_is_in_the_models_metadata(void **state)
{
    static const int32_t offset[] = { 0, 16, -1 }, want[] = { 1, 0, 3, 0, 16, -1 };
    uint32_t bytes;
    (void)state;
    put_plan(offset);
    const int32_t *plan = plan_of(&w.m, &bytes);
    assert_int_equal(bytes, sizeof want);
    assert_memory_equal(plan, want, sizeof want);
    assert_int_equal(((const uint8_t *)plan - w.data) % 16, 0);
}

static void write__the_rest_is_the_old_file(void **state)
{
    static const int32_t offset[] = { 0, 16, -1 };
    (void)state;
    put_plan(offset);
    assert_int_equal((w.bytes - w.old.size) % 16, 0);
    assert_memory_equal(w.data + w.bytes - w.old.size, w.file.data, w.old.size);
    assert_int_equal(thm_model_tensors(&w.m, 0), 3);
    assert_int_equal(thm_model_output(&w.m, 0, 0), 2);
}

static void write__a_second_plan_takes_the_place_of_the_first(void **state)
{
    static const int32_t first[] = { 0, 16, -1 }, second[] = { 32, 48, 64 };
    uint8_t *again;
    size_t len;
    uint32_t bytes;
    struct thm_model m;
    (void)state;
    put_plan(first);
    assert_int_equal(thm_offline_write(&w.m, second, &again, &len, &w.diag), THM_NN_OK);
    assert_int_equal(thm_model_open(&m, again, len, &w.diag), THM_NN_OK);
    assert_memory_equal(plan_of(&m, &bytes) + 3, second, sizeof second);
    free(again);
}

static void write__the_runtime_puts_tensors_where_the_plan_says(void **state)
{
    static const int32_t offset[] = { 256, 32, -1 };
    static uint8_t arena[4096] __attribute__((aligned(16)));
    struct thm_interpreter it;
    struct thm_tensor in, out;
    (void)state;
    put_plan(offset);
    thm_interpreter_init(&it, &w.m, thm_layout_find("cortex_m"), arena, sizeof arena, NULL);
    assert_int_equal(thm_interpreter_allocate(&it, &w.diag), THM_NN_OK);
    assert_int_equal(thm_interpreter_input(&it, 0, &in), THM_NN_OK);
    assert_int_equal(thm_interpreter_output(&it, 0, &out), THM_NN_OK);
    assert_ptr_equal(in.data, arena + 256);
    assert_ptr_equal(out.data, arena); /* planned at run time: the first gap */
}

static void plan__none_where_the_greedy_one_is_as_short_as_can_be(void **state)
{
    struct thm_offline_model o;
    (void)state;
    assert_int_equal(thm_offline_plan(&w.old, thm_layout_find("cortex_m"), NULL, &o, &w.diag), THM_NN_OK);
    assert_null(o.data);
    assert_int_equal(o.after.min, o.before.min);
}

#define IN_MODEL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search__placements_are_sound_and_not_longer_than_the_greedy_ones),
        cmocka_unit_test(search__same_buffers_give_the_same_placement),
        cmocka_unit_test(search__nothing_and_too_much_are_not_searched),
        IN_MODEL(write__the_plan_is_in_the_models_metadata),
        IN_MODEL(write__the_rest_is_the_old_file),
        IN_MODEL(write__a_second_plan_takes_the_place_of_the_first),
        IN_MODEL(write__the_runtime_puts_tensors_where_the_plan_says),
        IN_MODEL(plan__none_where_the_greedy_one_is_as_short_as_can_be),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
