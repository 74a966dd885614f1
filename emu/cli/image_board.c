#include "emu/cli/image_board.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/profile.h"
#include "emu/board/storage_place.h"
#include "emu/cli/cli.h"
#include "emu/cli/image_open.h"

static void take_storage(struct image_board *b, const struct thm_profile_storage *s)
{
    const struct thm_storage_place at = thm_storage_place(b->profile, s);
    b->fs = s->fs;
    b->config = thm_storage_config(s);
    b->chip_size = thm_medium_bytes(b->profile, at.medium);
    b->part = thm_part_find(thm_medium_part(b->profile, at.medium));
    b->mbr = s->mbr;
    b->place = (struct thm_volume){ .offset = at.offset, .size = at.size };
    snprintf(b->place.name, sizeof b->place.name, "%s", s->mbr ? "p1" : at.name);
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
    const struct thm_profile_storage *s = *storage                    ? thm_storage_find(b->profile, storage)
                                          : b->profile->storage_count ? b->profile->storage
                                                                      : NULL;
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
    im->board_part = b->part;
    if (im->container.kind == THM_CONTAINER_BARE && im->file.size == b->chip_size) {
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
