/* tests/unit/board/test_heap.c -- what is noticed around heap calls: damage, bad frees, injected failures, leaks. */
#include "tests/unit/board/bench.h"

/* What a child that plays the firmware tells before it ends. */
static struct told {
    int exit_status;
    struct thm_event fault, forecast;
    struct thm_event event[4096];
    uint32_t events;
} told;

static void keep(const struct thm_event *e)
{
    if (e->type == THM_EV_FAULT)
        told.fault = *e;
    if (e->type == THM_EV_FORECAST)
        told.forecast = *e;
    if (told.events < sizeof told.event / sizeof told.event[0])
        told.event[told.events++] = *e;
}

static void hear(int fd)
{
    static uint8_t buf[65536];
    const struct thm_msg *m;
    for (long len; (len = thm_modem_receive(fd, buf, sizeof buf, &m)) >= 0;)
        for (long at = 0; at + (long)sizeof(struct thm_event) <= len; at += (long)sizeof(struct thm_event)) {
            struct thm_event e;
            memcpy(&e, (const uint8_t *)(m + 1) + at, sizeof e);
            keep(&e);
        }
}

static void play(void (*firmware)(void))
{
    int fds[2], status;
    told = (struct told){ 0 };
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        board.modem = fds[1];
        firmware();
        thm_board_die(&board, 0);
    }
    close(fds[1]);
    hear(fds[0]);
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    told.exit_status = WEXITSTATUS(status);
}

static void checked_board(void)
{
    skip_on_valgrind();
    run.check_heap = true;
    power_on("esp32");
}

static uint8_t *block(uint32_t bytes, const char *what)
{
    uint8_t *p = thm_hal_malloc(&board, bytes, what);
    if (!p)
        _exit(99);
    return p;
}

static void assert_fault(const char *part)
{
    if (!strstr(told.fault.text, part))
        print_message("# '%s' is not in: %s\n", part, told.fault.text);
    assert_int_equal(told.exit_status, 12);
    assert_non_null(strstr(told.fault.text, part));
}

/* ---- damage ---- */

static void write_one_byte_too_far(void)
{
    uint8_t *p = block(101, "name buffer");
    block(64, "neighbour");
    p[101] = 0; /* a string's end */
    block(16, "next");
}

static void check__one_zero_byte_too_far_is_told_with_owner_and_neighbour(void **state)
{
    (void)state;
    checked_board();
    play(write_one_byte_too_far);
    assert_fault("heap overrun: byte 1 behind 'name buffer' (101 bytes at 0x3ff");
    assert_fault("was written, region dram1; next is 'neighbour' (64 bytes");
    assert_fault("malloc(16) for next");
    power_off();
}

static void write_before_the_block(void)
{
    block(400, "lower");
    uint8_t *p = block(400, "upper");
    p[-1] ^= 1;
    thm_hal_free(&board, p);
}

static void check__write_before_a_block_is_noticed(void **state)
{
    (void)state;
    checked_board();
    play(write_before_the_block);
    assert_fault("heap underrun: byte 1 before 'upper' (400 bytes at ");
    power_off();
}

static void write_after_free(void)
{
    uint8_t *p = block(200, "old");
    block(16, "keeps it from joining the rest");
    thm_hal_free(&board, p);
    p[150] = 0;
    block(1000, "next");
}

static void check__write_after_free_is_told_with_the_call_that_freed(void **state)
{
    (void)state;
    checked_board();
    play(write_after_free);
    assert_fault("use after free: byte 150 of 'old' (200 bytes at ");
    assert_fault("freed in heap call ");
    power_off();
}

static void write_within_blocks(void)
{
    static const uint32_t sizes[] = { 1, 2, 3, 12, 13, 100, 1000, 40000 };
    for (int round = 0; round < 3; round++) {
        uint8_t *p[8];
        for (int i = 0; i < 8; i++)
            memset(p[i] = block(sizes[i], "mine"), round + 1, sizes[i]);
        for (int i = 0; i < 8; i++)
            thm_hal_free(&board, p[(3 * i) % 8]);
    }
}

static void check__says_nothing_of_what_the_firmware_may_write(void **state)
{
    (void)state;
    checked_board();
    play(write_within_blocks);
    assert_int_equal(told.exit_status, 0);
    power_off();
}

/* ---- bad frees ---- */

static void free_twice(void)
{
    uint8_t *p = block(100, "session");
    block(16, "keeps it from joining the rest");
    thm_hal_free(&board, p);
    thm_hal_free(&board, p);
}

static void free__twice_is_told_as_that_with_and_without_checks(void **state)
{
    (void)state;
    skip_on_valgrind();
    for (int checked = 0; checked < 2; checked++) {
        run.check_heap = checked;
        power_on("esp32");
        play(free_twice);
        assert_fault("double free: 'session' (100 bytes at ");
        power_off();
    }
}

static void free_inside(void)
{
    thm_hal_free(&board, block(100, "session") + 8);
}

static void free__of_no_blocks_address_is_told(void **state)
{
    (void)state;
    checked_board();
    play(free_inside);
    assert_fault("which is no block's address");
    power_off();
}

/* ---- realloc ---- */

static uint32_t call(enum thm_heap_op op, uint32_t address, uint32_t bytes)
{
    const struct thm_heap_call c = { .op = op, .address = address, .bytes = bytes, .what = "moving" };
    uint32_t out;
    assert_int_equal(thm_board_heap_call(&board, &c, &out), THM_MEM_OK);
    return out;
}

static void assert_held(uint32_t blocks, uint32_t bytes)
{
    const struct thm_ledger *l = &board.book.ledger;
    for (uint32_t i = 0; i < l->owners; i++)
        if (strcmp(l->owner[i].what, "moving") == 0) {
            assert_int_equal(l->owner[i].blocks, blocks);
            assert_int_equal(l->owner[i].bytes, bytes);
        }
}

static void realloc__keeps_the_book_right(void **state)
{
    (void)state;
    run.check_heap = true;
    power_on("esp32");
    const uint32_t first = call(THM_HEAP_REALLOC, 0, 300);
    memset(thm_heaps_host(&board.heaps, first), 7, 300);
    call(THM_HEAP_MALLOC, 0, 300); /* in the way */
    const uint32_t moved = call(THM_HEAP_REALLOC, first, 3000);
    assert_true(moved && moved != first);
    assert_int_equal(*(uint8_t *)thm_heaps_host(&board.heaps, moved + 299), 7);
    assert_held(2, 3300);
    assert_int_equal(call(THM_HEAP_REALLOC, moved, 100), moved);
    assert_held(2, 400);
    assert_int_equal(call(THM_HEAP_REALLOC, moved, 500000), 0);
    assert_held(2, 400);
    assert_int_equal(call(THM_HEAP_REALLOC, moved, 0), 0);
    assert_held(1, 300);
    power_off();
}

/* ---- injected failures ---- */

static void injection__fails_the_nth_and_only_that(void **state)
{
    (void)state;
    run.fail_nth = 3;
    power_on("esp32");
    for (int i = 1; i <= 5; i++)
        assert_true(!thm_hal_malloc(&board, 10, "x") == (i == 3));
    thm_hal_fail(&board, "step");
    assert_non_null(strstr(board.failure.message, "allocation 3 of the application was made to fail"));
    power_off();
}

static uint64_t failed_of_64(uint32_t ppm, uint32_t seed)
{
    uint64_t failed = 0;
    run.fail_ppm = ppm;
    run.seed = seed;
    power_on("esp32");
    for (int i = 0; i < 64; i++)
        failed |= (uint64_t)!thm_hal_malloc(&board, 10, "x") << i;
    power_off();
    return failed;
}

static void injection__of_a_rate_is_the_same_for_a_seed(void **state)
{
    (void)state;
    assert_true(failed_of_64(1000000, 5) == UINT64_MAX);
    const uint64_t some = failed_of_64(250000, 5);
    assert_in_range(__builtin_popcountll(some), 6, 28);
    assert_true(some == failed_of_64(250000, 5));
    assert_true(some != failed_of_64(250000, 6));
}

/* ---- rounds ---- */

enum { ROUNDS_BEFORE_FORECAST = 4 };
static uint32_t rounds_to_run;

/* Every round leaves something behind; one block lives until the next round. */
static void leak_in_rounds(void)
{
    void *kept = NULL;
    for (uint32_t i = 0; i < rounds_to_run; i++) {
        void *large = block(30000, "work"), *small = block(100, "small");
        block(700, "forgotten");
        thm_hal_free(&board, kept);
        kept = block(2000, "kept");
        thm_hal_free(&board, large);
        thm_hal_free(&board, small);
        if (!thm_hal_round(&board))
            _exit(98);
    }
    thm_heap_forecast(&board);
}

static void forecast__names_the_round_that_fails_when_run_on_to(void **state)
{
    (void)state;
    power_on("esp32");
    rounds_to_run = ROUNDS_BEFORE_FORECAST;
    play(leak_in_rounds);
    const uint32_t round = (uint32_t)told.forecast.v[1];
    assert_string_equal(told.forecast.text, "forgotten");
    assert_true(told.forecast.v[0] >= 700);
    assert_true(round > 50);
    rounds_to_run = round - 1;
    play(leak_in_rounds);
    assert_int_equal(told.exit_status, 0);
    rounds_to_run = round;
    play(leak_in_rounds);
    assert_int_equal(told.exit_status, 99);
    power_off();
}

static void lose_nothing(void)
{
    for (int i = 0; i < 5; i++) {
        thm_hal_free(&board, block(5000, "work"));
        thm_hal_round(&board);
    }
    thm_heap_forecast(&board);
}

static void forecast__is_silent_when_nothing_is_lost(void **state)
{
    (void)state;
    power_on("esp32");
    play(lose_nothing);
    assert_int_equal(told.exit_status, 0);
    assert_int_equal(told.forecast.type, 0);
    power_off();
}

/* ---- the view ---- */

static void use_some(void)
{
    for (uint32_t i = 1; i < 40; i++) {
        void *p = block(i * 50, i % 2 ? "odd" : "even");
        if (i % 3 == 0)
            thm_hal_free(&board, p);
    }
}

static void view__blocks_tile_each_region_and_agree_with_its_figures(void **state)
{
    const struct thm_event *region = NULL;
    uint64_t end = 0, used = 0, holes = 0, regions = 0;
    (void)state;
    run.heap_map = true;
    power_on("esp32");
    play(use_some);
    for (uint32_t i = 0; i < told.events; i++) {
        const struct thm_event *e = &told.event[i];
        if (e->type == THM_EV_HEAP_REGION || e->type == THM_EV_HEAP_OWNER) {
            if (region) {
                assert_int_equal(used, region->v[4]);
                assert_int_equal(holes, region->v[5]);
                regions++;
            }
            region = e->type == THM_EV_HEAP_REGION ? e : NULL;
            end = e->v[0];
            used = holes = 0;
        } else if (e->type == THM_EV_HEAP_BLOCK) {
            assert_true(e->v[0] >= end && e->v[0] + e->v[1] <= region->v[0] + region->v[1]);
            end = e->v[0] + e->v[1];
            *(strcmp(e->text, "free") ? &used : &holes) += 1;
        }
    }
    assert_int_equal(regions, 5);
    power_off();
}

static void view__least_sample_and_peak_are_the_low_water_mark(void **state)
{
    uint64_t least = UINT64_MAX, low_water = 0, peak = 0;
    (void)state;
    power_on("esp32");
    play(use_some);
    for (uint32_t i = 0; i < told.events; i++) {
        const struct thm_event *e = &told.event[i];
        if (e->type == THM_EV_HEAP_USE && e->v[1] < least)
            least = e->v[1];
        low_water = e->type == THM_EV_HEAP ? e->v[2] : low_water;
        peak = e->type == THM_EV_HEAP_PEAK ? e->v[1] : peak;
    }
    assert_int_not_equal(low_water, 0);
    assert_int_equal(least, low_water);
    assert_int_equal(peak, low_water);
    power_off();
}

/* ---- the message ---- */

static void shortage__tells_regions_from_fragmentation(void **state)
{
    static void *p[200];
    char text[160];
    (void)state;
    power_on("esp32");
    assert_null(thm_hal_malloc(&board, 120000, "x"));
    assert_non_null(strstr(board.failure.message, "enough, but in pieces: 4 regions, and no block spans two; diram1"));
    assert_null(thm_hal_malloc(&board, 500000, "x"));
    assert_non_null(strstr(board.failure.message, "a board with more RAM helps"));
    uint32_t n = 0;
    while (n < 200 && (p[n] = thm_hal_malloc(&board, 2000, "piece")))
        n++;
    for (uint32_t i = 0; i < n; i += 2)
        thm_hal_free(&board, p[i]);
    thm_heap_shortage(&board, 4000, text, sizeof text);
    assert_non_null(strstr(text, "alone has"));
    assert_non_null(strstr(text, "free blocks (fragmentation)"));
    power_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check__one_zero_byte_too_far_is_told_with_owner_and_neighbour),
        cmocka_unit_test(check__write_before_a_block_is_noticed),
        cmocka_unit_test(check__write_after_free_is_told_with_the_call_that_freed),
        cmocka_unit_test(check__says_nothing_of_what_the_firmware_may_write),
        cmocka_unit_test(free__twice_is_told_as_that_with_and_without_checks),
        cmocka_unit_test(free__of_no_blocks_address_is_told),
        cmocka_unit_test(realloc__keeps_the_book_right),
        cmocka_unit_test(injection__fails_the_nth_and_only_that),
        cmocka_unit_test(injection__of_a_rate_is_the_same_for_a_seed),
        cmocka_unit_test(forecast__names_the_round_that_fails_when_run_on_to),
        cmocka_unit_test(forecast__is_silent_when_nothing_is_lost),
        cmocka_unit_test(view__blocks_tile_each_region_and_agree_with_its_figures),
        cmocka_unit_test(view__least_sample_and_peak_are_the_low_water_mark),
        cmocka_unit_test(shortage__tells_regions_from_fragmentation),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
