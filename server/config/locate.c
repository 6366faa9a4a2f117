#include "config/locate.h"

#include "base/text.h"

#include <stdlib.h>

static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++) {
        p += *p == '\\';
    }
    return p < end ? p + 1 : end;
}

static const char *skip_value(const char *p, const char *end)
{
    size_t depth = 0;
    do {
        if (*p == '"') {
            p = skip_string(p, end);
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
        } else if (*p == '}' || *p == ']') {
            depth--;
            p++;
        } else if (depth > 0) {
            p++;
        } else {
            while (p < end && !strchr(",]} \t\r\n", *p)) {
                p++;
            }
        }
    } while (depth > 0 && p < end);
    return p;
}

/* Walks the parts of the list or object at p: the value of the wanted one, or NULL. */
static const char *find_part(const char *p, const char *end, struct lfi_slice name, size_t index)
{
    bool object = *p == '{';
    p = text_skip_space(p + 1, end);
    for (size_t i = 0; p < end && *p != '}' && *p != ']'; i++) {
        bool wanted = i == index;
        if (object) {
            const char *after = skip_string(p, end);
            wanted = slice_equal((struct lfi_slice){p + 1, (size_t)(after - p) - 2}, name);
            p = text_skip_space(text_skip_space(after, end) + 1, end);
        }
        if (wanted) {
            return p;
        }
        p = text_skip_space(skip_value(p, end), end);
        p = p < end && *p == ',' ? text_skip_space(p + 1, end) : p;
    }
    return NULL;
}

struct lfi_slice config_locate(struct lfi_slice json, const char *path)
{
    const char *end = json.ptr + json.len, *p = text_skip_space(json.ptr, end), *part = p;
    for (path += *path == '$'; part && *path;) {
        char *rest = NULL;
        struct lfi_slice name = {0};
        size_t index = SIZE_MAX;
        p = part;
        if (*path == '[') {
            index = strtoul(path + 1, &rest, 10);
            path = rest + (*rest == ']');
        } else {
            name.ptr = ++path;
            name.len = strcspn(path, ".[");
            path += name.len;
        }
        part = *p == (name.ptr ? '{' : '[') ? find_part(p, end, name, index) : NULL;
    }
    p = part ? part : p;
    return (struct lfi_slice){p, (size_t)(skip_value(p, end) - p)};
}
