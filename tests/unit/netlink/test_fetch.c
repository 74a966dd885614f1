/* The HTTPS client against the model server, and against peers that misbehave. */
#include "tests/unit/netlink/loopback.h"
#include "netlink/canned.h"
#include <signal.h>

static void assert_whole_body(const struct client *c)
{
    assert_int_equal(c->err, THM_NET_OK);
    assert_int_equal(c->len, BODY_BYTES);
    for (size_t i = 0; i < c->len; i++)
        if (c->data[i] != pattern(i))
            fail_msg("byte %zu is wrong", i);
}

static void fetch__delivers_the_file_in_exact_chunks(void **state)
{
    struct client c = { .chunk = 1460 };
    serve(*state, NULL);
    fetch(&c, *state, "/model.tflite");
    assert_whole_body(&c);
    assert_int_equal(c.largest, 1460);
    assert_int_equal(c.calls, (BODY_BYTES + 1459) / 1460);
    assert_int_equal(c.wrong_sizes, 0);
    assert_int_equal(c.headers, 1);
    assert_int_equal(c.ends, 1);
    free(c.data);
}

static void fetch__tells_about_the_answer_and_tls(void **state)
{
    struct client c = { 0 };
    serve(*state, NULL);
    fetch(&c, *state, "/model.tflite");
    assert_int_equal(c.info.http_status, 200);
    assert_int_equal(c.info.content_length, BODY_BYTES);
    assert_string_equal(c.info.content_type, "application/octet-stream");
    assert_int_equal(c.info.etag[0], '"');
    assert_string_equal(c.info.effective_url, url_of(*state, "localhost", "/model.tflite"));
    assert_string_equal(c.info.tls_version, "TLSv1.3");
    assert_non_null(strstr(c.info.cipher, "TLS_"));
    assert_int_equal(c.info.chain_length, 1);
    assert_in_range(c.info.chain_bytes, 300, 700);
    assert_in_range(c.info.ca_bytes, 300, 700);
    assert_string_equal(c.info.key_type, "EC-256");
    free(c.data);
}

static void assert_part(const struct client *c, size_t from, size_t to)
{
    assert_int_equal(c->err, THM_NET_OK);
    assert_int_equal(c->info.http_status, 206);
    assert_true(c->info.range_first == from && c->info.range_total == BODY_BYTES && c->len == to - from);
    for (size_t i = 0; i < c->len; i++)
        assert_int_equal(c->data[i], pattern(from + i));
}

static void fetch__a_part_is_asked_for_and_told(void **state)
{
    struct client c = { .from = 100, .to = 300 }, rest = { .from = BODY_BYTES - 7 };
    serve(*state, NULL);
    fetch(&c, *state, "/model.tflite");
    assert_part(&c, 100, 300);
    fetch(&rest, *state, "/model.tflite");
    assert_part(&rest, BODY_BYTES - 7, BODY_BYTES);
    free(c.data);
    free(rest.data);
}

static void fetch__if_range_gives_the_part_of_the_same_file_only(void **state)
{
    struct client first = { 0 }, same = { .from = 500 }, other = { .from = 500, .if_range = "\"other\"" };
    serve(*state, NULL);
    fetch(&first, *state, "/model.tflite");
    same.if_range = first.info.etag;
    fetch(&same, *state, "/model.tflite");
    assert_part(&same, 500, BODY_BYTES);
    fetch(&other, *state, "/model.tflite");
    assert_int_equal(other.info.http_status, 200);
    assert_whole_body(&other);
    free(first.data);
    free(same.data);
    free(other.data);
}

static void fetch__raw_has_the_framing_of_a_chunked_body(void **state)
{
    struct client plain = { 0 }, framed = { .raw = true };
    serve(*state, "chunked");
    fetch(&plain, *state, "/model.tflite");
    assert_whole_body(&plain);
    fetch(&framed, *state, "/model.tflite");
    assert_int_equal(framed.err, THM_NET_OK);
    assert_true(framed.len > BODY_BYTES + 9);
    assert_memory_equal(framed.data + framed.len - 7, "\r\n0\r\n\r\n", 7);
    free(plain.data);
    free(framed.data);
}

static void canned__tells_what_the_model_server_tells(void **state)
{
    const struct thm_fetch_info canned = thm_canned_info(BODY_BYTES);
    struct client c = { 0 };
    serve(*state, NULL);
    fetch(&c, *state, "/model.tflite");
    assert_int_equal(canned.http_status, c.info.http_status);
    assert_int_equal(canned.content_length, c.info.content_length);
    assert_int_equal(canned.chain_length, c.info.chain_length);
    assert_int_equal(canned.chain_bytes, c.info.chain_bytes);
    assert_int_equal(canned.ca_bytes, c.info.ca_bytes);
    assert_string_equal(canned.tls_version, c.info.tls_version);
    assert_string_equal(canned.key_type, c.info.key_type);
    free(c.data);
}

struct taker {
    uint8_t data[100];
    size_t got;
    int room, headers, ends; /* room: pieces it takes before it wants no more */
};

static void take_header(void *ctx, const struct thm_fetch_info *info)
{
    ((struct taker *)ctx)->headers++;
    assert_int_equal(info->content_length, 100);
}

static bool take_piece(void *ctx, const uint8_t *data, uint32_t len)
{
    struct taker *t = ctx;
    if (t->room-- == 0)
        return false;
    memcpy(t->data + t->got, data, len);
    t->got += len;
    return true;
}

static void take_end(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    (void)message, (void)info;
    assert_int_equal(err, THM_NET_OK);
    ((struct taker *)ctx)->ends++;
}

static void canned__waits_while_nobody_takes(void **state)
{
    uint8_t body[100];
    struct taker t = { .room = 2 };
    struct thm_canned c;
    (void)state;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = pattern(i);
    const struct thm_canned_answer answer = { .body = body, .len = sizeof body, .info = thm_canned_info(sizeof body) };
    thm_canned_start(&c, &answer,
                     &(struct thm_fetch_options){
                         .chunk_bytes = 30, .header = take_header, .body = take_piece, .done = take_end, .ctx = &t });
    assert_int_equal(t.got, 60);
    assert_int_equal(t.ends, 0);
    t.room = 100;
    thm_canned_resume(&c);
    thm_canned_resume(&c);
    assert_int_equal(t.got, 100);
    assert_memory_equal(t.data, body, sizeof body);
    assert_int_equal(t.headers, 1);
    assert_int_equal(t.ends, 1);
}

static void take_error(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    struct taker *t = ctx;
    assert_int_equal(err, THM_NET_EHTTP);
    assert_non_null(strstr(message, info->http_status == 404 ? "status 404" : "status 503"));
    t->ends++;
}

static void canned__answers_what_it_is_for_and_the_rest_is_a_404(void **state)
{
    static const uint8_t body[1] = "x";
    struct thm_canned_answer last = { .body = body, .len = 1, .info = thm_canned_info(1), .url = "https://a/2" };
    const struct thm_canned_answer first = { .body = body, .len = 1, .url = "https://a/1", .next = &last };
    struct taker t = { 0 };
    struct thm_canned c;
    const struct thm_fetch_options o = { .url = "https://a/3", .body = take_piece, .done = take_error, .ctx = &t };
    (void)state;
    assert_ptr_equal(thm_canned_find(&first, "https://a/1"), &first);
    assert_ptr_equal(thm_canned_find(&first, "https://a/2"), &last);
    assert_null(thm_canned_find(&first, "https://a/3"));
    thm_canned_start(&c, NULL, &o);
    assert_null(c.answer);
    last.info.http_status = 503;
    thm_canned_start(&c, &last, &o);
    assert_int_equal(t.ends, 2);
    assert_int_equal(t.got, 0);
    last.url = NULL;
    assert_ptr_equal(thm_canned_find(&first, "https://a/3"), &last);
}

static void fetch__rsa_chain_is_counted(void **state)
{
    struct client c = { 0 };
    serve(*state, "rsa,intermediate");
    fetch(&c, *state, "/model.tflite");
    assert_whole_body(&c);
    assert_int_equal(c.info.chain_length, 2);
    assert_in_range(c.info.chain_bytes, 1200, 2000);
    assert_string_equal(c.info.key_type, "RSA-2048");
    free(c.data);
}

static void fetch__back_pressure_loses_and_repeats_nothing(void **state)
{
    static const uint32_t chunks[] = { 1, 100, 1024, 16384, 20000, 53936, 100000 };
    serve(*state, NULL);
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        struct client c = { .chunk = chunks[i], .refuse_every = chunks[i] == 1 ? 97 : 1 };
        fetch(&c, *state, "/model.tflite");
        assert_whole_body(&c);
        assert_int_equal(c.wrong_sizes, 0);
        free(c.data);
    }
}

static void fetch__a_refused_piece_waits_without_a_timeout(void **state)
{
    struct loopback *l = *state;
    struct client c = { .chunk = 1000, .refuse_every = 1000 };
    serve(l, NULL);
    client_start(&c, l, url_of(l, "localhost", "/model.tflite"), 100);
    int64_t end = clock_ms() + 300;
    while (clock_ms() < end)
        assert_int_equal(thm_net_poll(l->net, NULL, NULL, 0, 20), THM_NET_OK);
    assert_int_equal(c.ends, 0);
    assert_int_equal(c.len, 0);
    client_run(&c, l);
    assert_whole_body(&c);
    free(c.data);
}

static void fetch__many_at_once_all_arrive(void **state)
{
    struct loopback *l = *state;
    struct client c[8] = { 0 };
    size_t open = 1;
    serve(l, NULL);
    for (size_t i = 0; i < 8; i++)
        client_start(&c[i], l, url_of(l, "localhost", "/model.tflite"), 0);
    while (open) {
        thm_net_poll(l->net, NULL, NULL, 0, 1000);
        open = 0;
        for (size_t i = 0; i < 8; i++)
            open += c[i].ends == 0;
    }
    for (size_t i = 0; i < 8; i++) {
        assert_whole_body(&c[i]);
        free(c[i].data);
    }
}

static void fetch__cancel_inside_a_callback_ends_it_silently(void **state)
{
    struct loopback *l = *state;
    struct client c = { .cancel_after = 3 }, next = { 0 };
    serve(l, NULL);
    client_start(&c, l, url_of(l, "localhost", "/model.tflite"), 0);
    while (c.calls < 3)
        thm_net_poll(l->net, NULL, NULL, 0, 1000);
    fetch(&next, l, "/model.tflite");
    assert_whole_body(&next);
    assert_int_equal(c.calls, 3);
    assert_int_equal(c.ends, 0);
    free(c.data);
    free(next.data);
}

/* Certificates, statuses, redirects and cuts that the server does wrong on purpose. */
static const struct {
    const char *fault, *path;
    enum thm_net_err err;
    const char *says; /* in the message */
    size_t bytes;     /* delivered before */
} faults[] = {
    { "expired", "/model.tflite", THM_NET_ECERT, "expired", 0 },
    { "wrong-host", "/model.tflite", THM_NET_ECERT, "localhost", 0 },
    { "self-signed", "/model.tflite", THM_NET_ECERT, "self-signed certificate", 0 },
    { NULL, "/missing.bin", THM_NET_EHTTP, "status 404", 0 },
    { "status=500", "/model.tflite", THM_NET_EHTTP, "status 500", 0 },
    { "status=304", "/model.tflite", THM_NET_EHTTP, "status 304", 0 },
    { "redirect-loop", "/model.tflite", THM_NET_EREDIRECT, "more than 10 redirects", 0 },
    { "cut=10000", "/model.tflite", THM_NET_ECUT, "10000 of 53936", 10000 },
    { "cut=0", "/model.tflite", THM_NET_ECUT, "cut", 0 },
    { "no-length,cut=10000", "/model.tflite", THM_NET_ECUT, "10000 bytes", 10000 },
    { "no-length", "/model.tflite", THM_NET_OK, "success", BODY_BYTES },
    { "no-range", "/model.tflite", THM_NET_OK, "success", BODY_BYTES },
    { "delay=50", "/model.tflite", THM_NET_OK, "success", BODY_BYTES },
};

static void fetch__server_faults_are_told_apart(void **state)
{
    struct loopback *l = *state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct client c = { 0 };
        serve(l, faults[i].fault);
        fetch(&c, l, faults[i].path);
        if (c.err != faults[i].err || !strstr(c.message, faults[i].says) || c.len != faults[i].bytes)
            fail_msg("%s: error %d, '%s', %zu bytes", faults[i].fault, c.err, c.message, c.len);
        thm_server_stop(l->server);
        l->server = NULL;
        free(c.data);
    }
}

static void fetch__stalled_body_times_out_exactly(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    serve(l, "stall=5000");
    int64_t start = clock_ms();
    client_start(&c, l, url_of(l, "localhost", "/model.tflite"), 400);
    client_run(&c, l);
    int64_t took = clock_ms() - start;
    assert_int_equal(c.err, THM_NET_ETIMEOUT);
    assert_int_equal(c.len, 5000);
    assert_non_null(strstr(c.message, "no byte for 400 ms after 5000 of 53936"));
    assert_true(took >= 400);
    free(c.data);
}

static void fetch__slow_but_steady_body_does_not_time_out(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    struct raw_peer p = { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", .pause_ms = 6 };
    char url[64];
    raw_start(&p, l);
    snprintf(url, sizeof url, "https://localhost:%u/x", p.port);
    client_start(&c, l, url, 150);
    client_run(&c, l);
    raw_stop(&p);
    assert_int_equal(c.err, THM_NET_OK);
    assert_memory_equal(c.data, "hello", 5);
    free(c.data);
}

static void fetch__another_ca_is_refused(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    struct thm_ca *ca;
    const char *message;
    char other[128];
    serve(l, NULL);
    snprintf(other, sizeof other, "%s/other", l->dir);
    assert_int_equal(thm_ca_open(&ca, other, &message), THM_NET_OK);
    snprintf(l->ca, sizeof l->ca, "%s", thm_ca_path(ca));
    thm_ca_close(ca);
    fetch(&c, l, "/model.tflite");
    assert_int_equal(c.err, THM_NET_ECERT);
    assert_non_null(strstr(c.message, "certificate"));
    assert_int_equal(c.headers, 0);
}

static void fetch__name_outside_the_certificate_is_refused(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    serve(l, NULL);
    client_start(&c, l, url_of(l, "127.0.0.2", "/model.tflite"), 0);
    client_run(&c, l);
    assert_true(c.err == THM_NET_ECERT || c.err == THM_NET_ECONNECT); /* bound to 127.0.0.1 only: refused */
}

static void fetch__nobody_listening_is_a_refused_connection(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    char url[256];
    serve(l, NULL);
    snprintf(url, sizeof url, "%s", url_of(l, "localhost", "/x"));
    thm_server_stop(l->server);
    l->server = NULL;
    client_start(&c, l, url, 0);
    client_run(&c, l);
    assert_int_equal(c.err, THM_NET_ECONNECT);
    assert_int_equal(strncmp(c.message, "localhost:", 10), 0);
}

/* Answers as bytes, and how the connection ends after them. */
static const struct {
    const char *answer;
    enum raw_end end;
    enum thm_net_err err;
    const char *body, *says;
} raw[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", RAW_CLOSE_NOTIFY, THM_NET_OK, "abc", "" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", RAW_ABRUPT, THM_NET_OK, "abc", "" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", RAW_CLOSE_NOTIFY, THM_NET_ECUT, "abc", "3 of 5" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", RAW_ABRUPT, THM_NET_ECUT, "abc", "3 of 5" },
    { "HTTP/1.1 200 OK\r\n\r\nabc", RAW_CLOSE_NOTIFY, THM_NET_OK, "abc", "" },
    { "HTTP/1.1 200 OK\r\n\r\nabc", RAW_ABRUPT, THM_NET_ECUT, "abc", "close_notify" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", RAW_ABRUPT, THM_NET_OK, "abc", "" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", RAW_CLOSE_NOTIFY, THM_NET_ECUT, "abc", "" },
    { "HTTP/1.1 302 Found\r\nLocation: http://localhost:PORT/y\r\nContent-Length: 0\r\n\r\n", RAW_CLOSE_NOTIFY,
      THM_NET_EREDIRECT, "", "no https URL" },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", RAW_CLOSE_NOTIFY, THM_NET_OK, "a",
      "" },
    { "HTTP/1.1 204 No Content\r\n\r\n", RAW_HANG, THM_NET_OK, "", "" },
    { "hello, world\r\n\r\n", RAW_CLOSE_NOTIFY, THM_NET_EPROTO, "", "" },
    { "", RAW_CLOSE_NOTIFY, THM_NET_ECUT, "", "before an answer" },
    { "HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\nabc", RAW_CLOSE_NOTIFY, THM_NET_EPROTO, "", "" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", RAW_HANG, THM_NET_ETIMEOUT, "abc", "3 of 9" },
};

static void fetch__raw_answers_are_judged_right(void **state)
{
    for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++) {
        struct client c = { 0 };
        fetch_raw(&c, *state, raw[i].answer, raw[i].end, 150);
        if (c.err != raw[i].err || c.len != strlen(raw[i].body) ||
            memcmp(c.len ? c.data : (void *)"", raw[i].body, c.len) || !strstr(c.message, raw[i].says))
            fail_msg("answer %zu: error %d, '%s', %zu bytes", i, c.err, c.message, c.len);
        assert_int_equal(c.ends, 1);
        free(c.data);
    }
}

static void fetch__reset_in_the_body_is_a_cut(void **state)
{
    struct client c = { 0 };
    fetch_raw(&c, *state, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", RAW_RESET, 1000);
    assert_int_equal(c.err, THM_NET_ECUT); /* the kernel may drop what came before the reset */
    free(c.data);
}

static void fetch__peer_without_tls_fails_the_handshake(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    struct raw_peer p = { .plain_tcp = true };
    char url[64];
    raw_start(&p, l);
    snprintf(url, sizeof url, "https://localhost:%u/x", p.port);
    client_start(&c, l, url, 1000);
    client_run(&c, l);
    raw_stop(&p);
    assert_int_equal(c.err, THM_NET_ETLS);
}

static void fetch__silent_peer_times_out_in_the_handshake(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    struct raw_peer p = { .mute = true };
    char url[64];
    raw_start(&p, l);
    snprintf(url, sizeof url, "https://localhost:%u/x", p.port);
    client_start(&c, l, url, 200);
    client_run(&c, l);
    raw_stop(&p);
    assert_int_equal(c.err, THM_NET_ETIMEOUT);
    assert_non_null(strstr(c.message, "no connection within 200 ms"));
}

static void fetch__redirect_to_another_server_is_followed(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    char answer[512], target[256];
    serve(l, NULL);
    snprintf(target, sizeof target, "%s", url_of(l, "localhost", "/model.tflite"));
    snprintf(answer, sizeof answer, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 4\r\n\r\nback", target);
    fetch_raw(&c, l, answer, RAW_CLOSE_NOTIFY, 1000);
    assert_whole_body(&c);
    assert_int_equal(c.info.redirects, 1);
    assert_int_equal(c.headers, 1);
    assert_string_equal(c.info.effective_url, target);
    free(c.data);
}

static void fetch__error_statuses_give_the_header_but_no_body(void **state)
{
    struct client c = { 0 };
    serve(*state, NULL);
    fetch(&c, *state, "/missing");
    assert_int_equal(c.headers, 1);
    assert_int_equal(c.calls, 0);
    assert_int_equal(c.info.http_status, 404);
    assert_int_equal(c.info.chain_length, 1);
}

static void start__wrong_options_are_refused_with_a_sentence(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    struct thm_fetch *f;
    const char *message = NULL, *urls[] = { "http://localhost/x", "ftp://x/y", "model.bin", "", "https://" };
    struct thm_fetch_options o = { .chunk_bytes = 1, .body = client_body, .done = client_done, .ctx = &c };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        o.url = urls[i];
        assert_int_equal(thm_fetch_start(l->net, &o, &f, &message), THM_NET_EINVAL);
        assert_non_null(strstr(message, "is not an https URL"));
        assert_null(f);
    }
    o.url = "https://localhost/x";
    o.cacert = l->dir;
    assert_int_equal(thm_fetch_start(l->net, &o, &f, &message), THM_NET_EINVAL);
    o.cacert = "/nonexistent/ca.pem";
    assert_int_equal(thm_fetch_start(l->net, &o, &f, &message), THM_NET_EINVAL);
    assert_non_null(strstr(message, "No such file"));
    o.cacert = NULL;
    o.chunk_bytes = 0;
    assert_int_equal(thm_fetch_start(l->net, &o, &f, &message), THM_NET_EINVAL);
}

static void poll__tells_which_descriptors_are_readable_or_at_their_end(void **state)
{
    struct loopback *l = *state;
    int a[2], b[2], c[2];
    assert_int_equal(pipe2(a, O_CLOEXEC) | pipe2(b, O_CLOEXEC) | pipe2(c, O_CLOEXEC), 0);
    assert_int_equal(write(b[1], "x", 1), 1);
    close(c[1]);
    bool ready[3] = { true, false, false };
    const int fds[3] = { a[0], b[0], c[0] };
    assert_int_equal(thm_net_poll(l->net, fds, ready, 3, 5000), THM_NET_OK);
    assert_false(ready[0]);
    assert_true(ready[1]);
    assert_true(ready[2]);
    int64_t start = clock_ms();
    assert_int_equal(thm_net_poll(l->net, fds, ready, 1, 60), THM_NET_OK);
    assert_true(clock_ms() - start >= 50);
    assert_false(ready[0]);
    const int open[] = { a[0], a[1], b[0], b[1], c[0] };
    for (size_t i = 0; i < 5; i++)
        close(open[i]);
}

static void destroy__ends_running_fetches_without_done(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    serve(l, "stall=5000");
    client_start(&c, l, url_of(l, "localhost", "/model.tflite"), 0);
    while (c.len < 4096)
        thm_net_poll(l->net, NULL, NULL, 0, 1000);
    thm_net_destroy(l->net);
    l->net = NULL;
    assert_int_equal(c.ends, 0);
    free(c.data);
}

#define T(name) cmocka_unit_test_setup_teardown(name, loopback_setup, loopback_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(fetch__delivers_the_file_in_exact_chunks),
        T(fetch__tells_about_the_answer_and_tls),
        T(fetch__a_part_is_asked_for_and_told),
        T(fetch__if_range_gives_the_part_of_the_same_file_only),
        T(fetch__raw_has_the_framing_of_a_chunked_body),
        T(canned__tells_what_the_model_server_tells),
        T(canned__waits_while_nobody_takes),
        T(canned__answers_what_it_is_for_and_the_rest_is_a_404),
        T(fetch__rsa_chain_is_counted),
        T(fetch__back_pressure_loses_and_repeats_nothing),
        T(fetch__a_refused_piece_waits_without_a_timeout),
        T(fetch__many_at_once_all_arrive),
        T(fetch__cancel_inside_a_callback_ends_it_silently),
        T(fetch__server_faults_are_told_apart),
        T(fetch__stalled_body_times_out_exactly),
        T(fetch__slow_but_steady_body_does_not_time_out),
        T(fetch__another_ca_is_refused),
        T(fetch__name_outside_the_certificate_is_refused),
        T(fetch__nobody_listening_is_a_refused_connection),
        T(fetch__raw_answers_are_judged_right),
        T(fetch__reset_in_the_body_is_a_cut),
        T(fetch__peer_without_tls_fails_the_handshake),
        T(fetch__silent_peer_times_out_in_the_handshake),
        T(fetch__redirect_to_another_server_is_followed),
        T(fetch__error_statuses_give_the_header_but_no_body),
        T(start__wrong_options_are_refused_with_a_sentence),
        T(poll__tells_which_descriptors_are_readable_or_at_their_end),
        T(destroy__ends_running_fetches_without_done),
    };
    signal(SIGPIPE, SIG_IGN); /* for the raw peer's thread */
    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
