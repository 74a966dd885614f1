/* fsimages/fs_replay_eefs.c -- EEFS in traces: creat, append, modify, rename and attr as its library has them, and the
 * table header's figures. */
#include "fsimages/eefs.h"
#include "fsimages/fs_replay_int.h"
#include <stdio.h>
#include <string.h>

/* The library's writes know nothing of pages. */
static bool configure(const char *config, struct thm_fs_config *c, uint32_t *size, uint32_t *erase_size)
{
    if (!replay_config_number(config, "eeprom_size", size))
        return false;
    const char *endian = strstr(config, "\"endian\":");
    c->big_endian = endian && strncmp(endian + 9 + strspn(endian + 9, " "), "\"big\"", 5) == 0;
    replay_config_number(config, "max_open", &c->max_files);
    *erase_size = *size;
    return true;
}

static void say_size(struct replay *r)
{
    struct thm_eefs_slot s;
    int32_t res = thm_eefs_find(r->fs, r->words[1], &s);
    if (res < 0)
        snprintf(r->extra, r->extra_size, "stat=%d", (int)res);
    else
        snprintf(r->extra, r->extra_size, "size=%u,max=%u", (unsigned)s.size, (unsigned)s.max_size);
}

static int32_t op_creat(struct replay *r)
{
    int32_t fd = thm_eefs_creat(r->fs, r->words[1], THM_EEFS_NONE);
    int32_t res = replay_write_close(r, fd, replay_number(r, 2), replay_number(r, 3), replay_number(r, 4));
    say_size(r);
    return res;
}

static int32_t op_append(struct replay *r)
{
    int32_t fd = thm_fs_eefs.open(r->fs, r->words[1], THM_FS_READ | THM_FS_WRITE);
    if (fd >= 0)
        thm_fs_eefs.seek(r->fs, fd, 0, THM_FS_END);
    int32_t res = replay_write_close(r, fd, replay_number(r, 2), replay_number(r, 3), replay_number(r, 4));
    say_size(r);
    return res;
}

static int32_t op_modify(struct replay *r)
{
    int32_t fd = thm_fs_eefs.open(r->fs, r->words[1], THM_FS_READ | THM_FS_WRITE);
    if (fd >= 0) {
        int64_t at = thm_fs_eefs.seek(r->fs, fd, (int32_t)replay_number(r, 2), THM_FS_SET);
        snprintf(r->extra, r->extra_size, "seek=%d", (int)at);
    }
    return replay_write_close(r, fd, replay_number(r, 3), replay_number(r, 4), 0);
}

static int32_t op_rename(struct replay *r)
{
    return thm_fs_eefs.rename(r->fs, r->words[1], r->count > 2 ? r->words[2] : "");
}

static int32_t op_attr(struct replay *r)
{
    return thm_eefs_set_attributes(r->fs, r->words[1], replay_number(r, 2));
}

static bool operation(struct replay *r, int32_t *res)
{
    static const struct {
        const char *name;
        int32_t (*run)(struct replay *r);
    } operations[] = {
        { "creat", op_creat },   { "append", op_append }, { "modify", op_modify },
        { "rename", op_rename }, { "attr", op_attr },
    };
    for (size_t i = 0; r->count > 1 && i < sizeof operations / sizeof operations[0]; i++)
        if (strcmp(operations[i].name, r->words[0]) == 0) {
            *res = operations[i].run(r);
            return true;
        }
    return false;
}

static bool column(struct replay *r, const char *name, int64_t *value)
{
    struct thm_eefs_counters c;
    thm_eefs_counters(r->fs, &c);
    const struct {
        const char *name;
        int64_t value;
    } columns[] = {
        { "number_of_files", c.files },
        { "free_memory_offset", c.free_offset },
        { "free_memory_size", c.free_size },
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (strcmp(columns[i].name, name) == 0) {
            *value = columns[i].value;
            return true;
        }
    return false;
}

const struct replay_dialect replay_eefs = {
    .fs = "eefs",
    .configure = configure,
    .operation = operation,
    .column = column,
    .rewritable = true,
};
