/* emu/cli/image_ls.c -- ls: what is in a directory, or with --recursive below it. */
#include <stdio.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_path.h"
#include "emu/cli/image_text.h"
#include "emu/cli/image_verbs.h"

static void print_entry(const struct thm_fs_stat *st, const char *name)
{
    char date[20];
    printf("%c%s %10u ", st->directory ? 'd' : '-', st->read_only ? "r-" : "rw", (unsigned)st->size);
    if (st->modified)
        printf("%s ", image_date(st->modified, date));
    image_print_name(stdout, name);
    puts(st->directory ? "/" : "");
}

static void add_json(json_t *files, const struct thm_fs_stat *st, const char *name)
{
    json_t *o = json_pack("{s:o,s:I}", "name", image_json_name(name), "size", (json_int_t)st->size);
    if (st->directory)
        json_object_set_new(o, "directory", json_true());
    if (st->read_only)
        json_object_set_new(o, "read_only", json_true());
    if (st->modified)
        json_object_set_new(o, "modified", json_integer(st->modified));
    json_array_append_new(files, o);
}

static void show(json_t *files, const struct thm_fs_stat *st, const char *name)
{
    if (files)
        add_json(files, st, name);
    else
        print_entry(st, name);
}

static int visit(void *files, const struct image_entry *e)
{
    if (!e->leaving)
        show(files, e->st, e->path);
    return 0;
}

static int show_directory(struct image *im, const char *dir, json_t *files)
{
    struct image_listing l;
    int status = image_list(im, dir, false, &l);
    for (size_t i = 0; !status && i < l.count; i++)
        show(files, &l.items[i], l.items[i].name);
    image_listing_free(&l);
    return status;
}

static int list(struct image *im, const struct image_options *o, const char *name, json_t *files)
{
    char path[IMAGE_PATH_MAX];
    struct thm_fs_stat st;
    if (im->ops->flat && !*name)
        return show_directory(im, "", files);
    int32_t res = image_stat(im, name, path, &st);
    if (res < 0)
        return image_fail(im, res, name, "");
    if (st.directory)
        return o->recursive ? image_walk(im, path, visit, files) : show_directory(im, path, files);
    show(files, &st, path);
    return 0;
}

int image_ls(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    json_t *files = o->json ? json_array() : NULL;
    int status = image_open(&im, argv[0], o);
    if (!status)
        status = list(&im, o, argc > 1 ? argv[1] : "", files);
    if (!status && o->json)
        status = image_print_json(json_pack("{s:O}", "files", files));
    json_decref(files);
    image_close(&im);
    return status;
}
