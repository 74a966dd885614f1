/* emu/ota/ei_write.c -- payloads made of weights, and taken apart without them. */
#include <string.h>
#include "emu/ota/ei.h"

enum { SIZE_BYTES = 4, DATA_HEAD = 4, QUANT_HEAD = 3 };

static uint32_t head_bytes(enum thm_weights_kind kind)
{
    return kind == THM_WEIGHTS_DATA ? DATA_HEAD : QUANT_HEAD;
}

bool thm_ei_size(const struct thm_weights *w, uint32_t *patch_size, struct thm_weights_record *bad)
{
    *patch_size = 0;
    for (uint32_t n = 0; w->at(w->ctx, n, bad); n++) {
        if (bad->index > THM_EI_INDEX_MAX || bad->count > THM_EI_COUNT_MAX)
            return false;
        *patch_size += head_bytes(bad->kind) + (uint32_t)thm_weights_bytes(bad);
    }
    return true;
}

void thm_ei_writer_init(struct thm_ei_writer *e, const struct thm_weights *w, uint32_t patch_size)
{
    *e = (struct thm_ei_writer){ .weights = w, .patch_size = patch_size };
}

static uint8_t head_byte(const struct thm_weights_record *r, uint32_t i)
{
    const uint8_t data[DATA_HEAD] = { (uint8_t)r->index, (uint8_t)r->bits, (uint8_t)(r->count >> 8),
                                      (uint8_t)r->count };
    const uint8_t quant[QUANT_HEAD] = { data[0], data[2], data[3] };
    return r->kind == THM_WEIGHTS_DATA ? data[i] : quant[i];
}

static uint8_t data_byte(const struct thm_weights_record *r, uint32_t i)
{
    const uint32_t size = r->bits / 8, k = i % size;
    if (r->kind == THM_WEIGHTS_DATA)
        return r->data[i - k + (size - 1 - k)];
    const uint32_t channel = i / 8;
    if (k < 4)
        return r->data[4 * channel + 3 - k];
    return channel < r->zero_points ? r->zero_point[(size_t)channel * r->zero_bytes + 7 - k] : 0;
}

/* Byte by byte: a payload is small, and this way it needs no buffer. */
static bool next_byte(struct thm_ei_writer *e, uint8_t *out)
{
    const uint32_t head = head_bytes(e->record.kind);
    if (e->head < SIZE_BYTES) {
        *out = (uint8_t)(e->patch_size >> (24 - 8 * e->head++));
        return true;
    }
    if (!e->started || e->at == head + thm_weights_bytes(&e->record)) {
        struct thm_weights_record next;
        if (!e->weights->at(e->weights->ctx, e->n, &next))
            return false;
        e->record = next;
        e->started = true;
        e->at = 0;
        e->n++;
    }
    const uint32_t now = head_bytes(e->record.kind);
    *out = e->at < now ? head_byte(&e->record, e->at) : data_byte(&e->record, e->at - now);
    e->at++;
    return true;
}

size_t thm_ei_writer_read(struct thm_ei_writer *e, uint8_t *out, size_t room)
{
    size_t n = 0;
    while (n < room && next_byte(e, out + n))
        n++;
    return n;
}

/* ---- without the model ---- */

bool thm_ei_looks_like(const uint8_t head[8])
{
    return head[0] == 0 && (head[5] == 8 || head[5] == 32);
}

/* The record at `at`, behind one of index `last`. */
static bool item_at(const uint8_t *data, size_t len, size_t at, enum thm_weights_kind kind, int last,
                    struct thm_ei_item *out)
{
    const uint32_t head = head_bytes(kind);
    if (len - at < head || data[at] <= last)
        return false;
    *out = (struct thm_ei_item){ .kind = kind, .index = data[at], .offset = (uint32_t)at + head };
    out->bits = kind == THM_WEIGHTS_DATA ? data[at + 1] : 64;
    out->count = (uint32_t)data[at + head - 2] << 8 | data[at + head - 1];
    const bool depth = kind == THM_WEIGHTS_QUANT || out->bits == 8 || out->bits == 32;
    return depth && out->count && (uint64_t)out->count * out->bits / 8 <= len - at - head;
}

static size_t end_of(const struct thm_ei_item *i)
{
    return i->offset + (size_t)i->count * i->bits / 8;
}

/* All records of one kind from `at` on, as many as there are. */
static size_t scan_kind(const uint8_t *data, size_t len, size_t at, enum thm_weights_kind kind,
                        struct thm_ei_item *items, size_t max)
{
    size_t n = 0;
    while (n < max && at < len && item_at(data, len, at, kind, n ? (int)items[n - 1].index : -1, &items[n]))
        at = end_of(&items[n++]);
    return n;
}

/* A record of the first part could be one of the second: the longest first part is tried first. */
static bool scan_from(const uint8_t *data, size_t len, size_t at, struct thm_ei_item *items, size_t max, size_t *count)
{
    for (size_t tensors = scan_kind(data, len, at, THM_WEIGHTS_DATA, items, max);; tensors--) {
        const size_t behind = tensors ? end_of(&items[tensors - 1]) : at;
        const size_t quants = scan_kind(data, len, behind, THM_WEIGHTS_QUANT, items + tensors, max - tensors);
        *count = tensors + quants;
        if (*count && end_of(&items[*count - 1]) == len)
            return true;
        if (tensors == 0)
            return false;
    }
}

bool thm_ei_scan(const uint8_t *data, size_t len, struct thm_ei_item *items, size_t max, size_t *count, size_t *start)
{
    const size_t marker = sizeof THM_EI_MARKER - 1;
    const uint8_t *found = len ? memmem(data, len, THM_EI_MARKER, marker) : NULL;
    *start = found == data && found ? marker : 0;
    *count = 0;
    if (len - *start < SIZE_BYTES || len > UINT32_MAX)
        return false;
    const uint8_t *size = data + *start;
    const size_t at = *start + SIZE_BYTES, end = len;
    const uint32_t told = (uint32_t)size[0] << 24 | (uint32_t)size[1] << 16 | (uint32_t)size[2] << 8 | size[3];
    return told == end - at && scan_from(data, end, at, items, max, count);
}
