/* emu/firmware/bundle_board.h -- signed bundles on a board: its key, its class, its memory. */
#pragma once
#include "emu/firmware/bundle.h"

struct thm_board;

/* What the board takes: bundles of the key of the run, for its class, of this security counter or a higher one, that
 * fit into its arena (or heap) and into so many bytes of flash (0: nobody asks). */
struct thm_bundle_policy thm_bundle_policy_of(struct thm_board *b, uint32_t counter, uint32_t flash);
/* Keep b's error as the board's failure. */
void thm_bundle_refused(struct thm_board *b, const struct thm_bundle *bundle, const struct thm_bundle_policy *p);
/* Is that head's manifest signed by the key? */
bool thm_bundle_is_signed(struct thm_board *b, const uint8_t *head);
