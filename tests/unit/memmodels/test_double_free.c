/* tests/unit/memmodels/test_double_free.c -- what each allocator does when a block is freed twice. */
#include "memmodels/heap.h"
#include "tests/testing.h"

/* STOPS: notices it and ends the program (an assertion). A new allocator needs a row: what does the device do? */
enum outcome { STOPS };

static const struct {
    const char *name;
    enum outcome alone, beside_free; /* the block's neighbours are in use; they are free, and have been joined to it */
} rows[] = {
    /* tlsf_free: tlsf_assert(!block_is_free(block), "block already marked as free"); the front of a joined block is
     * still marked, the rest of one is not: its header lies in free memory as it was, marked free too. */
    { "esp_multi_heap_tlsf", STOPS, STOPS },
    /* verify_allocated_region: the head canary is gone or, if not, as above. multi_heap_free asserts it. */
    { "esp_multi_heap_tlsf_light", STOPS, STOPS },
};

enum { SIZE = 16384 };
static const uint32_t base = 0x20000000;

static enum outcome free_twice(const struct thm_heap_ops *ops, bool joined)
{
    static uint8_t mem[SIZE];
    struct thm_heap h;
    assert_int_equal(thm_heap_init(&h, ops, mem, base, sizeof mem), THM_MEM_OK);
    const uint32_t before = ops->malloc(&h, 100), p = ops->malloc(&h, 100), behind = ops->malloc(&h, 100);
    assert_true(before && p && behind);
    if (joined) {
        assert_int_equal(ops->free(&h, before), THM_MEM_OK);
        assert_int_equal(ops->free(&h, behind), THM_MEM_OK);
    }
    assert_int_equal(ops->free(&h, p), THM_MEM_OK);
    const enum thm_mem_err again = ops->free(&h, p);
    assert_int_equal(again, THM_MEM_ECORRUPT);
    assert_int_not_equal(h.corrupt_at, 0);
    return STOPS;
}

static void free__twice_does_what_the_device_does(void **state)
{
    (void)state;
    const struct thm_heap_ops *ops;
    for (size_t i = 0; (ops = thm_heap_at(i)); i++) {
        size_t k = 0;
        while (k < sizeof rows / sizeof rows[0] && strcmp(rows[k].name, ops->name) != 0)
            k++;
        if (k == sizeof rows / sizeof rows[0])
            fail_msg("%s has no row: what does it do?", ops->name);
        assert_int_equal(free_twice(ops, false), rows[k].alone);
        assert_int_equal(free_twice(ops, true), rows[k].beside_free);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(free__twice_does_what_the_device_does) };
    return cmocka_run_group_tests_name("double_free", tests, NULL, NULL);
}
