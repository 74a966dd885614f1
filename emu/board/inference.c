/* emu/board/inference.c -- the interpreter's surroundings on the board: time, sensor, output. */
#include "emu/board/board.h"
#include <string.h>
#include <stdlib.h>
#include "emu/board/pack.h"
#include "interpreter/kernels.h"
#include "emu/report/nn_message.h"
#include "netlink/random.h"

/* What `thimble estimate` says of the same operator (emu/cost/cost.h). */
static uint64_t op_ns(const struct thm_board *b, const struct thm_op_event *ev)
{
    struct thm_cost cost;
    (void)thm_run_cost(b->run, &cost);
    return (uint64_t)(thm_cost_cycles(&cost, ev->name, ev->name_len, &ev->work) * 1e9 / (double)cost.clock_hz);
}

static void do_op(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const struct thm_op_event *ev = c->q;
    char name[sizeof b->batch[0].name] = { 0 };
    uint64_t ns = op_ns(b, ev);
    memcpy(name, ev->name, ev->name_len < sizeof name - 1 ? ev->name_len : sizeof name - 1);
    thm_board_spend(b, ns);
    b->invoke_ns += ns;
    b->invoke_macs += ev->work.macs;
    b->invoke_ops++;
    thm_board_event(b, THM_EV_OP, name, NULL, ev->op, ev->work.macs, ev->work.elements, ns);
}

static void op_done(void *ctx, const struct thm_op_event *ev)
{
    thm_board_enter(do_op, (struct thm_call){ .b = ctx, .q = ev });
}

struct thm_interpreter_hooks thm_hal_interpreter_hooks(struct thm_board *b)
{
    return (struct thm_interpreter_hooks){ .ctx = b, .op_done = op_done };
}

const struct thm_layout *thm_hal_layout(struct thm_board *b)
{
    return thm_layout_find(b->profile->cores[0].layout);
}

uint32_t thm_hal_frames(struct thm_board *b, uint32_t frame_bytes)
{
    const struct thm_run *run = b->run;
    if (run->inputs_count == 0)
        return 1;
    size_t len = run->inputs[0].len;
    b->frames = frame_bytes ? (uint32_t)(len / frame_bytes) : 0;
    if (b->frames && (size_t)b->frames * frame_bytes == len)
        return run->frames ? run->frames : b->frames;
    thm_hal_failure(b, 2, 0, frame_bytes, len, "input 0: the file has %zu bytes, the model wants %u a frame", len,
                    frame_bytes);
    return 0;
}

bool thm_hal_sense(struct thm_board *b, uint32_t frame, uint32_t input, void *buf, uint32_t len)
{
    const struct thm_run *run = b->run;
    if (input >= run->inputs_count) {
        memset(buf, 0, len);
        return true;
    }
    const struct thm_run_input *in = &run->inputs[input];
    if (run->frames && b->frames)
        frame = (uint32_t)(random_at(run->seed, frame) % b->frames);
    if (frame >= b->frames) {
        thm_hal_failure(b, 2, 0, frame, b->frames, "frame %u: the sensor has %u", frame, b->frames);
        return false;
    }
    if (in->len != (uint64_t)len * b->frames) {
        thm_hal_failure(b, 2, 0, (uint64_t)len * b->frames, in->len,
                        "input %u: the file has %zu bytes, %u frames want %u each", input, in->len, b->frames, len);
        return false;
    }
    memcpy(buf, in->data + (size_t)frame * len, len);
    return true;
}

static void send_output(struct thm_board *b, struct thm_msg_output *head, const struct thm_tensor *t)
{
    thm_board_flush(b);
    if (b->modem < 0) /* nobody listens */
        return;
    for (uint32_t at = 0; at < t->bytes || at == 0;) {
        uint32_t len = t->bytes - at < THM_MODEM_CHUNK_MAX ? t->bytes - at : THM_MODEM_CHUNK_MAX;
        head->offset = at;
        if (thm_modem_send(b->modem, THM_MSG_OUTPUT, head, sizeof *head, (const uint8_t *)t->data + at, len) < 0)
            thm_board_die(b, 20);
        at += len ? len : 1;
    }
}

static void do_output(struct thm_call *c)
{
    const struct thm_tensor *t = c->q;
    const struct thm_tensor_info *i = &t->info;
    struct thm_msg_output head = { .frame = c->n, .index = c->m, .total = t->bytes, .type = i->type };
    head.rank = i->rank < 6 ? i->rank : 6;
    for (uint32_t k = 0; k < head.rank; k++)
        head.shape[k] = i->shape[k];
    if (i->scales == 1 && i->zero_points == 1) {
        int64_t zero_point;
        memcpy(&zero_point, i->zero_point, sizeof zero_point);
        head.quantized = 1;
        head.scale = i->scale[0];
        head.zero_point = (int32_t)zero_point;
    }
    memcpy(head.name, i->name, i->name_len < sizeof head.name - 1 ? i->name_len : sizeof head.name - 1);
    send_output(c->b, &head, t);
}

void thm_hal_output(struct thm_board *b, uint32_t frame, uint32_t index, const struct thm_tensor *t)
{
    thm_board_enter(do_output, (struct thm_call){ .b = b, .n = frame, .m = index, .q = t });
}

/* Of the built-in firmware, whose interpreter is this program's; a user's packs with its own (thm_report_arena()).
 * With more interpreters than there are slots, the last ones run the portable kernels. */
static void pack_weights(struct thm_board *b, struct thm_interpreter *it)
{
    for (size_t i = 0; i < sizeof b->packed / sizeof b->packed[0]; i++) {
        struct thm_board_packed *p = &b->packed[i];
        if (p->it && p->it != it)
            continue;
        free(p->weights);
        const bool ready = b->run->packed && thm_interpreter_use_packed(it, b->run->packed);
        *p = (struct thm_board_packed){ it, ready ? NULL : thm_pack_weights(it) };
        return;
    }
}

static void do_arena_stats(struct thm_call *c)
{
    const struct thm_arena_stats *s = c->q;
    thm_board_event(c->b, THM_EV_ARENA, c->b->profile->cores[0].layout, NULL, s->size, s->used, s->head, s->tail,
                    s->min, thm_board_address(c->b, c->p));
}

void thm_hal_arena_stats(struct thm_board *b, const struct thm_arena_stats *s, const void *arena)
{
    thm_board_enter(do_arena_stats, (struct thm_call){ .b = b, .q = s, .p = (void *)(uintptr_t)arena });
}

static void do_arena(struct thm_call *c)
{
    struct thm_interpreter *it = c->p;
    thm_hal_arena_stats(c->b, thm_interpreter_stats(it), it->arena);
    if (!c->b->run->no_invoke)
        pack_weights(c->b, it);
}

void thm_hal_arena(struct thm_board *b, struct thm_interpreter *it)
{
    thm_board_enter(do_arena, (struct thm_call){ .b = b, .p = it });
}

static void do_pc_memory(struct thm_call *c)
{
    *(void **)c->p = aligned_alloc(64, (c->n + 63) & ~63u);
}

void *thm_hal_pc_memory(struct thm_board *b, size_t bytes)
{
    void *p = NULL;
    if (bytes && bytes <= INT32_MAX)
        thm_board_enter(do_pc_memory, (struct thm_call){ .b = b, .p = &p, .n = (uint32_t)bytes });
    return p;
}

static void do_invoked(struct thm_call *c)
{
    struct thm_board *b = c->b;
    thm_board_event(b, THM_EV_INVOKE, NULL, NULL, c->n, b->invoke_macs, b->invoke_ns, b->invoke_ops);
    b->invoke_ns = b->invoke_macs = b->invoke_ops = 0;
}

void thm_hal_invoked(struct thm_board *b, uint32_t frame)
{
    thm_board_enter(do_invoked, (struct thm_call){ .b = b, .n = frame });
}

static void do_refused(struct thm_call *c)
{
    const struct thm_nn_diag *d = c->q;
    char text[sizeof c->b->failure.message];
    thm_nn_message(d, text, sizeof text);
    thm_hal_failure(c->b, thm_nn_exit_status(d->err), 0, d->need, d->have, "%s", text);
}

void thm_hal_model_refused(struct thm_board *b, const struct thm_nn_diag *d)
{
    thm_board_enter(do_refused, (struct thm_call){ .b = b, .q = d });
}

static void register_operators(void *ctx, struct thm_interpreter *it)
{
    const struct thm_run *run = ((struct thm_board *)ctx)->run;
    if (run->operators)
        thm_interpreter_set_operators(it, run->operators, run->operators_count);
    if (run->kernels)
        thm_interpreter_set_library(it, run->kernels);
}

void *thm_hal_static_arena(struct thm_board *b)
{
    return b->run->static_arena ? thm_board_host(b, b->run->static_arena, b->run->arena) : NULL;
}

void thm_hal_register_operators(struct thm_board *b, struct thm_interpreter *it)
{
    register_operators(b, it);
}

static bool is_measured(const struct thm_run_measured *known, const struct thm_model *m)
{
    return known->model && known->model_bytes == m->size && memcmp(known->model, m->data, m->size) == 0;
}

static void do_measure(struct thm_call *c)
{
    const struct thm_run_measured *known = &c->b->run->measured;
    if (is_measured(known, c->q)) {
        c->result = known->arena;
        return;
    }
    struct thm_nn_diag diag;
    struct thm_arena_stats stats;
    const struct thm_nn_change change = { register_operators, c->b };
    enum thm_nn_err err = thm_nn_measure_changed(c->q, c->p, &change, &stats, &diag);
    if (err)
        thm_hal_model_refused(c->b, &diag);
    c->result = err ? 0 : stats.min;
}

uint32_t thm_hal_measure_arena(struct thm_board *b, const struct thm_model *m, const struct thm_layout *layout)
{
    return (uint32_t)thm_board_enter(do_measure, (struct thm_call){ .b = b, .q = m, .p = (void *)(uintptr_t)layout });
}
