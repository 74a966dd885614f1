/* The safe payload's reader over any model that opens. Digests count as right (they are all 0 here) and checksums are
 * mended, as who writes hostile payloads would: then too no write leaves the model, and a download that is cut and
 * resumed ends as one that is not. */
#include "fsimages/crc32.h"
#include "emu/ota/safe.h"
#include "tests/fuzz/ota_input.h"

enum { PAYLOAD_MAX = 65536 };
static uint8_t staged[OTA_MODEL_MAX];

static uint8_t *stage(void *ctx, uint32_t bytes)
{
    (void)ctx;
    if (bytes > OTA_MODEL_MAX)
        abort();
    return staged;
}

static void start(void *ctx, struct thm_digest *d)
{
    (void)ctx;
    memset(d, 0, sizeof *d);
}

static void add(void *ctx, struct thm_digest *d, const void *data, uint32_t len)
{
    (void)ctx;
    (void)d;
    (void)data;
    (void)len;
}

static void end(void *ctx, struct thm_digest *d, uint8_t *out)
{
    (void)ctx;
    (void)d;
    memset(out, 0, THM_DIGEST_BYTES);
}

static const struct thm_safe_host host = { stage, start, add, end, NULL };

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static void mend(uint8_t *p, size_t len)
{
    struct thm_safe_record r;
    if (len < THM_SAFE_HEADER)
        return;
    memcpy(p, THM_SAFE_MAGIC, 4);
    memset(p + 8, 0, 3 * THM_DIGEST_BYTES);
    put32(p + 104, (uint32_t)len);
    put32(p + 116, thm_crc32(0, p, 116));
    for (size_t at = THM_SAFE_HEADER; len - at >= THM_SAFE_RECORD; at += THM_SAFE_RECORD + r.bytes) {
        thm_safe_parse_record(p + at, &r);
        if (r.bytes > len - at - THM_SAFE_RECORD)
            return;
        put32(p + at + 12, thm_crc32(thm_crc32(0, p + at, 12), p + at + THM_SAFE_RECORD, r.bytes));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ota_input in;
    static uint8_t payload[PAYLOAD_MAX], whole[OTA_MODEL_MAX];
    struct thm_safe_reader r;
    char message[100];
    if (!ota_input(&in, data, size) || in.len > PAYLOAD_MAX)
        return 0;
    memcpy(payload, in.payload, in.len);
    if (data[3] & 1)
        mend(payload, in.len);
    thm_safe_reader_init(&r, &host, in.model, in.model_len);
    thm_safe_reader_feed(&r, payload, in.len);
    const enum thm_safe_err err = thm_safe_reader_end(&r);
    thm_safe_message(&r, message, sizeof message);
    memcpy(whole, in.model, in.model_len);

    ota_input(&in, data, size);
    const size_t cut = in.len ? in.step * 257 % in.len : 0;
    thm_safe_reader_init(&r, &host, in.model, in.model_len);
    for (size_t i = 0; i < cut; i += in.step)
        thm_safe_reader_feed(&r, payload + i, cut - i < in.step ? cut - i : in.step);
    if (!r.err) {
        const uint32_t from = thm_safe_reader_resume(&r, data[3] & 2);
        if (from > cut)
            abort();
        thm_safe_reader_feed(&r, payload + from, in.len - from);
    }
    if (thm_safe_reader_end(&r) != err || memcmp(whole, in.model, in.model_len) != 0)
        abort();
    return 0;
}
