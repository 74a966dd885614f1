/* tests/unit/board/test_process.c -- the modem's messages, the sandbox, the chip that is kept. */
#include "tests/testing.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "emu/board/board.h"
#include "emu/board/chips.h"
#include "emu/board/factory.h"
#include "fsimages/partition.h"

static void modem__messages_arrive_whole_and_in_order(void **state)
{
    int fd[2];
    uint8_t buf[256];
    const struct thm_msg *m;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
    assert_int_equal(thm_modem_send(fd[0], THM_MSG_DATA, "ab", 2, "cde", 3), 0);
    assert_int_equal(thm_modem_send(fd[0], THM_MSG_CLOSE, NULL, 0, NULL, 0), 0);
    assert_int_equal(thm_modem_receive(fd[1], buf, sizeof buf, &m), 5);
    assert_int_equal(m->type, THM_MSG_DATA);
    assert_memory_equal(m + 1, "abcde", 5);
    assert_int_equal(thm_modem_receive(fd[1], buf, sizeof buf, &m), 0);
    assert_int_equal(m->type, THM_MSG_CLOSE);
    close(fd[0]);
    assert_int_equal(thm_modem_receive(fd[1], buf, sizeof buf, &m), -1);
    close(fd[1]);
}

static void modem__message_that_lies_about_its_length_is_refused(void **state)
{
    int fd[2];
    uint8_t buf[64];
    const struct thm_msg *m, lie = { THM_MSG_DATA, 1000 };
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
    assert_int_equal(send(fd[0], &lie, sizeof lie, 0), sizeof lie);
    assert_int_equal(thm_modem_receive(fd[1], buf, sizeof buf, &m), -1);
    assert_int_equal(send(fd[0], "x", 1, 0), 1);
    assert_int_equal(thm_modem_receive(fd[1], buf, sizeof buf, &m), -1);
    close(fd[0]);
    close(fd[1]);
}

/* Run fn in a child that has entered the sandbox; the signal that ended it, or minus its exit status. */
static int in_sandbox(void (*fn)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSYS, SIG_DFL); /* cmocka has a handler */
        if (thm_sandbox_enter(0, 0) < 0)
            _exit(99);
        fn();
        _exit(7);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void compute(void)
{
    free(malloc(1 << 20));
}

static void open_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

static void start_process(void)
{
    (void)!fork();
}

static void map_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void sandbox__computing_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(compute), -7);
}

static void sandbox__sockets_processes_and_code_end_the_board(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(open_socket), SIGSYS);
    assert_int_equal(in_sandbox(start_process), SIGSYS);
    assert_int_equal(in_sandbox(map_code), SIGSYS);
}

static struct thm_profile *esp32(void)
{
    struct thm_profile *p;
    char *error;
    assert_int_equal(thm_profile_load("esp32", &p, &error), 0);
    return p;
}

static struct thm_medium *flash_of(const struct thm_chips *chips, const struct thm_profile *p)
{
    struct thm_medium *m;
    assert_int_equal(thm_chip_create(&m, thm_part_find(p->flash.part), p->flash.size, &chips->cells[0], NULL),
                     THM_FS_OK);
    return m;
}

static void chip__state_folder_keeps_it_and_only_for_one(void **state)
{
    char dir[] = "/tmp/thimble-test-XXXXXX", path[64], error[256] = "";
    struct thm_profile *p = esp32();
    struct thm_chips chips, second;
    uint8_t byte = 0xFF;
    (void)state;
    assert_non_null(mkdtemp(dir));
    for (int round = 0; round < 2; round++) {
        assert_int_equal(thm_chips_open(&chips, p, 1, dir, error, sizeof error), 0);
        struct thm_medium *m = flash_of(&chips, p);
        assert_int_equal(thm_medium_read(m, 0x290000, &byte, 1), THM_FS_OK);
        assert_int_equal(byte, round ? 0x5A : 0xFF);
        assert_int_equal(thm_medium_program(m, 0x290000, "\x5A", 1), THM_FS_OK);
        assert_int_equal(thm_chips_open(&second, p, 1, dir, error, sizeof error), 20);
        assert_non_null(strstr(error, "another run"));
        thm_medium_destroy(m);
        thm_chips_close(&chips);
    }
    snprintf(path, sizeof path, "%s/flash.bin", dir);
    assert_int_equal(truncate(path, 4096), 0);
    assert_int_equal(thm_chips_open(&chips, p, 1, dir, error, sizeof error), 2);
    assert_non_null(strstr(error, "flash.bin"));
    unlink(path);
    snprintf(path, sizeof path, "%s/flash.bin.wear", dir);
    unlink(path);
    rmdir(dir);
    thm_profile_free(p);
}

static void factory__writes_the_profiles_partition_table_once(void **state)
{
    struct thm_partition parts[THM_PARTITIONS_MAX];
    struct thm_profile *p = esp32();
    struct thm_chips chips;
    uint8_t table[0xC00];
    char error[256];
    size_t n = 0;
    (void)state;
    assert_int_equal(thm_chips_open(&chips, p, 1, NULL, error, sizeof error), 0);
    struct thm_medium *m = flash_of(&chips, p);
    assert_int_equal(thm_factory_flash(m, p), 0);
    assert_int_equal(thm_factory_flash(m, p), 0);
    assert_int_equal(thm_medium_peek(m, THM_PARTITION_TABLE_OFFSET, table, sizeof table), THM_FS_OK);
    assert_int_equal(thm_partitions_parse(table, sizeof table, p->flash.size, parts, &n), THM_FS_OK);
    assert_int_equal(n, p->flash.partitions_count);
    assert_int_equal(thm_partition_find(parts, n, "spiffs")->offset, 0x290000);
    thm_medium_destroy(m);
    thm_chips_close(&chips);
    thm_profile_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modem__messages_arrive_whole_and_in_order),
        cmocka_unit_test(modem__message_that_lies_about_its_length_is_refused),
        cmocka_unit_test(sandbox__computing_is_allowed),
        cmocka_unit_test(sandbox__sockets_processes_and_code_end_the_board),
        cmocka_unit_test(chip__state_folder_keeps_it_and_only_for_one),
        cmocka_unit_test(factory__writes_the_profiles_partition_table_once),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
