#include "emu/board/budget.h"
#include <stdlib.h>
#include "emu/board/board.h"

static void measure(const struct thm_board *b, uint32_t *free_bytes, uint32_t *largest)
{
    struct thm_heap_stats st;
    thm_board_heap(b, &st);
    *free_bytes = st.free;
    *largest = st.largest;
}

int thm_profile_budget(const struct thm_profile *p, struct thm_budget *out)
{
    const struct thm_run run = { .profile = p };
    struct thm_board *b = calloc(1, sizeof *b);
    *out = (struct thm_budget){ 0 };
    if (!b)
        return 20;
    *b = (struct thm_board){ .run = &run, .profile = p, .modem = -1 };
    enum thm_mem_err err = thm_board_map_memory(b);
    if (!err)
        err = thm_board_boot_memory(b);
    if (!err)
        measure(b, &out->boot_free, &out->boot_largest);
    if (!err && p->network.link && thm_board_take(b, "network"))
        measure(b, &out->network_free, &out->network_largest);
    thm_board_unmap_memory(b);
    free(b);
    return thm_mem_exit_status(err);
}
