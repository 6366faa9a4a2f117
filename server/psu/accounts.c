#include "psu/accounts.h"

#include "base/array.h"
#include "base/core_answer.h"
#include "base/error.h"
#include "psu/account_owner.h"
#include "psu/mandate.h"

#include <stdio.h>
#include <stdlib.h>

struct search {
    const struct provider *provider;
    const struct lfi_call *call;
    struct arena *arena;
    const struct consent *consent;
    struct account_offers *out;
    bool failed;
};

static bool passes(const cJSON *filter, struct lfi_slice value)
{
    return cJSON_GetArraySize(filter) == 0 || json_lists(filter, value);
}

/* Blocked and closed accounts cannot be read later. */
static bool is_readable(struct lfi_slice status)
{
    return slice_equal_text(status, "Active") || slice_equal_text(status, "Inactive") ||
           slice_equal_text(status, "Dormant");
}

/* --- what is left out ------------------------------------------------------------------------- */

static void leave_out(struct search *search, const struct account_offer *account, const char *check,
                      struct lfi_slice detail)
{
    struct account_offers *out = search->out;
    if (out->left_out_count < ACCOUNTS_MAX) {
        out->left_out[out->left_out_count++] =
            (struct account_left_out){.account = *account, .check = check, .detail = detail.ptr};
    }
}

/* False, having noted it, when the consent asks for others. */
static bool is_wanted(struct search *search, const struct account_offer *account,
                      struct lfi_slice value, const cJSON *filter, const char *check)
{
    if (passes(filter, value)) {
        return true;
    }
    char *expected = cJSON_PrintUnformatted(filter);
    leave_out(search, account, check,
              arena_format(search->arena, "account %.*s: expected %.100s, received %.*s",
                           SLICE_ARG(account->id), expected ? expected : "[]", SLICE_ARG(value)));
    cJSON_free(expected);
    return false;
}

static bool is_shareable(struct search *search, const struct account_offer *account)
{
    const struct consent *consent = search->consent;
    if (!is_readable(account->status)) {
        leave_out(search, account, "OFFER-STATUS",
                  arena_format(search->arena,
                               "account %.*s: expected Active, Inactive or Dormant, received %.*s",
                               SLICE_ARG(account->id), SLICE_ARG(account->status)));
        return false;
    }
    return is_wanted(search, account, account->type, consent->account_types, "OFFER-TYPE") &&
           is_wanted(search, account, account->sub_type, consent->account_sub_types,
                     "OFFER-SUB-TYPE");
}

static bool is_payable(struct search *search, const struct account_offer *account)
{
    const struct {
        const char *check, *expected;
        struct lfi_slice received;
        bool holds;
    } rules[] = {
        {"OFFER-STATUS", "Active", account->status, slice_equal_text(account->status, "Active")},
        {"OFFER-SUB-TYPE", "CurrentAccount or Savings", account->sub_type,
         slice_equal_text(account->sub_type, "CurrentAccount") ||
             slice_equal_text(account->sub_type, "Savings")},
        {"OFFER-CURRENCY", "AED", account->currency, slice_equal_text(account->currency, "AED")},
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (!rules[i].holds) {
            leave_out(search, account, rules[i].check,
                      arena_format(search->arena, "account %.*s: expected %s, received %.*s",
                                   SLICE_ARG(account->id), rules[i].expected,
                                   SLICE_ARG(rules[i].received)));
            return false;
        }
    }
    return true;
}

static bool is_eligible(struct search *search, const struct account_offer *account)
{
    return search->consent->kind->pays ? is_payable(search, account)
                                       : is_shareable(search, account);
}

/* --- what is offered -------------------------------------------------------------------------- */

static struct lfi_slice name_of(const cJSON *account)
{
    struct lfi_slice name = json_get_string(account, "nickName");
    if (!name.ptr) {
        name = json_get_string(json_get(account, "product"), "productName");
    }
    return name.ptr ? name : json_get_string(account, "description");
}

static struct account_offer read_account(struct arena *arena, const cJSON *account)
{
    const cJSON *numbers = json_get(account, "accountNumbers");
    const cJSON *number = numbers ? numbers->child : NULL;
    return (struct account_offer){
        .id = arena_keep(arena, json_get_string(account, "id")),
        .name = arena_keep(arena, name_of(account)),
        .number = arena_keep(arena, json_get_string(number, "identification")),
        .type = arena_keep(arena, json_get_string(account, "accountType")),
        .sub_type = arena_keep(arena, json_get_string(account, "accountSubType")),
        .status = arena_keep(arena, json_get_string(account, "status")),
        .currency = arena_keep(arena, json_get_string(account, "currency")),
    };
}

static int take(void *ctx, struct lfi_slice json, const void *facts)
{
    struct search *search = ctx;
    struct account_offers *out = search->out;
    (void)facts;
    cJSON *tree = json_parse(json);
    const struct account_offer account = read_account(search->arena, tree);
    cJSON_Delete(tree);
    if (account.id.len == 0) {
        search->failed = true;
    } else if (is_eligible(search, &account)) {
        search->failed = out->count == ACCOUNTS_MAX;
        if (!search->failed) {
            out->items[out->count++] = account;
        }
    }
    return search->failed ? -1 : 0;
}

/* --- to pay from ------------------------------------------------------------------------------ */

static int take_payable(void *ctx, struct lfi_slice json, const void *facts)
{
    struct search *search = ctx;
    const struct lfi_payable_facts *said = facts;
    struct lfi_payable_facts *kept = arena_alloc(search->arena, sizeof(*kept));
    (void)json;
    for (size_t i = 0; kept && i < search->out->count; i++) {
        if (slice_equal_text(search->out->items[i].id, said->account.account_id)) {
            *kept = *said;
            search->out->items[i].payable = kept;
        }
    }
    return kept ? 0 : -1;
}

/* How many must approve payments from it, this customer among them; 0: it cannot be approved. */
static uint32_t count_approvers(const struct search *search, const struct account_offer *offer)
{
    struct authorizers *authorizers;
    struct lfi_error error;
    bool single = json_get_bool(search->consent->data, "IsSingleAuthorization", false);
    if (offer->payable->alone) {
        return 1;
    }
    if (!PROVIDER_SERVES(search->provider, payments, approvers) ||
        mandate_read(search->provider, search->arena, search->call, offer->id, &authorizers,
                     &error) != LFI_OK ||
        !authorizers_find(authorizers, search->call->user_id)) {
        return 0;
    }
    uint32_t required = authorizers_required(authorizers);
    return single && required > 1 ? 0 : required;
}

/* NULL: it stays offered. */
static const char *check_payable(const struct search *search, struct account_offer *offer)
{
    if (!offer->payable) {
        return "OFFER-PAYABLE";
    }
    offer->approvals = count_approvers(search, offer);
    return offer->approvals > 0 ? NULL : "OFFER-ALONE";
}

/* Asks the core what can be paid from the offers, and leaves out what cannot. */
static int find_payable(struct search *search, struct lfi_error *error)
{
    struct account_offers *out = search->out;
    const struct provider *provider = search->provider;
    const struct lfi_call *call = search->call;
    const struct lfi_query query = {.size = sizeof(query), .subject_id = call->user_id};
    struct core_answer answer = core_answer(take_payable, search);
    int status = provider->payments->payable(provider->core, call, &query, &answer.base, error);
    size_t kept = 0;
    for (size_t i = 0; status == LFI_OK && i < out->count; i++) {
        struct account_offer offer = out->items[i];
        const char *check = check_payable(search, &offer);
        if (check) {
            leave_out(search, &offer, check,
                      arena_format(search->arena, "account %.*s: expected %s", SLICE_ARG(offer.id),
                                   offer.payable ? "that the customer may approve alone"
                                                 : "that the core lets the customer pay from it"));
        } else {
            out->items[kept++] = offer;
        }
    }
    out->count = status == LFI_OK ? kept : out->count;
    return status;
}

int accounts_find(const struct provider *provider, struct arena *arena, const struct lfi_call *call,
                  const struct consent *consent, struct account_offers *out,
                  struct lfi_error *error)
{
    struct search search = {
        .provider = provider, .call = call, .arena = arena, .consent = consent, .out = out};
    *out = (struct account_offers){
        .items = arena_array(arena, ACCOUNTS_MAX, sizeof(*out->items)),
        .left_out = arena_array(arena, ACCOUNTS_MAX, sizeof(*out->left_out)),
    };
    if (!out->items || !out->left_out) {
        error_set(error, "out of memory");
        return LFI_FAILED;
    }
    const struct lfi_held_query query = {
        .base = {.size = sizeof(query), .subject_id = call->user_id}};
    struct core_answer answer = core_answer(take, &search);
    int status = provider->accounts->held(provider->core, call, &query, &answer.base, error);
    if (search.failed) {
        error_set(error, "an account without an id, or more accounts than can be offered");
        return LFI_FAILED;
    }
    if (status == LFI_OK && consent->kind->pays && PROVIDER_SERVES(provider, payments, payable)) {
        status = find_payable(&search, error);
    }
    return status;
}

void accounts_append_facts(const struct account_offer *offer, struct json_writer *w)
{
    json_string_if_any(w, "name", offer->name);
    json_string_if_any(w, "number", offer->number);
    json_string_if_any(w, "type", offer->type);
    json_string_if_any(w, "subType", offer->sub_type);
    json_string_if_any(w, "status", offer->status);
    json_string_if_any(w, "currency", offer->currency);
}

static void append_money(struct json_writer *w, const char *name, const struct lfi_money *money)
{
    char value[32];
    long long minor = (long long)money->minor;
    (void)snprintf(value, sizeof(value), "%s%lld.%02lld", minor < 0 ? "-" : "", llabs(minor / 100),
                   llabs(minor % 100));
    json_open_object(w, name);
    json_text(w, "value", value);
    json_text(w, "currency", money->currency);
    json_close_object(w);
}

static void append_payable(const struct lfi_payable_facts *facts, struct json_writer *w)
{
    struct lfi_money own = facts->available;
    own.minor -= facts->overdraft.minor;
    append_money(w, "balance", &own);
    append_money(w, "overdraft", &facts->overdraft);
    if (facts->limit.minor > 0) {
        append_money(w, "limit", &facts->limit);
    }
}

static void append_left_out(const struct account_offers *offers, struct json_writer *w)
{
    json_open_array(w, "unavailable");
    for (size_t i = 0; i < offers->left_out_count; i++) {
        json_open_object(w, NULL);
        accounts_append_facts(&offers->left_out[i].account, w);
        json_text(w, "reason", offers->left_out[i].check);
        json_close_object(w);
    }
    json_close_array(w);
}

void accounts_append(const struct provider *provider, struct arena *arena,
                     const struct lfi_call *call, const struct account_offers *offers,
                     struct json_writer *w)
{
    struct account_owner owner;
    account_owner_find(&owner, provider, arena, call);
    json_string_if_any(w, "holder", owner.business);
    json_open_array(w, "accounts");
    for (size_t i = 0; i < offers->count; i++) {
        json_open_object(w, NULL);
        json_string(w, "id", offers->items[i].id);
        accounts_append_facts(&offers->items[i], w);
        if (offers->items[i].approvals > 1) {
            json_int(w, "approvals", offers->items[i].approvals);
        }
        if (offers->items[i].payable) {
            append_payable(offers->items[i].payable, w);
        } else {
            account_owner_append_balance(&owner, offers->items[i].id, offers->items[i].sub_type, w);
        }
        account_owner_append(&owner, offers->items[i].id, w);
        json_close_object(w);
    }
    json_close_array(w);
    append_left_out(offers, w);
}
