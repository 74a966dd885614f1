/* emu/library/internal.h -- a device as the emulator has it. */
#pragma once
#include "emu/board/chips.h"
#include "emu/board/run.h"
#include "emu/library/device.h"
#include "emu/library/held.h"
#include "emu/report/report.h"

enum { DEVICE_INPUTS_MAX = 16, DEVICE_SETTINGS_MAX = 64, DEVICE_ANSWERS_MAX = 64, DEVICE_LINKS_MAX = 16 };

struct board_kind { /* what a device and its copies share */
    unsigned holders;
    struct thm_profile *profile;
    struct thm_profile_operators *operators;         /* NULL: all there are */
    struct thm_profile_link *link[DEVICE_LINKS_MAX]; /* that were asked for, the profile's first */
    unsigned links;
};

struct device_answer {
    struct held *url, *body;
    unsigned status;
};

struct device_setting {
    struct held *key, *value;
};

/* What it was told; copied as it is, with one holder more for each of what is held. */
struct device_has {
    enum thm_device_from from;
    struct held *model, *storage, *store, *firmware;
    bool stored; /* the model is the one on the storage */
    struct held *input[DEVICE_INPUTS_MAX];
    unsigned inputs;
    struct device_setting setting[DEVICE_SETTINGS_MAX];
    unsigned settings;
    struct device_answer answer[DEVICE_ANSWERS_MAX];
    unsigned answers;
    uint32_t arena, stack, seed;
    uint64_t duration_ns;

    uint32_t fail_nth, left;
    bool filled, net_fault;
    struct thm_media_faults media_faults;
    struct thm_net_faults net_faults;

    int status; /* of the first thing that could not be; 0: there was none */
    char problem[352];
};

struct device_result { /* of the last time it was on */
    struct thm_outcome outcome;
    struct thm_run_result run;
    struct thm_report report;
    struct thm_output *output;
    char *log;
    uint64_t programs, erases;
};

struct thm_device {
    struct board_kind *kind;
    const struct thm_profile_link *link; /* of its kind's; NULL: the board has no network */
    struct thm_chips chips;
    struct device_has has;
    struct device_result result;
};

/* Every held thing of a device, for copying and dropping. */
void device_each_held(struct device_has *has, void (*each)(struct held **h));
void device_use_link(struct thm_device *d, const char *name);
/* The first problem stays. */
void device_problem(struct thm_device *d, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void device_result_drop(struct device_result *r);
void device_result_begin(struct device_result *r, const struct thm_profile *p);
/* Readers of the run's stream; ctx: a struct device_result. */
void device_result_event(void *ctx, const struct thm_event *ev);
void device_result_output(void *ctx, const struct thm_msg_output *o, const uint8_t *data, uint32_t len);
void device_result_end(struct device_result *r);
