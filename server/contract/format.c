/* The formats of OpenAPI and JSON Schema that the documents use. */
#include "base/text.h"
#include "contract/check.h"

#include <arpa/inet.h>

#define DAY_MINUTES 1440
#define LAST_MINUTE 1439 /* of UTC's day: the only one that may have a leap second */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return text_hex_value(c) >= 0;
}

static int two_digits(const char *p)
{
    return is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + (p[1] - '0') : -1;
}

/* full-date of RFC 3339, which must exist in the calendar. */
static bool is_date(const char *p, size_t len)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (len != 10 || p[4] != '-' || p[7] != '-') {
        return false;
    }
    int century = two_digits(p), year = two_digits(p + 2);
    int month = two_digits(p + 5), day = two_digits(p + 8);
    if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > days[month - 1]) {
        return false;
    }
    if (month != 2 || day != 29) {
        return true;
    }
    return year == 0 ? century % 4 == 0 : year % 4 == 0;
}

/* date-time of RFC 3339; base/datetime.h says which spellings are taken. */
static bool is_date_time(const char *p, size_t len)
{
    if (len < 20 || !is_date(p, 10) || (p[10] != 'T' && p[10] != 't') || p[13] != ':' ||
        p[16] != ':') {
        return false;
    }
    int hour = two_digits(p + 11), minute = two_digits(p + 14), second = two_digits(p + 17);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
        return false;
    }
    size_t i = 19;
    if (p[i] == '.') {
        size_t from = ++i;
        while (i < len && is_digit(p[i])) {
            i++;
        }
        if (i == from) {
            return false;
        }
    }
    int minute_of_day = hour * 60 + minute;
    if (i + 1 == len) {
        return (p[i] == 'Z' || p[i] == 'z') && (second < 60 || minute_of_day == LAST_MINUTE);
    }
    if (i + 6 != len || (p[i] != '+' && p[i] != '-') || p[i + 3] != ':') {
        return false;
    }
    hour = two_digits(p + i + 1);
    minute = two_digits(p + i + 4);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) {
        return false;
    }
    minute_of_day += p[i] == '-' ? hour * 60 + minute : -(hour * 60 + minute);
    return second < 60 || (minute_of_day + DAY_MINUTES) % DAY_MINUTES == LAST_MINUTE;
}

/* Labels of letters, digits and inner hyphens, separated by single dots. */
static bool is_domain(const char *p, size_t len)
{
    size_t label = 0;
    if (len == 0 || len > 253) {
        return false;
    }
    for (size_t i = 0; i <= len; i++) {
        if (i == len || p[i] == '.') {
            if (label == 0 || label > 63 || p[i - 1] == '-') {
                return false;
            }
            label = 0;
        } else if (is_letter(p[i]) || is_digit(p[i]) || (p[i] == '-' && label > 0)) {
            label++;
        } else {
            return false;
        }
    }
    return true;
}

/* addr-spec with a dot-atom before the @ (RFC 5322 3.4.1). */
static bool is_email(const char *p, size_t len)
{
    const char *at = memchr(p, '@', len);
    if (!at || at == p || at - p > 64 || p[0] == '.' || at[-1] == '.') {
        return false;
    }
    for (const char *c = p; c < at; c++) {
        bool atom = is_letter(*c) || is_digit(*c) || (*c && strchr("!#$%&'*+-/=?^_`{|}~", *c));
        if (!atom && (*c != '.' || c[1] == '.')) {
            return false;
        }
    }
    return is_domain(at + 1, len - (size_t)(at + 1 - p));
}

/* A scheme and the characters that RFC 3986 allows; percent-encodings complete. */
static bool is_uri(const char *p, size_t len)
{
    const char *colon = memchr(p, ':', len);
    if (!colon || colon == p || !is_letter(*p)) {
        return false;
    }
    for (const char *c = p; c < colon; c++) {
        if (!is_letter(*c) && !is_digit(*c) && *c != '+' && *c != '-' && *c != '.') {
            return false;
        }
    }
    for (const char *c = colon + 1, *end = p + len; c < end; c++) {
        if (*c == '%') {
            if (end - c < 3 || !is_hex(c[1]) || !is_hex(c[2])) {
                return false;
            }
        } else if (!is_letter(*c) && !is_digit(*c) &&
                   (!*c || !strchr("-._~:/?#[]@!$&'()*+,;=", *c))) {
            return false;
        }
    }
    return true;
}

static bool is_uuid(const char *p, size_t len)
{
    if (len != 36) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23 ? p[i] != '-' : !is_hex(p[i])) {
            return false;
        }
    }
    return true;
}

static bool is_base64(const char *p, size_t len)
{
    size_t padding = len > 0 && p[len - 1] == '=';
    padding += padding && len > 1 && p[len - 2] == '=';
    for (size_t i = 0; i < len - padding; i++) {
        if (!is_letter(p[i]) && !is_digit(p[i]) && p[i] != '+' && p[i] != '/') {
            return false;
        }
    }
    return len % 4 == 0;
}

static bool is_address(int family, const char *p, size_t len)
{
    char text[INET6_ADDRSTRLEN], out[sizeof(struct in6_addr)];
    if (len >= sizeof(text)) {
        return false;
    }
    memcpy(text, p, len);
    text[len] = '\0';
    return strlen(text) == len && inet_pton(family, text, out) == 1;
}

/* A run of "digits letter" whose letters come in the order given, each at most once. */
static const char *duration_parts(const char *p, const char *end, const char *letters)
{
    while (p < end && is_digit(*p)) {
        while (p < end && is_digit(*p)) {
            p++;
        }
        const char *letter = p < end ? strchr(letters, *p) : NULL;
        if (!letter || !*p) {
            return NULL;
        }
        letters = letter + 1;
        p++;
    }
    return p;
}

/* ISO 8601 as in RFC 3339 appendix A: P1Y2M3DT4H5M6S or P7W. */
static bool is_duration(const char *p, size_t len)
{
    const char *end = p + len;
    if (len < 3 || p[0] != 'P') {
        return false;
    }
    if (end[-1] == 'W') {
        return duration_parts(p + 1, end, "W") == end;
    }
    p = duration_parts(p + 1, end, "YMD");
    if (!p || p == end || *p != 'T') {
        return p == end;
    }
    return p + 1 < end && duration_parts(p + 1, end, "HMS") == end;
}

bool contract_format_fits(enum contract_format format, struct lfi_slice text)
{
    switch (format) {
    case CONTRACT_FORMAT_NONE:
        return true;
    case CONTRACT_FORMAT_DATE:
        return is_date(text.ptr, text.len);
    case CONTRACT_FORMAT_DATE_TIME:
        return is_date_time(text.ptr, text.len);
    case CONTRACT_FORMAT_EMAIL:
        return is_email(text.ptr, text.len);
    case CONTRACT_FORMAT_URI:
        return is_uri(text.ptr, text.len);
    case CONTRACT_FORMAT_UUID:
        return is_uuid(text.ptr, text.len);
    case CONTRACT_FORMAT_BYTE:
        return is_base64(text.ptr, text.len);
    case CONTRACT_FORMAT_IPV4:
        return is_address(AF_INET, text.ptr, text.len);
    case CONTRACT_FORMAT_IPV6:
        return is_address(AF_INET6, text.ptr, text.len);
    case CONTRACT_FORMAT_DURATION:
        return is_duration(text.ptr, text.len);
    }
    return false;
}
