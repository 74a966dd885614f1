/* tests/e2e/stray_access.c -- a firmware with one fault in it, for valgrind: stray_access KIND. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "emu/board/board.h"

static struct thm_run run;
static struct thm_board board;
static volatile uint8_t sink;

static int power_on(void)
{
    struct thm_profile *p;
    char *error = NULL;
    if (thm_profile_load("esp32", &p, &error))
        return -1;
    run.profile = p;
    board = (struct thm_board){ .run = &run, .profile = p, .modem = -1 };
    return thm_board_map_memory(&board) || thm_board_boot_memory(&board) ? -1 : 0;
}

static void read_after_free(uint8_t *p)
{
    thm_hal_free(&board, p);
    sink = p[10];
}

static void read_past_end(uint8_t *p)
{
    sink = p[100];
}

static void write_past_end(uint8_t *p)
{
    p[103] = 1;
}

static void use_uninitialised(uint8_t *p)
{
    if (p[50])
        sink = 1;
}

static void free_twice(uint8_t *p)
{
    thm_hal_free(&board, p);
    thm_hal_free(&board, p);
}

static void nothing_wrong(uint8_t *p)
{
    memset(p, 1, 100);
    sink = p[99];
    thm_hal_free(&board, p);
    thm_hal_free(&board, thm_hal_memalign(&board, 64, 5000, "another"));
}

static const struct {
    const char *name;
    void (*run)(uint8_t *p); /* p: a new block of 100 bytes */
} kinds[] = {
    { "read-after-free", read_after_free }, { "read-past-end", read_past_end },
    { "write-past-end", write_past_end },   { "use-uninitialised", use_uninitialised },
    { "free-twice", free_twice },           { "none", nothing_wrong },
};

int main(int argc, char **argv)
{
    if (argc != 2 || power_on() < 0)
        return 2;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, argv[1]) == 0)
            kinds[i].run(thm_hal_malloc(&board, 100, "victim"));
    _exit(0);
}
