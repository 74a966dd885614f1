/* tests/fuzz/ota_input.h -- input of the payload harnesses: size of pieces, bytes of the model, model, payload. */
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "interpreter/model.h"

enum { OTA_INPUT_HEAD = 4, OTA_MODEL_MAX = 16384 };

struct ota_input {
    _Alignas(16) uint8_t model[OTA_MODEL_MAX]; /* a copy, writable */
    uint32_t model_len;
    struct thm_model parsed;
    const uint8_t *payload;
    size_t len, step;
};

/* false: the model is none. */
static inline int ota_input(struct ota_input *in, const uint8_t *data, size_t size)
{
    if (size < OTA_INPUT_HEAD)
        return 0;
    in->step = 1 + data[0] % 64u;
    in->model_len = (uint32_t)data[1] | (uint32_t)data[2] << 8;
    if (in->model_len > size - OTA_INPUT_HEAD || in->model_len > OTA_MODEL_MAX)
        return 0;
    memcpy(in->model, data + OTA_INPUT_HEAD, in->model_len);
    in->payload = data + OTA_INPUT_HEAD + in->model_len;
    in->len = size - OTA_INPUT_HEAD - in->model_len;
    return thm_model_open(&in->parsed, in->model, in->model_len, NULL) == THM_NN_OK;
}
