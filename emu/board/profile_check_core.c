/* emu/board/profile_check_core.c -- a core's profile: factors are positive, the reference kernels are there. */
#include "emu/board/profile_check_int.h"

static int is_positive(struct check *c, double value)
{
    return value > 0 ? 0 : WRONG(c, "expected more than 0, found %g", value);
}

static int check_kernels(struct check *c, const struct thm_cost_kernels *k, unsigned i)
{
    static const char *const counts[] = { "reference", "optimised", NULL };
    static const char *const ways[] = { "system", "model", "library", "core", NULL };
    const struct {
        const char *key;
        double value;
    } factors[] = { { "conv", k->conv }, { "depthwise", k->depthwise }, { "dense", k->dense }, { "other", k->other } };
    thm_check_at(c, "kernels[%u].counts", i);
    int status = thm_check_one_of(c, k->counts, counts);
    thm_check_at(c, "kernels[%u].left_out", i);
    if (!status)
        status = thm_check_one_of(c, k->left_out, ways);
    for (size_t n = 0; n < sizeof factors / sizeof *factors && k->fp == 0 && !status; n++) {
        thm_check_at(c, "kernels[%u].%s", i, factors[n].key);
        status = is_positive(c, factors[n].value);
    }
    thm_check_at(c, "kernels[%u].fp", i);
    return !status && k->fp < 0 ? is_positive(c, k->fp) : status;
}

int thm_profile_core_check(const struct thm_cost_core *core, struct thm_yaml *y)
{
    struct check c = { .y = y };
    struct thm_cost cost;
    int status = 0;
    for (unsigned i = 0; i < core->kernels_count && !status; i++)
        status = check_kernels(&c, &core->kernels[i], i);
    for (unsigned i = 0; i < core->boards_count && !status; i++) {
        thm_check_at(&c, "boards[%u].factor", i);
        status = is_positive(&c, core->boards[i].factor);
    }
    thm_check_at(&c, "kernels");
    if (!status && !thm_cost_open(&cost, core, "reference", NULL, 1))
        status = WRONG(&c, "expected two rows 'reference', one of them with fp");
    return status;
}
