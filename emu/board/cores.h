/* emu/board/cores.h -- what the cores of one board share: their clocks and the mailbox between them.
 *
 * Each core is a process with a clock of its own, and computes as fast as the PC lets it. Only here do they meet, by
 * one rule: mailbox calls take place in the order of (device time, number of the core). A core that calls at time t
 * waits until every other core's clock is past t, or waits itself for a later one. So what a call finds (a message or
 * none, room or none) depends on device time alone, never on the PC's scheduling. A message sent at t can be received
 * from t + latency on; receiving sets the receiver's clock to that time if it was earlier. Star-shaped: core 0, the
 * main one, has two rings with every other core.
 *
 * The order is that of conservative parallel simulation (Chandy, Misra, CACM 24(4), 1981), with every waiting core's
 * next event as its bound. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/ring.h"

#define THM_CORES_MAX 8

struct thm_cores; /* shared memory; mapped before the processes fork */

struct thm_cores_config {
    uint32_t cores;                   /* with the main one */
    uint32_t message_max, ring_bytes; /* of a message; of one ring, as in ring.h */
    uint64_t latency_ns;
};

struct thm_cores *thm_cores_create(const struct thm_cores_config *c); /* NULL: the PC is out of memory */
void thm_cores_destroy(struct thm_cores *c);

/* A core's clock stands at now. */
void thm_cores_passed(struct thm_cores *c, uint32_t core, uint64_t now_ns);
/* By the supervisor: the core's process has ended, at end_ns of its clock (UINT64_MAX: not known, as far as it came).
 */
void thm_cores_ended(struct thm_cores *c, uint32_t core, uint64_t end_ns);
bool thm_cores_over(struct thm_cores *c, uint32_t core, uint64_t now_ns); /* the main core ended before now */

struct thm_cores_wait {   /* a call's time */
    uint64_t now_ns;      /* in: when it is made; out: when it is done */
    uint64_t deadline_ns; /* receive: give up then; UINT64_MAX: never */
    bool stuck;           /* out: all cores wait for a message, none will come */
};

/* Results: ring.h's; send: 0. */
int32_t thm_cores_send(struct thm_cores *c, uint32_t from, uint32_t to, struct thm_cores_wait *w, const void *data,
                       uint32_t len);
/* The earliest message for this core. data: message_max bytes. EMPTY: the deadline has come. */
int32_t thm_cores_receive(struct thm_cores *c, uint32_t core, struct thm_cores_wait *w, uint32_t *from, void *data,
                          uint32_t room);
uint32_t thm_cores_message_max(const struct thm_cores *c);
bool thm_cores_is_running(const struct thm_cores *c, uint32_t core);
