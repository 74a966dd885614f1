/* emu/fleet/scenario.h -- what a fleet is and what happens to it: a YAML file (thimble-fleet(1) has its keys).
 *
 * Boards are numbered from 0, group after group. What becomes of one depends on the scenario, the seed and its number
 * alone (emu/fleet/plan.h). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thm_fleet_client { /* certificates of the boards' own: templates of PEM files' paths, both or neither */
    char *cert, *key;
};

struct thm_fleet_group { /* boards of one kind */
    char *name;
    char *board;             /* profile */
    uint32_t count;          /* boards */
    char *link;              /* link profile; NULL: the board profile's */
    char *storage;           /* of the profile, or "none"; NULL: its first */
    char *store;             /* strategy (emu/firmware/store.h); NULL: overwrite */
    char *model;             /* file name on the server */
    char *input;             /* file of raw input frames, or folder of such; NULL: zeros */
    uint32_t inferences;     /* of frames drawn from these; 0: of all, in order */
    char *firmware;          /* a user's .so; NULL: the built-in one */
    uint32_t duration_s;     /* of a user's firmware, device time; 0: no end */
    uint32_t arena;          /* bytes; 0: the model's minimum */
    uint32_t timeout_ms;     /* of the PC's time: no byte for so long; 0: the profile's */
    uint32_t skew_s;         /* clocks are off by up to so much, either way */
    char *clock;             /* "unset", "sntp"; NULL: it is set, and off by its skew */
    uint32_t switch_on_s;    /* boards are switched on within so much time */
    uint32_t retries;        /* of a download that failed of the network, at the same poll */
    uint32_t backoff_ms;     /* before the first of them; 0: 1000. Before each further one */
    uint32_t backoff_factor; /* so many times as long; 0: 2 */
    bool resume;             /* they ask for what is missing */
    struct thm_fleet_client client;
};

struct thm_fleet_server {
    char *folder;   /* of models; served from this process, or read when `offline`; NULL: only with url */
    bool offline;   /* no network: answers come out of memory */
    char *url;      /* template; NULL: "https://localhost/{model}" */
    char *cacert;   /* PEM file, with a url of somebody else's; NULL: the system's */
    char **headers; /* of every request: templates of "Name: value" */
    unsigned headers_count;
};

struct thm_fleet_wave {
    char *name;
    double percent; /* of all boards that have it when this wave is open: grows from wave to wave */
    uint32_t at_s;  /* after the first board could be switched on */
};

struct thm_fleet_rollout {
    char *version;
    uint32_t poll_s;     /* boards ask so often; 0: once, when they are switched on */
    char *poll_url;      /* template of what they ask for until there is an update; NULL: the model's */
    uint32_t tries;      /* polls at which a board tries to get the update; 0: 1 */
    double stop_percent; /* more failures than this in a wave, and the later ones stay away; 0: never */
    struct thm_fleet_wave *waves;
    unsigned waves_count; /* 0: everybody at once */
};

struct thm_fleet_fault {
    char *kind;            /* of thm_fleet_fault_kinds */
    double percent;        /* of the boards, or of the group's */
    uint64_t value;        /* what it is depends on the kind; 0: its default */
    char *fault;           /* what it is, of a kind that is told in words; else NULL */
    char *group;           /* NULL: all */
    uint32_t from_s, to_s; /* only boards that ask for the update then; to_s 0: no end */
};

struct thm_fleet_outage { /* of the server, or of links: nothing gets through */
    uint32_t from_s, to_s;
    double percent; /* of the boards, or of the group's; 0: all */
    char *group;    /* NULL: all */
};

struct thm_fleet_telemetry { /* results, posted after the update's inference */
    char *url;               /* template; NULL: none are */
    uint32_t every_s, count; /* count 0: 1 */
};

struct thm_fleet {
    char *name;
    uint32_t seed;
    uint32_t cpu_s; /* of the PC's processor that a board may take before it counts as hung */
    struct thm_fleet_group *groups;
    unsigned groups_count;
    struct thm_fleet_server server;
    struct thm_fleet_rollout rollout;
    struct thm_fleet_telemetry telemetry;
    struct thm_fleet_outage *outages;
    unsigned outages_count;
    struct thm_fleet_fault *faults;
    unsigned faults_count;
};

enum { THM_FLEET_LIST_MAX = 64 }; /* entries of a list */

/* text[0..len): the YAML, name: for messages. Defaults are filled in. Out: *out, owned by the caller; NULL on error,
 * then *error is one malloc'ed line, "FILE:LINE: KEY: ...". Result: 0, 2 or 20. */
int thm_fleet_parse(const char *name, const uint8_t *text, size_t len, struct thm_fleet **out, char **error);
void thm_fleet_free(struct thm_fleet *f); /* NULL is fine */

uint32_t thm_fleet_boards(const struct thm_fleet *f);
/* So many boards in all, the groups in the proportion they have, rounded. */
void thm_fleet_resize(struct thm_fleet *f, uint32_t boards);
const struct thm_fleet_group *thm_fleet_group_named(const struct thm_fleet *f, const char *name); /* NULL: none */
const struct thm_fleet_group *thm_fleet_group_of(const struct thm_fleet *f, uint32_t id);
