/* Pushed authorization requests (RFC 9126). */
#include "bank.h"
#include "base/datetime.h"
#include "consent.h"
#include "consent/policy_rights.h"
#include "file_announce.h"
#include "grant.h"
#include "payment_staging.h"
#include "rows_hub_authorization.h"
#include "tpp/client.h"
#include "tpp/headers.h"
#include "tpp/request_object.h"
#include "webhooks.h"

#include <stdio.h>

#define YEAR_US (INT64_C(366) * 24 * 3600 * 1000000)

static int refuse(struct tpp_call *call, const char *id, const char *message)
{
    return tpp_refuse(call, id, "invalid_request", message);
}

/* --- the Hub's own rules ---------------------------------------------------------------------- */

static bool is_within_a_year(const cJSON *terms, const char *name, int64_t now_us)
{
    struct datetime end;
    return datetime_parse(json_get_string(terms, name), &end) && datetime_utc_us(&end) > now_us &&
           datetime_utc_us(&end) < now_us + YEAR_US;
}

/* Until when the customer may authorize: not over, and not after the consent's own end. */
static bool has_bad_deadline(const cJSON *terms, int64_t now_us)
{
    struct datetime deadline, end;
    return datetime_parse(json_get_string(terms, "AuthorizationExpirationDateTime"), &deadline) &&
           datetime_parse(json_get_string(terms, "ExpirationDateTime"), &end) &&
           (datetime_utc_us(&deadline) <= now_us ||
            datetime_utc_us(&deadline) > datetime_utc_us(&end));
}

/* What is read of an account needs the account itself. */
static bool needs_account(const cJSON *permissions)
{
    const cJSON *code;
    cJSON_ArrayForEach(code, permissions)
    {
        struct lfi_slice name = slice_of(code->valuestring);
        if (!slice_starts_with(name, "ReadAccounts") && !slice_starts_with(name, "ReadParty") &&
            !slice_starts_with(name, "ReadRefund")) {
            return true;
        }
    }
    return false;
}

/* Whether two blocks of permissions are of one sector of insurance. */
static bool names_sector_twice(const cJSON *blocks)
{
    unsigned seen = 0;
    const cJSON *block;
    cJSON_ArrayForEach(block, blocks)
    {
        unsigned sector = 1U << policy_sector_named(json_get_string(block, "InsuranceType"));
        if (seen & sector) {
            return true;
        }
        seen |= sector;
    }
    return false;
}

static int check_rules(struct tpp_call *call, const struct request_object *object)
{
    struct refusal refusal = {0};
    if (object->kind->pays &&
        payment_staging_check(object->terms, call->base.sim->clock, &refusal) != 0) {
        return refuse(call, refusal.id, refusal.error_message);
    }
    const char *why = webhooks_why_not(json_get(object->details, "subscription"));
    if (why) {
        return refuse(call, "PAR-WEBHOOK", why);
    }
    int64_t now_us = clock_now_us(call->base.sim->clock);
    const cJSON *permissions = json_get(object->terms, "Permissions");
    if (!is_within_a_year(object->terms, "ExpirationDateTime", now_us)) {
        return refuse(call, "PAR-EXPIRY", "ExpirationDateTime must be within the next year");
    }
    if (has_bad_deadline(object->terms, now_us)) {
        return refuse(
            call, "PAR-DEADLINE",
            "AuthorizationExpirationDateTime must lie between now and ExpirationDateTime");
    }
    if (object->kind->policies) {
        return names_sector_twice(permissions)
                   ? refuse(call, "PAR-PERMISSIONS", "Permissions name an InsuranceType twice")
                   : 0;
    }
    if (needs_account(permissions) && !json_lists(permissions, SLICE("ReadAccountsBasic")) &&
        !json_lists(permissions, SLICE("ReadAccountsDetail"))) {
        return refuse(call, "PAR-PERMISSIONS",
                      "Permissions need ReadAccountsBasic or ReadAccountsDetail beside these");
    }
    return 0;
}

/* A base consent must be one of this client's, of the same type. Under the lock. */
static int check_ids(struct tpp_call *call, const struct request_object *object)
{
    struct store *store = call->base.sim->store;
    struct lfi_slice base = json_get_string(object->terms, "BaseConsentId");
    if (store_find(store, NULL, json_get_string(object->terms, "ConsentId"))) {
        return refuse(call, "PAR-CONSENT-ID", "ConsentId was used before");
    }
    const struct consent *consent = base.ptr ? store_find(store, call->base.hub, base) : NULL;
    if (base.ptr &&
        (!consent || consent->tpp != call->tpp ||
         !slice_equal_text(json_get_string(consent->data, "consentType"), object->kind->type))) {
        return refuse(call, "PAR-BASE-CONSENT",
                      "BaseConsentId must be a consent of this client and type");
    }
    return 0;
}

/* --- the consent ------------------------------------------------------------------------------ */

static int make(struct tpp_call *call, const struct request_object *object, struct consent *out)
{
    struct lfi_error error = {""};
    cJSON *headers = headers_describe(call);
    const struct consent_request request = {
        .hub = call->base.hub,
        .tpp = call->tpp,
        .kind = object->kind,
        .version = object->version,
        .terms = object->terms,
        .subscription = json_get(object->details, "subscription"),
        .headers = headers,
        .request_life_s = tpp_switch(call, SWITCH_REQUEST_URI_LIFE)};
    int rc = consent_make(call->base.sim, &request, out, &error);
    cJSON_Delete(headers);
    if (rc != 0) {
        return refuse(call, "PAR-TERMS", error.message);
    }
    out->query[0] = '\0'; /* the TPP itself writes what the browser takes to the bank */
    out->grant = request_object_grant(object);
    return 0;
}

/* Before the bank is asked, for that is the order in which it happens. */
static void note_request(struct tpp_call *call, struct consent *made)
{
    char *terms = cJSON_PrintUnformatted(json_get(made->data, "request"));
    struct lfi_slice reply =
        arena_format(call->base.base.arena, "{\"request_uri\":\"%s\",\"expires_in\":%d}",
                     made->request_uri, tpp_switch(call, SWITCH_REQUEST_URI_LIFE));
    store_lock(call->base.sim->store);
    store_note_step(call->base.sim->store, made,
                    &(struct exchange){.interface = "par",
                                       .method = SLICE("POST"),
                                       .path = call->full_path,
                                       .request_body = slice_of(terms),
                                       .status = tpp_switch(call, SWITCH_PAR_STATUS),
                                       .reply_type = SLICE("application/json"),
                                       .reply_body = reply});
    store_unlock(call->base.sim->store);
    cJSON_free(terms);
}

/* Whether the bank finds it valid; what it says instead is handed on. */
static int ask_bank(struct tpp_call *call, struct consent *made)
{
    struct bank_answer answer = {0};
    struct refusal refusal = {0};
    if (!made->hub->config->offers_validate ||
        bank_validate(call->base.sim, made, call->base.base.arena, &answer, &refusal) == 0) {
        bank_answer_free(&answer);
        return 0;
    }
    cJSON *body = json_parse(buf_slice(&answer.http.body));
    const cJSON *data = json_get(body, "data");
    struct lfi_slice code = json_get_string(data, "code");
    struct lfi_slice description = json_get_string(data, "description");
    struct lfi_slice message = code.ptr ? arena_format(call->base.base.arena, "%.*s: %.*s",
                                                       SLICE_ARG(code), SLICE_ARG(description))
                                        : SLICE("the bank does not accept the consent");
    cJSON_Delete(body);
    bank_answer_free(&answer);
    return refuse(call, "PAR-BANK", message.ptr ? message.ptr : "");
}

/* A file of payments: whether the bank will take it. */
static int announce(struct tpp_call *call, struct consent *made)
{
    struct bank_answer answer;
    struct refusal refusal = {0};
    int rc = file_announce(call->base.sim, made, call->base.base.arena, &answer, &refusal);
    if (rc != 0) {
        struct lfi_slice message = json_get_string(answer.shown, "errorMessage");
        (void)refuse(call, "PAR-BANK",
                     message.len > 0 ? message.ptr : "the bank does not take the file");
    }
    bank_answer_free(&answer);
    return rc;
}

static int lodge(struct tpp_call *call, struct consent *made)
{
    struct refusal refusal = {0};
    store_lock(call->base.sim->store);
    int rc = consent_lodge(call->base.sim, made, &refusal);
    store_unlock(call->base.sim->store);
    return rc == 0 ? 0 : refuse(call, "PAR-CONSENT-ID", refusal.error_message);
}

static int create(struct tpp_call *call, const struct request_object *object)
{
    struct consent made;
    store_lock(call->base.sim->store);
    int rc = check_ids(call, object);
    store_unlock(call->base.sim->store);
    if (rc != 0 || check_rules(call, object) != 0 || make(call, object, &made) != 0) {
        return -1;
    }
    struct lfi_slice uri = arena_keep(call->base.base.arena, slice_of(made.request_uri));
    note_request(call, &made);
    if (ask_bank(call, &made) != 0 || announce(call, &made) != 0 || lodge(call, &made) != 0) {
        store_drop(&made);
        return -1;
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "request_uri", uri.ptr ? uri.ptr : "");
    cJSON_AddNumberToObject(body, "expires_in", tpp_switch(call, SWITCH_REQUEST_URI_LIFE));
    sim_reply_json(call->base.base.reply, tpp_switch(call, SWITCH_PAR_STATUS), body);
    return 0;
}

int tpp_push_request(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct request_object object = {0};
    if (form_get(&call->form, "request_uri").ptr) {
        return refuse(call, "PAR-REQUEST-URI", "request_uri cannot be pushed");
    }
    int rc = client_authenticate(call, TPP_PAR);
    if (rc == 0) {
        rc = request_object_read(call, &object) == 0 ? create(call, &object) : -1;
    }
    request_object_end(&object);
    return rc;
}
