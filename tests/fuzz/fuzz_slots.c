/* tests/fuzz/fuzz_slots.c -- raw slots with any content: the first byte says what is done, the second the program unit,
 * the rest is the flash. */
#include "fsimages/crc32.h"
#include "fsimages/media/chip.h"
#include "fsimages/slots.h"
#include "tests/fuzz/fs_harness.h"

#define HEAD   2
#define VOLUME 16384u
#define HALF   8192u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A header that the fuzzer need not guess the checksum of. */
static void sign(uint8_t *header)
{
    memcpy(header, "THMS\1\0\0\0", 8);
    uint32_t crc = thm_crc32(0, header, 88);
    for (int i = 0; i < 4; i++)
        header[88 + i] = (uint8_t)(crc >> 8 * i);
}

static void use(struct thm_medium *m, uint8_t what)
{
    struct thm_fs_config c = { 0 };
    struct thm_fs *fs;
    thm_fs_slots.probe(m, &c);
    if (thm_fs_slots.mount(&fs, m, &c, NULL) != 0)
        return;
    harness_use(fs, what);
    harness_write(fs, "model", THM_FS_CREATE | THM_FS_TRUNC, 3000);
    fs->ops->rename(fs, "model.old", "model");
    harness_read_all(fs);
    fs->ops->remove(fs, "model");
    fs->ops->unmount(fs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t flash[VOLUME];
    struct thm_part part = *thm_part_at(0);
    struct thm_medium *m;
    if (size < HEAD)
        return 0;
    memset(flash, 0xFF, sizeof flash);
    memcpy(flash, data + HEAD, size - HEAD < VOLUME ? size - HEAD : VOLUME);
    if (data[0] & 16)
        sign(flash);
    if (data[0] & 32)
        sign(flash + HALF);
    if (thm_chip_create(&m, &part, VOLUME, &(struct thm_cells){ .bytes = flash }, NULL))
        abort();
    m->program_unit = 1u << data[1] % 8;
    use(m, data[0]);
    thm_medium_destroy(m);
    return 0;
}
