#include "psu/review.h"

#include "base/decimal.h"
#include "consent/permissions.h"
#include "consent/policy_offers.h"
#include "consent/policy_rights.h"
#include "psu/accounts.h"
#include "psu/finish.h"
#include "psu/journey_record.h"
#include "psu/mandate.h"
#include "psu/steps.h"
#include "rows_journey.h"

#define REPEAT_US (INT64_C(24) * 3600 * 1000000) /* how long a payment is one to warn of */

/* A consent is renewed by the person who gave the one before (consent journey 4). */
static bool check_owner(struct context *context, const struct consent *consent)
{
    if (!consent->base_id.ptr) {
        return true;
    }
    cJSON *tree = NULL;
    struct consent base;
    struct lfi_error error;
    enum hub_outcome outcome =
        hub_get_consent(context->endpoint->hub, context->arena, consent->base_id, &tree, &error);
    bool same = false;
    if (outcome == HUB_OK) {
        consent_read(tree, &base);
        same = slice_equal(base.user_id, context->session.user_id);
    }
    cJSON_Delete(tree);
    if (outcome == HUB_UNREACHABLE || outcome == HUB_WRONG) {
        finish_refuse(context, ENDING_HUB);
    } else if (!same) {
        finish_refuse(context, ENDING_NOT_OWNER);
    }
    return same;
}

static void explain_left_out(struct actor actor, const struct account_offers *offers)
{
    for (size_t i = 0; i < offers->left_out_count; i++) {
        const struct account_left_out *left_out = &offers->left_out[i];
        const struct explain_finding finding = {.interaction = actor.session->interaction_id,
                                                .provider = actor.endpoint->provider->id,
                                                .operation = "review",
                                                .check = left_out->check,
                                                .detail = left_out->detail};
        explain_add(actor.psu->explain, &finding, clock_now_us(actor.psu->clock));
    }
}

/* The consent's payments, if it is to any. False, having answered: they cannot be read. */
static bool load_payment(struct context *context, const cJSON *tree, const struct consent *consent,
                         struct payment_terms *out)
{
    *out = (struct payment_terms){.json = {0}};
    if (consent->kind->pays && !payment_terms_read(context_actor(context), tree, consent, out)) {
        finish_refuse(context, out->lacks_file ? ENDING_NO_FILE : ENDING_FAILED);
        return false;
    }
    if (out->exchange.over) {
        finish_refuse(context, ENDING_QUOTE);
        return false;
    }
    return true;
}

static bool is_account(struct arena *arena, const struct account_offer *account,
                       struct lfi_slice iban)
{
    return slice_equal(payment_terms_iban(arena, account->number), iban);
}

/* Leaves the account that the TPP named, if it did. False: the customer does not hold it. */
static bool keep_debtor(struct arena *arena, struct lfi_slice iban, struct account_offers *offers)
{
    size_t held = offers->count;
    if (iban.len == 0) {
        return true;
    }
    offers->count = 0;
    for (size_t i = 0; i < held; i++) {
        if (is_account(arena, &offers->items[i], iban)) {
            offers->items[0] = offers->items[i];
            offers->count = 1;
            return true;
        }
    }
    for (size_t i = 0; i < offers->left_out_count; i++) {
        if (is_account(arena, &offers->left_out[i].account, iban)) {
            return true;
        }
    }
    return false;
}

static bool find_accounts(struct context *context, const struct consent *consent,
                          const struct payment_terms *payment, struct account_offers *offers)
{
    struct lfi_error error = {{0}};
    const struct lfi_call call = actor_core_call(context_actor(context));
    int status =
        accounts_find(context->endpoint->provider, context->arena, &call, consent, offers, &error);
    if (status != LFI_OK) {
        finish_core(context, status, "accounts.held", &error);
        return false;
    }
    explain_left_out(context_actor(context), offers);
    if (!keep_debtor(context->arena, payment->debtor, offers)) {
        finish_refuse(context, ENDING_NOT_DEBTOR);
        return false;
    }
    if (offers->count == 0) {
        finish_refuse(context, ENDING_NO_ACCOUNTS);
        return false;
    }
    return true;
}

static bool find_policies(struct context *context, const struct consent *consent,
                          struct policy_offers *offers)
{
    struct lfi_error error = {{0}};
    const struct lfi_call call = actor_core_call(context_actor(context));
    int status = policy_offers_find(context->endpoint->provider, context->arena, &call, consent,
                                    offers, &error);
    if (status != LFI_OK) {
        finish_core(context, status, "insurance.held", &error);
    } else if (offers->count == 0) {
        finish_refuse(context, ENDING_NO_POLICIES);
    }
    return status == LFI_OK && offers->count > 0;
}

/* The Hub has the PATCH of an earlier attempt, with the same person and choice; NULL: any. */
static bool is_patched(const struct session *session, const struct consent *consent,
                       const cJSON *chosen)
{
    bool by_one = slice_equal_text(consent->status, "AwaitingAuthorization") &&
                  consent->authorizers; /* others still decide */
    if ((!slice_equal_text(consent->status, "Authorized") && !by_one) ||
        !slice_equal(consent->user_id, session->user_id)) {
        return false;
    }
    const cJSON *id;
    cJSON_ArrayForEach(id, chosen)
    {
        if (!json_lists(consent_chosen(consent), slice_of(id->valuestring))) {
            return false;
        }
    }
    return !chosen || cJSON_GetArraySize(consent_chosen(consent)) == cJSON_GetArraySize(chosen);
}

static void append_accounts(struct context *context, const struct account_offers *offers,
                            struct json_writer *w)
{
    const struct lfi_call call = actor_core_call(context_actor(context));
    accounts_append(context->endpoint->provider, context->arena, &call, offers, w);
}

/* Who asks, for how long and what for. */
static void append_terms(struct json_writer *w, const struct consent *consent)
{
    json_string(w, "tpp", consent_beneficiary(consent));
    if (consent->on_behalf_of.len > 0) {
        json_string(w, "through", consent->tpp_name);
    }
    json_string_if_any(w, "expires", consent->expires);
    json_string_if_any(w, "purpose", consent->purpose);
}

static void show_policies(struct context *context, const struct consent *consent,
                          const struct policy_offers *offers)
{
    struct json_writer w;
    context_begin_view(context, &w, "policies");
    append_terms(&w, consent);
    policy_rights_append_sectors(consent->permissions, &w);
    policy_offers_append(offers, "policies", &w);
    json_close_object(&w);
}

static void show_sharing(struct context *context, const struct consent *consent,
                         const struct account_offers *offers)
{
    struct json_writer w;
    context_begin_view(context, &w, "review");
    append_terms(&w, consent);
    json_string_if_any(&w, "from", consent->from);
    json_string_if_any(&w, "to", consent->to);
    consent_permissions_append_groups(consent->permissions, &w);
    append_accounts(context, offers, &w);
    json_close_object(&w);
}

/*
 * Whether the customer has paid this amount to this payee in the last 24 hours. A core that does
 * not say warns nobody. (Authorization pages for payments 4.)
 */
static bool is_repeated(struct actor actor, const struct payment_terms *payment)
{
    struct lfi_error error = {""};
    struct lfi_repeat repeat = {.size = sizeof(repeat)};
    const struct provider *provider = actor.endpoint->provider;
    const struct lfi_call call = actor_core_call(actor);
    struct lfi_repeat_query query = {.size = sizeof(query),
                                     .iban = payment->payee_iban,
                                     .amount.minor = decimal_minor(payment->amount),
                                     .since_us = clock_now_us(actor.psu->clock) - REPEAT_US};
    if (!payment->single || payment->payee_iban.len == 0 || payment->exchange.total.len > 0 ||
        payment->currency.len >= sizeof(query.amount.currency) ||
        !PROVIDER_SERVES(provider, payments, repeats)) {
        return false;
    }
    memcpy(query.amount.currency, payment->currency.ptr, payment->currency.len);
    int status = provider->payments->repeats(provider->core, &call, &query, &repeat, &error);
    if (status != LFI_OK) {
        actor_log_core(actor, status, "payments.repeats", &error);
    }
    return status == LFI_OK && repeat.found;
}

static void show_payment(struct context *context, const struct consent *consent,
                         const struct payment_terms *payment, const struct account_offers *offers)
{
    struct json_writer w;
    context_begin_view(context, &w, "payment");
    json_string(&w, "tpp", consent_beneficiary(consent));
    json_raw(&w, "payment", payment->json);
    json_bool(&w, "debtorNamed", payment->debtor.len > 0);
    json_bool(&w, "repeated", is_repeated(context_actor(context), payment));
    append_accounts(context, offers, &w);
    json_close_object(&w);
}

/* Shows what the consent is to, and what it can be given for. */
static void offer(struct context *context, const cJSON *tree, const struct consent *consent)
{
    struct payment_terms payment;
    struct account_offers offers;
    struct policy_offers policies;
    if (consent->kind->policies) {
        if (find_policies(context, consent, &policies)) {
            show_policies(context, consent, &policies);
        }
    } else if (load_payment(context, tree, consent, &payment) &&
               find_accounts(context, consent, &payment, &offers)) {
        if (consent->kind->pays) {
            show_payment(context, consent, &payment, &offers);
        } else {
            show_sharing(context, consent, &offers);
        }
    }
}

void step_show_review(struct context *context)
{
    const struct decision_approval cut_off = {.patched = true};
    cJSON *tree = NULL;
    struct consent consent;
    if (!step_load_consent(context, &tree, &consent)) {
        return;
    }
    if (is_patched(&context->session, &consent, NULL)) {
        finish_approve(context, &cut_off); /* decided before: only doConfirm is left */
    } else if (step_check_open(context, &consent) && check_owner(context, &consent)) {
        offer(context, tree, &consent);
    }
    cJSON_Delete(tree);
}

/*
 * The chosen among `ids`, which are offered: all must be; a payment is from one account. False,
 * having answered, when one is not; during a step-up the customer chooses again.
 */
static bool select_offered(struct context *context, struct lfi_slice *ids, size_t count,
                           const cJSON *chosen, struct decision_approval *out)
{
    out->ids = ids;
    for (size_t i = 0; ids && i < count; i++) {
        if (json_lists(chosen, ids[i])) {
            ids[out->count++] = ids[i];
        }
    }
    bool all = out->count > 0 && out->count == (size_t)cJSON_GetArraySize(chosen);
    if (all && (out->count == 1 || !out->pays)) {
        return true;
    }
    if (context_move(context, SESSION_REOPENED) && context_keep_session(context) == 0) {
        context_refuse(context, 400, out->policies ? "JOURNEY-POLICIES" : "JOURNEY-ACCOUNTS",
                       "one that was not offered");
    }
    return false;
}

static bool select_accounts(struct context *context, const struct account_offers *offers,
                            const cJSON *chosen, struct decision_approval *out)
{
    struct lfi_slice *ids = arena_array(context->arena, offers->count, sizeof(*ids));
    for (size_t i = 0; ids && i < offers->count; i++) {
        ids[i] = offers->items[i].id;
    }
    return select_offered(context, ids, offers->count, chosen, out);
}

static bool choose_policies(struct context *context, const cJSON *chosen, struct review_choice *out)
{
    struct policy_offers offers;
    if (!find_policies(context, &out->consent, &offers)) {
        return false;
    }
    struct lfi_slice *ids = arena_array(context->arena, offers.count, sizeof(*ids));
    for (size_t i = 0; ids && i < offers.count; i++) {
        ids[i] = slice_of(offers.items[i]->policy_id);
    }
    return select_offered(context, ids, offers.count, chosen, &out->approval);
}

static const struct account_offer *offer_of(const struct account_offers *offers,
                                            struct lfi_slice account_id)
{
    for (size_t i = 0; i < offers->count; i++) {
        if (slice_equal(offers->items[i].id, account_id)) {
            return &offers->items[i];
        }
    }
    return NULL;
}

/*
 * From an account of several: what the Hub is told of them, this customer as the first who
 * approved. False, having answered: the core does not say who they are.
 */
static bool name_authorizers(struct context *context, const struct account_offers *offers,
                             int64_t deadline_s, struct decision_approval *out)
{
    struct authorizers *authorizers;
    struct lfi_error error = {{0}};
    const struct lfi_call call = actor_core_call(context_actor(context));
    if (!out->pays || offer_of(offers, out->ids[0])->approvals < 2) {
        return true;
    }
    int status = mandate_read(context->endpoint->provider, context->arena, &call, out->ids[0],
                              &authorizers, &error);
    if (status != LFI_OK) {
        finish_core(context, status, "approvers", &error);
        return false;
    }
    struct buf list;
    const struct authorizer_decision decision = {context->session.user_id, true,
                                                 clock_now_us(context->psu->clock)};
    buf_init(&list, AUTHORIZERS_BYTES);
    (void)authorizers_decide(authorizers, NULL, &decision, &list);
    out->authorizers = arena_take(context->arena, &list);
    out->deadline_s = deadline_s;
    if (!out->authorizers.ptr) {
        finish_refuse(context, ENDING_FAILED);
    }
    return out->authorizers.ptr;
}

/* Consent journey 4. */
static bool needs_step_up(const struct psu *psu, const struct consent *consent)
{
    return psu->step_up_data_sharing || !consent->kind->step_up_if_wanted;
}

static bool choose_accounts(struct context *context, const cJSON *chosen, struct review_choice *out)
{
    struct account_offers offers;
    if (!load_payment(context, out->tree, &out->consent, &out->payment) ||
        !find_accounts(context, &out->consent, &out->payment, &offers) ||
        !select_accounts(context, &offers, chosen, &out->approval)) {
        return false;
    }
    out->approval.agreed = out->payment.exchange.agreed;
    return name_authorizers(context, &offers,
                            payment_terms_deadline_s(&out->payment, &out->consent), &out->approval);
}

bool review_choose(struct context *context, const cJSON *ids, bool confirmed,
                   struct review_choice *out)
{
    *out = (struct review_choice){0};
    if (!step_load_consent(context, &out->tree, &out->consent)) {
        return false;
    }
    out->approval.pays = out->consent.kind->pays;
    out->approval.policies = out->consent.kind->policies;
    out->confirmed = confirmed || !needs_step_up(context->psu, &out->consent);
    out->approval.patched = out->confirmed && is_patched(&context->session, &out->consent, ids);
    return out->approval.patched ||
           (step_check_open(context, &out->consent) && check_owner(context, &out->consent) &&
            (out->approval.policies ? choose_policies(context, ids, out)
                                    : choose_accounts(context, ids, out)));
}

int step_cancel(struct call *call)
{
    struct context *context = step_context(call);
    journey_record_adopt_customer(context_actor(context));
    finish_refuse(context, ending_of_leaving(context->session.stage));
    return 0;
}
