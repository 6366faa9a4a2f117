#include "tpp/asked.h"

#include "contract_hub_account_opening.h"
#include "contract_hub_fx_quotes.h"
#include "rows_hub_account_opening.h"
#include "rows_hub_fx_quotes.h"
#include "tpp/body.h"

/* --- to the bank ------------------------------------------------------------------------------ */

int asked_send(struct tpp_call *call, const struct asked *asked, struct bank_answer *out)
{
    const cJSON *data = json_get(asked->message, "Data");
    char *text = NULL;
    *out = (struct bank_answer){.wrong = NULL};
    if (json_get(asked->message, "Subscription")) {
        return resource_refuse(call, "TPP-SUBSCRIPTION", 400, "Body.InvalidFormat",
                               "There are no events of quotes and accounts here.");
    }
    if (asked->message && !data) {
        return resource_refuse(call, "TPP-BODY", 400, "Body.InvalidFormat", "$.Data: is missing");
    }
    if (data) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddItemToObject(body, "data", cJSON_Duplicate(data, true));
        text = cJSON_PrintUnformatted(body);
        cJSON_Delete(body);
    }
    struct bank_request request = {.method = slice_of(asked->method),
                                   .path = slice_of(asked->path),
                                   .query = asked->query,
                                   .body = slice_of(text),
                                   .consent_id = asked->consent_id};
    int rc = answer_from_bank(call, &request, asked->status, out);
    cJSON_free(text);
    return rc;
}

/* --- to the TPP ------------------------------------------------------------------------------- */

/* Where the TPP reads what it has asked for: behind the address of the call. */
static void set_self(cJSON *links, struct tpp_call *call, const char *id, const char *rest)
{
    struct lfi_slice address =
        arena_format(call->base.base.arena, "%s%.*s/%s%s", call->base.sim->config->tpp_url,
                     SLICE_ARG(call->full_path), id, rest);
    cJSON_ReplaceItemInObjectCaseSensitive(links, "Self",
                                           cJSON_CreateString(address.ptr ? address.ptr : ""));
}

/* The bank's data and those of its links that are named; ends with NULL. */
static cJSON *answer_of(struct tpp_call *call, const struct bank_answer *answer,
                        const char *const *names, cJSON **links)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddItemToObject(message, "Data", cJSON_Duplicate(json_get(answer->shown, "data"), true));
    *links = resource_add_self(message, call);
    for (; *names; names++) {
        const cJSON *link = json_get(json_get(answer->shown, "links"), *names);
        if (link) {
            cJSON_AddItemToObject(*links, *names, cJSON_Duplicate(link, false));
        }
    }
    cJSON_AddObjectToObject(message, "Meta");
    return message;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(json_get(object, name));
    return text ? text : "";
}

/* --- quotes ----------------------------------------------------------------------------------- */

static const char *quote_path(struct tpp_call *call)
{
    struct lfi_slice path = arena_format(
        call->base.base.arena, "/fx-quotes/%.*s",
        SLICE_ARG(contract_parameter(&call->base.base.parameters, HUB_FX_QUOTES_FX_QUOTE_ID)));
    return path.ptr ? path.ptr : "";
}

int tpp_quote_fx(struct call *base)
{
    static const char *const policies[] = {"LiabilityPolicy", "RefundCancellationPolicy", NULL};
    cJSON *message = NULL, *links;
    struct bank_answer answer;
    struct tpp_call *call = tpp_call_of(base);
    if (resource_need_scope(call, "fx") != 0 ||
        body_read(call, "FxQuoteRequest", true, &message) != 0) {
        return -1;
    }
    const struct asked asked = {
        .method = "POST", .path = "/fx-quotes", .message = message, .status = 201};
    int rc = asked_send(call, &asked, &answer);
    if (rc == 0 && answer.http.status == 204) { /* not quoted, which is no refusal */
        base->reply->status = 204;
    } else if (rc == 0) {
        const char *id = text_of(json_get(answer.shown, "data"), "FxQuoteId");
        cJSON *out = answer_of(call, &answer, policies, &links);
        set_self(links, call, id, "");
        sim_reply_json(base->reply, 201, out);
    }
    bank_answer_free(&answer);
    cJSON_Delete(message);
    return rc;
}

int tpp_read_fx_quote(struct call *base)
{
    static const char *const none[] = {NULL};
    cJSON *links;
    struct bank_answer answer;
    struct tpp_call *call = tpp_call_of(base);
    if (resource_need_scope(call, "fx") != 0) {
        return -1;
    }
    const struct asked asked = {
        .method = "GET", .path = quote_path(call), .message = NULL, .status = 200};
    int rc = asked_send(call, &asked, &answer);
    if (rc == 0) {
        sim_reply_json(base->reply, 200, answer_of(call, &answer, none, &links));
    }
    bank_answer_free(&answer);
    return rc;
}

int tpp_accept_fx_quote(struct call *base)
{
    cJSON *message = NULL;
    struct bank_answer answer;
    struct tpp_call *call = tpp_call_of(base);
    if (resource_need_scope(call, "fx") != 0 ||
        body_read(call, "FxQuoteAcceptance", false, &message) != 0) {
        return -1;
    }
    const struct asked asked = {
        .method = "PATCH", .path = quote_path(call), .message = message, .status = 204};
    int rc = asked_send(call, &asked, &answer);
    if (rc == 0) {
        base->reply->status = 204;
    }
    bank_answer_free(&answer);
    cJSON_Delete(message);
    return rc;
}

/* --- accounts --------------------------------------------------------------------------------- */

static const char *const redirect[] = {"AccountOpeningRedirectUrl", NULL};

int tpp_request_account(struct call *base)
{
    cJSON *message = NULL, *links;
    struct bank_answer answer;
    struct tpp_call *call = tpp_call_of(base);
    if (resource_need_scope(call, "account-opening") != 0 ||
        body_read(call, "AccountRequest", false, &message) != 0) {
        return -1;
    }
    const struct asked asked = {
        .method = "POST", .path = "/accounts", .message = message, .status = 200};
    int rc = asked_send(call, &asked, &answer);
    if (rc == 0) {
        const char *id = text_of(json_get(answer.shown, "data"), "AccountId");
        cJSON *out = answer_of(call, &answer, redirect, &links);
        set_self(links, call, id, "/status");
        sim_reply_json(base->reply, 201, out);
    }
    bank_answer_free(&answer);
    cJSON_Delete(message);
    return rc;
}

int tpp_read_opening(struct call *base)
{
    cJSON *links;
    struct bank_answer answer;
    struct tpp_call *call = tpp_call_of(base);
    struct lfi_slice path = arena_format(
        base->arena, "/accounts/%.*s/status",
        SLICE_ARG(contract_parameter(&base->parameters, HUB_ACCOUNT_OPENING_ACCOUNT_ID)));
    if (resource_need_scope(call, "account-opening") != 0) {
        return -1;
    }
    const struct asked asked = {
        .method = "GET", .path = path.ptr ? path.ptr : "", .message = NULL, .status = 200};
    int rc = asked_send(call, &asked, &answer);
    if (rc == 0) {
        sim_reply_json(base->reply, 200, answer_of(call, &answer, redirect, &links));
    }
    bank_answer_free(&answer);
    return rc;
}
