#include "psu/mandate.h"

#include "base/core_answer.h"
#include "base/error.h"

static int take(void *ctx, struct lfi_slice json, const void *facts)
{
    struct authorizers *authorizers = ctx;
    const struct lfi_approver *approver = facts;
    (void)json;
    if (!approver || approver->size < sizeof(*approver) ||
        authorizers->count == LFI_APPROVERS_MAX) {
        return -1;
    }
    authorizers->items[authorizers->count++] = *approver;
    return 0;
}

static uint32_t people_of(const struct authorizers *authorizers, const char *group)
{
    uint32_t people = 0;
    for (size_t i = 0; i < authorizers->count; i++) {
        people += strcmp(authorizers->items[i].group, group) == 0;
    }
    return people;
}

/* Otherwise a consent would wait for ever. */
static bool can_be_met(const struct authorizers *authorizers)
{
    const struct lfi_approver_summary *rule = &authorizers->rule;
    bool can = rule->group_count > 0 && rule->group_count <= LFI_APPROVER_GROUPS_MAX;
    for (uint32_t i = 0; can && i < rule->group_count; i++) {
        can = rule->groups[i].required > 0 &&
              rule->groups[i].required <= people_of(authorizers, rule->groups[i].name);
    }
    return can;
}

int mandate_read(const struct provider *provider, struct arena *arena, const struct lfi_call *call,
                 struct lfi_slice account_id, struct authorizers **out, struct lfi_error *error)
{
    struct authorizers *found = arena_alloc(arena, sizeof(*found));
    const struct lfi_query query = {.size = sizeof(query), .subject_id = account_id};
    *out = found;
    if (!found) {
        error_set(error, "out of memory");
        return LFI_FAILED;
    }
    *found = (struct authorizers){.count = 0};
    found->rule.size = sizeof(found->rule);
    struct core_answer answer = core_answer(take, found);
    answer.base.summary = &found->rule;
    int status = provider->payments->approvers(provider->core, call, &query, &answer.base, error);
    if (status == LFI_OK && !can_be_met(found)) {
        error_set(error, "approvers: a group has fewer people than must approve, or there is none");
        return LFI_FAILED;
    }
    return status == LFI_STOPPED ? LFI_FAILED : status;
}
