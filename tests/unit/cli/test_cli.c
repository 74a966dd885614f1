/* tests/unit/cli/test_cli.c -- sizes, files and labels as every sub-command takes them. */
#include "tests/testing.h"
#include <sys/stat.h>
#include "emu/cli/cli.h"
#include "emu/cli/labels.h"

static void size__suffixes_are_1024_based_and_overflow_is_refused(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
    } cases[] = {
        { "0", true, 0 },
        { "123", true, 123 },
        { "0x40", true, 64 },
        { "4K", true, 4096 },
        { "2m", true, 2 << 20 },
        { "", false, 0 },
        { "-1", false, 0 },
        { "+1", false, 0 },
        { "1 ", false, 0 },
        { "1G", false, 0 },
        { "K", false, 0 },
        { "4097K", false, 0 },
        { "99999999999999999999", false, 0 },
        { "18014398509481985K", false, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t v = 0;
        assert_int_equal(thm_parse_size(cases[i].text, 4 << 20, &v), cases[i].ok);
        if (cases[i].ok)
            assert_int_equal(v, cases[i].value);
    }
}

static char dir[64];

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/thimble-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(dir); /* fails when a test has left something behind */
}

static const char *in_dir(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void file__is_replaced_as_a_whole_and_read_back(void **state)
{
    uint8_t *data;
    size_t len;
    struct stat st;
    (void)state;
    assert_int_equal(thm_write_file(in_dir("f"), "one", 3), 0);
    assert_int_equal(thm_write_file(in_dir("f"), "second", 6), 0);
    assert_int_equal(thm_read_file(in_dir("f"), 6, &data, &len), 0);
    assert_int_equal(len, 6);
    assert_memory_equal(data, "second", 6);
    free(data);
    assert_int_equal(thm_read_file(in_dir("f"), 5, &data, &len), 2);
    assert_null(data);
    assert_int_equal(stat(in_dir("f"), &st), 0);
    assert_int_equal(st.st_mode & 0600, 0600);
    unlink(in_dir("f"));
}

static void file__that_is_no_file_is_bad_input(void **state)
{
    uint8_t *data;
    size_t len;
    (void)state;
    assert_int_equal(thm_read_file(in_dir("none"), 10, &data, &len), 2);
    assert_int_equal(thm_read_file(dir, 10, &data, &len), 2);
    assert_int_equal(thm_write_file(in_dir("no/such/folder"), "x", 1), 2);
}

static void folder__is_made_once_and_a_file_is_none(void **state)
{
    char path[128];
    (void)state;
    strcpy(path, in_dir("new"));
    assert_int_equal(thm_make_folder(path), 0);
    assert_int_equal(thm_make_folder(path), 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(thm_write_file(path, "x", 1), 0);
    assert_int_equal(thm_make_folder(path), 2);
    unlink(path);
    assert_int_equal(thm_make_folder(in_dir("no/parent")), 2);
}

static void labels__are_lines_without_their_ends(void **state)
{
    struct thm_labels l;
    (void)state;
    assert_int_equal(thm_write_file(in_dir("l"), "wing\r\n\nring\n\n", 13), 0);
    assert_int_equal(thm_labels_load(&l, in_dir("l")), 0);
    assert_int_equal(l.n, 3);
    assert_string_equal(l.name[0], "wing");
    assert_string_equal(l.name[1], "");
    assert_string_equal(l.name[2], "ring");
    thm_labels_free(&l);
    unlink(in_dir("l"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size__suffixes_are_1024_based_and_overflow_is_refused),
        T(file__is_replaced_as_a_whole_and_read_back),
        T(file__that_is_no_file_is_bad_input),
        T(folder__is_made_once_and_a_file_is_none),
        T(labels__are_lines_without_their_ends),
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
