/*
 * Hashes of names and values, by which duplicates are found. 64 bits: a collision makes a document
 * refused that is valid, and its author alone can bring one about.
 */
#include "base/text.h"
#include "contract/check.h"

#include <stdlib.h>

uint64_t contract_hash_bytes(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

uint64_t contract_hash_string(const struct contract_string *string)
{
    uint64_t hash = CONTRACT_HASH_START;
    struct lfi_slice rest = string->raw;
    if (!string->escaped) {
        return contract_hash_bytes(hash, rest.ptr, rest.len);
    }
    while (rest.len > 0) {
        /* escape by escape, so that no buffer for all of it is needed; a pair has 12 bytes */
        size_t len = rest.ptr[0] != '\\'                                          ? 1
                     : rest.ptr[1] != 'u'                                         ? 2
                     : strchr("dD", rest.ptr[2]) && strchr("89abAB", rest.ptr[3]) ? 12
                                                                                  : 6;
        char value[12];
        size_t used = contract_unescape((struct lfi_slice){rest.ptr, len}, value);
        hash = contract_hash_bytes(hash, value, used);
        rest.ptr += len;
        rest.len -= len;
    }
    return hash;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    a ^= b + UINT64_C(0x9e3779b97f4a7c15) + (a << 6) + (a >> 2);
    return a * UINT64_C(0xff51afd7ed558ccd);
}

static uint64_t hash_number(const char *p, const char *end, const char **after)
{
    char text[64];
    bool integer;
    *after = contract_scan_number(p, end, &integer);
    size_t len = (size_t)(*after - p);
    if (len >= sizeof(text)) {
        return contract_hash_bytes(CONTRACT_HASH_START, p, len);
    }
    memcpy(text, p, len);
    text[len] = '\0';
    double value = strtod(text, NULL); /* so that 1, 1.0 and 1e0 are equal */
    return contract_hash_bytes(CONTRACT_HASH_START + 1, (const char *)&value, sizeof(value));
}

static uint64_t hash_at(const char *p, const char *end, const char **after);

static uint64_t hash_array(const char *p, const char *end, const char **after)
{
    uint64_t hash = 2;
    for (p = text_skip_space(p + 1, end); *p != ']'; p = text_skip_space(p + (*p == ','), end)) {
        hash = mix(hash, hash_at(p, end, &p));
        p = text_skip_space(p, end);
    }
    *after = p + 1;
    return hash;
}

static uint64_t hash_object(const char *p, const char *end, const char **after)
{
    uint64_t hash = 3;
    struct contract_string name;
    const char *at;
    for (p = text_skip_space(p + 1, end); *p != '}'; p = text_skip_space(p + (*p == ','), end)) {
        p = text_skip_space(contract_scan_string(p, end, &name, &at), end);
        uint64_t value = hash_at(text_skip_space(p + 1, end), end, &p);
        hash += mix(contract_hash_string(&name), value); /* a sum, so that order plays no part */
        p = text_skip_space(p, end);
    }
    *after = p + 1;
    return hash;
}

static uint64_t hash_at(const char *p, const char *end, const char **after)
{
    struct contract_string string;
    const char *at;
    switch (*p) {
    case '{':
        return hash_object(p, end, after);
    case '[':
        return hash_array(p, end, after);
    case '"':
        *after = contract_scan_string(p, end, &string, &at);
        return contract_hash_string(&string);
    case 't':
    case 'n':
        *after = p + 4;
        return (uint64_t)*p;
    case 'f':
        *after = p + 5;
        return (uint64_t)*p;
    default:
        return hash_number(p, end, after);
    }
}

uint64_t contract_hash_value(struct lfi_slice json)
{
    const char *after;
    return hash_at(json.ptr, json.ptr + json.len, &after);
}
