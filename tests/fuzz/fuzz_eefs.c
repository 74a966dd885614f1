/* tests/fuzz/fuzz_eefs.c -- an image from outside: the first byte says what is done with it, the rest is the EEPROM. */
#include "fsimages/eefs.h"
#include "fsimages/media/chip.h"
#include "tests/fuzz/fs_harness.h"

#define HEAD   1
#define VOLUME 16384u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t eeprom[VOLUME];
    struct thm_fs_config c = { 0 };
    struct thm_medium *m;
    struct thm_fs *fs;
    if (size < HEAD)
        return 0;
    memset(eeprom, 0, sizeof eeprom);
    memcpy(eeprom, data + HEAD, size - HEAD < VOLUME ? size - HEAD : VOLUME);
    if (thm_chip_create(&m, thm_part_find("24LC256"), VOLUME, &(struct thm_cells){ .bytes = eeprom }, NULL))
        abort();
    if (thm_fs_eefs.probe(m, &c) == THM_FS_OK && thm_fs_eefs.mount(&fs, m, &c, NULL) == 0) {
        harness_use(fs, data[0]);
        fs->ops->unmount(fs);
    }
    thm_medium_destroy(m);
    return 0;
}
