/* emu/cli/run_tls.h -- the options of `thimble run` that are about TLS: the board's stack, whom it trusts, its clock.
 */
#pragma once
#include "emu/cli/cli.h"
#include "emu/cli/run_request.h"

/* Take one option. Result: 0, or 2, reported. */
int run_tls_buffers(const struct thm_args *a, struct run_tls *t); /* IN[,OUT] */
int run_tls_pin(const struct thm_args *a, struct thm_run_tls *t);
int run_tls_clock(const struct thm_args *a, struct thm_run_tls *t); /* unset, sntp, or seconds */

/* Put what the command line says over the profile's network. Result: 0, 2 or 20, reported. */
int run_tls_apply(struct run_request *q, struct thm_profile_network *n);
/* Read the files: the CAs, and the board's own certificate and key. Result: 0, or an exit status, reported. */
int run_tls_load(struct run_request *q);
