#include "consent/policy_offers.h"

#include "base/core_answer.h"
#include "consent/policy_rights.h"

struct search {
    struct arena *arena;
    struct policy_offers *out;
    unsigned sectors; /* wanted, 1U << enum lfi_insurance_sector each */
    const char *fault;
};

static int take(void *ctx, struct lfi_slice json, const void *given)
{
    struct search *search = ctx;
    struct policy_offers *out = search->out;
    const struct lfi_policy_facts *facts = given;
    (void)json;
    if (!facts || facts->size < sizeof(*facts) || !facts->policy_id[0]) {
        search->fault = "a policy without its facts";
        return -1;
    }
    if (facts->sector >= LFI_INSURANCE_SECTORS || !(search->sectors & 1U << facts->sector)) {
        return 0;
    }
    if (out->count == POLICY_OFFERS_MAX) {
        search->fault = "more policies than can be offered";
        return -1;
    }
    struct lfi_policy_facts *kept = arena_alloc(search->arena, sizeof(*kept));
    if (!kept) {
        search->fault = "out of memory";
        return -1;
    }
    *kept = *facts;
    out->items[out->count++] = kept;
    return 0;
}

static int ask(const struct provider *provider, const struct lfi_call *call,
               const struct lfi_held_policies_query *query, struct search *search,
               struct lfi_error *error)
{
    struct core_answer answer = core_answer(take, search);
    *search->out = (struct policy_offers){
        .items = arena_array(search->arena, POLICY_OFFERS_MAX, sizeof(*search->out->items))};
    if (!search->out->items || !provider->insurance) {
        error_set(error, search->out->items ? "the core has no policies" : "out of memory");
        return LFI_FAILED;
    }
    int status = provider->insurance->held(provider->core, call, query, &answer.base, error);
    if (search->fault) {
        error_set(error, "%s", search->fault);
        return LFI_FAILED;
    }
    return status;
}

/* Brings the policies, which are newest first, into the order of the consent's sectors. */
static int sort_by_sector(const cJSON *blocks, struct arena *arena, struct policy_offers *out,
                          struct lfi_error *error)
{
    const struct lfi_policy_facts **sorted = arena_array(arena, POLICY_OFFERS_MAX, sizeof(*sorted));
    unsigned done = 0;
    size_t count = 0;
    const cJSON *block;
    if (!sorted) {
        error_set(error, "out of memory");
        return LFI_FAILED;
    }
    cJSON_ArrayForEach(block, blocks)
    {
        unsigned sector = policy_sector_named(json_get_string(block, "InsuranceType"));
        for (size_t i = 0; !(done & 1U << sector) && i < out->count; i++) {
            if (out->items[i]->sector == sector) {
                sorted[count++] = out->items[i];
            }
        }
        done |= 1U << sector;
    }
    out->items = sorted;
    return LFI_OK;
}

int policy_offers_find(const struct provider *provider, struct arena *arena,
                       const struct lfi_call *call, const struct consent *consent,
                       struct policy_offers *out, struct lfi_error *error)
{
    struct search search = {.arena = arena, .out = out};
    const struct lfi_held_policies_query query = {
        .base = {.size = sizeof(query), .subject_id = call->user_id}};
    const cJSON *block;
    cJSON_ArrayForEach(block, consent->permissions)
    {
        search.sectors |= 1U << policy_sector_named(json_get_string(block, "InsuranceType"));
    }
    int status = ask(provider, call, &query, &search, error);
    return status == LFI_OK ? sort_by_sector(consent->permissions, arena, out, error) : status;
}

int policy_offers_find_chosen(const struct provider *provider, struct arena *arena,
                              const struct lfi_call *call, const cJSON *ids,
                              struct policy_offers *out, struct lfi_error *error)
{
    struct search search = {.arena = arena, .out = out, .sectors = ~0U};
    size_t count = (size_t)cJSON_GetArraySize(ids);
    struct lfi_slice *wanted = arena_array(arena, count + 1, sizeof(*wanted));
    struct lfi_held_policies_query query = {
        .base = {.size = sizeof(query), .subject_id = call->user_id}, .policy_ids = wanted};
    const cJSON *id;
    *out = (struct policy_offers){NULL, 0};
    if (!wanted) {
        error_set(error, "out of memory");
        return LFI_FAILED;
    }
    cJSON_ArrayForEach(id, ids)
    {
        wanted[query.policy_count++] = slice_of(cJSON_GetStringValue(id));
    }
    return count > 0 ? ask(provider, call, &query, &search, error) : LFI_OK;
}

static void append_held(struct json_writer *w, const char *name, const char *text)
{
    if (text[0]) {
        json_text(w, name, text);
    }
}

void policy_offers_append(const struct policy_offers *offers, const char *name,
                          struct json_writer *w)
{
    json_open_array(w, name);
    for (size_t i = 0; i < offers->count; i++) {
        const struct lfi_policy_facts *policy = offers->items[i];
        json_open_object(w, NULL);
        json_text(w, "id", policy->policy_id);
        json_text(w, "sector", policy_sector_name(policy->sector));
        append_held(w, "number", policy->number);
        append_held(w, "status", policy->status);
        append_held(w, "product", policy->product);
        append_held(w, "ends", policy->ends);
        if (policy->premium[0]) {
            json_open_object(w, "premium");
            json_text(w, "value", policy->premium);
            json_text(w, "currency", policy->currency);
            json_close_object(w);
        }
        json_close_object(w);
    }
    json_close_array(w);
}
