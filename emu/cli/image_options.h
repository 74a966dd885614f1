/* emu/cli/image_options.h -- what nothing in an image tells, as options: one table for `thimble image` and `thimble
 * mount`. */
#pragma once
#include "emu/cli/cli.h"
#include "fsimages/fs.h"

/* option, argument, help, kind (image_options.c), field of struct thm_fs_config, largest value */
#define IMAGE_FS_OPTIONS(X)                                                                                          \
    X("page-size", "BYTES", "SPIFFS: logical page; default: found, 256 for create", SIZE, page_size, 65536)          \
    X("block-size", "BYTES", "SPIFFS, littlefs: block; default: found, 4096 for create", SIZE, block_size, 1u << 20) \
    X("name-len", "BYTES", "SPIFFS: object name length with its NUL; default: 32", SIZE, name_len, 65536)            \
    X("meta-len", "BYTES", "SPIFFS: metadata length; default: found, else 4", META, meta_len, 65536)                 \
    X("aligned", NULL, "SPIFFS: object index tables are aligned", FLAG, aligned_index, 1)                            \
    X("no-magic", NULL, "SPIFFS: blocks carry no magic", FLAG, no_magic, 1)                                          \
    X("no-magic-length", NULL, "SPIFFS: the magic does not depend on the volume's length", FLAG, no_magic_length, 1) \
    X("read-size", "BYTES", "littlefs: smallest read", SIZE, read_size, 1u << 20)                                    \
    X("program-size", "BYTES", "littlefs: smallest program", SIZE, program_size, 1u << 20)                           \
    X("cache-size", "BYTES", "littlefs: each cache", SIZE, cache_size, 1u << 20)                                     \
    X("lookahead-size", "BYTES", "littlefs: the allocator's bitmap", SIZE, lookahead_size, 1u << 20)                 \
    X("block-cycles", "N", "littlefs: erases before metadata moves; -1: never", CYCLES, block_cycles, 1u << 30)      \
    X("disk-version", "2.0|2.1", "littlefs, create: version on disk", VERSION, disk_version, 0)                      \
    X("byte-order", "little|big", "EEFS: byte order", ORDER, big_endian, 1)                                          \
    X("fat-bits", "12|16|32", "FAT, create: kind; default: by size", SIZE, fat_bits, 32)                             \
    X("cluster-size", "BYTES", "FAT, create: cluster; default: by size", SIZE, cluster_size, 65536)                  \
    X("root-entries", "N", "FAT12 and FAT16, create: entries of the root", SIZE, root_entries, 65535)                \
    X("short-names", NULL, "FAT: a driver with names of 8.3 characters only", FLAG, no_long_names, 1)

#define IMAGE_FS_OPTION_ROW(name, arg, help, kind, field, max) { name, arg, help, 0 },
/* Rows of an option table, at its end. */
#define IMAGE_FS_OPTION_ROWS              \
    IMAGE_FS_OPTIONS(IMAGE_FS_OPTION_ROW) \
    {                                     \
        0                                 \
    }

/* Take the value of the i-th of these options. Result: 0, or 2, reported. */
int image_fs_option(struct thm_args *a, int i, struct thm_fs_config *c);
/* What is set in `from` replaces what is in `to`. */
void image_fs_config_merge(struct thm_fs_config *to, const struct thm_fs_config *from);
