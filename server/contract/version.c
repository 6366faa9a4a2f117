#include "contract/version.h"

#include "base/slice.h"

#include <stdio.h>

#define DIGITS_MAX 3

static bool read_number(struct lfi_slice text, uint32_t *out)
{
    uint64_t value;
    if (text.len == 0 || text.len > DIGITS_MAX || !slice_to_u64(text, &value)) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

uint32_t version_read(struct lfi_slice text)
{
    uint32_t major, minor;
    if (text.len < 4 || text.ptr[0] != 'v') {
        return 0;
    }
    const char *dot = memchr(text.ptr, '.', text.len);
    if (!dot) {
        return 0;
    }
    struct lfi_slice before = {text.ptr + 1, (size_t)(dot - text.ptr) - 1};
    struct lfi_slice after = {dot + 1, text.len - before.len - 2};
    if (!read_number(before, &major) || !read_number(after, &minor)) {
        return 0;
    }
    return CONTRACT_VERSION(major, minor);
}

void version_format(uint32_t version, char out[VERSION_TEXT_MAX])
{
    out[0] = '\0';
    if (version != 0) {
        (void)snprintf(out, VERSION_TEXT_MAX, "v%u.%u", version >> 16, version & 0xffff);
    }
}

/* The path of an absolute or relative address. */
static struct lfi_slice path_of(struct lfi_slice address)
{
    struct lfi_slice path;
    if (!slice_next(&address, '?', &path)) {
        return address;
    }
    const char *slash = memchr(path.ptr, '/', path.len);
    size_t scheme = slash ? (size_t)(slash - path.ptr) : 0;
    if (scheme == 0 || slash[-1] != ':' || path.len < scheme + 2 || slash[1] != '/') {
        return path;
    }
    const char *authority = slash + 2, *end = path.ptr + path.len;
    slash = memchr(authority, '/', (size_t)(end - authority));
    return slash ? (struct lfi_slice){slash, (size_t)(end - slash)} : (struct lfi_slice){NULL, 0};
}

uint32_t version_of_address(struct lfi_slice address)
{
    struct lfi_slice rest = path_of(address), segment;
    uint32_t version = 0;
    while (version == 0 && slice_next(&rest, '/', &segment)) {
        version = version_read(segment);
    }
    return version;
}

bool version_is_listed(const uint32_t *list, uint32_t version)
{
    while (list && *list && *list != version) {
        list++;
    }
    return list && *list;
}

uint32_t version_resolve(const uint32_t *served, uint32_t wanted)
{
    uint32_t best = 0;
    for (; served && *served; served++) {
        if (*served >= wanted && *served >> 16 == wanted >> 16 && (best == 0 || *served < best)) {
            best = *served;
        }
    }
    return best;
}
