#include "emu/fleet/child.h"
#include <signal.h>
#include <unistd.h>

void thm_fleet_child(int *line)
{
    dup2(*line, 3);
    *line = 3;
    close_range(4, ~0u, 0);
    (void)!nice(5); /* all of them wait for the supervisor: it goes first */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
}
