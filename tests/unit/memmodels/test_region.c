/* Device memory at the device's addresses, with something inaccessible behind it. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "memmodels/region.h"
#include "tests/testing.h"

#define LEN(a) (uint32_t)(sizeof(a) / sizeof *(a))

/* How touching one byte ends in a child process: 0, or the signal. */
static int touch(volatile uint8_t *p)
{
    const pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL); /* a sanitizer would report it otherwise */
        signal(SIGBUS, SIG_DFL);
        *p = 1;
        _exit(0);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void map__gives_zeroed_memory_at_the_device_address_or_below_4_gib(void **state)
{
    struct thm_region r[] = { { .name = "RAM", .base = 0x20000000, .size = 0x30000 } };
    (void)state;
    assert_int_equal(thm_regions_map(r, LEN(r)), THM_MEM_OK);
    assert_true((uintptr_t)r[0].mem + r[0].size <= 1ull << 32);
    assert_int_equal(r[0].at_device_address, (uintptr_t)r[0].mem == r[0].base);
    for (uint32_t i = 0; i < r[0].size; i += 1000)
        assert_int_equal(r[0].mem[i], 0);
    r[0].mem[0] = r[0].mem[r[0].size - 1] = 0xAA;
    thm_regions_unmap(r, LEN(r));
    assert_null(r[0].mem);
    thm_regions_unmap(r, LEN(r));
}

static void map__leaves_nothing_accessible_behind_the_region(void **state)
{
    struct thm_region r[] = { { .name = "RAM", .base = 0x24000000, .size = 0x10000 } };
    bool past_end = false;
    (void)state;
    assert_int_equal(thm_regions_map(r, LEN(r)), THM_MEM_OK);
    assert_int_equal(touch(r[0].mem + r[0].size - 1), 0);
    assert_int_equal(touch(r[0].mem + r[0].size), SIGSEGV);
    assert_ptr_equal(thm_region_at(r, LEN(r), r[0].mem + r[0].size, &past_end), &r[0]);
    assert_true(past_end);
    assert_ptr_equal(thm_region_at(r, LEN(r), r[0].mem + r[0].size - 1, &past_end), &r[0]);
    assert_false(past_end);
    assert_null(thm_region_at(r, LEN(r), r[0].mem - 1, NULL));
    assert_null(thm_region_at(r, LEN(r), &r, NULL));
    thm_regions_unmap(r, LEN(r));
}

/* The heap regions of an ESP32: neither beginning nor ending on pages, some in one page. */
static void map__keeps_adjacent_and_close_regions_apart_as_on_the_chip(void **state)
{
    struct thm_region r[] = {
        { .name = "diram2", .base = 0x3FFE4350, .size = 113840 },
        { .name = "dram", .base = 0x3FFAE6E0, .size = 6432 },
        { .name = "data", .base = 0x3FFB0000, .size = 0x2EC8 },
        { .name = "heap", .base = 0x3FFB2EC8, .size = 184632 - 8 },
        { .name = "diram1", .base = 0x3FFE0440, .size = 15072 },
    };
    bool past_end = false;
    (void)state;
    assert_int_equal(thm_regions_map(r, LEN(r)), THM_MEM_OK);
    for (uint32_t i = 0; i < LEN(r); i++) {
        memset(r[i].mem, (int)i, r[i].size);
        assert_int_equal(r[i].mem - r[0].mem, (int64_t)r[i].base - r[0].base);
    }
    for (uint32_t i = 0; i < LEN(r); i++) {
        assert_ptr_equal(thm_region_at(r, LEN(r), r[i].mem, &past_end), &r[i]);
        assert_false(past_end);
        assert_int_equal(r[i].mem[0], i);
        assert_int_equal(r[i].mem[r[i].size - 1], i);
    }
    assert_ptr_equal(thm_region_at(r, LEN(r), r[3].mem + r[3].size, &past_end), &r[3]); /* the hole behind */
    assert_true(past_end);
    assert_int_equal(touch(r[0].mem + r[0].size), SIGSEGV);
    thm_regions_unmap(r, LEN(r));
}

static void map__moves_a_set_whose_addresses_are_taken(void **state)
{
    struct thm_region r[] = {
        { .name = "a", .base = 0x60010800, .size = 0x800 },
        { .name = "b", .base = 0x60011000, .size = 0x1000 },
        { .name = "far", .base = 0x60020000, .size = 0x1000 },
    };
    (void)state;
    void *taken = mmap((void *)0x60011000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (taken != (void *)0x60011000)
        skip();
    assert_int_equal(thm_regions_map(r, LEN(r)), THM_MEM_OK);
    assert_false(r[0].at_device_address);
    assert_false(r[1].at_device_address);
    assert_ptr_equal(r[1].mem, r[0].mem + r[0].size);
    assert_int_equal((uintptr_t)r[0].mem % 0x100000, 0x10800);
    assert_int_equal(touch(r[1].mem + r[1].size), SIGSEGV);
    assert_int_equal(*(uint8_t *)taken, 0); /* and still ours */
    r[0].mem[0] = 1;
    thm_regions_unmap(r, LEN(r));
    munmap(taken, 4096);
}

static void map__of_address_zero_moves(void **state)
{
    struct thm_region r[] = { { .name = "ITCM", .base = 0, .size = 0x10000 } };
    (void)state;
    assert_int_equal(thm_regions_map(r, LEN(r)), THM_MEM_OK);
    assert_false(r[0].at_device_address);
    r[0].mem[0xFFFF] = 1;
    thm_regions_unmap(r, LEN(r));
}

static void map__refuses_overlaps_empty_regions_and_those_past_4_gib(void **state)
{
    struct thm_region overlap[] = { { .base = 0x20000000, .size = 0x1000 }, { .base = 0x20000FFF, .size = 1 } };
    struct thm_region empty[] = { { .base = 0x20000000, .size = 0 } };
    struct thm_region past[] = { { .base = 0xFFFFF000, .size = 0x1001 } };
    (void)state;
    assert_int_equal(thm_regions_map(overlap, 2), THM_MEM_EINVAL);
    assert_null(overlap[0].mem);
    assert_int_equal(thm_regions_map(empty, 1), THM_MEM_EINVAL);
    assert_int_equal(thm_regions_map(past, 1), THM_MEM_EINVAL);
    thm_regions_unmap(overlap, 2);
}

static void map__that_the_pc_cannot_serve_leaves_nothing(void **state)
{
    struct thm_region r[] = { { .base = 0x20000000, .size = 0x1000 }, { .base = 0x30000000, .size = 0xCFFFF000 } };
    (void)state;
    void *taken = mmap((void *)0x50000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (taken != (void *)0x50000000)
        skip();
    assert_int_equal(thm_regions_map(r, LEN(r)), THM_MEM_EHOST);
    assert_null(r[0].mem);
    assert_null(r[1].mem);
    munmap(taken, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map__gives_zeroed_memory_at_the_device_address_or_below_4_gib),
        cmocka_unit_test(map__leaves_nothing_accessible_behind_the_region),
        cmocka_unit_test(map__keeps_adjacent_and_close_regions_apart_as_on_the_chip),
        cmocka_unit_test(map__moves_a_set_whose_addresses_are_taken),
        cmocka_unit_test(map__of_address_zero_moves),
        cmocka_unit_test(map__refuses_overlaps_empty_regions_and_those_past_4_gib),
        cmocka_unit_test(map__that_the_pc_cannot_serve_leaves_nothing),
    };
    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
