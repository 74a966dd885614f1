#include "netlink/repeats.h"

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The part of a span that lies in [from, to); len 0: none of it. */
static struct thm_net_span clip(const struct thm_net_span *span, uint64_t from, uint64_t to)
{
    const uint64_t end = span->len < THM_NO_FAULT - span->at ? span->at + span->len : THM_NO_FAULT;
    const uint64_t a = span->at > from ? span->at : from, b = lesser(end, to);
    return span->at != THM_NO_FAULT && a < b ? (struct thm_net_span){ a, b - a } : (struct thm_net_span){ to, 0 };
}

struct thm_repeats thm_repeats_of(uint64_t from, uint64_t to, const struct thm_net_span *again,
                                  const struct thm_net_span *gone)
{
    struct thm_repeats r = { from, to, clip(again, from, to), clip(gone, from, to) };
    if (r.again.len && r.again.at + r.again.len < again->at + again->len)
        r.again = (struct thm_net_span){ to, 0 }; /* its end is not asked for */
    return r;
}

static uint64_t end_of(const struct thm_net_span *span)
{
    return span->at + span->len;
}

/* Of [from, to), what is sent the first time. */
static uint64_t sent_once(const struct thm_repeats *r, uint64_t from, uint64_t to)
{
    return to - from - clip(&r->gone, from, to).len;
}

uint64_t thm_repeats_bytes(const struct thm_repeats *r)
{
    return sent_once(r, r->from, r->to) + r->again.len;
}

/* The at-th byte that is sent of those from `from` on. */
static uint64_t place_once(const struct thm_repeats *r, uint64_t from, uint64_t at, uint64_t *run)
{
    const struct thm_net_span gone = clip(&r->gone, from, r->to);
    if (!gone.len || from + at < gone.at) {
        *run = lesser(*run, gone.len ? gone.at - from - at : UINT64_MAX);
        return from + at;
    }
    return from + at + gone.len;
}

uint64_t thm_repeats_place(const struct thm_repeats *r, uint64_t at, uint64_t *run)
{
    const uint64_t first = sent_once(r, r->from, end_of(&r->again));
    *run = UINT64_MAX;
    if (!r->again.len)
        return place_once(r, r->from, at, run);
    if (at < first) {
        *run = first - at;
        return place_once(r, r->from, at, run);
    }
    at -= first;
    if (at < r->again.len) {
        *run = r->again.len - at;
        return r->again.at + at;
    }
    return place_once(r, end_of(&r->again), at - r->again.len, run);
}
