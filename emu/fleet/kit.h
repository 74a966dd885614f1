/* emu/fleet/kit.h -- what the boards of a fleet share: everything that is loaded, once, before the first fork.
 *
 * Profiles, links, models with packed weights, answers: board processes have it by copy on write. */
#pragma once
#include "emu/board/run.h"
#include "emu/fleet/plan.h"

enum { THM_FLEET_URL_MAX = 1024, THM_FLEET_RUN_TEXT = 4096, THM_FLEET_RUN_OUTAGES = 2 * THM_FLEET_LIST_MAX };

struct thm_fleet_kind { /* what a group's boards have in common */
    struct thm_profile *profile;
    struct thm_profile_link *link;           /* NULL: the board has no network */
    struct thm_profile_operators *operators; /* NULL: all */
    uint8_t *model;                          /* the server's file, when it is ours; NULL: not known */
    size_t model_bytes;
    void *packed; /* its weights; NULL: none */
    struct thm_run_measured measured;
    struct thm_canned_answer answer;
    uint8_t *input;
    struct thm_run_input inputs;
    char *firmware;      /* absolute path */
    double nanojoules;   /* of a core's cycle; 0: not known */
    uint32_t *own_bytes; /* DER bytes of each board's certificate and key, or of that of all; NULL: they have none */
    uint32_t own_count;
};

struct thm_fleet_kit {
    const struct thm_fleet *fleet;
    struct thm_fleet_kind *kinds; /* one a group */
    bool timed;                   /* boards tell what they take of the PC's processor */
    uint16_t port;                /* of the fleet's own server; 0: none */
    char *cacert;                 /* NULL: the system's */
    char *folder;                 /* paths of the scenario are relative to it */
    int64_t started;              /* the PC's clock when it was loaded: fleet time 0 */
    char digest[65];              /* SHA-256 of every file it was loaded from, as hex: what `resume` must find again */
};

/* folder: paths of the scenario are relative to it. fleet: lent. Result: 0, 2 or 20, *error: one malloc'ed line. */
int thm_fleet_kit_load(struct thm_fleet_kit *k, const struct thm_fleet *fleet, const char *folder, char **error);
void thm_fleet_kit_free(struct thm_fleet_kit *k);
/* path as the scenario gives it, relative to folder. malloc'ed; NULL: out of memory. */
char *thm_fleet_path(const char *folder, const char *path);

struct thm_fleet_run { /* one board's run, with what belongs to it alone */
    struct thm_run run;
    struct thm_profile_link link;
    struct thm_net_faults net_faults;
    struct thm_run_setting settings[3];
    uint64_t origin_ms; /* fleet time of its power-on; of a user's firmware, which polls itself: of its asking */
    char id[12];
    size_t used; /* of text */
    /* filled as far as they are needed: a board process has each page that it writes to itself */
    const char *headers[THM_FLEET_LIST_MAX];
    struct thm_link_outage outages[THM_FLEET_RUN_OUTAGES];
    char text[THM_FLEET_RUN_TEXT]; /* templates that are filled in, one after another */
};
/* run's readers are the caller's to fill in. Result: false: the filled templates are too long, which
 * thm_fleet_kit_load() refuses. */
bool thm_fleet_make_run(const struct thm_fleet_kit *k, const struct thm_fleet_plan *p, struct thm_fleet_run *out);
