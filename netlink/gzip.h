/* netlink/gzip.h -- gzip (RFC 1952) of what comes piece by piece, as stored blocks (RFC 1951, 3.2.4). Internal to
 * netlink. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { THM_GZIP_HEAD = 10, THM_GZIP_BLOCK_HEAD = 5, THM_GZIP_TAIL = 13, THM_GZIP_BLOCK_MAX = 65535 };

void thm_gzip_head(uint8_t out[THM_GZIP_HEAD]);
void thm_gzip_block_head(uint8_t out[THM_GZIP_BLOCK_HEAD], uint16_t len); /* len bytes follow, as they are */
uint32_t thm_gzip_crc(uint32_t crc, const uint8_t *data, size_t len);     /* begins with 0 */
/* The last block, which is empty, and the trailer. */
void thm_gzip_tail(uint8_t out[THM_GZIP_TAIL], uint32_t crc, uint32_t len);
