/* emu/fit/arena_picture.c -- an arena's plan: a rectangle a buffer. */
#include <stdio.h>
#include <string.h>
#include "emu/fit/picture.h"

enum { WIDTH = 760, HEIGHT = 300, LEFT = 70, BOTTOM = 24, TOP = 18 };

struct chart {
    FILE *f;
    const struct thm_model *m;
    const struct thm_memory_plan *plan;
    double per_moment, per_byte;
};

static double x_of(const struct chart *c, int32_t clock)
{
    return LEFT + c->per_moment * clock;
}

static double y_of(const struct chart *c, uint64_t bytes)
{
    return HEIGHT - BOTTOM - c->per_byte * (double)bytes;
}

/* Names come out of the model: what is not ASCII may be no UTF-8, and then the picture no XML. */
static void copy_name(char *buf, size_t size, const char *name, uint32_t len)
{
    size_t n = 0;
    for (; n < len && n + 1 < size; n++)
        buf[n] = name[n] < 0x20 || name[n] > 0x7e ? '?' : name[n];
    buf[n] = '\0';
}

static void name_of(const struct chart *c, const struct thm_planned_buffer *b, char *buf, size_t size)
{
    struct thm_tensor_info t;
    char name[100];
    if (b->tensor < 0) {
        snprintf(buf, size, "scratch memory of operator %u", b->op);
        return;
    }
    thm_model_tensor(c->m, b->subgraph, (uint32_t)b->tensor, &t);
    copy_name(name, sizeof name, t.name, t.name_len);
    snprintf(buf, size, "tensor %d %s", b->tensor, name);
}

/* Its bytes, where there is room for them. */
static void label(const struct chart *c, const struct thm_planned_buffer *b, double x, double y, double width,
                  double height)
{
    enum { LETTER = 7, LINE = 13 };
    char text[16];
    const int letters = snprintf(text, sizeof text, "%u", b->bytes);
    if (width > LETTER * (letters + 1) && height > LINE)
        thm_svg_label(c->f, x, y, text);
}

static void draw_buffer(const struct chart *c, const struct thm_planned_buffer *b)
{
    static const char *const classes[] = { "c2", "c3", "c5", "c6", "c8", "c9", "c10", "c12" };
    const char *css = b->tensor < 0 ? "c13" : classes[(uint32_t)b->tensor % (sizeof classes / sizeof classes[0])];
    char name[160], title[256];
    if (b->first < 0 || b->last < b->first)
        return;
    name_of(c, b, name, sizeof name);
    snprintf(title, sizeof title, "%s: %u bytes at %u, operators %d to %d", name, b->bytes, b->offset, b->first,
             b->last);
    const uint64_t top = (uint64_t)b->offset + thm_planned_room(b);
    const double width = c->per_moment * (b->last - b->first + 1), height = c->per_byte * (double)thm_planned_room(b);
    thm_svg_rect(c->f, x_of(c, b->first), y_of(c, top), width, height, css, title);
    label(c, b, x_of(c, b->first) + width / 2, y_of(c, top) + height / 2 + 4, width, height);
}

static void mark_peak(const struct chart *c)
{
    const struct thm_planned_op *op = thm_memory_plan_running(c->plan, c->plan->peak);
    const double x = x_of(c, c->plan->peak) + c->per_moment / 2, place = x / WIDTH;
    struct thm_op_info info = { .name = "", .name_len = 0 };
    char name[60], text[160];
    if (c->plan->peak < 0)
        return;
    if (op)
        thm_model_op(c->m, op->subgraph, op->op, &info);
    copy_name(name, sizeof name, info.name, info.name_len);
    snprintf(text, sizeof text, "peak: %llu bytes at %d %s", (unsigned long long)c->plan->peak_bytes, c->plan->peak,
             name);
    thm_svg_line(c->f, x, TOP, x, HEIGHT - BOTTOM, "line");
    thm_svg_text(c->f, x, TOP - 5, place < 0.33 ? "start" : place < 0.67 ? "middle" : "end", text);
}

static void axes(const struct chart *c)
{
    char text[32];
    thm_svg_line(c->f, LEFT, TOP, LEFT, HEIGHT - BOTTOM, "axis");
    thm_svg_line(c->f, LEFT, HEIGHT - BOTTOM, WIDTH - 4, HEIGHT - BOTTOM, "axis");
    snprintf(text, sizeof text, "%u", c->plan->arena.head);
    thm_svg_text(c->f, LEFT - 6, y_of(c, c->plan->arena.head) + 9, "end", text);
    thm_svg_text(c->f, LEFT - 6, HEIGHT - BOTTOM, "end", "0 bytes");
    thm_svg_text(c->f, LEFT, HEIGHT - 8, "start", "operator 0");
    snprintf(text, sizeof text, "%d", c->plan->end);
    thm_svg_text(c->f, WIDTH - 4, HEIGHT - 8, "end", text);
}

void thm_fit_draw_arena(FILE *f, enum thm_svg_where where, const struct thm_model *m,
                        const struct thm_memory_plan *plan, const char *title)
{
    const uint32_t head = plan->arena.head ? plan->arena.head : 1;
    const struct chart c = { f, m, plan, (double)(WIDTH - LEFT - 4) / (plan->end + 1),
                             (double)(HEIGHT - TOP - BOTTOM) / head };
    thm_svg_begin(f, where, WIDTH, HEIGHT, title);
    for (size_t i = 0; i < plan->buffer_count; i++)
        draw_buffer(&c, &plan->buffers[i]);
    axes(&c);
    mark_peak(&c);
    thm_svg_end(f);
}
