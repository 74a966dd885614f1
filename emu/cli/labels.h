/* emu/cli/labels.h -- the file of --labels: names of the output values, one a line. */
#pragma once
#include "emu/report/tensor_text.h"

/* Blank lines at the end are ignored. Result: 0, or an exit status, already reported; then *l is empty. */
int thm_labels_load(struct thm_labels *l, const char *path);
void thm_labels_free(struct thm_labels *l);
