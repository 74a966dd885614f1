/* emu/cli/image_show.c -- ls, df, check, replay: what is in an image, and whether it is right. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_verbs.h"
#include "fsimages/fs_replay.h"
#include "fsimages/spiffs.h"

#define TRACE_MAX   (64u << 20)
#define REPAIRS_MAX 4

/* Print and give back. Keys in the order they were added: the same input gives the same bytes. */
static int print_json(json_t *o)
{
    int bad = !o || json_dumpf(o, stdout, JSON_INDENT(2)) < 0 || putchar('\n') == EOF;
    json_decref(o);
    return bad ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : 0;
}

/* Names are bytes; JSON wants UTF-8. */
static json_t *json_name(const char *name)
{
    json_t *s = json_string(name);
    if (s)
        return s;
    char *copy = strdup(name);
    for (char *p = copy; p && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    s = json_string(copy ? copy : "");
    free(copy);
    return s;
}

static int32_t list_text(void *ctx, const struct thm_fs_stat *st)
{
    (void)ctx;
    printf("%10u ", (unsigned)st->size);
    for (const char *p = st->name; *p; p++) /* a hostile image must not control the terminal */
        putchar((unsigned char)*p < 0x20 || *p == 0x7F ? '?' : *p);
    putchar('\n');
    return 0;
}

static int32_t list_json(void *ctx, const struct thm_fs_stat *st)
{
    json_array_append_new(ctx, json_pack("{s:o,s:I}", "name", json_name(st->name), "size", (json_int_t)st->size));
    return 0;
}

int image_ls(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    json_t *files = o->json ? json_array() : NULL;
    (void)argc;
    int status = image_open(&im, argv[0], o);
    if (!status) {
        int32_t res = im.ops->list(im.fs, "", o->json ? list_json : list_text, files);
        status = res < 0 ? image_fail(&im, res, "listing", "") : 0;
    }
    if (!status && o->json)
        status = print_json(json_pack("{s:O}", "files", files));
    json_decref(files);
    image_close(&im);
    return status;
}

static int64_t free_bytes(const struct thm_fs_usage *u)
{
    return (int64_t)u->total - (int64_t)u->used;
}

static json_t *usage_json(const struct image *im, const struct thm_fs_usage *u, const struct thm_spiffs_counters *c)
{
    return json_pack("{s:s,s:I,s:I,s:I,s:{s:I,s:I,s:I,s:I},s:I,s:I,s:I}", "fs", im->ops->name, "total",
                     (json_int_t)u->total, "used", (json_int_t)u->used, "free", (json_int_t)free_bytes(u), "pages",
                     "total", (json_int_t)c->pages, "used", (json_int_t)c->alloc, "deleted", (json_int_t)c->deleted,
                     "free", (json_int_t)c->pages - c->alloc - c->deleted, "free_blocks", (json_int_t)c->free_blocks,
                     "page_size", (json_int_t)im->config.page_size, "block_size", (json_int_t)im->config.block_size);
}

static void usage_text(const struct image *im, const struct thm_fs_usage *u, const struct thm_spiffs_counters *c)
{
    printf("%s, pages of %u, blocks of %u bytes\n", im->ops->name, (unsigned)im->config.page_size,
           (unsigned)im->config.block_size);
    printf("bytes: %" PRIu64 " total, %" PRIu64 " used, %" PRId64 " free\n", u->total, u->used, free_bytes(u));
    printf("pages: %u total, %u used, %u deleted, %u free; %u blocks free\n", (unsigned)c->pages, (unsigned)c->alloc,
           (unsigned)c->deleted, (unsigned)(c->pages - c->alloc - c->deleted), (unsigned)c->free_blocks);
}

int image_df(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    (void)argc;
    int status = image_open(&im, argv[0], o);
    if (!status) {
        struct thm_fs_usage u = { 0 };
        struct thm_spiffs_counters c;
        im.ops->usage(im.fs, &u);
        thm_spiffs_counters(im.fs, &c);
        if (o->json)
            status = print_json(usage_json(&im, &u, &c));
        else
            usage_text(&im, &u, &c);
    }
    image_close(&im);
    return status;
}

static void print_finding(void *ctx, const char *finding)
{
    if (ctx)
        json_array_append_new(ctx, json_string(finding));
    else
        puts(finding);
}

static int check_result(const struct image *im, const struct image_options *o, int32_t n, json_t *findings)
{
    if (o->json) {
        int status = print_json(json_pack("{s:O,s:b}", "findings", findings, "repaired", o->repair));
        return status ? status : n && !o->repair ? THM_EXIT_DIFFERS : THM_EXIT_OK;
    }
    if (n && !o->repair)
        return thm_fail(THM_EXIT_DIFFERS, "%s: %d findings; --repair does what they say", im->path, (int)n);
    printf("%d findings%s\n", (int)n, n ? ", repaired" : "");
    return 0;
}

/* A file that cannot be mended is first marked, and what it leaves is found the next time: look until all is well. */
static int32_t check_volume(struct image *im, bool repair, json_t *findings)
{
    int32_t total = 0, n = 1;
    for (int round = 0; n > 0 && round < (repair ? REPAIRS_MAX : 1); round++) {
        n = im->ops->check(im->fs, repair, print_finding, findings);
        total += n > 0 ? n : 0;
    }
    return n < 0 ? n : total;
}

int image_check(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    json_t *findings = o->json ? json_array() : NULL;
    (void)argc;
    int status = image_open(&im, argv[0], o);
    if (!status) {
        int32_t n = check_volume(&im, o->repair, findings);
        if (n < 0)
            status = image_fail(&im, n, "check", "the image was not changed");
        else if (o->repair)
            status = image_commit(&im);
        if (!status)
            status = check_result(&im, o, n, findings);
    }
    json_decref(findings);
    image_close(&im);
    return status;
}

static int replay_json(const struct thm_replay_result *r)
{
    return print_json(json_pack("{s:I,s:b,s:I,s:s,s:s,s:s,s:I}", "operations", (json_int_t)r->ops, "same",
                                r->err == THM_FS_OK, "line", (json_int_t)r->line, "column", r->column, "expected",
                                r->expected, "got", r->got, "writes_off", (json_int_t)r->writes_off));
}

static int replay_status(const struct image_options *o, const char *path, const struct thm_replay_result *r)
{
    if (r->err == THM_FS_EFORMAT)
        return thm_fail(THM_EXIT_USAGE, "%s:%u: not a trace of a known file system: %s", path, (unsigned)r->line,
                        r->column);
    if (r->err == THM_FS_EHOST)
        return thm_fail(THM_EXIT_HOST, "%s: %s", path, thm_fs_strerror(r->err));
    if (o->json) {
        int status = replay_json(r);
        return status ? status : thm_fs_exit_status(r->err);
    }
    if (r->err)
        return thm_fail(thm_fs_exit_status(r->err),
                        "%s:%u: %s: expected %s, got %s (%u operations before were the same)", path, (unsigned)r->line,
                        r->column, r->expected, r->got, (unsigned)r->ops);
    printf("%u operations, no difference\n", (unsigned)r->ops);
    return 0;
}

int image_replay(const struct image_options *o, int argc, char **argv)
{
    struct thm_replay_result r;
    uint8_t *text;
    size_t len;
    (void)argc;
    int status = thm_read_file(argv[0], TRACE_MAX, &text, &len);
    if (status)
        return status;
    thm_fs_replay((const char *)text, len, &r);
    status = replay_status(o, argv[0], &r);
    thm_replay_result_free(&r);
    free(text);
    return status;
}
