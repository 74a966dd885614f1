/* emu/cli/ota.c -- `thimble ota`: make, check and apply what a board is updated with. */
#include <string.h>
#include "emu/cli/commands.h"
#include "emu/cli/ota_format.h"

static const struct verb {
    const char *name, *args;
    int min, max;
    int (*run)(const struct ota_options *o, int argc, char **argv);
} verbs[] = {
    { "keygen", "PRIVATE.pem PUBLIC.pem", 2, 2, ota_keygen },
    { "sign", "MODEL BUNDLE", 2, 2, ota_sign },
    { "verify", "BUNDLE", 1, 1, ota_verify },
    { "diff", "OLD NEW -o PAYLOAD", 2, 2, ota_diff },
    { "apply", "MODEL PAYLOAD -o NEW", 2, 2, ota_apply },
    { "show", "PAYLOAD [MODEL]", 1, 2, ota_show },
};

enum option {
    OPT_ALGORITHM,
    OPT_KEY,
    OPT_TRUST,
    OPT_BOARD_CLASS,
    OPT_VERSION,
    OPT_COUNTER,
    OPT_ARENA,
    OPT_FLASH,
    OPT_OUTPUT,
    OPT_FORMAT,
    OPT_MARKER,
    OPT_PARTIAL,
    OPT_JSON
};

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
    [OPT_OUTPUT] = { "output", "FILE", "diff, apply: where the result is written", 'o' },
    [OPT_FORMAT] = { "format", "NAME", "diff: edge-impulse (default) or safe", 0 },
    [OPT_MARKER] = { "marker", NULL, "diff: put 'edgeimpulse' before the payload, as its public endpoint does", 0 },
    [OPT_PARTIAL] = { "partial", NULL, "apply: write what a failed update has left of the model", 0 },
    [OPT_JSON] = { "json", NULL, "show: print JSON", 'j' },
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
    case OPT_FLASH: return take_number(a, option, &o->flash);
    case OPT_OUTPUT: o->output = a->value; return 0;
    case OPT_FORMAT:
        o->format = ota_format_find(a->value);
        return o->format ? 0 : thm_usage(a, "--format '%s' is unknown: edge-impulse or safe", a->value);
    case OPT_MARKER: o->marker = true; return 0;
    case OPT_PARTIAL: o->partial = true; return 0;
    default: o->json = true; return 0;
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
        if (a->argc - 1 < v->min || a->argc - 1 > v->max || (strstr(v->args, " -o ") && !o->output))
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
    .summary = "make, check and apply what boards are updated with: signed bundles, weights",
    .details = "verbs:\n"
               "  keygen PRIVATE.pem PUBLIC.pem [--algorithm NAME]\n"
               "  sign MODEL BUNDLE --key FILE --board-class NAME [--counter N]\n"
               "  verify BUNDLE --trust FILE\n"
               "  diff OLD NEW -o PAYLOAD [--format NAME] [--marker]\n"
               "  apply MODEL PAYLOAD -o NEW [--partial]\n"
               "  show PAYLOAD [MODEL]\n"
               "OLD and NEW are .tflite files, or Edge Impulse Arduino libraries (.zip) and the compiled models "
               "(.cpp) in them, which the format edge-impulse can be made of as well. Status 1: verify would have a "
               "board refuse the bundle; OLD and NEW are not of one architecture.",
    .options = options,
    .run = run,
};
