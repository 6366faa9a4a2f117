/*
 * Accounts in CAAP's form: those of data sharing, and all that a customer can choose from, with the
 * balance of each. (CAAP 11.)
 */
#include "connect/account_ids.h"
#include "connect/caap.h"

#include "base/json.h"
#include "contract_caap.h"
#include "psu/accounts.h"
#include "rows_caap.h"

/* What the customer sees in the bank's own payment journey. */
#define SHOWN_BALANCE "InterimAvailable"

/* --- a record with its balance ---------------------------------------------------------------- */

struct balance_search {
    struct arena *arena;
    struct lfi_slice json; /* the balance, in CAAP's form; absent: none yet */
};

static int take_balance(void *ctx, struct lfi_slice json, const void *facts)
{
    struct balance_search *search = ctx;
    (void)facts;
    cJSON *balance = json_parse(json);
    if (slice_equal_text(json_get_string(balance, "balanceType"), SHOWN_BALANCE)) {
        cJSON_DeleteItemFromObjectCaseSensitive(balance, "accountId");
        cJSON_DeleteItemFromObjectCaseSensitive(balance, "components");
        char *text = cJSON_PrintUnformatted(balance);
        search->json = text ? arena_keep(search->arena, slice_of(text)) : search->json;
        cJSON_free(text);
    }
    cJSON_Delete(balance);
    return 0;
}

static int find_balance(struct call *call, struct lfi_slice account_id, struct lfi_slice *out)
{
    struct lfi_error error = {""};
    struct balance_search search = {.arena = call->arena};
    const struct provider *provider = call->provider;
    const struct lfi_query query = {.size = sizeof(query), .subject_id = account_id};
    struct core_answer answer = core_answer(take_balance, &search);
    *out = (struct lfi_slice){NULL, 0};
    if (!PROVIDER_SERVES(provider, accounts, balances)) {
        return 0;
    }
    int status =
        provider->accounts->balances(provider->core, &call->core, &query, &answer.base, &error);
    *out = search.json;
    return outcome_check(call, OUTCOME_ACCOUNT, status, &error);
}

/* The record with availableBalance at its end, in the arena. */
static int add_balance(struct call *call, struct lfi_slice account_id, struct lfi_slice *json)
{
    struct lfi_slice balance;
    if (find_balance(call, account_id, &balance) != 0) {
        return -1;
    }
    if (balance.ptr) {
        *json = arena_format(call->arena, "%.*s,\"availableBalance\":[%.*s]}", (int)json->len - 1,
                             json->ptr, SLICE_ARG(balance));
    }
    return json->ptr ? 0 : outcome_fail(call, "out of memory");
}

/* --- lists ------------------------------------------------------------------------------------ */

struct collected {
    struct call *call;
    struct lfi_slice *records;
    size_t count, room;
};

static int collect(void *ctx, struct lfi_slice json, const void *facts)
{
    struct collected *collected = ctx;
    (void)facts;
    if (collected->count == collected->room) {
        return -1;
    }
    struct lfi_slice copy = arena_keep(collected->call->arena, json);
    collected->records[collected->count++] = copy;
    return copy.ptr ? 0 : -1;
}

static int write_list(struct call *call, const struct account_ids *wanted)
{
    struct list *list = &call->list;
    uint64_t first = list_offset(&call->page);
    struct collected collected = {
        .call = call,
        .records = arena_array(call->arena, wanted->count + 1, sizeof(struct lfi_slice)),
        .room = wanted->count};
    if (!collected.records) {
        return outcome_fail(call, "out of memory");
    }
    if (wanted->count > 0 && account_ids_ask(call, wanted, collect, &collected) != 0) {
        return -1;
    }
    if (collected.count < wanted->count) {
        return account_ids_refuse(call);
    }
    list_append_head(call);
    list_begin(list, call, first, call->page.size);
    for (size_t i = 0; i < collected.count; i++) {
        bool on_page = i >= first && i - first < call->page.size;
        if (on_page && caap_is_choice(call) &&
            add_balance(call, wanted->items[i], &collected.records[i]) != 0) {
            return -1;
        }
        (void)list_add(list, collected.records[i]);
    }
    call->total = wanted->count;
    call->records.member = "id";
    call->records.values = first < wanted->count ? wanted->items + first : wanted->items;
    call->records.one_each = true;
    return list_end(call, false);
}

/* --- choices ---------------------------------------------------------------------------------- */

/* All that the customer can choose from for the use case. */
static int find_eligible(struct call *call, struct account_ids *out)
{
    struct account_offers offers;
    struct lfi_error error = {""};
    struct lfi_slice use = contract_parameter(&call->parameters, CAAP_O3_CAAP_CONSENT_USE_CASE);
    if (!use.ptr) {
        return call_refuse_parameter(call, "CAAP-USE-CASE",
                                     "o3-caap-consent-use-case or accountIds must be there");
    }
    const struct consent wish = {
        .kind =
            consent_kind_named(slice_equal_text(use, "payments") ? "flexi-pay" : "data-sharing")};
    int status = accounts_find(call->provider, call->arena, &call->core, &wish, &offers, &error);
    if (outcome_check(call, OUTCOME_USER, status, &error) != 0) {
        return -1;
    }
    *out = (struct account_ids){arena_array(call->arena, offers.count + 1, sizeof(*out->items)), 0};
    if (!out->items) {
        return outcome_fail(call, "out of memory");
    }
    for (size_t i = 0; i < offers.count; i++) {
        out->items[out->count++] = offers.items[i].id;
    }
    return 0;
}

int connect_caap_accounts(struct call *call)
{
    struct account_ids wanted;
    struct lfi_slice ids = contract_parameter(&call->parameters, CAAP_ACCOUNT_IDS);
    if (list_page(call) != 0 || access_read_user(call) != 0 || caap_check_choice(call) != 0) {
        return -1;
    }
    int rc = ids.len == 0 && caap_is_choice(call) ? find_eligible(call, &wanted)
                                                  : account_ids_read(call, ids, &wanted);
    return rc == 0 ? write_list(call, &wanted) : -1;
}

int connect_caap_account(struct call *call)
{
    struct lfi_slice json;
    if (access_read_user(call) != 0 || caap_check_choice(call) != 0 ||
        account_ids_one(call, contract_parameter(&call->parameters, CAAP_ACCOUNT_ID), &json) != 0 ||
        (caap_is_choice(call) && add_balance(call, call->account_id, &json) != 0)) {
        return -1;
    }
    struct core_answer answer = single_answer(call);
    (void)lfi_give(&answer.base, json);
    call->records.member = "id";
    call->records.values = &call->account_id;
    return call->record_fault ? outcome_refuse_record(call, call->record_fault) : single_end(call);
}
