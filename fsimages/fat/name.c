/* fsimages/fat/name.c -- a part of a path, as a long name and as a short one; an entry's name as text. */
#include <string.h>
#include "fsimages/fat/core.h"

static bool is_separator(uint32_t c)
{
    return c == '/' || c == '\\';
}

static bool is_one_of(uint32_t c, const char *set)
{
    return c && c < 0x80 && strchr(set, (int)c);
}

/* Behind a part: other separators are skipped; the one at the very end means nothing. */
static void finish_part(struct fat_dir *d, const char **path)
{
    while (is_separator((uint8_t) * *path))
        (*path)++;
    if (**path == '\0')
        d->flags |= NAME_LAST;
}

/* ---- long names ---- */

/* The part as UTF-16, without dots and spaces at its end. *len: characters. */
static int32_t take_long(uint16_t *name, const char **path, uint32_t *len)
{
    uint32_t n = 0;
    while (**path && !is_separator((uint8_t) * *path)) {
        uint32_t c = fat_utf8_take(path);
        if (c == FAT_NO_CHAR || c < ' ' || is_one_of(c, "*:<>|\"?\x7F") || n + (c > 0xFFFF) >= LONG_MAX)
            return FR_INVALID_NAME;
        if (c > 0xFFFF) {
            name[n++] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
            c = 0xDC00 + (c & 0x3FF);
        }
        name[n++] = (uint16_t)c;
    }
    while (n && (name[n - 1] == ' ' || name[n - 1] == '.'))
        n--;
    name[n] = 0;
    *len = n;
    return n ? 0 : FR_INVALID_NAME;
}

#define LOSS (NAME_LOSSY | NAME_LONG)
enum { SEEN_LOWER = 1, SEEN_UPPER = 2 };

/* A character of a short name; *seen: which cases of letters there were. */
static uint8_t short_char(uint16_t c, uint8_t *flags, uint8_t *seen)
{
    if (c >= 0x80)
        *flags |= NAME_LONG;
    uint8_t out = fat_to_oem_upper(c);
    if (out == 0 || is_one_of(c, "+,;=[]")) {
        *flags |= LOSS;
        return '_';
    }
    if (c >= 'A' && c <= 'Z')
        *seen |= SEEN_UPPER;
    if (c >= 'a' && c <= 'z')
        *seen |= SEEN_LOWER;
    return out;
}

/* Characters up to `end` (not included) into a field. */
static void fill_field(struct fat_dir *d, const uint16_t *from, const uint16_t *end, unsigned at, unsigned room,
                       uint8_t *seen)
{
    for (; from < end; from++) {
        if (*from == ' ' || *from == '.') {
            d->flags |= LOSS;
            continue;
        }
        if (room == 0) {
            d->flags |= LOSS;
            return;
        }
        d->name[at++] = short_char(*from, &d->flags, seen);
        room--;
    }
}

/* The dot before the extension; the end if there is none. */
static const uint16_t *last_dot(const uint16_t *name, uint32_t len)
{
    for (uint32_t i = len; i > 0; i--)
        if (name[i - 1] == '.')
            return name + i - 1;
    return name + len;
}

static void shorten(struct fat_dir *d, const uint16_t *name, uint32_t len)
{
    const uint16_t *from = name, *end = name + len, *dot = last_dot(name, len);
    uint8_t base = 0, ext = 0;
    while (*from == ' ')
        from++;
    if (from > name || *from == '.')
        d->flags |= LOSS;
    memset(d->name, ' ', SHORT_LEN);
    fill_field(d, from, dot, 0, 8, &base);
    if (dot < end)
        fill_field(d, dot + 1, end, 8, 3, &ext);
    if (d->name[0] == ENTRY_DELETED)
        d->name[0] = ENTRY_E5;
    if (base == (SEEN_LOWER | SEEN_UPPER) || ext == (SEEN_LOWER | SEEN_UPPER))
        d->flags |= NAME_LONG;
    if (!(d->flags & NAME_LONG))
        d->flags |= (base & SEEN_LOWER ? NAME_BASE_LOWER : 0) | (ext & SEEN_LOWER ? NAME_EXT_LOWER : 0);
}

/* ---- short names only, as the driver without long ones takes them ---- */

static int32_t take_short(struct fat_dir *d, const char **path)
{
    unsigned at = 0, end = 8;
    memset(d->name, ' ', SHORT_LEN);
    while (**path && !is_separator((uint8_t) * *path)) {
        if (**path == '.') {
            if (end == SHORT_LEN || at == 0)
                return FR_INVALID_NAME;
            (*path)++;
            at = 8, end = SHORT_LEN;
            continue;
        }
        uint32_t c = fat_utf8_take(path);
        uint8_t out = c > 0xFFFF ? 0 : fat_to_oem_upper((uint16_t)c);
        if (out <= ' ' || at == end || is_one_of(c, "*+,:;<=>[]|\"?\x7F"))
            return FR_INVALID_NAME;
        d->name[at++] = out;
    }
    if (d->name[0] == ENTRY_DELETED)
        d->name[0] = ENTRY_E5;
    return at ? 0 : FR_INVALID_NAME;
}

int32_t fat_name_take(struct fat *fs, struct fat_dir *d, const char **path)
{
    uint32_t len = 0;
    d->flags = 0;
    int32_t res = fs->long_name ? take_long(fs->long_name, path, &len) : take_short(d, path);
    if (res)
        return res;
    if (fs->long_name)
        shorten(d, fs->long_name, len);
    finish_part(d, path);
    return 0;
}

/* ---- text ---- */

static uint16_t *append_short(uint16_t *out, const uint8_t *from, unsigned len, bool to_lower)
{
    for (unsigned i = 0; i < len; i++) {
        uint16_t c = fat_from_oem(from[i]);
        if (from[i] != ' ')
            *out++ = to_lower && c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
    return out;
}

static void short_text(const struct fat *fs, const uint8_t *entry, char *out)
{
    uint16_t name[SHORT_LEN + 2], *end;
    uint8_t raw[SHORT_LEN], lower = fs->config.no_long_names ? 0 : entry[ENTRY_CASE];
    memcpy(raw, entry, SHORT_LEN);
    if (raw[0] == ENTRY_E5)
        raw[0] = ENTRY_DELETED;
    end = append_short(name, raw, 8, lower & NAME_BASE_LOWER);
    if (raw[8] != ' ' || raw[9] != ' ' || raw[10] != ' ') {
        *end++ = '.';
        end = append_short(end, raw + 8, 3, lower & NAME_EXT_LOWER);
    }
    *end = 0;
    fat_utf8_put(name, out, THM_FS_NAME_MAX + 1);
}

/* Seconds since 1970 of a date and time, which know no zone. */
static uint32_t seconds_of(uint32_t date, uint32_t time)
{
    static const uint16_t before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    uint32_t year = 1980 + (date >> 9), month = date >> 5 & 15, day = date & 31;
    if (month < 1 || month > 12 || day < 1)
        return 0;
    uint32_t past = year - (month < 3); /* the last year whose February is over */
    uint32_t days = (year - 1970) * 365 + past / 4 - past / 100 + past / 400 - 477 + before[month - 1] + day - 1;
    return days * 86400 + (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2;
}

void fat_stat_entry(struct fat *fs, const struct fat_dir *d, struct thm_fs_stat *st)
{
    const uint8_t *entry = fat_entry(fs, d);
    *st = (struct thm_fs_stat){ .size = d->attr & ATTR_DIR ? 0 : fat_get32(entry + ENTRY_FILE_SIZE),
                                .directory = d->attr & ATTR_DIR,
                                .read_only = d->attr & ATTR_READ_ONLY,
                                .modified = seconds_of(fat_get16(entry + ENTRY_MODIFIED + 2),
                                                       fat_get16(entry + ENTRY_MODIFIED)) };
    if (d->block == FAT_NO_BLOCK || !fs->long_name || !fat_utf8_put(fs->long_name, st->name, sizeof st->name))
        short_text(fs, entry, st->name);
}

static bool is_leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Before 1980, and without a clock, it is 1980-01-01 as on a board whose time was never set. */
uint32_t fat_now(const struct fat *fs)
{
    static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    uint32_t now = fs->config.seconds ? fs->config.seconds(fs->config.seconds_ctx) : 0, year = 1970, month = 0;
    uint32_t days = now / 86400, len;
    if (days < 3652)
        return 0x00210000;
    for (; days >= (len = is_leap(year) ? 366 : 365); year++)
        days -= len;
    for (; days >= (len = lengths[month] + (month == 1 && is_leap(year) ? 1u : 0u)); month++)
        days -= len;
    uint32_t time = now / 3600 % 24 << 11 | now / 60 % 60 << 5 | now % 60 / 2;
    return (year - 1980) << 25 | (month + 1) << 21 | (days + 1) << 16 | time;
}
