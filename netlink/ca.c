#include "netlink/ca.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "netlink/message.h"
#include "netlink/x509.h"

#define CA_DAYS      (10 * 365)
#define SERVER_DAYS  365
#define CA_RENEW     (30 * THM_DAY_S) /* made anew when it has less to live */
#define SERVER_RENEW (7 * THM_DAY_S)
#define SKEW_S       3600L /* clocks of containers and boards are not all equal */
#define PEM_MAX      65536

struct thm_ca {
    char *dir, *path;
    int dirfd;
    X509 *cert;
    EVP_PKEY *key;
};

struct pair { /* a certificate and its key, and where they are kept */
    const char *cert_file, *key_file;
    X509 *cert;
    EVP_PKEY *key;
};

static void pair_clear(struct pair *p)
{
    X509_free(p->cert);
    EVP_PKEY_free(p->key);
    p->cert = NULL;
    p->key = NULL;
}

/* A whole small file; NULL: not there, not readable or too large. */
static char *read_text(int dirfd, const char *name)
{
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char *text = fd >= 0 ? malloc(PEM_MAX) : NULL;
    size_t len = 0;
    ssize_t n = -1;
    while (text && len < PEM_MAX - 1 && (n = read(fd, text + len, PEM_MAX - 1 - len)) > 0)
        len += (size_t)n;
    if (fd >= 0)
        close(fd);
    if (!text || n != 0) {
        free(text);
        return NULL;
    }
    text[len] = '\0';
    return text;
}

static bool write_all(int fd, const char *text)
{
    for (size_t left = strlen(text); left;) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        left -= (size_t)n;
    }
    return true;
}

/* Under the folder's lock: the temporary name is ours alone. */
static bool write_text(int dirfd, const char *name, const char *text, mode_t mode)
{
    char temp[64];
    snprintf(temp, sizeof temp, "%s.new", name);
    int fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return false;
    bool ok = fchmod(fd, mode) == 0 && write_all(fd, text) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && renameat(dirfd, temp, dirfd, name) == 0;
    if (!ok)
        unlinkat(dirfd, temp, 0);
    return ok;
}

static bool load_pair(int dirfd, struct pair *p)
{
    char *cert = read_text(dirfd, p->cert_file), *key = read_text(dirfd, p->key_file);
    p->cert = cert ? thm_x509_parse_cert(cert) : NULL;
    p->key = key ? thm_x509_parse_key(key) : NULL;
    if (key)
        OPENSSL_cleanse(key, strlen(key));
    free(cert);
    free(key);
    return p->cert && p->key && X509_check_private_key(p->cert, p->key) == 1;
}

static bool save_pair(int dirfd, const struct pair *p)
{
    char *cert = thm_x509_cert_pem(p->cert), *key = thm_x509_key_pem(p->key);
    bool ok = cert && key && write_text(dirfd, p->key_file, key, 0600) && write_text(dirfd, p->cert_file, cert, 0644);
    if (key)
        OPENSSL_cleanse(key, strlen(key));
    free(cert);
    free(key);
    return ok;
}

static bool make_dirs(const char *dir)
{
    char *path = strdup(dir);
    for (char *slash = path; path && (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(path, 0700); /* a failure shows at the last one */
        *slash = '/';
    }
    bool ok = path && (mkdir(path, 0700) == 0 || errno == EEXIST);
    free(path);
    return ok;
}

static enum thm_net_err open_authority(struct thm_ca *ca)
{
    struct pair p = { .cert_file = "ca.pem", .key_file = "ca-key.pem" };
    if (!load_pair(ca->dirfd, &p) || !thm_x509_valid_for(p.cert, CA_RENEW) || X509_check_ca(p.cert) != 1) {
        pair_clear(&p);
        p.key = thm_x509_key(false);
        p.cert = !p.key ? NULL
                        : thm_x509_make(&(struct thm_x509_spec){ .common_name = "thimble model server CA",
                                                                 .key = p.key,
                                                                 .ca = true,
                                                                 .from_s = -SKEW_S,
                                                                 .until_s = CA_DAYS * THM_DAY_S });
        if (!p.cert || !save_pair(ca->dirfd, &p)) {
            pair_clear(&p);
            return THM_NET_EHOST;
        }
    }
    ca->cert = p.cert;
    ca->key = p.key;
    return THM_NET_OK;
}

enum thm_net_err thm_ca_open(struct thm_ca **out, const char *dir, const char **message)
{
    struct thm_ca *ca = calloc(1, sizeof *ca);
    *out = NULL;
    if (ca)
        ca->dirfd = -1;
    if (!ca || !(ca->dir = strdup(dir)) || asprintf(&ca->path, "%s/ca.pem", dir) < 0) {
        thm_ca_close(ca);
        *message = "out of memory";
        return THM_NET_EHOST;
    }
    if (!make_dirs(dir) || (ca->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
        flock(ca->dirfd, LOCK_EX) < 0 || open_authority(ca) != THM_NET_OK) {
        *message = thm_net_message("%s: the CA and its key could not be made or kept there: %s", dir, strerror(errno));
        thm_ca_close(ca);
        return THM_NET_EHOST;
    }
    *out = ca;
    return THM_NET_OK;
}

const char *thm_ca_path(const struct thm_ca *ca)
{
    return ca->path;
}

void thm_ca_close(struct thm_ca *ca)
{
    if (!ca)
        return;
    if (ca->dirfd >= 0)
        close(ca->dirfd);
    X509_free(ca->cert);
    EVP_PKEY_free(ca->key);
    free(ca->dir);
    free(ca->path);
    free(ca);
}

static bool identity_set(struct thm_identity *id, X509 *cert, X509 *intermediate, EVP_PKEY *key)
{
    char *leaf = thm_x509_cert_pem(cert), *next = intermediate ? thm_x509_cert_pem(intermediate) : strdup("");
    id->key_pem = thm_x509_key_pem(key);
    if (!leaf || !next || !id->key_pem || asprintf(&id->chain_pem, "%s%s", leaf, next) < 0) {
        id->chain_pem = NULL;
        thm_identity_clear(id);
    }
    free(leaf);
    free(next);
    return id->key_pem != NULL;
}

static bool server_is_good(const struct thm_ca *ca, const struct pair *p, const char *san)
{
    return thm_x509_valid_for(p->cert, SERVER_RENEW) && X509_verify(p->cert, ca->key) == 1 &&
           X509_check_issued(ca->cert, p->cert) == X509_V_OK && thm_x509_has_san(p->cert, san);
}

static bool make_server(const struct thm_ca *ca, struct pair *p, const char *san)
{
    p->key = thm_x509_key(false);
    p->cert = !p->key ? NULL
                      : thm_x509_make(&(struct thm_x509_spec){ .common_name = "thimble model server",
                                                               .key = p->key,
                                                               .issuer = ca->cert,
                                                               .issuer_key = ca->key,
                                                               .san = san,
                                                               .from_s = -SKEW_S,
                                                               .until_s = SERVER_DAYS * THM_DAY_S });
    return p->cert && save_pair(ca->dirfd, p);
}

static enum thm_net_err wrong_names(const char *names, const char **message)
{
    *message = thm_net_message("'%s' is not a list of host names or addresses", names ? names : "");
    return THM_NET_EINVAL;
}

enum thm_net_err thm_ca_server(struct thm_ca *ca, const char *names, struct thm_identity *id, const char **message)
{
    struct pair p = { .cert_file = "server.pem", .key_file = "server-key.pem" };
    char *san = thm_x509_san(names);
    *id = (struct thm_identity){ 0 };
    if (!san)
        return wrong_names(names, message);
    bool ok = load_pair(ca->dirfd, &p) && server_is_good(ca, &p, san);
    if (!ok) {
        pair_clear(&p);
        ok = make_server(ca, &p, san);
    }
    if (!ok || !identity_set(id, p.cert, NULL, p.key))
        *message = thm_net_message("%s: the server's certificate could not be made or kept there: %s", ca->dir,
                                   strerror(errno));
    pair_clear(&p);
    free(san);
    return id->key_pem ? THM_NET_OK : THM_NET_EHOST;
}

/* The certificates of thm_ca_faulty(), freed by the caller. */
struct chain {
    EVP_PKEY *key, *middle_key;
    X509 *cert, *middle;
};

static bool make_chain(const struct thm_ca *ca, const char *san, const struct thm_certificate_faults *f,
                       struct chain *c)
{
    X509 *issuer = ca->cert;
    EVP_PKEY *issuer_key = ca->key;
    if (f->intermediate) {
        c->middle_key = thm_x509_key(f->rsa);
        c->middle = !c->middle_key ? NULL
                                   : thm_x509_make(&(struct thm_x509_spec){ .common_name = "thimble intermediate CA",
                                                                            .key = c->middle_key,
                                                                            .issuer = issuer,
                                                                            .issuer_key = issuer_key,
                                                                            .ca = true,
                                                                            .from_s = -SKEW_S,
                                                                            .until_s = SERVER_DAYS * THM_DAY_S });
        if (!c->middle)
            return false;
        issuer = c->middle;
        issuer_key = c->middle_key;
    }
    c->key = thm_x509_key(f->rsa);
    c->cert =
        !c->key
            ? NULL
            : thm_x509_make(&(struct thm_x509_spec){ .common_name = "thimble model server",
                                                     .key = c->key,
                                                     .san = f->wrong_host ? "DNS:wrong-host.invalid" : san,
                                                     .issuer = f->self_signed ? NULL : issuer,
                                                     .issuer_key = f->self_signed ? NULL : issuer_key,
                                                     .from_s = f->expired ? -SERVER_DAYS * THM_DAY_S : -SKEW_S,
                                                     .until_s = f->expired ? -THM_DAY_S : SERVER_DAYS * THM_DAY_S });
    return c->cert != NULL;
}

enum thm_net_err thm_ca_faulty(struct thm_ca *ca, const char *names, const struct thm_certificate_faults *faults,
                               struct thm_identity *id, const char **message)
{
    struct chain c = { 0 };
    char *san = thm_x509_san(names);
    *id = (struct thm_identity){ 0 };
    if (!san)
        return wrong_names(names, message);
    if (!make_chain(ca, san, faults, &c) || !identity_set(id, c.cert, c.middle, c.key))
        *message = "the server's certificate could not be made";
    X509_free(c.cert);
    X509_free(c.middle);
    EVP_PKEY_free(c.key);
    EVP_PKEY_free(c.middle_key);
    free(san);
    return id->key_pem ? THM_NET_OK : THM_NET_EHOST;
}

void thm_identity_clear(struct thm_identity *id)
{
    if (id->key_pem)
        OPENSSL_cleanse(id->key_pem, strlen(id->key_pem));
    free(id->key_pem);
    free(id->chain_pem);
    *id = (struct thm_identity){ 0 };
}
