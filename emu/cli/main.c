/* emu/cli/main.c -- the command table: dispatch, help and completion all read it. */
#include <stdio.h>
#include <string.h>
#include "emu/board/profile.h"
#include "emu/cli/cli.h"
#include "emu/cli/commands.h"

static const struct thm_command *const commands[] = {
#define X(name) &thm_command_##name,
    THM_COMMANDS(X)
#undef X
        NULL,
};

static void usage(FILE *to)
{
    fputs("usage: thimble [--profile-dir DIR] COMMAND [ARGUMENT]...\n"
          "Emulate constrained boards: their memory, storage, network and model interpreter.\n\n",
          to);
    for (size_t i = 0; commands[i]; i++)
        fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'thimble COMMAND --help' tells more, 'thimble --version' the version.\n", to);
}

static const struct thm_command *find_command(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    int i = 1;
    if (i + 1 < argc && strcmp(argv[i], "--profile-dir") == 0) {
        thm_profile_set_dir(argv[i + 1]);
        i += 2;
    }
    if (i >= argc) {
        usage(stderr);
        return THM_EXIT_USAGE;
    }
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "help") == 0) {
        usage(stdout);
        return THM_EXIT_OK;
    }
    if (strcmp(argv[i], "--version") == 0) {
        puts("thimble " THM_VERSION);
        return THM_EXIT_OK;
    }
    const struct thm_command *c = find_command(argv[i]);
    if (!c)
        return thm_fail(THM_EXIT_USAGE, "unknown command '%s'; 'thimble --help' lists them", argv[i]);
    int status = c->run(argc - i, argv + i);
    if (fflush(stdout) != 0 && status == THM_EXIT_OK)
        return thm_fail(THM_EXIT_HOST, "standard output could not be written");
    return status;
}
