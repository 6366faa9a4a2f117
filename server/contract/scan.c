/* Lexical parts of JSON: strings and numbers (RFC 8259), UTF-8 (RFC 3629). */
#include "base/text.h"
#include "contract/check.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* High bit set in (at least) the lowest byte that ends the plain run: a quote, a backslash, a
 * control character, or a byte outside ASCII. */
static uint64_t find_special(uint64_t word)
{
    uint64_t quote = word ^ (ONES * '"'), backslash = word ^ (ONES * '\\');
    uint64_t found = (quote - ONES) & ~quote;
    found |= (backslash - ONES) & ~backslash;
    found |= (word - ONES * 0x20) & ~word;
    return (found | word) & HIGHS;
}

static const char *skip_plain(const char *p, const char *end)
{
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, sizeof(word));
        uint64_t found = find_special(word);
        if (found) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return p + (__builtin_ctzll(found) >> 3);
#else
            break;
#endif
        }
        p += 8;
    }
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
           *p != '\\') {
        p++;
    }
    return p;
}

size_t contract_count_points(struct lfi_slice text)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    size_t points = 0;
    while (p < end) {
        size_t len = text_sequence_length(p, end);
        if (len == 0) {
            return SIZE_MAX;
        }
        p += len;
        points++;
    }
    return points;
}

/* The four digits after \u, or -1. */
static int32_t read_hex(const char *p, const char *end)
{
    int32_t value = 0;
    if (end - p < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = text_hex_value(p[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/* The code point of the escape at p (a backslash) and its length; -1 when it is not one. */
static int32_t read_escape(const char *p, const char *end, size_t *len)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (end - p < 2) {
        return -1;
    }
    *len = 2;
    if (p[1] != 'u') {
        const char *letter = p[1] ? strchr(letters, p[1]) : NULL;
        return letter ? values[letter - letters] : -1;
    }
    int32_t high = read_hex(p + 2, end);
    *len = 6;
    if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff)) {
        return -1;
    }
    if (high < 0xd800 || high > 0xdbff) {
        return high;
    }
    if (end - p < 12 || p[6] != '\\' || p[7] != 'u') {
        return -1;
    }
    int32_t low = read_hex(p + 8, end);
    *len = 12;
    if (low < 0xdc00 || low > 0xdfff) {
        return -1;
    }
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

const char *contract_scan_string(const char *p, const char *end, struct contract_string *out,
                                 const char **at)
{
    const char *start = ++p;
    size_t fewer = 0; /* bytes that are not code points of their own */
    out->escaped = false;
    for (;;) {
        p = skip_plain(p, end);
        *at = p;
        if (p == end) {
            return NULL;
        }
        size_t len;
        if (*p == '"') {
            break;
        } else if (*p == '\\') {
            if (read_escape(p, end, &len) < 0) {
                return NULL;
            }
            out->escaped = true;
        } else if ((unsigned char)*p < 0x80 || (len = text_sequence_length(p, end)) == 0) {
            return NULL;
        }
        fewer += len - 1;
        p += len;
    }
    out->raw = (struct lfi_slice){start, (size_t)(p - start)};
    out->points = out->raw.len - fewer;
    return p + 1;
}

static size_t write_point(int32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | (point >> 6));
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | (point >> 12));
        out[1] = (char)(0x80 | ((point >> 6) & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (point >> 18));
    out[1] = (char)(0x80 | ((point >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((point >> 6) & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

size_t contract_unescape(struct lfi_slice raw, char *out)
{
    const char *p = raw.ptr, *end = raw.ptr + raw.len;
    size_t used = 0;
    while (p < end) {
        if (*p != '\\') {
            out[used++] = *p++;
            continue;
        }
        size_t len = 0;
        int32_t point = read_escape(p, end, &len);
        used += write_point(point, out + used);
        p += len;
    }
    return used;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }
    return p;
}

const char *contract_scan_number(const char *p, const char *end, bool *integer)
{
    const char *from;
    *integer = true;
    if (p < end && *p == '-') {
        p++;
    }
    from = p;
    p = p < end && *p == '0' ? p + 1 : skip_digits(p, end);
    if (p == from) {
        return NULL;
    }
    if (p < end && *p == '.') {
        *integer = false;
        from = ++p;
        p = skip_digits(p, end);
        if (p == from) {
            return NULL;
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        *integer = false;
        p++;
        if (p < end && (*p == '+' || *p == '-')) {
            p++;
        }
        from = p;
        p = skip_digits(p, end);
        if (p == from) {
            return NULL;
        }
    }
    return p;
}
