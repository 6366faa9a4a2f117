/*
 * The families of APIs that the Hub calls: a document each. For each family a bank may register a
 * base path, which the Hub puts before every path. (Hub to bank 2.4.)
 */
#ifndef CONTRACT_FAMILY_H
#define CONTRACT_FAMILY_H

enum contract_family {
    CONTRACT_DATA_SHARING,
    CONTRACT_PRODUCTS,
    CONTRACT_OPEN_DATA,
    CONTRACT_SERVICE_INITIATION,
    CONTRACT_INSURANCE,
    CONTRACT_CONSENT_EVENTS,
    CONTRACT_CAAP,
    CONTRACT_HEALTH_CHECK,
    CONTRACT_FAMILIES
};

/* As `basePaths` of configurations names them. */
extern const char *const contract_family_names[CONTRACT_FAMILIES];

#endif
