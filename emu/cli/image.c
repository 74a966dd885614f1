/* emu/cli/image.c -- `thimble image`: look into and change flash images. */
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/commands.h"
#include "emu/cli/image_verbs.h"

#define SIZE_MAX_BYTES (256u << 20)

static const struct {
    const char *name, *args;
    int min, max;
    int (*run)(const struct image_options *o, int argc, char **argv);
} verbs[] = {
    { "ls", "IMAGE[:PARTITION]", 1, 1, image_ls },
    { "cat", "IMAGE[:PARTITION] NAME", 2, 2, image_cat },
    { "put", "IMAGE[:PARTITION] FILE [NAME]", 2, 3, image_put },
    { "get", "IMAGE[:PARTITION] NAME [FILE]", 2, 3, image_get },
    { "rm", "IMAGE[:PARTITION] NAME...", 2, 1 << 20, image_rm },
    { "df", "IMAGE[:PARTITION]", 1, 1, image_df },
    { "check", "IMAGE[:PARTITION]", 1, 1, image_check },
    { "create", "IMAGE [DIR]", 1, 2, image_create },
    { "replay", "TRACE", 1, 1, image_replay },
};

enum option {
    OPT_JSON,
    OPT_REPAIR,
    OPT_PAGE,
    OPT_BLOCK,
    OPT_NAME_LEN,
    OPT_META_LEN,
    OPT_ALIGNED,
    OPT_SIZE,
    OPT_FS,
    OPT_TABLE
};

static const struct thm_option options[] = {
    [OPT_JSON] = { "json", NULL, "ls, df, check, replay: print JSON", 'j' },
    [OPT_REPAIR] = { "repair", NULL, "check: mend what is found", 'r' },
    [OPT_PAGE] = { "page-size", "BYTES", "logical page; default: found by the blocks' magics, 256 for create", 0 },
    [OPT_BLOCK] = { "block-size", "BYTES", "logical block; default: found, 4096 for create", 0 },
    [OPT_NAME_LEN] = { "name-len", "BYTES", "object name length with its NUL; default: 32", 0 },
    [OPT_META_LEN] = { "meta-len", "BYTES", "metadata length; default: 4 (ESP-IDF), 0 for ESP8266 images", 0 },
    [OPT_ALIGNED] = { "aligned", NULL, "the volume has aligned object index tables", 0 },
    [OPT_SIZE] = { "size", "SIZE", "create: size of the image", 's' },
    [OPT_FS] = { "fs", "NAME", "create: file system; default: spiffs", 0 },
    [OPT_TABLE] = { "table", "FILE", "create: a whole flash with the partitions of this partitions.csv", 't' },
    { 0 },
};

/* Sizes of the configuration, by option. */
static uint32_t *config_field(struct thm_fs_config *c, int option)
{
    switch (option) {
    case OPT_PAGE: return &c->page_size;
    case OPT_BLOCK: return &c->block_size;
    case OPT_NAME_LEN: return &c->name_len;
    case OPT_META_LEN: return &c->meta_len;
    default: return NULL;
    }
}

static int take_size(struct thm_args *a, int option, struct image_options *o)
{
    uint32_t *field = config_field(&o->fs_config, option);
    uint64_t v;
    if (!thm_parse_size(a->value, field ? 65536 : SIZE_MAX_BYTES, &v))
        return thm_usage(a, "--%s %s: not a size from 0 to %u", options[option].name, a->value,
                         field ? 65536 : SIZE_MAX_BYTES);
    if (field)
        *field = (uint32_t)v;
    else
        o->size = v;
    if (option == OPT_META_LEN)
        o->fs_config.no_meta = v == 0;
    return 0;
}

static int take_option(struct thm_args *a, int option, struct image_options *o)
{
    switch (option) {
    case OPT_JSON: o->json = true; return 0;
    case OPT_REPAIR: o->repair = true; return 0;
    case OPT_ALIGNED: o->fs_config.aligned_index = true; return 0;
    case OPT_FS: o->fs = a->value; return 0;
    case OPT_TABLE: o->table = a->value; return 0;
    default: return take_size(a, option, o);
    }
}

static int run_verb(const struct thm_args *a, const struct image_options *o)
{
    if (a->argc < 1)
        return thm_usage(a, "a verb is needed: ls, cat, put, get, rm, df, check, create or replay");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, a->argv[0]) != 0)
            continue;
        if (a->argc - 1 < verbs[i].min || a->argc - 1 > verbs[i].max)
            return thm_usage(a, "'image %s' takes %s", verbs[i].name, verbs[i].args);
        return verbs[i].run(o, a->argc - 1, a->argv + 1);
    }
    return thm_usage(a, "unknown verb '%s'", a->argv[0]);
}

static int run(int argc, char **argv)
{
    struct thm_args a;
    struct image_options o = { 0 };
    int i, status;
    thm_args_init(&a, &thm_command_image, argc, argv);
    while ((i = thm_args_next(&a)) >= 0)
        if ((status = take_option(&a, i, &o)) != 0)
            return status;
    return i == -3 ? THM_EXIT_OK : i == -2 ? THM_EXIT_USAGE : run_verb(&a, &o);
}

const struct thm_command thm_command_image = {
    .name = "image",
    .args = "VERB ARGUMENT...",
    .summary = "list, read, change, check and make flash images",
    .details = "verbs:\n"
               "  ls IMAGE[:PARTITION]\n"
               "  cat IMAGE[:PARTITION] NAME\n"
               "  put IMAGE[:PARTITION] FILE [NAME]\n"
               "  get IMAGE[:PARTITION] NAME [FILE]\n"
               "  rm IMAGE[:PARTITION] NAME...\n"
               "  df IMAGE[:PARTITION]\n"
               "  check IMAGE[:PARTITION]\n"
               "  create IMAGE --size SIZE [DIR]\n"
               "  replay TRACE\n"
               "IMAGE is a SPIFFS image or a whole ESP32 flash with a partition table at 0x8000. FILE - is standard "
               "input or output.",
    .options = options,
    .run = run,
};
