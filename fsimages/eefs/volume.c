/* fsimages/eefs/volume.c -- reading and writing the table, file headers and names. */
#include "fsimages/eefs/core.h"
#include <string.h>

int32_t ef_medium(enum thm_fs_err e)
{
    return e ? EF_ERR_MEDIUM - (int32_t)e : 0;
}

int32_t ef_read(struct ef *fs, uint64_t off, void *buf, uint32_t len)
{
    return ef_medium(thm_medium_read(fs->medium, off, buf, len));
}

int32_t ef_write(struct ef *fs, uint64_t off, const void *buf, uint32_t len)
{
    return ef_medium(thm_medium_program(fs->medium, off, buf, len));
}

int32_t ef_table_header_read(struct ef *fs, struct ef_table_header *h)
{
    uint8_t raw[EF_TABLE_HEADER];
    int32_t res = ef_read(fs, 0, raw, sizeof raw);
    if (!res)
        ef_table_header_get(fs->config.big_endian, raw, h);
    return res;
}

int32_t ef_table_header_write(struct ef *fs, const struct ef_table_header *h)
{
    uint8_t raw[EF_TABLE_HEADER];
    ef_table_header_put(fs->config.big_endian, raw, h);
    return ef_write(fs, 0, raw, sizeof raw);
}

int32_t ef_entry_read(struct ef *fs, uint32_t slot, struct ef_entry *e)
{
    uint8_t raw[EF_ENTRY];
    int32_t res = ef_read(fs, EF_TABLE_HEADER + slot * EF_ENTRY, raw, sizeof raw);
    if (!res)
        ef_entry_get(fs->config.big_endian, raw, e);
    return res;
}

int32_t ef_entry_write(struct ef *fs, uint32_t slot, const struct ef_entry *e)
{
    uint8_t raw[EF_ENTRY];
    ef_entry_put(fs->config.big_endian, raw, e);
    return ef_write(fs, EF_TABLE_HEADER + slot * EF_ENTRY, raw, sizeof raw);
}

int32_t ef_header_read(struct ef *fs, uint32_t off, struct ef_header *h)
{
    uint8_t raw[EF_HEADER];
    int32_t res = ef_read(fs, off, raw, sizeof raw);
    if (!res)
        ef_header_get(fs->config.big_endian, raw, h);
    return res;
}

int32_t ef_header_write(struct ef *fs, uint32_t off, const struct ef_header *h)
{
    uint8_t raw[EF_HEADER];
    ef_header_put(fs->config.big_endian, raw, h);
    return ef_write(fs, off, raw, sizeof raw);
}

bool ef_name_valid(const char *name)
{
    size_t len = strnlen(name, EF_NAME);
    return len > 0 && len < EF_NAME;
}

bool ef_writable(const struct ef *fs)
{
    return fs->medium->rewritable;
}

int32_t ef_find(struct ef *fs, const char *name, struct ef_header *h)
{
    for (uint32_t i = 0; i < fs->t->files; i++) {
        int32_t res = ef_header_read(fs, fs->t->file[i].header, h);
        if (res && res != ef_medium(THM_FS_ERANGE))
            return res;
        if (!res && h->in_use == 1 && strncmp(name, h->name, EF_NAME) == 0)
            return (int32_t)i;
    }
    return EEFS_FILE_NOT_FOUND;
}

uint32_t ef_now(const struct ef *fs)
{
    return fs->config.seconds ? fs->config.seconds(fs->config.seconds_ctx) : 0;
}
