#include "payments/tpp_headers.h"

#include "base/array.h"
#include "base/datetime.h"

#include <arpa/inet.h>

#define ADDRESS_MAX 46 /* INET6_ADDRSTRLEN */
#define DATE_LEN 29    /* "Sun, 06 Nov 1994 08:49:37 GMT" */

enum tpp_header tpp_header_find(const cJSON *headers, const char *name, struct lfi_slice *value)
{
    const cJSON *member, *found = NULL;
    *value = (struct lfi_slice){NULL, 0};
    cJSON_ArrayForEach(member, headers)
    {
        if (slice_equal_nocase(slice_of(member->string), name)) {
            if (found) {
                return TPP_HEADER_AMBIGUOUS;
            }
            found = member;
        }
    }
    if (!found) {
        return TPP_HEADER_ABSENT;
    }
    if (!cJSON_IsString(found)) {
        return TPP_HEADER_AMBIGUOUS;
    }
    *value = slice_of(found->valuestring);
    return TPP_HEADER_THERE;
}

bool tpp_header_is_address(struct lfi_slice text)
{
    char copy[ADDRESS_MAX];
    unsigned char address[sizeof(struct in6_addr)];
    if (text.len >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET, copy, address) == 1 || inet_pton(AF_INET6, copy, address) == 1;
}

static bool is_one_of(const char *at, const char *const *names, size_t count, unsigned *number)
{
    for (unsigned i = 0; i < count; i++) {
        if (memcmp(at, names[i], 3) == 0) {
            *number = i + 1;
            return true;
        }
    }
    return false;
}

bool tpp_header_read_date(struct lfi_slice text, int64_t *utc_us)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char iso[] = "yyyy-mm-ddThh:mm:ssZ";
    struct datetime value;
    unsigned day, month;
    const char *p = text.ptr;
    if (text.len != DATE_LEN || !is_one_of(p, days, ARRAY_LEN(days), &day) ||
        memcmp(p + 3, ", ", 2) != 0 || p[7] != ' ' ||
        !is_one_of(p + 8, months, ARRAY_LEN(months), &month) || p[11] != ' ' || p[16] != ' ' ||
        (memcmp(p + 25, " GMT", 4) != 0 && memcmp(p + 25, " UTC", 4) != 0)) {
        return false;
    }
    memcpy(iso, p + 12, 4);
    iso[5] = (char)('0' + month / 10);
    iso[6] = (char)('0' + month % 10);
    memcpy(iso + 8, p + 5, 2);
    memcpy(iso + 11, p + 17, 8);
    if (!datetime_parse(slice_of(iso), &value)) {
        return false;
    }
    *utc_us = datetime_utc_us(&value);
    return true;
}
