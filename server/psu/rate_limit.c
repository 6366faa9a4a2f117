#include "psu/rate_limit.h"

#include "base/limits.h"

#include <arpa/inet.h>

#define GROWING(tries)                                                                             \
    {                                                                                              \
        .times = STATE_USES_MAX, .window_s = LIMIT_SIGN_IN_WINDOW_S, .free = (tries),              \
        .growing_gap_s = LIMIT_SIGN_IN_GAP_S                                                       \
    }

/* A limit, and what its refusal says. */
struct limit {
    const char *kind; /* of its key, and in the log */
    const char *id;   /* of the refusal */
    enum metrics_counter counter;
    struct state_allowance allowance;
};

#define SIGN_IN "SIGN-IN-LIMIT", METRICS_SIGN_IN_LIMIT

static const struct limit of_browser = {"sign-in-browser", SIGN_IN, GROWING(LIMIT_SIGN_IN_TRIES)};
static const struct limit of_pair = {"sign-in-pair", SIGN_IN, GROWING(LIMIT_SIGN_IN_TRIES)};
static const struct limit of_login = {"sign-in-login", SIGN_IN, GROWING(LIMIT_SIGN_IN_LOGIN_TRIES)};
static const struct limit of_source = {"sign-in-source", SIGN_IN,
                                       GROWING(LIMIT_SIGN_IN_SOURCE_TRIES)};
static const struct limit of_all = {
    "sign-in-total",
    SIGN_IN,
    {.times = LIMIT_SIGN_IN_TOTAL_TRIES, .window_s = LIMIT_SIGN_IN_TOTAL_S}};
static const struct limit of_approvals = {"approval",
                                          "APPROVAL-LIMIT",
                                          METRICS_APPROVAL_REFUSED,
                                          {.times = STATE_USES_MAX,
                                           .window_s = LIMIT_APPROVALS_WINDOW_S,
                                           .free = LIMIT_APPROVALS_FREE,
                                           .growing_gap_s = LIMIT_APPROVALS_GAP_S}};

static void give_back(struct actor actor, struct lfi_slice key)
{
    const struct state_ref ref = actor_state(actor, key);
    struct lfi_error error = {{0}};
    int status = state_limit_give_back(&ref, &error);
    if (status != LFI_OK) { /* the use stays counted */
        actor_log_state(actor, status, "limit_give_back", &error);
    }
}

void rate_limit_give_back(struct actor actor, const struct rate_limit_uses *uses)
{
    for (size_t i = 0; i < uses->count; i++) {
        give_back(actor, uses->keys[i]);
    }
}

/* False, with *refusal: none is left now, or it cannot be said. */
static bool take(struct actor actor, const struct limit *limit, struct lfi_slice key,
                 struct rate_limit_uses *uses, struct step_refusal *refusal)
{
    const struct state_ref ref = actor_state(actor, key);
    struct lfi_error error = {{0}};
    uint32_t wait_s = 0;
    int status = state_limit_take(&ref, &limit->allowance, &wait_s, &error);
    if (status != LFI_OK) {
        *refusal = step_refusal_of(STEP_STATE, status, &error);
        refusal->detail = arena_text(actor.arena, slice_of(error.message));
    } else if (wait_s > 0) {
        metrics_count(actor.psu->metrics, limit->counter);
        *refusal = (struct step_refusal){
            .id = limit->id, .status = 429, .wait_s = wait_s, .detail = limit->kind};
    } else {
        uses->keys[uses->count++] = key;
    }
    return status == LFI_OK && wait_s == 0;
}

/* --- sign-in ---------------------------------------------------------------------------------- */

/* Logins are counted without regard to case, which some cores disregard too. */
static struct lfi_slice lower(struct arena *arena, struct lfi_slice text)
{
    char *copy = arena_text(arena, text);
    for (size_t i = 0; copy && i < text.len; i++) {
        copy[i] = (char)(copy[i] >= 'A' && copy[i] <= 'Z' ? copy[i] - 'A' + 'a' : copy[i]);
    }
    return (struct lfi_slice){copy, copy ? text.len : 0};
}

/* An IPv4 address, or the network of an IPv6 address: a household has a whole one (RFC 6177). */
static struct lfi_slice source_of(struct arena *arena, struct lfi_slice client)
{
    struct in6_addr address;
    const char *text = arena_text(arena, client);
    if (!text || inet_pton(AF_INET6, text, &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address)) {
        return client;
    }
    const unsigned char *bytes = address.s6_addr;
    return arena_format(arena, "%02x%02x:%02x%02x:%02x%02x:%02x%02x", bytes[0], bytes[1], bytes[2],
                        bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

bool rate_limit_take_sign_in(struct actor actor, const struct rate_limit_try *try,
                             struct rate_limit_uses *out, struct step_refusal *refusal)
{
    const struct lfi_slice nobody = {0};
    struct lfi_slice login = lower(actor.arena, try->login);
    struct lfi_slice source = source_of(actor.arena, try->client);
    *out = (struct rate_limit_uses){.count = 0};
    if (try->browser.len > 0) {
        return take(actor, &of_browser,
                    state_key(actor.arena, of_browser.kind, try->browser, login), out, refusal);
    }
    const struct {
        const struct limit *limit;
        struct lfi_slice key;
    } all[RATE_LIMITS_OF_TRY] = {
        {&of_pair, state_key(actor.arena, of_pair.kind, source, login)},
        {&of_login, state_key(actor.arena, of_login.kind, nobody, login)},
        {&of_source, state_key(actor.arena, of_source.kind, nobody, source)},
        {&of_all, state_key(actor.arena, of_all.kind, nobody, SLICE("all"))},
    };
    for (size_t i = 0; i < RATE_LIMITS_OF_TRY; i++) {
        if (!take(actor, all[i].limit, all[i].key, out, refusal)) {
            rate_limit_give_back(actor, out);
            return false;
        }
    }
    return true;
}

/* --- the app ---------------------------------------------------------------------------------- */

static struct lfi_slice approval_key(struct actor actor)
{
    return state_key(actor.arena, of_approvals.kind, actor.session->user_id, SLICE("app"));
}

bool rate_limit_take_approval(struct actor actor, struct rate_limit_uses *out,
                              struct step_refusal *refusal)
{
    *out = (struct rate_limit_uses){.count = 0};
    return take(actor, &of_approvals, approval_key(actor), out, refusal);
}

void rate_limit_give_back_approval(struct actor actor)
{
    give_back(actor, approval_key(actor));
}
