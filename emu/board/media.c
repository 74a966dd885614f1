#include "emu/board/media.h"
#include <string.h>
#include "emu/board/board.h"
#include "emu/board/factory.h"
#include "emu/board/storage_place.h"

static void spend(void *ctx, uint64_t ns)
{
    thm_board_spend(ctx, ns);
}

static void medium_event(void *ctx, const char *what, uint64_t off, uint32_t len, uint64_t ns)
{
    enum thm_event_type type = strcmp(what, "erase") == 0 ? THM_EV_FLASH_ERASE : THM_EV_FLASH_PROGRAM;
    thm_board_event((struct thm_board *)ctx, type, NULL, NULL, off, len, ns);
}

static void flash_event(void *ctx, const char *what, uint64_t off, uint32_t len, uint64_t ns)
{
    thm_board_window_changed(ctx, off, len);
    medium_event(ctx, what, off, len, ns);
}

uint64_t thm_board_media_bytes(const struct thm_board *b)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < thm_media_count(b->profile); i++)
        sum += b->media[i] ? thm_medium_bytes(b->profile, i) : 0;
    return sum;
}

static enum thm_fs_err create(struct thm_board *b, unsigned i)
{
    const struct thm_medium_watch watch = { b, spend, i ? medium_event : flash_event };
    return thm_chip_create(&b->media[i], thm_part_find(thm_medium_part(b->profile, i)), thm_medium_bytes(b->profile, i),
                           &b->chips->cells[i], &watch);
}

/* Each is a medium around the one before; the power goes in what is left of them. */
static enum thm_fs_err damage(struct thm_medium **m, const struct thm_media_faults *f, uint64_t seed)
{
    enum thm_fs_err e = f->worn ? thm_chip_wear_out(*m, seed) : THM_FS_OK;
    if (!e && f->cycles)
        e = thm_chip_age(*m, f->cycles);
    if (!e && f->flips_per_billion)
        e = thm_bitflips_create(m, *m, &(struct thm_bitflips){ .per_billion = f->flips_per_billion, .seed = seed });
    if (!e && f->bad_per_million)
        e = thm_badblocks_create(m, *m, &(struct thm_badblocks){ .per_million = f->bad_per_million, .seed = seed });
    if (!e && f->cut_at)
        e = thm_powercut_create_as(m, *m, &(struct thm_powercut){ .after = f->cut_at - 1, .when = f->cut_when });
    return e;
}

const char *thm_board_build_media(struct thm_board *b)
{
    const struct thm_profile *p = b->profile;
    const struct thm_profile_storage *s = b->run->storage ? thm_storage_find(p, b->run->storage) : NULL;
    for (unsigned i = 0; i < thm_media_count(p); i++)
        if (b->chips->cells[i].bytes && create(b, i) != THM_FS_OK)
            return "out of memory";
    if (thm_factory_flash(b->media[0], p) < 0)
        return "the profile's partition table cannot be written";
    enum thm_fs_err e =
        s ? damage(&b->media[thm_storage_place(p, s).medium], &b->run->media_faults, b->run->seed) : THM_FS_OK;
    return e == THM_FS_EINVAL ? "the part's endurance is not known: it cannot be worn out"
           : e                ? thm_fs_strerror(e)
                              : NULL;
}
