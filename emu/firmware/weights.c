#include "emu/firmware/weights.h"
#include <string.h>
#include "emu/board/hal.h"
#include "emu/firmware/text.h"
#include "emu/firmware/weights_format.h"
#include "fsimages/fs.h"

enum { HEAD = 8, MARKER = sizeof THM_EI_MARKER - 1, REPEATS = 2, PIECE = 64, UPDATE_FAILED = 15 };

bool thm_weights_outlive_power(const struct thm_weights_update *u)
{
    return u->format && u->format->outlives;
}

bool thm_weights_changed(const struct thm_weights_update *u)
{
    return u->format == &thm_weights_safe && u->safe.err == THM_SAFE_EOTHER;
}

/* ---- which one it is ---- */

/* Once records of the safe format are written, a payload of the other format is another payload to its reader. */
static bool begin(struct thm_weights_update *u, const struct thm_weights_format *f)
{
    const bool is_other = f != &thm_weights_safe && u->safe_begun && u->safe.applied;
    u->format = is_other ? &thm_weights_safe : f;
    if (is_other)
        u->safe.err = THM_SAFE_EOTHER;
    else
        f->begin(u);
    return true;
}

/* The last bytes in head are all that the search needs. */
static bool take_marker_byte(struct thm_weights_update *u, uint8_t byte)
{
    if (u->head_len == MARKER)
        memmove(u->head, u->head + 1, --u->head_len);
    u->head[u->head_len++] = byte;
    return u->head_len == MARKER && memcmp(u->head, THM_EI_MARKER, MARKER) == 0 && begin(u, &thm_weights_edge_impulse);
}

static bool decide(struct thm_weights_update *u)
{
    memcpy(u->first, u->head, sizeof u->first);
    if (memcmp(u->head, THM_SAFE_MAGIC, 4) == 0)
        return begin(u, &thm_weights_safe);
    return thm_ei_looks_like(u->head) && begin(u, &thm_weights_edge_impulse);
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

static bool open_source(struct thm_weights_update *u)
{
    if (!u->source->stored)
        return thm_download_open(u->download);
    u->buffer = thm_hal_malloc(u->b, u->chunk, "receive buffer");
    u->fd = u->buffer ? thm_hal_open(u->b, u->source->from, THM_FS_READ) : -1;
    return u->fd >= 0;
}

static int32_t read_source(struct thm_weights_update *u, const uint8_t **data)
{
    const bool stored = u->source->stored;
    const int32_t n = stored ? thm_hal_read(u->b, u->fd, u->buffer, u->chunk) : thm_download_read(u->download);
    *data = stored ? u->buffer : u->download->chunk;
    return n;
}

static void close_source(struct thm_weights_update *u)
{
    if (!u->source->stored)
        thm_download_close(u->download);
    else if (u->fd >= 0)
        (void)thm_hal_close(u->b, u->fd);
    thm_hal_free(u->b, u->buffer);
    u->buffer = NULL;
    u->fd = -1;
}

/* Edge Impulse's reader polls for every byte, and once more behind the last one. */
static void wait_in_vain(struct thm_weights_update *u)
{
    if (u->format)
        thm_hal_spend(u->b, u->format->wait_ns);
}

/* A connection that was made again below the reader, after more than it waits for a byte. */
static bool has_given_up(const struct thm_weights_update *u, uint64_t since_ns, uint32_t failures)
{
    return u->format && u->format->wait_ns && !u->source->stored && u->download->failures != failures &&
           thm_hal_now_ns(u->b) - since_ns > u->format->wait_ns;
}

static void receive(struct thm_weights_update *u)
{
    const uint8_t *data;
    for (;;) {
        const uint64_t since = thm_hal_now_ns(u->b);
        const uint32_t failures = u->source->stored ? 0 : u->download->failures;
        const int32_t n = read_source(u, &data);
        if (has_given_up(u, since, failures))
            return;
        if (n <= 0) {
            wait_in_vain(u);
            return;
        }
        if (!feed(u, data, (uint32_t)n))
            return;
    }
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

/* What an attempt leaves of the one before. */
static enum thm_weights_outcome worse(enum thm_weights_outcome before, enum thm_weights_outcome now)
{
    return now == THM_WEIGHTS_OLD ? before : now;
}

/* From byte u->from on. */
static enum thm_weights_outcome attempt(struct thm_weights_update *u, enum thm_weights_outcome before)
{
    enum thm_weights_outcome outcome = before;
    u->exit_status = 0;
    u->message[0] = '\0';
    if (u->from == 0) {
        u->format = NULL;
        u->received = u->head_len = 0;
    } else {
        u->format->begin(u);
    }
    if (open_source(u)) {
        receive(u);
        outcome = worse(before, conclude(u));
    } else {
        fail(u, "");
    }
    close_source(u);
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
    thm_weights_edge_impulse.begin(u);
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

/* Whatever the payload is: the connection failed. Its own resuming is over, so it is the whole payload again. */
static bool connect_again(struct thm_weights_update *u)
{
    u->from = 0;
    return !u->source->stored && thm_download_again(u->download);
}

/* What has come is damaged, and the format has noticed. */
static bool fetch_again(struct thm_weights_update *u, uint64_t at)
{
    if (u->repeats == REPEATS)
        return false;
    u->repeats++;
    u->from = !u->source->stored && u->download->policy->resume ? at : 0;
    if (u->source->stored)
        thm_hal_step(u->b, "retry", "%s", u->message);
    else
        thm_download_go_back(u->download, u->from, u->message);
    return true;
}

static bool try_again(struct thm_weights_update *u)
{
    uint64_t at;
    return connect_again(u) || (u->format && u->format->again && u->format->again(u, &at) && fetch_again(u, at));
}

static enum thm_weights_outcome attempts(struct thm_weights_update *u)
{
    enum thm_weights_outcome outcome = attempt(u, THM_WEIGHTS_OLD);
    while (u->exit_status && try_again(u))
        outcome = attempt(u, outcome);
    return outcome;
}

enum thm_weights_outcome thm_weights_update(struct thm_weights_update *u)
{
    enum thm_weights_outcome outcome = attempts(u);
    thm_hal_free(u->b, u->staged);
    u->staged = NULL;
    tell(u, outcome);
    if (outcome == THM_WEIGHTS_MIXED && u->source->restore) {
        outcome = restore(u);
        thm_hal_step(u->b, "restore", "%s", outcome == THM_WEIGHTS_OLD ? "the weights are the old ones" : "failed");
    }
    thm_hal_free(u->b, u->kept);
    u->kept = NULL;
    return outcome;
}
