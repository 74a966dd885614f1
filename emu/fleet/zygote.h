/* emu/fleet/zygote.h -- the process that board processes are forked from.
 *
 * It has everything of the kit and nothing of the supervisor's, so a fork copies little. The supervisor orders boards
 * over a socket and is told of their ends. It ends, and all boards with it, when the supervisor closes that or dies. */
#pragma once
#include <sys/types.h>
#include "emu/fleet/kit.h"

struct thm_zygote {
    pid_t pid;
    int line; /* SOCK_SEQPACKET; readable: thm_zygote_read() */
};

struct thm_zygote_report { /* of one board that has ended, or that could not be started */
    uint32_t slot;
    int error; /* errno of its start; 0: it has ended */
    int wait_status;
    uint64_t user_us, system_us, rss_bytes;
};

/* Result: 0, or -1 with errno. slots: boards that can be under way at once. */
int thm_zygote_start(struct thm_zygote *z, const struct thm_fleet_kit *k, uint32_t slots);
/* Start board `id`, whose modem's end this is; the caller still closes its own copy. Result: 0, or -1 with errno
 * (EAGAIN: later). */
int thm_zygote_order(const struct thm_zygote *z, uint32_t slot, uint32_t id, int modem);
int thm_zygote_kill(const struct thm_zygote *z, uint32_t slot);
/* Does not wait. Result: 1: *out is filled; 0: none there; -1: the zygote has ended. */
int thm_zygote_read(const struct thm_zygote *z, struct thm_zygote_report *out);
void thm_zygote_stop(struct thm_zygote *z, uint64_t *cpu_us); /* cpu_us: its own, without the boards'; may be NULL */
