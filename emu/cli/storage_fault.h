/* emu/cli/storage_fault.h -- the option --storage-fault: what is wrong with a storage part. */
#pragma once
#include "emu/board/media.h"
#include "emu/cli/cli.h"

/* a->value: NAME=VALUE,... Result: 0, or THM_EXIT_USAGE, reported. */
int thm_storage_fault_option(const struct thm_args *a, struct thm_media_faults *f);
/* "N" or "N:before", "N:torn", "N:after"; torn is the default. false: it is neither. */
bool thm_parse_cut(const char *text, uint32_t *at, enum thm_cut *when);
