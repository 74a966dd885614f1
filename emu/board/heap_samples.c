#include "emu/board/heap.h"

/* Full: every two become one, and from now on one stands for twice as many calls. */
static void halve(struct thm_heap_samples *s)
{
    for (uint32_t i = 0; i < THM_HEAP_SAMPLES / 2; i++)
        s->at[i] = s->at[2 * i].free <= s->at[2 * i + 1].free ? s->at[2 * i] : s->at[2 * i + 1];
    s->count = THM_HEAP_SAMPLES / 2;
    s->stride *= 2;
}

void thm_heap_sample(struct thm_heap_samples *s, uint64_t t_ns, uint32_t free_bytes)
{
    if (s->stride == 0)
        s->stride = 1;
    const bool begins = s->in_last == 0 || s->in_last == s->stride;
    if (begins && s->count == THM_HEAP_SAMPLES)
        halve(s);
    if (begins) {
        s->count++;
        s->in_last = 0;
    }
    if (begins || free_bytes < s->at[s->count - 1].free) {
        s->at[s->count - 1].t_ns = t_ns;
        s->at[s->count - 1].free = free_bytes;
    }
    s->in_last++;
}
