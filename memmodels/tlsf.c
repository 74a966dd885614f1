#include "memmodels/tlsf_ops.h"

/* Split the front of free block b off as a free block of its own, so that a block begins `gap` bytes further. */
TLSF_INLINE uint32_t trim_front(struct tlsf *t, uint32_t b, uint32_t gap, uint32_t *word)
{
    const uint32_t flags = *word & SIZE_PREV_FREE, rest = b + gap;
    *word = ((*word & SIZE_MASK) - gap) | SIZE_FREE | SIZE_PREV_FREE;
    tlsf_store(t, rest + BLOCK_SIZE, *word);
    return tlsf_make_free(t, b, gap - BLOCK_OVERHEAD, flags) ? rest : 0;
}

/* How far the block at p must move for p + offset to be aligned: 0, or enough for a free block in front. */
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

uint32_t thm_tlsf_memalign(struct tlsf *t, uint32_t align, uint32_t n, uint32_t offset)
{
    const uint32_t z = tlsf_adjust(t, n);
    if (align <= 4 || z == 0)
        return tlsf_malloc(t, n);
    const uint64_t with_gap = ((uint64_t)z + align + BLOCK_HEADER + align - 1) & ~((uint64_t)align - 1);
    if (with_gap > t->max_request)
        return 0;
    uint32_t word = 0, b = tlsf_locate(t, tlsf_round_to_list(t, (uint32_t)with_gap), &word);
    const uint32_t gap = b ? (uint32_t)alignment_gap(b + BLOCK_PAYLOAD, align, offset) : 0;
    if (gap)
        b = trim_front(t, b, gap, &word);
    return b ? tlsf_hand_out(t, b, word, z) : 0;
}

static uint32_t move(struct tlsf *t, uint32_t p, uint32_t n, uint32_t old_size)
{
    const uint32_t to = tlsf_malloc(t, n);
    if (to == 0)
        return 0;
    memmove((void *)(t->zero + to), (void *)(t->zero + p), n < old_size ? n : old_size);
    return tlsf_free(t, p) ? to : 0;
}

/* Let the live block b of `word` grow over the free one behind it. */
TLSF_INLINE bool grow(struct tlsf *t, uint32_t b, uint32_t *word)
{
    uint32_t gained;
    if (!tlsf_absorb_next(t, b, *word & SIZE_MASK, &gained))
        return false;
    *word += gained;
    tlsf_store(t, b + BLOCK_SIZE, *word);
    tlsf_clear_bits(t, tlsf_next(b, *word & SIZE_MASK) + BLOCK_SIZE, SIZE_PREV_FREE);
    return true;
}

/* Cut the live block b of `word` down to z bytes; the tail joins a free block behind it. */
TLSF_INLINE bool trim_tail(struct tlsf *t, uint32_t b, uint32_t word, uint32_t z)
{
    const uint32_t size = word & SIZE_MASK;
    uint32_t gained;
    if (size < z + BLOCK_HEADER)
        return true;
    if (!tlsf_absorb_next(t, b, size, &gained))
        return false;
    tlsf_store(t, b + BLOCK_SIZE, z | (word & ~SIZE_MASK));
    return tlsf_make_free(t, tlsf_next(b, z), size - z - BLOCK_OVERHEAD + gained, 0);
}

uint32_t thm_tlsf_realloc(struct tlsf *t, uint32_t p, uint32_t n)
{
    const uint32_t z = tlsf_adjust(t, n), b = tlsf_live_block(t, p);
    if (z == 0 || b == 0)
        return 0;
    uint32_t word = tlsf_load(t, b + BLOCK_SIZE);
    const uint32_t size = word & SIZE_MASK, behind = tlsf_load(t, tlsf_next(b, size) + BLOCK_SIZE);
    if (z > size && (!(behind & SIZE_FREE) || z > size + BLOCK_OVERHEAD + (behind & SIZE_MASK)))
        return move(t, p, n, size);
    return (z <= size || grow(t, b, &word)) && trim_tail(t, b, word, z) ? p : 0;
}

uint32_t thm_tlsf_pool_size(const struct thm_heap *h)
{
    return h->base + h->size - (h->state[TLSF_FIRST] + BLOCK_OVERHEAD);
}

/* How many lists: 8, 16 or 32 for each power of two from the small sizes up to fl_max bits. */
struct geometry {
    uint32_t fl_max, sl_log2;
};

static struct geometry geometry_of(enum tlsf_revision revision, uint32_t bytes)
{
    if (revision == TLSF_FIXED) /* for 256 KiB, or for the chip's external memory if that is what this is */
        return (struct geometry){ bytes <= 1u << 18 ? 18 : tlsf_log2(bytes - 1) + 1, 5 };
    return (struct geometry){ tlsf_log2(bytes) + 1, bytes <= 16384 ? 3 : bytes <= 262144 ? 4 : 5 };
}

/* Lay out the control structure; its size. */
static uint32_t set_layout(uint32_t state[], enum tlsf_revision revision, uint32_t control, struct geometry g)
{
    const bool fixed = revision == TLSF_FIXED;
    const uint32_t shift = g.sl_log2 + 2, fl_count = g.fl_max - shift + 1, sl_count = 1u << g.sl_log2;
    state[TLSF_CONTROL] = control;
    state[TLSF_FL_COUNT] = fl_count;
    state[TLSF_SL_LOG2] = g.sl_log2;
    state[TLSF_MAX_REQUEST] = (1u << g.fl_max) - 4;
    state[TLSF_FL_BITMAP] = control + (fixed ? FIXED_FL_BITMAP : CONTROL_FL_BITMAP);
    state[TLSF_SL_BITMAPS] = control + (fixed ? FIXED_END : CONTROL_END);
    state[TLSF_LISTS] = state[TLSF_SL_BITMAPS] + 4 * fl_count;
    state[TLSF_IS_EXACT] = revision != TLSF_GOOD;
    state[TLSF_GEOMETRY] =
        fl_count | shift << 5 | g.fl_max << 8 | sl_count << 14 | g.sl_log2 << 20 | 1u << (shift + 23);
    return state[TLSF_LISTS] + 4 * fl_count * sl_count - control;
}

static void write_control(const struct tlsf *t, bool fixed, uint32_t size, uint32_t geometry)
{
    const uint32_t c = t->control;
    for (uint32_t at = c; at < t->lists; at += 4)
        tlsf_store(t, at, 0);
    for (uint32_t at = t->lists; at < c + size; at += 4)
        tlsf_store(t, at, c);
    tlsf_store(t, c + BLOCK_NEXT_FREE, c);
    tlsf_store(t, c + BLOCK_PREV_FREE, c);
    if (fixed)
        return;
    tlsf_store(t, c + CONTROL_GEOMETRY, geometry);
    tlsf_store(t, c + CONTROL_SIZE, size);
    tlsf_store(t, c + CONTROL_SL_BITMAPS, c + CONTROL_END);
    tlsf_store(t, c + CONTROL_LISTS, t->lists);
}

bool thm_tlsf_init(struct thm_heap *h, enum tlsf_revision revision, uint32_t control, uint32_t bytes)
{
    if (bytes < 64 || bytes > (revision == TLSF_FIXED ? TLSF_FIXED_BYTES_MAX : TLSF_BYTES_MAX))
        return false;
    const uint32_t control_size = set_layout(h->state, revision, control, geometry_of(revision, bytes));
    if (bytes < control_size + 2 * BLOCK_OVERHEAD + BLOCK_MIN)
        return false;
    const uint32_t size = (bytes - control_size - 2 * BLOCK_OVERHEAD) & SIZE_MASK;
    h->state[TLSF_FIRST] = control + control_size - BLOCK_OVERHEAD;
    h->state[TLSF_LAST] = tlsf_next(h->state[TLSF_FIRST], size);
    struct tlsf t = tlsf_view(h);
    write_control(&t, revision == TLSF_FIXED, control_size, h->state[TLSF_GEOMETRY]);
    tlsf_store(&t, t.last + BLOCK_SIZE, 0);
    return tlsf_make_free(&t, t.first, size, 0);
}
