#include "emu/fleet/jobs.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    A_PROCESSOR = 4,
    FILES_A_BOARD = 2, /* its modem, a connection */
    FILES_BESIDE = 64,
};

void thm_fleet_jobs_init(struct thm_fleet_jobs *j, uint32_t asked)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *j = (struct thm_fleet_jobs){ asked ? asked : A_PROCESSOR * (processors > 0 ? (uint32_t)processors : 1), 0 };
}

bool thm_fleet_jobs_fit(struct thm_fleet_jobs *j, char note[THM_FLEET_NOTE_MAX])
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) < 0)
        return false;
    const rlim_t want = (rlim_t)j->most * FILES_A_BOARD + FILES_BESIDE;
    if (l.rlim_cur < want) {
        l.rlim_cur = want < l.rlim_max ? want : l.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &l);
        getrlimit(RLIMIT_NOFILE, &l);
    }
    if (l.rlim_cur >= want)
        return false;
    j->most = l.rlim_cur > FILES_BESIDE + FILES_A_BOARD ? (uint32_t)(l.rlim_cur - FILES_BESIDE) / FILES_A_BOARD : 1;
    snprintf(note, THM_FLEET_NOTE_MAX, "%u boards at once: there may be only %llu descriptors (ulimit -n)", j->most,
             (unsigned long long)l.rlim_cur);
    return true;
}

static bool is_of_files(int error)
{
    return error == EMFILE || error == ENFILE;
}

const char *thm_fleet_jobs_lower(struct thm_fleet_jobs *j, uint32_t alive, int error)
{
    if (alive == 0)
        return is_of_files(error) ? "no descriptor is left for a board (see ulimit -n)"
                                  : "no process can be started for a board (see ulimit -u, ulimit -v)";
    if (alive < j->most) {
        j->most = alive;
        j->lowered = error;
    }
    return NULL;
}

bool thm_fleet_jobs_told(struct thm_fleet_jobs *j, char note[THM_FLEET_NOTE_MAX])
{
    struct rlimit l = { 0 };
    const bool files = is_of_files(j->lowered);
    if (!j->lowered)
        return false;
    getrlimit(files ? RLIMIT_NOFILE : RLIMIT_NPROC, &l);
    snprintf(note, THM_FLEET_NOTE_MAX, "%s: no more than %u boards at once from now on (the limit is %llu %s)",
             strerror(j->lowered), j->most, (unsigned long long)l.rlim_cur, files ? "descriptors" : "processes");
    j->lowered = 0;
    return true;
}
