#include "emu/board/profile.h"

static const char *profile_dir = NULL; /* --profile-dir */

void thm_profile_set_dir(const char *dir)
{
    profile_dir = dir;
}
