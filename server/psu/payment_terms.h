/*
 * What a customer decides on when a consent is to payments: the terms that the Hub holds, and who
 * is paid, which only the bank can decrypt. (Authorization pages for payments 3 to 6.)
 *
 * All of it is personal data: it lives in the request's arena, which is overwritten at its end, and
 * stands in no log. Internal to this room.
 */
#ifndef PSU_PAYMENT_TERMS_H
#define PSU_PAYMENT_TERMS_H

#include "consent/consent.h"
#include "psu/exchange_terms.h"

/* Texts in the arena. */
struct payment_terms {
    /*
     * The member "payment" of the view, an object: type, payees (name, iban, match; none: the TPP
     * chooses them), and where there are any merchant, sponsored, reference, purpose, charges,
     * grants, dates, file (type, reference, hash, count, date, total), exchange (exchange_terms.h)
     * and the terms of payment_terms.c. A decision is bound to it. Absent: the consent is not to
     * payments.
     */
    struct lfi_slice json;
    struct exchange_terms exchange; /* into another currency */
    struct lfi_slice debtor;        /* IBAN that the TPP named; absent: the customer chooses */
    struct lfi_slice payee; /* name of the only one; absent: several, or the TPP chooses them */
    struct lfi_slice payee_iban; /* of the same; absent also for another kind of account */
    bool single;                 /* one payment, now */
    /* "250.00": of each, or the most that it may be, or a file's total; absent: none of them */
    struct lfi_slice amount;
    struct lfi_slice currency;
    uint64_t instructions; /* of a file; 0: not one to a file */
    bool lacks_file;       /* the reason for false: the file has not come */
};

/*
 * Reads the consent, `tree` as the Hub sent it, and decrypts who is paid. False, logged without
 * personal data (PAYMENT-PII): the bank has no key for it, it is malformed, or a file has not come.
 */
bool payment_terms_read(struct actor actor, const cJSON *tree, const struct consent *consent,
                        struct payment_terms *out);
/* Until when those who approve together may: the consent's deadline, or the end of its quote. */
int64_t payment_terms_deadline_s(const struct payment_terms *payment,
                                 const struct consent *consent);
/* An IBAN as it is compared: in capitals, without blanks; in the arena. */
struct lfi_slice payment_terms_iban(struct arena *arena, struct lfi_slice iban);

#endif
