#include "psu/accounts.h"

#include "base/error.h"

struct search {
    struct arena *arena;
    const struct consent *consent;
    struct account_offers *out;
    bool failed;
};

static bool passes(const cJSON *filter, struct lfi_slice value)
{
    return cJSON_GetArraySize(filter) == 0 || consent_lists(filter, value);
}

/* Those that can be read later; a blocked or closed account would only disappoint. */
static bool is_readable(struct lfi_slice status)
{
    return slice_equal_text(status, "Active") || slice_equal_text(status, "Inactive") ||
           slice_equal_text(status, "Dormant");
}

/* --- what is left out ------------------------------------------------------------------------- */

static void leave_out(struct search *search, const char *check, struct lfi_slice detail)
{
    struct account_offers *out = search->out;
    if (out->left_out_count < ACCOUNTS_MAX) {
        out->left_out[out->left_out_count++] =
            (struct account_left_out){.check = check, .detail = detail.ptr};
    }
}

/* False, having noted it, when the consent asks for others. */
static bool is_wanted(struct search *search, const cJSON *account, const char *member,
                      const cJSON *filter, const char *check)
{
    struct lfi_slice value = json_get_string(account, member);
    if (passes(filter, value)) {
        return true;
    }
    char *expected = cJSON_PrintUnformatted(filter);
    leave_out(search, check,
              arena_format(search->arena, "account %.*s: expected %.100s, received %.*s",
                           SLICE_ARG(json_get_string(account, "id")), expected ? expected : "[]",
                           SLICE_ARG(value)));
    cJSON_free(expected);
    return false;
}

static bool is_eligible(struct search *search, const cJSON *account)
{
    const struct consent *consent = search->consent;
    struct lfi_slice status = json_get_string(account, "status");
    if (!is_readable(status)) {
        leave_out(search, "OFFER-STATUS",
                  arena_format(search->arena,
                               "account %.*s: expected Active, Inactive or Dormant, received %.*s",
                               SLICE_ARG(json_get_string(account, "id")), SLICE_ARG(status)));
        return false;
    }
    return is_wanted(search, account, "accountType", consent->account_types, "OFFER-TYPE") &&
           is_wanted(search, account, "accountSubType", consent->account_sub_types,
                     "OFFER-SUB-TYPE");
}

/* --- what is offered -------------------------------------------------------------------------- */

static struct lfi_slice name_of(const cJSON *account)
{
    struct lfi_slice name = json_get_string(account, "nickName");
    if (name.ptr == NULL) {
        name = json_get_string(json_get(account, "product"), "productName");
    }
    return name.ptr != NULL ? name : json_get_string(account, "description");
}

static struct lfi_slice number_of(const cJSON *account)
{
    const cJSON *numbers = json_get(account, "accountNumbers");
    struct lfi_slice number = {0};
    if (numbers != NULL && numbers->child != NULL) {
        number = json_get_string(numbers->child, "identification");
    }
    if (number.len > 4) {
        number = (struct lfi_slice){number.ptr + number.len - 4, 4};
    }
    return number;
}

static int take(void *ctx, struct lfi_slice json)
{
    struct search *search = ctx;
    cJSON *account = json_parse(json);
    struct lfi_slice id = arena_keep(search->arena, json_get_string(account, "id"));
    if (id.len == 0) {
        search->failed = true;
    } else if (is_eligible(search, account)) {
        if (search->out->count == ACCOUNTS_MAX) {
            search->failed = true;
        } else {
            search->out->items[search->out->count++] = (struct account_offer){
                .id = id,
                .name = arena_keep(search->arena, name_of(account)),
                .number = arena_keep(search->arena, number_of(account)),
                .type = arena_keep(search->arena, json_get_string(account, "accountType")),
                .sub_type = arena_keep(search->arena, json_get_string(account, "accountSubType")),
                .status = arena_keep(search->arena, json_get_string(account, "status")),
                .currency = arena_keep(search->arena, json_get_string(account, "currency")),
            };
        }
    }
    cJSON_Delete(account);
    return search->failed ? -1 : 0;
}

int accounts_find(const struct provider *provider, struct arena *arena, struct lfi_slice user_id,
                  const struct consent *consent, struct account_offers *out,
                  struct lfi_error *error)
{
    struct search search = {.arena = arena, .consent = consent, .out = out};
    *out = (struct account_offers){
        .items = arena_array(arena, ACCOUNTS_MAX, sizeof(*out->items)),
        .left_out = arena_array(arena, ACCOUNTS_MAX, sizeof(*out->left_out)),
    };
    if (out->items == NULL || out->left_out == NULL) {
        error_set(error, "out of memory");
        return LFI_CORE_FAILED;
    }
    struct lfi_sink sink = {.record = take, .ctx = &search};
    int status = provider->ops->accounts_of_user(provider->core, user_id, sink, error);
    if (search.failed) {
        error_set(error, "an account without an id, or more accounts than can be offered");
        return LFI_CORE_FAILED;
    }
    return status;
}

static void append_text(struct json_writer *w, const char *name, struct lfi_slice value)
{
    if (value.ptr != NULL) {
        json_string(w, name, value);
    }
}

void accounts_append(const struct account_offers *offers, struct json_writer *w)
{
    json_open_array(w, "accounts");
    for (size_t i = 0; i < offers->count; i++) {
        const struct account_offer *offer = &offers->items[i];
        json_open_object(w, NULL);
        json_string(w, "id", offer->id);
        append_text(w, "name", offer->name);
        append_text(w, "number", offer->number);
        append_text(w, "type", offer->type);
        append_text(w, "subType", offer->sub_type);
        append_text(w, "status", offer->status);
        append_text(w, "currency", offer->currency);
        json_close_object(w);
    }
    json_close_array(w);
}
