/* The receiver of events that public collections subscribe, and what it got. */
#include "base/datetime.h"
#include "rows_hub_utilities.h"
#include "tpp/utilities.h"
#include "webhook_receiver.h"

#include <stdlib.h>

#define MINUTE_US (INT64_C(60) * 1000000)

int tpp_receive_event(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct refusal refusal = {0};
    struct lfi_slice header = request_header(base->request, "content-type", NULL), type;
    if (utility_need(call) != 0) {
        return -1;
    }
    if (!slice_next(&header, ';', &type) ||
        !slice_equal_nocase(slice_trim(type), "application/jwe")) {
        return resource_refuse(call, "TPP-MEDIA", 415, NULL, "The body must be application/jwe.");
    }
    if (webhook_receive(call->base.sim, base->arena, slice_trim(base->request->body), &refusal) !=
        0) {
        return resource_refuse(call, refusal.id, 400, "Body.InvalidFormat", refusal.error_message);
    }
    base->reply->status = 202;
    return 0;
}

/* Events that were received since then, in no order; NULL: they are counted only. */
static size_t find_events(const struct tpp_call *call, int64_t since_us, const cJSON **out)
{
    struct store *store = call->base.sim->store;
    size_t count = 0;
    for (size_t i = 0; i < store_count(store); i++) {
        const struct consent *consent = store_at(store, i);
        const cJSON *event;
        if (consent->hub != call->base.hub || consent->tpp != call->tpp) {
            continue;
        }
        cJSON_ArrayForEach(event, consent->events)
        {
            struct datetime at;
            if (datetime_parse(json_get_string(event, "at"), &at) &&
                datetime_utc_us(&at) >= since_us) {
                if (out) {
                    out[count] = event;
                }
                count++;
            }
        }
    }
    return count;
}

static int compare(const void *a, const void *b)
{
    double left = json_get(*(const cJSON *const *)a, "n")->valuedouble;
    double right = json_get(*(const cJSON *const *)b, "n")->valuedouble;
    return (left > right) - (left < right);
}

/* NULL: memory is short. Under the lock. */
static cJSON *list_events(const struct tpp_call *call, int64_t since_us)
{
    size_t count = find_events(call, since_us, NULL);
    const cJSON **found = arena_array(call->base.base.arena, count + 1, sizeof(*found));
    if (!found) {
        return NULL;
    }
    (void)find_events(call, since_us, found);
    qsort(found, count, sizeof(*found), compare);
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < count; i++) {
        cJSON *shown = cJSON_CreateObject();
        cJSON_AddItemToObject(shown, "ReceivedDateTime",
                              cJSON_Duplicate(json_get(found[i], "at"), false));
        cJSON_AddItemToObject(shown, "message",
                              cJSON_Duplicate(json_get(found[i], "message"), true));
        cJSON_AddItemToArray(list, shown);
    }
    return list;
}

int tpp_review_events(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    uint64_t minutes = 10;
    if (utility_need(call) != 0 || resource_need_scope(call, "accounts") != 0) {
        return -1;
    }
    slice_to_u64(request_parameter(base->arena, base->request->query, "minutesInPast", NULL),
                 &minutes);
    int64_t since_us = clock_now_us(call->base.sim->clock) - (int64_t)minutes * MINUTE_US;
    store_lock(call->base.sim->store);
    cJSON *list = list_events(call, since_us);
    store_unlock(call->base.sim->store);
    if (!list) {
        return resource_refuse(call, "UTILITY-MADE", 500, "GenericError", "Memory is short.");
    }
    sim_reply_json(base->reply, 200, list);
    return 0;
}
