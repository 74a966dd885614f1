/* emu/cli/fit_load.c -- what a fit needs: profiles, links, models; and the cases that they make. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/certificate.h"
#include "emu/cli/fit_request.h"

enum { MODEL_BYTES_MAX = 256 << 20 };

static int load_board(struct fit_board *b, const struct fit_request *q)
{
    char *error = NULL;
    int status = thm_profile_load(b->name, &b->profile, &error);
    if (!status && b->profile->network.link)
        status = thm_profile_link_load(b->profile->network.link, &b->link, &error);
    if (status)
        thm_fail(status, "%s", error ? error : "out of memory");
    free(error);
    return status ? status : thm_operators_choose(&b->operators, q->operators, b->profile);
}

static int load_boards(struct fit_request *q)
{
    const char *const *names = q->board;
    q->boards_count = q->board_count;
    if (q->board_count == 0) {
        q->all_boards = thm_profile_names("boards");
        names = (const char *const *)q->all_boards;
        while (names && names[q->boards_count])
            q->boards_count++;
    }
    q->boards = calloc(q->boards_count + 1, sizeof *q->boards);
    if (!names || !q->boards)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    if (q->boards_count == 0)
        return thm_fail(THM_EXIT_USAGE, "no board profiles are found ('thimble boards' lists them)");
    int status = 0;
    for (unsigned i = 0; i < q->boards_count && !status; i++) {
        q->boards[i].name = names[i];
        status = load_board(&q->boards[i], q);
    }
    return status;
}

/* What is no UTF-8 may stand in no JSON, page or picture; control characters on no terminal. */
static void make_presentable(char *name)
{
    json_t *utf8 = json_string(name);
    for (; *name; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f || (!utf8 && (unsigned char)*name > 0x7e))
            *name = '?';
    json_decref(utf8);
}

/* The file's name without folder and .tflite. */
static char *short_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = strndup(slash ? slash + 1 : path, sizeof((struct thm_fit_cell *)0)->model - 1);
    char *end = name ? strstr(name, ".tflite") : NULL;
    if (end && end[7] == '\0' && end > name)
        *end = '\0';
    if (name)
        make_presentable(name);
    return name;
}

static int load_models(struct fit_request *q)
{
    q->model = calloc(q->models + 1, sizeof *q->model);
    if (!q->model)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    for (unsigned i = 0; i < q->models; i++) {
        struct thm_fit_model *m = &q->model[i];
        uint8_t *data;
        size_t len;
        int status = thm_read_file(q->model_path[i], MODEL_BYTES_MAX, &data, &len);
        if (status)
            return status;
        *m = (struct thm_fit_model){ short_name(q->model_path[i]), q->model_path[i], data, (uint32_t)len };
        if (!m->name)
            return thm_fail(THM_EXIT_HOST, "out of memory");
        if (len == 0)
            return thm_fail(THM_EXIT_USAGE, "%s: the file is empty", m->path);
    }
    return 0;
}

static enum thm_fit_from chosen_from(const struct fit_request *q, const struct thm_profile *p)
{
    for (int f = 0; q->from && f < THM_FIT_FROM_COUNT; f++)
        if (strcmp(q->from, thm_fit_from_name(f)) == 0)
            return f;
    return thm_fit_default_from(p);
}

static struct thm_fit_case make_case(const struct fit_request *q, const struct fit_board *b,
                                     const struct thm_fit_model *m)
{
    return (struct thm_fit_case){ .profile = b->profile,
                                  .link = b->link,
                                  .model = m,
                                  .from = chosen_from(q, b->profile),
                                  .storage = q->storage,
                                  .cacert = q->cacert,
                                  .cacert_bytes = q->cacert_bytes,
                                  .operators = b->operators.names,
                                  .operators_count = b->operators.count,
                                  .kernels = q->kernels,
                                  .no_invoke = q->no_invoke };
}

static int make_cases(struct fit_request *q)
{
    q->count = (size_t)q->boards_count * q->models;
    q->cases = calloc(q->count + 1, sizeof *q->cases);
    q->cells = calloc(q->count + 1, sizeof *q->cells);
    q->advices = calloc(q->count + 1, sizeof *q->advices);
    if (!q->cases || !q->cells || !q->advices)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    for (unsigned b = 0; b < q->boards_count; b++)
        for (unsigned m = 0; m < q->models; m++)
            q->cases[b * q->models + m] = make_case(q, &q->boards[b], &q->model[m]);
    return 0;
}

static int check_required(const struct fit_request *q)
{
    for (unsigned r = 0; r < q->require_count; r++) {
        bool found = false;
        for (unsigned b = 0; b < q->boards_count && !found; b++)
            found = strcmp(q->require[r], q->boards[b].name) == 0;
        if (!found)
            return thm_fail(THM_EXIT_USAGE, "--require %s: that board is not among those looked at", q->require[r]);
    }
    return 0;
}

int fit_load(struct fit_request *q)
{
    int status = load_boards(q);
    if (!status)
        status = load_models(q);
    if (!status)
        status = thm_certificate_bytes(q->cacert, &q->cacert_bytes);
    if (!status)
        status = check_required(q);
    return status ? status : make_cases(q);
}

void fit_free(struct fit_request *q)
{
    for (unsigned i = 0; q->boards && i < q->boards_count; i++) {
        thm_operators_free(&q->boards[i].operators);
        thm_profile_link_free(q->boards[i].link);
        thm_profile_free(q->boards[i].profile);
    }
    for (unsigned i = 0; q->model && i < q->models; i++) {
        free((void *)(uintptr_t)q->model[i].data);
        free((void *)(uintptr_t)q->model[i].name);
    }
    for (size_t i = 0; q->advices && i < q->count; i++)
        free(q->advices[i].list);
    thm_profile_names_free(q->all_boards);
    free(q->advices);
    free(q->boards);
    free(q->model);
    free(q->cases);
    free(q->cells);
}

struct thm_fit_cell *fit_cell(const struct fit_request *q, unsigned board, unsigned model)
{
    return &q->cells[(size_t)board * q->models + model];
}
