#include "emu/board/factory.h"
#include <stdio.h>
#include <string.h>
#include "emu/board/storage_place.h"
#include "fsimages/fs.h"
#include "fsimages/mbr.h"
#include "fsimages/partition.h"

static size_t partitions_of(const struct thm_profile_flash *f, struct thm_partition *parts)
{
    for (size_t i = 0; i < f->partitions_count; i++) {
        const struct thm_profile_partition *from = &f->partitions[i];
        int type = thm_partition_type(from->type);
        snprintf(parts[i].name, sizeof parts[i].name, "%s", from->name);
        parts[i].type = (uint8_t)type;
        parts[i].subtype = (uint8_t)thm_partition_subtype(type, from->subtype);
        parts[i].offset = from->offset;
        parts[i].size = from->size;
    }
    return f->partitions_count;
}

static int has_table(struct thm_medium *flash)
{
    uint8_t first = 0;
    return thm_medium_peek(flash, THM_PARTITION_TABLE_OFFSET, &first, 1) == THM_FS_OK && first != 0xFF;
}

int thm_factory_flash(struct thm_medium *flash, const struct thm_profile *p)
{
    struct thm_partition parts[THM_PARTITIONS_MAX] = { 0 };
    uint8_t table[0xC00];
    if (p->flash.partitions_count == 0 || has_table(flash))
        return 0;
    if (p->flash.partitions_count > THM_PARTITIONS_MAX)
        return -1;
    size_t n = partitions_of(&p->flash, parts);
    if (thm_partitions_build(parts, n, table, sizeof table) != THM_FS_OK)
        return -1;
    return thm_chip_load(flash, THM_PARTITION_TABLE_OFFSET, table, sizeof table) == THM_FS_OK ? 0 : -1;
}

/* ---- a volume, and what is on it ---- */

#define FAT32_FROM (UINT64_C(512) << 20) /* mkfs.fat and card makers: smaller volumes are FAT16 */

struct factory { /* a medium that nobody watches */
    const struct thm_profile_storage *s;
    const struct thm_fs_ops *ops;
    struct thm_fs_config config;
    struct thm_storage_place at;
    struct thm_medium *chip, *volume;
    struct thm_fs *fs;
};

/* One partition over all of the card, if it has no table. */
static enum thm_fs_err write_card_table(struct factory *f)
{
    uint8_t sector[THM_MBR_SECTOR];
    struct thm_mbr_entry entries[THM_MBR_ENTRIES];
    size_t n;
    const uint64_t size = thm_medium_size(f->chip);
    enum thm_fs_err e = thm_medium_read(f->chip, 0, sector, sizeof sector);
    if (e || (thm_mbr_parse(sector, size, entries, &n) == THM_FS_OK && n > 0))
        return e;
    (void)thm_mbr_build_card(size, size >= FAT32_FROM ? 32 : 16, sector);
    return thm_medium_program(f->chip, 0, sector, sizeof sector);
}

static enum thm_fs_err open_volume(struct factory *f, const struct thm_profile *p, const struct thm_cells *cells)
{
    f->at = thm_storage_place(p, f->s);
    enum thm_fs_err e = thm_chip_create(&f->chip, thm_part_find(thm_medium_part(p, f->at.medium)),
                                        thm_medium_bytes(p, f->at.medium), cells, NULL);
    if (!e && f->s->mbr)
        e = write_card_table(f);
    return e ? e : thm_storage_volume(f->s, f->chip, &f->at, &f->volume);
}

static int32_t format_if_none(struct factory *f)
{
    struct thm_fs_config found = f->config;
    return f->ops->probe(f->volume, &found) == THM_FS_OK ? 0 : f->ops->format(f->volume, &f->config, NULL);
}

static int32_t write_file(struct factory *f, const struct thm_factory_file *file)
{
    int32_t fd = f->ops->open(f->fs, thm_fs_path(f->ops, file->name), THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC);
    if (fd < 0)
        return fd;
    int32_t n = f->ops->write(f->fs, fd, file->bytes, file->len), closed = f->ops->close(f->fs, fd);
    return n < 0 ? n : closed < 0 ? closed : n;
}

static int failed(const struct factory *f, int32_t code, const char *what, char *error, size_t size)
{
    const char *name = thm_fs_code_name(f->ops->codes, code);
    const enum thm_fs_err kind = thm_fs_code_kind(f->ops->codes, code);
    snprintf(error, size, "%s %s: %s (%d): %s", what, f->s->name, name ? name : "error", code, thm_fs_strerror(kind));
    return kind == THM_FS_EHOST ? 20 : 11;
}

static int store(struct factory *f, const struct thm_factory_file *file, char *error, size_t size)
{
    struct thm_fs_usage u = { 0 };
    int32_t n = f->ops->mount(&f->fs, f->volume, &f->config, NULL);
    if (n < 0)
        return failed(f, n, "mount", error, size);
    f->ops->usage(f->fs, &u);
    n = write_file(f, file);
    f->ops->unmount(f->fs);
    if (n >= 0 && (uint32_t)n == file->len)
        return 0;
    char what[40];
    snprintf(what, sizeof what, "put %.20s on", file->what);
    const int status = n < 0 ? failed(f, n, what, error, size) : 11;
    if (n >= 0)
        snprintf(error, size, "%s %s: %d bytes were taken: %s", what, f->s->name, n, thm_fs_strerror(THM_FS_ENOSPC));
    const size_t used = strlen(error);
    snprintf(error + used, size - used, "; %u bytes, %llu of %llu are free", file->len,
             (unsigned long long)(u.used < u.total ? u.total - u.used : 0), (unsigned long long)u.total);
    return status;
}

struct action { /* on the volume, once there is one */
    int (*run)(struct factory *f, const struct action *a, char *error, size_t size);
    const struct thm_factory_file *file;
    uint32_t left;
};

static int put(struct factory *f, const struct action *a, char *error, size_t size)
{
    return store(f, a->file, error, size);
}

/* Into a file that is open, until so much is free or no more is taken; a piece that is refused is tried smaller.
 * Result: the file system's last. */
static int32_t pour(struct factory *f, int32_t fd, uint32_t left)
{
    static const uint8_t data[65536] = { 0x5A };
    struct thm_fs_usage u;
    int32_t n = 1;
    for (uint32_t piece = sizeof data; piece > 0; piece = n > 0 ? piece : piece / 2) {
        f->ops->usage(f->fs, &u);
        if (u.used + left >= u.total)
            break;
        const uint64_t more = u.total - u.used - left;
        n = f->ops->write(f->fs, fd, data, more < piece ? (uint32_t)more : piece);
    }
    return n;
}

static int fill(struct factory *f, const struct action *a, char *error, size_t size)
{
    const char *name = f->ops->flat && *f->ops->root == '\0' ? "others" : "/others";
    int32_t n = f->ops->mount(&f->fs, f->volume, &f->config, NULL);
    if (n < 0)
        return failed(f, n, "mount", error, size);
    const int32_t fd = f->ops->open(f->fs, name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC);
    n = fd < 0 ? fd : pour(f, fd, a->left);
    if (fd >= 0)
        (void)f->ops->close(f->fs, fd); /* a full one may refuse its last bytes */
    f->ops->unmount(f->fs);
    return n < 0 && thm_fs_code_kind(f->ops->codes, n) != THM_FS_ENOSPC ? failed(f, n, "fill", error, size) : 0;
}

static int with_volume(const struct thm_profile *p, const struct thm_profile_storage *s, const struct thm_cells *cells,
                       const struct action *a, char *error, size_t error_size)
{
    struct factory f = { .s = s, .ops = thm_fs_find(s->fs), .config = thm_storage_config(s) };
    f.config.max_files = 0;
    int status = 0;
    enum thm_fs_err e = open_volume(&f, p, cells);
    int32_t code = e ? 0 : format_if_none(&f);
    if (e) {
        status = thm_fs_exit_status(e);
        snprintf(error, error_size, "%s: %s", s->name, thm_fs_strerror(e));
    } else if (code < 0)
        status = failed(&f, code, "format", error, error_size);
    else if (a->run)
        status = a->run(&f, a, error, error_size);
    thm_medium_destroy(f.volume);
    thm_medium_destroy(f.chip);
    return status;
}

int thm_factory_storage(const struct thm_profile *p, const struct thm_profile_storage *s, const struct thm_cells *cells,
                        const struct thm_factory_file *file, char *error, size_t error_size)
{
    const struct action a = { .run = file && file->bytes ? put : NULL, .file = file };
    return with_volume(p, s, cells, &a, error, error_size);
}

int thm_factory_fill(const struct thm_profile *p, const struct thm_profile_storage *s, const struct thm_cells *cells,
                     uint32_t left, char *error, size_t error_size)
{
    return with_volume(p, s, cells, &(struct action){ .run = fill, .left = left }, error, error_size);
}
