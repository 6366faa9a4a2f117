#include "hub/pages.h"

static struct lfi_slice query_of(struct arena *arena, struct lfi_slice query, int number)
{
    if (!query.ptr) {
        return arena_format(arena, "page=%d&pageSize=%d", number, HUB_LIST_PAGE);
    }
    return number == 1 ? query : arena_format(arena, "%.*s&page=%d", SLICE_ARG(query), number);
}

/* One page of a list, added to `all`; *pages is how many there are. */
static enum hub_outcome add_page(struct hub *hub, struct arena *arena,
                                 const struct hub_request *request, cJSON *all, int64_t *pages,
                                 struct lfi_error *error)
{
    struct hub_response response;
    enum hub_outcome outcome = hub_exchange(hub, arena, request, &response, error);
    if (outcome != HUB_OK) {
        return outcome;
    }
    cJSON *body = json_parse(response.body);
    cJSON *data = cJSON_DetachItemFromObjectCaseSensitive(body, "data");
    (void)json_get_int(json_get(body, "meta"), "totalPages", pages);
    cJSON_Delete(body);
    for (cJSON *item; (item = cJSON_DetachItemFromArray(data, 0));) {
        cJSON_AddItemToArray(all, item);
    }
    cJSON_Delete(data);
    return HUB_OK;
}

enum hub_outcome hub_read_pages(struct hub *hub, struct arena *arena, struct hub_request *request,
                                int most, cJSON **out, struct lfi_error *error)
{
    const struct lfi_slice query = request->query;
    cJSON *all = cJSON_CreateArray();
    enum hub_outcome outcome = HUB_OK;
    int64_t pages = 1;
    *out = NULL;
    for (int number = 1; outcome == HUB_OK && number <= pages; number++) {
        request->query = query_of(arena, query, number);
        outcome = add_page(hub, arena, request, all, &pages, error);
        if (outcome == HUB_OK && pages > most) {
            error_set(error, "the Hub's list has more than %d pages", most);
            outcome = HUB_WRONG;
        }
    }
    if (outcome != HUB_OK || !all) {
        cJSON_Delete(all);
        return outcome != HUB_OK ? outcome : HUB_WRONG;
    }
    *out = all;
    return HUB_OK;
}
