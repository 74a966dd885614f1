#include "emu/board/ledger.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_owner(const struct thm_ledger_owner *o, const char *what, bool runtime)
{
    return o->runtime == runtime && (o->what == what || strncmp(o->what, what, THM_OWNER_NAME - 1) == 0);
}

static uint32_t owner_of(struct thm_ledger *l, const char *what, bool runtime)
{
    uint32_t i = 0;
    what = what ? what : "unnamed";
    while (i < l->owners && !is_owner(&l->owner[i], what, runtime))
        i++;
    if (i == THM_OWNERS_MAX)
        return i - 1;
    if (i < l->owners)
        return i;
    struct thm_ledger_owner *o = &l->owner[l->owners++];
    o->runtime = runtime;
    snprintf(o->what, sizeof o->what, "%s", i == THM_OWNERS_MAX - 1 ? "all others" : what);
    return i;
}

const char *thm_ledger_owner_name(struct thm_ledger *l, const char *what, bool runtime)
{
    return l->owner[owner_of(l, what, runtime)].what;
}

static bool make_room(struct thm_ledger *l)
{
    if (l->count < l->capacity)
        return true;
    const uint32_t more = l->capacity ? 2 * l->capacity : 128;
    struct thm_ledger_block *block = realloc(l->block, more * sizeof *block);
    if (!block)
        return false;
    l->block = block;
    l->capacity = more;
    return true;
}

bool thm_ledger_add(struct thm_ledger *l, uint32_t address, uint32_t bytes, uint32_t call, const char *what,
                    bool runtime)
{
    const uint32_t owner = owner_of(l, what, runtime);
    thm_ledger_remove(l, address, call); /* a damaged heap may give an address twice */
    thm_ledger_settle(l);
    if (!make_room(l) || !thm_id_map_put(&l->index, address, l->count))
        return false;
    l->block[l->count++] = (struct thm_ledger_block){ address, bytes, owner, call };
    l->owner[owner].blocks++;
    l->owner[owner].bytes += bytes;
    return true;
}

void thm_ledger_remove(struct thm_ledger *l, uint32_t address, uint32_t call)
{
    const struct thm_id_slot *slot = thm_id_map_find(&l->index, address);
    if (!slot)
        return;
    const uint32_t i = slot->p;
    const struct thm_ledger_block gone = l->block[i];
    thm_ledger_settle(l);
    l->owner[gone.owner].blocks--;
    l->owner[gone.owner].bytes -= gone.bytes;
    l->freed[l->frees++ % THM_FREED_MAX] = (struct thm_ledger_freed){ gone, call };
    l->block[i] = l->block[--l->count];
    if (i < l->count)
        thm_id_map_find(&l->index, l->block[i].address)->p = i;
    thm_id_map_remove(&l->index, address);
}

void thm_ledger_mark_peak(struct thm_ledger *l)
{
    l->at_peak = true;
}

void thm_ledger_settle(struct thm_ledger *l)
{
    for (uint32_t i = 0; l->at_peak && i < l->owners; i++) {
        l->owner[i].peak_blocks = l->owner[i].blocks;
        l->owner[i].peak_bytes = l->owner[i].bytes;
    }
    l->at_peak = false;
}

void thm_ledger_clear(struct thm_ledger *l)
{
    free(l->block);
    thm_id_map_clear(&l->index);
    *l = (struct thm_ledger){ 0 };
}

const struct thm_ledger_block *thm_ledger_find(const struct thm_ledger *l, uint32_t address)
{
    const struct thm_id_slot *slot = thm_id_map_find(&l->index, address);
    return slot ? &l->block[slot->p] : NULL;
}

const struct thm_ledger_block *thm_ledger_below(const struct thm_ledger *l, uint32_t at)
{
    const struct thm_ledger_block *best = NULL;
    for (uint32_t i = 0; i < l->count; i++)
        if (l->block[i].address <= at && (!best || l->block[i].address > best->address))
            best = &l->block[i];
    return best;
}

const struct thm_ledger_block *thm_ledger_above(const struct thm_ledger *l, uint32_t at)
{
    const struct thm_ledger_block *best = NULL;
    for (uint32_t i = 0; i < l->count; i++)
        if (l->block[i].address > at && (!best || l->block[i].address < best->address))
            best = &l->block[i];
    return best;
}

const struct thm_ledger_freed *thm_ledger_freed_at(const struct thm_ledger *l, uint32_t at)
{
    const uint32_t kept = l->frees < THM_FREED_MAX ? l->frees : THM_FREED_MAX;
    for (uint32_t i = 1; i <= kept; i++) {
        const struct thm_ledger_freed *f = &l->freed[(l->frees - i) % THM_FREED_MAX];
        if (at - f->block.address < f->block.bytes)
            return f;
    }
    return NULL;
}

const char *thm_ledger_name(const struct thm_ledger *l, const struct thm_ledger_block *b)
{
    return l->owner[b->owner].what;
}
