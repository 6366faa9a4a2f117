/* Accounts. (Data sharing 7.1, 7.2.) */
#include "connect/call.h"

#include "routes_ozone_connect.h"

/* The distinct ids of accountIds, in their order. */
struct id_list {
    struct lfi_slice *ids;
    size_t count;
};

static bool contains(const struct id_list *list, struct lfi_slice id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (slice_equal(list->ids[i], id)) {
            return true;
        }
    }
    return false;
}

static int refuse_ids(struct call *call, const char *detail)
{
    return call_refuse_parameter(call, "ACCOUNT-IDS", "accountIds %s", detail);
}

/* Ownership of each id is checked as it is met, so that the list stays as short as the holdings. */
static int read_held_ids(struct call *call, struct lfi_slice user_id, struct id_list *out)
{
    struct lfi_slice rest = contract_parameter(&call->parameters, "accountIds");
    enum lfi_account_status status;
    struct lfi_slice id;
    *out = (struct id_list){arena_array(call->arena, rest.len / 2 + 1, sizeof(id)), 0};
    if (!out->ids) {
        return refuse_ids(call, "is too long");
    }
    while (slice_next(&rest, ',', &id)) {
        id = slice_trim(id);
        if (id.len == 0 || contains(out, id)) {
            continue;
        }
        if (access_account(call, user_id, id, &status) != 0) {
            return -1;
        }
        out->ids[out->count++] = id;
    }
    return out->count > 0 ? 0 : refuse_ids(call, "must hold an id");
}

int connect_find_accounts(struct call *call)
{
    struct page page;
    struct lfi_slice user_id;
    struct id_list held;
    struct list list;
    if (list_page(call, &page) != 0 || access_user(call, &user_id) != 0 ||
        read_held_ids(call, user_id, &held) != 0) {
        return -1;
    }
    uint64_t first = list_offset(&page);
    list_begin(&list, call, 0, UINT64_MAX);
    for (uint64_t i = first; i < held.count && i - first < page.size; i++) {
        struct lfi_error error = {""};
        int rc = call->provider->ops->account(call->provider->core, held.ids[i], list_sink(&list),
                                              &error);
        if (outcome_check(call, OUTCOME_ACCOUNT, rc, &error) != 0) {
            return -1;
        }
    }
    call->records.member = "id";
    call->records.values = first < held.count ? held.ids + first : held.ids;
    call->records.one_each = true;
    return list_end(&list, &page, held.count, false);
}

int connect_find_by_account_id(struct call *call)
{
    struct lfi_error error = {""};
    if (access_by_path(call) != 0) {
        return -1;
    }
    int rc = call->provider->ops->account(call->provider->core, call->account_id, single_sink(call),
                                          &error);
    call->records.member = "id";
    call->records.values = &call->account_id;
    return outcome_check(call, OUTCOME_ACCOUNT, rc, &error) == 0 ? single_end(call) : -1;
}
