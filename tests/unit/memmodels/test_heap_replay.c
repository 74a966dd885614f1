/* Replaying allocation logs: what is compared, what is refused and where. */
#include "memmodels/heap_replay.h"
#include "memmodels/id_map.h"
#include "tests/testing.h"

#define HEADERS "# allocator: esp-multi_heap-tlsf\n# heap_size: 8192\n# base_mod4096: 0\n"

static struct thm_replay_result res;
static char *written;

static enum thm_mem_err replay(const char *text, struct thm_replay_options opt)
{
    size_t len;
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(in);
    free(written);
    written = NULL;
    if (opt.fill_in)
        opt.out = open_memstream(&written, &len);
    thm_replay_stream(in, &opt, &res);
    if (opt.fill_in)
        fclose(opt.out);
    fclose(in);
    return res.err;
}

static enum thm_mem_err replay_log(const char *text)
{
    return replay(text, (struct thm_replay_options){ 0 });
}

static int teardown(void **state)
{
    (void)state;
    free(written);
    written = NULL;
    return 0;
}

static void replay__of_a_right_log_succeeds(void **state)
{
    (void)state;
    assert_int_equal(replay_log(HEADERS "m 1 100 -> 384\nm -7 50 -> 492\nr 1 0 -> NULL\na 0x10 64 8 -> 576\n\n"
                                        "\tf -7\r\nm 2 100000 -> NULL\n# end ops=6\n"),
                     THM_MEM_OK);
    assert_int_equal(res.ops, 6);
    assert_int_equal(res.line, 11);
    assert_string_equal(res.allocator->name, "esp_multi_heap_tlsf");
    assert_int_equal(res.heap_size, 8192);
    assert_int_equal(res.stats.blocks_alloc, 1);
}

static void replay__stops_at_the_first_difference(void **state)
{
    (void)state;
    assert_int_equal(replay_log(HEADERS "m 1 100 -> 384\nm 2 50 -> 496\nm 3 50 -> 1\n"), THM_MEM_EDIFFERS);
    assert_int_equal(res.line, 5);
    assert_string_equal(res.expected, "496");
    assert_string_equal(res.got, "492");
    assert_int_equal(replay_log(HEADERS "m 1 100 -> NULL\n"), THM_MEM_EDIFFERS);
    assert_string_equal(res.got, "384");
    assert_int_equal(replay_log(HEADERS "m 1 9000 -> 384\n"), THM_MEM_EDIFFERS);
    assert_string_equal(res.got, "NULL");
}

static void replay__compares_figures(void **state)
{
    (void)state;
    assert_int_equal(
        replay_log(HEADERS "stat free=7812 largest=7680 min_free=7812 allocated=0 blocks_alloc=0 blocks_free=1"),
        THM_MEM_OK);
    assert_int_equal(replay_log(HEADERS "stat\n"), THM_MEM_OK);
    assert_int_equal(replay_log(HEADERS "stat free=7812\n"), THM_MEM_EDIFFERS);
    assert_int_equal(
        replay_log(HEADERS "stat free=7812 largest=7680 min_free=7812 allocated=1 blocks_alloc=0 blocks_free=1"),
        THM_MEM_EDIFFERS);
    assert_int_equal(res.line, 4);
}

static void replay__refuses_malformed_lines_and_says_where(void **state)
{
    static const char *const lines[] = {
        "m",
        "m 1",
        "m 1 2 3",
        "m 1 10 ->",
        "m 1 10 -> x",
        "m 1 10 = 5",
        "m x 10",
        "m 1 -10",
        "m 1 4294967296",
        "m 1 0x",
        "f",
        "f 9",
        "r 9 10",
        "a 1 10",
        "a 1 3 10",
        "a 1 0 10",
        "q 1",
        "mm 1 1",
        "f 0 -> NULL",
        "f 0 0",
        "m 0 10",
        "m 99999999999999999999 1",
        "m 1 10 -> -5",
        "m\x01 1 1",
        "m 1 10 -> 384 5 6 7 8 9 10 11 12",
        "stats",
    };
    char text[512];
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        snprintf(text, sizeof text, HEADERS "m 0 8\n%s\n", lines[i]);
        assert_int_equal(replay_log(text), THM_MEM_EFORMAT);
        assert_int_equal(res.line, 5);
        assert_true(strlen(res.expected) > 0);
    }
}

static void replay__refuses_malformed_headers(void **state)
{
    static const char *const logs[] = {
        "",
        "m 1 8\n",
        "# heap_size: 8192\nm 1 8\n",
        "# allocator: esp_multi_heap_tlsf\nm 1 8\n",
        "# allocator: unheard_of\n# heap_size: 8192\nm 1 8\n",
        "# allocator: esp_multi_heap_tlsf\n# heap_size: 0\nm 1 8\n",
        "# allocator: esp_multi_heap_tlsf\n# heap_size: 1073741825\nm 1 8\n",
        "# allocator: esp_multi_heap_tlsf\n# heap_size: 100\nm 1 8\n",
        "# allocator: esp_multi_heap_tlsf\n# heap_size: 8192\n# base_mod4096: 4096\nm 1 8\n",
        "# allocator: esp_multi_heap_tlsf\n# heap_size: 8192\n# base_mod4096: 2\nm 1 8\n",
        HEADERS "m 1 8\n# end ops=2\n",
        HEADERS "m 1 8\n# end ops=\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++)
        assert_int_equal(replay_log(logs[i]), THM_MEM_EFORMAT);
}

static void replay__reads_past_long_comments_but_not_long_lines(void **state)
{
    char *text = malloc(20000);
    (void)state;
    assert_non_null(text);
    memset(text, '#', 20000);
    snprintf(text + 10000, 10000, "\n" HEADERS "m 1 100 -> 384\n");
    assert_int_equal(replay_log(text), THM_MEM_OK);
    snprintf(text, 20000, HEADERS "m 1 %*d\n", 10000, 8);
    assert_int_equal(replay_log(text), THM_MEM_EFORMAT);
    assert_int_equal(res.line, 4);
    free(text);
}

static void replay__of_an_own_log_goes_on_after_a_failed_allocation(void **state)
{
    (void)state;
    assert_int_equal(replay_log(HEADERS "m 1 9000\nf 1\nm 2 9000\nr 2 100 -> 384\nm 3 9000\nm 3 20\nf 3\nf 2\n"),
                     THM_MEM_OK);
    assert_int_equal(res.stats.blocks_alloc, 0);
}

static void fill_in__writes_a_log_that_replays(void **state)
{
    const struct thm_replay_options fill = { .fill_in = true,
                                             .ops = thm_heap_find("esp_multi_heap_tlsf_light"),
                                             .heap_size = 16384,
                                             .base_given = true,
                                             .base_mod4096 = 1020 };
    (void)state;
    assert_int_equal(replay(HEADERS "# mine\nm 1 100 -> 1\nm 2 20\na 3 256 100\nr 1 500 -> NULL\nstat\nf 2\n", fill),
                     THM_MEM_OK);
    assert_string_equal(
        written, "# allocator: esp_multi_heap_tlsf_light\n# heap_size: 16384\n# base_mod4096: 1020\n# mine\n"
                 "m 1 100 -> 428\nm 2 20 -> 544\na 3 256 100 -> 772\nr 1 500 -> 888\n"
                 "stat free=15288 largest=14324 min_free=15288 allocated=620 blocks_alloc=3 blocks_free=3\nf 2\n");
    char *own = strdup(written);
    assert_int_equal(replay_log(own), THM_MEM_OK);
    free(own);
}

static void fill_in__adds_the_headers_a_log_lacks(void **state)
{
    const struct thm_replay_options fill = { .fill_in = true,
                                             .ops = thm_heap_find("esp_multi_heap_tlsf"),
                                             .heap_size = 8192 };
    (void)state;
    assert_int_equal(replay("m 1 100\n", fill), THM_MEM_OK);
    assert_string_equal(written,
                        "# allocator: esp_multi_heap_tlsf\n# heap_size: 8192\n# base_mod4096: 0\nm 1 100 -> 384\n");
}

static void fill_in__to_a_full_disk_is_the_pcs_failure(void **state)
{
    FILE *full = fopen("/dev/full", "w"),
         *in = fmemopen((void *)(uintptr_t)HEADERS "m 1 100\n", sizeof HEADERS + 7, "r");
    (void)state;
    if (!full)
        skip();
    const struct thm_replay_options fill = { .fill_in = true, .out = full };
    assert_int_equal(thm_replay_stream(in, &fill, &res), THM_MEM_EHOST);
    fclose(in);
    fclose(full);
}

#define REGIONS                                                             \
    "# allocator: esp_multi_heap_tlsf_v5\n# region: DRAM 0x3ffb0000 8192\n" \
    "# region: D/IRAM 0x3ffe4350 16384\n# region: SPIRAM 0x3f800000 1048576\n"

static void regions__are_chosen_by_capability_or_by_address(void **state)
{
    (void)state;
    assert_int_equal(replay_log(REGIONS "# internal_limit: 4096\n"
                                        "m 1 100 -> 0x3ffb0180\n"
                                        "m 2 5000 -> 0x3f800774\n"
                                        "m 3 100 D8BIT\n"),
                     THM_MEM_EFORMAT);
    assert_int_equal(res.line, 8);
    assert_int_equal(replay_log(REGIONS
                                "m 1 100 0x3ffe4350 -> ok\nstat 0x3ffe4350 allocated=100\nstat SPIRAM allocated=0\n"
                                "m 2 100 SPIRAM|8BIT -> ok\nstat SPIRAM allocated=100 blocks_alloc=1\n"
                                "a 3 64 100 DMA -> 0x3ffb0180\nr 3 7000 -> ok\nf 3\nm 4 100 EXEC|8BIT -> NULL\n"
                                "stat\nstat DMA|INTERNAL allocated=100\n# end ops=6\n"),
                     THM_MEM_OK);
    assert_int_equal(res.heap_size, 8192 + 16384 + 1048576);
    assert_int_equal(res.stats.blocks_alloc, 2);
}

static void regions__figures_that_differ_are_named(void **state)
{
    (void)state;
    assert_int_equal(replay_log(REGIONS "m 1 100\nstat DEFAULT blocks_alloc=1 allocated=99 free=0\n"),
                     THM_MEM_EDIFFERS);
    assert_string_equal(res.expected, "allocated=99");
    assert_string_equal(res.got, "allocated=100");
    assert_int_equal(replay_log(REGIONS "m 1 100 -> 0x3ffb0184\n"), THM_MEM_EDIFFERS);
    assert_string_equal(res.got, "0x3ffb0180");
    assert_int_equal(replay_log(REGIONS "m 1 2000000 -> ok\n"), THM_MEM_EDIFFERS);
    assert_string_equal(res.got, "NULL");
}

static void regions__that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *log, *expected;
    } bad[] = {
        { REGIONS "# region: DRAM 0x3ffb1000 4096\nm 1 1\n", "regions that esp_multi_heap_tlsf_v5 can manage" },
        { REGIONS "# region: DRAM 0x30000000 100\nm 1 1\n", "regions that" },
        { REGIONS "# reserve: 1000000\nm 1 1\n", "regions that" },
        { REGIONS "# region: DRAM 0x30000000 1073741824\n", "TYPE ADDRESS BYTES" },
        { REGIONS "# region: DRAM 0x30000000\n", "TYPE ADDRESS BYTES" },
        { REGIONS "# region: SRAM 0x30000000 4096\n", "a type of memory" },
        { REGIONS "m 1 10 0x30000000\n", "capabilities" },
        { REGIONS "m 1 10 DEFAULT|\n", "capabilities" },
        { REGIONS "stat DEFAULT used=1\n", "free=" },
        { REGIONS "r 1 10 DEFAULT\n", "r ID SIZE" },
        { HEADERS "m 1 10 DEFAULT\n", "no memory to choose from" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (replay_log(bad[i].log) != THM_MEM_EFORMAT || !strstr(res.expected, bad[i].expected))
            fail_msg("%zu: expected %s, got %s", i, res.expected, res.got);
    }
    assert_int_equal(replay(REGIONS "m 1 1\n", (struct thm_replay_options){ .heap_size = 8192 }), THM_MEM_EFORMAT);
}

static void regions__a_reserve_is_for_those_who_ask_for_it_by_name(void **state)
{
    (void)state;
    assert_int_equal(replay_log("# allocator: esp_multi_heap_tlsf\n# region: DRAM 0x3ffb0000 65536\n"
                                "# region: SPIRAM 0x3f800000 1048576\n# internal_limit: 16384\n# reserve: 32768\n"
                                "m 1..40 2000 INTERNAL|DEFAULT\nm 41 2000 DEFAULT|INTERNAL -> NULL\n"
                                "m 42 2000 DMA -> ok\nm 43 2000 INTERNAL -> ok\nf 1..43\n"),
                     THM_MEM_OK);
}

static void ids__may_be_ranges(void **state)
{
    (void)state;
    assert_int_equal(replay_log(HEADERS "m -3..3 100 -> ok\nf -3..2\nm 9..9 10 -> ok\nf 3\nf 9\n# end ops=16\n"),
                     THM_MEM_OK);
    assert_int_equal(res.stats.blocks_alloc, 0);
    assert_int_equal(replay_log(HEADERS "m 1..3 100\nm 3..4 100\n"), THM_MEM_EFORMAT);
    assert_int_equal(replay_log(HEADERS "m 3..1 100\n"), THM_MEM_EFORMAT);
    assert_int_equal(replay_log(HEADERS "m 1..1000001 100\n"), THM_MEM_EFORMAT);
    assert_int_equal(replay_log(HEADERS "m 1.. 100\n"), THM_MEM_EFORMAT);
    const struct thm_replay_options fill = { .fill_in = true };
    assert_int_equal(replay(REGIONS "m 1..2 100 DMA\nf 1..2\n", fill), THM_MEM_OK);
    assert_non_null(strstr(written, "m 2 100 DMA -> 0x3ffb01e8\nf 1\nf 2\n"));
}

static void allocator_names__are_found_as_logs_write_them(void **state)
{
    (void)state;
    assert_ptr_equal(thm_replay_allocator("esp-multi_heap-tlsf"), thm_heap_find("esp_multi_heap_tlsf"));
    assert_ptr_equal(thm_replay_allocator("ESP-multi_heap-TLSF-light"), thm_heap_find("esp_multi_heap_tlsf_light"));
    assert_null(thm_replay_allocator("esp"));
    assert_null(thm_replay_allocator(""));
    assert_null(thm_replay_allocator("a name that is longer than any allocator's, by so much that no buffer takes it"));
}

static void id_map__keeps_what_was_put_and_forgets_what_was_removed(void **state)
{
    struct thm_id_map m = { 0 };
    (void)state;
    assert_null(thm_id_map_find(&m, 0));
    thm_id_map_remove(&m, 0);
    for (int64_t id = -2000; id < 2000; id++)
        assert_true(thm_id_map_put(&m, id * 1048576, (uint32_t)(id + 5000)));
    for (int64_t id = -2000; id < 2000; id += 3)
        thm_id_map_remove(&m, id * 1048576);
    for (int64_t id = -2000; id < 2000; id++) {
        const struct thm_id_slot *s = thm_id_map_find(&m, id * 1048576);
        assert_int_equal(s == NULL, (id + 2000) % 3 == 0);
        assert_true(!s || s->p == (uint32_t)(id + 5000));
    }
    assert_int_equal(m.count, 4000 - 1334);
    thm_id_map_clear(&m);
}

#define T(name) cmocka_unit_test_teardown(name, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(replay__of_a_right_log_succeeds),
        T(replay__stops_at_the_first_difference),
        T(regions__are_chosen_by_capability_or_by_address),
        T(regions__figures_that_differ_are_named),
        T(regions__that_cannot_be_are_refused),
        T(regions__a_reserve_is_for_those_who_ask_for_it_by_name),
        T(ids__may_be_ranges),
        T(replay__compares_figures),
        T(replay__refuses_malformed_lines_and_says_where),
        T(replay__refuses_malformed_headers),
        T(replay__reads_past_long_comments_but_not_long_lines),
        T(replay__of_an_own_log_goes_on_after_a_failed_allocation),
        T(fill_in__writes_a_log_that_replays),
        T(fill_in__adds_the_headers_a_log_lacks),
        T(fill_in__to_a_full_disk_is_the_pcs_failure),
        T(allocator_names__are_found_as_logs_write_them),
        T(id_map__keeps_what_was_put_and_forgets_what_was_removed),
    };
    return cmocka_run_group_tests_name("heap_replay", tests, NULL, NULL);
}
