/* fsimages/media/bytes.h -- looking at bytes. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool all_are(const uint8_t *bytes, uint32_t len, uint8_t value)
{
    return len == 0 || (bytes[0] == value && memcmp(bytes, bytes + 1, len - 1) == 0);
}
