/* The APIs that the Hub calls, for connect_new: a document for each family. */
#ifndef CONNECT_FAMILIES_H
#define CONNECT_FAMILIES_H

#include "contract/family.h"
#include "flow/api.h"

/* In the order of enum contract_family. base_paths NULL: none has one. Free with apis_free. */
int connect_apis_new(struct apis **out, const char *const base_paths[CONTRACT_FAMILIES],
                     struct lfi_error *error);

#endif
