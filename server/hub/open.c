#include "contract_hub_consent_manager.h"
#include "contract_hub_heimdall.h"
#include "hub/exchange.h"

#include "base/limits.h"

#include <stdlib.h>

static const struct {
    const struct contract_api *api;
    const char *id;
} operations[HUB_OPERATIONS] = {
    [HUB_HELLO_HEIMDALL] = {&contract_hub_heimdall, "helloMtls"},
    [HUB_HELLO_CONSENT_MANAGER] = {&contract_hub_consent_manager, "helloMtls"},
    [HUB_GET_AUTH] = {&contract_hub_heimdall, "getAuth"},
    [HUB_DO_CONFIRM] = {&contract_hub_heimdall, "doConfirm"},
    [HUB_DO_FAIL] = {&contract_hub_heimdall, "doFail"},
    [HUB_GET_CONSENT] = {&contract_hub_consent_manager, "getConsentsByConsentId"},
    [HUB_PATCH_CONSENT] = {&contract_hub_consent_manager, "patchConsent"},
    [HUB_LIST_PAYMENTS] = {&contract_hub_consent_manager, "getAuditConsentsByConsentIdw"},
    [HUB_PATCH_PAYMENT] = {&contract_hub_consent_manager, "patchPymentlog"},
    [HUB_PATCH_OPENING] = {&contract_hub_consent_manager, "UpdateAccountOpeningLog"},
    [HUB_PATCH_FX_QUOTE] = {&contract_hub_consent_manager, "UpdateFxQuoteLog"},
    [HUB_PATCH_INSURANCE_QUOTE] = {&contract_hub_consent_manager, "UpdateInsuranceQuoteLog"},
    [HUB_REVOKE_CONSENT] = {&contract_hub_consent_manager, "revokeConsentsByConsentId"},
    [HUB_LIST_ALL] = {&contract_hub_consent_manager, "getAllConsents"},
    [HUB_LIST_OF_USER] = {&contract_hub_consent_manager, "getConsents"},
    [HUB_LIST_OF_GROUP] = {&contract_hub_consent_manager, "getConsentsInConsentGroup"},
};

static const struct contract_operation *find_operation(const struct contract_api *api,
                                                       const char *id)
{
    for (size_t i = 0; i < contract_operation_count(api); i++) {
        const struct contract_operation *operation = contract_operation_at(api, i);
        if (strcmp(contract_operation_id(operation), id) == 0) {
            return operation;
        }
    }
    return NULL;
}

static int copy(char **out, const char *text, struct lfi_error *error)
{
    *out = strdup(text);
    return !*out ? error_set(error, "out of memory") : 0;
}

static int set_up(struct hub *hub, const struct hub_config *config, struct lfi_error *error)
{
    if (contract_init(&contract_hub_heimdall, error) != 0 ||
        contract_init(&contract_hub_consent_manager, error) != 0) {
        return -1;
    }
    for (size_t i = 0; i < HUB_OPERATIONS; i++) {
        hub->operations[i] = find_operation(operations[i].api, operations[i].id);
        if (!hub->operations[i]) {
            return error_set(error, "the Hub's documents have no operation %s", operations[i].id);
        }
    }
    if (copy(&hub->provider_id, config->provider_id, error) != 0 ||
        copy(&hub->heimdall_url, config->heimdall_url ? config->heimdall_url : "", error) != 0 ||
        copy(&hub->consent_manager_url, config->consent_manager_url, error) != 0 ||
        copy(&hub->audience, config->audience, error) != 0) {
        return -1;
    }
    struct http_client_config client = {.ca_file = config->ca_file,
                                        .certificate = config->certificate,
                                        .key = config->key,
                                        .timeout_ms = config->timeout_ms,
                                        .reply_bytes = LIMIT_HUB_REPLY_BYTES};
    return http_client_new(&hub->client, &client, error);
}

int hub_new(struct hub **out, const struct hub_config *config, const struct clock *clock,
            const struct log *log, struct metrics *metrics, struct lfi_error *error)
{
    *out = NULL;
    struct hub *hub = calloc(1, sizeof(*hub));
    if (!hub) {
        return error_set(error, "out of memory");
    }
    hub->clock = clock;
    hub->log = log;
    hub->timeout_ms = config->timeout_ms;
    hub->metrics = metrics;
    hub->calls = config->calls;
    hub->identity = config->identity;
    if (set_up(hub, config, error) != 0) {
        hub_free(hub);
        return -1;
    }
    *out = hub;
    return 0;
}

void hub_free(struct hub *hub)
{
    if (!hub) {
        return;
    }
    http_client_free(hub->client);
    free(hub->provider_id);
    free(hub->heimdall_url);
    free(hub->consent_manager_url);
    free(hub->audience);
    free(hub);
}

int hub_timeout_ms(const struct hub *hub)
{
    return hub->timeout_ms;
}
