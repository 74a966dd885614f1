/* emu/board/run.h -- run one board: the supervisor's side.
 *
 * thm_run() forks the board process, is its network, and hands every event and output to the caller's readers. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "emu/board/event.h"
#include "emu/board/media.h"
#include "emu/board/modem.h"
#include "emu/board/profile.h"
#include "emu/firmware/download.h"
#include "emu/firmware/poll.h"
#include "emu/firmware/telemetry.h"
#include "interpreter/kernel_library.h"
#include "emu/board/trust.h"
#include "netlink/canned.h"
#include "netlink/net_faults.h"

struct thm_run_input { /* one model input's frames, one after another */
    const uint8_t *data;
    size_t len;
};

struct thm_chips;
struct thm_cores;

struct thm_run_setting {
    const char *key, *value;
};

enum thm_clock {                  /* what time the board takes it to be */
                 THM_CLOCK_PC,    /* the PC's, as with a clock that has been set */
                 THM_CLOCK_SNTP,  /* the same, asked for once the network is up */
                 THM_CLOCK_START, /* clock_s at power-on */
};

struct thm_run_tls {        /* how the board checks a server, and shows itself */
    const char *cert, *key; /* PEM files of the board's own certificate; NULL: it has none */
    uint32_t own_bytes;     /* DER size of both */
    const char *pin;        /* netlink/pin.h; NULL: none */
    enum thm_clock clock;
    int64_t clock_s;
    const char *ca; /* PEM that is put on the storage as network.ca_file before power-on; NULL: it is there */
    uint32_t ca_bytes;
};

struct thm_run_measured { /* a model's smallest arena, found before many boards are forked */
    const uint8_t *model; /* NULL: none */
    uint32_t model_bytes, arena;
};

struct thm_run { /* everything lent */
    const struct thm_profile *profile;
    const struct thm_profile_link *link;
    const char *url; /* of the model, for the built-in firmware; NULL: `model` is part of the program */
    const struct thm_canned_answer *answer; /* what URLs answer, without a network; NULL: there is one */
    const uint8_t *model; /* a model compiled in: it lies in the program's flash and is used there; NULL: none */
    uint32_t model_bytes;
    bool from_storage;     /* the model is `file` on the storage: nothing is fetched */
    const uint8_t *stored; /* and put there before power-on; NULL: it is there already */
    uint32_t stored_bytes;
    const char *weights;         /* for the model: an https URL, or a file on the storage; NULL: none */
    bool weights_stored;         /* the latter, */
    const uint8_t *weights_data; /* put there before power-on; NULL: it is there already */
    uint32_t weights_bytes;
    bool restore;       /* keep the old weights, and go back to them when the update fails */
    const char *cacert; /* PEM file; NULL: the system's */
    uint32_t
        cacert_bytes; /* DER size of the CA certificate that the board keeps in RAM; 0 = none (a bundle in flash) */
    struct thm_run_tls tls;
    const char *storage;                 /* profile's storage name, or "none" */
    const char *file;                    /* name on the board's file system */
    const char *store;                   /* how the model is kept there: a strategy of emu/firmware/store.h */
    const struct thm_public_key *trust;  /* whose signed bundles it takes; NULL: the emulator's own key */
    const char *board_class;             /* that they must be for; NULL: the profile's name */
    const char *state_dir;               /* keeps the flash between runs; NULL: a fresh chip */
    const struct thm_chips *chips;       /* those of the main core, in place of both; NULL: not */
    uint32_t chunk;                      /* bytes the firmware reads at a time */
    struct thm_download_policy download; /* of the built-in firmware; its url and chunk are this one's */
    struct thm_poll_policy poll;         /* likewise */
    struct thm_telemetry_policy telemetry;
    const char *const *operators; /* names of those the firmware registers; NULL: all there are */
    uint32_t operators_count;
    const struct thm_kernel_library *kernels; /* whose memory the arena has room for; NULL: the reference kernels */
    uint32_t static_arena;      /* device address of an arena of that size in .bss; 0: it is a block of the heap */
    uint32_t arena;             /* 0 = the model's minimum */
    uint32_t stack;             /* task stack; 0 = the profile's */
    unsigned timeout_ms;        /* no byte for so long, on the board's clock and on the PC's; 0 = THM_NET_TIMEOUT_MS */
    uint64_t watchdog_ns;       /* resets the board when the firmware does not feed it for so long; 0: none */
    bool realtime;              /* the board's clock goes as the PC's */
    uint16_t connect_port;      /* of loopback, where every URL is asked for, whatever its host and port; 0: its own */
    const char *const *headers; /* of every request, "Name: value", without line ends */
    size_t headers_count;
    uint64_t power_off_ns; /* device time at which the power goes; 0: never */
    bool filled;           /* other files leave only left_bytes of the storage free */
    uint32_t left_bytes;
    const void *packed; /* weights of the model that will run, packed before the fork (pack.h); NULL: none */
    struct thm_run_measured measured; /* with the operators and on the core of this run */
    bool timed;                       /* events tell what the board has taken of the PC's processor */
    unsigned cpu_seconds;             /* of the PC's processor, then the board counts as hung; 0 = the default, 120 */
    /* NULL: the profile's first core, which is the only one */
    const char *core_name, *main_core;
    const struct thm_run *companions; /* further cores: own profile, firmware, readers; no network */
    unsigned companions_count;
    struct thm_cores *cores;                /* set by thm_run(): what the cores share, */
    uint32_t core;                          /* and which of them this is: 0 is the main one */
    const char *firmware;                   /* a user's, absolute path of the .so; NULL: the built-in one */
    const struct thm_run_setting *settings; /* for it */
    unsigned settings_count;
    uint64_t duration_ns;                    /* device time after which the board is switched off; 0 = never */
    bool polite_oom;                         /* a failed allocation gives NULL, whatever the platform does */
    bool trace;                              /* send detail events too */
    bool check_heap;                         /* look for damage at every heap call */
    bool heap_map;                           /* send every block of the heap with its state */
    bool no_invoke;                          /* the built-in firmware ends when the model is ready to run */
    uint32_t rounds;                         /* the firmware's; 0 is 1, and without end for a loop() */
    uint32_t leak;                           /* bytes that are lost in each round (injected) */
    uint32_t fail_nth;                       /* this allocation of the application fails, counted from 1; 0: none */
    uint32_t fail_ppm;                       /* so many of a million fail */
    struct thm_media_faults media_faults;    /* of what the storage is on */
    const struct thm_net_faults *net_faults; /* of the link and the server; NULL: none */
    uint32_t seed;                           /* which allocations, blocks, packets and bits they are */
    const struct thm_run_input *inputs;
    unsigned inputs_count;
    uint32_t frames; /* the sensor has so many, each drawn by the seed from those in inputs; 0: those, in order */

    /* readers; any may be NULL */
    void *ctx;
    void (*event)(void *ctx, const struct thm_event *ev);
    void (*output)(void *ctx, const struct thm_msg_output *o, const uint8_t *data, uint32_t len);
    void (*progress)(void *ctx, uint64_t got, int64_t expected); /* of the body */
};

struct thm_run_result {
    int exit_status;   /* of the command line: 0, 10..17 the board's, 20 the PC's */
    char message[352]; /* "" if 0; one line otherwise */
    uint64_t peak_rss; /* bytes the board process had resident at most */
};

/* What the command line leaves open: the profile's first storage, or "none"; the model's name there; the chunk; the
 * time-out, which is the larger of the board's and the link's. */
void thm_run_fill(struct thm_run *run);
/* What its operators cost, by its kernels. false: nothing is published of them on this core; *out is of the profile's.
 */
bool thm_run_cost(const struct thm_run *run, struct thm_cost *out);
void thm_run(const struct thm_run *run, struct thm_run_result *out);
