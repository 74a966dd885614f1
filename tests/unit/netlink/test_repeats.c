/* Which bytes of a file come, in what order, when some come twice and some do not come: against the plain way to say
 * it. */
#include <stdbool.h>
#include "netlink/repeats.h"
#include "tests/testing.h"

enum { FILE_BYTES = 7, SENT_MAX = 2 * FILE_BYTES };

static bool inside(const struct thm_net_span *span, uint64_t at)
{
    return at >= span->at && at - span->at < span->len;
}

static uint64_t send_plainly(uint64_t from, uint64_t to, const struct thm_net_span *again,
                             const struct thm_net_span *gone, uint64_t out[SENT_MAX])
{
    uint64_t n = 0;
    for (uint64_t at = from; at < to; at++) {
        if (!inside(gone, at))
            out[n++] = at;
        for (uint64_t once = from; at + 1 == again->at + again->len && once <= at; once++)
            if (inside(again, once))
                out[n++] = once;
    }
    return n;
}

static void compare(uint64_t from, uint64_t to, const struct thm_net_span *again, const struct thm_net_span *gone)
{
    uint64_t want[SENT_MAX], run;
    const uint64_t n = send_plainly(from, to, again, gone, want);
    const struct thm_repeats r = thm_repeats_of(from, to, again, gone);
    assert_int_equal(thm_repeats_bytes(&r), n);
    for (uint64_t at = 0; at < n; at++) {
        assert_int_equal(thm_repeats_place(&r, at, &run), want[at]);
        for (uint64_t next = 1; next < run && at + next < n; next++)
            assert_int_equal(want[at + next], want[at] + next);
    }
}

#define FOR_EACH_SPAN(s)                                              \
    for (struct thm_net_span s = { 0, 1 }; s.at < FILE_BYTES; s.at++) \
        for (s.len = 1; s.len <= FILE_BYTES; s.len++)

static void repeats__of_any_spans_are_what_they_say(void **state)
{
    (void)state;
    FOR_EACH_SPAN(again)
    FOR_EACH_SPAN(gone)
    for (uint64_t from = 0; from <= FILE_BYTES; from++)
        for (uint64_t to = from; to <= FILE_BYTES; to++)
            compare(from, to, &again, &gone);
}

static void repeats__of_no_spans_are_the_file(void **state)
{
    const struct thm_net_span none = { THM_NO_FAULT, 0 }, some = { 2, 3 };
    (void)state;
    compare(0, FILE_BYTES, &none, &none);
    compare(1, FILE_BYTES, &some, &none);
    compare(1, FILE_BYTES, &none, &some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats__of_any_spans_are_what_they_say),
        cmocka_unit_test(repeats__of_no_spans_are_the_file),
    };
    return cmocka_run_group_tests_name("repeats", tests, NULL, NULL);
}
