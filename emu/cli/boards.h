/* emu/cli/boards.h -- the parts of `thimble boards`. All print to stdout; results are exit statuses. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/budget.h"
#include "emu/board/profile.h"

struct thm_board_figures {           /* sums over a profile, bytes */
    uint64_t ram, heap, heap_malloc; /* all banks; all heap regions; those that malloc can return */
    uint64_t boot, network;          /* taken, as asked of the allocator, without its overhead */
    unsigned heaps_malloc, boot_blocks, network_blocks;
};
void thm_board_figures(const struct thm_profile *p, struct thm_board_figures *out);

/* Memory map, flash map, figures. An impossible budget is an error, already reported. */
int thm_boards_draw(const struct thm_profile *p);
int thm_boards_json_list(struct thm_profile *const *boards, size_t n);
int thm_boards_json(const struct thm_profile *p);
int thm_board_budget(const struct thm_profile *p, struct thm_budget *out); /* result 0, or reported */
int thm_links_list(bool json);                                             /* the links instead of the boards */
