#include "hub/pages.h"

#include "base/limits.h"

#define PAGE_ROOM (2 * LIMIT_HUB_REPLY_BYTES)

static struct lfi_slice query_of(struct arena *arena, struct lfi_slice query, int number)
{
    if (!query.ptr) {
        return arena_format(arena, "page=%d&pageSize=%d", number, HUB_LIST_PAGE);
    }
    return number == 1 ? query : arena_format(arena, "%.*s&page=%d", SLICE_ARG(query), number);
}

/* One page; *pages is how many there are. The caller frees *data. */
static enum hub_outcome read_page(struct hub *hub, struct arena *arena,
                                  const struct hub_request *request, cJSON **data, int64_t *pages,
                                  struct lfi_error *error)
{
    struct hub_response response;
    enum hub_outcome outcome = hub_exchange(hub, arena, request, &response, error);
    *data = NULL;
    if (outcome != HUB_OK) {
        return outcome;
    }
    cJSON *body = json_parse(response.body);
    *data = cJSON_DetachItemFromObjectCaseSensitive(body, "data");
    (void)json_get_int(json_get(body, "meta"), "totalPages", pages);
    cJSON_Delete(body);
    return *data ? HUB_OK : HUB_WRONG;
}

/* The time that is left for the next call; below 1: none. */
static int left_ms(const struct hub *hub, int64_t began_us, int ms)
{
    int64_t left = ms - (clock_monotonic_us() - began_us) / 1000;
    return left < hub->timeout_ms ? (int)left : hub->timeout_ms;
}

static enum hub_outcome walk(struct hub *hub, struct arena *arena, struct hub_request *request,
                             struct hub_bounds bounds, void (*visit)(void *ctx, cJSON *page),
                             void *ctx, struct lfi_error *error)
{
    const struct lfi_slice query = request->query;
    const int64_t began_us = clock_monotonic_us();
    enum hub_outcome outcome = HUB_OK;
    int64_t pages = 1;
    for (int number = 1; outcome == HUB_OK && number <= pages; number++) {
        cJSON *data = NULL;
        if (bounds.ms > 0 && (request->timeout_ms = left_ms(hub, began_us, bounds.ms)) < 1) {
            error_set(error, "the Hub's list is not read within %d s", bounds.ms / 1000);
            return HUB_UNREACHABLE;
        }
        arena_reset(arena);
        request->query = query_of(arena, query, number);
        outcome = read_page(hub, arena, request, &data, &pages, error);
        if (outcome == HUB_OK && pages > bounds.pages) {
            error_set(error, "the Hub's list has more than %d pages", bounds.pages);
            outcome = HUB_WRONG;
        }
        if (outcome == HUB_OK) {
            visit(ctx, data);
        }
        cJSON_Delete(data);
    }
    return outcome;
}

enum hub_outcome hub_walk_pages(struct hub *hub, struct hub_request *request,
                                struct hub_bounds bounds, void (*visit)(void *ctx, cJSON *page),
                                void *ctx, struct lfi_error *error)
{
    struct arena *arena = arena_new(PAGE_ROOM);
    if (!arena) {
        error_set(error, "out of memory");
        return HUB_WRONG;
    }
    enum hub_outcome outcome = walk(hub, arena, request, bounds, visit, ctx, error);
    arena_free(arena);
    return outcome;
}

static void move_items(void *ctx, cJSON *page)
{
    for (cJSON *item; (item = cJSON_DetachItemFromArray(page, 0));) {
        cJSON_AddItemToArray(ctx, item);
    }
}

enum hub_outcome hub_read_pages(struct hub *hub, struct hub_request *request, int most, cJSON **out,
                                struct lfi_error *error)
{
    cJSON *all = cJSON_CreateArray();
    enum hub_outcome outcome =
        all ? hub_walk_pages(hub, request, (struct hub_bounds){most, 0}, move_items, all, error)
            : HUB_WRONG;
    if (outcome != HUB_OK) {
        cJSON_Delete(all);
        all = NULL;
    }
    *out = all;
    return outcome;
}
