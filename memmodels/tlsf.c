#include "memmodels/tlsf.h"

/* Where an operation cannot go on as the device would. Gives false and 0 alike. */
TLSF_INLINE uint32_t corrupt(struct tlsf *t, uint32_t at)
{
    t->corrupt_at = at;
    return 0;
}

TLSF_INLINE void set_bits(struct tlsf *t, uint32_t at, uint32_t bits)
{
    tlsf_store(t, at, tlsf_load(t, at) | bits);
}

TLSF_INLINE void clear_bits(struct tlsf *t, uint32_t at, uint32_t bits)
{
    tlsf_store(t, at, tlsf_load(t, at) & ~bits);
}

/* Take `b` out of its list. */
TLSF_INLINE bool list_remove(struct tlsf *t, uint32_t b, struct tlsf_list l)
{
    const uint32_t head_at = tlsf_head_at(t, l), sl_at = tlsf_sl_bitmap_at(t, l.fl);
    const uint32_t next = tlsf_load(t, b + BLOCK_NEXT_FREE), prev = tlsf_load(t, b + BLOCK_PREV_FREE);
    if (!tlsf_is_node(t, next) || !tlsf_is_node(t, prev))
        return corrupt(t, b + BLOCK_NEXT_FREE);
    tlsf_store(t, next + BLOCK_PREV_FREE, prev);
    tlsf_store(t, prev + BLOCK_NEXT_FREE, next);
    if (tlsf_load(t, head_at) != b)
        return true;
    tlsf_store(t, head_at, next);
    if (next != t->control)
        return true;
    const uint32_t sl_map = tlsf_load(t, sl_at) & ~(1u << l.sl);
    tlsf_store(t, sl_at, sl_map);
    if (sl_map == 0)
        clear_bits(t, t->control + CONTROL_FL_BITMAP, 1u << l.fl);
    return true;
}

TLSF_INLINE bool list_insert(struct tlsf *t, uint32_t b, uint32_t size)
{
    const struct tlsf_list l = tlsf_list_of(t, size);
    const uint32_t head_at = tlsf_head_at(t, l), head = tlsf_load(t, head_at), null_block = t->control;
    if (!tlsf_is_node(t, head))
        return corrupt(t, head_at);
    tlsf_store(t, b + BLOCK_NEXT_FREE, head);
    tlsf_store(t, b + BLOCK_PREV_FREE, null_block);
    tlsf_store(t, head + BLOCK_PREV_FREE, b);
    tlsf_store(t, head_at, b);
    set_bits(t, null_block + CONTROL_FL_BITMAP, 1u << l.fl);
    set_bits(t, tlsf_sl_bitmap_at(t, l.fl), 1u << l.sl);
    return true;
}

/* The payload size for a request; 0: none, or more than the region could ever hold. */
TLSF_INLINE uint32_t adjust(const struct tlsf *t, uint32_t n)
{
    if (n == 0 || n > t->max_request)
        return 0;
    const uint32_t z = (n + 3) & SIZE_MASK;
    return z < BLOCK_MIN ? BLOCK_MIN : z;
}

/* Up to the next size at which a list begins, so that every block of that list is large enough ("good fit"). */
TLSF_INLINE uint32_t round_to_list(const struct tlsf *t, uint32_t z)
{
    const uint32_t step = 1u << tlsf_step_log2(t, z);
    return (z + step - 1) & ~(step - 1);
}

/* The first non-empty list at or above l; false: none, or the bitmaps are damaged. */
TLSF_INLINE bool find_list(struct tlsf *t, struct tlsf_list *l)
{
    const uint32_t fl_at = t->control + CONTROL_FL_BITMAP;
    if (l->fl >= t->fl_count)
        return false;
    uint32_t map = tlsf_load(t, tlsf_sl_bitmap_at(t, l->fl)) & ~0u << l->sl;
    if (!map) {
        const uint32_t fl_map = tlsf_load(t, fl_at) & ~0u << (l->fl + 1);
        if (!fl_map)
            return false;
        l->fl = (uint32_t)__builtin_ctz(fl_map);
        if (l->fl >= t->fl_count)
            return corrupt(t, fl_at);
        map = tlsf_load(t, tlsf_sl_bitmap_at(t, l->fl));
    }
    l->sl = map ? (uint32_t)__builtin_ctz(map) : ~0u;
    return l->sl >> t->sl_log2 == 0 ? true : corrupt(t, tlsf_sl_bitmap_at(t, l->fl));
}

/* Take a free block of at least z (rounded) bytes out of its list. *word: its size word. Callers go on with that one: damaged links may
 * have made list_remove write over the block's own header. */
TLSF_INLINE uint32_t locate(struct tlsf *t, uint32_t z, uint32_t *word)
{
    struct tlsf_list l = tlsf_list_of(t, z);
    if (!find_list(t, &l))
        return 0;
    const uint32_t head_at = tlsf_head_at(t, l), b = tlsf_load(t, head_at);
    if (!tlsf_is_block(t, b))
        return corrupt(t, head_at);
    *word = tlsf_load(t, b + BLOCK_SIZE);
    if (*word < z || !(*word & SIZE_FREE))
        return corrupt(t, b + BLOCK_SIZE);
    return list_remove(t, b, l) ? b : 0;
}

/* Make [b, b + overhead + size) a free block that its successor knows; the block before it is in use. */
TLSF_INLINE bool make_free(struct tlsf *t, uint32_t b, uint32_t size, uint32_t flags)
{
    const uint32_t next = tlsf_next(b, size);
    tlsf_store(t, b + BLOCK_SIZE, size | SIZE_FREE | flags);
    tlsf_store(t, next + BLOCK_PREV_PHYS, b);
    set_bits(t, next + BLOCK_SIZE, SIZE_PREV_FREE);
    return list_insert(t, b, size);
}

/* Turn b, free but in no list, into a live block of z bytes; give back what is left when that makes a block. */
TLSF_INLINE uint32_t hand_out(struct tlsf *t, uint32_t b, uint32_t word, uint32_t z)
{
    const uint32_t size = word & SIZE_MASK;
    if (size < z + BLOCK_HEADER) {
        clear_bits(t, tlsf_next(b, size) + BLOCK_SIZE, SIZE_PREV_FREE);
        tlsf_store(t, b + BLOCK_SIZE, word & ~SIZE_FREE);
        return b + BLOCK_PAYLOAD;
    }
    const uint32_t rest = tlsf_next(b, z);
    tlsf_store(t, rest + BLOCK_PREV_PHYS, b);
    tlsf_store(t, b + BLOCK_SIZE, z | (word & SIZE_PREV_FREE));
    return make_free(t, rest, size - z - BLOCK_OVERHEAD, 0) ? b + BLOCK_PAYLOAD : 0;
}

/* End of an operation: what it met is the heap's news. */
TLSF_INLINE uint32_t done(struct thm_heap *h, const struct tlsf *t, uint32_t result)
{
    if (t->corrupt_at && h->corrupt_at == 0)
        h->corrupt_at = t->corrupt_at;
    return t->corrupt_at ? 0 : result;
}

uint32_t thm_tlsf_malloc(struct thm_heap *h, uint32_t n)
{
    struct tlsf t = tlsf_view(h);
    uint32_t z = adjust(&t, n), word = 0;
    if (z == 0)
        return 0;
    z = round_to_list(&t, z);
    const uint32_t b = locate(&t, z, &word);
    return done(h, &t, b ? hand_out(&t, b, word, z) : 0);
}

/* Split the front of free block b off as a free block of its own, so that a block begins `gap` bytes further. */
TLSF_INLINE uint32_t trim_front(struct tlsf *t, uint32_t b, uint32_t gap, uint32_t *word)
{
    const uint32_t flags = *word & SIZE_PREV_FREE, rest = b + gap;
    *word = ((*word & SIZE_MASK) - gap) | SIZE_FREE | SIZE_PREV_FREE;
    tlsf_store(t, rest + BLOCK_SIZE, *word);
    return make_free(t, b, gap - BLOCK_OVERHEAD, flags) ? rest : 0;
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
    struct tlsf t = tlsf_view(h);
    const uint32_t z = adjust(&t, n);
    if (align <= 4 || z == 0)
        return thm_tlsf_malloc(h, n);
    const uint64_t with_gap = ((uint64_t)z + align + BLOCK_HEADER + align - 1) & ~((uint64_t)align - 1);
    if (with_gap > t.max_request)
        return 0;
    uint32_t word = 0, b = locate(&t, round_to_list(&t, (uint32_t)with_gap), &word);
    const uint32_t gap = b ? (uint32_t)alignment_gap(b + BLOCK_PAYLOAD, align, offset) : 0;
    if (gap)
        b = trim_front(&t, b, gap, &word);
    return done(h, &t, b ? hand_out(&t, b, word, z) : 0);
}

/* The block of a live payload; 0: the header is damaged. */
TLSF_INLINE uint32_t live_block(struct tlsf *t, uint32_t p)
{
    const uint32_t b = p - BLOCK_PAYLOAD;
    if (!tlsf_is_block(t, b) || tlsf_load(t, b + BLOCK_SIZE) & SIZE_FREE)
        return corrupt(t, b + BLOCK_SIZE);
    return b;
}

/* Take the free block behind [b, + overhead + size) out of its list; its size and overhead, or 0 if it is in use. */
TLSF_INLINE bool absorb_next(struct tlsf *t, uint32_t b, uint32_t size, uint32_t *gained)
{
    const uint32_t next = tlsf_next(b, size), word = tlsf_load(t, next + BLOCK_SIZE);
    *gained = 0;
    if (!(word & SIZE_FREE))
        return true;
    if (!tlsf_is_block(t, next))
        return corrupt(t, next + BLOCK_SIZE);
    *gained = (word & SIZE_MASK) + BLOCK_OVERHEAD;
    return list_remove(t, next, tlsf_list_of(t, word & SIZE_MASK));
}

/* The free block before b, out of its list; 0: damaged. */
TLSF_INLINE uint32_t take_prev(struct tlsf *t, uint32_t b)
{
    const uint32_t prev = tlsf_load(t, b + BLOCK_PREV_PHYS);
    if (!tlsf_is_block(t, prev) || tlsf_next(prev, tlsf_size(t, prev)) != b ||
        !(tlsf_load(t, prev + BLOCK_SIZE) & SIZE_FREE))
        return corrupt(t, b + BLOCK_PREV_PHYS);
    return list_remove(t, prev, tlsf_list_of(t, tlsf_size(t, prev))) ? prev : 0;
}

TLSF_INLINE bool give_back(struct tlsf *t, uint32_t b)
{
    const uint32_t word = tlsf_load(t, b + BLOCK_SIZE);
    uint32_t size = word & SIZE_MASK, flags = 0, gained;
    if (!absorb_next(t, b, size, &gained))
        return false;
    size += gained;
    if (word & SIZE_PREV_FREE) {
        const uint32_t prev = take_prev(t, b);
        if (prev == 0)
            return false;
        size += b - prev;
        b = prev;
        flags = tlsf_load(t, b + BLOCK_SIZE) & SIZE_PREV_FREE;
    }
    return make_free(t, b, size, flags);
}

bool thm_tlsf_free(struct thm_heap *h, uint32_t p)
{
    struct tlsf t = tlsf_view(h);
    const uint32_t b = live_block(&t, p);
    return done(h, &t, b ? give_back(&t, b) : 0);
}

static uint32_t move(struct thm_heap *h, uint32_t p, uint32_t n, uint32_t old_size)
{
    const uint32_t to = thm_tlsf_malloc(h, n);
    if (to == 0)
        return 0;
    memmove(h->mem + (to - h->base), h->mem + (p - h->base), n < old_size ? n : old_size);
    return thm_tlsf_free(h, p) ? to : 0;
}

/* Let the live block b of `word` grow over the free one behind it. */
TLSF_INLINE bool grow(struct tlsf *t, uint32_t b, uint32_t *word)
{
    uint32_t gained;
    if (!absorb_next(t, b, *word & SIZE_MASK, &gained))
        return false;
    *word += gained;
    tlsf_store(t, b + BLOCK_SIZE, *word);
    clear_bits(t, tlsf_next(b, *word & SIZE_MASK) + BLOCK_SIZE, SIZE_PREV_FREE);
    return true;
}

/* Cut the live block b of `word` down to z bytes; the tail joins a free block behind it. */
TLSF_INLINE bool trim_tail(struct tlsf *t, uint32_t b, uint32_t word, uint32_t z)
{
    const uint32_t size = word & SIZE_MASK;
    uint32_t gained;
    if (size < z + BLOCK_HEADER)
        return true;
    if (!absorb_next(t, b, size, &gained))
        return false;
    tlsf_store(t, b + BLOCK_SIZE, z | (word & ~SIZE_MASK));
    return make_free(t, tlsf_next(b, z), size - z - BLOCK_OVERHEAD + gained, 0);
}

uint32_t thm_tlsf_realloc(struct thm_heap *h, uint32_t p, uint32_t n)
{
    struct tlsf t = tlsf_view(h);
    const uint32_t z = adjust(&t, n), b = live_block(&t, p);
    if (z == 0 || b == 0)
        return done(h, &t, 0);
    uint32_t word = tlsf_load(&t, b + BLOCK_SIZE);
    const uint32_t size = word & SIZE_MASK, behind = tlsf_load(&t, tlsf_next(b, size) + BLOCK_SIZE);
    if (z > size && (!(behind & SIZE_FREE) || z > size + BLOCK_OVERHEAD + (behind & SIZE_MASK)))
        return move(h, p, n, size);
    return done(h, &t, (z <= size || grow(&t, b, &word)) && trim_tail(&t, b, word, z) ? p : 0);
}

uint32_t thm_tlsf_pool_size(const struct thm_heap *h)
{
    return h->base + h->size - (h->state[TLSF_FIRST] + BLOCK_OVERHEAD);
}

/* Geometry of a region of `bytes`: 8, 16 or 32 second-level lists for each power of two above the small sizes. */
static uint32_t set_geometry(uint32_t state[], uint32_t control, uint32_t bytes)
{
    const uint32_t fl_max = tlsf_log2(bytes) + 1, sl_log2 = bytes <= 16384 ? 3 : bytes <= 262144 ? 4 : 5;
    const uint32_t shift = sl_log2 + 2, fl_count = fl_max - shift + 1, sl_count = 1u << sl_log2;
    state[TLSF_CONTROL] = control;
    state[TLSF_FL_COUNT] = fl_count;
    state[TLSF_SL_LOG2] = sl_log2;
    state[TLSF_MAX_REQUEST] = (1u << fl_max) - 4;
    state[TLSF_LISTS] = control + CONTROL_END + 4 * fl_count;
    state[TLSF_GEOMETRY] = fl_count | shift << 5 | fl_max << 8 | sl_count << 14 | sl_log2 << 20 | 1u << (shift + 23);
    return CONTROL_END + 4 * fl_count + 4 * fl_count * sl_count;
}

static void write_control(const struct tlsf *t, uint32_t size, uint32_t geometry)
{
    const uint32_t c = t->control;
    for (uint32_t at = c; at < t->lists; at += 4)
        tlsf_store(t, at, 0);
    for (uint32_t at = t->lists; at < c + size; at += 4)
        tlsf_store(t, at, c);
    tlsf_store(t, c + BLOCK_NEXT_FREE, c);
    tlsf_store(t, c + BLOCK_PREV_FREE, c);
    tlsf_store(t, c + CONTROL_GEOMETRY, geometry);
    tlsf_store(t, c + CONTROL_SIZE, size);
    tlsf_store(t, c + CONTROL_SL_BITMAPS, c + CONTROL_END);
    tlsf_store(t, c + CONTROL_LISTS, t->lists);
}

bool thm_tlsf_init(struct thm_heap *h, uint32_t control, uint32_t bytes)
{
    if (bytes < 256 || bytes >= TLSF_BYTES_MAX)
        return false;
    const uint32_t control_size = set_geometry(h->state, control, bytes);
    if (bytes < control_size + 2 * BLOCK_OVERHEAD + BLOCK_MIN)
        return false;
    const uint32_t size = (bytes - control_size - 2 * BLOCK_OVERHEAD) & SIZE_MASK;
    h->state[TLSF_FIRST] = control + control_size - BLOCK_OVERHEAD;
    h->state[TLSF_LAST] = tlsf_next(h->state[TLSF_FIRST], size);
    struct tlsf t = tlsf_view(h);
    write_control(&t, control_size, h->state[TLSF_GEOMETRY]);
    tlsf_store(&t, t.last + BLOCK_SIZE, 0);
    return make_free(&t, t.first, size, 0);
}
