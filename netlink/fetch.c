/* netlink/fetch.c -- transfers on one curl multi handle.
 *
 * Each fetch has a connection of its own, as each board would: nothing is reused or resumed, so that a board's handshake
 * does not depend on what other boards did before. */
#include "netlink/fetch.h"
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include "netlink/fetch_internal.h"
#include "netlink/message.h"

#define DEFAULT_REDIRECTS  10   /* esp_http_client */
#define DEFAULT_TIMEOUT_MS 5000 /* esp_http_client */

enum state {
    NEW,     /* not yet given to curl */
    RUNNING,
    ENDED,   /* the last piece and done() are still to be delivered */
    DEAD,    /* done or cancelled: freed at the end of the poll */
};

struct thm_fetch {
    struct thm_net *net;
    struct thm_fetch *next;
    CURL *easy;
    enum state state;
    struct thm_fetch_options o; /* url and cacert are not kept */
    struct thm_fetch_info info;
    uint8_t *chunk;             /* o.chunk_bytes, of which `fill` are waiting for delivery */
    uint32_t fill;
    size_t replay;              /* how much of what curl delivers again is already taken */
    uint64_t got;
    bool stalled, resumed;      /* body() said no; thm_fetch_resume() was called since */
    bool connected;             /* the handshake is done: the idle time counts */
    bool location, chunked;     /* headers seen in the present answer */
    bool header_told, close_notify;
    int64_t active_ms;          /* when something last arrived */
    CURLcode code;
    char error[CURL_ERROR_SIZE];
};

struct thm_net {
    CURLM *multi;
    struct thm_fetch *fetches;
    bool polling;               /* callbacks may run: freeing waits */
    struct curl_waitfd *waits;  /* scratch of thm_net_poll() */
    struct pollfd *polls;
    size_t fds_max;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* OpenSSL writes with write(): without this, a server that has gone would end the process with SIGPIPE. */
struct pipe_guard { sigset_t pipe, before; bool was_pending; };

static void guard_begin(struct pipe_guard *g)
{
    sigset_t pending;
    sigemptyset(&g->pipe);
    sigaddset(&g->pipe, SIGPIPE);
    sigpending(&pending);
    g->was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &g->pipe, &g->before);
}

static void guard_end(struct pipe_guard *g)
{
    if (!g->was_pending)
        sigtimedwait(&g->pipe, NULL, &(struct timespec){ 0 });
    pthread_sigmask(SIG_SETMASK, &g->before, NULL);
}

/* ---- what curl calls ---- */

static bool deliver(struct thm_fetch *f)
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
    f->active_ms = now_ms();
    for (;;) {
        if (f->state == DEAD)
            return 0; /* cancelled by a callback */
        if (f->fill == f->o.chunk_bytes && !deliver(f)) {
            f->replay = at > f->replay ? at : f->replay;
            return f->state == DEAD ? 0 : CURL_WRITEFUNC_PAUSE;
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
        thm_fetch_read_tls(tls->internals, &f->info);
}

/* The connection is made and verified; the request is about to be sent. */
static int on_connected(void *ctx, char *to, char *from, int to_port, int from_port)
{
    struct thm_fetch *f = ctx;
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    f->connected = true;
    f->active_ms = now_ms();
    f->close_notify = false;
    read_tls(f);
    return CURL_PREREQFUNC_OK;
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

static void read_header_info(struct thm_fetch *f)
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
    read_header_info(f);
    f->header_told = true;
    if (f->o.header)
        f->o.header(f->o.ctx, &f->info);
}

static bool is_header(const char *line, size_t len, const char *name, size_t name_len)
{
    return len > name_len && line[name_len] == ':' && strncasecmp(line, name, name_len) == 0;
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct thm_fetch *f = ctx;
    size_t len = size * count;
    f->active_ms = now_ms();
    if (len >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        f->location = f->chunked = false;
        f->info.etag[0] = '\0';
    } else if (is_header(line, len, "Location", 8)) {
        f->location = true;
    } else if (is_header(line, len, "Transfer-Encoding", 17)) {
        f->chunked = true;
    } else if (is_header(line, len, "ETag", 4)) {
        copy_value(f->info.etag, sizeof f->info.etag, line + 5, len - 5);
    } else if (len && (line[0] == '\r' || line[0] == '\n')) {
        header_ended(f);
    }
    return f->state == DEAD ? 0 : len;
}

/* A body without a length ends with the connection: only close_notify tells its end from a cut. */
static void on_tls_event(const SSL *ssl, int where, int value)
{
    struct thm_fetch *f = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (where == SSL_CB_READ_ALERT && (value & 0xff) == SSL3_AD_CLOSE_NOTIFY)
        f->close_notify = true;
}

static CURLcode on_tls_setup(CURL *easy, void *ssl_ctx, void *ctx)
{
    (void)easy;
    if (!SSL_CTX_set_app_data(ssl_ctx, ctx))
        return CURLE_OUT_OF_MEMORY;
    SSL_CTX_set_info_callback(ssl_ctx, on_tls_event);
    return CURLE_OK;
}

/* ---- starting and ending ---- */

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

static CURLcode set_options(struct thm_fetch *f, const struct thm_fetch_options *o)
{
    const struct {
        CURLoption option;
        const void *value;
    } rows[] = {
        { CURLOPT_URL, o->url },           { CURLOPT_PROTOCOLS_STR, "https" },  { CURLOPT_REDIR_PROTOCOLS_STR, "https" },
        { CURLOPT_PROXY, "" },             { CURLOPT_NOPROXY, "*" },            { CURLOPT_USERAGENT, "thimble" },
        { CURLOPT_ERRORBUFFER, f->error }, { CURLOPT_PRIVATE, f },
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
    if (!code && o->cacert) { /* and nothing else: the system's certificates are not even read */
        code = curl_easy_setopt(f->easy, CURLOPT_CAINFO, o->cacert);
        if (!code)
            code = curl_easy_setopt(f->easy, CURLOPT_CAPATH, NULL);
    }
    return code;
}

static bool is_https_url(const char *url)
{
    CURLU *u = curl_url();
    char *scheme = NULL, *host = NULL;
    bool ok = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && strcasecmp(scheme, "https") == 0 &&
              curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host;
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(u);
    return ok;
}

static bool check_cacert(const char *path, const char **message)
{
    BIO *bio = BIO_new_file(path, "r");
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    if (!bio)
        *message = thm_net_message("%s: %s", path, strerror(errno));
    else if (!cert)
        *message = thm_net_message("%s: no certificate in PEM form in it", path);
    BIO_free(bio);
    X509_free(cert);
    ERR_clear_error();
    return cert != NULL;
}

static bool check_options(const struct thm_fetch_options *o, const char **message)
{
    if (!o->url || !o->body || !o->done || o->chunk_bytes == 0 || o->timeout_ms > INT_MAX || o->max_redirects > INT_MAX)
        *message = "a fetch needs a URL, a chunk size, body() and done(), and sensible limits";
    else if (!is_https_url(o->url))
        *message = thm_net_message("'%.300s' is not an https URL", o->url);
    else
        return !o->cacert || check_cacert(o->cacert, message);
    return false;
}

static void fetch_free(struct thm_fetch *f)
{
    struct pipe_guard g;
    if (f->easy) {
        guard_begin(&g);
        curl_multi_remove_handle(f->net->multi, f->easy); /* fine if it is not in there */
        curl_easy_cleanup(f->easy);
        guard_end(&g);
    }
    free(f->chunk);
    free(f);
}

enum thm_net_err thm_fetch_start(struct thm_net *net, const struct thm_fetch_options *o, struct thm_fetch **out,
                                 const char **message)
{
    *out = NULL;
    if (!check_options(o, message))
        return THM_NET_EINVAL;
    struct thm_fetch *f = calloc(1, sizeof *f);
    *message = "out of memory";
    if (!f)
        return THM_NET_EHOST;
    f->net = net;
    f->o = *o;
    f->o.url = f->o.cacert = NULL;
    f->o.max_redirects = o->max_redirects ? o->max_redirects : DEFAULT_REDIRECTS;
    f->o.timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
    f->info.content_length = -1;
    f->chunk = malloc(o->chunk_bytes);
    f->easy = f->chunk ? curl_easy_init() : NULL;
    if (!f->easy || set_options(f, o) != CURLE_OK) {
        fetch_free(f);
        return THM_NET_EHOST;
    }
    f->next = net->fetches;
    net->fetches = f;
    *out = f;
    return THM_NET_OK;
}

static void sweep(struct thm_net *net)
{
    for (struct thm_fetch **p = &net->fetches, *f; (f = *p);) {
        if (f->state == DEAD) {
            *p = f->next;
            fetch_free(f);
        } else {
            p = &f->next;
        }
    }
}

void thm_fetch_resume(struct thm_fetch *f)
{
    f->resumed = true;
}

void thm_fetch_cancel(struct thm_fetch *f)
{
    f->state = DEAD;
    if (!f->net->polling)
        sweep(f->net);
}

enum thm_net_err thm_net_create(struct thm_net **out)
{
    struct thm_net *net = calloc(1, sizeof *net);
    *out = NULL;
    if (!net || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(net);
        return THM_NET_EHOST;
    }
    net->multi = curl_multi_init();
    if (!net->multi) {
        thm_net_destroy(net);
        return THM_NET_EHOST;
    }
    *out = net;
    return THM_NET_OK;
}

void thm_net_destroy(struct thm_net *net)
{
    if (!net)
        return;
    for (struct thm_fetch *f = net->fetches, *next; f; f = next) {
        next = f->next;
        fetch_free(f);
    }
    curl_multi_cleanup(net->multi);
    curl_global_cleanup(); /* counts its calls */
    free(net->waits);
    free(net->polls);
    free(net);
}

/* ---- the poll ---- */

static void fill_end(struct thm_fetch *f, struct thm_fetch_end *end)
{
    char *url = NULL;
    if (!f->header_told)
        read_header_info(f);
    curl_easy_getinfo(f->easy, CURLINFO_EFFECTIVE_URL, &url);
    *end = (struct thm_fetch_end){
        .code = f->code, .text = f->error, .url = url ? url : "", .http_status = f->info.http_status, .got = f->got,
        .expected = f->info.content_length, .connected = f->connected, .timeout_ms = f->o.timeout_ms,
        .redirects = f->o.max_redirects,
        .closed_properly = f->close_notify || f->chunked || f->info.content_length >= 0,
    };
    curl_easy_getinfo(f->easy, CURLINFO_SSL_VERIFYRESULT, &end->verify_result);
    curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &end->os_errno);
}

/* Deliver what is left, then the end; later, if body() refuses. */
static void finish(struct thm_fetch *f)
{
    struct thm_fetch_end end;
    const char *message;
    if (f->state != ENDED || (f->fill && !deliver(f)) || f->state == DEAD)
        return;
    fill_end(f, &end);
    enum thm_net_err err = thm_fetch_explain(&end, &message);
    f->state = DEAD;
    f->o.done(f->o.ctx, err, message, &f->info);
}

static void end_transfer(struct thm_fetch *f, CURLcode code)
{
    struct pipe_guard g;
    guard_begin(&g);
    curl_multi_remove_handle(f->net->multi, f->easy);
    guard_end(&g);
    f->code = code;
    if (f->state == RUNNING)
        f->state = ENDED;
    finish(f);
}

static void let_new_start(struct thm_net *net)
{
    for (struct thm_fetch *f = net->fetches; f; f = f->next) {
        if (f->state != NEW)
            continue;
        f->state = RUNNING;
        if (curl_multi_add_handle(net->multi, f->easy) != CURLM_OK)
            end_transfer(f, CURLE_OUT_OF_MEMORY);
    }
}

static void let_resumed_go_on(struct thm_net *net)
{
    struct pipe_guard g;
    for (struct thm_fetch *f = net->fetches; f; f = f->next) {
        if (!f->stalled || !f->resumed)
            continue;
        f->stalled = f->resumed = false;
        f->active_ms = now_ms();
        if (f->state == ENDED) {
            finish(f);
        } else if (f->state == RUNNING) {
            guard_begin(&g);
            curl_easy_pause(f->easy, CURLPAUSE_CONT); /* calls on_body(); an error ends the transfer */
            guard_end(&g);
        }
    }
}

/* How long the peer has sent nothing at all: curl tells of bytes only when a TLS record is whole, the kernel of each. */
static int64_t idle_ms(const struct thm_fetch *f, int64_t now)
{
    int64_t idle = now - f->active_ms;
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct tcp_info tcp;
    socklen_t len = sizeof tcp;
    if (idle >= f->o.timeout_ms && curl_easy_getinfo(f->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK &&
        fd != CURL_SOCKET_BAD && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &len) == 0 &&
        tcp.tcpi_last_data_recv < idle)
        idle = tcp.tcpi_last_data_recv;
    return idle;
}

static bool counts_idle_time(const struct thm_fetch *f)
{
    return f->state == RUNNING && f->connected && !f->stalled;
}

static void end_idle(struct thm_net *net)
{
    int64_t now = now_ms();
    for (struct thm_fetch *f = net->fetches; f; f = f->next) {
        if (!counts_idle_time(f) || now - f->active_ms < f->o.timeout_ms)
            continue;
        int64_t idle = idle_ms(f, now);
        f->active_ms = now - idle;
        if (idle >= f->o.timeout_ms)
            end_transfer(f, CURLE_OPERATION_TIMEDOUT);
    }
}

static int limit_timeout(const struct thm_net *net, int timeout_ms)
{
    int64_t now = now_ms(), limit = timeout_ms < 0 ? INT_MAX : timeout_ms;
    for (const struct thm_fetch *f = net->fetches; f; f = f->next) {
        int64_t left = f->active_ms + f->o.timeout_ms - now;
        if (f->state == NEW || f->state == DEAD || (f->stalled && f->resumed))
            return 0;
        if (counts_idle_time(f) && left < limit)
            limit = left > 0 ? left : 0;
    }
    return (int)limit;
}

static bool reserve_fds(struct thm_net *net, size_t n)
{
    if (n <= net->fds_max)
        return true;
    if (n > UINT_MAX / sizeof *net->waits)
        return false;
    struct curl_waitfd *waits = realloc(net->waits, n * sizeof *waits);
    if (waits)
        net->waits = waits;
    struct pollfd *polls = realloc(net->polls, n * sizeof *polls);
    if (polls)
        net->polls = polls;
    if (waits && polls)
        net->fds_max = n;
    return waits && polls;
}

/* Asked separately, as curl does not tell of descriptors that are at their end. */
static bool read_ready(struct thm_net *net, bool *ready, size_t n)
{
    if (!ready || n == 0)
        return true;
    if (poll(net->polls, n, 0) < 0 && errno != EINTR && errno != EAGAIN)
        return false;
    for (size_t i = 0; i < n; i++)
        ready[i] = net->polls[i].revents != 0;
    return true;
}

static void read_ended(struct thm_net *net)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(net->multi, &left));) {
        struct thm_fetch *f = NULL;
        if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &f) != CURLE_OK || !f)
            continue;
        end_transfer(f, m->data.result); /* m is gone then */
    }
}

static bool wait_and_perform(struct thm_net *net, size_t n, int timeout_ms)
{
    struct pipe_guard g;
    int running;
    CURLMcode code = curl_multi_poll(net->multi, net->waits, (unsigned)n, limit_timeout(net, timeout_ms), NULL);
    if (code != CURLM_OK && errno != EINTR)
        return false;
    guard_begin(&g);
    code = curl_multi_perform(net->multi, &running);
    guard_end(&g);
    return code == CURLM_OK;
}

enum thm_net_err thm_net_poll(struct thm_net *net, const int *fds, bool *ready, size_t n, int timeout_ms)
{
    if (!reserve_fds(net, n))
        return THM_NET_EHOST;
    for (size_t i = 0; i < n; i++) {
        net->waits[i] = (struct curl_waitfd){ .fd = fds[i], .events = CURL_WAIT_POLLIN };
        net->polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
    }
    net->polling = true;
    let_new_start(net);
    let_resumed_go_on(net);
    bool ok = wait_and_perform(net, n, timeout_ms);
    if (ok) {
        read_ended(net);
        end_idle(net);
        ok = read_ready(net, ready, n);
    }
    net->polling = false;
    sweep(net);
    return ok ? THM_NET_OK : THM_NET_EHOST;
}
