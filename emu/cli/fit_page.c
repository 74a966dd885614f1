/* emu/cli/fit_page.c -- thimble fit --html and --svg. */
#include <stdlib.h>
#include "emu/cli/fit_request.h"
#include "emu/fit/page.h"

static struct thm_fit_page page_of(const struct fit_request *q)
{
    return (struct thm_fit_page){ q->cases, q->cells, q->advices, q->boards_count, q->models };
}

int fit_html(const struct fit_request *q)
{
    const struct thm_fit_page page = page_of(q);
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    int status = f ? thm_fit_page_write(&page, f) : -1;
    if (f && fclose(f) != 0)
        status = -1;
    status = status ? thm_fail(THM_EXIT_HOST, "out of memory for the page") : thm_write_file(q->html, text, len);
    free(text);
    return status;
}

static int write_picture(void *ctx, const char *name, const char *text, size_t len)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", (const char *)ctx, name) < 0)
        return -1;
    const int status = thm_write_file(path, text, len);
    free(path);
    return status;
}

int fit_svg(const struct fit_request *q)
{
    const struct thm_fit_page page = page_of(q);
    const struct thm_fit_files files = { (void *)(uintptr_t)q->svg, write_picture };
    int status = thm_make_folder(q->svg);
    if (!status)
        status = thm_fit_pictures_write(&page, &files);
    return status < 0 ? thm_fail(THM_EXIT_HOST, "out of memory for the pictures") : status;
}
