/* camera_hub.c -- the main core of an MT3620: fetches signed models for the two others, and counts what they see.
 *
 *     thimble run --board mt3620 --trust publisher.pub --cacert ca.pem --firmware camera_hub.so --input frames.bin \
 *         --set person=https://localhost:8443/person.bundle --set object=https://localhost:8443/object.bundle \
 *         --core m4-0:firmware=camera_worker.so,model=person.tflite \
 *         --core m4-1:firmware=camera_worker.so,model=object.tflite
 *
 * A bundle passes through in pieces of 1 KB and is checked meanwhile; no core holds both a bundle and a copy. A worker
 * runs what it was sent when all of it is found to be good, and otherwise the model in its flash. The security counters
 * of models that have run are kept in the board's mutable storage, a single file.
 *
 * Settings: person, object: URLs; without one the worker's own model is run. period: ms between frames, default 200. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thimble/firmware.h>
#include "camera_message.h"

enum { WORKERS = 2, ANSWER_MS = 5000, FRAME_MAX = 4096, PATIENCE = 20000 };

static struct worker {
    const char *core, *sees;
    uint32_t input_bytes, counter;
    bool updated, present;
    unsigned events;
} worker[WORKERS] = { { .core = "m4-0", .sees = "person" }, { .core = "m4-1", .sees = "object" } };

static struct message_to_core message; /* the one that is under way */
static int refused;                    /* exit status of an update that was; the models before go on */

/* ---- the mailbox ---- */

/* The ring may be full until the other core has read. */
static bool send(struct worker *w, enum message kind, uint32_t len)
{
    int32_t result = THM_MAILBOX_FULL;
    message.kind = (uint8_t)kind;
    for (int i = 0; i < PATIENCE && result == THM_MAILBOX_FULL; i++) {
        result = thm_mailbox_send(w->core, &message, HEAD + len);
        if (result == THM_MAILBOX_FULL)
            thm_delay_us(50);
    }
    return result == 0;
}

static bool send_number(struct worker *w, enum message kind, uint32_t number)
{
    message.number = number;
    return send(w, kind, sizeof number);
}

static bool send_bytes(struct worker *w, enum message kind, const void *data, uint32_t len)
{
    for (uint32_t at = 0, n; at < len; at += n) {
        n = len - at < PIECE ? len - at : PIECE;
        memcpy(message.data, (const uint8_t *)data + at, n);
        if (!send(w, kind, n))
            return false;
    }
    return true;
}

static struct worker *find(const char *core)
{
    for (unsigned i = 0; i < WORKERS; i++)
        if (strcmp(worker[i].core, core) == 0)
            return &worker[i];
    return NULL;
}

/* The next answer of any worker; its payload is in `message`. NULL: none has come, or another kind. */
static struct worker *hear(enum message kind, uint32_t *len)
{
    const char *core;
    const int32_t n = thm_mailbox_receive(&core, &message, sizeof message, ANSWER_MS);
    if (n < HEAD || message.kind != kind)
        return NULL;
    *len = (uint32_t)n - HEAD;
    return find(core);
}

/* ---- security counters ---- */

struct counters {
    uint32_t of[WORKERS];
};

static bool load_counters(void)
{
    struct counters c = { { 0 } };
    if (thm_storage_mount(NULL) < 0)
        return false;
    const int32_t file = thm_file_open("model", THM_FILE_READ);
    if (file >= 0) {
        if (thm_file_read(file, &c, sizeof c) != sizeof c)
            memset(&c, 0, sizeof c);
        thm_file_close(file);
    }
    for (unsigned i = 0; i < WORKERS; i++)
        worker[i].counter = c.of[i];
    return true;
}

static bool save_counters(void)
{
    struct counters c;
    for (unsigned i = 0; i < WORKERS; i++)
        c.of[i] = worker[i].counter;
    const int32_t file = thm_file_open("model", THM_FILE_WRITE | THM_FILE_CREATE | THM_FILE_TRUNC);
    return file >= 0 && thm_file_write(file, &c, sizeof c) == sizeof c && thm_file_close(file) >= 0;
}

/* ---- updates ---- */

static bool pass_on(struct worker *w, const void *data, uint32_t len, bool *begun)
{
    struct thm_signed_info info;
    const void *model;
    uint32_t n;
    if (!thm_signed_take(data, len, &model, &n))
        return false;
    if (!*begun && thm_signed_info(&info)) {
        *begun = true;
        if (!send_number(w, SIZE, info.model_bytes))
            return false;
    }
    return n == 0 || send_bytes(w, MODEL, model, n);
}

static bool stream(struct worker *w)
{
    static uint8_t piece[PIECE];
    bool begun = false;
    int32_t n;
    thm_signed_begin(w->counter);
    while ((n = thm_https_read(piece, sizeof piece)) > 0)
        if (!pass_on(w, piece, (uint32_t)n, &begun))
            return false;
    return n == 0 && thm_signed_end();
}

static bool fetch(struct worker *w, const char *url)
{
    struct thm_https_response answer;
    if (!thm_https_get(url, &answer))
        return false;
    const bool ok = stream(w);
    const int status = ok ? 0 : thm_failed("update"); /* while the error is known */
    thm_https_close();
    refused = ok ? refused : status;
    return ok;
}

static bool update(struct worker *w)
{
    const char *url = thm_setting(w->sees);
    struct thm_signed_info info;
    w->updated = url && fetch(w, url) && thm_signed_info(&info);
    if (!w->updated)
        return send_number(w, DROP, 0);
    w->counter = info.counter;
    thm_step("update", "%s: version %u, security counter %u, %u bytes for %s", w->sees, (unsigned)info.version,
             (unsigned)info.counter, (unsigned)info.model_bytes, w->core);
    return send_number(w, GO, 0);
}

static bool update_all(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        uint32_t len;
        struct worker *w = update(&worker[i]) ? hear(READY, &len) : NULL;
        if (!w || len != sizeof message.number || message.number == 0 || message.number > FRAME_MAX)
            return false;
        w->input_bytes = message.number;
        thm_step("worker", "%s (%s) wants %u bytes a frame, has the model %s", w->core, w->sees,
                 (unsigned)w->input_bytes, w->updated ? "that was sent" : "in its flash");
    }
    return true;
}

/* ---- frames ---- */

static bool send_frame(uint32_t frame)
{
    static uint8_t data[FRAME_MAX];
    for (unsigned i = 0; i < WORKERS; i++)
        if (!thm_sensor_read(frame, 0, data, worker[i].input_bytes) ||
            !send_bytes(&worker[i], FRAME, data, worker[i].input_bytes))
            return false;
    return true;
}

/* An event is that something comes into the picture, or leaves it. */
static void judge(struct worker *w, uint32_t frame, const int8_t *score)
{
    const bool present = score[1] > score[0];
    if (present != w->present) {
        w->events++;
        printf("%u ms, frame %u: %s %s\n", (unsigned)thm_millis(), (unsigned)frame, w->sees,
               present ? "appears" : "leaves");
    }
    w->present = present;
}

static bool hear_scores(uint32_t frame)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        uint32_t len;
        struct worker *w = hear(SCORE, &len);
        if (!w || len != 2)
            return false;
        judge(w, frame, (const int8_t *)message.data);
    }
    return true;
}

static bool watch(uint32_t frames, uint32_t period)
{
    for (uint32_t f = 0; f < frames; f++) {
        const uint32_t start = thm_millis();
        if (!send_frame(f) || !hear_scores(f))
            return false;
        if (f == 0 && !save_counters()) /* both new models have run: there is no way back behind them */
            return false;
        const uint32_t taken = thm_millis() - start;
        if (taken < period)
            thm_delay(period - taken);
    }
    return true;
}

static void tell(uint32_t frames, uint32_t ms)
{
    const unsigned events = worker[0].events + worker[1].events;
    const unsigned rate = ms ? (unsigned)((uint64_t)events * 1000000 / ms) : 0; /* in thousandths */
    thm_step("events", "%u person, %u object in %u frames and %u ms: %u.%03u events per device second",
             worker[0].events, worker[1].events, (unsigned)frames, (unsigned)ms, rate / 1000, rate % 1000);
}

int main(void)
{
    const char *period = thm_setting("period");
    if (!load_counters())
        return thm_failed("storage");
    if ((thm_setting("person") || thm_setting("object")) && !thm_network_up())
        return thm_failed("network");
    if (!update_all())
        return thm_failed("worker");
    const uint32_t frames = thm_sensor_frames(worker[0].input_bytes), start = thm_millis();
    if (!frames || !watch(frames, period ? (uint32_t)atoi(period) : 200))
        return thm_failed("frame");
    tell(frames, thm_millis() - start);
    return refused;
}
