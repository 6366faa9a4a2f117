#include "psu/revocation.h"

#include "base/limits.h"
#include "psu/own_consent.h"

#define RECORD_BYTES 1024
#define FIRST_WAIT_S 1
#define LONGEST_WAIT_S 300

static struct lfi_slice key_of(struct visit *visit, struct lfi_slice consent_id)
{
    return visit_key(visit, REVOCATION_KIND, visit->session.user_id, consent_id);
}

static int keep(struct visit *visit, struct lfi_slice consent_id, int64_t wait_s,
                struct lfi_error *error)
{
    const struct provider *provider = visit->endpoint->provider;
    struct buf record;
    struct json_writer w;
    buf_init(&record, RECORD_BYTES);
    json_begin(&w, &record);
    json_open_object(&w, NULL);
    json_text(&w, "kind", REVOCATION_KIND);
    json_string(&w, "consent", consent_id);
    json_string(&w, "user", visit->session.user_id);
    json_int(&w, "wait", wait_s);
    json_close_object(&w);
    int status = record.failed ? LFI_CORE_FAILED
                               : provider->ops->task_put(provider->core, key_of(visit, consent_id),
                                                         clock_now_s(visit->psu->clock) + wait_s,
                                                         buf_slice(&record), error);
    buf_free(&record);
    return status;
}

static int ignore(void *ctx, struct lfi_slice json)
{
    (void)ctx;
    (void)json;
    return 0;
}

bool revocation_is_pending(struct visit *visit, struct lfi_slice consent_id)
{
    const struct provider *provider = visit->endpoint->provider;
    struct lfi_sink sink = {.record = ignore};
    struct lfi_error error = {{0}};
    return visit_has_tasks(visit) &&
           provider->ops->task_find(provider->core, key_of(visit, consent_id), sink, &error) ==
               LFI_CORE_OK;
}

/* One use of what a customer may have kept. *out_wait_s is 0 when it is allowed. */
static int take_quota(struct visit *visit, uint32_t *out_wait_s, struct lfi_error *error)
{
    const struct provider *provider = visit->endpoint->provider;
    const struct lfi_allowance quota = {.times = LIMIT_REVOCATIONS_KEPT,
                                        .window_s = LIMIT_REVOCATIONS_WINDOW_S};
    *out_wait_s = 0;
    if (!PROVIDER_HAS(provider, allow)) {
        return LFI_CORE_OK;
    }
    struct lfi_slice key =
        visit_key(visit, "revoke-quota", visit->session.user_id, (struct lfi_slice){0});
    return provider->ops->allow(provider->core, key, &quota, out_wait_s, error);
}

int revocation_keep(struct visit *visit, struct lfi_slice consent_id, struct lfi_error *error)
{
    uint32_t wait_s = 0;
    if (revocation_is_pending(visit, consent_id)) {
        return LFI_CORE_OK;
    }
    int status = take_quota(visit, &wait_s, error);
    if (status == LFI_CORE_OK && wait_s > 0) {
        return LFI_CORE_DENIED;
    }
    return status != LFI_CORE_OK ? status : keep(visit, consent_id, FIRST_WAIT_S, error);
}

/* HUB_OK also when there is nothing left to revoke. */
static enum hub_outcome tell(struct visit *visit, struct lfi_slice consent_id, const char **how,
                             struct lfi_error *error)
{
    cJSON *consent = NULL;
    struct hub *hub = visit->endpoint->hub;
    enum hub_outcome outcome = hub_get_consent(hub, visit->arena, consent_id, &consent, error);
    *how = "refused";
    if (outcome == HUB_OK && !own_consent_is_of(consent, visit->session.user_id)) {
        *how = "not-theirs";
    } else if (outcome == HUB_OK && !own_consent_is_revocable(consent)) {
        *how = "ended-before";
    } else if (outcome == HUB_OK) {
        *how = "revoked";
        outcome = hub_revoke_consent(hub, visit->arena, consent_id, REVOKED_BY_CUSTOMER, error);
    }
    cJSON_Delete(consent);
    return outcome;
}

/* What the Hub refuses it would refuse again: somebody has to look at it. */
void revocation_deliver(struct visit *visit, const cJSON *record)
{
    const struct provider *provider = visit->endpoint->provider;
    struct lfi_slice consent_id = json_get_string(record, "consent");
    struct lfi_error error = {{0}};
    int64_t wait_s = FIRST_WAIT_S;
    const char *how = NULL;
    visit->session.user_id = json_get_string(record, "user");
    (void)json_get_int(record, "wait", &wait_s);
    enum hub_outcome outcome = tell(visit, consent_id, &how, &error);
    bool later = outcome == HUB_UNREACHABLE || outcome == HUB_WRONG;
    wait_s = wait_s * 2 < LONGEST_WAIT_S ? wait_s * 2 : LONGEST_WAIT_S;
    LOG_EVENT(visit->psu->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, "revocation_kept",
              LOG_TEXT("provider", slice_of(provider->id)), LOG_TEXT("consent", consent_id),
              LOG_TEXT("how", slice_of(later               ? "later"
                                       : outcome == HUB_OK ? how
                                                           : "refused")),
              LOG_TEXT("reason", slice_of(error.message)));
    int status = later
                     ? keep(visit, consent_id, wait_s, &error)
                     : provider->ops->task_done(provider->core, key_of(visit, consent_id), &error);
    if (status != LFI_CORE_OK) { /* it is due again by itself */
        LOG_EVENT(visit->psu->log, LOG_ERROR, "core_failed", LOG_NUMBER("status", status),
                  LOG_TEXT("call", slice_of(later ? "task_put" : "task_done")),
                  LOG_TEXT("reason", slice_of(error.message)));
    }
}
