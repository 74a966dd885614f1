/* tests/unit/board/test_memory.c -- what an application finds free on each board, against figures of real ones. */
#include "tests/unit/board/bench.h"

static struct thm_heap_stats heap(uint32_t caps)
{
    struct thm_heap_stats st;
    THM_MEMCHECK_PAUSE();
    thm_heaps_stats(&board.heaps, caps, &st);
    THM_MEMCHECK_RESUME();
    return st;
}

/* ESP.getFreeHeap() and getMaxAllocHeap() of an Arduino board: boards.md, "Heap over time". */
static void esp32__heap_is_that_of_an_arduino_board(void **state)
{
    (void)state;
    power_on("esp32");
    assert_int_equal(heap(THM_CAP_INTERNAL).free, 279836);
    assert_int_equal(heap(THM_CAP_DEFAULT).largest, 110580);
    assert_true(thm_board_take(&board, "network"));
    assert_int_equal(heap(THM_CAP_INTERNAL).free, 214276);
    assert_int_equal(heap(THM_CAP_DEFAULT).largest, 110580);
    power_off();
}

static void psram__large_blocks_come_from_it_and_small_ones_do_not(void **state)
{
    (void)state;
    power_on("esp32-s3-psram");
    uint32_t small = thm_board_alloc(&board, 1000, "small"), large = thm_board_alloc(&board, 1000000, "large");
    assert_true(small >= 0x3FC88000 && small < 0x40000000);
    assert_true(large >= 0x3C000000 && large < 0x3E000000);
    power_off();
}

static void malloc__failing_names_need_and_largest_block(void **state)
{
    (void)state;
    power_on("esp32");
    assert_null(thm_hal_malloc(&board, 200000, "too large"));
    assert_int_equal(board.failure.exit_status, 10);
    assert_int_equal(board.failure.need, 200000);
    assert_int_equal(board.failure.largest, 110580);
    assert_non_null(strstr(board.failure.message, "too large: malloc(200000) failed"));
    power_off();
}

static void malloc__gives_sram_that_a_device_address_names(void **state)
{
    (void)state;
    power_on("esp32");
    uint8_t *p = thm_hal_memalign(&board, 16, 100, "aligned");
    uint32_t address = thm_board_address(&board, p);
    assert_int_equal(address % 16, 0);
    assert_true(address >= 0x3FFAE000 && address < 0x40000000);
    thm_hal_free(&board, p);
    thm_hal_free(&board, NULL);
    power_off();
}

static void boot__memory_that_the_runtime_cannot_have_is_a_failure(void **state)
{
    (void)state;
    power_on("esp32");
    struct thm_profile_taken too_much = { .name = "too much", .bytes = 300000, .count = 1, .when = "late" };
    struct thm_profile hungry = *run.profile;
    hungry.taken = &too_much;
    hungry.taken_count = 1;
    board.profile = &hungry;
    assert_false(thm_board_take(&board, "late"));
    assert_int_equal(board.failure.need, 300000);
    power_off();
}

static void malloc__in_a_damaged_heap_is_a_fault_and_not_out_of_memory(void **state)
{
    int status;
    (void)state;
    skip_on_valgrind();
    power_on("esp32");
    pid_t pid = fork();
    if (pid == 0) {
        for (uint32_t i = 0; i < board.heaps.n; i++) /* everything behind the first kilobyte of each heap is overrun */
            memset(board.heaps.heap[i].mem + 1024, 0x41, board.heaps.heap[i].size - 1024);
        for (int i = 0; i < 1000; i++)
            (void)thm_hal_malloc(&board, 500, "in a damaged heap");
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 12);
    power_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(esp32__heap_is_that_of_an_arduino_board),
        cmocka_unit_test(psram__large_blocks_come_from_it_and_small_ones_do_not),
        cmocka_unit_test(malloc__failing_names_need_and_largest_block),
        cmocka_unit_test(malloc__gives_sram_that_a_device_address_names),
        cmocka_unit_test(boot__memory_that_the_runtime_cannot_have_is_a_failure),
        cmocka_unit_test(malloc__in_a_damaged_heap_is_a_fault_and_not_out_of_memory),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
