/* netlink/fetch_curl.c -- one transfer: its curl options, and what curl calls while it goes on. */
#include <ctype.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include "netlink/fetch_internal.h"

int64_t thm_fetch_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool thm_fetch_deliver(struct thm_fetch *f)
{
    if (f->o.body(f->o.ctx, f->chunk, f->fill))
        f->fill = 0;
    else
        f->stalled = true;
    return !f->stalled;
}

/* While body() refuses, curl keeps this piece and delivers it again, perhaps together with later ones: `replay` counts
 * what must be skipped then. */
static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct thm_fetch *f = ctx;
    size_t len = size * count, at = f->replay < len ? f->replay : len;
    if (f->info.http_status < 200 || f->info.http_status > 299)
        return len;
    f->active_ms = thm_fetch_now_ms();
    for (;;) {
        if (f->state == FETCH_DEAD || f->refused)
            return 0; /* cancelled by a callback, or more than the device can take */
        if (f->fill == f->o.chunk_bytes && !thm_fetch_deliver(f)) {
            f->replay = at > f->replay ? at : f->replay;
            return f->state == FETCH_DEAD ? 0 : CURL_WRITEFUNC_PAUSE;
        }
        if (at == len)
            break;
        size_t room = f->o.chunk_bytes - f->fill, n = len - at < room ? len - at : room;
        memcpy(f->chunk + f->fill, data + at, n);
        f->fill += (uint32_t)n;
        f->got += n;
        at += n;
    }
    f->replay = f->replay > len ? f->replay - len : 0;
    return len;
}

static void read_tls(struct thm_fetch *f)
{
    struct curl_tlssessioninfo *tls = NULL;
    if (curl_easy_getinfo(f->easy, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls &&
        tls->backend == CURLSSLBACKEND_OPENSSL && tls->internals)
        thm_fetch_read_tls(f, tls->internals);
}

static int on_socket(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
    struct thm_fetch *f = ctx;
    (void)purpose;
    f->opened[f->opened_count++ % (sizeof f->opened / sizeof f->opened[0])] = fd;
    return CURL_SOCKOPT_OK;
}

static uint16_t local_port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = { 0 };
    socklen_t len = sizeof a;
    if (fd < 0 || getsockname(fd, &a.any, &len) < 0)
        return 0;
    return a.any.sa_family == AF_INET ? ntohs(a.v4.sin_port) : a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port) : 0;
}

/* Of the sockets tried (IPv6 and IPv4 race), the one that is in use: curl tells its port only. */
static void find_socket(struct thm_fetch *f, int port)
{
    f->socket = -1;
    for (size_t i = 0; i < sizeof f->opened / sizeof f->opened[0]; i++)
        if (i < f->opened_count && local_port_of(f->opened[i]) == port)
            f->socket = f->opened[i];
}

/* The connection is made and verified; the request is about to be sent. */
static int on_connected(void *ctx, char *to, char *from, int to_port, int from_port)
{
    struct thm_fetch *f = ctx;
    (void)to;
    (void)from;
    (void)to_port;
    f->connected = true;
    find_socket(f, from_port);
    f->active_ms = thm_fetch_now_ms();
    f->close_notify = false;
    read_tls(f);
    return f->refused ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void copy_value(char *out, size_t size, const char *value, size_t len)
{
    while (len && strchr(" \t", *value)) {
        value++;
        len--;
    }
    while (len && strchr(" \t\r\n", value[len - 1]))
        len--;
    if (len >= size)
        len = size - 1;
    memcpy(out, value, len);
    out[len] = '\0';
}

void thm_fetch_read_header(struct thm_fetch *f)
{
    struct thm_fetch_info *info = &f->info;
    curl_off_t length = -1;
    long redirects = 0;
    char *url = NULL, *type = NULL;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &info->http_status);
    curl_easy_getinfo(f->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    curl_easy_getinfo(f->easy, CURLINFO_REDIRECT_COUNT, &redirects);
    curl_easy_getinfo(f->easy, CURLINFO_EFFECTIVE_URL, &url);
    curl_easy_getinfo(f->easy, CURLINFO_CONTENT_TYPE, &type);
    info->content_length = length;
    info->redirects = (unsigned)redirects;
    copy_value(info->effective_url, sizeof info->effective_url, url ? url : "", url ? strlen(url) : 0);
    copy_value(info->content_type, sizeof info->content_type, type ? type : "", type ? strlen(type) : 0);
}

static void header_ended(struct thm_fetch *f)
{
    long status = 0;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || f->header_told)
        return;
    if (status < 400 && status >= 300 && f->location) { /* curl follows: the next connection is another one */
        f->connected = false;
        return;
    }
    thm_fetch_read_header(f);
    f->header_told = true;
    if (f->o.header)
        f->o.header(f->o.ctx, &f->info);
}

static bool is_header(const char *line, size_t len, const char *name, size_t name_len)
{
    return len > name_len && line[name_len] == ':' && strncasecmp(line, name, name_len) == 0;
}

static bool take_number(char **at, unsigned long long *v)
{
    const bool is_number = isdigit((unsigned char)**at);
    *v = strtoull(*at, at, 10);
    return is_number;
}

/* "bytes FIRST-LAST/TOTAL", the total may be "*": RFC 9110, 14.4. */
static void read_range(struct thm_fetch *f, const char *value, size_t len)
{
    char text[96], *at = text + strlen("bytes ");
    unsigned long long first, last, total;
    copy_value(text, sizeof text, value, len);
    if (strncmp(text, "bytes ", strlen("bytes ")) != 0 || !take_number(&at, &first) || *at++ != '-' ||
        !take_number(&at, &last) || *at++ != '/' || last < first)
        return;
    f->info.range_first = first;
    f->info.range_total = take_number(&at, &total) && total <= INT64_MAX ? (int64_t)total : -1;
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct thm_fetch *f = ctx;
    size_t len = size * count;
    f->active_ms = thm_fetch_now_ms();
    if (len >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        f->location = f->chunked = false;
        f->info.etag[0] = '\0';
        f->info.range_first = UINT64_MAX;
        f->info.range_total = -1;
    } else if (is_header(line, len, "Location", 8)) {
        f->location = true;
    } else if (is_header(line, len, "Transfer-Encoding", 17)) {
        f->chunked = true;
    } else if (is_header(line, len, "ETag", 4)) {
        copy_value(f->info.etag, sizeof f->info.etag, line + 5, len - 5);
    } else if (is_header(line, len, "Content-Range", 13)) {
        read_range(f, line + 14, len - 14);
    } else if (len && (line[0] == '\r' || line[0] == '\n')) {
        header_ended(f);
    }
    return f->state == FETCH_DEAD || f->refused ? 0 : len;
}

static CURLcode on_tls_setup(CURL *easy, void *ssl_ctx, void *ctx)
{
    (void)easy;
    return thm_fetch_prepare_tls(ctx, ssl_ctx);
}

static const struct {
    CURLoption option;
    long value;
} fixed_options[] = {
    { CURLOPT_NOSIGNAL, 1 },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
    { CURLOPT_HTTP09_ALLOWED, 0 },
    { CURLOPT_SSL_VERIFYPEER, 1 },
    { CURLOPT_SSL_VERIFYHOST, 2 },
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
    { CURLOPT_SSL_SESSIONID_CACHE, 0 },
    { CURLOPT_FRESH_CONNECT, 1 },
    { CURLOPT_FORBID_REUSE, 1 },
    { CURLOPT_TCP_NODELAY, 1 },
    { CURLOPT_FOLLOWLOCATION, 1 },
    { CURLOPT_FAILONERROR, 1 },
    { CURLOPT_NOPROGRESS, 1 },
};

static CURLcode set_callbacks(struct thm_fetch *f)
{
    const struct {
        CURLoption function, data;
        void (*call)(void);
    } rows[] = {
        { CURLOPT_WRITEFUNCTION, CURLOPT_WRITEDATA, (void (*)(void))on_body },
        { CURLOPT_HEADERFUNCTION, CURLOPT_HEADERDATA, (void (*)(void))on_header },
        { CURLOPT_PREREQFUNCTION, CURLOPT_PREREQDATA, (void (*)(void))on_connected },
        { CURLOPT_SOCKOPTFUNCTION, CURLOPT_SOCKOPTDATA, (void (*)(void))on_socket },
        { CURLOPT_SSL_CTX_FUNCTION, CURLOPT_SSL_CTX_DATA, (void (*)(void))on_tls_setup },
    };
    CURLcode code = CURLE_OK;
    for (size_t i = 0; !code && i < sizeof rows / sizeof rows[0]; i++) {
        code = curl_easy_setopt(f->easy, rows[i].function, rows[i].call);
        if (!code)
            code = curl_easy_setopt(f->easy, rows[i].data, f);
    }
    return code;
}

/* The CAs that are given, and nothing else: the system's are not even read. */
static CURLcode set_certificates(struct thm_fetch *f, const struct thm_fetch_options *o)
{
    struct curl_blob ca = { (void *)(uintptr_t)o->tls.ca_pem, o->tls.ca_len, CURL_BLOB_COPY };
    CURLcode code = CURLE_OK;
    if (o->tls.ca_pem)
        code = curl_easy_setopt(f->easy, CURLOPT_CAINFO_BLOB, &ca);
    else if (o->cacert)
        code = curl_easy_setopt(f->easy, CURLOPT_CAINFO, o->cacert);
    if (!code && (o->tls.ca_pem || o->cacert))
        code = curl_easy_setopt(f->easy, CURLOPT_CAPATH, (char *)NULL);
    if (!code && o->tls.cert)
        code = curl_easy_setopt(f->easy, CURLOPT_SSLCERT, o->tls.cert);
    if (!code && o->tls.key)
        code = curl_easy_setopt(f->easy, CURLOPT_SSLKEY, o->tls.key);
    return code;
}

/* curl's own form: any host, any port, to that host, that port. */
static CURLcode connect_to(struct thm_fetch *f, uint16_t port)
{
    char where[32];
    snprintf(where, sizeof where, "::127.0.0.1:%u", port);
    f->connect_to = curl_slist_append(NULL, where);
    return f->connect_to ? curl_easy_setopt(f->easy, CURLOPT_CONNECT_TO, f->connect_to) : CURLE_OUT_OF_MEMORY;
}

static CURLcode ask_for_part(struct thm_fetch *f, const struct thm_fetch_options *o)
{
    char text[128];
    if (o->range_from == 0 && o->range_to == 0)
        return CURLE_OK;
    int n = snprintf(text, sizeof text, "%" PRIu64 "-", o->range_from);
    if (o->range_to)
        snprintf(text + n, sizeof text - (size_t)n, "%" PRIu64, o->range_to - 1);
    return curl_easy_setopt(f->easy, CURLOPT_RANGE, text);
}

static bool add_header(struct thm_fetch *f, const char *line)
{
    struct curl_slist *longer = curl_slist_append(f->headers, line);
    f->headers = longer ? longer : f->headers;
    return longer != NULL;
}

static bool add_condition(struct thm_fetch *f, const char *name, const char *etag)
{
    char text[128];
    snprintf(text, sizeof text, "%s: %.80s", name, etag);
    return add_header(f, text);
}

static CURLcode set_headers(struct thm_fetch *f, const struct thm_fetch_options *o)
{
    const bool part = o->range_from || o->range_to;
    bool ok = !part || !o->if_range || add_condition(f, "If-Range", o->if_range);
    ok = ok && (!o->if_none_match || add_condition(f, "If-None-Match", o->if_none_match));
    ok = ok && (!o->post || add_header(f, "Content-Type: application/json"));
    for (size_t i = 0; ok && i < o->headers_count; i++)
        ok = add_header(f, o->headers[i]);
    if (!ok)
        return CURLE_OUT_OF_MEMORY;
    return f->headers ? curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers) : CURLE_OK;
}

/* Sent at once: a device's client does not ask first whether it may (Expect: 100-continue is for bodies above 1 MB). */
static CURLcode set_post(struct thm_fetch *f, const struct thm_fetch_options *o)
{
    if (!o->post)
        return CURLE_OK;
    CURLcode code = curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->post_bytes);
    return code ? code : curl_easy_setopt(f->easy, CURLOPT_COPYPOSTFIELDS, (const char *)o->post);
}

CURLcode thm_fetch_configure(struct thm_fetch *f, const struct thm_fetch_options *o)
{
    const struct {
        CURLoption option;
        const void *value;
    } rows[] = {
        { CURLOPT_URL, o->url },
        { CURLOPT_PROTOCOLS_STR, "https" },
        { CURLOPT_REDIR_PROTOCOLS_STR, "https" },
        { CURLOPT_PROXY, "" },
        { CURLOPT_NOPROXY, "*" },
        { CURLOPT_USERAGENT, "thimble" },
        { CURLOPT_ERRORBUFFER, f->error },
        { CURLOPT_PRIVATE, f },
    };
    CURLcode code = set_callbacks(f);
    for (size_t i = 0; !code && i < sizeof rows / sizeof rows[0]; i++)
        code = curl_easy_setopt(f->easy, rows[i].option, rows[i].value);
    for (size_t i = 0; !code && i < sizeof fixed_options / sizeof fixed_options[0]; i++)
        code = curl_easy_setopt(f->easy, fixed_options[i].option, fixed_options[i].value);
    if (!code)
        code = curl_easy_setopt(f->easy, CURLOPT_MAXREDIRS, (long)f->o.max_redirects);
    if (!code)
        code = curl_easy_setopt(f->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)f->o.timeout_ms);
    if (!code && o->connect_port)
        code = connect_to(f, o->connect_port);
    if (!code)
        code = ask_for_part(f, o);
    if (!code)
        code = set_headers(f, o);
    if (!code)
        code = set_post(f, o);
    if (!code)
        code = curl_easy_setopt(f->easy, CURLOPT_HTTP_TRANSFER_DECODING, o->raw ? 0L : 1L);
    return code ? code : set_certificates(f, o);
}
