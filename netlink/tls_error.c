/* netlink/tls_error.c -- mbedTLS: ssl.h, x509.h of 2.28; flags are of mbedtls_x509_crt_verify(). BearSSL:
 * bearssl_ssl.h, bearssl_x509.h of 0.6; out of memory is Arduino's: BearSSL itself allocates nothing. */
#include "netlink/tls_error.h"
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct word {
    enum thm_net_err err;
    int32_t code;
    const char *name;
};

struct verdict { /* what is wrong with a certificate */
    long verify_result;
    int32_t code;
    const char *name;
};

enum {
    MBEDTLS_VERIFY_FAILED = -0x2700,
    MBEDTLS_FATAL_ALERT = -0x7780,
    BEARSSL_FATAL_ALERT = 256,
    BADCERT_OTHER = 0x0100
};
#define ANY (-1L) /* the last row: any other */

static const struct word mbedtls_words[] = {
    { THM_NET_ETLSMEM, -0x7F00, "MBEDTLS_ERR_SSL_ALLOC_FAILED" },
    { THM_NET_ECERT, MBEDTLS_VERIFY_FAILED, "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED" },
    { THM_NET_EPIN, MBEDTLS_VERIFY_FAILED, "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED" },
    { THM_NET_ERECORD, -0x7200, "MBEDTLS_ERR_SSL_INVALID_RECORD" },
    { THM_NET_EPIECES, -0x7080, "MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE" },
};

static const struct verdict mbedtls_flags[] = {
    { X509_V_ERR_CERT_HAS_EXPIRED, 0x01, "MBEDTLS_X509_BADCERT_EXPIRED" },
    { X509_V_OK, 0x04, "MBEDTLS_X509_BADCERT_CN_MISMATCH" },
    { X509_V_ERR_UNSPECIFIED, 0x04, "MBEDTLS_X509_BADCERT_CN_MISMATCH" }, /* libcurl's, of a name */
    { X509_V_ERR_HOSTNAME_MISMATCH, 0x04, "MBEDTLS_X509_BADCERT_CN_MISMATCH" },
    { X509_V_ERR_CERT_NOT_YET_VALID, 0x0200, "MBEDTLS_X509_BADCERT_FUTURE" },
    { X509_V_ERR_EE_KEY_TOO_SMALL, 0x010000, "MBEDTLS_X509_BADCERT_BAD_KEY" },
    { ANY, 0x08, "MBEDTLS_X509_BADCERT_NOT_TRUSTED" },
};

static const struct word bearssl_words[] = {
    { THM_NET_ETLSMEM, -1000, "Unable to allocate memory for SSL structures and buffers" },
    { THM_NET_EPIN, 62, "BR_ERR_X509_NOT_TRUSTED" },
    { THM_NET_ERECORD, 6, "BR_ERR_TOO_LARGE" },
};

static const struct verdict bearssl_verdicts[] = {
    { X509_V_ERR_CERT_SIGNATURE_FAILURE, 52, "BR_ERR_X509_BAD_SIGNATURE" },
    { X509_V_ERR_CERT_HAS_EXPIRED, 54, "BR_ERR_X509_EXPIRED" },
    { X509_V_ERR_CERT_NOT_YET_VALID, 54, "BR_ERR_X509_EXPIRED" }, /* it has one code for both */
    { X509_V_OK, 56, "BR_ERR_X509_BAD_SERVER_NAME" },
    { X509_V_ERR_UNSPECIFIED, 56, "BR_ERR_X509_BAD_SERVER_NAME" },
    { X509_V_ERR_HOSTNAME_MISMATCH, 56, "BR_ERR_X509_BAD_SERVER_NAME" },
    { X509_V_ERR_EE_KEY_TOO_SMALL, 60, "BR_ERR_X509_WEAK_PUBLIC_KEY" },
    { ANY, 62, "BR_ERR_X509_NOT_TRUSTED" },
};

static const struct verdict *find_verdict(const struct verdict *v, long result)
{
    while (v->verify_result != result && v->verify_result != ANY)
        v++;
    return v;
}

static const struct word *find_word(const struct word *w, size_t n, enum thm_net_err err)
{
    for (size_t i = 0; i < n; i++)
        if (w[i].err == err)
            return &w[i];
    return NULL;
}

static int32_t mbedtls_error(const struct thm_tls_failure *f, char *text, size_t size)
{
    static const struct verdict other = { 0, BADCERT_OTHER, "MBEDTLS_X509_BADCERT_OTHER" };
    static const struct word alert = { THM_NET_ETLS, MBEDTLS_FATAL_ALERT, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE" };
    const struct word *w = find_word(mbedtls_words, sizeof mbedtls_words / sizeof mbedtls_words[0], f->err);
    if (!w && f->err == THM_NET_ETLS && f->alert)
        w = &alert;
    if (!w)
        return 0;
    int n = snprintf(text, size, "%s (-0x%04X)", w->name, (unsigned)-w->code);
    if (w->code != MBEDTLS_VERIFY_FAILED || n < 0 || (size_t)n >= size)
        return w->code;
    const struct verdict *v = f->err == THM_NET_EPIN ? &other : find_verdict(mbedtls_flags, f->verify_result);
    snprintf(text + n, size - (size_t)n, ", flags 0x%02X %s", (unsigned)v->code, v->name);
    return w->code;
}

static int32_t bearssl_error(const struct thm_tls_failure *f, char *text, size_t size)
{
    const struct word *w = find_word(bearssl_words, sizeof bearssl_words / sizeof bearssl_words[0], f->err);
    struct word found = { f->err, 0, NULL };
    if (w) {
        found = *w;
    } else if (f->err == THM_NET_ECERT) {
        const struct verdict *v = find_verdict(bearssl_verdicts, f->verify_result);
        found = (struct word){ f->err, v->code, v->name };
    } else if (f->err == THM_NET_ETLS && f->alert) {
        found = (struct word){ f->err, BEARSSL_FATAL_ALERT + (int32_t)f->alert, "BR_ERR_RECV_FATAL_ALERT" };
    }
    if (found.name)
        snprintf(text, size, "%s (%d)", found.name, found.code);
    return found.code;
}

int32_t thm_tls_error(const char *stack, const struct thm_tls_failure *f, char *text, size_t size)
{
    static const struct {
        const char *name;
        int32_t (*error)(const struct thm_tls_failure *f, char *text, size_t size);
    } stacks[] = { { "mbedtls", mbedtls_error }, { "bearssl", bearssl_error } };
    *text = '\0';
    for (size_t i = 0; stack && i < sizeof stacks / sizeof stacks[0]; i++)
        if (strcmp(stacks[i].name, stack) == 0)
            return stacks[i].error(f, text, size);
    return 0;
}
