/* Time and operations of every file system on a medium in memory, whose own time is not counted: a large file written
 * and read in calls of 4096 bytes, a directory of (mostly) 100 files listed, the volume filled, emptied and filled
 * again. usage: bench_fs [FILE-SYSTEM...]    default: all Operations are what a device pays: reads, programs and erases
 * of its medium. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "fsimages/fs.h"
#include "fsimages/media/chip.h"

#define SECONDS     0.5
#define ROUNDS      3 /* at least */
#define CALL        4096u
#define SMALL       64u
#define FILL_MAX    1000
#define FILL_CYCLES 2
#define PIECES      8 /* files of this share of the large one fill the volume */

/* What each runs on. A file system without a row: the last one. */
static const struct bed {
    const char *fs, *part;
    uint64_t size;     /* bytes of the volume, at the chip's start */
    uint32_t file;     /* bytes of the large file */
    int files;         /* to be listed; 1: there can be no more, and nothing is listed or filled */
    const char *alone; /* what that one is called */
} beds[] = {
    { "eefs", "AT25M02", 256 << 10, 100000, 64, NULL }, /* as many as it has room for in its table */
    { "fat", "SDHC-SPI-20MHz", 16 << 20, 500000, 100, NULL },
    { "slots", "W25Q32JV", 0x160000, 500000, 1, "model" },
    { "", "W25Q32JV", 0x160000, 500000, 100, NULL }, /* the partition of ESP32's default table */
};

struct bench {
    const struct bed *bed;
    const struct thm_fs_ops *ops;
    struct thm_cells cells;
    struct thm_medium *chip, *volume;
    struct thm_fs *fs;
    uint8_t data[CALL];
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may use the core */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void file_name(const struct bench *b, char *name, size_t size, int i)
{
    const char *root = b->ops->flat && b->ops->root ? b->ops->root : "";
    if (b->bed->alone)
        snprintf(name, size, "%s%s", root, b->bed->alone);
    else
        snprintf(name, size, "%sfile%03d.dat", root, i);
}

/* Bytes that went in; fewer than len: the volume is full. */
static uint32_t store(struct bench *b, int i, uint32_t len)
{
    char name[32];
    uint32_t at = 0;
    file_name(b, name, sizeof name, i);
    int32_t fd = b->ops->open(b->fs, name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC);
    for (int32_t n = 1; fd >= 0 && at < len && n > 0; at += n > 0 ? (uint32_t)n : 0)
        n = b->ops->write(b->fs, fd, b->data, len - at < CALL ? len - at : CALL);
    if (fd >= 0 && b->ops->close(b->fs, fd) < 0) {
        (void)b->ops->close(b->fs, fd); /* the first one failed to flush */
        return 0;
    }
    return at;
}

/* ---- what is timed; true: it went as it should ---- */

static bool write_large(struct bench *b)
{
    return store(b, 0, b->bed->file) == b->bed->file;
}

static bool read_large(struct bench *b)
{
    char name[32];
    uint32_t at = 0;
    file_name(b, name, sizeof name, 0);
    int32_t n = 0, fd = b->ops->open(b->fs, name, THM_FS_READ);
    while (fd >= 0 && (n = b->ops->read(b->fs, fd, b->data, CALL)) > 0)
        at += (uint32_t)n;
    return fd >= 0 && b->ops->close(b->fs, fd) >= 0 && at == b->bed->file;
}

static bool make_files(struct bench *b)
{
    int made = 0;
    while (made < b->bed->files && store(b, made, SMALL) == SMALL)
        made++;
    return made == b->bed->files;
}

static int32_t count_one(void *ctx, const struct thm_fs_stat *st)
{
    (void)st;
    ++*(int *)ctx;
    return 0;
}

static bool list_files(struct bench *b)
{
    int n = 0;
    return b->ops->list(b->fs, "", count_one, &n) >= 0 && n == b->bed->files;
}

static bool fill_and_empty(struct bench *b)
{
    const uint32_t piece = b->bed->file / PIECES;
    for (int cycle = 0; cycle <= FILL_CYCLES; cycle++) {
        char name[32];
        int n = 0;
        while (n < FILL_MAX && store(b, n, piece) == piece)
            n++;
        for (int i = 0; i <= n && cycle < FILL_CYCLES; i++) {
            file_name(b, name, sizeof name, i);
            if (b->ops->remove(b->fs, name) < 0 && i < n) /* the last one may not be there */
                return false;
        }
    }
    return true;
}

static bool nothing(struct bench *b)
{
    (void)b;
    return true;
}

static const struct {
    const char *name;
    bool many; /* files */
    bool (*prepare)(struct bench *b);
    bool (*run)(struct bench *b);
} tasks[] = {
    { "write", false, nothing, write_large },
    { "read", false, write_large, read_large },
    { "list", true, make_files, list_files },
    { "fill-delete-fill", true, nothing, fill_and_empty },
};

/* ---- a fresh volume for each round ---- */

static bool mount_fresh(struct bench *b)
{
    const struct thm_part *part = thm_part_find(b->bed->part);
    const struct thm_fs_config c = { 0 };
    b->fs = NULL;
    b->chip = b->volume = NULL;
    return !thm_cells_create(&b->cells, part, 0) && !thm_chip_create(&b->chip, part, 0, &b->cells, NULL) &&
           !thm_slice_create(&b->volume, b->chip, 0, b->bed->size) && b->ops->format(b->volume, &c, NULL) >= 0 &&
           b->ops->mount(&b->fs, b->volume, &c, NULL) >= 0;
}

static void give_up(struct bench *b)
{
    if (b->fs)
        b->ops->unmount(b->fs);
    thm_medium_destroy(b->volume);
    thm_medium_destroy(b->chip);
    thm_cells_destroy(&b->cells);
}

/* Seconds of one round; below 0: it failed. *n: what it did to the medium. */
static double round_of(struct bench *b, size_t task, struct thm_medium_counters *n)
{
    struct thm_medium_counters before;
    double t = -1;
    if (mount_fresh(b) && tasks[task].prepare(b)) {
        thm_medium_counters(b->chip, &before);
        const double start = now();
        const bool done = tasks[task].run(b);
        t = done ? now() - start : -1;
        thm_medium_counters(b->chip, n);
        n->reads -= before.reads;
        n->programs -= before.programs;
        n->erases -= before.erases;
        n->bytes_programmed -= before.bytes_programmed;
    }
    give_up(b);
    return t;
}

static bool measure(struct bench *b, size_t task)
{
    struct thm_medium_counters n;
    double best = 1e9;
    const double end = now() + SECONDS;
    for (int i = 0; i < ROUNDS || now() < end; i++) {
        const double t = round_of(b, task, &n);
        if (t < 0) {
            printf("  %-17s failed\n", tasks[task].name);
            return false;
        }
        best = t < best ? t : best;
    }
    printf("  %-17s %10.1f us %8llu reads %7llu programs %6llu erases %10llu bytes programmed\n", tasks[task].name,
           best * 1e6, (unsigned long long)n.reads, (unsigned long long)n.programs, (unsigned long long)n.erases,
           (unsigned long long)n.bytes_programmed);
    return true;
}

static bool bench(const struct thm_fs_ops *ops)
{
    struct bench b = { .ops = ops, .bed = beds };
    bool good = true;
    while (*b.bed->fs && strcmp(b.bed->fs, ops->name) != 0)
        b.bed++;
    for (uint32_t i = 0; i < CALL; i++)
        b.data[i] = (uint8_t)(i * 37 % 251);
    printf("%s on %s, %llu KB: a file of %u bytes, %d of %u\n", ops->name, b.bed->part,
           (unsigned long long)b.bed->size >> 10, b.bed->file, b.bed->files, SMALL);
    for (size_t task = 0; task < sizeof tasks / sizeof tasks[0]; task++)
        if (b.bed->files > 1 || !tasks[task].many)
            good &= measure(&b, task);
    return good;
}

int main(int argc, char **argv)
{
    const struct thm_fs_ops *ops;
    bool good = true;
    for (size_t i = 0; argc < 2 && (ops = thm_fs_at(i)) != NULL; i++)
        good &= bench(ops);
    for (int i = 1; i < argc; i++) {
        ops = thm_fs_find(argv[i]);
        if (!ops)
            fprintf(stderr, "bench_fs: no file system '%s'\n", argv[i]);
        good &= ops && bench(ops);
    }
    return good ? 0 : 1;
}
