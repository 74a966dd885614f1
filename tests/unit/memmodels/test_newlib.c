/* newlib's allocators, FreeRTOS heap_4 and mbed's wrapper: measured examples, failing breaks, freeing twice. */
#include "memmodels/mbed_stats.h"
#include "tests/testing.h"

#define BASE 0x20001000u

static struct thm_heap make_at(const char *name, uint32_t base, uint32_t size)
{
    struct thm_heap h;
    const struct thm_heap_ops *ops = thm_heap_find(name);
    uint8_t *mem = calloc(1, size);
    assert_non_null(mem);
    assert_non_null(ops);
    assert_int_equal(thm_heap_init(&h, ops, mem, base, size), THM_MEM_OK);
    return h;
}

static struct thm_heap make(const char *name, uint32_t size)
{
    return make_at(name, BASE, size);
}

static void drop(struct thm_heap *h)
{
    assert_int_equal(h->corrupt_at, 0);
    assert_int_equal(h->ops->check(h, NULL), THM_MEM_OK);
    free(h->mem);
}

static uint32_t get(struct thm_heap *h, uint32_t n)
{
    return h->ops->malloc(h, n);
}

static struct thm_heap_stats stats_of(const struct thm_heap *h)
{
    struct thm_heap_stats s;
    h->ops->stats(h, &s);
    return s;
}

/* Ten calls on an 8192-byte heap, and where the real allocator put them. */
static void example__gives_the_measured_offsets(void **state)
{
    static const struct {
        const char *name, *figures;
        uint32_t at[6];    /* 100, 50, 1000; first freed: 40, 60; second and third freed: 1000 */
        uint32_t moved[2]; /* the fifth to 200 bytes, the fourth to 10 */
    } rows[] = {
        { "freertos_heap_4", "free=7056 largest=6928 min_free=6992 blocks=2", { 8, 120, 184, 8, 1192, 56 }, { 0 } },
        { "newlib_nano", "brk=1452 arena=1452 used=1236 free=216", { 8, 112, 176, 8, 1184, 56 }, { 1248, 1064 } },
        { "newlib_nano_v2", "brk=1452 arena=1452 used=1264 free=188", { 8, 112, 176, 64, 1184, 176 }, { 1248, 64 } },
        { "newlib_dlmalloc",
          "brk=4096 arena=4096 used=1232 free=2864 top=2720 chunks_free=3",
          { 8, 112, 168, 8, 1176, 56 },
          { 1176, 8 } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct thm_heap h = make(rows[i].name, 8192);
        char line[160];
        const uint32_t a = get(&h, 100), b = get(&h, 50), c = get(&h, 1000);
        h.ops->free(&h, a);
        const uint32_t d = get(&h, 40), e = get(&h, 60);
        h.ops->free(&h, b);
        h.ops->free(&h, c);
        const uint32_t at[] = { a, b, c, d, e, get(&h, 1000) };
        for (size_t k = 0; k < 6; k++)
            assert_int_equal(at[k] - BASE, rows[i].at[k]);
        if (h.ops->realloc) {
            assert_int_equal(h.ops->realloc(&h, e, 200) - BASE, rows[i].moved[0]);
            assert_int_equal(h.ops->realloc(&h, d, 10) - BASE, rows[i].moved[1]);
        }
        h.ops->stat_line(&h, line, sizeof line);
        assert_string_equal(line, rows[i].figures);
        drop(&h);
    }
}

static void largest__of_a_fresh_64_kib_heap_is_the_measured_one(void **state)
{
    static const struct {
        const char *name;
        uint32_t largest;
    } rows[] = {
        { "freertos_heap_4", 65520 }, { "newlib_nano", 65528 },        { "newlib_nano_v2", 65528 },
        { "newlib_dlmalloc", 65516 }, { "newlib_dlmalloc_v2", 65508 }, { "newlib_dlmalloc_v2_mbed", 65500 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct thm_heap h = make(rows[i].name, 65536);
        if (stats_of(&h).largest != rows[i].largest)
            fail_msg("%s: %u", rows[i].name, stats_of(&h).largest);
        drop(&h);
    }
}

static void overhead__is_the_measured_one(void **state)
{
    static const uint32_t sizes[] = { 1, 16, 100, 16717 };
    static const struct {
        const char *name;
        uint32_t extra[4];
    } rows[] = {
        { "freertos_heap_4", { 15, 8, 12, 11 } },
        { "newlib_nano", { 11, 8, 8, 11 } },
        { "newlib_nano_v2", { 11, 8, 8, 11 } },
        { "newlib_dlmalloc", { 15, 8, 4, 11 } },
        { "newlib_dlmalloc_v2", { 15, 8, 4, 11 } },
        { "esp_multi_heap_tlsf", { 15, 4, 4, 695 } },
        { "esp_multi_heap_tlsf_light", { 19, 16, 16, 695 } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < 4; k++) {
            struct thm_heap h = make(rows[i].name, 65536);
            const uint32_t before = stats_of(&h).free;
            assert_int_not_equal(get(&h, sizes[k]), 0);
            assert_int_equal(before - stats_of(&h).free, sizes[k] + rows[i].extra[k]);
            drop(&h);
        }
}

/* ---- the break ---- */

static void nano__whose_break_is_too_near_extends_the_last_free_chunk_since_2021(void **state)
{
    (void)state;
    for (int v2 = 0; v2 < 2; v2++) {
        struct thm_heap h = make(v2 ? "newlib_nano_v2" : "newlib_nano", 1000);
        const uint32_t p = get(&h, 492); /* half of it */
        h.ops->free(&h, p);
        assert_int_equal(stats_of(&h).largest, v2 ? 492 : 992);
        assert_int_equal(get(&h, 992) == p, !v2);
        drop(&h);
    }
}

static void dlmalloc__that_cannot_end_on_a_page_is_lost_before_2018(void **state)
{
    (void)state;
    struct thm_heap now = make("newlib_dlmalloc", 3000), v2 = make("newlib_dlmalloc_v2", 3000);
    assert_int_not_equal(get(&now, 100), 0);
    assert_int_equal(get(&now, 100), 0); /* 16 bytes were left, and no page */
    assert_int_equal(stats_of(&v2).largest, 0);
    assert_int_equal(get(&v2, 100), 0);
    assert_int_equal(get(&v2, 1), 0);
    assert_int_equal(stats_of(&v2).free, 3000 - 120);
    assert_int_equal(stats_of(&v2).min_free, 3000 - 120);
    drop(&now);
    drop(&v2);
}

static void dlmalloc__last_partial_page_cannot_be_had(void **state)
{
    (void)state;
    struct thm_heap h = make("newlib_dlmalloc_v2", 0x2C00); /* as on boards whose heap ends at ...C00 */
    assert_int_not_equal(get(&h, 100), 0);
    assert_int_equal(stats_of(&h).largest, 4096 - 16 - 4); /* in the second page; the top has less */
    while (get(&h, 100))
        ;
    assert_true(stats_of(&h).free >= 0xC00);
    drop(&h);
}

static void dlmalloc__gives_pages_back_from_a_large_top(void **state)
{
    (void)state;
    struct thm_heap h = make("newlib_dlmalloc", 400000);
    const uint32_t p = get(&h, 100), q = get(&h, 200000);
    char line[160];
    h.ops->free(&h, q);
    h.ops->stat_line(&h, line, sizeof line);
    assert_non_null(strstr(line, "brk=4096 arena=4096 "));
    assert_int_not_equal(get(&h, 300000), 0);
    h.ops->free(&h, p);
    drop(&h);
}

/* After a correction that failed, trimming and growing again, a new top begins behind two fence posts. */
static void dlmalloc__break_off_a_page_is_fenced(void **state)
{
    (void)state;
    struct thm_heap h = make("newlib_dlmalloc", 264000);
    const uint32_t p = get(&h, 263000); /* ends 1 KiB before the limit, on no page */
    assert_int_not_equal(p, 0);
    h.ops->free(&h, p);
    const uint32_t q = get(&h, 1000), r = get(&h, 8000);
    assert_true(q && r);
    assert_int_equal(h.ops->check(&h, NULL), THM_MEM_OK);
    assert_int_equal(h.ops->free(&h, q), THM_MEM_OK);
    assert_int_equal(h.ops->free(&h, r), THM_MEM_OK);
    drop(&h);
}

/* A break without a limit: malloc goes on past the memory. */
static void unlimited_break__goes_past_the_end(void **state)
{
    (void)state;
    struct thm_heap h = make("newlib_nano_v2", 4096);
    h.limit = UINT32_MAX - h.base;
    const uint32_t p = get(&h, 3000), q = get(&h, 100000);
    assert_true(p && q);
    assert_int_equal(thm_heap_past_end(&h), 8 + 3000 + 8 + 100000 - 4096);
    assert_int_equal(stats_of(&h).largest, 0);
    assert_int_equal(stats_of(&h).free, 0);
    assert_int_equal(h.ops->free(&h, q), THM_MEM_OK); /* its header still lies inside */
    assert_int_equal(get(&h, 200000), 0);             /* but that of the next would not */
    assert_int_equal(h.corrupt_at, h.base + 3008 + 100008);
    free(h.mem);
}

static void limit__below_the_size_is_where_malloc_fails(void **state)
{
    (void)state;
    struct thm_heap h = make("newlib_nano", 4096);
    h.limit = 4095; /* a break that may not reach the end */
    assert_int_equal(stats_of(&h).largest, 4084);
    assert_int_equal(get(&h, 4085), 0);
    assert_int_not_equal(get(&h, 4084), 0);
    assert_int_equal(thm_heap_past_end(&h), 0);
    drop(&h);
}

/* ---- long lists of free chunks ---- */

enum { HOLES = 300, LARGER = 290 }; /* free chunks of 32 bytes between live ones; one has 72 */

/* The chunks' addresses. */
static struct thm_heap make_holes(const char *name, uint32_t hole[HOLES])
{
    struct thm_heap h = make(name, 32768);
    for (uint32_t i = 0; i < HOLES; i++) {
        hole[i] = get(&h, i == LARGER ? 64 : 24) - 8;
        assert_int_not_equal(get(&h, 24), 0);
    }
    for (uint32_t i = 0; i < HOLES; i++)
        assert_int_equal(h.ops->free(&h, hole[i] + 8), THM_MEM_OK);
    assert_int_equal(stats_of(&h).blocks_free, HOLES);
    return h;
}

static void put_word(struct thm_heap *h, uint32_t at, uint32_t word)
{
    memcpy(h->mem + (at - h->base), &word, sizeof word);
}

static uint32_t word_at(const struct thm_heap *h, uint32_t at)
{
    uint32_t word;
    memcpy(&word, h->mem + (at - h->base), sizeof word);
    return word;
}

static void nano__long_list_of_holes_is_searched_and_refilled_in_order(void **state)
{
    uint32_t hole[HOLES];
    (void)state;
    for (int v2 = 0; v2 < 2; v2++) {
        struct thm_heap h = make_holes(v2 ? "newlib_nano_v2" : "newlib_nano", hole);
        assert_int_equal(get(&h, 64), hole[LARGER] + 8);
        for (uint32_t i = 0; i < HOLES; i++)
            if (i != LARGER)
                assert_int_equal(get(&h, 24), hole[i] + 8);
        for (uint32_t i = 0; i < HOLES; i++) /* back in an order that jumps about */
            assert_int_equal(h.ops->free(&h, hole[i * 7 % HOLES] + 8), THM_MEM_OK);
        assert_int_equal(stats_of(&h).blocks_free, HOLES);
        for (uint32_t i = 0; i + 1 < HOLES; i++)
            assert_int_equal(word_at(&h, hole[i] + 4), hole[i + 1]);
        drop(&h);
    }
}

/* Somebody writes over a header in the middle of the list, which walks have passed often. */
static void nano__damaged_long_list_leads_where_its_words_say(void **state)
{
    uint32_t hole[HOLES];
    (void)state;
    for (int v2 = 0; v2 < 2; v2++) {
        const char *name = v2 ? "newlib_nano_v2" : "newlib_nano";
        struct thm_heap h = make_holes(name, hole);
        const uint32_t link = hole[100] + 4, fresh = h.base + h.brk, far = 0x90000000;
        const struct {
            uint32_t at, word, got, corrupt_at;
        } rows[] = {
            { link, hole[101], hole[LARGER], 0 },             /* as it was */
            { link, 0, fresh, 0 },                            /* the list ends there */
            { link, hole[LARGER + 1], fresh, 0 },             /* it leaves out the only one that is large enough */
            { link, hole[50], 0, link },                      /* it would go round */
            { link, far, 0, far },                            /* it leads out of the memory */
            { hole[100], 72, hole[100], 0 },                  /* it looks large enough */
            { hole[101] + 4, hole[LARGER], hole[LARGER], 0 }, /* a short cut */
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct thm_heap now = make_holes(name, hole);
            put_word(&now, rows[i].at, rows[i].word);
            assert_int_equal(get(&now, 64), rows[i].got ? rows[i].got + 8 : 0);
            assert_int_equal(now.corrupt_at, rows[i].corrupt_at);
            free(now.mem);
        }
        drop(&h);
    }
}

static void nano__free_behind_a_damaged_link_goes_where_the_list_ends(void **state)
{
    uint32_t hole[HOLES];
    (void)state;
    struct thm_heap h = make_holes("newlib_nano", hole);
    put_word(&h, hole[100] + 4, 0);
    const uint32_t live = hole[200] + 32;
    assert_int_equal(h.ops->free(&h, live + 8), THM_MEM_OK);
    assert_int_equal(word_at(&h, hole[100] + 4), live);
    assert_int_equal(word_at(&h, live + 4), 0); /* hole 201, directly behind it, is lost */
    assert_int_equal(word_at(&h, live), 32);
    free(h.mem);
}

/* ---- freeing twice ---- */

static void heap_4__free_twice_fails_the_assertion(void **state)
{
    (void)state;
    struct thm_heap h = make("freertos_heap_4", 4096);
    const uint32_t p = get(&h, 100), q = get(&h, 100);
    assert_int_equal(h.ops->free(&h, p), THM_MEM_OK);
    assert_int_equal(h.ops->free(&h, p), THM_MEM_ECORRUPT);
    assert_int_equal(h.corrupt_at, p - 4);
    assert_int_equal(h.ops->check(&h, NULL), THM_MEM_OK); /* nothing happened */
    h.corrupt_at = 0;
    assert_int_equal(h.ops->free(&h, q), THM_MEM_OK);
    drop(&h);
}

static void nano__free_twice_is_ignored(void **state)
{
    (void)state;
    for (uint32_t lead = 0; lead < 8; lead += 4) { /* with and without a distance word before the payload */
        struct thm_heap h = make_at("newlib_nano", BASE + lead, 4096);
        const uint32_t p = get(&h, 100), q = get(&h, 100), r = get(&h, 50);
        assert_int_equal(h.ops->free(&h, q), THM_MEM_OK);
        assert_int_equal(h.ops->free(&h, p), THM_MEM_OK);
        const uint32_t before = stats_of(&h).free;
        assert_int_equal(h.ops->free(&h, q), THM_MEM_OK);
        assert_int_equal(h.ops->free(&h, p), THM_MEM_OK);
        assert_int_equal(stats_of(&h).free, before);
        assert_int_equal(h.ops->free(&h, r), THM_MEM_OK);
        drop(&h);
    }
}

static void dlmalloc__free_twice_hands_the_block_out_twice(void **state)
{
    (void)state;
    struct thm_heap h = make("newlib_dlmalloc", 8192);
    const uint32_t p = get(&h, 100);
    get(&h, 100);
    assert_int_equal(h.ops->free(&h, p), THM_MEM_OK);
    assert_int_equal(h.ops->free(&h, p), THM_MEM_OK);
    assert_int_equal(h.ops->check(&h, NULL), THM_MEM_ECORRUPT);
    assert_int_equal(get(&h, 100), p);
    assert_int_equal(get(&h, 100), p);
    free(h.mem);
}

/* ---- mbed ---- */

static void mbed__puts_size_and_signature_before_each_block(void **state)
{
    uint32_t words[2];
    (void)state;
    struct thm_heap h = make("newlib_dlmalloc_v2_mbed", 8192);
    const uint32_t p = get(&h, 100), a = h.ops->memalign(&h, 64, 100);
    assert_int_equal(p - BASE, 16);
    memcpy(words, h.mem + (p - BASE) - 8, 8);
    assert_int_equal(words[0], 100);
    assert_int_equal(words[1], 0xDEADBEEF);
    assert_int_equal(a % 64, 0);
    assert_int_equal(h.ops->free(&h, a), THM_MEM_OK);
    assert_int_equal(h.ops->free(&h, p), THM_MEM_OK);
    assert_int_equal(stats_of(&h).blocks_alloc, 0);
    drop(&h);
}

static void mbed__realloc_always_moves_and_to_nothing_frees_nothing(void **state)
{
    (void)state;
    struct thm_heap h = make("newlib_dlmalloc_v2_mbed", 8192);
    const uint32_t p = get(&h, 100);
    memset(h.mem + (p - BASE), 7, 100);
    const uint32_t q = h.ops->realloc(&h, p, 50);
    assert_true(q && q != p);
    assert_int_equal(h.mem[q - BASE + 49], 7);
    assert_int_equal(h.ops->realloc(&h, q, 0), 0);
    assert_int_equal(stats_of(&h).blocks_alloc, 1);
    assert_int_equal(h.ops->realloc(&h, q, 100000), 0);
    assert_int_equal(h.ops->free(&h, q), THM_MEM_OK);
    drop(&h);
}

static void mbed__goes_around_any_allocator(void **state)
{
    const struct thm_heap_ops *inner;
    (void)state;
    for (size_t i = 0; (inner = thm_heap_at(i)); i++) {
        const struct thm_heap_ops row = { .name = "wrapped", .title = "wrapped", THM_MBED_OVER(inner) };
        uint8_t *mem = calloc(1, 8192);
        struct thm_heap h;
        if (inner->inner) {
            free(mem);
            continue;
        }
        assert_int_equal(thm_heap_init(&h, &row, mem, BASE, 8192), THM_MEM_OK);
        const uint32_t largest = stats_of(&h).largest, p = get(&h, largest);
        assert_int_not_equal(p, 0);
        assert_true(h.ops->usable(&h, p) >= largest);
        assert_int_equal(h.ops->free(&h, p), THM_MEM_OK);
        const uint32_t q = h.ops->realloc(&h, 0, 10);
        assert_int_not_equal(h.ops->realloc(&h, q, 1000), 0);
        drop(&h);
    }
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(example__gives_the_measured_offsets),
        T(largest__of_a_fresh_64_kib_heap_is_the_measured_one),
        T(overhead__is_the_measured_one),
        T(nano__whose_break_is_too_near_extends_the_last_free_chunk_since_2021),
        T(dlmalloc__that_cannot_end_on_a_page_is_lost_before_2018),
        T(dlmalloc__last_partial_page_cannot_be_had),
        T(dlmalloc__gives_pages_back_from_a_large_top),
        T(dlmalloc__break_off_a_page_is_fenced),
        T(unlimited_break__goes_past_the_end),
        T(limit__below_the_size_is_where_malloc_fails),
        T(nano__long_list_of_holes_is_searched_and_refilled_in_order),
        T(nano__damaged_long_list_leads_where_its_words_say),
        T(nano__free_behind_a_damaged_link_goes_where_the_list_ends),
        T(heap_4__free_twice_fails_the_assertion),
        T(nano__free_twice_is_ignored),
        T(dlmalloc__free_twice_hands_the_block_out_twice),
        T(mbed__puts_size_and_signature_before_each_block),
        T(mbed__realloc_always_moves_and_to_nothing_frees_nothing),
        T(mbed__goes_around_any_allocator),
    };
    return cmocka_run_group_tests_name("newlib", tests, NULL, NULL);
}
