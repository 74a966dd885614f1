#include "interpreter/arena.h"

void thm_arena_init(struct thm_arena *a, void *base, uint32_t size)
{
    uint32_t skew = (uint32_t)((uintptr_t)base % 16), start = (16 - skew) % 16;
    if (start > size)
        start = size;
    *a = (struct thm_arena){
        .base = base, .border = UINT32_MAX, .size = size, .skew = skew, .start = start, .temp = start, .tail = size
    };
}

void thm_arena_init_split(struct thm_arena *a, void *base, uint32_t size, void *persistent, uint32_t persistent_size)
{
    uint32_t far_skew = (uint32_t)((uintptr_t)persistent % 16), lost = (far_skew + persistent_size) % 16;
    if (size > UINT32_MAX / 2)
        size = UINT32_MAX / 2;
    if (persistent_size > UINT32_MAX / 2 - 32)
        persistent_size = UINT32_MAX / 2 - 32, lost = (far_skew + persistent_size) % 16;
    thm_arena_init(a, base, size);
    a->persistent = persistent;
    a->ceiling = size;
    a->border =
        size + (far_skew - a->skew - size) % 16; /* offsets and addresses have the same alignment on both sides */
    a->size = a->tail = a->border + (persistent_size > lost ? persistent_size - lost : 0);
}

uint32_t thm_arena_end(const struct thm_arena *a)
{
    return a->persistent ? a->ceiling : a->tail;
}

static uint32_t tail_floor(const struct thm_arena *a)
{
    return a->persistent ? a->border : a->temp;
}

uint32_t thm_arena_beside(const struct thm_arena *a)
{
    return a->persistent ? 0 : thm_arena_tail_bytes(a);
}

static void note_peak(struct thm_arena *a)
{
    uint32_t used = a->temp - a->start + thm_arena_beside(a);
    if (used > a->peak)
        a->peak = used;
}

bool thm_arena_tail(struct thm_arena *a, uint64_t bytes, uint32_t align, uint32_t *offset)
{
    if (bytes > a->tail)
        return false;
    uint64_t address = (a->skew + (uint64_t)a->tail - bytes) & ~(uint64_t)(align - 1);
    if (address < (uint64_t)a->skew + tail_floor(a))
        return false;
    *offset = a->tail = (uint32_t)(address - a->skew);
    note_peak(a);
    return true;
}

bool thm_arena_temp(struct thm_arena *a, uint64_t bytes, uint32_t align, uint32_t *offset)
{
    uint64_t at = ((a->skew + (uint64_t)a->temp + align - 1) & ~(uint64_t)(align - 1)) - a->skew;
    if (at + bytes > thm_arena_end(a))
        return false;
    *offset = (uint32_t)at;
    a->temp = (uint32_t)(at + bytes);
    note_peak(a);
    return true;
}

bool thm_arena_reset_temp(struct thm_arena *a, uint64_t bytes)
{
    uint32_t table;
    a->temp = a->start + a->head;
    return thm_arena_temp(a, bytes, 1, &table);
}

bool thm_arena_set_head(struct thm_arena *a, uint64_t bytes)
{
    if (a->start + bytes > thm_arena_end(a))
        return false;
    a->head = (uint32_t)bytes;
    a->temp = a->start + a->head;
    note_peak(a);
    return true;
}

uint32_t thm_arena_gap(const struct thm_arena *a)
{
    return thm_arena_end(a) - a->temp;
}

uint32_t thm_arena_tail_gap(const struct thm_arena *a)
{
    return a->tail - tail_floor(a);
}

uint32_t thm_arena_tail_bytes(const struct thm_arena *a)
{
    return a->size - a->tail;
}
