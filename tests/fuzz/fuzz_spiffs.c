/* tests/fuzz/fuzz_spiffs.c -- an image from outside: the first bytes choose the geometry, the rest is the flash. */
#include <stdlib.h>
#include <string.h>
#include "fsimages/media/nor.h"
#include "fsimages/spiffs.h"

#define HEAD   4
#define VOLUME 32768u
#define READS  200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct thm_fs_config configs[] = {
    { .page_size = 256, .block_size = 4096, .no_magic = true },
    { .page_size = 256, .block_size = 4096 },
    { .page_size = 256, .block_size = 8192, .no_meta = true, .no_magic = true },
    { .page_size = 512, .block_size = 4096, .aligned_index = true, .no_magic = true },
    { .page_size = 128, .block_size = 4096, .no_meta = true, .no_magic = true, .cache_pages = 2 },
};

static int32_t read_file(void *ctx, const struct thm_fs_stat *st)
{
    struct thm_fs *fs = ctx;
    uint8_t buf[700];
    int32_t fd = fs->ops->open(fs, st->name, THM_FS_READ);
    for (int i = 0; fd >= 0 && i < READS && fs->ops->read(fs, fd, buf, sizeof buf) > 0; i++)
        ;
    if (fd >= 0)
        fs->ops->close(fs, fd);
    return 0;
}

static int32_t first_name(void *ctx, const struct thm_fs_stat *st)
{
    memcpy(ctx, st->name, sizeof st->name);
    return 1;
}

static void append(struct thm_fs *fs, const char *name, uint32_t len)
{
    static const uint8_t bytes[3000];
    int32_t fd = fs->ops->open(fs, name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_APPEND);
    if (fd < 0)
        return;
    fs->ops->write(fs, fd, bytes, len);
    fs->ops->close(fs, fd);
}

static void use(struct thm_fs *fs, unsigned what)
{
    char name[THM_FS_NAME_MAX + 1] = "/a";
    fs->ops->list(fs, "", read_file, fs);
    fs->ops->list(fs, "", first_name, name);
    if (what & 1)
        fs->ops->check(fs, what & 2, NULL, NULL);
    append(fs, name, 100);
    append(fs, "/b", sizeof(uint8_t[3000]));
    if (what & 4)
        fs->ops->truncate(fs, name, 300);
    if (what & 8)
        thm_spiffs_gc(fs, 5000);
    fs->ops->rename(fs, name, "/c");
    fs->ops->remove(fs, "/c");
    fs->ops->list(fs, "", read_file, fs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t flash[VOLUME];
    struct thm_nor_part part = *thm_nor_part_at(0);
    struct thm_medium *m;
    struct thm_fs *fs;
    if (size < HEAD)
        return 0;
    memset(flash, 0xFF, sizeof flash);
    memcpy(flash, data + HEAD, size - HEAD < VOLUME ? size - HEAD : VOLUME);
    if (thm_nor_create(&m, &part, VOLUME, &(struct thm_nor_cells){ .bytes = flash }, NULL))
        abort();
    const struct thm_fs_config *c = &configs[data[0] % (sizeof configs / sizeof configs[0])];
    struct thm_fs_config guess = { 0 };
    thm_fs_spiffs.probe(m, &guess);
    if (thm_fs_spiffs.mount(&fs, m, c, NULL) == 0) {
        use(fs, data[1]);
        fs->ops->unmount(fs);
    }
    thm_medium_destroy(m);
    return 0;
}
