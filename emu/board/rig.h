/* emu/board/rig.h -- a board without a supervisor that is switched on again and again, each time with another
 * content of its storage.
 *
 * The process that makes one is a board from then on: faults end it, and after thm_rig_close_off() it can only compute.
 * There is no network; what is not detail goes to the modem if there is one. */
#pragma once
#include "emu/board/run.h"
#include "fsimages/media/medium.h"

struct thm_board;
struct thm_rig;

enum { THM_RIG_SECONDS = 5 }; /* of processor time for one boot; then SIGVTALRM ends the process */

/* modem: a socket as thm_board_process() has; -1: none. Result: NULL: the PC has no memory. */
struct thm_rig *thm_rig_create(const struct thm_run *run, int modem);
int thm_rig_close_off(uint64_t mapped); /* the sandbox; mapped: bytes of address space taken. 0, or -1 with errno */

/* Power on: empty RAM, the runtime's start, then app(b, arg) on the task's stack. medium: of the run's
 * storage; lent until the next call. The board has no other.
 * Result: app's. */
int thm_rig_boot(struct thm_rig *r, struct thm_medium *medium, int (*app)(struct thm_board *b, void *arg), void *arg);
/* Every file on the run's storage as a log event with this tag: "NAME, BYTES bytes". The mount may write.
 */
#define THM_RIG_LISTING "listing"
void thm_rig_list(struct thm_rig *r, struct thm_medium *medium);
const char *thm_rig_message(const struct thm_rig *r); /* the last boot's failure; "" */
/* The last boot's events are sent, and the process ends. */
void thm_rig_end(struct thm_rig *r, int exit_status) __attribute__((noreturn));
