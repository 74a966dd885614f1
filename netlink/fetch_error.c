#include <errno.h>
#include <inttypes.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include "netlink/fetch_internal.h"
#include "netlink/message.h"

/* The rest means that the answer made no sense: THM_NET_EPROTO. */
static const struct {
    CURLcode code;
    enum thm_net_err err;
} codes[] = {
    { CURLE_COULDNT_RESOLVE_HOST, THM_NET_EDNS }, { CURLE_COULDNT_CONNECT, THM_NET_ECONNECT },
    { CURLE_INTERFACE_FAILED, THM_NET_ECONNECT }, { CURLE_SSL_CONNECT_ERROR, THM_NET_ETLS },
    { CURLE_SSL_CIPHER, THM_NET_ETLS },           { CURLE_PEER_FAILED_VERIFICATION, THM_NET_ECERT },
    { CURLE_SSL_ISSUER_ERROR, THM_NET_ECERT },    { CURLE_OPERATION_TIMEDOUT, THM_NET_ETIMEOUT },
    { CURLE_HTTP_RETURNED_ERROR, THM_NET_EHTTP }, { CURLE_TOO_MANY_REDIRECTS, THM_NET_EREDIRECT },
    { CURLE_PARTIAL_FILE, THM_NET_ECUT },         { CURLE_GOT_NOTHING, THM_NET_ECUT },
    { CURLE_SEND_ERROR, THM_NET_ECUT },           { CURLE_RECV_ERROR, THM_NET_ECUT },
    { CURLE_OUT_OF_MEMORY, THM_NET_EHOST },       { CURLE_FAILED_INIT, THM_NET_EHOST },
    { CURLE_SSL_CACERT_BADFILE, THM_NET_EHOST },  { CURLE_SSL_ENGINE_INITFAILED, THM_NET_EHOST },
    { CURLE_ABORTED_BY_CALLBACK, THM_NET_EHOST }, { CURLE_WRITE_ERROR, THM_NET_EHOST },
};

static enum thm_net_err classify(const struct thm_fetch_end *e)
{
    if (e->refused)
        return e->refused;
    if (e->own_ca && e->code == CURLE_SSL_CACERT_BADFILE)
        return THM_NET_ECA;
    if (e->code == CURLE_OK && e->not_modified)
        return THM_NET_OK;
    if (e->code == CURLE_OK && e->http_status >= 300)
        return THM_NET_EHTTP;
    if (e->code == CURLE_OK)
        return e->closed_properly ? THM_NET_OK : THM_NET_ECUT;
    if (e->http_status >= 300 && (e->code == CURLE_UNSUPPORTED_PROTOCOL || e->code == CURLE_URL_MALFORMAT))
        return THM_NET_EREDIRECT;
    if (e->os_errno == EMFILE || e->os_errno == ENFILE)
        return THM_NET_EHOST;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == e->code)
            return codes[i].err;
    return THM_NET_EPROTO;
}

/* "host:port" of an URL; the URL itself if it is none. */
static void read_place(const char *url, char *out, size_t size)
{
    CURLU *u = curl_url();
    char *host = NULL, *port = NULL;
    snprintf(out, size, "%.200s", url);
    if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
        snprintf(out, size, "%.200s:%s", host, port);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
}

static const char *detail(const struct thm_fetch_end *e)
{
    return e->text && *e->text ? e->text : curl_easy_strerror(e->code);
}

static const char *explain_cut(const struct thm_fetch_end *e, const char *place)
{
    if (e->http_status == 0)
        return thm_net_message("%s: the connection was cut before an answer: %s", place, detail(e));
    if (e->expected >= 0)
        return thm_net_message("%s: the connection was cut after %" PRIu64 " of %" PRId64 " bytes", place, e->got,
                               e->expected);
    return thm_net_message("%s: the connection was cut after %" PRIu64 " bytes (length not told, TLS not ended with "
                           "close_notify)",
                           place, e->got);
}

static const char *explain_timeout(const struct thm_fetch_end *e, const char *place)
{
    if (!e->connected)
        return thm_net_message("%s: no connection within %u ms", place, e->timeout_ms);
    if (e->expected >= 0)
        return thm_net_message("%s: no byte for %u ms after %" PRIu64 " of %" PRId64 " bytes", place, e->timeout_ms,
                               e->got, e->expected);
    return thm_net_message("%s: no byte for %u ms after %" PRIu64 " bytes", place, e->timeout_ms, e->got);
}

/* A wrong name has no verify result of its own (curl compares the names): its text says more. */
static const char *explain_certificate(const struct thm_fetch_end *e, const char *place)
{
    bool named = e->verify_result == X509_V_OK || e->verify_result == X509_V_ERR_UNSPECIFIED;
    bool unknown_ca = e->verify_result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                      e->verify_result == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
                      e->verify_result == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
    return thm_net_message("%s: %s: %s%s", place, thm_net_strerror(THM_NET_ECERT),
                           named ? detail(e) : X509_verify_cert_error_string(e->verify_result),
                           unknown_ca ? "; the board does not have its CA" : "");
}

static const char *explain_refusal(const struct thm_fetch_end *e, const char *place)
{
    if (e->refused == THM_NET_EPIN)
        return thm_net_message("%s: %s: its key is %s", place, thm_net_strerror(e->refused), e->pin_found);
    return thm_net_message("%s: %s: %u bytes, the limit is %u", place, thm_net_strerror(e->refused), e->refused_bytes,
                           e->refused_limit);
}

enum thm_net_err thm_fetch_explain(const struct thm_fetch_end *e, const char **message)
{
    char place[256];
    enum thm_net_err err = classify(e);
    read_place(e->url, place, sizeof place);
    if (err == THM_NET_OK)
        *message = thm_net_strerror(err);
    else if (e->refused)
        *message = explain_refusal(e, place);
    else if (err == THM_NET_EHTTP)
        *message = thm_net_message("%s: the server answered with status %ld", place, e->http_status);
    else if (err == THM_NET_ECUT)
        *message = explain_cut(e, place);
    else if (err == THM_NET_ETIMEOUT)
        *message = explain_timeout(e, place);
    else if (err == THM_NET_EREDIRECT && e->code != CURLE_TOO_MANY_REDIRECTS)
        *message = thm_net_message("%s: redirected to what is no https URL: %s", place, detail(e));
    else if (err == THM_NET_EREDIRECT)
        *message = thm_net_message("%s: more than %u redirects", place, e->redirects);
    else if (err == THM_NET_ECERT)
        *message = explain_certificate(e, place);
    else
        *message = thm_net_message("%s: %s: %s", place, thm_net_strerror(err), detail(e));
    return err;
}
