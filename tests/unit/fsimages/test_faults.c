/* tests/unit/fsimages/test_faults.c -- media that lose power, have bad blocks or flip bits, alone and together. */
#include "tests/unit/fsimages/ramchip.h"
#include "fsimages/media/faults.h"

static int setup(void **state)
{
    *state = malloc(sizeof(struct ramchip));
    ramchip_init(*state, 65536);
    return 0;
}

static int teardown(void **state)
{
    ramchip_finish(*state);
    free(*state);
    return 0;
}

static struct thm_medium *cut(struct thm_medium *inner, struct thm_powercut plan)
{
    struct thm_medium *p;
    assert_int_equal(thm_powercut_create_as(&p, inner, &plan), THM_FS_OK);
    return p;
}

static struct thm_medium *bad(struct thm_medium *inner, struct thm_badblocks plan)
{
    struct thm_medium *b;
    assert_int_equal(thm_badblocks_create(&b, inner, &plan), THM_FS_OK);
    return b;
}

static struct thm_medium *flips(struct thm_medium *inner, struct thm_bitflips plan)
{
    struct thm_medium *f;
    assert_int_equal(thm_bitflips_create(&f, inner, &plan), THM_FS_OK);
    return f;
}

/* ---- power cuts ---- */

static void powercut__half_of_the_program_arrives_then_nothing(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium *p;
    uint8_t b[8];
    assert_int_equal(thm_powercut_create(&p, c->medium, 1), THM_FS_OK);
    assert_int_equal(thm_medium_program(p, 0, "\0\0\0\0", 4), THM_FS_OK);
    assert_int_equal(thm_medium_program(p, 4, "\0\0\0\0", 4), THM_FS_EPOWER);
    assert_int_equal(thm_medium_program(p, 8, "\0", 1), THM_FS_EPOWER);
    assert_int_equal(thm_medium_erase(p, 0), THM_FS_EPOWER);
    assert_int_equal(thm_medium_read(p, 0, b, 8), THM_FS_EPOWER);
    assert_int_equal(thm_medium_read(c->medium, 0, b, 8), THM_FS_OK);
    assert_memory_equal(b, "\0\0\0\0\0\0\xFF\xFF", 8);
    thm_medium_destroy(p);
}

static void powercut__half_of_the_block_is_erased(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium *p;
    uint8_t zeros[4096] = { 0 };
    thm_medium_program(c->medium, 0, zeros, sizeof zeros);
    assert_int_equal(thm_powercut_create(&p, c->medium, 0), THM_FS_OK);
    assert_int_equal(thm_medium_erase(p, 0), THM_FS_EPOWER);
    assert_int_equal(c->bytes[2047], 0xFF);
    assert_int_equal(c->bytes[2048], 0);
    assert_int_equal(c->bytes[4095], 0);
    thm_medium_destroy(p);
}

static void powercut__before_an_operation_nothing_of_it_is_done(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium *p = cut(c->medium, (struct thm_powercut){ .after = 1, .when = THM_CUT_BEFORE });
    assert_int_equal(thm_medium_program(p, 0, "\1", 1), THM_FS_OK);
    assert_int_equal(thm_medium_erase(p, 0), THM_FS_EPOWER);
    assert_int_equal(c->bytes[0], 1);
    assert_int_equal(c->wear[0], 0);
    assert_int_equal(thm_medium_program(p, 1, "\1", 1), THM_FS_EPOWER);
    assert_int_equal(c->bytes[1], 0xFF);
    thm_medium_destroy(p);
}

static void powercut__after_an_operation_all_of_it_is_done(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium *p = cut(c->medium, (struct thm_powercut){ .when = THM_CUT_AFTER });
    uint8_t b;
    assert_int_equal(thm_medium_program(p, 0, "\0\0\0\0", 4), THM_FS_EPOWER);
    assert_memory_equal(c->bytes, "\0\0\0\0\xFF", 5);
    assert_int_equal(thm_medium_read(p, 0, &b, 1), THM_FS_EPOWER);
    assert_int_equal(thm_medium_peek(p, 0, &b, 1), THM_FS_OK);
    thm_medium_destroy(p);
}

static void powercut__share_that_is_done_can_be_chosen(void **state)
{
    struct ramchip *c = *state;
    struct thm_powercut plan = { .when = THM_CUT_TORN, .percent = 101 };
    struct thm_medium *p;
    uint8_t zeros[4096] = { 0 };
    assert_int_equal(thm_powercut_create_as(&p, c->medium, &plan), THM_FS_EINVAL);
    plan.percent = 25;
    p = cut(c->medium, plan);
    assert_int_equal(thm_medium_program(p, 0, zeros, 8), THM_FS_EPOWER);
    assert_memory_equal(c->bytes, "\0\0\xFF", 3);
    thm_medium_destroy(p);
    thm_medium_program(c->medium, 4096, zeros, sizeof zeros);
    p = cut(c->medium, plan);
    assert_int_equal(thm_medium_erase(p, 1), THM_FS_EPOWER);
    assert_int_equal(c->bytes[4096 + 1023], 0xFF);
    assert_int_equal(c->bytes[4096 + 1024], 0);
    thm_medium_destroy(p);
}

static void powercut__torn_bits_are_some_of_those_that_change(void **state)
{
    struct ramchip *c = *state;
    uint8_t first[256];
    memset(c->bytes, 0xF0, 256);
    for (int run = 0; run < 2; run++) { /* the same seed, the same bits */
        int cleared = 0;
        struct thm_medium *p = cut(c->medium, (struct thm_powercut){ .when = THM_CUT_TORN, .bits = true, .seed = 3 });
        uint8_t data[256];
        memset(data, 0x30, sizeof data);
        memset(c->bytes, 0xF0, 256);
        assert_int_equal(thm_medium_program(p, 0, data, 256), THM_FS_EPOWER);
        for (int i = 0; i < 256; i++) {
            assert_int_equal(c->bytes[i] & 0x3F, 0x30);
            cleared += __builtin_popcount(c->bytes[i] ^ 0xF0u);
        }
        assert_in_range(cleared, 200, 312); /* of 512 */
        if (run == 1)
            assert_memory_equal(c->bytes, first, 256);
        memcpy(first, c->bytes, 256);
        thm_medium_destroy(p);
    }
}

static void powercut__torn_bits_of_eeprom_go_both_ways(void **state)
{
    struct ramchip c;
    uint8_t old[64], new[64];
    int is_old = 0, is_new = 0;
    (void)state;
    ramchip_init_as(&c, thm_part_find("24LC256"), 256, 0);
    memset(old, 0x0F, sizeof old);
    memset(new, 0xF0, sizeof new);
    memcpy(c.bytes, old, sizeof old);
    struct thm_medium *p = cut(c.medium, (struct thm_powercut){ .when = THM_CUT_TORN, .bits = true, .seed = 1 });
    assert_int_equal(thm_medium_program(p, 0, new, sizeof new), THM_FS_EPOWER);
    for (size_t i = 0; i < sizeof new; i++) {
        is_old += __builtin_popcount((uint8_t) ~(c.bytes[i] ^ old[i]));
        is_new += __builtin_popcount((uint8_t) ~(c.bytes[i] ^ new[i]));
    }
    assert_int_equal(is_old + is_new, 512);
    assert_in_range(is_new, 200, 312);
    thm_medium_destroy(p);
    ramchip_finish(&c);
}

static void powercut__torn_program_ends_at_a_unit(void **state)
{
    struct ramchip c;
    uint8_t zeros[96] = { 0 };
    (void)state;
    ramchip_init_as(&c, thm_part_find("ATSAMD51J19"), 65536, 0);
    struct thm_medium *p = cut(c.medium, (struct thm_powercut){ .when = THM_CUT_TORN });
    assert_int_equal(thm_medium_program(p, 0, zeros, 48), THM_FS_EPOWER);
    assert_int_equal(c.bytes[15], 0);
    assert_int_equal(c.bytes[16], 0xFF);
    thm_medium_destroy(p);
    ramchip_finish(&c);
}

static void powercut__torn_erase_does_not_spend_units_that_are_erased(void **state)
{
    struct ramchip c;
    uint8_t word[32] = { 1 };
    const uint32_t half = 64 << 10;
    (void)state;
    ramchip_init_as(&c, thm_part_find("STM32H743"), 256 << 10, 1);
    assert_int_equal(thm_medium_program(c.medium, half + 32, word, 32), THM_FS_OK);
    struct thm_medium *p = cut(c.medium, (struct thm_powercut){ .when = THM_CUT_TORN });
    assert_int_equal(thm_medium_erase(p, 0), THM_FS_EPOWER);
    assert_int_equal(thm_medium_program(c.medium, half + 32, word, 32), THM_FS_EPROGRAM);
    assert_int_equal(thm_medium_program(c.medium, half + 64, word, 32), THM_FS_OK);
    thm_medium_destroy(p);
    ramchip_finish(&c);
}

/* ---- bad blocks ---- */

static void badblocks__listed_ones_fail_and_keep_their_content(void **state)
{
    struct ramchip *c = *state;
    uint8_t b;
    uint32_t *list = malloc(2 * sizeof *list);
    list[0] = 3, list[1] = 7;
    struct thm_medium *m = bad(c->medium, (struct thm_badblocks){ .blocks = list, .count = 2 });
    free(list); /* the plan was copied */
    assert_int_equal(thm_medium_program(m, 3 * 4096, "\0", 1), THM_FS_EIO);
    assert_int_equal(thm_medium_erase(m, 7), THM_FS_EIO);
    assert_int_equal(thm_medium_program(m, 4 * 4096, "\0", 1), THM_FS_OK);
    assert_int_equal(thm_medium_erase(m, 4), THM_FS_OK);
    assert_int_equal(c->bytes[3 * 4096], 0xFF);
    assert_int_equal(thm_medium_read(m, 3 * 4096, &b, 1), THM_FS_OK);
    assert_true(thm_badblocks_is_bad(m, 7) && !thm_badblocks_is_bad(m, 4));
    thm_medium_destroy(m);
}

static void badblocks__may_lose_what_they_are_given(void **state)
{
    struct ramchip *c = *state;
    const struct thm_badblocks plan = { .blocks = (uint32_t[]){ 0 },
                                        .count = 1,
                                        .does = THM_BAD_PROGRAM_LOST | THM_BAD_ERASE_LOST };
    struct thm_medium *m = bad(c->medium, plan);
    c->bytes[0] = 0x5A;
    assert_int_equal(thm_medium_program(m, 0, "\0", 1), THM_FS_OK);
    assert_int_equal(thm_medium_erase(m, 0), THM_FS_OK);
    assert_int_equal(c->bytes[0], 0x5A);
    thm_medium_destroy(m);
}

static void badblocks__reads_can_fail(void **state)
{
    struct ramchip *c = *state;
    uint8_t b[2];
    const struct thm_badblocks plan = { .blocks = (uint32_t[]){ 1 }, .count = 1, .does = THM_BAD_READ_FAILS };
    struct thm_medium *m = bad(c->medium, plan);
    assert_int_equal(thm_medium_read(m, 4095, b, 1), THM_FS_OK);
    assert_int_equal(thm_medium_read(m, 4095, b, 2), THM_FS_EIO);
    assert_int_equal(thm_medium_peek(m, 4095, b, 2), THM_FS_OK);
    assert_int_equal(thm_medium_program(m, 4096, "\0", 1), THM_FS_OK);
    thm_medium_destroy(m);
}

static void badblocks__rate_and_seed_choose_them(void **state)
{
    struct ramchip c;
    unsigned n[3] = { 0 }, same = 0;
    struct thm_medium *m[3];
    (void)state;
    ramchip_init_as(&c, thm_part_find("W25Q32JV"), 4 << 20, 1);
    for (uint64_t i = 0; i < 3; i++)
        m[i] = bad(c.medium, (struct thm_badblocks){ .per_million = 100000, .seed = i / 2 });
    for (uint32_t block = 0; block < 1024; block++) {
        for (int i = 0; i < 3; i++)
            n[i] += thm_badblocks_is_bad(m[i], block);
        assert_int_equal(thm_badblocks_is_bad(m[0], block), thm_badblocks_is_bad(m[1], block));
        same += thm_badblocks_is_bad(m[0], block) && thm_badblocks_is_bad(m[2], block);
    }
    assert_in_range(n[0], 60, 150);
    assert_in_range(n[2], 60, 150);
    assert_true(same < 40);
    for (int i = 0; i < 3; i++)
        thm_medium_destroy(m[i]);
    ramchip_finish(&c);
}

/* ---- bit flips ---- */

static void bitflips__fixed_ones_are_read_and_peeked_but_not_in_the_cells(void **state)
{
    struct ramchip *c = *state;
    uint8_t b[4];
    const struct thm_bitflips plan = { .fixed = (struct thm_bitflip[]){ { 1, 0x80 }, { 9, 0xFF } }, .count = 2 };
    struct thm_medium *m = flips(c->medium, plan);
    assert_int_equal(thm_medium_program(m, 0, "\1\2\3\4", 4), THM_FS_OK);
    assert_int_equal(thm_medium_read(m, 0, b, 4), THM_FS_OK);
    assert_memory_equal(b, "\1\x82\3\4", 4);
    assert_int_equal(thm_medium_peek(m, 1, b, 2), THM_FS_OK);
    assert_memory_equal(b, "\x82\3", 2);
    assert_memory_equal(c->bytes, "\1\2\3\4", 4);
    thm_medium_destroy(m);
}

static unsigned wrong_bits(const uint8_t *bytes, size_t len)
{
    unsigned n = 0;
    for (size_t i = 0; i < len; i++)
        n += (unsigned)__builtin_popcount(bytes[i] ^ 0xFFu);
    return n;
}

static void bitflips__rate_is_met_and_places_stay(void **state)
{
    struct ramchip *c = *state;
    static uint8_t a[65536], b[65536];
    struct thm_medium *m = flips(c->medium, (struct thm_bitflips){ .per_billion = 10000000, .seed = 2 });
    assert_int_equal(thm_medium_read(m, 0, a, sizeof a), THM_FS_OK);
    assert_in_range(wrong_bits(a, sizeof a), 550, 760); /* of 655 */
    assert_int_equal(thm_medium_read(m, 100, b + 100, sizeof b - 100), THM_FS_OK);
    assert_memory_equal(a + 100, b + 100, sizeof a - 100);
    thm_medium_destroy(m);
}

static void bitflips__every_read_has_its_own_and_a_peek_foretells_them(void **state)
{
    struct ramchip *c = *state;
    static uint8_t a[65536], b[65536];
    const struct thm_bitflips plan = { .per_billion = 10000000, .every_read = true };
    struct thm_medium *m = flips(c->medium, plan);
    assert_int_equal(thm_medium_peek(m, 0, a, sizeof a), THM_FS_OK);
    assert_int_equal(thm_medium_read(m, 0, b, sizeof b), THM_FS_OK);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(thm_medium_read(m, 0, b, sizeof b), THM_FS_OK);
    assert_memory_not_equal(a, b, sizeof a);
    thm_medium_destroy(m);
}

/* ---- compositions ---- */

static void slice_of_powercut_of_badblocks_of_chip__each_does_its_part(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium *slice;
    struct thm_medium_counters n;
    uint8_t zeros[8] = { 0 };
    struct thm_medium *badly = bad(c->medium, (struct thm_badblocks){ .blocks = (uint32_t[]){ 5 }, .count = 1 });
    struct thm_medium *dying = cut(badly, (struct thm_powercut){ .after = 3, .when = THM_CUT_TORN });
    assert_int_equal(thm_slice_create(&slice, dying, 4 * 4096, 4 * 4096), THM_FS_OK);
    assert_int_equal(thm_medium_program(slice, 4096, zeros, 8), THM_FS_EIO); /* the chip's fifth block */
    assert_int_equal(thm_medium_program(slice, 0, zeros, 8), THM_FS_OK);
    assert_int_equal(thm_medium_erase(slice, 0), THM_FS_OK);
    assert_int_equal(thm_medium_program(slice, 8192, zeros, 8), THM_FS_EPOWER);
    assert_memory_equal(c->bytes + 6 * 4096, "\0\0\0\0\xFF", 5);
    thm_medium_counters(slice, &n); /* the chip's, through all of them */
    assert_int_equal(n.programs, 2);
    assert_int_equal(n.erases, 1);
    thm_medium_destroy(slice);
    thm_medium_destroy(dying);
    thm_medium_destroy(badly);
}

static void powercut_of_slice__counts_the_slice_s_operations_only(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium *slice;
    assert_int_equal(thm_slice_create(&slice, c->medium, 8192, 8192), THM_FS_OK);
    struct thm_medium *dying = cut(slice, (struct thm_powercut){ .when = THM_CUT_AFTER });
    assert_int_equal(thm_medium_program(c->medium, 0, "\0", 1), THM_FS_OK);
    assert_int_equal(thm_medium_erase(dying, 2), THM_FS_ERANGE);
    assert_int_equal(thm_medium_erase(dying, 1), THM_FS_EPOWER);
    assert_int_equal(c->wear[3], 1);
    thm_medium_destroy(dying);
    thm_medium_destroy(slice);
}

static void badblocks_of_slice__numbers_are_the_slice_s(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium *slice;
    assert_int_equal(thm_slice_create(&slice, c->medium, 8192, 8192), THM_FS_OK);
    struct thm_medium *badly = bad(slice, (struct thm_badblocks){ .blocks = (uint32_t[]){ 1 }, .count = 1 });
    assert_int_equal(thm_medium_erase(badly, 0), THM_FS_OK);
    assert_int_equal(thm_medium_erase(badly, 1), THM_FS_EIO);
    assert_int_equal(c->wear[2], 1);
    assert_int_equal(c->wear[3], 0);
    thm_medium_destroy(badly);
    thm_medium_destroy(slice);
}

static void powercut_of_bitflips__torn_erase_puts_back_what_is_read(void **state)
{
    struct ramchip *c = *state;
    const struct thm_bitflips plan = { .fixed = (struct thm_bitflip[]){ { 4000, 1 } }, .count = 1 };
    struct thm_medium *flipping = flips(c->medium, plan),
                      *dying = cut(flipping, (struct thm_powercut){ .after = 0, .when = THM_CUT_TORN });
    memset(c->bytes, 0x0E, 4096);
    assert_int_equal(thm_medium_erase(dying, 0), THM_FS_EPOWER);
    assert_int_equal(c->bytes[0], 0xFF);
    assert_int_equal(c->bytes[3999], 0x0E);
    assert_int_equal(c->bytes[4000], 0x0F);
    thm_medium_destroy(dying);
    thm_medium_destroy(flipping);
}

static void powercut_of_sd_card__sector_is_old_or_new(void **state)
{
    struct ramchip c;
    uint8_t sector[512];
    (void)state;
    memset(sector, 7, sizeof sector);
    ramchip_init_as(&c, thm_part_find("SDHC-SPI-20MHz"), 1 << 20, 0);
    struct thm_medium *p = cut(c.medium, (struct thm_powercut){ .after = 1, .when = THM_CUT_TORN });
    assert_int_equal(thm_medium_program(p, 0, sector, 512), THM_FS_OK);
    assert_int_equal(thm_medium_program(p, 512, sector, 512), THM_FS_EPOWER);
    assert_int_equal(c.bytes[511], 7);
    assert_int_equal(c.bytes[512], 0);
    thm_medium_destroy(p);
    ramchip_finish(&c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(powercut__half_of_the_program_arrives_then_nothing),
        T(powercut__half_of_the_block_is_erased),
        T(powercut__before_an_operation_nothing_of_it_is_done),
        T(powercut__after_an_operation_all_of_it_is_done),
        T(powercut__share_that_is_done_can_be_chosen),
        T(powercut__torn_bits_are_some_of_those_that_change),
        T(powercut__torn_bits_of_eeprom_go_both_ways),
        T(powercut__torn_program_ends_at_a_unit),
        T(powercut__torn_erase_does_not_spend_units_that_are_erased),
        T(badblocks__listed_ones_fail_and_keep_their_content),
        T(badblocks__may_lose_what_they_are_given),
        T(badblocks__reads_can_fail),
        T(badblocks__rate_and_seed_choose_them),
        T(bitflips__fixed_ones_are_read_and_peeked_but_not_in_the_cells),
        T(bitflips__rate_is_met_and_places_stay),
        T(bitflips__every_read_has_its_own_and_a_peek_foretells_them),
        T(slice_of_powercut_of_badblocks_of_chip__each_does_its_part),
        T(powercut_of_slice__counts_the_slice_s_operations_only),
        T(badblocks_of_slice__numbers_are_the_slice_s),
        T(powercut_of_bitflips__torn_erase_puts_back_what_is_read),
        T(powercut_of_sd_card__sector_is_old_or_new),
    };
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
