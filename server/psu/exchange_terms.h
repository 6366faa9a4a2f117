/*
 * What a customer decides on when a payment is into another currency: the bank's quote, which the
 * consent names. Internal to this room.
 */
#ifndef PSU_EXCHANGE_TERMS_H
#define PSU_EXCHANGE_TERMS_H

#include "payments/exchange.h"
#include "psu/actor.h"

/* Texts in the arena; absent: there is no exchange. */
struct exchange_terms {
    /*
     * The member "exchange" of the view's payment: sold, bought, total (with the debtor's charges),
     * each value and currency; rate, unit, quoted, rateType, expires, and where there are any
     * country, purpose and priority.
     */
    struct lfi_slice json;
    struct lfi_slice total, currency; /* what leaves the account: "1026.25" */
    struct fx_terms agreed;           /* for the consent's PATCH */
    bool over;                        /* the quote does not wait for a payment, or not any more */
    int64_t expires_s;                /* until when it does; INT64_MAX: there is no exchange */
    struct exchange exchange;
};

/*
 * Reads the quote of a consent with a CurrencyRequest. False: the core does not give it, or the
 * consent is not what it says. exchange_terms_free() in any case.
 */
bool exchange_terms_read(struct actor actor, const cJSON *tree, const struct consent *consent,
                         struct exchange_terms *out);
/* As the quote has them; NULL: none. */
const cJSON *exchange_terms_charges(const struct exchange_terms *terms);
/* Frees what is not in the arena. */
void exchange_terms_free(struct exchange_terms *terms);

#endif
