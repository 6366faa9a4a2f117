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

static enum hub_outcome patch(struct visit *visit, const char *status,
                              const struct lfi_slice *account_ids, size_t count,
                              struct lfi_error *error)
{
    struct buf body;
    buf_init(&body, PATCH_BYTES);
    append_patch(&body, status, &visit->session, account_ids, count);
    enum hub_outcome outcome =
        body.failed ? HUB_WRONG
                    : hub_patch_consent(visit->endpoint->hub, visit->arena,
                                        visit->session.consent_id, buf_slice(&body), error);
    buf_free(&body);
    return outcome;
}

enum hub_outcome consent_patch_reject(struct visit *visit, struct lfi_error *error)
{
    return patch(visit, "Rejected", NULL, 0, error);
}

enum hub_outcome consent_patch_revoke(struct visit *visit, struct lfi_error *error)
{
    return hub_revoke_consent(visit->endpoint->hub, visit->arena, visit->session.consent_id, "LFI",
                              error);
}

/* The consent's own state, whatever became of the answers so far. */
static enum hub_outcome look(struct visit *visit, cJSON **tree, struct consent *consent,
                             struct lfi_error *error)
{
    enum hub_outcome outcome =
        hub_get_consent(visit->endpoint->hub, visit->arena, visit->session.consent_id, tree, error);
    if (outcome == HUB_OK) {
        consent_read(*tree, consent);
    }
    return outcome;
}

enum hub_outcome consent_patch_close(struct visit *visit, bool *foreign, struct lfi_error *error)
{
    cJSON *tree = NULL;
    struct consent consent;
    enum hub_outcome outcome = look(visit, &tree, &consent, error);
    *foreign = false;
    if (outcome == HUB_OK && slice_equal_text(consent.status, "AwaitingAuthorization")) {
        outcome = consent_patch_reject(visit, error);
    } else if (outcome == HUB_OK && slice_equal_text(consent.status, "Authorized")) {
        *foreign = !slice_equal(consent.user_id, visit->session.user_id);
        outcome = *foreign ? HUB_OK : consent_patch_revoke(visit, error);
    }
    cJSON_Delete(tree);
    return outcome;
}

static bool is_authorized(const struct visit *visit, const struct consent *consent,
                          const struct lfi_slice *account_ids, size_t count)
{
    bool same = slice_equal_text(consent->status, "Authorized") &&
                slice_equal(consent->user_id, visit->session.user_id) &&
                (size_t)cJSON_GetArraySize(consent->account_ids) == count;
    for (size_t i = 0; same && i < count; i++) {
        same = json_lists(consent->account_ids, account_ids[i]);
    }
    return same;
}

/* When the answer is lost, or is one to a second try, the consent itself tells what was applied. */
bool consent_patch_authorize(struct visit *visit, const struct lfi_slice *account_ids, size_t count)
{
    cJSON *tree = NULL;
    struct consent consent;
    struct lfi_error error;
    bool authorized = patch(visit, "Authorized", account_ids, count, &error) == HUB_OK ||
                      (look(visit, &tree, &consent, &error) == HUB_OK &&
                       is_authorized(visit, &consent, account_ids, count));
    cJSON_Delete(tree);
    return authorized;
}
