/* Inside the store: quotes of currency exchange. */
#ifndef STORE_FX_H
#define STORE_FX_H

#include "store/payments.h"

#define FX_ID_SIZE 37 /* a UUID, and NUL */
#define FX_INFORMATION_SIZE 96
#define FX_LIFE_US INT64_C(600000000)    /* of a quote */
#define FX_STEP_US INT64_C(2000000)      /* from one status to the next */
#define FX_MINOR_MAX INT64_C(1000000000) /* ten million of a currency: the bank trades no more */

/* What becomes of a quote that is accepted. */
enum fx_plan {
    FX_PLAN_COMPLETE,
    FX_PLAN_REJECT,
    FX_PLAN_CANCEL,
};

/* A quote in the database. Texts are NUL-terminated. */
struct fx_value {
    int64_t created_us, updated_us;
    int64_t due_us;      /* when it goes on; 0: it has ended */
    uint32_t status;     /* enum lfi_fx_status */
    uint32_t changes;    /* how many there were */
    uint32_t plan;       /* enum fx_plan */
    uint32_t identified; /* whose it is, the bank knows */
    uint32_t remitted;   /* it waits for a payment until it would have expired */
    uint32_t json_len, trade_len, commission_len;
    char id[FX_ID_SIZE];
    char client_id[129];
    char unused_too[2];
};

/* Its texts, which lie behind the value: the record without its status and its last brace, and the
 * two parts of struct lfi_fx_facts. */
struct fx_quote {
    struct fx_value value;
    char *json, *trade, *commission;
};

/* --- fx_rate.c ---------------------------------------------------------------------------------
 */

enum fx_offer { FX_OFFERED, FX_NOT_OFFERED, FX_OFFER_FAILED };
/* What the bank offers for a request: fills the texts, which fx_free() frees, and the value but for
 * its client. */
enum fx_offer fx_offer(struct store *store, struct lfi_slice request, struct fx_quote *out,
                       struct lfi_error *error);
void fx_free(struct fx_quote *quote);

/* --- fx_steer.c --------------------------------------------------------------------------------
 */

/* Millionths of a dirham; 0: the bank does not trade it. */
int64_t fx_value_of_currency(const char *currency);
/* How an accepted trade of the amount, in minor units, ends. */
enum fx_plan fx_plan_of(int64_t minor);

/* --- fx.c; LMDB codes --------------------------------------------------------------------------
 */

/* *bytes: the value with its texts, borrowed until the transaction writes or ends. */
int fx_get(struct payments *payments, MDB_txn *txn, struct lfi_slice id, struct fx_value *out,
           MDB_val *bytes);
/* It takes a status now, before it is due to. */
int fx_step(struct payments *payments, MDB_txn *txn, struct fx_value *value, uint32_t status,
            int64_t now_us);
/* Whether a payment may use it up. */
bool fx_is_payable(const struct fx_value *value, int64_t now_us);

/* A client has its account for an exchange: the quote goes on when it waits for one. */
int fx_open_account(struct payments *payments, MDB_txn *txn, const char *quote_id,
                    const char *client_id, int64_t at_us);

/* --- fx_pay.c ----------------------------------------------------------------------------------
 */

/* What a payment into another currency is, by its quote. */
struct fx_payment {
    bool payable; /* else `fault` says why not */
    const char *fault;
    int64_t charges; /* that the debtor bears, in minor units */
    uint32_t plan;   /* enum fx_plan */
    char *exchange;  /* members of the payment's record, as JSON; freed with cJSON_free() */
};
/* Judges an order by the quote that it names. An LMDB code. */
int fx_judge(struct payments *payments, MDB_txn *txn, const struct lfi_payment_order *order,
             int64_t now_us, struct fx_payment *out);
/* The order's payment is made: the quote is used up. An LMDB code. */
int fx_pay(struct payments *payments, MDB_txn *txn, struct lfi_slice quote_id, int64_t now_us);

#endif
