/* camera_worker.c -- a real-time core of an MT3620: runs the model that the main core has sent into its memory, or the
 * one in its flash. See camera_hub.c. */
#include <stdlib.h>
#include <string.h>
#include <thimble/firmware.h>
#include "camera_message.h"

static struct thm_model model;
static struct thm_interpreter interpreter;
static struct thm_tensor in, out;
static struct message_to_core message;
static const char *hub;

static uint8_t *copy; /* of a model that is sent */
static uint32_t copy_bytes, copied;
static uint32_t filled, inferences; /* bytes of the frame; frames */

static void halt(const char *step)
{
    exit(thm_failed(step));
}

static void answer(enum message kind, const void *data, uint32_t len)
{
    message.kind = (uint8_t)kind;
    memcpy(message.data, data, len);
    if (thm_mailbox_send(hub, &message, HEAD + len) < 0)
        halt("answer");
}

/* ---- the model ---- */

static bool prepare(const void *file, uint32_t bytes)
{
    struct thm_nn_diag why;
    struct thm_interpreter_hooks hooks = thm_board_hooks();
    const uint32_t arena_bytes = thm_model_open(&model, file, bytes, &why) ? 0 : thm_measure_arena(&model);
    void *arena = arena_bytes ? aligned_alloc(16, arena_bytes) : NULL;
    if (!arena)
        return false;
    thm_interpreter_init(&interpreter, &model, thm_board_layout(), arena, arena_bytes, &hooks);
    if (thm_interpreter_allocate(&interpreter, &why)) {
        thm_model_failed(&why);
        free(arena);
        return false;
    }
    thm_report_arena(&interpreter);
    thm_step("arena", "%u bytes", (unsigned)arena_bytes);
    return thm_interpreter_input(&interpreter, 0, &in) == THM_NN_OK &&
           thm_interpreter_output(&interpreter, 0, &out) == THM_NN_OK;
}

static void drop(void)
{
    free(copy);
    copy = NULL;
    copy_bytes = copied = 0;
}

/* ---- what the hub says ---- */

static void on_size(uint32_t len)
{
    (void)len;
    drop();
    copy_bytes = message.number;
    copy = malloc(copy_bytes);
    if (!copy)
        halt("model copy");
}

static void on_model(uint32_t len)
{
    if (!copy || len > copy_bytes - copied)
        halt("model copy");
    memcpy(copy + copied, message.data, len);
    copied += len;
}

static void ready(bool ok)
{
    const uint32_t bytes = ok ? in.bytes : 0;
    answer(READY, &bytes, sizeof bytes);
}

static void on_go(uint32_t len)
{
    (void)len;
    ready(copied && copied == copy_bytes && prepare(copy, copied));
}

static void on_drop(uint32_t len)
{
    uint32_t bytes;
    const void *file = thm_flash_model(&bytes);
    (void)len;
    drop();
    ready(file && prepare(file, bytes));
}

static void on_frame(uint32_t len)
{
    struct thm_nn_diag why;
    if (len > in.bytes - filled)
        halt("frame");
    memcpy((uint8_t *)in.data + filled, message.data, len);
    filled += len;
    if (filled < in.bytes)
        return;
    filled = 0;
    if (thm_interpreter_invoke(&interpreter, &why)) {
        thm_model_failed(&why);
        halt("infer");
    }
    thm_report_inference(inferences);
    thm_report_output_tensor(inferences++, 0, &out);
    answer(SCORE, out.data, out.bytes);
}

static const struct {
    uint8_t kind;
    void (*act)(uint32_t len);
} actions[] = { { SIZE, on_size }, { MODEL, on_model }, { GO, on_go }, { DROP, on_drop }, { FRAME, on_frame } };

void setup(void)
{
}

void loop(void)
{
    const int32_t n = thm_mailbox_receive(&hub, &message, sizeof message, THM_FOR_EVER);
    if (n < HEAD)
        halt("receive");
    for (unsigned i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (actions[i].kind == message.kind)
            actions[i].act((uint32_t)n - HEAD);
}
