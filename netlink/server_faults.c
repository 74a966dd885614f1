#include "netlink/server_faults.h"

#define SPAN_MAX (INT64_C(1) << 40)

static const struct thm_fault_row rows[] = {
#define AT(member) offsetof(struct thm_server_faults, member)
    { "expired", THM_FAULT_FLAG, AT(certificate.expired), 0, 0 },
    { "wrong-host", THM_FAULT_FLAG, AT(certificate.wrong_host), 0, 0 },
    { "self-signed", THM_FAULT_FLAG, AT(certificate.self_signed), 0, 0 },
    { "rsa", THM_FAULT_FLAG, AT(certificate.rsa), 0, 0 },
    { "intermediate", THM_FAULT_FLAG, AT(certificate.intermediate), 0, 0 },
    { "redirect-loop", THM_FAULT_FLAG, AT(redirect_loop), 0, 0 },
    { "no-range", THM_FAULT_FLAG, AT(no_range), 0, 0 },
    { "no-length", THM_FAULT_FLAG, AT(no_length), 0, 0 },
    { "status", THM_FAULT_NUMBER, AT(status), 200, 599 },
    { "cut", THM_FAULT_NUMBER, AT(cut), 0, INT64_MAX },
    { "stall", THM_FAULT_OPTIONAL_NUMBER, AT(stall), 0, INT64_MAX },
    { "delay", THM_FAULT_NUMBER, AT(delay_ms), 0, 3600000 },
    { "chunked", THM_FAULT_FLAG, AT(chunked), 0, 0 },
    { "gzip", THM_FAULT_FLAG, AT(gzip), 0, 0 },
    { "length", THM_FAULT_NUMBER, AT(length), 0, INT64_MAX },
    { "corrupt", THM_FAULT_STEP, AT(corrupt), 1, INT64_MAX },
    { "duplicate", THM_FAULT_SPAN, AT(duplicate), 1, SPAN_MAX },
    { "drop", THM_FAULT_SPAN, AT(drop), 1, SPAN_MAX },
    { "drip", THM_FAULT_NUMBER, AT(drip_bps), 1, 1000000000000 },
    { "tls-alert", THM_FAULT_FLAG, AT(tls_alert), 0, 0 },
#undef AT
};

enum thm_net_err thm_server_faults_parse(const char *list, struct thm_server_faults *out, const char **message)
{
    *out = (struct thm_server_faults){ .status = THM_NO_FAULT,
                                       .cut = THM_NO_FAULT,
                                       .stall = THM_NO_FAULT,
                                       .delay_ms = THM_NO_FAULT,
                                       .length = THM_NO_FAULT,
                                       .drip_bps = THM_NO_FAULT,
                                       .corrupt = { THM_NO_FAULT, 0 },
                                       .duplicate = { THM_NO_FAULT, 0 },
                                       .drop = { THM_NO_FAULT, 0 } };
    return thm_fault_list_parse(list, rows, sizeof rows / sizeof rows[0], "thimble-serve(1)", out, message);
}

bool thm_server_faults_certificate(const struct thm_server_faults *f)
{
    const struct thm_certificate_faults *c = &f->certificate;
    return c->expired || c->wrong_host || c->self_signed || c->rsa || c->intermediate;
}
