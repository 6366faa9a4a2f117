/*
 * The accounts that a customer may share, or pay from, under a consent: held by this customer in
 * this provider's core and, to be shared, of the types asked for and readable (consent journey 5;
 * data sharing 3.2), or, to be paid from, active current and savings accounts in AED (authorization
 * pages for payments 3).
 */
#ifndef PSU_ACCOUNTS_H
#define PSU_ACCOUNTS_H

#include "base/arena.h"
#include "base/error.h"
#include "consent/consent.h"
#include "provider/provider.h"

#define ACCOUNTS_MAX 200 /* offered to one customer; more is an error, not a cut list */

/* Texts in the arena; absent when the core does not say. */
struct account_offer {
    struct lfi_slice id;
    struct lfi_slice name;   /* the customer's own, else the product's */
    struct lfi_slice number; /* in full */
    struct lfi_slice type, sub_type, status, currency;
    const struct lfi_payable_facts *payable; /* of an account to pay from; NULL: not said */
    uint32_t approvals; /* of payments from it, this customer's included; 0: not said */
};

/* An account that is not offered, and why: for the customer, and for those who ask the operator. */
struct account_left_out {
    struct account_offer account;
    const char *check;  /* OFFER-STATUS, -TYPE, -SUB-TYPE, -CURRENCY, -PAYABLE, -ALONE */
    const char *detail; /* account id, expected, received; in the arena */
};

struct account_offers {
    struct account_offer *items; /* by account id ascending */
    size_t count;
    struct account_left_out *left_out; /* the first ACCOUNTS_MAX */
    size_t left_out_count;
};

/* Asks the core for those of call->user_id. LFI_OK, or the core's status with the reason. None
 * is no error. */
int accounts_find(const struct provider *provider, struct arena *arena, const struct lfi_call *call,
                  const struct consent *consent, struct account_offers *out,
                  struct lfi_error *error);
/*
 * Appends "accounts": […] for the page, each with its balance and whose it is as far as the core
 * says, "unavailable": […] with the reason of each, and "holder", the business that the customer
 * signs in for.
 */
void accounts_append(const struct provider *provider, struct arena *arena,
                     const struct lfi_call *call, const struct account_offers *offers,
                     struct json_writer *writer);
/* Appends the members of an account that are its own. */
void accounts_append_facts(const struct account_offer *offer, struct json_writer *writer);

#endif
