#include "psu/texts.h"

#include <stdlib.h>

#define KEY_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."
#define IMPORT "from './"

struct search {
    const struct embed_set *web;
    const cJSON *texts;
    bool *read;   /* of each file */
    bool *wanted; /* of each text */
};

/* The rest of a text's key when it begins so; else NULL. */
static const char *rest_of(const cJSON *text, struct lfi_slice beginning)
{
    return strncmp(text->string, beginning.ptr, beginning.len) == 0 ? text->string + beginning.len
                                                                    : NULL;
}

static bool is_named(const cJSON *text, struct lfi_slice key, bool whole)
{
    const char *rest = rest_of(text, key);
    if (!rest || !whole) {
        return rest;
    }
    bool is_plural_form = *rest == '.' && !strchr(rest + 1, '.');
    return *rest == '\0' || is_plural_form;
}

static void want_named(struct search *search, const char *source)
{
    for (const char *at = strpbrk(source, "'`"); at; at = strpbrk(at, "'`")) {
        struct lfi_slice key = {at + 1, strspn(at + 1, KEY_CHARACTERS)};
        const char *after = key.ptr + key.len;
        bool whole = *at == '\'' && *after == '\'' && memchr(key.ptr, '.', key.len);
        bool begins = *at == '`' && *after == '$' && after[-1] == '.';
        size_t index = 0;
        const cJSON *text;
        at++;
        if (!whole && !begins) {
            continue;
        }
        cJSON_ArrayForEach(text, search->texts)
        {
            search->wanted[index] = search->wanted[index] || is_named(text, key, whole);
            index++;
        }
    }
}

static void read_script(struct search *search, const struct embed_file *script)
{
    size_t index = (size_t)(script - search->web->files);
    const char *source = (const char *)script->bytes; /* a NUL follows the last */
    if (search->read[index]) {
        return;
    }
    search->read[index] = true;
    want_named(search, source);
    for (const char *at = strstr(source, IMPORT); at; at = strstr(at, IMPORT)) {
        at += sizeof(IMPORT) - 1;
        struct lfi_slice path = {at, strcspn(at, "'")};
        const struct embed_file *imported = embed_find(search->web, path);
        if (imported) {
            read_script(search, imported);
        }
    }
}

static char *print_wanted(const struct search *search)
{
    char *json = NULL;
    size_t index = 0;
    const cJSON *text;
    cJSON *named = cJSON_CreateObject();
    bool complete = named;
    cJSON_ArrayForEach(text, search->texts)
    {
        if (search->wanted[index++] && complete) {
            complete = cJSON_AddStringToObject(named, text->string, text->valuestring);
        }
    }
    if (complete) {
        json = cJSON_PrintUnformatted(named);
    }
    cJSON_Delete(named);
    return json;
}

char *texts_of_script(const struct embed_set *web, const struct embed_file *script,
                      const cJSON *texts)
{
    char *json = NULL;
    struct search search = {.web = web,
                            .texts = texts,
                            .read = calloc(web->count, sizeof(bool)),
                            .wanted = calloc((size_t)cJSON_GetArraySize(texts) + 1, sizeof(bool))};
    if (search.read && search.wanted) {
        read_script(&search, script);
        json = print_wanted(&search);
    }
    free(search.read);
    free(search.wanted);
    return json;
}
