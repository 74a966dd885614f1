/* netlink/serve_internal.h -- what the files of the model server share. */
#pragma once
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <pthread.h>
#include <sys/stat.h>
#include "netlink/ca.h"
#include "netlink/serve.h"
#include "netlink/server_faults.h"

enum { THM_SERVE_BLOCK = 32768 }; /* bytes read from a file at a time */

struct thm_server {
    struct MHD_Daemon *daemon;
    char *root, *ca_path;
    int posts;                     /* where bodies of POST go; -1: nowhere */
    int dirfd, listener, stopping; /* stopping: an eventfd, readable from thm_server_stop() on */
    uint16_t port;
    struct thm_server_faults faults;
    struct thm_identity identity;
    char *client_ca; /* PEM; NULL: clients need no certificate */
    bool client_optional;
    void (*log)(void *ctx, const char *line);
    void *ctx;
    pthread_mutex_t log_lock;
};

struct thm_request {
    struct thm_server *server;
    struct MHD_Connection *connection;
    char *method, *path, *version;
    unsigned status;
    struct thm_repeats part; /* of the file, as it is sent */
    uint64_t sent;           /* bytes of the body given to the connection */
    int fd;
    char *posted; /* the body of a POST so far, with room for one byte more */
    size_t posted_bytes;
    bool posted_too_much;
};

/* serve_request.c: MHD's callbacks; ctx is the server, *state the request */
enum MHD_Result thm_serve_handle(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                                 const char *version, const char *upload, size_t *upload_size, void **state);
void thm_serve_completed(void *ctx, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code);

/* serve_body.c */
/* Wait ms (-1: for ever). false: the server stops or the client has gone. */
bool thm_serve_wait(const struct thm_request *r, int ms);
/* Bytes [from, to) of r->fd, with the faults asked for. NULL: out of memory. */
struct MHD_Response *thm_serve_file(struct thm_request *r, uint64_t from, uint64_t to);

/* serve_post.c */
enum thm_net_err thm_serve_open_posts(struct thm_server *s, const char *path, const char **message); /* NULL: none */
void thm_serve_take(struct thm_request *r, const char *data, size_t len); /* a piece of the body */
unsigned thm_serve_post_status(struct thm_request *r);                    /* keep it: the status to answer with */

/* serve_tls.c */
/* Has the client shown a certificate that it need not, or that the server's client_ca vouches for? */
bool thm_serve_client_is_welcome(const struct thm_request *r);
size_t thm_serve_record_max(const struct thm_request *r); /* bytes of one TLS record that the client has room for */
/* MHD_OPTION_HTTPS_CERT_CALLBACK: ends every handshake with an alert */
extern gnutls_certificate_retrieve_function2 *const thm_serve_alert;
