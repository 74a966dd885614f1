/* fsimages/slots/header.h -- the header of a half, in memory and on the medium (fsimages/slots.h). */
#pragma once
#include "fsimages/slots.h"

#define SL_HEADER 92

/* raw: SL_HEADER bytes. Index and off are not touched. */
void sl_header_put(uint8_t *raw, const struct thm_slot *slot);
bool sl_header_get(const uint8_t *raw, struct thm_slot *slot); /* false: none, or its CRC is wrong */
/* notes.c: erase what an earlier payload has in the half's blocks from there on. */
enum thm_fs_err sl_clear_notes(const struct thm_slots *s, uint32_t index, uint32_t from);
bool sl_header_blank(const uint8_t *raw); /* as erased */
