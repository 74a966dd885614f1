/* netlink/ca.h -- a private certificate authority in a folder, and the certificates it gives to the model server.
 *
 * The folder holds ca.pem, ca-key.pem, server.pem and server-key.pem; what is missing, expired, unreadable or does not
 * fit together is made anew. Keys are P-256 and readable by their owner only; files are replaced whole. Several
 * processes may use one folder at once: an open authority holds a lock on it. */
#pragma once
#include <stdbool.h>
#include "netlink/err.h"

struct thm_ca;
struct thm_identity {
    char *chain_pem, *key_pem;
}; /* what a TLS server shows and proves */

struct thm_certificate_faults { /* what is wrong with a certificate, for tests; all false: nothing */
    bool expired;               /* ended yesterday */
    bool wrong_host;            /* only for wrong-host.invalid */
    bool self_signed;           /* not signed by the authority */
    bool rsa;                   /* not a fault: RSA-2048 in place of P-256 */
    bool intermediate;          /* not a fault: signed by an intermediate certificate, which is in the chain */
};

/* Open the folder, made when missing, and its authority.
 * Out:    *out owned by the caller; NULL on error, then *message is a sentence (valid until the thread's next error).
 * Errors: THM_NET_EHOST  the folder or its files cannot be made, read or locked */
enum thm_net_err thm_ca_open(struct thm_ca **out, const char *dir, const char **message);
const char *thm_ca_path(const struct thm_ca *ca); /* of ca.pem; lent */
void thm_ca_close(struct thm_ca *ca);             /* gives the lock back; NULL is fine */

/* The kept server certificate: for localhost, its addresses and `names` (comma-separated, may be NULL). Made anew when
 * other names are wanted. Errors: THM_NET_EINVAL (a name is not one), THM_NET_EHOST; *id is then empty. */
enum thm_net_err thm_ca_server(struct thm_ca *ca, const char *names, struct thm_identity *id, const char **message);
/* A server certificate made for the occasion, which is kept nowhere. Errors: as thm_ca_server(). */
enum thm_net_err thm_ca_faulty(struct thm_ca *ca, const char *names, const struct thm_certificate_faults *faults,
                               struct thm_identity *id, const char **message);
void thm_identity_clear(struct thm_identity *id); /* wipes the key */
