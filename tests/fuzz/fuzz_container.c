/* tests/fuzz/fuzz_container.c -- an image from outside: what volumes are in it, and what is on each. */
#include <stdlib.h>
#include <string.h>
#include "fsimages/container.h"
#include "fsimages/fs.h"
#include "fsimages/media/chip.h"

#define BLOCK 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void probe(const uint8_t *bytes, uint64_t size)
{
    struct thm_part part = *thm_part_at(0);
    struct thm_fs_config c = { 0 };
    struct thm_medium *m;
    part.sector_size = BLOCK;
    (void)thm_foreign_file_system(bytes, size);
    if (size < BLOCK || thm_chip_create(&m, &part, size / BLOCK * BLOCK,
                                        &(struct thm_cells){ .bytes = (uint8_t *)(uintptr_t)bytes }, NULL))
        return;
    (void)thm_fs_probe(m, &c);
    thm_medium_destroy(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct thm_container c;
    uint8_t *image = malloc(size + 1); /* exactly as large, so that a step past the end shows */
    if (!image)
        abort();
    memcpy(image, data, size);
    thm_container_read(&c, image, size);
    for (size_t i = 0; i < c.count; i++) {
        const struct thm_volume *v = &c.volumes[i];
        if (v->offset > size || v->size > size - v->offset)
            abort(); /* outside the image */
        (void)thm_container_find(&c, v->name);
        probe(image + v->offset, v->size);
    }
    free(image);
    return 0;
}
