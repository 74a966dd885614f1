#include "emu/cli/image_options.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { SIZE, META, FLAG, CYCLES, VERSION, ORDER };

static const struct field {
    const char *name;
    enum kind kind;
    size_t offset;
    uint32_t max;
} fields[] = {
#define X(name, arg, help, kind, field, max) { name, kind, offsetof(struct thm_fs_config, field), max },
    IMAGE_FS_OPTIONS(X)
#undef X
};

static const struct word { /* options whose value is a word */
    enum kind kind;
    const char *text;
    uint32_t value;
} words[] = {
    { VERSION, "2.0", 0x00020000 }, { VERSION, "2.1", 0x00020001 }, { ORDER, "little", 0 }, { ORDER, "big", 1 }
};

static bool is_flag(enum kind kind)
{
    return kind == FLAG || kind == ORDER;
}

static void put_value(struct thm_fs_config *c, const struct field *f, uint32_t v)
{
    char *at = (char *)c + f->offset;
    if (is_flag(f->kind))
        *(bool *)at = v;
    else
        memcpy(at, &v, sizeof v);
}

static int take_size(struct thm_args *a, const struct field *f, struct thm_fs_config *c)
{
    uint64_t v;
    if (f->kind == CYCLES && strcmp(a->value, "-1") == 0)
        v = UINT32_MAX;
    else if (!thm_parse_size(a->value, f->max, &v))
        return thm_usage(a, "--%s %s: not a size from 0 to %u", f->name, a->value, (unsigned)f->max);
    put_value(c, f, (uint32_t)v);
    if (f->kind == META)
        c->no_meta = v == 0;
    return 0;
}

static int take_word(struct thm_args *a, const struct field *f, struct thm_fs_config *c)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].kind == f->kind && strcmp(words[i].text, a->value) == 0) {
            put_value(c, f, words[i].value);
            return 0;
        }
    return thm_usage(a, "--%s %s: not one of its values", f->name, a->value);
}

int image_fs_option(struct thm_args *a, int i, struct thm_fs_config *c)
{
    const struct field *f = &fields[i];
    if (f->kind == FLAG) {
        put_value(c, f, 1);
        return 0;
    }
    return f->kind == VERSION || f->kind == ORDER ? take_word(a, f, c) : take_size(a, f, c);
}

void image_fs_config_merge(struct thm_fs_config *to, const struct thm_fs_config *from)
{
    static const char zeros[sizeof(uint32_t)];
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *value = (const char *)from + fields[i].offset;
        size_t size = is_flag(fields[i].kind) ? sizeof(bool) : sizeof(uint32_t);
        if (memcmp(value, zeros, size) != 0)
            memcpy((char *)to + fields[i].offset, value, size);
    }
    to->no_meta |= from->no_meta;
}
