#include "emu/cli/download_options.h"
#include <stdlib.h>
#include "netlink/fault_list.h"

enum { BACKOFF_MAX_MS = 3600000, FACTOR_MAX = 100 };

int thm_backoff_option(const struct thm_args *a, struct thm_download_policy *p)
{
    char *end;
    unsigned long ms = strtoul(a->value, &end, 10), factor = 1;
    const bool digits = *a->value >= '0' && *a->value <= '9';
    if (*end == ':' && end[1] >= '1' && end[1] <= '9')
        factor = strtoul(end + 1, &end, 10);
    if (!digits || *end || ms > BACKOFF_MAX_MS || factor > FACTOR_MAX)
        return thm_usage(a, "--backoff wants MS or MS:FACTOR, up to %d and %d, not '%s'", BACKOFF_MAX_MS, FACTOR_MAX,
                         a->value);
    p->backoff_ms = (uint32_t)ms;
    p->backoff_factor = (uint32_t)factor;
    return 0;
}

int thm_client_option(const struct thm_args *a, struct thm_client_defects *d)
{
    static const struct thm_fault_row rows[] = {
        { "raw-chunks", THM_FAULT_FLAG, offsetof(struct thm_client_defects, raw_chunks), 0, 0 },
        { "absent-is-0", THM_FAULT_FLAG, offsetof(struct thm_client_defects, absent_is_zero), 0, 0 },
        { "counts-wish", THM_FAULT_FLAG, offsetof(struct thm_client_defects, counts_wish), 0, 0 },
        { "loses-head", THM_FAULT_NUMBER, offsetof(struct thm_client_defects, loses_head), 1, UINT32_MAX },
    };
    const char *message;
    return thm_fault_list_parse(a->value, rows, sizeof rows / sizeof rows[0], "thimble-run(1)", d, &message)
               ? thm_usage(a, "--client: %s", message)
               : 0;
}
