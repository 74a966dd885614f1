/* tests/fuzz/fuzz_fat.c -- a card from outside: the first byte chooses a volume with files on it, the second what is
 * done with it, the rest is what lies over the volume: records of a region, an offset there (16 bits), a length, bytes.
 */
#include <sys/mman.h>
#include <unistd.h>
#include "fsimages/fat.h"
#include "fsimages/mbr.h"
#include "tests/fuzz/fs_harness.h"
#include "tests/unit/fsimages/ramcard.h"

#define FS     thm_fs_fat
#define HEAD   2
#define RECORD 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct kind {
    struct thm_fs_config config;
    size_t size;
    size_t regions[4]; /* boot sector, tables, root */
    uint8_t *bytes;    /* the volume; a private mapping of what it was at first */
};

static struct kind kinds[] = {
    { .config = { .fat_bits = 12, .cluster_size = 512, .root_entries = 32 },
      .size = 256 << 10,
      .regions = { 0, 512, 1536, 2560 } },
    { .config = { .fat_bits = 16, .cluster_size = 512, .root_entries = 32 },
      .size = 3 << 20,
      .regions = { 0, 512, 512 * 25, 512 * 49 } },
    { .config = { .fat_bits = 32, .cluster_size = 512 },
      .size = 34 << 20,
      .regions = { 0, 512 * 32, 512 * 567, 512 * 1102 } },
    { .config = { .fat_bits = 12, .cluster_size = 2048, .no_long_names = true },
      .size = 1 << 20,
      .regions = { 0, 512, 1536, 2560 } },
};

static void put_files(struct thm_fs *fs)
{
    FS.mkdir(fs, "dir");
    FS.mkdir(fs, "dir/deeper");
    harness_write(fs, "dir/some model with a long name.tflite", THM_FS_CREATE, 3000);
    harness_write(fs, "SHORT.TXT", THM_FS_CREATE, 1500);
    harness_write(fs, "dir/deeper/X.BIN", THM_FS_CREATE, 700);
    harness_write(fs, "another long name.csv", THM_FS_CREATE, 100);
}

static void make(struct kind *k)
{
    struct ramcard card;
    struct thm_fs *fs;
    int fd = memfd_create("volume", 0);
    if (fd < 0 || ftruncate(fd, (off_t)k->size))
        abort();
    ramcard_init(&card, k->size, mmap(NULL, k->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    if (FS.format(card.medium, &k->config, NULL) || FS.mount(&fs, card.medium, &(struct thm_fs_config){ 0 }, NULL))
        abort();
    put_files(fs);
    FS.unmount(fs);
    thm_medium_destroy(card.medium);
    munmap(card.bytes, k->size);
    k->bytes = mmap(NULL, k->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    close(fd);
}

static void lay_over(struct kind *k, const uint8_t *data, size_t size)
{
    while (size > RECORD) {
        size_t at = k->regions[data[0] % 4] + data[1] + data[2] * 256u, len = data[3];
        data += RECORD;
        size -= RECORD;
        len = len < size ? len : size;
        memcpy(k->bytes + at, data, len);
        data += len;
        size -= len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ramcard card;
    struct thm_fs *fs;
    struct thm_fs_config guess = { 0 };
    struct thm_mbr_entry table[THM_MBR_ENTRIES];
    size_t n;
    if (size < HEAD)
        return 0;
    static const uint8_t often[] = { 0, 1, 2, 3, 0, 1, 0, 3, 0, 1, 0, 3, 0, 1, 0, 3 }; /* FAT32 takes its time */
    struct kind *k = &kinds[often[data[0] % sizeof often]];
    if (!k->bytes)
        make(k);
    else
        madvise(k->bytes, k->size, MADV_DONTNEED);
    lay_over(k, data + HEAD, size - HEAD);
    ramcard_init(&card, k->size, k->bytes);
    thm_mbr_parse(k->bytes, k->size, table, &n);
    FS.probe(card.medium, &guess);
    if (FS.mount(&fs, card.medium, &k->config, NULL) == 0) {
        harness_use(fs, data[1]);
        FS.unmount(fs);
    }
    thm_medium_destroy(card.medium);
    return 0;
}
