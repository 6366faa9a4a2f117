/*
 * The permissions of consents, a row each: who may ask for it, and the words that explain it.
 * Which operations a permission opens stands in the operations' rows (flow/row.h). Constant; any
 * thread.
 */
#ifndef CONSENT_PERMISSIONS_H
#define CONSENT_PERMISSIONS_H

#include "base/json.h"

/* What the server itself withholds from the records of an account's products. */
#define CONSENT_FINANCE_RATES "ReadProductFinanceRates"

struct consent_permission {
    const char *code;       /* "ReadBalances" */
    const char *group;      /* group.GROUP.title of the pages' texts */
    bool includes_previous; /* tells all that the row above tells, and more */
    bool of_payments;       /* a payment's consent may ask for it too */
    bool without_operation; /* no operation is needed to deliver it */
};

/* In the order in which they are explained; NULL after the last. */
const struct consent_permission *consent_permission_at(size_t i);
/* NULL: unknown. */
const struct consent_permission *consent_permission_find(struct lfi_slice code);

/*
 * Appends "permissions" by groups that a person understands, in the table's order. A permission
 * that includes another is preceded by it, so that each line of words says only what it adds:
 * [{"group": "transactions", "permissions": ["ReadTransactionsBasic", "ReadTransactionsDetail"]}].
 * Unknown codes are one group "other" with the permission "other". `codes` is an array of texts;
 * NULL: none.
 */
void consent_permissions_append_groups(const cJSON *codes, struct json_writer *writer);

#endif
