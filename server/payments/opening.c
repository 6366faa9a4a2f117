#include "payments/opening.h"

#include "base/array.h"
#include "base/error.h"
#include "base/limits.h"
#include "payments/identity.h"

#include <stdlib.h>

/* --- what makes two requests the same --------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* The order of an object's members says nothing. */
static void sort_members(struct arena *arena, cJSON *object)
{
    size_t count = (size_t)cJSON_GetArraySize(object);
    cJSON **members = count > 1 ? arena_alloc(arena, count * sizeof(cJSON *)) : NULL;
    if (!members) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        members[i] = cJSON_DetachItemFromArray(object, 0);
    }
    qsort(members, count, sizeof(cJSON *), by_name);
    for (size_t i = 0; i < count; i++) {
        (void)cJSON_AddItemToArray(object, members[i]);
    }
}

static void sort_tree(struct arena *arena, cJSON *tree)
{
    cJSON *child;
    if (cJSON_IsObject(tree)) {
        sort_members(arena, tree);
    }
    cJSON_ArrayForEach(child, tree)
    {
        sort_tree(arena, child);
    }
}

/* Of the client and the quote, or else of all that is asked, which is `json` in a fixed order. */
static bool write_identity(struct lfi_opening_request *request)
{
    bool quoted = request->quote_id.ptr;
    const struct lfi_slice parts[] = {request->client_id, quoted ? SLICE("quote") : SLICE("all"),
                                      quoted ? request->quote_id : request->json};
    return identity_write(parts, ARRAY_LEN(parts), request->identity);
}

/* --- the reply -------------------------------------------------------------------------------- */

struct record {
    struct call *call;
    struct lfi_opening_facts facts;
    struct lfi_slice json; /* in the arena; absent: the core gave none */
};

static int take(void *ctx, struct lfi_slice json, const void *given)
{
    struct record *record = ctx;
    const struct lfi_opening_facts *facts = given;
    if (!list_is_object(json) || record->json.ptr || !facts ||
        facts->size < sizeof(record->facts)) {
        record->call->record_fault = "the record is malformed, has no facts, or is one too many";
        return -1;
    }
    record->facts = *facts;
    record->json = arena_keep(record->call->arena, json);
    return record->json.ptr ? 0 : -1;
}

/* The address at which the Hub finds the opening: POST /accounts lacks what GET has in its path. */
static void write_self(struct json_writer *w, const struct call *call, const char *account_id)
{
    struct lfi_slice host = request_header(call->request, "Host", NULL);
    struct lfi_slice path = call->request->path;
    bool asked = slice_equal_text(call->request->method, "POST");
    struct lfi_slice self =
        arena_format(call->arena, "https://%.*s%.*s%s%s%s", SLICE_ARG(host), SLICE_ARG(path),
                     asked ? "/" : "", asked ? account_id : "", asked ? "/status" : "");
    json_string(w, "Self", self);
}

static int write_reply(struct record *record)
{
    struct json_writer w;
    struct call *call = record->call;
    if (!record->json.ptr) {
        return outcome_refuse_record(call, "there is no record");
    }
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_raw(&w, "data", record->json);
    json_open_object(&w, "links");
    write_self(&w, call, record->facts.account_id);
    if (record->facts.continue_url[0]) {
        json_text(&w, "AccountOpeningRedirectUrl", record->facts.continue_url);
    }
    json_close_object(&w);
    json_close_object(&w);
    call->reply->status = 200;
    return 0;
}

/* --- operations ------------------------------------------------------------------------------- */

static int ask_core(struct call *call, const struct lfi_opening_request *request)
{
    struct lfi_error error = {""};
    struct record record = {.call = call};
    struct lfi_opening_summary summary = {.size = sizeof(summary)};
    struct core_answer answer = core_answer(take, &record);
    const struct provider *provider = call->provider;
    answer.base.summary = &summary;
    int status =
        provider->opening->request(provider->core, &call->core, request, &answer.base, &error);
    if (outcome_check(call, OUTCOME_BANK, status, &error) != 0) {
        return -1;
    }
    return summary.repeated
               ? refusal_set(call->refusal, "OPENING-REPEATED", 409, "GenericError",
                             "The account was asked for already, and the request was not rejected.")
               : write_reply(&record);
}

int opening_request(struct call *call, struct lfi_slice client_id)
{
    cJSON *body = json_parse(call->request->body);
    cJSON *data = cJSON_GetObjectItemCaseSensitive(body, "data");
    sort_tree(call->arena, data);
    char *text = data ? cJSON_PrintUnformatted(data) : NULL;
    struct lfi_opening_request request = {
        .size = sizeof(request),
        .identity_life_s = LIMIT_OPENING_IDENTITY_S,
        .client_id = client_id,
        .quote_id = json_get_string(json_get(data, "LinkedOperations"), "FxQuoteId"),
        .json = slice_of(text)};
    int rc = text && write_identity(&request) ? ask_core(call, &request)
                                              : outcome_fail(call, "out of memory");
    cJSON_free(text);
    cJSON_Delete(body);
    return rc;
}

int opening_find(struct call *call, struct lfi_slice client_id, struct lfi_slice account_id)
{
    struct lfi_error error = {"another client has asked for the account"};
    struct record record = {.call = call};
    struct core_answer answer = core_answer(take, &record);
    const struct provider *provider = call->provider;
    const struct lfi_query query = {.size = sizeof(query), .subject_id = account_id};
    int status = provider->opening->find(provider->core, &call->core, &query, &answer.base, &error);
    if (status == LFI_OK && record.json.ptr &&
        !slice_equal_text(client_id, record.facts.client_id)) {
        status = LFI_UNKNOWN;
    }
    if (outcome_check(call, OUTCOME_OPENING, status, &error) != 0) {
        return -1;
    }
    if (record.json.ptr && !slice_equal_text(account_id, record.facts.account_id)) {
        return outcome_refuse_record(call, "the account is not the one that was asked for");
    }
    return write_reply(&record);
}
