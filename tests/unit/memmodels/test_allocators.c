/* What every row of the allocators' table promises, tried on each, at several sizes and starts. */
#include <valgrind/valgrind.h>
#include "memmodels/heap.h"
#include "tests/testing.h"

#define SLOTS 48

/* A heap on memory of exactly its size, so that tools see every step outside. */
static bool make(struct thm_heap *h, const struct thm_heap_ops *ops, uint32_t base, uint32_t size)
{
    uint8_t *mem = malloc(size);
    assert_non_null(mem);
    memset(mem, 0xEE, size);
    if (thm_heap_init(h, ops, mem, base, size) == THM_MEM_OK)
        return true;
    free(mem);
    return false;
}

static void drop(struct thm_heap *h)
{
    free(h->mem);
}

/* Call `each` on a fresh heap of every allocator that takes the size and start, for many of both; under valgrind, which
 * is fifty times slower, for a few. */
static void on_every_heap(void (*each)(struct thm_heap *h))
{
    static const uint32_t bases[] = { 0x20000000, 0x20000734, 0x2000000C, 0x20001FFC, 0x2000A001, 0x20000002 };
    static const uint32_t sizes[] = { 1500, 4092, 9000, 20000, 24576, 40003 };
    const size_t step = RUNNING_ON_VALGRIND ? 7 : 1, starts = sizeof bases / sizeof bases[0];
    const struct thm_heap_ops *ops;
    for (size_t i = 0; (ops = thm_heap_at(i)); i++)
        for (size_t k = 0; k < starts * (sizeof sizes / sizeof sizes[0]); k += step) {
            struct thm_heap h;
            if (!make(&h, ops, bases[k % starts], sizes[k / starts]))
                continue;
            each(&h);
            drop(&h);
        }
}

/* What malloc of n bytes would give now. */
static uint32_t would_get(const struct thm_heap *h, uint32_t n)
{
    struct thm_heap copy = *h;
    copy.mem = malloc(h->size);
    assert_non_null(copy.mem);
    memcpy(copy.mem, h->mem, h->size);
    const uint32_t p = h->ops->malloc(&copy, n);
    assert_int_equal(copy.corrupt_at, 0);
    free(copy.mem);
    return p;
}

/* ---- a random walk ---- */

struct slot {
    uint32_t p, n;
    uint8_t fill;
};

struct user {
    struct thm_heap *h;
    struct slot slots[SLOTS];
    uint32_t seed;
    bool sane; /* nobody damaged the heap: payloads must be as they were left */
};

static uint32_t draw(struct user *u)
{
    u->seed = u->seed * 1664525 + 1013904223;
    return u->seed >> 8;
}

static void check_fill(const struct user *u, const struct slot *s, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(u->h->mem[s->p - u->h->base + i], s->fill);
}

static void own(struct user *u, struct slot *s, uint32_t p, uint32_t n)
{
    *s = (struct slot){ p, n, (uint8_t)draw(u) };
    if (p && p - u->h->base <= u->h->size && n <= u->h->size - (p - u->h->base))
        memset(u->h->mem + (p - u->h->base), s->fill, n);
    else if (p)
        assert_false(u->sane);
}

static void get(struct user *u, struct slot *s, uint32_t r, uint32_t n)
{
    const struct thm_heap_ops *ops = u->h->ops;
    const uint32_t align = r & 0x400 && ops->memalign ? 1u << (r >> 12) % 9 : 0;
    const uint32_t p = align ? ops->memalign(u->h, align, n) : ops->malloc(u->h, n);
    assert_true(!u->sane || align == 0 || p % align == 0);
    own(u, s, p, n);
}

static void resize(struct user *u, struct slot *s, uint32_t n)
{
    const uint32_t p = u->h->ops->realloc(u->h, s->p, n);
    if (p == 0)
        return;
    s->p = p;
    if (u->sane)
        check_fill(u, s, n < s->n ? n : s->n);
    own(u, s, p, n);
}

/* realloc of a block that memalign gave: mbed's copies as many bytes as the word before the block says. */
static bool may_resize(const struct user *u, uint32_t r)
{
    return r & 0x800 && u->h->ops->realloc && (!u->h->ops->inner || !u->sane);
}

static void step(struct user *u, uint32_t largest)
{
    const uint32_t r = draw(u), n = 1 + draw(u) % (r % 7 ? 600 : largest);
    struct slot *s = &u->slots[draw(u) % SLOTS];
    if (u->sane && s->p) {
        check_fill(u, s, s->n);
        assert_true(u->h->ops->usable(u->h, s->p) >= s->n);
    }
    if (!s->p) {
        get(u, s, r, n);
    } else if (may_resize(u, r)) {
        resize(u, s, n);
    } else {
        const enum thm_mem_err e = u->h->ops->free(u->h, s->p);
        assert_true(!u->sane || e == THM_MEM_OK);
        s->p = 0;
    }
}

static uint32_t live_blocks(const struct user *u)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < SLOTS; i++)
        n += u->slots[i].p != 0;
    return n;
}

static void use_randomly(struct thm_heap *h)
{
    struct user u = { .h = h, .seed = h->size ^ h->base, .sane = true };
    struct thm_heap_stats s;
    uint32_t least = UINT32_MAX, where = 0;
    for (int k = 0; k < 800; k++) {
        step(&u, h->size);
        if (h->ops->check(h, &where))
            fail_msg("%s of %u at %x: %x damaged after %d steps", h->ops->name, h->size, h->base, where, k);
        h->ops->stats(h, &s);
        assert_int_equal(s.blocks_alloc, live_blocks(&u));
        assert_int_equal(s.free, h->ops->free_bytes(h));
        least = s.free < least ? s.free : least;
        assert_true(s.min_free <= least);
    }
    assert_int_equal(h->corrupt_at, 0);
}

static void random_use__keeps_payloads_structure_and_figures(void **state)
{
    (void)state;
    on_every_heap(use_randomly);
}

/* Random bytes anywhere in the heap, then more use: whatever happens stays inside the region and ends. */
static void damage_randomly(struct thm_heap *h)
{
    struct user u = { .h = h, .seed = h->size + h->base };
    struct thm_heap_stats s;
    uint32_t where;
    for (int k = 0; k < 400; k++) {
        step(&u, 3000);
        const uint32_t at = k % 4 ? u.slots[draw(&u) % SLOTS].p - h->base - 12 + draw(&u) % 24 : draw(&u);
        if (k > 60 && k % 8 == 0)
            h->mem[at % h->size] = (uint8_t)draw(&u);
    }
    h->ops->stats(h, &s);
    h->ops->check(h, &where);
}

static void random_damage__never_leaves_the_region(void **state)
{
    (void)state;
    on_every_heap(damage_randomly);
}

/* ---- figures ---- */

/* The largest malloc that would succeed is exactly that: none of the next page's sizes does, nor any huge one. */
static void check_largest(const struct thm_heap *h)
{
    struct thm_heap_stats s;
    h->ops->stats(h, &s);
    if (s.largest)
        assert_int_not_equal(would_get(h, s.largest), 0);
    for (uint32_t more = 1; more < 5000; more += more < 40 ? 1 : 37)
        if (would_get(h, s.largest + more))
            fail_msg("%s of %u at %x: largest is %u, but %u succeeds", h->ops->name, h->size, h->base, s.largest,
                     s.largest + more);
    assert_int_equal(would_get(h, 0x7FFFFFF0), 0);
}

static void try_largest(struct thm_heap *h)
{
    struct user u = { .h = h, .seed = h->base, .sane = true };
    for (int k = 0; k < 120; k++) {
        if (k % 8 == 0)
            check_largest(h);
        step(&u, h->size);
    }
}

static void largest__succeeds_and_nothing_above_it_does(void **state)
{
    (void)state;
    on_every_heap(try_largest);
}

static void ask_for_the_impossible(struct thm_heap *h)
{
    static const uint32_t hopeless[] = { 1u << 20,   0x7FFFEFF0, 0x7FFFFFE0, 0x7FFFFFF4, 0x7FFFFFFF, 0x80000000,
                                         0xFFFFFFEF, 0xFFFFFFF3, 0xFFFFFFF7, 0xFFFFFFF8, 0xFFFFFFFC, 0xFFFFFFFF };
    const uint32_t p = h->ops->malloc(h, 100);
    for (size_t i = 0; i < sizeof hopeless / sizeof hopeless[0]; i++) {
        assert_int_equal(h->ops->malloc(h, hopeless[i]), 0);
        if (h->ops->realloc && p)
            assert_int_equal(h->ops->realloc(h, p, hopeless[i]), 0);
        if (h->ops->memalign)
            assert_int_equal(h->ops->memalign(h, 0x80000000, hopeless[i]), 0);
    }
    if (p && h->ops->usable(h, p) < 100)
        fail_msg("%s of %u at %x: %u bytes usable at %x", h->ops->name, h->size, h->base, h->ops->usable(h, p), p);
    assert_int_equal(h->ops->check(h, NULL), THM_MEM_OK);
}

static void sizes_near_2_31_and_2_32__fail_and_change_nothing(void **state)
{
    (void)state;
    on_every_heap(ask_for_the_impossible);
}

static void free_strangers(struct thm_heap *h)
{
    assert_int_equal(h->ops->free(h, 0), THM_MEM_OK);
    assert_int_not_equal(h->ops->free(h, h->base + h->size + 64), THM_MEM_OK);
    assert_int_not_equal(h->ops->free(h, h->base - 64), THM_MEM_OK);
    const uint32_t p = h->ops->malloc(h, 10);
    assert_int_not_equal(h->ops->free(h, p + 1), THM_MEM_OK);
    assert_int_equal(h->ops->usable(h, h->base + h->size + 64), 0);
}

static void free__of_what_was_never_a_block_is_refused(void **state)
{
    (void)state;
    on_every_heap(free_strangers);
}

/* A payload written too far: by the one word that is the next block's header. */
static void overrun_a_block(struct thm_heap *h)
{
    uint32_t where = 0;
    const uint32_t p = h->ops->malloc(h, 100), q = h->ops->malloc(h, 100);
    if (!q)
        return;
    const uint32_t from = p - h->base + 100, to = q - h->base;
    memset(h->mem + from, 'A', to - from);
    assert_int_equal(h->ops->check(h, &where), THM_MEM_ECORRUPT);
    assert_true(where >= p && where < q + 100);
}

static void check__finds_an_overrun(void **state)
{
    (void)state;
    on_every_heap(overrun_a_block);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(random_use__keeps_payloads_structure_and_figures), T(random_damage__never_leaves_the_region),
        T(largest__succeeds_and_nothing_above_it_does),      T(sizes_near_2_31_and_2_32__fail_and_change_nothing),
        T(free__of_what_was_never_a_block_is_refused),       T(check__finds_an_overrun),
    };
    return cmocka_run_group_tests_name("allocators", tests, NULL, NULL);
}
