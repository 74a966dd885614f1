#include "emu/cli/image_find.h"
#include <stdio.h>
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_board.h"
#include "emu/cli/image_open.h"

#define NAMES 512

static void add_name(char *names, const char *name)
{
    if (*names)
        strncat(names, ", ", NAMES - 1 - strlen(names));
    strncat(names, name, NAMES - 1 - strlen(names));
}

static int no_such_partition(const struct image *im)
{
    char all[NAMES] = "";
    for (size_t i = 0; i < im->container.count; i++)
        add_name(all, im->container.volumes[i].name);
    if (im->container.kind == THM_CONTAINER_BARE)
        return thm_fail(THM_EXIT_USAGE, "%s: no partition table (at 0x8000), so no partition '%s'", im->path,
                        im->partition);
    return thm_fail(THM_EXIT_USAGE, "%s: no partition '%s'; there are %s", im->path, im->partition, all);
}

/* The only volume with a file system. NULL: reported. */
static const struct thm_volume *only_one(struct image *im)
{
    const struct thm_volume *found = NULL;
    char with_fs[NAMES] = "", all[NAMES] = "";
    size_t count = 0;
    for (size_t i = 0; i < im->container.count; i++) {
        const struct thm_volume *v = &im->container.volumes[i];
        struct thm_fs_config c = im->config;
        add_name(all, v->name);
        if (!image_probe(im, v, &c))
            continue;
        found = v;
        count++;
        add_name(with_fs, v->name);
    }
    if (count > 1)
        thm_fail(THM_EXIT_USAGE, "%s: partitions %s have file systems; say which: IMAGE:PARTITION", im->path, with_fs);
    else if (count == 0)
        thm_fail(THM_EXIT_USAGE, "%s: no file system found in partitions %s", im->path, all);
    return count == 1 ? found : NULL;
}

static int choose_volume(struct image *im)
{
    const struct thm_volume *v = &im->container.volumes[0];
    if (*im->partition)
        v = thm_container_find(&im->container, im->partition);
    else if (im->container.count > 1)
        v = only_one(im);
    if (!v)
        return *im->partition ? no_such_partition(im) : THM_EXIT_USAGE;
    memcpy(im->partition, v->name, sizeof im->partition);
    return image_narrow(im, v);
}

static int unknown(const struct image *im)
{
    char names[NAMES] = "";
    const char *foreign = thm_foreign_file_system(im->file.bytes + im->place.offset, im->place.size);
    for (size_t i = 0; thm_fs_at(i); i++)
        add_name(names, thm_fs_at(i)->name);
    if (foreign)
        return thm_fail(THM_EXIT_USAGE, "%s%s%s: holds %s, which no board here uses; known are %s", im->path,
                        *im->partition ? ":" : "", im->partition, foreign, names);
    return thm_fail(THM_EXIT_USAGE, "%s%s%s: no known file system (%s) found; --fs NAME and its geometry may help",
                    im->path, *im->partition ? ":" : "", im->partition, names);
}

/* The file system that the user names; its volume need not look like one. */
static int take_forced(struct image *im, const char *name)
{
    im->ops = thm_fs_find(name);
    if (!im->ops)
        return thm_fail(THM_EXIT_USAGE, "--fs %s: unknown file system", name);
    (void)im->ops->probe(im->volume, &im->config); /* fills in what is not given */
    return 0;
}

static int find_type(struct image *im, const char *forced)
{
    if (forced)
        return take_forced(im, forced);
    if (im->config.page_size && im->config.block_size) /* only SPIFFS has both */
        return take_forced(im, "spiffs");
    im->ops = thm_fs_probe(im->volume, &im->config);
    return im->ops ? 0 : unknown(im);
}

int image_find(struct image *im, const struct image_options *o)
{
    struct image_board board = { 0 };
    thm_container_read(&im->container, im->file.bytes, im->file.size);
    int status = o->board ? image_board_load(&board, o->board) : 0;
    if (!status)
        image_board_apply(&board, im);
    image_fs_config_merge(&im->config, &o->fs_config);
    if (!status)
        status = choose_volume(im);
    if (!status)
        status = find_type(im, o->fs ? o->fs : board.fs);
    if (!status)
        status = image_seat(im, im->file.bytes, im->file.size, &im->place);
    image_board_free(&board);
    return status;
}
