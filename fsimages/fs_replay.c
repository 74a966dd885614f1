/* fsimages/fs_replay.c -- reading a trace and comparing line by line. */
#include "fsimages/fs_replay_int.h"
#include <sys/types.h>
#include <sha2.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 16
#define IMAGE_MAX   (64u << 20)

static const struct replay_dialect *const dialects[] = { &replay_spiffs, &replay_eefs, &replay_littlefs };

struct trace {
    char *text; /* ours, cut into pieces */
    const char *config, *digest, *files, *clock;
    const uint8_t *initial; /* the image to begin with; NULL: a fresh one */
    size_t initial_len;
    char *columns[COLUMNS_MAX];
    int column_count;
    uint32_t line;
};

static bool __attribute__((format(printf, 5, 6)))
differs(struct replay *r, const struct trace *t, const char *column, const char *expected, const char *fmt, ...)
{
    va_list ap;
    struct thm_replay_result *out = r->out;
    out->err = THM_FS_EDIFFERS;
    out->line = t->line;
    snprintf(out->column, sizeof out->column, "%s", column);
    snprintf(out->expected, sizeof out->expected, "%s", expected);
    va_start(ap, fmt);
    vsnprintf(out->got, sizeof out->got, fmt, ap);
    va_end(ap);
    return false;
}

static bool malformed(struct replay *r, const struct trace *t, const char *what)
{
    r->out->err = THM_FS_EFORMAT;
    r->out->line = t->line;
    snprintf(r->out->column, sizeof r->out->column, "%s", what);
    return false;
}

bool replay_config_number(const char *config, const char *key, uint32_t *out)
{
    char quoted[40];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(config, quoted);
    if (!at)
        return false;
    at += strlen(quoted);
    at += strspn(at, " ");
    unsigned long long v = strtoull(at, NULL, 10);
    if (*at < '0' || *at > '9' || v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}

static int split(char *line, const char *separators, char **to, int max)
{
    int n = 0;
    char *save = NULL;
    for (char *p = strtok_r(line, separators, &save); p && n < max; p = strtok_r(NULL, separators, &save))
        to[n++] = p;
    return n;
}

static uint32_t operation_time(void *ctx)
{
    const struct replay *r = ctx;
    return r->epoch + r->number;
}

static int32_t first_image(struct replay *r, const struct trace *t, const struct thm_fs_ops *ops)
{
    if (!t->initial)
        return ops->format(&r->medium.base, &r->config, NULL);
    if (t->initial_len != r->out->image_len)
        return -1;
    memcpy(r->bytes, t->initial, t->initial_len);
    return 0;
}

static void start_clock(struct replay *r, const struct trace *t)
{
    if (!t->clock)
        return;
    r->epoch = (uint32_t)strtoul(strchr(t->clock, ':') + 1, NULL, 10);
    r->config.seconds = operation_time;
    r->config.seconds_ctx = r;
}

static bool start(struct replay *r, const struct trace *t)
{
    uint32_t size, erase_size;
    if (!r->dialect)
        return malformed(r, t, "no known fs=NAME");
    if (!t->config || !r->dialect->configure(t->config, &r->config, &size, &erase_size))
        return malformed(r, t, "config");
    if (size == 0 || size > IMAGE_MAX || erase_size < 256 || size % erase_size)
        return malformed(r, t, "config: size");
    enum thm_fs_err e = replay_medium_init(r, size, erase_size);
    r->out->image = r->bytes;
    r->out->image_len = r->bytes ? size : 0;
    const struct thm_fs_ops *ops = thm_fs_find(r->dialect->fs);
    if (e || !ops) {
        r->out->err = e ? e : THM_FS_EHOST;
        return false;
    }
    start_clock(r, t);
    int32_t res = first_image(r, t, ops);
    r->medium.programs = r->medium.erases = 0;
    if (!res)
        res = ops->mount(&r->fs, &r->medium.base, &r->config, NULL);
    return res ? malformed(r, t, "config: does not mount") : true;
}

static void read_comment(struct replay *r, struct trace *t, char *line)
{
    static const struct {
        const char *mark;
        size_t field;
    } marks[] = {
        { "config: ", offsetof(struct trace, config) },
        { "final image sha256", offsetof(struct trace, digest) },
        { "final files: ", offsetof(struct trace, files) },
        { "time source: ", offsetof(struct trace, clock) },
    };
    const char *fs = strstr(line, "fs=");
    for (size_t i = 0; fs && !r->dialect && i < sizeof dialects / sizeof dialects[0]; i++)
        if (strcmp(fs + 3, dialects[i]->fs) == 0)
            r->dialect = dialects[i];
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *at = strstr(line, marks[i].mark);
        if (at)
            memcpy((char *)t + marks[i].field, &at, sizeof at);
    }
    if (strncmp(line, "#n\t", 3) == 0)
        t->column_count = split(line + 1, "\t", t->columns, COLUMNS_MAX);
}

/* A column both kinds of file system have; or the dialect's. */
static bool column_value(struct replay *r, const char *name, int64_t *value)
{
    struct thm_fs_usage u = { 0 };
    if (strcmp(name, "erases") == 0)
        *value = (int64_t)r->medium.erases;
    else if (strcmp(name, "flash_writes") == 0)
        *value = (int64_t)r->medium.programs;
    else if (!r->fs || r->fs->ops->usage(r->fs, &u) != 0)
        return false;
    else if (strcmp(name, "total") == 0)
        *value = (int64_t)u.total;
    else if (strcmp(name, "used") == 0)
        *value = (int64_t)u.used;
    else if (strcmp(name, "free") == 0)
        *value = (int64_t)u.total - (int64_t)u.used;
    else
        return r->dialect->column(r, name, value);
    return true;
}

static bool compare_column(struct replay *r, const struct trace *t, const char *name, const char *expected)
{
    int64_t value;
    if (strcmp(expected, "-") == 0 || !column_value(r, name, &value))
        return true;
    int64_t want = strtoll(expected, NULL, 10);
    if (strcmp(name, "flash_writes") == 0) {
        uint64_t off = (uint64_t)(value > want ? value - want : want - value);
        if (off > r->out->writes_off)
            r->out->writes_off = off;
        return true;
    }
    return value == want ? true : differs(r, t, name, expected, "%" PRId64, value);
}

static bool compare_result(struct replay *r, const struct trace *t, char **fields, int32_t res)
{
    char *end;
    long want = strtol(fields[2], &end, 10);
    const char *extra = r->extra;
    if (r->medium.cut_in) {
        extra = strcmp(fields[3], "-") == 0 ? "-" : r->medium.cut_in; /* not every trace says where */
        if (strcmp(fields[2], "CUT") != 0)
            return differs(r, t, "res", fields[2], "CUT");
    } else if (*end || want != res)
        return differs(r, t, "res", fields[2], "%d", (int)res);
    return strcmp(fields[3], extra) == 0 ? true : differs(r, t, "extra", fields[3], "%s", extra);
}

static bool run_line(struct replay *r, struct trace *t, char *line)
{
    char *fields[COLUMNS_MAX], *words[REPLAY_WORDS], extra[48];
    int32_t res = 0;
    if (!r->fs && !r->bytes && !start(r, t))
        return false;
    int n = split(line, "\t", fields, COLUMNS_MAX);
    if (t->column_count < 4 || n != t->column_count)
        return malformed(r, t, "number of columns");
    r->number = (uint32_t)strtoul(fields[0], NULL, 10);
    r->extra = extra;
    r->extra_size = sizeof extra;
    r->count = split(fields[1], " ", words, REPLAY_WORDS);
    for (int i = 0; i < r->count; i++)
        r->words[i] = words[i];
    if (r->count == 0 || !r->fs || !replay_operation(r, &res))
        return malformed(r, t, "unknown operation");
    if (!compare_result(r, t, fields, res))
        return false;
    for (int i = 4; i < n; i++)
        if (!compare_column(r, t, t->columns[i], fields[i]))
            return false;
    r->out->ops++;
    return true;
}

static void hex_digest(const void *data, size_t len, char hex[65])
{
    SHA2_CTX c;
    SHA256Init(&c);
    SHA256Update(&c, data, len);
    SHA256End(&c, hex);
}

static bool compare_image(struct replay *r, const struct trace *t)
{
    char hex[65];
    const char *want = t->digest ? strrchr(t->digest, ':') : NULL;
    if (!want || strlen(want) < 66)
        return true;
    hex_digest(r->bytes, r->out->image_len, hex);
    return strcmp(want + 2, hex) == 0 ? true : differs(r, t, "final image sha256", want + 2, "%s", hex);
}

/* A whole file's digest; its first 16 digits are what traces note. */
static int32_t file_digest(struct replay *r, const char *name, uint32_t size, char hex[65])
{
    const struct thm_fs_ops *ops = r->fs->ops;
    int32_t fd = size <= IMAGE_MAX ? ops->open(r->fs, name, THM_FS_READ) : -1;
    if (fd < 0)
        return fd;
    uint8_t *data = malloc(size + 1);
    int32_t n = data ? ops->read(r->fs, fd, data, size + 1) : -1;
    ops->close(r->fs, fd);
    if (n >= 0)
        hex_digest(data, (size_t)n, hex);
    free(data);
    return n;
}

static bool compare_file(struct replay *r, const struct trace *t, char *word)
{
    char got[32] = "absent", hex[65] = "", *digest = strrchr(word, ':'), *size;
    if (!digest)
        return malformed(r, t, "final files");
    *digest++ = '\0';
    size = strrchr(word, ':');
    if (!size)
        return malformed(r, t, "final files");
    *size++ = '\0';
    int32_t n = file_digest(r, word, (uint32_t)strtoul(size, NULL, 10), hex);
    if (n >= 0)
        snprintf(got, sizeof got, "%d", (int)n);
    if (strcmp(got, size) != 0)
        return differs(r, t, "final file size", size, "%s: %s", word, got);
    return strncmp(hex, digest, 16) == 0 ? true : differs(r, t, "final file content", digest, "%s: %.16s", word, hex);
}

static bool compare_files(struct replay *r, const struct trace *t)
{
    char *save = NULL, *list = t->files && r->fs && !r->medium.cut_in ? strdup(strchr(t->files, ':') + 1) : NULL;
    bool same = true;
    for (char *w = list ? strtok_r(list, " ", &save) : NULL; w && same; w = strtok_r(NULL, " ", &save))
        same = compare_file(r, t, w);
    free(list);
    return same;
}

static void replay_lines(struct replay *r, struct trace *t)
{
    bool good = true;
    for (char *line = t->text, *next; good && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        line[strcspn(line, "\r")] = '\0';
        t->line++;
        if (*line == '#')
            read_comment(r, t, line);
        else if (*line)
            good = run_line(r, t, line);
    }
    if (!good)
        return;
    if (!r->bytes) {
        malformed(r, t, "no operations");
        return;
    }
    t->line = 0;
    if (compare_files(r, t))
        compare_image(r, t);
}

enum thm_fs_err thm_fs_replay_on(const char *text, size_t len, const uint8_t *image, size_t image_len,
                                 struct thm_replay_result *out)
{
    struct trace t = { .text = strndup(text, len), .initial = image, .initial_len = image_len };
    struct replay r = { .out = out };
    *out = (struct thm_replay_result){ .err = THM_FS_OK };
    if (!t.text)
        return out->err = THM_FS_EHOST;
    replay_lines(&r, &t);
    if (r.fs)
        r.fs->ops->unmount(r.fs);
    replay_medium_finish(&r);
    free(t.text);
    return out->err;
}

enum thm_fs_err thm_fs_replay(const char *text, size_t len, struct thm_replay_result *out)
{
    return thm_fs_replay_on(text, len, NULL, 0, out);
}

void thm_replay_result_free(struct thm_replay_result *r)
{
    free(r->image);
    r->image = NULL;
}
