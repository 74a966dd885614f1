/* emu/exec/describe.c -- a profile and the user's options as the preload library wants them. */
#include "emu/exec/exec.h"
#include <string.h>
#include "memmodels/caps.h"

#define HEAP_BASE 0x20000000u /* where --heap puts its region: a Cortex-M's SRAM */

static bool put_text(char *to, size_t size, const char *text)
{
    const size_t len = strlen(text);
    if (len >= size)
        return false;
    memcpy(to, text, len + 1);
    return true;
}

static const char *add_region(struct thm_exec_setup *s, const struct thm_profile_heap *h)
{
    if (s->regions_count == THM_EXEC_REGIONS)
        return "more heap regions than 16";
    struct thm_exec_region *r = &s->region[s->regions_count++];
    r->base = h->base;
    r->size = h->size;
    r->at_startup = h->at_startup;
    if (!put_text(r->type, sizeof r->type, h->type))
        return "a region's type";
    if (!put_text(r->name, sizeof r->name, h->name)) /* for messages only */
        (void)put_text(r->name, sizeof r->name, "heap region");
    return NULL;
}

static const char *add_taken(struct thm_exec_setup *s, uint32_t bytes, uint32_t count, const char *caps)
{
    if (s->taken_count == THM_EXEC_TAKEN)
        return "more blocks of the runtime than 65";
    s->taken[s->taken_count++] = (struct thm_exec_taken){ bytes, count, thm_profile_caps(caps) };
    return NULL;
}

static const char *add_all_taken(struct thm_exec_setup *s, const struct thm_profile *p, const char *when)
{
    const char *wrong = NULL;
    for (unsigned i = 0; i < p->taken_count && !wrong; i++)
        if (strcmp(p->taken[i].when, when) == 0)
            wrong = add_taken(s, p->taken[i].bytes, p->taken[i].count, p->taken[i].caps);
    return wrong;
}

/* As emu/board/memory.c: the regions, the runtime's blocks, the task's stack, the network's blocks. */
static const char *describe_board(const struct thm_exec_options *o, struct thm_exec_setup *s)
{
    const struct thm_profile *p = o->profile;
    const char *wrong = NULL;
    s->internal_limit = p->allocator.internal_limit;
    for (unsigned i = 0; i < p->heaps_count && !wrong; i++)
        wrong = add_region(s, &p->heaps[i]);
    if (!wrong)
        wrong = add_all_taken(s, p, "boot");
    if (!wrong && p->task.stack_from_heap)
        wrong = add_taken(s, s->stack, 1, "internal");
    if (!wrong && o->with_network)
        wrong = add_all_taken(s, p, "network");
    return wrong;
}

static const char *describe_one_region(const struct thm_exec_options *o, struct thm_exec_setup *s)
{
    char name[] = "heap", type[] = "RAM";
    return add_region(s, &(struct thm_profile_heap){ .name = name, .type = type, .base = HEAP_BASE, .size = o->heap });
}

const char *thm_exec_describe(const struct thm_exec_options *o, unsigned bits, struct thm_exec_setup *s)
{
    *s = (struct thm_exec_setup){ .magic = THM_EXEC_MAGIC,
                                  .stack = o->stack ? o->stack : o->profile->task.stack,
                                  .align = o->align >= 0 ? (uint32_t)o->align
                                           : bits == 64  ? 16
                                                         : 0,
                                  .charge_startup = o->charge_startup };
    if (!put_text(s->allocator, sizeof s->allocator, o->profile->allocator.name))
        return "the allocator's name";
    return o->heap ? describe_one_region(o, s) : describe_board(o, s);
}
