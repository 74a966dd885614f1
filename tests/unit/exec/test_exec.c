/* thimble exec's side: which programs can be run, the board's description, statuses, the report of a hostile program.
 */
#include <elf.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/exec/exec.h"
#include "memmodels/err.h"
#include "tests/testing.h"

static char path[] = "/tmp/thimble-exec-XXXXXX";

static int setup(void **state)
{
    (void)state;
    strcpy(strrchr(path, '-'), "-XXXXXX");
    const int fd = mkstemp(path);
    return fd < 0 || fchmod(fd, 0755) < 0 || close(fd) < 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* -- programs --------------------------------------------------------------------------------------------------- */

static const char interpreter[] = "/lib64/ld-linux-x86-64.so.2";

struct image {
    Elf64_Ehdr e;
    Elf64_Phdr p;
    char name[sizeof interpreter];
};

static struct image image(void)
{
    struct image i = {
        .e = { .e_type = ET_DYN,
               .e_machine = EM_X86_64,
               .e_phoff = offsetof(struct image, p),
               .e_phnum = 1,
               .e_phentsize = sizeof(Elf64_Phdr) },
        .p = { .p_type = PT_INTERP, .p_offset = offsetof(struct image, name), .p_filesz = sizeof interpreter }
    };
    memcpy(i.e.e_ident, ELFMAG, SELFMAG);
    i.e.e_ident[EI_CLASS] = ELFCLASS64;
    i.e.e_ident[EI_DATA] = ELFDATA2LSB;
    memcpy(i.name, interpreter, sizeof interpreter);
    return i;
}

static const char *inspect(const struct image *i)
{
    unsigned bits = 0;
    write_file(i, sizeof *i);
    const char *wrong = thm_exec_inspect(path, &bits);
    assert_true(wrong || bits == 64);
    return wrong;
}

static void inspect__accepts_what_the_loader_takes(void **state)
{
    const struct image i = image();
    (void)state;
    assert_null(inspect(&i));
}

#define REFUSED(change, text)                         \
    do {                                              \
        struct image i = image();                     \
        change;                                       \
        assert_non_null(strstr(inspect(&i), (text))); \
    } while (0)

static void inspect__says_why_not(void **state)
{
    (void)state;
    REFUSED(i.e.e_ident[0] = 'M', "no ELF");
    REFUSED(memcpy(&i, "#!/bin/sh\n", 10), "script");
    REFUSED(i.e.e_machine = EM_AARCH64, "another machine");
    REFUSED(i.e.e_ident[EI_DATA] = ELFDATA2MSB, "of a kind");
    REFUSED(i.e.e_type = ET_REL, "of a kind");
    REFUSED(i.p.p_type = PT_LOAD, "statically");
    REFUSED(memcpy(i.name, "/lib/ld-musl-x86_64.so.1", 25), "not glibc");
}

static void inspect__believes_no_offset(void **state)
{
    (void)state;
    REFUSED(i.e.e_phoff = UINT64_MAX - 10, "statically");
    REFUSED(i.p.p_offset = UINT64_MAX, "statically");
    REFUSED(i.p.p_filesz = UINT64_MAX, "statically");
    REFUSED(i.e.e_phentsize = 1, "of a kind");
    REFUSED(i.name[sizeof interpreter - 1] = 'x', "statically");
}

static void inspect__of_every_cut_says_something(void **state)
{
    const struct image whole = image();
    (void)state;
    for (size_t len = 0; len < sizeof(struct image) - 8; len++) {
        unsigned bits = 0;
        write_file(&whole, len);
        assert_non_null(thm_exec_inspect(path, &bits));
    }
}

static void inspect__refuses_setuid(void **state)
{
    const struct image i = image();
    unsigned bits;
    (void)state;
    write_file(&i, sizeof i);
    assert_int_equal(chmod(path, 04755), 0);
    assert_non_null(strstr(thm_exec_inspect(path, &bits), "setuid"));
}

static void find__has_the_statuses_of_env(void **state)
{
    char *found = NULL;
    (void)state;
    assert_int_equal(thm_exec_find("sh", &found), 0);
    assert_non_null(strstr(found, "/sh"));
    free(found);
    assert_int_equal(thm_exec_find("no such program", &found), 127);
    assert_int_equal(thm_exec_find("", &found), 127);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(thm_exec_find(path, &found), 126);
    assert_int_equal(thm_exec_find("/tmp", &found), 126);
}

/* -- the board -------------------------------------------------------------------------------------------------- */

static struct thm_profile *esp32(void)
{
    struct thm_profile *p;
    char *error;
    assert_int_equal(thm_profile_load("esp32", &p, &error), 0);
    return p;
}

static void describe__gives_regions_and_what_is_taken(void **state)
{
    struct thm_profile *p = esp32();
    struct thm_exec_options o = { .profile = p, .align = -1 };
    struct thm_exec_setup s;
    (void)state;
    assert_null(thm_exec_describe(&o, 64, &s));
    assert_null(thm_exec_setup_check(&s));
    assert_int_equal(s.regions_count, p->heaps_count);
    assert_int_equal(s.align, 16);
    assert_int_equal(s.stack, 8192);
    const uint32_t boot = s.taken_count;
    assert_int_equal(s.taken[boot - 1].bytes, 8192); /* the task's stack */
    o.with_network = true;
    assert_null(thm_exec_describe(&o, 32, &s));
    assert_int_equal(s.align, 0);
    assert_int_equal(s.taken_count, p->taken_count + 1);
    thm_profile_free(p);
}

static void describe__of_a_size_is_one_region_and_nothing_taken(void **state)
{
    struct thm_profile *p = esp32();
    const struct thm_exec_options o = { .profile = p, .align = 8, .heap = 50000, .stack = 4096 };
    struct thm_exec_setup s;
    (void)state;
    assert_null(thm_exec_describe(&o, 64, &s));
    assert_null(thm_exec_setup_check(&s));
    assert_int_equal(s.regions_count, 1);
    assert_int_equal(s.region[0].size, 50000);
    assert_int_equal(s.taken_count, 0);
    assert_int_equal(s.align, 8);
    assert_int_equal(s.stack, 4096);
    thm_profile_free(p);
}

/* -- the end ---------------------------------------------------------------------------------------------------- */

static void status__is_the_programs_or_the_boards(void **state)
{
    struct thm_exec_outcome out = { .wait_status = 5 << 8 };
    struct thm_exec_result *r = &out.page.result;
    (void)state;
    assert_int_equal(thm_exec_status(&out), 20); /* the library never ran */
    r->stage = THM_EXEC_ENDED;
    assert_int_equal(thm_exec_status(&out), 5);
    out.wait_status = SIGKILL;
    assert_int_equal(thm_exec_status(&out), 128 + SIGKILL);
    r->fault = THM_EXEC_STACK_OVERFLOW;
    assert_int_equal(thm_exec_status(&out), 12);
    r->stage = THM_EXEC_NO_SETUP;
    r->setup_error = THM_MEM_ENOMEM;
    assert_int_equal(thm_exec_status(&out), 10);
}

/* A program that writes all over the page has only a silly report to show for it. */
static void report__of_random_figures_is_harmless(void **state)
{
    static struct thm_exec_outcome out;
    struct thm_profile *p = esp32();
    const struct thm_exec_options o = { .profile = p };
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 200; round++) {
        unsigned char *bytes = (unsigned char *)&out.page.result;
        for (size_t i = 0; i < sizeof out.page.result; i++)
            bytes[i] = (unsigned char)((seed = seed * 1664525 + 1013904223) >> 24);
        out.page.result.stage = seed >> 20;
        out.path = path;
        out.bits = 64;
        thm_exec_tame(&out.page);
        FILE *to = fopen("/dev/null", "w");
        thm_exec_report(to, &o, &out, false);
        fclose(to);
        free(thm_exec_json(&o, &out));
    }
    thm_profile_free(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(inspect__accepts_what_the_loader_takes),
        T(inspect__says_why_not),
        T(inspect__believes_no_offset),
        T(inspect__of_every_cut_says_something),
        T(inspect__refuses_setuid),
        T(find__has_the_statuses_of_env),
        T(describe__gives_regions_and_what_is_taken),
        T(describe__of_a_size_is_one_region_and_nothing_taken),
        T(status__is_the_programs_or_the_boards),
        T(report__of_random_figures_is_harmless),
    };
    return cmocka_run_group_tests_name("exec", tests, NULL, NULL);
}
