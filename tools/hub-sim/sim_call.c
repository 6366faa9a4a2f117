#include "sim_call.h"

#include "flow/dispatch.h"

void sim_reply_json(struct reply *reply, int status, cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    reply->status = text ? status : 500;
    reply->content_type = "application/json";
    buf_append_text(&reply->body, text ? text : "{}");
    cJSON_free(text);
    cJSON_Delete(json);
}

void sim_check_reply(struct sim_call *call)
{
    struct contract_violation violation;
    if (dispatch_check_reply(&call->base, false, NULL, &violation) != 0) {
        LOG_EVENT(call->sim->log, LOG_ERROR, "own-reply",
                  LOG_TEXT("operation", slice_of(contract_operation_id(call->base.operation))),
                  LOG_NUMBER("status", call->base.reply->status),
                  LOG_TEXT("where", slice_of(violation.where)),
                  LOG_TEXT("rule", slice_of(violation.rule)));
    }
}
