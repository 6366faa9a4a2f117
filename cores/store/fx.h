/* Inside the store: quotes of currency exchange. */
#ifndef STORE_FX_H
#define STORE_FX_H

#include "store/payments.h"

#define FX_ID_SIZE 37 /* a UUID, and NUL */
#define FX_INFORMATION_SIZE 96

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
    uint32_t json_len, trade_len, commission_len, unused;
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

/* --- fx.c --------------------------------------------------------------------------------------
 */

/* A client has its account for an exchange: the quote goes on when it waits for one. Returns an
 * LMDB code. */
int fx_open_account(struct payments *payments, MDB_txn *txn, const char *quote_id,
                    const char *client_id, int64_t at_us);

#endif
