/* tests/unit/report/test_heap_map.c -- the picture of a heap, from its events. */
#include "tests/testing.h"
#include "emu/report/heap_picture.h"

static struct thm_heap_picture picture;

static void put(uint32_t type, const char *name, const char *text, const uint64_t v[THM_EVENT_VALUES])
{
    struct thm_event e = { .type = type };
    memcpy(e.v, v, sizeof e.v);
    snprintf(e.name, sizeof e.name, "%s", name);
    snprintf(e.text, sizeof e.text, "%s", text);
    assert_true(thm_heap_picture_event(&picture, &e));
}
#define PUT(type, name, text, ...) put(type, name, text, (const uint64_t[THM_EVENT_VALUES]){ __VA_ARGS__ })

/* One region of 1024 bytes at 0x1000: 64 of the allocator's own, 128 runtime, 256 model, holes of 64 and 512. */
static int make(void **state)
{
    (void)state;
    picture = (struct thm_heap_picture){ 0 };
    PUT(THM_EV_HEAP, "failed", "big one", 576, 512, 300, 384, 2, 2);
    PUT(THM_EV_HEAP_PEAK, "session", "", 2000000000, 300, 40, 9);
    PUT(THM_EV_HEAP_REGION, "dram", "RAM", 0x1000, 1024, 576, 512, 2, 2);
    PUT(THM_EV_HEAP_BLOCK, "radio", "runtime", 0x1040, 128, 120);
    PUT(THM_EV_HEAP_BLOCK, "", "free", 0x10C0, 64);
    PUT(THM_EV_HEAP_BLOCK, "model", "application", 0x1100, 256, 250);
    PUT(THM_EV_HEAP_BLOCK, "", "free", 0x1200, 512);
    PUT(THM_EV_HEAP_OWNER, "radio", "runtime", 1, 120, 1, 120);
    PUT(THM_EV_HEAP_OWNER, "model", "application", 1, 250, 0, 0);
    PUT(THM_EV_HEAP_OWNER, "session", "application", 0, 0, 2, 80);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    thm_heap_picture_finish(&picture);
    return 0;
}

static char *drawn(bool colour)
{
    static char *text;
    size_t len;
    const struct thm_heap_map_style style = { .colour = colour };
    FILE *f = open_memstream(&text, &len);
    thm_heap_map_print(&picture, &picture, &style, f);
    fclose(f);
    return text;
}

static void assert_drawn(const char *part)
{
    char *text = drawn(false);
    if (!strstr(text, part))
        print_message("# '%s' is not in:\n%s\n", part, text);
    assert_non_null(strstr(text, part));
    free(text);
}

static void map__shows_owners_and_holes_where_they_are(void **state)
{
    (void)state;
    assert_drawn("HEAP when there was no block for big one");
    assert_drawn("dram  00001000-000013ff, 1024 bytes, 576 free in 2; cell 16\n");
    assert_drawn("  00001000  ####aaaaaaaa....AAAAAAAAAAAAAAAA================================\n");
}

static void map__legend_tells_the_runtime_from_the_application(void **state)
{
    (void)state;
    assert_drawn("A  model                                     1        250          0\n");
    assert_drawn("a  radio                                     1        120        120  runtime\n");
    assert_drawn("=  the largest hole: 512 bytes at 0x00001200\n");
    assert_drawn("   malloc serves up to 512 bytes: fragmentation 11.1 %; low water 300\n");
    assert_drawn("   only at peak: session 80\n");
    assert_drawn("fullest at 2.000 s: 300 bytes free, with 40 for session\n");
}

static void map__over_time_shows_the_fullest(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        PUT(THM_EV_HEAP_USE, "", "", i, i == 50 ? 0 : 960);
    char *text = drawn(false);
    const char *line = strstr(text, "in use, from");
    assert_non_null(line);
    line = strchr(line, '\n') + 1 + 12;
    assert_int_equal(strcspn(line, "\n"), 64);
    assert_int_equal(strspn(line, " "), 32);
    assert_int_equal(line[32], '@');
    free(text);
}

static void map__colours_are_only_for_terminals(void **state)
{
    (void)state;
    char *plain = drawn(false), *coloured = drawn(true);
    assert_null(strchr(plain, '\033'));
    assert_non_null(strchr(coloured, '\033'));
    free(plain);
    free(coloured);
}

static void map__of_many_owners_still_has_80_columns(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 60; i++) {
        char name[64];
        snprintf(name, sizeof name, "owner number %llu with a rather long name", (unsigned long long)i);
        PUT(THM_EV_HEAP_OWNER, name, i % 2 ? "runtime" : "application", i % 7, 4000000000u - i, 1, 4000000000u);
    }
    char *text = drawn(false), *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        assert_true(strlen(line) <= 80);
    free(text);
}

static void map__of_impossible_addresses_ends(void **state)
{
    (void)state;
    PUT(THM_EV_HEAP_REGION, "odd", "RAM", UINT64_MAX - 20, 20, 0, 0, 0, 0);
    PUT(THM_EV_HEAP_REGION, "empty", "RAM", 0x5000, 0, 0, 0, 0, 0);
    PUT(THM_EV_HEAP_REGION, "last", "RAM", 0xFFFFFF00, 0xFFFFFFFF, 0, 0, 0, 0);
    PUT(THM_EV_HEAP_BLOCK, "model", "application", 0xFFFFFF00, 0xFFFFFFFF, 5);
    PUT(THM_EV_HEAP_BLOCK, "model", "application", 7, UINT64_MAX, 5);
    char *text = drawn(false);
    assert_null(strstr(text, "odd"));
    assert_null(strstr(text, "empty"));
    assert_non_null(strstr(text, "last"));
    free(text);
}

static void json__has_fragmentation_regions_and_owners(void **state)
{
    (void)state;
    json_t *o = thm_heap_picture_json(&picture);
    assert_true(json_real_value(json_object_get(o, "fragmentation")) == 1.0 - 512.0 / 576.0);
    assert_int_equal(json_array_size(json_object_get(o, "regions")), 1);
    assert_int_equal(json_array_size(json_object_get(o, "owners")), 3);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "peak"), "free")), 300);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(map__shows_owners_and_holes_where_they_are, make, drop),
        cmocka_unit_test_setup_teardown(map__legend_tells_the_runtime_from_the_application, make, drop),
        cmocka_unit_test_setup_teardown(map__over_time_shows_the_fullest, make, drop),
        cmocka_unit_test_setup_teardown(map__colours_are_only_for_terminals, make, drop),
        cmocka_unit_test_setup_teardown(map__of_many_owners_still_has_80_columns, make, drop),
        cmocka_unit_test_setup_teardown(map__of_impossible_addresses_ends, make, drop),
        cmocka_unit_test_setup_teardown(json__has_fragmentation_regions_and_owners, make, drop),
    };
    return cmocka_run_group_tests_name("heap_map", tests, NULL, NULL);
}
