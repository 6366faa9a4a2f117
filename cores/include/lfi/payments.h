/*
 * lfi/payments.h — payments that a third party initiates from a customer's account. Serves
 * service-initiation (POST /payments, GET /payments/{paymentId}, the refund account) and the checks
 * of payment consents. A bank without the family offers no payments.
 *
 * The server owns the consent, the encrypted personal data, the checks that need no account, and
 * the report to the Hub. The core owns money: holds, balances, rails and statuses. Money crosses as
 * int64 minor units (fils) and a currency.
 *
 * Durable. A payment exists once create() has returned LFI_OK, and survives a crash at any later
 * instant. A change of status and its entry in changes() are written in one commit: the server
 * tells the Hub what it reads there, until the Hub has it.
 *
 * Records are payments in the contract's shape of the member `data` of the reply to
 * POST /payments, always with struct lfi_payment_facts beside them. They hold no creditor.
 */
#ifndef LFI_PAYMENTS_H
#define LFI_PAYMENTS_H

#include <lfi/accounts.h>
#include <lfi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the digest by which the server tells whether two orders say the same. */
#define LFI_ORDER_DIGEST_SIZE 32

struct lfi_money {
    int64_t minor;    /* 1/100 for AED */
    char currency[4]; /* ISO 4217; NUL-terminated */
};

/* Status of a payment (service initiation, PaymentStatus). The last three are final. */
enum lfi_payment_status {
    LFI_PAYMENT_PENDING,  /* accepted; screening or rail outstanding */
    LFI_PAYMENT_SETTLED,  /* AcceptedSettlementCompleted */
    LFI_PAYMENT_CREDITED, /* AcceptedCreditSettlementCompleted */
    LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING,
    LFI_PAYMENT_REJECTED,
};

/* The way a payment goes; chosen when it is created. */
enum lfi_rail {
    LFI_RAIL_NONE,       /* none can take it */
    LFI_RAIL_INTRA_BANK, /* booked in the bank's own ledger */
    LFI_RAIL_AANI,
    LFI_RAIL_UAEFTS,
};

/* Who rejected a payment, and why. */
struct lfi_payment_reason {
    enum lfi_rail by;  /* LFI_RAIL_NONE: the bank itself; else `code` is the rail's, unchanged */
    char code[36];     /* without prefix: "InsufficientFunds", "AC06"; empty: not rejected */
    char message[501]; /* goes to the third party word for word: no personal data */
};

/* What the server decides on, and tells the Hub. Texts are NUL-terminated. */
struct lfi_payment_facts {
    uint32_t size;
    enum lfi_payment_status status;
    enum lfi_rail rail;
    char payment_id[41]; /* a random UUID, version 4; never used again */
    char consent_id[129];
    char account_id[65];     /* debtor */
    char transaction_id[41]; /* of the rail; empty until it gave one, then never changed */
    struct lfi_payment_reason reason;
    struct lfi_money amount;
    int64_t created_us, updated_us;              /* UTC; `updated_us` of the status */
    unsigned char digest[LFI_ORDER_DIGEST_SIZE]; /* as in its order */
    uint32_t file;                               /* it pays a file (lfi/files.h) */
    uint32_t successes;                          /* of its instructions, once it was processed */
};

/* Who is paid. Absent texts have a null ptr. */
struct lfi_creditor {
    struct lfi_slice iban; /* upper case, no blanks */
    struct lfi_slice bic;  /* 8 or 11 characters */
    struct lfi_slice name_en, name_ar;
};

struct lfi_payment_order {
    uint32_t size;
    struct lfi_slice account_id;      /* debtor; held by call->user_id */
    struct lfi_slice consent_id;      /* 1 to 128 characters */
    struct lfi_slice idempotency_key; /* 1 to 128 characters */
    uint32_t key_life_s;              /* for how long the key answers with this payment */
    unsigned char digest[LFI_ORDER_DIGEST_SIZE];
    struct lfi_creditor creditor;
    struct lfi_money amount; /* above zero */
    struct lfi_slice purpose;
    struct lfi_slice debtor_reference, creditor_reference;
    struct lfi_slice billing_type, merchant_id;
    uint32_t one_in_flight; /* refuse while an equal payment (consent, creditor's IBAN, amount) is
                               LFI_PAYMENT_PENDING */
    uint32_t creditor_open; /* the consent names no creditor: refuse one that cannot be reached,
                               instead of rejecting the payment later */
    uint32_t file;          /* the file that was taken for the consent is paid (lfi/files.h): there
                               is no creditor, and the amount is the file's total. Once for each
                               file, else LFI_ORDER_BANK_RULE */
    /*
     * Of currency exchange (lfi_fx.pays): the accepted quote that is used up; absent: none. The
     * amount is what the quote sells; charges that the debtor bears come on top of it. The
     * creditor's account is abroad, and its `iban` perhaps an account number. Once for each quote,
     * else LFI_ORDER_QUOTE.
     */
    struct lfi_slice quote_id;
    struct lfi_slice currency_request; /* JSON: the record's member currencyRequest */
};

/* What became of an order. */
enum lfi_order_outcome {
    LFI_ORDER_CREATED,
    LFI_ORDER_EXISTS,   /* the key's payment, with the same digest: nothing was done */
    LFI_ORDER_KEY_USED, /* the key's payment has another digest: nothing was done */
    /* Refused: nothing was done, and the key is free. */
    LFI_ORDER_NO_FUNDS,
    LFI_ORDER_BLOCKED_FOR_NOW,  /* the debtor account is inactive, dormant or suspended */
    LFI_ORDER_BLOCKED_FOR_GOOD, /* it is closed, unclaimed, or its holder deceased */
    LFI_ORDER_IN_FLIGHT,        /* see one_in_flight */
    LFI_ORDER_CREDITOR,         /* see creditor_open */
    LFI_ORDER_BANK_RULE,        /* another rule of the bank; `error` says which, for the log */
    LFI_ORDER_QUOTE,            /* the quote of currency exchange cannot be paid, or not so */
};

struct lfi_order_summary {
    uint32_t size;
    enum lfi_order_outcome outcome;
};

/* Names one payment: by its id, or else by consent and idempotency key. */
struct lfi_payment_query {
    struct lfi_query base; /* subject_id: the payment's id; absent: by the other two */
    struct lfi_slice consent_id, idempotency_key;
};

/* `base.subject_id` is a consent; absent: payments of all consents. Newest first. */
struct lfi_payment_list_query {
    struct lfi_query base;
};

/* An entry of the change feed. */
struct lfi_payment_change {
    uint32_t size;
    char cursor[65];                /* opaque; give it to go on behind this entry */
    uint32_t number;                /* of the change within its payment, from 1 */
    struct lfi_payment_facts facts; /* as the change left them */
};

struct lfi_change_query {
    uint32_t size;
    struct lfi_slice cursor; /* absent: from the first entry */
    uint32_t limit;          /* of entries */
    uint32_t wait_ms;        /* when there are none yet; within the call's deadline */
};

/* An account of this segment, named by its IBAN. */
struct lfi_account_by_iban {
    uint32_t size;
    enum lfi_account_status status;
    char account_id[65];
    char sub_type[32];
    char currency[4];
    uint32_t held; /* by call->user_id, when that is known */
};

/* Whether money can reach an account. */
struct lfi_reach {
    uint32_t size;
    uint32_t own;               /* an account of this segment */
    uint32_t aani, uaefts;      /* the creditor's bank takes payments on the rail */
    enum lfi_maybe can_receive; /* what is known of the account itself */
    char bic[12];               /* of the bank that the IBAN names; empty: not known */
    char bank_name[141];
};

/* An account that its customer can pay from, beside its account record. */
struct lfi_payable_facts {
    uint32_t size;
    struct lfi_account_facts account;
    struct lfi_money available; /* booked, less holds and pending debits, with agreed overdraft */
    struct lfi_money overdraft; /* the part of it that is not the customer's own */
    struct lfi_money limit;     /* the customer's own, per payment; 0: none */
    uint32_t alone;             /* the customer may approve payments without others */
};

/* Groups of those who approve payments from an account together. */
#define LFI_APPROVER_GROUPS_MAX 8
#define LFI_APPROVERS_MAX 64 /* of one account, in all groups */

/* One of those who may approve payments from an account; the record is {} or whatever suits. */
struct lfi_approver {
    uint32_t size;
    char user_id[65]; /* who also finds the account among those to pay from */
    char group[33];   /* "Management", "Financial"; one of the summary's */
    char name[141];   /* UTF-8; shown to the other approvers alone */
};

/* How many of each group must approve: a quorum is one group, one of each of two is two groups. */
struct lfi_approver_summary {
    uint32_t size;
    uint32_t group_count;
    struct {
        char name[33];
        uint32_t required; /* 1 to the number of its approvers */
    } groups[LFI_APPROVER_GROUPS_MAX];
};

/* A payment that its customer, call->user_id, may have made before. */
struct lfi_repeat_query {
    uint32_t size;
    struct lfi_slice iban; /* of the creditor; upper case, no blanks */
    struct lfi_money amount;
    int64_t since_us; /* UTC */
};

struct lfi_repeat {
    uint32_t size;
    uint32_t found;
};

/* Where money that a third party returns is to go. */
struct lfi_refund_account {
    uint32_t size;
    enum lfi_account_status status;
    char iban[35];
    char name_en[141], name_ar[141]; /* UTF-8; at least one is not empty */
};

/* Every function may be called from any number of threads at once, and may block until the call's
 * deadline. */
struct lfi_payments {
    uint32_t size;

    /* --- required ----------------------------------------------------------------------------- */

    /*
     * Creates a payment, in one atomic step: key, account's status, equal payment in flight, funds,
     * hold, record. Durable when it returns. answer->summary is a struct lfi_order_summary; the
     * record is given with LFI_ORDER_CREATED and LFI_ORDER_EXISTS. Of two orders with one key at
     * the same time, one waits for the other. LFI_UNKNOWN: no such account, or not held by the
     * user. LFI_IN_DOUBT, LFI_UNAVAILABLE: the Hub will repeat the order with the same key, which
     * then finds the one payment or makes it.
     */
    int (*create)(void *core, const struct lfi_call *call, const struct lfi_payment_order *order,
                  struct lfi_answer *answer, struct lfi_error *error);
    /* One payment, for at least a year. LFI_UNKNOWN is certain; a key is unknown after its life. */
    int (*find)(void *core, const struct lfi_call *call, const struct lfi_payment_query *query,
                struct lfi_answer *answer, struct lfi_error *error);
    /* The window of the payments. */
    int (*list)(void *core, const struct lfi_call *call, const struct lfi_payment_list_query *query,
                struct lfi_answer *answer, struct lfi_error *error);
    /*
     * Changes of status behind a cursor, oldest first, each a record with struct
     * lfi_payment_change; in order for each payment, the final one last. Creation is no change.
     * Entries are kept for a year. LFI_UNKNOWN: the cursor is older, or not of this core.
     */
    int (*changes)(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                   struct lfi_answer *answer, struct lfi_error *error);
    /* LFI_UNKNOWN: this segment has no such account. */
    int (*account_by_iban)(void *core, const struct lfi_call *call, struct lfi_slice iban,
                           struct lfi_account_by_iban *out, struct lfi_error *error);
    /* Answers within 20 ms, from what the bank has at hand: asked while a third party waits. */
    int (*reach)(void *core, const struct lfi_call *call, struct lfi_slice iban,
                 struct lfi_reach *out, struct lfi_error *error);
    /* Account records with struct lfi_payable_facts; `query->subject_id` is the user. */
    int (*payable)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                   struct lfi_answer *answer, struct lfi_error *error);

    /* --- optional, each alone: NULL when the bank does not offer it --------------------------- */

    /* Also for consents that have ended. LFI_UNKNOWN: no such account. */
    int (*refund_account)(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                          struct lfi_refund_account *out, struct lfi_error *error);
    /*
     * Who approves payments from an account, `query->subject_id`, that a customer may not pay from
     * alone, each with struct lfi_approver; answer->summary is a struct lfi_approver_summary. Asked
     * again at each approval: who is in the answer no more approves nothing any more. LFI_UNKNOWN:
     * no such account. Without the function only accounts to pay from alone are offered.
     */
    int (*approvers)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                     struct lfi_answer *answer, struct lfi_error *error);
    /*
     * Whether the customer has paid this amount to this creditor since an instant, from whichever
     * account; what was rejected does not count. For the warning of a page, and decides nothing.
     * Without the function nobody is warned. (Authorization pages for payments 4.)
     */
    int (*repeats)(void *core, const struct lfi_call *call, const struct lfi_repeat_query *query,
                   struct lfi_repeat *out, struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
