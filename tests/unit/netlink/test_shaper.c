/* What faults make of a body, with an owner that now and then wants no more. */
#include "tests/testing.h"
#include "netlink/canned.h"
#include "netlink/shaper.h"

enum { FILE_BYTES = 10000, CHUNK = 512 };

struct owner { /* what it got */
    uint8_t body[4 * FILE_BYTES];
    size_t len;
    unsigned calls;
    unsigned pieces;
    bool raw;
    bool lazy, ended; /* lazy: every third call it takes nothing */
    enum thm_net_err err;
    char message[400];
    struct thm_fetch_info info;
    struct thm_shaper shaper;
    struct thm_canned canned;
};

static uint8_t file[FILE_BYTES];

static void on_header(void *ctx, const struct thm_fetch_info *info)
{
    ((struct owner *)ctx)->info = *info;
}

static bool on_body(void *ctx, const uint8_t *data, uint32_t len)
{
    struct owner *o = ctx;
    assert_false(o->ended);
    assert_true(len > 0 && len <= CHUNK);
    if (o->lazy && ++o->calls % 3 == 0)
        return false;
    assert_true(o->len + len <= sizeof o->body);
    memcpy(o->body + o->len, data, len);
    o->len += len;
    o->pieces++;
    return true;
}

static void on_done(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    struct owner *o = ctx;
    (void)info;
    assert_false(o->ended);
    o->ended = true;
    o->err = err;
    snprintf(o->message, sizeof o->message, "%s", message ? message : "");
    o->canned = (struct thm_canned){ 0 };
}

/* Fetch file[from..) with these faults; o->lazy is kept. */
static void fetch(struct owner *o, const char *list, uint64_t from)
{
    static struct thm_net_faults faults;
    const char *message;
    assert_int_equal(thm_net_faults_parse(list, &faults, &message), THM_NET_OK);
    const struct thm_canned_answer answer = { .body = file, .len = sizeof file, .info = thm_canned_info(sizeof file) };
    struct thm_fetch_options f = { .url = "https://board.test/file",
                                   .chunk_bytes = CHUNK,
                                   .range_from = from,
                                   .raw = o->raw,
                                   .header = on_header,
                                   .body = on_body,
                                   .done = on_done,
                                   .ctx = o };
    *o = (struct owner){ .lazy = o->lazy, .raw = o->raw };
    for (size_t i = 0; i < sizeof file; i++)
        file[i] = (uint8_t)(i * 7 + i / 256);
    if (thm_shaper_start(&o->shaper, &faults, 1, &f))
        thm_canned_start(&o->canned, &answer, &f);
    for (int i = 0; i < 1000 && !o->ended; i++) {
        thm_shaper_resume(&o->shaper);
        thm_canned_resume(&o->canned);
    }
    assert_true(o->ended);
    thm_shaper_stop(&o->shaper);
}

#define FOR_BOTH_OWNERS(o)                  \
    for (int lazy_ = 0; lazy_ < 2; lazy_++) \
        if (((o).lazy = lazy_ != 0), true)

static struct owner o; /* large */

static void shaper__without_faults_changes_nothing(void **state)
{
    (void)state;
    FOR_BOTH_OWNERS(o)
    {
        fetch(&o, NULL, 0);
        assert_int_equal(o.err, THM_NET_OK);
        assert_true(o.len == sizeof file);
        assert_memory_equal(o.body, file, sizeof file);
    }
}

static void cut__ends_the_connection_after_so_many_bytes_of_it(void **state)
{
    (void)state;
    FOR_BOTH_OWNERS(o)
    {
        fetch(&o, "cut=3001", 0);
        assert_int_equal(o.err, THM_NET_ECUT);
        assert_true(o.len == 3001);
        assert_non_null(strstr(o.message, "cut after 3001 of 10000 bytes"));
        fetch(&o, "cut=3001", 3001);
        assert_true(o.info.http_status == 206 && o.len == 3001);
        assert_memory_equal(o.body, file + 3001, 3001);
        fetch(&o, "cut=3001", 9000);
        assert_int_equal(o.err, THM_NET_OK);
    }
}

static void cut__at_the_bodys_end_is_none(void **state)
{
    (void)state;
    fetch(&o, "cut=10000", 0);
    assert_int_equal(o.err, THM_NET_OK);
    fetch(&o, "cut=0", 0);
    assert_int_equal(o.err, THM_NET_ECUT);
    assert_true(o.len == 0);
}

static void drop__leaves_a_gap_and_the_length_agrees(void **state)
{
    (void)state;
    FOR_BOTH_OWNERS(o)
    {
        fetch(&o, "drop=500:1000", 0);
        assert_int_equal(o.err, THM_NET_OK);
        assert_true(o.len == 9000 && o.info.content_length == 9000);
        assert_memory_equal(o.body, file, 500);
        assert_memory_equal(o.body + 500, file + 1500, 8500);
        fetch(&o, "drop=500:1000", 1000);
        assert_true(o.len == 8500 && o.info.content_length == 8500);
    }
}

static void duplicate__sends_a_range_twice_and_the_length_agrees(void **state)
{
    (void)state;
    FOR_BOTH_OWNERS(o)
    {
        fetch(&o, "duplicate=500:1000", 0);
        assert_int_equal(o.err, THM_NET_OK);
        assert_true(o.len == 11000 && o.info.content_length == 11000);
        assert_memory_equal(o.body, file, 1500);
        assert_memory_equal(o.body + 1500, file + 500, 9500);
    }
}

static void corrupt__changes_one_bit_of_the_bytes_named(void **state)
{
    unsigned changed = 0;
    (void)state;
    fetch(&o, "corrupt=100/1000", 0);
    for (size_t i = 0; i < sizeof file; i++) {
        const unsigned x = o.body[i] ^ file[i];
        assert_true((x & (x - 1)) == 0);
        assert_int_equal(x != 0, i % 1000 == 100);
        changed += x != 0;
    }
    assert_int_equal(changed, 10);
}

static void corrupt__does_not_depend_on_where_the_request_begins(void **state)
{
    (void)state;
    fetch(&o, "corrupt=5000", 0);
    const uint8_t byte = o.body[5000];
    fetch(&o, "corrupt=5000", 4000);
    assert_int_equal(o.body[1000], byte);
}

static void length__that_lies_is_believed_while_it_can_be(void **state)
{
    (void)state;
    fetch(&o, "length=4000", 0);
    assert_int_equal(o.err, THM_NET_OK);
    assert_true(o.len == 4000);
    fetch(&o, "length=12000", 0);
    assert_int_equal(o.err, THM_NET_ECUT);
    assert_true(o.len == 10000 && o.info.content_length == 12000);
}

static void chunked__is_framed_for_who_reads_the_stream(void **state)
{
    (void)state;
    FOR_BOTH_OWNERS(o)
    {
        o.raw = true;
        fetch(&o, "chunked=6000", 0);
        assert_int_equal(o.err, THM_NET_OK);
        assert_memory_equal(o.body, "1770\r\n", 6);
        assert_memory_equal(o.body + 6, file, 6000);
        assert_memory_equal(o.body + 6006, "\r\nfa0\r\n", 7);
        assert_memory_equal(o.body + 6013, file + 6000, 4000);
        assert_true(o.len == 10013 + 7);
        assert_memory_equal(o.body + 10013, "\r\n0\r\n\r\n", 7);
    }
    o.raw = false;
}

static void segment__no_piece_goes_beyond(void **state)
{
    (void)state;
    FOR_BOTH_OWNERS(o)
    {
        fetch(&o, "segment=700/333", 0);
        assert_true(o.len == sizeof file);
        assert_memory_equal(o.body, file, sizeof file);
        assert_true(o.pieces == 2 + (10000 - 700 + 332) / 333);
    }
}

static void chunked__does_not_tell_the_length(void **state)
{
    (void)state;
    fetch(&o, "chunked", 0);
    assert_int_equal(o.err, THM_NET_OK);
    assert_true(o.len == 10000 && o.info.content_length == -1);
}

/* A member of stored blocks holds the file. */
static void gzip__holds_the_file(void **state)
{
    (void)state;
    FOR_BOTH_OWNERS(o)
    {
        size_t at = 10, got = 0;
        fetch(&o, "gzip", 0);
        assert_int_equal(o.err, THM_NET_OK);
        assert_memory_equal(o.body, "\x1f\x8b\x08", 3);
        while (!(o.body[at] & 1)) {
            const size_t n = o.body[at + 1] | (size_t)o.body[at + 2] << 8;
            assert_memory_equal(o.body + at + 5, file + got, n);
            got += n;
            at += 5 + n;
        }
        assert_true(got == sizeof file && at + 13 == o.len);
        assert_int_equal(o.body[at + 9] | o.body[at + 10] << 8, (int)sizeof file);
    }
}

static void connection_faults__end_before_a_body(void **state)
{
    static const struct {
        const char *list;
        enum thm_net_err err;
    } rows[] = { { "dns", THM_NET_EDNS },         { "refused", THM_NET_ECONNECT },
                 { "tls-alert", THM_NET_ETLS },   { "expired", THM_NET_ECERT },
                 { "wrong-host", THM_NET_ECERT }, { "redirect-loop", THM_NET_EREDIRECT },
                 { "status=404", THM_NET_EHTTP }, { "stall", THM_NET_ETIMEOUT } };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fetch(&o, rows[i].list, 0);
        assert_int_equal(o.err, rows[i].err);
        assert_true(o.len == 0);
    }
}

static void parse__refuses_what_is_no_fault(void **state)
{
    static const char *const wrong[] = { "x",
                                         "dns=1",
                                         "cut",
                                         "cut=-1",
                                         "cut=1x",
                                         "drop=1",
                                         "drop=1:0",
                                         "drop=1:2:3",
                                         "corrupt=1/0",
                                         "corrupt=/1",
                                         "status=200",
                                         "cut-at=0",
                                         "cut-at=nan",
                                         "times=0",
                                         "duplicate=0:99999999",
                                         "cut=18446744073709551616" };
    struct thm_net_faults f;
    const char *message;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(thm_net_faults_parse(wrong[i], &f, &message), THM_NET_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shaper__without_faults_changes_nothing),
        cmocka_unit_test(cut__ends_the_connection_after_so_many_bytes_of_it),
        cmocka_unit_test(cut__at_the_bodys_end_is_none),
        cmocka_unit_test(drop__leaves_a_gap_and_the_length_agrees),
        cmocka_unit_test(duplicate__sends_a_range_twice_and_the_length_agrees),
        cmocka_unit_test(corrupt__changes_one_bit_of_the_bytes_named),
        cmocka_unit_test(corrupt__does_not_depend_on_where_the_request_begins),
        cmocka_unit_test(length__that_lies_is_believed_while_it_can_be),
        cmocka_unit_test(chunked__does_not_tell_the_length),
        cmocka_unit_test(chunked__is_framed_for_who_reads_the_stream),
        cmocka_unit_test(segment__no_piece_goes_beyond),
        cmocka_unit_test(gzip__holds_the_file),
        cmocka_unit_test(connection_faults__end_before_a_body),
        cmocka_unit_test(parse__refuses_what_is_no_fault),
    };
    return cmocka_run_group_tests_name("shaper", tests, NULL, NULL);
}
