#include "participants.h"

#include "base/array.h"
#include "roles.h"
#include "tpps.h"

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
    const char *family, *base; /* below /open-finance of the resource server */
    const char *const *paths;
} families[] = {
    {"account-information", "account-information/v2.1",
     (const char *const[]){"accounts", "parties", "account-access-consents", NULL}},
    {"payment", "payment/v2.1", (const char *const[]){"payments", "payment-consents", NULL}},
    {"confirmation", "confirmation-of-payee/v2.1",
     (const char *const[]){"discovery", "confirmation", NULL}},
    {"insurance", "insurance/v2.1", (const char *const[]){"insurance-consents", NULL}},
    {"product", "product/v2.1", (const char *const[]){"products", "leads", NULL}},
    {"atm", "atm/v2.1", (const char *const[]){"atms", NULL}},
};

static cJSON *describe_family(const struct sim *sim, const struct sim_hub *hub, size_t at)
{
    char address[ADDRESS_MAX];
    cJSON *resource = cJSON_CreateObject();
    add_text(resource, "ApiFamilyType", families[at].family);
    add_text(resource, "ApiVersion", "2.1");
    add_text(resource, "Status", "Active");
    cJSON *endpoints = cJSON_AddArrayToObject(resource, "ApiDiscoveryEndpoints");
    for (const char *const *path = families[at].paths; *path; path++) {
        cJSON *endpoint = cJSON_CreateObject();
        (void)snprintf(address, sizeof(address), "%s/rs1.%s.apihub/open-finance/%s/%s",
                       sim->config->tpp_url, hub->config->provider_id, families[at].base, *path);
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
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        cJSON_AddItemToArray(resources, describe_family(sim, hub, i));
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

static void add_role(cJSON *roles, const char *name, const char *type)
{
    cJSON *claim = cJSON_CreateObject(), *entry = cJSON_CreateObject();
    add_text(claim, "Role", name);
    add_text(entry, "Type", "authorization_details_types");
    add_text(entry, "Name", type);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(claim, "Metadata"), entry);
    cJSON_AddItemToArray(roles, claim);
}

static cJSON *describe_tpp(const struct tpp *tpp, const struct config_tpp *registered)
{
    cJSON *organisation = new_organisation(tpp->org_id, tpp->name);
    cJSON_AddArrayToObject(organisation, "AuthorisationServers");
    cJSON *roles = cJSON_AddArrayToObject(organisation, "OrgDomainRoleClaims");
    for (size_t i = 0; i < TPP_ROLES; i++) {
        if (registered->roles & tpp_role_names[i].role) {
            add_role(roles, tpp_role_names[i].name, tpp_role_names[i].details);
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
            cJSON_AddItemToArray(all, describe_tpp(tpp, registered));
        }
    }
    return all;
}
