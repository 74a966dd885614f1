/* tests/unit/zoo/memory_sink.h -- a sink that keeps what it is given. */
#pragma once
#include "emu/zoo/tflite_writer.h"
#include "tests/testing.h"

struct memory {
    uint8_t *data;
    size_t size, capacity, limit; /* limit: refuse beyond this; 0: none */
};

static inline int memory_write(void *context, const void *data, size_t len)
{
    struct memory *m = context;
    if (m->limit && m->size + len > m->limit)
        return -1;
    if (m->size + len > m->capacity) {
        m->capacity = (m->size + len) * 2;
        m->data = realloc(m->data, m->capacity);
        assert_non_null(m->data);
    }
    memcpy(m->data + m->size, data, len);
    m->size += len;
    return 0;
}

static inline struct thm_sink memory_sink(struct memory *m)
{
    return (struct thm_sink){ .write = memory_write, .context = m };
}
