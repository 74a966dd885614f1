/* emu/board/hal.h -- what a firmware can do on its board: memory, files, network, time, output.
 *
 * A service that fails says so in its result and leaves the details (what, how much was needed, how much there was, the
 * device's error code) in the board; thm_hal_fail() reports them as the failure of a step. Pointers are into the
 * board's SRAM. Services run on a stack of the PC's, so that only the firmware's own frames are on the task's stack. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "interpreter/interpreter.h"
#include "memmodels/heap.h"

struct thm_board;
struct thm_run;

/* Memory: the board's heap. NULL: the board has none left. `what` names the block in traces and messages; static. */
void *thm_hal_malloc(struct thm_board *b, uint32_t bytes, const char *what);
void *thm_hal_new(struct thm_board *b, uint32_t bytes, const char *what); /* as C++'s operator new */
/* align: a power of two. Where malloc has no such call (heap_4) this is an address in a larger block, never to be
 * freed. */
void *thm_hal_memalign(struct thm_board *b, uint32_t align, uint32_t bytes, const char *what);
void *thm_hal_malloc_caps(struct thm_board *b, uint32_t bytes, uint32_t caps, const char *what); /* THM_CAP_* */
void *thm_hal_realloc(struct thm_board *b, void *p, uint32_t bytes, const char *what);
void thm_hal_free(struct thm_board *b, void *p); /* NULL is fine; what was never in the heap is a fault */
void thm_hal_heap(struct thm_board *b, uint32_t caps, struct thm_heap_stats *out, uint32_t *low_water);

/* One round of a firmware's loop has ended: reports tell what each round lost, and when that will be fatal. false: a
 * leak asked for on the command line has found no memory. */
bool thm_hal_round(struct thm_board *b);

/* Storage. Results: >= 0, or the file system's own error code; -1 before the mount. mount formats a medium that holds
 * no file system; only one is mounted at a time. */
int32_t thm_hal_mount(struct thm_board *b, const char *storage);        /* a name from the profile */
int32_t thm_hal_open(struct thm_board *b, const char *file, int flags); /* flags of fsimages/fs.h; a handle */
int32_t thm_hal_read(struct thm_board *b, int32_t fd, void *buf, uint32_t len);
/* Fewer than len: the storage is full, and says so in its own way; it is left as the failure, too. */
int32_t thm_hal_write(struct thm_board *b, int32_t fd, const void *buf, uint32_t len);
int32_t thm_hal_sync(struct thm_board *b, int32_t fd);
int32_t thm_hal_close(struct thm_board *b, int32_t fd);
int32_t thm_hal_remove(struct thm_board *b, const char *file);
int32_t thm_hal_file_size(struct thm_board *b, const char *file);
int32_t thm_hal_seek(struct thm_board *b, int32_t fd, int32_t offset, int whence);
int32_t thm_hal_rename(struct thm_board *b, const char *from, const char *to);
/* A file's bytes in place, where the processor reads the flash; read-only, and gone when the file is changed. NULL:
 * this storage is not memory-mapped, or keeps no file in one piece; that is no failure. */
const uint8_t *thm_hal_map(struct thm_board *b, const char *file, uint32_t *bytes);
int64_t thm_hal_find_file(struct thm_board *b, const char *file); /* its size; -1: there is none, which is no failure */
bool thm_hal_files_are_damaged(const struct thm_board *b); /* a call has failed of it since the board was switched on */
/* Have the file system checked and repaired; no file may be open. The number of findings, or an error code. */
int32_t thm_hal_mend_files(struct thm_board *b);
const char *const *thm_hal_slots(const struct thm_board *b); /* fsimages/fs.h; NULL: its files have any name */
int32_t thm_hal_df(struct thm_board *b, uint32_t *total, uint32_t *used);

/* Signed models (emu/board/signing.h), with the device time that portable code takes for them. signature: of the model
 * with this digest, from whoever publishes it; false: there is no way to get it. */
struct thm_digest;
void thm_hal_digest_start(struct thm_board *b, struct thm_digest *d);
void thm_hal_digest_add(struct thm_board *b, struct thm_digest *d, const void *data, uint32_t len);
void thm_hal_digest_end(struct thm_board *b, struct thm_digest *d, uint8_t *out);
bool thm_hal_signature(struct thm_board *b, const uint8_t *digest, uint8_t *out);
bool thm_hal_signature_is_valid(struct thm_board *b, const uint8_t *digest, const uint8_t *signature);
/* The key that the board trusts: the run's, or the emulator's own. verifies: of the SHA-256 of `len` bytes. */
struct thm_public_key;
const struct thm_public_key *thm_hal_trusted_key(struct thm_board *b);
bool thm_hal_key_verifies(struct thm_board *b, const struct thm_public_key *key, const void *data, uint32_t len,
                          const uint8_t *signature);

/* The model that is part of the program, in place in the flash: read-only. NULL: it does not fit into the program's
 * flash (left as the failure). */
const uint8_t *thm_hal_flash_model(struct thm_board *b, uint32_t *bytes);
/* Has the program's flash room for so many bytes of constants beside that model? false: left as the failure. */
bool thm_hal_flash_room(struct thm_board *b, uint32_t bytes);

/* Network. Only one connection at a time, as the modem has one. */
enum { THM_HAL_POST_MAX = 1024 };
struct thm_hal_request {
    const char *url;
    uint32_t chunk;            /* bodies come in pieces of at most so much */
    uint64_t from, to;         /* bytes [from, to) of the file; to 0: up to its end; both 0: all of it */
    const char *if_range;      /* all of it if its ETag is not this; NULL or "": do not ask */
    const char *if_none_match; /* status 304 and no body if it is this, "*": any; NULL or "": do not ask */
    const void *post;          /* POST of post_bytes of JSON, at most THM_HAL_POST_MAX; NULL: GET */
    uint32_t post_bytes;
    bool raw; /* a chunked body with its framing */
};
struct thm_hal_response {
    uint32_t status;
    int64_t content_length; /* -1: not told */
    uint64_t from;          /* of status 206: the body's first byte in the file; UINT64_MAX: not told as it must be */
    int64_t total;          /* and the file's size; -1: not told */
    char etag[80];          /* "": none, or too long to be kept */
};
bool thm_hal_network_up(struct thm_board *b);
/* The next connections' server certificates are checked with the CAs of this PEM text, of the file `name`. It stays the
 * firmware's, and where it is until the connection is closed. false: there is no certificate in it. */
bool thm_hal_https_trust(struct thm_board *b, const char *name, const void *pem, uint32_t len);
/* Connect, TLS handshake, request, header. out->status is set on failure too, 0 if there was no answer. */
bool thm_hal_https_request(struct thm_board *b, const struct thm_hal_request *q, struct thm_hal_response *out);
bool thm_hal_https_get(struct thm_board *b, const char *url, uint32_t chunk, struct thm_hal_response *out);
int32_t thm_hal_https_read(struct thm_board *b, void *buf, uint32_t len); /* 0: the end; -1: failed */
void thm_hal_https_close(struct thm_board *b);
/* A whole exchange: request, and its answer read to the end and thrown away. out as above. */
bool thm_hal_https_exchange(struct thm_board *b, const struct thm_hal_request *q, struct thm_hal_response *out);
/* That exchange once more, as if the server answered the same: the link's time, losses and bytes, but no network and
 * no memory. Needs one that went well. */
bool thm_hal_https_repeat(struct thm_board *b);
/* What the link has carried since power-on. */
struct thm_hal_air {
    uint64_t sent, received; /* bytes: handshakes (hellos, certificates), requests, bodies */
    uint64_t open_ns;        /* device time with a connection open, or being made */
    uint64_t sending_ns;     /* of it */
    uint32_t connections;
};
void thm_hal_air(const struct thm_board *b, struct thm_hal_air *out);
/* *sum grows by what it has carried since it was as in *before. */
void thm_hal_air_since(const struct thm_board *b, const struct thm_hal_air *before, struct thm_hal_air *sum);

/* Inference. The interpreter itself is linked into the firmware and runs on its stack. */
struct thm_interpreter_hooks thm_hal_interpreter_hooks(
    struct thm_board *b); /* device time and trace of each operator */
/* The smallest arena for a model, found on the PC's memory: what a developer finds by trial. 0: the model is refused.
 */
uint32_t thm_hal_measure_arena(struct thm_board *b, const struct thm_model *m, const struct thm_layout *layout);
const struct thm_layout *thm_hal_layout(struct thm_board *b);
/* The arena in the program's static data, `arena` bytes of the run; NULL: there is none, it comes from the heap. */
void *thm_hal_static_arena(struct thm_board *b);
/* Register the operators that the run asks for, and ask for the memory of its kernels; between init and allocate. */
void thm_hal_register_operators(struct thm_board *b, struct thm_interpreter *it);
/* How many frames of so many bytes the sensor has for input 0; 1 of zeros without inputs; 0: what it has is not a whole
 * number of them. */
uint32_t thm_hal_frames(struct thm_board *b, uint32_t frame_bytes);
bool thm_hal_sense(struct thm_board *b, uint32_t frame, uint32_t input, void *buf, uint32_t len);
void thm_hal_output(struct thm_board *b, uint32_t frame, uint32_t index, const struct thm_tensor *t);
void thm_hal_arena(struct thm_board *b, struct thm_interpreter *it); /* report its figures; call it once allocated */
void thm_hal_arena_stats(struct thm_board *b, const struct thm_arena_stats *s, const void *arena); /* only that */
void *thm_hal_pc_memory(struct thm_board *b, size_t bytes); /* of the PC, for what no device has; NULL: none */
void thm_hal_invoked(struct thm_board *b, uint32_t frame);  /* one inference has ended */
void thm_hal_model_refused(struct thm_board *b, const struct thm_nn_diag *d); /* keep it as the failure */

/* Time. A tick is what one service call takes; it ends the run when its duration is over. */
uint64_t thm_hal_now_ns(const struct thm_board *b);
void thm_hal_spend(struct thm_board *b, uint64_t ns);
/* Nothing happens for so long; no watchdog runs. false: the power was gone for a moment in it (the run's power_off_ns),
 * and this is then. Between idle(true) and idle(false) a power cut is not the end of the run. */
bool thm_hal_sleep(struct thm_board *b, uint64_t ns);
void thm_hal_idle(struct thm_board *b, bool on);
void thm_hal_work(struct thm_board *b, uint64_t cycles);
void thm_hal_tick(struct thm_board *b);
void thm_hal_feed_watchdog(struct thm_board *b);

/* The console: lines become events of the log, printed ones as they are completed. tag: who writes; "": printing. */
void thm_hal_print(struct thm_board *b, const char *text, uint32_t len);
int thm_hal_vprint(struct thm_board *b, const char *tag, const char *fmt, va_list args);
/* vsnprintf and vsscanf, which take more stack here than on a device, on the PC's stack. */
int thm_hal_vformat(struct thm_board *b, char *buf, size_t size, const char *fmt, va_list args);
int thm_hal_vscan(struct thm_board *b, const char *text, const char *fmt, va_list args);

/* The other cores. Results: ring.h's; NO_CORE: the board has no such core, or it was given no firmware. */
enum { THM_HAL_NO_CORE = -1, THM_HAL_FOR_EVER = -1 };
const char *thm_hal_core_name(const struct thm_board *b);
int32_t thm_hal_mailbox_send(struct thm_board *b, const char *core, const void *data, uint32_t len);
/* timeout in ms; *from: the sender's name, static. */
int32_t thm_hal_mailbox_receive(struct thm_board *b, const char **from, void *buf, uint32_t room, int64_t timeout_ms);

/* What the firmware was started with. */
const char *thm_hal_board_name(const struct thm_board *b);
const char *thm_hal_firmware_name(const struct thm_board *b);            /* the file of the user's */
const char *thm_hal_setting(const struct thm_board *b, const char *key); /* NULL: not set */
const struct thm_run *thm_hal_run(const struct thm_board *b);

/* The end; neither returns (no attribute says so: before such calls AddressSanitizer looks for the stack it knows).
 * fault: the firmware did what no board survives; pc: where in it, NULL: where its call came from. end: it has
 * finished. */
void thm_hal_fault(struct thm_board *b, const void *pc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void thm_hal_end(struct thm_board *b, int exit_status);
/* The name of the firmware's function at pc, "" if it is none of the firmware's: static. */
const char *thm_hal_function(struct thm_board *b, const void *pc);

/* What went wrong, for services of the firmware's own. */
void thm_hal_failure(struct thm_board *b, int exit_status, int64_t code, uint64_t need, uint64_t have, const char *fmt,
                     ...) __attribute__((format(printf, 6, 7)));
void thm_hal_failure_forget(struct thm_board *b); /* the firmware has another way */
/* Append to the failure's message: what became of things, what would help. */
void thm_hal_failure_note(struct thm_board *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The story: a step has been done (note: one short phrase), or has failed. fail returns the exit status. */
void thm_hal_step(struct thm_board *b, const char *step, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A connection is to be made again in wait_ms, the nth in all, for the bytes from `at` on; total -1: not known. The
 * failure is the reason, and is forgotten. */
void thm_hal_attempt(struct thm_board *b, uint32_t n, uint64_t at, int64_t total, uint32_t wait_ms);
void thm_hal_vstep(struct thm_board *b, const char *step, const char *fmt, va_list args);
int thm_hal_fail(struct thm_board *b, const char *step);
const char *thm_hal_failure_text(const struct thm_board *b);
void thm_hal_failure_becomes(struct thm_board *b,
                             int exit_status);         /* it is one of another kind, too; for the firmware */
int thm_hal_failure_status(const struct thm_board *b); /* 0: no service has failed since the last step */
/* The server was asked for an update. answer: nothing new; NULL: it is there. v: values of the event "polled". */
void thm_hal_polled(struct thm_board *b, const char *answer, const uint64_t v[6]);
void thm_hal_telemetry(struct thm_board *b, const uint64_t v[6]); /* results were posted: of the event "telemetry" */
/* An update of weights has ended; message: its error, or "". v: values of the event "weights" (event.h). */
void thm_hal_weights(struct thm_board *b, const char *format, const char *message, const uint64_t v[6]);
void thm_hal_body(struct thm_board *b, const char *kind, uint64_t bytes,
                  uint64_t model_bytes); /* a download is complete */
