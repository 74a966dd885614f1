#include "emu/cli/torture_print.h"
#include <stdio.h>
#include <string.h>

uint32_t torture_state_of(uint32_t cut)
{
    return cut / 3 * 2 + cut % 3;
}

const char *torture_cut_name(uint32_t cut, char *buf, size_t size)
{
    static const char *const when[] = { "before", "torn", "after" };
    snprintf(buf, size, "%u:%s", cut / 3 + 1, when[cut % 3]);
    return buf;
}

void torture_count(const struct thm_torture *t, const struct thm_torture_result *r, struct torture_tally *out)
{
    *out = (struct torture_tally){ .operations = r->journal.count };
    for (uint32_t i = 0; i < r->journal.count; i++)
        out->erases += r->journal.entry[i].len == 0;
    out->programs = out->operations - out->erases;
    for (uint32_t cut = 0; cut < 3 * r->journal.count; cut++) {
        const enum thm_outcome o = r->state[torture_state_of(cut)].outcome;
        if (o >= THM_OUTCOME_COUNT)
            continue;
        if (out->count[o]++ == 0)
            out->first[o] = cut;
        out->broken = out->broken || (t->store->power_safe && thm_torture_is_unsafe(t, o));
    }
}

/* ---- the picture ---- */

static const unsigned char
    colours[THM_OUTCOME_COUNT] = { /* background, of the 256-colour palette */
                                   [THM_OUTCOME_NEW] = 34,       [THM_OUTCOME_OLD] = 39,   [THM_OUTCOME_NONE] = 244,
                                   [THM_OUTCOME_NOTICED] = 214,  [THM_OUTCOME_HUNG] = 129, [THM_OUTCOME_DIED] = 201,
                                   [THM_OUTCOME_UNNOTICED] = 196
    };

static void print_cell(enum thm_outcome o, const struct torture_style *style)
{
    if (style->colour)
        printf("\033[48;5;%u;38;5;16m%c\033[0m", colours[o], thm_outcomes[o].letter);
    else
        putchar(thm_outcomes[o].letter);
}

/* The worst of the states that fall into one column. */
static enum thm_outcome worst(const struct thm_torture_result *r, uint32_t from, uint32_t end)
{
    enum thm_outcome w = THM_OUTCOME_NEW;
    for (uint32_t i = from; i < end; i++)
        if (r->state[i].outcome < THM_OUTCOME_COUNT && r->state[i].outcome > w)
            w = r->state[i].outcome;
    return w;
}

static void print_strip(const struct thm_torture_result *r, const struct torture_style *style)
{
    const uint32_t states = 2 * r->journal.count + 1, width = states < style->width ? states : style->width;
    fputs("  ", stdout);
    for (uint32_t c = 0; c < width; c++)
        print_cell(worst(r, (uint32_t)((uint64_t)states * c / width), (uint32_t)((uint64_t)states * (c + 1) / width)),
                   style);
    putchar('\n');
}

void torture_print_legend(const struct torture_style *style)
{
    puts("in time from left to right, each column the worst of its boots:");
    for (int o = 0; o < THM_OUTCOME_COUNT; o++) {
        fputs("  ", stdout);
        print_cell((enum thm_outcome)o, style);
        printf("  %s\n", thm_outcomes[o].text);
    }
}

/* ---- the table ---- */

static void print_outcomes(const struct thm_torture *t, const struct torture_tally *n)
{
    char cut[32];
    for (int o = 0; o < THM_OUTCOME_COUNT; o++)
        if (n->count[o])
            printf("  %8u  %-46s first at %s%s\n", n->count[o], thm_outcomes[o].text,
                   torture_cut_name(n->first[o], cut, sizeof cut),
                   thm_torture_is_unsafe(t, (enum thm_outcome)o) ? "  <-" : "");
}

void torture_print(const struct thm_torture *t, const struct thm_torture_result *r, const struct torture_tally *n,
                   const struct torture_style *style)
{
    printf("%s: %s; %s power-safe\n", t->store->name, t->store->title,
           !t->store->power_safe ? "does not claim to be"
           : n->broken           ? "CLAIMS BUT IS NOT"
                                 : "claims to be");
    if (r->exit_status) {
        printf("  impossible here: %s\n\n", r->message);
        return;
    }
    printf("  %u programs and %u erases, %u cut points\n", n->programs, n->erases, 3 * n->operations);
    if (r->update_status)
        printf("  the update fails, without any cut: %s\n", r->update_message);
    print_strip(r, style);
    print_outcomes(t, n);
    putchar('\n');
}

/* ---- JSON ---- */

static json_t *outcomes_json(const struct torture_tally *n)
{
    json_t *all = json_object();
    char cut[32];
    for (int o = 0; o < THM_OUTCOME_COUNT; o++) {
        json_t *j = json_pack("{sI}", "count", (json_int_t)n->count[o]);
        if (n->count[o])
            json_object_set_new(j, "first", json_string(torture_cut_name(n->first[o], cut, sizeof cut)));
        json_object_set_new(all, thm_outcomes[o].name, j);
    }
    return all;
}

json_t *torture_json(const struct thm_torture *t, const struct thm_torture_result *r, const struct torture_tally *n)
{
    json_t *j = json_pack("{ss sb sb sI sI sI}", "store", t->store->name, "claims", t->store->power_safe, "broken",
                          n->broken, "programs", (json_int_t)n->programs, "erases", (json_int_t)n->erases, "cut_points",
                          (json_int_t)(3 * n->operations));
    json_object_set_new(j, "impossible", r->exit_status ? json_string(r->message) : json_null());
    json_object_set_new(j, "update_message", r->update_status ? json_string(r->update_message) : json_null());
    json_object_set_new(j, "outcomes", outcomes_json(n));
    return j;
}
