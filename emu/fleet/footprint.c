#include "emu/fleet/footprint.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes; 0: it is gone. */
static uint64_t proportional(pid_t pid)
{
    char path[64], line[128];
    uint64_t kib = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "Pss:", 4) == 0)
            kib = strtoull(line + 4, NULL, 10);
    if (f)
        fclose(f);
    return kib * 1024;
}

struct thm_fleet_footprint thm_fleet_footprint(pid_t zygote, const pid_t *beside, unsigned n)
{
    struct thm_fleet_footprint out = { 0 };
    char path[64];
    char *list = NULL, *next;
    size_t size = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)zygote, (int)zygote);
    FILE *f = fopen(path, "re");
    if (!f)
        return out;
    if (getline(&list, &size, f) > 0)
        for (char *at = list; *at; at = next) {
            const uint64_t bytes = proportional((pid_t)strtol(at, &next, 10));
            if (next == at)
                break;
            out.boards += bytes > 0;
            out.of_boards += bytes;
        }
    free(list);
    fclose(f);
    out.all = out.of_boards + proportional(zygote);
    for (unsigned i = 0; i < n; i++)
        out.all += beside[i] > 0 ? proportional(beside[i]) : 0;
    return out;
}
