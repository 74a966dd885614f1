/* tests/fuzz/fuzz_spiffs.c -- an image from outside: the first bytes choose the geometry, the rest is the flash. */
#include "fsimages/media/chip.h"
#include "fsimages/spiffs.h"
#include "tests/fuzz/fs_harness.h"

#define HEAD   4
#define VOLUME 32768u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct thm_fs_config configs[] = {
    { .page_size = 256, .block_size = 4096, .no_magic = true },
    { .page_size = 256, .block_size = 4096 },
    { .page_size = 256, .block_size = 8192, .no_meta = true, .no_magic = true },
    { .page_size = 512, .block_size = 4096, .aligned_index = true, .no_magic = true },
    { .page_size = 128, .block_size = 4096, .no_meta = true, .no_magic = true, .cache_pages = 2 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t flash[VOLUME];
    struct thm_part part = *thm_part_at(0);
    struct thm_medium *m;
    struct thm_fs *fs;
    if (size < HEAD)
        return 0;
    memset(flash, 0xFF, sizeof flash);
    memcpy(flash, data + HEAD, size - HEAD < VOLUME ? size - HEAD : VOLUME);
    if (thm_chip_create(&m, &part, VOLUME, &(struct thm_cells){ .bytes = flash }, NULL))
        abort();
    const struct thm_fs_config *c = &configs[data[0] % (sizeof configs / sizeof configs[0])];
    struct thm_fs_config guess = { 0 };
    thm_fs_spiffs.probe(m, &guess);
    if (thm_fs_spiffs.mount(&fs, m, c, NULL) == 0) {
        if (data[1] & 16)
            thm_spiffs_gc(fs, 5000);
        harness_use(fs, data[1]);
        fs->ops->unmount(fs);
    }
    thm_medium_destroy(m);
    return 0;
}
