/* interpreter/ops/detection_postprocess.c -- TFLite_Detection_PostProcess: boxes from anchors and encodings, and the
 * best of those that overlap (non-maximum suppression, NMS), in float32. Source:
 * tensorflow/lite/micro/kernels/detection_postprocess.cc of tensorflow/tflite-micro. */
#include "interpreter/fb.h"
#include "interpreter/ops/custom.h"
#include "interpreter/ops/ops.h"
#include <math.h>

struct data { /* 112 bytes */
    int32_t max_detections, max_classes, per_class, classes, regular;
    float score_threshold, overlap_threshold;
    float scale[4]; /* y, x, h, w */
};
_Static_assert(sizeof(struct data) <= 112, "op data of TFLite_Detection_PostProcess");

/* Scratch buffers in the order of the reference's requests. */
enum {
    ACTIVE,
    BOXES,
    UNUSED_SCORES,
    SCORES,
    UNUSED_KEPT,
    BEST_SCORES,
    UNUSED_SORTED,
    KEPT,
    ORDER,
    BEST,
    SELECTED,
    BUFFERS
};

struct box {
    float ymin, xmin, ymax, xmax;
};

struct job { /* one invocation */
    struct thm_node *n;
    const struct data *d;
    uint32_t boxes, columns, skip; /* columns of the scores; `skip` of them are background */
    const float *scores;
    const struct box *box;
    struct thm_value out[4]; /* boxes, classes, scores, how many */
};

static enum thm_nn_err init(struct thm_node *n)
{
    static const char *const scales[] = { "y_scale", "x_scale", "h_scale", "w_scale" };
    struct thm_flex map;
    struct data *d = n->data;
    enum thm_nn_err err = thm_custom_map(n, &map);
    if (err)
        return err;
    /* What is missing is 0. */
    thm_flex_int(&map, "max_detections", &d->max_detections);
    thm_flex_int(&map, "max_classes_per_detection", &d->max_classes);
    thm_flex_int(&map, "num_classes", &d->classes);
    thm_flex_float(&map, "nms_score_threshold", &d->score_threshold);
    thm_flex_float(&map, "nms_iou_threshold", &d->overlap_threshold);
    for (uint32_t i = 0; i < 4; i++)
        thm_flex_float(&map, scales[i], &d->scale[i]);
    d->per_class = 100;
    thm_flex_int(&map, "detections_per_class", &d->per_class);
    thm_flex_int(&map, "use_regular_nms", &d->regular);
    return THM_NN_OK;
}

static enum thm_nn_err check_outputs(struct thm_node *n)
{
    const struct data *d = n->data;
    struct thm_value v;
    uint64_t detections = (uint64_t)d->max_detections;
    const uint64_t elements[] = { 4 * detections, detections, detections, 1 };
    for (uint32_t i = 0; i < 4; i++) {
        thm_node_output(n, i, &v);
        if (v.type != THM_FLOAT32)
            return thm_refuse_tensor(n, THM_NN_ETYPE, "an output is not float32", &v);
        if (v.elements < elements[i])
            return thm_refuse_tensor(n, THM_NN_ESHAPE, "an output has no room for max_detections", &v);
    }
    return THM_NN_OK;
}

static enum thm_nn_err check_shapes(struct thm_node *n, const struct thm_value in[3])
{
    const struct data *d = n->data;
    if (in[0].rank != 3 || in[1].rank != 3 || in[2].rank != 2)
        return thm_refuse(n, THM_NN_ESHAPE, "boxes and scores need 3 dimensions, anchors 2");
    if (in[0].shape[0] != 1 || in[1].shape[0] != 1 || in[0].shape[2] < 4 || in[1].shape[1] != in[0].shape[1] ||
        in[2].elements / 4 < (uint32_t)in[0].shape[1])
        return thm_refuse(n, THM_NN_ESHAPE, "boxes, scores and anchors do not belong together");
    if (d->max_detections < 1 || d->classes < 1)
        return thm_refuse(n, THM_NN_ESHAPE, "max_detections or num_classes is not positive");
    if (in[1].shape[2] < d->classes || in[1].shape[2] > (int64_t)d->classes + 1)
        return thm_refuse(n, THM_NN_ESHAPE, "the scores are not of num_classes, with or without background");
    if (!(d->overlap_threshold > 0 && d->overlap_threshold <= 1))
        return thm_refuse(n, THM_NN_ESHAPE, "nms_iou_threshold is not within 0..1");
    if ((d->regular ? d->per_class : d->max_classes) < 1)
        return thm_refuse(n, THM_NN_ESHAPE, "detections_per_class or max_classes_per_detection is not positive");
    return THM_NN_OK;
}

static enum thm_nn_err request_scratch(struct thm_node *n, uint64_t boxes, uint64_t columns)
{
    const struct data *d = n->data;
    uint64_t detections = (uint64_t)d->max_detections, classes = (uint64_t)d->classes;
    const uint64_t bytes[BUFFERS] = {
        boxes,
        16 * boxes,
        4 * boxes * columns,
        4 * boxes,
        4 * boxes,
        4 * detections * boxes,
        4 * detections * boxes,
        4 * boxes,
        4 * detections * boxes,
        4 * boxes * (classes > detections ? classes : detections),
        4 * boxes * (boxes < detections ? boxes : detections),
    };
    enum thm_nn_err err = THM_NN_OK;
    for (uint32_t i = 0; i < BUFFERS && !err; i++)
        err = thm_node_request_scratch(n, bytes[i]);
    return err;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[3];
    if (n->inputs != 3 || n->outputs != 4)
        return thm_refuse(n, THM_NN_ESHAPE, "it takes 3 inputs and gives 4 outputs");
    for (uint32_t i = 0; i < 3; i++)
        if (!thm_node_input(n, i, &in[i]))
            return thm_refuse(n, THM_NN_ESHAPE, "an input is missing");
    enum thm_nn_err err = check_shapes(n, in);
    if (!err)
        err = check_outputs(n);
    return err ? err : request_scratch(n, (uint64_t)in[0].shape[1], (uint64_t)in[1].shape[2]);
}

static struct box decode_box(const struct data *d, const float *code, const float *anchor)
{
    double v[4]; /* y and x of the centre, half of the height and the width */
    for (uint32_t i = 0; i < 2; i++) {
        v[i] = (double)code[i] / (double)d->scale[i] * (double)anchor[2 + i] + (double)anchor[i];
        v[2 + i] = 0.5 * exp((double)code[2 + i] / (double)d->scale[2 + i]) * (double)anchor[2 + i];
    }
    float y = (float)v[0], x = (float)v[1], h = (float)v[2], w = (float)v[3];
    return (struct box){ y - h, x - w, y + h, x + w };
}

static float area_of(const struct box *b)
{
    return (b->ymax - b->ymin) * (b->xmax - b->xmin);
}

static float positive(float x)
{
    return x < 0 ? 0 : x;
}

/* Intersection over union. */
static float overlap(const struct box *a, const struct box *b)
{
    float area_a = area_of(a), area_b = area_of(b);
    if (area_a <= 0 || area_b <= 0)
        return 0;
    float ymin = a->ymin < b->ymin ? b->ymin : a->ymin, xmin = a->xmin < b->xmin ? b->xmin : a->xmin;
    float ymax = b->ymax < a->ymax ? b->ymax : a->ymax, xmax = b->xmax < a->xmax ? b->xmax : a->xmax;
    float common = positive(ymax - ymin) * positive(xmax - xmin);
    return common / (area_a + area_b - common);
}

static void merge(const float *score, const uint32_t *from, uint32_t *to, uint32_t middle, uint32_t end)
{
    for (uint32_t i = 0, left = 0, right = middle; i < end; i++) {
        bool take_right = left >= middle || (right < end && score[from[right]] > score[from[left]]);
        to[i] = take_right ? from[right++] : from[left++];
    }
}

/* Sort indices by falling score; equal ones stay in order. `spare` has room for as many. */
static void sort_by_score(const float *score, uint32_t *index, uint32_t count, uint32_t *spare)
{
    for (uint32_t run = 1; run<count; run = run> count / 2 ? count : 2 * run) {
        for (uint32_t i = 0; i<count; i += run>(count - i) / 2 ? count - i : 2 * run) {
            uint32_t left = count - i, middle = run < left ? run : left;
            merge(score, index + i, spare + i, middle, run > left / 2 ? left : 2 * run);
        }
        memcpy(index, spare, count * sizeof *index);
    }
}

/* Indices of the best boxes of one list of scores, best first, without those that overlap a better one too much. */
static uint32_t suppress(const struct job *j, const float *score, uint32_t most, uint32_t *selected)
{
    uint8_t *active = thm_node_scratch(j->n, ACTIVE);
    uint32_t *order = thm_node_scratch(j->n, ORDER), count = 0, found = 0;
    for (uint32_t i = 0; i < j->boxes; i++)
        if (score[i] >= j->d->score_threshold)
            order[count++] = i;
    sort_by_score(score, order, count, thm_node_scratch(j->n, KEPT));
    memset(active, 1, count);
    for (uint32_t i = 0; i < count && found < most; i++) {
        if (!active[i])
            continue;
        selected[found++] = order[i];
        for (uint32_t k = i + 1; k < count; k++)
            if (active[k] && overlap(&j->box[order[i]], &j->box[order[k]]) > j->d->overlap_threshold)
                active[k] = 0;
    }
    return found;
}

/* false: the output has no room. */
static bool put_detection(const struct job *j, uint32_t at, uint32_t box, uint32_t class, float score)
{
    if (at >= j->out[0].elements / 4 || at >= j->out[1].elements || at >= j->out[2].elements)
        return false;
    memcpy((struct box *)j->out[0].data + at, &j->box[box], sizeof(struct box));
    ((float *)j->out[1].data)[at] = (float)class;
    ((float *)j->out[2].data)[at] = score;
    return true;
}

/* Insert behind all that are not worse; the list keeps its best `most`. */
static uint32_t insert_best(uint32_t *best, float *best_score, uint32_t count, uint32_t most, uint32_t what,
                            float score)
{
    uint32_t at = count;
    while (at > 0 && best_score[at - 1] < score)
        at--;
    if (at == most)
        return count;
    uint32_t move = (count < most ? count : most - 1) - at;
    memmove(&best[at + 1], &best[at], move * sizeof *best);
    memmove(&best_score[at + 1], &best_score[at], move * sizeof *best_score);
    best[at] = what;
    best_score[at] = score;
    return count < most ? count + 1 : most;
}

/* Suppress in each class, then keep the best of all. */
static enum thm_nn_err regular_nms(const struct job *j)
{
    uint32_t *best = thm_node_scratch(j->n, BEST), *selected = thm_node_scratch(j->n, SELECTED), found = 0;
    float *best_score = thm_node_scratch(j->n, BEST_SCORES), *score = thm_node_scratch(j->n, SCORES);
    uint32_t most = (uint32_t)j->d->max_detections, classes = (uint32_t)j->d->classes;
    for (uint32_t c = 0; c < classes; c++) {
        for (uint32_t i = 0; i < j->boxes; i++)
            score[i] = j->scores[(size_t)i * j->columns + c + j->skip];
        uint32_t count = suppress(j, score, (uint32_t)j->d->per_class, selected);
        for (uint32_t i = 0; i < count; i++)
            found = insert_best(best, best_score, found, most, selected[i] * classes + c, score[selected[i]]);
    }
    for (uint32_t i = 0; i < found; i++)
        put_detection(j, i, best[i] / classes, best[i] % classes, best_score[i]);
    size_t rest = most - found;
    memset((struct box *)j->out[0].data + found, 0, rest * sizeof(struct box));
    memset((float *)j->out[1].data + found, 0, rest * sizeof(float));
    memset((float *)j->out[2].data + found, 0, rest * sizeof(float));
    *(float *)j->out[3].data = (float)found;
    return THM_NN_OK;
}

/* The `count` best columns of a row of scores, best first, the first of equals first. */
static void best_columns(const float *score, uint32_t columns, uint32_t count, uint32_t *best)
{
    uint32_t found = 0;
    for (uint32_t c = 0; c < columns; c++) {
        uint32_t at = found;
        while (at > 0 && score[best[at - 1]] < score[c])
            at--;
        if (at == count)
            continue;
        uint32_t move = (found < count ? found : count - 1) - at;
        memmove(&best[at + 1], &best[at], move * sizeof *best);
        best[at] = c;
        found += found < count;
    }
}

/* Suppress by the best class of each box. */
static enum thm_nn_err fast_nms(const struct job *j)
{
    uint32_t *best = thm_node_scratch(j->n, BEST), *selected = thm_node_scratch(j->n, SELECTED), written = 0;
    float *score = thm_node_scratch(j->n, SCORES);
    uint32_t classes = (uint32_t)j->d->classes, each = (uint32_t)j->d->max_classes;
    each = each < classes ? each : classes;
    for (uint32_t i = 0; i < j->boxes; i++) {
        const float *row = j->scores + (size_t)i * j->columns + j->skip;
        best_columns(row, classes, each, best + (size_t)i * classes);
        score[i] = row[best[(size_t)i * classes]];
    }
    uint32_t count = suppress(j, score, (uint32_t)j->d->max_detections, selected);
    for (uint32_t i = 0; i < count; i++) {
        const float *row = j->scores + (size_t)selected[i] * j->columns + j->skip;
        for (uint32_t c = 0; c < each; c++, written++) {
            uint32_t class = best[(size_t)selected[i] * classes + c];
            /* The reference counts on inside a box: with several classes it leaves gaps, and soon the tensor. */
            if (written > UINT32_MAX / each - 1 ||
                !put_detection(j, each * written + c, selected[i], class, row[class]))
                return thm_refuse(j->n, THM_NN_EINVOKE, "the detections of several classes do not fit in the output");
        }
    }
    *(float *)j->out[3].data = (float)written;
    return THM_NN_OK;
}

/* Corners of all boxes. false: one is empty or turned inside out. */
static bool decode_boxes(const struct job *j, const struct thm_value *codes, const struct thm_value *anchors,
                         struct box *box)
{
    bool valid = true;
    for (uint32_t i = 0; i < j->boxes; i++) {
        box[i] = decode_box(j->d, (const float *)codes->data + (size_t)i * (size_t)codes->shape[2],
                            (const float *)anchors->data + 4 * (size_t)i);
        valid &= !(box[i].ymin >= box[i].ymax || box[i].xmin >= box[i].xmax);
    }
    return valid;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in[3];
    struct job j = { .n = n, .d = n->data };
    struct box *box = thm_node_scratch(n, BOXES);
    for (uint32_t i = 0; i < 3; i++) {
        thm_node_input(n, i, &in[i]);
        if (in[i].type != THM_FLOAT32)
            return thm_refuse_tensor(n, THM_NN_ETYPE, "an input is not float32", &in[i]);
    }
    for (uint32_t i = 0; i < 4; i++)
        thm_node_output(n, i, &j.out[i]);
    j.boxes = (uint32_t)in[0].shape[1];
    j.columns = (uint32_t)in[1].shape[2];
    j.skip = j.columns - (uint32_t)j.d->classes;
    j.scores = in[1].data;
    j.box = box;
    if (!decode_boxes(&j, &in[0], &in[2], box))
        return thm_refuse(n, THM_NN_EINVOKE, "a box has no area");
    return j.d->regular ? regular_nms(&j) : fast_nms(&j);
}

const struct thm_op thm_op_detection_postprocess = {
    .name = "TFLite_Detection_PostProcess",
    .data = THM_BYTES(112),
    .temps = "i0i1i2",
    .init = init,
    .prepare = prepare,
    .eval = eval,
};
