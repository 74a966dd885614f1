/* fsimages/fs_replay_spiffs.c -- SPIFFS in traces: configuration, gc and gcquick, page counters. */
#include "fsimages/fs_replay_int.h"
#include "fsimages/spiffs.h"
#include <string.h>

static bool configure(const char *config, struct thm_fs_config *c, uint32_t *size, uint32_t *erase_size)
{
    uint32_t aligned = 0, magic = 1, length = 1;
    if (!replay_config_number(config, "page_size", &c->page_size) ||
        !replay_config_number(config, "block_size", &c->block_size) ||
        !replay_config_number(config, "phys_erase_size", erase_size) ||
        !replay_config_number(config, "image_size", size) ||
        !replay_config_number(config, "obj_name_len", &c->name_len) ||
        !replay_config_number(config, "meta_len", &c->meta_len))
        return false;
    replay_config_number(config, "aligned_objix", &aligned);
    replay_config_number(config, "use_magic", &magic);
    replay_config_number(config, "use_magic_length", &length);
    c->no_meta = c->meta_len == 0;
    c->aligned_index = aligned;
    c->no_magic = !magic;
    c->no_magic_length = !length;
    return true;
}

static bool operation(struct replay *r, int32_t *res)
{
    if (strcmp(r->words[0], "gc") == 0)
        *res = thm_spiffs_gc(r->fs, replay_number(r, 1));
    else if (strcmp(r->words[0], "gcquick") == 0)
        *res = thm_spiffs_gc_quick(r->fs, replay_number(r, 1));
    else
        return false;
    return true;
}

static bool column(struct replay *r, const char *name, int64_t *value)
{
    struct thm_spiffs_counters c;
    thm_spiffs_counters(r->fs, &c);
    const struct {
        const char *name;
        int64_t value;
    } columns[] = {
        { "p_alloc", c.alloc },
        { "p_deleted", c.deleted },
        { "free_blocks", c.free_blocks },
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (strcmp(columns[i].name, name) == 0) {
            *value = columns[i].value;
            return true;
        }
    return false;
}

const struct replay_dialect replay_spiffs = {
    .fs = "spiffs",
    .configure = configure,
    .operation = operation,
    .column = column,
};
