/* Compiled models' source: any text ends in records with all their bytes, or in one error. */
#include <stdint.h>
#include <stdlib.h>
#include "emu/ota/ei.h"
#include "emu/ota/eon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct thm_eon eon;
    struct thm_weights_record bad;
    struct thm_ei_writer writer;
    char error[160];
    uint8_t piece[256];
    uint32_t bytes;
    if (!thm_eon_parse((const char *)data, size, &eon, error, sizeof error))
        return 0;
    const struct thm_weights w = thm_weights_of_eon(&eon);
    if (thm_ei_size(&w, &bytes, &bad)) {
        thm_ei_writer_init(&writer, &w, bytes);
        while (thm_ei_writer_read(&writer, piece, sizeof piece))
            ;
    }
    thm_eon_free(&eon);
    return 0;
}
