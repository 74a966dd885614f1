/* emu/firmware/libc.c -- the C library that a firmware finds on its board.
 *
 * Memory and console are the board's, time is the device's; formatting runs on the PC's stack, where it takes more than
 * a device's would. What needs files, sockets, threads or the PC is refused. All else (string.h, math.h, qsort, ...)
 * computes and stays the PC's. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include "emu/board/hal.h"
#include "emu/firmware/services.h"

#define CALLER      __builtin_return_address(0)
#define CALLER_NAME thm_services_caller(CALLER)

static uint32_t device_size(size_t bytes) /* a device's size_t ends at 4 GiB; no heap has so much */
{
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

/* ---- stdlib.h: memory ---- */

static void *allocate(size_t bytes, const char *who)
{
    return thm_hal_malloc(thm_services_board(), device_size(bytes), who);
}

static void *board_malloc(size_t bytes)
{
    return allocate(bytes, CALLER_NAME);
}

static void *board_calloc(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        bytes = SIZE_MAX;
    void *p = allocate(bytes, CALLER_NAME);
    return p ? memset(p, 0, bytes) : NULL;
}

static void *board_realloc(void *p, size_t bytes)
{
    return thm_hal_realloc(thm_services_board(), p, device_size(bytes), CALLER_NAME);
}

static void *board_reallocarray(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        bytes = SIZE_MAX;
    return thm_hal_realloc(thm_services_board(), p, device_size(bytes), CALLER_NAME);
}

static bool is_alignment(size_t align)
{
    return align && align <= UINT32_MAX && (align & (align - 1)) == 0;
}

static void *board_memalign(size_t align, size_t bytes)
{
    struct thm_board *b = thm_services_board();
    return is_alignment(align) ? thm_hal_memalign(b, device_size(align), device_size(bytes), CALLER_NAME) : NULL;
}

static int board_posix_memalign(void **out, size_t align, size_t bytes)
{
    enum { NO_MEMORY = 12, INVALID = 22 }; /* ENOMEM, EINVAL */
    if (!is_alignment(align))
        return INVALID;
    void *p = thm_hal_memalign(thm_services_board(), device_size(align), device_size(bytes), CALLER_NAME);
    if (p)
        *out = p;
    return p ? 0 : NO_MEMORY;
}

static void board_free(void *p)
{
    thm_hal_free(thm_services_board(), p);
}

/* ---- string.h: what allocates ---- */

static char *duplicate(const char *s, size_t len, const char *who)
{
    char *p = allocate(len + 1, who);
    if (!p)
        return NULL;
    memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

static char *board_strdup(const char *s)
{
    return duplicate(s, strlen(s), CALLER_NAME);
}

static char *board_strndup(const char *s, size_t max)
{
    return duplicate(s, strnlen(s, max), CALLER_NAME);
}

/* ---- stdio.h: the console ---- */

#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the firmware's compiler has checked its formats */

/* The body of a variadic function: what follows `last` is args in `result`. */
#define FORWARD(last, result)     \
    va_list args;                 \
    va_start(args, last);         \
    const int forwarded = result; \
    va_end(args);                 \
    return forwarded

static int print(const char *fmt, va_list args)
{
    return thm_hal_vprint(thm_services_board(), "", fmt, args);
}

static void need_console(FILE *f)
{
    if (f != stdout && f != stderr)
        thm_hal_fault(thm_services_board(), NULL, "output to a stream that is neither stdout nor stderr");
}

static int board_printf(const char *fmt, ...)
{
    FORWARD(fmt, print(fmt, args));
}

static int board_printf_chk(int flag, const char *fmt, ...)
{
    (void)flag;
    FORWARD(fmt, print(fmt, args));
}

static int board_vprintf(const char *fmt, va_list args)
{
    return print(fmt, args);
}

static int board_vprintf_chk(int flag, const char *fmt, va_list args)
{
    (void)flag;
    return print(fmt, args);
}

static int board_fprintf(FILE *f, const char *fmt, ...)
{
    need_console(f);
    FORWARD(fmt, print(fmt, args));
}

static int board_fprintf_chk(FILE *f, int flag, const char *fmt, ...)
{
    (void)flag;
    need_console(f);
    FORWARD(fmt, print(fmt, args));
}

static int board_vfprintf(FILE *f, const char *fmt, va_list args)
{
    need_console(f);
    return print(fmt, args);
}

static int board_vfprintf_chk(FILE *f, int flag, const char *fmt, va_list args)
{
    (void)flag;
    return board_vfprintf(f, fmt, args);
}

static void print_text(const char *s, size_t len)
{
    thm_hal_print(thm_services_board(), s, device_size(len));
}

static int board_puts(const char *s)
{
    print_text(s, strlen(s));
    print_text("\n", 1);
    return 1;
}

static int board_fputs(const char *s, FILE *f)
{
    need_console(f);
    print_text(s, strlen(s));
    return 1;
}

static int board_putchar(int c)
{
    const char text = (char)c;
    print_text(&text, 1);
    return (unsigned char)c;
}

static int board_fputc(int c, FILE *f)
{
    need_console(f);
    return board_putchar(c);
}

static size_t board_fwrite(const void *data, size_t size, size_t n, FILE *f)
{
    need_console(f);
    print_text(data, size * n);
    return n;
}

static int board_fflush(FILE *f)
{
    (void)f;
    return 0;
}

/* ---- stdio.h: formatting into memory ---- */

static int format(char *buf, size_t size, const char *fmt, va_list args)
{
    return thm_hal_vformat(thm_services_board(), buf, size, fmt, args);
}

static int board_snprintf(char *buf, size_t size, const char *fmt, ...)
{
    FORWARD(fmt, format(buf, size, fmt, args));
}

static int board_snprintf_chk(char *buf, size_t size, int flag, size_t room, const char *fmt, ...)
{
    (void)flag;
    FORWARD(fmt, format(buf, size < room ? size : room, fmt, args));
}

static int board_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
    return format(buf, size, fmt, args);
}

static int board_vsnprintf_chk(char *buf, size_t size, int flag, size_t room, const char *fmt, va_list args)
{
    (void)flag;
    return format(buf, size < room ? size : room, fmt, args);
}

static int board_sprintf(char *buf, const char *fmt, ...)
{
    FORWARD(fmt, format(buf, INT32_MAX, fmt, args));
}

static int board_sprintf_chk(char *buf, int flag, size_t room, const char *fmt, ...)
{
    (void)flag;
    FORWARD(fmt, format(buf, room < INT32_MAX ? room : INT32_MAX, fmt, args));
}

static int board_vsprintf(char *buf, const char *fmt, va_list args)
{
    return format(buf, INT32_MAX, fmt, args);
}

static int board_vsprintf_chk(char *buf, int flag, size_t room, const char *fmt, va_list args)
{
    (void)flag;
    return format(buf, room < INT32_MAX ? room : INT32_MAX, fmt, args);
}

static int format_new(char **out, const char *fmt, va_list args, const char *who)
{
    va_list again;
    va_copy(again, args);
    const int len = format(NULL, 0, fmt, args);
    *out = len < 0 ? NULL : allocate((size_t)len + 1, who);
    const int n = *out ? format(*out, (size_t)len + 1, fmt, again) : -1;
    va_end(again);
    return n;
}

static int board_asprintf(char **out, const char *fmt, ...)
{
    FORWARD(fmt, format_new(out, fmt, args, CALLER_NAME));
}

static int board_asprintf_chk(char **out, int flag, const char *fmt, ...)
{
    (void)flag;
    FORWARD(fmt, format_new(out, fmt, args, CALLER_NAME));
}

static int board_vasprintf(char **out, const char *fmt, va_list args)
{
    return format_new(out, fmt, args, CALLER_NAME);
}

static int board_vasprintf_chk(char **out, int flag, const char *fmt, va_list args)
{
    (void)flag;
    return format_new(out, fmt, args, CALLER_NAME);
}

static int board_sscanf(const char *s, const char *fmt, ...)
{
    FORWARD(fmt, thm_hal_vscan(thm_services_board(), s, fmt, args));
}

static int board_vsscanf(const char *s, const char *fmt, va_list args)
{
    return thm_hal_vscan(thm_services_board(), s, fmt, args);
}

/* ---- time.h, unistd.h: the device's clock, which starts at power-on ---- */

static uint64_t now_ns(void)
{
    return thm_hal_now_ns(thm_services_board());
}

static time_t board_time(time_t *out)
{
    const time_t t = (time_t)(now_ns() / 1000000000u);
    if (out)
        *out = t;
    return t;
}

static clock_t board_clock(void)
{
    return (clock_t)(now_ns() / (1000000000u / CLOCKS_PER_SEC));
}

static int board_clock_gettime(clockid_t which, struct timespec *out)
{
    const uint64_t t = now_ns();
    (void)which;
    *out = (struct timespec){ .tv_sec = (time_t)(t / 1000000000u), .tv_nsec = (long)(t % 1000000000u) };
    return 0;
}

static int board_gettimeofday(struct timeval *out, void *zone)
{
    const uint64_t t = now_ns();
    (void)zone;
    *out = (struct timeval){ .tv_sec = (time_t)(t / 1000000000u), .tv_usec = (suseconds_t)(t % 1000000000u / 1000u) };
    return 0;
}

static unsigned board_sleep(unsigned s)
{
    thm_hal_spend(thm_services_board(), (uint64_t)s * 1000000000u);
    return 0;
}

static int board_usleep(useconds_t us)
{
    thm_hal_spend(thm_services_board(), (uint64_t)us * 1000u);
    return 0;
}

static int board_nanosleep(const struct timespec *t, struct timespec *rest)
{
    (void)rest;
    thm_hal_spend(thm_services_board(), (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec);
    return 0;
}

/* ---- the end ---- */

static void board_exit(int status)
{
    thm_hal_end(thm_services_board(), thm_services_result(status));
}

static void board_abort(void)
{
    thm_hal_fault(thm_services_board(), CALLER, "abort() was called");
}

static void board_assert_fail(const char *what, const char *file, unsigned line, const char *function)
{
    thm_hal_fault(thm_services_board(), NULL, "assertion failed: %s:%u: %s: %s", file, line, function, what);
}

static void board_stack_chk_fail(void)
{
    thm_hal_fault(thm_services_board(), CALLER,
                  "a local array was overrun: the stack protector's canary is overwritten");
}

static void board_chk_fail(void)
{
    thm_hal_fault(thm_services_board(), CALLER, "a buffer was too small for what was written to it");
}

/* ---- the table ---- */

typedef void any_function(void);
#define OWN(name, function)                     \
    {                                           \
#name, (any_function *)(function), NULL \
    }
#define NOT(name, instead)   \
    {                        \
#name, NULL, instead \
    }

#define FILES   "files are on its storage: thm_file_open() of thimble/firmware.h"
#define INPUT   "it has no keyboard: thm_sensor_read() or thm_setting() of thimble/firmware.h"
#define SOCKETS "its network is thm_https_get() of thimble/firmware.h"
#define THREADS "its firmware is one task: setup() and loop()"
#define PROCESS "it has no operating system of the PC's"
#define MEMORY  "its memory is malloc()'s"

static const struct thm_binding bindings[] = {
    OWN(_Znwm, thm_services_new), /* the program around libthimble may have others */
    OWN(_Znam, thm_services_new),
    OWN(_ZdlPv, thm_services_delete),
    OWN(_ZdaPv, thm_services_delete),
    OWN(_ZdlPvm, thm_services_delete_sized),
    OWN(_ZdaPvm, thm_services_delete_sized),
    OWN(malloc, board_malloc),
    OWN(calloc, board_calloc),
    OWN(realloc, board_realloc),
    OWN(reallocarray, board_reallocarray),
    OWN(memalign, board_memalign),
    OWN(aligned_alloc, board_memalign),
    OWN(posix_memalign, board_posix_memalign),
    OWN(free, board_free),
    OWN(cfree, board_free),
    OWN(strdup, board_strdup),
    OWN(__strdup, board_strdup),
    OWN(strndup, board_strndup),
    OWN(__strndup, board_strndup),
    OWN(printf, board_printf),
    OWN(__printf_chk, board_printf_chk),
    OWN(vprintf, board_vprintf),
    OWN(__vprintf_chk, board_vprintf_chk),
    OWN(fprintf, board_fprintf),
    OWN(__fprintf_chk, board_fprintf_chk),
    OWN(vfprintf, board_vfprintf),
    OWN(__vfprintf_chk, board_vfprintf_chk),
    OWN(puts, board_puts),
    OWN(fputs, board_fputs),
    OWN(fputs_unlocked, board_fputs),
    OWN(putchar, board_putchar),
    OWN(putchar_unlocked, board_putchar),
    OWN(fputc, board_fputc),
    OWN(putc, board_fputc),
    OWN(_IO_putc, board_fputc),
    OWN(fwrite, board_fwrite),
    OWN(fwrite_unlocked, board_fwrite),
    OWN(fflush, board_fflush),
    OWN(snprintf, board_snprintf),
    OWN(__snprintf_chk, board_snprintf_chk),
    OWN(vsnprintf, board_vsnprintf),
    OWN(__vsnprintf_chk, board_vsnprintf_chk),
    OWN(sprintf, board_sprintf),
    OWN(__sprintf_chk, board_sprintf_chk),
    OWN(vsprintf, board_vsprintf),
    OWN(__vsprintf_chk, board_vsprintf_chk),
    OWN(asprintf, board_asprintf),
    OWN(__asprintf_chk, board_asprintf_chk),
    OWN(vasprintf, board_vasprintf),
    OWN(__vasprintf_chk, board_vasprintf_chk),
    OWN(sscanf, board_sscanf),
    OWN(__isoc99_sscanf, board_sscanf),
    OWN(__isoc23_sscanf, board_sscanf),
    OWN(vsscanf, board_vsscanf),
    OWN(__isoc99_vsscanf, board_vsscanf),
    OWN(__isoc23_vsscanf, board_vsscanf),
    OWN(time, board_time),
    OWN(clock, board_clock),
    OWN(clock_gettime, board_clock_gettime),
    OWN(gettimeofday, board_gettimeofday),
    OWN(sleep, board_sleep),
    OWN(usleep, board_usleep),
    OWN(nanosleep, board_nanosleep),
    OWN(exit, board_exit),
    OWN(_exit, board_exit),
    OWN(_Exit, board_exit),
    OWN(quick_exit, board_exit),
    OWN(abort, board_abort),
    OWN(__assert_fail, board_assert_fail),
    OWN(__stack_chk_fail, board_stack_chk_fail),
    OWN(__chk_fail, board_chk_fail),

    NOT(fopen, FILES),
    NOT(fopen64, FILES),
    NOT(fdopen, FILES),
    NOT(freopen, FILES),
    NOT(freopen64, FILES),
    NOT(fclose, FILES),
    NOT(fread, FILES),
    NOT(fseek, FILES),
    NOT(ftell, FILES),
    NOT(tmpfile, FILES),
    NOT(open, FILES),
    NOT(open64, FILES),
    NOT(openat, FILES),
    NOT(creat, FILES),
    NOT(read, FILES),
    NOT(write, FILES),
    NOT(close, FILES),
    NOT(lseek, FILES),
    NOT(unlink, "files are on its storage: thm_file_remove() of thimble/firmware.h"),
    NOT(remove, "files are on its storage: thm_file_remove() of thimble/firmware.h"),
    NOT(rename, "files are on its storage: thm_file_rename() of thimble/firmware.h"),
    NOT(stat, "files are on its storage: thm_file_size() of thimble/firmware.h"),
    NOT(opendir, FILES),
    NOT(mkdir, FILES),
    NOT(realpath, FILES),
    NOT(getcwd, FILES),
    NOT(open_memstream, "use snprintf() or asprintf()"),
    NOT(fmemopen, "use sscanf()"),
    NOT(perror, "use printf() and strerror()"),
    NOT(fgets, INPUT),
    NOT(fgetc, INPUT),
    NOT(getc, INPUT),
    NOT(getchar, INPUT),
    NOT(gets, INPUT),
    NOT(getline, INPUT),
    NOT(getdelim, INPUT),
    NOT(__getdelim, INPUT),
    NOT(scanf, INPUT),
    NOT(__isoc99_scanf, INPUT),
    NOT(fscanf, INPUT),
    NOT(__isoc99_fscanf, INPUT),
    NOT(getenv, "use thm_setting() of thimble/firmware.h"),
    NOT(secure_getenv, "use thm_setting() of thimble/firmware.h"),
    NOT(socket, SOCKETS),
    NOT(connect, SOCKETS),
    NOT(bind, SOCKETS),
    NOT(listen, SOCKETS),
    NOT(accept, SOCKETS),
    NOT(send, SOCKETS),
    NOT(sendto, SOCKETS),
    NOT(recv, SOCKETS),
    NOT(recvfrom, SOCKETS),
    NOT(poll, SOCKETS),
    NOT(select, SOCKETS),
    NOT(getaddrinfo, SOCKETS),
    NOT(gethostbyname, SOCKETS),
    NOT(pthread_create, THREADS),
    NOT(thrd_create, THREADS),
    NOT(fork, THREADS),
    NOT(vfork, THREADS),
    NOT(clone, THREADS),
    NOT(signal, PROCESS),
    NOT(sigaction, PROCESS),
    NOT(raise, "use abort()"),
    NOT(kill, PROCESS),
    NOT(alarm, PROCESS),
    NOT(setitimer, PROCESS),
    NOT(atexit, PROCESS),
    NOT(system, PROCESS),
    NOT(popen, PROCESS),
    NOT(execve, PROCESS),
    NOT(execv, PROCESS),
    NOT(execvp, PROCESS),
    NOT(execl, PROCESS),
    NOT(execlp, PROCESS),
    NOT(posix_spawn, PROCESS),
    NOT(syscall, PROCESS),
    NOT(dlopen, PROCESS),
    NOT(dlsym, PROCESS),
    NOT(getrandom, "use rand() or a generator of your own: a run can be repeated"),
    NOT(getentropy, "use rand() or a generator of your own: a run can be repeated"),
    NOT(arc4random, "use rand() or a generator of your own: a run can be repeated"),
    NOT(mmap, MEMORY),
    NOT(mmap64, MEMORY),
    NOT(munmap, MEMORY),
    NOT(mprotect, MEMORY),
    NOT(brk, MEMORY),
    NOT(sbrk, MEMORY),
    NOT(valloc, MEMORY),
    NOT(pvalloc, MEMORY),
    NOT(malloc_usable_size, MEMORY),
    NOT(mallinfo, "use thm_heap_info() of thimble/firmware.h"),
    NOT(mallinfo2, "use thm_heap_info() of thimble/firmware.h"),
};

const struct thm_binding *thm_libc_bindings(size_t *n)
{
    *n = sizeof bindings / sizeof bindings[0];
    return bindings;
}
