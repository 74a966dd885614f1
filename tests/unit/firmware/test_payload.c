/* The payload decoder: what it takes for a model, whole and in every chunking. */
#include "tests/testing.h"
#include "emu/firmware/payload.h"

struct sink {
    uint8_t data[8192];
    uint32_t len, calls, refuse_at;
};

static bool take(void *ctx, const uint8_t *data, uint32_t len)
{
    struct sink *s = ctx;
    if (++s->calls == s->refuse_at)
        return false;
    assert_in_range(len, 1, sizeof s->data - s->len);
    memcpy(s->data + s->len, data, len);
    s->len += len;
    return true;
}

static enum thm_payload_err decode(struct thm_payload *p, struct sink *s, const void *data, size_t len, size_t step)
{
    const uint8_t *bytes = data;
    memset(s, 0, sizeof *s);
    thm_payload_init(p, sizeof s->data, take, s);
    for (size_t i = 0; i < len; i += step) {
        /* A copy of its own for each piece, so that the sanitizer sees a read behind it. */
        size_t n = len - i < step ? len - i : step;
        uint8_t *piece = malloc(n);
        assert_non_null(piece);
        memcpy(piece, bytes + i, n);
        thm_payload_feed(p, piece, n);
        free(piece);
    }
    return thm_payload_end(p);
}

#define OK    THM_PAYLOAD_OK
#define MODEL "\x1c\0\0\0TFL3"
static const struct {
    const char *text;
    enum thm_payload_err err;
    const char *bytes; /* as text: all of them are below 128 and not 0 */
    const char *says;  /* in the message */
} cases[] = {
    /* as tools write it */
    { "unsigned char kws_tflite[] = {\n  0x41, 0x42, 0x43,\n  0x44\n};\nunsigned int kws_tflite_len = 4;\n", OK, "ABCD",
      "" },
    { "#include \"model.h\"\r\n\r\n#ifdef __has_attribute\r\n#define HAVE(x) __has_attribute(x)\r\n#else\r\n#define "
      "HAVE(x) 0\r\n"
      "#endif\r\n#if HAVE(aligned) || (defined(__GNUC__) && !defined(__clang__))\r\n"
      "#define DATA_ALIGN_ATTRIBUTE __attribute__((aligned(4)))\r\n#else\r\n#define DATA_ALIGN_ATTRIBUTE\r\n#endif\r\n"
      "const unsigned char g_model[] DATA_ALIGN_ATTRIBUTE = {\r\n    0x48, 0x69,\r\n};\r\nconst int g_model_len = "
      "2;\r\n",
      OK, "Hi", "" },
    { "alignas(16) const unsigned char g_model[3] = { 65, 66 , 67 };", OK, "ABC", "" },
    { "extern \"C\" {\nnamespace tflite {\nconst uint8_t m[] __attribute__((section(\".x[0]\"))) = {0X41u,0x42UL};}}",
      OK, "AB", "" },
    { "const int n = 3; /* { */ // = {9}\nstatic const char x[ /* 4 */ ] /* a */ = /* b */ { 'A', '\\'', '\\n', "
      "'\\x42', '\\103', };",
      OK, "A'\nBC", "" },
    { "std::uint8_t model[]{ 0101, 0x0000042 };", OK, "AB", "" },
    { "char a[] = {65/*x*/,/**/66//y\n,67\n#pragma x\n,68}", OK, "ABCD", "" },
    { "int8_t a[] = {-1, -128, 1}", OK, "\xff\x80\x01", "" },
    { "\xef\xbb\xbf"
      "char a[] = {65}",
      OK, "A", "" },
    { "#define A '\"' \\\n { \"/*\" /* x\n */ 'don't \"\nchar a[] = {65}", OK, "A", "" },
    { "#define DIV a / b // c \\\r\n d\nchar a[] = {65}", OK, "A", "" },
    { "int f(int v[]) { v[0] = 1; return 4 / 2; }\nchar a[2] = {65}", OK, "A", "" },
    /* the first array of integers, not of something else */
    { "const char *names[] = { \"a{\", \"}\\\"\" }; char a[] = {65};", OK, "A", "" },
    { "float scale[] = {1234.5, -.5e3, 1e9}; double d[] = {-.5}; int none[] = {}; char a[] = {65};", OK, "A", "" },
    { "struct op ops[] = { { 1, 2 }, { A, '}' } }; char a[] = {65};", OK, "A", "" },
    { "struct op op = { 1, 2 }; enum { X = 3 }; char a[] = {65};", OK, "A", "" },
    /* errors */
    { "unsigned char x[] = {\n1, 256};", THM_PAYLOAD_ERANGE, "", "line 2, byte 29: the number does not fit" },
    { "unsigned char x[] = { 0x100 };", THM_PAYLOAD_ERANGE, "", "line 1" },
    { "unsigned char x[] = { 99999999999999999999 };", THM_PAYLOAD_ERANGE, "", "line 1" },
    { "unsigned char x[] = { -129 };", THM_PAYLOAD_ERANGE, "", "line 1" },
    { "unsigned char x[] = { 'ab' };", THM_PAYLOAD_ERANGE, "", "line 1" },
    { "unsigned char x[] = { '\\x141' };", THM_PAYLOAD_ERANGE, "", "line 1" },
    { "unsigned char x[] = { 1, 0.5 };", THM_PAYLOAD_ESYNTAX, "", "byte 27: something in the array is no number" },
    { "unsigned char x[] = { 1, foo };", THM_PAYLOAD_ESYNTAX, "", "byte 26" },
    { "unsigned char x[] = { 1,, 2 };", THM_PAYLOAD_ESYNTAX, "", "byte 25" },
    { "unsigned char x[] = { 1 2 };", THM_PAYLOAD_ESYNTAX, "", "byte 25" },
    { "unsigned char x[] = { 089 };", THM_PAYLOAD_ESYNTAX, "", "" },
    { "unsigned char x[] = { 0x };", THM_PAYLOAD_ESYNTAX, "", "" },
    { "unsigned char x[] = { 1, '' };", THM_PAYLOAD_ESYNTAX, "", "" },
    { "unsigned char x[] = { 1 / 2 };", THM_PAYLOAD_ESYNTAX, "", "" },
    { "unsigned char x[] = { 1, 2\n", THM_PAYLOAD_ECUT, "", "line 2" },
    { "unsigned char x[] = { 1, 0x", THM_PAYLOAD_ECUT, "", "ends before the array" },
    { "unsigned char x[] = { 1, /* 2 };", THM_PAYLOAD_ECUT, "", "" },
    { "/* a comment without an end", THM_PAYLOAD_ECUT, "", "" },
    { "unsigned int kws_len = 4;\n", THM_PAYLOAD_ENOARRAY, "", "starts with 75 6e 73 69 'unsi'" },
    { "Not found, and no { 1, 2 }\n", THM_PAYLOAD_ENOARRAY, "", "'Not '" },
    { "<!doctype html><p>x[] = {1}", THM_PAYLOAD_ENOTMODEL, "", "not a model: starts with 3c 21 64 6f '<!do'" },
    { "{\"error\": 404}", THM_PAYLOAD_ENOTMODEL, "", "7b 22" },
    { "\x89PNG\r\n\x1a\n....", THM_PAYLOAD_ENOTMODEL, "", "89 50 4e 47 '.PNG'" },
    { "edgeimpulse....", THM_PAYLOAD_ENOTMODEL, "",
      "not a model: Edge Impulse weights, starts with 65 64 67 65 'edge'" },
    { "THMW\1....", THM_PAYLOAD_ENOTMODEL, "", "not a model: weights, starts with 54 48 4d 57 'THMW'" },
    { "PK\003\004\024....", THM_PAYLOAD_ENOTMODEL, "", "a zip file" },
    { "\x1f\x8b\x08......", THM_PAYLOAD_ENOTMODEL, "", "gzip" },
    { "TFL", THM_PAYLOAD_ENOTMODEL, "", "54 46 4c 'TFL'" },
    { "", THM_PAYLOAD_ENOTMODEL, "", "it is empty" },
};

static void check_case(size_t i, size_t step)
{
    struct thm_payload p;
    static struct sink s;
    char message[160];
    enum thm_payload_err err = decode(&p, &s, cases[i].text, strlen(cases[i].text), step);
    thm_payload_message(&p, message, sizeof message);
    if (err != cases[i].err || !strstr(message, cases[i].says))
        fail_msg("'%s' by %zu: error %d, '%s'", cases[i].text, step, err, message);
    if (err == OK && (s.len != strlen(cases[i].bytes) || memcmp(s.data, cases[i].bytes, s.len) != 0))
        fail_msg("'%s' by %zu: %u wrong bytes", cases[i].text, step, s.len);
    assert_int_equal(p.total, s.len);
}

static void payload__c_sources_whole_and_in_every_piece_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t step = 1; step <= strlen(cases[i].text) + 1; step++)
            check_case(i, step);
}

static void payload__weights_without_their_marker_are_refused_by_name(void **state)
{
    static const uint8_t head[] = { 0, 0, 0x53, 0x71, 1, 32, 0, 8 };
    struct thm_payload p;
    static struct sink s;
    char message[160];
    (void)state;
    assert_int_equal(decode(&p, &s, head, sizeof head, 3), THM_PAYLOAD_ENOTMODEL);
    thm_payload_message(&p, message, sizeof message);
    assert_non_null(strstr(message, "Edge Impulse weights"));
}

/* A generated header of n bytes, and the bytes. */
static size_t make_header(char *text, uint8_t *bytes, size_t n)
{
    size_t len = (size_t)sprintf(text, "// model\nalignas(8) const unsigned char m[%zu] = {", n);
    for (size_t i = 0; i < n; i++) {
        uint8_t b = bytes[i] = (uint8_t)(i * 37 + (i >> 3));
        int n_chars = i % 7 == 0   ? sprintf(text + len, "%u,", b)
                      : i % 7 == 1 ? sprintf(text + len, "0%o /* */ ,", b)
                      : i % 7 == 2 ? sprintf(text + len, "0X%X,\r\n", b)
                                   : sprintf(text + len, "0x%02x, ", b);
        len += (size_t)n_chars;
    }
    return len + (size_t)sprintf(text + len, "};\n#endif // {");
}

static void payload__two_pieces_split_anywhere_give_the_same(void **state)
{
    static char text[16000];
    static uint8_t bytes[1000];
    static struct sink s;
    struct thm_payload p;
    (void)state;
    size_t len = make_header(text, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= len; cut++) {
        memset(&s, 0, sizeof s);
        thm_payload_init(&p, sizeof bytes, take, &s);
        thm_payload_feed(&p, (uint8_t *)text, cut);
        thm_payload_feed(&p, (uint8_t *)text + cut, len - cut);
        assert_int_equal(thm_payload_end(&p), OK);
        assert_int_equal(s.len, sizeof bytes);
        assert_memory_equal(s.data, bytes, sizeof bytes);
    }
}

static void payload__every_truncation_of_a_header_is_noticed(void **state)
{
    static char text[2000];
    static uint8_t bytes[100];
    static struct sink s;
    struct thm_payload p;
    (void)state;
    size_t len = make_header(text, bytes, sizeof bytes);
    size_t end = (size_t)(strstr(text, "};") - text);
    for (size_t cut = 0; cut <= len; cut++)
        assert_int_equal(decode(&p, &s, text, cut, 64) == OK, cut > end);
}

static void payload__raw_model_passes_unchanged_in_every_piece_size(void **state)
{
    static struct sink s;
    struct thm_payload p;
    uint8_t model[100];
    (void)state;
    for (size_t i = 0; i < sizeof model; i++)
        model[i] = (uint8_t)(200 + i);
    memcpy(model, MODEL, 8);
    for (size_t step = 1; step <= sizeof model; step++) {
        assert_int_equal(decode(&p, &s, model, sizeof model, step), OK);
        assert_int_equal(p.kind, THM_PAYLOAD_RAW);
        assert_int_equal(s.len, sizeof model);
        assert_memory_equal(s.data, model, sizeof model);
    }
}

static void payload__limit_is_enforced_to_the_byte(void **state)
{
    static const char source[] = "char a[] = {1,2,3,4,5,6,7,8,9,10};";
    static struct sink s;
    struct thm_payload p;
    char message[100];
    (void)state;
    for (uint32_t max = 0; max <= 12; max++) {
        memset(&s, 0, sizeof s);
        thm_payload_init(&p, max, take, &s);
        thm_payload_feed(&p, (const uint8_t *)source, sizeof source - 1);
        assert_int_equal(thm_payload_end(&p), max >= 10 ? OK : THM_PAYLOAD_ETOOBIG);
        assert_true(s.len <= max);
        thm_payload_init(&p, max, take, &s);
        thm_payload_feed(&p, (const uint8_t *)MODEL "ab", 10);
        assert_int_equal(thm_payload_end(&p), max >= 10 ? OK : THM_PAYLOAD_ETOOBIG);
    }
    thm_payload_init(&p, 7, take, &s);
    thm_payload_feed(&p, (const uint8_t *)MODEL, 8);
    thm_payload_message(&p, message, sizeof message);
    assert_string_equal(message, "the model has more bytes than are accepted: 7");
}

static void payload__a_refusing_sink_stops_for_good(void **state)
{
    static char text[16000];
    static uint8_t bytes[1000];
    static struct sink s;
    struct thm_payload p;
    (void)state;
    size_t len = make_header(text, bytes, sizeof bytes);
    s.refuse_at = 3;
    thm_payload_init(&p, sizeof bytes, take, &s);
    assert_int_equal(thm_payload_feed(&p, (uint8_t *)text, len), THM_PAYLOAD_ESINK);
    assert_int_equal(thm_payload_feed(&p, (uint8_t *)text, len), THM_PAYLOAD_ESINK);
    assert_int_equal(thm_payload_end(&p), THM_PAYLOAD_ESINK);
    assert_int_equal(s.len, 2 * THM_PAYLOAD_OUT);
    assert_int_equal(s.calls, 3);
}

static void payload__bundle_passes_unchanged_with_its_head(void **state)
{
    struct thm_payload p;
    struct sink s;
    uint8_t bundle[300] = "THMBNDL\0\1\0\1";
    (void)state;
    for (size_t step = 1; step <= sizeof bundle; step++) {
        assert_int_equal(decode(&p, &s, bundle, sizeof bundle, step), THM_PAYLOAD_OK);
        assert_int_equal(p.kind, THM_PAYLOAD_BUNDLE);
        assert_int_equal(s.len, sizeof bundle);
        assert_memory_equal(s.data, bundle, sizeof bundle);
    }
}

static void message__is_cut_to_its_buffer(void **state)
{
    static struct sink s;
    struct thm_payload p;
    char out[9] = "........";
    (void)state;
    decode(&p, &s, "<html></html>", 13, 13);
    thm_payload_message(&p, out, 0);
    assert_string_equal(out, "........");
    thm_payload_message(&p, out, 1);
    assert_string_equal(out, "");
    thm_payload_message(&p, out, sizeof out);
    assert_string_equal(out, "not a mo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload__c_sources_whole_and_in_every_piece_size),
        cmocka_unit_test(payload__weights_without_their_marker_are_refused_by_name),
        cmocka_unit_test(payload__two_pieces_split_anywhere_give_the_same),
        cmocka_unit_test(payload__every_truncation_of_a_header_is_noticed),
        cmocka_unit_test(payload__raw_model_passes_unchanged_in_every_piece_size),
        cmocka_unit_test(payload__limit_is_enforced_to_the_byte),
        cmocka_unit_test(payload__a_refusing_sink_stops_for_good),
        cmocka_unit_test(payload__bundle_passes_unchanged_with_its_head),
        cmocka_unit_test(message__is_cut_to_its_buffer),
    };
    return cmocka_run_group_tests_name("payload", tests, NULL, NULL);
}
