/* emu/firmware/ota_fetch.c -- a model from the server: into a file, or into a buffer. */
#include "emu/firmware/ota_internal.h"
#include <string.h>
#include "emu/board/hal.h"
#include "fsimages/fs.h"

/* ---- where the decoded bytes go ---- */

static bool no_bundle(struct ota *s)
{
    thm_hal_failure(s->b, 15, 0, 0, 0, "a signed bundle has come, and this firmware trusts no key: --trust names one");
    return false;
}

/* A C array's length says nothing of its model's. */
static bool begin_store(struct ota *s)
{
    const bool is_told = s->payload.kind == THM_PAYLOAD_RAW && s->download.total > 0;
    s->begun = true;
    return thm_store_begin(&s->store, is_told ? (uint64_t)s->download.total : 0);
}

static bool to_file(void *ctx, const uint8_t *data, uint32_t len)
{
    struct ota *s = ctx;
    if (s->payload.kind == THM_PAYLOAD_BUNDLE && !s->store.ops->is_bundle)
        return no_bundle(s);
    return (s->begun || begin_store(s)) && thm_store_write(&s->store, data, len);
}

static bool to_memory(void *ctx, const uint8_t *data, uint32_t len)
{
    struct ota *s = ctx;
    if (s->payload.kind == THM_PAYLOAD_BUNDLE)
        return no_bundle(s);
    if (len > s->capacity - s->model_bytes) {
        thm_hal_failure(s->b, 10, 0, (uint64_t)s->model_bytes + len, s->capacity,
                        "the body is longer than its Content-Length said: the buffer holds %u bytes", s->capacity);
        return false;
    }
    memcpy(s->buffer + s->model_bytes, data, len);
    s->model_bytes += len;
    return true;
}

/* ---- the connection ---- */

/* The whole of a file, in a block of the heap. Result: its bytes, -1: failed. */
static int64_t read_whole(struct ota *s, const char *name, const char *what, uint8_t **out)
{
    int32_t size = thm_hal_file_size(s->b, name), fd = size < 0 ? size : thm_hal_open(s->b, name, THM_FS_READ), n = 0;
    uint32_t got = 0;
    if (fd < 0)
        return -1;
    *out = thm_hal_malloc(s->b, (uint32_t)size + 1, what); /* a zero ends PEM */
    while (*out && got < (uint32_t)size && (n = thm_hal_read(s->b, fd, *out + got, (uint32_t)size - got)) > 0)
        got += (uint32_t)n;
    (void)thm_hal_close(s->b, fd);
    return *out && n >= 0 ? (int64_t)got : -1;
}

/* Read before each connection, and kept until it is closed. */
bool ota_read_ca(struct ota *s)
{
    if (!s->o->ca_file)
        return true;
    s->step = "certificate";
    int64_t n = read_whole(s, s->o->ca_file, "CA file", &s->ca);
    if (n < 0 || !thm_hal_https_trust(s->b, s->o->ca_file, s->ca, (uint32_t)n))
        return false;
    thm_hal_step(s->b, "certificate", "%s read, %u bytes", s->o->ca_file, (uint32_t)n);
    return true;
}

static bool connect_to_server(struct ota *s)
{
    struct thm_download *d = &s->download;
    if (!ota_read_ca(s))
        return false;
    s->step = "connect";
    if (!thm_download_open(d))
        return false;
    if (d->total >= 0)
        thm_hal_step(s->b, "connect", "HTTPS %u, %lld bytes to come", d->status, (long long)d->total);
    else
        thm_hal_step(s->b, "connect", "HTTPS %u, length not told", d->status);
    return true;
}

/* The sink's own failure is already known; the decoder's is told here. */
static bool payload_failed(struct ota *s)
{
    thm_payload_message(&s->payload, s->text, sizeof s->text);
    if (s->payload.err != THM_PAYLOAD_ESINK)
        thm_hal_failure(s->b, 14, 0, 0, 0, "%s", s->text);
    return false;
}

static bool receive_body(struct ota *s, thm_payload_sink *sink)
{
    static const char *const kinds[] = { "unknown", "model file", "C array", "signed bundle" };
    uint64_t received = 0;
    int32_t n;
    thm_payload_init(&s->payload, UINT32_MAX, sink, s);
    while ((n = thm_download_read(&s->download)) > 0) {
        received += (uint32_t)n;
        if (thm_payload_feed(&s->payload, s->download.chunk, (uint32_t)n))
            return payload_failed(s);
    }
    if (n < 0)
        return false;
    if (thm_payload_end(&s->payload))
        return payload_failed(s);
    thm_hal_body(s->b, kinds[s->payload.kind], received, s->payload.total);
    return true;
}

void ota_forget_ca(struct ota *s)
{
    thm_hal_free(s->b, s->ca);
    s->ca = NULL;
}

void ota_hang_up(struct ota *s)
{
    thm_download_close(&s->download);
    ota_forget_ca(s);
}

/* ---- into a file ---- */

/* A signature comes with the model, from whoever publishes it. */
bool ota_commit(struct ota *s)
{
    struct thm_digest digest = s->store.digest;
    uint8_t bytes[THM_DIGEST_BYTES];
    if (!s->store.ops->is_signed)
        return thm_store_commit(&s->store);
    thm_hal_digest_end(s->b, &digest, bytes);
    s->store.signature = s->signature;
    return thm_hal_signature(s->b, bytes, s->signature) && thm_store_commit(&s->store);
}

static OUT_OF_LINE bool store_once(struct ota *s)
{
    if (!connect_to_server(s))
        return false;
    s->step = "store";
    s->begun = false; /* a model that is kept is not touched before it is known that another one comes */
    if (!thm_store_keeps_old(&s->store) && !begin_store(s))
        return false;
    if (!receive_body(s, to_file) || !ota_commit(s)) {
        thm_store_abandon(&s->store); /* a file that could not be completed is of no use */
        return false;
    }
    ota_hang_up(s);
    thm_hal_step(s->b, "store", "%s, %u bytes", s->store.next.name, s->store.next.bytes);
    return true;
}

/* Each attempt gives back what the one before has taken. */
static bool with_patience(struct ota *s, bool (*once)(struct ota *s))
{
    thm_download_init(&s->download, s->b, &s->o->download);
    while (!once(s)) {
        if (!thm_download_again(&s->download))
            return false;
        ota_hang_up(s);
    }
    return true;
}

bool ota_store(struct ota *s)
{
    return with_patience(s, store_once);
}

/* ---- into memory ---- */

/* OTA-TinyML's other flow: no storage, the socket's bytes go into a buffer of Content-Length bytes. */
static OUT_OF_LINE bool load_from_socket_once(struct ota *s)
{
    ota_unload(s);
    if (!connect_to_server(s))
        return false;
    const int64_t total = s->download.total;
    s->step = "load";
    if (total < 0 || total > UINT32_MAX) {
        thm_hal_failure(s->b, 13, 0, 0, 0,
                        "the server does not tell Content-Length: how large a buffer to malloc is unknown");
        return false;
    }
    s->capacity = (uint32_t)total;
    s->model = s->buffer = thm_hal_malloc(s->b, s->capacity, "model buffer");
    if (!s->buffer || !receive_body(s, to_memory))
        return false;
    ota_hang_up(s);
    thm_hal_step(s->b, "load", "model received into RAM, %u bytes", s->model_bytes);
    return true;
}

bool ota_load_from_socket(struct ota *s)
{
    return with_patience(s, load_from_socket_once);
}
