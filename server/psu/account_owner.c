#include "psu/account_owner.h"

#include "base/core_answer.h"

/* --- balance ---------------------------------------------------------------------------------- */

#define BALANCE_TYPES 4

struct balance {
    struct arena *arena;
    const char *const *types; /* the best first */
    size_t rank;              /* of what was found; BALANCE_TYPES: nothing yet */
    struct lfi_slice value, currency;
};

static int take_balance(void *ctx, struct lfi_slice json, const void *facts)
{
    struct balance *best = ctx;
    (void)facts;
    cJSON *tree = json_parse(json);
    const cJSON *amount = json_get(tree, "amount");
    struct lfi_slice type = json_get_string(tree, "balanceType");
    struct lfi_slice value = json_get_string(amount, "amount");
    for (size_t i = 0; i < best->rank && value.len > 0; i++) {
        if (slice_equal_text(type, best->types[i])) {
            bool owed = slice_equal_text(json_get_string(tree, "creditDebitIndicator"), "Debit");
            best->rank = i;
            best->value = arena_format(best->arena, "%s%.*s", owed ? "-" : "", SLICE_ARG(value));
            best->currency = arena_keep(best->arena, json_get_string(amount, "currency"));
        }
    }
    cJSON_Delete(tree);
    return 0;
}

/* Of a deposit what may be spent counts; of a card or a loan, what is owed. */
static const char *const *wanted_types(struct lfi_slice sub_type)
{
    static const char *const deposit[BALANCE_TYPES] = {"InterimAvailable", "InterimBooked",
                                                       "ClosingAvailable", "ClosingBooked"};
    static const char *const debt[BALANCE_TYPES] = {"InterimBooked", "ClosingBooked",
                                                    "InterimCleared", "InterimAvailable"};
    bool is_deposit =
        slice_equal_text(sub_type, "CurrentAccount") || slice_equal_text(sub_type, "Savings");
    return is_deposit ? deposit : debt;
}

void account_owner_append_balance(const struct account_owner *owner, struct lfi_slice account_id,
                                  struct lfi_slice sub_type, struct json_writer *w)
{
    const struct provider *provider = owner->provider;
    struct balance best = {
        .arena = owner->arena, .types = wanted_types(sub_type), .rank = BALANCE_TYPES};
    const struct lfi_query query = {.size = sizeof(query), .subject_id = account_id};
    struct core_answer answer = core_answer(take_balance, &best);
    struct lfi_error error = {{0}};
    if (!PROVIDER_SERVES(provider, accounts, balances) ||
        provider->accounts->balances(provider->core, owner->call, &query, &answer.base, &error) !=
            LFI_OK ||
        best.value.len == 0) {
        return;
    }
    json_open_object(w, "balance");
    json_string(w, "value", best.value);
    json_string(w, "currency", best.currency);
    json_close_object(w);
}

/* --- whose it is ------------------------------------------------------------------------------ */

static struct lfi_slice name_in(const cJSON *customer, const char *member)
{
    const cJSON *verified = json_get(customer, "verifiedClaims");
    return json_get_string(json_get(verified ? verified->child : NULL, "claims"), member);
}

static int take_customer(void *ctx, struct lfi_slice json, const void *facts)
{
    struct account_owner *out = ctx;
    (void)facts;
    cJSON *tree = json_parse(json);
    out->customer_id = arena_keep(out->arena, json_get_string(tree, "id"));
    out->business = arena_keep(out->arena, name_in(tree, "businessName"));
    cJSON_Delete(tree);
    return 0;
}

void account_owner_find(struct account_owner *out, const struct provider *provider,
                        struct arena *arena, const struct lfi_call *call)
{
    struct lfi_error error = {{0}};
    const struct lfi_query query = {.size = sizeof(query), .subject_id = call->user_id};
    struct core_answer answer = core_answer(take_customer, out);
    *out = (struct account_owner){.provider = provider, .arena = arena, .call = call};
    if (PROVIDER_SERVES(provider, customers, customer)) {
        (void)provider->customers->customer(provider->core, call, &query, &answer.base, &error);
    }
}

/* What the records of an account's holders come to. */
struct holders {
    const struct account_owner *owner;
    bool joint;              /* the customer is one of several owners */
    bool acts;               /* the customer acts for the owner */
    struct lfi_slice holder; /* the first owner's name */
};

static bool is_owner(struct lfi_slice role)
{
    return slice_equal_text(role, "Principal") || slice_equal_text(role, "SecondaryOwner");
}

static int take_holder(void *ctx, struct lfi_slice json, const void *facts)
{
    struct holders *out = ctx;
    (void)facts;
    cJSON *tree = json_parse(json);
    struct lfi_slice id = json_get_string(tree, "id");
    bool owns = is_owner(json_get_string(tree, "accountRole"));
    if (slice_equal(id, out->owner->customer_id)) {
        out->joint = slice_equal_text(json_get_string(tree, "customerType"), "Joint");
        out->acts = out->acts || !owns;
    } else if (slice_equal(id, out->owner->call->user_id)) {
        out->acts = true; /* a delegate, with a record of their own */
    }
    if (owns && out->holder.len == 0) {
        struct lfi_slice name = name_in(tree, "fullName");
        out->holder =
            arena_keep(out->owner->arena, name.len > 0 ? name : name_in(tree, "businessName"));
    }
    cJSON_Delete(tree);
    return 0;
}

void account_owner_append(const struct account_owner *owner, struct lfi_slice account_id,
                          struct json_writer *w)
{
    const struct provider *provider = owner->provider;
    struct holders holders = {.owner = owner};
    const struct lfi_query query = {.size = sizeof(query), .subject_id = account_id};
    struct core_answer answer = core_answer(take_holder, &holders);
    struct lfi_error error = {{0}};
    if (owner->customer_id.len == 0 || !PROVIDER_SERVES(provider, accounts, customers) ||
        provider->accounts->customers(provider->core, owner->call, &query, &answer.base, &error) !=
            LFI_OK ||
        (!holders.joint && !holders.acts)) {
        return;
    }
    json_text(w, "relation", holders.joint ? "joint" : "behalf");
    if (!holders.joint && holders.holder.len > 0) {
        json_string(w, "holder", holders.holder);
    }
}
