/* emu/cli/image_dump.c -- dump: partitions, superblock, the state of every unit as a picture, one unit in hex. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_text.h"
#include "emu/cli/image_verbs.h"

#define ROW_MAX   128u
#define ROW_USUAL 64u
#define ROWS_MAX  256u
#define HEX_ROW   16u
#define HEX_MAX   (1u << 20)

static const struct state {
    uint8_t state;
    const char *name, *colour; /* ANSI SGR */
} states[] = {                 /* what matters most first: it stands for a group of units */
               { THM_FS_UNIT_BAD, "bad", "1;31" },
               { THM_FS_UNIT_DELETED, "deleted", "33" },
               { THM_FS_UNIT_META, "metadata", "36" },
               { THM_FS_UNIT_DATA, "data", "32" },
               { THM_FS_UNIT_FREE, "free", "90" }
};

#define STATES (sizeof states / sizeof states[0])

static size_t state_of(uint8_t unit)
{
    size_t i = 0;
    while (i + 1 < STATES && states[i].state != unit)
        i++;
    return i;
}

struct picture {
    const struct thm_fs_map *map;
    uint32_t group, row; /* units in a character, characters in a row */
    bool colours;
};

static struct picture plan(const struct thm_fs_map *m, bool colours)
{
    struct picture p = { m, 1, m->row && m->row <= ROW_MAX ? m->row : ROW_USUAL, colours };
    if (m->count > p.row * ROWS_MAX) { /* too many to look at */
        p.row = ROW_MAX;
        p.group = (m->count + ROW_MAX * ROWS_MAX - 1) / (ROW_MAX * ROWS_MAX);
    }
    return p;
}

static void draw_state(const struct picture *p, size_t state, FILE *to)
{
    if (p->colours)
        fprintf(to, "\033[%sm%c\033[0m", states[state].colour, states[state].state);
    else
        putc(states[state].state, to);
}

static void draw_group(const struct picture *p, uint32_t first, FILE *to)
{
    size_t most = STATES - 1;
    for (uint32_t i = first; i < first + p->group && i < p->map->count; i++) {
        size_t s = state_of(p->map->states[i]);
        most = s < most ? s : most;
    }
    draw_state(p, most, to);
}

static void draw_rows(const struct picture *p, FILE *to)
{
    uint32_t in_row = p->row * p->group;
    for (uint32_t first = 0; first < p->map->count; first += in_row) {
        fprintf(to, "%8" PRIu32 "  ", first);
        for (uint32_t i = first; i < first + in_row && i < p->map->count; i += p->group)
            draw_group(p, i, to);
        putc('\n', to);
    }
}

static void draw_legend(const struct picture *p, FILE *to)
{
    uint32_t counts[STATES] = { 0 };
    for (uint32_t i = 0; i < p->map->count; i++)
        counts[state_of(p->map->states[i])]++;
    for (size_t s = STATES; s-- > 0;) {
        fputs("  ", to);
        draw_state(p, s, to);
        fprintf(to, " %s: %" PRIu32, states[s].name, counts[s]);
    }
    putc('\n', to);
}

int image_print_map(struct image *im, FILE *to, bool colours)
{
    struct thm_fs_map m = { 0 };
    int32_t res = im->ops->map(im->fs, &m);
    if (res < 0)
        return image_fail(im, res, "map", "'image check' may tell more");
    struct picture p = plan(&m, colours);
    fprintf(to, "%" PRIu32 " %ss", m.count, m.unit);
    if (m.unit_size)
        fprintf(to, " of %" PRIu32 " bytes", m.unit_size);
    if (p.group > 1)
        fprintf(to, ", %" PRIu32 " to a character", p.group);
    fputs(":\n", to);
    draw_rows(&p, to);
    draw_legend(&p, to);
    free(m.states);
    return 0;
}

static void print_fact(void *to, const char *line)
{
    image_print_name(to, line);
    putc('\n', to);
}

int image_print_facts(struct image *im, FILE *to)
{
    fprintf(to, "file system: %s\n", im->ops->name);
    if (*im->partition)
        fprintf(to, "partition: %s\n", im->partition);
    fprintf(to, "offset: %" PRIu64 "\nsize: %" PRIu64 "\n", im->place.offset, im->place.size);
    int32_t res = im->ops->describe(im->fs, print_fact, to);
    return res < 0 ? image_fail(im, res, "superblock", "") : 0;
}

void image_print_partitions(const struct image *im, FILE *to)
{
    const struct thm_container *c = &im->container;
    fprintf(to, "%s of %zu bytes\n", thm_container_kind_name(c->kind), im->file.size);
    for (size_t i = 0; c->kind != THM_CONTAINER_BARE && i < c->count; i++) {
        fprintf(to, "  0x%08" PRIx64 " %10" PRIu64 "  %-16s ", c->volumes[i].offset, c->volumes[i].size,
                c->volumes[i].type);
        print_fact(to, c->volumes[i].name);
    }
}

/* ---- one unit ---- */

static void hex_row(const uint8_t *bytes, uint32_t n, uint64_t offset)
{
    printf("%08" PRIx64 " ", offset);
    for (uint32_t i = 0; i < HEX_ROW; i++)
        printf(i < n ? " %02x" : "   ", i < n ? bytes[i] : 0u);
    printf("  ");
    for (uint32_t i = 0; i < n; i++)
        putchar(bytes[i] >= 0x20 && bytes[i] < 0x7F ? bytes[i] : '.');
    putchar('\n');
}

static int hex_dump(struct image *im, uint64_t offset, uint32_t len)
{
    uint8_t row[HEX_ROW];
    for (uint32_t at = 0; at < len; at += HEX_ROW) {
        uint32_t n = len - at < HEX_ROW ? len - at : HEX_ROW;
        enum thm_fs_err e = thm_medium_peek(im->volume, offset + at, row, n);
        if (e)
            return thm_fail(thm_fs_exit_status(e), "%s: %s", im->path, thm_fs_strerror(e));
        hex_row(row, n, offset + at);
    }
    return 0;
}

static int dump_unit(struct image *im, const char *text)
{
    struct thm_fs_map m = { 0 };
    uint64_t unit;
    int32_t res = im->ops->map(im->fs, &m);
    if (res < 0)
        return image_fail(im, res, "map", "'image check' may tell more");
    free(m.states);
    if (!m.unit_size || m.unit_size > HEX_MAX)
        return thm_fail(THM_EXIT_USAGE, "--hex %s: the %ss of this file system differ in size", text, m.unit);
    if (m.count == 0 || !thm_parse_size(text, m.count - 1, &unit))
        return thm_fail(THM_EXIT_USAGE, "--hex %s: not a %s from 0 to %" PRIu32, text, m.unit, m.count - 1);
    printf("%s %" PRIu64 ", %s\n", m.unit, unit, "offsets from the volume's first byte:");
    return hex_dump(im, m.first + unit * m.unit_size, m.unit_size);
}

static int dump(struct image *im, const struct image_options *o)
{
    if (o->hex)
        return dump_unit(im, o->hex);
    image_print_partitions(im, stdout);
    putchar('\n');
    int status = image_print_facts(im, stdout);
    putchar('\n');
    return status ? status : image_print_map(im, stdout, image_colours());
}

int image_dump(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    (void)argc;
    int status = image_open(&im, argv[0], o);
    if (!status)
        status = dump(&im, o);
    image_close(&im);
    return status;
}
