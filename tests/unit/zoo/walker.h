/* tests/unit/zoo/walker.h -- reads a .tflite strictly and without the code under test: every offset inside
 * the file, every table and vector aligned, every string ended. A failed check fails the test. */
#pragma once
#include "tests/testing.h"

struct walker {
    const uint8_t *data;
    size_t size;
};

static inline uint64_t walk_number(const struct walker *w, size_t at, size_t bytes)
{
    uint64_t v = 0;
    assert_true(at <= w->size && bytes <= w->size - at);
    assert_int_equal(at % bytes, 0);
    memcpy(&v, w->data + at, bytes);
    return v;
}

static inline size_t walk_reference(const struct walker *w, size_t at)
{
    uint64_t offset = walk_number(w, at, 4);
    assert_true(offset >= 4 && at + offset <= w->size - 4);
    return at + offset;
}

/* Place of a field; 0: absent. Checks the whole vtable on the way. */
static inline size_t walk_field(const struct walker *w, size_t table, unsigned slot)
{
    size_t vtable = table - (size_t)(int64_t)(int32_t)walk_number(w, table, 4);
    size_t vtable_size = walk_number(w, vtable, 2), table_size = walk_number(w, vtable + 2, 2);
    assert_true(vtable_size >= 4 && vtable_size % 2 == 0 && vtable + vtable_size <= w->size);
    assert_true(table_size >= 4 && table + table_size <= w->size);
    for (size_t i = 4; i < vtable_size; i += 2) {
        size_t offset = walk_number(w, vtable + i, 2);
        assert_true(offset == 0 || (offset >= 4 && offset < table_size));
    }
    size_t place = 4 + 2 * slot < vtable_size ? walk_number(w, vtable + 4 + 2 * slot, 2) : 0;
    return place ? table + place : 0;
}

static inline uint64_t walk_scalar(const struct walker *w, size_t table, unsigned slot, size_t bytes,
                                   uint64_t otherwise)
{
    size_t at = walk_field(w, table, slot);
    return at ? walk_number(w, at, bytes) : otherwise;
}

static inline size_t walk_table(const struct walker *w, size_t table, unsigned slot)
{
    size_t at = walk_field(w, table, slot);
    assert_true(at != 0);
    return walk_reference(w, at);
}

/* First element of a vector; *n: how many. An absent vector is empty. */
static inline size_t walk_vector(const struct walker *w, size_t table, unsigned slot, size_t element, size_t *n)
{
    size_t at = walk_field(w, table, slot);
    *n = 0;
    if (!at)
        return 0;
    size_t length = walk_reference(w, at);
    *n = walk_number(w, length, 4);
    assert_true(*n <= (w->size - length - 4) / element);
    assert_int_equal((length + 4) % element, 0);
    return length + 4;
}

static inline const char *walk_string(const struct walker *w, size_t table, unsigned slot)
{
    size_t n, at = walk_vector(w, table, slot, 1, &n);
    assert_true(at != 0 && at + n < w->size);
    assert_int_equal(w->data[at + n], 0);
    assert_int_equal(strlen((const char *)w->data + at), n);
    return (const char *)w->data + at;
}

static inline size_t walk_model_table(const struct walker *w)
{
    assert_true(w->size > 8);
    assert_memory_equal(w->data + 4, "TFL3", 4);
    size_t model = walk_reference(w, 0);
    assert_int_equal(walk_scalar(w, model, 0, 4, 0), 3);
    return model;
}

static inline size_t walk_graph_table(const struct walker *w)
{
    size_t n, graphs = walk_vector(w, walk_model_table(w), 2, 4, &n);
    assert_int_equal(n, 1);
    return walk_reference(w, graphs);
}

/* Constant data of buffer number `index`; *n: how many bytes. */
static inline size_t walk_buffer(const struct walker *w, size_t index, size_t *n)
{
    size_t buffers_n, buffers = walk_vector(w, walk_model_table(w), 4, 4, &buffers_n);
    assert_true(index < buffers_n);
    size_t at = walk_vector(w, walk_reference(w, buffers + 4 * index), 0, 1, n);
    assert_true(!*n || at % 16 == 0);
    return at;
}

static inline size_t walk_tensor_table(const struct walker *w, size_t index)
{
    size_t n, tensors = walk_vector(w, walk_graph_table(w), 0, 4, &n);
    assert_true(index < n);
    return walk_reference(w, tensors + 4 * index);
}

static inline void walk_tensor(const struct walker *w, size_t index)
{
    size_t t = walk_tensor_table(w, index), rank, bytes, scales, zeros;
    size_t shape = walk_vector(w, t, 0, 4, &rank), type = walk_scalar(w, t, 1, 1, 0);
    uint64_t elements = 1;
    for (size_t i = 0; i < rank; i++)
        elements *= walk_number(w, shape + 4 * i, 4);
    walk_buffer(w, walk_scalar(w, t, 2, 4, 0), &bytes);
    assert_true(bytes == 0 || bytes == elements * (type == 9 ? 1 : 4)); /* 9: int8 */
    walk_string(w, t, 3);
    if (!walk_field(w, t, 4))
        return;
    size_t q = walk_table(w, t, 4), dimension = walk_scalar(w, q, 6, 4, 0);
    walk_vector(w, q, 2, 4, &scales);
    walk_vector(w, q, 3, 8, &zeros);
    assert_int_equal(scales, zeros);
    assert_true(scales == 1 || (dimension < rank && scales == walk_number(w, shape + 4 * dimension, 4)));
}

static inline void walk_op(const struct walker *w, size_t op, size_t codes, size_t tensors)
{
    assert_true(walk_scalar(w, op, 0, 4, 0) < codes);
    for (unsigned slot = 1; slot <= 2; slot++) {
        size_t n, at = walk_vector(w, op, slot, 4, &n);
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++)
            assert_true(walk_number(w, at + 4 * i, 4) < tensors);
    }
    if (walk_scalar(w, op, 3, 1, 0))
        walk_field(w, walk_table(w, op, 4), 0);
}

/* The whole file. */
static inline void walk_file(const struct walker *w)
{
    size_t model = walk_model_table(w), graph = walk_graph_table(w), codes_n, tensors_n, ops_n, n;
    size_t codes = walk_vector(w, model, 1, 4, &codes_n), ops = walk_vector(w, graph, 3, 4, &ops_n);
    walk_string(w, model, 3);
    walk_vector(w, graph, 0, 4, &tensors_n);
    for (size_t i = 0; i < codes_n; i++) {
        size_t code = walk_reference(w, codes + 4 * i);
        assert_int_equal(walk_scalar(w, code, 0, 1, 0), walk_scalar(w, code, 3, 4, 0));
    }
    for (size_t i = 0; i < tensors_n; i++)
        walk_tensor(w, i);
    for (size_t i = 0; i < ops_n; i++)
        walk_op(w, walk_reference(w, ops + 4 * i), codes_n, tensors_n);
    walk_buffer(w, 0, &n);
    assert_int_equal(n, 0);
}
