/* tests/unit/memmodels/test_double_free.c -- what each allocator does when a block is freed twice. */
#include "memmodels/heap.h"
#include "tests/testing.h"

enum outcome {
    STOPS,   /* the device notices and ends there: an assertion, or what it finds leads nowhere */
    IGNORED, /* nothing happens, the heap is sound */
    GOES_ON, /* nothing is noticed, and the heap is damaged from now on */
};

/* A new allocator needs a row: what does the device do? */
static const struct {
    const char *name;
    enum outcome alone, joined; /* the block's neighbours are in use; they are free, and it has become one with them */
} rows[] = {
    /* tlsf_free asserts "block already marked as free"; the header of a joined block still says so in free memory */
    { "esp_multi_heap_tlsf", STOPS, STOPS },
    /* the head canary is gone, which multi_heap_free asserts; or it is there, and then as above */
    { "esp_multi_heap_tlsf_light", STOPS, STOPS },
    { "esp_multi_heap_tlsf_v5", STOPS, STOPS },
    { "esp_multi_heap_tlsf_v5_light", STOPS, STOPS },
    { "esp_multi_heap_tlsf_v4", STOPS, STOPS },
    { "esp_multi_heap_tlsf_v4_light", STOPS, STOPS },
    /* multi_heap_free_impl asserts that the block is not free, which its header goes on to say when it was joined */
    { "esp_multi_heap_best_fit", STOPS, STOPS },
    { "esp_multi_heap_best_fit_light", STOPS, STOPS },
    /* vPortFree asserts that the block is allocated: the bit was cleared by the first call, also in a joined header */
    { "freertos_heap_4", STOPS, STOPS },
    /* _free_r finds the chunk within a free one: sets errno to ENOMEM, returns */
    { "newlib_nano", IGNORED, IGNORED },
    { "newlib_nano_v2", IGNORED, IGNORED },
    /* no check at all: the chunk is linked into its bin a second time; or its old header has it joined once more with
     * the same neighbours, which comes out the same */
    { "newlib_dlmalloc", GOES_ON, IGNORED },
    { "newlib_dlmalloc_v2", GOES_ON, IGNORED },
    /* the wrapper has wiped its signature: the allocator is given an address 8 too high, whose header is zero */
    { "newlib_dlmalloc_v2_mbed", STOPS, STOPS },
};

enum { SIZE = 16384 };

static enum outcome free_twice(const struct thm_heap_ops *ops, bool joined)
{
    static uint8_t mem[SIZE];
    struct thm_heap h;
    uint32_t where;
    assert_int_equal(thm_heap_init(&h, ops, mem, 0x20000000, sizeof mem), THM_MEM_OK);
    const uint32_t before = ops->malloc(&h, 100), p = ops->malloc(&h, 100), behind = ops->malloc(&h, 100);
    assert_true(before && p && behind && ops->malloc(&h, 100));
    if (joined) {
        assert_int_equal(ops->free(&h, before), THM_MEM_OK);
        assert_int_equal(ops->free(&h, behind), THM_MEM_OK);
    }
    assert_int_equal(ops->free(&h, p), THM_MEM_OK);
    const enum thm_mem_err again = ops->free(&h, p);
    assert_int_equal(again == THM_MEM_ECORRUPT, h.corrupt_at != 0);
    if (again)
        return STOPS;
    return ops->check(&h, &where) ? GOES_ON : IGNORED;
}

static void free__twice_does_what_the_device_does(void **state)
{
    const struct thm_heap_ops *ops;
    (void)state;
    for (size_t i = 0; (ops = thm_heap_at(i)); i++) {
        size_t k = 0;
        while (k < sizeof rows / sizeof rows[0] && strcmp(rows[k].name, ops->name) != 0)
            k++;
        if (k == sizeof rows / sizeof rows[0])
            fail_msg("%s has no row: what does it do?", ops->name);
        const enum outcome alone = free_twice(ops, false), joined = free_twice(ops, true);
        if (alone != rows[k].alone || joined != rows[k].joined)
            fail_msg("%s: alone %d, joined %d", ops->name, alone, joined);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(free__twice_does_what_the_device_does) };
    return cmocka_run_group_tests_name("double_free", tests, NULL, NULL);
}
