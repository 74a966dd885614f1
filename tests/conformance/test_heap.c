/* Every recorded run of the real ESP-IDF heap replays here: addresses, failures and figures. */
#include <dirent.h>
#include "memmodels/heap_replay.h"
#include "tests/testing.h"

/* Replay every trace of a folder; the number of traces, which must each end with the figures it recorded. */
static int replay_folder(const char *folder, const char *allocator)
{
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char path[1400];
        struct thm_replay_result res;
        if (!strstr(e->d_name, ".trace"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        FILE *f = fopen(path, "r");
        assert_non_null(f);
        if (thm_replay_stream(f, &(struct thm_replay_options){ 0 }, &res))
            print_error("%s:%llu: expected %s, got %s\n", path, (unsigned long long)res.line, res.expected, res.got);
        fclose(f);
        assert_int_equal(res.err, THM_MEM_OK);
        assert_string_equal(res.allocator->name, allocator);
        assert_true(res.ops > 0);
        n++;
    }
    closedir(d);
    return n;
}

static void multi_heap__every_recorded_run_replays(void **state)
{
    (void)state;
    SHARED_OR_SKIP(folder, "golden/heap/esp_multi_heap_tlsf");
    assert_true(replay_folder(folder, "esp_multi_heap_tlsf") >= 6);
}

static void multi_heap_light__every_recorded_run_replays(void **state)
{
    (void)state;
    SHARED_OR_SKIP(folder, "golden/heap/esp_multi_heap_tlsf_light");
    assert_true(replay_folder(folder, "esp_multi_heap_tlsf_light") >= 6);
}

static void multi_heap__a_run_with_poisoning_differs_without_it(void **state)
{
    (void)state;
    SHARED_OR_SKIP(path, "golden/heap/esp_multi_heap_tlsf_light/small_random.trace");
    struct thm_replay_result res;
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    const struct thm_replay_options other = { .ops = thm_heap_find("esp_multi_heap_tlsf") };
    assert_int_equal(thm_replay_stream(f, &other, &res), THM_MEM_EDIFFERS);
    assert_int_equal(res.line, 7);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multi_heap__every_recorded_run_replays),
        cmocka_unit_test(multi_heap_light__every_recorded_run_replays),
        cmocka_unit_test(multi_heap__a_run_with_poisoning_differs_without_it),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
