/*
 * What a consent, or a payment under it, says of a file of payments: FileType, FileHash and the
 * rest, which stand in the same form in POST /payment-consents, in the ControlParameters of the
 * consent and in the Instruction of POST /payments. (Other service initiation 1.)
 */
#ifndef PAYMENTS_FILE_TERMS_H
#define PAYMENTS_FILE_TERMS_H

#include "base/arena.h"
#include "base/json.h"
#include "provider/provider.h"

#include <lfi/files.h>

/*
 * Reads an object that fits the contract; texts are borrowed from it. NULL, or what is wrong:
 * FileHash is no SHA-256, NumberOfTransactions or ControlSum are not above zero.
 */
const char *file_terms_read(const cJSON *object, struct arena *arena, struct lfi_file_terms *out);
/* Whether RequestedExecutionDate, if any, is after today in the Gulf and within a year. */
bool file_terms_are_ahead(const struct lfi_file_terms *terms, int64_t now_us);
/* Whether they are what the core knows of the consent's file. */
bool file_terms_match(const struct lfi_file_terms *terms, const struct lfi_file_facts *facts);
/* Whether the provider's core reads files of this type. */
bool file_terms_type_is_read(const struct provider *provider, struct lfi_slice file_type);

#endif
