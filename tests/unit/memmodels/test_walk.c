/* tests/unit/memmodels/test_walk.c -- every allocator's walk meets what was allocated, once and in order. */
#include "memmodels/heap.h"
#include "tests/testing.h"

enum { SLOTS = 64, SIZE = 49152 };
static const uint32_t base = 0x20000004; /* no allocator may take it for granted that a heap begins on a page */

static uint8_t mem[SIZE];
static struct thm_heap heap;
static uint32_t live[SLOTS]; /* addresses; 0: none */
static uint32_t seed;

static uint32_t next_random(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

static void start(const struct thm_heap_ops *ops)
{
    memset(mem, 0xEE, sizeof mem);
    memset(live, 0, sizeof live);
    seed = 11;
    assert_int_equal(thm_heap_init(&heap, ops, mem, base, sizeof mem), THM_MEM_OK);
}

static uint32_t size_at_random(void)
{
    return 1 + next_random() % (next_random() % 8 ? 500 : 4000);
}

/* What mbed's realloc does to a block of memalign is not for a test of walks. */
static void step(void)
{
    const struct thm_heap_ops *ops = heap.ops;
    uint32_t *slot = &live[next_random() % SLOTS];
    const uint32_t kind = next_random() % 8;
    if (*slot && kind == 0 && ops->realloc && !ops->inner) {
        const uint32_t to = ops->realloc(&heap, *slot, size_at_random());
        *slot = to ? to : *slot;
    } else if (*slot) {
        assert_int_equal(ops->free(&heap, *slot), THM_MEM_OK);
        *slot = 0;
    } else if (kind < 2 && ops->memalign) {
        *slot = ops->memalign(&heap, 1u << next_random() % 8, size_at_random());
    } else {
        *slot = ops->malloc(&heap, size_at_random());
    }
}

struct seen {
    uint64_t end;
    uint32_t blocks, known;
    bool overlaps;
};

static void see(void *ctx, const struct thm_heap_block *b)
{
    struct seen *s = ctx;
    const uint64_t end = (uint64_t)b->at + b->bytes;
    s->overlaps |= b->at < s->end || b->at < base || end > (uint64_t)base + SIZE || b->bytes == 0;
    s->end = end;
    s->blocks += b->payload != 0;
    for (uint32_t i = 0; b->payload && i < SLOTS; i++)
        s->known += live[i] >= b->at && live[i] < end;
}

static void walk__meets_every_block_once_and_in_order(void **state)
{
    const struct thm_heap_ops *ops;
    (void)state;
    for (size_t a = 0; (ops = thm_heap_at(a)); a++) {
        start(ops);
        for (int k = 0; k < 3000; k++) {
            struct seen seen = { 0 };
            struct thm_heap_stats st;
            uint32_t count = 0;
            step();
            for (uint32_t i = 0; i < SLOTS; i++)
                count += live[i] != 0;
            assert_int_equal(ops->walk(&heap, see, &seen), THM_MEM_OK);
            ops->stats(&heap, &st);
            if (seen.overlaps || seen.known != count || seen.blocks != count || st.blocks_alloc != count)
                fail_msg("%s, step %d: %u live, %u blocks met, %u of them known", ops->name, k, count, seen.blocks,
                         seen.known);
        }
    }
}

static uint32_t exact;

static void count_exact(void *ctx, const struct thm_heap_block *b)
{
    (void)ctx;
    for (uint32_t i = 0; b->payload && i < SLOTS; i++)
        exact += live[i] == b->payload;
}

static void walk__gives_the_address_that_malloc_gave(void **state)
{
    const struct thm_heap_ops *ops;
    (void)state;
    for (size_t a = 0; (ops = thm_heap_at(a)); a++) {
        start(ops);
        for (uint32_t i = 0; i < SLOTS; i++)
            assert_int_not_equal(live[i] = ops->malloc(&heap, size_at_random() % 600 + 1), 0);
        exact = 0;
        assert_int_equal(ops->walk(&heap, count_exact, NULL), THM_MEM_OK);
        assert_int_equal(exact, SLOTS);
    }
}

static void stays_inside(void *ctx, const struct thm_heap_block *b)
{
    (void)ctx;
    assert_true(b->at >= base && b->at - base < SIZE);
}

static void walk__of_a_damaged_heap_ends_inside_it(void **state)
{
    const struct thm_heap_ops *ops;
    (void)state;
    for (size_t a = 0; (ops = thm_heap_at(a)); a++)
        for (int round = 0; round < 50; round++) {
            start(ops);
            seed += (uint32_t)round;
            for (int k = 0; k < 100; k++)
                step();
            for (int k = 0; k < 40; k++)
                mem[next_random() % (round % 2 ? 2000 : SIZE)] = (uint8_t)next_random();
            (void)ops->walk(&heap, stays_inside, NULL);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walk__meets_every_block_once_and_in_order),
        cmocka_unit_test(walk__gives_the_address_that_malloc_gave),
        cmocka_unit_test(walk__of_a_damaged_heap_ends_inside_it),
    };
    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
