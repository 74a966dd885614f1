/* netlink/serve.c -- one thread a connection (libmicrohttpd), so that a stalled board holds up no other one. */
#include "netlink/serve.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "netlink/ca.h"
#include "netlink/http.h"
#include "netlink/message.h"
#include "netlink/server_faults.h"

#define BLOCK_BYTES    32768 /* read from the file at a time */
#define BACKLOG        SOMAXCONN
#define STACK_BYTES    (256 * 1024)
#define IDLE_S         60 /* a connection without traffic is closed */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct thm_server {
    struct MHD_Daemon *daemon;
    char *root, *ca_path;
    int dirfd, listener, stopping; /* stopping: an eventfd, readable from thm_server_stop() on */
    uint16_t port;
    struct thm_server_faults faults;
    struct thm_identity identity;
    void (*log)(void *ctx, const char *line);
    void *ctx;
    pthread_mutex_t log_lock;
};

struct request {
    struct thm_server *server;
    struct MHD_Connection *connection;
    char *method, *path;
    unsigned status;
    uint64_t offset, sent; /* of the file; bytes of the body given to the connection */
    int fd;
};

/* Wait ms (-1: for ever). false: the server stops or the client has gone. */
static bool wait_idle(const struct request *r, int ms)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd fds[2] = { { .fd = r->server->stopping, .events = POLLIN },
                             { .fd = info ? info->connect_fd : -1, .events = POLLRDHUP } };
    return poll(fds, 2, ms) == 0;
}

/* Below TLS: the client gets no close_notify. What was sent before still arrives. */
static void cut_connection(const struct request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info)
        shutdown(info->connect_fd, SHUT_WR);
}

static size_t allowed(const struct request *r, uint64_t limit, size_t want)
{
    uint64_t left = limit > r->sent ? limit - r->sent : 0;
    return left < want ? (size_t)left : want;
}

/* A client that asked for small records (RFC 6066) gets them: GnuTLS cuts its handshake messages so, not these. */
static size_t record_max(const struct request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info ? gnutls_record_get_max_size(info->tls_session) : SIZE_MAX;
}

static ssize_t read_body(void *ctx, uint64_t pos, char *buf, size_t max)
{
    struct request *r = ctx;
    const struct thm_server_faults *f = &r->server->faults;
    const size_t record = record_max(r);
    size_t want = allowed(r, f->stall, allowed(r, f->cut, max < record ? max : record));
    if (want == 0) {
        if (r->sent >= f->stall)
            wait_idle(r, -1);
        else
            cut_connection(r);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    ssize_t n;
    do
        n = pread(r->fd, buf, want, (off_t)(r->offset + pos));
    while (n < 0 && errno == EINTR);
    if (n == 0 && f->no_length)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n <= 0) /* the file has become shorter, or cannot be read */
        return MHD_CONTENT_READER_END_WITH_ERROR;
    r->sent += (uint64_t)n;
    return n;
}

static enum MHD_Result answer(struct request *r, unsigned status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    r->status = status;
    enum MHD_Result result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* An answer without a file: a sentence as its body, and one header more. */
static enum MHD_Result answer_short(struct request *r, unsigned status, const char *body, const char *header,
                                    const char *value)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (response && status != MHD_HTTP_NOT_MODIFIED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
    if (response && header)
        MHD_add_response_header(response, header, value);
    if (strcmp(r->method, MHD_HTTP_METHOD_GET) == 0)
        r->sent = strlen(body);
    return answer(r, status, response);
}

static struct MHD_Response *file_response(struct request *r, uint64_t size, const char *etag)
{
    bool no_length = r->server->faults.no_length;
    struct MHD_Response *response =
        MHD_create_response_from_callback(no_length ? MHD_SIZE_UNKNOWN : size, BLOCK_BYTES, read_body, r, NULL);
    if (!response)
        return NULL;
    if (no_length)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_SERVER, MHD_RO_END);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, thm_http_content_type(r->path));
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, r->server->faults.no_range ? "none" : "bytes");
    return response;
}

static const char *header_of(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* The Range header, if it counts: RFC 9110, 13.1.5 (If-Range) and 14.2 (GET only). */
static const char *range_of(const struct request *r, const char *etag)
{
    const char *if_range = header_of(r, MHD_HTTP_HEADER_IF_RANGE);
    if (r->server->faults.no_range || r->server->faults.no_length || strcmp(r->method, MHD_HTTP_METHOD_GET) != 0)
        return NULL;
    return !if_range || strcmp(if_range, etag) == 0 ? header_of(r, MHD_HTTP_HEADER_RANGE) : NULL;
}

static enum MHD_Result answer_file(struct request *r, const struct stat *st)
{
    char etag[THM_ETAG_MAX], text[80];
    uint64_t size = (uint64_t)st->st_size, first = 0, last = 0;
    thm_http_etag(st, etag);
    if (thm_http_etag_listed(header_of(r, MHD_HTTP_HEADER_IF_NONE_MATCH), etag))
        return answer_short(r, MHD_HTTP_NOT_MODIFIED, "", MHD_HTTP_HEADER_ETAG, etag);
    enum thm_http_range range = thm_http_range(range_of(r, etag), size, &first, &last);
    if (range == THM_RANGE_UNSATISFIABLE) {
        snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)size);
        return answer_short(r, MHD_HTTP_RANGE_NOT_SATISFIABLE, "no such range\n", MHD_HTTP_HEADER_CONTENT_RANGE, text);
    }
    r->offset = range == THM_RANGE_PART ? first : 0;
    struct MHD_Response *response = file_response(r, range == THM_RANGE_PART ? last - first + 1 : size, etag);
    if (response && range == THM_RANGE_PART) {
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first, (unsigned long long)last,
                 (unsigned long long)size);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    }
    return answer(r, range == THM_RANGE_PART ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, response);
}

static enum MHD_Result answer_request(struct request *r)
{
    const struct thm_server_faults *f = &r->server->faults;
    struct stat st;
    if (f->delay_ms != THM_NO_FAULT && !wait_idle(r, (int)f->delay_ms))
        return MHD_NO;
    if (strcmp(r->method, MHD_HTTP_METHOD_GET) != 0 && strcmp(r->method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer_short(r, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n", MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (f->status != THM_NO_FAULT)
        return answer_short(r, (unsigned)f->status, "a fault asked for with --fault\n", NULL, NULL);
    if (f->redirect_loop)
        return answer_short(r, MHD_HTTP_FOUND, "here again\n", MHD_HTTP_HEADER_LOCATION, r->path);
    r->fd = thm_http_open(r->server->dirfd, r->server->root, r->path, &st);
    if (r->fd < 0)
        return answer_short(r, MHD_HTTP_NOT_FOUND, "no such file\n", NULL, NULL);
    return answer_file(r, &st);
}

static void request_free(struct request *r)
{
    if (r->fd >= 0)
        close(r->fd);
    free(r->method);
    free(r->path);
    free(r);
}

static struct request *request_new(struct thm_server *s, struct MHD_Connection *connection, const char *method,
                                   const char *path)
{
    struct request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (struct request){
        .server = s, .connection = connection, .method = strdup(method), .path = strdup(path), .fd = -1
    };
    if (!r->method || !r->path) {
        request_free(r);
        return NULL;
    }
    return r;
}

/* Called at the header, then for each piece of an upload, then once more: only the last call answers. */
static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)version;
    (void)upload;
    if (!*state) {
        *state = request_new(ctx, connection, method, path);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*upload_size) {
        *upload_size = 0; /* read and thrown away */
        return MHD_YES;
    }
    return answer_request(*state);
}

static void completed(void *ctx, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    struct thm_server *s = ctx;
    struct request *r = *state;
    (void)connection;
    if (!r)
        return;
    if (s->log && r->status) {
        pthread_mutex_lock(&s->log_lock);
        s->log(s->ctx,
               thm_net_message("%.16s %.500s %u %llu%s", r->method, r->path, r->status, (unsigned long long)r->sent,
                               code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " cut"));
        pthread_mutex_unlock(&s->log_lock);
    }
    request_free(r);
    *state = NULL;
}

static enum thm_net_err open_dir(struct thm_server *s, const char *dir, const char **message)
{
    s->root = realpath(dir, NULL);
    if (s->root)
        s->dirfd = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dirfd >= 0)
        return THM_NET_OK;
    *message = thm_net_message("%s: %s", dir, strerror(errno));
    return THM_NET_EINVAL;
}

static enum thm_net_err load_identity(struct thm_server *s, const struct thm_server_options *o, const char **message)
{
    struct thm_ca *ca;
    enum thm_net_err err = thm_ca_open(&ca, o->state_dir, message);
    if (err)
        return err;
    err = thm_server_faults_certificate(&s->faults)
              ? thm_ca_faulty(ca, o->names, &s->faults.certificate, &s->identity, message)
              : thm_ca_server(ca, o->names, &s->identity, message);
    s->ca_path = strdup(thm_ca_path(ca));
    thm_ca_close(ca);
    return err;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t parse_address(const char *text, uint16_t port, union address *a)
{
    *a = (union address){ 0 };
    if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons(port);
        return sizeof a->v4;
    }
    if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) != 1)
        return 0;
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons(port);
    return sizeof a->v6;
}

static enum thm_net_err open_listener(struct thm_server *s, const struct thm_server_options *o, const char **message)
{
    const char *text = o->bind ? o->bind : "127.0.0.1";
    union address a;
    socklen_t len = parse_address(text, o->port, &a);
    if (len == 0) {
        *message = thm_net_message("'%s' is not an IP address to bind to", text);
        return THM_NET_EINVAL;
    }
    s->listener = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listener < 0 || setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
        bind(s->listener, &a.any, len) < 0 || listen(s->listener, BACKLOG) < 0 ||
        getsockname(s->listener, &a.any, &len) < 0) {
        *message = thm_net_message("port %u of %s could not be opened: %s", o->port, text, strerror(errno));
        return THM_NET_EHOST;
    }
    s->port = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
    return THM_NET_OK;
}

/* The server's threads inherit the signal mask: a client that goes away must not end the process with SIGPIPE. */
static enum thm_net_err start_daemon(struct thm_server *s, const char **message)
{
    sigset_t pipe_signal, before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    s->daemon = MHD_start_daemon(
        MHD_USE_TLS | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC, 0,
        NULL, NULL, handle, s, MHD_OPTION_LISTEN_SOCKET, s->listener, MHD_OPTION_HTTPS_MEM_KEY, s->identity.key_pem,
        MHD_OPTION_HTTPS_MEM_CERT, s->identity.chain_pem, MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
        MHD_OPTION_NOTIFY_COMPLETED, completed, s, MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (s->daemon) {
        s->listener = -1; /* the daemon closes it */
        return THM_NET_OK;
    }
    *message = "the HTTPS server could not be started";
    return THM_NET_EHOST;
}

enum thm_net_err thm_server_start(struct thm_server **out, const struct thm_server_options *o, const char **message)
{
    struct thm_server *s = calloc(1, sizeof *s);
    *out = NULL;
    *message = "out of memory";
    if (!s)
        return THM_NET_EHOST;
    s->dirfd = s->listener = -1;
    s->log = o->log;
    s->ctx = o->ctx;
    pthread_mutex_init(&s->log_lock, NULL);
    s->stopping = eventfd(0, EFD_CLOEXEC);
    enum thm_net_err err = s->stopping < 0 ? THM_NET_EHOST : thm_server_faults_parse(o->faults, &s->faults, message);
    if (!err && o->cut_after)
        s->faults.cut = o->cut_after;
    if (!err)
        err = open_dir(s, o->dir, message);
    if (!err)
        err = open_listener(s, o, message);
    if (!err)
        err = load_identity(s, o, message);
    if (!err)
        err = start_daemon(s, message);
    if (err) {
        thm_server_stop(s);
        return err;
    }
    *out = s;
    return THM_NET_OK;
}

uint16_t thm_server_port(const struct thm_server *s)
{
    return s->port;
}

const char *thm_server_ca(const struct thm_server *s)
{
    return s->ca_path;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void thm_server_stop(struct thm_server *s)
{
    if (!s)
        return;
    if (s->stopping >= 0)
        eventfd_write(s->stopping, 1);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    close_if_open(s->stopping);
    close_if_open(s->listener);
    close_if_open(s->dirfd);
    pthread_mutex_destroy(&s->log_lock);
    thm_identity_clear(&s->identity);
    free(s->root);
    free(s->ca_path);
    free(s);
}
