/* interpreter/host/rows_template.h -- ADD, SUB and MUL of int8 and int16, LANES elements at a time. Included after
 * elements_template.h. */
/* In the scale of the sum. */
INLINE vec term(vec x, const struct thm_term *t, int32_t left)
{
    x = V(sllv_epi32)(V(sub_epi32)(x, V(set1_epi32)(t->zero)), V(set1_epi32)(left));
    return div_pot(mul_high(x, V(set1_epi32)(t->multiplier)), V(set1_epi32)(-t->shift));
}

INLINE vec add(const struct thm_add *s, vec a, vec b)
{
    vec x = term(a, &s->a, s->left), y = term(b, &s->b, s->left);
    x = s->subtract ? V(sub_epi32)(x, y) : V(add_epi32)(x, y);
    x = div_pot(mul_high(x, V(set1_epi32)(s->out.multiplier)), V(set1_epi32)(-s->out.shift));
    return finish(x, s->out.zero, s->low, s->high);
}

INLINE vec mul(const struct thm_mul *s, vec a, vec b)
{
    vec x = V(mullo_epi32)(V(sub_epi32)(a, V(set1_epi32)(s->zero_a)), V(sub_epi32)(b, V(set1_epi32)(s->zero_b)));
    return finish(scale(x, s->out.multiplier, s->out.shift), s->out.zero, s->low, s->high);
}

#define ROWS(name, kind, type, combine)                                                                            \
    TARGET void thm_##name(const void *ctx, const void *a, size_t step_a, const void *b, size_t step_b, void *out, \
                           size_t n)                                                                               \
    {                                                                                                              \
        const struct kind *s = ctx;                                                                                \
        const type##_t *pa = a, *pb = b;                                                                           \
        type##_t last[3][LANES] = { { 0 } }, *to = out;                                                            \
        vec x = V(set1_epi32)(pa[0]), y = V(set1_epi32)(pb[0]);                                                    \
        size_t i = 0;                                                                                              \
        for (; i + LANES <= n; i += LANES) {                                                                       \
            READ_ANEW();                                                                                           \
            x = step_a ? load_##type(pa + i) : x;                                                                  \
            y = step_b ? load_##type(pb + i) : y;                                                                  \
            store_##type(to + i, combine(s, x, y));                                                                \
        }                                                                                                          \
        if (i == n)                                                                                                \
            return;                                                                                                \
        for (size_t k = 0; k < n - i; k++) {                                                                       \
            last[0][k] = pa[(i + k) * step_a];                                                                     \
            last[1][k] = pb[(i + k) * step_b];                                                                     \
        }                                                                                                          \
        store_##type(last[2], combine(s, load_##type(last[0]), load_##type(last[1])));                             \
        for (size_t k = 0; k < n - i; k++)                                                                         \
            to[i + k] = last[2][k];                                                                                \
    }
