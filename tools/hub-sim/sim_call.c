#include "sim_call.h"

void sim_reply_json(struct reply *reply, int status, cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    reply->status = text ? status : 500;
    reply->content_type = "application/json";
    buf_append_text(&reply->body, text ? text : "{}");
    cJSON_free(text);
    cJSON_Delete(json);
}
