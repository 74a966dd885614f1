#include "emu/cli/mount_source.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_verbs.h"
#include "fsimages/eefs.h"

#define COPY_MAX (64u << 20)
#define TRIES    5

/* ---- texts ---- */

static void write_mount(void *ctx, FILE *to)
{
    const struct mount_source *s = ctx;
    fprintf(to, "image: %s\nmode: %s\nprocess: %d\n", s->name, s->source.writable ? "rw" : "ro", (int)getpid());
}

static void write_partitions(void *ctx, FILE *to)
{
    image_print_partitions(&((struct mount_source *)ctx)->image, to);
}

static void write_volume(void *ctx, FILE *to, int (*print)(struct image *im, FILE *to))
{
    struct image *im = &((struct mount_source *)ctx)->image;
    if (!im->fs || print(im, to))
        fputs("the image cannot be read\n", to);
}

static int print_map(struct image *im, FILE *to)
{
    return image_print_map(im, to, false);
}

static int print_wear(struct image *im, FILE *to)
{
    return image_print_wear(im, to, false);
}

#define VOLUME_TEXT(name, print)                  \
    static void write_##name(void *ctx, FILE *to) \
    {                                             \
        write_volume(ctx, to, print);             \
    }
VOLUME_TEXT(superblock, image_print_facts)
VOLUME_TEXT(map, print_map)
VOLUME_TEXT(wear, print_wear)
VOLUME_TEXT(check, image_print_findings)

static const struct thm_mount_text texts[] = { { "mount", write_mount },
                                               { "partitions", write_partitions },
                                               { "superblock", write_superblock },
                                               { "map", write_map },
                                               { "wear", write_wear },
                                               { "check", write_check },
                                               { NULL, NULL } };

/* ---- for reading: a copy of the volume as it was at one moment ---- */

static int64_t nanoseconds(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* Is it still the same file? Commands that change an image put a new one in its place. */
static bool same_file(struct mount_source *s)
{
    struct stat st;
    return stat(s->image.path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino &&
           (uint64_t)st.st_size == s->file_size && (s->live || nanoseconds(&st.st_mtim) == s->mtime_ns);
}

static const uint8_t *live_volume(const struct mount_source *s)
{
    return s->live + s->image.place.offset;
}

static void forget_file(struct mount_source *s)
{
    if (s->live)
        munmap((void *)(uintptr_t)s->live, s->file_size);
    free(s->seen);
    s->live = NULL;
    s->seen = NULL;
}

/* A copy that nothing was written to meanwhile, if the board gives us the time. */
static void take_copy(struct mount_source *s)
{
    const size_t size = s->image.place.size;
    for (int i = 0; i == 0 || (i < TRIES && memcmp(s->seen, live_volume(s), size) != 0); i++)
        memcpy(s->seen, live_volume(s), size);
    memcpy(s->image.file.bytes + s->image.place.offset, s->seen, size); /* private pages: the file stays as it is */
}

static int mount_copy(struct mount_source *s)
{
    struct image *im = &s->image;
    if (im->fs)
        im->ops->unmount(im->fs);
    im->fs = NULL;
    take_copy(s);
    int32_t res = image_mount(im);
    return res < 0 ? image_fail(im, res, "mount", "") : 0;
}

/* See the file as others write it. */
static int follow(struct mount_source *s)
{
    struct stat st;
    int fd = open(s->image.path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return thm_fail(THM_EXIT_HOST, "%s: %s", s->image.path, strerror(errno));
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    s->file_size = (uint64_t)st.st_size;
    s->mtime_ns = nanoseconds(&st.st_mtim);
    if (s->image.place.size > COPY_MAX || s->file_size != s->image.file.size) {
        close(fd);
        return 0;
    }
    void *map = mmap(NULL, s->file_size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    s->live = map == MAP_FAILED ? NULL : map;
    s->seen = malloc(s->image.place.size);
    return s->live && s->seen ? mount_copy(s) : thm_fail(THM_EXIT_HOST, "%s: out of memory", s->image.path);
}

static int open_to_read(struct mount_source *s, const char *name)
{
    int status = image_open(&s->image, name, &s->options);
    return status ? status : follow(s);
}

static bool read_changed(void *ctx)
{
    struct mount_source *s = ctx;
    return !s->image.fs || !same_file(s) || (s->live && memcmp(s->seen, live_volume(s), s->image.place.size) != 0);
}

static struct thm_fs *read_volume(void *ctx)
{
    struct mount_source *s = ctx;
    if (s->image.fs && !read_changed(s))
        return s->image.fs;
    if (s->image.path && s->live && same_file(s)) {
        (void)mount_copy(s);
        return s->image.fs;
    }
    forget_file(s);
    image_close(&s->image);
    (void)open_to_read(s, s->name);
    return s->image.fs;
}

static int no_sync(void *ctx)
{
    (void)ctx;
    return 0;
}

/* ---- for writing: the file itself ---- */

static struct thm_fs *write_volume_fs(void *ctx)
{
    return ((struct mount_source *)ctx)->image.fs;
}

static int sync_file(void *ctx)
{
    const struct image *im = &((struct mount_source *)ctx)->image;
    int failed = msync(im->file.bytes, im->file.size, MS_SYNC);
    if (im->file.wear)
        failed |= msync(im->file.wear, im->file.wear_count * sizeof *im->file.wear, MS_SYNC);
    return failed ? -EIO : 0;
}

/* ---- both ---- */

static int make_name(struct mount_source *s)
{
    char *path = realpath(s->image.path, NULL);
    bool whole = s->image.container.kind == THM_CONTAINER_BARE; /* --board tells the place again */
    if (!path || asprintf(&s->name, "%s%s%s", path, whole ? "" : ":", whole ? "" : s->image.partition) < 0)
        s->name = NULL;
    free(path);
    return s->name ? 0 : thm_fail(THM_EXIT_HOST, "%s: %s", s->image.path, strerror(errno));
}

/* What the drivers are built with, where it is less than what the interface can tell. */
static uint32_t longest_name(const struct image *im)
{
    static const struct {
        const char *fs;
        uint32_t longest;
    } limits[] = { { "spiffs", 31 }, { "eefs", THM_EEFS_NAME_MAX } };
    if (im->config.name_len)
        return im->config.name_len - 1;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (strcmp(limits[i].fs, im->ops->name) == 0)
            return limits[i].longest;
    return THM_FS_NAME_MAX;
}

static void describe_source(struct mount_source *s, bool writable)
{
    s->source = (struct thm_mount_source){ .ctx = s,
                                           .name = s->name,
                                           .ops = s->image.ops,
                                           .writable = writable,
                                           .name_max = longest_name(&s->image),
                                           .volume = writable ? write_volume_fs : read_volume,
                                           .changed = writable ? NULL : read_changed,
                                           .sync = writable ? sync_file : no_sync,
                                           .texts = texts };
}

int mount_source_open(struct mount_source *s, const char *name, const struct image_options *o)
{
    bool writable = o->use == IMAGE_IN_PLACE;
    *s = (struct mount_source){ .options = *o };
    int status = image_open(&s->image, name, o);
    if (!status)
        status = make_name(s);
    if (!status && !writable) {
        image_close(&s->image); /* again by its absolute path, which stays right in the background */
        status = open_to_read(s, s->name);
    }
    if (!status)
        describe_source(s, writable);
    return status;
}

void mount_source_close(struct mount_source *s)
{
    forget_file(s);
    image_close(&s->image);
    free(s->name);
}
