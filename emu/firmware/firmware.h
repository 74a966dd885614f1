/* thimble/firmware.h -- what a firmware of your own can do on its board: `thimble run --firmware FILE.so`.
 *
 *     cc -O2 -shared -fPIC -o blink.so blink.c $(pkg-config --cflags --libs thimble)
 *
 * The file defines either `int main(void)`, or `void setup(void)` and `void loop(void)` as Arduino does. It runs on the
 * board's task stack; malloc, free, printf and their like are the board's (thimble-firmware(7) has the list), and
 * files, sockets, threads and the PC's clock are not there: a file that needs them is refused by name.
 *
 * Conventions. Sizes are bytes. Pointers are to the board's memory, and lent for the call unless said otherwise. A
 * service that fails keeps the details (what, needed, there, the device's error code): thm_error() gives them as a
 * sentence, thm_failed() reports them. Nothing sleeps: what takes time on the device advances its clock. Each service
 * call takes 1 us of it (an estimate), so that a loop that waits for the clock ends; work of your own takes none unless
 * you say so with thm_work(). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "interpreter/interpreter.h"
#include "interpreter/kernels.h"

/* The interface's version; grows when something here changes its meaning. Every file that includes this header carries
 * it, and `thimble run` refuses a firmware with another one. */
#define THM_FIRMWARE_ABI 1
extern const uint32_t thm_firmware_abi __attribute__((weak, visibility("default")));
const uint32_t thm_firmware_abi = THM_FIRMWARE_ABI;

/* ---- the entry, defined by you ----
 *
 * int main(void): 0: done. Another: the run's exit status if it is 10 to 17 (see thm_failed()), else that is 1. Or: */

void setup(void); /* once */
void loop(void);  /* again and again, until `thimble run --duration` ends */

/* ---- board ---- */

const char *thm_board_name(void);         /* "esp32": the profile's */
const char *thm_setting(const char *key); /* of `thimble run --set KEY=VALUE`; read-only; NULL: not given */
/* Of `thimble run --model FILE`: part of the program, read in place in its flash. NULL: not given, or the flash has no
 * room for it (thm_error() tells). */
const void *thm_flash_model(uint32_t *bytes);

/* ---- time: the device's, since power-on ---- */

uint32_t thm_millis(void); /* ms; wraps around after 49 days */
uint64_t thm_micros(void); /* us */
void thm_delay(uint32_t ms);
void thm_delay_us(uint32_t us);
void thm_work(uint64_t cycles); /* of the core's clock: what code of yours that was just run takes on the device */

/* ---- memory: beside malloc, calloc, realloc, memalign, free ---- */

enum { /* capabilities; numbers of ESP-IDF's MALLOC_CAP_*. Boards with one kind of RAM have it for all of them. */
       THM_MALLOC_CAP_EXEC = 1 << 0,
       THM_MALLOC_CAP_32BIT = 1 << 1,
       THM_MALLOC_CAP_8BIT = 1 << 2,
       THM_MALLOC_CAP_DMA = 1 << 3,
       THM_MALLOC_CAP_SPIRAM = 1 << 10,
       THM_MALLOC_CAP_INTERNAL = 1 << 11,
       THM_MALLOC_CAP_DEFAULT = 1 << 12,
};
void *thm_malloc_caps(size_t bytes, uint32_t caps); /* to be freed with free(); NULL: the board has none left */

struct thm_heap_info {
    uint32_t free, largest; /* in all regions of these capabilities; the largest single block */
    uint32_t low_water;     /* least `free` so far */
    uint32_t allocated, blocks;
};
void thm_heap_info(uint32_t caps, struct thm_heap_info *out); /* caps 0: what plain malloc uses */

/* ---- files. Results: >= 0, or the file system's own error (SPIFFS_ERR_FULL -10001, ...); -1 before the mount ---- */

enum { THM_FILE_READ = 1, THM_FILE_WRITE = 2, THM_FILE_APPEND = 4, THM_FILE_CREATE = 8, THM_FILE_TRUNC = 16 };
enum { THM_SEEK_SET, THM_SEEK_CUR, THM_SEEK_END };

/* A storage of the profile; NULL: that of `thimble run --storage`. One that holds no file system is formatted.
 * Result: 1: formatted, 0: mounted. */
int32_t thm_storage_mount(const char *name);
int32_t thm_storage_df(uint32_t *total, uint32_t *used);
int32_t thm_file_open(const char *name, int flags);           /* a handle */
int32_t thm_file_read(int32_t file, void *buf, uint32_t len); /* bytes read; 0: the end */
/* Bytes written; on EEFS and FAT fewer than len when the storage is full, as their own calls have it. */
int32_t thm_file_write(int32_t file, const void *buf, uint32_t len);
int32_t thm_file_sync(int32_t file);                             /* what was written so far survives a power cut */
int32_t thm_file_seek(int32_t file, int32_t offset, int whence); /* the new position */
int32_t thm_file_close(int32_t file);
int32_t thm_file_size(const char *name);
/* A file in place, where the processor sees the flash; until it is changed or another one is mapped. NULL: the storage
 * is not memory-mapped, or does not keep a file in one piece. */
const void *thm_file_map(const char *name, uint32_t *bytes);
int32_t thm_file_remove(const char *name);
int32_t thm_file_rename(const char *from, const char *to);

/* ---- network: one HTTPS connection at a time, with its TLS buffers in the board's heap ---- */

struct thm_https_response {
    uint32_t status;        /* 200, 404, ...; 0: there was no answer */
    int64_t content_length; /* -1: not told */
};
bool thm_network_up(void); /* the radio and its buffers; once. false: no network, or no memory for it */
/* Connect, verify, ask, read the header. false: failed, or a status other than 2xx (out->status tells), and closed. */
bool thm_https_get(const char *url, struct thm_https_response *out);
int32_t thm_https_read(void *buf, uint32_t len); /* up to len bytes of the body; 0: the end; -1: failed */
void thm_https_close(void);                      /* gives the TLS buffers back; after a failed read too */

/* ---- signed bundles (thimble-ota(1)), checked while they stream in: by the key of `thimble run --trust` ---- */

struct thm_signed_info {
    uint32_t model_bytes, version;
    uint32_t counter; /* security counter */
    uint32_t arena;   /* bytes that the model needs; 0: not told */
};
/* A bundle begins; one at a time. counter: the highest that you have confirmed; a bundle with a lower one is refused.
 */
void thm_signed_begin(uint32_t counter);
/* Its next bytes. *model, *model_len: those of them that are the model's; none before the manifest is found to be good,
 * and not to be used before thm_signed_end(). false: refused, thm_error() says why; the status is 15. */
bool thm_signed_take(const void *data, uint32_t len, const void **model, uint32_t *model_len);
bool thm_signed_info(struct thm_signed_info *out); /* false: the manifest has not come, or is refused */
bool thm_signed_end(void);                         /* there is no more: was the model all that its manifest says? */

/* ---- other cores: a mailbox between the main core and each companion, as Azure Sphere's MT3620 has it ---- */

enum { /* results < 0; the MT3620 sample's numbers, negative */
       THM_MAILBOX_NO_CORE = -1,
       THM_MAILBOX_EMPTY = -0x10,     /* nothing has come in time */
       THM_MAILBOX_NO_ROOM = -0x11,   /* the buffer is too small; the message stays */
       THM_MAILBOX_TOO_LARGE = -0x20, /* longer than the mailbox takes; nothing was sent */
       THM_MAILBOX_FULL = -0x21,      /* the other core has not read enough yet; nothing was sent */
};
#define THM_FOR_EVER UINT32_MAX

const char *thm_core_name(void); /* this core's */
/* To a core, by its name in the profile. Result: 0, or one of the above. Messages keep their order and their ends. */
int32_t thm_mailbox_send(const char *core, const void *data, uint32_t len);
/* The message that came first, from any core; waits up to timeout_ms of device time for one (0: looks only). *from (may
 * be NULL): the sender's name. Result: its length, or one of the above. */
int32_t thm_mailbox_receive(const char **from, void *buf, uint32_t room, uint32_t timeout_ms);

/* ---- sensor: the frames of `thimble run --input` ---- */

/* How many frames of so many bytes input 0 has; 1 frame of zeros without --input. 0: not a whole number of them. */
uint32_t thm_sensor_frames(uint32_t frame_bytes);
/* Frame `frame` of an input, after thm_sensor_frames(). false: there is no such frame, or it has another size. */
bool thm_sensor_read(uint32_t frame, uint32_t input, void *buf, uint32_t len);

/* ---- inference: interpreter/interpreter.h, with its arena in memory you malloc. What the board adds: ---- */

const char *thm_board_layout_name(void); /* struct layout of the core's compilers */
static inline const struct thm_layout *thm_board_layout(void)
{
    return thm_layout_find(thm_board_layout_name());
}
struct thm_interpreter_hooks thm_board_hooks(void); /* device time and trace of each operator */
/* The smallest arena for a model, found in the PC's memory, as developers find it by trial. 0: the model is refused. */
uint32_t thm_measure_arena(const struct thm_model *m);
/* Keep an interpreter's or model's error as the failure that thm_error() and thm_failed() tell. */
void thm_model_failed(const struct thm_nn_diag *d);
/* For the report; each is optional: the arena's figures after allocate, an inference that has ended, an output. */
void thm_report_arena_stats(const struct thm_arena_stats *s, const void *arena);
/* thm_report_arena_stats(), and the weights laid out for the PC's CPU: faster there, with the same bits and figures.
 * Inline, as only the interpreter that is linked into the firmware knows its own layout: thimble may have another. */
void *thm_pc_memory(size_t bytes); /* the PC's, for that; never freed; NULL: none */
static inline void thm_report_arena(struct thm_interpreter *it)
{
    void *packed = thm_pc_memory(thm_packed_bytes(it));
    if (packed)
        thm_pack(it, packed);
    thm_report_arena_stats(thm_interpreter_stats(it), it->arena);
}
void thm_report_inference(uint32_t frame);
void thm_report_output_tensor(uint32_t frame, uint32_t index, const struct thm_tensor *t);

/* ---- the story ---- */

/* A line for the report and the trace, as printf's are; lines longer than 295 characters are split. */
void thm_log(const char *tag, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A step is done: a row of the report with time, heap and storage. step: one short word. */
void thm_step(const char *step, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *thm_error(void); /* why the last service failed; until the next one fails */
/* The step has failed because the last service did: the run's error message. Result: its exit status, for
 * `return thm_failed("store");` in main. */
int thm_failed(const char *step);

#ifdef __cplusplus
}
#endif
