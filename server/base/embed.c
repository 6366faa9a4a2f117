#include "base/embed.h"

static int compare(struct lfi_slice a, const char *b)
{
    size_t len = strlen(b);
    int order = memcmp(a.ptr, b, a.len < len ? a.len : len);
    if (order != 0 || a.len == len) {
        return order;
    }
    return a.len < len ? -1 : 1;
}

const struct embed_file *embed_find(const struct embed_set *set, struct lfi_slice path)
{
    if (!path.ptr) {
        return NULL;
    }
    size_t low = 0;
    size_t high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(path, set->files[middle].path);
        if (order == 0) {
            return &set->files[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
