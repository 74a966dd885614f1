/* tests/unit/fit/test_ledger.c -- the account of a board's RAM, from events; every row, and that it adds up. */
#include "tests/testing.h"
#include "emu/fit/ledger.h"

static struct thm_profile_memory banks[] = { { .base = 0x20000000, .size = 0x4000 },
                                             { .base = 0x30000000, .size = 0x1000 } };
static struct thm_profile_static statics[] = { { .name = ".bss", .base = 0x20000000, .size = 0x800 },
                                               { .name = "main stack", .base = 0x20000800, .size = 0x800 } };
static struct thm_profile_heap heaps[] = { { .name = "heap", .type = "RAM", .base = 0x20001000, .size = 0x3000 } };
static struct thm_profile_taken taken[] = { { .name = "driver", .when = "boot" },
                                            { .name = "radio", .when = "network" } };

static struct thm_profile profile(void)
{
    return (struct thm_profile){ .memory = banks,
                                 .memory_count = 2,
                                 .statics = statics,
                                 .statics_count = 2,
                                 .heaps = heaps,
                                 .heaps_count = 1,
                                 .taken = taken,
                                 .taken_count = 2,
                                 .task = { .stack = 0x800, .stack_top = 0x20001000 } };
}

struct heap {
    struct thm_profile p;
    struct fit_heap h;
};

static void tell(struct heap *s, uint32_t type, const char *name, const char *text, const uint64_t *v)
{
    struct thm_event ev = { .type = type };
    snprintf(ev.name, sizeof ev.name, "%s", name);
    snprintf(ev.text, sizeof ev.text, "%s", text);
    memcpy(ev.v, v, sizeof ev.v);
    fit_heap_event(&s->h, &s->p, &ev);
}
#define TELL(s, type, name, text, ...) tell(s, type, name, text, (const uint64_t[THM_EVENT_VALUES]){ __VA_ARGS__ })

static void owner(struct heap *s, const char *what, const char *kind, uint64_t now, uint64_t peak)
{
    TELL(s, THM_EV_HEAP_OWNER, what, kind, 1, now, 1, peak);
}

static void begin(struct heap *s, uint64_t free_now, uint64_t free_peak)
{
    *s = (struct heap){ .p = profile() };
    TELL(s, THM_EV_HEAP, "end", "", free_now, free_now / 2, free_peak);
    TELL(s, THM_EV_HEAP_PEAK, "", "", 5, free_peak, 0, 1);
    TELL(s, THM_EV_HEAP_REGION, "heap", "RAM", 0x20001000, 0x3000, free_now, free_now / 2);
}

static struct thm_fit_cell account(struct heap *s, const struct thm_arena_stats *arena, uint32_t stack_used)
{
    const struct thm_fit_case c = { .profile = &s->p };
    struct thm_fit_cell cell = { .ram = 0x5000, .stack_used = stack_used, .stack_size = s->p.task.stack };
    if (arena)
        cell.arena = *arena;
    fit_ledger_make(&s->h, &c, &cell);
    return cell;
}

static void assert_adds_up(const struct thm_fit_ledger *l, uint64_t ram)
{
    uint64_t sum = 0;
    for (int r = 0; r < THM_FIT_ROWS_COUNT; r++)
        sum += l->row[r];
    assert_int_equal(sum, ram);
}

static void ledger__puts_each_owner_into_its_row(void **state)
{
    struct heap s;
    (void)state;
    begin(&s, 0x2000, 0x1000);
    owner(&s, "driver", "runtime", 100, 100);
    owner(&s, "radio", "runtime", 200, 200);
    owner(&s, "input record buffer", "application", 0, 300);
    owner(&s, "SPIFFS cache", "application", 400, 400);
    owner(&s, "model copy", "application", 500, 0);
    owner(&s, "receive buffer", "application", 0, 60);
    owner(&s, "a list", "application", 7, 7);
    const struct thm_fit_cell c = account(&s, NULL, 0);
    const struct {
        enum thm_fit_row row;
        uint64_t now, peak;
    } rows[] = { { THM_FIT_RUNTIME, 100, 100 }, { THM_FIT_NETWORK, 200, 200 },   { THM_FIT_TLS, 0, 300 },
                 { THM_FIT_FILES, 400, 400 },   { THM_FIT_MODEL, 500, 0 },       { THM_FIT_RECEIVE, 0, 60 },
                 { THM_FIT_APPLICATION, 7, 7 }, { THM_FIT_LEFT, 0x2000, 0x1000 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(c.now.row[rows[i].row], rows[i].now);
        assert_int_equal(c.peak.row[rows[i].row], rows[i].peak);
    }
    assert_adds_up(&c.now, c.ram);
    assert_adds_up(&c.peak, c.ram);
    assert_int_equal(c.peak.t_ns, 5);
}

static void ledger__stack_in_static_data_is_counted_once(void **state)
{
    struct heap s;
    (void)state;
    begin(&s, 0x3000, 0x3000);
    const struct thm_fit_cell c = account(&s, NULL, 0x100);
    assert_int_equal(c.now.row[THM_FIT_STACK], 0x800);
    assert_int_equal(c.now.row[THM_FIT_STATIC], 0x800);
    assert_int_equal(c.now.row[THM_FIT_BANKS], 0x1000);
    assert_int_equal(c.now.row[THM_FIT_OVERHEAD], 0);
    assert_adds_up(&c.now, c.ram);
}

static void ledger__stack_that_shares_the_heaps_bank_is_its_deepest_use(void **state)
{
    struct heap s;
    (void)state;
    begin(&s, 0x3000, 0x3000);
    s.p.task.stack_top = 0x20004000;
    s.p.task.stack = 0x3000;
    const struct thm_fit_cell c = account(&s, NULL, 0x123);
    assert_int_equal(c.now.row[THM_FIT_STACK], 0x123);
    assert_int_equal(c.now.row[THM_FIT_LEFT], 0x3000 - 0x123);
    assert_adds_up(&c.now, c.ram);
}

static void ledger__arena_is_divided_as_its_event_says(void **state)
{
    const struct thm_arena_stats arena = { .size = 1024, .used = 1000, .head = 600, .tail = 400, .min = 1024 };
    struct heap s;
    (void)state;
    begin(&s, 0x2000, 0x2000);
    owner(&s, "tensor arena", "application", 1039, 1039); /* aligned by hand */
    const struct thm_fit_cell c = account(&s, &arena, 0);
    assert_int_equal(c.now.row[THM_FIT_HEAD], 600);
    assert_int_equal(c.now.row[THM_FIT_TAIL], 400);
    assert_int_equal(c.now.row[THM_FIT_ARENA_REST], 39);
    assert_adds_up(&c.now, c.ram);
}

static void ledger__blocks_past_the_rams_end_are_told_apart(void **state)
{
    struct heap s;
    (void)state;
    begin(&s, 0, 0);
    owner(&s, "driver", "runtime", 0x1000, 0x1000);
    owner(&s, "model buffer", "application", 0x2800, 0x2800);
    const struct thm_fit_cell c = account(&s, NULL, 0);
    assert_int_equal(c.now.beyond, 0x800);
    assert_int_equal(c.now.row[THM_FIT_MODEL], 0x2000);
    assert_int_equal(c.now.row[THM_FIT_RUNTIME], 0x1000);
    assert_adds_up(&c.now, c.ram);
}

static void ledger__memory_malloc_cannot_give_is_not_left_over(void **state)
{
    struct heap s;
    (void)state;
    begin(&s, 0x1000, 0x1000);
    TELL(&s, THM_EV_HEAP_REGION, "iram", "IRAM", 0x30000000, 0x1000, 0xF00, 0xF00);
    const struct thm_fit_cell c = account(&s, NULL, 0);
    assert_int_equal(c.now.row[THM_FIT_UNREACHABLE], 0xF00);
    assert_int_equal(c.now.row[THM_FIT_LEFT], 0x1000);
    assert_int_equal(c.now.row[THM_FIT_BANKS], 0);
    assert_adds_up(&c.now, c.ram);
}

static void ledger__without_a_heap_is_not_known(void **state)
{
    struct heap s = { .p = profile() };
    (void)state;
    const struct thm_fit_cell c = account(&s, NULL, 0);
    assert_false(c.now.known);
    assert_false(c.peak.known);
    assert_true(thm_fit_ram_percent(&c) == 0);
}

static void percent__leaves_out_what_data_cannot_use(void **state)
{
    struct thm_fit_cell c = { .ram = 1000, .peak = { .known = true } };
    (void)state;
    c.peak.row[THM_FIT_BANKS] = 400;
    c.peak.row[THM_FIT_UNREACHABLE] = 100;
    c.peak.row[THM_FIT_LEFT] = 125;
    assert_true(thm_fit_ram_percent(&c) == 75.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledger__puts_each_owner_into_its_row),
        cmocka_unit_test(ledger__stack_in_static_data_is_counted_once),
        cmocka_unit_test(ledger__stack_that_shares_the_heaps_bank_is_its_deepest_use),
        cmocka_unit_test(ledger__arena_is_divided_as_its_event_says),
        cmocka_unit_test(ledger__blocks_past_the_rams_end_are_told_apart),
        cmocka_unit_test(ledger__memory_malloc_cannot_give_is_not_left_over),
        cmocka_unit_test(ledger__without_a_heap_is_not_known),
        cmocka_unit_test(percent__leaves_out_what_data_cannot_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
