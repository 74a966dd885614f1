#include "emu/cli/cli.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPTIONS_MAX 120 /* of one command */
#define WIDTH       80

static const char *current_command = NULL; /* for messages */

void thm_args_init(struct thm_args *a, const struct thm_command *c, int argc, char **argv)
{
    *a = (struct thm_args){ .command = c, .argc = argc, .argv = argv };
    current_command = c->name;
    optind = 0;
    opterr = 0;
}

static size_t fill_getopt(const struct thm_command *c, struct option *longs, char *shorts)
{
    size_t n = 0;
    if (c->options_first)
        *shorts++ = '+';
    *shorts++ = ':';
    for (const struct thm_option *o = c->options; o && o->name; o++, n++) {
        if (n == OPTIONS_MAX)
            abort(); /* a table that has outgrown it */
        const int arg = !o->arg ? no_argument : o->arg[0] == '[' ? optional_argument : required_argument;
        longs[n] = (struct option){ o->name, arg, NULL, 256 + (int)n };
        if (o->letter) {
            *shorts++ = o->letter;
            if (o->arg)
                *shorts++ = ':';
        }
    }
    longs[n] = (struct option){ "help", no_argument, NULL, 'h' };
    *shorts++ = 'h';
    *shorts = '\0';
    return n;
}

static int index_of_letter(const struct thm_command *c, int letter)
{
    for (int i = 0; c->options && c->options[i].name; i++)
        if (c->options[i].letter == letter)
            return i;
    return -2;
}

int thm_args_next(struct thm_args *a)
{
    struct option longs[OPTIONS_MAX + 2] = { 0 };
    char shorts[2 * OPTIONS_MAX + 5];
    fill_getopt(a->command, longs, shorts);
    int c = getopt_long(a->argc, a->argv, shorts, longs, NULL);
    if (c == -1) {
        a->argc -= optind;
        a->argv += optind;
        return -1;
    }
    if (c == 'h') {
        thm_command_help(a->command);
        return -3;
    }
    if (c == ':' || c == '?') {
        const char *word = a->argv[optind - 1];
        thm_usage(a, c == ':' ? "option '%s' needs a value" : "unknown option '%s'", word);
        return -2;
    }
    a->value = optarg;
    return c >= 256 ? c - 256 : index_of_letter(a->command, c);
}

/* Print text word by word, wrapped, every line but the first indented. */
static void print_wrapped(const char *text, int column, int indent)
{
    bool line_start = true;
    while (*text) {
        int word = (int)strcspn(text, " \n");
        if (!line_start && column + 1 + word > WIDTH - 1) {
            printf("\n%*s", indent, "");
            column = indent;
            line_start = true;
        }
        column += printf("%s%.*s", line_start ? "" : " ", word, text);
        text += word;
        line_start = *text == '\n';
        if (line_start)
            column = printf("\n%*s", indent, "") - 1;
        text += *text != '\0';
    }
    putchar('\n');
}

static void print_option(const struct thm_option *o)
{
    const int indent = 26;
    char left[64];
    int n = snprintf(left, sizeof left, "  %s%c%s--%s%s%s", o->letter ? "-" : " ", o->letter ? o->letter : ' ',
                     o->letter ? ", " : "  ", o->name, o->arg && o->arg[0] != '[' ? " " : "", o->arg ? o->arg : "");
    if (n < indent - 1)
        printf("%-*s", indent, left);
    else
        printf("%s\n%*s", left, indent, "");
    print_wrapped(o->help, indent, indent);
}

void thm_command_help(const struct thm_command *c)
{
    static const struct thm_option help = { "help", NULL, "print this and exit", 'h' };
    printf("usage: thimble %s [OPTION]...%s%s\n\n", c->name, *c->args ? " " : "", c->args);
    print_wrapped(c->summary, 0, 0);
    if (c->details) {
        putchar('\n');
        print_wrapped(c->details, 0, 0);
    }
    puts("\noptions:");
    for (const struct thm_option *o = c->options; o && o->name; o++)
        print_option(o);
    print_option(&help);
}

static void __attribute__((format(printf, 1, 0))) print_message(const char *fmt, va_list ap)
{
    fprintf(stderr, current_command ? "thimble: %s: " : "thimble: ", current_command);
    vfprintf(stderr, fmt, ap);
}

int thm_fail(int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_message(fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return status;
}

int thm_usage(const struct thm_args *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_message(fmt, ap);
    va_end(ap);
    fprintf(stderr, "; see 'thimble %s --help'\n", a->command->name);
    return THM_EXIT_USAGE;
}

bool thm_parse_size(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    if (!text || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 0);
    unsigned shift = *end == 'K' || *end == 'k' ? 10 : *end == 'M' || *end == 'm' ? 20 : 0;
    if (shift)
        end++;
    if (errno || *end || v > UINT64_MAX >> shift || v << shift > max)
        return false;
    *out = v << shift;
    return true;
}

static int host_status(int err)
{
    return err == ENOENT || err == ENOTDIR || err == EISDIR || err == EACCES || err == ENAMETOOLONG ? THM_EXIT_USAGE
                                                                                                    : THM_EXIT_HOST;
}

static int read_all(int fd, const char *path, uint8_t *data, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t n = read(fd, data + got, len - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return thm_fail(THM_EXIT_HOST, "%s: %s", path, n ? strerror(errno) : "shorter than it was a moment ago");
        got += (size_t)n;
    }
    return 0;
}

int thm_read_file(const char *path, uint64_t max, uint8_t **data, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC), status = 0;
    *data = NULL;
    if (fd < 0 || fstat(fd, &st) < 0)
        status = thm_fail(host_status(errno), "%s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        status = thm_fail(THM_EXIT_USAGE, "%s: not a regular file", path);
    else if ((uint64_t)st.st_size > max)
        status = thm_fail(THM_EXIT_USAGE, "%s: %lld bytes, at most %llu are accepted", path, (long long)st.st_size,
                          (unsigned long long)max);
    else if (!(*data = malloc((size_t)st.st_size + 1)))
        status = thm_fail(THM_EXIT_HOST, "%s: out of memory for %lld bytes", path, (long long)st.st_size);
    else
        status = read_all(fd, path, *data, *len = (size_t)st.st_size);
    if (fd >= 0)
        close(fd);
    if (status) {
        free(*data);
        *data = NULL;
    }
    return status;
}

int thm_make_folder(const char *path)
{
    struct stat st;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
        return 0;
    if (errno == EEXIST)
        errno = ENOTDIR;
    return thm_fail(host_status(errno), "%s: %s", path, strerror(errno));
}

int thm_write_file(const char *path, const void *data, size_t len)
{
    char *temp = NULL;
    if (asprintf(&temp, "%s.XXXXXX", path) < 0)
        return thm_fail(THM_EXIT_HOST, "%s: out of memory", path);
    int fd = mkostemp(temp, O_CLOEXEC), status = 0;
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    mode_t mask = umask(0);
    umask(mask);
    if (!f || fwrite(data, 1, len, f) != len || fchmod(fd, 0666 & ~mask) < 0)
        status = thm_fail(host_status(errno), "%s: %s", path, strerror(errno));
    if (f && fclose(f) != 0 && !status)
        status = thm_fail(THM_EXIT_HOST, "%s: %s", path, strerror(errno));
    if (!status && rename(temp, path) < 0)
        status = thm_fail(host_status(errno), "%s: %s", path, strerror(errno));
    if (status && fd >= 0)
        unlink(temp);
    free(temp);
    return status;
}
