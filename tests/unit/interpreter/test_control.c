/* IF, WHILE, CALL_ONCE and resource variables: what they compute, what they keep, what they refuse. */
#include "tests/unit/interpreter/graphs.h"

#define F32_2                                   \
    {                                           \
        THM_FLOAT32, 1, { 2 }, NULL, 0, 0, 0, 0 \
    }
#define BOOL                                 \
    {                                        \
        THM_BOOL, 0, { 0 }, NULL, 0, 0, 0, 0 \
    }
#define HANDLE                                   \
    {                                            \
        THM_RESOURCE, 0, { 0 }, NULL, 0, 0, 0, 0 \
    }
#define ADD(a, b, c)                                    \
    {                                                   \
        0, 2, { a, b }, 1, { c }, 11, "11", { 0 }, NULL \
    }
#define RESHAPE(a, b)                               \
    {                                               \
        22, 1, { a }, 1, { b }, 17, "", { 0 }, NULL \
    }
#define VAR(to, text)                                    \
    {                                                    \
        142, 0, { 0 }, 1, { to }, 111, "ss", { 0 }, text \
    }
#define READ(h, to)                                  \
    {                                                \
        143, 1, { h }, 1, { to }, 0, "", { 0 }, NULL \
    }
#define ASSIGN(h, v)                                   \
    {                                                  \
        144, 2, { h, v }, 0, { 0 }, 0, "", { 0 }, NULL \
    }
#define ONCE(s)                                        \
    {                                                  \
        129, 0, { 0 }, 0, { 0 }, 103, "4", { s }, NULL \
    }

static struct bench bench;

static const float tens[2] = { 10, 20 };
static const struct build_tensor sum_tensors[] = { F32_2, { THM_FLOAT32, 1, { 2 }, tens, 8, 0, 0, 0 }, F32_2 };
static const struct build_tensor copy_tensors[] = { F32_2, F32_2 };
static const struct graph_op sum_ops[] = { ADD(0, 1, 2) }, copy_ops[] = { RESHAPE(0, 1) };
static const struct graph sum_graph = { sum_tensors, 3, sum_ops, 1, 1, { 0 }, 1, { 2 } };
static const struct graph copy_graph = { copy_tensors, 2, copy_ops, 1, 1, { 0 }, 1, { 1 } };

static const struct build_tensor if_tensors[] = { BOOL, F32_2, F32_2 };

/* Subgraph 1 adds, subgraph 2 copies. */
static enum thm_nn_err build_if(int32_t then_graph, int32_t else_graph, const struct graph *second)
{
    const struct graph_op ops[] = { { 118, 2, { 0, 1 }, 1, { 2 }, 92, "44", { then_graph, else_graph }, NULL } };
    const struct graph g[] = { { if_tensors, 3, ops, 1, 2, { 0, 1 }, 1, { 2 } }, sum_graph, *second };
    return bench_graphs(&bench, g, 3);
}

static void if__runs_the_branch_of_its_condition(void **state)
{
    const uint8_t yes = 1, no = 0;
    const float in[2] = { 1, 2 }, sum[2] = { 11, 22 };
    (void)state;
    assert_int_equal(build_if(1, 2, &copy_graph), THM_NN_OK);
    bench_set(&bench, 0, &yes);
    bench_set(&bench, 1, in);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    assert_memory_equal(bench_get(&bench, 0), sum, sizeof sum);
    bench_set(&bench, 0, &no);
    bench_set(&bench, 1, in);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    assert_memory_equal(bench_get(&bench, 0), in, sizeof in);
}

static void if__a_subgraph_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    assert_int_equal(build_if(1, 3, &copy_graph), THM_NN_ESHAPE);
    assert_int_equal(build_if(-1, 1, &copy_graph), THM_NN_ESHAPE);
}

static void if__subgraphs_that_call_each_other_without_end_are_refused(void **state)
{
    const struct build_tensor tensors[] = { F32_2, F32_2, BOOL };
    const struct graph_op again[] = { { 118, 2, { 2, 0 }, 1, { 1 }, 92, "44", { 1, 2 }, NULL } };
    const struct graph loop = { tensors, 3, again, 1, 1, { 0 }, 1, { 1 } };
    (void)state;
    assert_int_equal(build_if(1, 2, &loop), THM_NN_EUNSUPPORTED);
    assert_non_null(bench.diag.what);
}

static void if__the_wrong_branch_fails_only_when_it_is_taken(void **state)
{
    const struct build_tensor tensors[] = { { THM_FLOAT32, 1, { 3 }, NULL, 0, 0, 0, 0 },
                                            { THM_FLOAT32, 1, { 3 }, NULL, 0, 0, 0, 0 } };
    const struct graph wider = { tensors, 2, copy_ops, 1, 1, { 0 }, 1, { 1 } };
    const uint8_t yes = 1, no = 0;
    (void)state;
    assert_int_equal(build_if(1, 2, &wider), THM_NN_OK);
    bench_set(&bench, 0, &yes);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    bench_set(&bench, 0, &no);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_EINVOKE);
}

static void if__a_subgraph_input_with_constant_data_is_not_overwritten(void **state)
{
    const struct build_tensor tensors[] = { { THM_FLOAT32, 1, { 2 }, tens, 8, 0, 0, 0 }, F32_2 };
    const struct graph constant = { tensors, 2, copy_ops, 1, 1, { 0 }, 1, { 1 } };
    const uint8_t no = 0;
    (void)state;
    assert_int_equal(build_if(1, 2, &constant), THM_NN_OK);
    bench_set(&bench, 0, &no);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_EINVOKE);
}

/* The value itself is the condition: bool in, and the body turns it into `after`. */
static enum thm_nn_err build_while(const uint8_t *after)
{
    static const struct build_tensor main_tensors[] = { BOOL, BOOL }, pass_tensors[] = { BOOL };
    const struct build_tensor body_tensors[] = { BOOL, { THM_BOOL, 0, { 0 }, after, 1, 0, 0, 0 }, BOOL };
    static const struct graph_op loop[] = { { 119, 1, { 0 }, 1, { 1 }, 93, "44", { 1, 2 }, NULL } };
    static const struct graph_op set[] = { RESHAPE(1, 2) };
    const struct graph g[] = { { main_tensors, 2, loop, 1, 1, { 0 }, 1, { 1 } },
                               { pass_tensors, 1, set, 0, 1, { 0 }, 1, { 0 } },
                               { body_tensors, 3, set, 1, 1, { 0 }, 1, { 2 } } };
    return bench_graphs(&bench, g, 3);
}

static void while__ends_when_the_condition_is_false(void **state)
{
    const uint8_t yes = 1, no = 0;
    (void)state;
    assert_int_equal(build_while(&no), THM_NN_OK);
    bench_set(&bench, 0, &yes);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    assert_memory_equal(bench_get(&bench, 0), &no, 1);
}

static void while__a_loop_without_end_fails(void **state)
{
    const uint8_t yes = 1;
    (void)state;
    assert_int_equal(build_while(&yes), THM_NN_OK);
    bench_set(&bench, 0, &yes);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_EINVOKE);
    assert_non_null(bench.diag.what);
}

/* CALL_ONCE sets the variable to 10 20; each invocation gives it back and adds the input to it. */
static const struct build_tensor counter_tensors[] = { F32_2, HANDLE, F32_2, F32_2 };
static const struct graph_op counter_ops[] = { ONCE(1), VAR(1, "v"), READ(1, 2), ADD(0, 2, 3), ASSIGN(1, 3) };
static const struct build_tensor start_tensors[] = { HANDLE, { THM_FLOAT32, 1, { 2 }, tens, 8, 0, 0, 0 } };
static const struct graph_op start_ops[] = { VAR(0, "v"), ASSIGN(0, 1) };
static const struct graph counter[] = { { counter_tensors, 4, counter_ops, 5, 1, { 0 }, 1, { 3 } },
                                        { start_tensors, 2, start_ops, 2, 0, { 0 }, 0, { 0 } } };

static void count(const float *want)
{
    const float in[2] = { 1, 2 };
    bench_set(&bench, 0, in);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    assert_memory_equal(bench_get(&bench, 0), want, 8);
}

static void variables__outlive_an_invocation_and_a_reset_starts_anew(void **state)
{
    const float first[2] = { 11, 22 }, second[2] = { 12, 24 };
    (void)state;
    assert_int_equal(bench_graphs(&bench, counter, 2), THM_NN_OK);
    count(first);
    count(second);
    assert_int_equal(thm_interpreter_reset(&bench.it, &bench.diag), THM_NN_OK);
    count(first);
}

static enum thm_nn_err allocate_with_slots(uint32_t slots)
{
    thm_interpreter_init(&bench.it, &bench.model, thm_layout_find("cortex_m"), bench.arena, sizeof bench.arena, NULL);
    assert_int_equal(thm_interpreter_set_resource_variables(&bench.it, slots), THM_NN_OK);
    return thm_interpreter_allocate(&bench.it, &bench.diag);
}

static void variables__the_application_decides_for_how_many_there_is_room(void **state)
{
    (void)state;
    assert_int_equal(bench_graphs(&bench, counter, 2), THM_NN_OK); /* two VAR_HANDLE: two slots */
    uint32_t two = thm_interpreter_stats(&bench.it)->tail;
    assert_int_equal(thm_interpreter_set_resource_variables(&bench.it, 2), THM_NN_EUSE);
    assert_int_equal(allocate_with_slots(2), THM_NN_OK);
    assert_int_equal(thm_interpreter_stats(&bench.it)->tail, two);
    assert_int_equal(allocate_with_slots(1), THM_NN_OK); /* both name the same variable */
    assert_true(thm_interpreter_stats(&bench.it)->tail < two);
    assert_int_equal(allocate_with_slots(0), THM_NN_EUNSUPPORTED);
    assert_int_equal(allocate_with_slots(UINT32_MAX), THM_NN_EARENA);
}

static void variables__more_of_them_than_slots_are_refused(void **state)
{
    const struct build_tensor tensors[] = { F32_2, HANDLE, HANDLE };
    const struct graph_op ops[] = { VAR(1, "a"), VAR(2, "b") };
    const struct graph g = { tensors, 3, ops, 2, 1, { 0 }, 1, { 0 } };
    (void)state;
    assert_int_equal(bench_graphs(&bench, &g, 1), THM_NN_OK);
    assert_int_equal(allocate_with_slots(1), THM_NN_EUNSUPPORTED);
}

static void variables__reading_one_that_has_no_value_fails(void **state)
{
    const struct build_tensor tensors[] = { HANDLE, F32_2 };
    const struct graph_op ops[] = { VAR(0, "a"), READ(0, 1) };
    const struct graph g = { tensors, 2, ops, 2, 0, { 0 }, 1, { 1 } };
    (void)state;
    assert_int_equal(bench_graphs(&bench, &g, 1), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_EINVOKE);
}

static void variables__a_value_of_another_size_is_not_written(void **state)
{
    const struct build_tensor tensors[] = { HANDLE, F32_2, { THM_FLOAT32, 1, { 9 }, NULL, 0, 0, 0, 0 } };
    const struct graph_op ops[] = { VAR(0, "a"), ASSIGN(0, 1), ASSIGN(0, 2) };
    const struct graph g = { tensors, 3, ops, 3, 2, { 1, 2 }, 1, { 1 } };
    (void)state;
    assert_int_equal(bench_graphs(&bench, &g, 1), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_EINVOKE);
}

static void variables__a_made_up_number_is_refused(void **state)
{
    static const int32_t number = 7;
    const struct build_tensor tensors[] = { { THM_INT32, 0, { 0 }, &number, 4, 0, 0, 0 }, F32_2, HANDLE };
    const struct graph_op assign[] = { VAR(2, "a"), ASSIGN(0, 1) }, read[] = { VAR(2, "a"), READ(0, 1) };
    struct graph g = { tensors, 3, assign, 2, 1, { 1 }, 1, { 1 } };
    (void)state;
    assert_int_equal(bench_graphs(&bench, &g, 1), THM_NN_ESHAPE);
    g.ops = read;
    assert_int_equal(bench_graphs(&bench, &g, 1), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_EINVOKE);
}

static void variables__a_handle_larger_than_a_number_is_refused(void **state)
{
    const struct build_tensor tensors[] = { { THM_RESOURCE, 1, { 100 }, NULL, 0, 0, 0, 0 } };
    const struct graph_op ops[] = { VAR(0, "a") };
    const struct graph g = { tensors, 1, ops, 1, 0, { 0 }, 1, { 0 } };
    (void)state;
    assert_int_equal(bench_graphs(&bench, &g, 1), THM_NN_ESHAPE);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(if__runs_the_branch_of_its_condition),
        T(if__a_subgraph_that_does_not_exist_is_refused),
        T(if__subgraphs_that_call_each_other_without_end_are_refused),
        T(if__the_wrong_branch_fails_only_when_it_is_taken),
        T(if__a_subgraph_input_with_constant_data_is_not_overwritten),
        T(while__ends_when_the_condition_is_false),
        T(while__a_loop_without_end_fails),
        T(variables__outlive_an_invocation_and_a_reset_starts_anew),
        T(variables__the_application_decides_for_how_many_there_is_room),
        T(variables__more_of_them_than_slots_are_refused),
        T(variables__reading_one_that_has_no_value_fails),
        T(variables__a_value_of_another_size_is_not_written),
        T(variables__a_made_up_number_is_refused),
        T(variables__a_handle_larger_than_a_number_is_refused),
    };
    return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
