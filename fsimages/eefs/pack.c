/* fsimages/eefs/pack.c -- an image from files, as geneepromfs makes it. */
#include "fsimages/eefs/core.h"
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SIZE 0x200000u

struct packing {
    uint8_t *image;
    bool big_endian;
    uint32_t time;
    struct ef_table_header table;
};

static bool listed(const struct thm_eefs_file *files, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(files[i].name, name) == 0)
            return true;
    return false;
}

static enum thm_fs_err check_file(const struct packing *p, const struct thm_eefs_file *files, size_t i)
{
    if (!ef_name_valid(files[i].name))
        return THM_FS_EINVAL;
    if (i >= EF_SLOTS)
        return THM_FS_ENOSPC;
    if (listed(files, i, files[i].name))
        return THM_FS_EEXIST;
    uint64_t max = ef_round_up((uint64_t)files[i].size + files[i].spare);
    return EF_HEADER + max > p->table.free_size ? THM_FS_ENOSPC : THM_FS_OK;
}

static void add_file(struct packing *p, const struct thm_eefs_file *f)
{
    struct ef_entry e = { p->table.free_offset, (uint32_t)ef_round_up((uint64_t)f->size + f->spare) };
    struct ef_header h = { .in_use = 1,
                           .attributes = f->read_only ? THM_EEFS_READONLY : THM_EEFS_NONE,
                           .size = f->size,
                           .modified = p->time,
                           .created = p->time };
    memcpy(h.name, f->name, strlen(f->name));
    ef_entry_put(p->big_endian, p->image + EF_TABLE_HEADER + p->table.files * EF_ENTRY, &e);
    ef_header_put(p->big_endian, p->image + e.header, &h);
    if (f->size)
        memcpy(p->image + e.header + EF_HEADER, f->data, f->size);
    p->table.free_offset += EF_HEADER + e.max;
    p->table.free_size -= EF_HEADER + e.max;
    p->table.files++;
}

/* The checksum covers the whole EEPROM, whether the image does or not. */
static void finish(struct packing *p, uint32_t size)
{
    ef_table_header_put(p->big_endian, p->image, &p->table);
    ef_put32(p->big_endian, p->image, ef_crc_word(ef_crc(0, p->image + 4, size - 4)));
}

enum thm_fs_err thm_eefs_pack(const struct thm_eefs_packing *how, const struct thm_eefs_file *files, size_t count,
                              uint8_t **image, size_t *len, size_t *bad)
{
    uint32_t size = how->size ? how->size : DEFAULT_SIZE;
    *image = NULL;
    *bad = 0;
    if (size < EF_TABLE)
        return THM_FS_EINVAL;
    struct packing p = {
        calloc(1, size), how->big_endian, how->time, { 0, EF_MAGIC, EF_VERSION, EF_TABLE, size - EF_TABLE, 0 }
    };
    enum thm_fs_err e = p.image ? THM_FS_OK : THM_FS_EHOST;
    for (size_t i = 0; !e && i < count; i++) {
        *bad = i;
        e = check_file(&p, files, i);
        if (!e)
            add_file(&p, &files[i]);
    }
    if (e) {
        free(p.image);
        return e;
    }
    finish(&p, size);
    *image = p.image;
    *len = how->fill ? size : p.table.free_offset;
    return THM_FS_OK;
}
