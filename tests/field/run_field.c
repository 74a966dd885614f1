/* Replay every allocation log of a folder: cases that users reported, with the figures that they saw.
 * usage: run_field FOLDER    (TAP; a log is a test) */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include "memmodels/heap_replay.h"

/* The first comment: what the case is. */
static void read_title(FILE *log, char *title, size_t len)
{
    if (!fgets(title, (int)len, log))
        *title = '\0';
    title[strcspn(title, "\n")] = '\0';
    rewind(log);
}

static bool replay(const char *path, size_t number)
{
    const struct thm_replay_options options = { 0 };
    struct thm_replay_result result;
    char title[160];
    FILE *log = fopen(path, "r");
    if (!log) {
        printf("not ok %zu - %s cannot be read\n", number, path);
        return false;
    }
    read_title(log, title, sizeof title);
    const bool done = thm_replay_stream(log, &options, &result) == THM_MEM_OK && result.ops > 0;
    fclose(log);
    printf("%sok %zu - %s\n", done ? "" : "not ", number, title[0] == '#' ? title + 2 : path);
    if (!done)
        fprintf(stderr, "%s:%llu: expected %s, got %s\n", path, (unsigned long long)result.line, result.expected,
                result.got);
    return done;
}

int main(int argc, char **argv)
{
    char pattern[4096];
    glob_t logs;
    bool done = true;
    if (argc != 2 || snprintf(pattern, sizeof pattern, "%s/*.trace", argv[1]) >= (int)sizeof pattern)
        return 2;
    if (glob(pattern, 0, NULL, &logs) != 0) {
        printf("Bail out! no logs in %s\n", argv[1]);
        return 2;
    }
    printf("1..%zu\n", logs.gl_pathc);
    for (size_t i = 0; i < logs.gl_pathc; i++)
        done = replay(logs.gl_pathv[i], i + 1) && done;
    globfree(&logs);
    return done ? 0 : 1;
}
