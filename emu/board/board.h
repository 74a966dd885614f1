/* emu/board/board.h -- the device side: one board in one process. Private to emu/board. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/cores.h"
#include "emu/board/hal.h"
#include "emu/board/heap.h"
#include "emu/board/modem.h"
#include "emu/board/profile.h"
#include "emu/board/run.h"
#include "fsimages/fs.h"
#include "fsimages/media/chip.h"
#include "emu/board/chips.h"
#include "memmodels/caps.h"
#include "memmodels/region.h"
#include "memmodels/stack.h"
#include "netlink/err.h"
#include "netlink/link.h"
#include "netlink/tls_cost.h"

struct thm_failure { /* the last one; reported when a step fails of it */
    int exit_status;
    bool settled; /* of an earlier service call */
    int64_t code;
    uint64_t need, have, largest;
    char message[sizeof((struct thm_event *)0)->text];
};

struct thm_board_tls {     /* the open session's blocks in the board's heap */
    bool open;             /* from https_get to https_close */
    bool streaming;        /* GET is sent, END has not come */
    bool answered, counts; /* counts: as being on the air */
    uint64_t opened_ns;
    int64_t expected;                   /* bytes of the body; -1: not told */
    uint32_t block[THM_TLS_BLOCKS_MAX]; /* device addresses; 0 = not allocated */
    struct thm_tls_block plan[THM_TLS_BLOCKS_MAX];
    size_t planned;
    const char *ca; /* what the firmware trusts, in its memory; NULL: what is in the program */
    uint32_t ca_len;
    uint32_t consumed; /* messages since the last credit */
    uint64_t body_bytes;
    const uint8_t *left; /* of the last piece, in the packet buffer */
    uint32_t left_bytes;
};

struct thm_board_exchange { /* the last one that went well: what thm_hal_https_repeat() repeats */
    struct thm_msg_header header;
    uint64_t request_bytes, body_bytes; /* request_bytes 0: there was none */
};

struct thm_board_aligned { /* an aligned part of a larger block, device addresses; at 0: a free slot */
    uint32_t at, block;
};

struct thm_board_packed {       /* weights laid out for the PC's CPU, in its memory */
    struct thm_interpreter *it; /* NULL: a free slot */
    void *weights;
};

struct thm_board_window { /* a file used in place, where the processor sees the flash */
    uint64_t off;         /* in the flash */
    uint32_t len;         /* 0: none */
    uint8_t *mem;
    void *pages; /* its mapping, read-only */
    size_t pages_size;
};

/* what a service gets and gives */
struct thm_call {
    struct thm_board *b;
    const char *s;
    void *p;
    const void *q;
    uint32_t n, m;
    int64_t result;
};

struct thm_board {
    const struct thm_run *run; /* what to do; the profile is in it */
    const struct thm_profile *profile;
    struct thm_link link;
    struct thm_link_draws draws;
    int modem; /* socket */

    struct thm_region *regions;
    uint32_t regions_count;
    struct thm_heaps heaps;
    struct thm_heap_book book;
    struct thm_stack stack;
    bool stack_shared;          /* the heap grows up towards it in the same memory */
    const uint8_t *task_sp;     /* the task's stack pointer at its last service call; NULL: it has not run yet */
    uint32_t task_depth;        /* deepest there, device bytes */
    const uint8_t *flash_model; /* the model that is part of the program, in the flash window; NULL: none */
    void *service_top;          /* services run below this, on the process's first stack */
    bool in_task, running;      /* the task runs now; the application has started */
    bool loading, network_up;   /* loading: a user's firmware */
    bool idle;                  /* nothing is lost with the power */
    void (*service)(
        struct thm_call *c); /* under way, and its call: kept here, as the task's stack may be overwritten */
    struct thm_call call;

    uint64_t fed_ns;      /* when the watchdog was last fed */
    uint64_t power_on_ns; /* on the PC's clock; --realtime */
    uint64_t now_ns, step_start_ns, invoke_ns, invoke_macs;
    uint32_t invoke_ops, frames;
    struct thm_board_packed packed[8];
    struct thm_board_aligned aligned[64];

    const struct thm_chips *chips;
    struct thm_medium *media[THM_MEDIA_MAX]; /* of them; 0: the flash */
    struct thm_medium *volume;               /* the part of one that is mounted */
    struct thm_board_window window;
    struct thm_fs *fs;
    bool files_damaged;
    const struct thm_profile_storage *storage;

    struct thm_board_tls tls;
    struct thm_board_exchange exchange;
    struct thm_hal_air air;
    uint8_t *packet; /* receive buffer of the PC's side, THM_MODEM_CHUNK_MAX + header */

    const char *firmware_name;                         /* the user's: its file; NULL: the built-in one */
    uintptr_t text_low, text_high, text_base;          /* its code, and what addr2line counts from */
    char console[sizeof((struct thm_event *)0)->text]; /* the line being printed */
    uint32_t console_len;

    uint8_t *message; /* on boards with several cores: one on its way; the mailbox's largest */

    struct thm_failure failure;
    struct thm_event batch[THM_EVENT_BATCH];
    uint32_t batched, sequence;
};

/* clock and events */
void thm_board_spend(struct thm_board *b, uint64_t ns);
void thm_board_look_at_clock(struct thm_board *b); /* ends the board if its time is over, or the main core's */
void thm_board_emit(struct thm_board *b, enum thm_event_type type, const char *name, const char *text,
                    const uint64_t v[THM_EVENT_VALUES]);
#define thm_board_event(b, type, name, text, ...) \
    thm_board_emit(b, type, name, text, (const uint64_t[THM_EVENT_VALUES]){ __VA_ARGS__ })
void thm_board_flush(struct thm_board *b);   /* async-signal-safe */
void thm_console_flush(struct thm_board *b); /* a line that has not ended becomes an event; likewise */

/* airtime.c: wait for the link. false: in vain, and that is the failure */
bool thm_board_wait_round_trips(struct thm_board *b, unsigned n);
bool thm_board_wait_up(struct thm_board *b, uint64_t bytes);
bool thm_board_wait_down(struct thm_board *b, uint64_t bytes);
/* As the failure: what the network told, under the name that the board's libraries have for it. */
void thm_board_network_failed(struct thm_board *b, enum thm_net_err err, int64_t code, uint64_t need, uint64_t have,
                              const char *what);
uint64_t thm_board_timeout_ns(const struct thm_board *b); /* of a connection that says nothing */

/* memory.c */
enum thm_mem_err thm_board_map_memory(struct thm_board *b);      /* regions and stack; before the sandbox */
void thm_board_unmap_memory(struct thm_board *b);                /* and forget the heap's book */
enum thm_mem_err thm_board_boot_memory(struct thm_board *b);     /* heaps, what the runtime takes */
bool thm_board_take(struct thm_board *b, const char *when);      /* the profile's blocks for "boot" or "network" */
bool thm_board_take_static(struct thm_board *b, uint32_t bytes); /* of a user's firmware: what its linker would place */
uint32_t thm_board_alloc(struct thm_board *b, uint32_t bytes, const char *what); /* device address; 0 = out of memory */
void thm_board_release(struct thm_board *b, uint32_t address);
void thm_board_limit_heap(struct thm_board *b); /* where it shares memory with the stack: up to the stack pointer */
void thm_board_heap(const struct thm_board *b, struct thm_heap_stats *out); /* plain malloc's view */
uint32_t thm_board_address(const struct thm_board *b, const void *p); /* device address of a host pointer; 0: none */
uint8_t *thm_board_host(const struct thm_board *b, uint32_t base, uint32_t size); /* NULL: not inside one region */
void *thm_board_block(const struct thm_board *b, uint32_t address); /* host address of a heap block; NULL for 0 */

/* program.c */
bool thm_board_model_fits(const struct thm_board *b); /* the run has a model, and the program's flash has room for it */
struct thm_region thm_board_flash_region(const struct thm_board *b); /* of that model; the last one of the regions */
enum thm_mem_err thm_board_fill_flash(struct thm_board *b);          /* once it is mapped */

/* task.c */
enum thm_mem_err thm_board_map_stack(struct thm_board *b);
void thm_board_stack_in_heap(struct thm_board *b, uint32_t address); /* the task's stack is this block */
void thm_board_stack_noted(struct thm_board *b, const void *sp); /* a service call, where the task may be switched */
/* The device's code for `what` uses `bytes` of stack below the caller: overflow as it shows there. */
void thm_board_need_stack(struct thm_board *b, const char *what, uint32_t bytes);
void thm_board_stack_ended(struct thm_board *b); /* the application has returned: report it */

/* window.c */
void thm_board_window_changed(struct thm_board *b, uint64_t off, uint32_t len); /* in the flash */

/* window.c */
void thm_board_close_window(struct thm_board *b);

/* storage.c */
struct thm_fs_memory thm_board_fs_memory(struct thm_board *b);
/* A path as the mounted file system wants it. */
const char *thm_board_device_name(const struct thm_board *b, const char *path);
void thm_board_storage_used(struct thm_board *b, uint64_t *used, uint64_t *total);

/* fault.c, sandbox.c */
int thm_board_catch_faults(struct thm_board *b); /* 0, or -1 with errno */
/* mapped: bytes of address space that the board has already. Result: 0, or -1 with errno; irrevocable */
int thm_sandbox_enter(uint64_t mapped, unsigned cpu_seconds); /* 0: the default */
/* In the process that boards are forked from: make the filter once for all of them. A failure is none of theirs. */
int thm_sandbox_prepare(void);
int thm_sandbox_enter_rig(uint64_t mapped); /* the same, for many boots, each with its own time limit */
int thm_sandbox_enter_loading(void);        /* the same, for loading a firmware: may read files and map code */
void thm_board_die(struct thm_board *b, int exit_status) __attribute__((noreturn)); /* flush and end the process */
void thm_board_end(struct thm_board *b, int exit_status) __attribute__((noreturn)); /* the same, with last figures */

/* where.c: the firmware's function at pc, or what called from there: the nearest one on the task's stack above sp */
struct thm_place {
    const char *name; /* NULL: not the firmware */
    uintptr_t offset; /* not 0: a static function, and `name` is the file: NAME+OFFSET is what addr2line takes */
};
struct thm_place thm_where(const struct thm_board *b, const void *pc, const void *sp);

/* service calls: fn(c) on the process's own stack */
int64_t thm_board_enter(void (*fn)(struct thm_call *c), struct thm_call c);
