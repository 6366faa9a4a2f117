/*
 * The store of the reference cores: one LMDB environment per segment, holding the bank's records
 * as the JSON they are served as. Used by cores/reference (reading, sign-in, approvals)
 * and by tools/fixtures (building).
 *
 * Transactions carry dense ordinals 0…n-1 in booking order (booking time, then transaction id), so
 * that a page is found directly and a date range by binary search. Reads take no lock and copy
 * nothing: a sink sees bytes of the memory map. Everything that changes does so in one write
 * transaction that is on disk before the function returns.
 *
 * Threads: a struct store may be used by any number of threads and processes at once. Sinks must
 * not call the same store.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <lfi/core.h>
#include <stdbool.h>

struct store;

struct store_options {
    const char *path;    /* folder */
    const char *segment; /* must be the one it was built for; NULL: not checked */
    int64_t (*now_us)(void *clock);
    void *clock;
    uint32_t map_mib;         /* address space for the data; 0: STORE_MAP_MIB */
    uint32_t threads;         /* how many may read at once in one process; 0: not known */
    uint32_t instances;       /* how many processes share the store; 0: STORE_INSTANCES */
    uint32_t password_rounds; /* of password hashes; 0: PASSWORD_ROUNDS */
    bool payments;            /* opens those of the segment, too, in "PATH.payments" */
    /* hours of the day in the Gulf in which UAEFTS confirms payments; both 0: 8 to 18 */
    uint32_t uaefts_opens, uaefts_closes;
};

int store_open(struct store **out, const struct store_options *options, struct lfi_error *error);
void store_close(void *store);

/* lfi_core_ops.health: a write that is on disk, room in map and on disk, the file still there. */
int store_health(void *store, const struct lfi_call *call, struct lfi_health *out,
                 struct lfi_error *error);

/* Lists that an account has besides its transactions. Values are on disk: append only. */
enum store_list {
    STORE_BALANCES = 1,
    STORE_BENEFICIARIES = 3,
    STORE_DIRECT_DEBITS = 4,
    STORE_SCHEDULED_PAYMENTS = 5,
    STORE_STANDING_ORDERS = 6,
    STORE_PRODUCTS = 7,
    STORE_CUSTOMERS = 8,
    STORE_PAYEES = 9, /* holders as confirmation of payee shows them */
    /* {"arabicName", "otherNames"} of each in STORE_PAYEES, in the same order; either may be
       missing */
    STORE_PAYEE_NAMES = 10,
};

/* Families over the store, each complete: their core is a struct store. */
extern const struct lfi_accounts store_accounts;
extern const struct lfi_customers store_customers;
extern const struct lfi_payee store_payee;
extern const struct lfi_open_data store_open_data;
extern const struct lfi_signin store_signin; /* messages are in memory, the last 64 of a process */
extern const struct lfi_identity store_identity;
extern const struct lfi_levers store_levers;
extern const struct lfi_insurance store_insurance;
extern const struct lfi_payments store_payments; /* of a store opened with payments */
extern const struct lfi_opening store_opening;   /* the same */
extern const struct lfi_fx store_fx;             /* the same */
extern const struct lfi_quotes store_quotes;     /* the same */
extern const struct lfi_files store_files;       /* the same */

/* --- building --------------------------------------------------------------------------------- */

/*
 * A builder fills a new store beside `path` and puts it in place at commit, so that a broken load
 * leaves what was there untouched. One thread. Functions return 0 or -1 with a reason.
 */
struct store_builder;

int store_builder_new(struct store_builder **out, const char *path, const char *segment,
                      struct lfi_error *error);
/* Puts the new store in place of any old one; the builder is freed in any case. */
int store_builder_commit(struct store_builder *builder, struct lfi_error *error);
void store_builder_abandon(struct store_builder *builder);

/* `login` NULL: a customer without credentials. `salt` is any text, fixed so that builds repeat. */
struct store_user {
    const char *user_id;
    const char *login;
    const char *password;
    const char *salt;
    bool blocked;
    uint32_t rounds; /* of the password's hash; 0: PASSWORD_ROUNDS */
};
int store_builder_user(struct store_builder *builder, const struct store_user *user,
                       struct lfi_error *error);
int store_builder_account(struct store_builder *builder, const char *account_id,
                          enum lfi_account_status status, struct lfi_slice json,
                          struct lfi_error *error);
/* `role` as in the contract: "Principal", "SecondaryOwner", … User and account must be there. */
int store_builder_holding(struct store_builder *builder, const char *user_id,
                          const char *account_id, const char *role, struct lfi_error *error);

/* In the order in which they are served; statements and products have their own functions. */
int store_builder_record(struct store_builder *builder, enum store_list list,
                         const char *account_id, struct lfi_slice json, struct lfi_error *error);

/* The customer record that the user sees as its own; NULL-terminated user id. */
int store_builder_customer(struct store_builder *builder, const char *user_id,
                           struct lfi_slice json, struct lfi_error *error);
/* Whether the user is billed as a large corporate (lfi_billing). The user must be there. */
int store_builder_billing(struct store_builder *builder, const char *user_id, bool large,
                          struct lfi_error *error);
/* An Emirates ID of the user's, 15 digits. */
int store_builder_identity(struct store_builder *builder, const char *user_id,
                           const char *emirates_id, struct lfi_error *error);
/* The customer's own limit of a payment from the account, in fils. Before its entries. */
int store_builder_payment_limit(struct store_builder *builder, const char *account_id,
                                int64_t minor, struct lfi_error *error);
/* A statement's dates, as days since 1970-01-01. */
struct store_statement_days {
    int64_t opening, dated;
};
/* Both days ascending; anything else is refused. */
int store_builder_statement(struct store_builder *builder, const char *account_id,
                            const struct store_statement_days *days, struct lfi_slice json,
                            struct lfi_error *error);

/* `json` is the product without its member FinanceRates. */
int store_builder_account_product(struct store_builder *builder, const char *account_id,
                                  struct lfi_slice json,
                                  const struct lfi_account_product_facts *product,
                                  struct lfi_error *error);

/* How the account answers to confirmation of payee; its holders are the list STORE_PAYEES,
 * their further names STORE_PAYEE_NAMES. */
struct store_payee_entry {
    const char *iban;
    const char *account_id;
    bool opted_out;
    bool blocked_for_now;
    bool blocked_for_good;
};
int store_builder_payee(struct store_builder *builder, const struct store_payee_entry *payee,
                        struct lfi_error *error);

/*
 * What the bank opens on request: {"account": …, "terms": …}. The account is a current account in
 * dirhams with a product, without what is its own (id, number, holder, status, dates); the terms
 * are members of an account's product, absent when the bank holds none.
 */
int store_builder_opening(struct store_builder *builder, struct lfi_slice json,
                          struct lfi_error *error);

/* A bank of the country, by the three digits that its IBANs have after the check digits. */
struct store_bank {
    const char *code;
    const char *bic; /* "": none */
    const char *name;
    bool aani, uaefts; /* whether it takes payments on the rail */
    uint32_t answer_s; /* how much longer than others it takes to answer */
};
int store_builder_bank(struct store_builder *builder, const struct store_bank *bank,
                       struct lfi_error *error);

/* What becomes of a payment to a creditor, or of an amount; values are on disk: append only. */
enum store_outcome {
    STORE_OUTCOME_ORDINARY,
    STORE_OUTCOME_TWO_STEPS,   /* settled, then accepted */
    STORE_OUTCOME_REJECTED,    /* for a reason */
    STORE_OUTCOME_REFERRED,    /* until an operator moves it */
    STORE_OUTCOME_FALLBACK,    /* AANI is down: UAEFTS takes it */
    STORE_OUTCOME_NEXT_WINDOW, /* UAEFTS confirms it at its next opening */
    STORE_OUTCOME_UNREACHABLE, /* no rail takes it any longer */
    STORE_OUTCOME_NO_FUNDS,    /* the order is refused */
    STORE_OUTCOME_LOST,        /* created, but the reply is lost */
    STORE_OUTCOME_LOST_BEFORE, /* the reply is lost; created when it is repeated */
    STORE_OUTCOME_LATE,        /* the same as lost, long after the deadline */
};
struct store_outcome_row {
    const char *iban; /* of the creditor; NULL: by amount */
    int64_t amount;   /* in fils */
    enum store_outcome what;
    bool aani, uaefts;          /* the rail in question; neither: whichever */
    bool by_rail;               /* rejected by that rail, not by the bank */
    const char *code, *message; /* of the reason; NULL: none */
    uint32_t after_s;           /* the answer comes so late; 0: as usual */
};
int store_builder_outcome(struct store_builder *builder, const struct store_outcome_row *row,
                          struct lfi_error *error);

#define STORE_DAY_TEXT 11

/* A policy; its records as lfi/insurance.h tells them, absent: not held. */
struct store_policy {
    struct lfi_policy_facts facts;
    char starts[STORE_DAY_TEXT]; /* "2026-06-30" */
    char last[STORE_DAY_TEXT];   /* its end or the latest event, whichever is later; "": no end */
    struct lfi_slice listed, payer;
    struct lfi_slice parts[LFI_POLICY_PARTS];
    bool encrypt_premium; /* it leaves the bank only encrypted */
};
int store_builder_policy(struct store_builder *builder, const struct store_policy *policy,
                         struct lfi_error *error);
/* Who holds it. */
int store_builder_policyholder(struct store_builder *builder, const char *user_id,
                               const char *policy_id, struct lfi_error *error);

/* A machine; `updated_us` is when its record last changed, UTC. */
int store_builder_atm(struct store_builder *builder, const char *atm_id, int64_t updated_us,
                      struct lfi_slice json, struct lfi_error *error);

struct store_product {
    const char *product_id;
    const char *brand_id;
    const char *category;
    bool sharia;
    int64_t updated_us;      /* UTC; INT64_MIN: unknown */
    int64_t effective_to_us; /* UTC; INT64_MAX: open */
    struct lfi_slice json;
};
int store_builder_product(struct store_builder *builder, const struct store_product *product,
                          struct lfi_error *error);

struct store_transaction {
    lfi_wall_us booking; /* local wall clock of bookingDateTime */
    bool fx;             /* has currencyExchange */
    struct lfi_slice id; /* transactionId: breaks ties of booking */
    struct lfi_slice json;
};
/* In booking order, ties by id ascending (bytes); anything else is refused. */
int store_builder_transaction(struct store_builder *builder, const char *account_id,
                              const struct store_transaction *transaction, struct lfi_error *error);

/* --- looking at everything (dump, check) ------------------------------------------------------ */

/* The account's record, without a check of who holds it. */
int store_account_record(struct store *store, struct lfi_slice account_id,
                         struct lfi_answer *answer, struct lfi_error *error);
/* Records of a list in the order in which they were added, as they are kept. */
int store_list(struct store *store, enum store_list list, struct lfi_slice account_id,
               struct lfi_answer *answer, struct lfi_error *error);

struct store_visitor {
    int (*login)(void *ctx, struct lfi_slice login, struct lfi_slice user_id);
    int (*holding)(void *ctx, struct lfi_slice user_id, struct lfi_slice account_id,
                   struct lfi_slice role);
    int (*account)(void *ctx, struct lfi_slice account_id, enum lfi_account_status status,
                   struct lfi_slice json);
    void *ctx;
};
/* Calls what is not NULL, in key order; a non-zero return stops it (LFI_STOPPED). */
int store_visit(struct store *store, const struct store_visitor *visitor, struct lfi_error *error);

#endif
