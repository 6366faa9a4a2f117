#include "base/array.h"
#include "flow/call.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"

static int refuse_user(struct call *call, const char *id, const char *detail)
{
    (void)refusal_set(call->refusal, id, 400, "Consent.InvalidUserIdentifier",
                      "The PSU identifier is invalid.");
    refusal_detail(call->refusal, "%s", detail);
    return -1;
}

/* A duplicated member is ambiguous: reject it. */
static bool occurs_once(const cJSON *object, const char *name)
{
    int count = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        count += member->string && strcmp(member->string, name) == 0;
    }
    return count == 1;
}

int access_read_user(struct call *call)
{
    struct lfi_slice header = contract_parameter(&call->parameters, call->row->psu);
    struct lfi_slice json = base64_decode_any(call->arena, header);
    if (!json.ptr) {
        return refuse_user(call, "PSU-FORM", "not Base64");
    }
    cJSON *psu = json_parse(json);
    struct lfi_slice value = json_get_string(psu, "userId");
    bool given = value.len > 0 && occurs_once(psu, "userId");
    const char *copy = given ? arena_text(call->arena, value) : NULL;
    cJSON_Delete(psu);
    if (!copy) {
        return refuse_user(call, "PSU-FORM", "not a JSON object with one userId");
    }
    call->core.user_id = (struct lfi_slice){copy, value.len};
    return 0;
}

int access_user(struct call *call)
{
    struct lfi_error error = {"no such user"};
    const struct provider *provider = call->provider;
    if (access_read_user(call) != 0) {
        return -1;
    }
    int rc = provider->customers->exists(provider->core, &call->core, call->core.user_id, &error);
    return outcome_check(call, OUTCOME_USER, rc, &error);
}

/* What each status answers on an account's own resources (data sharing 3.2); NULL: readable. */
struct status_rule {
    const char *id, *error_code, *message;
};

#define PERMANENT "The account is permanently inaccessible."

static const struct status_rule STATUS_RULES[] = {
    [LFI_ACCOUNT_ACTIVE] = {NULL, NULL, NULL},
    [LFI_ACCOUNT_INACTIVE] = {NULL, NULL, NULL},
    [LFI_ACCOUNT_DORMANT] = {NULL, NULL, NULL},
    [LFI_ACCOUNT_UNCLAIMED] = {"ACCOUNT-UNCLAIMED", "Consent.PermanentAccountAccessFailure",
                               PERMANENT},
    [LFI_ACCOUNT_DECEASED] = {"ACCOUNT-DECEASED", "Consent.PermanentAccountAccessFailure",
                              PERMANENT},
    [LFI_ACCOUNT_SUSPENDED] = {"ACCOUNT-SUSPENDED", "Consent.AccountTemporarilyBlocked",
                               "The account is temporarily blocked."},
    [LFI_ACCOUNT_CLOSED] = {"ACCOUNT-CLOSED", "Consent.PermanentAccountAccessFailure", PERMANENT},
};

int access_status(struct call *call, enum lfi_account_status status)
{
    if ((size_t)status >= ARRAY_LEN(STATUS_RULES)) {
        return outcome_fail(call, "account status out of range");
    }
    const struct status_rule *rule = &STATUS_RULES[status];
    return rule->id ? refusal_set(call->refusal, rule->id, 403, rule->error_code, rule->message)
                    : 0;
}

int access_account(struct call *call)
{
    struct lfi_error error = {"the user holds no such account"};
    const struct provider *provider = call->provider;
    struct lfi_account_facts *facts = &call->account;
    if (access_read_user(call) != 0) {
        return -1;
    }
    *facts = (struct lfi_account_facts){.size = sizeof(*facts)};
    const struct lfi_subject_query query = {
        .size = sizeof(query), .user_id = call->core.user_id, .account_id = call->account_id};
    int rc = provider->accounts->subject(provider->core, &call->core, &query, facts, &error);
    if (rc == LFI_UNKNOWN && facts->user_unknown) {
        (void)error_set(&error, "no such user");
        return outcome_check(call, OUTCOME_USER, rc, &error);
    }
    if (outcome_check(call, OUTCOME_ACCOUNT, rc, &error) != 0) {
        return -1;
    }
    if (!slice_equal_text(call->account_id, facts->account_id)) {
        return outcome_refuse_record(call, "the facts are those of another account");
    }
    return access_status(call, facts->status);
}

int access_by_path(struct call *call)
{
    call->account_id = contract_parameter(&call->parameters, call->row->account);
    return access_account(call);
}
