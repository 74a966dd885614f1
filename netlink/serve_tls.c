/* netlink/serve_tls.c -- what the server decides inside TLS, which libmicrohttpd leaves to GnuTLS. */
#include "netlink/serve_internal.h"

static gnutls_session_t session_of(const struct thm_request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info ? info->tls_session : NULL;
}

bool thm_serve_client_is_welcome(const struct thm_request *r)
{
    gnutls_session_t session = session_of(r);
    unsigned n = 0, wrong = 0;
    if (!r->server->client_ca)
        return true;
    if (!session || !gnutls_certificate_get_peers(session, &n) || n == 0)
        return r->server->client_optional;
    return gnutls_certificate_verify_peers2(session, &wrong) == 0 && wrong == 0;
}

/* A client that asked for small records (RFC 6066) gets them: under TLS 1.2 GnuTLS cuts only its handshake so. */
size_t thm_serve_record_max(const struct thm_request *r)
{
    gnutls_session_t session = session_of(r);
    return session ? gnutls_record_get_max_size(session) : SIZE_MAX;
}

static int send_alert(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
                      const gnutls_pk_algorithm_t *algorithms, int algorithms_count, gnutls_pcert_st **chain,
                      unsigned *chain_length, gnutls_privkey_t *key)
{
    (void)authorities;
    (void)count;
    (void)algorithms;
    (void)algorithms_count;
    (void)chain;
    (void)chain_length;
    (void)key;
    gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_HANDSHAKE_FAILURE);
    return -1;
}

gnutls_certificate_retrieve_function2 *const thm_serve_alert = send_alert;
