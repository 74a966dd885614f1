/* tests/e2e/fat_image.c -- run commands on a FAT volume in a file, for tests against dosfstools and mtools.
 *   fat_image IMAGE [CUT]     CUT: the power goes in the CUT-th program (from 0)
 * Commands come from standard input, one a line, words separated by tabs; contents are those of fs_replay.h by a seed.
 * Exit status: 1: check found something; 2: a command failed, told on standard error; 3: the power went. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fsimages/fat.h"
#include "fsimages/fs_replay.h"
#include "tests/unit/fsimages/ramcard.h"

#define FS    thm_fs_fat
#define WORDS 6
#define FULL  1000 /* the volume: no code of the driver's */

struct session {
    struct thm_medium *medium;
    struct thm_fs_config config;
    struct thm_fs *fs;
    char *words[WORDS];
    int findings;
};

static uint32_t number(const struct session *s, int i)
{
    return s->words[i] ? (uint32_t)strtoul(s->words[i], NULL, 0) : 0;
}

static int32_t mount_volume(struct session *s)
{
    return FS.mount(&s->fs, s->medium, &s->config, NULL);
}

/* format BITS CLUSTER ROOT LABEL */
static int32_t do_format(struct session *s)
{
    struct thm_fs_config c = {
        .fat_bits = number(s, 1), .cluster_size = number(s, 2), .root_entries = number(s, 3), .label = s->words[4]
    };
    FS.unmount(s->fs);
    s->fs = NULL;
    int32_t res = FS.format(s->medium, &c, NULL);
    return res ? res : mount_volume(s);
}

static int32_t write_bytes(struct session *s, int flags, const uint8_t *data, uint32_t len)
{
    int32_t fd = FS.open(s->fs, s->words[1], flags);
    if (fd < 0)
        return fd;
    int32_t n = FS.write(s->fs, fd, data, len), closed = FS.close(s->fs, fd);
    return n < 0 ? n : closed ? closed : (uint32_t)n < len ? FULL : 0;
}

static int32_t write_seed(struct session *s, int flags)
{
    uint32_t len = number(s, 2);
    uint8_t *data = malloc(len + 1);
    thm_replay_content(number(s, 3), data, len);
    int32_t res = write_bytes(s, flags, data, len);
    free(data);
    return res;
}

/* put NAME SIZE SEED, append NAME SIZE SEED */
static int32_t do_put(struct session *s)
{
    return write_seed(s, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC);
}

static int32_t do_append(struct session *s)
{
    return write_seed(s, THM_FS_WRITE | THM_FS_CREATE | THM_FS_APPEND);
}

/* fill NAME SIZE SEED: NAME0, NAME1, ... until it is full; tells how many are whole */
static int32_t do_fill(struct session *s)
{
    char name[300], *base = s->words[1];
    int32_t res = 0;
    int n = -1;
    while (res == 0) {
        snprintf(name, sizeof name, "%s%d", base, ++n);
        s->words[1] = name;
        res = do_put(s);
    }
    s->words[1] = base;
    printf("%d files\n", n);
    return res == FULL || res == -7 ? 0 : res;
}

static int32_t do_mkdir(struct session *s)
{
    return FS.mkdir(s->fs, s->words[1]);
}

static int32_t do_rm(struct session *s)
{
    return FS.remove(s->fs, s->words[1]);
}

static int32_t do_mv(struct session *s)
{
    return FS.rename(s->fs, s->words[1], s->words[2]);
}

static int32_t do_trunc(struct session *s)
{
    return FS.truncate(s->fs, s->words[1], number(s, 2));
}

struct tree {
    struct thm_fs *fs;
    const char *from, *to;
};

static int32_t copy_out(struct thm_fs *fs, const char *from, const char *to)
{
    uint8_t buf[3000];
    FILE *f = fopen(to, "wb");
    int32_t fd = FS.open(fs, from, THM_FS_READ), n;
    if (!f || fd < 0)
        return fd < 0 ? fd : -1;
    while ((n = FS.read(fs, fd, buf, sizeof buf)) > 0)
        fwrite(buf, 1, (size_t)n, f);
    fclose(f);
    FS.close(fs, fd);
    return n;
}

static int32_t extract_one(void *ctx, const struct thm_fs_stat *st)
{
    const struct tree *t = ctx;
    char from[1000], to[1000];
    snprintf(from, sizeof from, "%s/%s", t->from, st->name);
    snprintf(to, sizeof to, "%s/%s", t->to, st->name);
    if (!st->directory)
        return copy_out(t->fs, from, to);
    mkdir(to, 0700);
    return FS.list(t->fs, from, extract_one, &(struct tree){ t->fs, from, to });
}

/* extract DIR: the whole tree to a directory of the PC */
static int32_t do_extract(struct session *s)
{
    mkdir(s->words[1], 0700);
    return FS.list(s->fs, "", extract_one, &(struct tree){ s->fs, "", s->words[1] });
}

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    puts(line);
}

static int32_t check(struct session *s, bool repair)
{
    int32_t res = FS.check(s->fs, repair, print_line, NULL);
    s->findings = res > 0 && !repair;
    return res < 0 ? res : 0;
}

static int32_t do_check(struct session *s)
{
    return check(s, false);
}

static int32_t do_repair(struct session *s)
{
    return check(s, true);
}

static int32_t do_describe(struct session *s)
{
    return FS.describe(s->fs, print_line, NULL);
}

static const struct {
    const char *name;
    int32_t (*run)(struct session *s);
} commands[] = {
    { "append", do_append },   { "check", do_check }, { "describe", do_describe },
    { "extract", do_extract }, { "fill", do_fill },   { "format", do_format },
    { "mkdir", do_mkdir },     { "mv", do_mv },       { "put", do_put },
    { "repair", do_repair },   { "rm", do_rm },       { "trunc", do_trunc },
};

static int32_t run_line(struct session *s, char *line)
{
    char *rest = line;
    for (int i = 0; i < WORDS; i++)
        s->words[i] = strsep(&rest, "\t\n");
    if (!s->words[0] || !*s->words[0])
        return 0;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, s->words[0]) == 0)
            return !s->fs && strcmp(s->words[0], "format") != 0 ? -12 : commands[i].run(s);
    return -19;
}

static int run_all(struct session *s)
{
    char line[2000];
    (void)mount_volume(s); /* there may be none yet */
    while (fgets(line, sizeof line, stdin)) {
        int32_t res = run_line(s, line);
        if (res && thm_fs_code_kind(FS.codes, res) == THM_FS_EPOWER)
            return 3;
        if (res) {
            fprintf(stderr, "fat_image: %s %s: %s\n", s->words[0], s->words[1] ? s->words[1] : "",
                    res == FULL                       ? "full"
                    : thm_fs_code_name(FS.codes, res) ? thm_fs_code_name(FS.codes, res)
                                                      : "?");
            return 2;
        }
    }
    return s->findings;
}

int main(int argc, char **argv)
{
    int fd = argc > 1 ? open(argv[1], O_RDWR) : -1;
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
        fprintf(stderr, "usage: fat_image IMAGE [CUT]\n");
        return 2;
    }
    uint8_t *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return 2;
    struct ramcard card;
    struct thm_medium *dying = NULL;
    ramcard_init(&card, (uint64_t)st.st_size, bytes);
    if (argc > 2 && thm_powercut_create(&dying, card.medium, (uint32_t)atoi(argv[2])))
        return 2;
    struct session s = { .medium = dying ? dying : card.medium };
    int status = run_all(&s);
    FS.unmount(s.fs);
    thm_medium_destroy(dying);
    thm_medium_destroy(card.medium);
    munmap(bytes, (size_t)st.st_size);
    close(fd);
    return status;
}
