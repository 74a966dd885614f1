/* netlink/fetch.c -- transfers on one curl multi handle.
 *
 * Each fetch has a connection of its own, as each board would: nothing is reused or resumed, so that a board's
 * handshake does not depend on what other boards did before. */
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
#include "netlink/fetch_internal.h"
#include "netlink/message.h"

struct thm_net {
    CURLM *multi;
    struct thm_fetch *fetches;
    char *checked;    /* cacert that was last found to be one: reading it takes as long as a handshake */
    bool polling;     /* callbacks may run: freeing waits */
    bool stirred;     /* fetches are new, resumed or dead: look at them */
    int64_t idle_due; /* nobody has been idle for too long before this */
    struct thm_fetch_waits waits;
    struct pollfd *polls; /* scratch of thm_net_poll() */
    size_t fds_max;
};

/* OpenSSL writes with write(): without this, a server that has gone would end the process with SIGPIPE. */
struct pipe_guard {
    sigset_t pipe, before;
    bool was_pending;
};

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

/* Once for many fetches in a row. */
static bool check_cacert_once(struct thm_net *net, const char *path, const char **message)
{
    if (net->checked && strcmp(net->checked, path) == 0)
        return true;
    free(net->checked);
    const bool ok = check_cacert(path, message);
    net->checked = ok ? strdup(path) : NULL;
    return ok;
}

static bool check_options(struct thm_net *net, const struct thm_fetch_options *o, const char **message)
{
    if ((o->range_to && o->range_to <= o->range_from) || !o->url || !o->body || !o->done || o->chunk_bytes == 0 ||
        o->timeout_ms > INT_MAX || o->max_redirects > INT_MAX)
        *message = "a fetch needs a URL, a chunk size, body() and done(), and sensible limits";
    else if (!is_https_url(o->url))
        *message = thm_net_message("'%.300s' is not an https URL", o->url);
    else
        return thm_fetch_check_tls(o, message) &&
               (!o->cacert || o->tls.ca_pem || check_cacert_once(net, o->cacert, message));
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
    curl_slist_free_all(f->connect_to);
    curl_slist_free_all(f->headers);
    free(f->chunk);
    free(f);
}

enum thm_net_err thm_fetch_start(struct thm_net *net, const struct thm_fetch_options *o, struct thm_fetch **out,
                                 const char **message)
{
    *out = NULL;
    if (!check_options(net, o, message))
        return THM_NET_EINVAL;
    struct thm_fetch *f = calloc(1, sizeof *f);
    *message = "out of memory";
    if (!f)
        return THM_NET_EHOST;
    f->net = net;
    f->o = *o;
    f->pinned = o->tls.pin && thm_pin_parse(o->tls.pin, f->pin);
    f->own_ca = o->tls.ca_pem != NULL;
    f->conditional = o->if_none_match != NULL;
    f->o.url = f->o.cacert = f->o.if_range = f->o.if_none_match = NULL;
    f->o.headers = NULL;
    f->o.post = NULL;
    f->o.tls.ca_pem = f->o.tls.cert = f->o.tls.key = f->o.tls.pin = NULL;
    f->o.max_redirects = o->max_redirects ? o->max_redirects : THM_NET_REDIRECTS;
    f->o.timeout_ms = o->timeout_ms ? o->timeout_ms : THM_NET_TIMEOUT_MS;
    f->info.content_length = f->info.range_total = -1;
    f->chunk = malloc(o->chunk_bytes);
    f->easy = f->chunk ? curl_easy_init() : NULL;
    if (!f->easy || thm_fetch_configure(f, o) != CURLE_OK) {
        fetch_free(f);
        return THM_NET_EHOST;
    }
    f->next = net->fetches;
    net->fetches = f;
    net->stirred = true;
    const int64_t due = thm_fetch_now_ms() + f->o.timeout_ms;
    net->idle_due = due < net->idle_due ? due : net->idle_due;
    *out = f;
    return THM_NET_OK;
}

static void sweep(struct thm_net *net)
{
    for (struct thm_fetch **p = &net->fetches, *f; (f = *p);) {
        if (f->state == FETCH_DEAD) {
            *p = f->next;
            fetch_free(f);
        } else {
            p = &f->next;
        }
    }
}

void thm_fetch_resume(struct thm_fetch *f)
{
    f->resumed = f->net->stirred = true;
}

static void die(struct thm_fetch *f)
{
    f->state = FETCH_DEAD;
    f->net->stirred = true;
}

void thm_fetch_cancel(struct thm_fetch *f)
{
    die(f);
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
    net->waits.epoll = -1;
    net->idle_due = INT64_MAX;
    if (!net->multi || !thm_fetch_waits_open(&net->waits, net->multi)) {
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
    thm_fetch_waits_close(&net->waits);
    curl_global_cleanup(); /* counts its calls */
    free(net->polls);
    free(net->checked);
    free(net);
}

static void fill_end(struct thm_fetch *f, struct thm_fetch_end *end)
{
    char *url = NULL;
    if (!f->header_told)
        thm_fetch_read_header(f);
    curl_easy_getinfo(f->easy, CURLINFO_EFFECTIVE_URL, &url);
    *end = (struct thm_fetch_end){
        .code = f->code,
        .text = f->error,
        .url = url ? url : "",
        .http_status = f->info.http_status,
        .got = f->got,
        .expected = f->info.content_length,
        .connected = f->connected,
        .timeout_ms = f->o.timeout_ms,
        .redirects = f->o.max_redirects,
        .own_ca = f->own_ca,
        .refused = f->refused,
        .refused_bytes = f->refused_bytes,
        .refused_limit = f->refused_limit,
        .pin_found = f->pin_found,
        .not_modified = f->conditional && f->info.http_status == 304,
        .closed_properly = f->close_notify || f->chunked || f->info.content_length >= 0 ||
                           f->info.http_status == 204, /* has no body */
    };
    curl_easy_getinfo(f->easy, CURLINFO_SSL_VERIFYRESULT, &end->verify_result);
    f->info.verify_result = end->verify_result;
    curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &end->os_errno);
}

/* Deliver what is left, then the end; later, if body() refuses. */
static void finish(struct thm_fetch *f)
{
    struct thm_fetch_end end;
    const char *message;
    if (f->state != FETCH_ENDED || (f->fill && !thm_fetch_deliver(f)) || f->state == FETCH_DEAD)
        return;
    fill_end(f, &end);
    enum thm_net_err err = thm_fetch_explain(&end, &message);
    die(f);
    f->o.done(f->o.ctx, err, message, &f->info);
}

static void end_transfer(struct thm_fetch *f, CURLcode code)
{
    struct pipe_guard g;
    guard_begin(&g);
    curl_multi_remove_handle(f->net->multi, f->easy);
    guard_end(&g);
    f->code = code;
    if (f->state == FETCH_RUNNING)
        f->state = FETCH_ENDED;
    finish(f);
}

static void let_new_start(struct thm_net *net)
{
    for (struct thm_fetch *f = net->fetches; f; f = f->next) {
        if (f->state != FETCH_NEW)
            continue;
        f->state = FETCH_RUNNING;
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
        f->active_ms = thm_fetch_now_ms();
        if (f->state == FETCH_ENDED) {
            finish(f);
        } else if (f->state == FETCH_RUNNING) {
            guard_begin(&g);
            curl_easy_pause(f->easy, CURLPAUSE_CONT); /* calls on_body(); an error ends the transfer */
            guard_end(&g);
        }
    }
}

static void stir(struct thm_net *net)
{
    if (!net->stirred)
        return;
    net->stirred = false;
    let_new_start(net);
    let_resumed_go_on(net);
}

/* How long the peer has sent nothing at all: curl tells of bytes only when a TLS record is whole, the kernel of each.
 */
static int64_t idle_ms(const struct thm_fetch *f, int64_t now)
{
    int64_t idle = now - f->active_ms;
    struct tcp_info tcp;
    socklen_t len = sizeof tcp;
    if (f->socket >= 0 && getsockopt(f->socket, IPPROTO_TCP, TCP_INFO, &tcp, &len) == 0 &&
        tcp.tcpi_last_data_recv < idle)
        idle = tcp.tcpi_last_data_recv;
    return idle;
}

static bool counts_idle_time(const struct thm_fetch *f)
{
    return f->state == FETCH_RUNNING && f->connected && !f->stalled;
}

/* Those that do not count yet do so from later on. */
static void end_idle(struct thm_net *net)
{
    int64_t now = thm_fetch_now_ms();
    if (now < net->idle_due)
        return;
    net->idle_due = INT64_MAX;
    for (struct thm_fetch *f = net->fetches; f; f = f->next) {
        if (counts_idle_time(f) && now - f->active_ms >= f->o.timeout_ms)
            f->active_ms = now - idle_ms(f, now);
        const int64_t due = (counts_idle_time(f) ? f->active_ms : now) + f->o.timeout_ms;
        if (due <= now)
            end_transfer(f, CURLE_OPERATION_TIMEDOUT);
        else if (due < net->idle_due)
            net->idle_due = due;
    }
}

static int limit_timeout(const struct thm_net *net, int timeout_ms)
{
    const int64_t now = thm_fetch_now_ms();
    int64_t limit = timeout_ms < 0 ? INT_MAX : timeout_ms;
    if (net->stirred)
        return 0;
    if (net->idle_due - now < limit)
        limit = net->idle_due - now;
    if (net->waits.due_ms - now < limit)
        limit = net->waits.due_ms - now;
    return limit > 0 ? (int)limit : 0;
}

static bool reserve_fds(struct thm_net *net, size_t n)
{
    if (n <= net->fds_max)
        return true;
    struct pollfd *polls = realloc(net->polls, n * sizeof *polls);
    if (!polls)
        return false;
    net->polls = polls;
    net->fds_max = n;
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
    if (poll(net->polls, n, limit_timeout(net, timeout_ms)) < 0 && errno != EINTR && errno != EAGAIN)
        return false;
    guard_begin(&g);
    const bool ok = thm_fetch_waits_act(&net->waits, net->multi);
    guard_end(&g);
    return ok;
}

enum thm_net_err thm_net_poll(struct thm_net *net, const int *fds, bool *ready, size_t n, int timeout_ms)
{
    if (!reserve_fds(net, n + 1))
        return THM_NET_EHOST;
    net->polls[n] = (struct pollfd){ .fd = net->waits.epoll, .events = POLLIN };
    for (size_t i = 0; i < n; i++)
        net->polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
    net->polling = true;
    stir(net);
    bool ok = wait_and_perform(net, n + 1, timeout_ms);
    if (ok) {
        read_ended(net);
        end_idle(net);
    }
    for (size_t i = 0; i < n && ready; i++)
        ready[i] = ok && net->polls[i].revents != 0;
    net->polling = false;
    if (net->stirred)
        sweep(net);
    return ok ? THM_NET_OK : THM_NET_EHOST;
}
