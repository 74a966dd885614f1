#include "emu/cli/image_board.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/profile.h"
#include "emu/cli/cli.h"
#include "emu/cli/image_open.h"

static const struct thm_profile_storage *find_storage(const struct thm_profile *p, const char *name)
{
    for (unsigned i = 0; i < p->storage_count; i++)
        if (!*name || strcmp(p->storage[i].name, name) == 0)
            return &p->storage[i];
    return NULL;
}

static void find_place(struct image_board *b, const struct thm_profile_storage *s)
{
    const struct thm_profile_flash *f = &b->profile->flash;
    for (unsigned i = 0; i < f->partitions_count; i++) {
        if (strcmp(f->partitions[i].name, s->partition) != 0)
            continue;
        b->place = (struct thm_volume){ .offset = f->partitions[i].offset, .size = f->partitions[i].size };
        snprintf(b->place.name, sizeof b->place.name, "%s", s->partition);
    }
}

static void take_storage(struct image_board *b, const struct thm_profile_storage *s)
{
    const struct thm_nor_part *part = thm_nor_part_find(b->profile->flash.part);
    b->fs = s->fs;
    b->config = (struct thm_fs_config){
        .page_size = s->page_size, .block_size = s->block_size, .name_len = s->name_len, .meta_len = s->meta_len
    };
    b->chip_size = b->profile->flash.size;
    b->sector_size = part->sector_size;
    b->endurance = part->endurance;
    find_place(b, s);
}

static int load_named(struct image_board *b, const char *board, const char *storage)
{
    char *error;
    int status = thm_profile_load(board, &b->profile, &error);
    if (status) {
        thm_fail(status, "%s", error);
        free(error);
        return status;
    }
    const struct thm_profile_storage *s = find_storage(b->profile, storage);
    if (!s)
        return *storage ? thm_fail(THM_EXIT_USAGE, "--board %s: the board has no storage '%s'", board, storage)
                        : thm_fail(THM_EXIT_USAGE, "--board %s: the board has no storage", board);
    take_storage(b, s);
    return 0;
}

int image_board_load(struct image_board *b, const char *name)
{
    const char *colon = strrchr(name, ':');
    char *board = strndup(name, colon ? (size_t)(colon - name) : strlen(name));
    *b = (struct image_board){ 0 };
    int status = board ? load_named(b, board, colon ? colon + 1 : "") : thm_fail(THM_EXIT_HOST, "out of memory");
    free(board);
    return status;
}

void image_board_apply(const struct image_board *b, struct image *im)
{
    if (!b->profile)
        return;
    im->config = b->config;
    im->endurance = b->endurance;
    if (im->container.kind == THM_CONTAINER_BARE && im->file.size == b->chip_size && b->place.size) {
        im->container.volumes[0] = b->place;
        snprintf(im->container.volumes[0].type, sizeof im->container.volumes[0].type, "profile");
    } else if (!*im->partition && thm_container_find(&im->container, b->place.name)) {
        memcpy(im->partition, b->place.name, sizeof im->partition);
    }
}

void image_board_free(struct image_board *b)
{
    thm_profile_free(b->profile);
    *b = (struct image_board){ 0 };
}
