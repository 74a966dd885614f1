#include "emu/cli/fleet_progress.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH = 80, BAR = 24, PLAIN_S = 10, ETA_MAX_S = 359999 };

void fleet_progress_init(struct fleet_progress *p)
{
    *p = (struct fleet_progress){ .terminal = isatty(STDERR_FILENO), .next = PLAIN_S };
}

/* The cursor stands behind the last line. */
static void clear(struct fleet_progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    for (; p->drawn > 1; p->drawn--)
        fputs("\033[A\033[K", stderr);
    p->drawn = 0;
}

void fleet_progress_note(void *progress, const char *line)
{
    clear(progress);
    fprintf(stderr, "thimble: fleet: %s\n", line);
}

static double rate_of(const struct thm_fleet_totals *t)
{
    return t->seconds > 0 ? t->ran / t->seconds : 0;
}

/* "1:05"; "-" as long as that cannot be said. */
static const char *time_left(const struct thm_fleet_totals *t, char *buf, size_t size)
{
    const double rate = rate_of(t), left = t->mine > t->done ? t->mine - t->done : 0;
    const double s = rate > 0 ? ceil(left / rate) : ETA_MAX_S + 1.0;
    if (s > ETA_MAX_S)
        return "-";
    const unsigned n = (unsigned)s;
    if (n >= 3600)
        snprintf(buf, size, "%u:%02u:%02u", n / 3600, n / 60 % 60, n % 60);
    else
        snprintf(buf, size, "%u:%02u", n / 60, n % 60);
    return buf;
}

static void append(char *line, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void append(char *line, size_t size, const char *fmt, ...)
{
    const size_t len = strlen(line);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line + len, size - len, fmt, ap);
    va_end(ap);
}

/* What became of boards, then what those under way are at. */
static void append_states(char *line, size_t size, const struct thm_fleet_totals *t)
{
    append(line, size, "%u updated, %u failed", t->updated, t->failed);
    if (t->withheld)
        append(line, size, ", %u withheld", t->withheld);
    const char *sep = "; ";
    for (int s = THM_FLEET_BOOTING; s <= THM_FLEET_RUNNING; s++)
        if (t->states[s]) {
            append(line, size, "%s%u %s", sep, t->states[s], thm_fleet_state_word((enum thm_fleet_state)s));
            sep = ", ";
        }
}

static void draw(struct fleet_progress *p, const struct thm_fleet_totals *t)
{
    struct winsize w = { 0 };
    const int known = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1;
    const int width = known && w.ws_col < WIDTH ? w.ws_col - 1 : WIDTH - 1;
    const uint32_t full = t->mine ? (uint32_t)((uint64_t)t->done * BAR / t->mine) : BAR;
    char bar[BAR + 1] = "", line[256] = "", left[16];
    memset(bar, '.', BAR);
    memset(bar, '#', full < BAR ? full : BAR);
    append(line, sizeof line, "[%s] %u of %u boards, %.0f a second, %s to go", bar, t->done, t->mine, rate_of(t),
           time_left(t, left, sizeof left));
    clear(p);
    fprintf(stderr, "%.*s\n", width, line);
    line[0] = '\0';
    append_states(line, sizeof line, t);
    fprintf(stderr, "%.*s", width, line);
    p->drawn = 2;
}

static void print_plain(struct fleet_progress *p, const struct thm_fleet_totals *t)
{
    char line[256] = "", left[16];
    if (t->seconds < p->next)
        return;
    p->next = t->seconds + PLAIN_S;
    append_states(line, sizeof line, t);
    fprintf(stderr, "%u of %u boards: %s; %.0f a second, %s to go\n", t->done, t->mine, line, rate_of(t),
            time_left(t, left, sizeof left));
}

void fleet_progress_show(void *progress, const struct thm_fleet_totals *t, bool end)
{
    struct fleet_progress *p = progress;
    if (end)
        clear(p);
    else if (p->terminal)
        draw(p, t);
    else
        print_plain(p, t);
}
