#include "software.h"

#include "base/limits.h"
#include "roles.h"

#include <stdio.h>

#define ADDRESS_MAX 512

/* NULL: played by scripts alone, with all roles. */
static const struct config_tpp *registration_of(const struct sim *sim, const struct tpp *tpp)
{
    for (size_t i = 0; i < sim->config->tpp_count; i++) {
        if (strcmp(sim->config->tpps[i].slug, tpp->slug) == 0) {
            return &sim->config->tpps[i];
        }
    }
    return NULL;
}

static void add_redirect_uris(cJSON *software, const struct sim *sim,
                              const struct config_tpp *registered)
{
    char own[ADDRESS_MAX];
    cJSON *uris = cJSON_AddArrayToObject(software, "redirect_uris");
    (void)snprintf(own, sizeof(own), "%s" TPP_CALLBACK_PATH, sim->config->url);
    cJSON_AddItemToArray(uris, cJSON_CreateString(own));
    for (size_t i = 0; registered && i < registered->redirect_uri_count; i++) {
        cJSON_AddItemToArray(uris, cJSON_CreateString(registered->redirect_uris[i]));
    }
}

static void add_roles(cJSON *software, const struct config_tpp *registered)
{
    cJSON *roles = cJSON_AddArrayToObject(software, "roles");
    for (size_t i = 0; i < TPP_ROLES; i++) {
        if (!registered || registered->roles & tpp_role_names[i].role) {
            cJSON_AddItemToArray(roles, cJSON_CreateString(tpp_role_names[i].name));
        }
    }
}

static cJSON *describe(const struct sim *sim, const struct tpp *tpp)
{
    char address[ADDRESS_MAX];
    const struct config_tpp *registered = registration_of(sim, tpp);
    cJSON *software = cJSON_CreateObject();
    cJSON_AddStringToObject(software, "client_id", tpp->client_id);
    cJSON_AddStringToObject(software, "client_name", tpp->name);
    cJSON_AddStringToObject(software, "client_uri", sim->config->url);
    if (sim->config->keystore_url) {
        (void)snprintf(address, sizeof(address), "%s/%s/application.jwks",
                       sim->config->keystore_url, tpp->software_id);
        cJSON_AddStringToObject(software, "jwks_uri", address);
    }
    add_redirect_uris(software, sim, registered);
    add_roles(software, registered);
    cJSON_AddStringToObject(software, "organisation_id", tpp->org_id);
    return software;
}

cJSON *software_describe_tpp(const struct sim *sim, const struct tpp *tpp)
{
    cJSON *block = cJSON_CreateObject();
    cJSON_AddStringToObject(block, "clientId", tpp->client_id);
    cJSON_AddStringToObject(block, "orgId", tpp->org_id);
    cJSON_AddStringToObject(block, "softwareStatementId", tpp->software_id);
    cJSON_AddStringToObject(block, "tppId", tpp->org_id);
    cJSON_AddStringToObject(block, "tppName", tpp->name);
    cJSON_AddItemToObject(block, "decodedSsa", describe(sim, tpp));
    return block;
}

int software_append_assertion(const struct sim *sim, const struct tpp *tpp, struct buf *out)
{
    struct lfi_error error;
    cJSON *software = describe(sim, tpp);
    cJSON_AddStringToObject(software, "software_id", tpp->software_id);
    cJSON_AddStringToObject(software, "iss", sim->config->keystore_url);
    cJSON_AddNumberToObject(software, "iat", (double)clock_now_s(sim->clock));
    char *text = cJSON_PrintUnformatted(software);
    int rc =
        text ? jose_sign_payload(sim->directory_signer, "JWT", slice_of(text), out, &error) : -1;
    cJSON_free(text);
    cJSON_Delete(software);
    return rc;
}
