/* emu/fleet/server.h -- the fleet's own model server: `thimble serve` in a process of its own.
 *
 * It ends with the process that started it, however that ends, and leaves nothing behind. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct thm_fleet_own_server {
    pid_t pid; /* 0: none */
    int line;  /* closed: it ends */
    uint16_t port;
    char ca[128]; /* PEM file */
};

/* Call before there are threads or libraries in use. Result: 0, 2 or 20, *error: one malloc'ed line. */
int thm_fleet_server_start(struct thm_fleet_own_server *s, const char *folder, char **error);
bool thm_fleet_server_has_ended(const struct thm_fleet_own_server *s);        /* though nobody stopped it */
void thm_fleet_server_stop(struct thm_fleet_own_server *s, uint64_t *cpu_us); /* cpu_us: it took so much; may be NULL */
