/* emu/report/report.h -- readers of a run's event stream: lines for people, one JSON object, a trace of JSON lines. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "emu/board/event.h"
#include "emu/board/modem.h"
#include "emu/board/profile.h"
#include "emu/board/run.h"
#include "emu/report/heap_picture.h"
#include "emu/report/tensor_text.h"

#define THM_REPORT_STEPS_MAX    64
#define THM_REPORT_ATTEMPTS_MAX 64    /* that are kept; the trace has all */
#define THM_REPORT_LOG_MAX      10000 /* lines that the JSON result keeps; the trace has all */

struct thm_report_output { /* one output tensor of one frame, put together from its pieces */
    struct thm_msg_output head;
    uint8_t *data;
    uint32_t got;
};

struct thm_report_round { /* one that has ended: the event's time and values */
    uint64_t t_ns, v[THM_EVENT_VALUES];
};

/* What one run has told; filled by thm_report_event() and thm_report_output(). */
struct thm_report {
    const struct thm_profile *profile;
    const struct thm_labels *labels;
    const char *core; /* of a board with several: which one tells this; NULL: the main one */
    FILE *live;       /* lines for people go here as they come; NULL: none */
    struct thm_event step[THM_REPORT_STEPS_MAX];
    unsigned steps;
    struct thm_event boot, storage, http, body, arena, invoke, stack, tls,
        failed; /* seq is kept; type 0 with t_ns 0 = not seen */
    struct thm_event forecast, weights;
    struct thm_event attempt[THM_REPORT_ATTEMPTS_MAX];
    unsigned attempts; /* connections that were made again; all are counted */
    struct thm_report_round *round;
    size_t rounds, rounds_capacity;
    struct thm_heap_picture failed_heap, end_heap; /* at the last failed allocation, at the end */
    bool heap_at_end;                              /* which of them is being told */
    bool has[THM_EV_COUNT];
    uint64_t ns; /* device time at the end */
    json_t *log; /* {t_ns, tag, line}; NULL: none yet */
    struct thm_report_output *outputs;
    size_t outputs_count;
    bool out_of_memory; /* of the PC: outputs, rounds or the heap's picture are incomplete */
};

void thm_report_init(struct thm_report *r, const struct thm_profile *p, const struct thm_labels *labels, FILE *live);
void thm_report_finish(struct thm_report *r);
void thm_report_event(struct thm_report *r, const struct thm_event *ev);
/* An output's bytes as a tensor's; head is lent. */
struct thm_tensor_view thm_output_view(const struct thm_msg_output *head, const uint8_t *data, size_t bytes);
void thm_report_output(struct thm_report *r, const struct thm_msg_output *o, const uint8_t *data, uint32_t len);

/* After the run: what it came to, for people; and the whole as one JSON object (a new reference; keys: thimble-run(1)).
 */
void thm_report_summary(const struct thm_report *r, FILE *f);
json_t *thm_report_json(const struct thm_report *r, const struct thm_run_result *result); /* NULL: not the main core */

/* The heap as it was when the run failed for want of memory, else as it was at the end. */
const struct thm_heap_picture *thm_report_heap(const struct thm_report *r);
/* The event's values under their own names, set in o; gives o. */
json_t *thm_event_json(const struct thm_event *e, json_t *o);

/* One event as one line of JSON, keys in a fixed order (thimble-trace(5)). false: could not be written. */
bool thm_trace_write(FILE *f, const struct thm_event *ev, const char *core); /* core: its name; NULL: there is one */
