#include "psu/own_approvals.h"

#include "base/core_answer.h"
#include "base/datetime.h"
#include "psu/authorizer_task.h"
#include "psu/mandate.h"
#include "psu/own_page.h"
#include "psu/payment_terms.h"
#include "psu/step_up.h"
#include "psu/steps.h"
#include "rows_own_consents.h"

#define ACCOUNTS_OF_SEVERAL 32 /* that are looked through for one customer */

/* --- looking for them ------------------------------------------------------------------------- */

struct search {
    struct actor actor;
    struct json_writer *writer;
    struct lfi_slice accounts[ACCOUNTS_OF_SEVERAL];
    size_t account_count;
    struct lfi_slice people[LFI_APPROVERS_MAX]; /* whose consents have been looked through */
    size_t people_count;
    bool unread;
};

static int take_account(void *ctx, struct lfi_slice json, const void *facts)
{
    struct search *search = ctx;
    const struct lfi_payable_facts *payable = facts;
    (void)json;
    if (!payable->alone && search->account_count < ACCOUNTS_OF_SEVERAL) {
        search->accounts[search->account_count++] =
            arena_keep(search->actor.arena, slice_of(payable->account.account_id));
    }
    return 0;
}

static bool waits_for(const struct search *search, const struct consent *consent)
{
    struct lfi_slice own = search->actor.session->user_id;
    const cJSON *account = cJSON_GetArrayItem(consent->account_ids, 0);
    bool ours = false;
    for (size_t i = 0; account && i < search->account_count; i++) {
        ours = ours || slice_equal_text(search->accounts[i], account->valuestring);
    }
    return ours && consent->authorizers &&
           consent_is_open(consent, clock_now_us(search->actor.psu->clock)) &&
           slice_equal_text(authorizers_status(consent->authorizers, own), "Pending") &&
           !authorizer_task_waits(search->actor, consent->id);
}

static void append_waiting(struct search *search, const struct consent *consent)
{
    struct json_writer *w = search->writer;
    const cJSON *amount = json_get(json_get(consent->schedule, "SinglePayment"), "Amount");
    json_open_object(w, NULL);
    json_string(w, "id", consent->id);
    json_string(w, "tpp", consent_beneficiary(consent));
    if (amount) {
        json_open_object(w, "amount");
        json_string(w, "value", json_get_string(amount, "Amount"));
        json_string(w, "currency", json_get_string(amount, "Currency"));
        json_close_object(w);
    }
    json_close_object(w);
}

/* The Hub lists consents by the first who approved them. */
static void look_through(struct search *search, struct lfi_slice user_id)
{
    cJSON *all = NULL;
    const cJSON *tree;
    struct consent consent;
    struct lfi_error error;
    for (size_t i = 0; i < search->people_count; i++) {
        if (slice_equal(search->people[i], user_id)) {
            return;
        }
    }
    if (search->people_count == LFI_APPROVERS_MAX ||
        hub_list_of_user(search->actor.endpoint->hub, search->actor.arena, user_id,
                         "AwaitingAuthorization", &all, &error) != HUB_OK) {
        search->unread = true;
        return;
    }
    search->people[search->people_count++] = user_id;
    cJSON_ArrayForEach(tree, all)
    {
        consent_read(tree, &consent);
        if (waits_for(search, &consent)) {
            append_waiting(search, &consent);
        }
    }
    cJSON_Delete(all);
}

static void look_at_account(struct search *search, struct lfi_slice account_id)
{
    struct authorizers *authorizers;
    struct lfi_error error;
    struct lfi_slice own = search->actor.session->user_id;
    const struct lfi_call call = actor_core_call(search->actor);
    if (mandate_read(search->actor.endpoint->provider, search->actor.arena, &call, account_id,
                     &authorizers, &error) != LFI_OK) {
        search->unread = true;
        return;
    }
    for (size_t i = 0; authorizers_find(authorizers, own) && i < authorizers->count; i++) {
        struct lfi_slice other = slice_of(authorizers->items[i].user_id);
        if (!slice_equal(other, own)) {
            look_through(search, other);
        }
    }
}

void own_approvals_append(struct actor actor, struct json_writer *w)
{
    struct search search = {.actor = actor, .writer = w};
    struct lfi_error error;
    const struct provider *provider = actor.endpoint->provider;
    const struct lfi_call call = actor_core_call(actor);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = call.user_id};
    struct core_answer answer = core_answer(take_account, &search);
    if (!PROVIDER_SERVES(provider, payments, payable) ||
        !PROVIDER_SERVES(provider, payments, approvers)) {
        return;
    }
    search.unread =
        provider->payments->payable(provider->core, &call, &query, &answer.base, &error) != LFI_OK;
    json_open_array(w, "waiting");
    for (size_t i = 0; i < search.account_count; i++) {
        look_at_account(&search, search.accounts[i]);
    }
    json_close_array(w);
    json_bool(w, "waitingUnread", search.unread);
}

/* --- one of them ------------------------------------------------------------------------------ */

struct waiting {
    cJSON *tree;
    struct consent consent;
    bool quote_over; /* the time of its exchange rate has passed before all approved */
    struct authorizers *authorizers;
    struct payment_terms terms;
};

/* One of them has refused it. */
static bool is_refused(const struct waiting *waiting)
{
    const struct authorizers *authorizers = waiting->authorizers;
    for (size_t i = 0; i < authorizers->count; i++) {
        struct lfi_slice user_id = slice_of(authorizers->items[i].user_id);
        if (slice_equal_text(authorizers_status(waiting->consent.authorizers, user_id),
                             "Rejected")) {
            return true;
        }
    }
    return false;
}

/* What the quote's end left open, or what was rejected for it. */
static bool has_lost_quote(const struct waiting *waiting)
{
    const struct consent *consent = &waiting->consent;
    return waiting->terms.exchange.over &&
           waiting->terms.exchange.expires_s <= consent_deadline_s(consent) &&
           (slice_equal_text(consent->status, "AwaitingAuthorization") ||
            (slice_equal_text(consent->status, "Rejected") && !is_refused(waiting)));
}

static bool refuse_unknown(struct context *context, const char *why)
{
    context_refuse(context, 404, "CONSENT-UNKNOWN", why);
    return false;
}

/* False, having answered. The caller deletes the tree in any case. */
static bool load(struct context *context, struct lfi_slice consent_id, struct waiting *out)
{
    struct lfi_error error = {{0}};
    struct actor actor = context_actor(context);
    const struct provider *provider = context->endpoint->provider;
    const struct lfi_call call = actor_core_call(actor);
    *out = (struct waiting){.tree = NULL};
    enum hub_outcome outcome =
        hub_get_consent(context->endpoint->hub, context->arena, consent_id, &out->tree, &error);
    if (outcome != HUB_OK) {
        own_page_refuse_hub(context, outcome, &error);
        return false;
    }
    consent_read(out->tree, &out->consent);
    const cJSON *account = cJSON_GetArrayItem(out->consent.account_ids, 0);
    if (!out->consent.authorizers || !out->consent.kind->pays || !account ||
        !PROVIDER_SERVES(provider, payments, approvers)) {
        return refuse_unknown(context, "not one that several approve");
    }
    int status = mandate_read(provider, context->arena, &call, slice_of(account->valuestring),
                              &out->authorizers, &error);
    if (status == LFI_UNKNOWN ||
        (status == LFI_OK && !authorizers_find(out->authorizers, call.user_id))) {
        return refuse_unknown(context, "not one of those who approve");
    }
    if (status != LFI_OK) {
        return context_refuse_failed(context, STEP_CORE, status, &error), false;
    }
    if (!payment_terms_read(actor, out->tree, &out->consent, &out->terms)) {
        context_refuse(context, 500, "INTERNAL", "the payments cannot be read");
        return false;
    }
    out->quote_over = has_lost_quote(out);
    if (out->quote_over && consent_is_open(&out->consent, clock_now_us(actor.psu->clock))) {
        (void)authorizer_task_put_end(actor, out->consent.id, clock_now_s(actor.psu->clock));
    }
    return true;
}

static void append_people(struct actor actor, const struct waiting *waiting, struct json_writer *w)
{
    json_int(w, "required", authorizers_required(waiting->authorizers));
    json_open_array(w, "authorizers");
    for (size_t i = 0; i < waiting->authorizers->count; i++) {
        const struct lfi_approver *one = &waiting->authorizers->items[i];
        struct lfi_slice user_id = slice_of(one->user_id);
        json_open_object(w, NULL);
        json_text(w, "name", one->name);
        json_text(w, "group", one->group);
        json_string(w, "status", authorizers_status(waiting->consent.authorizers, user_id));
        json_bool(w, "own", slice_equal(user_id, actor.session->user_id));
        json_close_object(w);
    }
    json_close_array(w);
}

static bool is_open_to(struct actor actor, const struct waiting *waiting)
{
    struct lfi_slice own = actor.session->user_id;
    return !waiting->quote_over &&
           consent_is_open(&waiting->consent, clock_now_us(actor.psu->clock)) &&
           slice_equal_text(authorizers_status(waiting->consent.authorizers, own), "Pending") &&
           !authorizer_task_waits(actor, waiting->consent.id);
}

static void show(struct context *context, const struct waiting *waiting)
{
    char until[DATETIME_TEXT_MAX];
    struct json_writer w;
    struct lfi_error error = {{0}};
    struct actor actor = context_actor(context);
    const struct consent *consent = &waiting->consent;
    context_begin_view(context, &w, "authorize");
    json_string(&w, "id", consent->id);
    json_string(&w, "tpp", consent_beneficiary(consent));
    json_string(&w, "status", consent->status);
    json_raw(&w, "payment", waiting->terms.json);
    append_people(actor, waiting, &w);
    json_bool(&w, "open", is_open_to(actor, waiting));
    json_bool(&w, "underWay", authorizer_task_waits(actor, consent->id));
    json_bool(&w, "quoteOver", waiting->quote_over);
    (void)datetime_format_utc_ms(payment_terms_deadline_s(&waiting->terms, consent) * 1000000,
                                 until);
    json_text(&w, "until", until);
    int status = own_page_append_accounts(actor, consent->account_ids, &w, &error);
    if (status != LFI_OK) {
        (void)context_refuse_failed(context, STEP_CORE, status, &error);
        return;
    }
    json_close_object(&w);
}

void own_approvals_show(struct context *context, struct lfi_slice consent_id)
{
    struct waiting waiting;
    if (load(context, consent_id, &waiting)) {
        show(context, &waiting);
    }
    cJSON_Delete(waiting.tree);
}

int own_consents_waiting(struct call *call)
{
    own_approvals_show(step_context(call), json_get_string(step_body(call), "consentId"));
    return 0;
}

/* --- deciding --------------------------------------------------------------------------------- */

static void decide(struct context *context, struct waiting *waiting, bool approves)
{
    struct lfi_error error = {{0}};
    struct actor actor = context_actor(context);
    int status = authorizer_task_put(actor, waiting->consent.id, approves, &error);
    if (status != LFI_OK) {
        (void)context_refuse_failed(context, STEP_STATE, status, &error);
    } else {
        show(context, waiting);
    }
}

/* What is confirmed is this consent's approval: a JSON text of its id. */
static struct lfi_slice choice_of(struct context *context, const struct consent *consent)
{
    return arena_format(context->arena, "\"%.*s\"", SLICE_ARG(consent->id));
}

int own_consents_authorize(struct call *call)
{
    struct context *context = step_context(call);
    const cJSON *body = step_body(call);
    bool approves = json_get_bool(body, "approve", false);
    struct waiting waiting;
    if (load(context, json_get_string(body, "consentId"), &waiting)) {
        if (!is_open_to(context_actor(context), &waiting)) {
            show(context, &waiting);
        } else if (approves) {
            step_up_ask(context, choice_of(context, &waiting.consent), &waiting.consent,
                        &waiting.terms, 1);
        } else {
            decide(context, &waiting, false);
        }
    }
    cJSON_Delete(waiting.tree);
    return 0;
}

void step_approve_waiting(struct context *context, const cJSON *choice)
{
    struct waiting waiting = {.tree = NULL};
    struct lfi_slice consent_id = slice_of(cJSON_GetStringValue(choice));
    struct lfi_slice confirmed = context->session.decision;
    if (!context_move(context, SESSION_REOPENED) || context_keep_session(context) != 0 ||
        !load(context, consent_id, &waiting)) {
        cJSON_Delete(waiting.tree);
        return;
    }
    struct lfi_slice now = step_up_digest(context_actor(context),
                                          choice_of(context, &waiting.consent), &waiting.terms);
    if (!slice_equal(confirmed, now)) {
        context_refuse(context, 409, "JOURNEY-CHANGED", "the payments are not those confirmed");
    } else if (is_open_to(context_actor(context), &waiting)) {
        decide(context, &waiting, true);
    } else {
        show(context, &waiting);
    }
    cJSON_Delete(waiting.tree);
}
