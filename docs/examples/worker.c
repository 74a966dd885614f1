/* worker.c -- a companion core: runs the model in its flash on every message, answers with the output. See hub.c. */
#include <stdlib.h>
#include <thimble/firmware.h>

static struct thm_model model;
static struct thm_interpreter interpreter;
static struct thm_tensor in, out;
static uint32_t inferences;

static void halt(const char *step)
{
    exit(thm_failed(step));
}

static void refuse_model(const struct thm_nn_diag *why)
{
    thm_model_failed(why);
    halt("model");
}

void setup(void)
{
    struct thm_nn_diag why;
    struct thm_interpreter_hooks hooks = thm_board_hooks();
    uint32_t bytes;
    const void *file = thm_flash_model(&bytes);
    if (!file)
        halt("model");
    if (thm_model_open(&model, file, bytes, &why))
        refuse_model(&why);
    uint32_t arena_bytes = thm_measure_arena(&model);
    void *arena = aligned_alloc(16, arena_bytes);
    if (!arena)
        halt("arena");
    thm_interpreter_init(&interpreter, &model, thm_board_layout(), arena, arena_bytes, &hooks);
    if (thm_interpreter_allocate(&interpreter, &why))
        refuse_model(&why);
    thm_report_arena(&interpreter);
    thm_interpreter_input(&interpreter, 0, &in);
    thm_interpreter_output(&interpreter, 0, &out);
    thm_step("arena", "%u bytes", (unsigned)arena_bytes);
    if (thm_mailbox_send("a7", &in.bytes, sizeof in.bytes) < 0)
        halt("hello");
}

void loop(void)
{
    struct thm_nn_diag why;
    const char *hub;
    if (thm_mailbox_receive(&hub, in.data, in.bytes, THM_FOR_EVER) < 0)
        halt("receive");
    if (thm_interpreter_invoke(&interpreter, &why))
        refuse_model(&why);
    thm_report_inference(inferences);
    thm_report_output_tensor(inferences++, 0, &out);
    if (thm_mailbox_send(hub, out.data, out.bytes) < 0)
        halt("answer");
}
