/* interpreter/host/elements_template.h -- LANES elements as int32: limits and scaling. Included by those that define
 * vec, V(), LANES, INLINE, mul_high() and div_pot(). */

/* Parameters are read for each vector. Otherwise the compiler would keep them as vectors, more than there are
 * registers, and fill the stack of the emulated task with them. */
#define READ_ANEW() __asm__ volatile("" : : : "memory")

typedef int8_t i8_t;
typedef int16_t i16_t;

INLINE vec clamp(vec x, int32_t low, int32_t high)
{
    return V(min_epi32)(V(max_epi32)(x, V(set1_epi32)(low)), V(set1_epi32)(high));
}

/* thm_add_clamp(), within thm_usual_limits(). */
INLINE vec finish(vec x, int32_t zero, int32_t low, int32_t high)
{
    return clamp(V(add_epi32)(clamp(x, -(1 << 17), 1 << 17), V(set1_epi32)(zero)), low, high);
}

/* thm_scale32() */
INLINE vec scale(vec x, int32_t multiplier, int32_t shift)
{
    int32_t left = shift > 0 ? shift : 0;
    x = mul_high(V(sllv_epi32)(x, V(set1_epi32)(left)), V(set1_epi32)(multiplier));
    return div_pot(x, V(set1_epi32)(left - shift));
}
