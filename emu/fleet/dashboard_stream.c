/* emu/fleet/dashboard_stream.c -- what clients are sent: first all boards and the figures, then what changes.
 *
 * Frames are kept in a ring, and every client has a place in it: one that has fallen behind the ring is dropped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/fleet/dashboard_internal.h"

enum { BLOCK = 16384 };

struct thm_dashboard_client {
    struct thm_dashboard_client *next;
    struct thm_dashboard_stream *stream;
    struct MHD_Connection *connection;
    char *head; /* what it is sent first; NULL: sent */
    size_t head_len;
    size_t boards_sent; /* of all: the line's begin, a letter a board, the line's end */
    bool boards_done;
    uint64_t at;   /* the frame it is at */
    size_t offset; /* in head or frame */
    bool suspended, gone;
};

static const char boards_begin[] = "event: boards\ndata: ", frame_end[] = "\n\n";

bool thm_dashboard_stream_init(struct thm_dashboard_stream *s, uint32_t boards)
{
    *s = (struct thm_dashboard_stream){ .boards = boards, .states = malloc(boards) };
    pthread_mutex_init(&s->lock, NULL);
    if (s->states)
        memset(s->states, '0' + THM_FLEET_WAITING, boards);
    return s->states != NULL;
}

/* ---- for the clients' thread ---- */

static size_t copy(char *to, size_t room, const char *text, size_t len, size_t *offset)
{
    const size_t left = len - *offset, n = left < room ? left : room;
    memcpy(to, text + *offset, n);
    *offset += n;
    return n;
}

static size_t copy_head(struct thm_dashboard_client *c, char *to, size_t room)
{
    const size_t n = copy(to, room, c->head, c->head_len, &c->offset);
    if (c->offset == c->head_len) {
        free(c->head);
        c->head = NULL;
        c->offset = 0;
    }
    return n;
}

/* Straight from the present states: what changes in between is in a later frame as well. */
static size_t copy_boards(struct thm_dashboard_client *c, char *to, size_t room)
{
    const struct thm_dashboard_stream *s = c->stream;
    const struct {
        const char *text;
        size_t len;
    } parts[] = { { boards_begin, sizeof boards_begin - 1 }, { s->states, s->boards }, { frame_end, 2 } };
    size_t n = 0, skip = c->boards_sent;
    for (size_t i = 0; i < 3; i++) {
        if (skip < parts[i].len)
            n += copy(to + n, room - n, parts[i].text, parts[i].len, &skip);
        skip = skip > parts[i].len ? skip - parts[i].len : 0;
    }
    c->boards_sent += n;
    c->boards_done = c->boards_sent == s->boards + sizeof boards_begin - 1 + 2;
    return n;
}

static size_t copy_frame(struct thm_dashboard_client *c, char *to, size_t room)
{
    const struct thm_dashboard_frame *f = &c->stream->ring[c->at % THM_DASHBOARD_FRAMES];
    const size_t n = f->text ? copy(to, room, f->text, f->len, &c->offset) : 0;
    if (!f->text) {
        c->boards_done = false;
        c->boards_sent = 0;
    }
    if (!f->text || c->offset == f->len) {
        c->at++;
        c->offset = 0;
    }
    return n;
}

static size_t copy_next(struct thm_dashboard_client *c, char *to, size_t room)
{
    return c->head ? copy_head(c, to, room) : !c->boards_done ? copy_boards(c, to, room) : copy_frame(c, to, room);
}

static bool has_all(const struct thm_dashboard_client *c)
{
    return !c->head && c->boards_done && c->at == c->stream->next;
}

static ssize_t read_client(void *ctx, uint64_t pos, char *buf, size_t max)
{
    struct thm_dashboard_client *c = ctx;
    struct thm_dashboard_stream *s = c->stream;
    size_t n = 0;
    ssize_t result;
    (void)pos;
    pthread_mutex_lock(&s->lock);
    const bool late = s->next - c->at > THM_DASHBOARD_FRAMES;
    while (!late && n < max && !has_all(c))
        n += copy_next(c, buf + n, max - n);
    result = (ssize_t)n;
    if (late) {
        result = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (n == 0 && s->ended) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
        c->gone = true;
    } else if (n == 0) {
        MHD_suspend_connection(c->connection);
        c->suspended = true;
    }
    pthread_mutex_unlock(&s->lock);
    return result;
}

struct MHD_Response *thm_dashboard_stream_join(struct thm_dashboard_stream *s, struct MHD_Connection *c, void **state)
{
    struct thm_dashboard_client *new = calloc(1, sizeof *new);
    struct MHD_Response *response =
        new ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_client, new, NULL) : NULL;
    if (!response) {
        free(new);
        return NULL;
    }
    pthread_mutex_lock(&s->lock);
    *new = (struct thm_dashboard_client){ .next = s->clients, .stream = s, .connection = c, .at = s->next };
    new->head = s->summary ? strdup(s->summary) : NULL;
    new->head_len = new->head ? strlen(new->head) : 0;
    s->clients = new;
    pthread_mutex_unlock(&s->lock);
    *state = new;
    return response;
}

void thm_dashboard_stream_leave(struct thm_dashboard_client *c)
{
    struct thm_dashboard_stream *s = c->stream;
    pthread_mutex_lock(&s->lock);
    struct thm_dashboard_client **p = &s->clients;
    while (*p != c)
        p = &(*p)->next;
    *p = c->next;
    pthread_mutex_unlock(&s->lock);
    free(c->head);
    free(c);
}

/* ---- for the process's own ---- */

static void wake_all(struct thm_dashboard_stream *s)
{
    for (struct thm_dashboard_client *c = s->clients; c; c = c->next) {
        if (c->suspended)
            MHD_resume_connection(c->connection);
        c->suspended = false;
    }
}

void thm_dashboard_stream_send(struct thm_dashboard_stream *s, const char *event, const char *text)
{
    char *frame = NULL;
    const int len = text ? asprintf(&frame, "event: %s\ndata: %s\n\n", event, text) : 0;
    pthread_mutex_lock(&s->lock);
    struct thm_dashboard_frame *f = &s->ring[s->next++ % THM_DASHBOARD_FRAMES];
    free(f->text);
    *f = len < 0 ? (struct thm_dashboard_frame){ 0 } : (struct thm_dashboard_frame){ frame, (size_t)len };
    if (f->text && strcmp(event, "summary") == 0) {
        free(s->summary);
        s->summary = strdup(f->text);
    }
    wake_all(s);
    pthread_mutex_unlock(&s->lock);
}

void thm_dashboard_stream_end(struct thm_dashboard_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->ended = true;
    wake_all(s);
    pthread_mutex_unlock(&s->lock);
}

bool thm_dashboard_stream_idle(struct thm_dashboard_stream *s)
{
    bool idle = true;
    pthread_mutex_lock(&s->lock);
    for (const struct thm_dashboard_client *c = s->clients; c; c = c->next)
        idle = idle && c->gone;
    pthread_mutex_unlock(&s->lock);
    return idle;
}
