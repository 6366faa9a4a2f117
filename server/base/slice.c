#include "base/slice.h"

#include <openssl/crypto.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct lfi_slice slice_of(const char *text)
{
    return (struct lfi_slice){text, text ? strlen(text) : 0};
}

bool slice_equal(struct lfi_slice a, struct lfi_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_equal_text(struct lfi_slice a, const char *b)
{
    return slice_equal(a, slice_of(b));
}

bool slice_equal_letters(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool slice_starts_with(struct lfi_slice a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && (len == 0 || memcmp(a.ptr, prefix, len) == 0);
}

struct lfi_slice slice_trim(struct lfi_slice a)
{
    while (a.len > 0 && (a.ptr[0] == ' ' || a.ptr[0] == '\t')) {
        a.ptr++;
        a.len--;
    }
    while (a.len > 0 && (a.ptr[a.len - 1] == ' ' || a.ptr[a.len - 1] == '\t')) {
        a.len--;
    }
    return a;
}

bool slice_next(struct lfi_slice *rest, char separator, struct lfi_slice *out)
{
    if (!rest->ptr) {
        return false;
    }
    const char *at = rest->len > 0 ? memchr(rest->ptr, separator, rest->len) : NULL;
    if (!at) {
        *out = *rest;
        *rest = (struct lfi_slice){NULL, 0};
        return true;
    }
    out->ptr = rest->ptr;
    out->len = (size_t)(at - rest->ptr);
    rest->len -= out->len + 1;
    rest->ptr = at + 1;
    return true;
}

struct lfi_slice slice_cut(struct lfi_slice a, size_t max)
{
    size_t len = a.len < max ? a.len : max;
    while (len < a.len && len > 0 && ((unsigned char)a.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    return (struct lfi_slice){a.ptr, len};
}

struct lfi_slice slice_cut_characters(struct lfi_slice a, size_t max)
{
    size_t characters = 0, len = 0;
    while (len < a.len) {
        bool begins = ((unsigned char)a.ptr[len] & 0xc0) != 0x80;
        if (begins && characters++ == max) {
            break;
        }
        len++;
    }
    return (struct lfi_slice){a.ptr, len};
}

bool slice_to_u64(struct lfi_slice a, uint64_t *out)
{
    uint64_t value = 0;

    if (a.len == 0) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] < '0' || a.ptr[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(a.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool slice_equal_secret(struct lfi_slice a, struct lfi_slice b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
