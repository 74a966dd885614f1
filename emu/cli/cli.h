/* emu/cli/cli.h -- what all sub-commands share: option tables, errors, sizes.
 *
 * A sub-command is one file with one `const struct thm_command`; emu/cli/main.c lists them. Its option table drives
 * parsing, --help and the shell completion. Results go to stdout, everything else to stderr. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { /* exit statuses; the same in every sub-command (thimble(1)) */
       THM_EXIT_OK = 0,
       THM_EXIT_DIFFERS = 1,
       THM_EXIT_USAGE = 2,
       THM_EXIT_SRAM = 10,
       THM_EXIT_STORAGE = 11,
       THM_EXIT_FAULT = 12,
       THM_EXIT_NETWORK = 13,
       THM_EXIT_MODEL = 14,
       THM_EXIT_UPDATE = 15,
       THM_EXIT_POWER = 16,
       THM_EXIT_HUNG = 17,
       THM_EXIT_HOST = 20,
};

struct thm_option {
    const char *name; /* long name without dashes; NULL ends the table */
    const char *arg; /* "BYTES"; "[=BYTES]": may be left out, then the value is NULL, and has no letter; NULL: a flag */
    const char *help; /* one sentence, no full stop */
    char letter;      /* short option; 0: none */
};

struct thm_command {
    const char *name;                  /* "run" */
    const char *args;                  /* "MODEL [FILE]..."; for the usage line, "" if none */
    const char *summary;               /* one line */
    const char *details;               /* more for --help; may be NULL */
    const struct thm_option *options;  /* without --help, which every command has */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns an exit status */
    bool options_first; /* the first argument that is no option ends them: the rest is another program's */
};

/* Parser state over one command's argv. */
struct thm_args {
    const struct thm_command *command;
    const char *value; /* of the option just returned */
    int argc;          /* positional arguments, valid after thm_args_next() returned < 0 */
    char **argv;
    void *priv[4];
};

void thm_args_init(struct thm_args *a, const struct thm_command *c, int argc, char **argv);
/* The next option: its index in the table; -1 at the end; -2: wrong usage, already reported (return THM_EXIT_USAGE);
 * -3: --help was printed (return 0). */
int thm_args_next(struct thm_args *a);

void thm_command_help(const struct thm_command *c); /* to stdout, within 80 columns */

/* "thimble: COMMAND: MESSAGE" on stderr; returns `status`, so that commands can `return thm_fail(...)`. */
int thm_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Wrong usage: as thm_fail(THM_EXIT_USAGE, ...) plus "see 'thimble COMMAND --help'". */
int thm_usage(const struct thm_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "123", "0x40", "4K", "2M" (1024-based). false: not a number, negative or above max. */
bool thm_parse_size(const char *text, uint64_t max, uint64_t *out);

/* Read a whole file of at most max bytes. *data is malloc'ed, one byte longer for a zero. Result: 0, 2 (missing, too
 * large, not a file) or 20, already reported. */
int thm_read_file(const char *path, uint64_t max, uint8_t **data, size_t *len);
/* Make a folder if there is none of that name (its parent must exist). Reported; 0, 2 or 20. */
int thm_make_folder(const char *path);
/* Write a file so that a reader sees all of it or the old one (temporary file + rename). Reported; 0, 2 or 20. */
int thm_write_file(const char *path, const void *data, size_t len);
