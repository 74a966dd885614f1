#include "emu/ota/safe.h"
#include <stdlib.h>
#include <string.h>
#include "fsimages/crc32.h"

enum { DIGEST_AT = 8, BASE_AT = 40, RESULT_AT = 72, BYTES_AT = 104, CRC_AT = 116 };

static uint8_t *no_stage(void *ctx, uint32_t bytes)
{
    (void)ctx;
    (void)bytes;
    return NULL;
}

static void start(void *ctx, struct thm_digest *d)
{
    (void)ctx;
    thm_digest_start(d);
}

static void add(void *ctx, struct thm_digest *d, const void *data, uint32_t len)
{
    (void)ctx;
    thm_digest_add(d, data, len);
}

static void end(void *ctx, struct thm_digest *d, uint8_t *out)
{
    (void)ctx;
    thm_digest_end(d, out);
}

const struct thm_safe_host thm_safe_pc = {
    .stage = no_stage, .digest_start = start, .digest_add = add, .digest_end = end
};

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v);
    put16(p + 2, v >> 16);
}

static void digest_file(const uint8_t *data, size_t len, uint8_t out[THM_DIGEST_BYTES])
{
    struct thm_digest d;
    thm_digest_start(&d);
    thm_digest_add(&d, data, len);
    thm_digest_end(&d, out);
}

struct payload { /* being made: counted first (out NULL), then written */
    uint8_t *out;
    size_t len;
    uint32_t records, largest;
    uint8_t *result; /* the old file, with what is written */
};

static void add_record(struct payload *p, const struct thm_safe_record *r, const uint8_t *data)
{
    if (p->out) {
        uint8_t *to = p->out + p->len;
        put16(to, r->subgraph);
        put16(to + 2, r->field);
        put32(to + 4, r->tensor);
        put32(to + 8, r->bytes);
        put32(to + 12, thm_crc32(thm_crc32(0, to, 12), data, r->bytes));
        memcpy(to + THM_SAFE_RECORD, data, r->bytes);
    }
    p->len += THM_SAFE_RECORD + r->bytes;
    p->records++;
    p->largest = r->bytes > p->largest ? r->bytes : p->largest;
}

/* A field that differs from what is there by now: tensors may share their data. */
static void add_field(struct payload *p, const struct thm_model *before, const struct thm_model *after,
                      struct thm_safe_record r)
{
    const uint8_t *old_data, *new_data;
    uint32_t bytes;
    if (!thm_safe_find(before, r.subgraph, r.tensor, r.field, &old_data, &bytes) ||
        !thm_safe_find(after, r.subgraph, r.tensor, r.field, &new_data, &r.bytes) || r.bytes != bytes)
        return;
    uint8_t *now = p->result + (old_data - before->data);
    if (memcmp(now, new_data, bytes) == 0)
        return;
    memcpy(now, new_data, bytes);
    add_record(p, &r, new_data);
}

static void add_records(struct payload *p, const struct thm_model *before, const struct thm_model *after)
{
    memcpy(p->result, before->data, before->size);
    for (uint32_t s = 0; s < before->subgraphs && s < after->subgraphs; s++)
        for (uint32_t t = 0; t < thm_model_tensors(before, s); t++)
            for (uint32_t f = 0; f < THM_SAFE_FIELDS; f++)
                add_field(p, before, after, (struct thm_safe_record){ .subgraph = s, .tensor = t, .field = f });
}

static void write_header(const struct payload *p, const struct thm_model *before)
{
    uint8_t *h = p->out;
    memcpy(h, THM_SAFE_MAGIC, 4);
    put16(h + 4, THM_SAFE_VERSION);
    digest_file(before->data, before->size, h + BASE_AT);
    digest_file(p->result, before->size, h + RESULT_AT);
    put32(h + BYTES_AT, (uint32_t)p->len);
    put32(h + BYTES_AT + 4, p->records);
    put32(h + BYTES_AT + 8, p->largest);
}

static void seal(const struct payload *p)
{
    struct thm_digest d;
    thm_digest_start(&d);
    thm_digest_add(&d, p->out + BASE_AT, CRC_AT - BASE_AT);
    thm_digest_add(&d, p->out + THM_SAFE_HEADER, p->len - THM_SAFE_HEADER);
    thm_digest_end(&d, p->out + DIGEST_AT);
    put32(p->out + CRC_AT, thm_crc32(0, p->out, CRC_AT));
}

void thm_safe_write(const struct thm_model *old_model, const struct thm_model *new_model, uint8_t **out, size_t *len)
{
    struct payload count = { .len = THM_SAFE_HEADER, .result = malloc(old_model->size) }, p = { 0 };
    *out = NULL;
    if (count.result)
        add_records(&count, old_model, new_model);
    p = (struct payload){ .out = count.result ? calloc(1, count.len) : NULL, .len = THM_SAFE_HEADER };
    p.result = count.result;
    if (p.out) {
        add_records(&p, old_model, new_model);
        write_header(&p, old_model);
        seal(&p);
    }
    free(count.result);
    *out = p.out;
    *len = p.len;
}
