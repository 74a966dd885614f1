/* The lists of faults of the link and of the server: any text is a list or one sentence, and what it says is in bounds.
 */
#include <stdlib.h>
#include <string.h>
#include "netlink/net_faults.h"
#include "netlink/server_faults.h"

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_answer(enum thm_net_err err, const char *message)
{
    check(err == THM_NET_OK || (err == THM_NET_EINVAL && message && *message && !strchr(message, '\n')));
}

static bool is_number(uint64_t v, uint64_t min, uint64_t max)
{
    return v == THM_NO_FAULT || (v >= min && v <= max);
}

static void check_net(const struct thm_net_faults *f)
{
    check(is_number(f->status, 300, 599) && is_number(f->cut, 0, INT64_MAX) && is_number(f->chunked, 0, 1 << 20));
    check(is_number(f->times, 1, UINT32_MAX) && is_number(f->drip_bps, 1, UINT64_MAX) && f->cut_at_ns > 0);
    check(f->duplicate.at == THM_NO_FAULT || (f->duplicate.len >= 1 && f->duplicate.len <= 1 << 20));
    check(f->drop.at == THM_NO_FAULT || (f->drop.len >= 1 && f->drop.len <= INT64_MAX));
}

/* Every byte that is sent has one place, in the part that was asked for. */
static void check_repeats(const struct thm_net_span *again, const struct thm_net_span *gone, uint64_t from, uint64_t to)
{
    const struct thm_repeats r = thm_repeats_of(from, to, again, gone);
    const uint64_t bytes = thm_repeats_bytes(&r);
    check(bytes <= 2 * (to - from));
    for (uint64_t at = 0, run; at < bytes; at++) {
        const uint64_t place = thm_repeats_place(&r, at, &run);
        check(place >= from && place < to && run > 0);
        check(run == 1 || at + 1 == bytes || thm_repeats_place(&r, at + 1, &run) == place + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[1024];
    struct thm_net_faults net;
    struct thm_server_faults server;
    const char *message = NULL;
    if (size < 2 || size > sizeof text)
        return 0;
    memcpy(text, data + 2, size - 2);
    text[size - 2] = '\0';
    const enum thm_net_err err = thm_net_faults_parse(text, &net, &message);
    check_answer(err, message);
    if (!err) {
        check_net(&net);
        check_repeats(&net.duplicate, &net.drop, data[0], (uint64_t)data[0] + data[1]);
    }
    check_answer(thm_server_faults_parse(text, &server, &message), message);
    return 0;
}
