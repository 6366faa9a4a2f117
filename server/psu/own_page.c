#include "psu/own_page.h"

#include "base/core_answer.h"
#include "base/error.h"
#include "consent/policy_offers.h"

void own_page_refuse_hub(struct context *context, enum hub_outcome outcome,
                         const struct lfi_error *error)
{
    if (outcome == HUB_REFUSED) {
        context_refuse(context, 404, "CONSENT-UNKNOWN", error->message);
    } else {
        context_refuse(context, 503, "HUB-DOWN", error->message);
    }
}

/* Name and full number of a shared account, which the Hub knows only by our id. */
static int append_account(void *ctx, struct lfi_slice json, const void *facts)
{
    struct json_writer *w = ctx;
    (void)facts;
    cJSON *account = json_parse(json);
    const cJSON *number = json_get(account, "accountNumbers");
    json_open_object(w, NULL);
    json_string(w, "subType", json_get_string(account, "accountSubType"));
    if (json_get(account, "nickName")) {
        json_string(w, "name", json_get_string(account, "nickName"));
    }
    json_string(w, "number", json_get_string(!number ? NULL : number->child, "identification"));
    json_close_object(w);
    cJSON_Delete(account);
    return 0;
}

int own_page_append_accounts(struct actor actor, const cJSON *list, struct json_writer *w,
                             struct lfi_error *error)
{
    const struct provider *provider = actor.endpoint->provider;
    const struct lfi_call call = actor_core_call(actor);
    size_t count = (size_t)cJSON_GetArraySize(list);
    struct lfi_slice *ids = arena_array(actor.arena, count + 1, sizeof(*ids));
    struct lfi_held_query query = {.base = {.size = sizeof(query), .subject_id = call.user_id},
                                   .account_ids = ids};
    struct core_answer answer = core_answer(append_account, w);
    const cJSON *item;
    if (!ids) {
        (void)error_set(error, "out of memory");
        return LFI_FAILED;
    }
    cJSON_ArrayForEach(item, list)
    {
        ids[query.account_count++] = slice_of(cJSON_GetStringValue(item));
    }
    json_open_array(w, "accountList");
    int status = count == 0
                     ? LFI_OK
                     : provider->accounts->held(provider->core, &call, &query, &answer.base, error);
    json_close_array(w);
    return status;
}

int own_page_append_policies(struct actor actor, const cJSON *list, struct json_writer *w,
                             struct lfi_error *error)
{
    struct policy_offers policies;
    const struct lfi_call call = actor_core_call(actor);
    int status = policy_offers_find_chosen(actor.endpoint->provider, actor.arena, &call, list,
                                           &policies, error);
    policy_offers_append(&policies, "policyList", w);
    return status;
}
