#include "emu/board/profile.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/board/profile_check.h"
#include "emu/board/profile_schema.h"
#include "emu/board/profile_yaml.h"

#define FILE_MAX (1u << 20) /* bytes of a profile */
#define SUFFIX   ".yaml"

static const char *profile_dir = NULL; /* --profile-dir */

/* What loading a board and loading a link differ in. */
struct kind {
    const char *folder, *one; /* "boards", "board" */
    const cyaml_schema_value_t *schema;
    int (*check)(const void *data, struct thm_yaml *y);
};

void thm_profile_set_dir(const char *dir)
{
    profile_dir = dir;
}

/* Profiles near the program: in the source tree of a build that is not installed. Static; NULL: none. */
static const char *folder_of_build(void)
{
    static char path[PATH_MAX];
    ssize_t n = path[0] ? 0 : readlink("/proc/self/exe", path, sizeof path - sizeof "/profiles");
    for (int up = 0; n > 0 && up < 3; up++) { /* BUILD/emu/thimble: three up is the source tree */
        path[n] = '\0';
        char *slash = strrchr(path, '/');
        n = slash ? slash - path : 0;
    }
    if (n > 0)
        memcpy(path + n, "/profiles", sizeof "/profiles");
    return path[0] ? path : NULL;
}

/* The profile folders in the order of the search; NULL after the last. */
static const char *folder_at(unsigned i)
{
    const char *dirs[] = { profile_dir, getenv("THIMBLE_PROFILES"), THM_PROFILE_DIR, folder_of_build() };
    for (size_t k = 0; k < sizeof dirs / sizeof *dirs; k++)
        if (dirs[k] && *dirs[k] && i-- == 0)
            return dirs[k];
    return NULL;
}

/* -- names ------------------------------------------------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_listed(char **names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Append the profile `file` to the list, once. false: out of memory. */
static bool add_name(char ***names, size_t *n, const char *file)
{
    size_t len = strlen(file);
    if (file[0] == '.' || len <= strlen(SUFFIX) || strcmp(file + len - strlen(SUFFIX), SUFFIX) != 0)
        return true;
    char *name = strndup(file, len - strlen(SUFFIX));
    if (!name)
        return false;
    if (is_listed(*names, *n, name)) {
        free(name);
        return true;
    }
    char **more = realloc(*names, (*n + 2) * sizeof *more);
    if (!more) {
        free(name);
        return false;
    }
    more[(*n)++] = name;
    more[*n] = NULL;
    *names = more;
    return true;
}

static bool add_folder(char ***names, size_t *n, const char *folder, const char *kind)
{
    char *path = NULL;
    bool ok = asprintf(&path, "%s/%s", folder, kind) >= 0;
    DIR *d = ok ? opendir(path) : NULL;
    for (struct dirent *e; d && ok && (e = readdir(d));)
        ok = add_name(names, n, e->d_name);
    if (d)
        closedir(d);
    free(path);
    return ok;
}

char **thm_profile_names(const char *kind)
{
    size_t n = 0;
    char **names = calloc(1, sizeof *names);
    bool ok = names != NULL;
    for (unsigned i = 0; ok && folder_at(i); i++)
        ok = add_folder(&names, &n, folder_at(i), kind);
    if (!ok) {
        thm_profile_names_free(names);
        return NULL;
    }
    qsort(names, n, sizeof *names, compare_names);
    return names;
}

void thm_profile_names_free(char **names)
{
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}

/* -- finding the file ------------------------------------------------------------------------------------------- */

static bool is_path(const char *name)
{
    size_t len = strlen(name);
    return strchr(name, '/') || (len > strlen(SUFFIX) && strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0);
}

static int set_error(char **error, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int set_error(char **error, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(error, fmt, ap) < 0)
        *error = NULL;
    va_end(ap);
    return *error ? status : 20;
}

static int unknown_name(const struct kind *k, const char *name, char **error)
{
    char list[256] = "none found", **names = thm_profile_names(k->folder);
    for (size_t i = 0, len = 0; names && names[i] && len < sizeof list; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", names[i]);
    thm_profile_names_free(names);
    return set_error(error, 2, "unknown %s '%s', expected a path or one of: %s", k->one, name, list);
}

/* The file of a profile by name or path. Out: *path malloc'ed. */
static int find_file(const struct kind *k, const char *name, char **path, char **error)
{
    struct stat st;
    *path = NULL;
    if (is_path(name))
        return (*path = strdup(name)) ? 0 : 20;
    for (unsigned i = 0; *name && folder_at(i); i++) {
        if (asprintf(path, "%s/%s/%s" SUFFIX, folder_at(i), k->folder, name) < 0) {
            *path = NULL;
            return 20;
        }
        if (stat(*path, &st) == 0)
            return 0;
        free(*path);
        *path = NULL;
    }
    return unknown_name(k, name, error);
}

static int read_stream(FILE *f, const char *path, uint8_t **data, size_t *len, char **error)
{
    struct stat st;
    if (fstat(fileno(f), &st) == 0 && !S_ISREG(st.st_mode))
        return set_error(error, 2, "%s: not a regular file", path);
    if (!(*data = malloc(FILE_MAX + 1)))
        return 20;
    *len = fread(*data, 1, FILE_MAX + 1, f);
    if (ferror(f))
        return set_error(error, 20, "%s: %s", path, strerror(errno));
    if (*len > FILE_MAX)
        return set_error(error, 2, "%s: more than %u bytes, expected a profile of at most that size", path, FILE_MAX);
    return 0;
}

/* Out: *data malloc'ed, also on error (then maybe NULL). */
static int read_file(const char *path, uint8_t **data, size_t *len, char **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    FILE *f = fd < 0 ? NULL : fdopen(fd, "rb");
    *data = NULL;
    if (!f) {
        int status = set_error(error, fd < 0 ? 2 : 20, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return status;
    }
    int status = read_stream(f, path, data, len, error);
    fclose(f);
    return status;
}

/* -- loading ---------------------------------------------------------------------------------------------------- */

static int load(const struct kind *k, const char *name, void **out, char **error)
{
    char *path = NULL;
    uint8_t *data = NULL;
    size_t len = 0;
    *out = NULL;
    *error = NULL;
    int status = find_file(k, name, &path, error);
    if (!status)
        status = read_file(path, &data, &len, error);
    if (!status)
        status = thm_yaml_load(path, data, len, k->schema, k->check, out, error);
    if (status == 20 && !*error)
        set_error(error, 20, "%s '%s': out of memory", k->one, name);
    free(data);
    free(path);
    return status;
}

static int check_board(const void *data, struct thm_yaml *y)
{
    return thm_profile_check(data, y);
}

static int check_link(const void *data, struct thm_yaml *y)
{
    return thm_profile_link_check(data, y);
}

static int check_core(const void *data, struct thm_yaml *y)
{
    return thm_profile_core_check(data, y);
}

static int check_operators(const void *data, struct thm_yaml *y)
{
    return thm_profile_operators_check(data, y);
}

static const struct kind board_kind = { "boards", "board", &thm_profile_board_schema, check_board };
static const struct kind link_kind = { "links", "link", &thm_profile_link_schema, check_link };
static const struct kind operators_kind = { "operators", "set of operators", &thm_profile_operators_schema,
                                            check_operators };
static const struct kind core_kind = { "cores", "core", &thm_profile_core_schema, check_core };

int thm_profile_load(const char *name, struct thm_profile **out, char **error)
{
    void *data;
    int status = load(&board_kind, name, &data, error);
    *out = data;
    if (!status)
        status = thm_profile_core_load((*out)->cores[0].isa, &(*out)->core, error);
    if (status) {
        thm_profile_free(*out);
        *out = NULL;
    }
    return status;
}

void thm_profile_cost(const struct thm_profile *p, struct thm_cost *out)
{
    const struct thm_profile_core *k = &p->cores[0];
    thm_cost_open(out, p->core, k->kernels ? k->kernels : "reference", p->name, k->clock_hz);
}

int thm_profile_link_load(const char *name, struct thm_profile_link **out, char **error)
{
    void *data;
    int status = load(&link_kind, name, &data, error);
    *out = data;
    return status;
}

int thm_profile_operators_load(const char *name, struct thm_profile_operators **out, char **error)
{
    void *data;
    int status = load(&operators_kind, name, &data, error);
    *out = data;
    return status;
}

int thm_profile_core_load(const char *name, struct thm_cost_core **out, char **error)
{
    void *data;
    int status = load(&core_kind, name, &data, error);
    *out = data;
    return status;
}

void thm_profile_free(struct thm_profile *p)
{
    if (p)
        thm_profile_core_free(p->core);
    thm_yaml_free(&thm_profile_board_schema, p);
}

void thm_profile_link_free(struct thm_profile_link *l)
{
    thm_yaml_free(&thm_profile_link_schema, l);
}

void thm_profile_operators_free(struct thm_profile_operators *o)
{
    thm_yaml_free(&thm_profile_operators_schema, o);
}

void thm_profile_core_free(struct thm_cost_core *c)
{
    thm_yaml_free(&thm_profile_core_schema, c);
}
