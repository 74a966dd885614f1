/* emu/board/session.h -- a supervisor's side of one board process: its network, and what it tells.
 *
 * Whoever drives it (run.c for one board, emu/fleet for many) waits for the modem and calls thm_session_serve(). */
#pragma once
#include <sys/types.h>
#include "emu/board/run.h"
#include "netlink/fetch.h"
#include "netlink/shaper.h"

enum { THM_SESSION_MESSAGE_MAX = 65536 }; /* above THM_EVENT_BATCH events and THM_MODEM_CHUNK_MAX bytes, with heads */

enum thm_session_item { THM_ITEM_EVENT, THM_ITEM_OUTPUT };

struct thm_session {
    const struct thm_run *run; /* lent */
    struct thm_net *net;       /* lent; NULL: the run has an answer */
    int modem;                 /* -1: closed */
    /* Everything that the board tells, checked; data: a struct thm_event, or a struct thm_msg_output and its bytes. */
    void (*item)(void *ctx, enum thm_session_item kind, const void *data, size_t len);
    void *ctx;

    struct thm_run_result result;
    uint64_t told_ns; /* the clock in its last event */
    bool exited;      /* the board has said its exit status */

    /* private: the transfer under way */
    struct thm_fetch *fetch; /* NULL: none from the network */
    struct thm_canned canned;
    struct thm_shaper shaper; /* between these and the board, if something is to go wrong */
    uint64_t requests;
    char *ca; /* what the board trusts; NULL: it has told nothing */
    uint32_t ca_bytes;
    uint32_t credit; /* DATA messages that may still be sent */
    bool paused;     /* the fetch waits for credit */
    uint64_t got;
    int64_t expected;
};

/* One message from the board. buf: of THM_SESSION_MESSAGE_MAX bytes. false: the board has closed its end. */
bool thm_session_serve(struct thm_session *s, uint8_t *buf);
/* An event of the board's makes its result: exit status, message. */
void thm_session_note(struct thm_session *s, const struct thm_event *e);
void thm_session_output(const struct thm_run *run, const uint8_t *data, size_t len); /* to the run's reader */
void thm_session_host_failure(struct thm_session *s, const char *what);              /* the PC's, with errno */
/* The process has ended with this wait status: a result for a board that did not tell its own. */
void thm_session_ended(struct thm_session *s, int wait_status);
/* The modem, and what is under way for it. Fine twice. */
void thm_session_close(struct thm_session *s);
