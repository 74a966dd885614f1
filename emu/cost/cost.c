#include "emu/cost/cost.h"
#include <string.h>
#include <strings.h>

enum kind { KIND_OTHER, KIND_CONV, KIND_DEPTHWISE, KIND_DENSE, KIND_FLOAT };

static const struct {
    const char *op;
    enum kind kind;
} kinds[] = {
    { "CONV_2D", KIND_CONV },
    { "TRANSPOSE_CONV", KIND_CONV },
    { "FULLY_CONNECTED", KIND_DENSE },
    { "SVDF", KIND_DENSE },
    { "BATCH_MATMUL", KIND_DENSE },
    { "UNIDIRECTIONAL_SEQUENCE_LSTM", KIND_DENSE },
    { "DEPTHWISE_CONV_2D", KIND_DEPTHWISE },
};

static bool is(const char *text, const char *name, size_t len)
{
    return strlen(text) == len && memcmp(text, name, len) == 0;
}

static enum kind kind_of(const char *name, uint32_t len, enum thm_type type)
{
    if (type == THM_FLOAT32)
        return KIND_FLOAT;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is(kinds[i].op, name, len))
            return kinds[i].kind;
    return KIND_OTHER;
}

/* -- instructions ----------------------------------------------------------------------------------------------- */

static const struct thm_cost_operator *find_row(const struct thm_cost_core *core, const char *kernels, const char *name,
                                                size_t len, const char *type, uint64_t taps)
{
    for (unsigned i = 0; i < core->operators_count; i++) {
        const struct thm_cost_operator *o = &core->operators[i];
        if (o->taps == taps && strcmp(o->kernels, kernels) == 0 && is(o->op, name, len) && strcmp(o->type, type) == 0)
            return o;
    }
    return NULL;
}

/* The row of this filter, of this type, of int8, of any operator. */
static const struct thm_cost_operator *row_for(const struct thm_cost_core *core, const char *kernels, const char *name,
                                               size_t len, const struct thm_work *w)
{
    const char *type = thm_type_name(w->type);
    const struct thm_cost_operator *o = NULL;
    if (w->elements && w->taps)
        o = find_row(core, kernels, name, len, type, w->taps / w->elements);
    if (!o)
        o = find_row(core, kernels, name, len, type, 0);
    if (!o)
        o = find_row(core, kernels, name, len, "int8", 0);
    return o ? o : find_row(core, kernels, "*", 1, "*", 0);
}

static double instructions(const struct thm_cost_operator *o, const struct thm_work *w)
{
    return o->mac * (double)w->macs + o->tap * (double)w->taps + o->output * (double)w->elements +
           o->pixel * (double)w->pixels + o->input * (double)w->inputs + o->constant * (double)w->constants + o->call;
}

/* -- cycles ----------------------------------------------------------------------------------------------------- */

static double factor_of(const struct thm_cost_kernels *k, enum kind kind)
{
    switch (kind) {
    case KIND_CONV: return k->conv;
    case KIND_DEPTHWISE: return k->depthwise;
    case KIND_DENSE: return k->dense;
    case KIND_FLOAT: return k->fp;
    default: return k->other;
    }
}

double thm_cost_cycles(const struct thm_cost *c, const char *name, uint32_t name_len, const struct thm_work *work)
{
    enum kind kind = kind_of(name, name_len, work->type);
    const struct thm_cost_kernels *k = kind == KIND_FLOAT ? c->fp : c->integer;
    const struct thm_cost_operator *o = row_for(c->core, k->counts, name, name_len, work);
    double cycles = c->core->operator_cycles + (double)work->constants * c->core->flash_ns * 1e-9 * (double)c->clock_hz;
    if (o)
        cycles += factor_of(k, kind) * instructions(o, work);
    return c->board ? cycles * c->board->factor : cycles;
}

/* -- choosing a row --------------------------------------------------------------------------------------------- */

static bool same_family(const char *a, const char *b)
{
    size_t n = strcspn(a, ":");
    return n == strcspn(b, ":") && memcmp(a, b, n) == 0;
}

/* The row of that name, else the last of its family: rows are sorted, newer versions behind. */
static const struct thm_cost_kernels *find_kernels(const struct thm_cost_core *core, const char *name, bool floats)
{
    const struct thm_cost_kernels *found = NULL;
    for (unsigned i = 0; i < core->kernels_count; i++) {
        const struct thm_cost_kernels *k = &core->kernels[i];
        if ((k->fp > 0) != floats)
            continue;
        if (strcmp(k->name, name) == 0)
            return k;
        bool version_left_open = !strchr(name, ':') || !strchr(k->name, ':');
        if (version_left_open && same_family(k->name, name))
            found = k;
    }
    return found;
}

static const struct thm_cost_board *find_board(const struct thm_cost_core *core, const char *name)
{
    for (unsigned i = 0; name && i < core->boards_count; i++)
        if (strcmp(core->boards[i].name, name) == 0)
            return &core->boards[i];
    return NULL;
}

bool thm_cost_open(struct thm_cost *c, const struct thm_cost_core *core, const char *kernels, const char *board,
                   uint64_t clock_hz)
{
    *c = (struct thm_cost){ .core = core, .clock_hz = clock_hz };
    c->integer = find_kernels(core, kernels, false);
    c->fp = find_kernels(core, kernels, true);
    if (!c->integer && !c->fp)
        return false;
    if (!c->fp)
        c->fp = find_kernels(core, "reference", true);
    if (!c->integer)
        c->integer = find_kernels(core, "reference", false);
    if (strcmp(kernels, "reference") == 0)
        c->board = find_board(core, board);
    return c->fp && c->integer;
}

struct thm_cost_error thm_cost_error(const struct thm_cost *c, bool floats)
{
    const struct thm_cost_kernels *k = floats ? c->fp : c->integer;
    if (floats && c->board)
        return (struct thm_cost_error){ c->board->median, c->board->p90, "model" };
    return (struct thm_cost_error){ k->median, k->p90, k->left_out };
}

const struct thm_cost_energy *thm_cost_energy(const struct thm_cost_core *core, const char *mcu)
{
    const char *wanted = mcu ? mcu : "*";
    for (unsigned i = 0; i < core->energy_count; i++)
        if (strncasecmp(core->energy[i].mcu, wanted, strlen(wanted)) == 0)
            return &core->energy[i];
    return NULL;
}
