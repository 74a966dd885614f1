#include "emu/firmware/ota.h"
#include <string.h>
#include "emu/board/hal.h"
#include "emu/firmware/ota_internal.h"
#include "fsimages/fs.h"

static bool mount_storage(struct ota *s)
{
    s->step = "storage";
    int32_t formatted = thm_hal_mount(s->b, s->o->storage);
    if (formatted >= 0)
        thm_hal_step(s->b, "storage", formatted ? "%s formatted and mounted" : "%s mounted", s->o->storage);
    return formatted >= 0;
}

static bool network_up(struct ota *s)
{
    s->step = "network";
    if (!thm_hal_network_up(s->b))
        return false;
    thm_hal_step(s->b, "network", "up");
    return true;
}

static bool run_model(struct ota *s)
{
    return (!s->o->weights.from || ota_update_weights(s)) && ota_set_up_interpreter(s) &&
           (s->o->no_invoke || ota_infer(s));
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
        if (ota_load(s, &e[i]) && mark(s, &e[i], THM_STORE_STARTED) && run_model(s) &&
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
        ota_unload(s);
    }
    return false;
}

/* A store that keeps the old model has it to go on with, whatever the board met. An update that came in part only is
 * refused, as one that is wrong is. */
static bool update_or_go_on(struct ota *s)
{
    enum { NETWORK = 13, REFUSED = 15 };
    if (ota_store(s))
        return true;
    const int status = thm_hal_failure_status(s->b);
    if (!thm_store_keeps_old(&s->store) || status > REFUSED || s->store.ops->find(&s->store, s->entry) == 0)
        return false;
    ota_hang_up(s);
    if (status == NETWORK && s->begun)
        thm_hal_failure_becomes(s->b, REFUSED);
    refuse_update(s);
    return true;
}

static bool has_storage(const struct ota *s)
{
    return strcmp(s->o->storage, "none") != 0;
}

static bool run_round(struct ota *s)
{
    struct thm_booted booted = { 0 };
    ota_unload(s);
    if (s->o->from_storage || (s->o->url && has_storage(s)))
        return (s->o->from_storage || update_or_go_on(s)) && run_stored(s, &booted);
    return (s->o->url ? ota_load_from_socket(s) : ota_use_flash_model(s)) && run_model(s);
}

static bool run_rounds(struct ota *s)
{
    bool ok = true;
    uint32_t round = 1;
    for (; ok && round <= s->o->rounds; round++) {
        ok = run_round(s);
        s->step = ok ? "round" : s->step;
        ok = ok && thm_hal_round(s->b);
    }
    if (!ok && s->o->rounds > 1)
        thm_hal_failure_note(s->b, "; this was round %u", round - 1);
    return ok;
}

static bool live(struct ota *s)
{
    if (s->o->rounds > 0)
        return run_rounds(s);
    return (s->o->poll.on ? ota_poll_and_update(s, run_round) : run_round(s)) && ota_send_telemetry(s);
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
    const bool network = o->url || (w->from && !w->stored);
    const bool storage = has_storage(s) && (o->url || o->from_storage || w->stored || (network && o->ca_file));
    bool ok = (!network || network_up(s)) && (!storage || mount_storage(s));
    ok = ok && live(s) && ota_update_succeeded(s);
    return ok ? s->refused : thm_hal_fail(b, s->step);
}

/* Nothing can be run, and the file system has failed: what it has lost count of may be found again. */
static bool mend_and_run(struct ota *s, struct thm_booted *out)
{
    if (!s->store.ops->mends || !thm_hal_files_are_damaged(s->b))
        return false;
    thm_hal_step(s->b, "refuse", "%s", thm_hal_failure_text(s->b));
    ota_unload(s);
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
    const bool ok = ota_write_model(s, u->model, u->bytes) && thm_store_commit(&s->store);
    if (!ok)
        thm_store_abandon(&s->store);
    return ok;
}

int thm_firmware_update(struct thm_board *b, const struct thm_ota *o, const struct thm_update *u)
{
    struct ota *s = start(b, o);
    return mount_storage(s) && update(s, u) ? 0 : thm_hal_fail(b, s->step);
}
