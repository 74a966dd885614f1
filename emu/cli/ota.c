/* emu/cli/ota.c -- `thimble ota`: make and check what a board is updated with. */
#include <string.h>
#include "emu/cli/commands.h"
#include "emu/cli/ota_verbs.h"

static const struct verb {
    const char *name, *args;
    int min, max;
    int (*run)(const struct ota_options *o, int argc, char **argv);
} verbs[] = {
    { "keygen", "PRIVATE.pem PUBLIC.pem", 2, 2, ota_keygen },
    { "sign", "MODEL BUNDLE", 2, 2, ota_sign },
    { "verify", "BUNDLE", 1, 1, ota_verify },
};

enum option { OPT_ALGORITHM, OPT_KEY, OPT_TRUST, OPT_BOARD_CLASS, OPT_VERSION, OPT_COUNTER, OPT_ARENA, OPT_FLASH };

static const struct thm_option options[] = {
    [OPT_ALGORITHM] = { "algorithm", "NAME", "keygen: ed25519 (default) or p256", 0 },
    [OPT_KEY] = { "key", "FILE", "sign: PEM file with the private key", 'k' },
    [OPT_TRUST] = { "trust", "FILE", "verify: PEM file with the public key that the board trusts", 0 },
    [OPT_BOARD_CLASS] = { "board-class", "NAME",
                          "sign: the boards that it is for, of which a profile's name is the usual one; verify: the "
                          "board's (default: whatever the bundle says)",
                          0 },
    [OPT_VERSION] = { "model-version", "N", "sign: for people (default: 0)", 0 },
    [OPT_COUNTER] = { "counter", "N",
                      "sign: the security counter; a board takes none below the highest that it has confirmed; "
                      "verify: that one (default: 0)",
                      0 },
    [OPT_ARENA] = { "arena", "BYTES", "sign: what the model needs (default: measured); verify: what there is", 'a' },
    [OPT_FLASH] = { "flash", "BYTES", "sign: what the bundle needs (default: its size); verify: what there is", 0 },
    { 0 },
};

static int take_number(const struct thm_args *a, int option, uint32_t *out)
{
    uint64_t v;
    if (!thm_parse_size(a->value, UINT32_MAX, &v))
        return thm_usage(a, "--%s wants a number up to %u, not '%s'", options[option].name, UINT32_MAX, a->value);
    *out = (uint32_t)v;
    return 0;
}

static int take_option(const struct thm_args *a, int option, struct ota_options *o)
{
    switch (option) {
    case OPT_ALGORITHM: o->algorithm = a->value; return 0;
    case OPT_KEY: o->key = a->value; return 0;
    case OPT_TRUST: o->trust = a->value; return 0;
    case OPT_BOARD_CLASS: o->board_class = a->value; return 0;
    case OPT_VERSION: return take_number(a, option, &o->version);
    case OPT_COUNTER: return take_number(a, option, &o->counter);
    case OPT_ARENA: return take_number(a, option, &o->arena);
    default: return take_number(a, option, &o->flash);
    }
}

static int run_verb(const struct thm_args *a, const struct ota_options *o)
{
    if (a->argc < 1)
        return thm_usage(a, "a verb is needed, for example sign");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const struct verb *v = &verbs[i];
        if (strcmp(v->name, a->argv[0]) != 0)
            continue;
        if (a->argc - 1 < v->min || a->argc - 1 > v->max)
            return thm_usage(a, "'ota %s' takes %s", v->name, v->args);
        return v->run(o, a->argc - 1, a->argv + 1);
    }
    return thm_usage(a, "unknown verb '%s'", a->argv[0]);
}

static int run(int argc, char **argv)
{
    struct thm_args a;
    struct ota_options o = { 0 };
    int i, status;
    thm_args_init(&a, &thm_command_ota, argc, argv);
    while ((i = thm_args_next(&a)) >= 0)
        if ((status = take_option(&a, i, &o)) != 0)
            return status;
    return i == -3 ? THM_EXIT_OK : i == -2 ? THM_EXIT_USAGE : run_verb(&a, &o);
}

const struct thm_command thm_command_ota = {
    .name = "ota",
    .args = "VERB ARGUMENT...",
    .summary = "make and check what boards are updated with: signed bundles",
    .details = "verbs:\n"
               "  keygen PRIVATE.pem PUBLIC.pem [--algorithm NAME]\n"
               "  sign MODEL BUNDLE --key FILE --board-class NAME [--counter N]\n"
               "  verify BUNDLE --trust FILE\n"
               "Status 1: verify would have a board refuse the bundle.",
    .options = options,
    .run = run,
};
