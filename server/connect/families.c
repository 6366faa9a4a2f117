#include "connect/families.h"

#include "rows_caap.h"
#include "rows_consent_events.h"
#include "rows_data_sharing.h"
#include "rows_health_check.h"
#include "rows_insurance.h"
#include "rows_open_data.h"
#include "rows_products.h"
#include "rows_service_initiation.h"

int connect_apis_new(struct apis **out, const char *const base_paths[CONTRACT_FAMILIES],
                     struct lfi_error *error)
{
    struct api apis[CONTRACT_FAMILIES] = {
        [CONTRACT_DATA_SHARING] = {.flow = &flow_data_sharing, .versioned = true},
        [CONTRACT_PRODUCTS] = {.flow = &flow_products, .versioned = true},
        [CONTRACT_OPEN_DATA] = {.flow = &flow_open_data, .versioned = true},
        [CONTRACT_SERVICE_INITIATION] = {.flow = &flow_service_initiation, .versioned = true},
        [CONTRACT_INSURANCE] = {.flow = &flow_insurance, .versioned = true},
        [CONTRACT_CONSENT_EVENTS] = {.flow = &flow_consent_events},
        [CONTRACT_CAAP] = {.flow = &flow_caap, .caap = true},
        [CONTRACT_HEALTH_CHECK] = {.flow = &flow_health_check},
    };
    for (size_t i = 0; base_paths && i < CONTRACT_FAMILIES; i++) {
        apis[i].base_path = base_paths[i];
    }
    return apis_new(out, apis, CONTRACT_FAMILIES, error);
}
