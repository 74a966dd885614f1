#include "emu/torture/torture.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "emu/torture/shared.h"
#include "emu/board/storage_place.h"
#include "fsimages/media/chip.h"

#define X(id, name, text) { name, text, 0 },
const struct thm_named thm_scenarios[] = { THM_SCENARIOS(X) };
const struct thm_named thm_volumes[] = { THM_VOLUMES(X) };
#undef X
#define X(id, name, letter, text) { name, text, letter },
const struct thm_named thm_outcomes[] = { THM_OUTCOMES(X) };
#undef X

int thm_named_find(const struct thm_named *table, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return i;
    return -1;
}

bool thm_torture_is_unsafe(const struct thm_torture *t, enum thm_outcome o)
{
    const bool had_one = t->scenario != THM_SCENARIO_DOWNLOAD;
    return o >= THM_OUTCOME_HUNG || (had_one && o >= THM_OUTCOME_NONE);
}

struct thm_torture_medium thm_torture_medium(const struct thm_torture *t)
{
    const struct thm_profile *p = t->run.profile;
    const unsigned number = thm_storage_place(p, thm_storage_find(p, t->run.storage)).medium;
    const struct thm_part *part = thm_part_find(thm_medium_part(p, number));
    return (struct thm_torture_medium){ part, thm_medium_bytes(p, number), number, thm_part_erased(part) };
}

enum thm_fs_err thm_torture_chip(struct thm_medium **out, const struct thm_torture_medium *m, int fd, bool is_private,
                                 uint8_t **bytes)
{
    const int how = (is_private ? MAP_PRIVATE : MAP_SHARED) | MAP_NORESERVE;
    *bytes = mmap(NULL, m->size, PROT_READ | PROT_WRITE, how, fd, 0);
    if (*bytes == MAP_FAILED)
        return THM_FS_EHOST;
    return thm_chip_create(out, m->part, m->size, &(struct thm_cells){ .bytes = *bytes }, NULL);
}

static void *map(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *p, size_t bytes)
{
    if (p)
        munmap(p, bytes);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double children_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void host_failed(struct thm_torture_result *r, const char *what)
{
    r->exit_status = 20;
    snprintf(r->message, sizeof r->message, "%s: %s", what, strerror(errno));
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

/* ---- record ---- */

/* What a child has left is looked at before it is used: it had a model of somebody's in its hands. */
static bool is_sound(const struct thm_torture *t, const struct thm_journal *j)
{
    const uint64_t size = thm_torture_medium(t).size;
    bool ok = j->count < j->capacity && j->used <= j->room;
    for (uint32_t i = 0; ok && i < j->count; i++) {
        const struct thm_journal_entry *e = &j->entry[i];
        ok = e->off <= size && e->data <= j->used && e->len <= j->used - e->data;
    }
    return ok;
}

static void take_recording(const struct thm_torture *t, struct thm_torture_shared *sh, struct thm_torture_result *r)
{
    r->exit_status = sh->status;
    r->update_status = sh->update_status;
    thm_make_printable(sh->message, sizeof sh->message);
    thm_make_printable(sh->update_message, sizeof sh->update_message);
    memcpy(r->message, sh->message, sizeof r->message);
    memcpy(r->update_message, sh->update_message, sizeof r->update_message);
    r->journal.count = sh->count;
    r->journal.used = sh->used;
    r->arena = sh->arena;
    if (!r->exit_status && !is_sound(t, &r->journal)) {
        r->exit_status = 12;
        snprintf(r->message, sizeof r->message, "the board has damaged its own record of the update");
    }
}

static void record(struct thm_scene *s, struct thm_torture_shared *sh, struct thm_torture_result *r)
{
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0)
        thm_torture_record(s, r->content, &r->journal, sh);
    if (pid < 0) {
        host_failed(r, "starting the board process");
        return;
    }
    const int status = wait_for(pid);
    take_recording(s->t, sh, r);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        r->exit_status = WIFSIGNALED(status) ? 17 : WEXITSTATUS(status);
        snprintf(r->message, sizeof r->message, "the board did not survive the update itself, without any power cut");
    }
    s->ota.arena = r->arena;
}

/* ---- cut ---- */

struct crew {
    struct thm_torture_share share[JOBS_MAX];
    pid_t pid[JOBS_MAX];
    uint32_t jobs, running;
};

static int start_worker(struct crew *c, uint32_t i)
{
    c->pid[i] = fork();
    if (c->pid[i] == 0)
        thm_torture_work(&c->share[i]);
    c->running += c->pid[i] > 0;
    return c->pid[i] < 0 ? -1 : 0;
}

static int start_crew(struct crew *c, const struct thm_torture_share *all, struct thm_torture_shared *sh, uint32_t jobs)
{
    c->jobs = jobs < all->end ? jobs : all->end;
    for (uint32_t i = 0; i < c->jobs; i++) {
        c->share[i] = *all;
        c->share[i].from = (uint32_t)((uint64_t)all->end * i / c->jobs);
        c->share[i].end = (uint32_t)((uint64_t)all->end * (i + 1) / c->jobs);
        c->share[i].at = &sh->at[i];
        if (start_worker(c, i) < 0)
            return -1;
    }
    return 0;
}

/* The worker has died of the state that it was at: that is the outcome, and another one goes on behind it. */
static int replace_worker(struct crew *c, uint32_t i, int status)
{
    struct thm_torture_share *w = &c->share[i];
    const uint32_t at = *w->at;
    if (at < w->from || at >= w->end || (WIFEXITED(status) && WEXITSTATUS(status) == 20))
        return -1;
    const bool hung = WIFSIGNALED(status) && (WTERMSIG(status) == SIGVTALRM || WTERMSIG(status) == SIGKILL);
    w->state[at] = (struct thm_aftermath){ hung ? THM_OUTCOME_HUNG : THM_OUTCOME_DIED, hung ? 17 : 12 };
    w->from = at + 1;
    return w->from < w->end ? start_worker(c, i) : 0;
}

static int reap_one(struct crew *c)
{
    int status;
    const pid_t pid = waitpid(-1, &status, 0);
    if (pid < 0)
        return errno == EINTR ? 0 : -1;
    for (uint32_t i = 0; i < c->jobs; i++) {
        if (c->pid[i] != pid)
            continue;
        c->pid[i] = 0;
        c->running--;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : replace_worker(c, i, status);
    }
    return 0;
}

static void cut(const struct thm_scene *s, struct thm_torture_shared *sh, struct thm_torture_result *r)
{
    struct crew c = { 0 };
    const struct thm_torture_share all = {
        .scene = s, .journal = &r->journal, .content = r->content, .end = 2 * r->journal.count + 1, .state = r->state
    };
    const uint32_t jobs = s->t->jobs < JOBS_MAX ? s->t->jobs : JOBS_MAX;
    const double start = now(), processor = children_seconds();
    int bad = start_crew(&c, &all, sh, jobs ? jobs : 1);
    while (!bad && c.running)
        bad = reap_one(&c);
    if (bad)
        host_failed(r, "a worker");
    for (uint32_t i = 0; i < c.jobs; i++)
        if (c.pid[i] > 0) {
            kill(c.pid[i], SIGKILL);
            wait_for(c.pid[i]);
        }
    r->seconds = now() - start;
    r->processor_seconds = children_seconds() - processor;
}

static bool take_memory(const struct thm_torture *t, struct thm_torture_result *r, struct thm_torture_shared **sh)
{
    *sh = map(sizeof **sh);
    r->content = memfd_create("thimble-medium", MFD_CLOEXEC);
    if (r->content >= 0 && ftruncate(r->content, (off_t)thm_torture_medium(t).size) < 0)
        return false;
    r->journal = (struct thm_journal){ .entry = map(JOURNAL_ENTRIES * sizeof *r->journal.entry),
                                       .capacity = JOURNAL_ENTRIES,
                                       .bytes = map(JOURNAL_BYTES),
                                       .room = JOURNAL_BYTES };
    r->state = map((2 * (size_t)JOURNAL_ENTRIES + 1) * sizeof *r->state);
    return *sh && r->content >= 0 && r->journal.entry && r->journal.bytes && r->state;
}

void thm_torture_run(const struct thm_torture *t, struct thm_torture_result *out)
{
    struct thm_scene s = { 0 };
    struct thm_torture_shared *sh = NULL;
    *out = (struct thm_torture_result){ .content = -1 };
    if (!take_memory(t, out, &sh) || thm_scene_init(&s, t))
        host_failed(out, "memory for the journal");
    if (!out->exit_status)
        record(&s, sh, out);
    if (!out->exit_status)
        cut(&s, sh, out);
    thm_scene_finish(&s);
    unmap(sh, sizeof *sh);
}

void thm_torture_finish(struct thm_torture_result *r)
{
    if (r->content >= 0)
        close(r->content);
    unmap(r->journal.entry, JOURNAL_ENTRIES * sizeof *r->journal.entry);
    unmap(r->journal.bytes, JOURNAL_BYTES);
    unmap(r->state, (2 * (size_t)JOURNAL_ENTRIES + 1) * sizeof *r->state);
}

/* ---- one of them again ---- */

static void tell_events(const struct thm_run *run, const struct thm_msg *m, long len,
                        void (*listing)(void *ctx, const char *line))
{
    struct thm_event e;
    for (long at = 0; at + (long)sizeof e <= len; at += (long)sizeof e) {
        memcpy(&e, (const uint8_t *)(m + 1) + at, sizeof e);
        thm_make_printable(e.name, sizeof e.name);
        thm_make_printable(e.text, sizeof e.text);
        if (e.type == THM_EV_LOG && strcmp(e.name, THM_RIG_LISTING) == 0)
            listing(run->ctx, e.text);
        else if (thm_event_kind(e.type))
            run->event(run->ctx, &e);
    }
}

static int listen_to(const struct thm_run *run, int modem, void (*listing)(void *ctx, const char *line))
{
    uint8_t *buf = malloc(65536);
    const struct thm_msg *m;
    long len;
    while (buf && (len = thm_modem_receive(modem, buf, 65536, &m)) >= 0)
        if (m->type == THM_MSG_EVENTS)
            tell_events(run, m, len, listing);
    free(buf);
    return buf ? 0 : 20;
}

int thm_torture_replay(const struct thm_torture *t, const struct thm_torture_result *r, uint32_t i,
                       void (*listing)(void *ctx, const char *line))
{
    struct thm_scene s;
    int fds[2], status = thm_scene_init(&s, t);
    s.ota.arena = r->arena;
    const struct thm_torture_share w = { &s, &r->journal, r->content, i, i + 1, r->state, NULL };
    if (status || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return 20;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0)
        thm_torture_show(&w, fds[1]);
    close(fds[1]);
    status = pid < 0 ? 20 : listen_to(&t->run, fds[0], listing);
    close(fds[0]);
    const int end = pid > 0 ? wait_for(pid) : 0;
    thm_scene_finish(&s);
    return status ? status : WIFEXITED(end) ? WEXITSTATUS(end) : 17;
}
