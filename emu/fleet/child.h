/* emu/fleet/child.h -- what the processes beside the supervisor have in common. */
#pragma once

/* Keep the standard streams and *line, which moves to 3; nothing else of the supervisor's, which may be killed while
 * they still end: its database's lock, say. The terminal's signals are for the supervisor, which is served first when
 * there is more to do than there are processors. */
void thm_fleet_child(int *line);
