/* emu/board/profile_caps.c -- where a block of the runtime is taken from. */
#include <string.h>
#include "emu/board/profile.h"
#include "memmodels/caps.h"

uint32_t thm_profile_caps(const char *caps)
{
    static const struct {
        const char *name;
        uint32_t caps;
    } table[] = {
        { "default", 0 },
        { "dma", THM_CAP_DMA | THM_CAP_INTERNAL | THM_CAP_8BIT },
        { "internal", THM_CAP_INTERNAL | THM_CAP_8BIT },
        { "spiram", THM_CAP_SPIRAM | THM_CAP_8BIT },
    };
    for (size_t i = 0; caps && i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, caps) == 0)
            return table[i].caps;
    return 0;
}
