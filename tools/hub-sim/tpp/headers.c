#include "tpp/headers.h"

cJSON *headers_describe(const struct tpp_call *call)
{
    const struct request *request = call->base.base.request;
    struct arena *arena = call->base.base.arena;
    cJSON *headers = cJSON_CreateObject();
    for (size_t i = 0; i < request->header_count; i++) {
        char *name = arena_text(arena, request->headers[i].name);
        char *value = arena_text(arena, request->headers[i].value);
        for (char *c = name; c && *c != '\0'; c++) {
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
        }
        if (name && value && strncmp(name, "x-", 2) == 0 && !json_get(headers, name)) {
            cJSON_AddStringToObject(headers, name, value);
        }
    }
    cJSON_DeleteItemFromObjectCaseSensitive(headers, "x-fapi-interaction-id");
    if (call->interaction_id.ptr) {
        cJSON_AddStringToObject(headers, "x-fapi-interaction-id", call->interaction_id.ptr);
    }
    return headers;
}
