#include "emu/board/static_data.h"
#include <stdio.h>
#include <string.h>

static struct thm_profile_heap *heap_behind(struct thm_profile *p)
{
    struct thm_profile_heap *found = NULL;
    for (unsigned i = 0; i < p->heaps_count && p->linker.heap; i++)
        found = strcmp(p->heaps[i].name, p->linker.heap) == 0 ? &p->heaps[i] : found;
    return found;
}

static int refuse(char **error, int status, char *text, int length)
{
    *error = length < 0 ? NULL : text;
    return length < 0 ? 20 : status;
}

int thm_profile_link_static(struct thm_profile *p, uint32_t bytes, uint32_t *address, char **error)
{
    struct thm_profile_heap *h = heap_behind(p);
    char *text = NULL;
    *error = NULL;
    if (!h)
        return refuse(error, 2, text,
                      asprintf(&text, "%s: the profile does not say where static data ends (linker)", p->name));
    const uint64_t at = ((uint64_t)h->base + 15) / 16 * 16, end = at + bytes;
    if (end > p->linker.end)
        return refuse(
            error, 10, text,
            asprintf(&text,
                     "%s: link: region '%s' overflowed by %llu bytes: %u of static data, %u are left; the heap "
                     "(malloc) or a smaller arena helps",
                     p->name, p->linker.segment, (unsigned long long)(end - p->linker.end), bytes,
                     at < p->linker.end ? (uint32_t)(p->linker.end - at) : 0));
    h->size -= (uint32_t)end - h->base;
    h->base = (uint32_t)end;
    *address = (uint32_t)at;
    return 0;
}
