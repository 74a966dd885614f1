/* emu/report/trace_read.h -- traces of `thimble run --trace`, read again: as a Chrome/Perfetto trace, as a summary. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct thm_trace_reader { /* what each event is given to; it has a name and a time */
    void *ctx;
    bool (*event)(void *ctx, const char *name, uint64_t t_ns, const json_t *o); /* false: the PC is out of memory */
};

struct thm_trace_error {
    int exit_status; /* 2: the trace is none; 20: the PC failed */
    uint64_t line;   /* counted from 1; 0: not of a line */
    char text[160];
};

/* Read a whole trace. false: *error is filled. */
bool thm_trace_read(FILE *f, const struct thm_trace_reader *reader, struct thm_trace_error *error);

uint64_t thm_trace_number(const json_t *o, const char *key);    /* 0: not there, no number, or negative */
const char *thm_trace_string(const json_t *o, const char *key); /* "": likewise; lent */

/* Write the trace as a Chrome trace (JSON object format: Google, "Trace Event Format"), which Perfetto reads too.
 * Events are sorted by time, and a slice comes before those it holds. Times are microseconds of the board. */
bool thm_perfetto_write(FILE *in, FILE *out, struct thm_trace_error *error);

/* What a trace holds, for people: steps, operators by time, flash, network, heap. */
bool thm_trace_summarize(FILE *in, FILE *out, struct thm_trace_error *error);
