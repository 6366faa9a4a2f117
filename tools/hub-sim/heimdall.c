/* Headless Heimdall: the Hub's authorization server, as the bank calls it. */
#include "base/array.h"
#include "consent.h"
#include "grant.h"
#include "judge.h"
#include "query.h"
#include "rows_hub_heimdall.h"
#include "software.h"

#include <stdio.h>

static int refuse(struct sim_call *call, const char *id, const char *message)
{
    return refusal_set(call->base.refusal, id, 400, "invalid_request", message);
}

/* --- Location --------------------------------------------------------------------------------- */

/* Where the customer goes back to, complete up to the pairs that are added. */
static struct lfi_slice callback_of(const struct sim_call *call)
{
    struct arena *arena = call->base.arena;
    struct lfi_slice uri =
        json_get_string(call->consent ? call->consent->grant : NULL, "redirectUri");
    return uri.ptr ? arena_format(arena, "%.*s%s", SLICE_ARG(uri),
                                  memchr(uri.ptr, '?', uri.len) ? "&" : "?")
                   : arena_format(arena, "%s" TPP_CALLBACK_PATH "?", call->sim->config->url);
}

/* The TPP's state; absent when it sent none. */
static struct lfi_slice state_of(const struct consent *consent)
{
    return consent->grant ? json_get_string(consent->grant, "state") : slice_of(consent->state);
}

static void append_state(struct buf *pairs, const struct consent *consent)
{
    struct lfi_slice state = state_of(consent);
    if (state.ptr) {
        query_append_pair(pairs, "state", state);
    }
}

/* 303 to the TPP with `pairs` and the issuer; the query is kept to recognise the customer by. */
static int redirect(struct sim_call *call, const struct buf *pairs, char *query_kept)
{
    struct buf query;
    buf_init(&query, STORE_ADDRESS_MAX - 1);
    buf_append_slice(&query, buf_slice(pairs));
    query_append_pair(&query, "iss", slice_of(call->hub->issuer));
    if (query.failed) {
        buf_free(&query);
        return refuse(call, "FAIL-LONG", "The redirect would become too long.");
    }
    call->location = arena_format(call->base.arena, "%.*s%.*s", SLICE_ARG(callback_of(call)),
                                  SLICE_ARG(buf_slice(&query)));
    if (query_kept) {
        (void)snprintf(query_kept, STORE_ADDRESS_MAX, "%.*s", SLICE_ARG(buf_slice(&query)));
    }
    call->base.reply->status = 303;
    buf_free(&query);
    return 0;
}

/* --- GET /auth -------------------------------------------------------------------------------- */

static int redirect_error(struct sim_call *call, const char *error, const char *description)
{
    struct buf pairs;
    buf_init(&pairs, STORE_ADDRESS_MAX);
    query_append_pair(&pairs, "error", slice_of(error));
    query_append_pair(&pairs, "error_description", slice_of(description));
    if (call->consent) {
        append_state(&pairs, call->consent);
    }
    int rc = redirect(call, &pairs, call->consent ? call->consent->callback_query : NULL);
    buf_free(&pairs);
    return rc;
}

static cJSON *describe_params(const struct consent *consent)
{
    struct lfi_slice hint = json_get_string(consent->grant, "loginHint");
    struct lfi_slice asked = json_get_string(consent->grant, "scope"), scope;
    struct lfi_slice rest = asked.ptr ? asked : SLICE("openid");
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "client_id", consent->tpp->client_id);
    cJSON_AddStringToObject(params, "response_type", "code");
    cJSON_AddStringToObject(params, "scope", rest.ptr);
    cJSON *scopes = cJSON_AddArrayToObject(params, "scopes");
    while (slice_next(&rest, ' ', &scope)) {
        char name[32]; /* longer than any */
        (void)snprintf(name, sizeof(name), "%.*s", SLICE_ARG(scope));
        cJSON_AddItemToArray(scopes, cJSON_CreateString(name));
    }
    cJSON_AddItemToObject(params, "claims", cJSON_CreateObject());
    if (hint.ptr) {
        cJSON_AddStringToObject(params, "login_hint", hint.ptr);
    }
    return params;
}

static int start(struct sim_call *call)
{
    struct consent *consent = call->consent;
    const char *const ids[] = {consent->id};
    if (!id_uuid4(consent->interaction_id)) {
        return refusal_set(call->base.refusal, "SIM-RANDOM", 500, "server_error",
                           "No random numbers.");
    }
    consent->interaction = INTERACTION_OPEN;
    cJSON_DeleteItemFromObjectCaseSensitive(consent->data, "interactionId");
    cJSON_AddStringToObject(consent->data, "interactionId", consent->interaction_id);

    cJSON *started = cJSON_CreateObject();
    cJSON *interaction = cJSON_AddObjectToObject(started, "interaction");
    cJSON_AddStringToObject(interaction, "interactionId", consent->interaction_id);
    cJSON_AddItemToObject(interaction, "params", describe_params(consent));
    cJSON_AddItemToObject(interaction, "claims", cJSON_CreateObject());
    cJSON_AddStringToObject(interaction, "status", "pending");
    cJSON_AddStringToObject(interaction, "consentId", consent->id);
    cJSON_AddItemToObject(interaction, "consentIdsList", cJSON_CreateStringArray(ids, 1));
    cJSON_AddItemToObject(started, "tpp", software_describe_tpp(call->sim, consent->tpp));
    sim_reply_json(call->base.reply, 200, started);
    return 0;
}

int heimdall_get_auth(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct consent *consent = call->consent;
    struct store *store = call->sim->store;
    const struct lfi_slice query = call->base.request->query;
    const struct tpp *tpp = tpp_find(request_parameter(call->base.arena, query, "client_id", NULL));
    if (!tpp) {
        return refusal_set(call->base.refusal, "AUTH-CLIENT", 400, "invalid_client",
                           "The client is not known.");
    }
    if (!consent || consent->tpp != tpp) {
        return redirect_error(call, "invalid_request_uri", "The request_uri is not known.");
    }
    if (consent->grant && consent->interaction == INTERACTION_OPEN) {
        return start(call); /* a page that was loaded again: used is what was completed */
    }
    if (!consent->grant && !slice_equal_text(query, consent->query)) {
        store_note_finding(store, consent, "AUTH-QUERY-CHANGED",
                           "the query is not what the browser was given, byte for byte");
    }
    if (consent->interaction == INTERACTION_OPEN) {
        store_note_finding(store, consent, "AUTH-TWICE",
                           "GET /auth came again while the interaction was still open");
    }
    if (consent->interaction != INTERACTION_NONE) {
        return redirect_error(call, "invalid_request_uri", "The request_uri was used.");
    }
    if (clock_now_s(call->sim->clock) >= consent->request_expires_s) {
        return redirect_error(call, "invalid_request_uri", "The request_uri has expired.");
    }
    return start(call);
}

/* --- doConfirm, doFail ------------------------------------------------------------------------ */

static int check_open(struct sim_call *call)
{
    if (!call->consent) {
        return refuse(call, "INTERACTION-UNKNOWN", "There is no such interaction.");
    }
    if (call->consent->interaction != INTERACTION_OPEN) {
        return refuse(call, "INTERACTION-ENDED", "The interaction has already ended.");
    }
    return 0;
}

int heimdall_confirm(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct consent *consent = call->consent;
    char code[GRANT_RANDOM_MAX];
    if (check_open(call)) {
        return -1;
    }
    struct lfi_slice status = consent_status(call->sim, consent);
    bool others_decide =
        slice_equal_text(status, "AwaitingAuthorization") && consent_authorizers(consent);
    if (!slice_equal_text(status, "Authorized") && !others_decide) {
        return refuse(call, "CONFIRM-BEFORE-PATCH", "The consent has not been authorized.");
    }
    if (call->base.request->body.len > 0) {
        store_note_finding(call->sim->store, consent, "CONFIRM-BODY",
                           "doConfirm has an empty body: claims are not for banks to add here");
    }
    if (!(consent->grant ? grant_give_code(call->sim, consent, code) : grant_random(code))) {
        return refusal_set(call->base.refusal, "SIM-RANDOM", 500, "server_error",
                           "No random numbers.");
    }
    struct buf pairs;
    buf_init(&pairs, STORE_ADDRESS_MAX);
    query_append_pair(&pairs, "code", slice_of(code));
    append_state(&pairs, consent);
    int rc = redirect(call, &pairs, consent->callback_query);
    buf_free(&pairs);
    if (rc == 0) {
        consent->interaction = INTERACTION_CONFIRMED;
    }
    return rc;
}

/* OAuth 2.0, OpenID Connect and RAR: what a TPP may receive. */
static bool is_error_value(struct lfi_slice error)
{
    static const char *const values[] = {
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_authorization_details",
        "invalid_request",
        "invalid_request_object",
        "invalid_request_uri",
        "invalid_scope",
        "login_required",
        "registration_not_supported",
        "request_not_supported",
        "request_uri_not_supported",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        if (slice_equal_text(error, values[i])) {
            return true;
        }
    }
    return false;
}

/* Consent journey 8: what the bank is to say, and whether the consent was rejected before. */
struct ending {
    const char *error, *description;
    const char *status; /* which the consent must have; NULL: either may be right */
};

static const struct ending endings[] = {
    {"access_denied", "user_failed_to_authenticate", "AwaitingAuthorization"},
    {"access_denied", "user_account_blocked", "AwaitingAuthorization"},
    {"access_denied", "user_failed_step_up_authentication", "Rejected"},
    {"access_denied", "user_rejected_consent", "Rejected"},
    {"invalid_request", "user_lacks_eligible_accounts", "Rejected"},
    {"invalid_request", "user_lacks_eligible_policies", "Rejected"},
    {"invalid_request", "user_does_not_own_debtor_account", "Rejected"},
    {"access_denied", "consent_not_supported", "Rejected"},
    {"access_denied", "session_expired", NULL},
    {"server_error", "lfi_internal_error", NULL},
    {"server_error", "api_hub_communication_error", NULL},
    {"temporarily_unavailable", "lfi_temporarily_unavailable", NULL},
};

static void judge_ending(struct sim_call *call, struct lfi_slice error,
                         struct lfi_slice description)
{
    struct lfi_slice status = consent_status(call->sim, call->consent);
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        if (!slice_equal_text(error, endings[i].error) ||
            !slice_equal_text(description, endings[i].description)) {
            continue;
        }
        if (endings[i].status && !slice_equal_text(status, endings[i].status)) {
            store_note_finding(call->sim->store, call->consent, "FAIL-STATE",
                               "the consent's state does not fit the reason given");
        }
        return;
    }
    store_note_finding(call->sim->store, call->consent, "FAIL-VALUES",
                       "error and error_description are not a pair of the prescribed table");
}

int heimdall_fail(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct consent *consent = call->consent;
    if (check_open(call)) {
        return -1;
    }
    struct lfi_slice body = call->base.request->body;
    struct lfi_slice error = request_parameter(call->base.arena, body, "error", NULL);
    struct lfi_slice description =
        request_parameter(call->base.arena, body, "error_description", NULL);
    judge_ending(call, error, description);
    struct buf pairs;
    buf_init(&pairs, STORE_ADDRESS_MAX);
    query_append_pair(&pairs, "error",
                      !error.ptr              ? SLICE("access_denied")
                      : is_error_value(error) ? error
                                              : SLICE("invalid_request"));
    query_append_pair(&pairs, "error_description",
                      description.ptr ? description : SLICE("The request was not authorized."));
    append_state(&pairs, consent);
    int rc = redirect(call, &pairs, consent->callback_query);
    buf_free(&pairs);
    if (rc == 0) {
        consent->interaction = INTERACTION_FAILED;
    }
    return rc;
}

/* --- the interface ---------------------------------------------------------------------------- */

static struct consent *find(struct sim_call *call, struct lfi_slice interaction_id)
{
    struct store *store = call->sim->store;
    if (interaction_id.ptr) {
        return store_find_interaction(store, call->hub, interaction_id);
    }
    struct lfi_slice uri =
        request_parameter(call->base.arena, call->base.request->query, "request_uri", NULL);
    struct consent *consent = uri.ptr ? store_find_request(store, uri) : NULL;
    return consent && consent->hub == call->hub ? consent : NULL;
}

static void answer_refusal(struct reply *reply, const struct refusal *refusal)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "error", refusal->error_code ? refusal->error_code : "");
    cJSON_AddStringToObject(body, "error_description", refusal->error_message);
    sim_reply_json(reply, refusal->status, body);
}

const struct judge_interface heimdall_interface = {
    .name = "heimdall",
    .api = {.flow = &flow_hub_heimdall},
    .target = FAULT_HEIMDALL,
    .find = find,
    .refuse = answer_refusal,
};
