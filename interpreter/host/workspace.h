/* interpreter/host/workspace.h -- memory of the PC in which kernels lay out what they compute on, and their stack. */
#pragma once
#include "interpreter/ops/variant.h"

#define THM_WORKSPACE_INPUT   (192u << 10) /* bytes: windows side by side; a part of the second-level cache */
#define THM_WORKSPACE_WEIGHTS (256u << 10)
#define THM_WORKSPACE_ROW     (16u << 10)
#define THM_WORKSPACE_STACK   (64u << 10)
#define THM_WORKSPACE_TAPS    1024u /* pointers */

struct thm_workspace {
    uint8_t input[THM_WORKSPACE_INPUT] __attribute__((aligned(64)));
    uint8_t weights[THM_WORKSPACE_WEIGHTS] __attribute__((aligned(64)));
    uint8_t stack[THM_WORKSPACE_STACK] __attribute__((aligned(64)));
    int8_t row[THM_WORKSPACE_ROW];
    const int8_t *tap[THM_WORKSPACE_TAPS];
};

typedef bool thm_workspace_fn(const struct thm_windows_i8 *w, struct thm_workspace *space);

/* Call fn with the only workspace and on its stack: the emulated task's is small, and how much of it is in use shall
 * not depend on the PC. Returns what fn does; false: another thread has the workspace. */
bool thm_workspace_run(thm_workspace_fn *fn, const struct thm_windows_i8 *w);
