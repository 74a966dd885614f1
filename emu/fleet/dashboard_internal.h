/* emu/fleet/dashboard_internal.h -- the parts of the dashboard's process.
 *
 *   dashboard.c           the supervisor's side
 *   dashboard_process.c   the process: looks at the boards some times a second
 *   dashboard_server.c    libmicrohttpd, one thread: what is asked for, and what is refused
 *   dashboard_access.c    addresses, tokens, hosts
 *   dashboard_stream.c    server-sent events to all clients
 *   dashboard_summary.c   figures from the database
 *   dashboard_boards.c    single boards, run again in a process beside */
#pragma once
#include <jansson.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include "emu/fleet/dashboard.h"

struct thm_glance { /* what the supervisor tells of a board; written there, read here */
    _Atomic uint32_t state, device_ms, heap_free, heap_low_water;
};

/* ---- access ---- */

struct thm_dashboard_access {
    int listener;
    uint16_t port;
    char token[80];    /* "": none is needed */
    char url[256];     /* what a user opens */
    char machine[256]; /* this machine's name */
};

/* Opens the address. Result: 0, 2 or 20, *error: one malloc'ed line. */
int thm_dashboard_access_open(struct thm_dashboard_access *a, const char *address, const char *token, char **error);
/* The host that a client has asked for may be an address, localhost or this machine's name: a page from elsewhere whose
 * name has come to mean our address (DNS rebinding) has none of these. NULL: it has asked for none. */
bool thm_dashboard_host_fits(const struct thm_dashboard_access *a, const char *host);
bool thm_dashboard_token_fits(const struct thm_dashboard_access *a, const char *given); /* takes the same time always */

/* ---- the stream ---- */

enum { THM_DASHBOARD_FRAMES = 64 };

struct thm_dashboard_client;

struct thm_dashboard_stream {
    pthread_mutex_t lock; /* of everything here */
    struct thm_dashboard_frame {
        char *text; /* NULL: look at all boards again */
        size_t len;
    } ring[THM_DASHBOARD_FRAMES];
    uint64_t next; /* number of the next frame */
    char *states;  /* a letter a board, '0' + enum thm_fleet_state, as the clients know them */
    uint32_t boards;
    char *summary; /* the last one, as a frame */
    bool ended;    /* nothing more will come */
    struct thm_dashboard_client *clients;
};

bool thm_dashboard_stream_init(struct thm_dashboard_stream *s, uint32_t boards);
/* Add a frame: "event: NAME\ndata: TEXT\n\n". text NULL: all boards are to be looked at again. */
void thm_dashboard_stream_send(struct thm_dashboard_stream *s, const char *event, const char *text);
void thm_dashboard_stream_end(struct thm_dashboard_stream *s);  /* clients may leave when they have everything */
bool thm_dashboard_stream_idle(struct thm_dashboard_stream *s); /* they all have */
/* A response for a new client; *state: its connection's. NULL: out of memory. */
struct MHD_Response *thm_dashboard_stream_join(struct thm_dashboard_stream *s, struct MHD_Connection *c, void **state);
void thm_dashboard_stream_leave(struct thm_dashboard_client *c);

/* ---- figures ---- */

struct thm_dashboard_summary {
    const char *database;
    struct thm_fleet_results *results; /* NULL: not open */
    json_t *figures;                   /* from the database; NULL: none yet */
    uint32_t figures_of;               /* so many boards were done then */
    double next;                       /* when they may be asked for again */
    double begun;
    double interval; /* seconds a sample of the throughput stands for */
    uint32_t sample[240], samples, sampled_ran;
    double sampled;
};

void thm_dashboard_summary_init(struct thm_dashboard_summary *s, const char *database);
void thm_dashboard_summary_close(struct thm_dashboard_summary *s); /* the database */
/* counts[state]. final: ask the database whatever that costs. malloc'ed JSON; NULL: out of memory. */
char *thm_dashboard_summary(struct thm_dashboard_summary *s, const uint32_t *counts, int end, bool final);

/* ---- single boards ---- */

struct thm_dashboard_request { /* a client that waits for a board */
    struct thm_dashboard_request *next;
    struct MHD_Connection *connection;
    uint32_t id;
    bool done;
    char *text; /* HTML; NULL when done: it could not be had */
    size_t len;
};

struct thm_dashboard_boards {
    pthread_mutex_t lock;
    int line;                              /* to the process beside */
    int wake;                              /* eventfd: there is a new request */
    struct thm_dashboard_request *waiting; /* oldest first; the first is under way if `asked` */
    bool asked;
    uint32_t head; /* bytes that the answer has, 0: not told yet */
    size_t head_got;
    char *text;
    size_t got;
};

struct thm_dashboard;
bool thm_dashboard_boards_start(struct thm_dashboard *d); /* call before there are threads */
/* The connection is suspended until there is an answer. NULL: too many wait, or out of memory. */
struct thm_dashboard_request *thm_dashboard_boards_ask(struct thm_dashboard_boards *b, struct MHD_Connection *c,
                                                       uint32_t id);
void thm_dashboard_boards_work(struct thm_dashboard_boards *b); /* line or wake is readable */
void thm_dashboard_request_free(struct thm_dashboard_request *r);

/* ---- the server ---- */

struct thm_dashboard {
    const struct thm_fleet_dashboard_options *o;
    struct thm_dashboard_access access;
    struct thm_glance *glance; /* one a board */
    uint32_t boards;
    int line; /* to the supervisor */
    struct thm_dashboard_stream stream;
    struct thm_dashboard_summary summary;
    struct thm_dashboard_boards replays;
    char *run; /* what does not change, JSON */
};

bool thm_dashboard_serve(struct thm_dashboard *d); /* starts the thread; false: it could not */

/* ---- the process ---- */

/* Told over the line: one byte, enum thm_fleet_dashboard_end; answered by one when clients know. */
void thm_dashboard_process(struct thm_dashboard *d) __attribute__((noreturn));

extern const char thm_dashboard_html[], thm_dashboard_css[], thm_dashboard_js[];
