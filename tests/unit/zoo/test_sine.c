/* The trained network is a sine, as float32 and as int8. */
#include <math.h>
#include "emu/zoo/sine.h"
#include "tests/testing.h"

#define POINTS 1000
#define TWO_PI 6.28318530717958648f

static struct thm_sine net;

static int train(void **state)
{
    (void)state;
    thm_sine_train(&net);
    return 0;
}

static void training__twice_gives_the_same_bits(void **state)
{
    (void)state;
    struct thm_sine again;
    thm_sine_train(&again);
    assert_memory_equal(&again, &net, sizeof net);
}

static void prediction__is_within_0_05_of_the_sine_everywhere(void **state)
{
    (void)state;
    float worst = 0;
    for (int i = 0; i <= POINTS; i++) {
        float x = TWO_PI * (float)i / POINTS;
        worst = fmaxf(worst, fabsf(thm_sine_predict(&net, x) - sinf(x)));
    }
    print_message("# largest error %.4f\n", (double)worst);
    assert_true(worst < 0.05f);
}

/* One dense layer in int8, by the definition of the quantised values. */
static void dense(const struct thm_graph *g, uint32_t op, const int8_t *in, int8_t *out)
{
    const struct thm_tflite_op *o = &g->ops[op];
    const struct thm_tflite_tensor *x = &g->tensors[o->input[0]], *w = &g->tensors[o->input[1]],
                                   *y = &g->tensors[o->output];
    const int8_t *weights = g->data[o->input[1]].raw;
    const int32_t *bias = g->data[o->input[2]].raw;
    for (int32_t i = 0; i < w->shape[0]; i++) {
        int32_t sum = bias[i];
        for (int32_t j = 0; j < w->shape[1]; j++)
            sum += weights[i * w->shape[1] + j] * (in[j] - (int32_t)x->zero_point);
        long q = lrintf((float)sum * x->scale[0] * w->scale[0] / y->scale[0]) + (long)y->zero_point;
        if (o->option[0].value == THM_TFLITE_RELU && q < y->zero_point)
            q = (long)y->zero_point;
        out[i] = (int8_t)(q < -128 ? -128 : q > 127 ? 127 : q);
    }
}

static void int8_model__is_within_0_05_of_the_sine_everywhere(void **state)
{
    (void)state;
    struct thm_graph *g;
    float worst = 0;
    assert_int_equal(thm_sine_build(true, &g), THM_ZOO_OK);
    for (int q = -128; q <= 127; q++) {
        int8_t a[THM_SINE_WIDTH] = { (int8_t)q }, b[THM_SINE_WIDTH], y;
        dense(g, 0, a, b);
        dense(g, 1, b, a);
        dense(g, 2, a, &y);
        float x = g->tensors[g->input].scale[0] * (float)(q + 128);
        worst = fmaxf(worst, fabsf(g->tensors[g->output].scale[0] * (float)y - sinf(x)));
    }
    print_message("# largest error %.4f\n", (double)worst);
    assert_true(worst < 0.05f);
    thm_graph_destroy(g);
}

static void float_model__carries_the_trained_weights(void **state)
{
    (void)state;
    struct thm_graph *g;
    assert_int_equal(thm_sine_build(false, &g), THM_ZOO_OK);
    assert_int_equal(g->op_count, 3);
    assert_memory_equal(g->data[g->ops[1].input[1]].raw, net.p + THM_SINE_W2, sizeof(float) * 256);
    thm_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training__twice_gives_the_same_bits),
        cmocka_unit_test(prediction__is_within_0_05_of_the_sine_everywhere),
        cmocka_unit_test(int8_model__is_within_0_05_of_the_sine_everywhere),
        cmocka_unit_test(float_model__carries_the_trained_weights),
    };
    return cmocka_run_group_tests_name("sine", tests, train, NULL);
}
