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

/* ---- another bank ---- */

static const struct thm_profile_memory *spare_bank(const struct thm_profile *p, const char *name)
{
    const struct thm_profile_memory *found = NULL;
    for (unsigned i = 0; i < p->memory_count; i++)
        if (p->memory[i].spare && strcmp(p->memory[i].name, name) == 0)
            found = &p->memory[i];
    return found;
}

struct range {
    uint64_t at, bytes;
};

/* The later of `end` and the end of `other`, if that overlaps what is wanted. */
static uint64_t end_of(struct range wanted, uint64_t other, uint64_t bytes, uint64_t end)
{
    const bool overlaps = other < wanted.at + wanted.bytes && wanted.at < other + bytes;
    return overlaps && other + bytes > end ? other + bytes : end;
}

/* Where the last of what others have there ends; 0: they have nothing. */
static uint64_t taken_up_to(const struct thm_profile *p, struct range wanted)
{
    const uint32_t stack = p->task.stack_top ? p->task.stack : 0;
    uint64_t end = end_of(wanted, (uint64_t)p->task.stack_top - stack, stack, 0);
    for (unsigned i = 0; i < p->statics_count; i++)
        end = end_of(wanted, p->statics[i].base, p->statics[i].size, end);
    for (unsigned i = 0; i < p->heaps_count; i++)
        end = end_of(wanted, p->heaps[i].base, p->heaps[i].size, end);
    return end;
}

int thm_profile_place_static(const struct thm_profile *p, const char *bank, uint32_t bytes, uint32_t *address,
                             char **error)
{
    const struct thm_profile_memory *m = spare_bank(p, bank);
    char *text = NULL;
    *error = NULL;
    if (!m)
        return refuse(error, 2, text,
                      asprintf(&text, "%s has no memory bank '%s' that a program may use", p->name, bank));
    uint64_t at = ((uint64_t)m->base + 15) / 16 * 16;
    for (uint64_t end; (end = taken_up_to(p, (struct range){ at, bytes })) != 0;)
        at = (end + 15) / 16 * 16;
    if (at + bytes > (uint64_t)m->base + m->size)
        return refuse(error, 10, text,
                      asprintf(&text, "%s: link: %u bytes of static data do not fit into bank '%s' of %u", p->name,
                               bytes, bank, m->size));
    *address = (uint32_t)at;
    return 0;
}
