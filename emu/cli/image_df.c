/* emu/cli/image_df.c -- df: what is free, as the device's own call counts it. */
#include <inttypes.h>
#include <stdio.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_text.h"
#include "emu/cli/image_verbs.h"
#include "fsimages/spiffs.h"

static int64_t free_bytes(const struct thm_fs_usage *u)
{
    return (int64_t)u->total - (int64_t)u->used;
}

/* What SPIFFS counts beside bytes. */
static bool counters(const struct image *im, struct thm_spiffs_counters *c)
{
    if (im->ops != &thm_fs_spiffs)
        return false;
    thm_spiffs_counters(im->fs, c);
    return true;
}

static json_t *usage_json(const struct image *im, const struct thm_fs_usage *u)
{
    struct thm_spiffs_counters c;
    json_t *o = json_pack("{s:s,s:I,s:I,s:I,s:I}", "fs", im->ops->name, "total", (json_int_t)u->total, "used",
                          (json_int_t)u->used, "free", (json_int_t)free_bytes(u), "volume",
                          (json_int_t)thm_medium_size(im->volume));
    if (!counters(im, &c))
        return o;
    json_t *pages =
        json_pack("{s:{s:I,s:I,s:I,s:I},s:I,s:I,s:I}", "pages", "total", (json_int_t)c.pages, "used",
                  (json_int_t)c.alloc, "deleted", (json_int_t)c.deleted, "free",
                  (json_int_t)c.pages - c.alloc - c.deleted, "free_blocks", (json_int_t)c.free_blocks, "page_size",
                  (json_int_t)im->config.page_size, "block_size", (json_int_t)im->config.block_size);
    json_object_update_new(o, pages);
    return o;
}

static void usage_text(const struct image *im, const struct thm_fs_usage *u)
{
    struct thm_spiffs_counters c;
    bool paged = counters(im, &c);
    printf("%s", im->ops->name);
    if (paged)
        printf(", pages of %u, blocks of %u bytes", (unsigned)im->config.page_size, (unsigned)im->config.block_size);
    printf(", on %" PRIu64 " bytes\n", thm_medium_size(im->volume));
    printf("bytes: %" PRIu64 " total, %" PRIu64 " used, %" PRId64 " free\n", u->total, u->used, free_bytes(u));
    if (paged)
        printf("pages: %u total, %u used, %u deleted, %u free; %u blocks free\n", (unsigned)c.pages, (unsigned)c.alloc,
               (unsigned)c.deleted, (unsigned)(c.pages - c.alloc - c.deleted), (unsigned)c.free_blocks);
}

static int show_usage(struct image *im, bool json)
{
    struct thm_fs_usage u = { 0 };
    int32_t res = im->ops->usage(im->fs, &u);
    if (res < 0)
        return image_fail(im, res, "usage", "'image check' may tell more");
    if (json)
        return image_print_json(usage_json(im, &u));
    usage_text(im, &u);
    return 0;
}

int image_df(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    (void)argc;
    int status = image_open(&im, argv[0], o);
    if (!status)
        status = show_usage(&im, o->json);
    image_close(&im);
    return status;
}
