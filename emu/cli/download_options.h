/* emu/cli/download_options.h -- how patient the built-in firmware's client is, and what it does wrong. */
#pragma once
#include "emu/cli/cli.h"
#include "emu/firmware/download.h"

int thm_backoff_option(const struct thm_args *a, struct thm_download_policy *p); /* MS[:FACTOR] */
int thm_client_option(const struct thm_args *a, struct thm_client_defects *d);   /* NAME[=VALUE],... */
