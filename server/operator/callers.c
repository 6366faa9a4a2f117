#include "operator/callers.h"

/* A list that ends with NULL. */
static void append_texts(struct json_writer *w, const char *name, const char *const *texts)
{
    json_open_array(w, name);
    for (size_t i = 0; texts && texts[i]; i++) {
        json_text(w, NULL, texts[i]);
    }
    json_close_array(w);
}

/* Of our own token endpoint. */
static void append_client(struct json_writer *w, const struct client *client)
{
    json_text(w, "client", client->id);
    json_open_array(w, "methods");
    for (size_t i = 0; i < CLIENT_METHODS; i++) {
        if (client->methods & 1U << i) {
            json_text(w, NULL, client_method_names[i]);
        }
    }
    json_close_array(w);
    append_texts(w, "scopes", client->scopes);
}

/* Of another server, whose tokens are taken. */
static void append_issuer(struct json_writer *w, const struct access_rules *access)
{
    json_string_if_any(w, "client", slice_of(access->client));
    json_string_if_any(w, "issuer", slice_of(access->issuer));
    append_texts(w, "scopes", access->scopes);
}

void callers_append(struct json_writer *w, const struct config *config, size_t provider)
{
    const struct config_provider *one = &config->providers[provider];
    json_open_object(w, "caller");
    json_text(w, "mode", config_caller_modes[one->caller.mode]);
    json_open_array(w, "organisationUnits");
    for (size_t i = 0; i < config->caller_ou_count; i++) {
        json_text(w, NULL, config->caller_ous[i]);
    }
    json_close_array(w);
    if (one->caller.mode == CALLER_JWT) {
        json_string_if_any(w, "audience", slice_of(one->caller.audience));
    } else if (one->client.id) {
        append_client(w, &one->client);
    } else if (one->caller.mode == CALLER_CLIENT_CREDENTIALS) {
        append_issuer(w, &one->access);
    }
    json_bool(w, "takesConnectTokens", one->caller.takes_connect_tokens);
    json_close_object(w);
}
