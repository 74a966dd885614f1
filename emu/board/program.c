/* emu/board/program.c -- a model that is part of the program: it lies behind the program's code, in the flash window,
 * where the processor reads it in place. */
#include <string.h>
#include <sys/mman.h>
#include "emu/board/board.h"
#include "memmodels/lowmap.h"

#define MODEL_ALIGN 16u /* alignas(16) of the array, as the converters of TensorFlow Lite write it */

static uint64_t model_offset(const struct thm_board *b)
{
    return ((uint64_t)b->profile->flash.program_image + MODEL_ALIGN - 1) / MODEL_ALIGN * MODEL_ALIGN;
}

static uint64_t program_bytes(const struct thm_board *b)
{
    return model_offset(b) + b->run->model_bytes;
}

bool thm_board_model_fits(const struct thm_board *b)
{
    return b->run->model_bytes && program_bytes(b) <= b->profile->flash.program_size;
}

struct thm_region thm_board_flash_region(const struct thm_board *b)
{
    return (struct thm_region){ .name = "flash",
                                .base = b->profile->flash.program_base + (uint32_t)model_offset(b),
                                .size = b->run->model_bytes };
}

enum thm_mem_err thm_board_fill_flash(struct thm_board *b)
{
    if (!thm_board_model_fits(b))
        return THM_MEM_OK;
    const struct thm_region *r = &b->regions[b->regions_count - 1];
    const uintptr_t page = thm_page_size(), from = (uintptr_t)r->mem / page * page;
    memcpy(r->mem, b->run->model, r->size);
    b->flash_model = r->mem;
    return mprotect((void *)from, (uintptr_t)r->mem + r->size - from, PROT_READ) < 0 ? THM_MEM_EHOST : THM_MEM_OK;
}

static void do_flash_model(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const struct thm_profile_flash *f = &b->profile->flash;
    const uint64_t need = program_bytes(b);
    c->result = b->run->model_bytes;
    if (f->program_size == 0)
        thm_hal_failure(b, 11, 0, need, 0, "the profile of %s does not tell what flash its program has",
                        b->profile->name);
    else if (!b->flash_model)
        thm_hal_failure(b, 11, 0, need, f->program_size,
                        "region FLASH overflowed by %llu bytes: the program has %u, the model %u, there are %u",
                        (unsigned long long)(need - f->program_size), f->program_image, b->run->model_bytes,
                        f->program_size);
}

const uint8_t *thm_hal_flash_model(struct thm_board *b, uint32_t *bytes)
{
    *bytes = (uint32_t)thm_board_enter(do_flash_model, (struct thm_call){ .b = b });
    return b->flash_model;
}

static void do_flash_room(struct thm_call *c)
{
    const struct thm_profile_flash *f = &c->b->profile->flash;
    const uint64_t need = program_bytes(c->b) + c->n;
    c->result = need <= f->program_size;
    if (!c->result)
        thm_hal_failure(c->b, 11, 0, need, f->program_size,
                        "region FLASH overflowed by %llu bytes: program and model have %llu, the constants %u",
                        (unsigned long long)(need - f->program_size), (unsigned long long)program_bytes(c->b), c->n);
}

bool thm_hal_flash_room(struct thm_board *b, uint32_t bytes)
{
    return thm_board_enter(do_flash_room, (struct thm_call){ .b = b, .n = bytes }) != 0;
}
