/* emu/board/profile_check_storage.c -- the flash with its partitions, further media, and the storage on them. */
#include <string.h>
#include "emu/board/profile_check_int.h"
#include "emu/board/storage_place.h"
#include "fsimages/fs.h"
#include "fsimages/media/part.h"
#include "fsimages/partition.h"

#define SECTOR 4096u /* partitions start and end on erase sectors: esp-idf gen_esp32part.py */

static struct span partition(const struct thm_profile *p, unsigned i)
{
    return (struct span){ p->flash.partitions[i].name, p->flash.partitions[i].offset, p->flash.partitions[i].size };
}

static int check_partition(struct check *c, unsigned i)
{
    static const char *const types[] = { "app", "data", NULL };
    const struct thm_profile_partition *p = &c->p->flash.partitions[i];
    thm_check_at(c, "flash.partitions[%u].type", i);
    int status = thm_check_one_of(c, p->type, types);
    if (status)
        return status;
    thm_check_at(c, "flash.partitions[%u].subtype", i);
    if (thm_partition_subtype(thm_partition_type(p->type), p->subtype) < 0)
        return WRONG(c, "expected a subtype of '%s', found '%s'", p->type, p->subtype);
    thm_check_at(c, "flash.partitions[%u].offset", i);
    if (p->offset % SECTOR)
        return WRONG(c, "expected a multiple of %u, found 0x%" PRIx32, SECTOR, p->offset);
    thm_check_at(c, "flash.partitions[%u].size", i);
    if (p->size % SECTOR)
        return WRONG(c, "expected a multiple of %u, found 0x%" PRIx32, SECTOR, p->size);
    if ((uint64_t)p->offset + p->size > c->p->flash.size)
        return WRONG(c, "0x%" PRIx32 " + 0x%" PRIx32 " ends past the flash's 0x%" PRIx32 " bytes", p->offset, p->size,
                     c->p->flash.size);
    return thm_check_separate(c, partition, i, "flash.partitions", "offset");
}

static int check_window(struct check *c)
{
    struct span w = { "window", c->p->flash.window, c->p->flash.size };
    thm_check_at(c, "flash.window");
    for (unsigned i = 0; w.base && i < c->p->memory_count; i++) {
        struct span b = thm_bank_span(c->p, i);
        if (thm_spans_overlap(&w, &b))
            return WRONG(c, "0x%" PRIx64 " + %" PRIu64 " overlaps memory[%u] '%s'", w.base, w.size, i, b.name);
    }
    return w.base + w.size > UINT64_C(0x100000000) ? WRONG(c, "ends past the 32-bit address space") : 0;
}

static int check_program(struct check *c)
{
    const struct thm_profile_flash *f = &c->p->flash;
    struct span s = { "program", f->program_base, f->program_size };
    thm_check_at(c, "flash.program_size");
    if ((uint64_t)f->program_offset + f->program_size > f->size)
        return WRONG(c, "0x%" PRIx32 " + %" PRIu32 " ends past the flash's 0x%" PRIx32 " bytes", f->program_offset,
                     f->program_size, f->size);
    thm_check_at(c, "flash.program_image");
    if (f->program_image > f->program_size)
        return WRONG(c, "expected at most the %" PRIu32 " bytes a program may have, found %" PRIu32, f->program_size,
                     f->program_image);
    thm_check_at(c, "flash.program_base");
    for (unsigned i = 0; f->program_size && i < c->p->memory_count; i++) {
        struct span b = thm_bank_span(c->p, i);
        if (thm_spans_overlap(&s, &b))
            return WRONG(c, "0x%" PRIx64 " + %" PRIu64 " overlaps memory[%u] '%s'", s.base, s.size, i, b.name);
    }
    return s.base + s.size > UINT64_C(0x100000000) ? WRONG(c, "ends past the 32-bit address space") : 0;
}

static const struct thm_part *flash_part(const char *name)
{
    const struct thm_part *p = thm_part_find(name);
    return p && !thm_part_rewritable(p) ? p : NULL;
}

int thm_check_flash(struct check *c)
{
    thm_check_at(c, "flash.part");
    int status = thm_check_known(c, flash_part(c->p->flash.part), "a flash part", c->p->flash.part);
    if (status)
        return status;
    thm_check_at(c, "flash.size");
    if (c->p->flash.size == 0 || c->p->flash.size % SECTOR)
        return WRONG(c, "expected a multiple of %u, found %" PRIu32, SECTOR, c->p->flash.size);
    for (unsigned i = 0; i < c->p->flash.partitions_count && !status; i++)
        status = check_partition(c, i);
    status = status ? status : check_program(c);
    return status ? status : check_window(c);
}

static int check_medium(struct check *c, unsigned i)
{
    const struct thm_profile_medium *m = &c->p->media[i];
    thm_check_at(c, "media[%u].part", i);
    int status = thm_check_known(c, thm_part_find(m->part), "a part", m->part);
    if (status)
        return status;
    thm_check_at(c, "media[%u].name", i);
    for (unsigned k = 0; k <= i; k++) /* the flash, and those before */
        if (strcmp(thm_medium_name(c->p, k), m->name) == 0)
            return WRONG(c, "expected a name of its own, found '%s' again", m->name);
    return strchr(m->name, '/') ? WRONG(c, "expected a name without '/', it is a file's, too; found '%s'", m->name) : 0;
}

int thm_check_media(struct check *c)
{
    int status = 0;
    thm_check_at(c, "media");
    status = thm_check_within(c, c->p->media_count, 0, THM_MEDIA_MAX - 1);
    for (unsigned i = 0; i < c->p->media_count && !status; i++)
        status = check_medium(c, i);
    return status;
}

static bool has_partition(const struct thm_profile *p, const char *name)
{
    for (unsigned i = 0; i < p->flash.partitions_count; i++)
        if (strcmp(p->flash.partitions[i].name, name) == 0)
            return true;
    return false;
}

/* A partition of the flash; or a range of a medium, in whole erase blocks of it. */
static int check_place(struct check *c, unsigned i)
{
    const struct thm_profile_storage *s = &c->p->storage[i];
    const struct thm_storage_place at = thm_storage_place(c->p, s);
    thm_check_at(c, "storage[%u].partition", i);
    if (s->partition && s->medium)
        return WRONG(c, "expected a partition of the flash or another medium, not both");
    if (s->partition && !has_partition(c->p, s->partition))
        return WRONG(c, "expected the name of a partition, found '%s'", s->partition);
    thm_check_at(c, "storage[%u].medium", i);
    if (s->medium && at.medium == 0)
        return WRONG(c, "expected the name of one of media, found '%s'", s->medium);
    const uint64_t whole = thm_medium_bytes(c->p, at.medium);
    const uint32_t block = thm_part_find(thm_medium_part(c->p, at.medium))->sector_size;
    thm_check_at(c, "storage[%u].offset", i);
    if (at.offset % block || at.size % block)
        return WRONG(c, "expected a multiple of the erase block, %" PRIu32 " bytes, in offset and size", block);
    if (at.offset >= whole || at.size > whole - at.offset)
        return WRONG(c, "0x%" PRIx64 " + 0x%" PRIx64 " ends past the medium's 0x%" PRIx64 " bytes", at.offset, at.size,
                     whole);
    return 0;
}

static int check_one_storage(struct check *c, unsigned i)
{
    const struct thm_profile_storage *s = &c->p->storage[i];
    thm_check_at(c, "storage[%u].fs", i);
    int status = thm_check_known(c, thm_fs_find(s->fs), "a file system", s->fs);
    if (!status)
        status = check_place(c, i);
    if (status)
        return status;
    thm_check_at(c, "storage[%u].block_size", i);
    if (s->page_size && s->block_size % s->page_size)
        return WRONG(c, "expected a multiple of the page size %" PRIu32 ", found %" PRIu32, s->page_size,
                     s->block_size);
    thm_check_at(c, "storage[%u].name", i);
    for (unsigned k = 0; k < i; k++)
        if (strcmp(c->p->storage[k].name, s->name) == 0)
            return WRONG(c, "expected a name of its own, '%s' is storage[%u]", s->name, k);
    return 0;
}

int thm_check_storage(struct check *c)
{
    int status = 0;
    for (unsigned i = 0; i < c->p->storage_count && !status; i++)
        status = check_one_storage(c, i);
    return status;
}
