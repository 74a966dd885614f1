/* tests/fuzz/fuzz_partition.c -- partition tables from outside, binary and CSV. What is accepted must survive a round
 * trip. */
#include <stdlib.h>
#include <string.h>
#include "fsimages/partition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct thm_partition p[THM_PARTITIONS_MAX], q[THM_PARTITIONS_MAX];
    struct thm_partition_csv_error where;
    uint8_t table[0xC00];
    size_t n, m;
    thm_partitions_parse(data, size, 16u << 20, p, &n);
    if (thm_partitions_parse_csv((const char *)data, size, p, &n, &where) != THM_FS_OK)
        return 0;
    if (thm_partitions_build(p, n, table, sizeof table) != THM_FS_OK)
        abort();
    if (thm_partitions_parse(table, sizeof table, UINT32_MAX, q, &m) != THM_FS_OK || m != n)
        abort();
    return 0;
}
