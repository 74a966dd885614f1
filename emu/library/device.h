/* thimble/device.h -- models and firmware tested on emulated boards, from a program of your own.
 *
 *     cc -o firmware_test firmware_test.c $(pkg-config --cflags --libs thimble)
 *
 * A device is a board with its storage. It is told what it has and what goes wrong, and is switched on: the emulator
 * runs it in a process of its own until it is done or has failed. Its storage keeps what was written, so switching it
 * on again is a restart. Everything is repeatable: the same device does the same.
 *
 * Conventions. Sizes are bytes, times the device's. What is handed in is copied; what comes out is lent. Functions that
 * set something return nothing: the first thing that cannot be (no such board, no such file) is kept, and is what
 * thm_device_power_on() then tells, with THM_MISUSED. Devices of one thread are none of another's business.
 *
 * thimble(3) has an example. Versions are semantic: what is here stays until the first number changes. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define THM_DEVICE_VERSION "1.0.0"

struct thm_device;

/* ---- a device ---- */

/* board: a profile's name, as `thimble boards` lists them, or a path of one. NULL: the PC has no memory, or thimble is
 * not installed where this program expects it; thm_device_trouble() tells. */
struct thm_device *thm_device_create(const char *board);
/* Another one like it: what it was told, and what its storage holds. Cheap. NULL: the PC has no memory. */
struct thm_device *thm_device_copy(const struct thm_device *d);
void thm_device_destroy(struct thm_device *d); /* NULL is fine */
const char *thm_device_trouble(void);          /* why thm_device_create() gave NULL; static */
const char *thm_device_version(void);          /* of the library that was found; "": none */

/* ---- the model, and what runs it ---- */

enum thm_device_from {
    THM_FROM_NETWORK, /* the server has it: answers https://localhost/model.tflite, and the firmware fetches it */
    THM_FROM_STORAGE, /* it is a file on the storage; put there before power-on */
    THM_FROM_FLASH,   /* it is part of the program, and is read in place if the flash allows that */
};
/* data NULL and bytes 0 with THM_FROM_STORAGE: the model that the storage has. */
void thm_device_model(struct thm_device *d, enum thm_device_from from, const void *data, size_t bytes);
void thm_device_model_file(struct thm_device *d, enum thm_device_from from, const char *path);
/* One model input's frames, one after another, raw and little-endian; without: zeros. */
void thm_device_input(struct thm_device *d, unsigned index, const void *data, size_t bytes);
void thm_device_input_file(struct thm_device *d, unsigned index, const char *path);

void thm_device_storage(struct thm_device *d, const char *name);   /* of the profile's (default: its first), "none" */
void thm_device_store(struct thm_device *d, const char *strategy); /* `thimble run --store`: overwrite, ab-crc, ... */
void thm_device_arena(struct thm_device *d, uint32_t bytes);       /* default: the smallest that the model works in */
void thm_device_stack(struct thm_device *d, uint32_t bytes);       /* default: the profile's */
void thm_device_link(struct thm_device *d, const char *name);      /* as `thimble boards --links` has them */

/* A firmware of your own in place of the built-in one (thimble-firmware(7)): a shared object. */
void thm_device_firmware(struct thm_device *d, const char *path);
void thm_device_set(struct thm_device *d, const char *key, const char *value); /* for its thm_setting() */
void thm_device_seconds(struct thm_device *d, double seconds); /* then it is switched off; default: never */

/* What the server answers; every other URL is a 404. A second answer to the same URL replaces the first. data: the
 * body, where the status is 200 to 299. */
void thm_device_answer(struct thm_device *d, const char *url, unsigned status, const void *data, size_t bytes);

/* ---- what goes wrong ---- */

enum thm_device_cut { THM_CUT_IS_BEFORE, THM_CUT_IS_INSIDE, THM_CUT_IS_AFTER }; /* that operation */

void thm_device_fail_allocation(struct thm_device *d, uint32_t nth); /* the application's Nth from power-on */
/* The power goes at the Nth program or erase of the storage's part from power-on. */
void thm_device_cut_power(struct thm_device *d, uint32_t nth, enum thm_device_cut when);
void thm_device_fill_storage(struct thm_device *d, uint32_t left); /* other files leave only so many bytes */
void thm_device_bad_blocks(struct thm_device *d, uint32_t per_million);
void thm_device_bit_flips(struct thm_device *d, uint32_t per_billion); /* of the bytes read */
void thm_device_wear_out(struct thm_device *d);                        /* its storage is near the end of its life */
void thm_device_network_fault(struct thm_device *d, const char *list); /* as `thimble run --net-fault`: "cut=4000" */
void thm_device_seed(struct thm_device *d, uint32_t seed);             /* which blocks, bits and packets they are */
void thm_device_no_faults(struct thm_device *d);                       /* all is well again; the seed stays */

/* ---- what becomes of it ---- */

enum thm_verdict {
    THM_WORKED,
    THM_FAILED,    /* the board did, or the model on it: status 10 to 17, or 1: its firmware returned something else */
    THM_MISUSED,   /* this program asked for what there is not: status 2 */
    THM_PC_FAILED, /* says nothing about the board: status 20 */
};

struct thm_outcome { /* further members may come at the end */
    enum thm_verdict verdict;
    int status;          /* as of `thimble run` (thimble(1)) */
    const char *message; /* one line with the device's own name of the error; "": it worked */
    const char *step;    /* that failed: "store", "load", ...; "": none */
    int64_t code;        /* the device's own number of the error, as of its file system or TLS library; 0: none */
    uint64_t needed, available, largest; /* bytes, where it was for want of them; else 0 */
    uint64_t ns;                         /* device time when it ended */

    uint32_t arena, arena_used, arena_minimum; /* 0: the model was not set up */
    uint64_t heap_free, heap_largest; /* at the end, or at the call that failed: free, the largest free block */
    uint64_t heap_low_water;          /* the least that was free */
    uint64_t stack_used, stack;       /* 0: it did not end by itself */
    uint64_t programs, erases;        /* operations on its storage parts */
    const char *log;                  /* what a firmware of yours has printed, line by line */
    unsigned outputs;                 /* tensors: of each frame all of them, in their order */
};

/* Switch it on, until it ends. Lent: until the device is switched on again or destroyed; never NULL. */
const struct thm_outcome *thm_device_power_on(struct thm_device *d);
/* Put a fresh storage in. */
void thm_device_erase(struct thm_device *d);

struct thm_output { /* further members may come at the end */
    uint32_t frame, index;
    const char *name, *type; /* "int8", "float32", ... */
    uint32_t rank;
    int32_t shape[6];
    float scale; /* 0: not quantised */
    int32_t zero_point;
    const void *data; /* little-endian, row by row */
    size_t bytes;
};

/* Output tensor i of the last outcome, from 0; NULL: there is none. Lent as the outcome. */
const struct thm_output *thm_device_output(const struct thm_device *d, unsigned i);
/* Index of its greatest value: the label, where it has scores. -1: there is no such tensor, or not of numbers. */
int thm_device_label(const struct thm_device *d, unsigned i);

#ifdef __cplusplus
}
#endif
