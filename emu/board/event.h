/* emu/board/event.h -- the one stream of what happens on a board.
 *
 * Every effect is one fixed-size event with the board's time. The text report, the JSON result and the trace are
 * readers of this stream; none of them asks the board anything. The table below names the values of each kind;
 * `docs/thimble-trace.5` is the page for users. Values are 64-bit; format d = number, i = signed, x = device address, .
 * = not used. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THM_EVENT_VALUES 6

/* enum, name, volume (1 = only when a trace is written), formats, value names, what name and text hold */
#define THM_EVENTS(X)                                                                                                  \
    X(THM_EV_BOOT, "boot", 0, "ddd...", "sram_bytes", "heap_bytes", "stack_bytes", "", "", "", "board", "task")        \
    X(THM_EV_ALLOC, "alloc", 1, "xddddd", "address", "bytes", "free", "largest", "in_use", "low_water", "what", "")    \
    X(THM_EV_ALLOC_FAILED, "alloc_failed", 0, "ddd...", "bytes", "free", "largest", "", "", "", "what", "")            \
    X(THM_EV_FREE, "free", 1, "xdddd.", "address", "free", "largest", "in_use", "low_water", "", "what", "")           \
    X(THM_EV_FLASH_PROGRAM, "flash_program", 1, "xdd...", "offset", "bytes", "ns", "", "", "", "", "")                 \
    X(THM_EV_FLASH_ERASE, "flash_erase", 1, "xdd...", "offset", "bytes", "ns", "", "", "", "", "")                     \
    X(THM_EV_STORAGE, "storage", 0, "ddddd.", "total", "used", "programs", "erases", "formatted", "", "fs",            \
      "partition")                                                                                                     \
    X(THM_EV_FILE, "file", 0, "i.....", "result", "", "", "", "", "", "operation", "file")                             \
    X(THM_EV_TLS, "tls", 0, "dd....", "session_bytes", "heap_free", "", "", "", "", "phase", "")                       \
    X(THM_EV_HTTP, "http", 0, "di....", "status", "content_length", "", "", "", "", "key_type", "url")                 \
    X(THM_EV_PACKET, "packet", 1, "dd....", "bytes", "total", "", "", "", "", "", "")                                  \
    X(THM_EV_LINK, "link", 0, "ddddd.", "sent", "received", "connections", "open_ns", "sending_ns", "", "link", "")    \
    X(THM_EV_POLL, "poll", 1, "dddddd", "polls", "unanswered", "ns", "sent", "received", "sending_ns", "answer", "")   \
    X(THM_EV_POLLED, "polled", 0, "dddddd", "polls", "unanswered", "ns", "sent", "received", "sending_ns", "", "")     \
    X(THM_EV_TELEMETRY, "telemetry", 0, "dddddd", "posted", "failed", "ns", "sent", "received", "sending_ns", "", "")  \
    X(THM_EV_BODY, "body", 0, "dd....", "bytes", "model_bytes", "", "", "", "", "kind", "")                            \
    X(THM_EV_WEIGHTS, "weights", 0, "dddddd", "records", "new_records", "quants", "new_quants", "sram_bytes",          \
      "restore_bytes", "format", "message")                                                                            \
    X(THM_EV_ATTEMPT, "attempt", 0, "ddid..", "connection", "at", "total", "wait_ns", "", "", "", "why")               \
    X(THM_EV_ARENA, "arena", 0, "dddddx", "size", "used", "head", "tail", "min", "address", "layout", "")              \
    X(THM_EV_OP, "op", 1, "dddd..", "index", "macs", "elements", "ns", "", "", "op", "")                               \
    X(THM_EV_INVOKE, "invoke", 0, "dddd..", "frame", "macs", "ns", "ops", "", "", "", "")                              \
    X(THM_EV_STACK, "stack", 0, "dd....", "used", "size", "", "", "", "", "task", "")                                  \
    X(THM_EV_STEP, "step", 0, "dddddd", "ns", "heap_free", "heap_largest", "heap_low_water", "storage_used",           \
      "storage_total", "step", "note")                                                                                 \
    X(THM_EV_MAILBOX, "mailbox", 0, "di....", "bytes", "result", "", "", "", "", "operation", "peer")                  \
    X(THM_EV_LOG, "log", 0, "......", "", "", "", "", "", "", "tag", "line")                                           \
    X(THM_EV_FAILED, "failed", 0, "diddd.", "exit_status", "code", "need", "have", "largest", "", "step", "message")   \
    X(THM_EV_FAULT, "fault", 0, "dx....", "exit_status", "address", "", "", "", "", "kind", "message")                 \
    X(THM_EV_ROUND, "round", 0, "ddddi.", "round", "free", "largest", "low_water", "lost", "", "", "")                 \
    X(THM_EV_FORECAST, "forecast", 0, "dddddd", "lost", "round", "bytes", "free", "largest", "looked", "what", "leak") \
    X(THM_EV_HEAP, "heap", 0, "dddddd", "free", "largest", "low_water", "in_use", "blocks", "holes", "when", "what")   \
    X(THM_EV_HEAP_PEAK, "heap_peak", 0, "dddd..", "peak_ns", "free", "bytes", "call", "", "", "what", "")              \
    X(THM_EV_HEAP_REGION, "heap_region", 0, "xddddd", "base", "size", "free", "largest", "blocks", "holes", "region",  \
      "type")                                                                                                          \
    X(THM_EV_HEAP_BLOCK, "heap_block", 0, "xdd...", "address", "size", "bytes", "", "", "", "what", "kind")            \
    X(THM_EV_HEAP_OWNER, "heap_owner", 0, "dddd..", "blocks", "bytes", "peak_blocks", "peak_bytes", "", "", "what",    \
      "kind")                                                                                                          \
    X(THM_EV_HEAP_USE, "heap_use", 0, "dd....", "at_ns", "free", "", "", "", "", "", "")                               \
    X(THM_EV_EXIT, "exit", 0, "dddd..", "exit_status", "ns", "programs", "erases", "", "", "", "")

enum thm_event_type {
#define X(id, ...) id,
    THM_EVENTS(X)
#undef X
        THM_EV_COUNT
};

struct thm_event { /* one layout on both sides of the socket */
    uint32_t type, seq;
    uint64_t t_ns; /* device time since power-on */
    uint64_t v[THM_EVENT_VALUES];
    uint64_t cpu_ns; /* that the process has taken of the PC's processor; 0: not asked for */
    char name[40];   /* NUL-terminated, cut if longer */
    char text[296];  /* likewise */
};

struct thm_event_kind {
    const char *name;
    bool detail;         /* only sent when somebody traces */
    const char *formats; /* one letter a value */
    const char *values[THM_EVENT_VALUES];
    const char *name_key, *text_key; /* "" = not used */
};
/* Names may come out of a hostile model or image: only printable characters reach terminals and files. */
void thm_make_printable(char *text, size_t size);
const struct thm_event_kind *thm_event_kind(uint32_t type); /* NULL: not a type */
