#include "emu/report/heap_picture.h"
#include <stdlib.h>
#include <string.h>
#include "emu/report/report.h"
#include "memmodels/caps.h"

enum { PARTS_MAX = 1 << 18 }; /* what comes above it is left out: no sound board has so many blocks */

/* A device's addresses and sizes have 32 bits; the board process may be in the hands of a hostile model. */
static bool is_sound(const struct thm_event *ev)
{
    const bool placed = ev->type == THM_EV_HEAP_REGION || ev->type == THM_EV_HEAP_BLOCK;
    return !placed || (ev->v[0] <= UINT32_MAX && ev->v[1] > 0 && ev->v[1] <= UINT32_MAX);
}

static bool append(struct thm_heap_picture *p, const struct thm_event *ev)
{
    if (p->count == PARTS_MAX || !is_sound(ev))
        return true;
    if (p->count == p->capacity) {
        const size_t more = p->capacity ? 2 * p->capacity : 64;
        struct thm_event *part = realloc(p->part, more * sizeof *part);
        if (!part)
            return false;
        p->part = part;
        p->capacity = more;
    }
    p->part[p->count++] = *ev;
    return true;
}

bool thm_heap_picture_event(struct thm_heap_picture *p, const struct thm_event *ev)
{
    switch (ev->type) {
    case THM_EV_HEAP:
        p->heap = *ev;
        p->count = 0;
        return true;
    case THM_EV_HEAP_PEAK: p->peak = *ev; return true;
    case THM_EV_HEAP_REGION:
    case THM_EV_HEAP_BLOCK:
    case THM_EV_HEAP_OWNER:
    case THM_EV_HEAP_USE: return append(p, ev);
    default: return true;
    }
}

void thm_heap_picture_finish(struct thm_heap_picture *p)
{
    free(p->part);
    *p = (struct thm_heap_picture){ 0 };
}

/* ---- what is in it ---- */

bool thm_heap_is_hole(const struct thm_event *block)
{
    return strcmp(block->text, "free") == 0;
}

bool thm_heap_is_for_malloc(const struct thm_event *region)
{
    const struct thm_mem_type *t = thm_mem_type_find(region->text);
    return t && (t->caps[0] | t->caps[1] | t->caps[2]) & THM_CAP_DEFAULT;
}

const struct thm_event *thm_heap_largest_hole(const struct thm_heap_picture *p)
{
    const struct thm_event *best = NULL;
    bool usable = false;
    for (size_t i = 0; i < p->count; i++) {
        const struct thm_event *e = &p->part[i];
        if (e->type == THM_EV_HEAP_REGION)
            usable = thm_heap_is_for_malloc(e);
        else if (e->type == THM_EV_HEAP_BLOCK && usable && thm_heap_is_hole(e) && (!best || e->v[1] > best->v[1]))
            best = e;
    }
    return best;
}

size_t thm_heap_next_region(const struct thm_heap_picture *p, uint64_t from)
{
    size_t best = p->count;
    for (size_t i = 0; i < p->count; i++) {
        const struct thm_event *e = &p->part[i];
        if (e->type == THM_EV_HEAP_REGION && e->v[0] >= from && (best == p->count || e->v[0] < p->part[best].v[0]))
            best = i;
    }
    return best;
}

static json_t *parts(const struct thm_heap_picture *p, uint32_t type)
{
    json_t *a = json_array();
    for (size_t i = 0; i < p->count; i++)
        if (p->part[i].type == type)
            json_array_append_new(a, thm_event_json(&p->part[i], json_object()));
    return a;
}

json_t *thm_heap_picture_json(const struct thm_heap_picture *p)
{
    const uint64_t free_bytes = p->heap.v[0], largest = p->heap.v[1];
    json_t *o = thm_event_json(&p->heap, json_object());
    json_object_set_new(o, "t_ns", json_integer((json_int_t)p->heap.t_ns));
    json_object_set_new(o, "fragmentation", json_real(free_bytes ? 1.0 - (double)largest / (double)free_bytes : 0.0));
    if (p->peak.type)
        json_object_set_new(o, "peak", thm_event_json(&p->peak, json_object()));
    json_object_set_new(o, "regions", parts(p, THM_EV_HEAP_REGION));
    json_object_set_new(o, "owners", parts(p, THM_EV_HEAP_OWNER));
    json_object_set_new(o, "over_time", parts(p, THM_EV_HEAP_USE));
    return o;
}

/* ---- owners ---- */

static int more_bytes_first(const void *a, const void *b)
{
    const struct thm_event *x = *(const struct thm_event *const *)a, *y = *(const struct thm_event *const *)b;
    if (x->v[1] != y->v[1])
        return x->v[1] < y->v[1] ? 1 : -1;
    return x < y ? -1 : 1;
}

bool thm_heap_is_application(const struct thm_event *owner)
{
    return strcmp(owner->text, "application") == 0;
}

size_t thm_heap_owners(const struct thm_heap_picture *p, const struct thm_event **out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < p->count && n < max; i++)
        if (p->part[i].type == THM_EV_HEAP_OWNER)
            out[n++] = &p->part[i];
    qsort(out, n, sizeof *out, more_bytes_first);
    return n;
}
