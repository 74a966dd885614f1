/* emu/board/profile.h -- a board as data: profiles/boards/NAME.yaml, and links and sets of operators beside it.
 *
 * The schema is one table (profile_schema.c) read by libcyaml; unknown keys and wrong values are errors with file,
 * line, key and what was expected. A loaded profile is checked as a whole (profile_check.c): regions do not overlap,
 * heaps lie in memory, partitions in flash, names resolve. All sizes are bytes, addresses the device's. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "emu/cost/cost.h"
#include "netlink/link.h"

struct thm_profile_core {
    char *name;   /* "app" */
    char *isa;    /* "xtensa-lx6": profiles/cores/NAME.yaml */
    char *layout; /* struct layout of its compilers: "ilp32_align8", "cortex_m" */
    uint64_t clock_hz;
    char *kernels; /* kernel library of its usual firmware, for device time; NULL = reference */
};

struct thm_profile_memory { /* a physical RAM bank or window */
    char *name;
    uint32_t base, size;
    char *use;  /* one line for the map */
    bool spare; /* a program may place data of its own there, by an attribute: what nobody else has of it */
};

struct thm_profile_static { /* a range that the linker or the start-up code gives away */
    char *name;             /* ".data, .bss" */
    uint32_t base, size;
};

struct thm_profile_heap { /* a heap region, inside one memory bank */
    char *name;
    char *type; /* capability type: "DRAM", "D/IRAM", "IRAM", "SPIRAM", "RTC", "RAM" */
    uint32_t base, size;
    bool at_startup; /* registered only just before the application starts */
};

struct thm_profile_taken { /* what the runtime has taken when the application starts */
    char *name;            /* "Wi-Fi static RX buffers" */
    uint32_t bytes;        /* of one block */
    uint32_t count;
    char *caps; /* "default" (as malloc), "internal" (8BIT|INTERNAL), "dma" (8BIT|INTERNAL|DMA), "spiram"; NULL =
                   default */
    char *when; /* "boot" or "network" (taken when the network comes up) */
};

struct thm_profile_allocator {
    char *name;              /* row of memmodels' heap table: "esp_multi_heap_tlsf_light" */
    uint32_t internal_limit; /* PSRAM boards: see memmodels/caps.h */
    char *on_failure;        /* what a failed malloc does: emu/board/out_of_memory.h */
    char *on_new_failure;    /* what C++'s operator new does then; NULL: the same */
};

struct thm_profile_task {
    char *name; /* "loopTask" */
    uint32_t stack;
    bool stack_from_heap;
    uint32_t stack_top; /* the first address above it, in a bank; 0: not told */
    char *overflow;     /* "canary", "mpu", "silent" */
    uint32_t tasks_max; /* that can exist at once, with this one; 0: as many as there is memory for, or not known */
};

struct thm_profile_linker { /* where the linker puts static data, and which heap region begins behind it */
    char *segment;          /* its name in messages: "dram0_0_seg"; NULL: not told */
    uint32_t end;           /* first device address that static data cannot reach */
    char *heap;             /* region */
};

struct thm_profile_partition {
    char *name, *type, *subtype;
    uint32_t offset, size;
};

struct thm_profile_flash {
    char *part;                            /* row of fsimages' NOR table */
    uint32_t size;                         /* bytes fitted */
    uint32_t window;                       /* address at which data is memory-mapped; 0 = not */
    uint32_t program_offset, program_base; /* where the program lies: in the flash, and as the processor sees it */
    uint32_t program_size, program_image;  /* how large it may be; how large it is without a model */
    struct thm_profile_partition *partitions;
    unsigned partitions_count;
};

#define THM_MEDIA_MAX 4u /* of one board, the flash included */

struct thm_profile_medium { /* a chip or card beside the flash */
    char *name;             /* "sd", "eeprom": also its file in a state folder */
    char *part;             /* row of fsimages' table of parts */
};

/* A file system on a medium: on a partition of the flash, on part of it, or on another medium.
 * emu/board/storage_place.h says where that is. */
struct thm_profile_storage {
    char *name;            /* "spiffs": what --storage selects */
    char *fs;              /* row of fsimages' file system table */
    char *medium;          /* NULL: the flash */
    char *partition;       /* of the flash; NULL: offset and size tell */
    uint32_t offset, size; /* bytes; size 0: to the end of the medium */
    bool mbr;              /* SD card: the volume is the first partition of its table */
    bool shipped; /* the volume is there before the first power-on: the firmware cannot, or does not, make one */
    char *file;   /* a model's default name there; NULL: /model.tflite */
    /* what the driver is built with; fsimages/fs.h. 0: its default */
    uint32_t page_size, block_size, name_len, meta_len, max_files, cache_pages;
    uint32_t read_size, program_size, cache_size, lookahead_size, block_cycles, cluster_size;
    bool big_endian, short_names;
};

struct thm_profile_network { /* all NULL and 0: the board has none */
    char *link;              /* profiles/links/NAME.yaml */
    char *tls;               /* row of netlink/tls_cost.c: "mbedtls", "bearssl"; or "none" */
    uint32_t tls_in_content, tls_out_content, tls_stack;
    uint32_t tls_max_fragment; /* asked for in the handshake (RFC 6066); 0: not */
    bool tls_keep_peer_certificate;
    char *ca_file;  /* on the storage: the CAs that the board reads before it connects; NULL: they are in the program */
    uint32_t chunk; /* bytes the firmware reads at a time by default */
    uint32_t timeout_ms; /* it gives up when no byte has come for so long; 0: THM_NET_TIMEOUT_MS */
};

struct thm_profile_companion { /* another core of the same chip: a process of its own */
    char *name;                /* "m4-0": what messages are sent to */
    char *profile;             /* the board profile of its memory, heap and task */
};

struct thm_profile_mailbox { /* between this core and each companion; emu/board/ring.h */
    uint32_t message_max, ring_bytes, latency_ns;
};

struct thm_profile {
    char *name, *title;
    struct thm_profile_core *cores;
    unsigned cores_count;
    struct thm_profile_memory *memory;
    unsigned memory_count;
    struct thm_profile_allocator allocator;
    struct thm_profile_static *statics;
    unsigned statics_count;
    struct thm_profile_heap *heaps;
    unsigned heaps_count;
    struct thm_profile_taken *taken;
    unsigned taken_count;
    struct thm_profile_task task;
    struct thm_profile_flash flash;
    struct thm_profile_medium *media;
    unsigned media_count;
    struct thm_profile_storage *storage;
    unsigned storage_count; /* the first is the default */
    struct thm_profile_network network;
    struct thm_profile_linker linker;
    char *operators; /* profiles/operators/NAME.yaml: what its usual firmware registers; NULL = all there are */
    struct thm_profile_companion *companions;
    unsigned companions_count;
    struct thm_profile_mailbox mailbox; /* message_max 0: no companions */
    struct thm_cost_core *core;         /* what cores[0] costs; owned; not a key */
};

struct thm_profile_operators { /* which operators a firmware registers: profiles/operators/NAME.yaml */
    char *name, *title;
    char **operators; /* names of the schema; custom operators by their own */
    unsigned operators_count;
};

struct thm_profile_link {
    char *name, *title;
    uint64_t down_bps, up_bps; /* both 0: nothing gets through */
    uint32_t rtt_us, mtu, jitter_us, loss_ppm;
    uint32_t outage_every_ms, outage_ms;
    struct thm_link_outage *outages;
    unsigned outages_count;
    uint32_t timeout_ms;   /* what a firmware for it waits at least for a byte; 0: not told */
    uint32_t rx_mw, tx_mw; /* the radio takes while a connection is open, and while it sends; 0: not known */
};

/* Load by name (looked up in the profile folders: --profile-dir, $THIMBLE_PROFILES, the installed one, the source
 * tree's) or by path (contains '/' or ends in .yaml). Out:    *out owned by the caller; NULL on error, then *error is
 * one malloc'ed line for the user ("file:line: key: ..."). Result: 0, 2 (wrong profile, unknown name) or 20 (PC
 * failed): an exit status. */
int thm_profile_load(const char *name, struct thm_profile **out, char **error);
void thm_profile_free(struct thm_profile *p); /* NULL is fine */
int thm_profile_link_load(const char *name, struct thm_profile_link **out, char **error);
void thm_profile_link_free(struct thm_profile_link *l);
int thm_profile_operators_load(const char *name, struct thm_profile_operators **out, char **error);
void thm_profile_operators_free(struct thm_profile_operators *o);
int thm_profile_core_load(const char *name, struct thm_cost_core **out, char **error);
void thm_profile_core_free(struct thm_cost_core *c);

/* What cores[0] costs with the kernels its profile names. */
void thm_profile_cost(const struct thm_profile *p, struct thm_cost *out);

/* taken[].caps as THM_CAP_* bits (memmodels/caps.h); 0: as plain malloc. NULL is "default". */
uint32_t thm_profile_caps(const char *caps);

/* Names of all boards found, sorted, NULL-terminated; free with thm_profile_names_free(). kind: the folder, "boards",
 * "links" or "cores". NULL: the PC is out of memory. */
char **thm_profile_names(const char *kind);
void thm_profile_names_free(char **names);
void thm_profile_set_dir(const char *dir); /* --profile-dir; lent */
