#include "emu/torture/shared.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "emu/board/factory.h"
#include "emu/board/storage_place.h"
#include "fsimages/media/snapshot.h"

struct recording {
    struct thm_scene *scene;
    struct thm_torture_shared *out;
    struct thm_journal *journal;
    struct thm_rig *rig;
    struct thm_medium *chip, *scratch, *recorder;
};

static void fail(struct thm_torture_shared *out, int status, const char *message)
{
    out->status = status;
    snprintf(out->message, sizeof out->message, "%s", message);
    _exit(0);
}

/* As it leaves the factory. */
static int make_content(const struct thm_torture *t, const struct thm_torture_medium *m, struct thm_medium *chip,
                        uint8_t *bytes, char *error, size_t size)
{
    const struct thm_profile_storage *s = thm_storage_find(t->run.profile, t->run.storage);
    const struct thm_cells cells = { .bytes = bytes };
    if (m->erased) /* what is 0 takes no memory */
        memset(bytes, m->erased, m->size);
    if (m->number == 0 && thm_factory_flash(chip, t->run.profile) < 0)
        return 2;
    return s->shipped ? thm_factory_storage(t->run.profile, s, &cells, &(struct thm_factory_file){ 0 }, error, size)
                      : 0;
}

/* The update runs on a snapshot, so that the content stays as it was before. */
static void set_up(struct recording *r, int content)
{
    const struct thm_torture *t = r->scene->t;
    const struct thm_torture_medium m = thm_torture_medium(t);
    char error[sizeof r->out->message] = "the content of a new board cannot be made";
    uint8_t *bytes;
    r->rig = thm_rig_create(&t->run, -1);
    if (!r->rig || thm_torture_chip(&r->chip, &m, content, false, &bytes) ||
        thm_snapshot_create(&r->scratch, r->chip, m.erased, 0) ||
        thm_journal_create(&r->recorder, r->scratch, r->journal))
        fail(r->out, 20, "the PC is out of memory");
    const int status = make_content(t, &m, r->chip, bytes, error, sizeof error);
    if (status)
        fail(r->out, status, error);
    if (thm_rig_close_off(m.size + JOURNAL_MAPPED) < 0)
        fail(r->out, 20, "the sandbox cannot be entered");
}

void thm_torture_record(struct thm_scene *s, int content, struct thm_journal *j, struct thm_torture_shared *out)
{
    struct recording r = { .scene = s, .out = out, .journal = j };
    out->status = 17; /* unless it comes to its end */
    set_up(&r, content);
    const int status = thm_scene_prepare(s, r.rig, r.chip);
    if (status)
        fail(out, status, thm_rig_message(r.rig));
    out->update_status = thm_scene_update(s, r.rig, r.recorder);
    if (out->update_status)
        snprintf(out->update_message, sizeof out->update_message, "%s", thm_rig_message(r.rig));
    out->arena = s->ota.arena;
    out->count = j->count;
    out->used = j->used;
    if (j->count == j->capacity)
        fail(out, 20, "the update makes more programs and erases than the journal holds");
    out->status = 0;
    _exit(0);
}
