/* The board's heaps as a program's malloc: alignment, padding, contents, and what is noticed. */
#include "emu/preload/heap.h"
#include "tests/testing.h"

static struct thm_exec_heap heap;

/* Two regions, the second added at start-up, and one block of the runtime. */
static struct thm_exec_setup two_regions(const char *allocator, uint32_t align)
{
    struct thm_exec_setup s = { .magic = THM_EXEC_MAGIC, .stack = 8192, .align = align, .regions_count = 2 };
    snprintf(s.allocator, sizeof s.allocator, "%s", allocator);
    s.region[0] = (struct thm_exec_region){ "a", "DRAM", 0x3FFB0010, 40000, 0 };
    s.region[1] = (struct thm_exec_region){ "b", "D/IRAM", 0x3FFE0440, 20000, 1 };
    s.taken_count = 1;
    s.taken[0] = (struct thm_exec_taken){ 1000, 2, THM_CAP_INTERNAL | THM_CAP_8BIT };
    return s;
}

static void begin(const char *allocator, uint32_t align)
{
    const struct thm_exec_setup s = two_regions(allocator, align);
    assert_null(thm_exec_setup_check(&s));
    assert_int_equal(thm_exec_heap_init(&heap, &s), THM_MEM_OK);
}

static int teardown(void **state)
{
    (void)state;
    thm_exec_heap_finish(&heap);
    return 0;
}

static uint32_t free_bytes(void)
{
    struct thm_heap_stats st;
    thm_heaps_stats(&heap.heaps, THM_CAP_DEFAULT, &st);
    return st.free;
}

static void init__takes_what_the_runtime_takes(void **state)
{
    (void)state;
    begin("esp_multi_heap_tlsf", 16);
    assert_true(heap.whole > 58000 && heap.whole < 60000);
    assert_in_range(heap.whole - free_bytes(), 2000, 2100);
}

static void init__without_room_for_the_runtime_is_enomem(void **state)
{
    struct thm_exec_setup s = two_regions("esp_multi_heap_tlsf", 16);
    (void)state;
    s.taken[0].count = 100;
    assert_int_equal(thm_exec_heap_init(&heap, &s), THM_MEM_ENOMEM);
}

static void init__of_overlapping_or_tiny_regions_is_invalid(void **state)
{
    struct thm_exec_setup s = two_regions("esp_multi_heap_tlsf", 16);
    (void)state;
    s.region[1].base = s.region[0].base + 100;
    assert_int_equal(thm_exec_heap_init(&heap, &s), THM_MEM_EINVAL);
    s = two_regions("esp_multi_heap_tlsf", 16);
    s.region[1].size = 10;
    assert_int_equal(thm_exec_heap_init(&heap, &s), THM_MEM_EINVAL);
}

/* Every allocator there is: what C promises about alignment, for every small size. */
static void alloc__is_aligned_for_what_can_be_in_it(void **state)
{
    const struct thm_heap_ops *ops;
    (void)state;
    for (size_t i = 0; (ops = thm_heap_at(i)); i++) {
        begin(ops->name, 16);
        for (uint32_t n = 1; n < 100; n++) {
            void *p = thm_exec_heap_alloc(&heap, n, 0);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % (n >= 16 ? 16 : 8), 0);
            assert_int_equal(thm_exec_heap_size(&heap, p), n);
        }
        thm_exec_heap_finish(&heap);
    }
}

static void alloc__without_alignment_costs_nothing_and_lies_where_the_board_puts_it(void **state)
{
    (void)state;
    begin("esp_multi_heap_tlsf_light", 0);
    struct thm_heaps *hs = &heap.heaps;
    const uint32_t next = thm_heaps_malloc(hs, 100);
    thm_heaps_free(hs, next);
    void *p = thm_exec_heap_alloc(&heap, 100, 0);
    assert_int_equal(thm_exec_heap_address(&heap, p), next);
    assert_int_equal(heap.padding, 0);
}

static void memalign__gives_any_power_of_two(void **state)
{
    const struct thm_heap_ops *ops;
    (void)state;
    for (size_t i = 0; (ops = thm_heap_at(i)); i++) {
        begin(ops->name, 16);
        for (uint32_t align = 8; align <= 4096; align *= 2) {
            void *p = thm_exec_heap_alloc(&heap, 10, align);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % align, 0);
            p = thm_exec_heap_realloc(&heap, p, 300);
            assert_non_null(p);
            assert_int_equal(thm_exec_heap_free(&heap, p), THM_MEM_OK);
        }
        assert_int_equal(heap.live, 0);
        assert_int_equal(heap.padding, 0);
        thm_exec_heap_finish(&heap);
    }
}

static void alloc__of_nothing_is_a_block_of_its_own(void **state)
{
    (void)state;
    begin("esp_multi_heap_tlsf", 16);
    void *p = thm_exec_heap_alloc(&heap, 0, 0), *q = thm_exec_heap_alloc(&heap, 0, 0);
    assert_non_null(p);
    assert_non_null(q);
    assert_ptr_not_equal(p, q);
}

static void alloc__of_more_than_there_is_gives_null(void **state)
{
    static const uint64_t sizes[] = { 100000, UINT32_MAX - 12, UINT32_MAX, (uint64_t)UINT32_MAX + 1, UINT64_MAX };
    (void)state;
    begin("esp_multi_heap_tlsf", 16);
    void *p = thm_exec_heap_alloc(&heap, 20, 0);
    const uint32_t before = free_bytes();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_null(thm_exec_heap_alloc(&heap, sizes[i], 0));
        assert_null(thm_exec_heap_alloc(&heap, sizes[i], 64));
        assert_null(thm_exec_heap_realloc(&heap, p, sizes[i]));
    }
    assert_null(thm_exec_heap_alloc(&heap, 10, UINT64_C(1) << 40));
    assert_int_equal(free_bytes(), before);
}

/* Sizes and shifts change; bytes do not. */
static void churn__keeps_contents_and_gives_everything_back(void **state)
{
    unsigned char *p[32] = { NULL };
    uint32_t n[32] = { 0 }, seed = 1;
    (void)state;
    begin("esp_multi_heap_tlsf_light", 16);
    const uint32_t before = free_bytes();
    for (uint32_t i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        const uint32_t k = seed >> 27, want = (seed >> 8 & 1023) + 1;
        for (uint32_t j = 0; j < n[k]; j++)
            assert_int_equal(p[k][j], (k + j) & 255);
        unsigned char *q = p[k] ? thm_exec_heap_realloc(&heap, p[k], want) : thm_exec_heap_alloc(&heap, want, 0);
        assert_non_null(q);
        for (uint32_t j = 0; j < n[k] && j < want; j++)
            assert_int_equal(q[j], (k + j) & 255);
        for (uint32_t j = 0; j < want; j++)
            q[j] = (unsigned char)(k + j);
        p[k] = q;
        n[k] = want;
    }
    for (uint32_t k = 0; k < 32; k++)
        if (p[k])
            assert_int_equal(thm_exec_heap_free(&heap, p[k]), THM_MEM_OK);
    assert_int_equal(free_bytes(), before);
    assert_int_equal(heap.padding, 0);
}

static void free__twice_is_what_the_allocator_makes_of_it(void **state)
{
    (void)state;
    begin("esp_multi_heap_tlsf_light", 16);
    void *p = thm_exec_heap_alloc(&heap, 100, 0);
    assert_int_equal(thm_exec_heap_free(&heap, p), THM_MEM_OK);
    assert_int_equal(thm_exec_heap_size(&heap, p), 0);
    assert_int_equal(thm_exec_heap_free(&heap, p), THM_MEM_ECORRUPT);
}

static void damage__is_remembered_with_its_address(void **state)
{
    (void)state;
    begin("esp_multi_heap_tlsf_light", 0);
    char *p = thm_exec_heap_alloc(&heap, 100, 0);
    p[100] = 1; /* the canary */
    assert_int_equal(thm_exec_heap_damage(&heap), 0);
    assert_null(thm_exec_heap_realloc(&heap, p, 200));
    assert_int_equal(thm_exec_heap_damage(&heap), thm_exec_heap_address(&heap, p) + 100);
}

static void owns__is_the_regions_and_nothing_else(void **state)
{
    (void)state;
    begin("esp_multi_heap_tlsf", 16);
    char here, *p = thm_exec_heap_alloc(&heap, 10, 0);
    assert_true(thm_exec_heap_owns(&heap, p));
    assert_false(thm_exec_heap_owns(&heap, &here));
    assert_false(thm_exec_heap_owns(&heap, NULL));
    assert_false(thm_exec_heap_owns(&heap, heap.region[0].mem + heap.region[0].size));
    assert_int_equal(thm_exec_heap_address(&heap, heap.region[0].mem), 0x3FFB0010);
}

#define T(name) cmocka_unit_test_teardown(name, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(init__takes_what_the_runtime_takes),
        T(init__without_room_for_the_runtime_is_enomem),
        T(init__of_overlapping_or_tiny_regions_is_invalid),
        T(alloc__is_aligned_for_what_can_be_in_it),
        T(alloc__without_alignment_costs_nothing_and_lies_where_the_board_puts_it),
        T(memalign__gives_any_power_of_two),
        T(alloc__of_nothing_is_a_block_of_its_own),
        T(alloc__of_more_than_there_is_gives_null),
        T(churn__keeps_contents_and_gives_everything_back),
        T(free__twice_is_what_the_allocator_makes_of_it),
        T(damage__is_remembered_with_its_address),
        T(owns__is_the_regions_and_nothing_else),
    };
    return cmocka_run_group_tests_name("exec heap", tests, NULL, NULL);
}
