/* emu/board/sandbox.c -- what a board process may still do once firmware runs: compute, talk to its supervisor, end.
 *
 * A hostile model or image can at worst end this one process. */
#include "emu/board/board.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "emu/board/memcheck.h"
#include "memmodels/lowmap.h"

#if defined(__SANITIZE_ADDRESS__)
#define THM_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define THM_SANITIZED 1
#endif
#endif

/* Only these; memory may be asked for (host-side bookkeeping), never executable (see the mmap and mprotect rules). */
static const int allowed[] = {
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep), /* --realtime */
    SCMP_SYS(restart_syscall),
#ifdef THM_SANITIZED /* the sanitizer's run-time reports errors itself */
    SCMP_SYS(write),
    SCMP_SYS(ioctl), /* is it a terminal? */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(read),
    SCMP_SYS(close),
    SCMP_SYS(prlimit64),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(newfstatat),
    SCMP_SYS(lseek),
    SCMP_SYS(readlink),
#endif
};

/* While a user's firmware is loaded, whose constructors run then: its file and its libraries may be read and mapped,
 * and the sandbox for good entered. */
static const int loading[] = {
    SCMP_SYS(openat),    SCMP_SYS(read),       SCMP_SYS(pread64),  SCMP_SYS(close),      SCMP_SYS(fstat),
    SCMP_SYS(lseek),     SCMP_SYS(newfstatat), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(access),
    SCMP_SYS(mmap),      SCMP_SYS(mprotect),   SCMP_SYS(seccomp),  SCMP_SYS(prctl),      SCMP_SYS(prlimit64),
    SCMP_SYS(getrandom), SCMP_SYS(setrlimit),
};

/* Of the PC's processor: then the board counts as hung (SIGXCPU), and one second later it ends for good. */
enum { CPU_SECONDS = 120 };

static int limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    return setrlimit(resource, &(struct rlimit){ soft, hard });
}

/* Bytes that are mapped now; another program around the emulator may have terabytes. 0: not known. */
static uint64_t address_space(void)
{
    char text[64] = ""; /* pages in decimal, a space, more */
    const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    return n < 0 ? 0 : strtoull(text, NULL, 10) * (uint64_t)thm_page_size();
}

static uint64_t inherited; /* address space at thm_sandbox_prepare() */

static int set_limits(uint64_t mapped)
{
    const rlim_t space = ((rlim_t)2 << 30) + inherited + mapped;
    (void)space;
    if (limit(RLIMIT_CORE, 0, 0))
        return -1;
#ifndef THM_SANITIZED /* a sanitizer's shadow memory is terabytes of address space; it reads its maps and reports to \
                         files */
    return limit(RLIMIT_NOFILE, 0, 0) || limit(RLIMIT_FSIZE, 0, 0) || limit(RLIMIT_AS, space, space) ? -1 : 0;
#else
    return 0;
#endif
}

static int allow(scmp_filter_ctx f, const int *calls, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0) < 0)
            return -1;
    return 0;
}

static int add_running_rules(scmp_filter_ctx f)
{
    if (allow(f, allowed, sizeof allowed / sizeof allowed[0]) < 0)
        return -1;
    if (seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0)) < 0 ||
        seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, 4, 0)) < 0)
        return -1;
    return 0;
}

/* Each boot has a timer of its own. */
static int add_rig_rules(scmp_filter_ctx f)
{
    return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(setitimer), 0) < 0 ? -1 : add_running_rules(f);
}

static int add_loading_rules(scmp_filter_ctx f)
{
    return allow(f, allowed, sizeof allowed / sizeof allowed[0]) < 0 ||
                   allow(f, loading, sizeof loading / sizeof loading[0]) < 0
               ? -1
               : 0;
}

/* What is not allowed raises SIGSYS: fault.c tells what it was, and a process without that handler ends.
 * use: gets the filter, and gives 0 or a negative errno. */
static int with_filter(int (*add_rules)(scmp_filter_ctx f), int (*use)(scmp_filter_ctx f))
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_TRAP);
    if (!f) {
        errno = ENOMEM;
        return -1;
    }
    int err = add_rules(f) < 0 ? -EINVAL : use(f);
    seccomp_release(f);
    if (err < 0)
        errno = -err;
    return err < 0 ? -1 : 0;
}

static int load(scmp_filter_ctx f)
{
    return seccomp_load(f);
}

static int install(int (*add_rules)(scmp_filter_ctx f))
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 : with_filter(add_rules, load);
}

/* ---- made once for many ---- */

static struct sock_fprog ready; /* the running rules; filter NULL: not made */

static int keep(scmp_filter_ctx f)
{
    const int fd = memfd_create("sandbox", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    int err = seccomp_export_bpf(f, fd);
    const off_t bytes = err < 0 ? 0 : lseek(fd, 0, SEEK_END);
    struct sock_filter *code = bytes > 0 ? malloc((size_t)bytes) : NULL;
    if (!err && (!code || pread(fd, code, (size_t)bytes, 0) != bytes))
        err = -ENOMEM;
    close(fd);
    if (err < 0)
        free(code);
    else
        ready = (struct sock_fprog){ (unsigned short)((size_t)bytes / sizeof *code), code };
    return err;
}

int thm_sandbox_prepare(void)
{
    inherited = address_space();
    return RUNNING_ON_VALGRIND || ready.filter ? 0 : with_filter(add_running_rules, keep);
}

static int install_ready(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &ready) == 0 ? 0 : -1;
}

int thm_sandbox_enter_loading(void)
{
    return RUNNING_ON_VALGRIND ? 0 : install(add_loading_rules);
}

int thm_sandbox_enter(uint64_t mapped, unsigned cpu_seconds)
{
    const rlim_t seconds = cpu_seconds ? cpu_seconds : CPU_SECONDS;
    if (RUNNING_ON_VALGRIND) /* it makes system calls of its own on the board's behalf */
        return 0;
    if (limit(RLIMIT_CPU, seconds, seconds + 1) < 0 || set_limits(mapped) < 0)
        return -1;
    return ready.filter ? install_ready() : install(add_running_rules);
}

int thm_sandbox_enter_rig(uint64_t mapped)
{
    if (RUNNING_ON_VALGRIND)
        return 0;
    return set_limits(mapped) < 0 ? -1 : install(add_rig_rules);
}
