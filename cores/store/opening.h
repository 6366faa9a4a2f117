/* Inside the store: accounts that were asked for. */
#ifndef STORE_OPENING_H
#define STORE_OPENING_H

#include "store/payments.h"

#define OPENING_ID_SIZE 33 /* 32 hexadecimal digits, and NUL */
#define OPENING_REASON_SIZE 96
#define OPENING_NAME_SIZE 281 /* 70 characters of UTF-8 */

/* An opening in the database. Texts are NUL-terminated. */
struct opening_value {
    int64_t created_us, updated_us;
    int64_t due_us;   /* when it goes on; 0: it has ended */
    uint32_t status;  /* enum lfi_opening_status */
    uint32_t changes; /* how many there were */
    char id[OPENING_ID_SIZE];
    char client_id[129];
    char refusal[OPENING_REASON_SIZE]; /* why it will be rejected; empty: it will be completed */
    char name[OPENING_NAME_SIZE];
    char iban[24];
    char bic[12];
    char quote_id[129]; /* exchange that it is for; empty: none */
    struct lfi_id user; /* the customer who asks; empty: the bank knows none */
};

/* --- opening_decide.c --------------------------------------------------------------------------
 */

/* What becomes of a request, by what it says of the customer: fills refusal, name and user. */
int opening_decide(struct store *store, struct lfi_slice json, struct opening_value *out,
                   struct lfi_error *error);
/* Gives it an IBAN of the bank that no account has. */
int opening_number(struct store *store, struct opening_value *out, struct lfi_error *error);
/* Hands it to an answer; `change` NULL: with its facts alone. */
int opening_give(const struct opening_value *opening, struct lfi_opening_change *change,
                 struct lfi_answer *answer, struct lfi_error *error);

/* --- opening_account.c -------------------------------------------------------------------------
 */

/*
 * Puts the account of a completed opening among the bank's, in one commit; nothing when it is there
 * already, when the bank does not know the customer, or does not say what it opens. A reset removes
 * it. Returns an LMDB code.
 */
int opening_add_account(struct store *store, const struct opening_value *opening);
/* The same of every completed opening, after the bank was loaded anew. Result: lfi_status. */
int opening_add_accounts(struct store *store, struct lfi_error *error);

#endif
