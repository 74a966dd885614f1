/* netlink/serve.c -- one thread a connection (libmicrohttpd), so that a stalled board holds up no other one.
 *
 * A pool of threads with epoll took three times the processor time of a 54 KB download (libmicrohttpd 0.9.75: 2.5 ms
 * in place of 0.8). */
#include "netlink/serve.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "netlink/message.h"
#include "netlink/serve_internal.h"
#include "netlink/x509.h"

#define BACKLOG         SOMAXCONN
#define STACK_BYTES     (256 * 1024)
#define CONNECTIONS_MAX 10000u /* each with a thread and up to two descriptors */
#define IDLE_S          60     /* a connection without traffic is closed */
#define TLS_PRIORITIES  "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

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

/* A PEM file as a string, malloc'ed; NULL: cannot be read. */
static char *read_pem(const char *path, const char **message)
{
    enum { PEM_MAX = 1 << 20 };
    char *text = NULL;
    FILE *f = fopen(path, "re");
    if (f && (text = calloc(1, PEM_MAX + 1)) != NULL && fread(text, 1, PEM_MAX, f) == 0) {
        free(text);
        text = NULL;
    }
    if (!text)
        *message = thm_net_message("%s: %s", path, errno ? strerror(errno) : "the file is empty");
    if (f)
        fclose(f);
    return text;
}

static enum thm_net_err load_given(struct thm_server *s, const struct thm_server_options *o, const char **message)
{
    errno = 0;
    s->identity.chain_pem = read_pem(o->cert, message);
    s->identity.key_pem = s->identity.chain_pem ? read_pem(o->key, message) : NULL;
    if (!s->identity.key_pem)
        return THM_NET_EINVAL;
    if (thm_x509_pair_fits(s->identity.chain_pem, s->identity.key_pem))
        return THM_NET_OK;
    *message = thm_net_message("%s is not the key of the certificate %s, or one of them is none", o->key, o->cert);
    return THM_NET_EINVAL;
}

static enum thm_net_err load_client_ca(struct thm_server *s, const struct thm_server_options *o, const char **message)
{
    errno = 0;
    s->client_optional = o->client_optional;
    s->client_ca = o->client_ca ? read_pem(o->client_ca, message) : NULL;
    X509 *first = s->client_ca ? thm_x509_parse_cert(s->client_ca) : NULL;
    if (s->client_ca && !first)
        *message = thm_net_message("%s: no certificate in PEM form in it", o->client_ca);
    X509_free(first);
    return o->client_ca && !first ? THM_NET_EINVAL : THM_NET_OK;
}

static enum thm_net_err load_identity(struct thm_server *s, const struct thm_server_options *o, const char **message)
{
    struct thm_ca *ca;
    if (o->cert)
        return load_given(s, o, message);
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
    struct MHD_OptionItem more[3] = { { MHD_OPTION_END, 0, NULL } };
    size_t n = 0;
    if (s->client_ca)
        more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_TRUST, 0, s->client_ca };
    if (s->faults.tls_alert)
        more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)thm_serve_alert };
    more[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    s->daemon = MHD_start_daemon(
        MHD_USE_TLS | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC, 0,
        NULL, NULL, thm_serve_handle, s, MHD_OPTION_LISTEN_SOCKET, s->listener, MHD_OPTION_HTTPS_MEM_KEY,
        s->identity.key_pem, MHD_OPTION_HTTPS_MEM_CERT, s->identity.chain_pem, MHD_OPTION_HTTPS_PRIORITIES,
        TLS_PRIORITIES, MHD_OPTION_NOTIFY_COMPLETED, thm_serve_completed, s, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)STACK_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_ARRAY, more, MHD_OPTION_END);
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
    s->dirfd = s->listener = s->posts = -1;
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
        err = thm_serve_open_posts(s, o->posts, message);
    if (!err)
        err = open_listener(s, o, message);
    if (!err)
        err = load_identity(s, o, message);
    if (!err)
        err = load_client_ca(s, o, message);
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
    close_if_open(s->posts);
    pthread_mutex_destroy(&s->log_lock);
    thm_identity_clear(&s->identity);
    free(s->root);
    free(s->ca_path);
    free(s->client_ca);
    free(s);
}
