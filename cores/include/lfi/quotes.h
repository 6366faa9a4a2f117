/*
 * lfi/quotes.h — quotes of insurance that TPPs ask for, and the policies made of them. Serves the
 * insurance operations on {sector}-insurance-quotes, and POST {sector}-insurance-policies. An
 * insurer without the family quotes none; it needs the family of insurance, whose sectors count.
 *
 * No consent and no customer plays a part: the client of the request says who asks. The server
 * answers for a quote only to the client that asked for it and under its own sector, and reports
 * each change of status to the Hub.
 *
 * Durable. A quote exists once quote() has returned LFI_OK; update() and issue() have happened once
 * they have; all survive a crash at any later instant. A change of status and its entry in
 * changes() are written in one commit.
 *
 * The record of a quote has the contract's shape of the member `data` of the reply to GET
 * {sector}-insurance-quotes/{QuoteId}, always with struct lfi_quote_facts beside it. A quote that
 * has expired says so when it is read.
 */
#ifndef LFI_QUOTES_H
#define LFI_QUOTES_H

#include <lfi/base.h>
#include <lfi/insurance.h>
#include <lfi/payments.h>

#ifdef __cplusplus
extern "C" {
#endif

/* QuoteStatus. LFI_QUOTE_COMPLETED and those behind it are final. */
enum lfi_quote_status {
    LFI_QUOTE_PENDING,   /* the price is not known yet */
    LFI_QUOTE_AVAILABLE, /* may be accepted, until it expires */
    LFI_QUOTE_APPLIED,   /* accepted: ApplicationPending */
    LFI_QUOTE_VERIFIED,  /* the TPP has verified the customer: KYCCaptured */
    LFI_QUOTE_APPROVED,
    LFI_QUOTE_PAYMENT_REQUIRED,
    LFI_QUOTE_ISSUED, /* the policy exists */
    LFI_QUOTE_COMPLETED,
    LFI_QUOTE_EXPIRED,
    LFI_QUOTE_REJECTED,
    LFI_QUOTE_CUSTOMER_CANCELLED,
    LFI_QUOTE_INSURER_CANCELLED,
};

/* What the server decides on. Texts are NUL-terminated. */
struct lfi_quote_facts {
    uint32_t size;
    enum lfi_insurance_sector sector;
    enum lfi_quote_status status;
    char quote_id[37];   /* a UUID, never used again */
    char client_id[129]; /* as in its request */
};

struct lfi_quote_request {
    uint32_t size;
    enum lfi_insurance_sector sector;
    struct lfi_slice client_id; /* of the third party; 1 to 128 characters */
    struct lfi_slice json;      /* `data` of the request, which fits the contract */
};

/* The TPP accepts a quote, or hands over what it has verified. */
struct lfi_quote_change {
    uint32_t size;
    enum lfi_quote_status status; /* LFI_QUOTE_APPLIED or LFI_QUOTE_VERIFIED */
    struct lfi_slice quote_id;
    struct lfi_slice json; /* `data` of the request; repeats the terms of the quote, which the
                              server has compared; its documents match their hashes */
};

struct lfi_quote_change_summary {
    uint32_t size;
    uint32_t unverified;   /* the customer cannot be verified so: nothing was done */
    char payment_url[513]; /* where the customer pays; empty: nowhere yet */
};

struct lfi_quote_issue {
    uint32_t size;
    struct lfi_slice quote_id;
    struct lfi_slice json; /* `data` of the request */
};

struct lfi_quote_issue_summary {
    uint32_t size;
    uint32_t unverified;    /* as above */
    char continue_url[513]; /* the insurer's pages, where the customer goes on; empty: nowhere */
};

/* An entry of the change feed. */
struct lfi_quote_entry {
    uint32_t size;
    char cursor[65];              /* opaque; give it to go on behind this entry */
    uint32_t number;              /* of the change within its quote, from 1 */
    struct lfi_quote_facts facts; /* as the change left them */
    /*
     * A JSON object, borrowed until the record is taken: what the Hub's log is told beside the
     * status (insurance-quote-log: BrokerInstructions, Documents, Reason, Premium, …). It goes to
     * the third party word for word, but for ConfirmedPolicyStartDate and ConfirmedPolicyEndDate of
     * an issued policy, which a Hub before v2.2 is not told. Absent: nothing, which a completed
     * quote must not say.
     */
    struct lfi_slice told;
};

/* Every function may be called from any number of threads at once, and may block until the call's
 * deadline. All are required. */
struct lfi_quotes {
    uint32_t size;

    /* Makes a quote for each plan that is offered, and gives a record of each; of none: the insurer
     * declines, and keeps nothing. They are LFI_QUOTE_AVAILABLE or LFI_QUOTE_PENDING. */
    int (*quote)(void *core, const struct lfi_call *call, const struct lfi_quote_request *request,
                 struct lfi_answer *answer, struct lfi_error *error);
    /* The quote `query->subject_id`, for as long as policies are kept. LFI_UNKNOWN: none. */
    int (*find)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                struct lfi_answer *answer, struct lfi_error *error);
    /*
     * answer->summary is a struct lfi_quote_change_summary. The record is what the TPP may do
     * itself (PolicyIssuanceAllowed); none: nothing. LFI_DENIED: the quote is not in the status
     * from which the change leads on, or does not permit it. Of two at the same time, one is
     * denied.
     */
    int (*update)(void *core, const struct lfi_call *call, const struct lfi_quote_change *change,
                  struct lfi_answer *answer, struct lfi_error *error);
    /*
     * Makes the policy, or gives the one made before: a quote has one. answer->summary is a struct
     * lfi_quote_issue_summary; the record is `data` of the reply, the same each time. LFI_DENIED:
     * the quote does not permit it now.
     */
    int (*issue)(void *core, const struct lfi_call *call, const struct lfi_quote_issue *issue,
                 struct lfi_answer *answer, struct lfi_error *error);
    /*
     * Changes of status behind a cursor, oldest first, each a record with struct lfi_quote_entry;
     * in order for each quote. A new quote is no change; its acceptance is one. Entries are kept
     * for a year. LFI_UNKNOWN: the cursor is older, or not of this core.
     */
    int (*changes)(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                   struct lfi_answer *answer, struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
