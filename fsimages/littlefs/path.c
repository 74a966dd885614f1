/* fsimages/littlefs/path.c -- from a path to an entry. */
#include "fsimages/littlefs/core.h"
#include <string.h>

bool lf_is_last(const char *path)
{
    path += lf_name_len(path);
    return path[strspn(path, "/")] == '\0';
}

static bool is_dots(const char *name, uint32_t len, uint32_t dots)
{
    return len == dots && strncmp(name, "..", dots) == 0;
}

/* Where the path goes on after the ".." that takes back this name. NULL: there is none. */
static const char *taken_back(const char *name)
{
    int depth = 1;
    for (const char *p = name + lf_name_len(name);;) {
        p += strspn(p, "/");
        const uint32_t len = lf_name_len(p);
        if (len == 0)
            return NULL;
        if (is_dots(p, len, 2))
            depth--;
        else if (!is_dots(p, len, 1))
            depth++;
        p += len;
        if (depth == 0)
            return p;
    }
}

/* The next name that counts; "": the path ends here. in_dir: what was found so far is a directory. */
static int32_t next_name(const char **path, bool in_dir)
{
    for (;;) {
        if (in_dir)
            *path += strspn(*path, "/");
        const uint32_t len = lf_name_len(*path);
        if (is_dots(*path, len, 2))
            return LFS_ERR_INVAL; /* above the root */
        const char *after = is_dots(*path, len, 1) ? *path + len : taken_back(*path);
        if (!after)
            return 0;
        *path = after;
    }
}

/* The entry in the directory that begins at dir->tail. */
static int32_t find_in_dir(struct lf *fs, struct lf_dir *dir, const struct lf_name *name, uint16_t *id)
{
    const struct lf_match m = { LF_TAG(LF_M_KIND, 0, 0), LF_TAG(LF_T_NAME, 0, 0), lf_name_fits, name };
    uint32_t steps = 0;
    for (;;) {
        int32_t tag = lf_fetch_match(fs, dir, dir->tail, &m, id);
        if (tag)
            return tag;
        if (!dir->split)
            return LFS_ERR_NOENT;
        if (lf_thread_goes_on(fs, dir, &steps) <= 0)
            return LFS_ERR_CORRUPT;
    }
}

int32_t lf_find(struct lf *fs, struct lf_dir *dir, const char **path, uint16_t *id)
{
    int32_t tag = (int32_t)LF_TAG(LF_T_DIR, LF_NO_ID, 0);
    const char *name = *path;
    dir->tail[0] = fs->root[0];
    dir->tail[1] = fs->root[1];
    if (*name == '\0')
        return LFS_ERR_INVAL;
    for (;;) {
        const bool in_dir = lf_type((uint32_t)tag) == LF_T_DIR;
        int32_t res = next_name(&name, in_dir);
        if (res)
            return res;
        if (*name == '\0')
            return tag;
        *path = name;
        if (!in_dir)
            return LFS_ERR_NOTDIR;
        if (lf_id((uint32_t)tag) != LF_NO_ID) {
            res = lf_get_struct(fs, dir, lf_id((uint32_t)tag), dir->tail);
            if (res < 0)
                return res;
        }
        tag = find_in_dir(fs, dir, &(struct lf_name){ name, lf_name_len(name) }, id);
        if (tag < 0)
            return tag;
        name += lf_name_len(name);
    }
}
