#include "emu/torture/shared.h"
#include <stdlib.h>
#include <unistd.h>
#include "fsimages/media/snapshot.h"

/* Bytes that one boot may read and write. SPIFFS' check of a 1.4 MB volume that is full of small files reads it some
 * thousand times. */
#define READ_LIMIT (32ull << 30)

struct worker {
    const struct thm_torture_share *share;
    struct thm_rig *rig;
    struct thm_medium *chip, *snapshot;
    uint32_t applied; /* operations */
};

static bool set_up(struct worker *w, int modem)
{
    const struct thm_torture_share *s = w->share;
    const struct thm_torture_medium m = thm_torture_medium(s->scene->t);
    uint8_t *bytes;
    w->rig = thm_rig_create(&s->scene->t->run, modem);
    return w->rig && !thm_torture_chip(&w->chip, &m, s->content, true, &bytes) &&
           !thm_snapshot_create(&w->snapshot, w->chip, m.erased, READ_LIMIT) &&
           thm_rig_close_off(m.size + JOURNAL_MAPPED) == 0;
}

static uint64_t scatter(uint64_t z) /* splitmix64's finaliser (Steele et al. 2014) */
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* How operation k is torn: in the middle; with a seed somewhere, or in random bits all over it. A byte only in bits. */
static struct thm_powercut tear_plan(uint32_t seed, uint32_t k, const struct thm_journal_entry *e)
{
    const uint64_t random = scatter(((uint64_t)seed << 32 | k) + 0x9E3779B97F4A7C15u);
    return (struct thm_powercut){ .when = THM_CUT_TORN,
                                  .percent = seed ? 1 + (uint32_t)(random >> 8) % 99 : 50,
                                  .bits = e->len == 1 || (seed && e->len && (random & 1)),
                                  .seed = random };
}

static enum thm_fs_err tear(struct worker *w, uint32_t k)
{
    const struct thm_journal *j = w->share->journal;
    const struct thm_powercut plan = tear_plan(w->share->scene->t->seed, k, &j->entry[k]);
    struct thm_medium *dying;
    enum thm_fs_err e = thm_powercut_create_as(&dying, w->snapshot, &plan);
    if (e)
        return e;
    e = thm_journal_apply(&j->entry[k], j->bytes, dying);
    thm_medium_destroy(dying);
    return e == THM_FS_EPOWER ? THM_FS_OK : e;
}

/* Make the snapshot the medium in state i. */
static bool enter_state(struct worker *w, uint32_t i)
{
    const struct thm_journal *j = w->share->journal;
    enum thm_fs_err e = THM_FS_OK;
    for (thm_snapshot_reset(w->snapshot); !e && w->applied < i / 2; w->applied++)
        e = thm_journal_apply(&j->entry[w->applied], j->bytes, w->chip);
    if (!e && i % 2)
        e = tear(w, i / 2);
    return e == THM_FS_OK;
}

static struct thm_aftermath boot(struct worker *w)
{
    int status;
    enum thm_outcome o = thm_scene_boot(w->share->scene, w->rig, w->snapshot, &status);
    if (thm_snapshot_exhausted(w->snapshot))
        o = THM_OUTCOME_HUNG;
    return (struct thm_aftermath){ (uint8_t)o, (uint8_t)status };
}

void thm_torture_work(const struct thm_torture_share *share)
{
    struct worker w = { .share = share };
    if (!set_up(&w, -1))
        _exit(20);
    for (uint32_t i = share->from; i < share->end; i++) {
        *share->at = i;
        if (!enter_state(&w, i))
            _exit(20);
        share->state[i] = boot(&w);
    }
    *share->at = share->end;
    _exit(0);
}

void thm_torture_show(const struct thm_torture_share *share, int modem)
{
    struct worker w = { .share = share };
    if (!set_up(&w, modem) || !enter_state(&w, share->from))
        _exit(20);
    thm_rig_list(w.rig, w.snapshot);
    (void)enter_state(&w, share->from); /* without what the listing's mount has written */
    thm_rig_end(w.rig, boot(&w).status);
}
