/* Several models in one arena, and one model in two. The expected figures are added up here from the table of struct
 * sizes and the order of the requests. */
#include <stdbool.h>
#include "tests/unit/interpreter/nets.h"

/* A delay line of five values: its state is a variable tensor and operator data. */
static const struct build_tensor delay_tensors[] = {
    { THM_INT8, 4, { 1, 1, 1, 1 }, NULL, 0, 1, 0, 0 },
    { THM_INT8, 4, { 1, 5, 1, 1 }, NULL, 0, 1, 0, 1 },
};
static const struct build_op delay_ops[] = { { 32, 1, { 0 }, 1, 0, "", { 0 } } };
static const struct net delay_net = { delay_tensors, 2, delay_ops, 1, 1, { 0 }, 1, { 1 } };
static const struct build_custom delay_custom = { "CIRCULAR_BUFFER", NULL, 0, 0 };

struct request {
    uint32_t bytes, align;
};

/* i386; what each model asks of the tail after the allocator's own 36 + 44 + 36 bytes. */
static const struct request fc_tail[] = {
    { 8, 4 },  { 8, 4 },  { 5 * 12, 4 }, { 2 * 32, 4 }, { 16, 4 }, { 36, 4 }, { 48, 16 }, { 4, 16 },
    { 40, 4 }, { 12, 4 }, { 8, 4 },      { 4, 16 },     { 40, 4 }, { 12, 4 }, { 8, 4 },   { 0, 0 },
};
static const struct request delay_tail[] = {
    { 8, 4 },  { 8, 4 }, { 2 * 12, 4 }, { 32, 4 }, { 8, 16 }, { 5, 16 }, { 4, 16 }, { 40, 4 },
    { 12, 4 }, { 8, 4 }, { 4, 16 },     { 40, 4 }, { 12, 4 }, { 8, 4 },  { 0, 0 },
};

static uint32_t add_up(uint32_t tail, const struct request *r)
{
    for (; r->align; r++) /* the end is a multiple of 16, so padding depends on the sum alone */
        tail = (tail + r->bytes + r->align - 1) / r->align * r->align;
    return tail;
}

static struct bench fc, delay; /* models and interpreters; the arenas within them serve runs on their own */
static struct thm_arena_share share;
static uint8_t arena[8192] __attribute__((aligned(16))), far[8192] __attribute__((aligned(16)));

static void build_models(void)
{
    assert_int_equal(bench_build(&fc, &fc_net), THM_NN_OK);
    assert_int_equal(bench_build_custom(&delay, &delay_net, &delay_custom), THM_NN_OK);
}

static enum thm_nn_err join(struct bench *b)
{
    thm_interpreter_init_shared(&b->it, &b->model, thm_layout_find("i386"), &share, NULL);
    return thm_interpreter_allocate(&b->it, &b->diag);
}

static void share_both(uint32_t bytes)
{
    thm_arena_share_init(&share, arena, bytes);
    assert_int_equal(join(&fc), THM_NN_OK);
    assert_int_equal(join(&delay), THM_NN_OK);
}

static const int8_t *run(struct bench *b, const void *in)
{
    struct thm_tensor t;
    assert_int_equal(thm_interpreter_input(&b->it, 0, &t), THM_NN_OK);
    memcpy(t.data, in, t.bytes);
    assert_int_equal(thm_interpreter_invoke(&b->it, &b->diag), THM_NN_OK);
    assert_int_equal(thm_interpreter_output(&b->it, 0, &t), THM_NN_OK);
    return t.data;
}

static void expect_delay(int8_t newest)
{
    const int8_t *out = run(&delay, &newest);
    for (int i = 0; i < 5; i++)
        assert_int_equal(out[4 - i], newest > i ? newest - i : 0);
}

static void expect_fc(void)
{
    assert_memory_equal(run(&fc, ((const int8_t[]){ 1, 2, 3, 4 })), ((const int8_t[]){ 40, -40 }), 2);
}

static void share__stacks_the_tails_and_keeps_the_larger_head(void **state)
{
    (void)state;
    build_models();
    share_both(sizeof arena);
    uint32_t first = add_up(36 + 44 + 36, fc_tail), both = add_up(first, delay_tail);
    const struct thm_arena_stats *s = thm_arena_share_stats(&share);
    assert_int_equal(thm_interpreter_stats(&fc.it)->tail, first);
    assert_int_equal(s->tail, both);
    assert_int_equal(thm_interpreter_stats(&fc.it)->head, 32); /* three buffers of 16, two at a time */
    assert_int_equal(s->head, 32);                             /* the second model needs only 16 */
    assert_int_equal(s->used, both + 32);
    assert_int_equal(s->size, sizeof arena);
}

static void share__with_the_larger_head_last_grows_it(void **state)
{
    (void)state;
    build_models();
    thm_arena_share_init(&share, arena, sizeof arena);
    assert_int_equal(join(&delay), THM_NN_OK);
    assert_int_equal(thm_arena_share_stats(&share)->head, 16);
    assert_int_equal(join(&fc), THM_NN_OK);
    assert_int_equal(thm_arena_share_stats(&share)->head, 32);
    expect_fc();
    expect_delay(1);
}

static void share__models_run_in_turn_and_keep_their_state(void **state)
{
    (void)state;
    build_models();
    share_both(sizeof arena);
    for (int8_t i = 1; i < 9; i++) {
        expect_delay(i);
        expect_fc();
        expect_fc();
    }
    assert_int_equal(thm_interpreter_reset(&fc.it, NULL), THM_NN_OK);
    expect_delay(9);
    assert_int_equal(thm_interpreter_reset(&delay.it, NULL), THM_NN_OK);
    expect_delay(1);
}

static void share__fits_its_smallest_arena_and_not_16_bytes_less(void **state)
{
    (void)state;
    build_models();
    share_both(sizeof arena);
    uint32_t min = thm_arena_share_stats(&share)->min;
    share_both(min);
    expect_delay(1);
    expect_fc();
    thm_arena_share_init(&share, arena, min - 16);
    enum thm_nn_err err = join(&fc);
    assert_int_equal(err ? err : join(&delay), THM_NN_EARENA);
}

static void share__a_model_that_fails_ends_the_allocator_but_not_the_others(void **state)
{
    (void)state;
    build_models();
    share_both(sizeof arena);
    thm_arena_share_init(&share, arena, thm_interpreter_stats(&fc.it)->min); /* enough for the first alone */
    assert_int_equal(join(&fc), THM_NN_OK);
    const struct thm_arena_stats before = *thm_arena_share_stats(&share);
    assert_int_equal(join(&delay), THM_NN_EARENA);
    assert_memory_equal(&before, thm_arena_share_stats(&share), sizeof before);
    expect_fc();
    assert_int_equal(join(&delay), THM_NN_EUSE);
    assert_non_null(delay.diag.what);
    expect_fc();
}

static void share__models_of_different_layouts_are_refused(void **state)
{
    (void)state;
    build_models();
    thm_arena_share_init(&share, arena, sizeof arena);
    assert_int_equal(join(&fc), THM_NN_OK);
    thm_interpreter_init_shared(&delay.it, &delay.model, thm_layout_find("cortex_m"), &share, NULL);
    assert_int_equal(thm_interpreter_allocate(&delay.it, &delay.diag), THM_NN_EUSE);
    assert_int_equal(join(&delay), THM_NN_OK);
}

static enum thm_nn_err split(struct bench *b, void *head, uint32_t head_bytes, void *tail, uint32_t tail_bytes)
{
    thm_interpreter_init_split(&b->it, &b->model, thm_layout_find("i386"), head, head_bytes, tail, tail_bytes, NULL);
    return thm_interpreter_allocate(&b->it, &b->diag);
}

static void split__puts_the_tail_into_its_own_arena(void **state)
{
    struct thm_tensor t;
    (void)state;
    build_models();
    assert_int_equal(split(&delay, arena, sizeof arena, far, sizeof far), THM_NN_OK);
    const struct thm_arena_stats *s = thm_interpreter_stats(&delay.it);
    uint32_t tail = add_up(16 + 32 + 44 + 36, delay_tail);
    assert_int_equal(s->tail, tail);
    assert_int_equal(s->head, 16);
    assert_int_equal(s->used, tail + 16);
    assert_int_equal(s->min_persistent, (tail + 15) / 16 * 16);
    for (int8_t i = 1; i < 9; i++)
        expect_delay(i);
    thm_interpreter_input(&delay.it, 0, &t);
    assert_ptr_equal(t.data, arena);
    thm_interpreter_output(&delay.it, 0, &t); /* the variable */
    assert_true((uint8_t *)t.data >= far + sizeof far - tail && (uint8_t *)t.data < far + sizeof far);
}

/* Exactly as large as needed: a sanitizer sees every byte outside. */
static enum thm_nn_err split_exact(struct bench *b, uint32_t head_bytes, uint32_t tail_bytes, bool use)
{
    uint8_t *head = aligned_alloc(16, head_bytes), *tail = aligned_alloc(16, tail_bytes);
    enum thm_nn_err err = split(b, head, head_bytes, tail, tail_bytes);
    if (!err && use)
        expect_fc();
    free(head);
    free(tail);
    return err;
}

static void split__fits_its_smallest_arenas_and_not_16_bytes_less(void **state)
{
    (void)state;
    build_models();
    assert_int_equal(split(&fc, arena, sizeof arena, far, sizeof far), THM_NN_OK);
    uint32_t head = fc.it.stats.min, tail = fc.it.stats.min_persistent;
    assert_int_equal(split_exact(&fc, head, tail, true), THM_NN_OK);
    assert_int_equal(split_exact(&fc, head - 16, tail, false), THM_NN_EARENA);
    assert_int_equal(fc.diag.persistent, 0);
    assert_int_equal(split_exact(&fc, head, tail - 16, false), THM_NN_EARENA);
    assert_int_equal(fc.diag.persistent, 1);
    assert_int_equal(fc.diag.arena_min, tail);
}

static void split__every_smaller_pair_fails_with_a_cause(void **state)
{
    (void)state;
    build_models();
    assert_int_equal(split(&fc, arena, sizeof arena, far, sizeof far), THM_NN_OK);
    uint32_t head = fc.it.stats.min, tail = fc.it.stats.min_persistent;
    for (uint32_t h = 16; h <= head; h += 16)
        for (uint32_t t = 16; t <= tail; t += 16) {
            enum thm_nn_err want = h == head && t == tail ? THM_NN_OK : THM_NN_EARENA;
            assert_int_equal(split_exact(&fc, h, t, false), want);
            assert_true(!want || (fc.diag.what && fc.diag.need > 0));
        }
}

static void split__unaligned_arenas_keep_tensors_aligned(void **state)
{
    struct thm_tensor t;
    (void)state;
    build_models();
    for (uint32_t skew = 0; skew < 256; skew++) {
        assert_int_equal(split(&fc, arena + skew % 16, 4096 + skew % 7, far + skew / 16, 4096 + skew % 5), THM_NN_OK);
        assert_int_equal(thm_interpreter_input(&fc.it, 0, &t), THM_NN_OK);
        assert_int_equal((uintptr_t)t.data % 16, 0);
        expect_fc();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share__stacks_the_tails_and_keeps_the_larger_head),
        cmocka_unit_test(share__with_the_larger_head_last_grows_it),
        cmocka_unit_test(share__models_run_in_turn_and_keep_their_state),
        cmocka_unit_test(share__fits_its_smallest_arena_and_not_16_bytes_less),
        cmocka_unit_test(share__a_model_that_fails_ends_the_allocator_but_not_the_others),
        cmocka_unit_test(share__models_of_different_layouts_are_refused),
        cmocka_unit_test(split__puts_the_tail_into_its_own_arena),
        cmocka_unit_test(split__fits_its_smallest_arenas_and_not_16_bytes_less),
        cmocka_unit_test(split__every_smaller_pair_fails_with_a_cause),
        cmocka_unit_test(split__unaligned_arenas_keep_tensors_aligned),
    };
    return cmocka_run_group_tests_name("tenant", tests, NULL, NULL);
}
