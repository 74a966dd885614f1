/* tests/unit/board/test_boards.c -- the shipped boards against the data sheets, linker scripts and reports of their
 * users: where the memory lies, what an application gets, what happens when there is no more. */
#include "tests/testing.h"
#include <sys/socket.h>
#include <sys/wait.h>
#include "emu/board/board.h"
#include "emu/board/budget.h"

static struct thm_profile *load(const char *name)
{
    struct thm_profile *p;
    char *error = NULL;
    if (thm_profile_load(name, &p, &error) != 0)
        fail_msg("%s", error);
    return p;
}

/* -- where things lie ------------------------------------------------------------------------------------------- */

static const struct {
    const char *board, *bank;
    uint32_t base, size;
} banks[] = {
    /* PaulStoffregen/cores teensy4/imxrt1062.ld; ITCM and DTCM are 512 KB together */
    { "teensy40", "itcm", 0x00000000, 128 << 10 },
    { "teensy40", "dtcm", 0x20000000, 384 << 10 },
    { "teensy40", "ocram", 0x20200000, 512 << 10 },
    /* stm32duino ldscript.ld */
    { "nucleo-h743zi", "itcm", 0x00000000, 64 << 10 },
    { "nucleo-h743zi", "dtcm", 0x20000000, 128 << 10 },
    { "nucleo-h743zi", "axi", 0x24000000, 512 << 10 },
    { "nucleo-h743zi", "sram1", 0x30000000, 128 << 10 },
    { "nucleo-h743zi", "sram2", 0x30020000, 128 << 10 },
    { "nucleo-h743zi", "sram3", 0x30040000, 32 << 10 },
    { "nucleo-h743zi", "sram4", 0x38000000, 64 << 10 },
    { "nucleo-h743zi", "backup", 0x38800000, 4 << 10 },
    /* ArduinoCore-mbed variants/PORTENTA_H7_M7, GENERIC_STM32H747_M4 */
    { "portenta-h7", "itcm", 0x00000000, 64 << 10 },
    { "portenta-h7", "dtcm", 0x20000000, 128 << 10 },
    { "portenta-h7", "axi", 0x24000000, 512 << 10 },
    { "portenta-h7", "sram_d2", 0x30000000, 288 << 10 },
    { "portenta-h7", "sram_d3", 0x38000000, 64 << 10 },
    { "portenta-h7", "sdram", 0x60000000, 8 << 20 },
    { "portenta-h7-m4", "sram_d2", 0x10000000, 288 << 10 },
    { "portenta-h7-m4", "sram_d3", 0x38000000, 64 << 10 },
    /* ArduinoCore-samd variants/feather_m4 */
    { "feather-m4", "ram", 0x20000000, 192 << 10 },
    /* esp-idf memory.ld.in, memory_layout.c */
    { "esp32", "rtc_fast", 0x3FF80000, 8 << 10 },
    { "esp32", "dram", 0x3FFAE000, 200 << 10 },
    { "esp32", "diram", 0x3FFE0000, 128 << 10 },
    { "esp32", "cache", 0x40070000, 64 << 10 },
    { "esp32", "iram", 0x40080000, 128 << 10 },
    { "esp32", "rtc_slow", 0x50000000, 8 << 10 },
    { "esp32-s3", "cache", 0x40370000, 32 << 10 },
    { "esp32-s3", "diram", 0x3FC88000, 416 << 10 },
    { "esp32-s3", "dram", 0x3FCF0000, 32 << 10 },
    { "esp32-s3", "rtc_fast", 0x600FE000, 8 << 10 },
    /* ArduinoCore-mbed variants/ARDUINO_NANO33BLE */
    { "nano-33-ble", "ram", 0x20000000, 256 << 10 },
    /* pico-sdk memmap_default.ld */
    { "pico", "sram", 0x20000000, 256 << 10 },
    { "pico", "scratch_x", 0x20040000, 4 << 10 },
    { "pico", "scratch_y", 0x20041000, 4 << 10 },
    /* arduino-pico lib/rp2040/memmap_default.ld */
    { "pico-w", "sram", 0x20000000, 256 << 10 },
    { "pico-w", "scratch_x", 0x20040000, 4 << 10 },
    { "pico-w", "scratch_y", 0x20041000, 4 << 10 },
    /* Microsoft: mt3620-memory-available */
    { "mt3620-m4", "tcm", 0x00100000, 192 << 10 },
    { "mt3620-m4", "sysram", 0x22000000, 64 << 10 },
    { "mt3620", "process", 0x01000000, 256 << 10 }, /* the address is chosen */
};

static const struct thm_profile_memory *find_bank(const struct thm_profile *p, const char *name)
{
    for (unsigned i = 0; i < p->memory_count; i++)
        if (strcmp(p->memory[i].name, name) == 0)
            return &p->memory[i];
    return NULL;
}

static void banks__are_those_of_linker_script_and_data_sheet(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof banks / sizeof banks[0]; i++) {
        struct thm_profile *p = load(banks[i].board);
        const struct thm_profile_memory *m = find_bank(p, banks[i].bank);
        if (!m || m->base != banks[i].base || m->size != banks[i].size)
            fail_msg("%s: %s", banks[i].board, banks[i].bank);
        thm_profile_free(p);
    }
}

/* Where the heap ends and the program begins, how large it may be, where the stack begins; 0: not told. */
static const struct {
    const char *board;
    uint32_t heap_end, program_base, program_size, flash, stack_top;
} places[] = {
    { "teensy40", 0x20280000, 0x60000000, 1984 << 10, 2 << 20, 0x20060000 },
    { "nucleo-h743zi", 0x24080000 - 0x400 - 1, 0x08000000, 2 << 20, 2 << 20, 0x24080000 },
    { "portenta-h7", 0x2407FC00, 0x08040000, 786432, 2 << 20, 0 },
    { "portenta-h7-m4", 0x10047C00, 0x08100000, 1048576, 2 << 20, 0 },
    { "feather-m4", 0x20030000, 0x4000, 507904, 512 << 10, 0x20030000 },
    { "nano-33-ble", 0x2003FC00, 0x10000, 983040, 1 << 20, 0 },
    { "pico", 0x20040000, 0x10000000, 2 << 20, 2 << 20, 0x20042000 },
    { "pico-w", 0x20040000, 0x10000000, 0xFF000, 2 << 20, 0x20042000 },
    { "mt3620-m4", 0x22010000, 0x10000000, 1 << 20, 16 << 20, 0 },
    { "esp32", 0, 0, 1310720, 4 << 20, 0 },
};

static void places__of_heap_program_and_stack_are_the_devices(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct thm_profile *p = load(places[i].board);
        const struct thm_profile_heap *h = &p->heaps[p->heaps_count - 1];
        bool right = (!places[i].heap_end || h->base + h->size == places[i].heap_end) &&
                     (!places[i].program_base || p->flash.program_base == places[i].program_base) &&
                     p->flash.program_size == places[i].program_size && p->flash.size == places[i].flash &&
                     (!places[i].stack_top || p->task.stack_top == places[i].stack_top);
        if (!right)
            fail_msg("%s", places[i].board);
        thm_profile_free(p);
    }
}

static const struct {
    const char *board, *allocator, *on_failure, *on_new_failure, *overflow;
    uint32_t stack;
} software[] = {
    { "teensy40", "newlib_dlmalloc", "null", NULL, "mpu", 0 },
    { "nucleo-h743zi", "newlib_nano", "null", NULL, "silent", 0 },
    { "portenta-h7", "newlib_dlmalloc_v2_mbed", "null", "mbed_fatal", "silent", 32768 },
    { "portenta-h7-m4", "newlib_dlmalloc_v2_mbed", "null", "mbed_fatal", "silent", 32768 },
    { "feather-m4", "newlib_nano_v2", "overrun", NULL, "silent", 0 },
    { "esp32", "esp_multi_heap_tlsf_light", "null", "abort", "canary", 8192 },
    { "nano-33-ble", "newlib_dlmalloc_v2_mbed", "null", "mbed_fatal", "silent", 32768 },
    { "pico", "newlib_dlmalloc", "panic", NULL, "silent", 2048 },
    { "pico-w", "newlib_dlmalloc", "null", NULL, "silent", 4096 },
    { "mt3620-m4", "freertos_heap_4", "null", NULL, "silent", 0 },
    { "mt3620", "newlib_dlmalloc", "kill", NULL, "mpu", 0 },
};

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void software__allocator_failure_and_stack_are_the_platforms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof software / sizeof software[0]; i++) {
        struct thm_profile *p = load(software[i].board);
        const struct thm_profile_allocator *a = &p->allocator;
        bool right = same(a->name, software[i].allocator) && same(a->on_failure, software[i].on_failure) &&
                     same(a->on_new_failure, software[i].on_new_failure) &&
                     same(p->task.overflow, software[i].overflow) &&
                     (!software[i].stack || p->task.stack == software[i].stack);
        if (!right)
            fail_msg("%s", software[i].board);
        thm_profile_free(p);
    }
}

/* -- what an application gets ----------------------------------------------------------------------------------- */

static void power_on(struct thm_board *b, struct thm_run *run, const char *name)
{
    *run = (struct thm_run){ .profile = load(name) };
    *b = (struct thm_board){ .run = run, .profile = run->profile, .modem = -1 };
    assert_int_equal(thm_board_map_memory(b), THM_MEM_OK);
    assert_int_equal(thm_board_boot_memory(b), THM_MEM_OK);
}

static void power_off(struct thm_board *b)
{
    thm_board_unmap_memory(b);
    thm_profile_free((struct thm_profile *)(uintptr_t)b->profile);
}

/* The largest single block of a freshly started board, found by trying. */
static uint32_t largest_by_trial(const char *name)
{
    struct thm_run run;
    struct thm_board *b = calloc(1, sizeof *b);
    uint32_t good = 0, bad = 64 << 20;
    assert_non_null(b);
    while (bad - good > 1) {
        const uint32_t n = good + (bad - good) / 2;
        power_on(b, &run, name);
        *(thm_board_alloc(b, n, "trial") ? &good : &bad) = n;
        power_off(b);
    }
    free(b);
    return good;
}

/* By the rules of heaps.md, section 5, from heap sizes: what newlib, heap_4 and ESP-IDF keep for themselves. */
static const struct {
    const char *board;
    uint32_t largest;
} blocks[] = {
    { "nucleo-h743zi", 0x7EBFC - 8 }, /* nano: 8 bytes; the break moves by multiples of 4 */
    { "teensy40", 0x7CF80 - 20 },     /* dlmalloc: 4 bytes, and 16 of top remain */
    { "pico", 0x3E000 - 20 },
    { "pico-w", 0x2FC00 - 20 },
    { "portenta-h7", 0x6E000 - 28 - 8 }, /* v2, up to the last page boundary; 8 for mbed's statistics */
    { "portenta-h7-m4", 0x3C000 - 28 - 8 },
    { "nano-33-ble", 0x34000 - 28 - 8 },
    { "mt3620-m4", 0x10000 - 16 },      /* heap_4: the end marker and a header */
    { "esp32", 110580 },                /* getMaxAllocHeap() of idle Arduino boards */
    { "esp32-s3-psram", 8257536 - 12 }, /* measured on the real allocator, less the poison */
};

static void application__largest_block_is_what_the_allocator_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        const uint32_t found = largest_by_trial(blocks[i].board);
        if (found != blocks[i].largest)
            fail_msg("%s: %u instead of %u", blocks[i].board, found, blocks[i].largest);
    }
}

static struct thm_budget budget(const char *name)
{
    struct thm_budget got;
    struct thm_profile *p = load(name);
    assert_int_equal(thm_profile_budget(p, &got), 0);
    thm_profile_free(p);
    return got;
}

static void budget__says_what_users_report(void **state)
{
    (void)state;
    struct thm_budget b = budget("esp32");
    assert_int_equal(b.boot_largest, 110580);
    assert_int_equal(b.network_largest, 110580);
    assert_true(b.network_free < b.boot_free);
    b = budget("portenta-h7"); /* arduino/ArduinoCore-zephyr issue 272: 439 KB with mbed */
    assert_int_equal(b.boot_largest / 1024, 439);
    b = budget("nano-33-ble"); /* about 210 KB */
    assert_in_range(b.boot_free, 205 << 10, 215 << 10);
    assert_int_equal(b.network_free, 0);
    b = budget("mt3620-m4"); /* heap_4: free figures of a fresh heap of N are N - 8 */
    assert_int_equal(b.boot_free, 0x10000 - 8);
}

static void budget__of_a_runtime_too_large_for_its_heap_is_an_error(void **state)
{
    (void)state;
    struct thm_budget got;
    struct thm_profile *p = load("mt3620-m4");
    struct thm_profile_taken hungry = { .name = "hungry", .bytes = 70000, .count = 1, .when = "boot" };
    struct thm_profile changed = *p;
    changed.taken = &hungry;
    changed.taken_count = 1;
    assert_int_equal(thm_profile_budget(&changed, &got), 10);
    thm_profile_free(p);
}

/* -- what happens without memory -------------------------------------------------------------------------------- */

/* Ask a running board for too much; its exit status, or 100 if it goes on with NULL, 101 with a block. */
static int ask_for_too_much(const char *name, bool by_new, bool polite, char *message, size_t size)
{
    static uint8_t buf[65536];
    const struct thm_msg *m;
    int fds[2], status;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        static struct thm_board b;
        static struct thm_run run;
        power_on(&b, &run, name);
        run.polite_oom = polite;
        b.running = true;
        b.modem = fds[1];
        const uint32_t n = 100 << 20;
        void *p = by_new ? thm_hal_new(&b, n, "too much") : thm_hal_malloc(&b, n, "too much");
        thm_board_die(&b, p ? 101 : 100);
    }
    close(fds[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    *message = '\0';
    const long len = thm_modem_receive(fds[0], buf, sizeof buf, &m);
    const struct thm_event *e = (const struct thm_event *)(m + 1);
    for (long i = 0; i < len / (long)sizeof *e; i++)
        if (e[i].type == THM_EV_FAULT)
            snprintf(message, size, "%s", e[i].text);
    close(fds[0]);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const struct {
    const char *board;
    bool by_new, polite;
    int status;
    const char *words;
} failures[] = {
    { "esp32", false, false, 100, "" },
    { "esp32", true, false, 10, "abort() was called" },
    { "teensy40", true, false, 100, "" },
    { "nucleo-h743zi", false, false, 100, "" },
    { "nano-33-ble", false, false, 100, "" },
    { "nano-33-ble", true, false, 10, "Operator new out of memory" },
    { "nano-33-ble", true, true, 100, "" },
    { "pico", false, false, 10, "*** PANIC *** Out of memory: the board halts" },
    { "pico", true, false, 10, "*** PANIC ***" },
    { "pico", false, true, 100, "" },
    { "pico-w", false, false, 100, "" },
    { "mt3620", false, false, 10, "SIGKILL" },
    { "mt3620-m4", false, false, 100, "" },
};

static void failure__is_the_platforms(void **state)
{
    (void)state;
    char message[400];
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        int status =
            ask_for_too_much(failures[i].board, failures[i].by_new, failures[i].polite, message, sizeof message);
        if (status != failures[i].status || !strstr(message, failures[i].words))
            fail_msg("%s%s: %d, '%s'", failures[i].board, failures[i].by_new ? " by new" : "", status, message);
    }
}

static void failure__does_not_happen_where_the_break_has_no_limit(void **state)
{
    (void)state;
    char message[400];
    if (thm_stack_factor != 1) /* heap and stack do not share their memory in such a build */
        return;
    assert_int_equal(ask_for_too_much("feather-m4", false, false, message, sizeof message), 101);
    assert_int_equal(ask_for_too_much("feather-m4", false, true, message, sizeof message), 100);
}

/* STM32duino's _sbrk compares with the stack pointer of that moment. */
static void failure__comes_where_the_break_would_pass_the_stack_pointer(void **state)
{
    static struct thm_run run;
    static struct thm_board b;
    (void)state;
    power_on(&b, &run, "nucleo-h743zi");
    if (thm_stack_factor == 1) {
        const uint8_t *heap = b.heaps.heap[0].mem;
        thm_board_stack_noted(&b, heap + 10000);
        assert_int_equal(thm_board_alloc(&b, 9996, "up to it"), 0);
        assert_int_not_equal(thm_board_alloc(&b, 9992, "up to it"), 0);
        thm_board_stack_noted(&b, heap + 20000);
        assert_int_not_equal(thm_board_alloc(&b, 9992, "more"), 0);
    }
    power_off(&b);
}

static void stack__lies_where_the_device_has_it(void **state)
{
    static const struct {
        const char *board, *bank;
    } rows[] = { { "pico", "scratch_y" }, { "teensy40", "dtcm" },         { "feather-m4", "ram" },
                 { "esp32", "dram" },     { "nano-33-ble", "ram" },       { "mt3620-m4", "tcm" },
                 { "mt3620", "process" }, { "portenta-h7-m4", "sram_d2" } };
    static struct thm_run run;
    static struct thm_board b;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && thm_stack_factor == 1; i++) {
        power_on(&b, &run, rows[i].board);
        const struct thm_region *r = thm_region_at(b.regions, b.regions_count, b.stack.low, NULL);
        assert_non_null(r);
        assert_string_equal(r->name, rows[i].bank);
        assert_true(b.stack.top <= r->mem + r->size);
        power_off(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(banks__are_those_of_linker_script_and_data_sheet),
        cmocka_unit_test(places__of_heap_program_and_stack_are_the_devices),
        cmocka_unit_test(software__allocator_failure_and_stack_are_the_platforms),
        cmocka_unit_test(application__largest_block_is_what_the_allocator_leaves),
        cmocka_unit_test(budget__says_what_users_report),
        cmocka_unit_test(budget__of_a_runtime_too_large_for_its_heap_is_an_error),
        cmocka_unit_test(failure__is_the_platforms),
        cmocka_unit_test(failure__does_not_happen_where_the_break_has_no_limit),
        cmocka_unit_test(failure__comes_where_the_break_would_pass_the_stack_pointer),
        cmocka_unit_test(stack__lies_where_the_device_has_it),
    };
    return cmocka_run_group_tests_name("boards", tests, NULL, NULL);
}
