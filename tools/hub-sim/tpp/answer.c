#include "tpp/answer.h"

#include "base/array.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define MESSAGE_MOST 500 /* characters */

/* --- what the Hub itself refuses -------------------------------------------------------------- */

static const struct {
    const char *from, *id;
    int status;
    const char *code, *message;
} refusals[] = {
    {"SIM-CONSENT-UNKNOWN", "TPP-CONSENT", 400, "Consent.Invalid", "There is no such consent."},
    {"SIM-CONSENT-STATE", "TPP-CONSENT", 400, "Consent.Invalid", "The consent is not authorized."},
    {"SIM-PERMISSION", "TPP-PERMISSION", 403, "AccessToken.InvalidScope",
     "The consent does not permit this."},
    {"SIM-ACCOUNT", "TPP-ACCOUNT", 403, "Consent.PermanentAccountAccessFailure",
     "The consent does not cover this account."},
    {"SIM-POLICY", "TPP-POLICY", 403, "Consent.PermanentPolicyAccessFailure",
     "The consent does not cover this policy."},
    {"SIM-BANK-DOWN", "TPP-BANK", 500, "GenericRecoverableError", "The bank gives no answer."},
};

/* Those of payments have the code that TPPs get. */
static int refuse_own(struct tpp_call *call, const struct refusal *refusal)
{
    const char *id = refusal->id, *code = refusal->error_code;
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        if (strcmp(refusals[i].from, id) == 0) {
            return resource_refuse(call, refusals[i].id, refusals[i].status, refusals[i].code,
                                   refusals[i].message);
        }
    }
    return code && refusal->status < 500 && strncmp(code, "SIM-", 4) != 0
               ? resource_refuse(call, id, refusal->status, code, refusal->error_message)
               : resource_refuse(call, "TPP-BANK", 500, "GenericError",
                                 "The bank cannot be asked.");
}

/* --- what the bank refuses -------------------------------------------------------------------- */

static int fail(struct tpp_call *call, const char *message)
{
    return resource_refuse(call, "TPP-BANK", 500, "GenericError", message);
}

/* As the standard wants codes: FAMILY.NAME, or one of its two that have no family. */
static bool is_code(struct lfi_slice code)
{
    const char *dot = code.ptr ? memchr(code.ptr, '.', code.len) : NULL;
    if (!dot) {
        return slice_equal_text(code, "GenericError") ||
               slice_equal_text(code, "GenericRecoverableError");
    }
    size_t family = (size_t)(dot - code.ptr), name = code.len - family - 1;
    return family > 0 && name > 0 && strspn(code.ptr, LETTERS) == family &&
           strspn(dot + 1, LETTERS "0123456789") >= name;
}

/* The bank's own words, where its answer has them and the standard takes them. */
static int hand_on(struct tpp_call *call, int status, const struct bank_answer *answer)
{
    struct arena *arena = call->base.base.arena;
    struct lfi_slice code = json_get_string(answer->shown, "errorCode");
    struct lfi_slice message = json_get_string(answer->shown, "errorMessage");
    if (!cJSON_IsObject(answer->shown)) {
        return fail(call, "The bank's answer cannot be read.");
    }
    const char *kept = is_code(code) ? arena_text(arena, code) : NULL;
    if (message.len > 0) { /* it may be longer than a refusal of ours */
        call->said = arena_keep(arena, slice_cut_characters(message, MESSAGE_MOST));
    }
    return resource_refuse(call, "TPP-BANK", status, kept ? kept : "GenericError",
                           "The bank refuses.");
}

static int refuse_for(struct tpp_call *call, const struct bank_answer *answer)
{
    struct call *base = &call->base.base;
    int status = answer->http.status;
    if (status == 409 && !contract_response_names(base->operation, status)) {
        status = 400;
    }
    switch (status) {
    case 400:
    case 403:
    case 409:
    case 500:
        return hand_on(call, status, answer);
    case 404:
        return resource_refuse(call, "TPP-BANK", 404, NULL, "The bank knows no such thing.");
    case 429:
        if (answer->http.retry_after[0]) {
            reply_header(base->reply, "Retry-After", slice_of(answer->http.retry_after));
        }
        return resource_refuse(call, "TPP-BANK", 429, NULL, "The bank asks to wait.");
    default:
        return fail(call, "The bank's answer is not one that it may give.");
    }
}

int answer_judge(struct tpp_call *call, const struct bank_answer *answer,
                 const struct refusal *refusal, int expected)
{
    if (refusal->id) {
        return refuse_own(call, refusal);
    }
    int status = answer->http.status;
    if (answer->wrong && status < 400) { /* a refusal is handed on as far as it can be read */
        return fail(call, "The bank's answer breaks the contract.");
    }
    bool empty = status == 204 && contract_response_names(call->base.base.operation, status);
    return status == expected || empty ? 0 : refuse_for(call, answer);
}

int answer_from_bank(struct tpp_call *call, struct bank_request *request, int expected,
                     struct bank_answer *out)
{
    struct refusal refusal = {0};
    request->hub = call->base.hub;
    request->tpp = call->tpp;
    request->interaction_id = call->interaction_id;
    request->api_uri = tpp_api_uri(call);
    (void)bank_call(call->base.sim, request, call->base.base.arena, out, &refusal);
    return answer_judge(call, out, &refusal, expected);
}
