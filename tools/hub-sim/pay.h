/*
 * A payment of a TPP at its Hub: the Hub's checks, the call to the bank, and what the Hub remembers
 * of it. Endpoints of TPPs and scripting calls come here. Any thread, without the store's lock.
 */
#ifndef HUB_SIM_PAY_H
#define HUB_SIM_PAY_H

#include "bank.h"

struct payment_ask {
    struct lfi_slice consent_id;
    const cJSON *data;    /* request.Data for the bank, its personal data sealed */
    const cJSON *headers; /* the TPP's, as requestHeaders for the bank */
    struct lfi_slice idempotency_key;
    struct lfi_slice url;     /* that the TPP called; absent: not told */
    struct lfi_slice api_uri; /* as in struct bank_request */
    bool file;                /* the consent's file is paid */
    bool unchecked;           /* the Hub checks nothing, and looks for no payment with this key */
};

/*
 * Makes the payment, or gives the answer of then when it was made with this key before; a call with
 * the same key that is under way is waited for. What the payment uses of the consent is reserved
 * before the bank is asked. `out` must be freed with bank_answer_free in either case.
 *
 * -1: those of payments_check and payments_find_key; SIM-CONSENT-UNKNOWN 404; SIM-KEY-BUSY 500, the
 * first call did not end in time; SIM-BANK-DOWN 502. A refusal of the Hub is noted with the
 * consent.
 */
int pay(struct sim *sim, const struct payment_ask *ask, struct arena *arena,
        struct bank_answer *out, struct refusal *refusal);

#endif
