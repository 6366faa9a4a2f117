#include "psu/revocation.h"

#include "base/limits.h"
#include "consent/consent.h"
#include "psu/task.h"

#define PROOF_PURPOSE "own-consent"
#define PROOF_BYTES 1024

static struct lfi_slice key_of(struct actor actor, struct lfi_slice consent_id)
{
    return state_key(actor.arena, REVOCATION_KIND, actor.session->user_id, consent_id);
}

/* --- whose it is ------------------------------------------------------------------------------ */

void revocation_append_proof(struct actor actor, struct lfi_slice consent_id,
                             struct json_writer *writer)
{
    struct buf proof;
    struct lfi_slice clear = actor_bind(actor, key_of(actor, consent_id));
    buf_init(&proof, PROOF_BYTES);
    if (clear.ptr && seal_close(actor.psu->seal, PROOF_PURPOSE, clear, &proof) == 0) {
        json_string(writer, "proof", buf_slice(&proof));
    }
    buf_free(&proof);
}

bool revocation_is_proven(struct actor actor, struct lfi_slice consent_id, struct lfi_slice proof)
{
    struct lfi_slice shown = {0};
    if (proof.len > 0) {
        shown = seal_open(actor.psu->seal, actor.arena, PROOF_PURPOSE, proof);
    }
    return shown.len > 0 && slice_equal(shown, actor_bind(actor, key_of(actor, consent_id)));
}

/* --- keeping ---------------------------------------------------------------------------------- */

/* Journeys, which one customer cannot make many of, keep a share of the table. */
static int check_room(struct actor actor, struct lfi_error *error)
{
    const struct state_ref ref = actor_state(actor, (struct lfi_slice){0});
    struct state_task_counts counts;
    int status = state_task_counts(&ref, &counts, error);
    if (status == LFI_OK && counts.kept >= counts.limit / LIMIT_REVOCATIONS_SHARE) {
        error_set(error, "%llu tasks are kept, the rest of the room is for journeys",
                  (unsigned long long)counts.kept);
        return LFI_UNAVAILABLE;
    }
    return status;
}

int revocation_put(struct actor actor, struct lfi_slice consent_id, int64_t wait_s,
                   struct lfi_error *error)
{
    struct task task = {
        .key = key_of(actor, consent_id), .consent_id = consent_id, .record = cJSON_CreateObject()};
    int status = check_room(actor, error);
    if (status == LFI_OK && (!task_add_text(actor, task.record, "kind", SLICE(REVOCATION_KIND)) ||
                             !task_add_text(actor, task.record, "consent", consent_id) ||
                             !task_add_text(actor, task.record, "user", actor.session->user_id))) {
        error_set(error, "out of memory");
        status = LFI_FAILED;
    }
    if (status == LFI_OK) {
        status = task_put(actor, &task, clock_now_s(actor.psu->clock) + wait_s, error);
    }
    cJSON_Delete(task.record);
    return status;
}

void revocation_end(struct actor actor, struct lfi_slice consent_id)
{
    task_done(actor, key_of(actor, consent_id));
}

bool revocation_is_pending(struct actor actor, struct lfi_slice consent_id)
{
    return task_is_kept(actor, key_of(actor, consent_id));
}

/* One use of what a customer may have kept. *out_wait_s is 0 when it is allowed. */
static int take_quota(struct actor actor, uint32_t *out_wait_s, struct lfi_error *error)
{
    static const struct state_allowance quota = {.times = LIMIT_REVOCATIONS_KEPT,
                                                 .window_s = LIMIT_REVOCATIONS_WINDOW_S};
    const struct state_ref ref =
        actor_state(actor, state_key(actor.arena, "revoke-quota", actor.session->user_id,
                                     (struct lfi_slice){0}));
    return state_limit_take(&ref, &quota, out_wait_s, error);
}

int revocation_keep(struct actor actor, struct lfi_slice consent_id, struct lfi_error *error)
{
    uint32_t wait_s = 0;
    if (revocation_is_pending(actor, consent_id)) {
        return LFI_OK;
    }
    int status = take_quota(actor, &wait_s, error);
    if (status == LFI_OK && wait_s > 0) {
        return LFI_DENIED;
    }
    return status != LFI_OK ? status : revocation_put(actor, consent_id, TASK_FIRST_GAP_S, error);
}

/* HUB_OK also when there is nothing left to revoke. */
static enum hub_outcome tell_hub(struct actor actor, struct lfi_slice consent_id, const char **how,
                                 struct lfi_error *error)
{
    cJSON *tree = NULL;
    struct consent consent;
    struct hub *hub = actor.endpoint->hub;
    enum hub_outcome outcome = hub_get_consent(hub, actor.arena, consent_id, &tree, error);
    consent_read(tree, &consent);
    if (outcome == HUB_OK && !consent_is_of(&consent, actor.session->user_id)) {
        *how = "not-theirs";
    } else if (outcome == HUB_OK && !consent_is_revocable(&consent)) {
        *how = "ended-before";
    } else if (outcome == HUB_OK) {
        *how = "revoked";
        outcome = hub_revoke_consent(hub, actor.arena, consent_id, REVOKED_BY_CUSTOMER, error);
    }
    cJSON_Delete(tree);
    return outcome;
}

void revocation_deliver(struct actor actor, cJSON *record)
{
    struct lfi_slice consent_id = json_get_string(record, "consent");
    struct lfi_error error = {{0}};
    const char *how = NULL;
    actor.session->user_id = json_get_string(record, "user");
    const struct task task = {.key = key_of(actor, consent_id), .record = record};
    enum hub_outcome outcome = tell_hub(actor, consent_id, &how, &error);
    LOG_EVENT(actor.psu->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, "revocation-kept",
              LOG_TEXT("provider", slice_of(actor.endpoint->provider->id)),
              LOG_TEXT("consent", consent_id),
              LOG_TEXT("how", slice_of(outcome == HUB_OK ? how : "later")),
              LOG_TEXT("reason", slice_of(outcome == HUB_OK ? NULL : error.message)));
    if (outcome == HUB_OK) {
        task_done(actor, task.key);
    } else {
        task_try_later(actor, &task, outcome, &error);
    }
}
