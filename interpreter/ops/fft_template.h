/* interpreter/ops/fft_template.h -- the transforms of fft.h for one kind of number. The file that includes it defines
 *   number                        the type; struct complex then is two of them
 *   MAX                           what stands for 1.0
 *   factor(x)                     from double to number, x within -1..1, times MAX
 *   plus(a, b), minus(a, b)       sums as the reference stores them: integers wrap
 *   half_plus(a, b), half_minus(a, b)   half of the sum
 *   product(a, b)                 of a number and a factor
 *   dot(a, b, c, d)               a * b + c * d, rounded once; minus_dot(a, b, c, d): a * b - c * d
 *   divided(a, p)                 a / p for integers, a for floats */
#include <math.h>
#include <stddef.h>
#include "interpreter/ops/fft.h"

struct complex {
    number r, i;
};

static struct complex *twiddles_of(void *state)
{
    return (struct complex *)(void *)((uint8_t *)state + THM_FFT_RECORDS);
}

static inline struct complex add(struct complex a, struct complex b)
{
    return (struct complex){ plus(a.r, b.r), plus(a.i, b.i) };
}

static inline struct complex subtract(struct complex a, struct complex b)
{
    return (struct complex){ minus(a.r, b.r), minus(a.i, b.i) };
}

static inline struct complex multiply(struct complex a, struct complex b)
{
    return (struct complex){ minus_dot(a.r, b.r, a.i, b.i), dot(a.r, b.i, a.i, b.r) };
}

static inline struct complex divide(struct complex a, int p)
{
    return (struct complex){ divided(a.r, p), divided(a.i, p) };
}

/* b turned by a right angle, added to or taken off a. */
static inline struct complex add_turned(struct complex a, struct complex b)
{
    return (struct complex){ minus(a.r, b.i), plus(a.i, b.r) };
}

static inline struct complex subtract_turned(struct complex a, struct complex b)
{
    return (struct complex){ plus(a.r, b.i), minus(a.i, b.r) };
}

/* One butterfly: p numbers, m apart; t: the factors, k of the first. */
struct spot {
    struct complex *f;
    size_t m;
    const struct complex *t;
    size_t k;
    bool inverse;
    size_t third; /* k of a turn by 1 / p */
};

static void butterfly2(const struct spot *s)
{
    struct complex a = divide(s->f[0], 2), b = multiply(divide(s->f[s->m], 2), s->t[s->k]);
    s->f[s->m] = subtract(a, b);
    s->f[0] = add(a, b);
}

static void butterfly3(const struct spot *s)
{
    struct complex *f = s->f, a = divide(f[0], 3);
    struct complex b = multiply(divide(f[s->m], 3), s->t[s->k]), c = multiply(divide(f[2 * s->m], 3), s->t[2 * s->k]);
    struct complex sum = add(b, c), difference = subtract(b, c);
    number sine = s->t[s->third].i;
    struct complex middle = { minus(a.r, half_plus(sum.r, 0)), minus(a.i, half_plus(sum.i, 0)) };
    struct complex side = { product(difference.r, sine), product(difference.i, sine) };
    f[0] = add(a, sum);
    f[2 * s->m] = subtract_turned(middle, side);
    f[s->m] = add_turned(middle, side);
}

static void butterfly4(const struct spot *s)
{
    struct complex *f = s->f, a = divide(f[0], 4);
    struct complex b = multiply(divide(f[s->m], 4), s->t[s->k]), c = multiply(divide(f[2 * s->m], 4), s->t[2 * s->k]);
    struct complex d = multiply(divide(f[3 * s->m], 4), s->t[3 * s->k]);
    struct complex even = subtract(a, c), odd = subtract(b, d), sum = add(b, d);
    a = add(a, c);
    f[2 * s->m] = subtract(a, sum);
    f[0] = add(a, sum);
    f[s->m] = s->inverse ? add_turned(even, odd) : subtract_turned(even, odd);
    f[3 * s->m] = s->inverse ? subtract_turned(even, odd) : add_turned(even, odd);
}

/* a + x * u + y * v, each product rounded. */
static inline struct complex weighted(struct complex a, struct complex x, number u, struct complex y, number v)
{
    return (struct complex){ plus(plus(a.r, product(x.r, u)), product(y.r, v)),
                             plus(plus(a.i, product(x.i, u)), product(y.i, v)) };
}

static void butterfly5(const struct spot *s)
{
    struct complex *f = s->f, x[5], one = s->t[s->third], two = s->t[2 * s->third];
    x[0] = divide(f[0], 5);
    for (size_t q = 1; q < 5; q++)
        x[q] = multiply(divide(f[q * s->m], 5), s->t[q * s->k]);
    struct complex sum1 = add(x[1], x[4]), odd1 = subtract(x[1], x[4]);
    struct complex sum2 = add(x[2], x[3]), odd2 = subtract(x[2], x[3]);
    f[0] = add(x[0], add(sum1, sum2));
    struct complex even = weighted(x[0], sum1, one.r, sum2, two.r);
    struct complex turned = { plus(product(odd1.i, one.i), product(odd2.i, two.i)),
                              minus(minus(0, product(odd1.r, one.i)), product(odd2.r, two.i)) };
    f[s->m] = subtract(even, turned);
    f[4 * s->m] = add(even, turned);
    even = weighted(x[0], sum1, two.r, sum2, one.r);
    turned = (struct complex){ minus(product(odd2.i, one.i), product(odd1.i, two.i)),
                               minus(product(odd1.r, two.i), product(odd2.r, one.i)) };
    f[2 * s->m] = add(even, turned);
    f[3 * s->m] = subtract(even, turned);
}

/* Into the order in which the stages can work in place: the digits of the position, the other way round. */
static void reorder(const struct thm_fft_plan *p, const struct complex *in, struct complex *out)
{
    for (uint32_t j = 0; j < p->points; j++) {
        uint32_t from = 0, stride = 1, block = p->points, rest = j;
        for (uint32_t s = 0; s < p->stages; s++) {
            block /= p->radix[s];
            from += rest / block * stride;
            rest %= block;
            stride *= p->radix[s];
        }
        out[j] = in[from];
    }
}

static void transform(void *state, const struct complex *in, struct complex *out)
{
    static void (*const butterfly[])(
        const struct spot *) = { [2] = butterfly2, [3] = butterfly3, [4] = butterfly4, [5] = butterfly5 };
    const struct thm_fft_plan *p = state;
    reorder(p, in, out);
    size_t m = 1;
    for (uint32_t stage = p->stages; stage-- > 0; m *= p->radix[stage]) {
        size_t radix = p->radix[stage], stride = p->points / (m * radix);
        for (size_t block = 0; block < p->points; block += m * radix)
            for (size_t u = 0; u < m; u++) {
                struct spot s = { out + block + u, m, twiddles_of(state), u * stride, p->inverse, stride * m };
                butterfly[radix](&s);
            }
    }
}

static void turn(struct complex *c, double phase, bool inverse)
{
    phase = inverse ? -phase : phase;
    *c = (struct complex){ factor(cos(phase)), factor(sin(phase)) };
}

static void start(void *state)
{
    const double pi = 3.14159265358979323846264338327;
    const struct thm_fft_plan *p = state;
    struct complex *twiddles = twiddles_of(state), *step = twiddles + 2 * (size_t)p->points;
    for (uint32_t i = 0; i < p->points; i++)
        turn(&twiddles[i], -2 * pi * i / p->points, p->inverse);
    for (uint32_t i = 0; i < p->points / 2; i++)
        turn(&step[i], -pi * ((double)(i + 1) / p->points + .5), p->inverse);
}

static inline struct complex conjugate(struct complex c)
{
    return (struct complex){ c.r, minus(0, c.i) };
}

static void forward(void *state, const void *samples, void *spectrum)
{
    const struct thm_fft_plan *p = state;
    uint32_t n = p->points;
    const struct complex *work = twiddles_of(state) + n, *step = work + n;
    struct complex *out = spectrum;
    transform(state, samples, twiddles_of(state) + n);
    struct complex first = divide(work[0], 2);
    out[0] = (struct complex){ plus(first.r, first.i), 0 };
    out[n] = (struct complex){ minus(first.r, first.i), 0 };
    for (uint32_t k = 1; k <= n / 2; k++) {
        struct complex a = divide(work[k], 2), b = divide(conjugate(work[n - k]), 2);
        struct complex even = add(a, b), odd = multiply(subtract(a, b), step[k - 1]);
        out[k] = (struct complex){ half_plus(even.r, odd.r), half_plus(even.i, odd.i) };
        out[n - k] = (struct complex){ half_minus(even.r, odd.r), half_minus(odd.i, even.i) };
    }
}

static void backward(void *state, const void *spectrum, void *samples)
{
    const struct thm_fft_plan *p = state;
    uint32_t n = p->points;
    struct complex *work = twiddles_of(state) + n;
    const struct complex *in = spectrum, *step = work + n;
    work[0] = divide((struct complex){ plus(in[0].r, in[n].r), minus(in[0].r, in[n].r) }, 2);
    for (uint32_t k = 1; k <= n / 2; k++) {
        struct complex a = divide(in[k], 2), b = divide(conjugate(in[n - k]), 2);
        struct complex even = add(a, b), odd = multiply(subtract(a, b), step[k - 1]);
        work[k] = add(even, odd);
        work[n - k] = conjugate(subtract(even, odd));
    }
    transform(state, work, samples);
}
