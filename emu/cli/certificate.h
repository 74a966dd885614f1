/* emu/cli/certificate.h -- the option --cacert: what a certificate takes on a board that keeps it in RAM. */
#pragma once
#include <stdint.h>

/* DER bytes of the first certificate of a PEM file. path NULL: 0. Result: 0, 2 or 20, reported. */
int thm_certificate_bytes(const char *path, uint32_t *bytes);
