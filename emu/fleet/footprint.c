#include "emu/fleet/footprint.h"
#include <stdio.h>

/* Bytes; 0: it is gone. */
static uint64_t proportional(pid_t pid)
{
    char path[64], line[128];
    unsigned long long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Pss: %llu kB", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1024;
}

struct thm_fleet_footprint thm_fleet_footprint(pid_t zygote, const pid_t *beside, unsigned n)
{
    struct thm_fleet_footprint out = { 0 };
    char path[64];
    int board;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)zygote, (int)zygote);
    FILE *f = fopen(path, "re");
    if (!f)
        return out;
    while (fscanf(f, "%d", &board) == 1) {
        const uint64_t bytes = proportional(board);
        out.boards += bytes > 0;
        out.of_boards += bytes;
    }
    fclose(f);
    out.all = out.of_boards + proportional(zygote);
    for (unsigned i = 0; i < n; i++)
        out.all += beside[i] > 0 ? proportional(beside[i]) : 0;
    return out;
}
