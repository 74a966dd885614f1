/* emu/preload/setup.c -- the setup comes from outside: believe nothing. */
#include <string.h>
#include "emu/preload/shared.h"
#include "memmodels/caps.h"

static bool terminated(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

static const char *check_region(const struct thm_exec_region *r)
{
    if (!terminated(r->name, sizeof r->name) || !terminated(r->type, sizeof r->type))
        return "a region's name or type is not terminated";
    if (!thm_mem_type_find(r->type))
        return "a region's type is unknown";
    if (r->size == 0 || (uint64_t)r->base + r->size > UINT64_C(1) << 32)
        return "a region is empty or ends past 4 GiB";
    return r->at_startup > 1 ? "a region's flag is neither 0 nor 1" : NULL;
}

static const char *check_taken(const struct thm_exec_taken *t)
{
    return t->bytes == 0 || t->count == 0 || t->count > THM_EXEC_TAKEN_COUNT ? "a taken block's size or count is wrong"
                                                                             : NULL;
}

static const char *check_scalars(const struct thm_exec_setup *s)
{
    if (s->magic != THM_EXEC_MAGIC)
        return "it was not written by this version of thimble";
    if (!terminated(s->allocator, sizeof s->allocator) || !thm_heap_find(s->allocator))
        return "the allocator is unknown";
    if (s->stack < THM_EXEC_STACK_MIN || s->stack > THM_EXEC_STACK_MAX)
        return "the stack's size is out of range";
    if (s->align & (s->align - 1) || s->align > 64)
        return "the alignment is not a power of two up to 64";
    if (s->charge_startup > 1)
        return "a flag is neither 0 nor 1";
    if (s->regions_count == 0 || s->regions_count > THM_EXEC_REGIONS || s->taken_count > THM_EXEC_TAKEN)
        return "the number of regions or taken blocks is out of range";
    return NULL;
}

const char *thm_exec_setup_check(const struct thm_exec_setup *s)
{
    const char *wrong = check_scalars(s);
    for (uint32_t i = 0; !wrong && i < s->regions_count; i++)
        wrong = check_region(&s->region[i]);
    for (uint32_t i = 0; !wrong && i < s->taken_count; i++)
        wrong = check_taken(&s->taken[i]);
    return wrong;
}
