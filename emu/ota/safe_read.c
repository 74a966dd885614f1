#include "emu/ota/safe.h"
#include <string.h>
#include "fsimages/crc32.h"
#include "emu/firmware/text.h"

enum part { HEADER, RECORD, DATA, END };
enum { DIGEST_AT = 8, DIGESTED_FROM = DIGEST_AT + THM_DIGEST_BYTES, CRC_AT = 116, RECORD_CRC_AT = 12 };

static uint32_t get16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) | get16(p + 2) << 16;
}

bool thm_safe_parse_header(const uint8_t bytes[THM_SAFE_HEADER], struct thm_safe_header *out)
{
    memcpy(out->digest, bytes + DIGEST_AT, THM_DIGEST_BYTES);
    memcpy(out->base, bytes + 40, THM_DIGEST_BYTES);
    memcpy(out->result, bytes + 72, THM_DIGEST_BYTES);
    out->bytes = get32(bytes + 104);
    out->records = get32(bytes + 108);
    out->largest = get32(bytes + 112);
    return memcmp(bytes, THM_SAFE_MAGIC, 4) == 0 && get32(bytes + CRC_AT) == thm_crc32(0, bytes, CRC_AT);
}

void thm_safe_parse_record(const uint8_t bytes[THM_SAFE_RECORD], struct thm_safe_record *out)
{
    *out = (struct thm_safe_record){ .subgraph = get16(bytes),
                                     .field = get16(bytes + 2),
                                     .tensor = get32(bytes + 4),
                                     .bytes = get32(bytes + 8),
                                     .crc = get32(bytes + RECORD_CRC_AT) };
}

bool thm_safe_find(const struct thm_model *m, uint32_t subgraph, uint32_t tensor, uint32_t field, const uint8_t **data,
                   uint32_t *bytes)
{
    struct thm_tensor_info t;
    if (subgraph >= m->subgraphs || tensor >= thm_model_tensors(m, subgraph) || field >= THM_SAFE_FIELDS)
        return false;
    thm_model_tensor(m, subgraph, tensor, &t);
    const struct {
        const void *data;
        uint64_t bytes;
    } fields[THM_SAFE_FIELDS] = {
        [THM_SAFE_DATA] = { t.data, t.data_bytes },
        [THM_SAFE_SCALES] = { t.scale, (uint64_t)t.scales * sizeof *t.scale },
        [THM_SAFE_ZERO_POINTS] = { t.zero_point, (uint64_t)t.zero_points * sizeof *t.zero_point },
    };
    *data = fields[field].data;
    *bytes = (uint32_t)fields[field].bytes; /* lies in a file of less than 4 GB */
    return *data && *bytes;
}

static void digest_model(const struct thm_safe_reader *r, uint8_t out[THM_DIGEST_BYTES])
{
    struct thm_digest d;
    r->host->digest_start(r->host->ctx, &d);
    r->host->digest_add(r->host->ctx, &d, r->model, r->model_bytes);
    r->host->digest_end(r->host->ctx, &d, out);
}

static bool model_is(const struct thm_safe_reader *r, const uint8_t digest[THM_DIGEST_BYTES])
{
    uint8_t is[THM_DIGEST_BYTES];
    digest_model(r, is);
    return memcmp(is, digest, sizeof is) == 0;
}

void thm_safe_reader_init(struct thm_safe_reader *r, const struct thm_safe_host *host, uint8_t *model, uint32_t bytes)
{
    *r = (struct thm_safe_reader){ .host = host, .model = model, .model_bytes = bytes };
    host->digest_start(host->ctx, &r->digest);
}

/* ---- header ---- */

static enum thm_safe_err first_header(struct thm_safe_reader *r, const struct thm_safe_header *h)
{
    if (!model_is(r, h->base))
        return THM_SAFE_EBASE;
    if (h->largest > r->model_bytes)
        return THM_SAFE_ERECORD;
    r->stage = h->largest ? r->host->stage(r->host->ctx, h->largest) : NULL;
    if (h->largest && !r->stage)
        return THM_SAFE_EMEMORY;
    r->header = *h;
    r->known = true;
    return THM_SAFE_OK;
}

/* This record is written, or there is none yet: from here a broken download goes on. */
static void keep_place(struct thm_safe_reader *r)
{
    r->digest_kept = r->digest;
    r->offset_kept = r->offset;
}

static enum thm_safe_err next_record(struct thm_safe_reader *r)
{
    r->part = r->n < r->header.records ? RECORD : END;
    r->at = 0;
    return THM_SAFE_OK;
}

static enum thm_safe_err header_is_there(struct thm_safe_reader *r)
{
    struct thm_safe_header h;
    if (!thm_safe_parse_header(r->head, &h))
        return THM_SAFE_EHEADER;
    if (get16(r->head + 4) != THM_SAFE_VERSION)
        return THM_SAFE_EVERSION;
    const bool same = memcmp(h.digest, r->header.digest, sizeof h.digest) == 0;
    enum thm_safe_err err = !r->known ? first_header(r, &h) : same ? THM_SAFE_OK : THM_SAFE_EOTHER;
    if (err)
        return err;
    r->host->digest_add(r->host->ctx, &r->digest, r->head + DIGESTED_FROM, CRC_AT - DIGESTED_FROM);
    if (r->applied == 0)
        keep_place(r);
    return next_record(r);
}

/* ---- records ---- */

static enum thm_safe_err write_record(struct thm_safe_reader *r)
{
    struct thm_model m;
    const uint32_t crc = thm_crc32(thm_crc32(0, r->head, RECORD_CRC_AT), r->stage, r->record.bytes);
    if (crc != r->record.crc)
        return THM_SAFE_ECRC;
    memcpy(r->target, r->stage, r->record.bytes);
    r->applied++;
    keep_place(r);
    return thm_model_open(&m, r->model, r->model_bytes, NULL) ? THM_SAFE_EMODEL : THM_SAFE_OK;
}

static enum thm_safe_err data_is_there(struct thm_safe_reader *r)
{
    enum thm_safe_err err = r->n == r->applied ? write_record(r) : THM_SAFE_OK;
    if (err)
        return err;
    r->n++;
    return next_record(r);
}

static enum thm_safe_err record_is_there(struct thm_safe_reader *r)
{
    struct thm_model m;
    const uint8_t *data;
    uint32_t bytes;
    thm_safe_parse_record(r->head, &r->record);
    if (thm_model_open(&m, r->model, r->model_bytes, NULL))
        return THM_SAFE_EMODEL;
    if (!thm_safe_find(&m, r->record.subgraph, r->record.tensor, r->record.field, &data, &bytes) ||
        r->record.bytes != bytes || bytes > r->header.largest)
        return THM_SAFE_ERECORD;
    r->target = r->model + (data - r->model);
    r->host->digest_add(r->host->ctx, &r->digest, r->head, THM_SAFE_RECORD);
    r->part = DATA;
    r->at = 0;
    return THM_SAFE_OK;
}

/* ---- the stream ---- */

static uint32_t take(struct thm_safe_reader *r, uint8_t *to, uint32_t whole, const uint8_t *data, size_t len)
{
    const uint32_t n = len < whole - r->at ? (uint32_t)len : whole - r->at;
    memcpy(to + r->at, data, n);
    r->at += n;
    r->offset += n;
    return n;
}

static uint32_t take_head(struct thm_safe_reader *r, const uint8_t *data, size_t len)
{
    const uint32_t whole = r->part == HEADER ? THM_SAFE_HEADER : THM_SAFE_RECORD;
    const uint32_t n = take(r, r->head, whole, data, len);
    if (r->at == whole)
        r->err = (uint8_t)(r->part == HEADER ? header_is_there(r) : record_is_there(r));
    return n;
}

static uint32_t take_data(struct thm_safe_reader *r, const uint8_t *data, size_t len)
{
    const uint32_t n = take(r, r->stage, r->record.bytes, data, len);
    r->host->digest_add(r->host->ctx, &r->digest, data, n);
    if (r->at == r->record.bytes)
        r->err = (uint8_t)data_is_there(r);
    return n;
}

enum thm_safe_err thm_safe_reader_feed(struct thm_safe_reader *r, const uint8_t *data, size_t len)
{
    while (len && !r->err && r->part != END) {
        const uint32_t n = r->part == DATA ? take_data(r, data, len) : take_head(r, data, len);
        data += n;
        len -= n;
    }
    if (!r->err && len) /* longer than it says */
        r->err = THM_SAFE_EDIGEST;
    return (enum thm_safe_err)r->err;
}

static enum thm_safe_err finish(struct thm_safe_reader *r)
{
    uint8_t is[THM_DIGEST_BYTES];
    if (r->part != END)
        return THM_SAFE_ECUT;
    r->host->digest_end(r->host->ctx, &r->digest, is);
    if (memcmp(is, r->header.digest, sizeof is) != 0 || r->offset != r->header.bytes)
        return THM_SAFE_EDIGEST;
    return model_is(r, r->header.result) ? THM_SAFE_OK : THM_SAFE_ERESULT;
}

enum thm_safe_err thm_safe_reader_end(struct thm_safe_reader *r)
{
    if (!r->err && !r->done)
        r->err = (uint8_t)finish(r);
    r->done = !r->err;
    return (enum thm_safe_err)r->err;
}

uint32_t thm_safe_reader_place(const struct thm_safe_reader *r)
{
    return r->known ? r->offset_kept : 0;
}

uint32_t thm_safe_reader_resume(struct thm_safe_reader *r, bool from_start)
{
    r->err = THM_SAFE_OK;
    r->at = 0;
    if (from_start || !r->known) {
        r->known = r->applied > 0;
        r->part = HEADER;
        r->n = r->offset = 0;
        r->host->digest_start(r->host->ctx, &r->digest);
        return 0;
    }
    r->n = r->applied;
    r->offset = r->offset_kept;
    r->digest = r->digest_kept;
    (void)next_record(r);
    return r->offset;
}

void thm_safe_message(const struct thm_safe_reader *r, char *out, size_t size)
{
    static const struct {
        const char *text;
        bool record, head;
    } rows[] = {
        [THM_SAFE_OK] = { "", false, false },
        [THM_SAFE_EHEADER] = { "not a weights payload, or its header is damaged: ", false, true },
        [THM_SAFE_EVERSION] = { "the payload is of a later version", false, false },
        [THM_SAFE_EBASE] = { "the payload is for another model than this one", false, false },
        [THM_SAFE_EOTHER] = { "this is another payload than the one that was begun", false, false },
        [THM_SAFE_EMEMORY] = { "no memory to stage the payload's largest record", false, false },
        [THM_SAFE_ERECORD] = { "the model has no such tensor of that size", true, false },
        [THM_SAFE_ECRC] = { "damaged, nothing of it is written", true, false },
        [THM_SAFE_ECUT] = { "the payload ends too early", true, false },
        [THM_SAFE_EDIGEST] = { "the payload's digest is not the one in its header", false, false },
        [THM_SAFE_EMODEL] = { "writing it has damaged the model's file", true, false },
        [THM_SAFE_ERESULT] = { "the updated model's digest is not the one in the header", false, false },
    };
    struct thm_text t = { .out = out, .size = size };
    if (rows[r->err].record && r->known) {
        thm_text_add(&t, "record ");
        thm_text_number(&t, (uint64_t)r->n + 1);
        thm_text_add(&t, " of ");
        thm_text_number(&t, r->header.records);
        thm_text_add(&t, r->part == DATA ? ", tensor " : "");
        if (r->part == DATA)
            thm_text_number(&t, r->record.tensor);
        thm_text_add(&t, ": ");
    }
    thm_text_add(&t, rows[r->err].text);
    if (rows[r->err].head)
        thm_text_head(&t, r->head, r->at < 4 ? r->at : 4);
    thm_text_end(&t);
}
