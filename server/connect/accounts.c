/* Accounts. (Data sharing 7.1, 7.2.) */
#include "connect/account_ids.h"

#include "contract_data_sharing.h"
#include "rows_data_sharing.h"

static int take_listed(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    return list_add(ctx, json);
}

int connect_accounts(struct call *call)
{
    struct account_ids wanted;
    struct list *list = &call->list;
    struct lfi_slice ids = contract_parameter(&call->parameters, DATA_SHARING_ACCOUNT_IDS);
    if (list_page(call) != 0 || access_read_user(call) != 0 ||
        account_ids_read(call, ids, &wanted) != 0) {
        return -1;
    }
    uint64_t first = list_offset(&call->page);
    list_append_head(call);
    list_begin(list, call, first, call->page.size);
    if (account_ids_ask(call, &wanted, take_listed, list) != 0) {
        return -1;
    }
    if (list->seen < wanted.count) {
        return account_ids_refuse(call);
    }
    call->total = wanted.count;
    call->records.member = "id";
    call->records.values = first < wanted.count ? wanted.items + first : wanted.items;
    call->records.one_each = true;
    return list_end(call, false);
}

int connect_account(struct call *call)
{
    struct lfi_slice json;
    if (access_read_user(call) != 0 ||
        account_ids_one(call, contract_parameter(&call->parameters, DATA_SHARING_ACCOUNT_ID),
                        &json) != 0) {
        return -1;
    }
    struct core_answer answer = single_answer(call);
    (void)lfi_give(&answer.base, json);
    call->records.member = "id";
    call->records.values = &call->account_id;
    return call->record_fault ? outcome_refuse_record(call, call->record_fault) : single_end(call);
}
