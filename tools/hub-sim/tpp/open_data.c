/* Products, leads and ATMs: what a bank offers to everybody, without a customer's consent. */
#include "rows_hub_atm_directory.h"
#include "rows_hub_product_catalogue.h"
#include "tpp/answer.h"

#define ADDRESS "x-fapi-customer-ip-address"

/* Asks the bank; `fill` makes the message of its answer. */
static int ask(struct tpp_call *call, struct bank_request *request, int status,
               void (*fill)(cJSON *message, struct tpp_call *call, const cJSON *body))
{
    struct bank_answer answer;
    int rc = answer_from_bank(call, request, status, &answer);
    if (rc == 0) {
        cJSON *message = cJSON_CreateObject();
        cJSON_AddItemToObject(message, "Data",
                              cJSON_Duplicate(json_get(answer.shown, "data"), true));
        fill(message, call, answer.shown);
        sim_reply_json(call->base.base.reply, status, message);
    }
    bank_answer_free(&answer);
    return rc;
}

/* Who shows products tells for whom. */
static int need_address(struct tpp_call *call, struct bank_request *request)
{
    request->customer_address = request_header(call->base.base.request, ADDRESS, NULL);
    return request->customer_address.len > 0
               ? 0
               : resource_refuse(call, "TPP-ADDRESS", 400, "Resource.InvalidFormat",
                                 ADDRESS " is required.");
}

static void fill_products(cJSON *message, struct tpp_call *call, const cJSON *body)
{
    int64_t pages = 1;
    json_get_int(json_get(body, "meta"), "totalPages", &pages);
    resource_add_pages(message, call, pages);
}

int tpp_list_products(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct bank_request request = {
        .method = SLICE("GET"), .path = SLICE("/products"), .query = base->request->query};
    return resource_need_scope(call, "products") == 0 && need_address(call, &request) == 0
               ? ask(call, &request, 200, fill_products)
               : -1;
}

static void fill_nothing(cJSON *message, struct tpp_call *call, const cJSON *body)
{
    (void)message, (void)call, (void)body;
}

int tpp_create_lead(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    cJSON *body = json_parse(base->request->body), *out = cJSON_CreateObject();
    struct bank_request request = {.method = SLICE("POST"), .path = SLICE("/leads")};
    int rc = resource_need_scope(call, "products") == 0 ? need_address(call, &request) : -1;
    cJSON_AddItemToObject(out, "data", cJSON_DetachItemFromObjectCaseSensitive(body, "Data"));
    char *text = cJSON_PrintUnformatted(out);
    request.body = slice_of(text);
    if (rc == 0) {
        rc = ask(call, &request, 201, fill_nothing);
    }
    cJSON_free(text);
    cJSON_Delete(out);
    cJSON_Delete(body);
    return rc;
}

static void fill_atms(cJSON *message, struct tpp_call *call, const cJSON *body)
{
    (void)call;
    cJSON_AddItemToObject(message, "Meta", cJSON_Duplicate(json_get(body, "meta"), true));
}

int tpp_list_atms(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct bank_request request = {.method = SLICE("GET"), .path = SLICE("/atm")};
    return resource_need_scope(call, "atm") == 0 ? ask(call, &request, 200, fill_atms) : -1;
}
