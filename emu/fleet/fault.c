#include "emu/fleet/fault.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "emu/fleet/kit.h"

static void power_cut(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    r->run.media_faults.cut_at = (uint32_t)p->fault_value;
    r->run.media_faults.cut_when = THM_CUT_TORN;
}

/* A board that is switched on later does not notice. */
static void power_off(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    const uint64_t at = p->fault_value * 1000;
    r->run.power_off_ns = at > r->origin_ms ? (at - r->origin_ms) * 1000000 : 0;
}

static void full_storage(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    r->run.filled = true;
    r->run.left_bytes = (uint32_t)p->fault_value;
}

static void bad_blocks(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    r->run.media_faults.bad_per_million = (uint32_t)p->fault_value;
}

static void bit_flips(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    r->run.media_faults.flips_per_billion = (uint32_t)p->fault_value;
}

static void worn_flash(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    r->run.media_faults.worn = true;
    r->run.media_faults.cycles = (uint32_t)p->fault_value;
}

/* A link that carries nothing stays one. */
static uint64_t slower(uint64_t bps, uint64_t times)
{
    return bps == 0 || bps / times ? bps / times : 1;
}

static void bad_link(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    const uint64_t times = p->fault_value, rtt = r->link.rtt_us * times;
    r->link.down_bps = slower(r->link.down_bps, times);
    r->link.up_bps = slower(r->link.up_bps, times);
    r->link.rtt_us = rtt < UINT32_MAX ? (uint32_t)rtt : UINT32_MAX;
}

static void failed_alloc(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    r->run.fail_nth = (uint32_t)p->fault_value;
}

/* ---- of the network: `thimble run --net-fault` has them ---- */

static void set_net_faults(struct thm_fleet_run *r, const char *list)
{
    const char *why;
    if (thm_net_faults_parse(list, &r->net_faults, &why) == THM_NET_OK)
        r->run.net_faults = &r->net_faults;
}

static bool parse_net_fault(const char *text, const char **why)
{
    struct thm_net_faults faults;
    return thm_net_faults_parse(text, &faults, why) == THM_NET_OK;
}

static void net_fault(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    set_net_faults(r, p->fault_text);
}

static void cut_link(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    char list[32];
    snprintf(list, sizeof list, "cut=%" PRIu64, p->fault_value);
    set_net_faults(r, list);
}

static const struct thm_fleet_fault_kind kinds[] = {
    { .name = "power-cut",
      .max = UINT32_MAX,
      .drawn = 200,
      .words = "lose power in program or erase %s of their storage",
      .apply = power_cut },
    { .name = "power-off",
      .max = UINT32_MAX,
      .drawn = 86400,
      .words = "lose power %s s after the start, for good if the update is under way then",
      .apply = power_off },
    { .name = "full-storage",
      .value = 4096,
      .max = UINT32_MAX,
      .words = "have a storage with only %s bytes left",
      .apply = full_storage },
    { .name = "bad-blocks",
      .value = 20000,
      .max = 1000000,
      .words = "have storage with %s of a million blocks bad",
      .apply = bad_blocks },
    { .name = "bit-flips",
      .value = 1000,
      .max = 1000000000,
      .words = "read %s of a billion bytes with a wrong bit",
      .apply = bit_flips },
    { .name = "worn-flash",
      .value = 100200,
      .max = 1000000000,
      .words = "have a storage whose blocks have %s erases behind them, and fail when they are worn out",
      .wears = true,
      .apply = worn_flash },
    { .name = "bad-link",
      .value = 10,
      .max = 1000000,
      .words = "have a link that is %s times slower",
      .apply = bad_link },
    { .name = "cut-link",
      .max = INT64_MAX,
      .drawn = 65536,
      .words = "lose the connection after %s bytes of the body",
      .apply = cut_link },
    { .name = "net-fault",
      .words = "have this wrong with their network: %s",
      .parse = parse_net_fault,
      .apply = net_fault },
    { .name = "failed-alloc",
      .max = UINT32_MAX,
      .drawn = 40,
      .words = "fail the application's allocation %s",
      .apply = failed_alloc },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

const struct thm_fleet_fault_kind *thm_fleet_fault_kind(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

const char *thm_fleet_fault_names(char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < KINDS && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s",
                                i == 0          ? ""
                                : i + 1 < KINDS ? ", "
                                                : " or ",
                                kinds[i].name);
    return out;
}
