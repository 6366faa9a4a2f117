/* Open data: ATMs, the product catalogue, leads. No consent and no customer. */
#include "connect/operation.h"

#include "contract_products.h"
#include "rows_open_data.h"
#include "rows_products.h"

#include "base/datetime.h"
#include "base/json.h"
#include "base/limits.h"

#include <inttypes.h>

/* --- GET /atm: all ATMs in one page. This endpoint capitalises its meta keys. -------------------
 */

struct atm_list {
    struct call *call;
    const char *lfi_id;
    uint64_t count;
};

/* The core does not know under which code the bank is registered: LFIId is put before the rest. */
static int take_atm(void *ctx, struct lfi_slice json, const void *facts)
{
    struct atm_list *atms = ctx;
    struct buf *out = &atms->call->reply->body;
    (void)facts;
    if (!list_is_object(json) || json.len == 2) {
        atms->call->record_fault = "an ATM is not a JSON object with members";
        return -1;
    }
    buf_append_format(out, "%s{\"LFIId\":\"%s\",", atms->count++ > 0 ? "," : "", atms->lfi_id);
    buf_append(out, json.ptr + 1, json.len - 1);
    return out->failed ? -1 : 0;
}

int connect_atms(struct call *call)
{
    const struct provider *provider = call->provider;
    struct atm_list atms = {.call = call, .lfi_id = provider->id};
    struct lfi_atm_summary summary = {.size = sizeof(summary)};
    char updated[DATETIME_TEXT_MAX];
    struct lfi_error error = {{0}};
    const struct lfi_query query = {.size = sizeof(query)};
    struct core_answer answer = core_answer(take_atm, &atms);
    answer.base.summary = &summary;
    list_append_head(call);
    int rc = provider->open_data->atms(provider->core, &call->core, &query, &answer.base, &error);
    if (outcome_check(call, OUTCOME_BANK, rc, &error) != 0) {
        return -1;
    }
    call->records = (struct contract_records){.depth = 3, .count = atms.count};
    (void)datetime_format_gulf(summary.updated_us, updated);
    buf_append_format(&call->reply->body,
                      "],\"meta\":{\"LastUpdatedDateTime\":\"%s\",\"TotalRecords\":%" PRIu64 "}}",
                      updated, atms.count);
    call->reply->status = 200;
    return 0;
}

/* --- GET /products: paged by product, grouped by brand ---------------------------------------- */

struct branded {
    struct lfi_slice brand_id;
    struct lfi_slice json;
};

struct catalogue {
    struct call *call;
    struct branded *items;
    size_t count, max;
};

static int take_product(void *ctx, struct lfi_slice json, const void *facts)
{
    struct catalogue *catalogue = ctx;
    const struct lfi_product_facts *product = facts;
    struct arena *arena = catalogue->call->arena;
    if (!list_is_object(json)) {
        catalogue->call->record_fault =
            "a product is not a JSON object without white space around it";
    } else if (catalogue->count == catalogue->max) {
        catalogue->call->record_fault = "there are more products than were asked for";
    } else {
        catalogue->items[catalogue->count++] =
            (struct branded){arena_keep(arena, product->brand_id), arena_keep(arena, json)};
        return 0;
    }
    return -1;
}

static bool is_first_of_brand(const struct catalogue *catalogue, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (slice_equal(catalogue->items[i].brand_id, catalogue->items[at].brand_id)) {
            return false;
        }
    }
    return true;
}

static void append_brand(struct call *call, const struct catalogue *catalogue, size_t first)
{
    struct json_writer w;
    struct buf *out = &call->reply->body;
    struct lfi_slice brand_id = catalogue->items[first].brand_id;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_text(&w, "LFIId", call->provider->id);
    json_string(&w, "LFIBrandId", brand_id);
    json_open_array(&w, "Products");
    for (size_t i = first; i < catalogue->count; i++) {
        if (slice_equal(catalogue->items[i].brand_id, brand_id)) {
            json_raw(&w, NULL, catalogue->items[i].json);
        }
    }
    json_close_array(&w);
    json_close_object(&w);
}

static int read_product_query(struct call *call, struct lfi_product_query *query)
{
    struct datetime since;
    struct lfi_slice sharia = contract_parameter(&call->parameters, PRODUCTS_IS_SHARIA_COMPLIANT);
    struct lfi_slice updated =
        contract_parameter(&call->parameters, PRODUCTS_LAST_UPDATED_DATE_TIME);
    struct lfi_slice field = contract_parameter(&call->parameters, PRODUCTS_SORT_FIELD);
    struct lfi_slice order = contract_parameter(&call->parameters, PRODUCTS_SORT_ORDER);
    query->category = contract_parameter(&call->parameters, PRODUCTS_PRODUCT_CATEGORY);
    query->sharia = sharia.ptr ? slice_equal_text(sharia, "true") : -1;
    query->by_id = slice_equal_text(field, "ProductId");
    query->descending = slice_equal_text(order, "desc");
    query->updated_since_us = INT64_MIN;
    if (updated.ptr) {
        if (!datetime_parse(updated, &since)) {
            return call_refuse_parameter(call, "DATE-FORM",
                                         "LastUpdatedDateTime must be a date-time");
        }
        query->updated_since_us = datetime_utc_us(&since) + (since.finer.len > 0);
    }
    return 0;
}

int connect_products(struct call *call)
{
    struct lfi_product_query *query = &call->query.products;
    struct lfi_error error = {{0}};
    const struct provider *provider = call->provider;
    query->base.size = sizeof(*query);
    if (list_page(call) != 0 || read_product_query(call, query) != 0) {
        return -1;
    }
    struct catalogue catalogue = {.call = call, .max = call->page.size};
    catalogue.items = arena_array(call->arena, catalogue.max, sizeof(*catalogue.items));
    if (!catalogue.items) {
        return outcome_fail(call, "out of memory");
    }
    struct core_answer answer = core_answer(take_product, &catalogue);
    int rc =
        provider->open_data->catalogue(provider->core, &call->core, query, &answer.base, &error);
    if (outcome_check(call, OUTCOME_BANK, rc, &error) != 0) {
        return -1;
    }
    struct buf *out = &call->reply->body;
    list_append_head(call);
    list_begin(&call->list, call, 0, UINT64_MAX);
    for (size_t i = 0, brands = 0; i < catalogue.count; i++) {
        if (is_first_of_brand(&catalogue, i)) {
            buf_append_text(out, brands++ > 0 ? "," : "");
            append_brand(call, &catalogue, i);
        }
    }
    call->list.written = catalogue.count;
    call->total = answer.base.total;
    if (list_end(call, false) != 0) {
        return -1;
    }
    call->records.depth = 5; /* {"data":[{"Products":[{…}]}]} */
    return 0;
}

/* --- POST /leads: kept before it is answered -------------------------------------------------- */

/* Rules that the document cannot say: data is there, and some category is wanted. */
static const cJSON *check_lead(struct call *call, const cJSON *body)
{
    const cJSON *data = json_get(body, "data");
    if (!data || cJSON_GetArraySize(json_get(data, "ProductCategories")) == 0) {
        (void)refusal_set(call->refusal, "LEAD-BODY", 400, "Body.InvalidFormat",
                          data ? "The body is invalid: $.data.ProductCategories is empty."
                               : "The body is invalid: $.data is missing.");
        return NULL;
    }
    return data;
}

static int keep_lead(struct call *call, cJSON *data)
{
    struct lfi_id id;
    struct lfi_error error = {""};
    struct json_writer w;
    const struct provider *provider = call->provider;
    char *text = cJSON_PrintUnformatted(data);
    if (text && strlen(text) > LIMIT_LEAD_BYTES) {
        cJSON_free(text);
        return refusal_set(call->refusal, "LEAD-LARGE", 400, "Body.InvalidFormat",
                           "The body is invalid: $.data is too large.");
    }
    int rc = text ? provider->open_data->lead_create(provider->core, &call->core, slice_of(text),
                                                     &id, &error)
                  : LFI_FAILED;
    cJSON_free(text);
    if (outcome_check(call, OUTCOME_BANK, rc, &error) != 0) {
        return -1;
    }
    text = cJSON_AddStringToObject(data, "LeadId", id.text) ? cJSON_PrintUnformatted(data) : NULL;
    if (!text) {
        return outcome_fail(call, "out of memory");
    }
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_raw(&w, "data", slice_of(text));
    json_close_object(&w);
    cJSON_free(text);
    call->reply->status = 201;
    return 0;
}

int connect_create_lead(struct call *call)
{
    cJSON *body = json_parse(call->request->body);
    int rc = check_lead(call, body) ? keep_lead(call, cJSON_GetObjectItem(body, "data")) : -1;
    cJSON_Delete(body);
    return rc;
}
