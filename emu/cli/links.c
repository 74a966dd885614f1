/* emu/cli/links.c -- `thimble boards --links`: which links there are. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "emu/board/profile.h"
#include "emu/cli/boards.h"
#include "emu/cli/cli.h"

/* "20M", "62.5k", "250" */
static void print_rate(uint64_t bps)
{
    const bool mega = bps >= 1000000, kilo = bps >= 1000;
    printf(" %6g%s", (double)bps / (mega ? 1e6 : kilo ? 1e3 : 1), mega ? "M" : kilo ? "k" : " ");
}

static void print_outages(const struct thm_profile_link *l)
{
    if (l->outage_every_ms)
        printf(" %gs of %gs", l->outage_ms / 1e3, l->outage_every_ms / 1e3);
    else
        printf(" %s", l->outages_count ? "listed" : "-");
    putchar('\n');
}

static void print_link(const struct thm_profile_link *l)
{
    printf("%-17s", l->name);
    print_rate(l->down_bps);
    print_rate(l->up_bps);
    printf(" %7g %7g %6g %5" PRIu32, l->rtt_us / 1e3, l->jitter_us / 1e3, l->loss_ppm / 1e4, l->mtu);
    print_outages(l);
    printf("                  %.61s\n", l->title);
}

static json_t *link_json(const struct thm_profile_link *l)
{
    json_t *outages = json_array();
    for (unsigned i = 0; i < l->outages_count; i++)
        json_array_append_new(outages, json_pack("{s:I, s:I}", "start_ms", (json_int_t)l->outages[i].start_ms,
                                                 "length_ms", (json_int_t)l->outages[i].length_ms));
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "name", l->name, "title",
                     l->title, "down_bps", (json_int_t)l->down_bps, "up_bps", (json_int_t)l->up_bps, "rtt_us",
                     (json_int_t)l->rtt_us, "mtu", (json_int_t)l->mtu, "jitter_us", (json_int_t)l->jitter_us,
                     "loss_ppm", (json_int_t)l->loss_ppm, "outage_every_ms", (json_int_t)l->outage_every_ms,
                     "outage_ms", (json_int_t)l->outage_ms, "timeout_ms", (json_int_t)l->timeout_ms, "rx_mw",
                     (json_int_t)l->rx_mw, "tx_mw", (json_int_t)l->tx_mw, "outages", outages);
}

/* A profile that does not load is reported and left out. list: the JSON; NULL: print. */
static int take(const char *name, json_t *list)
{
    struct thm_profile_link *l;
    char *error;
    int status = thm_profile_link_load(name, &l, &error);
    if (status)
        status = thm_fail(status, "%s", error ? error : "out of memory");
    else if (list)
        status = json_array_append_new(list, link_json(l)) < 0 ? thm_fail(THM_EXIT_HOST, "out of memory") : 0;
    else
        print_link(l);
    free(error);
    thm_profile_link_free(l);
    return status;
}

static int print_json(json_t *list)
{
    json_t *o = json_pack("{s:O}", "links", list);
    const int bad = !o || json_dumpf(o, stdout, JSON_INDENT(2)) < 0;
    putchar('\n');
    json_decref(o);
    return bad ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : 0;
}

int thm_links_list(bool json)
{
    char **names = thm_profile_names("links");
    json_t *list = json ? json_array() : NULL;
    int status = names ? THM_EXIT_OK : thm_fail(THM_EXIT_HOST, "out of memory");
    if (!json)
        printf("%-17s %7s %7s %7s %7s %6s %5s %s\n", "LINK", "DOWN", "UP", "RTT ms", "JITTER", "LOSS%", "MTU", "OUT");
    for (size_t i = 0; names && names[i]; i++) {
        const int failed = take(names[i], list);
        status = failed ? failed : status;
    }
    if (json && !status)
        status = print_json(list);
    json_decref(list);
    thm_profile_names_free(names);
    return status;
}
