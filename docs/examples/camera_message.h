/* camera_message.h -- what camera_hub.c and camera_worker.c say to each other: a letter, then what belongs to it. */
#pragma once
#include <stdint.h>

enum { PIECE = 1024 };

enum message {
    SIZE = 'S',  /* hub: a model of so many bytes begins */
    MODEL = 'M', /* hub: its next bytes */
    GO = 'G',    /* hub: it is what the publisher has signed: run it */
    DROP = 'D',  /* hub: it is not, or none was to be had: run the one in the flash */
    READY = 'R', /* worker: `number` is the input's bytes, 0: there is no model that could be run */
    FRAME = 'F', /* hub: the next bytes of a frame */
    SCORE = 'O', /* worker: the model's output */
};

struct message_to_core {
    uint8_t kind;
    uint8_t pad[3];
    union {
        uint32_t number;
        uint8_t data[PIECE];
    };
};

enum { HEAD = 4 };
