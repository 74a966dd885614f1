/* interpreter/host/workspace.h -- memory of the PC in which kernels lay out what they compute on, and their stack. */
#pragma once
#include "interpreter/ops/variant.h"

#define THM_WORKSPACE_IMAGE (256u << 10) /* bytes; a part of the second-level cache */
#define THM_WORKSPACE_SLACK 256u         /* vectors may read so far past the image */
#define THM_WORKSPACE_STACK (64u << 10)

struct thm_workspace {
    uint8_t image[THM_WORKSPACE_IMAGE + THM_WORKSPACE_SLACK] __attribute__((aligned(64)));
    uint8_t stack[THM_WORKSPACE_STACK] __attribute__((aligned(64)));
};

/* The only one. Its name is public and begins with thm_pc_, as those of all large data of the PC's: so a firmware with
 * the interpreter in it is not charged for what no device has (emu/firmware/image.c). */
extern struct thm_workspace thm_pc_workspace;

typedef void thm_workspace_fn(const struct thm_windows_i8 *w, const void *packed, struct thm_workspace *space);

/* Call fn with the only workspace and on its stack: the emulated task's is small, and how much of it is in use shall
 * not depend on the PC. false: another thread has the workspace, fn has not been called. */
bool thm_workspace_run(thm_workspace_fn *fn, const struct thm_windows_i8 *w, const void *packed);
