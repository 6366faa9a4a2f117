/*
 * Insurance of seven sectors: policies that a customer shares, and quotes. The bank's paths and
 * records are the standard's, so that a row says all that differs from operation to operation.
 */
#include "base/array.h"
#include "rows_hub_insurance.h"
#include "tpp/asked.h"
#include "tpp/body.h"

#define SECTOR_END "-insurance-"

static const struct operation {
    const char *method, *path; /* what follows the sector */
    int status;                /* of the bank's answer, and ours */
    bool customer;             /* a customer's consent must be behind the token */
    bool plain;                /* the body need not be signed */
    bool as_jwt;               /* the answer is */
    bool pages;                /* Links and Meta are those of a list */
    const char *link;          /* of the bank's links, handed on; NULL: none */
} operations[] = {
    {.method = "GET", .path = "policies", .status = 200, .customer = true, .pages = true},
    {.method = "GET", .path = "policies/{InsurancePolicyId}", .status = 200, .customer = true},
    {.method = "GET",
     .path = "policies/{InsurancePolicyId}/payment-details",
     .status = 200,
     .customer = true},
    {.method = "POST", .path = "quotes", .status = 201, .plain = true},
    {.method = "GET", .path = "quotes/{QuoteId}", .status = 200},
    {.method = "PATCH",
     .path = "quotes/{QuoteId}",
     .status = 200,
     .as_jwt = true,
     .link = "PaymentUrl"},
    {.method = "POST",
     .path = "policies",
     .status = 201,
     .as_jwt = true,
     .link = "CreateInsurancePolicyRedirectUrl"},
};

static const struct operation *operation_of(const struct call *call)
{
    const char *method = contract_operation_method(call->operation);
    const char *path = strstr(contract_operation_path(call->operation), SECTOR_END);
    for (size_t i = 0; path && i < ARRAY_LEN(operations); i++) {
        if (strcmp(operations[i].method, method) == 0 &&
            strcmp(operations[i].path, path + strlen(SECTOR_END)) == 0) {
            return &operations[i];
        }
    }
    return NULL;
}

/* At the bank: what follows the base path here, as it was sent. */
static const char *path_of(const struct call *call)
{
    const char *whole = arena_text(call->arena, call->request->path);
    const char *path = whole ? strstr(whole, SECTOR_END) : NULL;
    while (path && path > whole && *path != '/') {
        path--;
    }
    return path ? path : "";
}

/* The pages of the list; a bank that does not tell their number has one. */
static int64_t count_pages(const cJSON *shown)
{
    int64_t pages = 1;
    (void)json_get_int(json_get(shown, "meta"), "totalPages", &pages);
    return pages;
}

static void answer(struct tpp_call *call, const struct operation *operation,
                   const struct bank_answer *got)
{
    struct call *base = &call->base.base;
    cJSON *message = cJSON_CreateObject();
    const cJSON *link = json_get(json_get(got->shown, "links"), operation->link);
    cJSON_AddItemToObject(message, "Data", cJSON_Duplicate(json_get(got->shown, "data"), true));
    if (operation->pages) {
        resource_add_pages(message, call, count_pages(got->shown));
    } else {
        cJSON *links = resource_add_self(message, call);
        if (link) {
            cJSON_AddItemToObject(links, operation->link, cJSON_Duplicate(link, false));
        }
    }
    if (!operation->pages && contract_response_has(base->operation, operation->status, "Meta")) {
        cJSON_AddObjectToObject(message, "Meta");
    }
    sim_reply_json(base->reply, operation->status, message);
}

int tpp_insurance(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    const struct operation *operation = operation_of(base);
    cJSON *message = NULL;
    struct bank_answer got;
    call->as_jwt |= operation->as_jwt;
    if (resource_need_scope(call, "insurance") != 0 ||
        (operation->customer && resource_need_customer(call) != 0) ||
        (contract_operation_takes_json(base->operation) &&
         body_read(call, NULL, operation->plain, &message) != 0)) {
        return -1;
    }
    const struct asked asked = {
        .method = operation->method,
        .path = path_of(base),
        .query = operation->pages ? base->request->query : (struct lfi_slice){NULL, 0},
        .message = message,
        .status = operation->status,
        .consent_id = operation->customer ? call->access.consent_id : (struct lfi_slice){NULL, 0}};
    int rc = asked_send(call, &asked, &got);
    if (rc == 0 && got.http.status == 204) {
        base->reply->status = 204;
    } else if (rc == 0) {
        answer(call, operation, &got);
    }
    bank_answer_free(&got);
    cJSON_Delete(message);
    return rc;
}
