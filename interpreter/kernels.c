#include "interpreter/kernels.h"
#include "interpreter/context.h"
#include "interpreter/ops/variant.h"

#ifndef THM_HOST_KERNELS /* the build defines it to 1 where interpreter/host/ is part of it */
#define THM_HOST_KERNELS 0
#endif

static bool everywhere(void)
{
    return true;
}

static const struct thm_kernels portable = { .name = "portable", .runs_here = everywhere };

#if THM_HOST_KERNELS && defined __x86_64__
extern const struct thm_kernels thm_kernels_avx2, thm_kernels_avx_vnni, thm_kernels_avx512_vnni;
#elif THM_HOST_KERNELS && defined __aarch64__
extern const struct thm_kernels thm_kernels_neon, thm_kernels_neon_dotprod;
#endif

static const struct thm_kernels *const table[] = {
    /* slowest first */
    &portable,
#if THM_HOST_KERNELS && defined __x86_64__
    &thm_kernels_avx2,
    &thm_kernels_avx_vnni,
    &thm_kernels_avx512_vnni,
#elif THM_HOST_KERNELS && defined __aarch64__
    &thm_kernels_neon,
    &thm_kernels_neon_dotprod,
#endif
};

const struct thm_kernels *thm_kernels_at(size_t i)
{
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
        if (table[k]->runs_here() && i-- == 0)
            return table[k];
    return NULL;
}

const struct thm_kernels *thm_kernels_find(const char *name)
{
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
        if (thm_same_text(table[k]->name, name) && table[k]->runs_here())
            return table[k];
    return NULL;
}

const struct thm_kernels *thm_kernels_best(void)
{
    for (size_t k = sizeof table / sizeof table[0]; k-- > 0;) /* asking the CPU takes a while in a virtual machine */
        if (table[k]->runs_here())
            return table[k];
    return &portable;
}

const char *thm_kernels_name(const struct thm_kernels *k)
{
    return k->name;
}

void thm_interpreter_set_kernels(struct thm_interpreter *it, const struct thm_kernels *k)
{
    context_of(it)->kernels = k;
    context_of(it)->packed = NULL;
}

const struct thm_kernels *thm_node_kernels(const struct thm_node *n)
{
    return context_of(n->it)->kernels;
}

#define STACK_TOUCHED 464 /* bytes; the deepest of the portable int8 kernels (CONV_2D, small window) with gcc -O3 */

__attribute__((noinline)) void thm_touch_stack(void)
{
    uint8_t frame[STACK_TOUCHED];
    *(volatile uint8_t *)frame = 0;
}
