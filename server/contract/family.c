#include "contract/family.h"

const char *const contract_family_names[CONTRACT_FAMILIES] = {
    [CONTRACT_DATA_SHARING] = "dataSharing",
    [CONTRACT_PRODUCTS] = "products",
    [CONTRACT_OPEN_DATA] = "openData",
    [CONTRACT_SERVICE_INITIATION] = "serviceInitiation",
    [CONTRACT_INSURANCE] = "insurance",
    [CONTRACT_CONSENT_EVENTS] = "consentEvents",
    [CONTRACT_CAAP] = "caap",
    [CONTRACT_HEALTH_CHECK] = "healthCheck",
};
