/* netlink/serve_request.c -- a request and its answer: which file, which part of it, which status. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "netlink/http.h"
#include "netlink/message.h"
#include "netlink/serve_internal.h"

/* Are ranges of a file to be had? */
static bool gives_parts(const struct thm_request *r)
{
    const struct thm_server_faults *f = &r->server->faults;
    return !f->no_range && !f->no_length && !f->chunked && !f->gzip && f->length == THM_NO_FAULT;
}

static enum MHD_Result answer(struct thm_request *r, unsigned status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    r->status = status;
    enum MHD_Result result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* An answer without a file: a sentence as its body, and one header more. */
static enum MHD_Result answer_short(struct thm_request *r, unsigned status, const char *body, const char *header,
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

static struct MHD_Response *file_response(struct thm_request *r, uint64_t from, uint64_t to, const char *etag)
{
    struct MHD_Response *response = thm_serve_file(r, from, to);
    if (!response)
        return NULL;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, thm_http_content_type(r->path));
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, gives_parts(r) ? "bytes" : "none");
    return response;
}

static const char *header_of(const struct thm_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* The Range header, if it counts: RFC 9110, 13.1.5 (If-Range: strong comparison; a date is none of ours) and 14.2 (GET
 * only). */
static const char *range_of(const struct thm_request *r, const char *etag)
{
    const char *if_range = header_of(r, MHD_HTTP_HEADER_IF_RANGE);
    if (!gives_parts(r) || strcmp(r->method, MHD_HTTP_METHOD_GET) != 0)
        return NULL;
    return !if_range || strcmp(if_range, etag) == 0 ? header_of(r, MHD_HTTP_HEADER_RANGE) : NULL;
}

static enum MHD_Result answer_file(struct thm_request *r, const struct stat *st)
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
    const bool part = range == THM_RANGE_PART;
    struct MHD_Response *response = file_response(r, part ? first : 0, part ? last + 1 : size, etag);
    if (response && part) {
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first, (unsigned long long)last,
                 (unsigned long long)size);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    }
    return answer(r, part ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, response);
}

static enum MHD_Result answer_request(struct thm_request *r)
{
    const struct thm_server_faults *f = &r->server->faults;
    struct stat st;
    if (strcmp(r->path, "/healthz") == 0)
        return answer_short(r, MHD_HTTP_OK, "ok\n", MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (!thm_serve_client_is_welcome(r))
        return answer_short(r, MHD_HTTP_FORBIDDEN, "a certificate of the client's is needed\n", NULL, NULL);
    if (f->delay_ms != THM_NO_FAULT && !thm_serve_wait(r, (int)f->delay_ms))
        return MHD_NO;
    const bool posts = strcmp(r->method, MHD_HTTP_METHOD_POST) == 0 && r->server->posts >= 0;
    if (!posts && strcmp(r->method, MHD_HTTP_METHOD_GET) != 0 && strcmp(r->method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer_short(r, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n", MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (f->status != THM_NO_FAULT)
        return answer_short(r, (unsigned)f->status, "a fault asked for with --fault\n", NULL, NULL);
    if (f->redirect_loop)
        return answer_short(r, MHD_HTTP_FOUND, "here again\n", MHD_HTTP_HEADER_LOCATION, r->path);
    if (posts)
        return answer_short(r, thm_serve_post_status(r), "", NULL, NULL);
    r->fd = thm_http_open(r->server->dirfd, r->server->root, r->path, &st);
    if (r->fd < 0)
        return answer_short(r, MHD_HTTP_NOT_FOUND, "no such file\n", NULL, NULL);
    return answer_file(r, &st);
}

static void request_free(struct thm_request *r)
{
    if (r->fd >= 0)
        close(r->fd);
    free(r->method);
    free(r->path);
    free(r->version);
    free(r->posted);
    free(r);
}

static struct thm_request *request_new(struct thm_server *s, struct MHD_Connection *connection, const char *method,
                                       const char *path, const char *version)
{
    struct thm_request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (struct thm_request){ .server = s,
                               .connection = connection,
                               .method = strdup(method),
                               .path = strdup(path),
                               .version = strdup(version),
                               .fd = -1 };
    if (!r->method || !r->path || !r->version) {
        request_free(r);
        return NULL;
    }
    return r;
}

/* Called at the header, then for each piece of an upload, then once more: only the last call answers. */
enum MHD_Result thm_serve_handle(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                                 const char *version, const char *upload, size_t *upload_size, void **state)
{
    if (!*state) {
        *state = request_new(ctx, connection, method, path, version);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*upload_size) {
        thm_serve_take(*state, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return answer_request(*state);
}

static void client_address(const struct thm_request *r, char *out, socklen_t size)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = info ? info->client_addr : NULL;
    const void *ip = NULL;
    if (a && a->sa_family == AF_INET)
        ip = &((const struct sockaddr_in *)(const void *)a)->sin_addr;
    if (a && a->sa_family == AF_INET6)
        ip = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
    if (!ip || !inet_ntop(a->sa_family, ip, out, size))
        strcpy(out, "-");
}

/* The common log format of the NCSA's and Apache's servers; a quote would end its third field. */
static void log_request(const struct thm_request *r)
{
    struct thm_server *s = r->server;
    char address[INET6_ADDRSTRLEN] = "-", when[40];
    const time_t now = time(NULL);
    struct tm utc;
    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", gmtime_r(&now, &utc));
    client_address(r, address, sizeof address);
    for (char *quote; (quote = strchr(r->path, '"'));)
        *quote = '?';
    pthread_mutex_lock(&s->log_lock);
    s->log(s->ctx, thm_net_message("%s - - [%s] \"%.16s %.500s %.16s\" %u %llu", address, when, r->method, r->path,
                                   r->version, r->status, (unsigned long long)r->sent));
    pthread_mutex_unlock(&s->log_lock);
}

void thm_serve_completed(void *ctx, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct thm_server *s = ctx;
    struct thm_request *r = *state;
    (void)connection;
    (void)code;
    if (!r)
        return;
    if (s->log && r->status)
        log_request(r);
    request_free(r);
    *state = NULL;
}
