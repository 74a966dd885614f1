/* tests/fuzz/fuzz_littlefs.c -- an image from outside: the first bytes choose the geometry, the rest is the flash. CRCs
 * that nearly match are made to match, or nothing behind them would ever be reached. */
#include "fsimages/littlefs.h"
#include "fsimages/littlefs/layout.h"
#include "fsimages/media/chip.h"
#include "tests/fuzz/fs_harness.h"

#define HEAD   4
#define VOLUME 16384u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct thm_fs_config configs[] = {
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

/* Follow a block's tags as a reader does, and write the right CRC where one is expected. */
static void mend_crcs(uint8_t *block, uint32_t len)
{
    uint32_t tag = LF_NULL, crc = lf_crc(LF_CRC_START, block, 4);
    for (uint32_t off = 4; off + 4 <= len; off += lf_tag_bytes(tag)) {
        const uint32_t before = tag;
        crc = lf_crc(crc, block + off, 4);
        tag = lf_get_tag(block + off) ^ before;
        if (tag & LF_INVALID || off + lf_tag_bytes(tag) > len)
            return;
        if (lf_kind(tag) != LF_T_CRC) {
            crc = lf_crc(crc, block + off + 4, lf_tag_bytes(tag) - 4);
            continue;
        }
        if (off + 8 > len)
            return;
        lf_put32(block + off + 4, crc);
        tag ^= (tag >> 20 & 1) << 31;
        crc = LF_CRC_START;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t flash[VOLUME];
    struct thm_part part = *thm_part_at(0);
    struct thm_medium *m;
    struct thm_fs *fs;
    if (size < HEAD)
        return 0;
    const struct thm_fs_config *c = &configs[data[0] % (sizeof configs / sizeof configs[0])];
    memset(flash, 0xFF, sizeof flash);
    memcpy(flash, data + HEAD, size - HEAD < VOLUME ? size - HEAD : VOLUME);
    for (uint32_t at = 0; data[2] & 1 && at < VOLUME; at += c->block_size)
        mend_crcs(flash + at, c->block_size);
    part.sector_size = 256;
    if (thm_chip_create(&m, &part, VOLUME, &(struct thm_cells){ .bytes = flash }, NULL))
        abort();
    struct thm_fs_config guess = { 0 };
    thm_fs_littlefs.probe(m, &guess);
    if (thm_fs_littlefs.mount(&fs, m, c, NULL) == 0) {
        if (data[1] & 16)
            thm_littlefs_set_attr(fs, "/a", data[3], data, HEAD);
        harness_use(fs, data[1]);
        fs->ops->unmount(fs);
    }
    thm_medium_destroy(m);
    return 0;
}
