/* netlink/err.h -- errors of the emulated link, TLS and HTTP, as a device sees them. */
#pragma once

/* name, exit status, sentence */
#define THM_NET_ERRORS(X)                                                      \
    X(THM_NET_OK, 0, "success")                                                \
    X(THM_NET_EINVAL, 2, "invalid argument")                                   \
    X(THM_NET_EDNS, 13, "the host name could not be resolved")                 \
    X(THM_NET_ECONNECT, 13, "the connection was refused or could not be made") \
    X(THM_NET_ETLS, 13, "the TLS handshake failed")                            \
    X(THM_NET_ECERT, 13, "the server's certificate was not accepted")          \
    X(THM_NET_ETLSMEM, 13, "the board has no memory for the TLS session")      \
    X(THM_NET_ECA, 13, "the board's CA file holds no certificate it can read") \
    X(THM_NET_EPIN, 13, "the server's certificate is not the pinned one")      \
    X(THM_NET_ERECORD, 13, "a TLS record is larger than the board's buffer")   \
    X(THM_NET_EPIECES, 13, "a TLS handshake message came in pieces")           \
    X(THM_NET_EHTTP, 13, "the server answered with an error status")           \
    X(THM_NET_EREDIRECT, 13, "too many redirects, or to a wrong place")        \
    X(THM_NET_ECUT, 13, "the connection was cut before the end of the body")   \
    X(THM_NET_ETIMEOUT, 13, "the connection timed out")                        \
    X(THM_NET_EPROTO, 13, "the server's answer was not valid HTTP")            \
    X(THM_NET_EABORTED, 13, "the board closed the connection")                 \
    X(THM_NET_EHOST, 20, "the PC failed, not the board")

enum thm_net_err {
#define X(name, status, text) name,
    THM_NET_ERRORS(X)
#undef X
};

const char *thm_net_strerror(enum thm_net_err e); /* static string, never NULL */
int thm_net_exit_status(enum thm_net_err e);
