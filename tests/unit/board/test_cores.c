/* tests/unit/board/test_cores.c -- rings, the order of mailbox calls, and one stream out of several. */
#include "tests/testing.h"
#include <pthread.h>
#include "emu/board/cores.h"
#include "emu/board/merge.h"

enum { RING = 512 }; /* 448 bytes of data */

static struct thm_ring *new_ring(void)
{
    struct thm_ring *r = calloc(1, RING);
    assert_non_null(r);
    return r;
}

static int32_t put(struct thm_ring *r, uint32_t len, uint8_t fill)
{
    uint8_t data[RING];
    memset(data, fill, sizeof data);
    const struct thm_ring_message m = { 0x123456789ABCu + fill, 3, len };
    return thm_ring_put(r, RING, &m, data);
}

static void ring__message_has_the_documented_layout(void **state)
{
    struct thm_ring *r = new_ring();
    (void)state;
    const struct thm_ring_message m = { 0, 0, 5 };
    assert_int_equal(thm_ring_put(r, RING, &m, "hello"), 0);
    assert_memory_equal(r->data, "\x19\0\0\0", 4); /* 16 + 4 + 5 */
    assert_memory_equal(r->data + THM_RING_BLOCK, "hello", 5);
    assert_int_equal(r->write, 32);
    free(r);
}

static void ring__messages_come_out_whole_and_in_order_across_the_end(void **state)
{
    struct thm_ring *r = new_ring();
    struct thm_ring_message m;
    uint8_t out[RING];
    (void)state;
    for (uint8_t i = 0; i < 200; i++) {
        const uint32_t len = i % 150u;
        assert_int_equal(put(r, len, i), 0);
        assert_int_equal(thm_ring_peek(r, RING, &m), 0);
        assert_true(m.len == len && m.from == 3 && m.sent_ns == 0x123456789ABCu + i);
        assert_int_equal(thm_ring_get(r, RING, out, sizeof out), len);
        for (uint32_t k = 0; k < len; k++)
            assert_int_equal(out[k], i);
    }
    assert_int_equal(thm_ring_peek(r, RING, &m), THM_RING_EMPTY);
    free(r);
}

static void ring__needs_16_bytes_more_than_the_block(void **state)
{
    struct thm_ring *r = new_ring();
    (void)state;
    assert_int_equal(put(r, RING - THM_RING_HEAD - THM_RING_BLOCK - 15, 1), THM_RING_FULL);
    assert_int_equal(put(r, RING - THM_RING_HEAD - THM_RING_BLOCK - 16, 1), 0);
    free(r);
}

static void ring__too_small_a_buffer_leaves_the_message(void **state)
{
    struct thm_ring *r = new_ring();
    uint8_t out[100];
    (void)state;
    assert_int_equal(put(r, 100, 9), 0);
    assert_int_equal(thm_ring_get(r, RING, out, 99), THM_RING_NO_ROOM);
    assert_int_equal(thm_ring_get(r, RING, out, 100), 100);
    free(r);
}

static void ring__damage_is_told_and_never_followed(void **state)
{
    const struct {
        uint32_t write, read, size;
    } wrong[] = { { 448, 0, 20 }, { 8, 0, 20 },          { 32, 7, 20 }, { 32, 0, 19 },
                  { 32, 0, 29 },  { 32, 0, UINT32_MAX }, { 16, 0, 20 } };
    struct thm_ring_message m;
    uint8_t out[RING];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct thm_ring *r = new_ring();
        r->write = wrong[i].write;
        r->read = wrong[i].read;
        memcpy(r->data, &wrong[i].size, 4);
        assert_int_equal(thm_ring_peek(r, RING, &m), THM_RING_DAMAGED);
        assert_int_equal(thm_ring_get(r, RING, out, sizeof out), THM_RING_DAMAGED);
        free(r);
    }
}

/* ---- two cores, each a thread here ---- */

static const struct thm_cores_config pair = { .cores = 2, .message_max = 64, .ring_bytes = RING, .latency_ns = 10 };

static void *send_at_100(void *shared)
{
    struct thm_cores_wait w = { .now_ns = 100 };
    assert_int_equal(thm_cores_send(shared, 0, 1, &w, "x", 1), 0);
    thm_cores_passed(shared, 0, 1000);
    thm_cores_ended(shared, 0, 1000);
    return NULL;
}

/* What core 1 receives that calls at `now` and gives up at `deadline`; *done: when. */
static int32_t receive(uint64_t now, uint64_t deadline, uint64_t *done)
{
    struct thm_cores *c = thm_cores_create(&pair);
    struct thm_cores_wait w = { .now_ns = now, .deadline_ns = deadline };
    pthread_t other;
    uint32_t from = 9;
    char data[64];
    assert_non_null(c);
    assert_int_equal(pthread_create(&other, NULL, send_at_100, c), 0);
    const int32_t result = thm_cores_receive(c, 1, &w, &from, data, sizeof data);
    thm_cores_ended(c, 1, w.now_ns);
    pthread_join(other, NULL);
    thm_cores_destroy(c);
    *done = w.now_ns;
    return result;
}

static void receive__before_the_message_waits_for_its_arrival(void **state)
{
    uint64_t done;
    (void)state;
    assert_int_equal(receive(50, UINT64_MAX, &done), 1);
    assert_int_equal(done, 110);
}

static void receive__looks_into_its_own_present_only(void **state)
{
    uint64_t done;
    (void)state;
    for (uint64_t now = 95; now < 125; now++) {
        assert_int_equal(receive(now, now, &done), now < 110 ? THM_RING_EMPTY : 1);
        assert_int_equal(done, now);
    }
}

static void receive__gives_up_at_its_deadline(void **state)
{
    uint64_t done;
    (void)state;
    assert_int_equal(receive(50, 109, &done), THM_RING_EMPTY);
    assert_int_equal(done, 109);
    assert_int_equal(receive(50, 110, &done), 1);
}

static void receive__of_a_main_core_that_nobody_sends_to_is_stuck(void **state)
{
    struct thm_cores *c = thm_cores_create(&pair);
    struct thm_cores_wait w = { .deadline_ns = UINT64_MAX };
    uint32_t from;
    char data[64];
    (void)state;
    thm_cores_ended(c, 1, 5);
    assert_int_equal(thm_cores_receive(c, 0, &w, &from, data, sizeof data), THM_RING_EMPTY);
    assert_true(w.stuck);
    thm_cores_destroy(c);
}

/* ---- one stream ---- */

struct seen {
    char text[32];
    size_t n;
};

static void see(void *ctx, uint32_t core, uint32_t kind, const uint8_t *data, size_t len)
{
    struct seen *s = ctx;
    assert_int_equal(len, 1);
    s->text[s->n++] = (char)('0' + core);
    s->text[s->n++] = (char)data[0];
    (void)kind;
}

static void merge__order_is_time_then_core(void **state)
{
    struct seen s = { .n = 0 };
    struct thm_merge *m = thm_merge_create(2, see, &s);
    (void)state;
    assert_int_equal(thm_merge_put(m, 1, 5, 0, "a", 1), 0);
    assert_int_equal(s.n, 0); /* core 0 may yet tell something of time 5 */
    assert_int_equal(thm_merge_put(m, 0, 5, 0, "b", 1), 0);
    assert_string_equal(s.text, "0b");
    assert_int_equal(thm_merge_put(m, 0, 9, 0, "c", 1), 0);
    assert_string_equal(s.text, "0b1a");
    thm_merge_end(m, 1);
    assert_string_equal(s.text, "0b1a0c");
    assert_int_equal(thm_merge_put(m, 0, 10, 0, "d", 1), 0);
    assert_string_equal(s.text, "0b1a0c0d");
    thm_merge_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring__message_has_the_documented_layout),
        cmocka_unit_test(ring__messages_come_out_whole_and_in_order_across_the_end),
        cmocka_unit_test(ring__needs_16_bytes_more_than_the_block),
        cmocka_unit_test(ring__too_small_a_buffer_leaves_the_message),
        cmocka_unit_test(ring__damage_is_told_and_never_followed),
        cmocka_unit_test(receive__before_the_message_waits_for_its_arrival),
        cmocka_unit_test(receive__looks_into_its_own_present_only),
        cmocka_unit_test(receive__gives_up_at_its_deadline),
        cmocka_unit_test(receive__of_a_main_core_that_nobody_sends_to_is_stuck),
        cmocka_unit_test(merge__order_is_time_then_core),
    };
    return cmocka_run_group_tests_name("cores", tests, NULL, NULL);
}
