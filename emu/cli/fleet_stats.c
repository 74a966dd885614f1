/* emu/cli/fleet_stats.c -- thimble fleet run --stats: what the boards take of this PC. */
#include <stdio.h>
#include "emu/cli/fleet.h"

static void show_part(const char *name, double ns, double boards)
{
    fprintf(stderr, "%s %.3f", name, ns / 1e6 / boards);
}

/* Of its steps in order, then what its end took. */
static void show_steps(const struct thm_fleet_totals *t, double boards)
{
    double rest = (double)(t->boards_user_us + t->boards_system_us) * 1e3;
    for (unsigned i = 0; i < t->phases.count; i++) {
        show_part(t->phases.of[i].name, (double)t->phases.of[i].ns, boards);
        fputs(", ", stderr);
        rest -= (double)t->phases.of[i].ns;
    }
    show_part("end", rest > 0 ? rest : 0, boards);
}

void fleet_show_stats(const struct thm_fleet_totals *t)
{
    const double boards = t->ran ? t->ran : 1;
    const uint64_t own = t->boards_user_us + t->boards_system_us;
    const uint64_t sum = own + t->zygote_us + t->supervisor_us + t->server_us;
    fprintf(stderr, "on this PC: %u boards in %.2f s, %.1f a second; CPU ms a board: %.3f: ", t->ran, t->seconds,
            t->ran / (t->seconds > 0 ? t->seconds : 1), (double)sum / 1e3 / boards);
    show_part("board", (double)own * 1e3, boards);
    fputs(" (", stderr);
    show_steps(t, boards);
    fputs("), ", stderr);
    show_part("fork", (double)t->zygote_us * 1e3, boards);
    show_part(", supervisor", (double)t->supervisor_us * 1e3, boards);
    show_part(", server", (double)t->server_us * 1e3, boards);
    if (t->footprint.boards)
        fprintf(stderr, "; memory: %u at once, %.0f KiB a board, %.1f MiB in all", t->footprint.boards,
                (double)t->footprint.of_boards / 1024 / t->footprint.boards, (double)t->footprint.all / 1048576);
    fputs("\n", stderr);
}
