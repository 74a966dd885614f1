/* netlink/tls_error.h -- a failed connection in the words of the device's TLS stack, for which its users search. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "netlink/err.h"

struct thm_tls_failure {
    enum thm_net_err err;
    long verify_result; /* X509_V_... of OpenSSL, for THM_NET_ECERT; a wrong name has none: X509_V_OK */
    unsigned alert;     /* fatal alert of the server (RFC 8446, 6.2), for THM_NET_ETLS; 0: none */
};

/* "MBEDTLS_ERR_SSL_ALLOC_FAILED (-0x7F00)" of the stack of that name ("mbedtls", "bearssl"). Result: the code, as the
 * library returns it; 0 and an empty text: the stack has no word for it, or is another. */
int32_t thm_tls_error(const char *stack, const struct thm_tls_failure *f, char *text, size_t size);
