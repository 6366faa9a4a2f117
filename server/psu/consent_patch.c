#include "psu/consent_patch.h"

#include "consent/billing.h"
#include "consent/consent.h"

#define PATCH_BYTES (64 * 1024)
#define TOKEN_BYTES 64

/* What a PATCH says, beside who decided and where. */
struct change {
    const char *status;           /* NULL: it stays as it is */
    struct lfi_slice authorizers; /* of a payment that several approve */
    const struct lfi_slice *ids;  /* of accounts; or of policies */
    size_t count;
    bool policies;
    bool pays;
    enum lfi_maybe large_corporate;
    struct fx_terms agreed; /* of an exchange */
};

/* False: there should be one, and it cannot be made. */
static bool append_connect_token(struct json_writer *w, struct actor actor)
{
    struct buf token;
    buf_init(&token, TOKEN_BYTES);
    bool made = connect_token_make(actor.endpoint->connect_tokens, actor.endpoint->provider->id,
                                   actor.session->consent_id, &token) == 0;
    json_string_if_any(w, "ConnectToken", buf_slice(&token));
    buf_free(&token);
    return made;
}

static bool append_patch(struct buf *out, struct actor actor, const struct change *change)
{
    struct json_writer w;
    bool good = true;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    if (change->status) {
        json_text(&w, "status", change->status);
    }
    if (change->authorizers.len > 0) {
        json_raw(&w, "consentBody.Meta.MultipleAuthorizers", change->authorizers);
    }
    billing_write(&w, "consentBody.Data.OpenFinanceBilling", change->large_corporate);
    json_open_object(&w, "psuIdentifiers");
    json_string(&w, "userId", actor.session->user_id);
    json_close_object(&w);
    if (change->count > 0) {
        json_open_array(&w, change->policies ? "insurancePolicyIds" : "accountIds");
        for (size_t i = 0; i < change->count; i++) {
            json_string(&w, NULL, change->ids[i]);
        }
        json_close_array(&w);
    }
    if (change->pays && actor.endpoint->connect_tokens) {
        good = append_connect_token(&w, actor);
    }
    if (change->agreed.rate.ptr) {
        json_raw(&w, "consentBody.Data.ExchangeRate", change->agreed.rate);
    }
    if (change->agreed.charges.ptr) {
        json_raw(&w, "consentBody.Data.Charges", change->agreed.charges);
    }
    json_text(&w, "authorizationChannel", actor.session->on_phone ? "App" : "Web");
    json_close_object(&w);
    return good && !out->failed;
}

static enum hub_outcome patch(struct actor actor, const struct change *change,
                              struct lfi_error *error)
{
    enum hub_outcome outcome = HUB_WRONG;
    struct buf body;
    buf_init(&body, PATCH_BYTES);
    if (append_patch(&body, actor, change)) {
        outcome = hub_patch_consent(actor.endpoint->hub, actor.arena, actor.session->consent_id,
                                    buf_slice(&body), error);
    }
    buf_free(&body);
    return outcome;
}

enum hub_outcome consent_patch_reject(struct actor actor, struct lfi_error *error)
{
    return patch(actor, &(struct change){.status = "Rejected"}, error);
}

enum hub_outcome consent_patch_revoke(struct actor actor, struct lfi_error *error)
{
    return hub_revoke_consent(actor.endpoint->hub, actor.arena, actor.session->consent_id, "LFI",
                              error);
}

/* The consent as the Hub has it now, for when an answer was lost. */
static enum hub_outcome get_consent(struct actor actor, cJSON **tree, struct consent *consent,
                                    struct lfi_error *error)
{
    enum hub_outcome outcome =
        hub_get_consent(actor.endpoint->hub, actor.arena, actor.session->consent_id, tree, error);
    if (outcome == HUB_OK) {
        consent_read(*tree, consent);
    }
    return outcome;
}

enum hub_outcome consent_patch_close(struct actor actor, bool *foreign, struct lfi_error *error)
{
    cJSON *tree = NULL;
    struct consent consent;
    enum hub_outcome outcome = get_consent(actor, &tree, &consent, error);
    *foreign = false;
    if (outcome == HUB_OK && slice_equal_text(consent.status, "AwaitingAuthorization")) {
        outcome = consent_patch_reject(actor, error);
    } else if (outcome == HUB_OK && slice_equal_text(consent.status, "Authorized")) {
        *foreign = !slice_equal(consent.user_id, actor.session->user_id);
        outcome = *foreign ? HUB_OK : consent_patch_revoke(actor, error);
    }
    cJSON_Delete(tree);
    return outcome;
}

static bool is_applied(struct actor actor, const struct consent *consent,
                       const struct change *change)
{
    bool status =
        change->status ? slice_equal_text(consent->status, change->status) : !!consent->authorizers;
    bool same = status && slice_equal(consent->user_id, actor.session->user_id) &&
                (size_t)cJSON_GetArraySize(consent_chosen(consent)) == change->count;
    for (size_t i = 0; same && i < change->count; i++) {
        same = json_lists(consent_chosen(consent), change->ids[i]);
    }
    return same;
}

/*
 * How the customer is billed. A core that cannot tell now is no reason to refuse what the customer
 * has decided.
 */
static enum lfi_maybe find_billing(struct actor actor)
{
    enum lfi_maybe large_corporate = LFI_NOT_KNOWN;
    struct lfi_error error = {""};
    struct lfi_call call = actor_core_call(actor);
    int status = billing_find(actor.endpoint->provider, &call, &large_corporate, &error);
    if (status != LFI_OK) {
        actor_log_core(actor, status, "billing", &error);
    }
    return large_corporate;
}

/* When the answer is lost, or is one to a second try, the consent itself tells what was applied. */
bool consent_patch_authorize(struct actor actor, const struct decision_approval *approval)
{
    const struct change change = {.status = approval->authorizers.len > 0 ? NULL : "Authorized",
                                  .authorizers = approval->authorizers,
                                  .ids = approval->ids,
                                  .count = approval->count,
                                  .policies = approval->policies,
                                  .pays = approval->pays,
                                  .large_corporate = find_billing(actor),
                                  .agreed = approval->agreed};
    cJSON *tree = NULL;
    struct consent consent;
    struct lfi_error error;
    bool authorized = patch(actor, &change, &error) == HUB_OK ||
                      (get_consent(actor, &tree, &consent, &error) == HUB_OK &&
                       is_applied(actor, &consent, &change));
    cJSON_Delete(tree);
    return authorized;
}

enum hub_outcome consent_patch_authorizers(struct actor actor, const struct consent *consent,
                                           struct lfi_slice authorizers,
                                           enum authorization authorization,
                                           struct lfi_error *error)
{
    static const char *const statuses[] = {[AUTHORIZATION_WAITS] = NULL,
                                           [AUTHORIZATION_GIVEN] = "Authorized",
                                           [AUTHORIZATION_REFUSED] = "Rejected"};
    const struct lfi_slice account =
        slice_of(cJSON_GetStringValue(cJSON_GetArrayItem(consent->account_ids, 0)));
    const struct change change = {
        .status = statuses[authorization],
        .authorizers = authorizers,
        .ids = &account,
        .count = authorization == AUTHORIZATION_GIVEN ? 1 : 0, /* as every authorization */
        .pays = authorization == AUTHORIZATION_GIVEN};
    return patch(actor, &change, error);
}
