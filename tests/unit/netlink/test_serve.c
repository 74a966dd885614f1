/* The model server: certificates on disk, HTTP details, what is not served, what goes wrong. */
#include "tests/unit/netlink/loopback.h"
#include <curl/curl.h>
#include <sys/wait.h>
#include "netlink/http.h"
#include "netlink/x509.h"

static void range__follows_rfc_9110(void **state)
{
    static const struct {
        const char *header;
        uint64_t size;
        enum thm_http_range result;
        uint64_t first, last;
    } rows[] = {
        { NULL, 10, THM_RANGE_WHOLE, 0, 0 },
        { "bytes=0-0", 10, THM_RANGE_PART, 0, 0 },
        { "bytes=2-5", 10, THM_RANGE_PART, 2, 5 },
        { "Bytes=9-", 10, THM_RANGE_PART, 9, 9 },
        { "bytes=2-500", 10, THM_RANGE_PART, 2, 9 },
        { "bytes=-3", 10, THM_RANGE_PART, 7, 9 },
        { "bytes=-30", 10, THM_RANGE_PART, 0, 9 },
        { "bytes=10-", 10, THM_RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=-0", 10, THM_RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=0-", 0, THM_RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=-5", 0, THM_RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=5-2", 10, THM_RANGE_WHOLE, 0, 0 },
        { "bytes=1-2,4-5", 10, THM_RANGE_WHOLE, 0, 0 },
        { "bytes=-", 10, THM_RANGE_WHOLE, 0, 0 },
        { "bytes=a-b", 10, THM_RANGE_WHOLE, 0, 0 },
        { "bytes=99999999999999999999-", 10, THM_RANGE_WHOLE, 0, 0 },
        { "bytes= 1-2", 10, THM_RANGE_WHOLE, 0, 0 },
        { "lines=1-2", 10, THM_RANGE_WHOLE, 0, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t first = 0, last = 0;
        enum thm_http_range r = thm_http_range(rows[i].header, rows[i].size, &first, &last);
        if (r != rows[i].result || (r == THM_RANGE_PART && (first != rows[i].first || last != rows[i].last)))
            fail_msg("%s of %u: %d", rows[i].header, (unsigned)rows[i].size, r);
    }
}

static void etag__lists_are_searched_whole_and_weakly(void **state)
{
    (void)state;
    assert_true(thm_http_etag_listed("\"a\"", "\"a\""));
    assert_true(thm_http_etag_listed("\"b\", W/\"a\" ,\"c\"", "\"a\""));
    assert_true(thm_http_etag_listed("*", "\"a\""));
    assert_false(thm_http_etag_listed("\"ab\"", "\"a\""));
    assert_false(thm_http_etag_listed("\"a\"b", "\"a\""));
    assert_false(thm_http_etag_listed("", "\"a\""));
    assert_false(thm_http_etag_listed(NULL, "\"a\""));
}

struct reply {
    long status;
    char header[2048];
    uint8_t body[BODY_BYTES + 100];
    size_t len;
};

static size_t keep_body(char *data, size_t size, size_t n, void *ctx)
{
    struct reply *r = ctx;
    assert_in_range(size * n, 0, sizeof r->body - r->len);
    memcpy(r->body + r->len, data, size * n);
    r->len += size * n;
    return size * n;
}

static size_t keep_header(char *data, size_t size, size_t n, void *ctx)
{
    struct reply *r = ctx;
    strncat(r->header, data, sizeof r->header - strlen(r->header) - 1);
    return size * n;
}

/* One request as given; header: one line more, or NULL. */
static const struct reply *ask(struct loopback *l, const char *method, const char *path, const char *header)
{
    static struct reply r;
    struct curl_slist *list = header ? curl_slist_append(NULL, header) : NULL;
    CURL *easy = curl_easy_init();
    memset(&r, 0, sizeof r);
    curl_easy_setopt(easy, CURLOPT_URL, url_of(l, "localhost", path));
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CAINFO, l->ca);
    curl_easy_setopt(easy, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &r);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, keep_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &r);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &r.status);
    curl_easy_cleanup(easy);
    curl_slist_free_all(list);
    return &r;
}

static void serve__get_head_and_other_methods(void **state)
{
    serve(*state, NULL);
    const struct reply *r = ask(*state, "GET", "/model.tflite", NULL);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->len, BODY_BYTES);
    assert_non_null(strstr(r->header, "Content-Length: 53936\r\n"));
    assert_non_null(strstr(r->header, "Accept-Ranges: bytes\r\n"));
    r = ask(*state, "HEAD", "/model.tflite", NULL);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->len, 0);
    assert_non_null(strstr(r->header, "Content-Length: 53936\r\n"));
    assert_int_equal(ask(*state, "PUT", "/model.tflite", NULL)->status, 405);
    assert_int_equal(ask(*state, "DELETE", "/model.tflite", NULL)->status, 405);
}

static void serve__ranges_and_entity_tags(void **state)
{
    char line[160], etag[128];
    serve(*state, NULL);
    const struct reply *r = ask(*state, "GET", "/model.tflite", "Range: bytes=1000-1009");
    assert_int_equal(r->status, 206);
    assert_int_equal(r->len, 10);
    assert_int_equal(r->body[3], pattern(1003));
    assert_non_null(strstr(r->header, "Content-Range: bytes 1000-1009/53936\r\n"));
    const char *tag = strstr(r->header, "ETag: ");
    assert_non_null(tag);
    assert_int_equal(sscanf(tag, "ETag: %127s", etag), 1);
    r = ask(*state, "GET", "/model.tflite", "Range: bytes=53936-");
    assert_int_equal(r->status, 416);
    assert_non_null(strstr(r->header, "Content-Range: bytes */53936\r\n"));
    snprintf(line, sizeof line, "If-None-Match: %s", etag);
    r = ask(*state, "GET", "/model.tflite", line);
    assert_int_equal(r->status, 304);
    assert_int_equal(r->len, 0);
    assert_int_equal(ask(*state, "GET", "/model.tflite", "If-None-Match: \"x\"")->status, 200);
}

static void serve__if_range_decides_between_part_and_whole(void **state)
{
    struct loopback *l = *state;
    struct stat st;
    char path[128], etag[THM_ETAG_MAX], line[160];
    serve(l, NULL);
    snprintf(path, sizeof path, "%s/model.tflite", l->files);
    assert_int_equal(stat(path, &st), 0);
    thm_http_etag(&st, etag);
    snprintf(line, sizeof line, "Range: bytes=0-9\r\nIf-Range: %s", etag);
    assert_int_equal(ask(l, "GET", "/model.tflite", line)->status, 206);
    assert_int_equal(ask(l, "GET", "/model.tflite", "Range: bytes=0-9\r\nIf-Range: \"x\"")->status, 200);
}

static void serve__if_range_compares_strongly(void **state)
{
    struct loopback *l = *state;
    struct stat st;
    char path[128], etag[THM_ETAG_MAX], line[192];
    serve(l, NULL);
    snprintf(path, sizeof path, "%s/model.tflite", l->files);
    assert_int_equal(stat(path, &st), 0);
    thm_http_etag(&st, etag);
    snprintf(line, sizeof line, "Range: bytes=0-9\r\nIf-Range: W/%s", etag);
    assert_int_equal(ask(l, "GET", "/model.tflite", line)->status, 200);
    assert_int_equal(
        ask(l, "GET", "/model.tflite", "Range: bytes=0-9\r\nIf-Range: Thu, 01 Jan 2026 00:00:00 GMT")->status, 200);
    const struct reply *r = ask(l, "GET", "/model.tflite", "Range: bytes=99999-\r\nIf-Range: \"x\"");
    assert_int_equal(r->status, 200); /* not 416: the range does not count */
    assert_int_equal(ask(l, "HEAD", "/model.tflite", "Range: bytes=0-9")->status, 200);
}

static void serve__connections_are_kept_alive(void **state)
{
    struct loopback *l = *state;
    static struct reply r;
    long connections = 0, sum = 0;
    serve(l, NULL);
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url_of(l, "localhost", "/model.tflite"));
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CAINFO, l->ca);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &r);
    for (int i = 0; i < 3; i++) {
        r.len = 0;
        assert_int_equal(curl_easy_perform(easy), CURLE_OK);
        assert_int_equal(r.len, BODY_BYTES);
        curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
        sum += connections;
    }
    curl_easy_cleanup(easy);
    assert_int_equal(sum, 1);
}

static void fault__bytes_come_twice_or_not_at_all(void **state)
{
    struct loopback *l = *state;
    serve(l, "drop=100:50");
    const struct reply *r = ask(l, "GET", "/model.tflite", NULL);
    assert_int_equal(r->len, BODY_BYTES - 50);
    for (size_t i = 0; i < r->len; i++)
        assert_int_equal(r->body[i], pattern(i < 100 ? i : i + 50));
    thm_server_stop(l->server);
    serve(l, "duplicate=100:50");
    r = ask(l, "GET", "/model.tflite", NULL);
    assert_int_equal(r->len, BODY_BYTES + 50);
    for (size_t i = 0; i < r->len; i++)
        assert_int_equal(r->body[i], pattern(i < 150 ? i : i - 50));
}

static void fault__bytes_come_twice_or_not_at_all_in_ranges_of_the_file_as_it_is(void **state)
{
    struct loopback *l = *state;
    serve(l, "duplicate=100:50,drop=300:50");
    const struct reply *r = ask(l, "GET", "/model.tflite", "Range: bytes=150-159");
    assert_int_equal(r->len, 10);
    assert_int_equal(r->body[0], pattern(150));
    r = ask(l, "GET", "/model.tflite", "Range: bytes=120-159"); /* from 120 on they come again */
    assert_int_equal(r->len, 70);
    for (size_t i = 0; i < r->len; i++)
        assert_int_equal(r->body[i], pattern(120 + (i < 30 ? i : i - 30)));
    r = ask(l, "GET", "/model.tflite", "Range: bytes=90-120");
    assert_int_equal(r->len, 31);
    r = ask(l, "GET", "/model.tflite", "Range: bytes=320-399");
    assert_int_equal(r->len, 50);
    assert_int_equal(r->body[0], pattern(350));
}

static void serve__is_well_whatever_the_faults(void **state)
{
    serve(*state, "status=500,stall");
    const struct reply *r = ask(*state, "GET", "/healthz", NULL);
    assert_int_equal(r->status, 200);
    assert_memory_equal(r->body, "ok\n", 3);
}

static void fault__bodies_are_wrong_as_asked(void **state)
{
    struct loopback *l = *state;
    serve(l, "chunked");
    const struct reply *r = ask(l, "GET", "/model.tflite", "Range: bytes=0-9");
    assert_int_equal(r->status, 200);
    assert_int_equal(r->len, BODY_BYTES);
    assert_non_null(strstr(r->header, "Transfer-Encoding: chunked"));
    assert_null(strstr(r->header, "Content-Length"));
    thm_server_stop(l->server);
    serve(l, "length=100");
    r = ask(l, "GET", "/model.tflite", NULL);
    assert_int_equal(r->len, 100);
    thm_server_stop(l->server);
    serve(l, "corrupt=100/20000");
    r = ask(l, "GET", "/model.tflite", NULL);
    for (size_t i = 0; i < BODY_BYTES; i++)
        assert_int_equal(r->body[i], pattern(i) ^ (i == 100 || i == 20100 || i == 40100));
    r = ask(l, "GET", "/model.tflite", "Range: bytes=20050-20149");
    assert_int_equal(r->body[50], pattern(20100) ^ 1);
    assert_int_equal(r->body[51], pattern(20101));
    thm_server_stop(l->server);
    serve(l, "gzip");
    r = ask(l, "GET", "/model.tflite", NULL);
    assert_non_null(strstr(r->header, "Content-Encoding: gzip"));
    assert_memory_equal(r->body, "\x1f\x8b", 2);
    assert_int_equal(r->len, 10 + 5 + BODY_BYTES + 13);
    assert_int_equal(r->body[10 + 5 + 77], pattern(77));
}

static void serve__nothing_outside_the_folder_and_nothing_hidden(void **state)
{
    struct loopback *l = *state;
    static const char *const refused[] = { "/",
                                           "/missing",
                                           "/../state/ca-key.pem",
                                           "/%2e%2e/state/ca-key.pem",
                                           "/./model.tflite",
                                           "/.hidden",
                                           "/sub/.git/x",
                                           "/out",
                                           "/outdir/ca-key.pem",
                                           "/tohidden",
                                           "//model.tflite",
                                           "/sub",
                                           "/sub/",
                                           "/fifo",
                                           "/model.tflite/",
                                           "/sub/../model.tflite" };
    char path[160];
    snprintf(path, sizeof path, "%s/sub", l->files);
    mkdir(path, 0755);
    write_file(path, "inner.bin", "inner", 5);
    write_file(l->files, ".hidden", "h", 1);
    assert_int_equal(chdir(l->files), 0);
    assert_int_equal(symlink("../state/ca-key.pem", "out") | symlink("../state", "outdir") |
                         symlink(".hidden", "tohidden") | symlink("sub/inner.bin", "in") | mkfifo("fifo", 0600) |
                         chdir("/"),
                     0);
    serve(l, NULL);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (ask(l, "GET", refused[i], NULL)->status != 404)
            fail_msg("%s was served", refused[i]);
    assert_int_equal(ask(l, "GET", "/sub/inner.bin", NULL)->len, 5);
    assert_int_equal(ask(l, "GET", "/in", NULL)->len, 5);
}

static void serve__logs_a_line_a_request(void **state)
{
    struct loopback *l = *state;
    serve(l, NULL);
    ask(l, "GET", "/model.tflite", "Range: bytes=0-9");
    ask(l, "GET", "/a%0ab", NULL);
    thm_server_stop(l->server);
    l->server = NULL;
    assert_int_equal(strncmp(l->log, "127.0.0.1 - - [", 15), 0);
    assert_non_null(strstr(l->log, " +0000] \"GET /model.tflite HTTP/1.1\" 206 10\n127.0.0.1"));
    assert_non_null(strstr(l->log, "\"GET /a?b HTTP/1.1\" 404 13\n"));
}

static void serve__stop_does_not_wait_for_a_stalled_client(void **state)
{
    struct loopback *l = *state;
    struct client c = { 0 };
    serve(l, "stall=5000");
    client_start(&c, l, url_of(l, "localhost", "/model.tflite"), 0);
    while (c.len < 4096)
        thm_net_poll(l->net, NULL, NULL, 0, 1000);
    int64_t start = clock_ms();
    thm_server_stop(l->server);
    l->server = NULL;
    assert_true(clock_ms() - start < 3000);
    client_run(&c, l);
    assert_int_equal(c.err, THM_NET_ECUT);
    free(c.data);
}

static void start__wrong_options_are_refused_with_a_sentence(void **state)
{
    struct loopback *l = *state;
    struct thm_server *s;
    const char *message = NULL;
    const struct thm_server_options good = { .dir = l->files, .state_dir = l->state };
    struct thm_server_options o[8];
    for (size_t i = 0; i < 8; i++)
        o[i] = good;
    o[0].dir = "/nonexistent";
    o[1].bind = "not-an-address";
    o[2].names = "good.example,bad name!";
    o[3].names = "a,DNS:x";
    o[4].faults = "explode";
    o[5].faults = "cut";
    o[6].faults = "expired=1";
    o[7].faults = "status=99";
    for (size_t i = 0; i < 8; i++) {
        message = NULL;
        assert_int_equal(thm_server_start(&s, &o[i], &message), THM_NET_EINVAL);
        assert_null(s);
        assert_non_null(message);
    }
    o[0] = good;
    o[0].state_dir = "/proc/nowhere";
    assert_int_equal(thm_server_start(&s, &o[0], &message), THM_NET_EHOST);
    serve(l, NULL);
    o[0] = good;
    o[0].port = thm_server_port(l->server);
    assert_int_equal(thm_server_start(&s, &o[0], &message), THM_NET_EHOST);
    assert_non_null(strstr(message, "in use"));
}

/* ---- the CA ---- */

static char *slurp(const struct loopback *l, const char *name)
{
    char path[128], *text = calloc(1, 8192);
    snprintf(path, sizeof path, "%s/%s", l->state, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_in_range(fread(text, 1, 8191, f), 1, 8190);
    fclose(f);
    return text;
}

static void open_server(struct loopback *l, const char *names)
{
    struct thm_ca *ca;
    struct thm_identity id;
    const char *message;
    assert_int_equal(thm_ca_open(&ca, l->state, &message), THM_NET_OK);
    assert_int_equal(thm_ca_server(ca, names, &id, &message), THM_NET_OK);
    thm_identity_clear(&id);
    thm_ca_close(ca);
}

/* Is the file the same after open_server() with these names? */
static bool survives(struct loopback *l, const char *file, const char *names)
{
    char *before = slurp(l, file);
    open_server(l, names);
    char *after = slurp(l, file);
    bool same = strcmp(before, after) == 0;
    free(before);
    free(after);
    return same;
}

static void ca__is_kept_and_its_server_remade_for_other_names(void **state)
{
    struct loopback *l = *state;
    open_server(l, NULL);
    assert_true(survives(l, "ca.pem", NULL));
    assert_true(survives(l, "server.pem", NULL));
    assert_false(survives(l, "server.pem", "board.example,10.0.0.7"));
    assert_true(survives(l, "server.pem", "board.example,10.0.0.7"));
    assert_true(survives(l, "ca.pem", NULL));
}

static void ca__keys_are_private_and_match(void **state)
{
    static const struct {
        const char *name;
        mode_t mode;
    } files[] = { { "ca.pem", 0644 }, { "ca-key.pem", 0600 }, { "server.pem", 0644 }, { "server-key.pem", 0600 } };
    struct loopback *l = *state;
    struct stat st;
    char path[128];
    umask(0);
    open_server(l, NULL);
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", l->state, files[i].name);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, files[i].mode);
    }
    assert_int_equal(stat(l->state, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void ca__damaged_or_foreign_files_are_remade(void **state)
{
    static const char *const files[] = { "ca.pem", "ca-key.pem", "server.pem", "server-key.pem" };
    struct loopback *l = *state;
    struct client c = { 0 };
    open_server(l, NULL);
    char *old_key = slurp(l, "server-key.pem");
    for (size_t i = 0; i < 4; i++) {
        write_file(l->state, files[i], "-----BEGIN JUNK-----\n", 21);
        assert_false(survives(l, "server.pem", NULL));
    }
    write_file(l->state, "server-key.pem", old_key, strlen(old_key)); /* another pair's key */
    assert_false(survives(l, "server.pem", NULL));
    free(old_key);
    serve(l, NULL);
    fetch(&c, l, "/model.tflite");
    assert_int_equal(c.err, THM_NET_OK);
    free(c.data);
}

static void ca__expired_certificates_are_remade(void **state)
{
    struct loopback *l = *state;
    struct thm_ca *ca;
    struct thm_identity id;
    const char *message;
    open_server(l, NULL);
    assert_int_equal(thm_ca_open(&ca, l->state, &message), THM_NET_OK);
    const struct thm_certificate_faults expired = { .expired = true };
    assert_int_equal(thm_ca_faulty(ca, NULL, &expired, &id, &message), THM_NET_OK);
    thm_ca_close(ca);
    write_file(l->state, "server.pem", id.chain_pem, strlen(id.chain_pem));
    write_file(l->state, "server-key.pem", id.key_pem, strlen(id.key_pem));
    thm_identity_clear(&id);
    assert_false(survives(l, "server.pem", NULL));
    assert_true(survives(l, "server.pem", NULL));
}

static void ca__first_use_by_several_processes_gives_one(void **state)
{
    struct loopback *l = *state;
    enum { PROCESSES = 6 };
    pid_t pids[PROCESSES];
    for (size_t i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct thm_ca *a = NULL;
            struct thm_identity id;
            const char *message;
            bool ok = thm_ca_open(&a, l->state, &message) == THM_NET_OK &&
                      thm_ca_server(a, NULL, &id, &message) == THM_NET_OK;
            _exit(ok ? 0 : 1);
        }
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_true(survives(l, "ca.pem", NULL));
    assert_true(survives(l, "server.pem", NULL));
}

static void san__names_and_addresses_are_told_apart(void **state)
{
    (void)state;
    char *san = thm_x509_san("a.example, 10.1.2.3,fe80::1");
    assert_string_equal(san, "DNS:localhost,IP:127.0.0.1,IP:::1,DNS:a.example,IP:10.1.2.3,IP:fe80::1");
    free(san);
    assert_null(thm_x509_san("x,email:a@b"));
    assert_null(thm_x509_san("a;b"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, loopback_setup, loopback_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range__follows_rfc_9110),
        cmocka_unit_test(etag__lists_are_searched_whole_and_weakly),
        cmocka_unit_test(san__names_and_addresses_are_told_apart),
        T(serve__get_head_and_other_methods),
        T(serve__ranges_and_entity_tags),
        T(serve__if_range_decides_between_part_and_whole),
        T(serve__if_range_compares_strongly),
        T(serve__connections_are_kept_alive),
        T(serve__is_well_whatever_the_faults),
        T(fault__bodies_are_wrong_as_asked),
        T(fault__bytes_come_twice_or_not_at_all),
        T(fault__bytes_come_twice_or_not_at_all_in_ranges_of_the_file_as_it_is),
        T(serve__nothing_outside_the_folder_and_nothing_hidden),
        T(serve__logs_a_line_a_request),
        T(serve__stop_does_not_wait_for_a_stalled_client),
        T(start__wrong_options_are_refused_with_a_sentence),
        T(ca__is_kept_and_its_server_remade_for_other_names),
        T(ca__keys_are_private_and_match),
        T(ca__damaged_or_foreign_files_are_remade),
        T(ca__expired_certificates_are_remade),
        T(ca__first_use_by_several_processes_gives_one),
    };
    return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
