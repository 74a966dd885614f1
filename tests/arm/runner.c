/* tests/arm/runner.c -- says what models need and how smaller arenas are refused, then runs them. The same program for
 * the PC and for Cortex-M: what it prints and writes must not differ.
 *
 * It reads the file "jobs". A line is a model: NAME, its file, input files, with tabs between. Each case takes as many
 * files as the model has inputs, each of one or more frames, and starts from a fresh interpreter in the smallest arena.
 * Output K of case C goes to NAME.C.K, frame after frame. */
#include <string.h>
#include "interpreter/interpreter.h"
#include "tests/arm/io.h"

#define REFUSALS    60 /* sizes of the arena to be tried below the smallest */
#define WORDS_MOST  64 /* in a line */
#define INPUTS_MOST 16

_Alignas(16) static uint8_t file[8 << 20], arena[4 << 20], inputs[2 << 20];
static char jobs[1 << 20];
static struct thm_model model;
static struct thm_interpreter it;

static char *append_number(char *end, uint64_t n)
{
    char digits[20];
    int count = 0;
    do
        digits[count++] = (char)('0' + n % 10);
    while (n /= 10);
    while (count)
        *end++ = digits[--count];
    *end = '\0';
    return end;
}

static void print_number(const char *label, int64_t n)
{
    char text[22] = "-";
    append_number(text + (n < 0), (uint64_t)(n < 0 ? -n : n));
    io_print(label);
    io_print(text);
}

static int fail(const char *what, const char *name)
{
    io_print(what);
    io_print(name);
    io_print("\n");
    return 1;
}

static void print_name(const char *label, const char *name, uint32_t len)
{
    char text[64];
    len = len < sizeof text ? len : sizeof text - 1;
    if (len)
        memcpy(text, name, len);
    text[len] = '\0';
    io_print(label);
    io_print(text);
}

static void print_refusal(const struct thm_nn_diag *d)
{
    io_print(thm_nn_strerror(d->err));
    io_print(d->what ? ": " : "");
    io_print(d->what ? d->what : "");
    print_number(", subgraph ", d->subgraph);
    print_number(" operator ", d->op);
    print_name(" ", d->op_name, d->op_name_len);
    print_number(" tensor ", d->tensor);
    print_name(" ", d->tensor_name, d->tensor_name_len);
    print_number(", need ", (int64_t)d->need);
    print_number(" have ", (int64_t)d->have);
    print_number(" would do ", (int64_t)d->arena_min);
    io_print(d->device_crashes ? ", crash\n" : "\n");
}

static enum thm_nn_err allocate(const char *layout, uint32_t bytes, struct thm_nn_diag *d)
{
    thm_interpreter_init(&it, &model, thm_layout_find(layout), arena, bytes, NULL);
    return thm_interpreter_allocate(&it, d);
}

static void print_outputs(void)
{
    struct thm_tensor t;
    for (uint32_t k = 0; !thm_interpreter_output(&it, k, &t); k++) {
        print_number("output ", k);
        io_print(": ");
        io_print(thm_type_name(t.info.type));
        print_number(", bytes ", t.bytes);
        io_print("\n");
    }
}

static bool print_needs(const char *layout)
{
    struct thm_nn_diag d;
    if (allocate(layout, sizeof arena, &d)) {
        print_refusal(&d);
        return false;
    }
    const struct thm_arena_stats *s = thm_interpreter_stats(&it);
    io_print(layout);
    print_number(": used ", s->used);
    print_number(" head ", s->head);
    print_number(" tail ", s->tail);
    print_number(" min ", s->min);
    io_print("\n");
    return true;
}

/* From 16 bytes less than the smallest arena down to nearly nothing. */
static void print_refusals(const char *layout, uint32_t min)
{
    struct thm_nn_diag d;
    uint32_t step = (min / REFUSALS + 15) & ~UINT32_C(15);
    for (uint32_t bytes = min - 16; bytes <= min && bytes > 0; bytes -= bytes < step ? bytes : step) {
        print_number("", bytes);
        io_print(" bytes: ");
        if (allocate(layout, bytes, &d))
            print_refusal(&d);
        else
            io_print("enough\n");
    }
}

static bool run_frame(const uint8_t *const *input, uint32_t frame)
{
    struct thm_tensor t;
    struct thm_nn_diag d;
    for (uint32_t k = 0; !thm_interpreter_input(&it, k, &t); k++)
        memcpy(t.data, input[k] + (size_t)frame * t.bytes, t.bytes);
    if (thm_interpreter_invoke(&it, &d) == THM_NN_OK)
        return true;
    print_refusal(&d);
    return false;
}

static bool write_outputs(const char *out, uint32_t number)
{
    struct thm_tensor t;
    bool ok = true;
    for (uint32_t k = 0; !thm_interpreter_output(&it, k, &t); k++) {
        char path[256];
        size_t len = strlen(out);
        if (len > sizeof path - 24)
            return false;
        memcpy(path, out, len);
        path[len] = '.';
        char *end = append_number(path + len + 1, number);
        *end = '.';
        append_number(end + 1, k);
        ok &= io_append(path, t.data, t.bytes);
    }
    return ok;
}

/* Read the files of a case, which all have as many frames. */
static bool read_inputs(char **files, const uint8_t **input, uint32_t *frames)
{
    struct thm_tensor t;
    uint32_t used = 0, bytes;
    for (uint32_t k = 0; !thm_interpreter_input(&it, k, &t); k++) {
        input[k] = inputs + used;
        if (!io_read(files[k], inputs + used, (uint32_t)sizeof inputs - used, &bytes) || bytes % t.bytes)
            return false;
        *frames = bytes / t.bytes;
        used += bytes;
    }
    return true;
}

static int run_case(const char *layout, uint32_t min, uint32_t number, char **files, const char *out)
{
    const uint8_t *input[INPUTS_MOST];
    struct thm_nn_diag d;
    uint32_t frames = 0;
    memset(arena, 0, min); /* nobody else clears it */
    if (allocate(layout, min, &d))
        return fail("the smallest arena is too small for ", files[0]);
    if (!read_inputs(files, input, &frames))
        return fail("cannot use the input ", files[0]);
    for (uint32_t f = 0; f < frames && run_frame(input, f); f++)
        if (!write_outputs(out, number))
            return fail("cannot write to ", out);
    return 0;
}

static int run_model(char **words, uint32_t count)
{
    struct thm_nn_diag d;
    uint32_t bytes;
    if (count < 2 || !io_read(words[1], file, sizeof file, &bytes))
        return fail("cannot read the model of ", words[0]);
    if (thm_model_open(&model, file, bytes, &d)) {
        print_refusal(&d);
        return 0;
    }
    if (!print_needs("i386") || !print_needs("ilp32_align8") || !print_needs("cortex_m"))
        return 0;
    uint32_t min = thm_interpreter_stats(&it)->min, n = thm_model_inputs(&model, 0);
    print_outputs();
    print_refusals("cortex_m", min);
    int status = n > INPUTS_MOST ? fail("too many inputs", "") : 0;
    for (uint32_t c = 0; n && 2 + (c + 1) * n <= count && !status; c++)
        status = run_case("cortex_m", min, c, words + 2 + c * n, words[0]);
    return status;
}

/* Cut the first line off and into words. Result: the next line. */
static char *split(char *line, char **words, uint32_t *count)
{
    char *c = line;
    *count = 0;
    while (*c && *c != '\n') {
        if (*count < WORDS_MOST)
            words[(*count)++] = c;
        c += strcspn(c, "\t\n");
        if (*c == '\t')
            *c++ = '\0';
    }
    if (*c)
        *c++ = '\0';
    return c;
}

int main(void)
{
    char *words[WORDS_MOST], *line = jobs;
    uint32_t bytes, count;
    int status = 0;
    if (!io_read("jobs", jobs, sizeof jobs - 1, &bytes))
        return fail("cannot read ", "jobs");
    while (*line) {
        line = split(line, words, &count);
        io_print("model ");
        io_print(words[0]);
        io_print("\n");
        status |= run_model(words, count);
    }
    return status;
}
