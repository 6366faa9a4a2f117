/* Accounts. (Data sharing 7.1, 7.2.) */
#include "connect/operation.h"

#include "contract_data_sharing.h"
#include "rows_data_sharing.h"

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

static int read_ids(struct call *call, struct id_list *out)
{
    struct lfi_slice rest = contract_parameter(&call->parameters, DATA_SHARING_ACCOUNT_IDS);
    struct lfi_slice id;
    *out = (struct id_list){arena_array(call->arena, rest.len / 2 + 1, sizeof(id)), 0};
    if (!out->ids) {
        return refuse_ids(call, "is too long");
    }
    while (slice_next(&rest, ',', &id)) {
        id = slice_trim(id);
        if (id.len > 0 && !contains(out, id)) {
            out->ids[out->count++] = id;
        }
    }
    return out->count > 0 ? 0 : refuse_ids(call, "must hold an id");
}

/* Asks for accounts of the user; all of them must be held. */
static int ask(struct call *call, const struct id_list *wanted, core_record_fn *take, void *ctx)
{
    struct lfi_error error = {"no such user"};
    const struct provider *provider = call->provider;
    const struct lfi_held_query query = {
        .base = {.size = sizeof(query), .subject_id = call->core.user_id},
        .account_ids = wanted->ids,
        .account_count = wanted->count};
    struct core_answer answer = core_answer(take, ctx);
    int rc = provider->accounts->held(provider->core, &call->core, &query, &answer.base, &error);
    return outcome_check(call, rc == LFI_UNKNOWN ? OUTCOME_USER : OUTCOME_ACCOUNT, rc, &error);
}

static int refuse_not_held(struct call *call)
{
    const struct lfi_error error = {"the user holds no such account"};
    return outcome_check(call, OUTCOME_ACCOUNT, LFI_UNKNOWN, &error);
}

static int take_listed(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    return list_add(ctx, json);
}

int connect_accounts(struct call *call)
{
    struct id_list wanted;
    struct list *list = &call->list;
    if (list_page(call) != 0 || access_read_user(call) != 0 || read_ids(call, &wanted) != 0) {
        return -1;
    }
    uint64_t first = list_offset(&call->page);
    list_append_head(call);
    list_begin(list, call, first, call->page.size);
    if (ask(call, &wanted, take_listed, list) != 0) {
        return -1;
    }
    if (list->seen < wanted.count) {
        return refuse_not_held(call);
    }
    call->total = wanted.count;
    call->records.member = "id";
    call->records.values = first < wanted.count ? wanted.ids + first : wanted.ids;
    call->records.one_each = true;
    return list_end(call, false);
}

/* The record is written once its status has been found readable. */
struct one_account {
    struct call *call;
    struct lfi_slice json; /* a copy */
    enum lfi_account_status status;
    uint64_t count;
};

static int take_one(void *ctx, struct lfi_slice json, const void *facts)
{
    struct one_account *one = ctx;
    const struct lfi_account_facts *account = facts;
    if (one->count++ > 0) {
        one->call->record_fault = "there is more than one record";
        return -1;
    }
    one->status = account->status;
    one->json = arena_keep(one->call->arena, json);
    return one->json.ptr ? 0 : -1;
}

int connect_account(struct call *call)
{
    struct one_account one = {.call = call};
    if (access_read_user(call) != 0) {
        return -1;
    }
    call->account_id = contract_parameter(&call->parameters, DATA_SHARING_ACCOUNT_ID);
    const struct id_list wanted = {&call->account_id, 1};
    if (ask(call, &wanted, take_one, &one) != 0) {
        return -1;
    }
    if (one.count == 0) {
        return refuse_not_held(call);
    }
    struct core_answer answer = single_answer(call);
    if (access_status(call, one.status) != 0) {
        return -1;
    }
    (void)lfi_give(&answer.base, one.json);
    call->records.member = "id";
    call->records.values = &call->account_id;
    return call->record_fault ? outcome_refuse_record(call, call->record_fault) : single_end(call);
}
