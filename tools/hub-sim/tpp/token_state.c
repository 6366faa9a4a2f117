/*
 * Whether a token is good, and the end of those that a TPP does not need any more: introspection
 * (RFC 7662) and revocation (RFC 7009), with the client authentication of the token endpoint.
 */
#include "consent.h"
#include "grant.h"
#include "rows_hub_authorization.h"
#include "tpp/client.h"

/* A token of this Hub and of the TPP that asks. */
struct known {
    struct access access;
    bool refreshes;
};

static bool open_token(const struct tpp_call *call, struct known *out)
{
    struct arena *arena = call->base.base.arena;
    struct lfi_slice token = form_get(&call->form, "token");
    out->refreshes = false;
    if (!access_open(&call->side->keys, arena, token, &out->access)) {
        out->refreshes = access_open_refresh(&call->side->keys, arena, token, &out->access);
        if (!out->refreshes) {
            return false;
        }
    }
    return out->access.hub == call->base.hub && out->access.tpp == call->tpp;
}

/* The consent whose tokens of this generation count still; NULL: none. Under the lock. */
static struct consent *find_grant(const struct tpp_call *call, const struct known *token)
{
    const struct sim *sim = call->base.sim;
    const struct access *access = &token->access;
    struct consent *consent = store_find(sim->store, access->hub, access->consent_id);
    bool counts =
        consent && consent->grant &&
        access->generation == grant_number(consent->grant, "generation") &&
        (!token->refreshes || access->rotation == grant_number(consent->grant, "rotation"));
    return counts && consent_is_alive(sim, consent) ? consent : NULL;
}

static bool is_active(const struct tpp_call *call, const struct known *token)
{
    const struct sim *sim = call->base.sim;
    if (!token->refreshes && clock_now_s(sim->clock) >= token->access.until_s) {
        return false;
    }
    if (!token->access.consent_id.ptr) {
        return true;
    }
    store_lock(sim->store);
    bool active = find_grant(call, token);
    store_unlock(sim->store);
    return active;
}

static void describe(cJSON *body, const struct tpp_call *call, const struct known *token)
{
    struct arena *arena = call->base.base.arena;
    const struct access *access = &token->access;
    const char *scope = arena_text(arena, access->scope);
    cJSON_AddStringToObject(body, "scope", scope ? scope : "");
    cJSON_AddStringToObject(body, "client_id", access->tpp->client_id);
    cJSON_AddStringToObject(body, "iss", call->base.hub->issuer);
    if (!token->refreshes) {
        const char *thumbprint = arena_text(arena, access->thumbprint);
        cJSON_AddStringToObject(body, "token_type", "Bearer");
        cJSON_AddNumberToObject(body, "exp", (double)access->until_s);
        cJSON_AddStringToObject(cJSON_AddObjectToObject(body, "cnf"), "x5t#S256",
                                thumbprint ? thumbprint : "");
    }
}

static int authenticate(struct tpp_call *call, enum tpp_endpoint endpoint)
{
    return form_get(&call->form, "token").ptr
               ? client_authenticate(call, endpoint)
               : tpp_refuse(call, "TOKEN-FORM", "invalid_request", "token is required");
}

int tpp_introspect_token(struct call *base)
{
    struct known token;
    struct tpp_call *call = tpp_call_of(base);
    if (authenticate(call, TPP_INTROSPECTION) != 0) {
        return -1;
    }
    cJSON *body = cJSON_CreateObject();
    bool active = open_token(call, &token) && is_active(call, &token);
    cJSON_AddBoolToObject(body, "active", active);
    if (active) {
        describe(body, call, &token);
    }
    sim_reply_json(base->reply, 200, body);
    return 0;
}

/*
 * Tokens are no table: with one of a consent end all that its authorization gave. One of
 * client_credentials ends by itself. What is no token, or no longer one, is no error.
 */
int tpp_revoke_token(struct call *base)
{
    struct known token;
    struct tpp_call *call = tpp_call_of(base);
    const struct sim *sim = call->base.sim;
    if (authenticate(call, TPP_REVOCATION) != 0) {
        return -1;
    }
    base->reply->status = 200;
    if (!open_token(call, &token)) {
        return 0;
    }
    if (!token.access.consent_id.ptr) {
        return tpp_refuse(call, "TOKEN-TYPE", "unsupported_token_type",
                          "a token of client_credentials cannot be revoked");
    }
    store_lock(sim->store);
    struct consent *consent = find_grant(call, &token);
    if (consent) {
        grant_void_tokens(sim, consent);
    }
    store_unlock(sim->store);
    return 0;
}
