/* Scripting calls that go on to the bank. */
#include "bank.h"
#include "name_match.h"
#include "script.h"

cJSON *script_json_or_text(struct lfi_slice text, struct arena *arena)
{
    cJSON *json = json_parse(text);
    const char *copy = json ? NULL : arena_text(arena, text);
    return json ? json : cJSON_CreateString(copy ? copy : "");
}

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

/* --- confirmation of payee -------------------------------------------------------------------- */

/* The name in the first claim of a record; absent when the record has none. */
static struct name_holder holder_of(const cJSON *record)
{
    const cJSON *claim = cJSON_GetArrayItem(json_get(record, "verifiedClaims"), 0);
    struct lfi_slice business = json_get_string(json_get(claim, "organisationClaims"), "name");
    struct lfi_slice person = json_get_string(json_get(claim, "claims"), "fullName");
    return (struct name_holder){business.ptr ? business : person, business.ptr};
}

/* What the Hub tells the TPP of the bank's records; an empty list is an answer without a body. */
static void add_verdict(cJSON *reply, struct lfi_slice submitted)
{
    static const char *const verdicts[] = {"ConfirmationOfPayee.No", "ConfirmationOfPayee.Partial",
                                           "ConfirmationOfPayee.Yes"};
    struct name_holder holders[NAME_HOLDERS];
    size_t count = 0, best = 0;
    struct buf mask;
    const cJSON *record;
    cJSON_ArrayForEach(record, json_get(json_get(reply, "body"), "data"))
    {
        struct name_holder holder = holder_of(record);
        if (holder.name.ptr && count < NAME_HOLDERS) {
            holders[count++] = holder;
        }
    }
    if (count == 0) {
        return;
    }
    enum name_verdict verdict = name_match(submitted, holders, count, &best);
    cJSON_AddStringToObject(reply, "verdict", verdicts[verdict]);
    if (verdict != NAME_YES) {
        buf_init(&mask, NAME_MASK_BYTES);
        name_mask(&holders[best], &mask);
        transcript_add_text(reply, "maskedName", buf_slice(&mask), NAME_MASK_BYTES);
        buf_free(&mask);
    }
}

static char *print_payee_query(const struct sim_call *call)
{
    cJSON *query = cJSON_CreateObject(), *data = cJSON_AddObjectToObject(query, "data");
    cJSON *account = cJSON_AddObjectToObject(data, "account");
    cJSON_AddStringToObject(account, "schemeName", "IBAN");
    cJSON_AddItemToObject(account, "identification",
                          cJSON_Duplicate(json_get(call->body, "iban"), false));
    cJSON_AddItemToObject(account, "name", cJSON_Duplicate(json_get(call->body, "name"), true));
    char *text = cJSON_PrintUnformatted(query);
    cJSON_Delete(query);
    return text;
}

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
    char *text = print_payee_query(call);
    request.body = slice_of(text);
    int rc = bank_call(call->sim, &request, arena, &answer, call->base.refusal);
    if (rc == 0) {
        cJSON *reply = script_describe_answer(&answer, arena);
        if (answer.http.status == 200) {
            add_verdict(reply, person.ptr ? person : json_get_string(name, "businessName"));
        }
        sim_reply_json(call->base.reply, 200, reply);
    }
    bank_answer_free(&answer);
    cJSON_free(text);
    return rc;
}
