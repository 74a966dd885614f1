/* fsimages/fs_replay_littlefs.c -- littlefs in traces: configuration, blocks in use and program calls. */
#include "fsimages/fs_replay_int.h"
#include "fsimages/littlefs.h"
#include <string.h>

static bool configure(const char *config, struct thm_fs_config *c, uint32_t *size, uint32_t *erase_size)
{
    uint32_t blocks, cycles = 0;
    if (!replay_config_number(config, "block_size", &c->block_size) ||
        !replay_config_number(config, "block_count", &blocks) ||
        !replay_config_number(config, "read_size", &c->read_size) ||
        !replay_config_number(config, "prog_size", &c->program_size) ||
        !replay_config_number(config, "cache_size", &c->cache_size) ||
        !replay_config_number(config, "lookahead_size", &c->lookahead_size) ||
        (uint64_t)blocks * c->block_size > UINT32_MAX)
        return false;
    replay_config_number(config, "disk_version", &c->disk_version);
    c->block_cycles =
        replay_config_number(config, "block_cycles", &cycles) && cycles <= INT32_MAX ? (int32_t)cycles : -1;
    *size = blocks * c->block_size;
    *erase_size = c->block_size;
    return true;
}

/* Neither tells a size. */
static bool operation(struct replay *r, int32_t *res)
{
    if (r->count == 3 && strcmp(r->words[0], "rename") == 0)
        *res = thm_fs_littlefs.rename(r->fs, r->words[1], r->words[2]);
    else if (r->count == 2 && strcmp(r->words[0], "mkdir") == 0)
        *res = thm_fs_littlefs.mkdir(r->fs, r->words[1]);
    else
        return false;
    return true;
}

static bool column(struct replay *r, const char *name, int64_t *value)
{
    struct thm_fs_usage u;
    if (strcmp(name, "programs") == 0) {
        *value = (int64_t)r->medium.programs;
        return true;
    }
    if (strcmp(name, "blocks_used") != 0 || thm_fs_littlefs.usage(r->fs, &u) != 0)
        return false;
    *value = (int64_t)(u.used / r->config.block_size);
    return true;
}

const struct replay_dialect replay_littlefs = {
    .fs = "littlefs",
    .configure = configure,
    .operation = operation,
    .column = column,
    .long_programs = true,
    .cut_program = "in-prog",
};
