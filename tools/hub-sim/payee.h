/* Confirmation of Payee as a Hub judges it: the name that was submitted against the bank's records.
 */
#ifndef HUB_SIM_PAYEE_H
#define HUB_SIM_PAYEE_H

#include "base/buf.h"
#include "base/json.h"

/*
 * Adds the verdict as the member `indicator`, and unless it is Yes the masked name as `mask`, to
 * `out`. `body` is the bank's answer. False: it has no record, and nothing is added.
 */
bool payee_judge(const cJSON *body, struct lfi_slice submitted, cJSON *out, const char *indicator,
                 const char *mask);
/* The bank's query, to be freed with cJSON_free; `name` has the members of the bank's contract;
 * NULL: none is told, which is v2.2. */
char *payee_print_query(const cJSON *iban, const cJSON *name);

#endif
