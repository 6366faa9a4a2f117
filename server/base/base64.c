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
static const unsigned char values[256] = {
    ['A'] =  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13,
            14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    ['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
            40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
    ['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
    ['-'] = 63, ['_'] = 64, ['+'] = 63, ['/'] = 64,
};
/* clang-format on */

/* The bits of up to four characters, from the top of 24; UINT32_MAX: one is not of the alphabet. */
static uint32_t decode_quad(const char *text, size_t len)
{
    uint32_t bits = 0;
    bool all = true;

    for (size_t i = 0; i < len; i++) {
        unsigned value = values[(unsigned char)text[i]];
        all = all && value > 0;
        bits |= ((value - 1) & 63) << (18 - 6 * i);
    }
    return all ? bits : UINT32_MAX;
}

/* Bits left over after the last whole byte must be 0: one text for each sequence of bytes. */
static struct lfi_slice decode(struct arena *arena, struct lfi_slice text)
{
    const struct lfi_slice malformed = {NULL, 0};
    size_t len = 0, at = 0, tail = text.len % 4;

    char *out = text.ptr && tail != 1 ? arena_alloc(arena, text.len / 4 * 3 + 3) : NULL;
    if (!out) {
        return malformed;
    }
    for (; at + 4 <= text.len; at += 4, len += 3) {
        uint32_t bits = decode_quad(text.ptr + at, 4);
        if (bits == UINT32_MAX) {
            return malformed;
        }
        out[len] = (char)(bits >> 16);
        out[len + 1] = (char)(bits >> 8 & 0xff);
        out[len + 2] = (char)(bits & 0xff);
    }
    if (tail > 0) {
        uint32_t bits = decode_quad(text.ptr + at, tail);
        if (bits == UINT32_MAX || (bits & (tail == 2 ? 0xffff : 0xff)) != 0) {
            return malformed;
        }
        out[len++] = (char)(bits >> 16);
        if (tail == 3) {
            out[len++] = (char)(bits >> 8 & 0xff);
        }
    }
    return (struct lfi_slice){out, len};
}

struct lfi_slice base64_decode_url(struct arena *arena, struct lfi_slice text)
{
    bool standard =
        text.len > 0 && (memchr(text.ptr, '+', text.len) || memchr(text.ptr, '/', text.len));
    return standard ? (struct lfi_slice){NULL, 0} : decode(arena, text);
}

struct lfi_slice base64_decode_any(struct arena *arena, struct lfi_slice text)
{
    if (text.len % 4 == 0) {
        for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++) {
            text.len--;
        }
    }
    return decode(arena, text);
}
