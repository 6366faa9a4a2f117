/* A POST /payments under way: what its checks share. Internal to this room. */
#ifndef PAYMENTS_PAYMENT_H
#define PAYMENTS_PAYMENT_H

#include "consent/consent.h"
#include "flow/call.h"
#include "payments/creditor.h"
#include "payments/means.h"

struct payment {
    struct call *call;
    const struct payment_means *means;
    cJSON *body;
    const cJSON *data;   /* request.Data */
    cJSON *consent_tree; /* NULL: not read yet */
    bool file;           /* it pays the consent's file: no creditor, no PII */
    unsigned char file_hash[LFI_FILE_HASH_SIZE];
    bool asks_hub;                  /* for the consent; no copy will do */
    struct consent consent;         /* in consent_tree; its payment type is known */
    int64_t auth_us;                /* of x-fapi-auth-date */
    struct pii pii;                 /* tree NULL: not opened yet */
    struct creditor creditor;       /* in pii */
    struct lfi_payment_order order; /* texts in body, pii and the arena */
};

/* A check, or a step that prepares those behind it. */
enum payment_step { PAYMENT_REFUSED = -1, PAYMENT_GO_ON, PAYMENT_ANSWERED };

/* --- order.c: what the body alone says -------------------------------------------------------- */

/* Reads the body; all but PAYMENT-KEY-USED up to PSU-FORM. */
enum payment_step payment_read_order(struct payment *payment);
/* Of a payment by file: what the core knows of it, PAYMENT-FILE-… */
enum payment_step payment_read_file(struct payment *payment);
/* Over all that makes two orders the same, once the creditor is known. (Payments 3.4.) */
enum payment_step payment_digest(struct payment *payment);

/* --- terms.c: what its consent says ----------------------------------------------------------- */

/* Reads the consent, a copy or from the Hub: PAYMENT-CONSENT-… */
enum payment_step payment_read_consent(struct payment *payment);
/* PAYMENT-AUTH-DATE, PAYMENT-ADDRESS. */
enum payment_step payment_check_headers(struct payment *payment);
/* Opens the PII, unless it is open: PII-…, PAYMENT-CREDITOR-ABSENT. */
enum payment_step payment_open_pii(struct payment *payment);
/* Whom the consent lets be paid: PAYMENT-CREDITOR, PAYMENT-CREDITOR-RULES. */
enum payment_step payment_check_creditor(struct payment *payment);
/* PAYMENT-PROOF-… */
enum payment_step payment_check_proof(struct payment *payment);

#endif
