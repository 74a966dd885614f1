/* fsimages/media/wrapper.h -- what a medium around another one starts from: every operation is the inner one's. */
#pragma once
#include <stddef.h>
#include "fsimages/media/medium.h"

struct wrapper { /* first member of each */
    struct thm_medium base;
    struct thm_medium *inner;
};

/* size: of the whole structure, zeroed but for its wrapper. NULL: the PC is out of memory. */
void *wrapper_create(size_t size, const struct thm_medium_ops *ops, struct thm_medium *inner);
struct thm_medium *wrapper_inner(const struct thm_medium *m);
enum thm_fs_err wrapper_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len);
enum thm_fs_err wrapper_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len);
enum thm_fs_err wrapper_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len);
enum thm_fs_err wrapper_erase(struct thm_medium *m, uint32_t block);
void wrapper_counters(const struct thm_medium *m, struct thm_medium_counters *out);
void wrapper_destroy(struct thm_medium *m);
