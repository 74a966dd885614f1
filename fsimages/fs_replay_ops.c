/* fsimages/fs_replay_ops.c -- the operations of traces, on any file system, and the medium they run on. */
#include "fsimages/crc32.h"
#include "fsimages/fs_replay_int.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT_MAX (64u << 20)

void thm_replay_content(uint32_t seed, uint8_t *buf, size_t len)
{
    uint32_t s = seed * 2654435761u + 1;
    if (s == 0)
        s = 1;
    for (size_t i = 0; i < len; i++) {
        s ^= s << 13;
        s ^= s >> 17;
        s ^= s << 5;
        buf[i] = (uint8_t)(s >> 24);
    }
}

/* ---- medium ---- */

static enum thm_fs_err note_cut(struct replay_medium *m, enum thm_fs_err e, const char *where)
{
    if (e == THM_FS_EPOWER && !m->cut_in)
        m->cut_in = where;
    return e;
}

static struct thm_medium *target(struct thm_medium *m)
{
    struct replay_medium *r = (struct replay_medium *)m;
    return r->cutter ? r->cutter : r->chip;
}

static enum thm_fs_err count_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_read(target(m), off, buf, len);
}

static enum thm_fs_err count_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_peek(target(m), off, buf, len);
}

static enum thm_fs_err count_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct replay_medium *r = (struct replay_medium *)m;
    r->programs++;
    return note_cut(r, thm_medium_program(target(m), off, buf, len), r->cut_program);
}

static enum thm_fs_err count_erase(struct thm_medium *m, uint32_t block)
{
    struct replay_medium *r = (struct replay_medium *)m;
    r->erases++;
    return note_cut(r, thm_medium_erase(target(m), block), "in-erase");
}

static void count_destroy(struct thm_medium *m)
{
    (void)m; /* part of struct replay */
}

static const struct thm_medium_ops count_ops = {
    .kind = "replay",
    .read = count_read,
    .peek = count_peek,
    .program = count_program,
    .erase = count_erase,
    .destroy = count_destroy,
};

/* One program there is one program here, however long: cuts are counted in the device's calls. */
static struct thm_part part_for(const struct replay_dialect *d, uint32_t erase_size)
{
    struct thm_part part = d->rewritable ? *thm_part_find("24LC256") : *thm_part_at(0);
    part.sector_size = erase_size;
    if (d->rewritable || d->long_programs)
        part.page_size = erase_size;
    return part;
}

enum thm_fs_err replay_medium_init(struct replay *r, uint32_t size, uint32_t erase_size)
{
    r->part = part_for(r->dialect, erase_size);
    r->medium.cut_program = r->dialect->cut_program ? r->dialect->cut_program : "in-write";
    r->bytes = malloc(size);
    if (!r->bytes)
        return THM_FS_EHOST;
    memset(r->bytes, 0xFF, size);
    enum thm_fs_err e =
        thm_chip_create(&r->medium.chip, &r->part, size, &(struct thm_cells){ .bytes = r->bytes }, NULL);
    if (e)
        return e;
    r->medium.base = *r->medium.chip;
    r->medium.base.ops = &count_ops;
    return THM_FS_OK;
}

enum thm_fs_err replay_medium_cut(struct replay_medium *m, uint32_t n)
{
    replay_medium_power_on(m);
    return thm_powercut_create(&m->cutter, m->chip, n ? n - 1 : 0);
}

void replay_medium_power_on(struct replay_medium *m)
{
    thm_medium_destroy(m->cutter);
    m->cutter = NULL;
    m->cut_in = NULL;
}

void replay_medium_finish(struct replay *r)
{
    replay_medium_power_on(&r->medium);
    thm_medium_destroy(r->medium.chip);
}

/* ---- operations ---- */

uint32_t replay_number(const struct replay *r, int i)
{
    return i < r->count ? (uint32_t)strtoul(r->words[i], NULL, 10) : 0;
}

/* After a failure the descriptor is given back, even if that takes a second try (the first one flushed). */
static int32_t close_after(struct replay *r, int32_t fd, int32_t res)
{
    const struct thm_fs_ops *ops = r->fs->ops;
    int32_t closed = ops->close(r->fs, fd);
    if (closed < 0)
        ops->close(r->fs, fd);
    return res >= 0 && closed < 0 ? closed : res;
}

static int32_t write_chunks(struct replay *r, int32_t fd, const uint8_t *data, uint32_t size, uint32_t chunk)
{
    uint32_t done = 0;
    while (done < size) {
        uint32_t n = chunk && chunk < size - done ? chunk : size - done;
        int32_t res = r->fs->ops->write(r->fs, fd, data + done, n);
        if (res < 0)
            return res;
        done += (uint32_t)res;
        if ((uint32_t)res < n)
            break;
    }
    return (int32_t)done;
}

int32_t replay_write_close(struct replay *r, int32_t fd, uint32_t size, uint32_t seed, uint32_t chunk)
{
    if (fd < 0)
        return fd;
    uint8_t *data = size <= CONTENT_MAX ? malloc(size + 1) : NULL;
    int32_t res = -ENOMEM;
    if (data) {
        thm_replay_content(seed, data, size);
        res = write_chunks(r, fd, data, size, chunk);
    }
    free(data);
    return close_after(r, fd, res);
}

struct content {
    uint32_t offset, size, seed, chunk;
    int flags;
};

static int32_t store(struct replay *r, const struct content *c)
{
    const struct thm_fs_ops *ops = r->fs->ops;
    int32_t fd = ops->open(r->fs, r->words[1], c->flags);
    int32_t res = fd >= 0 && c->offset ? (int32_t)ops->seek(r->fs, fd, c->offset, THM_FS_SET) : 0;
    return res < 0 ? close_after(r, fd, res) : replay_write_close(r, fd, c->size, c->seed, c->chunk);
}

enum { RDWR = THM_FS_READ | THM_FS_WRITE };

static int32_t op_write(struct replay *r)
{
    return store(r, &(struct content){ 0, replay_number(r, 2), replay_number(r, 3), replay_number(r, 4),
                                       RDWR | THM_FS_CREATE | THM_FS_TRUNC });
}

static int32_t op_append(struct replay *r)
{
    return store(r, &(struct content){ 0, replay_number(r, 2), replay_number(r, 3), replay_number(r, 4),
                                       RDWR | THM_FS_CREATE | THM_FS_APPEND });
}

static int32_t op_modify(struct replay *r)
{
    return store(r, &(struct content){ replay_number(r, 2), replay_number(r, 3), replay_number(r, 4), 0, RDWR });
}

static int32_t op_trunc(struct replay *r)
{
    return r->fs->ops->truncate(r->fs, r->words[1], replay_number(r, 2));
}

static int32_t op_delete(struct replay *r)
{
    return r->fs->ops->remove(r->fs, r->words[1]);
}

static int32_t op_rename(struct replay *r)
{
    return r->count > 2 ? r->fs->ops->rename(r->fs, r->words[1], r->words[2]) : -EINVAL;
}

static int32_t mount(struct replay *r)
{
    return r->dialect && !r->fs ? thm_fs_find(r->dialect->fs)->mount(&r->fs, &r->medium.base, &r->config, NULL) : 0;
}

static int32_t op_remount(struct replay *r)
{
    if (r->fs)
        r->fs->ops->unmount(r->fs);
    r->fs = NULL;
    replay_medium_power_on(&r->medium);
    return mount(r);
}

static int32_t op_cut(struct replay *r)
{
    return -(int32_t)replay_medium_cut(&r->medium, replay_number(r, 1));
}

static int32_t op_read(struct replay *r)
{
    const struct thm_fs_ops *ops = r->fs->ops;
    uint8_t buf[256];
    uint32_t crc = 0, total = 0;
    int32_t fd = ops->open(r->fs, r->words[1], THM_FS_READ), n;
    if (fd < 0)
        return fd;
    while ((n = ops->read(r->fs, fd, buf, sizeof buf)) > 0) {
        crc = thm_crc32(crc, buf, (size_t)n);
        total += (uint32_t)n;
    }
    n = close_after(r, fd, n);
    if (n < 0)
        return n;
    snprintf(r->extra, r->extra_size, "crc32=%08x", (unsigned)crc);
    return (int32_t)total;
}

enum extra { NONE, SIZE_OF_FIRST, SIZE_OF_SECOND };

static const struct {
    const char *name;
    int32_t (*run)(struct replay *r);
    enum extra extra;
    bool named; /* needs a file's name */
} operations[] = {
    { "mount", mount, NONE, false },
    { "init", mount, NONE, false },
    { "remount", op_remount, NONE, false },
    { "cut", op_cut, NONE, false },
    { "read", op_read, NONE, true },
    { "write", op_write, SIZE_OF_FIRST, true },
    { "append", op_append, SIZE_OF_FIRST, true },
    { "modify", op_modify, SIZE_OF_FIRST, true },
    { "trunc", op_trunc, SIZE_OF_FIRST, true },
    { "delete", op_delete, NONE, true },
    { "rename", op_rename, SIZE_OF_SECOND, true },
};

static void describe(struct replay *r, enum extra what)
{
    struct thm_fs_stat st;
    if (what == NONE || (int)what >= r->count)
        return;
    int32_t res = r->fs->ops->stat(r->fs, r->words[what], &st);
    if (res < 0)
        snprintf(r->extra, r->extra_size, "stat=%d", (int)res);
    else
        snprintf(r->extra, r->extra_size, "size=%u", (unsigned)st.size);
}

bool replay_operation(struct replay *r, int32_t *res)
{
    snprintf(r->extra, r->extra_size, "-");
    if (r->dialect->operation(r, res))
        return true;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, r->words[0]) != 0 || (operations[i].named && r->count < 2))
            continue;
        *res = operations[i].run(r);
        if (r->fs && !r->medium.cut_in)
            describe(r, operations[i].extra);
        return true;
    }
    return false;
}
