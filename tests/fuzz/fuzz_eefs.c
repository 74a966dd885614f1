/* tests/fuzz/fuzz_eefs.c -- an image from outside: the first byte says what is done with it, the rest is the EEPROM. */
#include "fsimages/eefs.h"
#include "tests/fuzz/fs_harness.h"
#include "tests/unit/fsimages/eeprom_ram.h"

#define HEAD   1
#define VOLUME 16384u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct thm_fs_config c = { 0 };
    struct eeprom chip;
    struct thm_fs *fs;
    if (size < HEAD)
        return 0;
    eeprom_init(&chip, VOLUME, 0);
    memcpy(chip.bytes, data + HEAD, size - HEAD < VOLUME ? size - HEAD : VOLUME);
    if (thm_fs_eefs.probe(chip.medium, &c) == THM_FS_OK && thm_fs_eefs.mount(&fs, chip.medium, &c, NULL) == 0) {
        harness_use(fs, data[0]);
        fs->ops->unmount(fs);
    }
    eeprom_finish(&chip);
    return 0;
}
