/* emu/cli/image_find.h -- which file system of an image is meant, and where it lies: by the image's content, or by what
 * the user says of it (--fs, --board). */
#pragma once
struct image;
struct image_options;
/* Sets volume, place, partition, ops and config of an image whose file is open. Result: 0, or an exit status, reported.
 */
int image_find(struct image *im, const struct image_options *o);
