#include "participants.h"

#include "base/array.h"
#include "roles.h"
#include "tpps.h"
#include "versions.h"

#include <stdio.h>

#define ADDRESS_MAX 512

static void add_text(cJSON *object, const char *name, const char *text)
{
    cJSON_AddStringToObject(object, name, text);
}

static cJSON *new_organisation(const char *id, const char *name)
{
    cJSON *organisation = cJSON_CreateObject();
    add_text(organisation, "OrganisationId", id);
    add_text(organisation, "Status", "Active");
    add_text(organisation, "OrganisationName", name);
    add_text(organisation, "LegalEntityName", name);
    return organisation;
}

/* --- the bank --------------------------------------------------------------------------------- */

static const struct {
    const char *family, *base; /* below /open-finance of the resource server, before the version */
    const char *const *paths;
} families[] = {
    {"account-information", "account-information",
     (const char *const[]){"accounts", "parties", "account-access-consents", NULL}},
    {"payment", "payment", (const char *const[]){"payments", "payment-consents", NULL}},
    {"confirmation", "confirmation-of-payee",
     (const char *const[]){"discovery", "confirmation", NULL}},
    {"insurance", "insurance", (const char *const[]){"insurance-consents", NULL}},
    {"product", "product", (const char *const[]){"products", "leads", NULL}},
    {"atm", "atm", (const char *const[]){"atms", NULL}},
};

static cJSON *describe_family(const struct sim *sim, const struct sim_hub *hub, size_t at,
                              uint32_t version)
{
    char address[ADDRESS_MAX], number[VERSION_TEXT_MAX];
    cJSON *resource = cJSON_CreateObject();
    add_text(resource, "ApiFamilyType", families[at].family);
    version_format(version, number);
    add_text(resource, "ApiVersion", number + 1);
    add_text(resource, "Status", "Active");
    cJSON *endpoints = cJSON_AddArrayToObject(resource, "ApiDiscoveryEndpoints");
    for (const char *const *path = families[at].paths; *path; path++) {
        cJSON *endpoint = cJSON_CreateObject();
        (void)snprintf(address, sizeof(address), "%s/rs1.%s.apihub/open-finance/%s/%s/%s",
                       sim->config->tpp_url, hub->config->provider_id, families[at].base, number,
                       *path);
        add_text(endpoint, "ApiEndpoint", address);
        cJSON_AddItemToArray(endpoints, endpoint);
    }
    return resource;
}

static cJSON *describe_hub(const struct sim *sim, const struct sim_hub *hub)
{
    char address[ADDRESS_MAX];
    cJSON *server = cJSON_CreateObject();
    add_text(server, "AuthorisationServerId", hub->subject.cn);
    add_text(server, "Status", "Active");
    add_text(server, "CustomerFriendlyName", hub->config->provider_id);
    add_text(server, "Issuer", hub->issuer);
    (void)snprintf(address, sizeof(address), "%s/.well-known/openid-configuration", hub->issuer);
    add_text(server, "OpenIDDiscoveryDocument", address);
    (void)snprintf(address, sizeof(address), "%s/%s/application.jwks", sim->config->keystore_url,
                   sim->config->bank_ou);
    add_text(server, "PayloadSigningCertLocationUri", address);
    cJSON *resources = cJSON_AddArrayToObject(server, "ApiResources");
    for (const uint32_t *version = hub->config->versions; *version; version++) {
        for (size_t i = 0; i < ARRAY_LEN(families); i++) {
            cJSON_AddItemToArray(resources, describe_family(sim, hub, i, *version));
        }
    }
    return server;
}

static cJSON *describe_bank(const struct sim *sim)
{
    const struct sim_config *config = sim->config;
    struct certificate_subject subject;
    struct lfi_error error;
    const char *certificate = config->bank_encryption.certificate;
    bool named = certificate && certificate_read_subject(&subject, certificate, &error) == 0;
    cJSON *bank = new_organisation(config->bank_ou, named ? subject.o : config->bank_ou);
    cJSON *servers = cJSON_AddArrayToObject(bank, "AuthorisationServers");
    for (size_t i = 0; i < sim->hub_count; i++) {
        cJSON_AddItemToArray(servers, describe_hub(sim, &sim->hubs[i]));
    }
    cJSON *claim = cJSON_CreateObject();
    add_text(claim, "Role", "LFI");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(bank, "OrgDomainRoleClaims"), claim);
    return bank;
}

/* --- TPPs ------------------------------------------------------------------------------------- */

/* Whether any Hub serves TPPs in the version. */
static bool is_served(const struct sim *sim, uint32_t version)
{
    for (size_t i = 0; i < sim->hub_count; i++) {
        if (version_is_listed(sim->hubs[i].config->versions, version)) {
            return true;
        }
    }
    return false;
}

static void add_role(cJSON *roles, const struct sim *sim, const struct tpp_role_name *role)
{
    static const uint32_t versions[] = {VERSION_FIRST, CONTRACT_VERSION(2, 2)};
    char type[DETAILS_TYPE_MAX];
    cJSON *claim = cJSON_CreateObject(), *metadata;
    add_text(claim, "Role", role->name);
    metadata = cJSON_AddArrayToObject(claim, "Metadata");
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        if (is_served(sim, versions[i])) {
            cJSON *entry = cJSON_CreateObject();
            details_type_format(role->details, versions[i], type);
            add_text(entry, "Type", "authorization_details_types");
            add_text(entry, "Name", type);
            cJSON_AddItemToArray(metadata, entry);
        }
    }
    cJSON_AddItemToArray(roles, claim);
}

static cJSON *describe_tpp(const struct sim *sim, const struct tpp *tpp,
                           const struct config_tpp *registered)
{
    cJSON *organisation = new_organisation(tpp->org_id, tpp->name);
    cJSON_AddArrayToObject(organisation, "AuthorisationServers");
    cJSON *roles = cJSON_AddArrayToObject(organisation, "OrgDomainRoleClaims");
    for (size_t i = 0; i < TPP_ROLES; i++) {
        if (registered->roles & tpp_role_names[i].role) {
            add_role(roles, sim, &tpp_role_names[i]);
        }
    }
    return organisation;
}

cJSON *participants_describe(const struct sim *sim)
{
    cJSON *all = cJSON_CreateArray();
    if (sim->config->tpp_url) {
        cJSON_AddItemToArray(all, describe_bank(sim));
    }
    for (size_t i = 0; i < sim->config->tpp_count; i++) {
        const struct config_tpp *registered = &sim->config->tpps[i];
        const struct tpp *tpp = tpp_of_slug(slice_of(registered->slug));
        if (tpp) {
            cJSON_AddItemToArray(all, describe_tpp(sim, tpp, registered));
        }
    }
    return all;
}
