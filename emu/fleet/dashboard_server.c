/* emu/fleet/dashboard_server.c -- one thread of libmicrohttpd: who may ask, what for, and the headers that say what a
 * page may do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/fleet/board_page.h"
#include "emu/fleet/dashboard_internal.h"
#include "emu/report/svg.h"

enum { CONNECTIONS_MAX = 512, IDLE_S = 30, STACK_BYTES = 256 * 1024 };

static const struct {
    const char *name, *value;
} headers[] = {
    { "Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src "
                                 "data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Cache-Control", "no-store" },
};

struct call { /* one request */
    struct thm_dashboard *d;
    struct MHD_Connection *connection;
    const char *path;
    void **state; /* of the connection: see enum kind */
};

/* What a connection's state is: its first member. */
enum kind { CLIENT, REQUEST };

struct state {
    enum kind kind;
    void *of;
};

static enum MHD_Result queue(struct MHD_Connection *c, unsigned status, const char *type, struct MHD_Response *r)
{
    if (!r)
        return MHD_NO;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        MHD_add_response_header(r, headers[i].name, headers[i].value);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    const enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type, const char *text, size_t len)
{
    return queue(c, status, type, MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned status, const char *text)
{
    return answer(c, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* ---- what there is ---- */

static enum MHD_Result give_page(struct call *q)
{
    return answer(q->connection, MHD_HTTP_OK, "text/html; charset=utf-8", thm_dashboard_html,
                  strlen(thm_dashboard_html));
}

static enum MHD_Result give_style(struct call *q)
{
    char *text = NULL;
    const int len = asprintf(&text, "%s%s%s", thm_svg_style, thm_fleet_page_style, thm_dashboard_css);
    if (len < 0)
        return MHD_NO;
    const enum MHD_Result result = answer(q->connection, MHD_HTTP_OK, "text/css; charset=utf-8", text, (size_t)len);
    free(text);
    return result;
}

static enum MHD_Result give_script(struct call *q)
{
    return answer(q->connection, MHD_HTTP_OK, "text/javascript; charset=utf-8", thm_dashboard_js,
                  strlen(thm_dashboard_js));
}

static enum MHD_Result give_run(struct call *q)
{
    return answer(q->connection, MHD_HTTP_OK, "application/json", q->d->run, strlen(q->d->run));
}

static struct state *remember(struct call *q, enum kind kind, void *of)
{
    struct state *s = calloc(1, sizeof *s);
    if (s)
        *s = (struct state){ kind, of };
    *q->state = s;
    return s;
}

static enum MHD_Result give_events(struct call *q)
{
    struct state *s = remember(q, CLIENT, NULL);
    if (!s)
        return MHD_NO;
    return queue(q->connection, MHD_HTTP_OK, "text/event-stream",
                 thm_dashboard_stream_join(&q->d->stream, q->connection, &s->of));
}

static const struct {
    const char *path;
    enum MHD_Result (*give)(struct call *q);
} routes[] = {
    { "/", give_page },        { "/dashboard.css", give_style }, { "/dashboard.js", give_script },
    { "/run.json", give_run }, { "/events", give_events },
};

/* ---- boards ---- */

static uint32_t load(_Atomic uint32_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

static enum MHD_Result give_glance(struct call *q, uint32_t id)
{
    struct thm_glance *g = &q->d->glance[id];
    char text[256];
    const int n = snprintf(text, sizeof text,
                           "{\"id\":%u,\"state\":\"%s\",\"device_ms\":%u,\"heap_free\":%u,\"heap_low_water\":%u}", id,
                           thm_fleet_state_word((enum thm_fleet_state)load(&g->state)), load(&g->device_ms),
                           load(&g->heap_free), load(&g->heap_low_water));
    return answer(q->connection, MHD_HTTP_OK, "application/json", text, (size_t)n);
}

static enum MHD_Result ask_board(struct call *q, uint32_t id)
{
    struct state *s = remember(q, REQUEST, NULL);
    if (s)
        s->of = thm_dashboard_boards_ask(&q->d->replays, q->connection, id);
    return s && s->of ? MHD_YES : say(q->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many boards are asked for\n");
}

static enum MHD_Result give_board(struct call *q, struct thm_dashboard_request *r)
{
    if (!r->done)
        return MHD_YES;
    if (!r->text)
        return say(q->connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the board could not be run again\n");
    return answer(q->connection, MHD_HTTP_OK, "text/html; charset=utf-8", r->text, r->len);
}

/* "/board/17", "/board/17.json". false: no such board. */
static bool parse_board(const struct call *q, uint32_t *id, bool *json)
{
    static const char prefix[] = "/board/";
    const char *digits = q->path + sizeof prefix - 1;
    char *end;
    if (strncmp(q->path, prefix, sizeof prefix - 1) != 0 || strspn(digits, "0123456789") - 1 > 9)
        return false;
    const unsigned long long n = strtoull(digits, &end, 10);
    *id = (uint32_t)n;
    *json = strcmp(end, ".json") == 0;
    return (*json || *end == '\0') && n < q->d->boards;
}

static enum MHD_Result give(struct call *q)
{
    uint32_t id;
    bool json;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, q->path) == 0)
            return routes[i].give(q);
    if (!parse_board(q, &id, &json))
        return say(q->connection, MHD_HTTP_NOT_FOUND, "no such page or board\n");
    return json ? give_glance(q, id) : ask_board(q, id);
}

/* ---- who may ask ---- */

static const char *header_of(const struct call *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

/* One a port: browsers have cookies by host alone. */
static void cookie_name(const struct thm_dashboard *d, char *name, size_t size)
{
    snprintf(name, size, "thimble-%u", d->access.port);
}

static bool has_token(const struct call *q)
{
    static const char scheme[] = "Bearer ";
    const char *authorization = header_of(q, MHD_HTTP_HEADER_AUTHORIZATION);
    char name[24];
    cookie_name(q->d, name, sizeof name);
    if (!*q->d->access.token)
        return true;
    if (authorization && strncmp(authorization, scheme, sizeof scheme - 1) == 0)
        return thm_dashboard_token_fits(&q->d->access, authorization + sizeof scheme - 1);
    return thm_dashboard_token_fits(&q->d->access, MHD_lookup_connection_value(q->connection, MHD_COOKIE_KIND, name));
}

/* The token of the first address goes into a cookie, and out of the address line and the history. */
static enum MHD_Result enter(struct call *q)
{
    char name[24], cookie[160];
    struct MHD_Response *r = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    cookie_name(q->d, name, sizeof name);
    snprintf(cookie, sizeof cookie, "%s=%s; HttpOnly; SameSite=Strict; Path=/", name, q->d->access.token);
    if (r) {
        MHD_add_response_header(r, MHD_HTTP_HEADER_SET_COOKIE, cookie);
        MHD_add_response_header(r, MHD_HTTP_HEADER_LOCATION, "/");
    }
    return queue(q->connection, MHD_HTTP_SEE_OTHER, "text/plain", r);
}

static bool enters(const struct call *q)
{
    const char *given = MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, "token");
    return *q->d->access.token && given && strcmp(q->path, "/") == 0 && thm_dashboard_token_fits(&q->d->access, given);
}

/* Pages of other sites may not even make it work. */
static bool is_of_other_site(const struct call *q)
{
    const char *site = header_of(q, "Sec-Fetch-Site"), *mode = header_of(q, "Sec-Fetch-Mode");
    const bool opened = mode && strcmp(mode, "navigate") == 0 && strcmp(q->path, "/") == 0;
    return site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0 && !opened;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct call q = { ctx, connection, path, state };
    struct state *s = *state;
    (void)version;
    (void)upload;
    (void)upload_size;
    if (s && s->kind == REQUEST && s->of)
        return give_board(&q, s->of);
    if (!thm_dashboard_host_fits(&q.d->access, header_of(&q, MHD_HTTP_HEADER_HOST)) || is_of_other_site(&q))
        return say(connection, MHD_HTTP_FORBIDDEN, "not from there\n");
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
    if (enters(&q))
        return enter(&q);
    if (!has_token(&q))
        return say(connection, MHD_HTTP_UNAUTHORIZED,
                   "the token is wrong or missing: open the address that was printed\n");
    return give(&q);
}

static void completed(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
    struct state *s = *state;
    (void)ctx;
    (void)c;
    (void)code;
    if (s && s->of && s->kind == CLIENT)
        thm_dashboard_stream_leave(s->of);
    if (s && s->of && s->kind == REQUEST)
        thm_dashboard_request_free(s->of);
    free(s);
    *state = NULL;
}

bool thm_dashboard_serve(struct thm_dashboard *d)
{
    return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                            handle, d, MHD_OPTION_LISTEN_SOCKET, d->access.listener, MHD_OPTION_NOTIFY_COMPLETED,
                            completed, d, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)CONNECTIONS_MAX, MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
                            MHD_OPTION_END) != NULL;
}
