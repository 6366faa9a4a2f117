/* Scripting calls that go on to the bank. */
#include "bank.h"
#include "payee.h"
#include "script.h"
#include "versions.h"

/* The consent of the call, or Hub and TPP. */
static int read_caller(struct sim_call *call, struct bank_request *request)
{
    struct lfi_slice client = json_get_string(call->body, "clientId");
    request->consent_id = json_get_string(call->body, "consentId");
    request->hub = sim_hub_of(call->sim, json_get_string(call->body, "providerId"));
    request->tpp = client.ptr ? tpp_find(client) : &tpps[0];
    if (!request->tpp) {
        return script_refuse(&call->base, "SIM-CLIENT", 400, "There is no such TPP.");
    }
    return 0;
}

int script_call_bank(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct bank_answer answer;
    struct arena *arena = call->base.arena;
    const cJSON *body = json_get(call->body, "body");
    char *text = body ? cJSON_PrintUnformatted(body) : NULL;
    struct bank_request request = {.method = json_get_string(call->body, "method"),
                                   .path = json_get_string(call->body, "path"),
                                   .query = json_get_string(call->body, "query"),
                                   .body = slice_of(text)};
    int rc = read_caller(call, &request);
    if (rc == 0) {
        rc = bank_call(call->sim, &request, arena, &answer, call->base.refusal);
        if (rc == 0) {
            sim_reply_json(call->base.reply, 200, script_describe_answer(&answer, arena));
        }
        bank_answer_free(&answer);
    }
    cJSON_free(text);
    return rc;
}

int script_send_as_hub(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct bank_answer answer;
    struct arena *arena = call->base.arena;
    const cJSON *body = json_get(call->body, "body");
    struct bank_plain_call plain = {
        .hub = sim_hub_of(call->sim, json_get_string(call->body, "providerId")),
        .method = json_get_string(call->body, "method"),
        .path = json_get_string(call->body, "path"),
        .query = json_get_string(call->body, "query"),
        .user_id = json_get_string(call->body, "userId"),
        .consent_id = json_get_string(call->body, "consentId")};
    if (!plain.hub) {
        return script_refuse(base, "SIM-PROVIDER", 400, "There is no such provider.");
    }
    char *text = body ? cJSON_PrintUnformatted(body) : NULL;
    plain.body = slice_of(text);
    int rc = bank_send(call->sim, &plain, arena, &answer, call->base.refusal);
    if (rc == 0) {
        sim_reply_json(call->base.reply, 200, script_describe_answer(&answer, arena));
    }
    bank_answer_free(&answer);
    cJSON_free(text);
    return rc;
}

/* --- confirmation of payee -------------------------------------------------------------------- */

int script_check_payee(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct bank_answer answer;
    struct arena *arena = call->base.arena;
    const cJSON *name = json_get(call->body, "name");
    struct lfi_slice person = json_get_string(name, "fullName");
    struct bank_request request = {.method = SLICE("POST"),
                                   .path = SLICE("/customers/action/cop-query")};
    if (read_caller(call, &request)) {
        return -1;
    }
    bool told = !request.hub || bank_version(request.hub, 0) == VERSION_FIRST;
    char *text = payee_print_query(json_get(call->body, "iban"), told ? name : NULL);
    request.body = slice_of(text);
    int rc = bank_call(call->sim, &request, arena, &answer, call->base.refusal);
    if (rc == 0) {
        cJSON *reply = script_describe_answer(&answer, arena);
        if (answer.http.status == 200) {
            payee_judge(json_get(reply, "body"),
                        person.ptr ? person : json_get_string(name, "businessName"), reply,
                        "verdict", "maskedName");
        }
        sim_reply_json(call->base.reply, 200, reply);
    }
    bank_answer_free(&answer);
    cJSON_free(text);
    return rc;
}
