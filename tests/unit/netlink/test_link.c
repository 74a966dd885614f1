/* Device time on a link, and what TLS costs the device. */
#include "tests/testing.h"
#include "netlink/link.h"
#include "netlink/tls_cost.h"

static const struct thm_link nbiot = { .name = "nbiot-good", .down_bps = 25000, .up_bps = 60000, .rtt_us = 840000 };

static void link__time_is_bits_over_rate_rounded_up(void **state)
{
    (void)state;
    const struct thm_link l = { .down_bps = 3000000, .up_bps = 1 };
    assert_true(thm_link_down_ns(&nbiot, 21365) == 6836800000u);
    assert_true(thm_link_up_ns(&nbiot, 15) == 2000000u);
    assert_true(thm_link_down_ns(&l, 1) == 2667);
    assert_true(thm_link_down_ns(&l, 0) == 0);
    assert_true(thm_link_rtt_ns(&nbiot, 4) == 3360000000u);
}

static void link__extremes_saturate_and_zero_is_unlimited(void **state)
{
    (void)state;
    const struct thm_link l = { .down_bps = 1, .up_bps = 0, .rtt_us = UINT32_MAX };
    assert_true(thm_link_down_ns(&l, UINT64_MAX) == UINT64_MAX);
    assert_true(thm_link_up_ns(&l, UINT64_MAX) == 0);
    assert_true(thm_link_rtt_ns(&l, UINT32_MAX) > 0);
}

#define SECONDS UINT64_C(1000000000)

static const struct thm_link outage_2s = { .down_bps = 1000000,
                                           .rtt_us = 10000,
                                           .mtu = 1500,
                                           .outages = &(struct thm_link_outage){ 1000, 2000 },
                                           .outages_count = 1 };

static void receive__of_a_plain_link_takes_bits_over_rate(void **state)
{
    (void)state;
    struct thm_link_draws d = { .seed = 1 };
    uint64_t ns;
    assert_true(thm_link_receive(&nbiot, &d, 5, 21365, 0, &ns));
    assert_true(ns == 6836800000u && d.next == 0);
}

static void receive__what_is_lost_comes_a_round_trip_later(void **state)
{
    (void)state;
    const struct thm_link l = { .down_bps = 1000000, .rtt_us = 10000, .mtu = 1500, .loss_ppm = 100000 };
    struct thm_link_draws d = { .seed = 3 };
    uint64_t ns;
    assert_true(thm_link_receive(&l, &d, 0, 1460 * 1000, 60 * SECONDS, &ns));
    const uint64_t late = ns - thm_link_down_ns(&l, 1460 * 1000);
    assert_in_range(late, 60 * 10 * 1000000,
                    30 * SECONDS); /* about 90 once, about 9 again: 1 s each, 1 for the third time */
}

static void receive__does_not_depend_on_the_pieces(void **state)
{
    (void)state;
    const struct thm_link l = { .down_bps = 8000000, .rtt_us = 10000, .mtu = 1500, .loss_ppm = 50000 };
    struct thm_link_draws a = { .seed = 9 }, b = { .seed = 9 };
    uint64_t whole, ns, sum = 0;
    assert_true(thm_link_receive(&l, &a, 0, 100000, 60 * SECONDS, &whole));
    for (int i = 0; i < 1000; i++, sum += ns)
        assert_true(thm_link_receive(&l, &b, sum, 100, 60 * SECONDS, &ns));
    assert_true(sum == whole && a.next == b.next);
}

static void receive__of_a_hopeless_link_ends_at_the_limit(void **state)
{
    (void)state;
    const struct thm_link l = { .down_bps = 1000000, .rtt_us = 10000, .mtu = 1500, .loss_ppm = 1000000 };
    struct thm_link_draws d = { .seed = 1 };
    uint64_t ns;
    assert_false(thm_link_receive(&l, &d, 0, 1, 5 * SECONDS, &ns));
    assert_true(ns == 5 * SECONDS);
}

static void outage__is_bridged_by_retransmissions_that_double(void **state)
{
    (void)state;
    struct thm_link_draws d = { .seed = 1 };
    uint64_t ns;
    assert_true(thm_link_receive(&outage_2s, &d, 1 * SECONDS, 125, 5 * SECONDS, &ns)); /* sent at 1, 2 and 4 s */
    assert_true(ns == 3 * SECONDS + 1000000);
    d.into = 0;
    assert_false(thm_link_receive(&outage_2s, &d, 1 * SECONDS, 125, 2 * SECONDS, &ns));
    assert_true(ns == 2 * SECONDS);
}

static void outage__comes_at_the_end_of_each_period(void **state)
{
    (void)state;
    const struct thm_link l = { .outage_every_ms = 1000, .outage_ms = 100 };
    assert_false(thm_link_is_out(&l, 0));
    assert_false(thm_link_is_out(&l, 899999999));
    assert_true(thm_link_is_out(&l, 900000000));
    assert_true(thm_link_is_out(&l, 7 * SECONDS - 1));
    assert_false(thm_link_is_out(&l, 7 * SECONDS));
}

static void round_trips__vary_by_the_jitter_and_repeat_with_the_seed(void **state)
{
    (void)state;
    const struct thm_link l = { .rtt_us = 10000, .jitter_us = 5000 };
    uint64_t first[2], ns;
    for (int run = 0; run < 2; run++) {
        struct thm_link_draws d = { .seed = 5 };
        assert_true(thm_link_round_trips(&l, &d, 0, 1, SECONDS, &first[run]));
        assert_in_range(first[run], 10000000, 15000000);
        assert_true(thm_link_round_trips(&l, &d, 0, 1, SECONDS, &ns));
        assert_true(ns != first[run]);
    }
    assert_true(first[0] == first[1]);
}

static const struct thm_tls_stack mbedtls = {
    .name = "mbedtls",
    .in_content = 16384,
    .out_content = 16384,
    .keep_peer_certificate = true,
};

/* Bytes alive while phase p goes on. */
static uint32_t alive(const struct thm_tls_stack *s, const struct thm_tls_peer *peer, enum thm_tls_phase p)
{
    struct thm_tls_block b[THM_TLS_BLOCKS_MAX];
    uint32_t sum = 0;
    size_t n = thm_tls_blocks(s, peer, b);
    for (size_t i = 0; i < n; i++)
        if (b[i].from <= p && p <= b[i].until)
            sum += b[i].bytes;
    return sum;
}

/* The measured table: server's certificate, CA heap, after setup, peak, after the handshake. The DER sizes are those
 * that the CA's heap and the kept bytes leave. */
static const struct {
    const char *name;
    struct thm_tls_peer peer;
    uint32_t setup, peak, after;
} measured[] = {
    { "RSA-2048", { 1, 846, false, 785, 0 }, 38269, 47947, 39315 },
    { "RSA-2048, 2 certificates", { 2, 846 + 753, false, 785, 0 }, 38269, 50004, 41372 },
    { "ECDSA P-256", { 1, 448, true, 386, 0 }, 37630, 45598, 36966 },
};

static void tls__sums_are_the_measured_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++) {
        assert_int_equal(alive(&mbedtls, &measured[i].peer, THM_TLS_SETUP), measured[i].setup);
        assert_int_equal(alive(&mbedtls, &measured[i].peer, THM_TLS_HANDSHAKE), measured[i].peak);
        assert_int_equal(alive(&mbedtls, &measured[i].peer, THM_TLS_CONNECTED), measured[i].after);
    }
}

static void tls__record_buffers_are_one_block_each(void **state)
{
    (void)state;
    struct thm_tls_stack idf = mbedtls;
    struct thm_tls_block b[THM_TLS_BLOCKS_MAX];
    idf.out_content = 4096;
    size_t n = thm_tls_blocks(&idf, NULL, b);
    assert_true(n > 2);
    assert_int_equal(b[0].bytes, 16717);
    assert_int_equal(b[1].bytes, 4429);
}

static void tls__setup_blocks_come_first_and_do_not_depend_on_the_chain(void **state)
{
    (void)state;
    struct thm_tls_block before[THM_TLS_BLOCKS_MAX], all[THM_TLS_BLOCKS_MAX];
    struct thm_tls_peer peer = measured[1].peer;
    size_t total = thm_tls_blocks(&mbedtls, &peer, all);
    peer.chain_length = 0;
    size_t n = thm_tls_blocks(&mbedtls, &peer, before);
    assert_true(n < total);
    for (size_t i = 0; i < total; i++)
        assert_true((all[i].from == THM_TLS_SETUP) == (i < n));
    for (size_t i = 0; i < n; i++)
        assert_true(all[i].bytes == before[i].bytes && all[i].until == before[i].until);
}

static void tls__dropping_the_peer_certificate_frees_the_chain(void **state)
{
    (void)state;
    struct thm_tls_stack drop = mbedtls;
    drop.keep_peer_certificate = false;
    const struct thm_tls_peer *peer = &measured[1].peer;
    assert_int_equal(alive(&drop, peer, THM_TLS_HANDSHAKE), measured[1].peak);
    assert_int_equal(measured[1].after - alive(&drop, peer, THM_TLS_CONNECTED), 2 * (616 + 688) + 846 + 753);
}

static void tls__a_hostile_chain_stays_within_the_list(void **state)
{
    (void)state;
    struct thm_tls_block b[THM_TLS_BLOCKS_MAX];
    struct thm_tls_peer peer = { 4000000000u, UINT32_MAX, false, UINT32_MAX, UINT32_MAX };
    struct thm_tls_stack huge = { .name = "mbedtls", .in_content = UINT32_MAX, .out_content = UINT32_MAX };
    size_t n = thm_tls_blocks(&huge, &peer, b);
    assert_in_range(n, 30, THM_TLS_BLOCKS_MAX - 1);
    assert_int_equal(b[n - 1].from, THM_TLS_CONNECTED);
    assert_true(b[2].bytes == UINT32_MAX);
}

static void tls__none_costs_nothing(void **state)
{
    (void)state;
    struct thm_tls_block b[THM_TLS_BLOCKS_MAX];
    const struct thm_tls_stack none = { .name = "none", .in_content = 16384 };
    assert_int_equal(thm_tls_blocks(&none, &measured[0].peer, b), 0);
    assert_string_equal(thm_tls_phase_name(THM_TLS_HANDSHAKE), "handshake");
    assert_string_equal(thm_tls_phase_name(THM_TLS_PHASES), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link__time_is_bits_over_rate_rounded_up),
        cmocka_unit_test(link__extremes_saturate_and_zero_is_unlimited),
        cmocka_unit_test(receive__of_a_plain_link_takes_bits_over_rate),
        cmocka_unit_test(receive__what_is_lost_comes_a_round_trip_later),
        cmocka_unit_test(receive__does_not_depend_on_the_pieces),
        cmocka_unit_test(receive__of_a_hopeless_link_ends_at_the_limit),
        cmocka_unit_test(outage__is_bridged_by_retransmissions_that_double),
        cmocka_unit_test(outage__comes_at_the_end_of_each_period),
        cmocka_unit_test(round_trips__vary_by_the_jitter_and_repeat_with_the_seed),
        cmocka_unit_test(tls__sums_are_the_measured_ones),
        cmocka_unit_test(tls__record_buffers_are_one_block_each),
        cmocka_unit_test(tls__setup_blocks_come_first_and_do_not_depend_on_the_chain),
        cmocka_unit_test(tls__dropping_the_peer_certificate_frees_the_chain),
        cmocka_unit_test(tls__a_hostile_chain_stays_within_the_list),
        cmocka_unit_test(tls__none_costs_nothing),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
