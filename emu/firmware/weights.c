#include "emu/firmware/weights.h"
#include <string.h>
#include "emu/board/hal.h"
#include "emu/firmware/text.h"
#include "fsimages/fs.h"

enum { HEAD = 8, MARKER = sizeof THM_EI_MARKER - 1, ATTEMPTS = 3, PIECE = 64, UPDATE_FAILED = 15 };

/* A format as the stream's reader needs it. */
struct thm_weights_format {
    const char *name;
    bool retries;  /* a broken download is tried again */
    bool outlives; /* what it makes is checked, so that it may be stored */
    void (*begin)(struct thm_weights_update *u);
    /* false: no more bytes are wanted. */
    bool (*feed)(struct thm_weights_update *u, const uint8_t *data, uint32_t len);
    enum thm_weights_outcome (*end)(struct thm_weights_update *u);
    void (*message)(const struct thm_weights_update *u, char *out, size_t size);
    void (*progress)(const struct thm_weights_update *u, uint64_t v[4]); /* records: all, new; of quantisations */
};

/* ---- Edge Impulse's ---- */

static void ei_begin(struct thm_weights_update *u)
{
    u->weights = thm_weights_of_model(&u->walk, &u->parsed, u->model);
    thm_ei_reader_init(&u->ei, &u->weights);
}

static bool ei_feed(struct thm_weights_update *u, const uint8_t *data, uint32_t len)
{
    /* What is behind the last record is not read, but it ends the wait for one byte more. */
    return thm_ei_reader_feed(&u->ei, data, len) == len;
}

static enum thm_weights_outcome ei_end(struct thm_weights_update *u)
{
    if (thm_ei_reader_end(&u->ei) == THM_EI_OK)
        return THM_WEIGHTS_NEW;
    const bool untouched = u->ei.n == 0 || (u->ei.n == 1 && (u->ei.err != THM_EI_ESHORT || u->ei.at == 0));
    return untouched ? THM_WEIGHTS_OLD : THM_WEIGHTS_MIXED;
}

static void ei_message(const struct thm_weights_update *u, char *out, size_t size)
{
    thm_ei_message(&u->ei, out, size);
}

static void ei_progress(const struct thm_weights_update *u, uint64_t v[4])
{
    const struct thm_ei_progress *p = &u->ei.progress;
    v[0] = p->tensors;
    v[1] = p->new_tensors;
    v[2] = p->quants;
    v[3] = p->new_quants;
}

static const struct thm_weights_format edge_impulse = { .name = "edge-impulse",
                                                        .begin = ei_begin,
                                                        .feed = ei_feed,
                                                        .end = ei_end,
                                                        .message = ei_message,
                                                        .progress = ei_progress };

/* ---- the safe one ---- */

static uint8_t *stage(void *ctx, uint32_t bytes)
{
    struct thm_weights_update *u = ctx;
    u->staged = thm_hal_malloc(u->b, bytes, "staged weights");
    return u->staged;
}

static void digest_start(void *ctx, struct thm_digest *d)
{
    thm_hal_digest_start(((struct thm_weights_update *)ctx)->b, d);
}

static void digest_add(void *ctx, struct thm_digest *d, const void *data, uint32_t len)
{
    thm_hal_digest_add(((struct thm_weights_update *)ctx)->b, d, data, len);
}

static void digest_end(void *ctx, struct thm_digest *d, uint8_t *out)
{
    thm_hal_digest_end(((struct thm_weights_update *)ctx)->b, d, out);
}

static void safe_begin(struct thm_weights_update *u)
{
    if (u->safe_begun) {
        (void)thm_safe_reader_resume(&u->safe, true);
        return;
    }
    u->safe_begun = true;
    u->host = (struct thm_safe_host){ stage, digest_start, digest_add, digest_end, u };
    thm_safe_reader_init(&u->safe, &u->host, u->model, u->bytes);
}

static bool safe_feed(struct thm_weights_update *u, const uint8_t *data, uint32_t len)
{
    return thm_safe_reader_feed(&u->safe, data, len) == THM_SAFE_OK;
}

static enum thm_weights_outcome safe_end(struct thm_weights_update *u)
{
    if (thm_safe_reader_end(&u->safe) == THM_SAFE_OK)
        return THM_WEIGHTS_NEW;
    return u->safe.applied ? THM_WEIGHTS_STALE : THM_WEIGHTS_OLD;
}

static void safe_message(const struct thm_weights_update *u, char *out, size_t size)
{
    thm_safe_message(&u->safe, out, size);
}

static void safe_progress(const struct thm_weights_update *u, uint64_t v[4])
{
    v[0] = u->safe.header.records;
    v[1] = u->safe.applied;
}

static const struct thm_weights_format safe = { .name = "safe",
                                                .retries = true,
                                                .outlives = true,
                                                .begin = safe_begin,
                                                .feed = safe_feed,
                                                .end = safe_end,
                                                .message = safe_message,
                                                .progress = safe_progress };

bool thm_weights_outlive_power(const struct thm_weights_update *u)
{
    return u->format && u->format->outlives;
}

/* ---- which one it is ---- */

static bool begin(struct thm_weights_update *u, const struct thm_weights_format *f)
{
    u->format = f;
    f->begin(u);
    return true;
}

/* The last bytes in head are all that the search needs. */
static bool take_marker_byte(struct thm_weights_update *u, uint8_t byte)
{
    if (u->head_len == MARKER)
        memmove(u->head, u->head + 1, --u->head_len);
    u->head[u->head_len++] = byte;
    return u->head_len == MARKER && memcmp(u->head, THM_EI_MARKER, MARKER) == 0 && begin(u, &edge_impulse);
}

static bool decide(struct thm_weights_update *u)
{
    memcpy(u->first, u->head, sizeof u->first);
    if (memcmp(u->head, THM_SAFE_MAGIC, 4) == 0)
        return begin(u, &safe);
    return thm_ei_looks_like(u->head) && begin(u, &edge_impulse);
}

/* How many bytes of data it took to know; what was kept of earlier ones goes to the reader. */
static uint32_t recognise(struct thm_weights_update *u, const uint8_t *data, uint32_t len)
{
    uint32_t i = 0;
    while (i < len && !u->format) {
        if (u->received + i < HEAD) {
            u->head[u->head_len++] = data[i++];
            if (u->head_len == HEAD && decide(u))
                (void)u->format->feed(u, u->head, HEAD);
            continue;
        }
        (void)take_marker_byte(u, data[i++]);
    }
    return i;
}

static bool feed(struct thm_weights_update *u, const uint8_t *data, uint32_t len)
{
    const uint32_t used = u->format ? 0 : recognise(u, data, len);
    u->received += len;
    return !u->format || used == len || u->format->feed(u, data + used, len - used);
}

/* ---- the stream ---- */

static bool open_source(struct thm_weights_update *u, int32_t *fd)
{
    struct thm_hal_response response;
    *fd = -1;
    if (!u->source->stored)
        return thm_hal_https_get(u->b, u->source->from, u->chunk, &response);
    *fd = thm_hal_open(u->b, u->source->from, THM_FS_READ);
    return *fd >= 0;
}

static int32_t read_source(struct thm_weights_update *u, int32_t fd)
{
    return fd < 0 ? thm_hal_https_read(u->b, u->buffer, u->chunk) : thm_hal_read(u->b, fd, u->buffer, u->chunk);
}

static void close_source(struct thm_weights_update *u, int32_t fd)
{
    if (fd < 0)
        thm_hal_https_close(u->b);
    else
        (void)thm_hal_close(u->b, fd);
}

/* Edge Impulse's reader polls for every byte, and once more behind the last one. */
static void wait_in_vain(struct thm_weights_update *u)
{
    if (u->format == &edge_impulse)
        thm_hal_spend(u->b, THM_EI_WAIT_NS);
}

static void receive(struct thm_weights_update *u, int32_t fd)
{
    int32_t n;
    while ((n = read_source(u, fd)) > 0)
        if (!feed(u, u->buffer, (uint32_t)n))
            break;
    if (n <= 0)
        wait_in_vain(u);
}

static void fail(struct thm_weights_update *u, const char *text)
{
    const int cause = thm_hal_failure_status(u->b);
    struct thm_text t = { .out = u->message, .size = sizeof u->message };
    thm_text_add(&t, text);
    if (cause) {
        thm_text_add(&t, *text ? "; " : "");
        thm_text_add(&t, thm_hal_failure_text(u->b));
    }
    thm_text_end(&t);
    u->exit_status = cause ? cause : UPDATE_FAILED;
}

static void fail_unrecognised(struct thm_weights_update *u)
{
    char text[160];
    struct thm_text t = { .out = text, .size = sizeof text };
    thm_text_add(&t, "neither a weights payload nor the marker '" THM_EI_MARKER "' in it: ");
    thm_text_head(&t, u->received < HEAD ? u->head : u->first, u->received < 4 ? (unsigned)u->received : 4);
    thm_text_end(&t);
    fail(u, text);
}

static enum thm_weights_outcome conclude(struct thm_weights_update *u)
{
    char text[128];
    if (!u->format) {
        fail_unrecognised(u);
        return THM_WEIGHTS_OLD;
    }
    const enum thm_weights_outcome outcome = u->format->end(u);
    if (outcome == THM_WEIGHTS_NEW)
        return outcome;
    u->format->message(u, text, sizeof text);
    fail(u, text);
    return outcome;
}

static enum thm_weights_outcome attempt(struct thm_weights_update *u)
{
    int32_t fd;
    u->format = NULL;
    u->received = u->head_len = 0;
    u->exit_status = 0;
    if (!open_source(u, &fd)) {
        fail(u, "");
        return u->safe_begun && u->safe.applied ? THM_WEIGHTS_STALE : THM_WEIGHTS_OLD;
    }
    receive(u, fd);
    const enum thm_weights_outcome outcome = conclude(u);
    close_source(u, fd);
    return outcome;
}

uint8_t *thm_weights_make_writable(struct thm_weights_update *u, uint8_t *buffer, const uint8_t *model, uint32_t bytes)
{
    u->bytes = bytes;
    u->model = buffer ? buffer : thm_hal_malloc(u->b, bytes, "writable weights");
    if (buffer || !u->model)
        return u->model;
    memcpy(u->model, model, bytes);
    u->original = model;
    u->moved = bytes;
    return u->model;
}

/* ---- back to the old ones ---- */

bool thm_weights_keep_old(struct thm_weights_update *u)
{
    struct thm_weights_record bad;
    struct thm_weights_model walk;
    struct thm_ei_writer writer;
    const struct thm_weights w = thm_weights_of_model(&walk, &u->parsed, NULL);
    if (!thm_ei_size(&w, &u->kept_bytes, &bad)) {
        thm_hal_failure(u->b, UPDATE_FAILED, 0, bad.count, THM_EI_COUNT_MAX,
                        "restore: tensor %u has %u elements, and a payload has room for %u", bad.index, bad.count,
                        THM_EI_COUNT_MAX);
        return false;
    }
    u->room_bytes = 4 + u->kept_bytes;
    if (u->original) /* a constant array of the program; its bytes are made when they are read */
        return thm_hal_flash_room(u->b, u->room_bytes);
    u->kept = thm_hal_malloc(u->b, u->room_bytes, "old weights");
    if (!u->kept)
        return false;
    thm_ei_writer_init(&writer, &w, u->kept_bytes);
    (void)thm_ei_writer_read(&writer, u->kept, u->room_bytes);
    return true;
}

/* The payload in the flash: the original model has the same weights. */
static void restore_from_flash(struct thm_weights_update *u)
{
    struct thm_model original;
    struct thm_weights_model walk;
    struct thm_ei_writer writer;
    uint8_t piece[PIECE];
    size_t n;
    if (thm_model_open(&original, u->original, u->bytes, NULL))
        return;
    const struct thm_weights w = thm_weights_of_model(&walk, &original, NULL);
    thm_ei_writer_init(&writer, &w, u->kept_bytes);
    while ((n = thm_ei_writer_read(&writer, piece, sizeof piece)) > 0)
        (void)thm_ei_reader_feed(&u->ei, piece, n);
}

static enum thm_weights_outcome restore(struct thm_weights_update *u)
{
    ei_begin(u);
    if (u->original)
        restore_from_flash(u);
    else
        (void)thm_ei_reader_feed(&u->ei, u->kept, u->room_bytes);
    thm_hal_spend(u->b, THM_EI_WAIT_NS);
    return thm_ei_reader_end(&u->ei) == THM_EI_OK ? THM_WEIGHTS_OLD : THM_WEIGHTS_MIXED;
}

/* ---- all of it ---- */

static void tell(struct thm_weights_update *u, enum thm_weights_outcome outcome)
{
    static const char *const now[] = { "all weights are new", "the weights are the old ones",
                                       "the weights are old and new ones", "the old model is loaded again" };
    uint64_t v[6] = { 0, 0, 0, 0, u->moved, u->room_bytes };
    const char *name = u->format ? u->format->name : "unknown";
    if (u->format)
        u->format->progress(u, v);
    thm_hal_weights(u->b, name, u->message, v);
    thm_hal_step(u->b, "weights", "%s: %s%s%s", name, now[outcome], u->exit_status ? ": " : "", u->message);
}

static enum thm_weights_outcome attempts(struct thm_weights_update *u)
{
    enum thm_weights_outcome outcome = attempt(u);
    for (int n = 1; n < ATTEMPTS && u->exit_status && u->format && u->format->retries; n++) {
        if (u->safe.err == THM_SAFE_EBASE || u->safe.err == THM_SAFE_EMODEL || u->safe.err == THM_SAFE_ERESULT)
            break;
        thm_hal_step(u->b, "retry", "%s", u->message);
        u->message[0] = '\0';
        outcome = attempt(u);
    }
    return outcome;
}

enum thm_weights_outcome thm_weights_update(struct thm_weights_update *u)
{
    u->buffer = thm_hal_malloc(u->b, u->chunk, "receive buffer");
    enum thm_weights_outcome outcome = THM_WEIGHTS_OLD;
    if (u->buffer)
        outcome = attempts(u);
    else
        fail(u, "");
    thm_hal_free(u->b, u->buffer);
    thm_hal_free(u->b, u->staged);
    u->buffer = u->staged = NULL;
    tell(u, outcome);
    if (outcome == THM_WEIGHTS_MIXED && u->source->restore) {
        outcome = restore(u);
        thm_hal_step(u->b, "restore", "%s", outcome == THM_WEIGHTS_OLD ? "the weights are the old ones" : "failed");
    }
    thm_hal_free(u->b, u->kept);
    u->kept = NULL;
    return outcome;
}
