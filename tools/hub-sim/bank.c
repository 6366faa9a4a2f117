#include "bank.h"

#include "base/base64.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "connect/families.h"
#include "contract/version.h"
#include "credential.h"
#include "filter.h"
#include "query.h"
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>

#define HEADERS_MAX 16
#define POLICIES "insurancePolicyIds"
#define EVENT_MS 2000 /* no caller waits for the answer, but the end of the simulator does */
#define ADDRESS_HEADER "x-fapi-customer-ip-address"
#define CUSTOMER_ADDRESS "192.0.2.10"
#define HEADER_BYTES (LIMIT_TOKEN_BYTES + 32)

/* --- one call --------------------------------------------------------------------------------- */

/* What is sent; texts in the arena. */
struct outgoing {
    const struct sim_hub *hub;
    const char *method;
    struct lfi_slice path, query, body;
    const char *content_type; /* of the body; NULL: JSON */
    const char *template;     /* of the path */
    const struct contract_operation *operation;
    bool with_consent;
    struct lfi_slice interaction_id; /* absent: a fresh one */
    struct lfi_slice version;        /* of the consent, with a slash before it; absent: not told */
    struct lfi_slice api_uri;        /* that the TPP called; absent: it is made of the others */
    const char *lines[HEADERS_MAX + 1];
    struct header headers[HEADERS_MAX]; /* the same in parts */
    size_t header_count;
    int timeout_ms; /* 0: the client's */
    bool misused;   /* not the right credential, on request: there is no second try */
    int64_t elapsed_us;
};

static void add_header(struct outgoing *call, struct arena *arena, const char *name,
                       struct lfi_slice value)
{
    struct lfi_slice line = arena_format(arena, "%s: %.*s", name, SLICE_ARG(value));
    size_t name_len = strlen(name), at = call->header_count;
    if (line.ptr && at < HEADERS_MAX) {
        call->lines[at] = line.ptr;
        call->headers[at] =
            (struct header){{line.ptr, name_len}, {line.ptr + name_len + 2, value.len}};
        call->header_count++;
    }
}

/* The n-th try; the second has a new credential. */
static int add_credential(struct sim *sim, struct outgoing *call, struct arena *arena, bool renew)
{
    struct buf value;
    struct lfi_error error;
    const struct sim_hub *hub = call->hub;
    enum fault_kind fault = faults_take_caller(sim->faults);
    enum credential_use use = renew                          ? CREDENTIAL_RENEW
                              : fault == FAULT_EXPIRED_TOKEN ? CREDENTIAL_EXPIRED
                              : fault == FAULT_RETIRED_KEY   ? CREDENTIAL_RETIRED
                                                             : CREDENTIAL_USUAL;
    buf_init(&value, HEADER_BYTES);
    if (fault == FAULT_OTHER_PROVIDER) {
        hub = &sim->hubs[(size_t)(hub - sim->hubs + 1) % sim->hub_count];
    }
    int rc = fault == FAULT_NO_CREDENTIAL ? 0 : credential_append(sim, hub, use, &value, &error);
    if (fault == FAULT_WRONG_CREDENTIAL && value.len > 0) {
        value.ptr[value.len / 2] ^= 1; /* another character of its alphabet, mostly */
    }
    call->misused = fault != FAULT_NONE && fault != FAULT_EXPIRED_TOKEN;
    if (rc == 0 && value.len > 0) {
        add_header(call, arena, "Authorization", buf_slice(&value));
    }
    buf_free(&value);
    return rc;
}

static void add_headers_of_tpp(struct outgoing *call, struct arena *arena, const struct tpp *tpp)
{
    add_header(call, arena, "o3-provider-id", slice_of(call->hub->config->provider_id));
    add_header(call, arena, "o3-aspsp-id", slice_of(call->hub->config->provider_id));
    add_header(call, arena, "o3-caller-org-id", slice_of(tpp->org_id));
    add_header(call, arena, "o3-caller-client-id", slice_of(tpp->client_id));
    add_header(call, arena, "o3-caller-software-statement-id", slice_of(tpp->software_id));
    add_header(call, arena, "o3-api-operation", slice_of(call->method));
}

static void add_psu_identifier(struct outgoing *call, struct arena *arena, struct lfi_slice json)
{
    struct buf text;
    buf_init(&text, HEADER_BYTES);
    base64_append_standard(&text, json.ptr, json.len);
    add_header(call, arena, "o3-psu-identifier", buf_slice(&text));
    buf_free(&text);
}

static void add_headers_of_consent(struct outgoing *call, struct arena *arena,
                                   const struct consent *consent)
{
    add_headers_of_tpp(call, arena, consent->tpp);
    add_header(call, arena, "o3-consent-id", slice_of(consent->id));
    struct lfi_slice version = json_get_string(consent->data, "standardVersion");
    if (version.ptr) {
        call->version = arena_format(arena, "/%.*s", SLICE_ARG(version));
    }
    char *psu = cJSON_PrintUnformatted(json_get(consent->data, "psuIdentifiers"));
    if (psu) {
        add_psu_identifier(call, arena, slice_of(psu));
        cJSON_free(psu);
    }
}

/* Validation changes nothing, and an event is the whole consent. They need no new connection. */
static bool is_repeatable(const struct outgoing *call)
{
    static const char event[] = "/consent/event/";
    return strcmp(call->template, "/consent/action/validate") == 0 ||
           strncmp(call->template, event, sizeof(event) - 1) == 0;
}

/* One try: adds the credential after the other headers, and calls. */
static int try_call(struct sim *sim, struct outgoing *call, struct arena *arena, bool renew,
                    struct bank_answer *out, struct refusal *refusal)
{
    struct lfi_error error = {""};
    http_answer_init(&out->http, LIMIT_REPLY_BYTES);
    if (add_credential(sim, call, arena, renew)) {
        return refusal_set(refusal, "SIM-TOKEN", 502, "SIM-TOKEN", "No credential could be had.");
    }
    struct lfi_slice url =
        arena_format(arena, "%s%.*s%s%.*s", sim->config->bank_url, SLICE_ARG(call->path),
                     call->query.len > 0 ? "?" : "", SLICE_ARG(call->query));
    int64_t begun_us = clock_monotonic_us();
    int rc =
        http_client_call(call->hub->client,
                         &(struct http_call){.method = call->method,
                                             .url = url.ptr,
                                             .headers = call->lines,
                                             .content_type = call->content_type ? call->content_type
                                                             : call->body.ptr   ? "application/json"
                                                                                : NULL,
                                             .body = call->body,
                                             .timeout_ms = call->timeout_ms,
                                             .repeatable = is_repeatable(call)},
                         &out->http, &error);
    call->elapsed_us = clock_monotonic_us() - begun_us;
    if (rc) {
        refusal_set(refusal, "SIM-BANK-DOWN", 502, "SIM-BANK-DOWN", error.message);
    }
    return rc;
}

uint32_t bank_version(const struct sim_hub *hub, uint32_t asked)
{
    const uint32_t *served = hub->config->bank_versions;
    uint32_t version = asked != 0 ? version_resolve(served, asked) : served[0];
    return version != 0 ? version : asked;
}

/* The version of the standard in which the bank answers decides what its answer must be. */
static void choose_version(struct outgoing *call, struct arena *arena)
{
    if (!call->api_uri.ptr) {
        call->api_uri = arena_format(arena, "%s/open-finance%.*s%s", call->hub->issuer,
                                     SLICE_ARG(call->version), call->template);
    }
    uint32_t version = bank_version(call->hub, version_of_address(call->api_uri));
    const struct contract_operation *operation =
        version != 0 ? contract_operation_in(call->operation, version) : NULL;
    call->operation = operation ? operation : call->operation;
}

static int send(struct sim *sim, struct outgoing *call, struct arena *arena,
                struct bank_answer *out, struct refusal *refusal)
{
    choose_version(call, arena);
    http_answer_init(&out->http, LIMIT_REPLY_BYTES);
    if (call->interaction_id.len == sizeof(out->interaction_id) - 1) {
        memcpy(out->interaction_id, call->interaction_id.ptr, sizeof(out->interaction_id) - 1);
    } else if (!id_uuid4(out->interaction_id)) {
        return refusal_set(refusal, "SIM-TOKEN", 500, "SIM-TOKEN", "No random numbers.");
    }
    if (call->header_count >
        0) { /* an operation that has none of the Hub's headers has none here */
        add_header(call, arena, "o3-caller-interaction-id", slice_of(out->interaction_id));
        add_header(call, arena, "o3-ozone-interaction-id", slice_of(out->interaction_id));
        add_header(call, arena, "o3-api-uri", call->api_uri);
    }
    size_t header_count = call->header_count;
    int rc = try_call(sim, call, arena, false, out, refusal);
    if (rc == 0 && out->http.status == 401 && !call->misused && credential_can_renew(call->hub)) {
        http_answer_free(&out->http);
        call->header_count = header_count;
        call->lines[header_count] = NULL;
        rc = try_call(sim, call, arena, true, out, refusal);
    }
    return rc;
}

static struct lfi_slice subject_text(struct arena *arena, const struct certificate_subject *subject)
{
    return arena_format(arena, "O=%s, OU=%s, CN=%s", subject->o, subject->ou, subject->cn);
}

static void note_exchange(struct sim *sim, const struct outgoing *call, struct arena *arena,
                          struct consent *consent, const struct bank_answer *answer)
{
    store_note_exchange(sim->store, consent,
                        &(struct exchange){
                            .interface = "ozone-connect",
                            .method = slice_of(call->method),
                            .path = call->path,
                            .query = call->query,
                            .request_body = call->body,
                            .headers = call->headers,
                            .header_count = call->header_count,
                            .subject = subject_text(arena, &call->hub->subject),
                            .status = answer->http.status,
                            .reply_type = slice_of(answer->http.content_type),
                            .reply_body = buf_slice(&answer->http.body),
                            .elapsed_us = call->elapsed_us,
                            .refused = answer->wrong,
                        });
}

/* Holds the answer against the contract and notes the exchange. `consent` may be NULL. */
static void judge_answer(struct sim *sim, const struct outgoing *call, struct arena *arena,
                         struct consent *consent, struct bank_answer *answer)
{
    struct contract_violation violation;
    if (!answer->wrong && contract_check_response(call->operation, answer->http.status,
                                                  slice_of(answer->http.content_type),
                                                  buf_slice(&answer->http.body), &violation)) {
        char detail[560];
        (void)snprintf(detail, sizeof detail, "%s %s, status %d: %s: %s", call->method,
                       call->template, answer->http.status, violation.where, violation.message);
        answer->wrong = "BANK-REPLY";
        store_note_finding(sim->store, consent, answer->wrong, detail);
    }
    note_exchange(sim, call, arena, consent, answer);
}

static int refuse(struct refusal *refusal, const char *id, int status, const char *message)
{
    return refusal_set(refusal, id, status, id, message);
}

/* The path at the bank, below the base path of its family. */
static struct lfi_slice path_at_bank(const struct sim *sim, struct arena *arena,
                                     const struct api_match *match, struct lfi_slice path)
{
    const char *base_path = sim->config->base_paths[match->index];
    return base_path ? arena_format(arena, "%s%.*s", base_path, SLICE_ARG(path)) : path;
}

/* --- for a TPP -------------------------------------------------------------------------- */

/* Those that the customer has chosen; parameter and member of the consent have one name. */
static void append_ids(struct buf *query, const char *name, const struct consent *consent)
{
    const cJSON *item;
    const char *before = "=";
    buf_append_text(query, query->len > 0 ? "&" : "");
    buf_append_text(query, name);
    cJSON_ArrayForEach(item, json_get(consent->data, name))
    {
        buf_append_text(query, before);
        query_append_encoded(query, slice_of(item->valuestring));
        before = ",";
    }
}

/* The TPP's query with what the Hub adds: paging defaults and, for lists, the ids. */
static struct lfi_slice complete_query(struct arena *arena, const struct consent *consent,
                                       const struct outgoing *call, struct lfi_slice query)
{
    bool paged = contract_operation_has_parameter(call->operation, "page");
    struct buf full;
    size_t pages = 0, sizes = 0, policies = 0;
    buf_init(&full, LIMIT_QUERY_BYTES);
    buf_append_slice(&full, query);
    request_parameter(arena, query, "page", &pages);
    request_parameter(arena, query, "page-size", &sizes);
    request_parameter(arena, query, POLICIES, &policies);
    if (paged && pages == 0) {
        query_append_pair(&full, "page", SLICE("1"));
    }
    if (paged && sizes == 0) {
        query_append_pair(&full, "page-size", SLICE("100"));
    }
    if (consent && strcmp(call->template, "/accounts") == 0) {
        append_ids(&full, "accountIds", consent);
    }
    if (consent && contract_operation_has_parameter(call->operation, POLICIES) && policies == 0) {
        append_ids(&full, POLICIES, consent);
    }
    struct lfi_slice kept = arena_keep(arena, buf_slice(&full));
    buf_free(&full);
    return kept;
}

/* An operation that needs no consent: of the Hub and the TPP that the request names. */
static int prepare_open(const struct bank_request *request, struct arena *arena,
                        struct outgoing *call)
{
    call->hub = request->hub;
    call->query = complete_query(arena, NULL, call, request->query);
    add_headers_of_tpp(call, arena, request->tpp);
    if (contract_operation_has_parameter(call->operation, ADDRESS_HEADER)) {
        add_header(call, arena, ADDRESS_HEADER,
                   request->customer_address.ptr ? request->customer_address
                                                 : SLICE(CUSTOMER_ADDRESS));
    }
    return 0;
}

static void note_refused(struct sim *sim, struct consent *consent,
                         const struct bank_request *request, const struct refusal *refusal)
{
    store_note_step(sim->store, consent,
                    &(struct exchange){.interface = "refused",
                                       .method = request->method,
                                       .path = request->path,
                                       .query = request->query,
                                       .request_body = request->body,
                                       .status = refusal->status,
                                       .reply_body = slice_of(refusal->error_message),
                                       .refused = refusal->id});
}

/* Fills `call` under the lock; nothing in it belongs to the consent. */
static int prepare(struct sim *sim, const struct bank_request *request, struct arena *arena,
                   struct outgoing *call, struct refusal *refusal)
{
    struct api_match match;
    apis_find(sim->bank, APIS_OWN, request->method, request->path, &match);
    if (match.found != CONTRACT_FOUND || !rules_offer(match.row)) {
        return refuse(refusal, "SIM-OPERATION", 403, "The Hub offers no such operation to TPPs.");
    }
    const struct contract_operation *operation = match.contract.operation;
    *call = (struct outgoing){.method = contract_operation_method(operation),
                              .path = path_at_bank(sim, arena, &match, request->path),
                              .body = request->body,
                              .interaction_id = request->interaction_id,
                              .api_uri = request->api_uri,
                              .template = contract_operation_path(operation),
                              .operation = operation};
    if (!rules_need_consent(match.row)) {
        return request->hub ? prepare_open(request, arena, call)
                            : refuse(refusal, "SIM-PROVIDER", 400, "There is no such provider.");
    }
    struct consent *consent = store_find(sim->store, NULL, request->consent_id);
    if (!consent) {
        return refuse(refusal, "SIM-CONSENT-UNKNOWN", 404, "There is no such consent.");
    }
    struct lfi_slice id = request_decode(arena, match.contract.path_values[0], false);
    if (rules_check(sim, consent, match.row, id, refusal)) {
        note_refused(sim, consent, request, refusal);
        return -1;
    }
    call->hub = consent->hub;
    call->with_consent = true;
    call->query = complete_query(arena, consent, call, request->query);
    add_headers_of_consent(call, arena, consent);
    return 0;
}

static const cJSON *terms_of(const struct consent *consent)
{
    return json_get(json_get(consent->data, "consentBody"), "Data");
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

int bank_call(struct sim *sim, const struct bank_request *request, struct arena *arena,
              struct bank_answer *out, struct refusal *refusal)
{
    struct outgoing call;
    memset(out, 0, sizeof *out);
    store_lock(sim->store);
    int rc = prepare(sim, request, arena, &call, refusal);
    store_unlock(sim->store);
    if (rc) {
        return rc;
    }
    rc = send(sim, &call, arena, out, refusal);
    out->wrong = refusal->id;

    store_lock(sim->store);
    struct consent *consent =
        call.with_consent ? store_find(sim->store, NULL, request->consent_id) : NULL;
    judge_answer(sim, &call, arena, consent, out);
    out->shown = rc == 0 ? json_parse(buf_slice(&out->http.body)) : NULL;
    if (consent && rc == 0 && out->http.status == 200) {
        filter_answer(out->shown, call.template, json_get(terms_of(consent), "Permissions"));
        mark_used(sim, consent);
    }
    store_unlock(sim->store);
    return rc;
}

int bank_send(struct sim *sim, const struct bank_plain_call *plain, struct arena *arena,
              struct bank_answer *out, struct refusal *refusal)
{
    struct api_match match;
    char fresh[ID_UUID_MAX];
    memset(out, 0, sizeof *out);
    apis_find(sim->bank, APIS_OWN, plain->method, plain->path, &match);
    if (match.found != CONTRACT_FOUND || !id_uuid4(fresh)) {
        return refuse(refusal, "SIM-OPERATION", 403, "The bank offers no such operation.");
    }
    const struct contract_operation *operation = match.contract.operation;
    struct outgoing call = {.hub = plain->hub,
                            .method = contract_operation_method(operation),
                            .path = path_at_bank(sim, arena, &match, plain->path),
                            .query = plain->query,
                            .body = plain->body,
                            .template = contract_operation_path(operation),
                            .operation = operation};
    add_headers_of_tpp(&call, arena, &tpps[0]);
    add_header(&call, arena, "o3-consent-id",
               plain->consent_id.ptr ? plain->consent_id : slice_of(fresh));
    add_header(&call, arena, ADDRESS_HEADER, SLICE(CUSTOMER_ADDRESS));
    if (plain->user_id.ptr) {
        add_psu_identifier(&call, arena,
                           arena_format(arena, "{\"userId\":\"%.*s\"}", SLICE_ARG(plain->user_id)));
    }
    int rc = send(sim, &call, arena, out, refusal);
    store_lock(sim->store);
    out->wrong = refusal->id;
    judge_answer(sim, &call, arena, NULL, out);
    store_unlock(sim->store);
    return rc;
}

/* The headers of an operation of CAAP: those about users have none. */
static void add_headers_of_caap(struct outgoing *call, struct arena *arena,
                                const struct bank_caap_call *caap, const struct consent *consent)
{
    if (!contract_operation_has_parameter(call->operation, "o3-provider-id")) {
        return;
    }
    add_headers_of_tpp(call, arena, consent->tpp);
    if (contract_operation_has_parameter(call->operation, "o3-psu-identifier")) {
        add_header(call, arena, "o3-consent-id", slice_of(consent->id));
        add_psu_identifier(call, arena,
                           arena_format(arena, "{\"userId\":\"%.*s\"}", SLICE_ARG(caap->user_id)));
        add_header(call, arena, "o3-is-caap-consent-operation", SLICE("true"));
    }
    if (caap->use_case.ptr) {
        add_header(call, arena, "o3-caap-consent-use-case", caap->use_case);
    }
}

int bank_send_as_caap(struct sim *sim, const struct bank_caap_call *caap, struct arena *arena,
                      struct bank_answer *out, struct refusal *refusal)
{
    struct api_match match;
    memset(out, 0, sizeof *out);
    apis_find(sim->bank, APIS_CAAP, caap->method, caap->path, &match);
    if (match.found != CONTRACT_FOUND || !match.api->caap) {
        return refuse(refusal, "SIM-OPERATION", 403, "CAAP has no such operation.");
    }
    const struct contract_operation *operation = match.contract.operation;
    struct outgoing call = {.hub = caap->caap,
                            .method = contract_operation_method(operation),
                            .path = path_at_bank(sim, arena, &match, caap->path),
                            .query = caap->query,
                            .body = caap->body,
                            .template = contract_operation_path(operation),
                            .operation = operation};
    store_lock(sim->store);
    struct consent *consent = store_find(sim->store, NULL, caap->consent_id);
    if (consent) {
        add_headers_of_caap(&call, arena, caap, consent);
    }
    store_unlock(sim->store);
    if (!consent) {
        return refuse(refusal, "SIM-CONSENT-UNKNOWN", 404, "There is no such consent.");
    }
    int rc = send(sim, &call, arena, out, refusal);
    store_lock(sim->store);
    out->wrong = refusal->id;
    judge_answer(sim, &call, arena, store_find(sim->store, NULL, caap->consent_id), out);
    store_unlock(sim->store);
    return rc;
}

void bank_answer_free(struct bank_answer *answer)
{
    http_answer_free(&answer->http);
    cJSON_Delete(answer->shown);
    answer->shown = NULL;
}

/* --- about a consent -------------------------------------------------------------------------- */

static void prepare_about(const struct sim *sim, const struct consent *consent, struct arena *arena,
                          const char *method, const char *path, struct outgoing *call)
{
    struct api_match match;
    apis_find(sim->bank, APIS_OWN, slice_of(method), slice_of(path), &match);
    *call = (struct outgoing){.hub = consent->hub,
                              .method = method,
                              .path = path_at_bank(sim, arena, &match, slice_of(path)),
                              .template = contract_operation_path(match.contract.operation),
                              .operation = match.contract.operation};
    add_headers_of_consent(call, arena, consent);
}

int bank_validate(struct sim *sim, struct consent *consent, struct arena *arena,
                  struct bank_answer *out, struct refusal *refusal)
{
    struct outgoing call;
    memset(out, 0, sizeof *out);
    char *body = cJSON_PrintUnformatted(consent->data);
    prepare_about(sim, consent, arena, "POST", "/consent/action/validate", &call);
    call.body = slice_of(body);
    int rc = send(sim, &call, arena, out, refusal);
    store_lock(sim->store);
    out->wrong = refusal->id;
    judge_answer(sim, &call, arena, consent, out);
    store_unlock(sim->store);
    if (rc == 0) {
        cJSON *answer = json_parse(buf_slice(&out->http.body));
        if (out->http.status != 200 || out->wrong ||
            !slice_equal_text(json_get_string(json_get(answer, "data"), "status"), "valid")) {
            rc = refusal_set(refusal, "SIM-INVALID", 422, "SIM-INVALID",
                             "The bank does not accept the consent.");
        }
        cJSON_Delete(answer);
    }
    cJSON_free(body);
    return rc;
}

int bank_ask_about(struct sim *sim, const struct bank_about *about, struct arena *arena,
                   struct bank_answer *out, struct refusal *refusal)
{
    struct outgoing call;
    memset(out, 0, sizeof *out);
    store_lock(sim->store);
    struct consent *consent =
        about->made ? about->made : store_find(sim->store, NULL, about->consent_id);
    if (consent) {
        prepare_about(sim, consent, arena, about->method, about->path.ptr, &call);
    }
    store_unlock(sim->store);
    if (!consent) {
        return refuse(refusal, "SIM-CONSENT-UNKNOWN", 404, "There is no such consent.");
    }
    call.body = about->body;
    call.content_type = about->content_type;
    call.interaction_id = about->interaction_id;
    call.api_uri = about->api_uri;
    int rc = send(sim, &call, arena, out, refusal);
    out->wrong = refusal->id;
    store_lock(sim->store);
    consent = about->made ? about->made : store_find(sim->store, NULL, about->consent_id);
    judge_answer(sim, &call, arena, consent, out);
    store_unlock(sim->store);
    out->shown = rc == 0 ? json_parse(buf_slice(&out->http.body)) : NULL;
    return rc;
}

bool bank_tell(struct sim *sim, const struct consent *consent, const char *operation)
{
    struct outgoing call;
    struct refusal refusal = {0};
    struct bank_answer answer = {0};
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    char *body = cJSON_PrintUnformatted(consent->data);
    struct lfi_slice path = {NULL, 0};
    bool answered = false;
    if (arena && body) {
        path = arena_format(arena, "/consent/event/%s", operation);
    }
    if (path.ptr) {
        prepare_about(sim, consent, arena, "POST", path.ptr, &call);
        call.body = slice_of(body);
        call.timeout_ms = EVENT_MS;
        answered = send(sim, &call, arena, &answer, &refusal) == 0;
        answer.wrong = refusal.id;
        store_lock(sim->store);
        judge_answer(sim, &call, arena, store_find(sim->store, consent->hub, slice_of(consent->id)),
                     &answer);
        store_unlock(sim->store);
        bank_answer_free(&answer);
    }
    cJSON_free(body);
    arena_free(arena);
    return answered;
}
