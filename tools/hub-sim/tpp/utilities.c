#include "tpp/utilities.h"

#include "base/array.h"
#include "base/limits.h"
#include "jwe_key.h"
#include "rows_hub_utilities.h"
#include "tpp/client.h"

#include <openssl/crypto.h>

#define TEXT_BYTES (4 * LIMIT_BODY_BYTES)

int utility_need(struct tpp_call *call)
{
    return tpp_switch(call, SWITCH_UTILITIES)
               ? 0
               : resource_refuse(call, "UTILITY-OFF", 404, NULL, "The utilities are not served.");
}

static int refuse(struct tpp_call *call, const char *id, const char *message)
{
    return resource_refuse(call, id, 400, "Body.InvalidFormat", message);
}

/* --- signing ---------------------------------------------------------------------------------- */

/* The body without its comments; NULL with a refusal. It holds a key: end_ask wipes it. */
static cJSON *read_ask(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    char *text = arena_text(base->arena, base->request->body);
    if (text) {
        cJSON_Minify(text);
    }
    cJSON *ask = text ? json_parse(slice_of(text)) : NULL;
    if (text) {
        OPENSSL_cleanse(text, base->request->body.len);
    }
    if (!cJSON_IsObject(json_get(ask, "header")) || !cJSON_IsObject(json_get(ask, "body")) ||
        !json_get_string(ask, "signingKeyPEM").ptr) {
        cJSON_Delete(ask);
        (void)refuse(call, "UTILITY-BODY",
                     "The body must be JSON with header, body and signingKeyPEM.");
        return NULL;
    }
    return ask;
}

static void end_ask(cJSON *ask)
{
    char *pem = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ask, "signingKeyPEM"));
    if (pem) {
        OPENSSL_cleanse(pem, strlen(pem));
    }
    cJSON_Delete(ask);
}

/* An environment has the lines of a PEM in one, with a backslash and an n between them. */
static void break_lines(char *pem)
{
    char *to = pem;
    for (const char *from = pem; *from != '\0'; from++) {
        bool breaks = from[0] == '\\' && from[1] == 'n';
        *to++ = breaks ? '\n' : *from;
        from += breaks;
    }
    *to = '\0';
}

/* Appends the JWT of what is asked for. */
static int sign(struct tpp_call *call, cJSON *ask, struct buf *out)
{
    struct lfi_error error = {""};
    const cJSON *header = json_get(ask, "header");
    struct lfi_slice kid = json_get_string(header, "kid"), typ = json_get_string(header, "typ");
    char *pem = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ask, "signingKeyPEM"));
    struct jose_signer *signer = NULL;
    if (!slice_equal_text(json_get_string(header, "alg"), "PS256") || kid.len == 0) {
        return refuse(call, "UTILITY-HEADER", "header must have alg PS256 and a kid.");
    }
    break_lines(pem);
    if (jose_signer_of_pem(&signer, slice_of(pem), kid.ptr, &error) != 0) {
        return refuse(call, "UTILITY-KEY", "signingKeyPEM must be an RSA private key in PEM.");
    }
    char *claims = cJSON_PrintUnformatted(json_get(ask, "body"));
    int rc = claims ? jose_sign_payload(signer, typ.ptr, slice_of(claims), out, &error) : -1;
    cJSON_free(claims);
    jose_signer_free(signer);
    return rc == 0 && !out->failed ? 0
                                   : resource_refuse(call, "UTILITY-MADE", 500, "GenericError",
                                                     "The text cannot be made.");
}

static void reply_text(struct tpp_call *call, const struct buf *text)
{
    struct reply *reply = call->base.base.reply;
    reply->status = 200;
    reply->content_type = "text/plain";
    buf_append_slice(&reply->body, buf_slice(text));
}

int tpp_sign_message(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct buf jws;
    cJSON *ask = utility_need(call) == 0 ? read_ask(call) : NULL;
    if (!ask) {
        return -1;
    }
    buf_init(&jws, TEXT_BYTES);
    int rc = sign(call, ask, &jws);
    if (rc == 0) {
        reply_text(call, &jws);
    }
    buf_free(&jws);
    end_ask(ask);
    return rc;
}

/* --- encryption ------------------------------------------------------------------------------- */

static const struct jwe_key *key_of_kid(const struct sim *sim, struct lfi_slice kid)
{
    if (sim->bank_key && slice_equal_text(kid, jwe_key_kid(sim->bank_key))) {
        return sim->bank_key;
    }
    for (size_t i = 0; i < SIM_TPPS; i++) {
        if (sim->tpp_keys[i] && slice_equal_text(kid, jwe_key_kid(sim->tpp_keys[i]))) {
            return sim->tpp_keys[i];
        }
    }
    return NULL;
}

/* The one for encryption of a set of the directory. */
static const struct jwe_key *key_of_set(const struct sim *sim, struct lfi_slice ou,
                                        struct lfi_slice cn)
{
    struct buf jwks;
    const cJSON *jwk;
    const struct jwe_key *key = NULL;
    buf_init(&jwks, LIMIT_JWKS_BYTES);
    cJSON *set =
        directory_append_keys(sim->directory, ou, cn, &jwks) ? json_parse(buf_slice(&jwks)) : NULL;
    cJSON_ArrayForEach(jwk, json_get(set, "keys"))
    {
        if (!key && slice_equal_text(json_get_string(jwk, "use"), "enc")) {
            key = key_of_kid(sim, json_get_string(jwk, "kid"));
        }
    }
    cJSON_Delete(set);
    buf_free(&jwks);
    return key;
}

/* By its address in the directory of the simulator: nothing is fetched. NULL: it is not there. */
static const struct jwe_key *find_key(const struct sim *sim, struct lfi_slice url)
{
    const char *origin = sim->config->keystore_url;
    struct lfi_slice rest = url, part[4] = {{NULL, 0}};
    size_t count = 0;
    if (!url.ptr || !slice_starts_with(url, origin) || url.len == strlen(origin)) {
        return NULL;
    }
    rest.ptr += strlen(origin);
    rest.len -= strlen(origin);
    while (count < ARRAY_LEN(part) && slice_next(&rest, '/', &part[count])) {
        count++;
    }
    bool known = count >= 3 && part[0].len == 0 && !rest.ptr &&
                 slice_equal_text(part[count - 1], "application.jwks");
    return known ? key_of_set(sim, part[1], count == 4 ? part[2] : SLICE("")) : NULL;
}

int tpp_encrypt_message(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct lfi_error error = {""};
    struct buf jws, jwe;
    cJSON *ask = utility_need(call) == 0 ? read_ask(call) : NULL;
    if (!ask) {
        return -1;
    }
    const struct jwe_key *key = find_key(call->base.sim, json_get_string(ask, "jwksUrl"));
    buf_init(&jws, TEXT_BYTES);
    buf_init(&jwe, 2 * TEXT_BYTES);
    int rc = key ? sign(call, ask, &jws)
                 : refuse(call, "UTILITY-JWKS",
                          "jwksUrl must be a key set of the directory with a key for encryption.");
    if (rc == 0 && (jwe_key_encrypt(key, buf_slice(&jws), &jwe, &error) != 0 || jwe.failed)) {
        rc = resource_refuse(call, "UTILITY-MADE", 500, "GenericError", "The text cannot be made.");
    }
    if (rc == 0) {
        reply_text(call, &jwe);
    }
    buf_free(&jws);
    buf_free(&jwe);
    end_ask(ask);
    return rc;
}

/* --- the environment -------------------------------------------------------------------------- */

static void add_value(cJSON *values, const char *key, const char *value)
{
    cJSON *entry = cJSON_CreateObject();
    bool secret = strcmp(key, "pem-local") == 0;
    cJSON_AddStringToObject(entry, "key", key);
    cJSON_AddStringToObject(entry, "value", value ? value : "");
    cJSON_AddStringToObject(entry, "type", secret ? "secret" : "default");
    cJSON_AddTrueToObject(entry, "enabled");
    cJSON_AddItemToArray(values, entry);
}

static const char *text_of(struct tpp_call *call, const char *base, const char *path)
{
    struct lfi_slice text = arena_format(call->base.base.arena, "%s%s", base, path);
    return text.ptr;
}

static void add_values(cJSON *values, struct tpp_call *call, const struct tpp *tpp)
{
    const struct sim *sim = call->base.sim;
    const struct config_tpp *config = call->side->registered[tpp - tpps];
    struct lfi_slice server = tpp_base_of(call, TPP_AUTHORIZATION);
    const char *as = server.ptr ? server.ptr : "";
    const char *token = text_of(call, as, "/token");
    const char *page = call->base.hub->config->authorize_url;
    struct lfi_slice keys = arena_format(call->base.base.arena, "%s/%s/application.jwks",
                                         sim->config->keystore_url, sim->config->bank_ou);
    const struct {
        const char *key, *value;
    } all[] = {
        {"rs", call->base.hub->resources},
        {"issuer", call->base.hub->issuer},
        {"auth-endpoint", page},
        {"authEndpoint", page},
        {"par-endpoint", text_of(call, as, "/par")},
        {"token-endpoint", token},
        {"tokenEndpoint", token},
        {"jwks-uri", keys.ptr},
        {"jwksUrl", keys.ptr},
        {"_clientId", tpp->client_id},
        {"kid-local", jose_signer_kid(sim->tpp_signers[tpp - tpps])},
        {"pem-local", ""},
        {"redirectUrl", config->redirect_uri_count > 0
                            ? config->redirect_uris[0]
                            : text_of(call, sim->config->url, TPP_CALLBACK_PATH)},
        {"userId", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        add_value(values, all[i].key, all[i].value);
    }
}

int tpp_show_environment(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    char id[ID_UUID_MAX] = "";
    struct lfi_slice asked =
        request_parameter(base->arena, base->request->query, "client_id", NULL);
    const struct tpp *tpp = asked.ptr ? tpp_find(asked) : client_of_certificate(call);
    if (utility_need(call) != 0) {
        return -1;
    }
    if (!tpp || !call->side->registered[tpp - tpps] || !id_uuid4(id)) {
        return resource_refuse(call, "UTILITY-CLIENT", 400, "Resource.InvalidFormat",
                               "client_id must be of a TPP in the directory.");
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "id", id);
    cJSON_AddStringToObject(body, "name",
                            text_of(call, tpp->name, " at the simulated Hub") /* for people */);
    add_values(cJSON_AddArrayToObject(body, "values"), call, tpp);
    cJSON_AddStringToObject(body, "_postman_variable_scope", "environment");
    sim_reply_json(base->reply, 200, body);
    return 0;
}
