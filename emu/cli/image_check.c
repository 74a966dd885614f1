/* emu/cli/image_check.c -- check and repair: is the volume right? */
#include <stdio.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_text.h"
#include "emu/cli/image_verbs.h"

#define REPAIRS_MAX 4

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
        int status = image_print_json(json_pack("{s:O,s:b}", "findings", findings, "repaired", o->repair));
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

static int check(const struct image_options *o, const char *name)
{
    struct image im;
    json_t *findings = o->json ? json_array() : NULL;
    int status = image_open(&im, name, o);
    if (!status) {
        int32_t n = check_volume(&im, o->repair, findings);
        if (n < 0)
            status = image_fail(&im, n, "check", "the image was not changed");
        else if (o->repair && n)
            status = image_commit(&im);
        if (!status)
            status = check_result(&im, o, n, findings);
    }
    json_decref(findings);
    image_close(&im);
    return status;
}

int image_check(const struct image_options *o, int argc, char **argv)
{
    struct image_options with_use = *o;
    (void)argc;
    with_use.use = o->repair ? IMAGE_CHANGE : IMAGE_LOOK;
    return check(&with_use, argv[0]);
}

int image_repair(const struct image_options *o, int argc, char **argv)
{
    struct image_options with_repair = *o;
    with_repair.repair = true;
    return image_check(&with_repair, argc, argv);
}

static void write_finding(void *to, const char *finding)
{
    fprintf(to, "%s\n", finding);
}

int image_print_findings(struct image *im, FILE *to)
{
    int32_t n = im->ops->check(im->fs, false, write_finding, to);
    if (n < 0)
        return image_fail(im, n, "check", "");
    fprintf(to, "%d findings\n", (int)n);
    return 0;
}
