/* emu/cli/image_wear.c -- wear: how often every sector was erased, drawn. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_text.h"
#include "emu/cli/image_verbs.h"
#include "fsimages/spiffs.h"

#define ROW    64u
#define LEVELS 9u

/* Where the figures come from, and what they mean. */
enum source { COUNTED, NUMBERED, NONE };

static const struct {
    const char *key, *text;
} sources[] = {
    [COUNTED] = { "counters", "erases of each sector" },
    [NUMBERED] = { "blocks", "at which erase of the volume each block was erased last, as the blocks themselves tell" },
    [NONE] = { "none", "" },
};

struct wear {
    enum source source;
    const char *unit;
    uint32_t unit_size, count;
    uint32_t *erases; /* malloc'ed; one a unit */
    uint32_t min, median, max;
    uint64_t total;
};

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool summarise(struct wear *w)
{
    uint32_t *sorted = malloc(w->count * sizeof *sorted);
    if (!sorted)
        return false;
    memcpy(sorted, w->erases, w->count * sizeof *sorted);
    qsort(sorted, w->count, sizeof *sorted, by_value);
    w->min = sorted[0];
    w->median = sorted[w->count / 2];
    w->max = sorted[w->count - 1];
    for (uint32_t i = 0; i < w->count; i++)
        w->total += sorted[i];
    free(sorted);
    return true;
}

static void take_counters(const struct image *im, struct wear *w)
{
    const uint32_t *from = im->wear + im->place.offset / im->sector_size;
    memcpy(w->erases, from, w->count * sizeof *from);
}

static void take_numbers(const struct image *im, struct wear *w)
{
    for (uint32_t i = 0; i < w->count; i++) {
        uint16_t n = thm_spiffs_block_erased(im->fs, i);
        w->erases[i] = n == 0xFFFF ? 0 : n;
    }
}

static int measure(const struct image *im, struct wear *w)
{
    *w = (struct wear){ .source = NONE };
    if (im->wear)
        *w = (struct wear){ .source = COUNTED,
                            .unit = "sector",
                            .unit_size = im->sector_size,
                            .count = (uint32_t)(im->place.size / im->sector_size) };
    else if (im->ops == &thm_fs_spiffs)
        *w = (struct wear){ .source = NUMBERED,
                            .unit = "block",
                            .unit_size = im->config.block_size,
                            .count = thm_spiffs_block_count(im->fs) };
    if (w->count == 0)
        return 0;
    w->erases = calloc(w->count, sizeof *w->erases);
    if (w->erases)
        (w->source == COUNTED ? take_counters : take_numbers)(im, w);
    return w->erases && summarise(w) ? 0 : thm_fail(THM_EXIT_HOST, "%s: out of memory", im->path);
}

static unsigned level(const struct wear *w, uint32_t erases)
{
    return erases == 0 ? 0 : 1 + (unsigned)((uint64_t)(LEVELS - 1) * erases / w->max);
}

static void draw(const struct wear *w, FILE *to, bool colours)
{
    for (uint32_t i = 0; i < w->count; i++) {
        unsigned l = level(w, w->erases[i]);
        if (i % ROW == 0)
            fprintf(to, "%s%8" PRIu32 "  ", i ? "\n" : "", i);
        if (colours && l) /* green to red, in the colour cube of 256 colours */
            fprintf(to, "\033[38;5;%um%u\033[0m", 16 + 36 * (l * 5 / LEVELS) + 6 * (5 - l * 5 / LEVELS), l);
        else
            putc(l ? (int)('0' + l) : '.', to);
    }
    putc('\n', to);
    fprintf(to, "  . 0  1 to %u: %" PRIu32 " to %" PRIu32 "\n", LEVELS, w->max / LEVELS + (w->max >= LEVELS ? 0 : 1),
            w->max);
}

/* Of the board's chip; 0: not known. */
static uint32_t endurance(const struct image *im)
{
    return im->board_part ? im->board_part->endurance : 0;
}

static void print_endurance(const struct image *im, const struct wear *w, FILE *to)
{
    if (w->source != COUNTED)
        fprintf(to, "on average %.1f erases of a block\n", (double)w->max / w->count);
    else if (endurance(im))
        fprintf(to, "endurance: %u erases of a sector; the most worn has used %.3f %% of them\n",
                (unsigned)endurance(im), 100.0 * w->max / endurance(im));
    else
        fputs("endurance: not known without the chip; --board tells it\n", to);
}

static void print(const struct image *im, const struct wear *w, FILE *to, bool colours)
{
    if (w->source == NONE) {
        fprintf(to, "no erase counters: neither %s.wear nor the file system has them\n", im->path);
        return;
    }
    fprintf(to, "%s\n%" PRIu32 " %ss of %" PRIu32 " bytes: minimum %" PRIu32 ", median %" PRIu32 ", maximum %" PRIu32,
            sources[w->source].text, w->count, w->unit, w->unit_size, w->min, w->median, w->max);
    if (w->source == COUNTED)
        fprintf(to, ", total %" PRIu64, w->total);
    putc('\n', to);
    print_endurance(im, w, to);
    if (w->max)
        draw(w, to, colours);
}

int image_print_wear(struct image *im, FILE *to, bool colours)
{
    struct wear w;
    int status = measure(im, &w);
    if (!status)
        print(im, &w, to, colours);
    free(w.erases);
    return status;
}

static int print_as_json(const struct image *im)
{
    struct wear w;
    int status = measure(im, &w);
    json_t *erases = json_array(), *o = NULL;
    for (uint32_t i = 0; !status && i < w.count; i++)
        json_array_append_new(erases, json_integer(w.erases[i]));
    if (!status)
        o = json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:O}", "source", sources[w.source].key, "unit",
                      w.unit ? w.unit : "", "unit_size", (json_int_t)w.unit_size, "minimum", (json_int_t)w.min,
                      "median", (json_int_t)w.median, "maximum", (json_int_t)w.max, "total", (json_int_t)w.total,
                      "endurance", (json_int_t)endurance(im), "erases", erases);
    json_decref(erases);
    free(w.erases);
    return status ? status : image_print_json(o);
}

int image_wear(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    (void)argc;
    int status = image_open(&im, argv[0], o);
    if (!status)
        status = o->json ? print_as_json(&im) : image_print_wear(&im, stdout, image_colours());
    image_close(&im);
    return status;
}
