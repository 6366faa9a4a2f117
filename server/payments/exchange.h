/*
 * Payments into another currency: a consent to one names a quote of the bank, which the TPP has
 * accepted before, and which the payment uses up. The bank takes them when its core says so
 * (lfi_fx.pays). Amount is then what the quote sells, CurrencyOfTransfer the currency that it buys;
 * rate and charges are the quote's, whatever was asked for. (Other service initiation 5, 6.)
 */
#ifndef PAYMENTS_EXCHANGE_H
#define PAYMENTS_EXCHANGE_H

#include "base/core_answer.h"
#include "base/json.h"
#include "consent/rules.h"
#include "provider/provider.h"

/* --- a quote, as the core gives it ------------------------------------------------------------ */

/* A quote, and whose it must be. */
struct fx_named {
    struct lfi_slice quote_id, client_id;
};

struct fx_record {
    struct arena *arena;
    struct lfi_fx_facts facts; /* its JSON in the arena */
    struct lfi_slice json;     /* in the arena; absent: the core gave none */
    const char *fault;         /* what is wrong with what it gave; NULL: nothing */
};

/* Takes one record. It outlives the answer. */
struct core_answer fx_record_answer(struct fx_record *record);
/*
 * Asks the core for a quote. A status of the core; LFI_UNKNOWN too when the quote is another
 * client's. record->arena is set before.
 */
int fx_record_find(const struct provider *provider, const struct lfi_call *call,
                   const struct fx_named *named, struct fx_record *record, struct lfi_error *error);

/* What a quote says of a payment that is made by it, as consents have it. JSON in the arena. */
struct fx_terms {
    struct lfi_slice charges; /* absent: none */
    struct lfi_slice rate;    /* ExchangeRate */
};
/* False: out of memory. */
bool fx_terms_read(const cJSON *quote, struct arena *arena, struct fx_terms *out);

/* --- a consent or a payment under one --------------------------------------------------------- */

bool exchange_is_offered(const struct provider *provider);

struct exchange {
    struct fx_record record;
    cJSON *quote; /* the record */
};

/* As fx_record_find. exchange_close() ends `out` in any case. */
int exchange_find(const struct provider *provider, const struct lfi_call *call,
                  const struct fx_named *named, struct arena *arena, struct exchange *out,
                  struct lfi_error *error);
void exchange_close(struct exchange *exchange);

/* Whether it waits for its payment. */
bool exchange_is_payable(const struct exchange *exchange);
/* What is wrong with `amount` and CurrencyRequest under the quote, for the TPP; NULL: nothing. */
const char *exchange_fault(const struct exchange *exchange, const cJSON *currency_request,
                           const cJSON *amount);

/*
 * What a consent to payments is wrong in because of its CurrencyRequest; out->code NULL: nothing,
 * or it has none. 0, or -1, refused.
 */
struct call;
int exchange_validate(struct call *call, const struct consent *consent, struct lfi_slice client_id,
                      struct consent_finding *out);

#endif
