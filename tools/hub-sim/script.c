#include "script.h"

#include "bank.h"

int script_refuse(struct call *call, const char *id, int status, const char *message)
{
    return refusal_set(call->refusal, id, status, id, message);
}

cJSON *script_json_or_text(struct lfi_slice text, struct arena *arena)
{
    cJSON *json = json_parse(text);
    const char *copy = json ? NULL : arena_text(arena, text);
    return json ? json : cJSON_CreateString(copy ? copy : "");
}

cJSON *script_describe_answer(const struct bank_answer *answer, struct arena *arena)
{
    cJSON *reply = cJSON_CreateObject(), *headers = cJSON_CreateObject();
    if (answer->http.content_type[0]) {
        cJSON_AddStringToObject(headers, "content-type", answer->http.content_type);
    }
    if (answer->http.retry_after[0]) {
        cJSON_AddStringToObject(headers, "retry-after", answer->http.retry_after);
    }
    cJSON_AddNumberToObject(reply, "status", answer->http.status);
    cJSON_AddItemToObject(reply, "headers", headers);
    cJSON_AddItemToObject(reply, "body",
                          answer->shown
                              ? cJSON_Duplicate(answer->shown, true)
                              : script_json_or_text(buf_slice(&answer->http.body), arena));
    cJSON_AddStringToObject(reply, "interactionId", answer->interaction_id);
    if (answer->wrong) {
        cJSON_AddStringToObject(reply, "finding", answer->wrong);
    }
    return reply;
}
