#include "authorizers.h"

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "Consent.BusinessRuleViolation", message);
}

/* Whether an entry before this one names the same approver. */
static bool is_repeated(const cJSON *entries, const cJSON *entry)
{
    for (const cJSON *other = entries->child; other != entry; other = other->next) {
        if (slice_equal(json_get_string(other, "AuthorizerId"),
                        json_get_string(entry, "AuthorizerId"))) {
            return true;
        }
    }
    return false;
}

int authorizers_check(const cJSON *list, struct lfi_slice status, struct refusal *refusal)
{
    const cJSON *entries = json_get(list, "Authorizations"), *entry;
    int64_t required = 0, approved = 0, rejected = 0;
    if (!json_get_int(list, "TotalRequired", &required) || required < 1 ||
        required > cJSON_GetArraySize(entries)) {
        return refuse(refusal, "PATCH-AUTHORIZERS-COUNT",
                      "TotalRequired must be between 1 and the number of Authorizations.");
    }
    cJSON_ArrayForEach(entry, entries)
    {
        struct lfi_slice decision = json_get_string(entry, "AuthorizationStatus");
        if (json_get_string(entry, "AuthorizerId").len == 0 || is_repeated(entries, entry)) {
            return refuse(refusal, "PATCH-AUTHORIZERS-ID",
                          "Each authorization needs an AuthorizerId of its own.");
        }
        approved += slice_equal_text(decision, "Approved");
        rejected += slice_equal_text(decision, "Rejected");
        bool decided =
            slice_equal_text(decision, "Approved") || slice_equal_text(decision, "Rejected");
        if (decided != !!json_get(entry, "AuthorizationDate")) {
            return refuse(refusal, "PATCH-AUTHORIZERS-DATE",
                          "AuthorizationDate must stand beside a decision, and only there.");
        }
    }
    bool awaits = slice_equal_text(status, "AwaitingAuthorization");
    bool authorized = slice_equal_text(status, "Authorized");
    /* More than the required number may have approved while one of another type is missing. */
    bool all_approved = approved == cJSON_GetArraySize(entries);
    if ((rejected > 0 && (awaits || authorized)) || (approved < required && authorized) ||
        (all_approved && awaits)) {
        return refuse(refusal, "PATCH-AUTHORIZERS-STATUS",
                      "The state of the consent does not follow from the decisions.");
    }
    return 0;
}
