#include <string.h>
#include "tests/arm/io.h"
#include "tests/arm/semihosting.h"

enum { MODE_READ = 1, MODE_WRITE = 5, MODE_APPEND = 9 }; /* "rb", "wb", "ab" */
#define FAILED UINTPTR_MAX

static uintptr_t open_file(const char *path, uintptr_t mode)
{
    uintptr_t arguments[] = { (uintptr_t)path, mode, strlen(path) };
    return semihosting(SYS_OPEN, arguments);
}

static void close_file(uintptr_t file)
{
    semihosting(SYS_CLOSE, &file);
}

/* Result: bytes that were not read or written. */
static uintptr_t transfer(uintptr_t call, uintptr_t file, const void *data, uint32_t bytes)
{
    uintptr_t arguments[] = { file, (uintptr_t)data, bytes };
    return semihosting(call, arguments);
}

bool io_read(const char *path, void *data, uint32_t room, uint32_t *bytes)
{
    uintptr_t file = open_file(path, MODE_READ);
    if (file == FAILED)
        return false;
    *bytes = semihosting(SYS_FLEN, &file);
    bool ok = *bytes <= room && transfer(SYS_READ, file, data, *bytes) == 0;
    close_file(file);
    return ok;
}

bool io_append(const char *path, const void *data, uint32_t bytes)
{
    uintptr_t file = open_file(path, MODE_APPEND);
    if (file == FAILED)
        return false;
    uintptr_t end[] = { file, semihosting(SYS_FLEN, &file) };
    semihosting(SYS_SEEK, end); /* QEMU 7.2 forgets that the file was opened for appending */
    bool ok = transfer(SYS_WRITE, file, data, bytes) == 0;
    close_file(file);
    return ok;
}

void io_print(const char *text)
{
    static uintptr_t console = FAILED;
    if (console == FAILED)
        console = open_file(":tt", MODE_WRITE);
    transfer(SYS_WRITE, console, text, strlen(text));
}
