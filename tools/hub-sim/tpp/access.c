#include "tpp/access.h"

#include "base/json.h"
#include "sim.h"

#define ACCESS "hub-access"
#define REFRESH "hub-refresh"
#define JWT_TYP "at+jwt" /* so that nothing else that the Hub signs is one */

static int close_as(const struct seal *seal, const char *purpose, const struct access *access,
                    struct buf *out)
{
    struct buf json;
    struct json_writer w;
    buf_init(&json, ACCESS_TOKEN_BYTES);
    json_begin(&w, &json);
    json_open_object(&w, NULL);
    json_text(&w, "hub", access->hub->config->provider_id);
    json_text(&w, "client", access->tpp->client_id);
    json_string(&w, "scope", access->scope);
    json_string_if_any(&w, "consent", access->consent_id);
    json_int(&w, "generation", access->generation);
    json_string_if_any(&w, "thumbprint", access->thumbprint);
    json_int(&w, "until", access->until_s);
    json_int(&w, "rotation", access->rotation);
    json_close_object(&w);
    int rc = json.failed ? -1 : seal_close(seal, purpose, buf_slice(&json), out);
    buf_free(&json);
    return rc != 0 || out->failed ? -1 : 0;
}

static int sign_as_jwt(const struct access *access, int64_t now_s, struct buf *out)
{
    struct lfi_error error = {""};
    struct buf json;
    struct json_writer w;
    buf_init(&json, ACCESS_TOKEN_BYTES);
    json_begin(&w, &json);
    json_open_object(&w, NULL);
    json_text(&w, "iss", access->hub->issuer);
    json_text(&w, "aud", access->hub->resources);
    json_text(&w, "client_id", access->tpp->client_id);
    json_string(&w, "scope", access->scope);
    json_string_if_any(&w, "consent_id", access->consent_id);
    json_int(&w, "generation", access->generation);
    json_int(&w, "iat", now_s);
    json_int(&w, "exp", access->until_s);
    json_open_object(&w, "cnf");
    json_string(&w, "x5t#S256", access->thumbprint);
    json_close_object(&w);
    json_close_object(&w);
    int rc = json.failed ? -1
                         : jose_sign_payload(access->hub->responses, JWT_TYP, buf_slice(&json), out,
                                             &error);
    buf_free(&json);
    return rc != 0 || out->failed ? -1 : 0;
}

int access_close(const struct access_keys *keys, const struct access *access, struct buf *out)
{
    return switches_get(&keys->sim->switches, SWITCH_ACCESS_TOKEN_FORM) == TOKEN_JWT
               ? sign_as_jwt(access, clock_now_s(keys->sim->clock), out)
               : close_as(keys->seal, ACCESS, access, out);
}

int access_close_refresh(const struct access_keys *keys, const struct access *access,
                         struct buf *out)
{
    return close_as(keys->seal, REFRESH, access, out);
}

static bool open_as(const struct access_keys *keys, struct arena *arena, const char *purpose,
                    struct lfi_slice token, struct access *out)
{
    struct lfi_slice clear = seal_open(keys->seal, arena, purpose, token);
    cJSON *json = clear.ptr ? json_parse(clear) : NULL;
    if (!json) {
        return false;
    }
    *out = (struct access){
        .hub = sim_hub_of(keys->sim, json_get_string(json, "hub")),
        .tpp = tpp_find(json_get_string(json, "client")),
        .scope = arena_keep(arena, json_get_string(json, "scope")),
        .consent_id = arena_keep(arena, json_get_string(json, "consent")),
        .thumbprint = arena_keep(arena, json_get_string(json, "thumbprint")),
    };
    bool whole = json_get_int(json, "generation", &out->generation) &&
                 json_get_int(json, "until", &out->until_s) &&
                 json_get_int(json, "rotation", &out->rotation);
    cJSON_Delete(json);
    return whole && out->hub && out->tpp && out->scope.ptr;
}

static const struct sim_hub *hub_of_issuer(const struct sim *sim, struct lfi_slice issuer)
{
    for (size_t i = 0; i < sim->hub_count; i++) {
        if (slice_equal_text(issuer, sim->hubs[i].issuer)) {
            return &sim->hubs[i];
        }
    }
    return NULL;
}

static bool open_jwt(const struct access_keys *keys, struct arena *arena, struct lfi_slice text,
                     struct access *out)
{
    struct lfi_error error;
    struct jose_token token;
    if (jose_token_parse(arena, text, &token, &error) || !slice_equal_text(token.typ, JWT_TYP) ||
        token.has_crit || token.names_key || jose_verify(keys->hubs, &token, &error)) {
        return false;
    }
    cJSON *claims = json_parse(token.payload);
    *out = (struct access){
        .hub = hub_of_issuer(keys->sim, json_get_string(claims, "iss")),
        .tpp = tpp_find(json_get_string(claims, "client_id")),
        .scope = arena_keep(arena, json_get_string(claims, "scope")),
        .consent_id = arena_keep(arena, json_get_string(claims, "consent_id")),
        .thumbprint = arena_keep(arena, json_get_string(json_get(claims, "cnf"), "x5t#S256")),
    };
    bool whole = json_get_int(claims, "generation", &out->generation) &&
                 json_get_int(claims, "exp", &out->until_s);
    cJSON_Delete(claims);
    return whole && out->hub && out->tpp && out->scope.ptr;
}

bool access_open(const struct access_keys *keys, struct arena *arena, struct lfi_slice token,
                 struct access *out)
{
    return open_as(keys, arena, ACCESS, token, out) || open_jwt(keys, arena, token, out);
}

bool access_open_refresh(const struct access_keys *keys, struct arena *arena,
                         struct lfi_slice token, struct access *out)
{
    return open_as(keys, arena, REFRESH, token, out);
}

bool access_has_scope(struct lfi_slice scope, const char *name)
{
    struct lfi_slice one;
    while (slice_next(&scope, ' ', &one)) {
        if (slice_equal_text(one, name)) {
            return true;
        }
    }
    return false;
}
