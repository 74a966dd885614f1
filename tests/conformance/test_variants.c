/* tests/conformance/test_variants.c -- whole models with every variant of the kernels, by itself: no JSON is read, so
 * that it also runs where no other library is. */
#include "tests/conformance/golden.h"

/* One of each kind, small enough for an emulated CPU: depthwise convolutions, residual sums, fully connected layers. */
static const char *const models[] = { "kws_ref",          "ad01_int8",
                                      "vww_96_int8",      "pretrained_resnet_quant",
                                      "hello_world_int8", "ds_cnn_s_quantized_rev54464" };

static void run_everywhere(struct golden *g, const char *inputs, const char *outputs)
{
    for (size_t i = 0; (kernels = thm_kernels_at(i)); i++)
        if (golden_ready(g) == 0)
            run_case(g, inputs, outputs);
}

static void check_demo_model(const char *folder, const char *name)
{
    struct golden g;
    struct dirent *e;
    char in[1500], out[1500];
    snprintf(in, sizeof in, "%s/%s.tflite", folder, name);
    snprintf(out, sizeof out, "%s/%s-golden", folder, name);
    DIR *dir = opendir(out);
    checked += golden_open(&g, in, name);
    while (dir && !failures && (e = readdir(dir))) {
        snprintf(in, sizeof in, "%s/%s-samples/%s", folder, name, e->d_name);
        snprintf(out, sizeof out, "%s/%s-golden/%s", folder, name, e->d_name);
        if (strstr(e->d_name, ".bin") && access(in, R_OK) == 0)
            run_everywhere(&g, in, out);
    }
    if (dir)
        closedir(dir);
    golden_close(&g);
}

static void demo_models__give_the_reference_outputs_with_every_variant(void **state)
{
    (void)state;
    char folder[1000];
    snprintf(folder, sizeof folder, "%s/demo", getenv("THIMBLE_SOURCE"));
    const char *const names[] = { "gesture", "keyword", "object", "person", "watcher" };
    start_report();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check_demo_model(folder, names[i]);
    report("demo models");
}

static void golden_models__give_the_reference_outputs_with_every_variant(void **state)
{
    (void)state;
    SHARED_OR_SKIP(path, "golden");
    start_report();
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct golden g;
        char file[1500], in[1500], out[1500];
        snprintf(file, sizeof file, "%s/../models/%s.tflite", path, models[i]);
        snprintf(in, sizeof in, "%s/%s/seed1/input%%u.bin", path, models[i]);
        snprintf(out, sizeof out, "%s/%s/seed1/output%%u.bin", path, models[i]);
        checked += golden_open(&g, file, models[i]);
        run_everywhere(&g, in, out);
        golden_close(&g);
    }
    report("golden models");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demo_models__give_the_reference_outputs_with_every_variant),
        cmocka_unit_test(golden_models__give_the_reference_outputs_with_every_variant),
    };
    return cmocka_run_group_tests_name("variants", tests, NULL, NULL);
}
