/* tests/unit/fsimages/test_imagefile.c -- image files: mapped, sparse, replaced in one step. */
#include "tests/testing.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "fsimages/changed_pages.h"
#include "fsimages/imagefile.h"
#include "fsimages/media/chip.h"

#define GB   (UINT64_C(1) << 30)
#define PAGE 4096u

static char dir[32], path[64];

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/thimble-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/chip.img", dir);
    return 0;
}

/* Nothing but the image may be left: rmdir() says so. */
static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void imagefile__writes_arrive_and_wear_is_beside(void **state)
{
    char wear[80];
    struct thm_imagefile f;
    struct stat st;
    (void)state;
    snprintf(wear, sizeof wear, "%s.wear", path);
    assert_int_equal(thm_imagefile_open(&f, path, 0, 0), THM_FS_ENOENT);
    assert_int_equal(thm_imagefile_create(&f, path, 8192), THM_FS_OK);
    assert_int_equal(f.bytes[8191], 0xFF);
    f.bytes[1] = 7;
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    assert_int_equal(thm_imagefile_create(&f, path, 8192), THM_FS_EEXIST);
    assert_int_equal(stat(wear, &st), -1);
    assert_int_equal(thm_imagefile_open(&f, path, 0, 0), THM_FS_OK);
    f.bytes[1] = 9; /* private: must not reach the file */
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    assert_int_equal(thm_imagefile_open(&f, path, THM_IMAGE_WRITE | THM_IMAGE_WEAR, 4096), THM_FS_OK);
    assert_int_equal(f.bytes[1], 7);
    assert_int_equal(f.wear_count, 2);
    f.wear[1] = 3;
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    assert_int_equal(stat(wear, &st), 0);
    assert_int_equal(st.st_size, 8);
    unlink(wear);
}

/* A file of `size` zeros with one page of `byte` at each multiple of `every`. */
static void make_file(uint64_t size, uint64_t every, uint8_t byte)
{
    uint8_t page[PAGE];
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0640);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0640), 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    memset(page, byte, sizeof page);
    for (uint64_t off = 0; off < size; off += every)
        assert_int_equal(pwrite(fd, page, PAGE, (off_t)off), PAGE);
    close(fd);
}

static uint8_t file_byte(uint64_t off)
{
    uint8_t b = 0;
    int fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, &b, 1, (off_t)off), 1);
    close(fd);
    return b;
}

static struct stat file_stat(void)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st;
}

static void commit__sparse_file_stays_sparse(void **state)
{
    struct thm_imagefile f;
    struct thm_medium *card;
    uint8_t sector[512], back[512];
    (void)state;
    make_file(4 * GB, GB, 0x11);
    assert_int_equal(thm_imagefile_open(&f, path, 0, 0), THM_FS_OK);
    assert_int_equal(
        thm_chip_create(&card, thm_part_find("SDHC-SPI-20MHz"), f.size, &(struct thm_cells){ .bytes = f.bytes }, NULL),
        THM_FS_OK);
    memset(sector, 0x22, sizeof sector);
    assert_int_equal(thm_medium_read(card, 2 * GB + 8192, back, sizeof back), THM_FS_OK); /* in a hole */
    assert_int_equal(thm_medium_program(card, 3 * GB + 512, sector, sizeof sector), THM_FS_OK);
    assert_int_equal(thm_medium_program(card, 4 * GB - 512, sector, sizeof sector), THM_FS_OK);
    assert_int_equal(file_byte(3 * GB + 512), 0x11); /* not before the commit */
    assert_int_equal(thm_imagefile_commit(&f, path), THM_FS_OK);
    thm_medium_destroy(card);
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    struct stat st = file_stat();
    assert_int_equal(st.st_size, 4 * GB);
    assert_true(st.st_blocks < 1024); /* of 512 bytes; 5 pages are data */
    assert_int_equal(st.st_mode & 07777, 0640);
    for (uint64_t off = 0; off < 4 * GB; off += GB)
        assert_int_equal(file_byte(off), 0x11);
    assert_int_equal(file_byte(3 * GB + 511), 0x11);
    assert_int_equal(file_byte(3 * GB + 512), 0x22);
    assert_int_equal(file_byte(4 * GB - 1), 0x22);
    assert_int_equal(file_byte(4 * GB - 513), 0);
}

static void commit__pages_of_zeros_become_holes(void **state)
{
    struct thm_imagefile f;
    (void)state;
    make_file(256 * PAGE, PAGE, 0x11);
    assert_int_equal(thm_imagefile_open(&f, path, 0, 0), THM_FS_OK);
    memset(f.bytes + PAGE, 0, 250 * PAGE);
    assert_int_equal(thm_imagefile_commit(&f, path), THM_FS_OK);
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    assert_true(file_stat().st_blocks <= 8 * 16);
    assert_int_equal(file_byte(PAGE - 1), 0x11);
    assert_int_equal(file_byte(PAGE), 0);
    assert_int_equal(file_byte(251 * PAGE), 0x11);
}

static void commit__can_be_repeated_and_the_end_need_not_be_a_page_s(void **state)
{
    struct thm_imagefile f;
    (void)state;
    make_file(3 * PAGE + 100, PAGE, 0x11);
    assert_int_equal(truncate(path, 3 * PAGE + 100), 0);
    assert_int_equal(thm_imagefile_open(&f, path, 0, 0), THM_FS_OK);
    for (uint8_t round = 1; round < 3; round++) {
        f.bytes[3 * PAGE + 98 + round] = round;
        if (round == 1)
            assert_int_equal(thm_imagefile_commit(&f, path), THM_FS_OK);
    }
    assert_int_equal(file_stat().st_size, 3 * PAGE + 100);
    assert_int_equal(file_byte(3 * PAGE + 99), 1);
    f.bytes[0] = 7;
    assert_int_equal(thm_imagefile_commit(&f, path), THM_FS_OK);
    assert_int_equal(file_byte(0), 7);
    assert_int_equal(file_byte(3 * PAGE + 99), 1);
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
}

static void commit__replaces_what_a_link_points_to(void **state)
{
    struct thm_imagefile f;
    struct stat st;
    char link[96];
    (void)state;
    snprintf(link, sizeof link, "%s/link", dir);
    make_file(PAGE, PAGE, 1);
    assert_int_equal(symlink("chip.img", link), 0);
    assert_int_equal(thm_imagefile_open(&f, link, 0, 0), THM_FS_OK);
    f.bytes[0] = 2;
    assert_int_equal(thm_imagefile_commit(&f, link), THM_FS_OK);
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(file_byte(0), 2);
    unlink(link);
}

static void commit__failure_leaves_the_file_and_nothing_beside_it(void **state)
{
    struct thm_imagefile f;
    char missing[96];
    (void)state;
    make_file(PAGE, PAGE, 1);
    snprintf(missing, sizeof missing, "%s/no/chip.img", dir);
    assert_int_equal(thm_imagefile_open(&f, path, 0, 0), THM_FS_OK);
    f.bytes[0] = 2;
    assert_int_equal(thm_imagefile_commit(&f, missing), THM_FS_ENOENT);
    assert_int_equal(thm_imagefile_commit(&f, dir), THM_FS_EHOST); /* no file replaces a folder */
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    assert_int_equal(file_byte(0), 1);
    assert_int_equal(thm_imagefile_open(&f, path, THM_IMAGE_WRITE, 0), THM_FS_OK);
    assert_int_equal(thm_imagefile_commit(&f, path), THM_FS_EINVAL);
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
}

static void new__image_becomes_a_sparse_file(void **state)
{
    struct thm_imagefile f;
    (void)state;
    assert_int_equal(thm_imagefile_new(&f, 0), THM_FS_EINVAL);
    assert_int_equal(thm_imagefile_new(&f, 2 * GB), THM_FS_OK);
    f.bytes[GB] = 5;
    assert_int_equal(thm_imagefile_commit(&f, path), THM_FS_OK);
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    assert_int_equal(file_stat().st_size, 2 * GB);
    assert_true(file_stat().st_blocks < 256);
    assert_int_equal(file_byte(GB), 5);
}

static void create_sparse__is_zeros_that_take_no_disk(void **state)
{
    struct thm_imagefile f;
    (void)state;
    assert_int_equal(thm_imagefile_create_sparse(&f, path, GB), THM_FS_OK);
    assert_int_equal(f.bytes[GB - 1], 0);
    f.bytes[7] = 7;
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    assert_int_equal(file_byte(7), 7);
    assert_true(file_stat().st_blocks < 256);
    assert_int_equal(thm_imagefile_create_sparse(&f, path, GB), THM_FS_EEXIST);
}

/* valgrind does not have that much address space. */
static bool can_map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p != MAP_FAILED && munmap(p, size) == 0;
}

static void open__takes_64_gigabytes_and_no_more(void **state)
{
    struct thm_imagefile f;
    (void)state;
    if (!can_map(64 * GB))
        skip();
    make_file(64 * GB, 64 * GB, 3);
    assert_int_equal(thm_imagefile_open(&f, path, 0, 0), THM_FS_OK);
    f.bytes[64 * GB - 1] = 4;
    assert_int_equal(thm_imagefile_commit(&f, path), THM_FS_OK);
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
    assert_int_equal(file_byte(0), 3);
    assert_int_equal(file_byte(64 * GB - 1), 4);
    assert_true(file_stat().st_blocks < 256);
    assert_int_equal(truncate(path, (off_t)(64 * GB + 1)), 0);
    assert_int_equal(thm_imagefile_open(&f, path, 0, 0), THM_FS_EFORMAT);
}

static void changed_pages__all_are_when_the_kernel_does_not_tell(void **state)
{
    struct changed_pages c = { .size = 10 * PAGE + 1, .fd = -1 };
    size_t off, end;
    (void)state;
    assert_true(changed_pages_next(&c, &off, &end));
    assert_int_equal(off, 0);
    assert_int_equal(end, 10 * PAGE + 1);
    assert_false(changed_pages_next(&c, &off, &end));
}

static void changed_pages__are_those_written_to(void **state)
{
    struct thm_imagefile f;
    struct changed_pages c;
    size_t off, end;
    (void)state;
    assert_int_equal(thm_imagefile_new(&f, 5000 * PAGE), THM_FS_OK);
    if (changed_pages_begin(&c, f.bytes, f.size)) {
        f.bytes[2 * PAGE] = f.bytes[3 * PAGE + 5] = f.bytes[5000 * PAGE - 1] = 1;
        assert_true(changed_pages_next(&c, &off, &end));
        assert_int_equal(off, 2 * PAGE);
        assert_int_equal(end, 4 * PAGE);
        assert_true(changed_pages_next(&c, &off, &end));
        assert_int_equal(off, 4999 * PAGE);
        assert_int_equal(end, 5000 * PAGE);
        assert_false(changed_pages_next(&c, &off, &end));
    }
    changed_pages_end(&c);
    assert_int_equal(thm_imagefile_close(&f), THM_FS_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(imagefile__writes_arrive_and_wear_is_beside),
        T(commit__sparse_file_stays_sparse),
        T(commit__pages_of_zeros_become_holes),
        T(commit__can_be_repeated_and_the_end_need_not_be_a_page_s),
        T(commit__replaces_what_a_link_points_to),
        T(commit__failure_leaves_the_file_and_nothing_beside_it),
        T(new__image_becomes_a_sparse_file),
        T(create_sparse__is_zeros_that_take_no_disk),
        T(open__takes_64_gigabytes_and_no_more),
        T(changed_pages__all_are_when_the_kernel_does_not_tell),
        T(changed_pages__are_those_written_to),
    };
    return cmocka_run_group_tests_name("imagefile", tests, NULL, NULL);
}
