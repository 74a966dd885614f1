#include "emu/fleet/zygote.h"
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/board/process.h"
#include "emu/board/shed.h"
#include "emu/board/storage_place.h"
#include "emu/fleet/child.h"

enum order_kind { ORDER_START, ORDER_KILL };

struct order {
    uint32_t kind, slot, id;
};

struct zygote { /* in its own process */
    const struct thm_fleet_kit *kit;
    int line, children; /* children: a signalfd */
    pid_t *pids;        /* of each slot; 0: none */
    uint32_t slots;
    sigset_t before;
};

static uint64_t us(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

/* ---- the zygote's side ---- */

static void be_board(const struct zygote *z, uint32_t id, int modem)
{
    struct thm_fleet_plan plan;
    struct thm_chips chips;
    char error[200];
    static struct thm_fleet_run run; /* not on the stack: the board keeps it */
    sigprocmask(SIG_SETMASK, &z->before, NULL);
    thm_fleet_plan(z->kit->fleet, id, &plan);
    if (!thm_fleet_make_run(z->kit, &plan, &run))
        _exit(2);
    const uint32_t media = thm_media_of(run.run.profile, run.run.firmware ? NULL : run.run.storage);
    if (thm_chips_open(&chips, run.run.profile, media, NULL, error, sizeof error))
        _exit(20);
    thm_board_process(&run.run, modem, &chips);
}

static void tell(const struct zygote *z, const struct thm_zygote_report *r)
{
    while (send(z->line, r, sizeof *r, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

static void start_board(struct zygote *z, const struct order *o, int modem)
{
    const pid_t pid = o->slot < z->slots ? _Fork() : -1; /* fork() calls handlers of libraries that are gone */
    if (pid == 0)
        be_board(z, o->id, modem);
    close(modem);
    if (pid < 0)
        tell(z, &(struct thm_zygote_report){ .slot = o->slot, .error = errno });
    else
        z->pids[o->slot] = pid;
}

static void reap(struct zygote *z)
{
    struct signalfd_siginfo info;
    struct rusage u;
    int status;
    (void)!read(z->children, &info, sizeof info);
    for (pid_t pid; (pid = wait4(-1, &status, WNOHANG, &u)) > 0;)
        for (uint32_t i = 0; i < z->slots; i++) {
            if (z->pids[i] != pid)
                continue;
            z->pids[i] = 0;
            tell(z, &(struct thm_zygote_report){ .slot = i,
                                                 .wait_status = status,
                                                 .user_us = us(u.ru_utime),
                                                 .system_us = us(u.ru_stime),
                                                 .rss_bytes = (uint64_t)u.ru_maxrss * 1024 });
            break;
        }
}

/* Result: false: the supervisor is gone. */
static bool take_order(struct zygote *z)
{
    struct order o = { 0 };
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec iov = { &o, sizeof o };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    const ssize_t n = recvmsg(z->line, &m, MSG_CMSG_CLOEXEC);
    int modem = -1;
    if (n <= 0)
        return n < 0 && errno == EINTR;
    if (m.msg_controllen && control.head.cmsg_type == SCM_RIGHTS)
        memcpy(&modem, CMSG_DATA(&control.head), sizeof modem);
    if (o.kind == ORDER_START && modem >= 0)
        start_board(z, &o, modem);
    else if (o.kind == ORDER_KILL && o.slot < z->slots && z->pids[o.slot] > 0)
        kill(z->pids[o.slot], SIGKILL);
    return true;
}

static bool any_firmware(const struct thm_fleet *f)
{
    bool any = false;
    for (unsigned i = 0; i < f->groups_count; i++)
        any = any || f->groups[i].firmware;
    return any;
}

/* What was given back lies in pieces between what is in use. A board that takes some would write into the pages of
 * several, which are copied then: it shall take fresh memory, so these are taken here, for good. */
static void fill_holes(void)
{
    const char *top = (const char *)sbrk(0) - mallinfo2().keepcost;
    for (size_t size = 1u << 16; size >= 16; size -= size > 1024 ? size / 2 : 16)
        for (const char *p = malloc(size); p && p < top; p = malloc(size)) {
        }
}

static void prepare(struct zygote *z)
{
    sigset_t child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    thm_fleet_child(&z->line);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &z->before);
    z->children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    z->pids = calloc(z->slots, sizeof *z->pids);
    if (z->children < 0 || !z->pids)
        _exit(20);
    thm_board_prepare();
    if (!any_firmware(z->kit->fleet)) /* loading one looks names up in every library */
        thm_shed_libraries(NULL);
    malloc_trim(0);
    fill_holes();
}

static void be_zygote(struct zygote z)
{
    bool on = true;
    prepare(&z);
    while (on) {
        struct pollfd p[] = { { .fd = z.children, .events = POLLIN }, { .fd = z.line, .events = POLLIN } };
        if (poll(p, 2, -1) < 0)
            continue;
        if (p[0].revents)
            reap(&z);
        if (p[1].revents)
            on = take_order(&z);
    }
    for (uint32_t i = 0; i < z.slots; i++)
        if (z.pids[i] > 0)
            kill(z.pids[i], SIGKILL);
    _exit(0);
}

/* ---- the supervisor's side ---- */

int thm_zygote_start(struct thm_zygote *z, const struct thm_fleet_kit *k, uint32_t slots)
{
    int fds[2];
    *z = (struct thm_zygote){ .line = -1 };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    z->pid = fork();
    if (z->pid == 0)
        be_zygote((struct zygote){ .kit = k, .line = fds[1], .slots = slots });
    close(fds[1]);
    z->line = fds[0];
    return z->pid < 0 ? -1 : 0;
}

static int send_order(const struct thm_zygote *z, const struct order *o, int modem)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
    struct iovec iov = { (void *)(uintptr_t)o, sizeof *o };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    if (modem >= 0) {
        memcpy(CMSG_DATA(&control.head), &modem, sizeof modem);
        m.msg_control = &control;
        m.msg_controllen = sizeof control;
    }
    return sendmsg(z->line, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

int thm_zygote_order(const struct thm_zygote *z, uint32_t slot, uint32_t id, int modem)
{
    return send_order(z, &(struct order){ ORDER_START, slot, id }, modem);
}

int thm_zygote_kill(const struct thm_zygote *z, uint32_t slot)
{
    return send_order(z, &(struct order){ ORDER_KILL, slot, 0 }, -1);
}

int thm_zygote_read(const struct thm_zygote *z, struct thm_zygote_report *out)
{
    const ssize_t n = recv(z->line, out, sizeof *out, MSG_DONTWAIT);
    if (n == (ssize_t)sizeof *out)
        return 1;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

void thm_zygote_stop(struct thm_zygote *z, uint64_t *cpu_us)
{
    struct rusage u = { 0 };
    if (z->line >= 0)
        close(z->line);
    if (z->pid > 0)
        while (wait4(z->pid, NULL, 0, &u) < 0 && errno == EINTR) {
        }
    if (cpu_us)
        *cpu_us = us(u.ru_utime) + us(u.ru_stime);
    *z = (struct thm_zygote){ .line = -1 };
}
