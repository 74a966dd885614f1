/* tests/unit/report/test_heap_html.c -- the heap's picture for pages: every byte in its place, whatever the board
 * tells. */
#include "tests/testing.h"
#include "emu/report/heap_picture.h"

static void take(struct thm_heap_picture *p, uint32_t type, const char *name, const char *text, uint64_t a, uint64_t b,
                 uint64_t c)
{
    struct thm_event e = { .type = type, .v = { a, b, c } };
    snprintf(e.name, sizeof e.name, "%s", name);
    snprintf(e.text, sizeof e.text, "%s", text);
    assert_true(thm_heap_picture_event(p, &e));
}

static void begin(struct thm_heap_picture *p)
{
    *p = (struct thm_heap_picture){ 0 };
    take(p, THM_EV_HEAP, "end", "", 1000, 800, 500);
    take(p, THM_EV_HEAP_REGION, "<dram>", "DRAM", 0x1000, 4096, 1000);
}

static char *draw(struct thm_heap_picture *p)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    thm_heap_map_html(p, p, f);
    fclose(f);
    thm_heap_picture_finish(p);
    return text;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void map__texts_are_escaped_and_blocks_have_their_owners_colour(void **state)
{
    struct thm_heap_picture p;
    (void)state;
    begin(&p);
    take(&p, THM_EV_HEAP_BLOCK, "<b>model", "application", 0x1000, 2048, 2000);
    take(&p, THM_EV_HEAP_BLOCK, "", "free", 0x1800, 2048, 0);
    take(&p, THM_EV_HEAP_OWNER, "<b>model", "application", 1, 2000, 1);
    char *text = draw(&p);
    assert_null(strstr(text, "<b>"));
    assert_non_null(strstr(text, "&lt;dram&gt;"));
    assert_int_equal(count(text, "class=\"c5\" x="), 2); /* rows */
    assert_non_null(strstr(text, "<title>&lt;b&gt;model: 2000 bytes at 0x00001000</title>"));
    free(text);
}

static void map__blocks_outside_their_region_are_not_drawn(void **state)
{
    struct thm_heap_picture p;
    (void)state;
    begin(&p);
    take(&p, THM_EV_HEAP_BLOCK, "low", "application", 0x800, 64, 64);
    take(&p, THM_EV_HEAP_BLOCK, "long", "application", 0x1000, UINT32_MAX, 64);
    take(&p, THM_EV_HEAP_BLOCK, "high", "application", UINT32_MAX, 4096, 64);
    char *text = draw(&p);
    assert_null(strstr(text, "low"));
    assert_null(strstr(text, "long"));
    assert_null(strstr(text, "high"));
    free(text);
}

/* A quarter of a million blocks do not make a page of that many rectangles. */
static void map__thin_blocks_share_rectangles(void **state)
{
    struct thm_heap_picture p = { 0 };
    (void)state;
    take(&p, THM_EV_HEAP, "end", "", 0, 0, 0);
    take(&p, THM_EV_HEAP_REGION, "psram", "SPIRAM", 0x3F800000, 8u << 20, 0);
    for (uint32_t i = 0; i < 100000; i++)
        take(&p, THM_EV_HEAP_BLOCK, "small", "application", 0x3F800000 + i * 64, 64, 60);
    char *text = draw(&p);
    assert_in_range(count(text, "<rect"), 100, 25000);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map__texts_are_escaped_and_blocks_have_their_owners_colour),
        cmocka_unit_test(map__blocks_outside_their_region_are_not_drawn),
        cmocka_unit_test(map__thin_blocks_share_rectangles),
    };
    return cmocka_run_group_tests_name("heap_html", tests, NULL, NULL);
}
