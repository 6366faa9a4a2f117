/* The operations of openapi/token.yaml. */
#include "base/json.h"
#include "caller/access_check.h"
#include "oauth/call.h"
#include "rows_token.h"

/* --- a token ---------------------------------------------------------------------------------- */

static int check_grant_type(struct oauth_call *call)
{
    struct lfi_slice type = form_get(&call->form, "grant_type");
    struct refusal *refusal = call->base.refusal;

    if (!type.ptr) {
        return oauth_refuse_request(refusal, "CLIENT-FORM", "grant_type is missing.");
    }
    return slice_equal_text(type, "client_credentials")
               ? 0
               : refusal_set(refusal, "CLIENT-GRANT", 400, "unsupported_grant_type",
                             "grant_type must be client_credentials.");
}

static bool is_configured(const struct oauth_client *client, struct lfi_slice scope)
{
    for (const char *const *known = client->settings->scopes; *known; known++) {
        if (slice_equal_text(scope, *known)) {
            return true;
        }
    }
    return false;
}

/* The scopes that were asked for, or all, in the order of the configuration. */
static int grant_scope(struct oauth_call *call, struct buf *out)
{
    const struct oauth_client *client = call->client;
    struct lfi_slice asked = form_get(&call->form, "scope"), rest = asked, one;

    while (slice_next(&rest, ' ', &one)) {
        if (!is_configured(client, one)) {
            return refusal_set(call->base.refusal, "CLIENT-SCOPE", 400, "invalid_scope",
                               "The client has no such scope.");
        }
    }
    for (const char *const *known = client->settings->scopes; *known; known++) {
        if (!asked.ptr || access_scope_has(asked, slice_of(*known))) {
            buf_append_text(out, out->len > 0 ? " " : "");
            buf_append_text(out, *known);
        }
    }
    return 0;
}

static int fail(struct call *call, const char *why)
{
    (void)refusal_set(call->refusal, "CLIENT-TOKEN", 500, "server_error",
                      "The token cannot be made.");
    refusal_detail(call->refusal, "%s", why);
    return -1;
}

static int write_token(struct oauth_call *call, struct lfi_slice scope, int64_t now_s)
{
    const struct oauth_client *client = call->client;
    struct access_grant grant = {.provider = slice_of(client->settings->provider),
                                 .client = slice_of(client->settings->id),
                                 .scope = scope,
                                 .exp_s = now_s + client->settings->life_s,
                                 .bound = true};
    struct lfi_error error = {""};
    struct json_writer w;
    struct buf token;

    if (!access_thumbprint(call->base.request->peer, grant.thumbprint)) {
        return fail(&call->base, "the certificate has no thumbprint");
    }
    buf_init_secret(&token, LIMIT_TOKEN_BYTES);
    int rc = access_token_make(call->oauth->config.keys, client->settings->form, &grant, now_s,
                               &token, &error);
    if (rc == 0) {
        json_begin(&w, &call->base.reply->body);
        json_open_object(&w, NULL);
        json_string(&w, "access_token", buf_slice(&token));
        json_text(&w, "token_type", "Bearer");
        json_int(&w, "expires_in", client->settings->life_s);
        json_string(&w, "scope", scope);
        json_close_object(&w);
        call->base.reply->status = 200;
    }
    buf_free(&token);
    return rc == 0 ? 0 : fail(&call->base, error.message);
}

/* Who asks; a client that is refused is counted. */
static int authenticate(struct oauth_call *call, const struct oauth_ask *ask)
{
    const struct oauth_config *config = &call->oauth->config;
    struct refusal *refusal = call->base.refusal;
    int rc = oauth_client_authenticate(&config->clients, ask, &call->client, refusal);

    if (rc != 0 && refusal->status == 401) {
        metrics_count(config->metrics, METRICS_REFUSED_CLIENT);
    }
    return rc;
}

int oauth_issue_token(struct call *base)
{
    struct oauth_call *call = oauth_call_of(base);
    const struct oauth_config *config = &call->oauth->config;
    const struct oauth_ask ask = {.request = base->request,
                                  .form = &call->form,
                                  .subject = &call->subject,
                                  .caller = config->caller,
                                  .state = config->state,
                                  .log = config->log,
                                  .issuer = access_keys_issuer(config->keys),
                                  .endpoint = call->oauth->endpoint,
                                  .now_s = clock_now_s(config->clock)};
    struct buf scope;

    if (check_grant_type(call) != 0 || authenticate(call, &ask) != 0) {
        return -1;
    }
    buf_init(&scope, LIMIT_TOKEN_BYTES);
    int rc = grant_scope(call, &scope);
    if (rc == 0) {
        rc = scope.failed ? fail(base, "the scopes are too long")
                          : write_token(call, buf_slice(&scope), ask.now_s);
    }
    buf_free(&scope);
    return rc;
}

/* --- metadata and keys ------------------------------------------------------------------------ */

static void write_methods(struct json_writer *w, const struct oauth_clients *clients)
{
    unsigned all = 0;

    for (size_t i = 0; i < clients->count; i++) {
        all |= clients->items[i].settings->methods;
    }
    json_open_array(w, "token_endpoint_auth_methods_supported");
    for (unsigned method = 0; method < CLIENT_METHODS; method++) {
        if (all & 1u << method) {
            json_text(w, NULL, client_method_names[method]);
        }
    }
    json_close_array(w);
    if (all & 1u << CLIENT_PRIVATE_KEY_JWT) {
        json_open_array(w, "token_endpoint_auth_signing_alg_values_supported");
        json_text(w, NULL, "PS256");
        json_close_array(w);
    }
}

static bool is_listed(const struct oauth_clients *clients, size_t client, const char *scope)
{
    for (size_t i = 0; i < client; i++) {
        if (is_configured(&clients->items[i], slice_of(scope))) {
            return true;
        }
    }
    return false;
}

static void write_scopes(struct json_writer *w, const struct oauth_clients *clients)
{
    json_open_array(w, "scopes_supported");
    for (size_t i = 0; i < clients->count; i++) {
        const char *const *scope = clients->items[i].settings->scopes;
        for (; *scope; scope++) {
            if (!is_listed(clients, i, *scope)) {
                json_text(w, NULL, *scope);
            }
        }
    }
    json_close_array(w);
}

int oauth_read_metadata(struct call *base)
{
    const struct oauth *oauth = oauth_call_of(base)->oauth;
    const char *issuer = access_keys_issuer(oauth->config.keys);
    struct lfi_slice keys = arena_format(base->arena, "%s" OAUTH_KEYS_PATH, issuer);
    struct json_writer w;

    json_begin(&w, &base->reply->body);
    json_open_object(&w, NULL);
    json_text(&w, "issuer", issuer);
    json_text(&w, "token_endpoint", oauth->endpoint);
    json_string(&w, "jwks_uri", keys);
    json_open_array(&w, "grant_types_supported");
    json_text(&w, NULL, "client_credentials");
    json_close_array(&w);
    json_open_array(&w, "response_types_supported");
    json_close_array(&w);
    write_methods(&w, &oauth->config.clients);
    write_scopes(&w, &oauth->config.clients);
    json_bool(&w, "tls_client_certificate_bound_access_tokens", true);
    json_close_object(&w);
    base->reply->status = 200;
    return 0;
}

int oauth_read_keys(struct call *base)
{
    const char *jwks = access_keys_jwks(oauth_call_of(base)->oauth->config.keys);

    buf_append_text(&base->reply->body, jwks ? jwks : "{\"keys\":[]}");
    base->reply->status = 200;
    return 0;
}
