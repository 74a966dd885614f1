/* interpreter/planner.c -- the greedy placement of buffers in the head.
 *
 * Buffers with an offset fixed by the model come first, then the others by size, largest first, of equal ones the last
 * added first. Each goes to the first gap, by address, between the buffers already placed that live at the same time.
 * Source: tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc (tflite-micro 90b983c). */
#include "interpreter/context.h"

struct buffer {
    uint32_t info; /* index */
    uint32_t bytes;
    int32_t first, last;
    uint32_t next; /* in the list of placed buffers; NONE ends it */
    uint64_t offset;
};
_Static_assert(sizeof(struct buffer) + sizeof(uint32_t) <= THM_BYTES_PLANNED, "the planner's tables do not fit");

#define NONE UINT32_MAX

struct planner {
    struct allocation_info *info;
    struct buffer *buffers; /* in the order of adding */
    uint32_t *order;
    uint32_t head; /* of the list of placed buffers */
};

/* Is buffer a placed before buffer b? A total order, so that any sort gives the same result. */
static bool placed_before(const struct planner *p, uint32_t a, uint32_t b)
{
    bool fixed_a = p->info[p->buffers[a].info].offline >= 0, fixed_b = p->info[p->buffers[b].info].offline >= 0;
    if (fixed_a != fixed_b)
        return fixed_a;
    if (fixed_a)
        return a < b;
    if (p->buffers[a].bytes != p->buffers[b].bytes)
        return p->buffers[a].bytes > p->buffers[b].bytes;
    return a > b;
}

static void sift_down(struct planner *p, uint32_t root, uint32_t count)
{
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && placed_before(p, p->order[child], p->order[child + 1]))
            child++;
        if (!placed_before(p, p->order[root], p->order[child]))
            return;
        uint32_t t = p->order[root];
        p->order[root] = p->order[child];
        p->order[child] = t;
    }
}

static void sort(struct planner *p, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(p, i, count);
    for (uint32_t i = count; i-- > 1;) {
        uint32_t t = p->order[0];
        p->order[0] = p->order[i];
        p->order[i] = t;
        sift_down(p, 0, i);
    }
}

static bool overlap(const struct buffer *a, const struct buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static uint64_t first_gap(const struct planner *p, const struct buffer *b)
{
    uint64_t at = 0;
    for (uint32_t i = p->head; i != NONE; i = p->buffers[i].next) {
        const struct buffer *placed = &p->buffers[i];
        if (!overlap(placed, b))
            continue;
        if (placed->offset >= at && placed->offset - at >= b->bytes)
            return at;
        if (placed->offset + placed->bytes > at)
            at = placed->offset + placed->bytes;
    }
    return at;
}

static void insert(struct planner *p, uint32_t index)
{
    struct buffer *b = &p->buffers[index];
    uint32_t *link = &p->head;
    while (*link != NONE && p->buffers[*link].offset <= b->offset)
        link = &p->buffers[*link].next;
    b->next = *link;
    *link = index;
}

static void collect(struct planner *p, uint32_t count)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!p->info[i].planned)
            continue;
        p->order[n] = n;
        p->buffers[n++] = (struct buffer){
            i, (uint32_t)thm_round_up16(p->info[i].bytes), p->info[i].first, p->info[i].last, NONE, 0
        };
    }
}

uint64_t thm_plan_greedy(struct allocation_info *info, uint32_t count, uint32_t planned, void *work)
{
    struct planner p = { info, work, (uint32_t *)(void *)((struct buffer *)work + planned), NONE };
    uint64_t end = 0;
    collect(&p, count);
    sort(&p, planned);
    for (uint32_t i = 0; i < planned; i++) {
        struct buffer *b = &p.buffers[p.order[i]];
        int32_t fixed = info[b->info].offline;
        b->offset = fixed >= 0 ? (uint64_t)fixed : first_gap(&p, b);
        insert(&p, p.order[i]);
        info[b->info].offset = (uint32_t)b->offset; /* if it does not fit, the head's length says so */
        if (b->offset + b->bytes > end)
            end = b->offset + b->bytes;
    }
    return end;
}
