/*
 * lfi/accounts.h — accounts and what is shared of them. Required of every core that takes part in
 * data sharing; serves bank-data-sharing and the accounts of bank-products.
 */
#ifndef LFI_ACCOUNTS_H
#define LFI_ACCOUNTS_H

#include <lfi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Status of an account, as in the contract. */
enum lfi_account_status {
    LFI_ACCOUNT_ACTIVE,
    LFI_ACCOUNT_INACTIVE,
    LFI_ACCOUNT_DORMANT,
    LFI_ACCOUNT_UNCLAIMED,
    LFI_ACCOUNT_DECEASED,
    LFI_ACCOUNT_SUSPENDED,
    LFI_ACCOUNT_CLOSED,
};

/* What the server decides on. Texts are NUL-terminated, as in the contract; empty: not known. */
struct lfi_account_facts {
    uint32_t size;
    enum lfi_account_status status;
    char account_id[65];
    char sub_type[32];     /* accountSubType: "CurrentAccount", "Savings", … */
    char currency[4];      /* ISO 4217 */
    char role[32];         /* of the user: "Principal", "SecondaryOwner", … */
    uint32_t user_unknown; /* of subject alone: LFI_UNKNOWN because of the user */
};

struct lfi_subject_query {
    uint32_t size;
    struct lfi_slice user_id;
    struct lfi_slice account_id;
};

/* `base.subject_id` is the user; the accounts wanted, in this order. */
struct lfi_held_query {
    struct lfi_query base;
    const struct lfi_slice *account_ids; /* without duplicates */
    uint64_t account_count;              /* 0: all that the user holds, by account id ascending */
};

/* `base.subject_id` is the account; newest booking first, ties by transaction id descending. */
struct lfi_transaction_query {
    struct lfi_query base;
    lfi_wall_us from; /* inclusive bound on the booking time, LFI_WALL_MIN when open */
    lfi_wall_us to;   /* inclusive, LFI_WALL_MAX when open */
    uint64_t up_to;   /* leave out what was added after this mark; 0: no mark */
    uint32_t fx_only; /* only entries with a currency exchange */
};

struct lfi_transaction_summary {
    uint32_t size;
    uint64_t mark; /* give it as up_to to see the same set again although entries were added */
};

/* Which of a statement's dates bounds and order go by. */
enum lfi_statement_day { LFI_STATEMENT_OPENING_DATE, LFI_STATEMENT_STATEMENT_DATE };

/* `base.subject_id` is the account; statements whose `day` is within the bounds, newest first. */
struct lfi_statement_query {
    struct lfi_query base;
    enum lfi_statement_day day;
    int64_t from_day; /* inclusive, days since 1970-01-01; INT64_MIN when open */
    int64_t to_day;   /* inclusive; INT64_MAX when open */
};

struct lfi_statement_summary {
    uint32_t size;
    uint64_t held;     /* statements that the account has, whatever the bounds … */
    int64_t first_day; /* … and the `day` of the first and the last, when held > 0 */
    int64_t last_day;
};

/* A product of an account, of which it may have so many. */
#define LFI_ACCOUNT_PRODUCTS_MAX 32

/*
 * Beside each product record, which has no member FinanceRates. Its ShariaFinanceRates, known since
 * v2.2, are the server's to hold back or encrypt as those. Charges of a product by Sharia rules
 * have a ProfitCalculationMethod, which the server tells as InterestCalculationMethod in v2.1.
 */
struct lfi_account_product_facts {
    uint32_t size;
    uint32_t encrypt;               /* the rates may leave only encrypted with a one-time code */
    struct lfi_slice finance_rates; /* value of the member; absent: the product has none */
    struct lfi_slice name;          /* as the customer knows it */
};

/* One of an account's lists, whole, by id ascending; `query->subject_id` is the account. */
typedef int lfi_account_list_fn(void *core, const struct lfi_call *call,
                                const struct lfi_query *query, struct lfi_answer *answer,
                                struct lfi_error *error);

/*
 * Every function may be called from any number of threads at once, and may block until the call's
 * deadline.
 */
struct lfi_accounts {
    uint32_t size;

    /* --- required ----------------------------------------------------------------------------- */

    /*
     * Everything about one account of one user: LFI_OK when the user holds it in any role
     * (owner, joint holder, custodian, attorney, signatory). LFI_UNKNOWN: not held, or never
     * issued, the two are not told apart; out->user_unknown says that there is no such user.
     */
    int (*subject)(void *core, const struct lfi_call *call, const struct lfi_subject_query *query,
                   struct lfi_account_facts *out, struct lfi_error *error);
    /*
     * Account records with struct lfi_account_facts: of those asked for, the ones that the user
     * holds; others are left out. LFI_UNKNOWN: no such user.
     */
    int (*held)(void *core, const struct lfi_call *call, const struct lfi_held_query *query,
                struct lfi_answer *answer, struct lfi_error *error);

    /* --- optional, each alone: NULL when the bank does not offer it ----------------------------
     */

    lfi_account_list_fn *balances; /* one per balance type, in a fixed order */
    lfi_account_list_fn *beneficiaries;
    lfi_account_list_fn *direct_debits;
    lfi_account_list_fn *scheduled_payments;
    lfi_account_list_fn *standing_orders;
    /* The customers of an account with their part in it, one record per holder. */
    lfi_account_list_fn *customers;
    /* At most LFI_ACCOUNT_PRODUCTS_MAX, with struct lfi_account_product_facts. */
    lfi_account_list_fn *products;
    /* The window of the transactions; answer->summary is a struct lfi_transaction_summary. */
    int (*transactions)(void *core, const struct lfi_call *call,
                        const struct lfi_transaction_query *query, struct lfi_answer *answer,
                        struct lfi_error *error);
    /* The window of the statements; answer->summary is a struct lfi_statement_summary. */
    int (*statements)(void *core, const struct lfi_call *call,
                      const struct lfi_statement_query *query, struct lfi_answer *answer,
                      struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
