/* netlink/fault_list.h -- "NAME[=VALUE],...": faults asked for on a command line. Internal to netlink.
 *
 * A table row says how a name's value is written and where it goes: a bool for FLAG, one uint64_t for the others, two,
 * one after the other, for SPAN and STEP. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "netlink/err.h"

#define THM_NO_FAULT UINT64_MAX /* of a number: not asked for */

enum thm_fault_kind {
    THM_FAULT_FLAG,            /* NAME */
    THM_FAULT_NUMBER,          /* NAME=N */
    THM_FAULT_OPTIONAL_NUMBER, /* NAME or NAME=N; 0 without */
    THM_FAULT_SECONDS,         /* NAME=S, may have decimals: nanoseconds */
    THM_FAULT_SPAN,            /* NAME=OFFSET:LENGTH */
    THM_FAULT_STEP,            /* NAME=OFFSET[/PERIOD]; 0 without */
};

struct thm_fault_row {
    const char *name;
    enum thm_fault_kind kind;
    size_t offset;     /* in the structure that is filled */
    uint64_t min, max; /* of the number; of SPAN's length, of STEP's period */
};

/* Fill what the list names in *out, whose rest stays as it is. list may be NULL. page: where the user finds the names.
 * Errors: THM_NET_EINVAL, *message is a sentence naming the fault. */
enum thm_net_err thm_fault_list_parse(const char *list, const struct thm_fault_row *rows, size_t n, const char *page,
                                      void *out, const char **message);
