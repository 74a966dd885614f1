#include "memmodels/tlsf.h"

/* Where an operation cannot go on as the device would. Gives false and 0 alike. */
static uint32_t corrupt(struct thm_heap *h, uint32_t at)
{
    if (h->corrupt_at == 0)
        h->corrupt_at = at;
    return 0;
}

static void set_bits(struct thm_heap *h, uint32_t at, uint32_t bits)
{
    tlsf_store(h, at, tlsf_load(h, at) | bits);
}

static void clear_bits(struct thm_heap *h, uint32_t at, uint32_t bits)
{
    tlsf_store(h, at, tlsf_load(h, at) & ~bits);
}

/* Take `b` out of the list of its size. */
static bool list_remove(struct thm_heap *h, uint32_t b, uint32_t size)
{
    const struct tlsf_list l = tlsf_list_of(h, size);
    const uint32_t head_at = tlsf_head_at(h, l), null_block = h->state[TLSF_CONTROL];
    const uint32_t next = tlsf_load(h, b + BLOCK_NEXT_FREE), prev = tlsf_load(h, b + BLOCK_PREV_FREE);
    if (!tlsf_is_node(h, next) || !tlsf_is_node(h, prev))
        return corrupt(h, b + BLOCK_NEXT_FREE);
    tlsf_store(h, next + BLOCK_PREV_FREE, prev);
    tlsf_store(h, prev + BLOCK_NEXT_FREE, next);
    if (tlsf_load(h, head_at) != b)
        return true;
    tlsf_store(h, head_at, next);
    if (next == null_block) {
        const uint32_t sl_at = tlsf_sl_bitmap_at(h, l.fl);
        clear_bits(h, sl_at, 1u << l.sl);
        if (tlsf_load(h, sl_at) == 0)
            clear_bits(h, null_block + CONTROL_FL_BITMAP, 1u << l.fl);
    }
    return true;
}

static bool list_insert(struct thm_heap *h, uint32_t b, uint32_t size)
{
    const struct tlsf_list l = tlsf_list_of(h, size);
    const uint32_t head_at = tlsf_head_at(h, l), head = tlsf_load(h, head_at), null_block = h->state[TLSF_CONTROL];
    if (!tlsf_is_node(h, head))
        return corrupt(h, head_at);
    tlsf_store(h, b + BLOCK_NEXT_FREE, head);
    tlsf_store(h, b + BLOCK_PREV_FREE, null_block);
    tlsf_store(h, head + BLOCK_PREV_FREE, b);
    tlsf_store(h, head_at, b);
    set_bits(h, null_block + CONTROL_FL_BITMAP, 1u << l.fl);
    set_bits(h, tlsf_sl_bitmap_at(h, l.fl), 1u << l.sl);
    return true;
}

/* The payload size for a request; 0: none, or more than the region could ever hold. */
static uint32_t adjust(const struct thm_heap *h, uint32_t n)
{
    if (n == 0 || n > h->state[TLSF_MAX_REQUEST])
        return 0;
    const uint32_t z = (n + 3) & SIZE_MASK;
    return z < BLOCK_MIN ? BLOCK_MIN : z;
}

/* Up to the next size at which a list begins, so that every block of that list is large enough ("good fit"). */
static uint32_t round_to_list(const struct thm_heap *h, uint32_t z)
{
    if (z < tlsf_small_limit(h))
        return z;
    const uint32_t step = 1u << (tlsf_log2(z) - h->state[TLSF_SL_LOG2]);
    return (z + step - 1) & ~(step - 1);
}

/* The first non-empty list at or above l; false: none, or the bitmaps are damaged. */
static bool find_list(struct thm_heap *h, struct tlsf_list *l)
{
    const uint32_t fl_at = h->state[TLSF_CONTROL] + CONTROL_FL_BITMAP;
    if (l->fl >= h->state[TLSF_FL_COUNT])
        return false;
    uint32_t map = tlsf_load(h, tlsf_sl_bitmap_at(h, l->fl)) & ~0u << l->sl;
    if (!map) {
        const uint32_t fl_map = tlsf_load(h, fl_at) & ~0u << (l->fl + 1);
        if (!fl_map)
            return false;
        l->fl = (uint32_t)__builtin_ctz(fl_map);
        if (l->fl >= h->state[TLSF_FL_COUNT])
            return corrupt(h, fl_at);
        map = tlsf_load(h, tlsf_sl_bitmap_at(h, l->fl));
    }
    l->sl = map ? (uint32_t)__builtin_ctz(map) : ~0u;
    if (l->sl >> h->state[TLSF_SL_LOG2])
        return corrupt(h, tlsf_sl_bitmap_at(h, l->fl));
    return true;
}

/* Take a free block of at least z (rounded) bytes out of its list. */
static uint32_t locate(struct thm_heap *h, uint32_t z)
{
    struct tlsf_list l = tlsf_list_of(h, z);
    if (!find_list(h, &l))
        return 0;
    const uint32_t head_at = tlsf_head_at(h, l), b = tlsf_load(h, head_at);
    if (!tlsf_is_block(h, b))
        return corrupt(h, head_at);
    const uint32_t word = tlsf_load(h, b + BLOCK_SIZE);
    if (word < z || !(word & SIZE_FREE))
        return corrupt(h, b + BLOCK_SIZE);
    return list_remove(h, b, word & SIZE_MASK) ? b : 0;
}

/* Make [b, b + overhead + size) a free block that its successor knows; the block before it is in use. */
static bool make_free(struct thm_heap *h, uint32_t b, uint32_t size, uint32_t flags)
{
    const uint32_t next = tlsf_next(b, size);
    tlsf_store(h, b + BLOCK_SIZE, size | SIZE_FREE | flags);
    tlsf_store(h, next + BLOCK_PREV_PHYS, b);
    set_bits(h, next + BLOCK_SIZE, SIZE_PREV_FREE);
    return list_insert(h, b, size);
}

/* Turn b, free but in no list, into a live block of z bytes; give back what is left when that makes a block. */
static uint32_t hand_out(struct thm_heap *h, uint32_t b, uint32_t z)
{
    const uint32_t word = tlsf_load(h, b + BLOCK_SIZE), size = word & SIZE_MASK;
    if (size < z + BLOCK_HEADER) {
        clear_bits(h, tlsf_next(b, size) + BLOCK_SIZE, SIZE_PREV_FREE);
        tlsf_store(h, b + BLOCK_SIZE, word & ~SIZE_FREE);
        return b + BLOCK_PAYLOAD;
    }
    const uint32_t rest = tlsf_next(b, z);
    tlsf_store(h, rest + BLOCK_PREV_PHYS, b);
    tlsf_store(h, b + BLOCK_SIZE, z | (word & SIZE_PREV_FREE));
    return make_free(h, rest, size - z - BLOCK_OVERHEAD, 0) ? b + BLOCK_PAYLOAD : 0;
}

uint32_t thm_tlsf_malloc(struct thm_heap *h, uint32_t n)
{
    uint32_t z = adjust(h, n);
    if (z == 0)
        return 0;
    z = round_to_list(h, z);
    const uint32_t b = locate(h, z);
    return b ? hand_out(h, b, z) : 0;
}

/* Split the front of free block b off as a free block of its own, so that a block begins `gap` bytes further. */
static uint32_t trim_front(struct thm_heap *h, uint32_t b, uint32_t gap)
{
    const uint32_t word = tlsf_load(h, b + BLOCK_SIZE), rest = b + gap;
    tlsf_store(h, rest + BLOCK_SIZE, ((word & SIZE_MASK) - gap) | SIZE_FREE);
    return make_free(h, b, gap - BLOCK_OVERHEAD, word & SIZE_PREV_FREE) ? rest : 0;
}

/* How far the block at payload p must move for payload + offset to be aligned: 0, or enough for a free block in front. */
static uint64_t alignment_gap(uint32_t p, uint32_t align, uint32_t offset)
{
    const uint64_t mask = ~((uint64_t)align - 1), least = BLOCK_HEADER + offset;
    uint64_t gap = (((uint64_t)p + align - 1) & mask) - p;
    if ((gap || offset) && gap < least) {
        const uint64_t step = least - gap > align ? least - gap : align;
        gap = ((p + gap + step + align - 1) & mask) - p;
    }
    return gap ? gap - offset : 0;
}

uint32_t thm_tlsf_memalign(struct thm_heap *h, uint32_t align, uint32_t n, uint32_t offset)
{
    const uint32_t z = adjust(h, n);
    if (align <= 4 || z == 0)
        return thm_tlsf_malloc(h, n);
    const uint64_t with_gap = ((uint64_t)z + align + BLOCK_HEADER + align - 1) & ~((uint64_t)align - 1);
    if (with_gap > h->state[TLSF_MAX_REQUEST])
        return 0;
    uint32_t b = locate(h, round_to_list(h, (uint32_t)with_gap));
    if (b == 0)
        return 0;
    const uint32_t gap = (uint32_t)alignment_gap(b + BLOCK_PAYLOAD, align, offset);
    if (gap && !(b = trim_front(h, b, gap)))
        return 0;
    return hand_out(h, b, z);
}

/* The block of a live payload; 0: the header is damaged. */
static uint32_t live_block(struct thm_heap *h, uint32_t p)
{
    const uint32_t b = p - BLOCK_PAYLOAD;
    if (!tlsf_is_block(h, b) || tlsf_load(h, b + BLOCK_SIZE) & SIZE_FREE)
        return corrupt(h, b + BLOCK_SIZE);
    return b;
}

/* Take the free block behind [b, + overhead + size) out of its list; its size and overhead, or 0 if it is in use. */
static bool absorb_next(struct thm_heap *h, uint32_t b, uint32_t size, uint32_t *gained)
{
    const uint32_t next = tlsf_next(b, size), word = tlsf_load(h, next + BLOCK_SIZE);
    *gained = 0;
    if (!(word & SIZE_FREE))
        return true;
    if (!tlsf_is_block(h, next))
        return corrupt(h, next + BLOCK_SIZE);
    *gained = (word & SIZE_MASK) + BLOCK_OVERHEAD;
    return list_remove(h, next, word & SIZE_MASK);
}

/* The free block before b, out of its list; 0: damaged. */
static uint32_t take_prev(struct thm_heap *h, uint32_t b)
{
    const uint32_t prev = tlsf_load(h, b + BLOCK_PREV_PHYS);
    if (!tlsf_is_block(h, prev) || tlsf_next(prev, tlsf_size(h, prev)) != b ||
        !(tlsf_load(h, prev + BLOCK_SIZE) & SIZE_FREE))
        return corrupt(h, b + BLOCK_PREV_PHYS);
    return list_remove(h, prev, tlsf_size(h, prev)) ? prev : 0;
}

bool thm_tlsf_free(struct thm_heap *h, uint32_t p)
{
    uint32_t b = live_block(h, p), gained;
    if (b == 0)
        return false;
    const uint32_t word = tlsf_load(h, b + BLOCK_SIZE);
    uint32_t size = word & SIZE_MASK, flags = 0;
    if (!absorb_next(h, b, size, &gained))
        return false;
    size += gained;
    if (word & SIZE_PREV_FREE) {
        const uint32_t prev = take_prev(h, b);
        if (prev == 0)
            return false;
        size += b - prev;
        b = prev;
        flags = tlsf_load(h, b + BLOCK_SIZE) & SIZE_PREV_FREE;
    }
    return make_free(h, b, size, flags);
}

static uint32_t move(struct thm_heap *h, uint32_t p, uint32_t n, uint32_t old_size)
{
    const uint32_t to = thm_tlsf_malloc(h, n);
    if (to == 0)
        return 0;
    memcpy(h->mem + (to - h->base), h->mem + (p - h->base), n < old_size ? n : old_size);
    return thm_tlsf_free(h, p) ? to : 0;
}

/* Cut the live block b down to z bytes; the tail joins a free block behind it. */
static bool trim_tail(struct thm_heap *h, uint32_t b, uint32_t z)
{
    const uint32_t word = tlsf_load(h, b + BLOCK_SIZE), size = word & SIZE_MASK;
    uint32_t gained;
    if (size < z + BLOCK_HEADER)
        return true;
    if (!absorb_next(h, b, size, &gained))
        return false;
    tlsf_store(h, b + BLOCK_SIZE, z | (word & ~SIZE_MASK));
    return make_free(h, tlsf_next(b, z), size - z - BLOCK_OVERHEAD + gained, 0);
}

uint32_t thm_tlsf_realloc(struct thm_heap *h, uint32_t p, uint32_t n)
{
    const uint32_t z = adjust(h, n), b = live_block(h, p);
    if (z == 0 || b == 0)
        return 0;
    const uint32_t word = tlsf_load(h, b + BLOCK_SIZE), size = word & SIZE_MASK;
    if (z > size) {
        const uint32_t behind = tlsf_load(h, tlsf_next(b, size) + BLOCK_SIZE);
        uint32_t gained;
        if (!(behind & SIZE_FREE) || z > size + BLOCK_OVERHEAD + (behind & SIZE_MASK))
            return move(h, p, n, size);
        if (!absorb_next(h, b, size, &gained))
            return 0;
        tlsf_store(h, b + BLOCK_SIZE, (size + gained) | (word & ~SIZE_MASK));
        clear_bits(h, tlsf_next(b, size + gained) + BLOCK_SIZE, SIZE_PREV_FREE);
    }
    return trim_tail(h, b, z) ? p : 0;
}

uint32_t thm_tlsf_pool_size(const struct thm_heap *h)
{
    return h->base + h->size - (h->state[TLSF_FIRST] + BLOCK_OVERHEAD);
}

/* Geometry of a region of `bytes`: 8, 16 or 32 second-level lists for each power of two above the small sizes. */
static uint32_t set_geometry(struct thm_heap *h, uint32_t control, uint32_t bytes)
{
    const uint32_t fl_max = tlsf_log2(bytes) + 1, sl_log2 = bytes <= 16384 ? 3 : bytes <= 262144 ? 4 : 5;
    const uint32_t shift = sl_log2 + 2, fl_count = fl_max - shift + 1, sl_count = 1u << sl_log2;
    h->state[TLSF_CONTROL] = control;
    h->state[TLSF_FL_COUNT] = fl_count;
    h->state[TLSF_SL_LOG2] = sl_log2;
    h->state[TLSF_MAX_REQUEST] = (1u << fl_max) - 4;
    h->state[TLSF_LISTS] = control + CONTROL_END + 4 * fl_count;
    h->state[TLSF_GEOMETRY] = fl_count | shift << 5 | fl_max << 8 | sl_count << 14 | sl_log2 << 20 | 1u << (shift + 23);
    return CONTROL_END + 4 * fl_count + 4 * fl_count * sl_count;
}

static void write_control(struct thm_heap *h, uint32_t size)
{
    const uint32_t c = h->state[TLSF_CONTROL];
    memset(h->mem + (c - h->base), 0, size);
    tlsf_store(h, c + BLOCK_NEXT_FREE, c);
    tlsf_store(h, c + BLOCK_PREV_FREE, c);
    tlsf_store(h, c + CONTROL_GEOMETRY, h->state[TLSF_GEOMETRY]);
    tlsf_store(h, c + CONTROL_SIZE, size);
    tlsf_store(h, c + CONTROL_SL_BITMAPS, c + CONTROL_END);
    tlsf_store(h, c + CONTROL_LISTS, h->state[TLSF_LISTS]);
    for (uint32_t at = h->state[TLSF_LISTS]; at < c + size; at += 4)
        tlsf_store(h, at, c);
}

bool thm_tlsf_init(struct thm_heap *h, uint32_t control, uint32_t bytes)
{
    if (bytes < 256 || bytes >= TLSF_BYTES_MAX)
        return false;
    const uint32_t control_size = set_geometry(h, control, bytes);
    if (bytes < control_size + 2 * BLOCK_OVERHEAD + BLOCK_MIN)
        return false;
    const uint32_t pool = bytes - control_size, first = control + control_size - BLOCK_OVERHEAD;
    const uint32_t size = (pool - 2 * BLOCK_OVERHEAD) & SIZE_MASK;
    write_control(h, control_size);
    h->state[TLSF_FIRST] = first;
    h->state[TLSF_LAST] = tlsf_next(first, size);
    tlsf_store(h, h->state[TLSF_LAST] + BLOCK_SIZE, 0);
    return make_free(h, first, size, 0);
}
