/* memmodels/replay.h -- private: the state of a replay, shared by the files that read operations, headers and figures.
 */
#pragma once
#include "memmodels/heap_replay.h"
#include "memmodels/id_map.h"
#include "memmodels/replay_memory.h"

#define LINE_MAX_BYTES 512u /* the longest operation or header; comments may be longer */
#define TOKENS_MAX     8u

struct replay {
    const struct thm_replay_options *opt;
    struct thm_replay_result *res;
    struct replay_memory memory;
    struct thm_id_map ids;
    char allocator[64]; /* the header's name */
    bool started, has_allocator, has_size, has_base;
    char *token[TOKENS_MAX];
    uint32_t tokens;
};

/* Give the result's texts; e. */
enum thm_mem_err replay_fail(struct replay *r, enum thm_mem_err e, const char *got, const char *expected, ...)
    __attribute__((format(printf, 4, 5)));
enum thm_mem_err replay_malformed(struct replay *r, const char *got, const char *expected); /* EFORMAT */
bool replay_parse_integer(const char *s, int64_t min, int64_t max, int64_t *out);
bool replay_parse_u32(const char *s, uint32_t max, uint32_t *out);

/* replay_headers.c: set up the memory, on the first operation; read a comment: one of the headers, or any text. */
enum thm_mem_err replay_start(struct replay *r);
enum thm_mem_err replay_comment(struct replay *r, char *text);

/* replay_figures.c: capabilities or a region of the log; a `stat` line. */
enum thm_mem_err replay_parse_where(struct replay *r, const char *text, struct replay_where *where);
enum thm_mem_err replay_stat(struct replay *r);
