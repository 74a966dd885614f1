/* A thousand downloads: what client and server have open and allocated afterwards is what they had before.
 *
 * The least that malloc gives is 32 bytes, so a block lost in each download would be 32 KB. GnuTLS 3.7 keeps the state
 * of its random numbers for every thread that has ever made a handshake, and the server has a thread for each
 * connection: that is counted, and nothing else is allowed. Run it with GLIBC_TUNABLES=glibc.malloc.tcache_count=0, or
 * what threads keep for later counts as allocated. Under AddressSanitizer malloc counts nothing, and its leak check
 * does. */
#include "tests/unit/netlink/loopback.h"
#include <dirent.h>
#include <malloc.h>

enum { WARM_UP = 100, DOWNLOADS = 1000, SLACK_BYTES = 16 * 1024, GNUTLS_THREAD_BYTES = 32 + 192 };

struct held {
    size_t descriptors, bytes;
};

static size_t open_descriptors(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* Once the server's threads have closed the last connections. */
static struct held held_now(void)
{
    struct held h = { open_descriptors(), 0 };
    for (int i = 0; i < 50; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
        const size_t now = open_descriptors();
        if (now >= h.descriptors && i > 5)
            break;
        h.descriptors = now;
    }
    const struct mallinfo2 m = mallinfo2();
    h.bytes = m.uordblks + m.hblkhd;
    return h;
}

static void download(struct loopback *l, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++) {
        struct client c = { 0 };
        fetch(&c, l, path);
        assert_int_equal(c.err, THM_NET_OK);
        assert_int_equal(c.len, BODY_BYTES);
        free(c.data);
    }
}

static void downloads__a_thousand_leave_nothing_behind(void **state)
{
    struct loopback *l = *state;
    serve(l, NULL);
    download(l, WARM_UP, "/model.tflite");
    const struct held before = held_now();
    download(l, DOWNLOADS, "/model.tflite");
    const struct held after = held_now();
    print_message("# descriptors %zu, then %zu; bytes %zu, then %zu\n", before.descriptors, after.descriptors,
                  before.bytes, after.bytes);
    assert_int_equal(after.descriptors, before.descriptors);
    assert_in_range(after.bytes, 0, before.bytes + DOWNLOADS * GNUTLS_THREAD_BYTES + SLACK_BYTES);
}

/* Each ends in another way, and none of them well. */
static void downloads__that_fail_leave_no_descriptor_open(void **state)
{
    static const char *const faults[] = { "cut=20000", "status=500", "tls-alert", "redirect-loop", "expired" };
    struct loopback *l = *state;
    for (size_t f = 0; f < sizeof faults / sizeof faults[0]; f++) {
        serve(l, faults[f]);
        const struct held before = held_now();
        for (int i = 0; i < 20; i++) {
            struct client c = { 0 };
            fetch(&c, l, "/model.tflite");
            assert_int_not_equal(c.err, THM_NET_OK);
            free(c.data);
        }
        assert_int_equal(held_now().descriptors, before.descriptors);
        thm_server_stop(l->server);
        l->server = NULL;
        *l->log = '\0';
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, loopback_setup, loopback_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(downloads__a_thousand_leave_nothing_behind),
        T(downloads__that_fail_leave_no_descriptor_open),
    };
    return cmocka_run_group_tests_name("soak", tests, NULL, NULL);
}
