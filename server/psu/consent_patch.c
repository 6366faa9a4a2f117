#include "psu/consent_patch.h"

#include "consent/consent.h"

#define PATCH_BYTES (64 * 1024)

static void append_patch(struct buf *out, const char *status, const struct session *session,
                         const struct lfi_slice *account_ids, size_t count)
{
    struct json_writer w;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_text(&w, "status", status);
    json_open_object(&w, "psuIdentifiers");
    json_string(&w, "userId", session->user_id);
    json_close_object(&w);
    if (count > 0) {
        json_open_array(&w, "accountIds");
        for (size_t i = 0; i < count; i++) {
            json_string(&w, NULL, account_ids[i]);
        }
        json_close_array(&w);
    }
    json_text(&w, "authorizationChannel", session->on_phone ? "App" : "Web");
    json_close_object(&w);
}

static enum hub_outcome patch(struct actor actor, const char *status,
                              const struct lfi_slice *account_ids, size_t count,
                              struct lfi_error *error)
{
    struct buf body;
    buf_init(&body, PATCH_BYTES);
    append_patch(&body, status, actor.session, account_ids, count);
    enum hub_outcome outcome =
        body.failed ? HUB_WRONG
                    : hub_patch_consent(actor.endpoint->hub, actor.arena, actor.session->consent_id,
                                        buf_slice(&body), error);
    buf_free(&body);
    return outcome;
}

enum hub_outcome consent_patch_reject(struct actor actor, struct lfi_error *error)
{
    return patch(actor, "Rejected", NULL, 0, error);
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

static bool is_authorized(struct actor actor, const struct consent *consent,
                          const struct lfi_slice *account_ids, size_t count)
{
    bool same = slice_equal_text(consent->status, "Authorized") &&
                slice_equal(consent->user_id, actor.session->user_id) &&
                (size_t)cJSON_GetArraySize(consent->account_ids) == count;
    for (size_t i = 0; same && i < count; i++) {
        same = json_lists(consent->account_ids, account_ids[i]);
    }
    return same;
}

/* When the answer is lost, or is one to a second try, the consent itself tells what was applied. */
bool consent_patch_authorize(struct actor actor, const struct lfi_slice *account_ids, size_t count)
{
    cJSON *tree = NULL;
    struct consent consent;
    struct lfi_error error;
    bool authorized = patch(actor, "Authorized", account_ids, count, &error) == HUB_OK ||
                      (get_consent(actor, &tree, &consent, &error) == HUB_OK &&
                       is_authorized(actor, &consent, account_ids, count));
    cJSON_Delete(tree);
    return authorized;
}
