// link: lfi-http lfi-base
/* The framing of chunked bodies, each case as a whole and cut at every place. */
#include "base/array.h"
#include "http/chunk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define BODY_MAX 64

#define LAST "0\r\n\r\n"
#define TEXT(literal) literal, sizeof(literal) - 1

static const struct {
    const char *name, *bytes;
    size_t len;
    enum chunk_result result;
    const char *body; /* of those that end */
} cases[] = {
    {"nothing", TEXT(LAST), CHUNK_DONE, ""},
    {"one", TEXT("3\r\nabc\r\n" LAST), CHUNK_DONE, "abc"},
    {"two", TEXT("3\r\nabc\r\n2\r\nde\r\n" LAST), CHUNK_DONE, "abcde"},
    {"hexadecimal", TEXT("a\r\n0123456789\r\nB\r\n0123456789a\r\n" LAST), CHUNK_DONE,
     "01234567890123456789a"},
    {"zeros in front", TEXT("0000000000000001\r\na\r\n" LAST), CHUNK_DONE, "a"},
    {"line ends in the data", TEXT("4\r\n\r\n\r\n\r\n" LAST), CHUNK_DONE, "\r\n\r\n"},
    {"extension", TEXT("1;x\r\na\r\n" LAST), CHUNK_DONE, "a"},
    {"extension with a value", TEXT("1;x=y\r\na\r\n" LAST), CHUNK_DONE, "a"},
    {"extension with blanks", TEXT("1 ; x = y ;z\r\na\r\n" LAST), CHUNK_DONE, "a"},
    {"extension with tabs", TEXT("1\t;\tx\r\na\r\n" LAST), CHUNK_DONE, "a"},
    {"extension with signs", TEXT("1;x^_~[\r\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"extension with signs of a token", TEXT("1;x^_~\r\na\r\n" LAST), CHUNK_DONE, "a"},
    {"extension with an escaped backslash", TEXT("1;x=\"\\\\\"\r\na\r\n" LAST), CHUNK_DONE, "a"},
    {"extension in quotes", TEXT("1;x=\"a;\\\"\r\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"extension in quotes that end", TEXT("1;x=\"a;\\\" b\"\r\na\r\n" LAST), CHUNK_DONE, "a"},
    {"extension of the last chunk", TEXT("0;x\r\n\r\n"), CHUNK_DONE, ""},
    {"trailer", TEXT("0\r\nT: u\r\n\r\n"), CHUNK_DONE, ""},
    {"trailers", TEXT("0\r\nT: u\r\nV:\t\xc3\xa9\r\n\r\n"), CHUNK_DONE, ""},
    {"at the limit",
     TEXT("40\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n" LAST),
     CHUNK_DONE, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    {"extension at the limit",
     TEXT("1;x=0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\na\r\n" LAST),
     CHUNK_DONE, "a"},
    {"trailer at the limit",
     TEXT("0\r\nT:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n\r\n"),
     CHUNK_DONE, ""},

    {"incomplete", TEXT("3\r\nab"), CHUNK_MORE, NULL},
    {"incomplete trailer", TEXT("0\r\nT: u\r\n"), CHUNK_MORE, NULL},
    {"data past the limit", TEXT("41\r\n0"), CHUNK_LARGE, NULL},
    {"data past the limit in two chunks",
     TEXT("3f\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\r\n2\r\nx"),
     CHUNK_LARGE, NULL},
    {"extension past the limit",
     TEXT("1;x=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\na\r\n" LAST),
     CHUNK_LARGE, NULL},
    {"trailer past the limit",
     TEXT("0\r\nT:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\r\n\r\n"),
     CHUNK_LARGE, NULL},
    {"largest size", TEXT("7fffffffffffffff\r\na"), CHUNK_LARGE, NULL},

    {"size past all", TEXT("8000000000000000\r\n"), CHUNK_MALFORMED, NULL},
    {"size of 17 digits", TEXT("00000000000000001\r\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"no size", TEXT("\r\n"), CHUNK_MALFORMED, NULL},
    {"no size but an extension", TEXT(";x\r\n"), CHUNK_MALFORMED, NULL},
    {"sign", TEXT("+1\r\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"minus", TEXT("-1\r\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"prefix", TEXT("0x1\r\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"blank before the size", TEXT(" 1\r\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"no digit", TEXT("g\r\n"), CHUNK_MALFORMED, NULL},
    {"line feed behind the size", TEXT("1\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"carriage return behind the size", TEXT("1\ra\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"NUL behind the size", TEXT("1\0\r\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"line feed in an extension", TEXT("2;\nxx\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"line feed in a name", TEXT("2;x\nx\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"line feed in quotes", TEXT("2;x=\"\n\"\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"NUL in an extension", TEXT("2;x\0x\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"extension without a name", TEXT("2;\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"extension with a value only", TEXT("2;=x\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"extension that is quoted", TEXT("2;\"x\"\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"two semicolons", TEXT("2;;x\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"extension without semicolon", TEXT("2 x\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"blanks only", TEXT("2 \r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"data too long", TEXT("1\r\nab\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"data ends with a line feed", TEXT("1\r\na\n" LAST), CHUNK_MALFORMED, NULL},
    {"data ends with a carriage return", TEXT("1\r\na\r0"), CHUNK_MALFORMED, NULL},
    {"trailer without a colon", TEXT("0\r\nT\r\n\r\n"), CHUNK_MALFORMED, NULL},
    {"trailer without a name", TEXT("0\r\n: u\r\n\r\n"), CHUNK_MALFORMED, NULL},
    {"trailer with a blank name", TEXT("0\r\nT : u\r\n\r\n"), CHUNK_MALFORMED, NULL},
    {"trailer that is folded", TEXT("0\r\nT: u\r\n v\r\n\r\n"), CHUNK_MALFORMED, NULL},
    {"trailer with NUL", TEXT("0\r\nT: \0\r\n\r\n"), CHUNK_MALFORMED, NULL},
    {"trailer with DEL", TEXT("0\r\nT: \x7f\r\n\r\n"), CHUNK_MALFORMED, NULL},
    {"extension with a brace", TEXT("1;x{\r\na\r\n" LAST), CHUNK_MALFORMED, NULL},
    {"trailer with a line feed", TEXT("0\r\nT: u\n\r\n"), CHUNK_MALFORMED, NULL},
    {"line feed at the end", TEXT("0\r\n\n"), CHUNK_MALFORMED, NULL},
    {"carriage return at the end", TEXT("0\r\n\r\r"), CHUNK_MALFORMED, NULL},
};

/* In two parts; the outcome must be that of the whole. */
static enum chunk_result feed(struct buf *body, const char *bytes, size_t len, size_t cut,
                              size_t *used)
{
    struct chunk_reader reader;

    buf_clear(body);
    chunk_begin(&reader, body);
    enum chunk_result result = chunk_feed(&reader, (struct lfi_slice){bytes, cut}, used);
    if (result == CHUNK_MORE) {
        size_t more;
        result = chunk_feed(&reader, (struct lfi_slice){bytes + cut, len - cut}, &more);
        *used += more;
    }
    return result;
}

static void each_framing_has_its_outcome(void **state)
{
    struct buf body;

    (void)state;
    buf_init(&body, BODY_MAX);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t cut = 0; cut <= cases[i].len; cut++) {
            size_t used;
            enum chunk_result result = feed(&body, cases[i].bytes, cases[i].len, cut, &used);
            if (result != cases[i].result) {
                fail_msg("%s, cut at %zu: %d", cases[i].name, cut, (int)result);
            }
            if (cases[i].body) {
                assert_int_equal(used, cases[i].len);
                assert_true(slice_equal_text(buf_slice(&body), cases[i].body));
            }
        }
    }
    buf_free(&body);
}

static void what_follows_the_body_is_left(void **state)
{
    static const char bytes[] = "1\r\na\r\n" LAST "GET /";
    struct buf body;
    size_t used;

    (void)state;
    buf_init(&body, BODY_MAX);
    assert_int_equal(feed(&body, bytes, sizeof(bytes) - 1, 0, &used), CHUNK_DONE);
    assert_int_equal(used, sizeof(bytes) - 1 - strlen("GET /"));
    buf_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_framing_has_its_outcome),
        cmocka_unit_test(what_follows_the_body_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
