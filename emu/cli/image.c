/* emu/cli/image.c -- `thimble image`: look into and change the images of boards' storage. */
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/commands.h"
#include "emu/cli/image_verbs.h"

#define SIZE_MAX_BYTES (UINT64_C(64) << 30)
#define MANY           (1 << 20)

static const struct verb {
    const char *name, *args;
    int min, max;
    int (*run)(const struct image_options *o, int argc, char **argv);
    enum image_use use;
} verbs[] = {
    { "ls", "IMAGE[:PARTITION] [PATH]", 1, 2, image_ls, IMAGE_LOOK },
    { "tree", "IMAGE[:PARTITION]", 1, 1, image_tree, IMAGE_LOOK },
    { "cat", "IMAGE[:PARTITION] NAME", 2, 2, image_cat, IMAGE_LOOK },
    { "get", "IMAGE[:PARTITION] NAME [FILE]", 2, 3, image_get, IMAGE_LOOK },
    { "put", "IMAGE[:PARTITION] FILE [NAME]", 2, 3, image_put, IMAGE_CHANGE },
    { "rm", "IMAGE[:PARTITION] NAME...", 2, MANY, image_rm, IMAGE_CHANGE },
    { "mv", "IMAGE[:PARTITION] NAME NAME", 3, 3, image_mv, IMAGE_CHANGE },
    { "mkdir", "IMAGE[:PARTITION] NAME...", 2, MANY, image_mkdir, IMAGE_CHANGE },
    { "df", "IMAGE[:PARTITION]", 1, 1, image_df, IMAGE_LOOK },
    { "check", "IMAGE[:PARTITION]", 1, 1, image_check, IMAGE_LOOK },
    { "repair", "IMAGE[:PARTITION]", 1, 1, image_repair, IMAGE_CHANGE },
    { "dump", "IMAGE[:PARTITION]", 1, 1, image_dump, IMAGE_LOOK },
    { "wear", "IMAGE[:PARTITION]", 1, 1, image_wear, IMAGE_LOOK },
    { "create", "IMAGE [DIR]", 1, 2, image_create, IMAGE_LOOK },
    { "replay", "TRACE", 1, 1, image_replay, IMAGE_LOOK },
};

enum option {
    OPT_JSON,
    OPT_RECURSIVE,
    OPT_REPAIR,
    OPT_FS,
    OPT_BOARD,
    OPT_SIZE,
    OPT_TABLE,
    OPT_MBR,
    OPT_HEX,
    OPT_FS_FIRST
};

static const struct thm_option options[] = {
    [OPT_JSON] = { "json", NULL, "ls, tree, df, check, wear, replay: print JSON", 'j' },
    [OPT_RECURSIVE] = { "recursive", NULL, "ls, get, put, rm: a whole directory; mkdir: those above it as well", 'r' },
    [OPT_REPAIR] = { "repair", NULL, "check: mend what is found", 0 },
    [OPT_FS] = { "fs", "NAME", "file system; default: found, spiffs for create", 0 },
    [OPT_BOARD] = { "board", "NAME[:STORAGE]", "place, geometry and endurance as this board has them", 'b' },
    [OPT_SIZE] = { "size", "SIZE", "create: size of the image", 's' },
    [OPT_TABLE] = { "table", "FILE", "create: a whole flash with the partitions of this partitions.csv", 't' },
    [OPT_MBR] = { "mbr", NULL, "create: a card with a table and one FAT partition", 0 },
    [OPT_HEX] = { "hex", "UNIT", "dump: the bytes of one page, block or cluster", 0 },
    IMAGE_FS_OPTION_ROWS
};

static int take_size(struct thm_args *a, struct image_options *o)
{
    if (thm_parse_size(a->value, SIZE_MAX_BYTES, &o->size))
        return 0;
    return thm_usage(a, "--size %s: not a size from 0 to 64 GB (K and M are known)", a->value);
}

static int take_option(struct thm_args *a, int option, struct image_options *o)
{
    switch (option) {
    case OPT_JSON: o->json = true; return 0;
    case OPT_RECURSIVE: o->recursive = true; return 0;
    case OPT_REPAIR: o->repair = true; return 0;
    case OPT_FS: o->fs = a->value; return 0;
    case OPT_BOARD: o->board = a->value; return 0;
    case OPT_SIZE: return take_size(a, o);
    case OPT_TABLE: o->table = a->value; return 0;
    case OPT_MBR: o->mbr = true; return 0;
    case OPT_HEX: o->hex = a->value; return 0;
    default: return image_fs_option(a, option - OPT_FS_FIRST, &o->fs_config);
    }
}

static int run_verb(const struct thm_args *a, struct image_options *o)
{
    if (a->argc < 1)
        return thm_usage(a, "a verb is needed, for example ls");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const struct verb *v = &verbs[i];
        if (strcmp(v->name, a->argv[0]) != 0)
            continue;
        if (a->argc - 1 < v->min || a->argc - 1 > v->max)
            return thm_usage(a, "'image %s' takes %s", v->name, v->args);
        o->use = v->use;
        return v->run(o, a->argc - 1, a->argv + 1);
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
    .summary = "list, read, change, check and make images of boards' storage",
    .details = "verbs:\n"
               "  ls IMAGE[:PARTITION] [PATH]\n"
               "  tree IMAGE[:PARTITION]\n"
               "  cat IMAGE[:PARTITION] NAME\n"
               "  get IMAGE[:PARTITION] NAME [FILE]\n"
               "  put IMAGE[:PARTITION] FILE [NAME]\n"
               "  rm IMAGE[:PARTITION] NAME...\n"
               "  mv IMAGE[:PARTITION] NAME NAME\n"
               "  mkdir IMAGE[:PARTITION] NAME...\n"
               "  df IMAGE[:PARTITION]\n"
               "  check IMAGE[:PARTITION]\n"
               "  repair IMAGE[:PARTITION]\n"
               "  dump IMAGE[:PARTITION]\n"
               "  wear IMAGE[:PARTITION]\n"
               "  create IMAGE --size SIZE [--fs NAME] [--table FILE | --mbr] [DIR]\n"
               "  replay TRACE\n"
               "IMAGE is a file system's image, a whole flash with a partition table at 0x8000, a card with a "
               "master boot record, or a board's state folder. FILE - is standard input or output.",
    .options = options,
    .run = run,
};
