/* emu/firmware/services.c -- thimble/firmware.h: the firmware's face of the board. */
#include "emu/firmware/services.h"
#include <stdarg.h>
#include "emu/board/hal.h"
#include "emu/board/ring.h"
#include "emu/board/run.h"
#include "emu/firmware/bundle_board.h"
#include "emu/firmware/firmware.h"
#include "fsimages/fs.h"
#include "memmodels/caps.h"

/* The interface's numbers are its own; they are passed on as they are. */
#define SAME(a, b) _Static_assert((int)(a) == (int)(b), #a " has changed")
SAME(THM_MALLOC_CAP_EXEC, THM_CAP_EXEC);
SAME(THM_MALLOC_CAP_32BIT, THM_CAP_32BIT);
SAME(THM_MALLOC_CAP_8BIT, THM_CAP_8BIT);
SAME(THM_MALLOC_CAP_DMA, THM_CAP_DMA);
SAME(THM_MALLOC_CAP_SPIRAM, THM_CAP_SPIRAM);
SAME(THM_MALLOC_CAP_INTERNAL, THM_CAP_INTERNAL);
SAME(THM_MALLOC_CAP_DEFAULT, THM_CAP_DEFAULT);
SAME(THM_FILE_READ, THM_FS_READ);
SAME(THM_FILE_WRITE, THM_FS_WRITE);
SAME(THM_FILE_APPEND, THM_FS_APPEND);
SAME(THM_FILE_CREATE, THM_FS_CREATE);
SAME(THM_FILE_TRUNC, THM_FS_TRUNC);
SAME(THM_SEEK_SET, THM_FS_SET);
SAME(THM_SEEK_CUR, THM_FS_CUR);
SAME(THM_SEEK_END, THM_FS_END);

static struct thm_board *board;
static bool told; /* a failure has been reported */

void thm_services_start(struct thm_board *b)
{
    board = b;
}

struct thm_board *thm_services_board(void)
{
    thm_hal_tick(board);
    return board;
}

const char *thm_services_caller(const void *return_address)
{
    const char *name = thm_hal_function(board, return_address);
    return *name ? name : "firmware";
}

int thm_services_result(int returned)
{
    const bool boards_own = returned >= 10 && returned <= 17;
    if (returned == 0 || (boards_own && told))
        return returned;
    thm_hal_failure(board, boards_own ? returned : 1, returned, 0, 0, "the firmware returned %d", returned);
    return thm_hal_fail(board, "main");
}

static struct thm_board *call(void)
{
    return thm_services_board();
}

/* ---- board ---- */

const char *thm_board_name(void)
{
    return thm_hal_board_name(call());
}

const char *thm_setting(const char *key)
{
    return thm_hal_setting(call(), key);
}

const void *thm_flash_model(uint32_t *bytes)
{
    struct thm_board *b = call();
    const uint8_t *model = thm_hal_run(b)->model ? thm_hal_flash_model(b, bytes) : NULL;
    if (!model)
        *bytes = 0;
    return model;
}

/* ---- time ---- */

uint32_t thm_millis(void)
{
    return (uint32_t)(thm_hal_now_ns(call()) / 1000000u);
}

uint64_t thm_micros(void)
{
    return thm_hal_now_ns(call()) / 1000u;
}

void thm_delay(uint32_t ms)
{
    thm_hal_spend(call(), (uint64_t)ms * 1000000u);
}

void thm_delay_us(uint32_t us)
{
    thm_hal_spend(call(), (uint64_t)us * 1000u);
}

void thm_work(uint64_t cycles)
{
    thm_hal_work(call(), cycles);
}

/* ---- memory ---- */

void *thm_malloc_caps(size_t bytes, uint32_t caps)
{
    const char *who = thm_services_caller(__builtin_return_address(0));
    return thm_hal_malloc_caps(call(), bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX, caps, who);
}

void thm_heap_info(uint32_t caps, struct thm_heap_info *out)
{
    struct thm_heap_stats st;
    uint32_t low_water;
    thm_hal_heap(call(), caps, &st, &low_water);
    *out = (struct thm_heap_info){ st.free, st.largest, low_water, st.allocated, st.blocks_alloc };
}

/* ---- C++: operator new and delete of a firmware that links no libstdc++ (with one, its own calls malloc) ----
 *
 * Their own, as what a platform does when operator new finds no memory is not always what it does for malloc. */

void *thm_services_new(size_t bytes)
{
    const char *who = thm_services_caller(__builtin_return_address(0));
    return thm_hal_new(thm_services_board(), bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX, who);
}

void thm_services_delete(void *p)
{
    thm_hal_free(thm_services_board(), p);
}

void thm_services_delete_sized(void *p, size_t bytes)
{
    (void)bytes;
    thm_services_delete(p);
}

/* For the dynamic linker, which would not load a firmware without them: names of the Itanium C++ ABI. */
#define ALIAS(of) __attribute__((alias(#of)))
void *_Znwm(size_t bytes) ALIAS(thm_services_new);
void *_Znam(size_t bytes) ALIAS(thm_services_new);
void _ZdlPv(void *p) ALIAS(thm_services_delete);
void _ZdaPv(void *p) ALIAS(thm_services_delete);
void _ZdlPvm(void *p, size_t bytes) ALIAS(thm_services_delete_sized);
void _ZdaPvm(void *p, size_t bytes) ALIAS(thm_services_delete_sized);

/* ---- files ---- */

int32_t thm_storage_mount(const char *name)
{
    struct thm_board *b = call();
    return thm_hal_mount(b, name ? name : thm_hal_run(b)->storage);
}

int32_t thm_storage_df(uint32_t *total, uint32_t *used)
{
    return thm_hal_df(call(), total, used);
}

int32_t thm_file_open(const char *name, int flags)
{
    return thm_hal_open(call(), name, flags);
}

int32_t thm_file_read(int32_t file, void *buf, uint32_t len)
{
    return thm_hal_read(call(), file, buf, len);
}

int32_t thm_file_write(int32_t file, const void *buf, uint32_t len)
{
    return thm_hal_write(call(), file, buf, len);
}

int32_t thm_file_sync(int32_t file)
{
    return thm_hal_sync(call(), file);
}

int32_t thm_file_seek(int32_t file, int32_t offset, int whence)
{
    return thm_hal_seek(call(), file, offset, whence);
}

int32_t thm_file_close(int32_t file)
{
    return thm_hal_close(call(), file);
}

int32_t thm_file_size(const char *name)
{
    return thm_hal_file_size(call(), name);
}

const void *thm_file_map(const char *name, uint32_t *bytes)
{
    return thm_hal_map(call(), name, bytes);
}

int32_t thm_file_remove(const char *name)
{
    return thm_hal_remove(call(), name);
}

int32_t thm_file_rename(const char *from, const char *to)
{
    return thm_hal_rename(call(), from, to);
}

/* ---- network ---- */

bool thm_network_up(void)
{
    return thm_hal_network_up(call());
}

bool thm_https_get(const char *url, struct thm_https_response *out)
{
    struct thm_board *b = call();
    struct thm_hal_response r = { 0 };
    const bool ok = thm_hal_https_get(b, url, thm_hal_run(b)->chunk, &r);
    *out = (struct thm_https_response){ r.status, r.content_length };
    return ok;
}

int32_t thm_https_read(void *buf, uint32_t len)
{
    return thm_hal_https_read(call(), buf, len);
}

void thm_https_close(void)
{
    thm_hal_https_close(call());
}

/* ---- signed bundles ---- */

static struct {
    struct thm_bundle is;
    struct thm_bundle_policy policy;
    struct thm_digest digest;
} bundle; /* the one that comes in */

void thm_signed_begin(uint32_t counter)
{
    struct thm_board *b = call();
    bundle.is = (struct thm_bundle){ 0 };
    bundle.policy = thm_bundle_policy_of(b, counter, 0);
    thm_hal_digest_start(b, &bundle.digest);
}

static bool refuse_bundle(struct thm_board *b)
{
    thm_bundle_refused(b, &bundle.is, &bundle.policy);
    return false;
}

bool thm_signed_take(const void *data, uint32_t len, const void **model, uint32_t *model_len)
{
    struct thm_board *b = call();
    const uint8_t *part = NULL;
    if (!bundle.policy.key) /* nothing has begun */
        thm_signed_begin(0);
    if (thm_bundle_feed(&bundle.is, &bundle.policy, data, len, &part, model_len))
        return refuse_bundle(b);
    if (*model_len)
        thm_hal_digest_add(b, &bundle.digest, part, *model_len);
    *model = part;
    return true;
}

bool thm_signed_info(struct thm_signed_info *out)
{
    const struct thm_bundle_manifest *m = &bundle.is.m;
    if (bundle.is.err || bundle.is.head_len < THM_BUNDLE_HEAD)
        return false;
    *out = (struct thm_signed_info){ m->model_bytes, m->version, m->counter, m->arena };
    return true;
}

bool thm_signed_end(void)
{
    struct thm_board *b = call();
    uint8_t digest[THM_DIGEST_BYTES];
    if (!bundle.policy.key)
        thm_signed_begin(0);
    thm_hal_digest_end(b, &bundle.digest, digest);
    return thm_bundle_end(&bundle.is, digest) == THM_BUNDLE_OK || refuse_bundle(b);
}

/* ---- other cores ---- */

SAME(THM_MAILBOX_NO_CORE, THM_HAL_NO_CORE);
SAME(THM_MAILBOX_EMPTY, THM_RING_EMPTY);
SAME(THM_MAILBOX_NO_ROOM, THM_RING_NO_ROOM);
SAME(THM_MAILBOX_TOO_LARGE, THM_RING_TOO_LARGE);
SAME(THM_MAILBOX_FULL, THM_RING_FULL);

const char *thm_core_name(void)
{
    return thm_hal_core_name(call());
}

int32_t thm_mailbox_send(const char *core, const void *data, uint32_t len)
{
    return thm_hal_mailbox_send(call(), core, data, len);
}

int32_t thm_mailbox_receive(const char **from, void *buf, uint32_t room, uint32_t timeout_ms)
{
    return thm_hal_mailbox_receive(call(), from, buf, room,
                                   timeout_ms == THM_FOR_EVER ? (int64_t)THM_HAL_FOR_EVER : timeout_ms);
}

/* ---- sensor and inference ---- */

uint32_t thm_sensor_frames(uint32_t frame_bytes)
{
    return thm_hal_frames(call(), frame_bytes);
}

bool thm_sensor_read(uint32_t frame, uint32_t input, void *buf, uint32_t len)
{
    return thm_hal_sense(call(), frame, input, buf, len);
}

const char *thm_board_layout_name(void)
{
    return thm_layout_name(thm_hal_layout(board));
}

struct thm_interpreter_hooks thm_board_hooks(void)
{
    return thm_hal_interpreter_hooks(board);
}

uint32_t thm_measure_arena(const struct thm_model *m)
{
    return thm_hal_measure_arena(board, m, thm_hal_layout(board));
}

void thm_model_failed(const struct thm_nn_diag *d)
{
    thm_hal_model_refused(board, d);
}

void thm_report_arena_stats(const struct thm_arena_stats *s, const void *arena_at)
{
    thm_hal_arena_stats(board, s, arena_at);
}

void *thm_pc_memory(size_t bytes)
{
    return thm_hal_pc_memory(board, bytes);
}

void thm_report_inference(uint32_t frame)
{
    thm_hal_invoked(board, frame);
}

void thm_report_output_tensor(uint32_t frame, uint32_t index, const struct thm_tensor *t)
{
    thm_hal_output(board, frame, index, t);
}

/* ---- the story ---- */

void thm_log(const char *tag, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    thm_hal_vprint(call(), tag, fmt, args);
    va_end(args);
}

void thm_step(const char *step, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    thm_hal_vstep(call(), step, fmt, args);
    va_end(args);
}

const char *thm_error(void)
{
    return thm_hal_failure_text(board);
}

int thm_failed(const char *step)
{
    told = true;
    if (thm_hal_failure_status(board) == 0)
        thm_hal_failure(board, 1, 0, 0, 0, "the firmware gave up");
    return thm_hal_fail(call(), step);
}
