#include "emu/firmware/bundle_board.h"
#include <stdarg.h>
#include "emu/board/hal.h"
#include "emu/board/run.h"

static bool verify(void *board, const struct thm_public_key *key, const uint8_t *manifest, const uint8_t *signature)
{
    return thm_hal_key_verifies(board, key, manifest, THM_BUNDLE_MANIFEST, signature);
}

bool thm_bundle_is_signed(struct thm_board *b, const uint8_t *head)
{
    return verify(b, thm_hal_trusted_key(b), head, head + THM_BUNDLE_MANIFEST);
}

/* The arena that the firmware was built with, or else all of its heap. */
static uint32_t arena_of(struct thm_board *b)
{
    struct thm_heap_stats st;
    uint32_t low_water;
    thm_hal_heap(b, 0, &st, &low_water);
    return thm_hal_run(b)->arena ? thm_hal_run(b)->arena : st.free + st.allocated;
}

struct thm_bundle_policy thm_bundle_policy_of(struct thm_board *b, uint32_t counter, uint32_t flash)
{
    const struct thm_run *run = thm_hal_run(b);
    return (struct thm_bundle_policy){ .key = thm_hal_trusted_key(b),
                                       .board = run->board_class ? run->board_class : thm_hal_board_name(b),
                                       .counter = counter,
                                       .arena = arena_of(b),
                                       .flash = flash,
                                       .verify = verify,
                                       .ctx = b };
}

static void say(void *ctx, const char *fmt, ...)
{
    static char text[200]; /* .bss on a device, and not on its stack */
    struct thm_board *b = ctx;
    va_list args;
    va_start(args, fmt);
    (void)thm_hal_vformat(b, text, sizeof text, fmt, args);
    va_end(args);
    thm_hal_failure(b, 15, 0, 0, 0, "%s", text);
}

void thm_bundle_refused(struct thm_board *b, const struct thm_bundle *bundle, const struct thm_bundle_policy *p)
{
    thm_bundle_tell(bundle, p, say, b);
}
