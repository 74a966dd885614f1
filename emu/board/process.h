/* emu/board/process.h -- the life of a board process, from the fork to its end. */
#pragma once
#include <stdint.h>
#include "emu/board/run.h"
#include "emu/board/chips.h"

/* In the process that boards are forked from: make what each would make for itself. */
void thm_board_prepare(void);
/* Called in the child. modem: its end of the socket pair. chips: their cells, mapped by the supervisor. */
void thm_board_process(const struct thm_run *run, int modem, const struct thm_chips *chips) __attribute__((noreturn));
