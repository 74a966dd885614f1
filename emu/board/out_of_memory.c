#include "emu/board/out_of_memory.h"
#include <string.h>

static const struct thm_oom_policy policies[] = {
    { .name = "null", .text = "gives NULL when it fails" },
    { .name = "panic",
      .exit_status = 10,
      .words = "*** PANIC *** Out of memory",
      .result = "the board halts",
      .text = "panics when it fails: the board halts" },
    { .name = "mbed_fatal",
      .exit_status = 10,
      .words = "++ MbedOS Error Info ++ Error Status: 0x8001011F Code: 287 Module: 1 "
               "Error Message: Operator new out of memory",
      .result = "the board halts, its LED blinks",
      .text = "is a fatal error of mbed when it fails" },
    { .name = "abort",
      .exit_status = 10,
      .words = "abort() was called",
      .result = "the board restarts",
      .text = "calls abort() when it fails" },
    { .name = "overrun", .text = "never fails: the heap runs into the stack" },
    { .name = "kill",
      .exit_status = 10,
      .result = "the operating system kills the application (SIGKILL)",
      .text = "never fails: over the limit the OS kills" },
};

const struct thm_oom_policy *thm_oom_policy_at(size_t i)
{
    return i < sizeof policies / sizeof policies[0] ? &policies[i] : NULL;
}

const struct thm_oom_policy *thm_oom_policy_find(const char *name)
{
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        if (strcmp(policies[i].name, name) == 0)
            return &policies[i];
    return NULL;
}
