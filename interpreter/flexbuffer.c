#include "interpreter/flexbuffer.h"
#include <string.h>

enum {
    TYPE_INT = 1,
    TYPE_UINT = 2,
    TYPE_FLOAT = 3,
    TYPE_INDIRECT_INT = 6,
    TYPE_INDIRECT_FLOAT = 8,
    TYPE_MAP = 9,
    TYPE_BOOL = 26
};

static bool inside(const struct thm_flex *f, uint64_t at, uint64_t bytes)
{
    return at <= f->size && bytes <= f->size - at;
}

/* Little-endian; width 1, 2, 4 or 8. */
static bool load(const struct thm_flex *f, uint64_t at, uint64_t width, uint64_t *value)
{
    if (!inside(f, at, width))
        return false;
    *value = 0;
    memcpy(value, f->data + at, (size_t)width);
    return true;
}

/* What the distance at `at` leads to: it counts backwards. */
static bool follow(const struct thm_flex *f, uint64_t at, uint64_t width, uint64_t *target)
{
    uint64_t distance;
    if (!load(f, at, width, &distance) || distance > at)
        return false;
    *target = at - distance;
    return true;
}

static bool is_width(uint64_t n)
{
    return n == 1 || n == 2 || n == 4 || n == 8;
}

bool thm_flex_open(struct thm_flex *map, const uint8_t *data, uint32_t size)
{
    struct thm_flex f = { .data = data, .size = size };
    uint64_t keys_count;
    if (!data || size < 3)
        return false;
    uint64_t root_width = data[size - 1], type = data[size - 2];
    if (!is_width(root_width) || root_width + 2 > size || type >> 2 != TYPE_MAP ||
        !follow(&f, size - 2 - root_width, root_width, &f.values))
        return false;
    f.width = UINT64_C(1) << (type & 3);
    if (f.values < 3 * f.width || !load(&f, f.values - f.width, f.width, &f.count) || f.count > size ||
        !inside(&f, f.values, f.count * f.width + f.count))
        return false;
    if (!load(&f, f.values - 2 * f.width, f.width, &f.key_width) || !is_width(f.key_width) ||
        !follow(&f, f.values - 3 * f.width, f.width, &f.keys) || f.keys < f.key_width ||
        !load(&f, f.keys - f.key_width, f.key_width, &keys_count) || keys_count != f.count ||
        !inside(&f, f.keys, f.count * f.key_width))
        return false;
    *map = f;
    return true;
}

static int64_t sign_extend(uint64_t value, uint64_t width)
{
    uint64_t sign = UINT64_C(1) << (8 * width - 1);
    return (int64_t)((value ^ sign) - sign);
}

bool thm_flex_int_at(const struct thm_flex *map, uint32_t i, int32_t *value)
{
    uint64_t raw;
    if (i >= map->count || !load(map, map->values + i * map->width, map->width, &raw))
        return false;
    *value = (int32_t)sign_extend(raw, map->width);
    return true;
}

static bool key_is(const struct thm_flex *map, uint64_t i, const char *key)
{
    uint64_t at;
    if (!follow(map, map->keys + i * map->key_width, map->key_width, &at))
        return false;
    for (; at < map->size && map->data[at] == (uint8_t)*key; at++)
        if (*key++ == '\0')
            return true;
    return false;
}

static double as_float(uint64_t raw, uint64_t width)
{
    float single;
    double value;
    if (width == sizeof single) {
        memcpy(&single, &raw, sizeof single);
        return (double)single;
    }
    memcpy(&value, &raw, sizeof value);
    return width == sizeof value ? value : 0; /* there are no floats of 1 or 2 bytes here */
}

struct number {
    bool is_float;
    int64_t whole;
    double real;
};

static bool find(const struct thm_flex *map, const char *key, struct number *n)
{
    uint64_t i = 0, raw;
    while (i < map->count && !key_is(map, i, key))
        i++;
    if (i == map->count)
        return false;
    uint64_t at = map->values + i * map->width, width = map->width;
    uint8_t packed = map->data[map->values + map->count * map->width + i], type = packed >> 2;
    if (type >= TYPE_INDIRECT_INT && type <= TYPE_INDIRECT_FLOAT) {
        if (!follow(map, at, width, &at))
            return false;
        width = UINT64_C(1) << (packed & 3);
        type = (uint8_t)(type - TYPE_INDIRECT_INT + TYPE_INT);
    }
    if ((type < TYPE_INT || type > TYPE_FLOAT) && type != TYPE_BOOL)
        return false;
    if (!load(map, at, width, &raw))
        return false;
    n->is_float = type == TYPE_FLOAT;
    n->whole = type == TYPE_INT ? sign_extend(raw, width) : (int64_t)raw;
    n->real = n->is_float ? as_float(raw, width) : (double)n->whole;
    return true;
}

bool thm_flex_int(const struct thm_flex *map, const char *key, int32_t *value)
{
    struct number n;
    if (!find(map, key, &n))
        return false;
    if (n.is_float)
        *value = n.real > -2147483649.0 && n.real < 2147483648.0 ? (int32_t)n.real : 0;
    else
        *value = (int32_t)n.whole;
    return true;
}

bool thm_flex_float(const struct thm_flex *map, const char *key, float *value)
{
    struct number n;
    if (!find(map, key, &n))
        return false;
    *value = (float)n.real;
    return true;
}
