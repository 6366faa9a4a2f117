#include "psu/authorizer_task.h"

#include "base/limits.h"
#include "consent/consent.h"
#include "psu/consent_patch.h"
#include "psu/exchange_terms.h"
#include "psu/mandate.h"
#include "psu/task.h"

static struct lfi_slice key_of(struct actor actor, struct lfi_slice consent_id)
{
    return state_key(actor.arena, AUTHORIZER_KIND, actor.session->user_id, consent_id);
}

static struct lfi_slice end_key_of(struct actor actor, struct lfi_slice consent_id)
{
    return state_key(actor.arena, AUTHORIZERS_END_KIND, (struct lfi_slice){0}, consent_id);
}

/* --- keeping ---------------------------------------------------------------------------------- */

int authorizer_task_put(struct actor actor, struct lfi_slice consent_id, bool approves,
                        struct lfi_error *error)
{
    struct task task = {
        .key = key_of(actor, consent_id), .consent_id = consent_id, .record = cJSON_CreateObject()};
    int64_t now_us = clock_now_us(actor.psu->clock);
    int status = LFI_FAILED;
    if (task_add_text(actor, task.record, "kind", SLICE(AUTHORIZER_KIND)) &&
        task_add_text(actor, task.record, "consent", consent_id) &&
        task_add_text(actor, task.record, "user", actor.session->user_id) &&
        cJSON_AddBoolToObject(task.record, "approves", approves) &&
        cJSON_AddNumberToObject(task.record, "atMs", (double)(now_us / 1000))) {
        status = task_put(actor, &task, now_us / 1000000, error);
    } else {
        error_set(error, "out of memory");
    }
    cJSON_Delete(task.record);
    return status;
}

bool authorizer_task_waits(struct actor actor, struct lfi_slice consent_id)
{
    return task_is_kept(actor, key_of(actor, consent_id));
}

bool authorizer_task_put_end(struct actor actor, struct lfi_slice consent_id, int64_t due_s)
{
    struct lfi_error error = {{0}};
    struct task task = {.key = end_key_of(actor, consent_id),
                        .consent_id = consent_id,
                        .record = cJSON_CreateObject()};
    int status = LFI_FAILED;
    if (task_add_text(actor, task.record, "kind", SLICE(AUTHORIZERS_END_KIND)) &&
        task_add_text(actor, task.record, "consent", consent_id)) {
        status = task_put(actor, &task, due_s, &error);
    }
    cJSON_Delete(task.record);
    if (status != LFI_OK) {
        actor_log_state(actor, status, "task_put", &error);
    }
    return status == LFI_OK;
}

/* --- carrying out ----------------------------------------------------------------------------- */

static void note(struct actor actor, const char *how, enum hub_outcome outcome,
                 const struct lfi_error *error)
{
    LOG_EVENT(actor.psu->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, "authorizer",
              LOG_TEXT("provider", slice_of(actor.endpoint->provider->id)),
              LOG_TEXT("consent", actor.session->consent_id),
              LOG_TEXT("how", slice_of(outcome == HUB_OK ? how : "later")),
              LOG_TEXT("reason", slice_of(outcome == HUB_OK ? NULL : error->message)));
}

/* A refusal too is tried again: if the consent has ended meanwhile, the next try sees it. */
static void finish(struct actor actor, const struct task *task, enum hub_outcome outcome,
                   const struct lfi_error *error)
{
    if (outcome == HUB_OK) {
        task_done(actor, task->key);
    } else {
        task_try_later(actor, task, outcome, error);
    }
}

/* The first who approved stays the consent's customer. */
static enum hub_outcome tell_hub(struct actor actor, const struct consent *consent,
                                 const struct authorizers *authorizers,
                                 const struct authorizer_decision *decision, const char **how,
                                 struct lfi_error *error)
{
    static const char *const hows[] = {[AUTHORIZATION_WAITS] = "approved",
                                       [AUTHORIZATION_GIVEN] = "approved-by-all",
                                       [AUTHORIZATION_REFUSED] = "refused"};
    struct buf list;
    buf_init(&list, AUTHORIZERS_BYTES);
    enum authorization authorization =
        authorizers_decide(authorizers, consent->authorizers, decision, &list);
    actor.session->user_id = consent->user_id;
    enum hub_outcome outcome =
        list.failed
            ? HUB_UNREACHABLE
            : consent_patch_authorizers(actor, consent, buf_slice(&list), authorization, error);
    buf_free(&list);
    *how = hows[authorization];
    return outcome;
}

/* An approval comes too late when the rate that it is for is gone: the consent ends. */
static enum hub_outcome end_with_quote(struct actor actor, const cJSON *tree,
                                       const struct consent *consent, bool *over,
                                       struct lfi_error *error)
{
    struct exchange_terms terms;
    enum hub_outcome outcome = HUB_OK;
    if (!exchange_terms_read(actor, tree, consent, &terms)) {
        error_set(error, "the quote of the payment cannot be read");
        outcome = HUB_UNREACHABLE;
    }
    *over = terms.over;
    exchange_terms_free(&terms);
    if (*over) {
        actor.session->user_id = consent->user_id;
        outcome = consent_patch_reject(actor, error);
    }
    return outcome;
}

static enum hub_outcome deliver(struct actor actor, const struct authorizer_decision *decision,
                                const char **how, struct lfi_error *error)
{
    cJSON *tree = NULL;
    struct consent consent;
    struct authorizers *authorizers = NULL;
    bool over = false;
    const struct provider *provider = actor.endpoint->provider;
    const struct lfi_call call = actor_core_call(actor);
    enum hub_outcome outcome =
        hub_get_consent(actor.endpoint->hub, actor.arena, actor.session->consent_id, &tree, error);
    consent_read(tree, &consent);
    const cJSON *account = cJSON_GetArrayItem(consent.account_ids, 0);
    if (outcome != HUB_OK) {
        *how = "later";
    } else if (!consent_is_open(&consent, clock_now_us(actor.psu->clock)) || !account) {
        *how = "ended-before";
    } else if (decision->approves &&
               ((outcome = end_with_quote(actor, tree, &consent, &over, error)) != HUB_OK ||
                over)) {
        *how = "quote-over";
    } else if (mandate_read(provider, actor.arena, &call, slice_of(account->valuestring),
                            &authorizers, error) != LFI_OK) {
        outcome = HUB_UNREACHABLE;
    } else if (!authorizers_find(authorizers, decision->user_id)) {
        *how = "no-mandate";
    } else {
        outcome = tell_hub(actor, &consent, authorizers, decision, how, error);
    }
    cJSON_Delete(tree);
    return outcome;
}

void authorizer_task_deliver(struct actor actor, cJSON *record)
{
    int64_t at_ms = 0;
    const char *how = NULL;
    struct lfi_error error = {{0}};
    (void)json_get_int(record, "atMs", &at_ms);
    const struct authorizer_decision decision = {.user_id = json_get_string(record, "user"),
                                                 .approves =
                                                     json_get_bool(record, "approves", false),
                                                 .at_us = at_ms * 1000};
    actor.session->consent_id = json_get_string(record, "consent");
    actor.session->user_id = decision.user_id;
    const struct task task = {.key = key_of(actor, actor.session->consent_id), .record = record};
    enum hub_outcome outcome = deliver(actor, &decision, &how, &error);
    note(actor, how, outcome, &error);
    finish(actor, &task, outcome, &error);
}

void authorizer_task_end(struct actor actor, cJSON *record)
{
    cJSON *tree = NULL;
    struct consent consent;
    struct lfi_error error = {{0}};
    const char *how = "ended-before";
    actor.session->consent_id = json_get_string(record, "consent");
    const struct task task = {.key = end_key_of(actor, actor.session->consent_id),
                              .record = record};
    enum hub_outcome outcome =
        hub_get_consent(actor.endpoint->hub, actor.arena, actor.session->consent_id, &tree, &error);
    consent_read(tree, &consent);
    if (outcome == HUB_OK && slice_equal_text(consent.status, "AwaitingAuthorization")) {
        how = "out-of-time";
        actor.session->user_id = consent.user_id;
        outcome = consent_patch_reject(actor, &error);
    }
    note(actor, how, outcome, &error);
    cJSON_Delete(tree);
    finish(actor, &task, outcome, &error);
}
