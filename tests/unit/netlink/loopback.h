/* A folder with a model server, a client that collects, and a TLS peer that sends what it is told. Loopback only. */
#pragma once
#include "tests/testing.h"
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include "netlink/ca.h"
#include "netlink/fetch.h"
#include "netlink/serve.h"

struct loopback {
    char dir[64], files[80], state[80], ca[96];
    struct thm_server *server;
    struct thm_net *net;
    char log[4096];
};

static inline void write_file(const char *dir, const char *name, const void *data, size_t len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* Every byte of the served file is this function of its place, so that a lost or repeated piece shows. */
static inline uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16));
}

#define BODY_BYTES 53936u

static inline int loopback_setup(void **state)
{
    static uint8_t body[BODY_BYTES];
    struct loopback *l = calloc(1, sizeof *l);
    if (!l)
        return -1;
    strcpy(l->dir, "/tmp/thimble-test-XXXXXX");
    if (!mkdtemp(l->dir))
        return -1;
    snprintf(l->files, sizeof l->files, "%s/files", l->dir);
    snprintf(l->state, sizeof l->state, "%s/state", l->dir);
    snprintf(l->ca, sizeof l->ca, "%s/ca.pem", l->state);
    mkdir(l->files, 0755);
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = pattern(i);
    write_file(l->files, "model.tflite", body, sizeof body);
    *state = l;
    return thm_net_create(&l->net) == THM_NET_OK ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline void remove_tree(const char *dir)
{
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline int loopback_teardown(void **state)
{
    struct loopback *l = *state;
    thm_net_destroy(l->net);
    thm_server_stop(l->server);
    remove_tree(l->dir);
    free(l);
    return 0;
}

static inline void loopback_log(void *ctx, const char *line)
{
    struct loopback *l = ctx;
    size_t used = strlen(l->log);
    snprintf(l->log + used, sizeof l->log - used, "%s\n", line);
}

static inline void serve(struct loopback *l, const char *faults)
{
    const char *message = "";
    const struct thm_server_options o = {
        .dir = l->files, .state_dir = l->state, .faults = faults, .log = loopback_log, .ctx = l
    };
    enum thm_net_err err = thm_server_start(&l->server, &o, &message);
    if (err)
        print_error("%s\n", message);
    assert_int_equal(err, THM_NET_OK);
}

struct client {
    uint64_t from, to; /* asked for: 0, 0: all */
    const char *if_range;
    bool raw; /* what one fetch gave */
    uint8_t *data;
    size_t len, room;
    size_t largest, calls, headers, wrong_sizes, ends;
    size_t refuse_every; /* 0: never; body() says no once before every n-th piece */
    bool refused;
    size_t cancel_after; /* pieces; 0: never */
    uint32_t chunk;
    struct thm_fetch *fetch;
    struct thm_fetch_info info;
    enum thm_net_err err;
    char message[512];
};

static inline bool client_body(void *ctx, const uint8_t *data, uint32_t len)
{
    struct client *c = ctx;
    if (c->refuse_every && c->calls % c->refuse_every == 0 && !c->refused) {
        c->refused = true;
        return false;
    }
    c->refused = false;
    c->calls++;
    if (c->len % c->chunk)
        c->wrong_sizes++; /* a short piece was not the last one */
    if (len > c->largest)
        c->largest = len;
    if (c->len + len > c->room) {
        c->room = 2 * (c->len + len);
        c->data = realloc(c->data, c->room);
        assert_non_null(c->data);
    }
    memcpy(c->data + c->len, data, len);
    c->len += len;
    if (c->calls == c->cancel_after)
        thm_fetch_cancel(c->fetch);
    return true;
}

static inline void client_header(void *ctx, const struct thm_fetch_info *info)
{
    struct client *c = ctx;
    c->headers++;
    c->info = *info;
}

static inline void client_done(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    struct client *c = ctx;
    c->ends++;
    c->err = err;
    c->info = *info;
    c->fetch = NULL;
    snprintf(c->message, sizeof c->message, "%s", message);
}

static inline void client_start(struct client *c, struct loopback *l, const char *url, unsigned timeout_ms)
{
    const char *message = "";
    if (!c->chunk)
        c->chunk = 1024;
    const struct thm_fetch_options o = { .url = url,
                                         .cacert = l->ca,
                                         .chunk_bytes = c->chunk,
                                         .timeout_ms = timeout_ms,
                                         .range_from = c->from,
                                         .range_to = c->to,
                                         .if_range = c->if_range,
                                         .raw = c->raw,
                                         .header = client_header,
                                         .body = client_body,
                                         .done = client_done,
                                         .ctx = c };
    enum thm_net_err err = thm_fetch_start(l->net, &o, &c->fetch, &message);
    if (err)
        print_error("%s\n", message);
    assert_int_equal(err, THM_NET_OK);
}

static inline void client_run(struct client *c, struct loopback *l)
{
    while (c->fetch && !c->ends) {
        assert_int_equal(thm_net_poll(l->net, NULL, NULL, 0, 1000), THM_NET_OK);
        if (c->fetch && c->refused)
            thm_fetch_resume(c->fetch);
    }
}

static inline const char *url_of(const struct loopback *l, const char *host, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "https://%s:%u%s", host, thm_server_port(l->server), path);
    return url;
}

static inline void fetch(struct client *c, struct loopback *l, const char *path)
{
    client_start(c, l, url_of(l, "localhost", path), 0);
    client_run(c, l);
}

/* ---- a peer that answers each connection with given bytes ---- */

enum raw_end { RAW_CLOSE_NOTIFY, RAW_ABRUPT, RAW_RESET, RAW_HANG };
struct raw_peer {
    int listener, stop[2];
    uint16_t port;
    const char *answer; /* PORT in it is replaced by the port */
    enum raw_end end;
    unsigned pause_ms; /* between the bytes of its TLS record, 0: all at once */
    bool plain_tcp;    /* no TLS: close at once */
    bool mute;         /* no TLS: say nothing */
    SSL_CTX *ctx;
    pthread_t thread;
};

static inline bool raw_stopped(struct raw_peer *p, unsigned ms)
{
    struct pollfd fd = { .fd = p->stop[0], .events = POLLIN };
    return poll(&fd, 1, (int)ms) > 0;
}

/* One TLS record, byte by byte: curl sees nothing of it until it is whole. */
static inline void raw_trickle(struct raw_peer *p, SSL *ssl, const char *text, int len)
{
    BIO *socket_bio = SSL_get_wbio(ssl), *memory = BIO_new(BIO_s_mem());
    char byte;
    BIO_up_ref(socket_bio);
    BIO_up_ref(memory);
    SSL_set0_wbio(ssl, memory);
    SSL_write(ssl, text, len);
    SSL_set0_wbio(ssl, socket_bio);
    while (BIO_read(memory, &byte, 1) == 1 && !raw_stopped(p, p->pause_ms))
        BIO_write(socket_bio, &byte, 1);
    BIO_free(memory);
}

static inline void raw_send(struct raw_peer *p, SSL *ssl)
{
    char text[4096];
    int len = snprintf(text, sizeof text, "%s", p->answer);
    char *mark = strstr(text, "PORT");
    if (mark) {
        char rest[2048];
        snprintf(rest, sizeof rest, "%s", mark + 4);
        len = (int)(mark - text) + sprintf(mark, "%u%s", p->port, rest);
    }
    if (p->pause_ms)
        raw_trickle(p, ssl, text, len);
    else if (len)
        SSL_write(ssl, text, len);
}

static inline void raw_serve_one(struct raw_peer *p, int fd)
{
    char request[2048];
    SSL *ssl = SSL_new(p->ctx);
    SSL_set_fd(ssl, fd);
    if (p->mute)
        raw_stopped(p, 20000);
    else if (!p->plain_tcp && SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0) {
        raw_send(p, ssl);
        if (p->end == RAW_CLOSE_NOTIFY)
            SSL_shutdown(ssl);
        if (p->end == RAW_HANG)
            raw_stopped(p, 20000);
        if (p->end == RAW_RESET)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
    }
    SSL_free(ssl);
    close(fd);
}

static inline void *raw_main(void *arg)
{
    struct raw_peer *p = arg;
    struct pollfd fds[2] = { { .fd = p->listener, .events = POLLIN }, { .fd = p->stop[0], .events = POLLIN } };
    while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
        int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            raw_serve_one(p, fd);
    }
    return NULL;
}

static inline void raw_start(struct raw_peer *p, struct loopback *l)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    struct thm_identity id;
    struct thm_ca *ca;
    char pem[128];
    const char *message;
    assert_int_equal(thm_ca_open(&ca, l->state, &message), THM_NET_OK);
    assert_int_equal(thm_ca_server(ca, NULL, &id, &message), THM_NET_OK);
    thm_identity_clear(&id);
    thm_ca_close(ca);
    p->ctx = SSL_CTX_new(TLS_server_method());
    snprintf(pem, sizeof pem, "%s/server.pem", l->state);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(p->ctx, pem), 1);
    snprintf(pem, sizeof pem, "%s/server-key.pem", l->state);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(p->ctx, pem, SSL_FILETYPE_PEM), 1);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(p->listener, 8), 0);
    getsockname(p->listener, (struct sockaddr *)&a, &len);
    p->port = ntohs(a.sin_port);
    assert_int_equal(pipe2(p->stop, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&p->thread, NULL, raw_main, p), 0);
}

static inline void raw_stop(struct raw_peer *p)
{
    assert_int_equal(write(p->stop[1], "x", 1), 1);
    pthread_join(p->thread, NULL);
    close(p->stop[0]);
    close(p->stop[1]);
    close(p->listener);
    SSL_CTX_free(p->ctx);
}

/* Fetch from a raw peer that gives this answer and ends so. */
static inline void fetch_raw(struct client *c, struct loopback *l, const char *answer, enum raw_end end,
                             unsigned timeout_ms)
{
    struct raw_peer p = { .answer = answer, .end = end };
    char url[64];
    raw_start(&p, l);
    snprintf(url, sizeof url, "https://localhost:%u/x", p.port);
    client_start(c, l, url, timeout_ms);
    client_run(c, l);
    raw_stop(&p);
}

static inline int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
