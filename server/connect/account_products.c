/*
 * The products of an account. FinanceRates, and since v2.2 ShariaFinanceRates, leave only under a
 * consent that permits it, and for products that the bank protects only encrypted with a one-time
 * code, which goes to the customer and never through the TPP. (Data sharing 8.)
 */
#include "connect/call_consent.h"
#include "connect/one_time_code.h"

#include "contract_data_sharing.h"
#include "rows_data_sharing.h"

#define SHARIA_RATES "ShariaFinanceRates"
#define NAME_BYTES 140 /* of a product or TPP in a message: with both languages it then fits */

/* Copies, because the code must not be made while the core is handing out records. */
struct product {
    struct lfi_slice json; /* without rates */
    struct lfi_slice finance_rates, sharia_rates, name;
    bool encrypt;
};

struct products {
    struct arena *arena;
    struct product items[LFI_ACCOUNT_PRODUCTS_MAX];
    size_t count;
    const char *fault; /* of what the core gave; NULL: none */
};

/* An empty slice when memory is out. */
static struct lfi_slice keep_json(struct arena *arena, const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    struct lfi_slice kept = text ? arena_keep(arena, slice_of(text)) : (struct lfi_slice){0};
    cJSON_free(text);
    return kept;
}

/* Moves the rates of a Sharia-compliant product out of its record. False: out of memory. */
static bool take_sharia_rates(struct arena *arena, struct product *product)
{
    if (!memmem(product->json.ptr, product->json.len, SHARIA_RATES, sizeof(SHARIA_RATES) - 1)) {
        return true;
    }
    cJSON *record = json_parse(product->json);
    cJSON *rates = cJSON_DetachItemFromObjectCaseSensitive(record, SHARIA_RATES);
    if (rates) {
        product->sharia_rates = keep_json(arena, rates);
        product->json = keep_json(arena, record);
    }
    bool whole = record && product->json.ptr && (!rates || product->sharia_rates.ptr);
    cJSON_Delete(rates);
    cJSON_Delete(record);
    return whole;
}

static int collect(void *ctx, struct lfi_slice json, const void *facts)
{
    struct products *all = ctx;
    const struct lfi_account_product_facts *said = facts;
    struct product copy = {.json = arena_keep(all->arena, json),
                           .finance_rates = arena_keep(all->arena, said->finance_rates),
                           .name = arena_keep(all->arena, said->name),
                           .encrypt = said->encrypt};
    if (!list_is_object(json) || json.len == 2) {
        all->fault = "a product is not a JSON object with members";
    } else if (all->count == LFI_ACCOUNT_PRODUCTS_MAX) {
        all->fault = "an account has more products than the core's header allows";
    } else if (!copy.json.ptr || (said->finance_rates.ptr && !copy.finance_rates.ptr) ||
               !take_sharia_rates(all->arena, &copy)) {
        all->fault = "the products of an account do not fit into the request's memory";
    } else {
        all->items[all->count++] = copy;
        return 0;
    }
    return -1;
}

/* --- encrypting ------------------------------------------------------------------------------- */

static int send_code(struct call *call, struct lfi_slice product, struct jwe_code *code)
{
    struct lfi_slice name = slice_cut(product, NAME_BYTES);
    const struct one_time_code_use use = {
        .purpose = "rates",
        .limit_id = "RATES-LIMIT",
        .event = "rates-code-sent",
        .about_name = "account",
        .about = call->account_id,
        .consent_id = contract_parameter(&call->parameters, DATA_SHARING_O3_CONSENT_ID),
        .interaction_id =
            contract_parameter(&call->parameters, DATA_SHARING_O3_CALLER_INTERACTION_ID),
        .english = arena_format(call->arena, "the rates of %.*s", SLICE_ARG(name)),
        .arabic = arena_format(call->arena, "أسعار %.*s", SLICE_ARG(name))};
    return one_time_code_send(call, &use, code);
}

/* Puts the JWE in the place of rates, if there are any. -1: refused. */
static int encrypt(struct call *call, const struct jwe_code *code, const char *member,
                   struct lfi_slice *rates)
{
    if (rates->ptr) {
        *rates = one_time_code_encrypt(call, code, member, *rates);
        return rates->ptr ? 0 : -1;
    }
    return 0;
}

/* Encrypts what must be of the page, with one code for the whole call. -1: refused. */
static int protect(struct call *call, struct products *all)
{
    const struct page *page = &call->page;
    uint64_t first = list_offset(page);
    struct jwe_code code = {0};
    int outcome = 0;
    bool have_code = false;
    for (uint64_t i = first; i < all->count && i - first < page->size && outcome == 0; i++) {
        struct product *product = &all->items[i];
        if (!product->encrypt || (!product->finance_rates.ptr && !product->sharia_rates.ptr)) {
            continue;
        }
        if (!have_code) {
            outcome = send_code(call, product->name, &code);
            have_code = true;
        }
        if (outcome == 0 && (encrypt(call, &code, "FinanceRates", &product->finance_rates) != 0 ||
                             encrypt(call, &code, SHARIA_RATES, &product->sharia_rates) != 0)) {
            outcome = -1;
        }
    }
    jwe_code_wipe(&code);
    return outcome;
}

/* --- the operation ---------------------------------------------------------------------------- */

/* The record with a member put before its closing brace, when there is one to put. */
static struct lfi_slice with_member(struct arena *arena, struct lfi_slice json, const char *name,
                                    struct lfi_slice value)
{
    return value.ptr && json.ptr
               ? arena_format(arena, "%.*s%s\"%s\":%.*s}", (int)json.len - 1, json.ptr,
                              json.len > 2 ? "," : "", name, SLICE_ARG(value))
               : json;
}

static int append_products(struct call *call, const struct products *all, bool permitted)
{
    list_append_head(call);
    list_begin(&call->list, call, list_offset(&call->page), call->page.size);
    for (size_t i = 0; i < all->count; i++) {
        const struct product *product = &all->items[i];
        struct lfi_slice json = product->json;
        if (permitted) {
            json = with_member(call->arena, json, SHARIA_RATES, product->sharia_rates);
            json = with_member(call->arena, json, "FinanceRates", product->finance_rates);
        }
        if (!json.ptr || list_add(&call->list, json) != 0) {
            return outcome_fail(call, "the products do not fit into the reply");
        }
    }
    call->total = call->list.seen;
    return list_end(call, false);
}

int connect_account_products(struct call *call)
{
    struct products all = {.arena = call->arena};
    struct lfi_error error = {{0}};
    const struct provider *provider = call->provider;
    if (list_page(call) != 0 || access_by_path(call) != 0) {
        return -1;
    }
    const struct lfi_query query = {.size = sizeof(query), .subject_id = call->account_id};
    struct core_answer answer = core_answer(collect, &all);
    int rc =
        provider->accounts->products(provider->core, &call->core, &query, &answer.base, &error);
    call->record_fault = all.fault;
    if (outcome_check(call, OUTCOME_ACCOUNT, rc, &error) != 0) {
        return -1;
    }
    bool permitted = call_consent_permits_rates(call);
    if (permitted && protect(call, &all) != 0) {
        return -1;
    }
    return append_products(call, &all, permitted);
}
