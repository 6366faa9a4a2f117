#include "consent/authorizers.h"

#include "base/datetime.h"

#define PENDING "Pending"
#define APPROVED "Approved"
#define REJECTED "Rejected"

const struct lfi_approver *authorizers_find(const struct authorizers *authorizers,
                                            struct lfi_slice user_id)
{
    for (size_t i = 0; i < authorizers->count; i++) {
        if (slice_equal_text(user_id, authorizers->items[i].user_id)) {
            return &authorizers->items[i];
        }
    }
    return NULL;
}

uint32_t authorizers_required(const struct authorizers *authorizers)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < authorizers->rule.group_count; i++) {
        total += authorizers->rule.groups[i].required;
    }
    return total;
}

static const cJSON *entry_of(const cJSON *list, struct lfi_slice user_id)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json_get(list, "Authorizations"))
    {
        if (slice_equal(json_get_string(entry, "AuthorizerId"), user_id)) {
            return entry;
        }
    }
    return NULL;
}

struct lfi_slice authorizers_status(const cJSON *list, struct lfi_slice user_id)
{
    struct lfi_slice status = json_get_string(entry_of(list, user_id), "AuthorizationStatus");
    return status.ptr ? status : SLICE(PENDING);
}

/* The list under way, and what is counted on the way. */
struct merge {
    const struct authorizers *authorizers;
    const cJSON *list;
    const struct authorizer_decision *decision;
    struct json_writer writer;
    uint32_t approved[LFI_APPROVER_GROUPS_MAX];
    bool refused;
};

static void append(struct merge *merge, struct lfi_slice user_id, struct lfi_slice type,
                   struct lfi_slice date, struct lfi_slice status)
{
    struct json_writer *w = &merge->writer;
    json_open_object(w, NULL);
    json_string(w, "AuthorizerId", user_id);
    json_string_if_any(w, "AuthorizerType", type);
    json_string_if_any(w, "AuthorizationDate", date);
    json_string(w, "AuthorizationStatus", status);
    json_close_object(w);
    merge->refused = merge->refused || slice_equal_text(status, REJECTED);
}

static void count_approval(struct merge *merge, const struct lfi_approver *approver)
{
    const struct lfi_approver_summary *rule = &merge->authorizers->rule;
    for (uint32_t i = 0; i < rule->group_count; i++) {
        merge->approved[i] += strcmp(approver->group, rule->groups[i].name) == 0;
    }
}

static void append_approver(struct merge *merge, const struct lfi_approver *approver)
{
    char now[DATETIME_TEXT_MAX];
    struct lfi_slice user_id = slice_of(approver->user_id);
    struct lfi_slice status = authorizers_status(merge->list, user_id);
    struct lfi_slice date = json_get_string(entry_of(merge->list, user_id), "AuthorizationDate");
    if (slice_equal_text(status, PENDING) && slice_equal(user_id, merge->decision->user_id)) {
        (void)datetime_format_utc_ms(merge->decision->at_us, now);
        status = merge->decision->approves ? SLICE(APPROVED) : SLICE(REJECTED);
        date = slice_of(now);
    }
    if (slice_equal_text(status, APPROVED)) {
        count_approval(merge, approver);
    }
    append(merge, user_id, slice_of(approver->group), date, status);
}

/* Those who decided and are named no more: the list keeps them. */
static void append_former(struct merge *merge)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json_get(merge->list, "Authorizations"))
    {
        struct lfi_slice user_id = json_get_string(entry, "AuthorizerId");
        struct lfi_slice status = json_get_string(entry, "AuthorizationStatus");
        if (!authorizers_find(merge->authorizers, user_id) && !slice_equal_text(status, PENDING)) {
            append(merge, user_id, json_get_string(entry, "AuthorizerType"),
                   json_get_string(entry, "AuthorizationDate"), status);
        }
    }
}

static bool is_given(const struct merge *merge)
{
    const struct lfi_approver_summary *rule = &merge->authorizers->rule;
    bool given = rule->group_count > 0;
    for (uint32_t i = 0; i < rule->group_count; i++) {
        given = given && merge->approved[i] >= rule->groups[i].required;
    }
    return given;
}

enum authorization authorizers_decide(const struct authorizers *authorizers, const cJSON *list,
                                      const struct authorizer_decision *decision, struct buf *out)
{
    struct merge merge = {.authorizers = authorizers, .list = list, .decision = decision};
    struct json_writer *w = &merge.writer;
    json_begin(w, out);
    json_open_object(w, NULL);
    json_int(w, "TotalRequired", authorizers_required(authorizers));
    json_open_array(w, "Authorizations");
    for (size_t i = 0; i < authorizers->count; i++) {
        append_approver(&merge, &authorizers->items[i]);
    }
    append_former(&merge);
    json_close_array(w);
    json_close_object(w);
    return merge.refused      ? AUTHORIZATION_REFUSED
           : is_given(&merge) ? AUTHORIZATION_GIVEN
                              : AUTHORIZATION_WAITS;
}
