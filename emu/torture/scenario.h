/* emu/torture/scenario.h -- what the board's storage holds before an update, and the update. Private to emu/torture. */
#pragma once
#include "emu/board/rig.h"
#include "emu/torture/torture.h"
#include "emu/torture/volume.h"

struct thm_scene { /* of a torture: made once, used by every process */
    const struct thm_torture *t;
    struct thm_ota ota;
    struct thm_volume_files files;
    struct thm_store_range *range; /* where the models differ, for a weights update */
    uint32_t ranges;
    uint8_t signature[THM_SIGNATURE_BYTES], old_signature[THM_SIGNATURE_BYTES];
    uint8_t *bundle, *old_bundle; /* what a store of bundles is given; NULL: the model itself */
};

int thm_scene_init(struct thm_scene *s, const struct thm_torture *t); /* 0 or 20 */
void thm_scene_finish(struct thm_scene *s);

/* Prepare a medium as the factory leaves it. Result: 0, or the board's exit status, and thm_rig_message() says why. */
int thm_scene_prepare(struct thm_scene *s, struct thm_rig *r, struct thm_medium *medium);
int thm_scene_update(const struct thm_scene *s, struct thm_rig *r, struct thm_medium *medium);
/* Boot, and what it comes to. */
enum thm_outcome thm_scene_boot(const struct thm_scene *s, struct thm_rig *r, struct thm_medium *medium, int *status);
