/* tests/fuzz/littlefs_seeds.c -- volumes for fuzz_littlefs to start from, as our own driver makes them.
 * usage: littlefs_seeds FOLDER */
#include <stdio.h>
#include <string.h>
#include "fsimages/littlefs.h"
#include "fsimages/media/chip.h"

#define FS     thm_fs_littlefs
#define VOLUME 16384u

static const struct thm_fs_config configs[] = {
    /* as fuzz_littlefs has them */
    { .block_size = 512, .read_size = 16, .program_size = 16, .cache_size = 64 },
    { .block_size = 512, .read_size = 1, .program_size = 1, .cache_size = 32, .block_cycles = 2 },
    { .block_size = 1024, .read_size = 128, .program_size = 128, .cache_size = 256, .disk_version = 0x20000 },
    { .block_size = 256,
      .read_size = 16,
      .program_size = 16,
      .cache_size = 16,
      .lookahead_size = 1,
      .block_cycles = 1 },
};

static void store(struct thm_fs *fs, const char *name, uint32_t len)
{
    static const uint8_t bytes[3000] = "content";
    int32_t fd = FS.open(fs, name, THM_FS_WRITE | THM_FS_CREATE);
    if (fd < 0)
        return;
    FS.write(fs, fd, bytes, len);
    FS.close(fs, fd);
}

static void fill(struct thm_fs *fs)
{
    FS.mkdir(fs, "d");
    store(fs, "a", 10);
    store(fs, "d/b", 2500);
    store(fs, "c", 700);
    FS.rename(fs, "a", "d/e");
    thm_littlefs_set_attr(fs, "c", 1, "attribute", 9);
}

static int make(const char *folder, unsigned i)
{
    static uint8_t flash[VOLUME];
    const unsigned char head[4] = { (unsigned char)i, 31, 1, 0 };
    struct thm_part part = *thm_part_at(0);
    struct thm_medium *m;
    struct thm_fs *fs;
    char path[1024];
    memset(flash, 0xFF, sizeof flash);
    part.sector_size = 256;
    if (thm_chip_create(&m, &part, VOLUME, &(struct thm_cells){ .bytes = flash }, NULL) ||
        FS.format(m, &configs[i], NULL) || FS.mount(&fs, m, &configs[i], NULL))
        return 1;
    fill(fs);
    FS.unmount(fs);
    thm_medium_destroy(m);
    snprintf(path, sizeof path, "%s/volume%u", folder, i);
    FILE *f = fopen(path, "wb");
    if (!f)
        return 1;
    fwrite(head, 1, sizeof head, f);
    fwrite(flash, 1, VOLUME - sizeof head, f); /* the harness' longest input */
    return fclose(f) ? 1 : 0;
}

int main(int argc, char **argv)
{
    int status = argc == 2 ? 0 : 2;
    for (unsigned i = 0; !status && i < sizeof configs / sizeof configs[0]; i++)
        status = make(argv[1], i);
    return status;
}
