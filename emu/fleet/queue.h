/* emu/fleet/queue.h -- which board is next: wave by wave, by number in a wave.
 *
 * A rollout that may be stopped waits for the end of a wave before the next begins, so that the decision depends on
 * results alone and not on how many boards are under way at once. */
#pragma once
#include "emu/fleet/plan.h"

struct thm_fleet_queue { /* read-only for users */
    const struct thm_fleet *fleet;
    uint32_t *ids;       /* what is to do, by wave; those in no wave last */
    uint32_t *first;     /* of each wave, and one more for the end of the last; then the untouched */
    uint32_t *next;      /* of each */
    uint32_t *ran, *bad; /* boards of each wave that have run, and failed */
    uint32_t *again;     /* ids to be started again */
    uint32_t again_count, waves, wave;
    bool stopped;
};

/* done[id]: as thm_fleet_results_done() says. shards 0: all. false: out of memory. */
bool thm_fleet_queue_init(struct thm_fleet_queue *q, const struct thm_fleet *f, const uint8_t *done, uint32_t shard,
                          uint32_t shards);
void thm_fleet_queue_free(struct thm_fleet_queue *q);
/* The next board that may be started. false: none for now. After a stop: the next that is withheld, of any wave. */
bool thm_fleet_queue_next(struct thm_fleet_queue *q, uint32_t *id);
bool thm_fleet_queue_untouched(struct thm_fleet_queue *q, uint32_t *id);
void thm_fleet_queue_again(struct thm_fleet_queue *q, uint32_t id); /* it could not be started */
void thm_fleet_queue_ended(struct thm_fleet_queue *q, uint32_t wave, bool failed);
bool thm_fleet_queue_open(const struct thm_fleet_queue *q); /* thm_fleet_queue_next() has one */
/* The wave is over and all its boards have ended: go on to the next. false: that was the last. */
bool thm_fleet_queue_advance(struct thm_fleet_queue *q);
bool thm_fleet_queue_stops(struct thm_fleet_queue *q); /* the wave before this had too many failures */
