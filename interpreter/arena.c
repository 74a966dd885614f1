#include "interpreter/arena.h"

void thm_arena_init(struct thm_arena *a, void *base, uint32_t size)
{
    uint32_t skew = (uint32_t)((uintptr_t)base % 16), start = (16 - skew) % 16;
    if (start > size)
        start = size;
    *a = (struct thm_arena){ .base = base, .size = size, .skew = skew, .start = start, .temp = start, .tail = size };
}

static void note_peak(struct thm_arena *a)
{
    uint32_t used = a->temp - a->start + thm_arena_tail_bytes(a);
    if (used > a->peak)
        a->peak = used;
}

bool thm_arena_tail(struct thm_arena *a, uint64_t bytes, uint32_t align, uint32_t *offset)
{
    if (bytes > a->tail)
        return false;
    uint64_t address = (a->skew + (uint64_t)a->tail - bytes) & ~(uint64_t)(align - 1);
    if (address < (uint64_t)a->skew + a->temp)
        return false;
    *offset = a->tail = (uint32_t)(address - a->skew);
    note_peak(a);
    return true;
}

bool thm_arena_temp(struct thm_arena *a, uint64_t bytes, uint32_t align, uint32_t *offset)
{
    uint64_t at = ((a->skew + (uint64_t)a->temp + align - 1) & ~(uint64_t)(align - 1)) - a->skew;
    if (at + bytes > a->tail)
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
    if (a->start + bytes > a->tail)
        return false;
    a->head = (uint32_t)bytes;
    a->temp = a->start + a->head;
    note_peak(a);
    return true;
}

uint32_t thm_arena_gap(const struct thm_arena *a)
{
    return a->tail - a->temp;
}

uint32_t thm_arena_tail_bytes(const struct thm_arena *a)
{
    return a->size - a->tail;
}
