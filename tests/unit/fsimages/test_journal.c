/* tests/unit/fsimages/test_journal.c -- what was done to a medium can be done again, and undone. */
#include "tests/unit/fsimages/ramchip.h"
#include "fsimages/media/journal.h"
#include "fsimages/media/snapshot.h"

enum { SIZE = 16384 };

struct bench {
    struct ramchip chip, copy;
    struct thm_journal_entry entry[4];
    uint8_t bytes[600];
    struct thm_journal journal;
    struct thm_medium *recorder, *snapshot;
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    ramchip_init(&b->chip, SIZE);
    ramchip_init(&b->copy, SIZE);
    b->journal = (struct thm_journal){ .entry = b->entry, .capacity = 4, .bytes = b->bytes, .room = sizeof b->bytes };
    assert_int_equal(thm_journal_create(&b->recorder, b->chip.medium, &b->journal), 0);
    assert_int_equal(thm_snapshot_create(&b->snapshot, b->copy.medium, 0xFF, 0), 0);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    thm_medium_destroy(b->snapshot);
    thm_medium_destroy(b->recorder);
    ramchip_finish(&b->copy);
    ramchip_finish(&b->chip);
    free(b);
    return 0;
}

static uint8_t byte_at(struct thm_medium *m, uint64_t off)
{
    uint8_t byte;
    assert_int_equal(thm_medium_peek(m, off, &byte, 1), 0);
    return byte;
}

static void journal__applied_to_a_copy_gives_the_same_content(void **state)
{
    struct bench *b = *state;
    uint8_t zeros[300] = { 0 };
    assert_int_equal(thm_medium_program(b->recorder, 4000, "first", 5), 0);
    assert_int_equal(thm_medium_erase(b->recorder, 0), 0);
    assert_int_equal(thm_medium_program(b->recorder, 100, zeros, 300), 0);
    assert_int_equal(b->journal.count, 4); /* the last one is two pages */
    for (uint32_t i = 0; i < b->journal.count; i++)
        assert_int_equal(thm_journal_apply(&b->entry[i], b->bytes, b->copy.medium), 0);
    assert_memory_equal(b->chip.bytes, b->copy.bytes, SIZE);
}

static void journal__that_is_full_fails_and_leaves_the_medium(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(thm_medium_program(b->recorder, 0, "\x7F", 1), 0);
    assert_int_equal(thm_medium_program(b->recorder, 0, "\x00", 1), THM_FS_EHOST);
    assert_int_equal(thm_medium_erase(b->recorder, 0), THM_FS_EHOST);
    assert_int_equal(b->chip.bytes[0], 0x7F);
}

static void snapshot__of_a_rewritable_medium_sets_bits_and_erases_to_its_own_value(void **state)
{
    struct bench *b = *state;
    struct ramchip card;
    struct thm_medium *snapshot;
    const uint8_t sector[512] = { 0x5A };
    ramchip_init_as(&card, thm_part_find("SDHC-SDMMC"), SIZE, 0);
    (void)b;
    assert_int_equal(thm_snapshot_create(&snapshot, card.medium, thm_part_erased(&card.part), 0), 0);
    assert_int_equal(thm_medium_program(snapshot, 512, sector, 512), 0);
    assert_int_equal(byte_at(snapshot, 512), 0x5A);
    assert_int_equal(thm_medium_erase(snapshot, 1), 0);
    assert_int_equal(byte_at(snapshot, 512), 0);
    thm_medium_destroy(snapshot);
    ramchip_finish(&card);
}

static void snapshot__keeps_what_is_below_and_forgets_at_reset(void **state)
{
    struct bench *b = *state;
    memset(b->copy.bytes, 0x55, SIZE);
    assert_int_equal(thm_medium_program(b->snapshot, 250, "\x0F\x0F\x0F\x0F\x0F\x0F\x0F\x0F", 8), 0);
    assert_int_equal(thm_medium_erase(b->snapshot, 2), 0);
    assert_int_equal(byte_at(b->snapshot, 257), 0x05); /* it clears bits, as the chip does */
    assert_int_equal(byte_at(b->snapshot, 258), 0x55);
    assert_int_equal(byte_at(b->snapshot, 3 * 4096 - 1), 0xFF);
    assert_int_equal(thm_snapshot_pages(b->snapshot), 2 + 16);
    for (uint32_t i = 0; i < SIZE; i++)
        assert_int_equal(b->copy.bytes[i], 0x55);
    thm_snapshot_reset(b->snapshot);
    assert_int_equal(thm_snapshot_pages(b->snapshot), 0);
    assert_int_equal(byte_at(b->snapshot, 257), 0x55);
    assert_int_equal(byte_at(b->snapshot, 2 * 4096), 0x55);
}

static void snapshot__follows_the_medium_below_after_a_reset(void **state)
{
    struct bench *b = *state;
    assert_int_equal(thm_medium_program(b->snapshot, 0, "\x0F", 1), 0);
    thm_snapshot_reset(b->snapshot);
    assert_int_equal(thm_medium_program(b->copy.medium, 0, "\xF3", 1), 0);
    assert_int_equal(thm_medium_program(b->snapshot, 0, "\x3F", 1), 0);
    assert_int_equal(byte_at(b->snapshot, 0), 0x33);
}

static void snapshot__budget_ends_with_an_error_until_the_reset(void **state)
{
    struct bench *b = *state;
    struct thm_medium *small;
    uint8_t buf[64];
    assert_int_equal(thm_snapshot_create(&small, b->copy.medium, 0xFF, 100), 0);
    assert_int_equal(thm_medium_read(small, 0, buf, 64), 0);
    assert_false(thm_snapshot_exhausted(small));
    assert_int_equal(thm_medium_read(small, 0, buf, 64), THM_FS_EIO);
    assert_true(thm_snapshot_exhausted(small));
    thm_snapshot_reset(small);
    assert_int_equal(thm_medium_program(small, 0, buf, 64), 0);
    thm_medium_destroy(small);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(journal__applied_to_a_copy_gives_the_same_content),
        T(journal__that_is_full_fails_and_leaves_the_medium),
        T(snapshot__of_a_rewritable_medium_sets_bits_and_erases_to_its_own_value),
        T(snapshot__keeps_what_is_below_and_forgets_at_reset),
        T(snapshot__follows_the_medium_below_after_a_reset),
        T(snapshot__budget_ends_with_an_error_until_the_reset),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
