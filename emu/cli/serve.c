/* emu/cli/serve.c -- thimble serve: models over HTTPS, with a certificate that boards can check. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "emu/cli/cli.h"
#include "emu/cli/commands.h"
#include "netlink/serve.h"

#define DEFAULT_PORT 8443
#define FAULTS_MAX   512

enum {
    OPT_PORT,
    OPT_BIND,
    OPT_STATE,
    OPT_NAMES,
    OPT_CERT,
    OPT_KEY,
    OPT_CLIENT_CA,
    OPT_POSTS,
    OPT_CLIENT_OPTIONAL,
    OPT_FAULT,
    OPT_READY,
    OPT_QUIET
};
static const struct thm_option options[] = {
    [OPT_PORT] = { "port", "N", "listen on this port (default 8443); 0: any free one", 'p' },
    [OPT_BIND] = { "bind", "ADDR", "listen on this IP address (default 127.0.0.1)", 0 },
    [OPT_STATE] = { "state", "DIR",
                    "keep the CA, the certificate and their keys here (default $XDG_STATE_HOME/thimble or "
                    "~/.local/state/thimble)",
                    0 },
    [OPT_NAMES] = { "names", "LIST", "more host names and IPs for the certificate, comma-separated", 0 },
    [OPT_CERT] = { "cert", "FILE", "show this PEM certificate (and chain) instead of one of its own CA", 0 },
    [OPT_KEY] = { "key", "FILE", "PEM file with the key to --cert", 0 },
    [OPT_POSTS] = { "posts", "FILE", "take POST, and append each body to FILE as a line", 0 },
    [OPT_CLIENT_CA] = { "client-ca", "FILE", "serve only clients with a certificate that these PEM CAs vouch for", 0 },
    [OPT_CLIENT_OPTIONAL] = { "client-optional", NULL, "and clients that show none", 0 },
    [OPT_FAULT] = { "fault", "NAME[=VALUE]",
                    "do this wrong on purpose: expired, wrong-host, self-signed, rsa, intermediate, tls-alert, "
                    "status=CODE, redirect-loop, no-range, no-length, chunked, gzip, length=N, cut=BYTES, "
                    "stall[=BYTES], drip=BPS, corrupt=BYTE[/N] or delay=MS; may be repeated",
                    0 },
    [OPT_READY] = { "ready-file", "FILE", "write the port into this file as soon as the server listens", 0 },
    [OPT_QUIET] = { "quiet", NULL, "log no requests", 'q' },
    { 0 },
};

struct settings {
    struct thm_server_options server;
    const char *ready_file;
    char state[PATH_MAX], faults[FAULTS_MAX];
};

static void log_line(void *ctx, const char *line)
{
    (void)ctx;
    fprintf(stderr, "%s\n", line);
}

static int add_fault(struct settings *s, const struct thm_args *a)
{
    size_t used = strlen(s->faults);
    int n = snprintf(s->faults + used, sizeof s->faults - used, "%s%s", used ? "," : "", a->value);
    if (n < 0 || (size_t)n >= sizeof s->faults - used)
        return thm_usage(a, "too many faults");
    s->server.faults = s->faults;
    return 0;
}

static int set_port(struct settings *s, const struct thm_args *a)
{
    uint64_t port;
    if (!thm_parse_size(a->value, UINT16_MAX, &port))
        return thm_usage(a, "'%s' is not a port", a->value);
    s->server.port = (uint16_t)port;
    return 0;
}

static int apply_option(struct settings *s, const struct thm_args *a, int option)
{
    switch (option) {
    case OPT_PORT: return set_port(s, a);
    case OPT_BIND: s->server.bind = a->value; break;
    case OPT_STATE: s->server.state_dir = a->value; break;
    case OPT_NAMES: s->server.names = a->value; break;
    case OPT_CERT: s->server.cert = a->value; break;
    case OPT_KEY: s->server.key = a->value; break;
    case OPT_POSTS: s->server.posts = a->value; break;
    case OPT_CLIENT_CA: s->server.client_ca = a->value; break;
    case OPT_CLIENT_OPTIONAL: s->server.client_optional = true; break;
    case OPT_FAULT: return add_fault(s, a);
    case OPT_READY: s->ready_file = a->value; break;
    case OPT_QUIET: s->server.log = NULL; break;
    default: break;
    }
    return 0;
}

/* XDG Base Directory Specification: state belongs to $XDG_STATE_HOME, else ~/.local/state. */
static int default_state(struct settings *s)
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    bool use_xdg = xdg && *xdg == '/';
    int n = use_xdg ? snprintf(s->state, sizeof s->state, "%s/thimble", xdg)
                    : snprintf(s->state, sizeof s->state, "%s/.local/state/thimble", home ? home : "");
    if ((!use_xdg && (!home || !*home)) || n < 0 || (size_t)n >= sizeof s->state)
        return thm_fail(THM_EXIT_USAGE, "no folder for the CA: HOME is not set; use --state");
    s->server.state_dir = s->state;
    return 0;
}

static int parse(struct settings *s, int argc, char **argv)
{
    struct thm_args a;
    int option, status;
    thm_args_init(&a, &thm_command_serve, argc, argv);
    while ((option = thm_args_next(&a)) >= 0)
        if ((status = apply_option(s, &a, option)) != 0)
            return status;
    if (option != -1)
        return option == -3 ? -1 : THM_EXIT_USAGE;
    if (a.argc != 1)
        return thm_usage(&a, "needs one folder to serve");
    if (!s->server.cert != !s->server.key)
        return thm_usage(&a, "--cert and --key go together");
    if (s->server.client_optional && !s->server.client_ca)
        return thm_usage(&a, "--client-optional is about --client-ca, which is missing");
    s->server.dir = a.argv[0];
    return s->server.state_dir ? 0 : default_state(s);
}

/* The host to show for a bound address: the certificate is always good for localhost. */
static void shown_host(const char *address, char *out, size_t size)
{
    static const char *const local[] = { "127.0.0.1", "0.0.0.0", "::1", "::" };
    bool is_local = !address;
    for (size_t i = 0; !is_local && i < sizeof local / sizeof local[0]; i++)
        is_local = strcmp(address, local[i]) == 0;
    if (is_local)
        snprintf(out, size, "localhost");
    else
        snprintf(out, size, strchr(address, ':') ? "[%s]" : "%s", address);
}

static int announce(const struct settings *s, const struct thm_server *server)
{
    char host[128], text[16];
    shown_host(s->server.bind, host, sizeof host);
    const char *ca = thm_server_ca(server);
    printf("serving %s at https://%s:%u/ (%s: %s)\n", s->server.dir, host, thm_server_port(server),
           ca ? "CA" : "certificate", ca ? ca : s->server.cert);
    if (fflush(stdout) != 0)
        return thm_fail(THM_EXIT_HOST, "standard output: %s", strerror(errno));
    if (!s->ready_file)
        return 0;
    int n = snprintf(text, sizeof text, "%u\n", thm_server_port(server));
    return thm_write_file(s->ready_file, text, (size_t)n);
}

/* A thousand boards at once are two thousand descriptors. */
static void allow_many_connections(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

static int run(int argc, char **argv)
{
    struct settings s = { .server = { .port = DEFAULT_PORT, .log = log_line } };
    struct thm_server *server;
    const char *message;
    sigset_t end;
    int status = parse(&s, argc, argv), number;
    if (status)
        return status < 0 ? 0 : status;
    sigemptyset(&end);
    sigaddset(&end, SIGINT);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL); /* before the server's threads start, so that sigwait() gets them */
    allow_many_connections();
    enum thm_net_err err = thm_server_start(&server, &s.server, &message);
    if (err)
        return thm_fail(thm_net_exit_status(err), "%s", message);
    status = announce(&s, server);
    if (!status)
        sigwait(&end, &number);
    thm_server_stop(server);
    return status;
}

const struct thm_command thm_command_serve = {
    .name = "serve",
    .args = "DIR",
    .summary = "serve models over HTTPS",
    .details =
        "Serves the files of DIR read-only until SIGINT or SIGTERM. On first use a CA is made; give its ca.pem to "
        "the boards (thimble run --cacert).",
    .options = options,
    .run = run,
};
