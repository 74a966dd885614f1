/* fsimages/media/parts.c -- the parts. Figures are those of the named documents; where none is named for one, it is
 * general knowledge, and the row says so. */
#include "fsimages/media/part.h"
#include <string.h>

#define US 1000u
#define MS 1000000u

/* Serial NOR. A partial page program costs about 30 us for its first byte and 2.5 us for each further one (Winbond FV
 * generation). Reads: four lines at the part's highest clock, 133 MHz (15.04 ns a byte) or 120 MHz (16.67 ns). The 4 us
 * that a page needs on the bus are not counted: 1 % of its program time. */
#define NOR(part, document, mbytes, program_us, erase_ms, read_q8)                                            \
    {                                                                                                         \
        .name = part, .source = document, .kind = THM_PART_NOR, .size = (mbytes) << 20, .page_size = 256,     \
        .sector_size = 4096, .program_unit = 1, .banks = 1, .endurance = 100000, .first_byte_ns = 30 * US,    \
        .next_byte_ns = 2500, .page_program_ns = (program_us)*US, .sector_erase_ns = (uint64_t)(erase_ms)*MS, \
        .read_ns_per_byte_q8 = read_q8,                                                                       \
    }

/* Inside a processor: read without a bus, programmed page by page in program_us. */
#define FLASH(part, document, kbytes, page, program_us, sector, erase_ms)                                            \
    .name = part, .source = document, .kind = THM_PART_FLASH, .size = (kbytes) << 10, .page_size = page,             \
    .sector_size = sector, .endurance = 10000, .first_byte_ns = (program_us)*US, .page_program_ns = (program_us)*US, \
    .sector_erase_ns = (uint64_t)(erase_ms)*MS, .read_ns_per_byte_q8 = 256

/* bit_ns: of a byte's bits on the bus, acknowledge included; head: bytes of command and address before the data. An
 * erase is a page of FF written. */
#define EEPROM(part, document, kbytes, page, cycle_ms, byte_ns, read_head, write_head)                        \
    {                                                                                                         \
        .name = part, .source = document, .kind = THM_PART_EEPROM, .size = (kbytes) << 10, .page_size = page, \
        .sector_size = page, .program_unit = 1, .banks = 1, .endurance = 1000000,                             \
        .read_access_ns = (read_head) * (byte_ns), .write_access_ns = (write_head) * (byte_ns),               \
        .read_ns_per_byte_q8 = 256 * (byte_ns), .write_ns_per_byte_q8 = 256 * (byte_ns),                      \
        .first_byte_ns = (cycle_ms)*MS, .page_program_ns = (cycle_ms)*MS,                                     \
        .sector_erase_ns = (uint64_t)(cycle_ms)*MS + ((write_head) + (page)) * (byte_ns),                     \
    }
#define I2C_400K 22500u /* 9 clocks */
#define SPI_5M   1600u

/* A card of class 10. Single blocks: 14 bytes of command and response with each, 0.85 ms busy after a write (SdFat,
 * CardPerformance note), 0.3 ms until a read's data come (general knowledge: 0.3 to 2 ms). byte_ps: a byte on the bus.
 * An erase costs what a written block does. */
#define SD_BUSY        (850 * US)
#define SD_ACCESS      (300 * US)
#define SD_HEAD        14u
#define SD_Q8(byte_ps) ((byte_ps)*256 / 1000)
#define SD(part, bus, byte_ps)                                                                            \
    {                                                                                                     \
        .name = part, .source = "SD Physical Layer Simplified Specification; " bus, .kind = THM_PART_SD,  \
        .size = UINT64_C(4) << 30, .page_size = 512, .sector_size = 512, .program_unit = 512, .banks = 1, \
        .read_unit = 512, .read_access_ns = SD_ACCESS + SD_HEAD * (byte_ps) / 1000,                       \
        .write_access_ns = SD_HEAD * (byte_ps) / 1000, .read_ns_per_byte_q8 = SD_Q8(byte_ps),             \
        .write_ns_per_byte_q8 = SD_Q8(byte_ps), .first_byte_ns = SD_BUSY, .page_program_ns = SD_BUSY,     \
        .sector_erase_ns = SD_BUSY,                                                                       \
    }

static const struct thm_part parts[] = {
    NOR("W25Q16JV", "Winbond W25Q16JV", 2u, 400, 45, 3850),
    NOR("W25Q32JV", "Winbond W25Q32JV", 4u, 400, 45, 3850),
    NOR("W25Q64JV", "Winbond W25Q64JV", 8u, 400, 45, 3850),
    NOR("W25Q128JV", "Winbond W25Q128JV rev F", 16u, 700, 45, 3850),
    NOR("GD25Q16C", "GigaDevice GD25Q16C", 2u, 600, 45, 4267),
    NOR("GD25Q32C", "GigaDevice GD25Q32C", 4u, 600, 50, 4267),
    /* A flash word carries one ECC: programmed twice, it would not fit. Two banks of eight sectors. */
    { FLASH("STM32H743", "ST DS12110, RM0433", 2048u, 32, 100, 128u << 10, 1000), .banks = 2, .program_unit = 32,
      .unit_programs = 1, .zero_at_any_time = true, .refuses_blind_set = true },
    /* The limit of 403 writes for 512 bytes is above two for each word. */
    { FLASH("nRF52840", "Nordic nRF52840 Product Specification (NVMC)", 1024u, 4, 41, 4096u, 85), .banks = 1,
      .program_unit = 4, .unit_programs = 2 },
    /* Pages of 512 bytes, written whole or by quad words, which carry an ECC; blocks of 8 KB in two banks. That a
     * second write is refused, times and endurance are general knowledge; a quad word takes a page's time at most. */
    { FLASH("ATSAMD51J19", "Microchip SAM D5x/E5x data sheet (NVMCTRL)", 512u, 512, 2500, 8192u, 100), .banks = 2,
      .program_unit = 16, .unit_programs = 1, .refuses_blind_set = true },
    EEPROM("24LC256", "Microchip DS20001203", 32u, 64u, 5, I2C_400K, 4, 3),
    EEPROM("24LC512", "Microchip DS20001754", 64u, 128u, 5, I2C_400K, 4, 3),
    EEPROM("AT25M01", "Microchip AT25M01, general knowledge", 128u, 256u, 5, SPI_5M, 4, 4),
    EEPROM("AT25M02", "Microchip DS20006230A", 256u, 256u, 10, SPI_5M, 4, 4),
    SD("SDHC-SPI-4MHz", "SPI at 4 MHz, Arduino-ESP32's default", 2000000u),
    SD("SDHC-SPI-20MHz", "SPI at 20 MHz", 400000u),
    SD("SDHC-SPI-25MHz", "SPI at 25 MHz, the most at default speed", 320000u),
    SD("SDHC-SDMMC", "four lines at 40 MHz", 50000u),
};

static const struct {
    const char *name;
    bool rewritable;
    uint8_t erased;
} kinds[] = {
    [THM_PART_NOR] = { "nor", false, 0xFF },
    [THM_PART_FLASH] = { "flash", false, 0xFF },
    [THM_PART_EEPROM] = { "eeprom", true, 0xFF },
    /* 0 or 1 as the card says in its SCR; 0 is also what a hole in an image file reads as */
    [THM_PART_SD] = { "sd", true, 0x00 },
};

const struct thm_part *thm_part_at(size_t i)
{
    return i < sizeof parts / sizeof parts[0] ? &parts[i] : NULL;
}

const struct thm_part *thm_part_find(const char *name)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    return NULL;
}

const char *thm_part_kind_name(enum thm_part_kind kind)
{
    return kinds[kind].name;
}

bool thm_part_rewritable(const struct thm_part *p)
{
    return kinds[p->kind].rewritable;
}

uint8_t thm_part_erased(const struct thm_part *p)
{
    return kinds[p->kind].erased;
}
