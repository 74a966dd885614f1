/* What the devices' TLS libraries take, and what they call their failures; pins; a server and a board that disagree. */
#include "tests/unit/netlink/loopback.h"
#include <openssl/pem.h>
#include "netlink/pin.h"
#include "netlink/tls_cost.h"
#include "netlink/tls_error.h"
#include "netlink/x509.h"

static uint32_t sum(const struct thm_tls_block *b, size_t n, enum thm_tls_phase during)
{
    uint32_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += b[i].from <= during && b[i].until >= during ? b[i].bytes : 0;
    return bytes;
}

/* esp8266/Arduino issue 5061, 3490; InfluxDB-Client-for-Arduino PR 241: "about 24 KB", "about 6 KB", "~8 KB". */
static void bearssl__takes_what_users_report(void **state)
{
    static const struct {
        uint32_t in, out, input_buffer, low, high;
    } rows[] = { { 16384, 512, 16709, 23000, 25000 }, { 512, 512, 837, 6000, 8500 } };
    struct thm_tls_block b[THM_TLS_BLOCKS_MAX];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct thm_tls_stack s = { .name = "bearssl", .in_content = rows[i].in, .out_content = rows[i].out };
        size_t n = thm_tls_blocks(&s, NULL, b);
        assert_in_range(sum(b, n, THM_TLS_SETUP), rows[i].low, rows[i].high);
        assert_string_equal(b[1].what, "input record buffer");
        assert_int_equal(b[1].bytes, rows[i].input_buffer);
    }
}

static void bearssl__has_its_stack_in_the_heap_and_no_peak(void **state)
{
    const struct thm_tls_stack s = { .name = "bearssl", .in_content = 512, .out_content = 512, .stack_bytes = 6200 };
    const struct thm_tls_peer peer = { .chain_length = 3, .chain_bytes = 4000, .ca_bytes = 450, .ecdsa = true };
    struct thm_tls_block b[THM_TLS_BLOCKS_MAX];
    size_t n = thm_tls_blocks(&s, &peer, b);
    (void)state;
    assert_true(thm_tls_own_stack(&s));
    assert_int_equal(b[0].bytes, 6200);
    assert_int_equal(sum(b, n, THM_TLS_HANDSHAKE), sum(b, n, THM_TLS_SETUP));
    assert_int_equal(sum(b, n, THM_TLS_SETUP) - sum(b, n, THM_TLS_CONNECTED), 3048);
}

static void blocks__the_board_s_own_certificate_is_charged(void **state)
{
    static const char *const stacks[] = { "mbedtls", "bearssl" };
    struct thm_tls_block b[THM_TLS_BLOCKS_MAX];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct thm_tls_stack s = { .name = stacks[i], .in_content = 4096, .out_content = 4096 };
        struct thm_tls_peer peer = { .ca_bytes = 450 };
        const uint32_t without = sum(b, thm_tls_blocks(&s, &peer, b), THM_TLS_SETUP);
        peer.own_bytes = 700;
        assert_int_equal(sum(b, thm_tls_blocks(&s, &peer, b), THM_TLS_SETUP), without + 700);
    }
}

static void error__is_in_the_library_s_words(void **state)
{
    static const struct {
        const char *stack;
        struct thm_tls_failure f;
        int32_t code;
        const char *text;
    } rows[] = {
        { "mbedtls", { THM_NET_ETLSMEM, 0, 0 }, -32512, "MBEDTLS_ERR_SSL_ALLOC_FAILED (-0x7F00)" },
        { "mbedtls", { THM_NET_ECERT, X509_V_ERR_CERT_NOT_YET_VALID, 0 }, -9984, "MBEDTLS_X509_BADCERT_FUTURE" },
        { "mbedtls", { THM_NET_ECERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0 }, -9984, "BADCERT_NOT_TRUSTED" },
        { "mbedtls", { THM_NET_ECERT, X509_V_OK, 0 }, -9984, "BADCERT_CN_MISMATCH" },
        { "mbedtls", { THM_NET_EPIECES, 0, 0 }, -0x7080, "-0x7080" },
        { "mbedtls", { THM_NET_ETLS, 0, 40 }, -0x7780, "FATAL_ALERT" },
        { "mbedtls", { THM_NET_ETLS, 0, 0 }, 0, "" },
        { "mbedtls", { THM_NET_ECUT, 0, 0 }, 0, "" },
        { "bearssl", { THM_NET_ETLSMEM, 0, 0 }, -1000, "Unable to allocate memory" },
        { "bearssl", { THM_NET_ECERT, X509_V_ERR_CERT_HAS_EXPIRED, 0 }, 54, "BR_ERR_X509_EXPIRED (54)" },
        { "bearssl", { THM_NET_ERECORD, 0, 0 }, 6, "BR_ERR_TOO_LARGE (6)" },
        { "bearssl", { THM_NET_ETLS, 0, 40 }, 296, "BR_ERR_RECV_FATAL_ALERT (296)" },
        { "none", { THM_NET_ECERT, X509_V_OK, 0 }, 0, "" },
        { NULL, { THM_NET_ECERT, X509_V_OK, 0 }, 0, "" },
    };
    char text[128];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(thm_tls_error(rows[i].stack, &rows[i].f, text, sizeof text), rows[i].code);
        assert_non_null(strstr(text, rows[i].text));
    }
    assert_int_equal(thm_tls_error("mbedtls", &rows[1].f, text, 8), -9984); /* cut, not overrun */
    assert_int_equal(strlen(text), 7);
}

static void pin__is_read_strictly(void **state)
{
    static const char *const good[] = {
        "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "sha256/000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F",
        "sha256/00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:1f",
    };
    static const char *const bad[] = {
        "",
        "sha256/",
        "sha1/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh==",
        "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh!=",
        "sha256/000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1",
        "sha256/000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F00",
    };
    uint8_t pin[THM_PIN_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(thm_pin_parse(good[i], pin));
        for (uint8_t k = 0; k < THM_PIN_BYTES; k++)
            assert_int_equal(pin[k], k);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(thm_pin_parse(bad[i], pin));
}

static void pem__sizes_are_of_the_der(void **state)
{
    EVP_PKEY *key = thm_x509_key(false);
    const struct thm_x509_spec spec = { .common_name = "x", .key = key, .until_s = THM_DAY_S, .ca = true };
    X509 *cert = thm_x509_make(&spec);
    char *pem = thm_x509_cert_pem(cert), *key_pem = thm_x509_key_pem(key);
    (void)state;
    assert_int_equal(thm_pem_bytes(pem, strlen(pem), "CERTIFICATE"), i2d_X509(cert, NULL));
    assert_int_equal(thm_pem_bytes(pem, strlen(pem), "PRIVATE KEY"), 0);
    assert_in_range(thm_pem_bytes(key_pem, strlen(key_pem), "PRIVATE KEY"), 100, 160);
    assert_int_equal(thm_pem_bytes(pem, 20, "CERTIFICATE"), 0);
    assert_int_equal(thm_pem_bytes("", 0, "CERTIFICATE"), 0);
    free(pem);
    free(key_pem);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* ---- over the wire ---- */

static enum thm_net_err fetch_with(struct loopback *l, struct thm_fetch_tls tls, struct client *c)
{
    const char *message = "";
    *c = (struct client){ .chunk = 1024 };
    const struct thm_fetch_options o = { .url = url_of(l, "localhost", "/model.tflite"),
                                         .cacert = l->ca,
                                         .tls = tls,
                                         .chunk_bytes = 1024,
                                         .header = client_header,
                                         .body = client_body,
                                         .done = client_done,
                                         .ctx = c };
    enum thm_net_err err = thm_fetch_start(l->net, &o, &c->fetch, &message);
    if (err)
        return err;
    client_run(c, l);
    free(c->data);
    return c->err;
}

static void fetch__certificates_are_checked_at_the_board_s_time(void **state)
{
    struct loopback *l = *state;
    struct client c;
    serve(l, NULL);
    const int64_t now = time(NULL);
    assert_int_equal(fetch_with(l, (struct thm_fetch_tls){ .has_clock = true, .clock_s = now }, &c), THM_NET_OK);
    assert_int_equal(fetch_with(l, (struct thm_fetch_tls){ .has_clock = true, .clock_s = 5 }, &c), THM_NET_ECERT);
    assert_int_equal(c.info.verify_result, X509_V_ERR_CERT_NOT_YET_VALID);
    assert_int_equal(
        fetch_with(l, (struct thm_fetch_tls){ .has_clock = true, .clock_s = now + 10 * 366 * THM_DAY_S }, &c),
        THM_NET_ECERT);
    assert_int_equal(c.info.verify_result, X509_V_ERR_CERT_HAS_EXPIRED);
}

static void fetch__a_pin_is_a_condition_more(void **state)
{
    struct loopback *l = *state;
    struct client c;
    char path[128], pin[THM_PIN_TEXT];
    serve(l, NULL);
    snprintf(path, sizeof path, "%s/server.pem", l->state);
    FILE *f = fopen(path, "r");
    X509 *cert = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
    assert_non_null(cert);
    fclose(f);
    thm_pin_of(cert, pin);
    X509_free(cert);
    assert_int_equal(fetch_with(l, (struct thm_fetch_tls){ .pin = pin }, &c), THM_NET_OK);
    pin[10] = pin[10] == 'A' ? 'B' : 'A';
    assert_int_equal(fetch_with(l, (struct thm_fetch_tls){ .pin = pin }, &c), THM_NET_EPIN);
    assert_int_equal(c.calls, 0);
    assert_int_equal(fetch_with(l, (struct thm_fetch_tls){ .pin = "sha256/" }, &c), THM_NET_EINVAL);
}

static void fetch__small_records_are_asked_for_and_come(void **state)
{
    struct loopback *l = *state;
    struct client c;
    serve(l, NULL);
    for (uint32_t n = 512; n <= 4096; n *= 2)
        for (int only_12 = 0; only_12 < 2; only_12++) {
            assert_int_equal(
                fetch_with(l, (struct thm_fetch_tls){ .max_fragment = n, .record_max = n, .only_tls12 = only_12 }, &c),
                THM_NET_OK);
            assert_int_equal(c.info.max_fragment, n);
            assert_int_equal(c.len, BODY_BYTES);
        }
    assert_int_equal(fetch_with(l, (struct thm_fetch_tls){ .record_max = 4096 }, &c), THM_NET_ERECORD);
    assert_int_equal(fetch_with(l, (struct thm_fetch_tls){ .max_fragment = 513 }, &c), THM_NET_EINVAL);
}

static void fetch__the_device_s_own_cas_are_taken_as_they_are(void **state)
{
    struct loopback *l = *state;
    struct client c;
    char pem[4096];
    serve(l, NULL);
    FILE *f = fopen(l->ca, "r");
    assert_non_null(f);
    const size_t len = fread(pem, 1, sizeof pem, f);
    fclose(f);
    assert_int_equal(fetch_with(l, (struct thm_fetch_tls){ .ca_pem = pem, .ca_len = len }, &c), THM_NET_OK);
    pem[100] = '!';
    assert_int_not_equal(fetch_with(l, (struct thm_fetch_tls){ .ca_pem = pem, .ca_len = len }, &c), THM_NET_OK);
    assert_int_equal(thm_net_exit_status(c.err), 13);
    assert_int_equal(fetch_with(l, (struct thm_fetch_tls){ .ca_pem = "junk", .ca_len = 4 }, &c), THM_NET_ECA);
}

#define T(name) cmocka_unit_test_setup_teardown(name, loopback_setup, loopback_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bearssl__takes_what_users_report),
        cmocka_unit_test(bearssl__has_its_stack_in_the_heap_and_no_peak),
        cmocka_unit_test(blocks__the_board_s_own_certificate_is_charged),
        cmocka_unit_test(error__is_in_the_library_s_words),
        cmocka_unit_test(pin__is_read_strictly),
        cmocka_unit_test(pem__sizes_are_of_the_der),
        T(fetch__certificates_are_checked_at_the_board_s_time),
        T(fetch__a_pin_is_a_condition_more),
        T(fetch__small_records_are_asked_for_and_come),
        T(fetch__the_device_s_own_cas_are_taken_as_they_are),
    };
    return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
