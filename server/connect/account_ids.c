#include "connect/account_ids.h"

static bool contains(const struct account_ids *list, struct lfi_slice id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (slice_equal(list->items[i], id)) {
            return true;
        }
    }
    return false;
}

static int refuse_ids(struct call *call, const char *detail)
{
    return call_refuse_parameter(call, "ACCOUNT-IDS", "accountIds %s", detail);
}

int account_ids_read(struct call *call, struct lfi_slice rest, struct account_ids *out)
{
    struct lfi_slice id;
    *out = (struct account_ids){arena_array(call->arena, rest.len / 2 + 1, sizeof(id)), 0};
    if (!out->items) {
        return refuse_ids(call, "is too long");
    }
    while (slice_next(&rest, ',', &id)) {
        id = slice_trim(id);
        if (id.len > 0 && !contains(out, id)) {
            out->items[out->count++] = id;
        }
    }
    return out->count > 0 ? 0 : refuse_ids(call, "must hold an id");
}

int account_ids_ask(struct call *call, const struct account_ids *wanted, core_record_fn *take,
                    void *ctx)
{
    struct lfi_error error = {"no such user"};
    const struct provider *provider = call->provider;
    const struct lfi_held_query query = {
        .base = {.size = sizeof(query), .subject_id = call->core.user_id},
        .account_ids = wanted->items,
        .account_count = wanted->count};
    struct core_answer answer = core_answer(take, ctx);
    int rc = provider->accounts->held(provider->core, &call->core, &query, &answer.base, &error);
    return outcome_check(call, rc == LFI_UNKNOWN ? OUTCOME_USER : OUTCOME_ACCOUNT, rc, &error);
}

int account_ids_refuse(struct call *call)
{
    const struct lfi_error error = {"the user holds no such account"};
    return outcome_check(call, OUTCOME_ACCOUNT, LFI_UNKNOWN, &error);
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

int account_ids_one(struct call *call, struct lfi_slice account_id, struct lfi_slice *json)
{
    struct one_account one = {.call = call};
    call->account_id = account_id;
    const struct account_ids wanted = {&call->account_id, 1};
    if (account_ids_ask(call, &wanted, take_one, &one) != 0) {
        return -1;
    }
    if (one.count == 0) {
        return account_ids_refuse(call);
    }
    if (access_status(call, one.status) != 0) {
        return -1;
    }
    *json = one.json;
    return call->record_fault ? outcome_refuse_record(call, call->record_fault) : 0;
}
