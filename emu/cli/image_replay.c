/* emu/cli/image_replay.c -- replay: a trace of file system operations, compared. */
#include <stdio.h>
#include <stdlib.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_text.h"
#include "emu/cli/image_verbs.h"
#include "fsimages/fs_replay.h"

#define TRACE_MAX (64u << 20)

static int replay_json(const struct thm_replay_result *r)
{
    return image_print_json(json_pack("{s:I,s:b,s:I,s:s,s:s,s:s,s:I}", "operations", (json_int_t)r->ops, "same",
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
