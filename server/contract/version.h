/*
 * Versions of the standard, as TPPs see them: "v2.1". As numbers (CONTRACT_VERSION) they stand in
 * the order of versions; 0 is none.
 */
#ifndef CONTRACT_VERSION_H
#define CONTRACT_VERSION_H

#include "contract/contract.h"

/* "v2.1"; 0 when the text is anything else. */
uint32_t version_read(struct lfi_slice text);
#define VERSION_TEXT_MAX 16
/* The other way round; "" for none. */
void version_format(uint32_t version, char out[VERSION_TEXT_MAX]);
/*
 * The first segment of the path that is a version. Scheme, authority and query do not count.
 * (Versions 3.2.)
 */
uint32_t version_of_address(struct lfi_slice address);
/* Whether a version is in a list that ends with 0; NULL: in none. */
bool version_is_listed(const uint32_t *list, uint32_t version);
/*
 * Which of the served versions, 0 at the end, a request of the wanted one gets: the smallest that
 * is not below it, within its major. 0: none. (Versions 3.3.)
 */
uint32_t version_resolve(const uint32_t *served, uint32_t wanted);

#endif
