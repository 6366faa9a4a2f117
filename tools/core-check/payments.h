/* What the rules of payments share. */
#ifndef CORE_CHECK_PAYMENTS_H
#define CORE_CHECK_PAYMENTS_H

#include "check.h"

#define PAYMENT_TEXT 64

/* An account with money, and who pays from it. */
struct payer {
    const char *user;
    char account[65];
    int64_t available; /* fils */
};

/* An order with a key and a consent of its own. Not to be copied: the order borrows the texts. */
struct attempt {
    char consent[PAYMENT_TEXT], key[PAYMENT_TEXT];
    struct lfi_payment_order order;
};

/* What became of an order, or of a search. */
struct made {
    int status; /* lfi_status */
    enum lfi_order_outcome outcome;
    size_t records;
    struct lfi_payment_facts facts; /* of the last one */
};

/* Whether the core offers payments; else the rule is not checked. */
bool offers_payments(struct run *run);
/* The same, whether they may be made, and an account to make them from. */
bool can_pay(struct run *run, struct payer *out);
/* The same, of an account with this much and some fils more. */
bool can_pay_amount(struct run *run, int64_t minor, struct payer *out);

/* The accounts that a user can pay from. The core's status. */
int ask_payable(struct run *run, const char *user, struct records *out);
/* What is available on the payer's account; INT64_MIN: it is no account to pay from. */
int64_t ask_available(struct run *run, const struct payer *payer);

void new_attempt(struct run *run, const struct payer *payer, int64_t minor, struct attempt *out);
struct made ask_create(struct run *run, const char *user, const struct lfi_payment_order *order);
/* By its id; NULL: by consent and key. */
struct made ask_find(struct run *run, const char *id, const char *consent, const char *key);
/* How many payments a consent has. */
uint64_t ask_count(struct run *run, const char *consent);
/* Changes behind a cursor (empty: from the first). The core's status. */
int ask_changes(struct run *run, const char *cursor, uint32_t limit, uint32_t wait_ms,
                struct records *out);

/* Makes a payment that must be created. */
bool must_create(struct run *run, const struct payer *payer, const struct attempt *attempt,
                 struct made *out);

bool is_final(enum lfi_payment_status status);
const char *outcome_name(enum lfi_order_outcome outcome);

#endif
