/* fsimages/partition_csv.c -- ESP-IDF's partitions.csv. */
#include "fsimages/partition.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS    6
#define LINE_MAX_ 256
#define APP_ALIGN 0x10000u
#define ALIGN     0x1000u

static char *trim(char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    for (size_t n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--)
        s[n - 1] = '\0';
    return s;
}

/* "0x9000", "20K", "1M". */
static bool parse_size(const char *text, uint32_t *out)
{
    char *end;
    unsigned long long v = strtoull(text, &end, 0);
    unsigned shift = *end == 'K' || *end == 'k' ? 10 : *end == 'M' || *end == 'm' ? 20 : 0;
    if (!isdigit((unsigned char)*text) || end[shift != 0] || v > UINT32_MAX || v << shift > UINT32_MAX)
        return false;
    *out = (uint32_t)(v << shift);
    return true;
}

static uint32_t align_up(uint32_t v, uint32_t to)
{
    return (v + to - 1) / to * to;
}

/* The fields of one line; missing ones are "". */
static void split(char *line, char *fields[FIELDS])
{
    static char none[1] = "";
    for (int i = 0; i < FIELDS; i++)
        fields[i] = line ? trim(strsep(&line, ",")) : none;
}

static const char *parse_fields(char *fields[FIELDS], struct thm_partition *p, uint32_t next)
{
    int type = thm_partition_type(fields[1]), subtype;
    *p = (struct thm_partition){ .flags = strstr(fields[5], "encrypted") ? 1 : 0 };
    if (*fields[0] == '\0' || strlen(fields[0]) > 16)
        return "the name must have 1 to 16 characters";
    snprintf(p->name, sizeof p->name, "%s", fields[0]);
    subtype = type < 0 ? -1 : *fields[2] ? thm_partition_subtype(type, fields[2]) : 0;
    if (subtype < 0)
        return "unknown type or subtype";
    p->type = (uint8_t)type;
    p->subtype = (uint8_t)subtype;
    p->offset = align_up(next, type == 0 ? APP_ALIGN : ALIGN);
    if (*fields[3] && !parse_size(fields[3], &p->offset))
        return "bad offset";
    if (!parse_size(fields[4], &p->size) || p->size == 0)
        return "bad size";
    if (p->offset < next || p->offset % ALIGN || p->size % ALIGN)
        return "offset or size is not a multiple of 4096, or the partition overlaps the one before";
    return p->offset + p->size < p->offset ? "bad size" : NULL;
}

enum thm_fs_err thm_partitions_parse_csv(const char *text, size_t len, struct thm_partition *out, size_t *n,
                                         struct thm_partition_csv_error *where)
{
    uint32_t next = THM_PARTITION_TABLE_OFFSET + THM_PARTITION_TABLE_SIZE;
    *n = 0;
    *where = (struct thm_partition_csv_error){ .why = "no partitions" };
    while (len) {
        char line[LINE_MAX_], *fields[FIELDS];
        const char *end = memchr(text, '\n', len);
        size_t used = end ? (size_t)(end - text) : len;
        snprintf(line, sizeof line, "%.*s", (int)(used < LINE_MAX_ ? used : LINE_MAX_ - 1), text);
        text += used + (end != NULL);
        len -= used + (end != NULL);
        where->line++;
        line[strcspn(line, "#")] = '\0';
        if (*trim(line) == '\0')
            continue;
        split(line, fields);
        where->why = *n < THM_PARTITIONS_MAX - 1 ? parse_fields(fields, &out[*n], next) : "too many partitions";
        if (where->why)
            return THM_FS_EFORMAT;
        next = out[*n].offset + out[*n].size;
        (*n)++;
    }
    return *n ? THM_FS_OK : THM_FS_EFORMAT;
}
