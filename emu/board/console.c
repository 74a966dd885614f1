/* emu/board/console.c -- what a firmware prints: lines become events of the log. */
#include "emu/board/board.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct format_call {
    const char *tag, *fmt;
    char *buf;
    size_t size;
    va_list *args;
};

void thm_console_flush(struct thm_board *b)
{
    if (b->console_len == 0)
        return;
    b->console[b->console_len] = '\0';
    b->console_len = 0;
    thm_board_event(b, THM_EV_LOG, NULL, b->console, 0);
}

/* Text without a tag may come in pieces; it is collected until the line ends or is full. */
static void put(struct thm_board *b, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' && b->console_len == 0)
            thm_board_event(b, THM_EV_LOG, NULL, NULL, 0);
        else if (text[i] == '\n')
            thm_console_flush(b);
        else if (text[i] != '\r')
            b->console[b->console_len++] = text[i];
        if (b->console_len == sizeof b->console - 1)
            thm_console_flush(b);
    }
}

static void put_tagged(struct thm_board *b, const char *tag, const char *text)
{
    const size_t room = sizeof b->batch[0].text - 1;
    thm_console_flush(b);
    do {
        thm_board_event(b, THM_EV_LOG, tag, text, 0);
        text += strnlen(text, room);
    } while (*text);
}

static void do_print(struct thm_call *c)
{
    put(c->b, c->q, c->n);
}

static void do_vprint(struct thm_call *c)
{
    const struct format_call *f = c->q;
    char *text = NULL;
    const int len = vasprintf(&text, f->fmt, *f->args);
    c->result = len;
    if (len < 0)
        return;
    if (f->tag[0])
        put_tagged(c->b, f->tag, text);
    else
        put(c->b, text, (size_t)len);
    free(text);
}

static void do_format(struct thm_call *c)
{
    const struct format_call *f = c->q;
    c->result = vsnprintf(f->buf, f->size, f->fmt, *f->args);
}

static void do_scan(struct thm_call *c)
{
    const struct format_call *f = c->q;
    c->result = vsscanf(f->tag, f->fmt, *f->args);
}

static int format_call(struct thm_board *b, void (*fn)(struct thm_call *), struct format_call f, va_list args)
{
    va_list copy; /* an array on some processors: only a copy of it has an address of the right type */
    va_copy(copy, args);
    f.args = &copy;
    const int n = (int)thm_board_enter(fn, (struct thm_call){ .b = b, .q = &f });
    va_end(copy);
    return n;
}

void thm_hal_print(struct thm_board *b, const char *text, uint32_t len)
{
    thm_board_enter(do_print, (struct thm_call){ .b = b, .q = text, .n = len });
}

int thm_hal_vprint(struct thm_board *b, const char *tag, const char *fmt, va_list args)
{
    return format_call(b, do_vprint, (struct format_call){ .tag = tag, .fmt = fmt }, args);
}

int thm_hal_vformat(struct thm_board *b, char *buf, size_t size, const char *fmt, va_list args)
{
    return format_call(b, do_format, (struct format_call){ .buf = buf, .size = size, .fmt = fmt }, args);
}

int thm_hal_vscan(struct thm_board *b, const char *text, const char *fmt, va_list args)
{
    return format_call(b, do_scan, (struct format_call){ .tag = text, .fmt = fmt }, args);
}
