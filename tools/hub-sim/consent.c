#include "consent.h"

#include "authorizers.h"
#include "base/array.h"
#include "base/datetime.h"
#include "consent/kind.h"
#include "contract/contract.h"
#include "contract_hub_consent_manager.h"
#include "events.h"
#include "grant.h"
#include "payment_staging.h"
#include "payment_terms.h"
#include "pii.h"
#include "software.h"
#include "tpps.h"
#include "versions.h"

#include <stdio.h>

#define REQUEST_URI "urn:ietf:params:oauth:request_uri"
/* Parameters that FAPI does not know, in spellings that a careless re-encoding would change. */
#define PROBES "&hint=caf%c3%A9+au%20lait&hint=~%7e&flag&empty="
#define DEFAULT_LIFE_US (INT64_C(90) * 24 * 3600 * 1000000)
#define ACCOUNT_ID_MAX 40 /* the guides' limit; the contract has none */

/* --- states ----------------------------------------------------------------------------------- */

struct move {
    const char *from, *to;
    enum consent_mover mover;
};

/* Consent journey 11. What is not here is refused. */
static const struct move moves[] = {
    {"AwaitingAuthorization", "Authorized", CONSENT_BY_PATCH},
    {"AwaitingAuthorization", "Rejected", CONSENT_BY_PATCH},
    {"AwaitingAuthorization", "Revoked", CONSENT_BY_PATCH},
    {"AwaitingAuthorization", "Revoked", CONSENT_BY_REVOKE},
    {"AwaitingAuthorization", "Rejected", CONSENT_BY_HUB},
    {"AwaitingAuthorization", "Expired", CONSENT_BY_HUB},
    {"Authorized", "Suspended", CONSENT_BY_PATCH},
    {"Authorized", "Consumed", CONSENT_BY_HUB},
    {"Authorized", "Revoked", CONSENT_BY_PATCH},
    {"Authorized", "Revoked", CONSENT_BY_REVOKE},
    {"Authorized", "Expired", CONSENT_BY_HUB},
    {"Suspended", "Authorized", CONSENT_BY_PATCH},
    {"Suspended", "Revoked", CONSENT_BY_PATCH},
    {"Suspended", "Revoked", CONSENT_BY_REVOKE},
    {"Suspended", "Expired", CONSENT_BY_HUB},
};

bool consent_may_move(struct lfi_slice from, struct lfi_slice to, enum consent_mover mover)
{
    for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
        if (moves[i].mover == mover && slice_equal_text(from, moves[i].from) &&
            slice_equal_text(to, moves[i].to)) {
            return true;
        }
    }
    return false;
}

const cJSON *consent_authorizers(const struct consent *consent)
{
    const cJSON *meta = json_get(json_get(consent->data, "consentBody"), "Meta");
    return json_get(meta, "Authorizations") ? meta : NULL;
}

static bool is_terminal(struct lfi_slice status)
{
    for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
        if (slice_equal_text(status, moves[i].from)) {
            return false;
        }
    }
    return true;
}

static void put(cJSON *object, const char *name, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddItemToObject(object, name, value);
}

static cJSON *terms_of(const struct consent *consent)
{
    cJSON *body = cJSON_GetObjectItemCaseSensitive(consent->data, "consentBody");
    return cJSON_GetObjectItemCaseSensitive(body, "Data");
}

static void touch(const struct sim *sim, cJSON *data)
{
    put(data, "updatedAt", cJSON_CreateNumber((double)(clock_now_us(sim->clock) / 1000)));
}

static const struct consent_kind *kind_of(const struct consent *consent)
{
    return consent_kind_of(json_get_string(consent->data, "consentType"));
}

uint32_t consent_version(const struct consent *consent)
{
    uint32_t version = version_read(json_get_string(consent->data, "standardVersion"));
    return version != 0 ? version : VERSION_FIRST;
}

bool consent_pays(const struct consent *consent)
{
    return kind_of(consent)->pays;
}

static void set_status(const struct sim *sim, struct consent *consent, const char *status)
{
    char now[DATETIME_TEXT_MAX];
    put(consent->data, "status", cJSON_CreateString(status));
    put(terms_of(consent), "Status", cJSON_CreateString(status));
    if (kind_of(consent)->pays) {
        datetime_format_utc_ms(clock_now_us(sim->clock), now);
        put(terms_of(consent), "StatusUpdateDateTime", cJSON_CreateString(now));
    }
    touch(sim, consent->data);
    if (sim->announce) {
        sim->announce(sim, consent, NULL);
    }
}

static void note_change(const struct sim *sim, struct consent *consent, const char *operation,
                        const char *patch)
{
    store_note_change(sim->store, consent, operation, patch);
    events_add(sim, consent, "patch");
}

static bool is_past(const struct sim *sim, const struct consent *consent, const char *name)
{
    struct datetime end;
    return datetime_parse(json_get_string(terms_of(consent), name), &end) &&
           datetime_utc_us(&end) <= clock_now_us(sim->clock);
}

static bool is_over(const struct sim *sim, const struct consent *consent)
{
    return is_past(sim, consent, "ExpirationDateTime");
}

/* Where several must agree, the bank tells that they did not in time. */
static bool is_unanswered(const struct sim *sim, const struct consent *consent)
{
    return !consent_authorizers(consent) &&
           is_past(sim, consent, "AuthorizationExpirationDateTime");
}

static void move_by_hub(const struct sim *sim, struct consent *consent, const char *to)
{
    if (consent_may_move(json_get_string(consent->data, "status"), slice_of(to), CONSENT_BY_HUB)) {
        set_status(sim, consent, to);
        note_change(sim, consent, "patch", NULL);
    }
}

static void put_consumption(const struct sim *sim, struct consent *consent)
{
    put(terms_of(consent), "PaymentConsumption", payment_consumption(consent, sim->clock));
}

struct lfi_slice consent_status(const struct sim *sim, struct consent *consent)
{
    if (is_unanswered(sim, consent)) {
        move_by_hub(sim, consent, "Rejected");
    }
    if (is_over(sim, consent)) {
        move_by_hub(sim, consent, "Expired");
    }
    if (cJSON_GetArraySize(consent->payments) > 0) {
        put_consumption(sim, consent); /* its period may have passed */
    }
    return json_get_string(consent->data, "status");
}

bool consent_is_alive(const struct sim *sim, struct consent *consent)
{
    struct lfi_slice status = consent_status(sim, consent);
    return slice_equal_text(status, "Authorized") || slice_equal_text(status, "Suspended") ||
           slice_equal_text(status, "AwaitingAuthorization");
}

int consent_take_back(const struct sim *sim, struct consent *consent, const char *by)
{
    if (!consent_may_move(consent_status(sim, consent), SLICE("Revoked"), CONSENT_BY_REVOKE)) {
        return -1;
    }
    put(terms_of(consent), "RevokedBy", cJSON_CreateString(by));
    set_status(sim, consent, "Revoked");
    note_change(sim, consent, "revoke", by);
    return 0;
}

void consent_note_consumption(const struct sim *sim, struct consent *consent)
{
    put_consumption(sim, consent);
    touch(sim, consent->data);
}

void consent_consume(const struct sim *sim, struct consent *consent)
{
    move_by_hub(sim, consent, "Consumed");
}

/* --- making ----------------------------------------------------------------------------------- */

/* The TPP's terms with what it may leave to the Hub. */
static cJSON *complete_terms(const struct sim *sim, const struct consent_request *request)
{
    char text[DATETIME_TEXT_MAX], id[ID_UUID_MAX];
    cJSON *terms = cJSON_Duplicate(request->terms, true);
    if (!json_get(terms, "ConsentId") && id_uuid4(id)) {
        cJSON_AddStringToObject(terms, "ConsentId", id);
    }
    if (!json_get(terms, "ExpirationDateTime")) {
        int64_t end_us = payment_staging_end_us(terms);
        datetime_format_utc_ms(end_us > 0 ? end_us : clock_now_us(sim->clock) + DEFAULT_LIFE_US,
                               text);
        cJSON_AddStringToObject(terms, "ExpirationDateTime", text);
    }
    if (request->kind->pays && !json_get(terms, "PaymentPurposeCode")) {
        cJSON_AddStringToObject(terms, "PaymentPurposeCode", "ACM");
    }
    if (!request->kind->pays && !json_get(terms, "OpenFinanceBilling")) {
        cJSON *billing = cJSON_AddObjectToObject(terms, "OpenFinanceBilling");
        const char *user = request->hub->config->user_type;
        if (!request->kind->policies) {
            cJSON_AddStringToObject(billing, "UserType", user ? user : "Retail");
        }
        cJSON_AddStringToObject(billing, "Purpose", request->tpp->purpose);
    }
    return terms;
}

static cJSON *make_body(const struct sim *sim, const cJSON *terms)
{
    char now[DATETIME_TEXT_MAX];
    cJSON *body = cJSON_CreateObject(), *data = cJSON_Duplicate(terms, true);
    cJSON_DeleteItemFromObjectCaseSensitive(data, "PersonalIdentifiableInformation");
    datetime_format_utc_ms(clock_now_us(sim->clock), now);
    cJSON_AddStringToObject(data, "Status", "AwaitingAuthorization");
    cJSON_AddStringToObject(data, "CreationDateTime", now);
    cJSON_AddItemToObject(body, "Data", data);
    return body;
}

static cJSON *make_headers(void)
{
    char id[ID_UUID_MAX] = "";
    cJSON *headers = cJSON_CreateObject();
    if (id_uuid4(id)) {
        cJSON_AddStringToObject(headers, "x-fapi-interaction-id", id);
    }
    cJSON_AddStringToObject(headers, "x-fapi-customer-ip-address", "192.0.2.10");
    cJSON_AddStringToObject(headers, "x-customer-user-agent", "tpp-app/1.0");
    return headers;
}

static cJSON *make_data(const struct sim *sim, const struct consent_request *request,
                        const struct consent *consent)
{
    cJSON *data = cJSON_CreateObject(), *rar = cJSON_CreateObject();
    cJSON *terms = complete_terms(sim, request);
    const struct consent_kind *kind = request->kind;
    char type[DETAILS_TYPE_MAX], number[VERSION_TEXT_MAX];
    uint32_t version = request->version != 0 ? request->version : VERSION_FIRST;
    version_format(version, number);
    details_type_format(kind->family, version, type);
    struct lfi_slice base = json_get_string(terms, "BaseConsentId");
    put(data, "id", cJSON_Duplicate(json_get(terms, "ConsentId"), false));
    cJSON_AddStringToObject(data, "parId", consent->request_uri);
    cJSON_AddStringToObject(data, "rarType", type);
    cJSON_AddStringToObject(data, "standardVersion", number);
    put(data, "consentGroupId",
        cJSON_Duplicate(json_get(terms, base.ptr ? "BaseConsentId" : "ConsentId"), false));
    cJSON_AddStringToObject(data, "requestUrl", request->hub->issuer);
    cJSON_AddStringToObject(data, "consentType", kind->type);
    cJSON_AddStringToObject(data, "status", "AwaitingAuthorization");
    cJSON_AddItemToObject(data, "consentBody", make_body(sim, terms));
    cJSON_AddStringToObject(rar, "type", type);
    cJSON_AddItemToObject(rar, "consent", terms);
    if (request->subscription) {
        cJSON_AddItemToObject(rar, "subscription", cJSON_Duplicate(request->subscription, true));
        cJSON_AddItemToObject(cJSON_GetObjectItemCaseSensitive(data, "consentBody"), "Subscription",
                              cJSON_Duplicate(request->subscription, true));
    }
    cJSON_AddItemToObject(data, "request", rar);
    cJSON_AddItemToObject(data, "requestHeaders",
                          request->headers ? cJSON_Duplicate(request->headers, true)
                                           : make_headers());
    cJSON_AddItemToObject(data, "tpp", software_describe_tpp(sim, request->tpp));
    touch(sim, data);
    return data;
}

cJSON *consent_envelope(const cJSON *data)
{
    cJSON *envelope = cJSON_CreateObject();
    cJSON_AddItemToObject(envelope, "data", cJSON_Duplicate(data, true));
    cJSON_AddItemToObject(envelope, "meta", cJSON_CreateObject());
    return envelope;
}

/* The contract of the Hub's own answer tells whether the TPP's terms are possible at all. */
static int check_made(const cJSON *data, struct lfi_error *error)
{
    struct contract_match match = {0};
    struct contract_violation violation;
    cJSON *envelope = consent_envelope(data);
    char *text = cJSON_PrintUnformatted(envelope);
    int rc = -1;
    if (!text || contract_match(&contract_hub_consent_manager, SLICE("GET"), SLICE("/consents/x"),
                                &match) != CONTRACT_FOUND) {
        error_set(error, "out of memory");
    } else if (contract_check_response(match.operation, 200, SLICE("application/json"),
                                       slice_of(text), &violation)) {
        error_set(error, "%s: %s", violation.where, violation.message);
    } else {
        rc = 0;
    }
    cJSON_free(text);
    cJSON_Delete(envelope);
    return rc;
}

int consent_make(const struct sim *sim, const struct consent_request *request, struct consent *out,
                 struct lfi_error *error)
{
    char id[GRANT_RANDOM_MAX];
    memset(out, 0, sizeof *out);
    out->hub = request->hub;
    out->tpp = request->tpp;
    if (!grant_random(id) || !id_uuid4(out->state)) {
        return error_set(error, "no random numbers");
    }
    (void)snprintf(out->request_uri, sizeof out->request_uri, REQUEST_URI ":%s", id);
    out->request_expires_s = clock_now_s(sim->clock) + request->request_life_s;
    (void)snprintf(out->query, sizeof out->query,
                   "client_id=%s&response_type=code&scope=openid&request_uri=" REQUEST_URI
                   "%%3a%s%s",
                   request->tpp->client_id, id, request->probes ? PROBES : "");
    out->data = make_data(sim, request, out);
    out->history = cJSON_CreateArray();
    out->exchanges = cJSON_CreateArray();
    out->steps = cJSON_CreateArray();
    out->findings = cJSON_CreateArray();
    out->events = cJSON_CreateArray();
    out->payments = cJSON_CreateArray();
    cJSON *rar = cJSON_GetObjectItemCaseSensitive(out->data, "request");
    const struct pii_sender sender = {sim, request->hub, request->tpp, NULL};
    if (pii_seal_member(&sender, cJSON_GetObjectItemCaseSensitive(rar, "consent"), error) ||
        check_made(out->data, error)) {
        store_drop(out);
        return -1;
    }
    if (is_over(sim, out)) {
        store_drop(out);
        return error_set(error, "ExpirationDateTime must lie in the future");
    }
    (void)snprintf(out->id, sizeof out->id, "%s", json_get(out->data, "id")->valuestring);
    return 0;
}

int consent_lodge(const struct sim *sim, const struct consent *made, struct refusal *refusal)
{
    if (store_find(sim->store, NULL, slice_of(made->id))) {
        return refusal_set(refusal, "SIM-CONSENT-TWICE", 400, "SIM-CONSENT-TWICE",
                           "The ConsentId is taken.");
    }
    if (!store_add(sim->store, made)) {
        return refusal_set(refusal, "SIM-MEMORY", 500, "SIM-MEMORY", "Memory is short.");
    }
    events_add(sim, made, "post");
    return 0;
}

/* --- changing --------------------------------------------------------------------------------- */

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "Consent.BusinessRuleViolation", message);
}

/* Lawful members of a PATCH that belong to other kinds of consents. */
static int check_kind(const struct consent *consent, const cJSON *patch, struct refusal *refusal)
{
    static const char *const of_payments[] = {"ConnectToken", "consentBody.Data.ExchangeRate",
                                              "consentBody.Data.Charges", AUTHORIZERS_MEMBER};
    const struct consent_kind *kind = kind_of(consent);
    const char *other = kind->policies                          ? "accountIds"
                        : json_get(patch, "insurancePolicyIds") ? "insurancePolicyIds"
                                                                : NULL;
    for (size_t i = 0; !kind->pays && i < ARRAY_LEN(of_payments); i++) {
        other = json_get(patch, of_payments[i]) ? of_payments[i] : other;
    }
    if (other && json_get(patch, other)) {
        refuse(refusal, "PATCH-KIND", "A consent of this kind has no such member.");
        refusal_detail(refusal, "%s", other);
        return -1;
    }
    return 0;
}

static bool is_iban(struct lfi_slice text)
{
    uint64_t high, low;
    return text.len == 23 && slice_starts_with(text, "AE") &&
           slice_to_u64((struct lfi_slice){text.ptr + 2, 10}, &high) &&
           slice_to_u64((struct lfi_slice){text.ptr + 12, 11}, &low);
}

/* What the contract lets pass and the guides do not. */
static void note_oddities(const struct sim *sim, struct consent *consent, const cJSON *patch,
                          struct lfi_slice status)
{
    struct lfi_slice user = json_get_string(json_get(patch, "psuIdentifiers"), "userId");
    uint64_t number;
    if (user.ptr && (is_iban(user) || slice_to_u64(user, &number) || user.len == 0 ||
                     memchr(user.ptr, '@', user.len))) {
        store_note_finding(sim->store, consent, "PATCH-PERSONAL", "userId is not opaque");
    }
    const cJSON *account;
    cJSON_ArrayForEach(account, json_get(patch, "accountIds"))
    {
        struct lfi_slice id = slice_of(account->valuestring);
        if (id.len == 0 || id.len > ACCOUNT_ID_MAX || is_iban(id)) {
            store_note_finding(sim->store, consent, "PATCH-ACCOUNT-FORM",
                               "an accountId is not opaque or not 1 to 40 characters long");
        }
    }
    if (slice_equal_text(status, "Revoked")) {
        store_note_finding(sim->store, consent, "PATCH-REVOKED",
                           "revoking is the business of the revoke action, which ends tokens too");
    }
    if (slice_equal_text(status, "Rejected") && json_get(patch, "accountIds")) {
        store_note_finding(sim->store, consent, "PATCH-REJECTED-ACCOUNTS",
                           "a rejected consent has no accounts");
    }
}

/* Now, or when the first of several authorizers agreed. */
static bool is_told(const struct consent *consent, const cJSON *patch, const char *name)
{
    return json_get(patch, name) || (consent_authorizers(consent) && json_get(consent->data, name));
}

static int check_move(const struct consent *consent, struct lfi_slice to, const cJSON *patch,
                      struct refusal *refusal)
{
    const struct consent_kind *kind = kind_of(consent);
    struct lfi_slice from = json_get_string(consent->data, "status");
    if (!consent_may_move(from, to, CONSENT_BY_PATCH)) {
        refuse(refusal, "PATCH-MOVE", "The consent cannot come into this state.");
        refusal_detail(refusal, "%.*s to %.*s", SLICE_ARG(from), SLICE_ARG(to));
        return -1;
    }
    bool decided = slice_equal_text(from, "AwaitingAuthorization");
    if (decided && !is_told(consent, patch, "psuIdentifiers")) {
        return refuse(refusal, "PATCH-USER", "A decision needs psuIdentifiers.");
    }
    if (decided && kind->accounts && slice_equal_text(to, "Authorized") &&
        !is_told(consent, patch, "accountIds")) {
        return refuse(refusal, "PATCH-ACCOUNTS", "An authorization needs accountIds.");
    }
    if (decided && kind->policies && slice_equal_text(to, "Authorized") &&
        !json_get(patch, "insurancePolicyIds")) {
        return refuse(refusal, "PATCH-POLICIES", "An authorization needs insurancePolicyIds.");
    }
    return 0;
}

/* The approvers that the PATCH lists, else those that an earlier one did. */
static int check_authorizers(const struct consent *consent, const cJSON *patch,
                             struct lfi_slice status, struct refusal *refusal)
{
    const cJSON *list = json_get(patch, AUTHORIZERS_MEMBER);
    if (list && json_get_bool(terms_of(consent), "IsSingleAuthorization", false)) {
        return refuse(refusal, "PATCH-AUTHORIZERS-SINGLE",
                      "The consent must be authorized by one customer alone.");
    }
    if (!list && kind_of(consent)->pays) {
        const cJSON *meta = json_get(json_get(consent->data, "consentBody"), "Meta");
        list = json_get(meta, "Authorizations") ? meta : NULL;
    }
    return list ? authorizers_check(list, status, refusal) : 0;
}

/* Sets the member that a dotted name leads to; objects are merged one level deep. */
static void apply(cJSON *data, const cJSON *member)
{
    struct lfi_slice rest = slice_of(member->string), step;
    char name[64];
    cJSON *at = data;
    while (slice_next(&rest, '.', &step) && step.len < sizeof name) {
        memcpy(name, step.ptr, step.len);
        name[step.len] = '\0';
        if (!rest.ptr) {
            break;
        }
        cJSON *next = cJSON_GetObjectItemCaseSensitive(at, name);
        at = next ? next : cJSON_AddObjectToObject(at, name);
    }
    cJSON *old = cJSON_GetObjectItemCaseSensitive(at, name);
    if (cJSON_IsObject(old) && cJSON_IsObject(member)) {
        const cJSON *inner;
        cJSON_ArrayForEach(inner, member)
        {
            put(old, inner->string, cJSON_Duplicate(inner, true));
        }
    } else {
        put(at, name, cJSON_Duplicate(member, true));
    }
}

static void change(const struct sim *sim, struct consent *consent, const cJSON *patch,
                   struct lfi_slice status)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, patch)
    {
        if (slice_equal_text(slice_of(member->string), AUTHORIZERS_MEMBER)) {
            /* A payment consent shows the list as Meta itself. */
            put(cJSON_GetObjectItemCaseSensitive(consent->data, "consentBody"), "Meta",
                cJSON_Duplicate(member, true));
        } else {
            apply(consent->data, member);
        }
        if (strcmp(member->string, "insurancePolicyIds") == 0) {
            put(consent->data, "accountIds", cJSON_Duplicate(member, true)); /* as the Hub does */
        }
    }
    if (status.ptr) {
        set_status(sim, consent, status.ptr);
    }
    touch(sim, consent->data);
    char *text = cJSON_PrintUnformatted(patch);
    note_change(sim, consent, "patch", text);
    cJSON_free(text);
}

int consent_patch(const struct sim *sim, struct consent *consent, struct lfi_slice body,
                  struct refusal *refusal)
{
    struct lfi_slice current = consent_status(sim, consent);
    cJSON *patch = json_parse(body);
    if (!patch) {
        return refusal_set(refusal, "PATCH-JSON", 400, "Body.InvalidFormat", "Not JSON.");
    }
    struct lfi_slice status = json_get_string(patch, "status");
    struct lfi_slice inner = json_get_string(patch, "consentBody.Data.Status");
    int rc = check_kind(consent, patch, refusal);
    if (rc == 0 && is_terminal(current)) {
        rc = refuse(refusal, "PATCH-STATE", "The consent has come to its end.");
    }
    if (rc == 0 && status.ptr && inner.ptr && !slice_equal(status, inner)) {
        rc = refuse(refusal, "PATCH-STATUS-TWICE", "Two different states are given.");
    }
    if (!status.ptr) {
        status = inner;
    }
    if (rc == 0 && status.ptr) {
        rc = check_move(consent, status, patch, refusal);
    }
    if (rc == 0) {
        rc = check_authorizers(consent, patch, status.ptr ? status : current, refusal);
    }
    if (rc == 0) {
        note_oddities(sim, consent, patch, status);
        change(sim, consent, patch, status);
    }
    cJSON_Delete(patch);
    return rc;
}

int consent_revoke(const struct sim *sim, struct consent *consent, struct lfi_slice body,
                   struct refusal *refusal)
{
    if (!consent_may_move(consent_status(sim, consent), SLICE("Revoked"), CONSENT_BY_REVOKE)) {
        return refuse(refusal, "REVOKE-MOVE", "The consent has come to its end.");
    }
    cJSON *revocation = json_parse(body);
    const cJSON *by = json_get(revocation, "revokedBy");
    int rc = 0;
    if (!by || slice_starts_with(slice_of(by->valuestring), "TPP")) {
        rc = refuse(refusal, "REVOKE-BY", "The bank does not revoke in a TPP's name.");
    } else {
        put(terms_of(consent), "RevokedBy", cJSON_Duplicate(by, false));
        set_status(sim, consent, "Revoked");
        note_change(sim, consent, "revoke", by->valuestring);
    }
    cJSON_Delete(revocation);
    return rc;
}
