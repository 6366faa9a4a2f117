#include "tpp_app/sign.h"

#include "tpps.h"

#define ASSERTION_S 60
#define REQUEST_S 300
#define MESSAGE_S 300
#define TOKEN_BYTES (64 * 1024)

static struct lfi_slice sign(const struct tpp_app *app, const struct flow *flow, cJSON *claims,
                             struct arena *arena, struct lfi_error *error)
{
    struct buf out;
    struct lfi_slice made = {NULL, 0};
    char *text = cJSON_PrintUnformatted(claims);
    cJSON_Delete(claims);
    buf_init(&out, TOKEN_BYTES);
    if (text && jose_sign_payload(app->sim->tpp_signers[flow->tpp - tpps], "JWT", slice_of(text),
                                  &out, error) == 0) {
        made = arena_keep(arena, buf_slice(&out));
    }
    cJSON_free(text);
    buf_free(&out);
    return made;
}

struct lfi_slice sign_assertion(const struct tpp_app *app, const struct flow *flow,
                                struct arena *arena, struct lfi_error *error)
{
    char jti[ID_UUID_MAX];
    int64_t now_s = clock_now_s(app->sim->clock);
    if (!id_uuid4(jti)) {
        (void)error_set(error, "no random numbers");
        return (struct lfi_slice){NULL, 0};
    }
    cJSON *claims = cJSON_CreateObject();
    cJSON_AddStringToObject(claims, "iss", flow->tpp->client_id);
    cJSON_AddStringToObject(claims, "sub", flow->tpp->client_id);
    cJSON_AddStringToObject(claims, "aud", flow->issuer);
    cJSON_AddStringToObject(claims, "jti", jti);
    cJSON_AddNumberToObject(claims, "iat", (double)now_s);
    cJSON_AddNumberToObject(claims, "exp", (double)(now_s + ASSERTION_S));
    return sign(app, flow, claims, arena, error);
}

struct lfi_slice sign_redirect_uri(const struct tpp_app *app, struct arena *arena)
{
    return arena_format(arena, "%s" TPP_CALLBACK_PATH, app->sim->config->url);
}

struct lfi_slice sign_request(const struct tpp_app *app, const struct flow *flow,
                              const cJSON *details, struct arena *arena, struct lfi_error *error)
{
    int64_t now_s = clock_now_s(app->sim->clock);
    struct lfi_slice challenge = id_digest(arena, slice_of(flow->verifier));
    struct lfi_slice back = sign_redirect_uri(app, arena);
    cJSON *claims = cJSON_CreateObject();
    cJSON_AddStringToObject(claims, "iss", flow->tpp->client_id);
    cJSON_AddStringToObject(claims, "client_id", flow->tpp->client_id);
    cJSON_AddStringToObject(claims, "aud", flow->issuer);
    cJSON_AddNumberToObject(claims, "nbf", (double)now_s);
    cJSON_AddNumberToObject(claims, "exp", (double)(now_s + REQUEST_S));
    cJSON_AddStringToObject(claims, "response_type", "code");
    cJSON_AddStringToObject(claims, "redirect_uri", back.ptr ? back.ptr : "");
    cJSON_AddStringToObject(claims, "scope", flow->scope);
    cJSON_AddStringToObject(claims, "code_challenge", challenge.ptr ? challenge.ptr : "");
    cJSON_AddStringToObject(claims, "code_challenge_method", "S256");
    cJSON_AddStringToObject(claims, "state", flow->state);
    cJSON_AddStringToObject(claims, "nonce", flow->nonce);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(claims, "authorization_details"),
                         cJSON_Duplicate(details, true));
    return sign(app, flow, claims, arena, error);
}

struct lfi_slice sign_message(const struct tpp_app *app, const struct flow *flow,
                              const cJSON *message, struct arena *arena, struct lfi_error *error)
{
    int64_t now_s = clock_now_s(app->sim->clock);
    cJSON *claims = cJSON_CreateObject();
    cJSON_AddStringToObject(claims, "iss", flow->tpp->client_id);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(claims, "aud"), cJSON_CreateString(flow->issuer));
    cJSON_AddNumberToObject(claims, "iat", (double)now_s);
    cJSON_AddNumberToObject(claims, "nbf", (double)now_s);
    cJSON_AddNumberToObject(claims, "exp", (double)(now_s + MESSAGE_S));
    cJSON_AddItemToObject(claims, "message", cJSON_Duplicate(message, true));
    return sign(app, flow, claims, arena, error);
}
