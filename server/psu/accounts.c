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
    struct lfi_slice type = json_get_string(account, "accountType");
    struct lfi_slice sub_type = json_get_string(account, "accountSubType");
    struct lfi_slice status = json_get_string(account, "status");
    if (id.len == 0) {
        search->failed = true;
    } else if (is_readable(status) && passes(search->consent->account_types, type) &&
               passes(search->consent->account_sub_types, sub_type)) {
        if (search->out->count == ACCOUNTS_MAX) {
            search->failed = true;
        } else {
            search->out->items[search->out->count++] = (struct account_offer){
                .id = id,
                .name = arena_keep(search->arena, name_of(account)),
                .number = arena_keep(search->arena, number_of(account)),
                .type = arena_keep(search->arena, type),
                .sub_type = arena_keep(search->arena, sub_type),
                .status = arena_keep(search->arena, status),
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
    out->count = 0;
    out->items = arena_array(arena, ACCOUNTS_MAX, sizeof(*out->items));
    if (out->items == NULL) {
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
