#include "psu/browser.h"

#include "base/arena.h"
#include "base/array.h"

struct name {
    const char *mark, *name;
};

/* In this order: most browsers also name those that they descend from. */
static const struct name browsers[] = {
    {"Edg", "Edge"},         {"OPR/", "Opera"},    {"SamsungBrowser", "Samsung Internet"},
    {"Firefox/", "Firefox"}, {"FxiOS", "Firefox"}, {"CriOS", "Chrome"},
    {"Chrome/", "Chrome"},   {"Safari/", "Safari"}};
static const struct name systems[] = {
    {"iPhone", "iPhone"}, {"iPad", "iPad"},     {"Android", "Android"}, {"Windows", "Windows"},
    {"Mac OS X", "Mac"},  {"CrOS", "ChromeOS"}, {"Linux", "Linux"}};

static bool contains(struct lfi_slice text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, part, len) == 0) {
            return true;
        }
    }
    return false;
}

static const char *find(const struct name *names, size_t count, struct lfi_slice agent)
{
    for (size_t i = 0; i < count; i++) {
        if (contains(agent, names[i].mark)) {
            return names[i].name;
        }
    }
    return NULL;
}

struct lfi_slice browser_name(const struct request *request)
{
    struct lfi_slice agent = request_header(request, "user-agent", NULL);
    const char *browser = find(browsers, ARRAY_LEN(browsers), agent);
    const char *system = find(systems, ARRAY_LEN(systems), agent);
    if (!browser || !system) {
        return slice_of(browser ? browser : system);
    }
    return arena_format(request->arena, "%s, %s", browser, system);
}
