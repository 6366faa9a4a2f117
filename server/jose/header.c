#include "jose/header.h"

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
