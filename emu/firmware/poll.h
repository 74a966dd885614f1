/* emu/firmware/poll.h -- a board asks its server now and then whether there is an update.
 *
 * It asks when it is switched on, and whenever its own clock shows a multiple of the interval. The first request that
 * finds nothing new is a real one (If-None-Match: *, which a server answers with 304 as it does a board that has the
 * newest); the others are that exchange again on the link, with times, losses and outages of their own
 * (thm_hal_https_repeat()). A real one that gets no answer is made again the next time. In between the board sleeps.
 *
 * Each poll is an event `poll`; the one that is answered with the update is told by `polled`, with what they took. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/hal.h"

struct thm_poll_policy {         /* times are device time since power-on */
    bool on;                     /* false: the update is got at once, and nothing is told of polls */
    const char *url;             /* what is asked; NULL: the update's own */
    uint64_t first_ns, every_ns; /* the second request and all further ones; every_ns 0: there is only the first */
    uint64_t offered_ns;         /* from then on there is an update */
    uint32_t tries;              /* to get it, each at another poll; 0 is 1 */
};

struct thm_poll { /* in static data on a device */
    struct thm_board *b;
    const struct thm_poll_policy *policy;
    const char *url;
    uint32_t chunk, tries;      /* tries: made so far */
    bool knows_answer;          /* of the server's to a poll that finds nothing */
    uint64_t polls, unanswered; /* unanswered: those that came to nothing */
    struct thm_hal_air air;     /* of those that found nothing */
};

/* url: of the update; chunk: bytes of an answer at a time. */
void thm_poll_init(struct thm_poll *p, struct thm_board *b, const struct thm_poll_policy *policy, const char *url,
                   uint32_t chunk);
/* Asks and sleeps until the update is offered: ask for it now. */
void thm_poll_until_offered(struct thm_poll *p);
/* Getting it has failed of the network: forgets why and sleeps until the next poll. false: not again; it is told why
 * by the failure. */
bool thm_poll_again(struct thm_poll *p);
