/*
 * What the Hub asks and tells about consents. The Hub is the only one that holds them. What it
 * tells lets a payment pass for a while and refuses none (payments/copies.h), so an event that is
 * lost, repeated or late does no harm. (Consent events 3 to 5.)
 */
#include "connect/additions.h"
#include "connect/call_consent.h"
#include "connect/judge.h"
#include "consent/rules.h"
#include "payments/exchange.h"

#include "contract_consent_events.h"
#include "rows_consent_events.h"

/*
 * The consent in the body, which must be the one that the header names. The caller frees the tree
 * in any case.
 */
static int read_body(struct call *call, cJSON **tree, struct consent *out)
{
    *tree = json_parse(call->request->body);
    consent_read(*tree, out);
    if (!slice_equal(out->id,
                     contract_parameter(&call->parameters, CONSENT_EVENTS_O3_CONSENT_ID))) {
        return refusal_set(call->refusal, "CONSENT-ID", 400, "Consent.Invalid",
                           "The consent is not the one that o3-consent-id names.");
    }
    call_consent_note_version(call, out);
    return 0;
}

/* --- validate --------------------------------------------------------------------------------- */

/*
 * What only the Hub knows. When it does not answer in time the consent passes: `invalid` is for
 * what is known to be wrong, and the base is read again when the customer decides.
 */
static const struct consent_finding *check_base(struct call *call, const struct consent *consent)
{
    cJSON *tree = NULL;
    struct consent base;
    struct lfi_error error = {""};
    const struct consent_finding *finding = NULL;
    const struct provider_set *providers = call->connect->config.providers;
    struct hub *hub = call->peers->hubs[provider_index(providers, call->provider)];
    if (!consent->base_id.ptr || !hub) {
        return NULL;
    }
    switch (hub_find_consent(hub, call->arena, consent->base_id, &tree, &error)) {
    case HUB_OK:
        consent_read(tree, &base);
        finding = consent_rules_check_base(consent, &base);
        break;
    case HUB_REFUSED:
        finding = &consent_base_unknown;
        break;
    case HUB_UNREACHABLE:
    case HUB_WRONG:
        LOG_EVENT(call->connect->log, LOG_WARN, "base-consent-unread",
                  LOG_TEXT("provider", slice_of(call->provider->id)),
                  LOG_TEXT("consent", call_logged_header(call->request, "o3-consent-id")),
                  LOG_TEXT("cause", slice_of(error.message)));
        break;
    }
    cJSON_Delete(tree);
    return finding;
}

static int check_payment(struct call *call, struct judged_consent *judged,
                         struct consent_finding *out)
{
    if (!call->peers->pii) {
        *out = (struct consent_finding){"UNSUPPORTED_CONSENT", "The bank takes no payments."};
        return 0;
    }
    return payment_validate(call, call->peers->pii, &judged->pii,
                            json_get(json_get(judged->tree, "request"), "consent"), out);
}

static void reply_judgement(struct call *call, const struct consent_finding *finding)
{
    struct json_writer w;
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    json_text(&w, "status", finding ? "invalid" : "valid");
    if (finding) {
        json_text(&w, "code", finding->code);
        json_text(&w, "description", finding->description);
    }
    json_close_object(&w);
    json_open_object(&w, "meta");
    json_close_object(&w);
    json_close_object(&w);
    call->reply->status = 200;
}

int judge_consent(struct call *call, struct judged_consent *judged, struct consent_finding *out)
{
    const struct consent *consent = &judged->consent;
    *out = (struct consent_finding){NULL, NULL};
    if (!consent_rules_coherent(consent, judged->text)) {
        return refusal_set(call->refusal, "CONSENT-KIND", 400, "Body.InvalidFormat",
                           "The body is not a consent of the kind that consentType says.");
    }
    const struct consent_finding *finding =
        consent_rules_check(consent, call->provider, call_offers(call), call->connect->config.apis,
                            call->provider->host->now_us(call->provider->host));
    if (!finding && consent->kind->pays) {
        if (check_payment(call, judged, out) != 0) {
            return -1;
        }
        finding = out->code ? out : NULL;
    }
    if (!finding) {
        finding = check_base(call, consent);
    }
    if (!finding && consent->kind->pays) {
        if (exchange_validate(call, consent,
                              json_get_string(json_get(judged->tree, "tpp"), "clientId"),
                              out) != 0) {
            return -1;
        }
        finding = out->code ? out : NULL;
    }
    if (finding) {
        *out = *finding;
        LOG_EVENT(call->connect->log, LOG_INFO, "consent-invalid",
                  LOG_TEXT("provider", slice_of(call->provider->id)),
                  LOG_TEXT("consent", call_logged_header(call->request, "o3-consent-id")),
                  LOG_TEXT("code", slice_of(finding->code)),
                  LOG_TEXT("description", slice_of(finding->description)));
    }
    return 0;
}

int connect_validate_consent(struct call *call)
{
    cJSON *tree;
    struct consent_finding finding;
    struct judged_consent judged = {.text = call->request->body, .pii.stage = PII_OF_CONSENT};
    int rc = read_body(call, &tree, &judged.consent);
    judged.tree = tree;
    if (rc == 0) {
        rc = judge_consent(call, &judged, &finding);
    }
    if (rc == 0) {
        reply_judgement(call, finding.code ? &finding : NULL);
    }
    cJSON_Delete(tree);
    return rc;
}

/* --- augment ---------------------------------------------------------------------------------- */

/* The customer, once there is one: the header's, or else the consent's. */
static int read_customer(struct call *call, const struct consent *consent)
{
    struct lfi_error error = {"the user of psuIdentifiers is not known"};
    const struct provider *provider = call->provider;
    if (contract_parameter(&call->parameters, call->row->psu).len > 0) {
        return access_user(call);
    }
    if (consent->user_id.len == 0) {
        return 0;
    }
    call->core.user_id = arena_keep(call->arena, consent->user_id);
    int status = provider->customers->exists(provider->core, &call->core, consent->user_id, &error);
    return outcome_check(call, OUTCOME_USER, status, &error);
}

int connect_augment_account_consent(struct call *call)
{
    cJSON *tree;
    struct json_writer w;
    struct consent consent;
    struct additions additions;
    int rc = read_body(call, &tree, &consent);
    if (rc == 0) {
        rc = read_customer(call, &consent);
    }
    if (rc == 0) {
        rc = additions_find(call, tree, &additions);
    }
    cJSON_Delete(tree);
    if (rc == 0) {
        json_begin(&w, &call->reply->body);
        json_open_object(&w, NULL);
        additions_write(&w, &additions);
        json_close_object(&w);
        call->reply->status = 200;
    }
    return rc;
}

/* --- events ----------------------------------------------------------------------------------- */

int connect_consent_event(struct call *call)
{
    cJSON *tree;
    struct consent consent;
    int rc = read_body(call, &tree, &consent);
    if (rc == 0) {
        const struct consent_ref ref = {call->provider->id, consent.id};
        call_consent_forget(call);
        LOG_EVENT(
            call->connect->log, LOG_INFO, "consent-event",
            LOG_TEXT("provider", slice_of(call->provider->id)),
            LOG_TEXT("consent", call_logged_header(call->request, "o3-consent-id")),
            LOG_TEXT("operation", contract_parameter(&call->parameters, CONSENT_EVENTS_OPERATION)),
            LOG_TEXT("status", consent.status));
        consent_copies_take(call->connect->copies, &ref, tree, call->arena);
        call->reply->content_type = NULL;
        call->reply->status = 204;
    }
    cJSON_Delete(tree);
    return rc;
}
