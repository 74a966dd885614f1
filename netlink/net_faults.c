#include "netlink/net_faults.h"

enum { DUPLICATE_MAX = 1 << 20, FRAME_MAX = 1 << 20 }; /* they are kept */

static const struct thm_fault_row rows[] = {
#define AT(member) offsetof(struct thm_net_faults, member)
    { "dns", THM_FAULT_FLAG, AT(dns), 0, 0 },
    { "refused", THM_FAULT_FLAG, AT(refused), 0, 0 },
    { "tls-alert", THM_FAULT_FLAG, AT(tls_alert), 0, 0 },
    { "expired", THM_FAULT_FLAG, AT(expired), 0, 0 },
    { "wrong-host", THM_FAULT_FLAG, AT(wrong_host), 0, 0 },
    { "redirect-loop", THM_FAULT_FLAG, AT(redirect_loop), 0, 0 },
    { "status", THM_FAULT_NUMBER, AT(status), 300, 599 },
    { "cut", THM_FAULT_NUMBER, AT(cut), 0, INT64_MAX },
    { "stall", THM_FAULT_OPTIONAL_NUMBER, AT(stall), 0, INT64_MAX },
    { "corrupt", THM_FAULT_STEP, AT(corrupt), 1, INT64_MAX },
    { "duplicate", THM_FAULT_SPAN, AT(duplicate), 1, DUPLICATE_MAX },
    { "drop", THM_FAULT_SPAN, AT(drop), 1, INT64_MAX },
    { "length", THM_FAULT_NUMBER, AT(length), 0, INT64_MAX },
    { "chunked", THM_FAULT_OPTIONAL_NUMBER, AT(chunked), 1, FRAME_MAX },
    { "segment", THM_FAULT_STEP, AT(segment), 1, INT64_MAX },
    { "gzip", THM_FAULT_FLAG, AT(gzip), 0, 0 },
    { "cut-at", THM_FAULT_SECONDS, AT(cut_at_ns), 0, 0 },
    { "drip", THM_FAULT_NUMBER, AT(drip_bps), 1, UINT64_C(100000000000) },
    { "times", THM_FAULT_NUMBER, AT(times), 1, UINT32_MAX },
#undef AT
};

enum thm_net_err thm_net_faults_parse(const char *list, struct thm_net_faults *out, const char **message)
{
    const struct thm_net_span none = { THM_NO_FAULT, 0 };
    *out = (struct thm_net_faults){ .status = THM_NO_FAULT,
                                    .cut = THM_NO_FAULT,
                                    .stall = THM_NO_FAULT,
                                    .length = THM_NO_FAULT,
                                    .chunked = THM_NO_FAULT,
                                    .segment = none,
                                    .corrupt = none,
                                    .duplicate = none,
                                    .drop = none,
                                    .cut_at_ns = THM_NO_FAULT,
                                    .drip_bps = THM_NO_FAULT,
                                    .times = THM_NO_FAULT };
    return thm_fault_list_parse(list, rows, sizeof rows / sizeof rows[0], "thimble-run(1)", out, message);
}
