/* ESP-IDF's heap: figures measured on the real allocator, and what damage does to it. */
#include "memmodels/heap.h"
#include "tests/testing.h"

#define BASE 0x3FFB0000u

static const struct thm_heap_ops *off, *light;

static int find_rows(void **state)
{
    (void)state;
    off = thm_heap_find("esp_multi_heap_tlsf");
    light = thm_heap_find("esp_multi_heap_tlsf_light");
    return off && light ? 0 : -1;
}

/* A heap on memory of exactly its size, so that tools see every step outside. */
static struct thm_heap make(const struct thm_heap_ops *ops, uint32_t size)
{
    struct thm_heap h;
    uint8_t *mem = malloc(size);
    assert_non_null(mem);
    memset(mem, 0xEE, size);
    assert_int_equal(thm_heap_init(&h, ops, mem, BASE, size), THM_MEM_OK);
    return h;
}

static void drop(struct thm_heap *h)
{
    free(h->mem);
}

static uint32_t off_of(const struct thm_heap *h, uint32_t p)
{
    return p ? p - h->base : 0;
}

static uint32_t get(const struct thm_heap *h, uint32_t n)
{
    return off_of(h, h->ops->malloc((struct thm_heap *)h, n));
}

static void first_block__lies_where_the_region_size_puts_it(void **state)
{
    static const struct {
        uint32_t size, first;
    } measured[] = {
        { 240, 204 },     { 1024, 276 },    { 6432, 384 },      { 15072, 420 },     { 16404, 456 },
        { 16408, 740 },   { 65536, 808 },   { 113840, 876 },    { 184632, 944 },    { 262164, 1012 },
        { 262168, 1776 }, { 327680, 1776 }, { 4u << 20, 2172 }, { 8u << 20, 2304 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++) {
        struct thm_heap h = make(off, measured[i].size);
        assert_int_equal(get(&h, 16), measured[i].first);
        drop(&h);
    }
}

/* The same ten calls, with and without poisoning (heaps of 8192 bytes on the real allocator). */
static void example__gives_the_measured_offsets(void **state)
{
    static const uint32_t expected[2][8] = { { 384, 492, 548, 384, 428, 492, 1520 },
                                             { 392, 508, 576, 392, 1604, 448, 1604 } };
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct thm_heap h = make(i ? light : off, 8192);
        const uint32_t a = h.ops->malloc(&h, 100), b = h.ops->malloc(&h, 50), c = h.ops->malloc(&h, 1000);
        assert_int_equal(off_of(&h, a), expected[i][0]);
        assert_int_equal(off_of(&h, b), expected[i][1]);
        assert_int_equal(off_of(&h, c), expected[i][2]);
        h.ops->free(&h, a);
        assert_int_equal(get(&h, 40), expected[i][3]);
        const uint32_t e = h.ops->malloc(&h, 60);
        assert_int_equal(off_of(&h, e), expected[i][4]);
        h.ops->free(&h, b);
        h.ops->free(&h, c);
        assert_int_equal(get(&h, 1000), expected[i][5]);
        assert_int_equal(off_of(&h, h.ops->realloc(&h, e, 200)), expected[i][6]);
        assert_int_equal(h.ops->check(&h, NULL), THM_MEM_OK);
        drop(&h);
    }
}

static void largest__of_a_64_kib_heap_is_the_measured_one(void **state)
{
    struct thm_heap_stats s;
    (void)state;
    struct thm_heap a = make(off, 65536), b = make(light, 65536);
    a.ops->stats(&a, &s);
    assert_int_equal(s.largest, 63488);
    b.ops->stats(&b, &s);
    assert_int_equal(s.largest, 63476);
    drop(&a);
    drop(&b);
}

static void malloc__of_nothing_or_of_everything_gives_null(void **state)
{
    static const uint32_t hopeless[] = { 0,          1u << 20,   0x7FFFFFFF, 0x80000000,
                                         0xFFFFFFF3, 0xFFFFFFF4, 0xFFFFFFFC, 0xFFFFFFFF };
    (void)state;
    for (size_t i = 0; i < sizeof hopeless / sizeof hopeless[0]; i++)
        for (int j = 0; j < 2; j++) {
            struct thm_heap h = make(j ? light : off, 32768);
            const uint32_t p = h.ops->malloc(&h, 100);
            assert_int_equal(h.ops->malloc(&h, hopeless[i]), 0);
            assert_int_equal(h.ops->memalign(&h, 64, hopeless[i]), 0);
            assert_int_equal(h.ops->memalign(&h, 0x80000000, 16), 0);
            assert_int_equal(h.ops->realloc(&h, p, hopeless[i]), 0);
            assert_int_equal(h.ops->usable(&h, p) >= 100, hopeless[i] != 0); /* realloc to 0 frees it */
            assert_int_equal(h.ops->check(&h, NULL), THM_MEM_OK);
            drop(&h);
        }
}

static void memalign__needs_a_power_of_two(void **state)
{
    (void)state;
    struct thm_heap h = make(off, 8192);
    assert_int_equal(h.ops->memalign(&h, 24, 16), 0);
    assert_int_equal(h.ops->memalign(&h, 0, 16), 0);
    for (uint32_t align = 1; align <= 1024; align *= 2)
        assert_int_equal(h.ops->memalign(&h, align, 16) % align, 0);
    assert_int_equal(h.ops->check(&h, NULL), THM_MEM_OK);
    drop(&h);
}

static void init__takes_any_size_or_refuses_it(void **state)
{
    uint8_t *mem = malloc(1200);
    int usable = 0;
    (void)state;
    assert_non_null(mem);
    for (uint32_t size = 0; size <= 1200; size++) {
        struct thm_heap h;
        uint8_t *end_aligned = mem + (1200 - size); /* a step past the end leaves the block */
        if (thm_heap_init(&h, off, end_aligned, BASE, size))
            continue;
        struct thm_heap_stats s;
        usable++;
        h.ops->stats(&h, &s);
        assert_int_not_equal(h.ops->malloc(&h, s.largest), 0);
        assert_int_equal(h.ops->check(&h, NULL), THM_MEM_OK);
    }
    assert_true(usable > 800);
    free(mem);
}

static void init__refuses_misaligned_wrapping_and_huge_regions(void **state)
{
    static uint8_t mem[4096];
    struct thm_heap h;
    (void)state;
    assert_int_equal(thm_heap_init(&h, off, mem, BASE + 2, 4096), THM_MEM_EINVAL);
    assert_int_equal(thm_heap_init(&h, off, mem, 0xFFFFF004, 4096), THM_MEM_EINVAL);
    assert_int_equal(thm_heap_init(&h, off, mem, 0xFFFFF000, 4096), THM_MEM_OK);
    assert_int_equal(thm_heap_init(&h, off, mem, 0, 0x80000000), THM_MEM_EINVAL);
}

static void counters__lie_in_the_heap_record(void **state)
{
    struct thm_heap_stats s;
    uint32_t words[3];
    (void)state;
    struct thm_heap h = make(off, 8192);
    const uint32_t p = h.ops->malloc(&h, 1000);
    h.ops->free(&h, p);
    h.ops->stats(&h, &s);
    memcpy(words, h.mem + 4, sizeof words);
    assert_int_equal(words[0], s.free);
    assert_int_equal(words[1], s.min_free);
    assert_int_equal(s.free - s.min_free, 1024 + 4); /* 1000, up to the next list of an 8-list heap */
    assert_int_equal(words[2], 8192 - 20);
    drop(&h);
}

static void poison__lies_around_the_requested_bytes(void **state)
{
    uint32_t word;
    (void)state;
    struct thm_heap h = make(light, 8192);
    const uint32_t at = get(&h, 101);
    memcpy(&word, h.mem + at - 8, 4);
    assert_int_equal(word, 0xABBA1234);
    memcpy(&word, h.mem + at - 4, 4);
    assert_int_equal(word, 101);
    memcpy(&word, h.mem + at + 101, 4);
    assert_int_equal(word, 0xBAAD5678);
    drop(&h);
}

static void free__of_an_overrun_block_notices_the_canary(void **state)
{
    (void)state;
    for (int before = 0; before < 2; before++) {
        struct thm_heap h = make(light, 8192);
        uint32_t where;
        const uint32_t p = h.ops->malloc(&h, 101), q = h.ops->malloc(&h, 10), damaged = before ? p - 8 : p + 101;
        h.mem[damaged - h.base] ^= 0xFF;
        assert_int_equal(h.ops->check(&h, &where), THM_MEM_ECORRUPT);
        assert_int_equal(where, damaged);
        assert_int_equal(h.ops->free(&h, q), THM_MEM_OK);
        assert_int_equal(h.corrupt_at, 0);
        assert_int_equal(h.ops->free(&h, p), THM_MEM_ECORRUPT);
        assert_int_equal(h.corrupt_at, damaged);
        assert_int_equal(h.ops->realloc(&h, p, 50), 0);
        drop(&h);
    }
}

static void free__of_a_block_whose_neighbour_overran_is_corrupt(void **state)
{
    uint32_t where;
    (void)state;
    struct thm_heap h = make(off, 8192);
    const uint32_t p = h.ops->malloc(&h, 100), q = h.ops->malloc(&h, 100);
    memset(h.mem + (p - h.base), 'A', q - p); /* too much by the word before q, its size */
    assert_int_equal(h.ops->check(&h, &where), THM_MEM_ECORRUPT);
    assert_int_equal(where, q - 4);
    assert_int_equal(h.ops->free(&h, q), THM_MEM_ECORRUPT);
    assert_int_equal(h.corrupt_at, q - 4);
    drop(&h);
}

static void free__twice_is_corrupt_and_a_stray_address_invalid(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct thm_heap h = make(i ? light : off, 8192);
        const uint32_t p = h.ops->malloc(&h, 100);
        assert_int_equal(h.ops->free(&h, 0), THM_MEM_OK);
        assert_int_equal(h.ops->free(&h, BASE), THM_MEM_EINVAL);
        assert_int_equal(h.ops->free(&h, BASE + 8192), THM_MEM_EINVAL);
        assert_int_equal(h.ops->free(&h, p + 1), THM_MEM_EINVAL);
        assert_int_equal(h.corrupt_at, 0);
        assert_int_equal(h.ops->free(&h, p), THM_MEM_OK);
        assert_int_equal(h.ops->free(&h, p), THM_MEM_ECORRUPT);
        drop(&h);
    }
}

static void control__damage_is_noticed_by_the_next_call(void **state)
{
    static const uint32_t words[] = { 16, 36, 48, 52 }; /* record: control; control: geometry, bitmaps, lists */
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct thm_heap h = make(off, 8192);
        const uint32_t p = h.ops->malloc(&h, 100);
        h.mem[words[i] + 1] ^= 0x40;
        assert_int_equal(h.ops->malloc(&h, 16), 0);
        assert_int_not_equal(h.corrupt_at, 0);
        assert_int_equal(h.ops->free(&h, p), THM_MEM_ECORRUPT);
        assert_int_equal(h.ops->check(&h, NULL), THM_MEM_ECORRUPT);
        drop(&h);
    }
}

static void exhaustion__at_every_size_leaves_a_sound_heap(void **state)
{
    (void)state;
    for (uint32_t n = 1; n < 700; n += 13) {
        struct thm_heap h = make(light, 4096);
        uint32_t p[400], count = 0;
        struct thm_heap_stats before, after;
        h.ops->stats(&h, &before);
        while (count < 400 && (p[count] = h.ops->malloc(&h, n)))
            count++;
        assert_true(count < 400);
        assert_int_equal(h.ops->check(&h, NULL), THM_MEM_OK);
        while (count)
            assert_int_equal(h.ops->free(&h, p[--count]), THM_MEM_OK);
        h.ops->stats(&h, &after);
        assert_int_equal(after.free, before.free);
        assert_int_equal(after.blocks_free, 1);
        drop(&h);
    }
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(first_block__lies_where_the_region_size_puts_it),
        T(example__gives_the_measured_offsets),
        T(largest__of_a_64_kib_heap_is_the_measured_one),
        T(malloc__of_nothing_or_of_everything_gives_null),
        T(memalign__needs_a_power_of_two),
        T(init__takes_any_size_or_refuses_it),
        T(init__refuses_misaligned_wrapping_and_huge_regions),
        T(counters__lie_in_the_heap_record),
        T(poison__lies_around_the_requested_bytes),
        T(free__of_an_overrun_block_notices_the_canary),
        T(free__of_a_block_whose_neighbour_overran_is_corrupt),
        T(free__twice_is_corrupt_and_a_stray_address_invalid),
        T(control__damage_is_noticed_by_the_next_call),
        T(exhaustion__at_every_size_leaves_a_sound_heap),
    };
    return cmocka_run_group_tests_name("multi_heap", tests, find_rows, NULL);
}
