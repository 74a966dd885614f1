/* ESP-IDF's heap in the revisions before today's: what each takes off a region, and what a request costs in it. */
#include "memmodels/caps.h"
#include "tests/testing.h"

#define BASE 0x3FFB0000u

static uint8_t memory[256 << 10];

static struct thm_heap make(const char *name, uint32_t size)
{
    struct thm_heap h;
    assert_true(size <= sizeof memory);
    assert_int_equal(thm_heap_init(&h, thm_heap_find(name), memory, BASE, size), THM_MEM_OK);
    return h;
}

static struct thm_heap_stats stats_of(const struct thm_heap *h)
{
    struct thm_heap_stats s;
    h->ops->stats(h, &s);
    assert_int_equal(h->ops->check(h, NULL), THM_MEM_OK);
    return s;
}

/* espressif/esp-idf issue 9469 (v4), micropython pull request 12952 (v5, IDF 5.0), micropython issue 5303 (best fit),
 * arduino-esp32 issue 4008 (best fit, light): a fresh region there. */
static void fresh_region__has_the_figures_seen_on_boards(void **state)
{
    static const struct {
        const char *name;
        uint32_t size, free, largest;
    } seen[] = {
        { "esp_multi_heap_tlsf_v4", 15072, 13448, 13312 },
        { "esp_multi_heap_tlsf_v4", 113840, 112216, 110592 },
        { "esp_multi_heap_tlsf_v5", 15072, 14656, 14336 },
        { "esp_multi_heap_tlsf_v5", 113840, 112968, 110592 },
        { "esp_multi_heap_best_fit", 15072, 15036, 15036 },
        { "esp_multi_heap_best_fit_light", 113840, 113792, 113792 },
        { "esp_multi_heap_tlsf_v4_light", 113840, 112204, 110580 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        const struct thm_heap h = make(seen[i].name, seen[i].size);
        const struct thm_heap_stats s = stats_of(&h);
        if (s.free != seen[i].free || s.largest != seen[i].largest)
            fail_msg("%s of %u: %u free, largest %u", seen[i].name, seen[i].size, s.free, s.largest);
    }
}

static void tlsf__before_2024_hands_out_what_was_asked_for(void **state)
{
    static const struct {
        const char *name;
        uint32_t cost;
    } costs[] = {
        { "esp_multi_heap_tlsf", 36864 + 4 },     { "esp_multi_heap_tlsf_v5", 35000 + 4 },
        { "esp_multi_heap_tlsf_v4", 35000 + 4 },  { "esp_multi_heap_tlsf_v5_light", 35012 + 4 },
        { "esp_multi_heap_best_fit", 35000 + 4 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        struct thm_heap h = make(costs[i].name, 113840);
        const uint32_t before = stats_of(&h).free;
        assert_int_not_equal(h.ops->malloc(&h, 35000), 0);
        assert_int_equal(before - stats_of(&h).free, costs[i].cost);
    }
}

/* A freed block is in a list below the one that is searched for its size: espressif/tlsf pull request 2. */
static void tlsf__before_2024_cannot_reuse_a_hole_of_the_same_odd_size(void **state)
{
    (void)state;
    for (int good = 0; good < 2; good++) {
        struct thm_heap h = make(good ? "esp_multi_heap_tlsf" : "esp_multi_heap_tlsf_v5", 65536);
        const uint32_t a = h.ops->malloc(&h, 16717);
        h.ops->malloc(&h, 100);
        h.ops->free(&h, a);
        assert_int_equal(h.ops->malloc(&h, 16717) == a, good);
    }
}

static void tlsf_v4__has_no_region_above_16_mib(void **state)
{
    struct thm_heap h;
    const struct thm_heap_ops *v4 = thm_heap_find("esp_multi_heap_tlsf_v4");
    (void)state;
    assert_int_equal(thm_heap_init(&h, v4, memory, BASE, (16u << 20) + 24), THM_MEM_EINVAL);
    assert_int_equal(thm_heap_init(&h, v4, memory, BASE, 1600), THM_MEM_EINVAL);
}

static void best_fit__takes_the_smallest_hole_and_of_two_the_lower(void **state)
{
    (void)state;
    struct thm_heap h = make("esp_multi_heap_best_fit", 8192);
    uint32_t p[8];
    static const uint32_t sizes[8] = { 400, 4, 200, 4, 100, 4, 200, 4 };
    for (int i = 0; i < 8; i++)
        p[i] = h.ops->malloc(&h, sizes[i]);
    assert_int_equal(p[0] - h.base, 28);
    for (int i = 0; i < 8; i += 2)
        h.ops->free(&h, p[i]);
    assert_int_equal(h.ops->malloc(&h, 101), p[2]);
    assert_int_equal(h.ops->malloc(&h, 100), p[4]);
    assert_int_equal(h.ops->malloc(&h, 200), p[6]);
    assert_int_equal(stats_of(&h).blocks_free, 3); /* the rest of p[2], p[0], and what was never used */
}

static void best_fit__realloc_grows_both_ways(void **state)
{
    (void)state;
    struct thm_heap h = make("esp_multi_heap_best_fit", 8192);
    const uint32_t a = h.ops->malloc(&h, 100), b = h.ops->malloc(&h, 100), c = h.ops->malloc(&h, 100);
    h.ops->malloc(&h, 100);
    memset(h.mem + (b - h.base), 'b', 100);
    h.ops->free(&h, a);
    h.ops->free(&h, c);
    assert_int_equal(h.ops->realloc(&h, b, 300), a); /* the block before is taken even where the one behind would do */
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(h.mem[a - h.base + i], 'b');
    assert_int_equal(stats_of(&h).blocks_free, 2);
}

static void best_fit__double_free_and_damage_are_noticed(void **state)
{
    (void)state;
    struct thm_heap h = make("esp_multi_heap_best_fit_light", 8192);
    const uint32_t a = h.ops->malloc(&h, 10);
    h.mem[a - h.base + 10] ^= 1; /* the tail canary is not aligned */
    assert_int_equal(h.ops->check(&h, NULL), THM_MEM_ECORRUPT);
    assert_int_equal(h.ops->free(&h, a), THM_MEM_ECORRUPT);
    assert_int_equal(h.corrupt_at, a + 10);
    h = make("esp_multi_heap_best_fit", 8192);
    assert_int_equal(h.ops->malloc(&h, 10), BASE + 28);
    assert_int_equal(h.ops->free(&h, BASE + 28), THM_MEM_OK);
    assert_int_equal(h.ops->free(&h, BASE + 28), THM_MEM_ECORRUPT);
}

/* Before 5.4 heaps were searched in the order in which they were registered. */
static void regions__are_searched_in_the_revisions_order(void **state)
{
    (void)state;
    for (int sorted = 0; sorted < 2; sorted++) {
        static struct thm_heaps hs;
        const struct thm_heap_ops *ops = thm_heap_find(sorted ? "esp_multi_heap_tlsf" : "esp_multi_heap_tlsf_v5");
        const struct thm_mem_type *dram = thm_mem_type_find("DRAM");
        thm_heaps_init(&hs, 0);
        assert_int_equal(thm_heaps_add(&hs, ops, dram, memory, BASE, 65536, false), THM_MEM_OK);
        assert_int_equal(thm_heaps_add(&hs, ops, dram, memory + 70000, BASE + 70000, 8192, false), THM_MEM_OK);
        assert_int_equal(thm_heaps_malloc(&hs, 100) >= BASE + 70000, sorted);
    }
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(fresh_region__has_the_figures_seen_on_boards),
        T(tlsf__before_2024_hands_out_what_was_asked_for),
        T(tlsf__before_2024_cannot_reuse_a_hole_of_the_same_odd_size),
        T(tlsf_v4__has_no_region_above_16_mib),
        T(best_fit__takes_the_smallest_hole_and_of_two_the_lower),
        T(best_fit__realloc_grows_both_ways),
        T(best_fit__double_free_and_damage_are_noticed),
        T(regions__are_searched_in_the_revisions_order),
    };
    return cmocka_run_group_tests_name("revisions", tests, NULL, NULL);
}
