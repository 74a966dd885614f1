/* emu/board/storage.c -- files on the board: the profile's storage, its medium, its file system. */
#include "emu/board/board.h"
#include "emu/board/factory.h"
#include "emu/board/storage_place.h"
#include <stdio.h>
#include <string.h>

static void *fs_alloc(void *ctx, uint32_t bytes, const char *what)
{
    struct thm_board *b = ctx;
    return thm_board_block(b, thm_board_alloc(b, bytes, what));
}

static void fs_free(void *ctx, void *p)
{
    struct thm_board *b = ctx;
    thm_board_release(b, thm_board_address(b, p));
}

struct thm_fs_memory thm_board_fs_memory(struct thm_board *b)
{
    return (struct thm_fs_memory){ .ctx = b, .alloc = fs_alloc, .free = fs_free };
}

void thm_board_storage_used(struct thm_board *b, uint64_t *used, uint64_t *total)
{
    struct thm_fs_usage u = { 0 };
    if (b->fs)
        b->fs->ops->usage(b->fs, &u);
    *used = u.used;
    *total = u.total;
}

/* A path as the file system wants it: a flat one whose names are plain has no '/' in front. */
const char *thm_board_device_name(const struct thm_board *b, const char *path)
{
    return thm_fs_path(b->fs->ops, path);
}

/* Not what a sound volume says. */
static void note_damage(struct thm_board *b, enum thm_fs_err kind)
{
    b->files_damaged = b->files_damaged || kind == THM_FS_ECORRUPT || kind == THM_FS_EIO || kind == THM_FS_ERANGE;
}

/* From here on the board does nothing. */
static void power_off(struct thm_board *b, const char *what, const char *file)
{
    char text[160];
    snprintf(text, sizeof text, "power was lost in program or erase %u of %s: %s %s", b->run->media_faults.cut_at,
             thm_storage_place(b->profile, b->storage).name, what, file);
    thm_board_event(b, THM_EV_FAULT, "power", text, (uint64_t)thm_fs_exit_status(THM_FS_EPOWER), 0);
    thm_board_die(b, thm_fs_exit_status(THM_FS_EPOWER));
}

/* Keep a file-system error as the failure of the current step. need: bytes that were to be stored; 0 = does not apply.
 */
static int32_t failed(struct thm_board *b, int32_t code, const char *what, const char *file, uint64_t need)
{
    const struct thm_fs_ops *ops = b->fs ? b->fs->ops : thm_fs_find(b->storage->fs);
    note_damage(b, thm_fs_code_kind(ops->codes, code));
    const char *name = thm_fs_code_name(ops->codes, code);
    uint64_t used, total;
    thm_board_storage_used(b, &used, &total);
    enum thm_fs_err kind = thm_fs_code_kind(ops->codes, code);
    if (kind == THM_FS_EPOWER)
        power_off(b, what, file);
    if (b->failure.exit_status &&
        !b->failure.settled) /* what failed first tells more: the allocation, or the write before this close */
        return code;
    thm_hal_failure(b, thm_fs_exit_status(kind), code, need, total > used ? total - used : 0, "%s %s: %s (%d): %s",
                    what, file, name ? name : "error", code, thm_fs_strerror(kind));
    if (kind == THM_FS_ENOSPC)
        thm_hal_failure_note(b, "; %llu of %llu bytes are free, a smaller model or a larger partition helps",
                             (unsigned long long)b->failure.have, (unsigned long long)total);
    if (b->failure.exit_status == 2) /* a missing file on the board is the board's failure */
        b->failure.exit_status = 11;
    return code;
}

/* What SPIFFS.begin(true), LittleFS.begin(true) and their like take as "there is no file system": a damaged one, too.
 */
static bool is_none(const struct thm_fs_ops *ops, int32_t code)
{
    const enum thm_fs_err kind = code < 0 ? thm_fs_code_kind(ops->codes, code) : THM_FS_OK;
    return kind == THM_FS_EFORMAT || kind == THM_FS_ECORRUPT;
}

static int32_t mount_or_format(struct thm_board *b, const struct thm_fs_ops *ops, bool *formatted)
{
    const struct thm_fs_config config = thm_storage_config(b->storage);
    struct thm_fs_memory mem = thm_board_fs_memory(b);
    int32_t code = ops->mount(&b->fs, b->volume, &config, &mem);
    *formatted = is_none(ops, code) && !b->storage->shipped;
    if (!*formatted)
        return code;
    code = ops->format(b->volume, &config, &mem);
    return code < 0 ? code : ops->mount(&b->fs, b->volume, &config, &mem);
}

static int32_t mount_again(struct thm_board *b, const char *name)
{
    if (strcmp(b->storage->name, name) == 0)
        return 0;
    thm_hal_failure(b, 11, 0, 0, 0, "mount %s: %s is mounted already, and only one can be", name, b->storage->name);
    return -1;
}

/* A storage in the program's flash lies behind the program, if that is not too long. */
static bool clear_of_program(struct thm_board *b, const struct thm_storage_place *at)
{
    const struct thm_profile_flash *f = &b->profile->flash;
    const uint64_t end = (uint64_t)f->program_offset + f->program_image;
    if (at->medium || at->offset >= end || at->offset + at->size <= f->program_offset)
        return true;
    thm_hal_failure(b, 11, 0, end, at->offset, "mount %s: the program's %u bytes reach into it, from 0x%llx to 0x%llx",
                    b->storage->name, f->program_image, (unsigned long long)at->offset, (unsigned long long)end);
    return false;
}

/* What was there before power-on is put there when it is first asked for. */
static bool as_shipped(struct thm_board *b, unsigned medium)
{
    const struct thm_run *run = b->run;
    const bool ours = strcmp(b->storage->name, run->storage) == 0;
    const struct thm_factory_file files[] = {
        { "the model", run->file, ours ? run->stored : NULL, run->stored_bytes },
        { "the CA file", b->profile->network.ca_file, ours ? (const uint8_t *)run->tls.ca : NULL, run->tls.ca_bytes },
        { "the weights", run->weights, ours ? run->weights_data : NULL, run->weights_bytes },
    };
    char error[sizeof b->failure.message] = "";
    int status = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && b->chips && !status; i++) { /* a rig's medium is ready */
        if (!files[i].bytes && (i || !b->storage->shipped))
            continue;
        status = thm_factory_storage(b->profile, b->storage, &b->chips->cells[medium], &files[i], error, sizeof error);
        if (status)
            thm_hal_failure(b, status, 0, files[i].len, 0, "%s", error);
    }
    if (!status && ours && run->filled && b->chips) {
        status =
            thm_factory_fill(b->profile, b->storage, &b->chips->cells[medium], run->left_bytes, error, sizeof error);
        if (status)
            thm_hal_failure(b, status, 0, run->left_bytes, 0, "%s", error);
    }
    return !status;
}

static bool find_volume(struct thm_board *b, const char *name, struct thm_storage_place *at)
{
    b->storage = thm_storage_find(b->profile, name);
    if (!b->storage) {
        thm_hal_failure(b, 11, 0, 0, 0, "the board has no storage '%s'", name);
        return false;
    }
    *at = thm_storage_place(b->profile, b->storage);
    if (!clear_of_program(b, at) || !as_shipped(b, at->medium))
        return false;
    enum thm_fs_err e = thm_storage_volume(b->storage, b->media[at->medium], at, &b->volume);
    if (e)
        thm_hal_failure(b, 11, 0, 0, 0, "mount %s: %s: %s", name, at->name,
                        e == THM_FS_EFORMAT ? "the card has no partition table" : thm_fs_strerror(e));
    return !e;
}

static void do_mount(struct thm_call *c)
{
    struct thm_board *b = c->b;
    struct thm_storage_place at;
    bool formatted;
    if (b->fs) {
        c->result = mount_again(b, c->s);
        return;
    }
    c->result = -1;
    if (!find_volume(b, c->s, &at))
        return;
    c->result = mount_or_format(b, thm_fs_find(b->storage->fs), &formatted);
    if (c->result < 0) {
        failed(b, (int32_t)c->result, "mount", at.name, 0);
        return;
    }
    struct thm_medium_counters n;
    uint64_t used, total;
    thm_medium_counters(b->media[at.medium], &n);
    thm_board_storage_used(b, &used, &total);
    thm_board_event(b, THM_EV_STORAGE, b->storage->fs, at.name, total, used, n.programs, n.erases, formatted);
    c->result = formatted;
}

static void do_open(struct thm_call *c)
{
    c->result = c->b->fs->ops->open(c->b->fs, thm_board_device_name(c->b, c->s), (int)c->n);
    thm_board_event(c->b, THM_EV_FILE, "open", c->s, (uint64_t)c->result);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "open", c->s, 0);
}

static void do_read(struct thm_call *c)
{
    c->result = c->b->fs->ops->read(c->b->fs, (int32_t)c->m, c->p, c->n);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "read", "from the file", 0);
}

/* How EEFS and FatFs tell that there is no more room: no error, a short count. */
static void wrote_less(struct thm_board *b, uint32_t need, uint32_t wrote)
{
    uint64_t used, total;
    thm_board_storage_used(b, &used, &total);
    thm_hal_failure(b, thm_fs_exit_status(THM_FS_ENOSPC), wrote, need, total > used ? total - used : 0,
                    "write to the file: %u of %u bytes were taken: %s", wrote, need, thm_fs_strerror(THM_FS_ENOSPC));
}

static void do_write(struct thm_call *c)
{
    c->result = c->b->fs->ops->write(c->b->fs, (int32_t)c->m, c->q, c->n);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "write", "to the file", c->n);
    else if (c->result < c->n)
        wrote_less(c->b, c->n, (uint32_t)c->result);
}

static void do_close(struct thm_call *c)
{
    c->result = c->b->fs->ops->close(c->b->fs, (int32_t)c->m);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "close", "of the file", 0);
}

static void do_sync(struct thm_call *c)
{
    c->result = c->b->fs->ops->sync(c->b->fs, (int32_t)c->m);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "sync", "of the file", 0);
}

static void do_remove(struct thm_call *c)
{
    c->result = c->b->fs->ops->remove(c->b->fs, thm_board_device_name(c->b, c->s));
    thm_board_event(c->b, THM_EV_FILE, "remove", c->s, (uint64_t)c->result);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "remove", c->s, 0);
}

static void do_size(struct thm_call *c)
{
    struct thm_fs_stat st;
    c->result = c->b->fs->ops->stat(c->b->fs, thm_board_device_name(c->b, c->s), &st);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "stat", c->s, 0);
    else
        c->result = st.size;
}

static void do_find(struct thm_call *c)
{
    struct thm_fs_stat st;
    const int32_t code = c->b->fs->ops->stat(c->b->fs, thm_board_device_name(c->b, c->s), &st);
    if (code < 0)
        note_damage(c->b, thm_fs_code_kind(c->b->fs->ops->codes, code));
    c->result = code < 0 ? -1 : (int64_t)st.size;
}

static void do_mend(struct thm_call *c)
{
    c->result = c->b->fs->ops->check(c->b->fs, true, NULL, NULL);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "check", "of the file system", 0);
}

static void do_seek(struct thm_call *c)
{
    c->result = c->b->fs->ops->seek(c->b->fs, (int32_t)c->m, (int32_t)c->n, *(const int *)c->q);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "seek", "in the file", 0);
}

static void do_rename(struct thm_call *c)
{
    c->result = c->b->fs->ops->rename(c->b->fs, thm_board_device_name(c->b, c->s), thm_board_device_name(c->b, c->q));
    thm_board_event(c->b, THM_EV_FILE, "rename", c->s, (uint64_t)c->result);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "rename", c->s, 0);
}

static void do_df(struct thm_call *c)
{
    c->result = c->b->fs->ops->usage(c->b->fs, c->p);
    if (c->result < 0)
        failed(c->b, (int32_t)c->result, "usage", "of the storage", 0);
}

static int32_t on_files(void (*fn)(struct thm_call *c), struct thm_call c)
{
    if (c.b->fs)
        return (int32_t)thm_board_enter(fn, c);
    thm_hal_failure(c.b, 11, 0, 0, 0, "no storage is mounted");
    return -1;
}

int32_t thm_hal_mount(struct thm_board *b, const char *storage)
{
    return (int32_t)thm_board_enter(do_mount, (struct thm_call){ .b = b, .s = storage });
}

int32_t thm_hal_open(struct thm_board *b, const char *file, int flags)
{
    return on_files(do_open, (struct thm_call){ .b = b, .s = file, .n = (uint32_t)flags });
}

int32_t thm_hal_read(struct thm_board *b, int32_t fd, void *buf, uint32_t len)
{
    return on_files(do_read, (struct thm_call){ .b = b, .m = (uint32_t)fd, .p = buf, .n = len });
}

int32_t thm_hal_write(struct thm_board *b, int32_t fd, const void *buf, uint32_t len)
{
    return on_files(do_write, (struct thm_call){ .b = b, .m = (uint32_t)fd, .q = buf, .n = len });
}

int32_t thm_hal_close(struct thm_board *b, int32_t fd)
{
    return on_files(do_close, (struct thm_call){ .b = b, .m = (uint32_t)fd });
}

int32_t thm_hal_sync(struct thm_board *b, int32_t fd)
{
    return on_files(do_sync, (struct thm_call){ .b = b, .m = (uint32_t)fd });
}

int32_t thm_hal_remove(struct thm_board *b, const char *file)
{
    return on_files(do_remove, (struct thm_call){ .b = b, .s = file });
}

int32_t thm_hal_file_size(struct thm_board *b, const char *file)
{
    return on_files(do_size, (struct thm_call){ .b = b, .s = file });
}

int64_t thm_hal_find_file(struct thm_board *b, const char *file)
{
    return b->fs ? thm_board_enter(do_find, (struct thm_call){ .b = b, .s = file }) : -1;
}

bool thm_hal_files_are_damaged(const struct thm_board *b)
{
    return b->files_damaged;
}

int32_t thm_hal_mend_files(struct thm_board *b)
{
    return on_files(do_mend, (struct thm_call){ .b = b });
}

int32_t thm_hal_seek(struct thm_board *b, int32_t fd, int32_t offset, int whence)
{
    return on_files(do_seek, (struct thm_call){ .b = b, .m = (uint32_t)fd, .n = (uint32_t)offset, .q = &whence });
}

int32_t thm_hal_rename(struct thm_board *b, const char *from, const char *to)
{
    return on_files(do_rename, (struct thm_call){ .b = b, .s = from, .q = to });
}

const char *const *thm_hal_slots(const struct thm_board *b)
{
    return b->fs ? b->fs->ops->slots : NULL;
}

int32_t thm_hal_df(struct thm_board *b, uint32_t *total, uint32_t *used)
{
    struct thm_fs_usage u = { 0 };
    const int32_t code = on_files(do_df, (struct thm_call){ .b = b, .p = &u });
    *total = (uint32_t)u.total; /* as the device's size_t */
    *used = (uint32_t)u.used;
    return code;
}
