/* interpreter/kernel_libs/cmsis_nn_conv.c -- scratch memory of CMSIS-NN's convolutions.
 * Source: arm_convolve_wrapper_s8/s16, arm_depthwise_conv_wrapper_s8/s4 and their get_buffer_size functions. */
#include "interpreter/kernel_libs/cmsis_nn.h"

static int64_t windows_past(int64_t pad, int64_t stride)
{
    if (pad == 0)
        return 0;
    int64_t n = (pad + stride - 1) / stride;
    return n > 1 ? n : 1;
}

/* One row, with vector instructions: only the windows that stick out on the left and right are copied. */
static uint64_t row_mve(const struct thm_conv_shape *s, uint64_t whole)
{
    int64_t pad = (int64_t)s->pw, ow = (int64_t)s->ow, stride = (int64_t)s->sw;
    int64_t asymmetry = ((ow - 1) * stride + (int64_t)s->kw - (int64_t)s->iw) % 2;
    int64_t right = windows_past(pad + asymmetry, stride), left = windows_past(pad, stride);
    int64_t middle = ow - right - left > 0 ? ow - right - left : 0;
    if (right + middle + left != ow)
        return whole;
    uint64_t first = thm_times(s->kw + s->pw, s->c);
    uint64_t last = thm_times(s->kw - 1, s->c) + thm_times(asymmetry ? (uint64_t)right : s->pw, s->c);
    return first > last ? first : last;
}

static uint64_t conv_i8(const struct cmsis_variant *v, const struct thm_conv_shape *s)
{
    bool grouped = s->c != s->filter_c, dilated = s->dw != 1 || s->dh != 1;
    if (s->kw == 1 && s->kh == 1 && s->pw == 0 && s->ph == 0 && !dilated && !grouped)
        return 0;
    uint64_t whole = 4 * thm_round_up(thm_times3(s->kh, s->kw, s->c), v->conv_round);
    bool row = s->ih == 1 && s->kh == 1 && s->dw == 1 && !grouped && s->sw * s->c % 4 == 0;
    return row && v->mve ? row_mve(s, whole) : whole;
}

static uint64_t conv_i16(const struct cmsis_variant *v, const struct thm_conv_shape *s)
{
    return v->conv16_bytes * thm_round_up(thm_times3(s->kh, s->kw, s->c), v->conv16_round);
}

/* CMSIS-NN reads int4 filters as they are; the reference's kernel cannot run without a place to unpack them to. */
static void read_packed(struct thm_node *n, const struct thm_conv_shape *s)
{
    if (s->filter != THM_INT4)
        return;
    thm_library_drop_scratch(n);
    thm_library_plan_only(n);
}

enum thm_nn_err thm_cmsis_conv(struct thm_node *n)
{
    const struct cmsis_variant *v = thm_library_variant(n);
    struct thm_conv_shape s = thm_conv_shape_of(n);
    if (s.input == THM_FLOAT32)
        return THM_NN_OK;
    read_packed(n, &s);
    return thm_library_scratch(n, s.input == THM_INT16 ? conv_i16(v, &s) : conv_i8(v, &s));
}

static uint64_t depthwise_i8(const struct cmsis_variant *v, const struct thm_conv_shape *s)
{
    uint64_t positions = thm_times(s->kh, s->kw);
    if (v->mve && s->c == 1 && s->oc > 1 && s->filter == THM_INT8) { /* as convolution, with the filter transposed */
        struct thm_conv_shape one = *s;
        one.filter_c = 1;
        return conv_i8(v, &one) + thm_times(positions, s->oc);
    }
    if (s->c != s->oc || s->batches != 1 || s->dw != 1 || s->dh != 1)
        return 0;
    if (s->filter == THM_INT4)
        return v->mve ? thm_times(v->depthwise_opt_tap, positions) : 2 * thm_times(positions, s->c);
    if (!v->mve && s->kw == 3 && s->kh == 3 && s->pw <= 1 && s->ph <= 1)
        return 0;
    return thm_times(v->depthwise_opt_tap, positions) + thm_times3(v->depthwise_tap, positions, s->c);
}

enum thm_nn_err thm_cmsis_depthwise(struct thm_node *n)
{
    struct thm_conv_shape s = thm_conv_shape_of(n);
    if (s.input != THM_INT8)
        return THM_NN_OK;
    read_packed(n, &s);
    return thm_library_scratch(n, depthwise_i8(thm_library_variant(n), &s));
}
