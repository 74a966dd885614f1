/* fsimages/media/part.h -- storage parts as their data sheets describe them; the table is in parts.c. Sizes are bytes,
 * times the typical ones. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum thm_part_kind {
    THM_PART_NOR,    /* serial NOR flash: programs clear bits, an erase sets a sector's */
    THM_PART_FLASH,  /* a processor's own flash: NOR, in program units */
    THM_PART_EEPROM, /* any byte can be rewritten; one write cycle a page */
    THM_PART_SD,     /* sectors of 512 bytes can be rewritten; levels its wear itself */
};

struct thm_part {
    const char *name;   /* "W25Q32JV" */
    const char *source; /* data sheet */
    enum thm_part_kind kind;
    uint64_t size;
    uint32_t page_size;    /* most in one program */
    uint32_t sector_size;  /* smallest erase; EEPROM: the page; SD: the sector */
    uint32_t program_unit; /* programs are whole multiples of it; 1: any bytes */
    uint32_t banks;        /* of equal size: one can be read while another is busy */
    uint32_t endurance;    /* erases of one sector, writes of one EEPROM page; 0: not told */

    /* Flash: what its controller or driver does about a program that comes too often or cannot be. */
    uint8_t unit_programs;  /* of one unit between two erases, more are refused; 0: any number */
    bool zero_at_any_time;  /* except with zeros: those are always taken */
    bool refuses_blind_set; /* a program that needs 0 -> 1 is refused; false: ANDed, as the cells do */

    /* A read takes read_access_ns for each read_unit that it touches (0: once), and the bytes' time on the bus. */
    uint32_t read_access_ns, read_unit;
    uint32_t read_ns_per_byte_q8; /* 1/256 ns a byte, as the one below */
    /* A program takes write_access_ns, the bytes' time on the bus, and the cells' time: first_byte_ns + next_byte_ns
     * for each further byte, at most page_program_ns. */
    uint32_t write_access_ns, write_ns_per_byte_q8;
    uint32_t first_byte_ns, next_byte_ns, page_program_ns;
    uint64_t sector_erase_ns;
};

const struct thm_part *thm_part_find(const char *name);  /* NULL: unknown */
const struct thm_part *thm_part_at(size_t i);            /* NULL after the last; the first are serial NOR */
const char *thm_part_kind_name(enum thm_part_kind kind); /* "nor", "flash", "eeprom", "sd" */
bool thm_part_rewritable(const struct thm_part *p);      /* programs set bits as well */
uint8_t thm_part_erased(const struct thm_part *p);       /* what a fresh or erased byte reads as */
