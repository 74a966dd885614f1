/* emu/firmware/store.c -- what the strategies share: a new model in pieces, a patched copy. */
#include "emu/firmware/store.h"
#include <string.h>
#include "emu/board/hal.h"
#include "fsimages/crc32.h"
#include "fsimages/fs.h"

enum { STORAGE_FULL = 11, UPDATE_REFUSED = 15 }; /* exit statuses */

static const struct thm_store_ops *const strategies[] = {
    &thm_store_overwrite, &thm_store_rename, &thm_store_ab_crc, &thm_store_ab_signed, &thm_store_bundle,
};

const struct thm_store_ops *thm_store_at(uint32_t i)
{
    return i < sizeof strategies / sizeof strategies[0] ? strategies[i] : NULL;
}

const struct thm_store_ops *thm_store_find(const char *name)
{
    for (uint32_t i = 0; thm_store_at(i); i++)
        if (strcmp(thm_store_at(i)->name, name) == 0)
            return thm_store_at(i);
    return NULL;
}

/* The extension is replaced, so that a name of 8.3 stays one. */
static void make_name(const char *file, const char *suffix, char out[THM_STORE_NAME_MAX])
{
    const char *slash = strrchr(file, '/'), *dot = strrchr(slash ? slash : file, '.');
    const size_t room = THM_STORE_NAME_MAX - 1 - strlen(suffix);
    size_t stem = dot && *suffix ? (size_t)(dot - file) : strlen(file);
    stem = stem < room ? stem : room;
    memcpy(out, file, stem);
    strcpy(out + stem, suffix);
}

void thm_store_init(struct thm_store *s, struct thm_board *b, const struct thm_store_ops *ops, const char *file)
{
    *s = (struct thm_store){ .b = b, .ops = ops, .fd = -1 };
    for (uint32_t i = 0; i < THM_STORE_FILES && ops->suffix[i]; i++)
        make_name(file ? file : "", ops->suffix[i], s->file[i]);
}

bool thm_store_close(struct thm_store *s)
{
    const int32_t code = thm_hal_close(s->b, s->fd);
    s->fd = code < 0 ? s->fd : -1;
    return code >= 0;
}

bool thm_store_put(struct thm_store *s, const void *data, uint32_t len)
{
    return thm_hal_write(s->b, s->fd, data, len) == (int32_t)len;
}

bool thm_store_is_raw(const struct thm_store *s)
{
    return thm_hal_slots(s->b) != NULL;
}

bool thm_store_keeps_old(const struct thm_store *s)
{
    return s->ops->power_safe || thm_store_is_raw(s);
}

/* What the file of the new model has now is free when that is begun; of raw slots all of one is. */
static uint64_t room(struct thm_store *s)
{
    uint32_t total = 0, used = 0;
    if (thm_hal_df(s->b, &total, &used) < 0 || thm_store_is_raw(s))
        return total;
    const int64_t own = thm_hal_find_file(s->b, s->next.name);
    return (total > used ? total - used : 0) + (own > 0 ? (uint64_t)own : 0);
}

static bool fits(struct thm_store *s, uint64_t bytes)
{
    struct thm_store_entry old[THM_STORE_ENTRIES];
    const uint64_t have = room(s);
    if (bytes <= have)
        return true;
    thm_hal_failure(s->b, s->ops->find(s, old) ? UPDATE_REFUSED : STORAGE_FULL, 0, bytes, have,
                    "the update does not fit: it has %llu bytes, there is room for %llu; nothing is erased",
                    (unsigned long long)bytes, (unsigned long long)have);
    return false;
}

bool thm_store_begin(struct thm_store *s, uint64_t bytes)
{
    s->next = (struct thm_store_entry){ 0 };
    if (s->ops->is_signed)
        thm_hal_digest_start(s->b, &s->digest);
    if (!s->ops->begin(s))
        return false;
    if (s->ops->write) /* which opens its file when it has seen what comes */
        return true;
    if (bytes && thm_store_keeps_old(s) && !fits(s, bytes))
        return false;
    s->fd = thm_hal_open(s->b, s->next.name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC);
    return s->fd >= 0;
}

bool thm_store_write(struct thm_store *s, const uint8_t *data, uint32_t len)
{
    if (s->ops->write)
        return s->ops->write(s, data, len);
    if (!thm_store_put(s, data, len))
        return false;
    s->next.bytes += len;
    if (s->ops->wants_crc)
        s->next.crc = thm_crc32(s->next.crc, data, len);
    if (s->ops->is_signed)
        thm_hal_digest_add(s->b, &s->digest, data, len);
    return true;
}

bool thm_store_commit(struct thm_store *s)
{
    if (s->ops->is_signed)
        memcpy(s->next.signature, s->signature, sizeof s->next.signature);
    return s->ops->commit(s);
}

/* SPIFFS can remove a file even when it is full. A raw slot becomes the current one when it is closed, unless that
 * fails: then the one before is to be so again. */
static bool remove_partial(struct thm_store *s, bool closed)
{
    const char *const *slots = thm_hal_slots(s->b);
    if (!slots)
        return thm_hal_remove(s->b, s->next.name) >= 0;
    if (closed && thm_hal_find_file(s->b, slots[1]) >= 0)
        return thm_hal_rename(s->b, slots[1], slots[0]) >= 0;
    return !closed || thm_hal_remove(s->b, s->next.name) >= 0;
}

/* One that is complete may already be the only one. */
void thm_store_abandon(struct thm_store *s)
{
    if (s->fd < 0)
        return;
    if (s->ops->abandon) {
        s->ops->abandon(s);
        return;
    }
    thm_hal_failure_note(s->b, "; %u bytes of %s were written, the partial file is ", s->next.bytes, s->next.name);
    const bool closed = thm_hal_close(s->b, s->fd) >= 0;
    s->fd = -1;
    thm_hal_failure_note(s->b, remove_partial(s, closed) ? "removed" : "left on the storage");
}

/* ---- stored models ---- */

bool thm_store_is_intact(struct thm_store *s, const struct thm_store_entry *e)
{
    uint32_t crc = 0, left = e->bytes;
    const int32_t fd = thm_hal_open(s->b, e->name, THM_FS_READ);
    while (fd >= 0 && left) {
        const int32_t n = thm_hal_read(s->b, fd, s->piece, left < sizeof s->piece ? left : (uint32_t)sizeof s->piece);
        if (n <= 0)
            break;
        crc = thm_crc32(crc, s->piece, (uint32_t)n);
        left -= (uint32_t)n;
    }
    if (fd >= 0)
        (void)thm_hal_close(s->b, fd);
    return fd >= 0 && left == 0 && crc == e->crc;
}

/* ---- a patched copy ---- */

/* The new model's bytes where they lie in [at, at + len). */
static void overlay(const struct thm_store_patch *p, uint32_t at, uint8_t *piece, uint32_t len)
{
    for (uint32_t i = 0; i < p->ranges; i++) {
        const uint32_t from = p->range[i].offset > at ? p->range[i].offset : at;
        const uint32_t end =
            p->range[i].offset + p->range[i].bytes < at + len ? p->range[i].offset + p->range[i].bytes : at + len;
        if (from < end)
            memcpy(piece + (from - at), p->model + from, end - from);
    }
}

static bool copy_patched(struct thm_store *s, const struct thm_store_patch *p, int32_t from, uint32_t bytes)
{
    for (uint32_t at = 0; at < bytes;) {
        const int32_t n =
            thm_hal_read(s->b, from, s->piece, bytes - at < sizeof s->piece ? bytes - at : (uint32_t)sizeof s->piece);
        if (n == 0)
            thm_hal_failure(s->b, 11, 0, bytes, at, "the stored model ends after %u of %u bytes", at, bytes);
        if (n <= 0)
            return false;
        overlay(p, at, s->piece, (uint32_t)n);
        if (!thm_store_write(s, s->piece, (uint32_t)n))
            return false;
        at += (uint32_t)n;
    }
    return true;
}

bool thm_store_patch(struct thm_store *s, const struct thm_store_patch *p)
{
    struct thm_store_entry old[THM_STORE_ENTRIES];
    if (s->ops->patch)
        return s->ops->patch(s, p);
    if (s->ops->find(s, old) == 0) {
        thm_hal_failure(s->b, 11, 0, 0, 0, "no model is stored that could be patched");
        return false;
    }
    const int32_t from = thm_hal_open(s->b, old[0].name, THM_FS_READ);
    if (from < 0)
        return false;
    bool ok = thm_store_begin(s, old[0].bytes) && copy_patched(s, p, from, old[0].bytes);
    (void)thm_hal_close(s->b, from); /* EEFS removes no file that is open */
    ok = ok && thm_store_commit(s);
    if (!ok)
        thm_store_abandon(s);
    return ok;
}
