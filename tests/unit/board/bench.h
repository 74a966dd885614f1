/* tests/unit/board/bench.h -- a board's memory without its process: power on, try, power off. */
#pragma once
#include "tests/testing.h"
#include <sys/socket.h>
#include <sys/wait.h>
#include "emu/board/board.h"
#include "emu/board/memcheck.h"

static struct thm_run run; /* what a test sets here before power_on() stays */
static struct thm_board board;

static void power_on(const char *name)
{
    struct thm_profile *p;
    char *error = NULL;
    assert_int_equal(thm_profile_load(name, &p, &error), 0);
    run.profile = p;
    board = (struct thm_board){ .run = &run, .profile = p, .modem = -1 };
    assert_int_equal(thm_board_map_memory(&board), THM_MEM_OK);
    assert_int_equal(thm_board_boot_memory(&board), THM_MEM_OK);
}

static void power_off(void)
{
    for (uint32_t i = 0; i < board.book.ledger.count; i++) {
        const struct thm_ledger_block *k = &board.book.ledger.block[i];
        if (!board.book.ledger.owner[k->owner].runtime)
            THM_MEMCHECK_FREED(thm_heaps_host(&board.heaps, k->address));
    }
    thm_board_unmap_memory(&board);
    thm_profile_free((struct thm_profile *)(uintptr_t)run.profile);
    run = (struct thm_run){ 0 };
}

/* For tests that write where no firmware may: memcheck would complain, and rightly. */
static inline void skip_on_valgrind(void)
{
    if (RUNNING_ON_VALGRIND)
        skip();
}
