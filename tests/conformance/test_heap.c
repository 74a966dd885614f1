/* Every recorded run of the boards' real heaps replays here: addresses, failures and figures. */
#include <dirent.h>
#include "memmodels/heap_replay.h"
#include "tests/testing.h"

static void replay(const char *path, const struct thm_heap_ops *row)
{
    struct thm_replay_result res;
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    if (thm_replay_stream(f, &(struct thm_replay_options){ .ops = row }, &res))
        print_error("%s:%llu: expected %s, got %s\n", path, (unsigned long long)res.line, res.expected, res.got);
    fclose(f);
    assert_int_equal(res.err, THM_MEM_OK);
    assert_true(res.ops > 0);
}

/* Replay every trace of a folder, each recorded on this allocator; how many there are. */
static int replay_folder(const char *folder, const struct thm_heap_ops *row)
{
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char path[1400];
        if (!strstr(e->d_name, ".trace"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        replay(path, NULL);
        replay(path, row);
        n++;
    }
    closedir(d);
    return n;
}

static void every_recorded_run__replays(void **state)
{
    const struct thm_heap_ops *row;
    int folders = 0;
    (void)state;
    SHARED_OR_SKIP(heap, "golden/heap/README.md");
    for (size_t i = 0; (row = thm_heap_at(i)); i++) {
        char rel[160];
        snprintf(rel, sizeof rel, "golden/heap/%s", row->name);
        const char *folder = shared_path(rel);
        if (folder) /* mbed's wrapper has none */
            folders += replay_folder(folder, row) > 0;
    }
    assert_true(folders >= 7);
}

/* Only where the break cannot be moved to a page the two differ: all other runs are the same. */
static void dlmalloc_v2__replays_what_the_new_one_recorded(void **state)
{
    static const char *const names[] = { "small_random",   "tinyml_https",   "frag_then_large",
                                         "realloc_growth", "align_extremes", "fill_exhaust" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char rel[160];
        snprintf(rel, sizeof rel, "golden/heap/newlib_dlmalloc/%s.trace", names[i]);
        SHARED_OR_SKIP(path, rel);
        replay(path, thm_heap_find("newlib_dlmalloc_v2"));
    }
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
        cmocka_unit_test(every_recorded_run__replays),
        cmocka_unit_test(dlmalloc_v2__replays_what_the_new_one_recorded),
        cmocka_unit_test(multi_heap__a_run_with_poisoning_differs_without_it),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
