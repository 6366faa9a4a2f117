/* The scopes that TPPs ask for, and which role each needs. */
#ifndef HUB_SIM_TPP_SCOPE_H
#define HUB_SIM_TPP_SCOPE_H

#include "base/json.h"
#include "config.h"

/* Appends the names of all. */
void scope_describe(cJSON *list);

/*
 * Why a TPP does not get this scope, names separated by blanks: a constant text; NULL when it does.
 */
const char *scope_why_not(struct lfi_slice scope, const struct config_tpp *registered);

#endif
