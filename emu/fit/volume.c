#include "emu/fit/volume.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emu/board/chips.h"
#include "emu/board/storage_place.h"
#include "fsimages/media/chip.h"

struct look { /* from the run to its volume */
    const struct thm_profile *profile;
    const struct thm_profile_storage *storage;
    const struct thm_fs_ops *ops;
    struct thm_fs *fs;
    struct fit_volume *out;
};

static int32_t take_file(void *ctx, const struct thm_fs_stat *st)
{
    struct look *l = ctx;
    struct fit_volume *v = l->out;
    if (st->directory)
        return 0;
    if (v->files < FIT_VOLUME_FILES_MAX) {
        struct fit_volume_file *f = &v->file[v->files];
        uint32_t len = 0;
        snprintf(f->name, sizeof f->name, "%.60s", st->name);
        if (l->ops->extent && l->ops->extent(l->fs, st->name, &f->from, &len) >= 0)
            f->bytes = len;
    }
    v->files++;
    return 0;
}

static void look_inside(struct look *l, struct thm_medium *volume)
{
    struct thm_fs_config config = thm_storage_config(l->storage);
    if (l->ops->mount(&l->fs, volume, &config, NULL) < 0)
        return;
    if (l->ops->map(l->fs, &l->out->map) >= 0) {
        l->out->fs = l->ops->name;
        (void)l->ops->list(l->fs, "", take_file, l);
    }
    l->ops->unmount(l->fs);
}

static void look_at(struct look *l, const struct thm_chips *chips)
{
    struct thm_storage_place at = thm_storage_place(l->profile, l->storage);
    struct thm_medium *chip = NULL, *volume = NULL;
    if (thm_chip_create(&chip, thm_part_find(thm_medium_part(l->profile, at.medium)),
                        thm_medium_bytes(l->profile, at.medium), &chips->cells[at.medium], NULL) == THM_FS_OK &&
        thm_storage_volume(l->storage, chip, &at, &volume) == THM_FS_OK)
        look_inside(l, volume);
    thm_medium_destroy(volume);
    thm_medium_destroy(chip);
}

/* The parts as the run has kept them. */
static void look_in_folder(struct look *l, const char *dir)
{
    char error[256];
    struct thm_chips chips;
    if (thm_chips_open(&chips, l->profile, thm_media_of(l->profile, l->storage->name), dir, error, sizeof error) == 0)
        look_at(l, &chips);
    thm_chips_close(&chips);
}

static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));)
        (void)unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
    (void)rmdir(path);
}

/* A fresh chip is gone with its board's process; one in a folder can be looked at. */
static void run_in_folder(const struct thm_fit_case *c, struct look *l)
{
    const char *where = getenv("TMPDIR");
    char dir[256];
    struct thm_fit_case again = *c;
    struct thm_fit_cell cell;
    snprintf(dir, sizeof dir, "%.200s/thimble-fit-XXXXXX", where && *where ? where : "/tmp");
    if (!mkdtemp(dir))
        return;
    again.no_invoke = true;
    again.state_dir = dir;
    thm_fit_run(&again, &cell);
    look_in_folder(l, dir);
    remove_folder(dir);
}

void fit_volume_run(const struct thm_fit_case *c, struct fit_volume *out)
{
    struct look l = { .profile = c->profile, .out = out };
    *out = (struct fit_volume){ 0 };
    if (c->from == THM_FIT_FLASH || c->profile->storage_count == 0)
        return;
    l.storage = c->storage ? thm_storage_find(c->profile, c->storage) : &c->profile->storage[0];
    l.ops = l.storage ? thm_fs_find(l.storage->fs) : NULL;
    if (l.ops && l.ops->map)
        run_in_folder(c, &l);
}

void fit_volume_free(struct fit_volume *v)
{
    free(v->map.states);
    *v = (struct fit_volume){ 0 };
}
