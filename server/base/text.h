/* Characters: digits, UTF-8, JSON's white space, percent-encoding. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

/* Of a hexadecimal digit; -1: it is none. */
static inline int text_hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Length of the well-formed UTF-8 sequence at p, 0 when there is none (RFC 3629). p < end. */
static inline size_t text_sequence_length(const char *p, const char *end)
{
    const unsigned char *bytes = (const unsigned char *)p;
    unsigned char low = 0x80, high = 0xbf;
    size_t left = (size_t)(end - p), len = 0;
    if (bytes[0] < 0x80) {
        return 1;
    }
    if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf) {
        len = 2;
    } else if (bytes[0] >= 0xe0 && bytes[0] <= 0xef) {
        len = 3;
        low = bytes[0] == 0xe0 ? 0xa0 : 0x80;  /* no overlong forms */
        high = bytes[0] == 0xed ? 0x9f : 0xbf; /* no surrogates */
    } else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4) {
        len = 4;
        low = bytes[0] == 0xf0 ? 0x90 : 0x80;
        high = bytes[0] == 0xf4 ? 0x8f : 0xbf;
    }
    if (len == 0 || left < len || bytes[1] < low || bytes[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (bytes[i] < 0x80 || bytes[i] > 0xbf) {
            return 0;
        }
    }
    return len;
}

/* Behind the white space of JSON at p. */
static inline const char *text_skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

#define TEXT_NUMBER_MAX 20
/*
 * Writes a number in decimal, with leading zeros up to `digits` (0: none), without a NUL. Its
 * length. Does for 50 instructions what snprintf does for 1,000: replies and log lines have many.
 */
size_t text_write_number(int64_t number, unsigned digits, char out[TEXT_NUMBER_MAX]);
void text_append_number(struct buf *out, int64_t number);

/* Percent-encodes all but the unreserved characters of RFC 3986. */
void text_append_encoded(struct buf *out, struct lfi_slice text);

#endif
