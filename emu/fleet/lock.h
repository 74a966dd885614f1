/* emu/fleet/lock.h -- a database has one writer: the lock of a process ends with it, however that ends. */
#pragma once

/* Result: a descriptor that holds the lock until it is closed; -1 with errno (EAGAIN: another process has it). Close
 * it after the process's other descriptors of the file: that ends the file's POSIX locks, SQLite's among them. */
int thm_fleet_lock(const char *path);
