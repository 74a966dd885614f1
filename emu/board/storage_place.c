#include "emu/board/storage_place.h"
#include <string.h>
#include "fsimages/mbr.h"
#include "fsimages/media/part.h"
#include "fsimages/media/rewritable.h"

unsigned thm_media_count(const struct thm_profile *p)
{
    return 1 + p->media_count;
}

const char *thm_medium_name(const struct thm_profile *p, unsigned medium)
{
    return medium ? p->media[medium - 1].name : "flash";
}

const char *thm_medium_part(const struct thm_profile *p, unsigned medium)
{
    return medium ? p->media[medium - 1].part : p->flash.part;
}

uint64_t thm_medium_bytes(const struct thm_profile *p, unsigned medium)
{
    return medium ? thm_part_find(p->media[medium - 1].part)->size : p->flash.size;
}

const struct thm_profile_storage *thm_storage_find(const struct thm_profile *p, const char *name)
{
    for (unsigned i = 0; i < p->storage_count; i++)
        if (strcmp(p->storage[i].name, name) == 0)
            return &p->storage[i];
    return NULL;
}

const char *thm_storage_file(const struct thm_profile *p, const char *name)
{
    const struct thm_profile_storage *s = thm_storage_find(p, name);
    return s && s->file ? s->file : "/model.tflite";
}

static unsigned medium_of(const struct thm_profile *p, const struct thm_profile_storage *s)
{
    unsigned i = p->media_count;
    while (s->medium && i > 0 && strcmp(p->media[i - 1].name, s->medium) != 0)
        i--;
    return s->medium ? i : 0;
}

uint32_t thm_media_of(const struct thm_profile *p, const char *storage)
{
    const struct thm_profile_storage *s = storage ? thm_storage_find(p, storage) : NULL;
    return !storage ? (1u << thm_media_count(p)) - 1 : s ? 1u | 1u << medium_of(p, s) : 1u;
}

struct thm_storage_place thm_storage_place(const struct thm_profile *p, const struct thm_profile_storage *s)
{
    struct thm_storage_place at = { .medium = medium_of(p, s), .offset = s->offset, .size = s->size };
    at.name = thm_medium_name(p, at.medium);
    if (!at.size)
        at.size = thm_medium_bytes(p, at.medium) - s->offset;
    for (unsigned i = 0; s->partition && i < p->flash.partitions_count; i++) {
        const struct thm_profile_partition *part = &p->flash.partitions[i];
        if (strcmp(part->name, s->partition) == 0)
            at = (struct thm_storage_place){ 0, part->name, part->offset, part->size };
    }
    return at;
}

struct thm_fs_config thm_storage_config(const struct thm_profile_storage *s)
{
    return (struct thm_fs_config){
        .page_size = s->page_size,
        .block_size = s->block_size,
        .name_len = s->name_len,
        .meta_len = s->meta_len,
        .max_files = s->max_files,
        .cache_pages = s->cache_pages,
        .read_size = s->read_size,
        .program_size = s->program_size,
        .cache_size = s->cache_size,
        .lookahead_size = s->lookahead_size,
        .block_cycles = (int32_t)s->block_cycles,
        .cluster_size = s->cluster_size,
        .big_endian = s->big_endian,
        .no_long_names = s->short_names,
    };
}

/* The first partition of a card's table. */
static enum thm_fs_err card_partition(struct thm_medium *card, struct thm_storage_place *at)
{
    uint8_t sector[THM_MBR_SECTOR];
    struct thm_mbr_entry entries[THM_MBR_ENTRIES];
    size_t n;
    enum thm_fs_err e = thm_medium_read(card, 0, sector, sizeof sector);
    if (!e)
        e = thm_mbr_parse(sector, thm_medium_size(card), entries, &n);
    if (!e && n == 0)
        e = THM_FS_EFORMAT;
    if (!e) {
        at->offset = entries[0].offset;
        at->size = entries[0].size;
    }
    return e;
}

enum thm_fs_err thm_storage_volume(const struct thm_profile_storage *s, struct thm_medium *medium,
                                   struct thm_storage_place *at, struct thm_medium **out)
{
    enum thm_fs_err e = s->mbr ? card_partition(medium, at) : THM_FS_OK;
    if (!e)
        e = thm_slice_create(out, medium, at->offset, at->size);
    if (!e && !medium->rewritable && thm_fs_find(s->fs)->rewrites) /* an EEPROM emulated in flash */
        e = thm_rewritable_take(out);
    return e;
}
