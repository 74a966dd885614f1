/* emu/cli/boards.c -- `thimble boards`: which boards there are, and what one of them looks like inside. */
#include "emu/cli/boards.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/profile_schema.h"
#include "emu/cli/commands.h"

enum { OPT_JSON, OPT_KEYS, OPT_LINKS };
static const struct thm_option options[] = {
    [OPT_JSON] = { "json", NULL, "print JSON", 0 },
    [OPT_KEYS] = { "keys", NULL, "list the keys of profile files", 0 },
    [OPT_LINKS] = { "links", NULL, "list the links that --link of 'thimble run' knows", 0 },
    { 0 },
};

void thm_board_figures(const struct thm_profile *p, struct thm_board_figures *out)
{
    *out = (struct thm_board_figures){ 0 };
    for (unsigned i = 0; i < p->memory_count; i++)
        out->ram += p->memory[i].size;
    for (unsigned i = 0; i < p->heaps_count; i++) {
        bool by_malloc = strcmp(p->heaps[i].type, "IRAM") != 0; /* 32-bit access only: never returned by malloc */
        out->heap += p->heaps[i].size;
        out->heap_malloc += by_malloc ? p->heaps[i].size : 0;
        out->heaps_malloc += by_malloc;
    }
    for (unsigned i = 0; i < p->taken_count; i++) {
        bool boot = strcmp(p->taken[i].when, "boot") == 0;
        *(boot ? &out->boot : &out->network) += (uint64_t)p->taken[i].bytes * p->taken[i].count;
        *(boot ? &out->boot_blocks : &out->network_blocks) += p->taken[i].count;
    }
}

/* -- the list --------------------------------------------------------------------------------------------------- */

int thm_board_budget(const struct thm_profile *p, struct thm_budget *out)
{
    int status = thm_profile_budget(p, out);
    return status ? thm_fail(status, "%s: its memory cannot be set up with what its runtime takes", p->name) : 0;
}

static int print_row(const struct thm_profile *p)
{
    struct thm_board_figures f;
    struct thm_budget got;
    char cores[48];
    int status = thm_board_budget(p, &got);
    thm_board_figures(p, &f);
    snprintf(cores, sizeof cores, "%.20s %g MHz%s", p->cores[0].isa, (double)p->cores[0].clock_hz / 1e6,
             p->cores_count > 1 ? ", ..." : "");
    printf("%-15s %-22s %5" PRIu64 "K %5" PRIu32 "K %6" PRIu32 "K %5gM  %s\n", p->name, cores, f.ram / 1024,
           got.boot_free / 1024, got.boot_largest / 1024, p->flash.size / 1048576.0,
           p->storage_count ? p->storage[0].name : "-");
    printf("                %.63s\n", p->title);
    return status;
}

static int print_list(struct thm_profile *const *boards, size_t n)
{
    int status = THM_EXIT_OK;
    printf("%-15s %-22s %6s %6s %7s %6s  %s\n", "BOARD", "CORE", "RAM", "FREE", "LARGEST", "FLASH", "STORAGE");
    for (size_t i = 0; i < n; i++) {
        int failed = print_row(boards[i]);
        status = failed ? failed : status;
    }
    puts("\nFree and largest block are the application's, when it starts.\n"
         "'thimble boards BOARD' draws its memory and flash.");
    return status;
}

/* A profile that does not load is reported and left out: one wrong file must not hide the others. */
static int load_all(char **names, struct thm_profile **boards, size_t *n)
{
    int status = THM_EXIT_OK;
    for (size_t i = 0; names[i]; i++) {
        char *error;
        int result = thm_profile_load(names[i], &boards[*n], &error);
        if (result == 0)
            ++*n;
        else
            status = thm_fail(result, "%s", error ? error : "out of memory");
        free(error);
    }
    return status;
}

static int list(bool json)
{
    char **names = thm_profile_names("boards");
    size_t n = 0, loaded = 0;
    while (names && names[n])
        n++;
    struct thm_profile **boards = names ? calloc(n + 1, sizeof *boards) : NULL;
    if (!boards) {
        thm_profile_names_free(names);
        return thm_fail(THM_EXIT_HOST, "out of memory");
    }
    int status = load_all(names, boards, &loaded);
    int printed = json ? thm_boards_json_list(boards, loaded) : print_list(boards, loaded);
    for (size_t i = 0; i < loaded; i++)
        thm_profile_free(boards[i]);
    free(boards);
    thm_profile_names_free(names);
    return status ? status : printed;
}

/* -- the keys --------------------------------------------------------------------------------------------------- */

static const char *type_name(const cyaml_schema_value_t *v)
{
    switch (v->type) {
    case CYAML_UINT: return "number";
    case CYAML_FLOAT: return "decimal";
    case CYAML_BOOL: return "true/false";
    case CYAML_STRING: return "text";
    case CYAML_SEQUENCE: return "list";
    default: return "keys";
    }
}

static void print_help(const char *text)
{
    const int indent = 4, width = 79;
    int column = indent;
    printf("%*s", indent, "");
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (column > indent && column + word > width) {
            printf("\n%*s", indent, "");
            column = indent;
        }
        printf("%.*s%s", word, text, text[word] ? " " : "");
        column += word + 1;
        text += word + (text[word] == ' ');
    }
    putchar('\n');
}

static void print_keys(const cyaml_schema_value_t *mapping, const char *prefix)
{
    for (const cyaml_schema_field_t *f = mapping->mapping.fields; f->key; f++) {
        char path[128];
        const cyaml_schema_value_t *below = f->value.type == CYAML_SEQUENCE ? f->value.sequence.entry : &f->value;
        printf("%s%s  (%s%s)\n", prefix, f->key, type_name(&f->value),
               f->value.flags & CYAML_FLAG_OPTIONAL ? ", optional" : "");
        print_help(thm_profile_key_help(f));
        snprintf(path, sizeof path, "%s%s%s.", prefix, f->key, f->value.type == CYAML_SEQUENCE ? "[]" : "");
        if (below->type == CYAML_MAPPING)
            print_keys(below, path);
    }
}

static int keys(void)
{
    puts("boards/NAME.yaml\n");
    print_keys(&thm_profile_board_schema, "");
    puts("\nlinks/NAME.yaml\n");
    print_keys(&thm_profile_link_schema, "");
    puts("\ncores/NAME.yaml\n");
    print_keys(&thm_profile_core_schema, "");
    puts("\noperators/NAME.yaml\n");
    print_keys(&thm_profile_operators_schema, "");
    return THM_EXIT_OK;
}

static int show(const char *name, bool json)
{
    struct thm_profile *p;
    char *error;
    int status = thm_profile_load(name, &p, &error);
    if (status) {
        status = thm_fail(status, "%s", error ? error : "out of memory");
        free(error);
        return status;
    }
    status = json ? thm_boards_json(p) : thm_boards_draw(p);
    thm_profile_free(p);
    return status;
}

static int run(int argc, char **argv)
{
    struct thm_args a;
    bool wanted[3] = { false };
    int o;
    thm_args_init(&a, &thm_command_boards, argc, argv);
    while ((o = thm_args_next(&a)) >= 0)
        wanted[o] = true;
    if (o == -2 || o == -3)
        return o == -2 ? THM_EXIT_USAGE : THM_EXIT_OK;
    const bool json = wanted[OPT_JSON];
    if (wanted[OPT_KEYS])
        return a.argc || json || wanted[OPT_LINKS] ? thm_usage(&a, "--keys stands alone") : keys();
    if (wanted[OPT_LINKS])
        return a.argc ? thm_usage(&a, "--links stands without a board") : thm_links_list(json);
    if (a.argc > 1)
        return thm_usage(&a, "expected one board at most, found '%s' too", a.argv[1]);
    return a.argc ? show(a.argv[0], json) : list(json);
}

const struct thm_command thm_command_boards = {
    .name = "boards",
    .args = "[BOARD|FILE.yaml]",
    .summary = "list the boards, or show one: memory map, flash map, figures",
    .details = "A board is a profile: boards/NAME.yaml in one of the profile folders, or any file whose path is given. "
               "thimble-profile(5) describes the format.",
    .options = options,
    .run = run,
};
