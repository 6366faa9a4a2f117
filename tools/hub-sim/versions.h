/*
 * Versions of the standard in what TPPs name: the types of authorization_details and the addresses
 * of resources. Constant; any thread.
 */
#ifndef HUB_SIM_VERSIONS_H
#define HUB_SIM_VERSIONS_H

#include "base/slice.h"
#include "contract/version.h"

/* The one of consents and calls that name none. */
#define VERSION_FIRST CONTRACT_VERSION(2, 1)
#define DETAILS_TYPE_MAX 80

/* "urn:openfinanceuae:FAMILY:v2.1", the family as "account-access-consent". */
void details_type_format(const char *family, uint32_t version, char out[DETAILS_TYPE_MAX]);
/* The other way round; *family is borrowed of the text. False: it is no such type. */
bool details_type_read(struct lfi_slice type, struct lfi_slice *family, uint32_t *version);

/*
 * A schema as it is in the version, of documents that were compiled in several. NULL: there is none
 * of this name.
 */
const struct contract_schema *schema_in_version(const struct contract_api *api, const char *name,
                                                uint32_t version);

#endif
