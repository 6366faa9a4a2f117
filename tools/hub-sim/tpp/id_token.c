#include "tpp/id_token.h"

#include "base/id.h"
#include "grant.h"

#define BYTES 8192

/* Of the bank's user, another one for each TPP. */
static struct lfi_slice subject_of_user(const struct tpp_call *call, const struct consent *consent)
{
    struct lfi_slice user = json_get_string(json_get(consent->data, "psuIdentifiers"), "userId");
    struct lfi_slice text =
        arena_format(call->base.base.arena, "%s %s %.*s", consent->hub->config->provider_id,
                     consent->tpp->client_id, SLICE_ARG(user));
    return text.ptr ? id_digest(call->base.base.arena, text) : text;
}

void id_token_add(cJSON *body, struct tpp_call *call, const struct consent *consent, bool first)
{
    struct buf json, token;
    struct json_writer w;
    struct lfi_error error;
    const cJSON *grant = consent->grant;
    int64_t now_s = clock_now_s(call->base.sim->clock);
    buf_init(&json, BYTES);
    buf_init(&token, BYTES);
    json_begin(&w, &json);
    json_open_object(&w, NULL);
    json_text(&w, "iss", consent->hub->issuer);
    json_string(&w, "sub", subject_of_user(call, consent));
    json_text(&w, "aud", consent->tpp->client_id);
    json_int(&w, "iat", now_s);
    json_int(&w, "exp", now_s + ID_TOKEN_S);
    if (first) {
        json_string_if_any(&w, "nonce", json_get_string(grant, "nonce"));
    }
    if (json_get(grant, "maxAge")) {
        json_int(&w, "auth_time", grant_number(grant, "authTime"));
    }
    json_close_object(&w);
    if (!json.failed &&
        jose_sign_payload(consent->hub->responses, "JWT", buf_slice(&json), &token, &error) == 0) {
        buf_append(&token, "", 1);
        cJSON_AddStringToObject(body, "id_token", token.failed ? "" : token.ptr);
    }
    buf_free(&json);
    buf_free(&token);
}
