#include "base/base64.h"

static const char standard_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void append(struct buf *out, const unsigned char *in, size_t len, bool url)
{
    const char *alphabet = url ? url_alphabet : standard_alphabet;
    char quad[4];

    for (; len >= 3; in += 3, len -= 3) {
        quad[0] = alphabet[in[0] >> 2];
        quad[1] = alphabet[(in[0] & 3) << 4 | in[1] >> 4];
        quad[2] = alphabet[(in[1] & 15) << 2 | in[2] >> 6];
        quad[3] = alphabet[in[2] & 63];
        buf_append(out, quad, sizeof(quad));
    }
    if (len > 0) {
        quad[0] = alphabet[in[0] >> 2];
        quad[1] = alphabet[(in[0] & 3) << 4 | (len == 2 ? in[1] >> 4 : 0)];
        quad[2] = len == 2 ? alphabet[(in[1] & 15) << 2] : '=';
        quad[3] = '=';
        buf_append(out, quad, url ? len + 1 : sizeof(quad));
    }
}

void base64_append_url(struct buf *out, const void *bytes, size_t len)
{
    append(out, bytes, len, true);
}

void base64_append_standard(struct buf *out, const void *bytes, size_t len)
{
    append(out, bytes, len, false);
}

/* What each character stands for, and 1 more; 0: it is of neither alphabet. */
/* clang-format off */
static const unsigned char values[128] = {
    ['A'] =  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13,
            14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    ['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
            40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
    ['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
    ['-'] = 63, ['_'] = 64, ['+'] = 63, ['/'] = 64,
};
/* clang-format on */

/* -1: not of the alphabet */
static int value_of(char c, bool any)
{
    unsigned char at = (unsigned char)c;

    if (at >= sizeof(values) || (!any && (c == '+' || c == '/'))) {
        return -1;
    }
    return values[at] - 1;
}

/* Bits left over after the last whole byte must be 0: one text for each sequence of bytes. */
static struct lfi_slice decode(struct arena *arena, struct lfi_slice text, bool any)
{
    const struct lfi_slice malformed = {NULL, 0};
    uint32_t bits = 0;
    unsigned held = 0;

    if (!text.ptr || text.len % 4 == 1) {
        return malformed;
    }
    char *out = arena_alloc(arena, text.len / 4 * 3 + 3);
    if (!out) {
        return malformed;
    }
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i], any);
        if (value < 0) {
            return malformed;
        }
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[len++] = (char)(bits >> held & 0xff);
        }
    }
    if ((bits & ((1u << held) - 1)) != 0) {
        return malformed;
    }
    return (struct lfi_slice){out, len};
}

struct lfi_slice base64_decode_url(struct arena *arena, struct lfi_slice text)
{
    return decode(arena, text, false);
}

struct lfi_slice base64_decode_any(struct arena *arena, struct lfi_slice text)
{
    if (text.len % 4 == 0) {
        for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++) {
            text.len--;
        }
    }
    return decode(arena, text, true);
}
