#include "emu/zoo/sine.h"
#include <math.h>
#include <string.h>
#include "emu/zoo/random.h"

#define N      THM_SINE_WIDTH
#define STEPS  8000
#define BATCH  32
#define RATE   0.01f
#define BETA1  0.9f /* Adam: Kingma and Ba, ICLR 2015, with the paper's constants */
#define BETA2  0.999f
#define TINY   1e-8f
#define TWO_PI 6.28318530717958648f

struct pass { /* activations of one sample */
    float h1[N], h2[N], y;
};

struct adam {
    float m[THM_SINE_PARAMETERS], v[THM_SINE_PARAMETERS];
    float decay1, decay2; /* BETA1 and BETA2 to the power of the step */
};

static float relu(float x)
{
    return x > 0 ? x : 0;
}

static void forward(const struct thm_sine *net, float x, struct pass *s)
{
    const float *p = net->p;
    for (int i = 0; i < N; i++)
        s->h1[i] = relu(p[THM_SINE_W1 + i] * x + p[THM_SINE_B1 + i]);
    s->y = p[THM_SINE_B3];
    for (int i = 0; i < N; i++) {
        float sum = p[THM_SINE_B2 + i];
        for (int j = 0; j < N; j++)
            sum += p[THM_SINE_W2 + N * i + j] * s->h1[j];
        s->h2[i] = relu(sum);
        s->y += p[THM_SINE_W3 + i] * s->h2[i];
    }
}

/* Add the gradient of the squared error of one sample. */
static void backward(const struct thm_sine *net, float x, float expected, float *gradient)
{
    struct pass s;
    float d1[N] = { 0 };
    forward(net, x, &s);
    float d = 2 * (s.y - expected) / BATCH;
    gradient[THM_SINE_B3] += d;
    for (int i = 0; i < N; i++) {
        gradient[THM_SINE_W3 + i] += d * s.h2[i];
        float d2 = s.h2[i] > 0 ? d * net->p[THM_SINE_W3 + i] : 0;
        gradient[THM_SINE_B2 + i] += d2;
        for (int j = 0; j < N; j++) {
            gradient[THM_SINE_W2 + N * i + j] += d2 * s.h1[j];
            d1[j] += d2 * net->p[THM_SINE_W2 + N * i + j];
        }
    }
    for (int j = 0; j < N; j++)
        if (s.h1[j] > 0) {
            gradient[THM_SINE_W1 + j] += d1[j] * x;
            gradient[THM_SINE_B1 + j] += d1[j];
        }
}

static void adam_step(struct adam *a, struct thm_sine *net, const float *gradient, float rate)
{
    a->decay1 *= BETA1;
    a->decay2 *= BETA2;
    for (int i = 0; i < THM_SINE_PARAMETERS; i++) {
        a->m[i] = BETA1 * a->m[i] + (1 - BETA1) * gradient[i];
        a->v[i] = BETA2 * a->v[i] + (1 - BETA2) * gradient[i] * gradient[i];
        net->p[i] -= rate * (a->m[i] / (1 - a->decay1)) / (sqrtf(a->v[i] / (1 - a->decay2)) + TINY);
    }
}

/* The first layer's bends are spread over the input range; the second layer starts as He et al. propose. */
static void initialise(struct thm_sine *net, uint64_t seed)
{
    memset(net, 0, sizeof *net);
    for (int i = 0; i < N; i++) {
        float slope = i % 2 ? -1 : 1;
        net->p[THM_SINE_W1 + i] = slope;
        net->p[THM_SINE_B1 + i] = -slope * TWO_PI * (float)i / N;
        net->p[THM_SINE_W3 + i] = 0.4f * thm_draw_float(seed, (uint64_t)(N * N + i));
    }
    for (int i = 0; i < N * N; i++)
        net->p[THM_SINE_W2 + i] = 0.5f * thm_draw_float(seed, (uint64_t)i);
}

void thm_sine_train(struct thm_sine *net)
{
    const uint64_t seed = thm_seed_of("sine");
    struct adam a = { .decay1 = 1, .decay2 = 1 };
    initialise(net, seed);
    for (int step = 0; step < STEPS; step++) {
        float gradient[THM_SINE_PARAMETERS] = { 0 };
        for (int i = 0; i < BATCH; i++) { /* one sample from each slice of the range */
            float u = 0.5f + 0.5f * thm_draw_float(~seed, (uint64_t)(step * BATCH + i));
            float x = TWO_PI * ((float)i + u) / BATCH;
            backward(net, x, sinf(x), gradient);
        }
        adam_step(&a, net, gradient, RATE * (1 - (float)step / STEPS));
    }
}

float thm_sine_predict(const struct thm_sine *net, float x)
{
    struct pass s;
    forward(net, x, &s);
    return s.y;
}

void thm_sine_ranges(const struct thm_sine *net, float *first, float *second)
{
    *first = *second = 0;
    for (int i = 0; i <= 255; i++) {
        struct pass s;
        forward(net, TWO_PI * (float)i / 255, &s);
        for (int j = 0; j < N; j++) {
            *first = fmaxf(*first, s.h1[j]);
            *second = fmaxf(*second, s.h2[j]);
        }
    }
}
