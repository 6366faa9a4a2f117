/*
 * lfi/fx.h — quotes of currency exchange that TPPs ask for. Serves service-initiation
 * (POST /fx-quotes, GET and PATCH /fx-quotes/{FxQuoteId}). A bank without the family quotes none.
 *
 * No consent and no customer of the bank plays a part: call->tpp_id and the client of the request
 * say who asks. The server reports each change of status to the Hub. A bank that sets `pays` also
 * takes payments into another currency, each under a quote that was accepted.
 *
 * Durable. A quote exists once quote() has returned LFI_OK, and is accepted once accept() has; both
 * survive a crash at any later instant. A change of status and its entry in changes() are written
 * in one commit.
 *
 * Records have the contract's shape of the member `data` of the reply to GET
 * /fx-quotes/{FxQuoteId}, always with struct lfi_fx_facts beside them.
 */
#ifndef LFI_FX_H
#define LFI_FX_H

#include <lfi/base.h>
#include <lfi/payments.h>

#ifdef __cplusplus
extern "C" {
#endif

/* QuoteStatus. The last four are final. */
enum lfi_fx_status {
    LFI_FX_AVAILABLE, /* may be accepted, until it expires */
    LFI_FX_ACCEPTED,
    LFI_FX_ACCOUNT_OPENED, /* for a customer who had none */
    LFI_FX_FUNDED,
    LFI_FX_ACTIONED, /* traded */
    LFI_FX_COMPLETED,
    LFI_FX_REJECTED,
    LFI_FX_CANCELLED,
    LFI_FX_EXPIRED,
};

/* What the server decides on, and tells the Hub. Texts are NUL-terminated UTF-8. */
struct lfi_fx_facts {
    uint32_t size;
    enum lfi_fx_status status;
    char quote_id[37];      /* a UUID, never used again */
    char client_id[129];    /* as in its request */
    char information[1001]; /* goes to the third party word for word: no personal data; may be
                               empty */
    /* JSON, borrowed until the record is taken; both always there. */
    struct lfi_slice trade;      /* SellAmount, BuyAmount and, if any, Charges */
    struct lfi_slice commission; /* CommissionAmount and PaymentMethod */
};

struct lfi_fx_request {
    uint32_t size;
    uint32_t identity_life_s;                      /* for how long the identity counts */
    unsigned char identity[LFI_ORDER_DIGEST_SIZE]; /* equal: the same request again */
    struct lfi_slice client_id;                    /* of the third party; 1 to 128 characters */
    struct lfi_slice json; /* `data` of the request, which fits the contract; TradeAmount is in one
                              of the two currencies, and a remittance has its details */
};

struct lfi_fx_summary {
    uint32_t size;
    uint32_t repeated;       /* the identity has a quote that was not refused, withdrawn or left
                                to expire: nothing was done */
    uint32_t unavailable;    /* the bank does not quote this: nothing was done */
    char liability_url[513]; /* of the liability policy; with a quote never empty */
    char refund_url[513];    /* of the policy of refunds and cancellations; the same */
};

/* An entry of the change feed. */
struct lfi_fx_change {
    uint32_t size;
    char cursor[65];           /* opaque; give it to go on behind this entry */
    uint32_t number;           /* of the change within its quote, from 1 */
    struct lfi_fx_facts facts; /* as the change left them */
};

/* Every function may be called from any number of threads at once, and may block until the call's
 * deadline. All are required. */
struct lfi_fx {
    uint32_t size;

    /*
     * Quotes, in one atomic step with the identity. answer->summary is a struct lfi_fx_summary; the
     * record is given unless it is `repeated` or `unavailable`. Of two requests with one identity
     * at the same time, one is taken.
     */
    int (*quote)(void *core, const struct lfi_call *call, const struct lfi_fx_request *request,
                 struct lfi_answer *answer, struct lfi_error *error);
    /* The quote `query->subject_id`, for at least a year. LFI_UNKNOWN: there is none. */
    int (*find)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                struct lfi_answer *answer, struct lfi_error *error);
    /*
     * The customer has accepted the quote, whose terms the server has compared: no record.
     * LFI_DENIED: it is not LFI_FX_AVAILABLE, or has just expired. Of two at the same time, one is
     * denied. LFI_UNKNOWN: there is none.
     */
    int (*accept)(void *core, const struct lfi_call *call, struct lfi_slice quote_id,
                  struct lfi_error *error);
    /*
     * Changes of status behind a cursor, oldest first, each a record with struct lfi_fx_change; in
     * order for each quote. The quote itself is no change; its acceptance is one. Entries are kept
     * for a year. LFI_UNKNOWN: the cursor is older, or not of this core.
     */
    int (*changes)(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                   struct lfi_answer *answer, struct lfi_error *error);
    /* Not 0: an order to pay may name a quote (lfi_payment_order.quote_id), which create() uses up
     * in one commit with the payment. Needs the family of payments. */
    uint32_t pays;
};

#ifdef __cplusplus
}
#endif

#endif
