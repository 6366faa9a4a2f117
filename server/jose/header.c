#include "jose/header.h"

static bool occurs_twice(const cJSON *object, const char *name)
{
    unsigned count = 0;

    for (const cJSON *member = object->child; member; member = member->next) {
        count += strcmp(member->string, name) == 0;
    }
    return count > 1;
}

bool jose_has_duplicate(const cJSON *object, const char *const *names)
{
    for (; *names; names++) {
        if (occurs_twice(object, *names)) {
            return true;
        }
    }
    return false;
}

cJSON *jose_parse_object(struct lfi_slice json, const char *const *names)
{
    cJSON *object = json_parse(json);

    if (!cJSON_IsObject(object) || jose_has_duplicate(object, names)) {
        cJSON_Delete(object);
        object = NULL;
    }
    return object;
}

cJSON *jose_header_read(struct arena *arena, struct lfi_slice json, const char *const *once,
                        const struct jose_header_text *texts, struct lfi_error *error)
{
    cJSON *header = jose_parse_object(json, once);

    if (!header) {
        error_set(error, "the header must be a JSON object without duplicate members");
        return NULL;
    }
    for (; texts->name; texts++) {
        struct lfi_slice text = json_get_string(header, texts->name);
        *texts->out = text.ptr ? arena_keep(arena, text) : text;
        if (text.ptr && !texts->out->ptr) {
            error_set(error, "out of memory");
            cJSON_Delete(header);
            return NULL;
        }
    }
    return header;
}
