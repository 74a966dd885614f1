#include "emu/torture/volume.h"
#include <string.h>
#include "emu/board/hal.h"
#include "fsimages/fs.h"

enum { FILES_MAX = 2000, TRIES = 16, PIECE = 250, SMALL = 700, LARGE = 6000 /* bytes of a file */ };

struct name {
    char text[8]; /* "/f1234": snprintf takes more stack than a task may have */
};

static struct name name_of(uint32_t i)
{
    struct name n = { "/f0000" };
    for (int k = 5; k >= 2; k--, i /= 10)
        n.text[k] = (char)('0' + i % 10);
    return n;
}

static uint64_t free_bytes(struct thm_board *b)
{
    uint32_t total, used;
    return thm_hal_df(b, &total, &used) >= 0 && used < total ? total - used : 0;
}

static bool write_file(struct thm_board *b, uint32_t i, uint32_t bytes)
{
    const struct name name = name_of(i);
    uint8_t piece[PIECE];
    const int32_t fd = thm_hal_open(b, name.text, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC);
    bool ok = fd >= 0;
    for (uint32_t at = 0, n; ok && at < bytes; at += n) {
        n = bytes - at < PIECE ? bytes - at : PIECE;
        memset(piece, (int)(i + at / PIECE), n);
        ok = thm_hal_write(b, fd, piece, n) == (int32_t)n;
    }
    if (fd >= 0 && thm_hal_close(b, fd) < 0)
        ok = false;
    if (!ok && fd >= 0)
        (void)thm_hal_remove(b, name.text);
    return ok;
}

/* Files from number `first` on until no more can be had. Result: the number after the last. */
static uint32_t write_files(struct thm_board *b, uint32_t first, uint32_t bytes)
{
    uint32_t i = first;
    while (i < FILES_MAX && write_file(b, i, bytes))
        i++;
    thm_hal_failure_forget(b);
    return i;
}

static void remove_files(struct thm_board *b, uint32_t from, uint32_t end, uint32_t step)
{
    for (uint32_t i = from; i < end; i += step)
        (void)thm_hal_remove(b, name_of(i).text);
    thm_hal_failure_forget(b);
}

static uint32_t room(const struct thm_torture *t)
{
    const uint32_t larger = t->bytes > t->old_bytes ? t->bytes : t->old_bytes;
    return larger + larger / 8;
}

static uint32_t size_of(const struct thm_torture *t)
{
    return t->volume == THM_VOLUME_FRAGMENTED ? SMALL : LARGE;
}

/* Remove files below and above number f->before until so many bytes are free that were not. Result: the number of the
 * lowest one that is gone. */
static uint32_t make_room(struct thm_board *b, const struct thm_volume_files *f, uint64_t bytes)
{
    const uint64_t want = free_bytes(b) + bytes;
    uint32_t low = f->before, high = low;
    while (free_bytes(b) < want && (low > 0 || high < f->end)) {
        low -= low > 0;
        high += high < f->end;
        remove_files(b, low, low + 1, 1);
        remove_files(b, high - 1, high, 1);
    }
    return low;
}

/* Would so many bytes more fit, by the driver's own word? */
static bool has_room(struct thm_board *b, uint32_t bytes)
{
    const bool ok = write_file(b, FILES_MAX, bytes);
    remove_files(b, FILES_MAX, FILES_MAX + 1, 1);
    return ok;
}

static uint32_t make_room_for(struct thm_board *b, const struct thm_volume_files *f, uint32_t bytes)
{
    uint32_t low = f->before;
    for (uint32_t tries = 0; tries < TRIES && !has_room(b, bytes); tries++)
        low = make_room(b, f, bytes);
    return low;
}

/* Full by the driver's own word, which may be long before all bytes are used; then room is made. Every block has been
 * in use, so that whatever comes then collects garbage. */
int thm_volume_before(struct thm_board *b, const struct thm_torture *t, struct thm_volume_files *f)
{
    *f = (struct thm_volume_files){ 0 };
    if (t->volume == THM_VOLUME_FRESH)
        return 0;
    if (thm_hal_mount(b, t->run.storage) < 0)
        return thm_hal_failure_status(b);
    f->before = f->end = write_files(b, 0, size_of(t));
    f->before = make_room_for(b, f, 2 * room(t));
    return 0;
}

/* The model's neighbours go: it is moved when their blocks are collected. */
int thm_volume_after(struct thm_board *b, const struct thm_torture *t, struct thm_volume_files *f)
{
    if (t->volume == THM_VOLUME_FRESH)
        return 0;
    if (thm_hal_mount(b, t->run.storage) < 0)
        return thm_hal_failure_status(b);
    f->end = write_files(b, f->before, size_of(t));
    if (t->volume == THM_VOLUME_FRAGMENTED)
        remove_files(b, 0, f->end, 2);
    if (t->volume != THM_VOLUME_FULL)
        make_room_for(b, f, room(t));
    return 0;
}
