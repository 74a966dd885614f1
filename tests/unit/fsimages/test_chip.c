/* tests/unit/fsimages/test_chip.c -- what each kind of part allows, takes, and how it wears. */
#include "tests/unit/fsimages/ramchip.h"
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEDIUM ((struct ramchip *)*state)->medium

static int setup_part(void **state, const char *part, uint64_t size)
{
    *state = malloc(sizeof(struct ramchip));
    ramchip_init_as(*state, thm_part_find(part), size, 1);
    return 0;
}

static int teardown(void **state)
{
    ramchip_finish(*state);
    free(*state);
    return 0;
}

#define SETUP(name, part, size)               \
    static int setup_##name(void **state)     \
    {                                         \
        return setup_part(state, part, size); \
    }
SETUP(nrf, "nRF52840", 16384)
SETUP(stm32, "STM32H743", 2 << 20)
SETUP(samd51, "ATSAMD51J19", 65536)
SETUP(i2c, "24LC256", 32768)
SETUP(spi, "AT25M02", 262144)
SETUP(card, "SDHC-SPI-4MHz", UINT64_C(4) << 30)

static uint64_t busy(const struct thm_medium *m)
{
    struct thm_medium_counters n;
    thm_medium_counters(m, &n);
    return n.busy_ns;
}

static uint8_t byte_at(struct thm_medium *m, uint64_t off)
{
    uint8_t b = 0;
    assert_int_equal(thm_medium_peek(m, off, &b, 1), THM_FS_OK);
    return b;
}

/* ---- a processor's own flash ---- */

static void nrf__a_word_takes_two_programs_between_erases(void **state)
{
    struct thm_medium_counters n;
    assert_int_equal(thm_medium_program(MEDIUM, 8, "\xFF\xFF\xFF\x0F", 4), THM_FS_OK);
    assert_int_equal(thm_medium_program(MEDIUM, 8, "\xFF\xFF\x0F\xFF", 4), THM_FS_OK);
    assert_int_equal(thm_medium_program(MEDIUM, 8, "\xFF\x0F\xFF\xFF", 4), THM_FS_EPROGRAM);
    assert_int_equal(byte_at(MEDIUM, 9), 0xFF);
    assert_int_equal(byte_at(MEDIUM, 10), 0x0F);
    assert_int_equal(byte_at(MEDIUM, 11), 0x0F);
    assert_int_equal(thm_medium_program(MEDIUM, 12, "\0\0\0\0", 4), THM_FS_OK);
    thm_medium_counters(MEDIUM, &n);
    assert_int_equal(n.refused, 1);
    assert_int_equal(n.programs, 3);
    assert_int_equal(n.blind_programs, 1);
    assert_int_equal(thm_medium_erase(MEDIUM, 0), THM_FS_OK);
    assert_int_equal(thm_medium_program(MEDIUM, 8, "\xFF\x0F\xFF\xFF", 4), THM_FS_OK);
}

static void nrf__content_from_an_image_counts_as_one_program(void **state)
{
    struct ramchip c;
    (void)state;
    ramchip_init_as(&c, thm_part_find("nRF52840"), 16384, 0);
    thm_medium_destroy(c.medium);
    memset(c.bytes, 0x7F, 4);
    c.cells.writes = NULL; /* an image file brings none */
    assert_int_equal(thm_chip_create(&c.medium, &c.part, 16384, &c.cells, NULL), THM_FS_OK);
    assert_int_equal(thm_medium_program(c.medium, 0, "\x3F\x3F\x3F\x3F", 4), THM_FS_OK);
    assert_int_equal(thm_medium_program(c.medium, 0, "\0\0\0\0", 4), THM_FS_EPROGRAM);
    assert_int_equal(thm_medium_erase(c.medium, 0), THM_FS_OK);
    assert_int_equal(thm_medium_program(c.medium, 0, "\0\0\0\0", 4), THM_FS_OK);
    ramchip_finish(&c);
}

static void nrf__less_than_a_word_is_refused(void **state)
{
    assert_int_equal(thm_medium_program(MEDIUM, 9, "\0\0\0\0", 4), THM_FS_EINVAL);
    assert_int_equal(thm_medium_program(MEDIUM, 8, "\0\0", 2), THM_FS_EINVAL);
}

static void nrf__page_takes_the_time_of_its_words(void **state)
{
    uint8_t page[4096] = { 0 };
    thm_medium_erase(MEDIUM, 1);
    thm_medium_program(MEDIUM, 4096, page, sizeof page);
    assert_int_equal(busy(MEDIUM), 85000000 + 1024 * 41000);
}

static void stm32__has_two_banks_of_eight_sectors(void **state)
{
    const struct thm_part *p = &((struct ramchip *)*state)->part;
    assert_int_equal(MEDIUM->erase_size, 128 << 10);
    assert_int_equal(MEDIUM->erase_count, 16);
    assert_int_equal(p->banks, 2);
}

static void stm32__flash_word_takes_one_program_and_zeros(void **state)
{
    uint8_t word[32], zeros[32] = { 0 };
    memset(word, 0xF0, sizeof word);
    assert_int_equal(thm_medium_program(MEDIUM, 64, word, 32), THM_FS_OK);
    assert_int_equal(thm_medium_program(MEDIUM, 64, word, 32), THM_FS_EPROGRAM);
    word[0] = 0; /* clears bits only, but its ECC would not fit */
    assert_int_equal(thm_medium_program(MEDIUM, 64, word, 32), THM_FS_EPROGRAM);
    assert_int_equal(byte_at(MEDIUM, 64), 0xF0);
    assert_int_equal(thm_medium_program(MEDIUM, 64, zeros, 32), THM_FS_OK);
    assert_int_equal(byte_at(MEDIUM, 95), 0);
    assert_int_equal(thm_medium_erase(MEDIUM, 0), THM_FS_OK);
    assert_int_equal(thm_medium_program(MEDIUM, 64, word, 32), THM_FS_OK);
}

static void stm32__word_of_ff_counts_as_programmed(void **state)
{
    uint8_t word[32];
    memset(word, 0xFF, sizeof word);
    assert_int_equal(thm_medium_program(MEDIUM, 0, word, 32), THM_FS_OK);
    assert_int_equal(thm_medium_program(MEDIUM, 0, word, 32), THM_FS_EPROGRAM);
}

static void stm32__refused_program_of_many_words_changes_those_before_it(void **state)
{
    uint8_t words[96];
    memset(words, 1, sizeof words);
    assert_int_equal(thm_medium_program(MEDIUM, 32, words, 32), THM_FS_OK);
    assert_int_equal(thm_medium_program(MEDIUM, 0, words, 96), THM_FS_EPROGRAM);
    assert_int_equal(byte_at(MEDIUM, 0), 1);
    assert_int_equal(byte_at(MEDIUM, 64), 0xFF);
}

static void stm32__loaded_content_counts_as_one_program(void **state)
{
    uint8_t word[32] = { 0x55 };
    assert_int_equal(thm_chip_load(MEDIUM, 7, "\x55", 1), THM_FS_OK);
    assert_int_equal(thm_medium_program(MEDIUM, 0, word, 32), THM_FS_EPROGRAM);
    assert_int_equal(thm_medium_program(MEDIUM, 32, word, 32), THM_FS_OK);
}

static void samd51__writes_quad_words_once(void **state)
{
    uint8_t page[512] = { 0 };
    assert_int_equal(thm_medium_program(MEDIUM, 4, page, 4), THM_FS_EINVAL);
    assert_int_equal(thm_medium_program(MEDIUM, 16, page, 16), THM_FS_OK);
    assert_int_equal(thm_medium_program(MEDIUM, 16, page, 16), THM_FS_EPROGRAM);
    assert_int_equal(thm_medium_program(MEDIUM, 32, page, 480), THM_FS_OK);
    assert_int_equal(busy(MEDIUM), 2 * 2500000);
}

/* ---- EEPROM ---- */

static void eeprom__any_byte_is_rewritten_and_its_page_wears(void **state)
{
    struct ramchip *c = *state;
    assert_true(c->medium->rewritable);
    assert_int_equal(thm_medium_program(c->medium, 64, "\x0F", 1), THM_FS_OK);
    assert_int_equal(thm_medium_program(c->medium, 64, "\xF1", 1), THM_FS_OK);
    assert_int_equal(byte_at(c->medium, 64), 0xF1);
    assert_int_equal(byte_at(c->medium, 65), 0xFF);
    assert_int_equal(c->wear[0], 0);
    assert_int_equal(c->wear[1], 2);
    assert_int_equal(thm_medium_erase(c->medium, 1), THM_FS_OK);
    assert_int_equal(byte_at(c->medium, 64), 0xFF);
    assert_int_equal(c->wear[1], 3);
}

static void eeprom__each_page_is_a_write_cycle_and_its_bytes_on_the_bus(void **state)
{
    uint8_t pages[128] = { 0 };
    thm_medium_program(MEDIUM, 0, pages, 64);
    assert_int_equal(busy(MEDIUM), 5000000 + 67 * 22500);
    thm_medium_program(MEDIUM, 32, pages, 64); /* in two pages */
    assert_int_equal(busy(MEDIUM), 3 * 5000000 + (67 + 2 * 35) * 22500);
}

static void eeprom__read_takes_the_bus_s_time(void **state)
{
    uint8_t buf[100];
    thm_medium_read(MEDIUM, 10, buf, 100);
    assert_int_equal(busy(MEDIUM), 104 * 22500);
}

static void eeprom__spi_page_takes_ten_milliseconds_and_a_bit(void **state)
{
    uint8_t page[256] = { 0 };
    thm_medium_program(MEDIUM, 256, page, 256);
    assert_int_equal(busy(MEDIUM), 10000000 + 260 * 1600);
}

/* ---- SD card ---- */

static void card__sectors_are_rewritten_whole(void **state)
{
    uint8_t sector[512] = { 1 };
    const uint64_t last = (UINT64_C(4) << 30) - 512;
    assert_int_equal(thm_medium_size(MEDIUM), UINT64_C(4) << 30);
    assert_int_equal(byte_at(MEDIUM, last), 0);
    assert_int_equal(thm_medium_program(MEDIUM, last, sector, 512), THM_FS_OK);
    sector[0] = 2;
    assert_int_equal(thm_medium_program(MEDIUM, last, sector, 512), THM_FS_OK);
    assert_int_equal(byte_at(MEDIUM, last), 2);
    assert_int_equal(thm_medium_program(MEDIUM, last, sector, 100), THM_FS_EINVAL);
    assert_int_equal(thm_medium_program(MEDIUM, last, sector, 1024), THM_FS_ERANGE);
    assert_int_equal(thm_medium_erase(MEDIUM, (uint32_t)(last / 512)), THM_FS_OK);
    assert_int_equal(byte_at(MEDIUM, last), 0);
}

static void card__blocks_take_bus_and_busy_time(void **state)
{
    uint8_t sectors[1024] = { 0 };
    thm_medium_program(MEDIUM, 0, sectors, 1024);
    assert_int_equal(busy(MEDIUM), 2 * (850000 + 526 * 2000));
    thm_medium_read(MEDIUM, 511, sectors, 2); /* of two blocks */
    assert_int_equal(busy(MEDIUM), 2 * (850000 + 526 * 2000) + 2 * (300000 + 526 * 2000));
}

static long peak_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void card__takes_only_the_memory_of_what_is_written(void **state)
{
    uint8_t sector[512] = { 7 }, zeros[512] = { 0 };
    long before = peak_kb();
    for (uint64_t i = 0; i < 64; i++)
        assert_int_equal(thm_medium_program(MEDIUM, i * (64 << 20), sector, 512), THM_FS_OK);
    for (uint64_t i = 0; i < 65536; i++)
        assert_int_equal(thm_medium_program(MEDIUM, (1 << 20) + i * 512, zeros, 512), THM_FS_OK);
    assert_true(peak_kb() - before < 4096); /* 64 sectors; slots and wear of 96 places */
}

/* ---- all kinds ---- */

static void pool__chip_made_again_on_its_cells_goes_on(void **state)
{
    struct ramchip *c = *state;
    assert_int_equal(thm_medium_program(c->medium, 0, "\1", 1), THM_FS_OK);
    thm_medium_destroy(c->medium);
    assert_int_equal(thm_chip_create(&c->medium, &c->part, 32768, &c->cells, NULL), THM_FS_OK);
    assert_int_equal(thm_medium_program(c->medium, 64, "\2", 1), THM_FS_OK);
    assert_int_equal(byte_at(c->medium, 0), 1);
    assert_int_equal(byte_at(c->medium, 64), 2);
}

static void wear_out__sector_fails_between_one_and_two_endurances(void **state)
{
    struct ramchip c;
    struct thm_part p = *thm_part_find("W25Q32JV");
    uint32_t lasted[2] = { 0 };
    (void)state;
    p.endurance = 10;
    for (int run = 0; run < 2; run++) { /* the same seed fails at the same erase */
        ramchip_init_as(&c, &p, 16384, 1);
        assert_int_equal(thm_chip_wear_out(c.medium, 5), THM_FS_OK);
        while (thm_medium_erase(c.medium, 1) == THM_FS_OK)
            lasted[run]++;
        thm_medium_program(c.medium, 4096, "\0", 1);
        assert_int_equal(thm_medium_erase(c.medium, 1), THM_FS_EIO);
        assert_int_equal(byte_at(c.medium, 4096), 0);
        assert_int_equal(thm_medium_erase(c.medium, 2), THM_FS_OK);
        ramchip_finish(&c);
    }
    assert_int_equal(lasted[0], lasted[1]);
    assert_true(lasted[0] >= 10 && lasted[0] < 20);
}

static void wear_out__used_chip_fails_so_much_sooner(void **state)
{
    struct ramchip c;
    struct thm_part p = *thm_part_find("W25Q32JV");
    uint32_t lasted[2] = { 0 };
    (void)state;
    p.endurance = 10;
    for (uint32_t run = 0; run < 2; run++) {
        ramchip_init_as(&c, &p, 16384, 1);
        assert_int_equal(thm_chip_wear_out(c.medium, 5), THM_FS_OK);
        assert_int_equal(thm_chip_age(c.medium, run ? 7 : 0), THM_FS_OK);
        while (thm_medium_erase(c.medium, 1) == THM_FS_OK)
            lasted[run]++;
        assert_int_equal(thm_chip_age(c.medium, UINT32_MAX), THM_FS_OK);
        assert_int_equal(thm_medium_erase(c.medium, 2), THM_FS_EIO);
        ramchip_finish(&c);
    }
    assert_int_equal(lasted[0], lasted[1] + 7);
}

static void wear_out__worn_eeprom_page_keeps_what_it_holds(void **state)
{
    struct ramchip c;
    struct thm_part p = *thm_part_find("24LC256");
    (void)state;
    p.endurance = 3;
    ramchip_init_as(&c, &p, 256, 1);
    assert_int_equal(thm_chip_wear_out(c.medium, 1), THM_FS_OK);
    enum thm_fs_err e = THM_FS_OK;
    uint8_t last = 0;
    for (uint8_t i = 1; i < 10 && !e; i++) {
        e = thm_medium_program(c.medium, 0, &i, 1);
        last = e ? last : i;
    }
    assert_int_equal(e, THM_FS_EIO);
    assert_true(last >= 3 && last < 6);
    assert_int_equal(byte_at(c.medium, 0), last);
    ramchip_finish(&c);
}

static void wear_out__needs_a_known_endurance(void **state)
{
    assert_int_equal(thm_chip_wear_out(MEDIUM, 1), THM_FS_EINVAL);
}

static void parts__all_are_consistent(void **state)
{
    const struct thm_part *p;
    (void)state;
    assert_null(thm_part_find("W25Q33"));
    for (size_t i = 0; (p = thm_part_at(i)) != NULL; i++) {
        struct ramchip c;
        assert_ptr_equal(thm_part_find(p->name), p);
        assert_int_equal(p->size % p->sector_size, 0);
        assert_int_equal(p->size / p->sector_size % p->banks, 0);
        assert_int_equal(p->sector_size % p->page_size, 0);
        assert_int_equal(p->page_size % p->program_unit, 0);
        assert_true(p->page_program_ns >= p->first_byte_ns && p->sector_erase_ns >= p->page_program_ns);
        ramchip_init_as(&c, p, p->size, 1); /* every part makes a chip */
        assert_string_equal(c.medium->ops->kind, thm_part_kind_name(p->kind));
        ramchip_finish(&c);
    }
}

#define T(setup, name) cmocka_unit_test_setup_teardown(name, setup_##setup, teardown)
/* ---- cells that outlive their chip ---- */

static uint64_t last_block(const struct thm_medium *m)
{
    return (uint64_t)m->erase_size * (m->erase_count - 1);
}

/* Pages far apart, one of them erased again. */
static void write_some(struct thm_medium *m)
{
    assert_int_equal(thm_medium_program(m, 0, "\x12\x34", 2), THM_FS_OK);
    assert_int_equal(thm_medium_program(m, 2 * m->erase_size, "\x56\x78", 2), THM_FS_OK);
    assert_int_equal(thm_medium_erase(m, 2), THM_FS_OK);
    assert_int_equal(thm_medium_program(m, last_block(m), "\x9A\xBC", 2), THM_FS_OK);
}

static void cells__copy_has_content_and_wear_and_goes_its_own_way(void **state)
{
    const struct thm_part *part = thm_part_find("W25Q32JV");
    struct thm_cells cells, copies;
    struct thm_medium *m, *copy;
    (void)state;
    assert_non_null(part);
    assert_int_equal(thm_cells_create_shared(&cells, part, 0), THM_FS_OK);
    assert_int_equal(thm_cells_create_shared(&copies, part, 0), THM_FS_OK);
    assert_int_equal(thm_chip_create(&m, part, 0, &cells, NULL), THM_FS_OK);
    write_some(m);
    thm_cells_copy(&copies, &cells, part, 0);
    assert_int_equal(thm_chip_create(&copy, part, 0, &copies, NULL), THM_FS_OK);
    assert_int_equal(byte_at(copy, 1), 0x34);
    assert_int_equal(byte_at(copy, 2 * m->erase_size), 0xFF);
    assert_int_equal(byte_at(copy, last_block(m) + 1), 0xBC);
    assert_int_equal(copies.wear[2], 1);
    assert_int_equal(thm_medium_program(copy, 2 * m->erase_size, "\0\0", 2), THM_FS_OK);
    assert_int_equal(thm_medium_program(m, 3 * m->erase_size, "\0\0", 2), THM_FS_OK);
    assert_int_equal(byte_at(m, 2 * m->erase_size), 0xFF);
    assert_int_equal(byte_at(copy, 3 * m->erase_size), 0xFF);
    thm_medium_destroy(copy);
    thm_medium_destroy(m);
    thm_cells_destroy(&copies);
    thm_cells_destroy(&cells);
}

static void cells__shared_show_what_another_process_has_written(void **state)
{
    const struct thm_part *part = thm_part_find("W25Q32JV");
    struct thm_cells cells;
    struct thm_medium *m;
    int status;
    (void)state;
    assert_int_equal(thm_cells_create_shared(&cells, part, 0), THM_FS_OK);
    assert_int_equal(thm_chip_create(&m, part, 0, &cells, NULL), THM_FS_OK);
    const pid_t child = fork();
    if (child == 0)
        _exit(thm_medium_program(m, 0, "\x12\x34", 2) != THM_FS_OK);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(byte_at(m, 1), 0x34);
    thm_medium_destroy(m);
    thm_cells_destroy(&cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nrf, nrf__a_word_takes_two_programs_between_erases),
        cmocka_unit_test(nrf__content_from_an_image_counts_as_one_program),
        T(nrf, nrf__less_than_a_word_is_refused),
        T(nrf, nrf__page_takes_the_time_of_its_words),
        T(stm32, stm32__has_two_banks_of_eight_sectors),
        T(stm32, stm32__flash_word_takes_one_program_and_zeros),
        T(stm32, stm32__word_of_ff_counts_as_programmed),
        T(stm32, stm32__refused_program_of_many_words_changes_those_before_it),
        T(stm32, stm32__loaded_content_counts_as_one_program),
        T(samd51, samd51__writes_quad_words_once),
        T(i2c, eeprom__any_byte_is_rewritten_and_its_page_wears),
        T(i2c, eeprom__each_page_is_a_write_cycle_and_its_bytes_on_the_bus),
        T(i2c, eeprom__read_takes_the_bus_s_time),
        T(spi, eeprom__spi_page_takes_ten_milliseconds_and_a_bit),
        T(card, card__sectors_are_rewritten_whole),
        T(card, card__blocks_take_bus_and_busy_time),
        T(card, card__takes_only_the_memory_of_what_is_written),
        T(i2c, pool__chip_made_again_on_its_cells_goes_on),
        cmocka_unit_test(wear_out__sector_fails_between_one_and_two_endurances),
        cmocka_unit_test(wear_out__used_chip_fails_so_much_sooner),
        cmocka_unit_test(wear_out__worn_eeprom_page_keeps_what_it_holds),
        T(card, wear_out__needs_a_known_endurance),
        cmocka_unit_test(parts__all_are_consistent),
        cmocka_unit_test(cells__copy_has_content_and_wear_and_goes_its_own_way),
        cmocka_unit_test(cells__shared_show_what_another_process_has_written),
    };
    return cmocka_run_group_tests_name("chip", tests, NULL, NULL);
}
