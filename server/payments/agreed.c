#include "payments/agreed.h"

int agreed_refuse(struct call *call, const char *id, const char *message)
{
    return refusal_set(call->refusal, id, 400, "Consent.Invalid", message);
}

int agreed_fetch(struct call *call, const struct payment_means *means, cJSON **tree)
{
    struct lfi_error error = {"no Hub is configured"};
    enum hub_outcome outcome = HUB_UNREACHABLE;
    *tree = NULL;
    if (means->hub) {
        outcome =
            hub_find_payment_consent(means->hub, call->arena, call->core.consent_id, tree, &error);
    }
    if (outcome == HUB_OK) {
        return 0;
    }
    if (outcome == HUB_REFUSED) {
        return agreed_refuse(call, "PAYMENT-CONSENT-UNKNOWN", "The consent is not known.");
    }
    (void)refusal_set(call->refusal, "PAYMENT-CONSENT-UNREAD", 500, "GenericRecoverableError",
                      "The consent cannot be read at the moment.");
    refusal_detail(call->refusal, "%s", error.message);
    return -1;
}

int agreed_account(struct call *call, const struct consent *consent, struct lfi_slice *account_id)
{
    const cJSON *account = cJSON_GetArrayItem(consent->account_ids, 0);
    if (!consent_is_of(consent, call->core.user_id)) {
        return refusal_set(call->refusal, "PAYMENT-CONSENT-USER", 400,
                           "Consent.InvalidUserIdentifier", "The PSU identifier is invalid.");
    }
    if (cJSON_GetArraySize(consent->account_ids) != 1 || !cJSON_IsString(account)) {
        return agreed_refuse(call, "PAYMENT-CONSENT-ACCOUNT",
                             "The consent names no single account to pay from.");
    }
    *account_id = slice_of(account->valuestring);
    return 0;
}
