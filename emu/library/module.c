/* emu/library/module.c -- what libthimble.a finds in the emulator. */
#include "emu/library/api.h"

__attribute__((visibility("default"))) const struct thm_device_api thm_device_api_1 = { .size = sizeof thm_device_api_1,
#define X(result, name, parameters, arguments) .name = thm_device_##name,
                                                                                        THM_DEVICE_API(X)
#undef X
};
