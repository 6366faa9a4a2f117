#include "psu/claim.h"

struct kept {
    struct arena *arena;
    struct lfi_slice text;
};

static void keep_result(void *ctx, struct lfi_slice result)
{
    struct kept *kept = ctx;
    kept->text = arena_keep(kept->arena, result);
}

int claim_take(struct actor actor, struct lfi_slice key, uint32_t ttl_s, enum state_claim *out,
               struct lfi_slice *result, struct lfi_error *error)
{
    const struct state_ref ref = actor_state(actor, key);
    struct kept kept = {.arena = actor.arena};
    const struct state_sink sink = {.take = keep_result, .ctx = &kept};
    int status = state_claim(&ref, ttl_s, &sink, out, error);
    *result = kept.text;
    return status;
}

int claim_settle(struct actor actor, struct lfi_slice key, struct lfi_slice result,
                 struct lfi_error *error)
{
    const struct state_ref ref = actor_state(actor, key);
    return state_claim_settle(&ref, result, error);
}

int claim_find(struct actor actor, struct lfi_slice key, struct lfi_slice *result,
               struct lfi_error *error)
{
    const struct state_ref ref = actor_state(actor, key);
    struct kept kept = {.arena = actor.arena};
    const struct state_sink sink = {.take = keep_result, .ctx = &kept};
    int status = state_claim_find(&ref, &sink, error);
    *result = kept.text;
    return status;
}
