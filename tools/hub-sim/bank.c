#include "bank.h"

#include "base/base64.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "contract/contract.h"
#include "contract_ozone_connect.h"
#include "query.h"

#include <stdio.h>
#include <stdlib.h>

#define TOKEN_LIFE_S 30
#define HEADERS_MAX 16
#define HEADER_BYTES (LIMIT_TOKEN_BYTES + 32)

/* --- the Hub's own rules ---------------------------------------------------------------------- */

struct rule {
    const char *path;           /* template of the contract, GET */
    const char *permissions[4]; /* any of these will do */
    bool paged;
};

/* Data sharing: which permission opens what (consent events 3.2). */
static const struct rule rules[] = {
    {"/accounts", {"ReadAccountsBasic", "ReadAccountsDetail"}, true},
    {"/accounts/{accountId}", {"ReadAccountsBasic", "ReadAccountsDetail"}, false},
    {"/accounts/{accountId}/balances", {"ReadBalances"}, true},
    {"/accounts/{accountId}/beneficiaries",
     {"ReadBeneficiariesBasic", "ReadBeneficiariesDetail"},
     true},
    {"/accounts/{accountId}/customer", {"ReadParty"}, true},
    {"/accounts/{accountId}/direct-debits", {"ReadDirectDebits"}, true},
    {"/accounts/{accountId}/products", {"ReadProduct", "ReadProductFinanceRates"}, true},
    {"/accounts/{accountId}/scheduled-payments",
     {"ReadScheduledPaymentsBasic", "ReadScheduledPaymentsDetail"},
     true},
    {"/accounts/{accountId}/standing-orders",
     {"ReadStandingOrdersBasic", "ReadStandingOrdersDetail"},
     true},
    {"/accounts/{accountId}/statements", {"ReadStatements"}, true},
    {"/accounts/{accountId}/transactions",
     {"ReadTransactionsBasic", "ReadTransactionsDetail", "ReadFXTransactionsBasic",
      "ReadFXTransactionsDetail"},
     true},
    {"/customer", {"ReadPartyUser", "ReadPartyUserIdentity"}, false},
};

static const struct rule *rule_of(const struct contract_match *match)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(rules[i].path, contract_operation_path(match->operation)) == 0 &&
            strcmp(contract_operation_method(match->operation), "GET") == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool contains(const cJSON *texts, struct lfi_slice wanted)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, texts)
    {
        if (slice_equal_text(wanted, item->valuestring)) {
            return true;
        }
    }
    return false;
}

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 403, id, message);
}

static int check_rules(const struct sim *sim, struct consent *consent, const struct rule *rule,
                       struct lfi_slice account, struct refusal *refusal)
{
    const cJSON *terms = json_get(json_get(consent->data, "consentBody"), "Data");
    bool permitted = false;
    if (!slice_equal_text(consent_status(sim, consent), "Authorized")) {
        return refuse(refusal, "SIM-CONSENT-STATE", "The consent is not authorized.");
    }
    for (size_t i = 0; i < 4 && rule->permissions[i]; i++) {
        permitted |= contains(json_get(terms, "Permissions"), slice_of(rule->permissions[i]));
    }
    if (!permitted) {
        return refuse(refusal, "SIM-PERMISSION", "The consent does not permit this.");
    }
    if (account.ptr && !contains(json_get(consent->data, "accountIds"), account)) {
        return refuse(refusal, "SIM-ACCOUNT", "The consent does not cover this account.");
    }
    return 0;
}

/* --- one call --------------------------------------------------------------------------------- */

/* What is sent; texts in the arena. */
struct outgoing {
    const struct sim_hub *hub;
    const char *method;
    struct lfi_slice path, query, body;
    const char *template;                       /* of the path */
    const struct contract_operation *operation; /* NULL: not in the contract yet, not checked */
    const char *headers[HEADERS_MAX + 1];
    size_t header_count;
};

static void add_header(struct outgoing *call, struct arena *arena, const char *name,
                       struct lfi_slice value)
{
    struct lfi_slice line = arena_format(arena, "%s: %.*s", name, SLICE_ARG(value));
    if (line.ptr && call->header_count < HEADERS_MAX) {
        call->headers[call->header_count++] = line.ptr;
    }
}

static int add_token(const struct sim *sim, struct outgoing *call, struct arena *arena)
{
    struct buf token;
    struct lfi_error error;
    const struct sim_hub *hub = call->hub;
    buf_init(&token, HEADER_BYTES);
    buf_append_text(&token, "Bearer ");
    int rc = jose_sign(hub->signer,
                       &(struct jose_claims){.iss = hub->subject.o,
                                             .sub = hub->subject.ou,
                                             .aud = hub->config->audience,
                                             .now_s = clock_now_s(sim->clock),
                                             .life_s = TOKEN_LIFE_S},
                       &token, &error);
    if (rc == 0) {
        add_header(call, arena, "Authorization", buf_slice(&token));
    }
    buf_free(&token);
    return rc;
}

static void add_headers_of_consent(struct outgoing *call, struct arena *arena,
                                   const struct consent *consent)
{
    add_header(call, arena, "o3-provider-id", slice_of(call->hub->config->provider_id));
    add_header(call, arena, "o3-aspsp-id", slice_of(call->hub->config->provider_id));
    add_header(call, arena, "o3-caller-org-id", slice_of(consent->tpp->org_id));
    add_header(call, arena, "o3-caller-client-id", slice_of(consent->tpp->client_id));
    add_header(call, arena, "o3-caller-software-statement-id", slice_of(consent->tpp->software_id));
    add_header(call, arena, "o3-api-operation", slice_of(call->method));
    add_header(call, arena, "o3-consent-id", slice_of(consent->id));
    char *psu = cJSON_PrintUnformatted(json_get(consent->data, "psuIdentifiers"));
    if (psu) {
        struct buf text;
        buf_init(&text, HEADER_BYTES);
        base64_append_standard(&text, psu, strlen(psu));
        add_header(call, arena, "o3-psu-identifier", buf_slice(&text));
        buf_free(&text);
        cJSON_free(psu);
    }
}

static int send(struct sim *sim, struct outgoing *call, struct arena *arena,
                struct bank_answer *out, struct refusal *refusal)
{
    struct lfi_error error = {""};
    http_answer_init(&out->http, LIMIT_REPLY_BYTES);
    if (!id_uuid4(out->interaction_id) || add_token(sim, call, arena)) {
        return refusal_set(refusal, "SIM-TOKEN", 500, "SIM-TOKEN", "No token could be made.");
    }
    add_header(call, arena, "o3-caller-interaction-id", slice_of(out->interaction_id));
    add_header(call, arena, "o3-ozone-interaction-id", slice_of(out->interaction_id));
    add_header(call, arena, "o3-api-uri",
               arena_format(arena, "%s/open-finance%s", call->hub->issuer, call->template));
    struct lfi_slice url =
        arena_format(arena, "%s%.*s%s%.*s", sim->config->bank_url, SLICE_ARG(call->path),
                     call->query.len > 0 ? "?" : "", SLICE_ARG(call->query));
    int rc = http_client_call(
        call->hub->client,
        &(struct http_call){.method = call->method,
                            .url = url.ptr,
                            .headers = call->headers,
                            .content_type = call->body.ptr ? "application/json" : NULL,
                            .body = call->body},
        &out->http, &error);
    if (rc) {
        refusal_set(refusal, "SIM-BANK-DOWN", 502, "SIM-BANK-DOWN", error.message);
    }
    return rc;
}

/* Holds the answer against the contract and notes the exchange. */
static void note(struct sim *sim, const struct outgoing *call, struct consent *consent,
                 const struct bank_answer *answer, const struct refusal *refusal)
{
    struct contract_violation violation;
    struct lfi_slice body = buf_slice(&answer->http.body);
    const char *wrong = refusal->id;
    if (!refusal->id && call->operation &&
        contract_check_response(call->operation, answer->http.status,
                                slice_of(answer->http.content_type), body, &violation)) {
        char detail[400];
        wrong = "BANK-REPLY";
        (void)snprintf(detail, sizeof detail, "%s %s, status %d: %s: %s", call->method,
                       call->template, answer->http.status, violation.where, violation.message);
        store_note_finding(sim->store, consent, wrong, detail);
    }
    if (consent) {
        store_note_exchange(sim->store, consent,
                            &(struct exchange){.interface = "ozone-connect",
                                               .method = slice_of(call->method),
                                               .path = call->path,
                                               .query = call->query,
                                               .request_body = call->body,
                                               .status = answer->http.status,
                                               .reply_body = body,
                                               .refused = wrong});
    }
}

/* --- under a consent -------------------------------------------------------------------------- */

/* The TPP's query with what the Hub adds: paging defaults and, for the list, the account ids. */
static struct lfi_slice complete_query(struct arena *arena, const struct consent *consent,
                                       const struct rule *rule, struct lfi_slice query)
{
    struct buf full;
    size_t pages = 0, sizes = 0;
    buf_init(&full, LIMIT_QUERY_BYTES);
    buf_append_slice(&full, query);
    request_parameter(arena, query, "page", &pages);
    request_parameter(arena, query, "page-size", &sizes);
    if (rule->paged && pages == 0) {
        query_append_pair(&full, "page", SLICE("1"));
    }
    if (rule->paged && sizes == 0) {
        query_append_pair(&full, "page-size", SLICE("100"));
    }
    if (strcmp(rule->path, "/accounts") == 0) {
        const char *before = full.len > 0 ? "&accountIds=" : "accountIds=";
        const cJSON *item;
        cJSON_ArrayForEach(item, json_get(consent->data, "accountIds"))
        {
            buf_append_text(&full, before);
            query_append_encoded(&full, slice_of(item->valuestring));
            before = ",";
        }
    }
    struct lfi_slice kept = arena_keep(arena, buf_slice(&full));
    buf_free(&full);
    return kept;
}

/* Fills `call` under the lock; nothing in it belongs to the consent. */
static int prepare(struct sim *sim, struct lfi_slice consent_id, const struct bank_request *request,
                   struct arena *arena, struct outgoing *call, struct refusal *refusal)
{
    struct contract_match match = {0};
    const struct rule *rule;
    if (contract_match(&contract_ozone_connect, request->method, request->path, &match) !=
            CONTRACT_FOUND ||
        !(rule = rule_of(&match))) {
        return refuse(refusal, "SIM-OPERATION", "The Hub offers no such operation to TPPs.");
    }
    struct consent *consent = store_find(sim->store, NULL, consent_id);
    if (!consent) {
        return refusal_set(refusal, "SIM-CONSENT-UNKNOWN", 404, "SIM-CONSENT-UNKNOWN",
                           "There is no such consent.");
    }
    struct lfi_slice account = request_decode(arena, match.path_values[0], false);
    if (check_rules(sim, consent, rule, account, refusal)) {
        return -1;
    }
    *call = (struct outgoing){
        .hub = consent->hub,
        .method = contract_operation_method(match.operation),
        .path = request->path,
        .query = complete_query(arena, consent, rule, request->query),
        .body = request->body,
        .template = rule->path,
        .operation = match.operation,
    };
    add_headers_of_consent(call, arena, consent);
    return 0;
}

static void mark_used(const struct sim *sim, struct consent *consent)
{
    char now[DATETIME_TEXT_MAX];
    datetime_format_utc_ms(clock_now_us(sim->clock), now);
    cJSON *usage = cJSON_CreateObject();
    cJSON_AddStringToObject(usage, "lastDataShared", now);
    cJSON_DeleteItemFromObjectCaseSensitive(consent->data, "consentUsage");
    cJSON_AddItemToObject(consent->data, "consentUsage", usage);
}

int bank_call(struct sim *sim, struct lfi_slice consent_id, const struct bank_request *request,
              struct arena *arena, struct bank_answer *out, struct refusal *refusal)
{
    struct outgoing call;
    memset(out, 0, sizeof *out);
    store_lock(sim->store);
    int rc = prepare(sim, consent_id, request, arena, &call, refusal);
    store_unlock(sim->store);
    if (rc) {
        return rc;
    }
    rc = send(sim, &call, arena, out, refusal);

    store_lock(sim->store);
    struct consent *consent = store_find(sim->store, NULL, consent_id);
    note(sim, &call, consent, out, refusal);
    if (consent && rc == 0 && out->http.status == 200) {
        mark_used(sim, consent);
    }
    store_unlock(sim->store);
    return rc;
}

/* --- before a consent is stored --------------------------------------------------------------- */

int bank_validate(struct sim *sim, struct consent *consent, struct arena *arena,
                  struct bank_answer *out, struct refusal *refusal)
{
    static const char path[] = "/consent/action/validate";
    struct contract_match match = {0};
    memset(out, 0, sizeof *out);
    (void)contract_match(&contract_ozone_connect, SLICE("POST"), slice_of(path), &match);
    char *body = cJSON_PrintUnformatted(consent->data);
    struct outgoing call = {.hub = consent->hub,
                            .method = "POST",
                            .path = slice_of(path),
                            .template = path,
                            .body = slice_of(body),
                            .operation = match.operation};
    add_headers_of_consent(&call, arena, consent);
    int rc = send(sim, &call, arena, out, refusal);
    store_lock(sim->store);
    note(sim, &call, consent, out, refusal);
    store_unlock(sim->store);
    if (rc == 0) {
        cJSON *answer = json_parse(buf_slice(&out->http.body));
        if (out->http.status != 200 ||
            !slice_equal_text(json_get_string(json_get(answer, "data"), "status"), "valid")) {
            rc = refusal_set(refusal, "SIM-INVALID", 422, "SIM-INVALID",
                             "The bank does not accept the consent.");
        }
        cJSON_Delete(answer);
    }
    cJSON_free(body);
    return rc;
}
