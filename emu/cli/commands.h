/* emu/cli/commands.h -- the sub-commands, in the order of the help. To add one: its file, a row here. */
#pragma once
#include "emu/cli/cli.h"

#define THM_COMMANDS(X) \
    X(run)              \
    X(infer)            \
    X(model)            \
    X(estimate)         \
    X(fit)              \
    X(boards)           \
    X(image)            \
    X(mount)            \
    X(heap)             \
    X(exec)             \
    X(trace)            \
    X(serve)            \
    X(ota)              \
    X(torture)          \
    X(fleet)            \
    X(zoo)

#define X(name) extern const struct thm_command thm_command_##name;
THM_COMMANDS(X)
#undef X
