/* Several heaps behind one malloc: an ESP32 as it starts, and which heap serves what. */
#include "memmodels/caps.h"
#include "tests/testing.h"

/* Regions after start of a small program (log in ESP-IDF's mem_alloc.rst); figures of the real allocator. */
static const struct region {
    uint32_t base, size;
    const char *type;
    bool at_front;
    uint32_t free[2], largest[2]; /* poisoning off, light */
} esp32[] = {
    { 0x3FFAE6E0, 6432, "DRAM", false, { 6052, 6040 }, { 5632, 5620 } },
    { 0x3FFB2EC8, 184632, "DRAM", false, { 183692, 183680 }, { 180224, 180212 } },
    { 0x4008944C, 93108, "IRAM", false, { 92236, 92224 }, { 90112, 90100 } },
    { 0x3FFE0440, 15072, "D/IRAM", true, { 14656, 14644 }, { 14336, 14324 } },
    { 0x3FFE4350, 113840, "D/IRAM", true, { 112968, 112956 }, { 110592, 110580 } },
};
enum { DRAM_SMALL, DRAM_LARGE, IRAM, DIRAM_SMALL, DIRAM_LARGE, REGIONS };
#define PSRAM_BASE 0x3F800000u

static uint8_t *memory[REGIONS + 1];
static struct thm_heaps hs;

static void build(bool light, uint32_t internal_limit)
{
    const struct thm_heap_ops *ops = thm_heap_find(light ? "esp_multi_heap_tlsf_light" : "esp_multi_heap_tlsf");
    thm_heaps_init(&hs, internal_limit);
    for (int i = 0; i < REGIONS; i++) {
        const struct region *r = &esp32[i];
        free(memory[i]);
        memory[i] = malloc(r->size);
        assert_int_equal(thm_heaps_add(&hs, ops, thm_mem_type_find(r->type), memory[i], r->base, r->size, r->at_front),
                         0);
    }
    if (internal_limit) {
        free(memory[REGIONS]);
        memory[REGIONS] = malloc(1 << 20);
        assert_int_equal(
            thm_heaps_add(&hs, ops, thm_mem_type_find("SPIRAM"), memory[REGIONS], PSRAM_BASE, 1 << 20, false), 0);
    }
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i <= REGIONS; i++) {
        free(memory[i]);
        memory[i] = NULL;
    }
    return 0;
}

static int region_of(uint32_t p)
{
    for (int i = 0; i < REGIONS; i++)
        if (p - esp32[i].base < esp32[i].size)
            return i;
    return p - PSRAM_BASE < 1 << 20 ? REGIONS : -1;
}

static void regions__offer_what_the_real_allocator_offers(void **state)
{
    (void)state;
    for (int light = 0; light < 2; light++) {
        build(light, 0);
        for (uint32_t i = 0; i < hs.n; i++) {
            const struct region *r = &esp32[region_of(hs.heap[i].base)];
            struct thm_heap_stats s;
            hs.heap[i].ops->stats(&hs.heap[i], &s);
            assert_int_equal(s.free, r->free[light]);
            assert_int_equal(s.largest, r->largest[light]);
        }
    }
}

static void stats__of_a_fresh_esp32_are_the_measured_sums(void **state)
{
    struct thm_heap_stats s;
    (void)state;
    build(false, 0);
    thm_heaps_stats(&hs, THM_CAP_8BIT, &s);
    assert_int_equal(s.free, 317368);
    assert_int_equal(s.largest, 180224);
    assert_int_equal(hs.low_water, 317368);
    thm_heaps_stats(&hs, THM_CAP_INTERNAL, &s); /* what getFreeHeap counts: IRAM too */
    assert_int_equal(s.free, 317368 + 92236);
    thm_heaps_stats(&hs, THM_CAP_EXEC, &s);
    assert_int_equal(s.free, 92236 + 14656 + 112968);
    thm_heaps_stats(&hs, THM_CAP_SPIRAM, &s);
    assert_int_equal(s.free, 0);
}

static void search_order__is_run_time_heaps_first_then_ascending_size(void **state)
{
    static const int order[] = { DIRAM_LARGE, DIRAM_SMALL, DRAM_SMALL, IRAM, DRAM_LARGE };
    (void)state;
    build(false, 0);
    for (uint32_t i = 0; i < hs.n; i++)
        assert_int_equal(region_of(hs.heap[i].base), order[i]);
}

static void adjacent_regions__of_one_type_and_time_are_one_heap(void **state)
{
    static uint8_t mem[40960];
    const struct thm_heap_ops *ops = thm_heap_find("esp_multi_heap_tlsf");
    const struct thm_mem_type *dram = thm_mem_type_find("DRAM"), *iram = thm_mem_type_find("IRAM");
    const uint32_t base = 0x3FFB0000, step = 8192;
    struct thm_heap_stats s;
    (void)state;
    thm_heaps_init(&hs, 0);
    assert_int_equal(thm_heaps_add(&hs, ops, dram, mem, base, step, false), 0);
    assert_int_equal(thm_heaps_add(&hs, ops, dram, mem + 2 * step, base + 2 * step, step, false), 0);
    assert_int_equal(hs.n, 2);
    assert_int_equal(thm_heaps_add(&hs, ops, dram, mem + step, base + step, step, false), 0); /* between the two */
    assert_int_equal(hs.n, 1);
    assert_int_equal(hs.heap[0].size, 3 * step);
    assert_ptr_equal(hs.heap[0].mem, mem);
    thm_heaps_stats(&hs, THM_CAP_DEFAULT, &s);
    assert_int_equal(hs.low_water, s.free);
    assert_int_equal(thm_heaps_add(&hs, ops, iram, mem + 3 * step, base + 3 * step, step, false), 0);
    assert_int_equal(thm_heaps_add(&hs, ops, iram, mem + 4 * step, base + 4 * step, step, true), 0);
    assert_int_equal(hs.n, 3);
}

static void realloc__to_nothing_is_the_allocators_own_without_capabilities(void **state)
{
    static const struct {
        const char *name;
        bool gives, frees;
    } rows[] = { { "newlib_nano", false, true },
                 { "newlib_dlmalloc", true, false },
                 { "newlib_dlmalloc_v2_mbed", false, false },
                 { "freertos_heap_4", false, true } };
    static uint8_t mem[8192];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct thm_heap_stats s;
        thm_heaps_init(&hs, 0);
        thm_heaps_add(&hs, thm_heap_find(rows[i].name), thm_mem_type_find("RAM"), mem, 0x20000000, 8192, false);
        const uint32_t p = thm_heaps_malloc(&hs, 100);
        assert_int_equal(thm_heaps_realloc(&hs, p, 0) != 0, rows[i].gives);
        thm_heaps_stats(&hs, THM_CAP_DEFAULT, &s);
        assert_int_equal(s.blocks_alloc, !rows[i].frees);
    }
}

static void malloc__fills_dram_before_d_iram(void **state)
{
    (void)state;
    build(true, 0);
    assert_int_equal(region_of(thm_heaps_malloc(&hs, 100)), DRAM_SMALL);
    assert_int_equal(region_of(thm_heaps_malloc(&hs, 20000)), DRAM_LARGE);
    assert_int_equal(region_of(thm_heaps_malloc(&hs, 130000)), DRAM_LARGE);
    assert_int_equal(region_of(thm_heaps_malloc(&hs, 110580)), DIRAM_LARGE);
    assert_int_equal(thm_heaps_malloc(&hs, 110580), 0);
}

static void malloc__never_gives_iram(void **state)
{
    (void)state;
    build(false, 0);
    for (uint32_t p; (p = thm_heaps_malloc(&hs, 1000));)
        assert_int_not_equal(region_of(p), IRAM);
    struct thm_heap_stats s;
    thm_heaps_stats(&hs, THM_CAP_EXEC | THM_CAP_INTERNAL, &s);
    assert_true(s.largest == 90112);
}

static void caps__decide_the_heap(void **state)
{
    static const struct {
        uint32_t caps;
        int region;
    } cases[] = {
        { THM_CAP_EXEC, IRAM },
        { THM_CAP_EXEC | THM_CAP_32BIT, IRAM },
        { THM_CAP_32BIT, IRAM }, /* IRAM has 32BIT in its first column, DRAM in the second */
        { THM_CAP_INTERNAL, IRAM },
        { THM_CAP_DMA, DIRAM_LARGE }, /* second column of both: the order of the list decides */
        { THM_CAP_8BIT, DRAM_SMALL },
        { THM_CAP_8BIT | THM_CAP_DMA, DRAM_SMALL },
        { THM_CAP_DEFAULT | THM_CAP_INTERNAL, DRAM_SMALL },
        { THM_CAP_EXEC | THM_CAP_8BIT, -1 },
        { THM_CAP_EXEC | THM_CAP_DMA, -1 },
        { THM_CAP_SPIRAM, -1 },
        { THM_CAP_RTCRAM, -1 },
    };
    (void)state;
    build(false, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(region_of(thm_heaps_malloc_caps(&hs, 64, cases[i].caps)), cases[i].region);
}

static void exec__falls_back_to_d_iram_and_costs_a_word_there(void **state)
{
    (void)state;
    build(false, 0);
    assert_int_equal(region_of(thm_heaps_malloc_caps(&hs, 90112, THM_CAP_EXEC)), IRAM);
    const uint32_t p = thm_heaps_malloc_caps(&hs, 3072, THM_CAP_EXEC);
    assert_int_equal(region_of(p), DIRAM_LARGE);
    assert_int_equal(hs.heap[0].ops->usable(&hs.heap[0], p), 3200); /* 3076, at lists 128 apart */
    assert_int_equal(thm_heaps_malloc_caps(&hs, UINT32_MAX, THM_CAP_EXEC), 0);
}

static void word_requests__are_rounded_up(void **state)
{
    (void)state;
    build(true, 0);
    const uint32_t p = thm_heaps_malloc_caps(&hs, 21, THM_CAP_32BIT);
    const uint8_t *size = (uint8_t *)thm_heaps_host(&hs, p) - 4; /* the poison's record of the request */
    assert_int_equal(*size, 24);
    assert_int_equal(thm_heaps_malloc_caps(&hs, UINT32_MAX, THM_CAP_32BIT), 0);
}

static void psram__takes_what_is_above_the_limit(void **state)
{
    (void)state;
    build(false, 4096);
    assert_int_equal(region_of(thm_heaps_malloc(&hs, 4096)), DRAM_SMALL);
    assert_int_equal(region_of(thm_heaps_malloc(&hs, 4097)), REGIONS);
    assert_int_equal(region_of(thm_heaps_malloc_caps(&hs, 16, THM_CAP_SPIRAM)), REGIONS);
}

static void psram__and_internal_memory_stand_in_for_each_other(void **state)
{
    int internal = 0, external = 0;
    (void)state;
    build(false, 4096);
    assert_int_not_equal(thm_heaps_malloc(&hs, 1000000), 0);
    assert_int_equal(region_of(thm_heaps_malloc(&hs, 100000)), DRAM_LARGE); /* above the limit, but PSRAM is full */
    build(false, 4096);
    for (uint32_t p; (p = thm_heaps_malloc(&hs, 4000));)
        ++*(region_of(p) == REGIONS ? &external : &internal);
    assert_true(internal > 70 && external > 240); /* small ones went on in PSRAM */
}

static void realloc__moves_when_its_heap_is_full(void **state)
{
    (void)state;
    build(true, 0);
    const uint32_t p = thm_heaps_malloc(&hs, 5000);
    assert_int_equal(region_of(p), DRAM_SMALL);
    memset(thm_heaps_host(&hs, p), 0x5A, 5000);
    const uint32_t q = thm_heaps_realloc(&hs, p, 9000);
    assert_int_equal(region_of(q), DRAM_LARGE);
    const uint8_t *bytes = thm_heaps_host(&hs, q);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(bytes[i], 0x5A);
    assert_int_equal(region_of(thm_heaps_malloc(&hs, 5000)), DRAM_SMALL); /* the old block is free again */
    assert_int_equal(thm_heaps_check(&hs, NULL), THM_MEM_OK);
}

static void realloc__above_the_limit_moves_to_psram_and_back(void **state)
{
    (void)state;
    build(false, 4096);
    uint32_t p = thm_heaps_malloc(&hs, 4000);
    p = thm_heaps_realloc(&hs, p, 8000);
    assert_int_equal(region_of(p), REGIONS);
    p = thm_heaps_realloc(&hs, p, 2000);
    assert_int_equal(region_of(p), DRAM_SMALL);
    assert_int_equal(thm_heaps_realloc(&hs, p, 0), 0);
    assert_int_equal(thm_heaps_free(&hs, p), THM_MEM_ECORRUPT); /* it is free already */
}

static void realloc__that_fails_everywhere_keeps_the_block(void **state)
{
    (void)state;
    build(false, 0);
    const uint32_t p = thm_heaps_malloc(&hs, 5000);
    memset(thm_heaps_host(&hs, p), 0x5A, 5000);
    assert_int_equal(thm_heaps_realloc(&hs, p, 200000), 0);
    assert_int_equal(*(uint8_t *)thm_heaps_host(&hs, p + 4999), 0x5A);
    assert_int_equal(thm_heaps_free(&hs, p), THM_MEM_OK);
}

static void records__are_the_first_block_of_the_small_heap(void **state)
{
    (void)state;
    build(false, 0);
    const struct thm_heap_ops *ops = hs.heap[0].ops;
    thm_heaps_init(&hs, 0);
    assert_int_equal(thm_heaps_take_records(&hs, 5), THM_MEM_EINVAL);
    for (int i = IRAM; i >= 0; i--)
        thm_heaps_add(&hs, ops, thm_mem_type_find(esp32[i].type), memory[i], esp32[i].base, esp32[i].size, false);
    assert_int_equal(thm_heaps_take_records(&hs, 5), THM_MEM_OK);
    struct thm_heap *h = &hs.heap[0];
    assert_int_equal(region_of(h->base), DRAM_SMALL);
    struct thm_heap_stats s;
    h->ops->stats(h, &s);
    assert_int_equal(s.free, 6052 - 5 * 36 - 12 - 4); /* 180 bytes, at lists 16 apart: 192 */
}

static void low_water__remembers_the_least(void **state)
{
    (void)state;
    build(false, 0);
    const uint32_t start = hs.low_water, p = thm_heaps_malloc(&hs, 100000);
    const uint32_t least = hs.low_water;
    assert_true(start - least >= 100004);
    thm_heaps_free(&hs, p);
    thm_heaps_malloc(&hs, 10);
    assert_int_equal(hs.low_water, least);
    thm_heaps_malloc_caps(&hs, 50000, THM_CAP_EXEC); /* IRAM is not DEFAULT */
    assert_int_equal(hs.low_water, least);
}

static void free__of_an_address_in_no_heap_is_invalid(void **state)
{
    (void)state;
    build(false, 0);
    assert_int_equal(thm_heaps_free(&hs, 0), THM_MEM_OK);
    assert_int_equal(thm_heaps_free(&hs, 0x20000000), THM_MEM_EINVAL);
    assert_null(thm_heaps_host(&hs, 0x20000000));
    assert_int_equal(thm_heaps_realloc(&hs, 0x20000000, 10), 0);
}

static void memalign__honours_caps_and_alignment(void **state)
{
    (void)state;
    build(true, 0);
    const uint32_t p = thm_heaps_memalign(&hs, 256, 1000, THM_CAP_8BIT | THM_CAP_INTERNAL);
    assert_int_equal(region_of(p), DRAM_SMALL);
    assert_int_equal(p % 256, 0);
    assert_int_equal(thm_heaps_memalign(&hs, 3, 1000, THM_CAP_8BIT), 0);
}

static void ram__serves_every_request_of_a_board_without_caps(void **state)
{
    static uint8_t mem[16384];
    (void)state;
    thm_heaps_init(&hs, 0);
    assert_int_equal(thm_heaps_add(&hs, thm_heap_at(0), thm_mem_type_find("RAM"), mem, 0x20000000, sizeof mem, false),
                     0);
    assert_int_not_equal(thm_heaps_malloc(&hs, 100), 0);
    assert_int_not_equal(thm_heaps_malloc_caps(&hs, 100, THM_CAP_DMA | THM_CAP_8BIT), 0);
    assert_int_equal(thm_heaps_malloc_caps(&hs, 100, THM_CAP_SPIRAM), 0);
    assert_null(thm_mem_type_find("FLASH"));
}

static void add__refuses_a_seventeenth_heap_and_tiny_ones(void **state)
{
    static uint8_t mem[THM_HEAPS_MAX + 1][1024];
    const struct thm_mem_type *ram = thm_mem_type_find("RAM");
    (void)state;
    thm_heaps_init(&hs, 0);
    assert_int_equal(thm_heaps_add(&hs, thm_heap_at(0), ram, mem[0], 0x1000, 64, false), THM_MEM_EINVAL);
    assert_int_equal(hs.n, 0);
    for (uint32_t i = 0; i <= THM_HEAPS_MAX; i++)
        assert_int_equal(thm_heaps_add(&hs, thm_heap_at(0), ram, mem[i], 0x10000 * (i + 1), 1024, i % 2),
                         i < THM_HEAPS_MAX ? THM_MEM_OK : THM_MEM_EINVAL);
}

#define T(name) cmocka_unit_test_teardown(name, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(regions__offer_what_the_real_allocator_offers),
        T(stats__of_a_fresh_esp32_are_the_measured_sums),
        T(search_order__is_run_time_heaps_first_then_ascending_size),
        T(adjacent_regions__of_one_type_and_time_are_one_heap),
        T(realloc__to_nothing_is_the_allocators_own_without_capabilities),
        T(malloc__fills_dram_before_d_iram),
        T(malloc__never_gives_iram),
        T(caps__decide_the_heap),
        T(exec__falls_back_to_d_iram_and_costs_a_word_there),
        T(word_requests__are_rounded_up),
        T(psram__takes_what_is_above_the_limit),
        T(psram__and_internal_memory_stand_in_for_each_other),
        T(realloc__moves_when_its_heap_is_full),
        T(realloc__above_the_limit_moves_to_psram_and_back),
        T(realloc__that_fails_everywhere_keeps_the_block),
        T(records__are_the_first_block_of_the_small_heap),
        T(low_water__remembers_the_least),
        T(free__of_an_address_in_no_heap_is_invalid),
        T(memalign__honours_caps_and_alignment),
        T(ram__serves_every_request_of_a_board_without_caps),
        T(add__refuses_a_seventeenth_heap_and_tiny_ones),
    };
    return cmocka_run_group_tests_name("caps", tests, NULL, NULL);
}
