/* emu/firmware/store_ab.c -- slots, written in turn: the model, then a record that makes it valid.
 *
 * The record is the slot's last bytes and is written last. Its sequence number tells which slot is newest; a switch
 * back appends a further record with a higher one. Of three slots the one to be written is a damaged or the oldest one,
 * so that two sound models stay. One would do if a file system never lost a file that it is not writing. SPIFFS does:
 * when it collects garbage it moves pages of any file, and if the power fails then, that file may be gone (and only
 * that one), also after a check. */
#include <string.h>
#include "emu/board/hal.h"
#include "fsimages/crc32.h"
#include "emu/firmware/store.h"
#include "fsimages/fs.h"

enum { /* of the record, little-endian */
       MAGIC = 0,
       SEQUENCE = 4,
       BYTES = 8,
       CRC = 12,
       SIGNATURE = 16, /* ab-signed only */
       RECORD_MAX = SIGNATURE + THM_SIGNATURE_BYTES + 4,
};

static const char magic[4] = "THMs";

/* Its last 4 bytes are the record's own CRC. */
static uint32_t record_bytes(const struct thm_store *s)
{
    return s->ops->is_signed ? RECORD_MAX : SIGNATURE + 4;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool write_record(struct thm_store *s, const struct thm_store_entry *e)
{
    uint8_t raw[RECORD_MAX];
    const uint32_t len = record_bytes(s);
    memcpy(raw + MAGIC, magic, sizeof magic);
    put32(raw + SEQUENCE, e->sequence);
    put32(raw + BYTES, e->bytes);
    put32(raw + CRC, e->crc);
    memcpy(raw + SIGNATURE, e->signature, s->ops->is_signed ? sizeof e->signature : 0);
    put32(raw + len - 4, thm_crc32(0, raw, len - 4));
    return thm_store_put(s, raw, len);
}

static bool parse_record(const struct thm_store *s, const uint8_t *raw, uint32_t file, struct thm_store_entry *e)
{
    const uint32_t len = record_bytes(s);
    e->sequence = get32(raw + SEQUENCE);
    e->bytes = get32(raw + BYTES);
    e->crc = get32(raw + CRC);
    memcpy(e->signature, raw + SIGNATURE, s->ops->is_signed ? sizeof e->signature : 0);
    return memcmp(raw + MAGIC, magic, sizeof magic) == 0 && get32(raw + len - 4) == thm_crc32(0, raw, len - 4) &&
           e->bytes <= file - len;
}

static bool read_slot(struct thm_store *s, uint32_t i, struct thm_store_entry *e)
{
    uint8_t raw[RECORD_MAX];
    const uint32_t len = record_bytes(s);
    *e = (struct thm_store_entry){ .name = s->file[i] };
    const int64_t size = thm_hal_find_file(s->b, e->name);
    const int32_t fd = size >= len && size <= INT32_MAX ? thm_hal_open(s->b, e->name, THM_FS_READ) : -1;
    if (fd < 0)
        return false;
    const bool got = thm_hal_seek(s->b, fd, (int32_t)(size - len), THM_FS_SET) >= 0 &&
                     thm_hal_read(s->b, fd, raw, len) == (int32_t)len;
    (void)thm_hal_close(s->b, fd);
    return got && parse_record(s, raw, (uint32_t)size, e);
}

static bool is_newer(const struct thm_store_entry *a, const struct thm_store_entry *b)
{
    return (int32_t)(a->sequence - b->sequence) > 0;
}

static uint32_t find(struct thm_store *s, struct thm_store_entry out[THM_STORE_ENTRIES])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < THM_STORE_ENTRIES; i++) {
        struct thm_store_entry e;
        uint32_t at = n;
        if (!read_slot(s, i, &e))
            continue;
        for (; at > 0 && is_newer(&e, &out[at - 1]); at--)
            out[at] = out[at - 1];
        out[at] = e;
        n++;
    }
    return n;
}

/* The first slot that holds no sound model; else the oldest. */
static const char *slot_to_write(struct thm_store *s, const struct thm_store_entry *e, uint32_t n)
{
    bool sound[THM_STORE_ENTRIES] = { false };
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < THM_STORE_ENTRIES; i++)
            sound[i] = sound[i] || (e[k].name == s->file[i] && thm_store_is_intact(s, &e[k]));
    for (uint32_t i = 0; i < THM_STORE_ENTRIES; i++)
        if (!sound[i])
            return s->file[i];
    return e[n - 1].name;
}

static bool begin(struct thm_store *s)
{
    struct thm_store_entry e[THM_STORE_ENTRIES];
    const uint32_t n = find(s, e);
    s->next.name = slot_to_write(s, e, n);
    s->next.sequence = n ? e[0].sequence + 1 : 1;
    thm_hal_failure_forget(s->b); /* of what could not be read */
    return true;
}

static bool commit(struct thm_store *s)
{
    return write_record(s, &s->next) && thm_store_close(s);
}

/* What was in use before the model that is now. */
static bool switch_slots(struct thm_store *s)
{
    struct thm_store_entry e[THM_STORE_ENTRIES];
    const uint32_t n = find(s, e);
    for (uint32_t i = 1; i < n; i++) {
        if (e[i].crc == e[0].crc || !thm_store_is_intact(s, &e[i]))
            continue;
        s->next = e[i];
        s->next.sequence = e[0].sequence + 1;
        s->fd = thm_hal_open(s->b, s->next.name, THM_FS_WRITE | THM_FS_APPEND);
        return s->fd >= 0 && commit(s);
    }
    thm_hal_failure(s->b, 15, 0, 0, 0, "no slot holds another model to switch to");
    return false;
}

static bool verify_crc(struct thm_store *s, const struct thm_store_entry *e, const uint8_t *model)
{
    const uint32_t crc = thm_crc32(0, model, e->bytes);
    if (crc != e->crc)
        thm_hal_failure(s->b, 15, 0, 0, 0, "%s: CRC-32 is %08x, the record says %08x", e->name, crc, e->crc);
    return crc == e->crc;
}

static bool verify_signature(struct thm_store *s, const struct thm_store_entry *e, const uint8_t *model)
{
    uint8_t digest[THM_DIGEST_BYTES];
    thm_hal_digest_start(s->b, &s->digest);
    thm_hal_digest_add(s->b, &s->digest, model, e->bytes);
    thm_hal_digest_end(s->b, &s->digest, digest);
    if (thm_hal_signature_is_valid(s->b, digest, e->signature))
        return true;
    thm_hal_failure(s->b, 15, 0, 0, 0, "%s: the signature is not one of this model", e->name);
    return false;
}

const struct thm_store_ops thm_store_ab_crc = {
    .name = "ab-crc",
    .title = "slots in turn, with sequence number and CRC-32",
    .power_safe = true,
    .wants_crc = true,
    .mends = true,
    .suffix = { ".a", ".b", ".c" },
    .copies = 2,
    .find = find,
    .begin = begin,
    .commit = commit,
    .verify = verify_crc,
    .select = switch_slots,
};

const struct thm_store_ops thm_store_ab_signed = {
    .name = "ab-signed",
    .title = "slots in turn, with sequence number and Ed25519 over SHA-256",
    .power_safe = true,
    .wants_crc = true,
    .is_signed = true,
    .mends = true,
    .suffix = { ".a", ".b", ".c" },
    .copies = 2,
    .find = find,
    .begin = begin,
    .commit = commit,
    .verify = verify_signature,
    .select = switch_slots,
};
