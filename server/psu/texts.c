#include "psu/texts.h"

#include <stdlib.h>

#define IMPORT "from './"

struct text_index {
    size_t count;
    const cJSON *sorted[];
};

struct search {
    const struct embed_set *web;
    const struct text_index *index;
    bool *read;   /* of each file */
    bool *wanted; /* of each text of the index */
};

static int compare_keys(const void *one, const void *other)
{
    return strcmp((*(const cJSON *const *)one)->string, (*(const cJSON *const *)other)->string);
}

struct text_index *text_index_new(const cJSON *texts)
{
    size_t count = (size_t)cJSON_GetArraySize(texts);
    struct text_index *index = malloc(sizeof(*index) + count * sizeof(index->sorted[0]));
    const cJSON *text;
    if (!index) {
        return NULL;
    }
    index->count = 0;
    cJSON_ArrayForEach(text, texts)
    {
        index->sorted[index->count++] = text;
    }
    qsort(index->sorted, count, sizeof(index->sorted[0]), compare_keys);
    return index;
}

void text_index_free(struct text_index *index)
{
    free(index);
}

/* Where the keys start that are not before `key`. */
static size_t first_not_before(const struct text_index *index, struct lfi_slice key)
{
    size_t low = 0;
    size_t high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(index->sorted[middle]->string, key.ptr, key.len) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What follows the key in one that begins so: nothing, or the name of a plural's form. */
static bool is_whole(const char *rest)
{
    return *rest == '\0' || (*rest == '.' && !strchr(rest + 1, '.'));
}

static void want(struct search *search, struct lfi_slice key, bool whole)
{
    const struct text_index *index = search->index;
    for (size_t i = first_not_before(index, key); i < index->count; i++) {
        const char *name = index->sorted[i]->string;
        if (strncmp(name, key.ptr, key.len) != 0) {
            return;
        }
        search->wanted[i] = search->wanted[i] || !whole || is_whole(name + key.len);
    }
}

static bool is_key_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

static struct lfi_slice key_at(const char *at)
{
    struct lfi_slice key = {at, 0};
    while (is_key_character(at[key.len])) {
        key.len++;
    }
    return key;
}

static void want_named(struct search *search, const char *source)
{
    for (const char *at = strpbrk(source, "'`"); at; at = strpbrk(at, "'`")) {
        struct lfi_slice key = key_at(at + 1);
        const char *after = key.ptr + key.len;
        bool whole = *at == '\'' && *after == '\'' && memchr(key.ptr, '.', key.len);
        bool begins = *at == '`' && *after == '$' && after[-1] == '.';
        at++;
        if (whole || begins) {
            want(search, key, whole);
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
    cJSON *named = cJSON_CreateObject();
    bool complete = named;
    for (size_t i = 0; i < search->index->count && complete; i++) {
        const cJSON *text = search->index->sorted[i];
        complete =
            !search->wanted[i] || cJSON_AddStringToObject(named, text->string, text->valuestring);
    }
    if (complete) {
        json = cJSON_PrintUnformatted(named);
    }
    cJSON_Delete(named);
    return json;
}

char *texts_of_script(const struct embed_set *web, const struct embed_file *script,
                      const struct text_index *index)
{
    char *json = NULL;
    struct search search = {.web = web,
                            .index = index,
                            .read = calloc(web->count, sizeof(bool)),
                            .wanted = calloc(index->count + 1, sizeof(bool))};
    if (search.read && search.wanted) {
        read_script(&search, script);
        json = print_wanted(&search);
    }
    free(search.read);
    free(search.wanted);
    return json;
}
