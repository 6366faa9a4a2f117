#include "psu/own_consents.h"

#include "base/id.h"
#include "consent/permissions.h"
#include "consent/policy_rights.h"
#include "psu/approval.h"
#include "psu/consent_card.h"
#include "psu/finish.h"
#include "psu/own_approvals.h"
#include "psu/own_page.h"
#include "psu/own_payments.h"
#include "psu/revocation.h"
#include "psu/steps.h"
#include "psu/task.h"
#include "rows_own_consents.h"

/* --- beginning and end of a session ----------------------------------------------------------- */

static void offer_providers(struct context *context)
{
    const struct psu *psu = context->psu;
    struct json_writer w;
    context_begin_view(context, &w, "choose-provider");
    json_open_array(&w, "providers");
    for (size_t i = 0; i < psu->endpoint_count; i++) {
        if (!psu->endpoints[i].path) {
            continue;
        }
        json_open_object(&w, NULL);
        json_text(&w, "id", psu->endpoints[i].provider->id);
        json_text(&w, "segment", psu->endpoints[i].provider->segment);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
}

int own_consents_offer_providers(struct call *call)
{
    offer_providers(step_context(call));
    return 0;
}

int own_consents_start(struct call *call)
{
    struct context *context = step_context(call);
    const struct psu *psu = context->psu;
    struct lfi_slice wanted = json_get_string(step_body(call), "provider");
    char id[ID_UUID_MAX];
    if (!wanted.ptr && psu->endpoint_count > 1) {
        offer_providers(context);
        return 0;
    }
    const struct psu_endpoint *endpoint =
        wanted.ptr ? context_endpoint_of(psu, wanted) : &psu->endpoints[0];
    if (!endpoint || !endpoint->path) {
        context_refuse(context, 404, "PROVIDER-UNKNOWN", NULL);
        return 0;
    }
    if (!id_uuid4(id)) {
        context_refuse(context, 500, "INTERNAL", "no random bytes");
        return 0;
    }
    if (context_open_session(context, SESSION_CUSTOMER) &&
        context->session.stage == SESSION_APPROVAL &&
        context_enter(context, "consents/api/start")) {
        approval_withdraw(context_actor(context)); /* of the session that this one replaces */
    }
    context->endpoint = endpoint;
    context->session = (struct session){
        .kind = SESSION_CUSTOMER,
        .stage = SESSION_SIGN_IN,
        .provider = slice_of(context->endpoint->provider->id),
        .interaction_id = arena_keep(context->arena, slice_of(id)),
        .started_s = clock_now_s(psu->clock),
    };
    if (context_keep_session(context) == 0) {
        context->shows_stage = true;
    }
    return 0;
}

static void repeat(struct context *context, bool shown)
{
    struct json_writer w;
    (void)shown;
    context_begin_view(context, &w, "signed-out");
    json_text(&w, "reason", "left");
    json_close_object(&w);
}

/* --- the list --------------------------------------------------------------------------------- */

static void append_card(struct actor actor, const struct consent *consent, struct json_writer *w)
{
    bool revocable = consent_is_revocable(consent);
    consent_card_append(consent, revocable && revocation_is_pending(actor, consent->id), w);
    if (revocable) {
        revocation_append_proof(actor, consent->id, w);
    }
}

/* An array of those in the list that are the customer's, but for the one of this id. */
static void append_cards(struct actor actor, const char *name, const cJSON *list,
                         struct lfi_slice without, struct json_writer *w)
{
    const cJSON *tree;
    struct consent consent;
    json_open_array(w, name);
    cJSON_ArrayForEach(tree, list)
    {
        consent_read(tree, &consent);
        if (consent_is_of(&consent, actor.session->user_id) && !slice_equal(consent.id, without)) {
            json_open_object(w, NULL);
            append_card(actor, &consent, w);
            json_close_object(w);
        }
    }
    json_close_array(w);
}

void step_show_own_consents(struct context *context)
{
    cJSON *all = NULL;
    struct lfi_error error = {{0}};
    struct json_writer w;
    enum hub_outcome outcome = hub_list_of_user(context->endpoint->hub, context->arena,
                                                context->session.user_id, NULL, &all, &error);
    if (outcome != HUB_OK) {
        own_page_refuse_hub(context, outcome, &error);
        return;
    }
    context_begin_view(context, &w, "consents");
    append_cards(context_actor(context), "consents", all, (struct lfi_slice){0}, &w);
    own_approvals_append(context_actor(context), &w);
    json_close_object(&w);
    cJSON_Delete(all);
}

int own_consents_list(struct call *call)
{
    step_show_own_consents(step_context(call));
    return 0;
}

/* --- one consent ------------------------------------------------------------------------------ */

/*
 * The customer's own consent; the caller deletes the tree. False, having answered: not there, not
 * theirs.
 */
static bool load_own(struct context *context, struct lfi_slice consent_id, cJSON **tree,
                     struct consent *out)
{
    struct lfi_error error = {{0}};
    enum hub_outcome outcome =
        hub_get_consent(context->endpoint->hub, context->arena, consent_id, tree, &error);
    if (outcome != HUB_OK) {
        own_page_refuse_hub(context, outcome, &error);
        return false;
    }
    consent_read(*tree, out);
    if (!consent_is_of(out, context->session.user_id)) {
        context_refuse(context, 404, "CONSENT-UNKNOWN", "somebody else's");
        return false;
    }
    return true;
}

/* Earlier and later consents of the chain, those of the customer alone, without this one. */
static enum hub_outcome append_chain(struct actor actor, const struct consent *consent,
                                     struct json_writer *w, struct lfi_error *error)
{
    cJSON *chain = NULL;
    if (consent->base_id.len == 0) {
        return HUB_OK;
    }
    enum hub_outcome outcome =
        hub_list_of_group(actor.endpoint->hub, actor.arena, consent->base_id, &chain, error);
    if (outcome == HUB_OK) {
        append_cards(actor, "chain", chain, consent->id, w);
    }
    cJSON_Delete(chain);
    return outcome;
}

/* What is shared, of which accounts or policies. The core's status. */
static int append_shared(struct actor actor, const struct consent *consent, struct json_writer *w,
                         struct lfi_error *error)
{
    if (consent->kind->policies) {
        json_string_if_any(w, "purpose", consent->purpose);
        policy_rights_append_sectors(consent->permissions, w);
        return own_page_append_policies(actor, consent->policy_ids, w, error);
    }
    consent_permissions_append_groups(consent->permissions, w);
    return own_page_append_accounts(actor, consent->account_ids, w, error);
}

static void show_consent(struct context *context, const cJSON *tree, const struct consent *consent)
{
    struct json_writer w;
    struct lfi_error error = {{0}};
    context_begin_view(context, &w, "consent");
    append_card(context_actor(context), consent, &w);
    if (consent->kind->pays) {
        own_payments_append_terms(context_actor(context), tree, consent, &w);
    }
    int status = append_shared(context_actor(context), consent, &w, &error);
    if (status != LFI_OK) {
        (void)context_refuse_failed(context, STEP_CORE, status, &error);
        return;
    }
    enum hub_outcome outcome = append_chain(context_actor(context), consent, &w, &error);
    if (outcome != HUB_OK) {
        own_page_refuse_hub(context, outcome, &error);
        return;
    }
    json_close_object(&w);
}

static void show_own(struct context *context, struct lfi_slice consent_id)
{
    cJSON *tree = NULL;
    struct consent consent;
    if (load_own(context, consent_id, &tree, &consent)) {
        show_consent(context, tree, &consent);
    }
    cJSON_Delete(tree);
}

int own_consents_show(struct call *call)
{
    show_own(step_context(call), json_get_string(step_body(call), "consentId"));
    return 0;
}

/* One page of the payments under a consent. */
int own_consents_payments(struct call *call)
{
    struct context *context = step_context(call);
    cJSON *tree = NULL;
    struct consent consent;
    int64_t page = 1;
    (void)json_get_int(step_body(call), "page", &page);
    if (load_own(context, json_get_string(step_body(call), "consentId"), &tree, &consent)) {
        own_payments_show(context, &consent, page);
    }
    cJSON_Delete(tree);
    return 0;
}

static void show_kept(struct context *context, struct lfi_slice consent_id)
{
    struct json_writer w;
    LOG_EVENT(context->psu->log, LOG_WARN, "revocation-kept", LOG_TEXT("consent", consent_id),
              LOG_TEXT("how", SLICE("later")));
    context_begin_view(context, &w, "revocation-kept");
    json_close_object(&w);
}

/* The Hub cannot be asked: the decision is kept, and it is told as soon as it can be. */
static void keep_revocation(struct context *context, struct lfi_slice consent_id)
{
    struct lfi_error error = {{0}};
    int status = revocation_keep(context_actor(context), consent_id, &error);
    if (status == LFI_OK) {
        show_kept(context, consent_id);
    } else {
        (void)context_refuse_failed(context, STEP_REVOCATION, status, &error);
    }
}

/*
 * The customer's consent, as the Hub has just said. The task comes first, so that neither a lost
 * answer nor the end of this process loses the decision; without room for it the Hub is told all
 * the same.
 */
static void revoke_own(struct context *context, struct lfi_slice consent_id)
{
    struct lfi_error error = {{0}};
    int status = revocation_put(context_actor(context), consent_id,
                                decision_longest_s(context->endpoint), &error);
    bool kept = status == LFI_OK;
    if (!kept) {
        actor_log_state(context_actor(context), status, "task_put", &error);
    }
    enum hub_outcome outcome = hub_revoke_consent(context->endpoint->hub, context->arena,
                                                  consent_id, REVOKED_BY_CUSTOMER, &error);
    LOG_EVENT(context->psu->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, "consent-revoked",
              LOG_TEXT("consent", consent_id), LOG_NUMBER("outcome", outcome));
    if (outcome == HUB_OK || outcome == HUB_REFUSED) {
        if (kept) {
            revocation_end(context_actor(context), consent_id);
        }
        show_own(context, consent_id); /* refused: it had ended before */
    } else if (kept) {                 /* if it cannot be made due sooner, it is due later */
        (void)revocation_put(context_actor(context), consent_id, TASK_FIRST_GAP_S, &error);
        show_kept(context, consent_id);
    } else {
        own_page_refuse_hub(context, outcome, &error);
    }
}

/* Shown as ended only once the Hub says so: it is read again. */
int own_consents_revoke(struct call *call)
{
    struct context *context = step_context(call);
    struct lfi_slice consent_id = json_get_string(step_body(call), "consentId");
    struct lfi_error error = {{0}};
    cJSON *tree = NULL;
    struct consent consent;
    enum hub_outcome outcome =
        hub_get_consent(context->endpoint->hub, context->arena, consent_id, &tree, &error);
    consent_read(tree, &consent);
    bool revocable = outcome == HUB_OK && consent_is_of(&consent, context->session.user_id) &&
                     consent_is_revocable(&consent);
    cJSON_Delete(tree);
    if (revocable) {
        revoke_own(context, consent_id);
    } else if (outcome == HUB_OK) {
        show_own(context, consent_id);
    } else if (outcome != HUB_REFUSED &&
               revocation_is_proven(context_actor(context), consent_id,
                                    json_get_string(step_body(call), "proof"))) {
        keep_revocation(context, consent_id);
    } else {
        own_page_refuse_hub(context, outcome, &error);
    }
    return 0;
}

const struct step_api own_consents_api = {
    .flow = &flow_own_consents,
    .prefix = "/consents/api/",
    .kind = SESSION_CUSTOMER,
    .is_over = finish_customer_is_over,
    .repeat = repeat,
};
