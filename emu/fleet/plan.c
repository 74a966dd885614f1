#include "emu/fleet/plan.h"

enum draw { DRAW_WAVE, DRAW_ON, DRAW_SKEW, DRAW_SEED, DRAW_VALUE, DRAW_FAULT }; /* the last: one for each fault */

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint64_t draw(const struct thm_fleet *f, uint32_t id, unsigned what)
{
    return mix(mix(mix(f->seed) ^ id) ^ what);
}

/* From 0 to below n; n 0: 0. */
static uint64_t below(uint64_t drawn, uint64_t n)
{
    return (uint64_t)((unsigned __int128)drawn * n >> 64);
}

static bool in_share(uint64_t drawn, double percent)
{
    return (double)(drawn >> 11) * 0x1p-53 * 100 < percent;
}

unsigned thm_fleet_waves(const struct thm_fleet *f)
{
    return f->rollout.waves_count ? f->rollout.waves_count : 1;
}

static void draw_wave(const struct thm_fleet *f, struct thm_fleet_plan *p)
{
    const struct thm_fleet_rollout *r = &f->rollout;
    const uint64_t drawn = draw(f, p->id, DRAW_WAVE);
    p->wave_name = "all";
    for (p->wave = 0; p->wave < r->waves_count; p->wave++) {
        p->wave_name = r->waves[p->wave].name;
        p->opened = (uint64_t)r->waves[p->wave].at_s * 1000;
        if (in_share(drawn, r->waves[p->wave].percent))
            return;
    }
    p->wave = r->waves_count ? THM_FLEET_NO_WAVE : 0;
}

/* Its first multiple of the interval that is after both being switched on and the wave's opening. */
static void count_polls(struct thm_fleet_plan *p, uint64_t poll)
{
    p->asked = p->switched_on;
    p->polls = 1;
    if (p->wave == THM_FLEET_NO_WAVE || p->switched_on >= p->opened)
        return;
    if (poll == 0) {
        p->wave = THM_FLEET_NO_WAVE;
        return;
    }
    /* whole intervals more keep its clock above 0 and change nothing */
    const uint64_t ahead = (uint64_t)(p->skew + (int64_t)((UINT64_C(1) << 44) / poll * poll));
    const uint64_t on = p->switched_on + ahead, opens = p->opened + ahead;
    const uint64_t asks = (opens + poll - 1) / poll;
    p->polls += (uint32_t)(asks - on / poll);
    p->asked = asks * poll - ahead;
}

static void draw_fault(const struct thm_fleet *f, struct thm_fleet_plan *p)
{
    for (unsigned i = 0; i < f->faults_count; i++) {
        const struct thm_fleet_fault *t = &f->faults[i];
        const bool concerned = !t->group || thm_fleet_group_of(f, p->id) == thm_fleet_group_named(f, t->group);
        if (!concerned || !in_share(draw(f, p->id, DRAW_FAULT + i), t->percent))
            continue;
        p->fault = thm_fleet_fault_kind(t->kind);
        p->fault_value = t->value ? t->value : p->fault->value;
        if (p->fault_value == 0)
            p->fault_value = 1 + below(draw(f, p->id, DRAW_VALUE), p->fault->drawn);
        return;
    }
}

void thm_fleet_plan(const struct thm_fleet *f, uint32_t id, struct thm_fleet_plan *out)
{
    const struct thm_fleet_group *g = thm_fleet_group_of(f, id);
    const uint64_t skew = (uint64_t)g->skew_s * 1000;
    *out = (struct thm_fleet_plan){ .id = id, .group = (uint32_t)(g - f->groups) };
    out->seed = (uint32_t)draw(f, id, DRAW_SEED);
    out->switched_on = below(draw(f, id, DRAW_ON), (uint64_t)g->switch_on_s * 1000);
    out->skew = (int64_t)below(draw(f, id, DRAW_SKEW), 2 * skew + 1) - (int64_t)skew;
    draw_wave(f, out);
    count_polls(out, (uint64_t)f->rollout.poll_s * 1000);
    if (out->wave == THM_FLEET_NO_WAVE)
        out->wave_name = "";
    draw_fault(f, out);
}
