/* fsimages/media/nor_parts.c -- NOR flash parts: serial ones, and what processors have inside. Times are the typical
 * ones of the data sheets; a partial page program costs about 30 us for its first byte and 2.5 us for each further one
 * (Winbond FV generation). Reads: four lines at the part's highest clock, 133 MHz (15.04 ns a byte) or 120 MHz (16.67
 * ns). */
#include "fsimages/media/nor.h"
#include <string.h>

#define US 1000u
#define MS 1000000u

#define PART(part, document, mbytes, program_us, erase_ms, read_q8)                                      \
    {                                                                                                    \
        .name = part, .source = document, .size = (mbytes) << 20, .page_size = 256, .sector_size = 4096, \
        .page_program_ns = (program_us)*US, .first_byte_ns = 30 * US, .next_byte_ns = 2500,              \
        .sector_erase_ns = (uint64_t)(erase_ms)*MS, .read_ns_per_byte_q8 = read_q8, .endurance = 100000, \
    }

/* Inside a processor: programmed in units of `unit` bytes, read without a bus. */
#define INTERNAL(part, document, kbytes, unit, unit_us, sector, erase_ms, cycles)                             \
    {                                                                                                         \
        .name = part, .source = document, .size = (kbytes) << 10, .page_size = unit, .sector_size = (sector), \
        .page_program_ns = (unit_us)*US, .first_byte_ns = (unit_us)*US, .next_byte_ns = 0,                    \
        .sector_erase_ns = (uint64_t)(erase_ms)*MS, .read_ns_per_byte_q8 = 256, .endurance = cycles,          \
    }

static const struct thm_nor_part parts[] = {
    PART("W25Q16JV", "Winbond W25Q16JV", 2u, 400, 45, 3850),
    PART("W25Q32JV", "Winbond W25Q32JV", 4u, 400, 45, 3850),
    PART("W25Q64JV", "Winbond W25Q64JV", 8u, 400, 45, 3850),
    PART("W25Q128JV", "Winbond W25Q128JV rev F", 16u, 700, 45, 3850),
    PART("GD25Q16C", "GigaDevice GD25Q16C", 2u, 600, 45, 4267),
    PART("GD25Q32C", "GigaDevice GD25Q32C", 4u, 600, 50, 4267),
    INTERNAL("STM32H743", "ST DS12110, RM0433", 2048u, 32, 100, 128u << 10, 1000, 10000),
    INTERNAL("nRF52840", "Nordic nRF52840 Product Specification (NVMC)", 1024u, 4, 41, 4096u, 85, 10000),
    /* Pages of 512 bytes, blocks of 8 KB; times and endurance are general knowledge. */
    INTERNAL("ATSAMD51J19", "Microchip SAM D5x/E5x data sheet (NVMCTRL)", 512u, 512, 2500, 8192u, 100, 10000),
};

const struct thm_nor_part *thm_nor_part_at(size_t i)
{
    return i < sizeof parts / sizeof parts[0] ? &parts[i] : NULL;
}

const struct thm_nor_part *thm_nor_part_find(const char *name)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    return NULL;
}
