#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include "emu/fleet/dashboard_internal.h"

enum { BACKLOG = 256, TOKEN_BYTES = 16 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int refuse(char **error, int status, const char *text, const char *what)
{
    if (asprintf(error, "dashboard: %s: %s", text, what) < 0)
        *error = NULL;
    return status;
}

/* ---- addresses ---- */

static bool parse_port(const char *text, uint16_t *port)
{
    char *end;
    const unsigned long n = strtoul(text, &end, 10);
    *port = (uint16_t)n;
    return *text >= '0' && *text <= '9' && *end == '\0' && n <= UINT16_MAX;
}

/* "1.2.3.4", "::1" or "[::1]"; what stands behind a ':' or "]:" in *port, "" if nothing. false: it is no host. */
static bool split_host(const char *text, char *host, size_t size, const char **port)
{
    const char *close = *text == '[' ? strchr(text, ']') : NULL, *colon = strrchr(text, ':');
    const char *first = strchr(text, ':');
    size_t len = strlen(text);
    *port = "";
    if (close) {
        len = (size_t)(close - text) - 1;
        text++;
        *port = close[1] ? close + 2 : "";
    } else if (colon && colon == first) {
        len = (size_t)(colon - text);
        *port = colon + 1;
    }
    if (len >= size || (close && close[1] && close[1] != ':'))
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    return true;
}

static bool set_host(const char *host, union address *a)
{
    *a = (union address){ 0 };
    if (inet_pton(AF_INET, host, &a->v4.sin_addr) == 1) {
        a->v4.sin_family = AF_INET;
        return true;
    }
    a->v6.sin6_family = AF_INET6;
    return inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1;
}

static bool parse_address(const char *text, union address *a, uint16_t *port)
{
    char host[64];
    const char *after;
    *port = 0;
    if (!text || parse_port(text, port))
        return set_host("127.0.0.1", a);
    if (!split_host(text, host, sizeof host, &after) || (*after && !parse_port(after, port)))
        return false;
    return set_host(strcasecmp(host, "localhost") == 0 ? "127.0.0.1" : host, a);
}

static bool is_loopback(const union address *a)
{
    return a->any.sa_family == AF_INET ? ntohl(a->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
                                       : IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static bool is_any(const union address *a)
{
    return a->any.sa_family == AF_INET ? a->v4.sin_addr.s_addr == htonl(INADDR_ANY)
                                       : IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
}

static bool open_listener(struct thm_dashboard_access *a, union address *at)
{
    const bool v4 = at->any.sa_family == AF_INET;
    socklen_t len = v4 ? sizeof at->v4 : sizeof at->v6;
    *(v4 ? &at->v4.sin_port : &at->v6.sin6_port) = htons(a->port);
    a->listener = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (a->listener < 0 || setsockopt(a->listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
        bind(a->listener, &at->any, len) < 0 || listen(a->listener, BACKLOG) < 0 ||
        getsockname(a->listener, &at->any, &len) < 0)
        return false;
    a->port = ntohs(v4 ? at->v4.sin_port : at->v6.sin6_port);
    return true;
}

/* ---- tokens ---- */

static bool is_token(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return strlen(text) >= 8 && strspn(text, letters) == strlen(text);
}

static bool make_token(struct thm_dashboard_access *a)
{
    uint8_t bytes[TOKEN_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(a->token + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

bool thm_dashboard_token_fits(const struct thm_dashboard_access *a, const char *given)
{
    const size_t len = strlen(a->token), got = given ? strlen(given) : 0;
    unsigned differs = len != got;
    for (size_t i = 0; i < len; i++)
        differs |= (unsigned char)a->token[i] ^ (unsigned char)(got ? given[i % got] : 0);
    return differs == 0;
}

/* ---- hosts ---- */

bool thm_dashboard_host_fits(const struct thm_dashboard_access *a, const char *host)
{
    union address ignored;
    char name[256];
    const char *port;
    uint16_t any;
    if (!host || !split_host(host, name, sizeof name, &port) || (*port && !parse_port(port, &any)))
        return false;
    return set_host(name, &ignored) || strcasecmp(name, "localhost") == 0 ||
           (*a->machine && strcasecmp(name, a->machine) == 0);
}

static void make_url(struct thm_dashboard_access *a, const union address *at)
{
    char host[INET6_ADDRSTRLEN];
    const bool v4 = at->any.sa_family == AF_INET;
    const void *bytes = v4 ? (const void *)&at->v4.sin_addr : (const void *)&at->v6.sin6_addr;
    inet_ntop(at->any.sa_family, bytes, host, sizeof host);
    const char *name = is_any(at) && *a->machine ? a->machine : host;
    const bool brackets = name == host && !v4;
    snprintf(a->url, sizeof a->url, "http://%s%.100s%s:%u/%s%s", brackets ? "[" : "", name, brackets ? "]" : "",
             a->port, *a->token ? "?token=" : "", a->token);
}

int thm_dashboard_access_open(struct thm_dashboard_access *a, const char *address, const char *token, char **error)
{
    union address at;
    *a = (struct thm_dashboard_access){ .listener = -1 };
    if (!parse_address(address, &at, &a->port))
        return refuse(error, 2, address, "not an address: IP, PORT, IP:PORT or [IPv6]:PORT");
    if (token && (!is_token(token) || strlen(token) >= sizeof a->token))
        return refuse(error, 2, "token", "8 to 79 letters, digits, '-' and '_' are wanted");
    snprintf(a->token, sizeof a->token, "%s", token ? token : "");
    if (!token && !is_loopback(&at) && !make_token(a))
        return refuse(error, 20, "token", strerror(errno));
    if (gethostname(a->machine, sizeof a->machine - 1) < 0)
        a->machine[0] = '\0';
    if (!open_listener(a, &at))
        return refuse(error, 20, address ? address : "127.0.0.1", strerror(errno));
    make_url(a, &at);
    return 0;
}
