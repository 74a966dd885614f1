#include "emu/firmware/ota.h"
#include <string.h>
#include "emu/board/hal.h"
#include "emu/firmware/payload.h"
#include "emu/firmware/store.h"
#include "fsimages/fs.h"

/* Inlined, their frames would lie on a small stack while the model runs. */
#define OUT_OF_LINE __attribute__((noinline))

struct ota { /* in the task's static data on a device */
    struct thm_board *b;
    const struct thm_ota *o;
    const char *step; /* the one under way: named when it fails */
    struct thm_payload payload;
    char text[128]; /* the decoder's message */
    struct thm_download download;
    uint8_t *ca; /* the CA file */
    struct thm_store store;
    struct thm_store_entry entry[THM_STORE_ENTRIES]; /* what is stored */
    uint8_t signature[THM_SIGNATURE_BYTES];
    uint8_t *buffer;      /* the copy in RAM */
    const uint8_t *model; /* that, or the one in the flash */
    uint32_t model_bytes, capacity;
    int refused; /* exit status of an update that was, while the board goes on with the model it had; 0: none was */
    uint8_t *arena;
    uint32_t arena_bytes;
    struct thm_model parsed;
    struct thm_interpreter interpreter;
    const struct thm_store_entry *loaded; /* where the model came from; NULL: the socket or the flash */
    struct thm_weights_update update;
};

/* ---- where the decoded bytes go ---- */

static bool no_bundle(struct ota *s)
{
    thm_hal_failure(s->b, 15, 0, 0, 0, "a signed bundle has come, and this firmware trusts no key: --trust names one");
    return false;
}

static bool to_file(void *ctx, const uint8_t *data, uint32_t len)
{
    struct ota *s = ctx;
    if (s->payload.kind == THM_PAYLOAD_BUNDLE && !s->store.ops->is_bundle)
        return no_bundle(s);
    return thm_store_write(&s->store, data, len);
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

/* ---- steps ---- */

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
static bool read_ca(struct ota *s)
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
    if (!read_ca(s))
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

static void hang_up(struct ota *s)
{
    thm_download_close(&s->download);
    thm_hal_free(s->b, s->ca);
    s->ca = NULL;
}

static bool mount_storage(struct ota *s)
{
    s->step = "storage";
    int32_t formatted = thm_hal_mount(s->b, s->o->storage);
    if (formatted >= 0)
        thm_hal_step(s->b, "storage", formatted ? "%s formatted and mounted" : "%s mounted", s->o->storage);
    return formatted >= 0;
}

/* A signature comes with the model, from whoever publishes it. */
static bool commit(struct ota *s)
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
    if (!thm_store_begin(&s->store))
        return false;
    if (!receive_body(s, to_file) || !commit(s)) {
        thm_store_abandon(&s->store); /* a file that could not be completed is of no use */
        return false;
    }
    hang_up(s);
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
        hang_up(s);
    }
    return true;
}

static bool store(struct ota *s)
{
    return with_patience(s, store_once);
}

static bool read_file(struct ota *s, int32_t fd, const char *name)
{
    uint32_t got = 0;
    while (got < s->model_bytes) {
        int32_t n = thm_hal_read(s->b, fd, s->buffer + got, s->model_bytes - got);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        got += (uint32_t)n;
    }
    if (got < s->model_bytes)
        thm_hal_failure(s->b, 11, 0, s->model_bytes, got, "%s ends after %u of %u bytes", name, got, s->model_bytes);
    return got == s->model_bytes;
}

/* Where the storage is memory-mapped and keeps the file in one piece, nothing is copied. */
static bool map_file(struct ota *s, const struct thm_store_entry *e)
{
    uint32_t bytes;
    s->model = thm_hal_map(s->b, e->name, &bytes);
    if (!s->model || bytes < e->offset || bytes - e->offset < e->bytes)
        return false;
    s->model += e->offset;
    return true;
}

static bool copy_file(struct ota *s, const struct thm_store_entry *e)
{
    int32_t fd = thm_hal_open(s->b, e->name, THM_FS_READ);
    if (fd < 0)
        return false;
    if (e->bytes == 0)
        thm_hal_failure(s->b, 14, 0, 0, 0, "%s is empty", e->name);
    else
        s->buffer = thm_hal_malloc(s->b, e->bytes, "model copy");
    s->model = s->buffer;
    bool ok = s->buffer && (!e->offset || thm_hal_seek(s->b, fd, (int32_t)e->offset, THM_FS_SET) >= 0) &&
              read_file(s, fd, e->name);
    return thm_hal_close(s->b, fd) >= 0 && ok;
}

static OUT_OF_LINE bool load(struct ota *s, const struct thm_store_entry *e)
{
    s->step = "load";
    s->loaded = e;
    s->model_bytes = e->bytes;
    const bool in_place = map_file(s, e);
    if (!in_place && !copy_file(s, e))
        return false;
    if (s->store.ops->verify && !s->store.ops->verify(&s->store, e, s->model))
        return false;
    thm_hal_step(s->b, "load",
                 in_place ? "model used in place in the flash, %u bytes" : "model copied to RAM, %u bytes",
                 s->model_bytes);
    return true;
}

/* What the last round has loaded makes room for the next. */
static void unload(struct ota *s)
{
    if (s->arena != thm_hal_static_arena(s->b))
        thm_hal_free(s->b, s->arena);
    thm_hal_free(s->b, s->buffer);
    s->arena = s->buffer = NULL;
    s->loaded = NULL;
    s->model_bytes = 0;
}

/* OTA-TinyML's other flow: no storage, the socket's bytes go into a buffer of Content-Length bytes. */
static OUT_OF_LINE bool load_from_socket_once(struct ota *s)
{
    unload(s);
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
    hang_up(s);
    thm_hal_step(s->b, "load", "model received into RAM, %u bytes", s->model_bytes);
    return true;
}

static bool load_from_socket(struct ota *s)
{
    return with_patience(s, load_from_socket_once);
}

/* Compiled in: nothing is copied, and there is nothing to wait for. */
static bool use_flash_model(struct ota *s)
{
    s->step = "flash";
    s->model = thm_hal_flash_model(s->b, &s->model_bytes);
    if (s->model)
        thm_hal_step(s->b, "flash", "model of the program used in place, %u bytes", s->model_bytes);
    return s->model != NULL;
}

static bool refused(struct ota *s, const struct thm_nn_diag *diag)
{
    thm_hal_model_refused(s->b, diag);
    return false;
}

static OUT_OF_LINE bool set_up_interpreter(struct ota *s)
{
    struct thm_nn_diag diag;
    struct thm_interpreter_hooks hooks = thm_hal_interpreter_hooks(s->b);
    const struct thm_layout *layout = thm_hal_layout(s->b);
    s->step = "model";
    if (thm_model_open(&s->parsed, s->model, s->model_bytes, &diag))
        return refused(s, &diag);
    s->arena_bytes = s->o->arena ? s->o->arena : thm_hal_measure_arena(s->b, &s->parsed, layout);
    if (!s->arena_bytes)
        return false;
    s->step = "arena";
    s->arena = thm_hal_static_arena(s->b);
    if (!s->arena)
        s->arena = thm_hal_memalign(s->b, 16, s->arena_bytes, "tensor arena");
    if (!s->arena)
        return false;
    thm_interpreter_init(&s->interpreter, &s->parsed, layout, s->arena, s->arena_bytes, &hooks);
    thm_hal_register_operators(s->b, &s->interpreter);
    if (thm_interpreter_allocate(&s->interpreter, &diag)) {
        refused(s, &diag);
        if (diag.err == THM_NN_EARENA)
            thm_hal_failure_note(s->b, " (the arena has %u)", s->arena_bytes);
        return false;
    }
    thm_hal_arena(s->b, &s->interpreter);
    thm_hal_step(s->b, "arena", "%u bytes, %u used", s->arena_bytes, thm_interpreter_stats(&s->interpreter)->used);
    return true;
}

static bool infer_frame(struct ota *s, uint32_t frame)
{
    struct thm_nn_diag diag;
    struct thm_tensor t;
    for (uint32_t i = 0; thm_interpreter_input(&s->interpreter, i, &t) == THM_NN_OK; i++)
        if (!thm_hal_sense(s->b, frame, i, t.data, t.bytes))
            return false;
    if (thm_interpreter_invoke(&s->interpreter, &diag))
        return refused(s, &diag);
    thm_hal_invoked(s->b, frame);
    for (uint32_t i = 0; thm_interpreter_output(&s->interpreter, i, &t) == THM_NN_OK; i++)
        thm_hal_output(s->b, frame, i, &t);
    return true;
}

static bool infer(struct ota *s)
{
    struct thm_tensor first = { 0 };
    s->step = "infer";
    thm_interpreter_input(&s->interpreter, 0, &first);
    uint32_t frames = thm_hal_frames(s->b, first.bytes);
    if (!frames)
        return false;
    for (uint32_t f = 0; f < frames; f++) {
        thm_hal_feed_watchdog(s->b);
        if (!infer_frame(s, f))
            return false;
    }
    thm_hal_step(s->b, "infer", frames == 1 ? "1 inference" : "%u inferences", frames);
    return true;
}

static bool network_up(struct ota *s)
{
    s->step = "network";
    if (!thm_hal_network_up(s->b))
        return false;
    thm_hal_step(s->b, "network", "up");
    return true;
}

/* ---- new weights ---- */

static bool load_again(struct ota *s)
{
    thm_hal_free(s->b, s->buffer);
    s->buffer = NULL;
    s->model_bytes = 0;
    if (s->loaded)
        return load(s, s->loaded);
    return s->o->url ? load_from_socket(s) : use_flash_model(s);
}

/* Piece by piece, as it would come from a server. */
static bool write_model(struct ota *s, const uint8_t *model, uint32_t bytes)
{
    s->step = "store";
    bool ok = thm_store_begin(&s->store);
    for (uint32_t at = 0, n; ok && at < bytes; at += n) {
        n = bytes - at < s->o->chunk ? bytes - at : s->o->chunk;
        ok = thm_store_write(&s->store, model + at, n);
    }
    return ok;
}

/* A checked update of a stored model is stored as a new model is. */
static bool store_updated(struct ota *s)
{
    if (!write_model(s, s->model, s->model_bytes) || !commit(s)) {
        thm_store_abandon(&s->store);
        return false;
    }
    thm_hal_step(s->b, "store", "%s with new weights, %u bytes", s->store.next.name, s->store.next.bytes);
    return true;
}

static OUT_OF_LINE bool update_weights(struct ota *s)
{
    struct thm_weights_update *u = &s->update;
    struct thm_nn_diag diag;
    s->step = "weights";
    *u = (struct thm_weights_update){ .b = s->b, .source = &s->o->weights, .chunk = s->o->chunk };
    s->buffer = thm_weights_make_writable(u, s->buffer, s->model, s->model_bytes);
    if (!s->buffer)
        return false;
    s->model = s->buffer;
    if (thm_model_open(&u->parsed, s->model, s->model_bytes, &diag))
        return refused(s, &diag);
    if (u->source->restore && !thm_weights_keep_old(u))
        return false;
    if (!u->source->stored && !read_ca(s))
        return false;
    const enum thm_weights_outcome outcome = thm_weights_update(u);
    hang_up(s);
    if (outcome == THM_WEIGHTS_STALE)
        return load_again(s);
    return outcome != THM_WEIGHTS_NEW || !s->loaded || !thm_weights_outlive_power(u) || store_updated(s);
}

/* An update that failed is no reason not to run, but one to tell. */
static bool update_succeeded(struct ota *s)
{
    if (s->update.exit_status == 0)
        return true;
    s->step = "weights";
    thm_hal_failure(s->b, s->update.exit_status, 0, 0, 0, "%s", s->update.message);
    return false;
}

static bool run_model(struct ota *s)
{
    return (!s->o->weights.from || update_weights(s)) && set_up_interpreter(s) && (s->o->no_invoke || infer(s));
}

/* Why there is none: what the file system says of the first name. */
static void tell_missing(struct ota *s)
{
    const int32_t fd = thm_hal_open(s->b, s->store.file[0], THM_FS_READ);
    if (fd < 0)
        return;
    (void)thm_hal_close(s->b, fd);
    thm_hal_failure(s->b, 11, 0, 0, 0, "%s holds no complete model", s->store.file[0]);
}

/* The update has failed for good, and is the run's failure; what was there before is still there. */
static void refuse_update(struct ota *s)
{
    s->refused = thm_hal_fail(s->b, s->step);
    thm_hal_step(s->b, "revert", "the model before goes on");
}

static bool mark(struct ota *s, struct thm_store_entry *e, enum thm_store_mark to)
{
    static const char *const words[] = { "on trial: it is to be confirmed by its first inference", "from now on" };
    const bool confirms = to == THM_STORE_CONFIRMED;
    if (!s->store.ops->mark || e->mark == THM_STORE_CONFIRMED)
        return true;
    s->step = confirms ? "confirm" : "trial";
    if (!s->store.ops->mark(&s->store, e, to))
        return false;
    thm_hal_step(s->b, s->step, "%s, security counter %u, %s", e->name, e->counter, words[confirms]);
    return true;
}

/* Slots come in the order in which they are to be run: one that has killed the board is last. */
static void tell_died(struct ota *s, const struct thm_store_entry *e, uint32_t n)
{
    if (n > 1 && e[n - 1].mark == THM_STORE_STARTED)
        thm_hal_step(s->b, "revert", "%s was started and never confirmed", e[n - 1].name);
}

/* Run the first stored model that lets itself be run. */
static bool run_stored(struct ota *s, struct thm_booted *out)
{
    struct thm_store_entry *e = s->entry;
    const uint32_t n = s->store.ops->find(&s->store, e);
    s->step = "load";
    if (n == 0)
        tell_missing(s);
    out->found = out->found || n > 0;
    tell_died(s, e, n);
    for (uint32_t i = 0; i < n; i++) {
        if (load(s, &e[i]) && mark(s, &e[i], THM_STORE_STARTED) && run_model(s) &&
            (s->o->no_invoke || mark(s, &e[i], THM_STORE_CONFIRMED))) {
            out->model = s->model;
            out->bytes = s->model_bytes;
            return true;
        }
        if (i + 1 == n)
            break;
        if (s->store.ops->mark)
            refuse_update(s);
        else
            thm_hal_step(s->b, "refuse", "%s: %s", e[i].name, thm_hal_failure_text(s->b));
        unload(s);
    }
    return false;
}

/* A store that keeps the old model until the new one is confirmed has it to go on with, whatever the board met. */
static bool update_or_go_on(struct ota *s)
{
    if (store(s))
        return true;
    if (!s->store.ops->mark || thm_hal_failure_status(s->b) > 15 || s->store.ops->find(&s->store, s->entry) == 0)
        return false;
    hang_up(s);
    refuse_update(s);
    return true;
}

static bool run_round(struct ota *s, bool stored)
{
    struct thm_booted booted = { 0 };
    unload(s);
    if (s->o->from_storage || (s->o->url && stored))
        return (s->o->from_storage || update_or_go_on(s)) && run_stored(s, &booted);
    return (s->o->url ? load_from_socket(s) : use_flash_model(s)) && run_model(s);
}

static bool run_rounds(struct ota *s, bool stored)
{
    bool ok = true;
    uint32_t round = 1;
    for (; ok && round <= s->o->rounds; round++) {
        ok = run_round(s, stored);
        s->step = ok ? "round" : s->step;
        ok = ok && thm_hal_round(s->b);
    }
    if (!ok && s->o->rounds > 1)
        thm_hal_failure_note(s->b, "; this was round %u", round - 1);
    return ok;
}

static struct ota state; /* .bss on a device, and not on its stack */

static struct ota *start(struct thm_board *b, const struct thm_ota *o)
{
    state = (struct ota){ .b = b, .o = o, .step = "boot" };
    thm_store_init(&state.store, b, o->store, o->file);
    thm_hal_step(b, "boot", "application starts");
    return &state;
}

int thm_firmware_ota(struct thm_board *b, const struct thm_ota *o)
{
    struct ota *s = start(b, o);
    const struct thm_weights_source *w = &o->weights;
    const bool stored = strcmp(o->storage, "none") != 0;
    const bool network = o->url || (w->from && !w->stored);
    const bool storage = stored && (o->url || o->from_storage || w->stored || (network && o->ca_file));
    bool ok = (!network || network_up(s)) && (!storage || mount_storage(s));
    ok = ok && (o->rounds > 0 ? run_rounds(s, stored) : run_round(s, stored)) && update_succeeded(s);
    return ok ? s->refused : thm_hal_fail(b, s->step);
}

/* Nothing can be run, and the file system has failed: what it has lost count of may be found again. */
static bool mend_and_run(struct ota *s, struct thm_booted *out)
{
    if (!s->store.ops->mends || !thm_hal_files_are_damaged(s->b))
        return false;
    thm_hal_step(s->b, "refuse", "%s", thm_hal_failure_text(s->b));
    unload(s);
    s->step = "mend";
    const int32_t findings = thm_hal_mend_files(s->b);
    if (findings < 0)
        return false;
    thm_hal_step(s->b, "mend", "file system checked and repaired, %d findings", findings);
    return run_stored(s, out);
}

int thm_firmware_boot(struct thm_board *b, const struct thm_ota *o, struct thm_booted *out)
{
    struct ota *s = start(b, o);
    *out = (struct thm_booted){ 0 };
    bool ok = mount_storage(s) && (run_stored(s, out) || mend_and_run(s, out));
    return ok ? 0 : thm_hal_fail(b, s->step);
}

static bool update(struct ota *s, const struct thm_update *u)
{
    s->store.signature = u->signature;
    s->step = "store";
    if (u->kind == THM_UPDATE_PATCH)
        return thm_store_patch(&s->store, &u->patch);
    if (u->kind == THM_UPDATE_SWITCH)
        return s->store.ops->select(&s->store);
    const bool ok = write_model(s, u->model, u->bytes) && thm_store_commit(&s->store);
    if (!ok)
        thm_store_abandon(&s->store);
    return ok;
}

int thm_firmware_update(struct thm_board *b, const struct thm_ota *o, const struct thm_update *u)
{
    struct ota *s = start(b, o);
    return mount_storage(s) && update(s, u) ? 0 : thm_hal_fail(b, s->step);
}
