/*
 * lfi/opening.h — accounts that customers of a third party ask for. Serves service-initiation
 * (POST /accounts, GET /accounts/{AccountId}/status). A bank without the family opens none.
 *
 * No consent and no customer of the bank plays a part: call->tpp_id and the client of the request
 * say who asks. The server reports each change of status to the Hub. An account that is open is
 * among those of its customer (lfi/accounts.h) by the time that anybody can read so here.
 *
 * Durable. A request exists once request() has returned LFI_OK, and survives a crash at any later
 * instant. A change of status and its entry in changes() are written in one commit.
 *
 * Records have the contract's shape of the member `data` of the reply to POST /accounts, always
 * with struct lfi_opening_facts beside them.
 */
#ifndef LFI_OPENING_H
#define LFI_OPENING_H

#include <lfi/base.h>
#include <lfi/payments.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How far the bank is (OpeningStatus). The last two are final. */
enum lfi_opening_status {
    LFI_OPENING_PENDING,
    LFI_OPENING_AWAITING_USER, /* the customer must supply something */
    LFI_OPENING_AWAITING_BANK,
    LFI_OPENING_REJECTED,
    LFI_OPENING_COMPLETED, /* the account can be used */
};

/* What the server decides on, and tells the Hub. Texts are NUL-terminated UTF-8. */
struct lfi_opening_facts {
    uint32_t size;
    enum lfi_opening_status status;
    char account_id[41];    /* of the account, also before it is open; never used again */
    char client_id[129];    /* as in its request */
    char information[1001]; /* goes to the third party word for word: no personal data; may be
                               empty */
    char continue_url[513]; /* where the customer goes on in the bank's pages; empty: nowhere */
};

struct lfi_opening_request {
    uint32_t size;
    uint32_t identity_life_s;                      /* for how long the identity counts */
    unsigned char identity[LFI_ORDER_DIGEST_SIZE]; /* equal: the same request again */
    struct lfi_slice client_id;                    /* of the third party; 1 to 128 characters */
    struct lfi_slice quote_id;                     /* exchange that it is for; absent: none */
    struct lfi_slice json; /* `data` of the request, which fits the contract */
};

struct lfi_opening_summary {
    uint32_t size;
    uint32_t repeated; /* the identity has a request that is not rejected: nothing was done */
};

/* An entry of the change feed. */
struct lfi_opening_change {
    uint32_t size;
    char cursor[65];                /* opaque; give it to go on behind this entry */
    uint32_t number;                /* of the change within its opening, from 1 */
    struct lfi_opening_facts facts; /* as the change left them */
};

/* Every function may be called from any number of threads at once, and may block until the call's
 * deadline. All are required. */
struct lfi_opening {
    uint32_t size;

    /*
     * Takes a request, in one atomic step with its identity. answer->summary is a struct
     * lfi_opening_summary; the record is given unless it is `repeated`. Of two requests with one
     * identity at the same time, one is taken.
     */
    int (*request)(void *core, const struct lfi_call *call,
                   const struct lfi_opening_request *request, struct lfi_answer *answer,
                   struct lfi_error *error);
    /* The opening of the account `query->subject_id`, for at least a year. */
    int (*find)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                struct lfi_answer *answer, struct lfi_error *error);
    /*
     * Changes of status behind a cursor, oldest first, each a record with struct
     * lfi_opening_change; in order for each opening. The request itself is no change. Entries are
     * kept for a year. LFI_UNKNOWN: the cursor is older, or not of this core.
     */
    int (*changes)(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                   struct lfi_answer *answer, struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
