/* emu/firmware/store_bundle.c -- signed bundles in slots: checked while they come, on trial until they have run.
 *
 * A slot is a file: the bundle (emu/firmware/bundle.h), then a log of records of 12 bytes,
 *
 *     0  "THM" and a letter: t on trial, s started, c confirmed (enum thm_store_mark); n: a security counter
 *     4  the slot's sequence number, or that counter
 *     8  CRC-32 of the 8 bytes before
 *
 * of which the last valid one counts. The first is written before the file is closed: without it a slot is incomplete.
 * A bundle is marked as started before its first inference and as confirmed after; one that was started and not
 * confirmed has killed its board and is run only if there is no other. So the boot order is: by sequence, those that
 * were started last.
 *
 * Rollback protection: a bundle's security counter must not be below the highest that was confirmed. That is in the
 * confirmed slots, and on file systems also in a log of its own, appended to when it rises: SPIFFS may lose any one
 * file when the power fails, but not two.
 *
 * On raw slots (fsimages/slots.h) there are two, "model" and "model.old", records are notes behind the payload, and the
 * confirmed one is never overwritten: before a write, a model on trial gives way to the one before. */
#include <string.h>
#include "emu/board/hal.h"
#include "emu/firmware/bundle_board.h"
#include "fsimages/crc32.h"
#include "emu/firmware/store.h"
#include "fsimages/fs.h"

enum { RECORD = 12, TAIL = 8 * RECORD, PIECE = 256, COUNTERS = THM_STORE_ENTRIES, COUNTER = 'n' };

struct record {
    uint8_t kind;
    uint32_t value;
};

/* ---- names ---- */

static uint32_t slots(const struct thm_store *s)
{
    return thm_store_is_raw(s) ? 2 : THM_STORE_ENTRIES;
}

static const char *name_of(const struct thm_store *s, uint32_t i)
{
    return thm_store_is_raw(s) ? thm_hal_slots(s->b)[i] : s->file[i];
}

/* Raw slots: the older model takes the place of the one in use. */
static bool bring_back(const struct thm_store *s)
{
    return thm_hal_rename(s->b, name_of(s, 1), name_of(s, 0)) >= 0;
}

/* ---- records ---- */

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool put_record(struct thm_store *s, struct record r)
{
    uint8_t raw[RECORD] = { 'T', 'H', 'M', r.kind };
    put32(raw + 4, r.value);
    put32(raw + 8, thm_crc32(0, raw, 8));
    return thm_store_put(s, raw, sizeof raw);
}

static bool parse_record(const uint8_t *raw, struct record *r)
{
    *r = (struct record){ raw[3], get32(raw + 4) };
    return memcmp(raw, "THM", 3) == 0 && get32(raw + 8) == thm_crc32(0, raw, 8);
}

static bool read_at(struct thm_store *s, const char *name, uint32_t at, uint8_t *to, uint32_t len)
{
    const int32_t fd = thm_hal_open(s->b, name, THM_FS_READ);
    if (fd < 0)
        return false;
    const bool ok =
        thm_hal_seek(s->b, fd, (int32_t)at, THM_FS_SET) >= 0 && thm_hal_read(s->b, fd, to, len) == (int32_t)len;
    (void)thm_hal_close(s->b, fd);
    return ok;
}

/* The last one of the log in [from, end) of a file. One that was torn may leave any number of bytes. */
static bool last_record(struct thm_store *s, const char *name, uint32_t from, uint32_t end, struct record *r)
{
    uint8_t raw[TAIL];
    const uint32_t n = end - from < TAIL ? end - from : TAIL;
    if (n < RECORD || !read_at(s, name, end - n, raw, n))
        return false;
    for (uint32_t at = n - RECORD + 1; at-- > 0;)
        if (parse_record(raw + at, r))
            return true;
    return false;
}

/* Raw slots know no other way to write behind a payload, EEFS has no such flag. */
static bool append(struct thm_store *s, const char *name, int flags, struct record r)
{
    const bool raw = thm_store_is_raw(s);
    s->fd = thm_hal_open(s->b, name, THM_FS_WRITE | (raw ? THM_FS_APPEND : flags));
    if (s->fd < 0)
        return false;
    const bool ok = (raw || thm_hal_seek(s->b, s->fd, 0, THM_FS_END) >= 0) && put_record(s, r);
    return thm_store_close(s) && ok;
}

/* ---- slots ---- */

static bool read_manifest(struct thm_store *s, const char *name, uint8_t *head, struct thm_bundle_manifest *m)
{
    return read_at(s, name, 0, head, THM_BUNDLE_HEAD) && thm_bundle_get_manifest(head, m) == THM_BUNDLE_OK;
}

static bool read_slot(struct thm_store *s, const char *name, struct thm_store_entry *e)
{
    struct thm_bundle_manifest m;
    struct record r;
    uint8_t head[THM_BUNDLE_HEAD];
    const int64_t size = thm_hal_find_file(s->b, name);
    if (size < THM_BUNDLE_HEAD + RECORD || size > INT32_MAX || !read_manifest(s, name, head, &m) ||
        m.model_bytes > size - THM_BUNDLE_HEAD - RECORD ||
        !last_record(s, name, THM_BUNDLE_HEAD + m.model_bytes, (uint32_t)size, &r))
        return false;
    *e = (struct thm_store_entry){ .name = name,
                                   .bytes = m.model_bytes,
                                   .offset = THM_BUNDLE_HEAD,
                                   .sequence = r.value,
                                   .counter = m.counter,
                                   .mark = r.kind };
    return true;
}

static bool goes_before(const struct thm_store_entry *a, const struct thm_store_entry *b)
{
    const bool a_died = a->mark == THM_STORE_STARTED, b_died = b->mark == THM_STORE_STARTED;
    return a_died != b_died ? b_died : (int32_t)(a->sequence - b->sequence) > 0;
}

static uint32_t find(struct thm_store *s, struct thm_store_entry out[THM_STORE_ENTRIES])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < slots(s); i++) {
        struct thm_store_entry e;
        uint32_t at = n;
        if (!read_slot(s, name_of(s, i), &e))
            continue;
        for (; at > 0 && goes_before(&e, &out[at - 1]); at--)
            out[at] = out[at - 1];
        out[at] = e;
        n++;
    }
    return n;
}

static bool digest_file(struct thm_store *s, const struct thm_store_entry *e, uint8_t *digest)
{
    uint8_t piece[PIECE];
    uint32_t left = e->bytes;
    const int32_t fd = thm_hal_open(s->b, e->name, THM_FS_READ);
    if (fd < 0)
        return false;
    thm_hal_digest_start(s->b, &s->digest);
    bool ok = thm_hal_seek(s->b, fd, (int32_t)e->offset, THM_FS_SET) >= 0;
    while (ok && left) {
        const int32_t n = thm_hal_read(s->b, fd, piece, left < PIECE ? left : PIECE);
        ok = n > 0;
        if (ok)
            thm_hal_digest_add(s->b, &s->digest, piece, (uint32_t)n);
        left -= ok ? (uint32_t)n : 0;
    }
    (void)thm_hal_close(s->b, fd);
    thm_hal_digest_end(s->b, &s->digest, digest);
    return ok;
}

static bool is_sound(struct thm_store *s, const struct thm_store_entry *e)
{
    struct thm_bundle_manifest m;
    uint8_t head[THM_BUNDLE_HEAD], digest[THM_DIGEST_BYTES];
    return read_manifest(s, e->name, head, &m) && digest_file(s, e, digest) &&
           memcmp(digest, m.digest, sizeof digest) == 0;
}

/* ---- what the board takes ---- */

static uint32_t confirmed_counter(struct thm_store *s)
{
    struct thm_store_entry e[THM_STORE_ENTRIES];
    struct record r;
    uint32_t counter = 0;
    const uint32_t n = find(s, e);
    for (uint32_t i = 0; i < n; i++)
        if (e[i].mark == THM_STORE_CONFIRMED && e[i].counter > counter)
            counter = e[i].counter;
    const int64_t size = thm_store_is_raw(s) ? -1 : thm_hal_find_file(s->b, s->file[COUNTERS]);
    if (size > 0 && size <= INT32_MAX && last_record(s, s->file[COUNTERS], 0, (uint32_t)size, &r) &&
        r.kind == COUNTER && r.value > counter)
        counter = r.value;
    return counter;
}

static struct thm_bundle_policy policy_of(struct thm_store *s)
{
    uint32_t total = 0, used = 0;
    (void)thm_hal_df(s->b, &total, &used);
    return thm_bundle_policy_of(s->b, confirmed_counter(s), total);
}

static bool refuse(struct thm_store *s)
{
    thm_bundle_refused(s->b, &s->bundle, &s->policy);
    return false;
}

/* ---- a new bundle ---- */

/* A model on trial, or what is none, is in the way of the one that is to stay. */
static bool clear_raw(struct thm_store *s, const struct thm_store_entry *e, uint32_t n)
{
    bool keeps_current = false, has_older = false;
    for (uint32_t i = 0; i < n; i++) {
        keeps_current = keeps_current || (e[i].name == name_of(s, 0) && e[i].mark == THM_STORE_CONFIRMED);
        has_older = has_older || e[i].name == name_of(s, 1);
    }
    if (keeps_current || !has_older)
        return true;
    return bring_back(s);
}

/* The first slot without a sound bundle; else the last to be run. */
static const char *file_to_write(struct thm_store *s, const struct thm_store_entry *e, uint32_t n)
{
    bool sound[THM_STORE_ENTRIES] = { false };
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < THM_STORE_ENTRIES; i++)
            sound[i] = sound[i] || (e[k].name == s->file[i] && is_sound(s, &e[k]));
    for (uint32_t i = 0; i < THM_STORE_ENTRIES; i++)
        if (!sound[i])
            return s->file[i];
    return e[n - 1].name;
}

static uint32_t next_sequence(const struct thm_store_entry *e, uint32_t n)
{
    uint32_t highest = 0;
    for (uint32_t i = 0; i < n; i++)
        highest = i == 0 || (int32_t)(e[i].sequence - highest) > 0 ? e[i].sequence : highest;
    return highest + 1;
}

static bool begin(struct thm_store *s)
{
    s->bundle = (struct thm_bundle){ 0 };
    s->policy = policy_of(s);
    thm_hal_failure_forget(s->b); /* of what could not be read */
    return true;
}

/* The manifest is good: now a slot is given up for it. */
static bool open_slot(struct thm_store *s)
{
    struct thm_store_entry e[THM_STORE_ENTRIES];
    const uint32_t n = find(s, e);
    s->next.sequence = next_sequence(e, n);
    if (thm_store_is_raw(s) && !clear_raw(s, e, n))
        return false;
    s->next.name = thm_store_is_raw(s) ? name_of(s, 0) : file_to_write(s, e, n);
    thm_hal_failure_forget(s->b);
    thm_hal_digest_start(s->b, &s->digest);
    s->fd = thm_hal_open(s->b, s->next.name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC);
    return s->fd >= 0 && thm_store_put(s, s->bundle.head, THM_BUNDLE_HEAD);
}

static bool write_bundle(struct thm_store *s, const uint8_t *data, uint32_t len)
{
    const uint8_t *model;
    uint32_t n;
    if (thm_bundle_feed(&s->bundle, &s->policy, data, len, &model, &n))
        return refuse(s);
    if (s->fd < 0 && s->bundle.head_len == THM_BUNDLE_HEAD && !open_slot(s))
        return false;
    if (n == 0)
        return true;
    thm_hal_digest_add(s->b, &s->digest, model, n);
    s->next.bytes += n;
    return thm_store_put(s, model, n);
}

static bool commit(struct thm_store *s)
{
    uint8_t digest[THM_DIGEST_BYTES];
    thm_hal_digest_end(s->b, &s->digest, digest);
    if (thm_bundle_end(&s->bundle, digest))
        return refuse(s);
    return put_record(s, (struct record){ THM_STORE_TRIAL, s->next.sequence }) && thm_store_close(s);
}

/* A raw slot becomes the current one when it is closed: the one before takes its place again. */
static void abandon_raw(struct thm_store *s)
{
    if (thm_hal_find_file(s->b, name_of(s, 1)) >= 0)
        (void)bring_back(s);
}

static void abandon(struct thm_store *s)
{
    const bool raw = thm_store_is_raw(s);
    (void)thm_hal_close(s->b, s->fd);
    s->fd = -1;
    if (raw)
        abandon_raw(s);
    else
        (void)thm_hal_remove(s->b, s->next.name);
}

/* ---- at boot ---- */

static bool verify(struct thm_store *s, const struct thm_store_entry *e, const uint8_t *model)
{
    struct thm_bundle_manifest m;
    uint8_t head[THM_BUNDLE_HEAD], digest[THM_DIGEST_BYTES];
    thm_hal_digest_start(s->b, &s->digest);
    thm_hal_digest_add(s->b, &s->digest, model, e->bytes);
    thm_hal_digest_end(s->b, &s->digest, digest);
    if (read_manifest(s, e->name, head, &m) && memcmp(digest, m.digest, sizeof digest) == 0 &&
        thm_bundle_is_signed(s->b, head))
        return true;
    thm_hal_failure(s->b, 15, 0, 0, 0, "%s: what is stored is not what the trusted key has signed", e->name);
    return false;
}

static bool raise_counter(struct thm_store *s, const struct thm_store_entry *e, uint32_t before)
{
    return thm_store_is_raw(s) || e->counter <= before ||
           append(s, s->file[COUNTERS], THM_FS_CREATE, (struct record){ COUNTER, e->counter });
}

static bool mark(struct thm_store *s, struct thm_store_entry *e, enum thm_store_mark to)
{
    if (e->mark == THM_STORE_CONFIRMED || e->mark == to)
        return true;
    const uint32_t before = to == THM_STORE_CONFIRMED ? confirmed_counter(s) : 0;
    if (!append(s, e->name, 0, (struct record){ (uint8_t)to, e->sequence }))
        return false;
    e->mark = (uint8_t)to;
    return to != THM_STORE_CONFIRMED || raise_counter(s, e, before);
}

static bool patch(struct thm_store *s, const struct thm_store_patch *p)
{
    (void)p;
    thm_hal_failure(s->b, 15, 0, 0, 0, "a signed bundle is not patched: new weights want a signature of their own");
    return false;
}

static bool is_same_model(struct thm_store *s, const struct thm_store_entry *a, const struct thm_store_entry *b)
{
    struct thm_bundle_manifest of_a, of_b;
    uint8_t head[THM_BUNDLE_HEAD];
    return read_manifest(s, a->name, head, &of_a) && read_manifest(s, b->name, head, &of_b) &&
           memcmp(of_a.digest, of_b.digest, sizeof of_a.digest) == 0;
}

/* What was confirmed before the model that is run now. */
static bool switch_slots(struct thm_store *s)
{
    struct thm_store_entry e[THM_STORE_ENTRIES];
    const uint32_t n = find(s, e);
    for (uint32_t i = 1; i < n; i++) {
        if (e[i].mark != THM_STORE_CONFIRMED || is_same_model(s, &e[0], &e[i]) || !is_sound(s, &e[i]))
            continue;
        if (thm_store_is_raw(s))
            return bring_back(s);
        return append(s, e[i].name, 0, (struct record){ THM_STORE_CONFIRMED, next_sequence(e, n) });
    }
    thm_hal_failure(s->b, 15, 0, 0, 0, "no slot holds another confirmed model to switch to");
    return false;
}

const struct thm_store_ops thm_store_bundle = {
    .name = "bundle",
    .title = "signed bundles in slots, on trial until they have run, with a security counter",
    .power_safe = true,
    .is_bundle = true,
    .mends = true,
    .suffix = { ".a", ".b", ".c", ".n" },
    .copies = 2,
    .find = find,
    .begin = begin,
    .write = write_bundle,
    .commit = commit,
    .abandon = abandon,
    .verify = verify,
    .mark = mark,
    .patch = patch,
    .select = switch_slots,
};
