/*
 * lfi/core.h — what a bank's core banking system offers to the Ozone Connect server.
 *
 * A core is a shared object that exports one function, lfi_core_get_ops(), which returns a table of
 * capabilities. The server loads one core instance per provider (per segment: retail, SME, …),
 * calls open() once with that instance's configuration, then its other functions from many threads
 * at once, and close() once when no call is running any more. Two instances never share anything.
 *
 * Ownership. What the server passes in is borrowed: it stays valid until the function returns, and
 * what a core keeps it copies. That holds for the configuration too, all but `now_us` and `clock`
 * in it, which may be used until close() has returned. What a core hands to a sink or returns
 * through an `out` parameter is borrowed by the server: a record only until the sink returns,
 * fixed-size structs are copied. Nothing allocated by one side is ever freed by the other.
 *
 * Records cross as JSON text, UTF-8, one JSON object each, from its opening to its closing brace
 * without white space around it, in the shape that the Ozone Connect contract prescribes for one
 * element of the answer. The server checks them against the contract, their number against the
 * totals and their identifiers against what was asked for, and sends the bytes as they are. Money
 * inside a record is a decimal string, never a number.
 *
 * Identifiers (user, account, customer) are the opaque strings that the bank gave to the Hub: 1 to
 * 40 characters, stable for ever. A core answers LFI_CORE_UNKNOWN for anything it never issued; it
 * must not reveal whether another segment knows it.
 *
 * Errors. Every function returns an lfi_core_status. For LFI_CORE_FAILED and LFI_CORE_UNAVAILABLE
 * it should explain itself in `error` for the log: no names, numbers or other personal data.
 *
 * Growth. New capabilities are appended to the end of struct lfi_core_ops; `size` tells the server
 * which of them a core was compiled with. A null pointer means: this bank does not offer it.
 */
#ifndef LFI_CORE_H
#define LFI_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when an existing member changes meaning; a server loads only cores of its own number. */
#define LFI_CORE_ABI 2

/* Text that is not NUL-terminated. A null ptr means absent. */
struct lfi_slice {
    const char *ptr;
    size_t len;
};

/* What went wrong, for people and logs. Always NUL-terminated. */
struct lfi_error {
    char message[256];
};

enum lfi_core_status {
    LFI_CORE_OK = 0,
    LFI_CORE_UNKNOWN = -1, /* no such user, account, … was ever issued by this core */
    LFI_CORE_DENIED = -2,  /* credentials or decision not accepted */
    LFI_CORE_BLOCKED = -3, /* known, but barred: fraud hold, deceased, sanctions, too many tries */
    LFI_CORE_UNAVAILABLE = -4, /* cannot say at the moment; trying again may help */
    LFI_CORE_FAILED = -5,      /* internal error; trying again will not help */
    LFI_CORE_STOPPED = -6,     /* the sink asked to stop; not an error */
};

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

/* Receives records one by one. Return 0 to go on, anything else to stop. */
struct lfi_sink {
    int (*record)(void *ctx, struct lfi_slice json);
    void *ctx;
};

/* A piece of a list: `limit` records after skipping `offset`. */
struct lfi_window {
    uint64_t offset;
    uint64_t limit;
};

/*
 * Local wall-clock time of the Gulf (UTC+04:00, no summer time) in microseconds since
 * 1970-01-01T00:00:00 of that wall clock. Booking times are compared on it; zone offsets play no
 * part (data sharing, filter rules).
 */
typedef int64_t lfi_wall_us;

#define LFI_WALL_MIN INT64_MIN
#define LFI_WALL_MAX INT64_MAX

struct lfi_transaction_query {
    struct lfi_slice account_id;
    lfi_wall_us from;         /* inclusive bound on the booking time, LFI_WALL_MIN when open */
    lfi_wall_us to;           /* inclusive, LFI_WALL_MAX when open */
    int fx_only;              /* only entries with a currency exchange */
    uint64_t up_to;           /* leave out what was added after this mark; 0: no mark */
    struct lfi_window window; /* newest booking first, ties by transaction id descending */
};

struct lfi_transaction_totals {
    uint64_t total; /* entries that match the query, in all its windows */
    uint64_t mark;  /* give it as up_to to see the same set again although entries were added */
};

/* Which of a statement's dates bounds and order go by. */
enum lfi_statement_day { LFI_STATEMENT_OPENING_DATE, LFI_STATEMENT_STATEMENT_DATE };

/* Statements of an account whose `day` is within the bounds, newest first. */
struct lfi_statement_query {
    struct lfi_slice account_id;
    enum lfi_statement_day day;
    int64_t from_day; /* inclusive, days since 1970-01-01; INT64_MIN when open */
    int64_t to_day;   /* inclusive; INT64_MAX when open */
    struct lfi_window window;
};

struct lfi_statement_totals {
    uint64_t total;    /* statements that match the query, in all its windows */
    uint64_t held;     /* statements that the account has, whatever the bounds … */
    int64_t first_day; /* … and the `day` of the first and the last, when held > 0 */
    int64_t last_day;
};

/* Whether payers may be told who holds an account (confirmation of payee). */
enum lfi_payee {
    LFI_PAYEE_SHOWN,
    LFI_PAYEE_HIDDEN,           /* no such account here, or a holder opted out: not told apart */
    LFI_PAYEE_BLOCKED_FOR_NOW,  /* cannot receive: suspended, or a temporary credit block */
    LFI_PAYEE_BLOCKED_FOR_GOOD, /* cannot receive: closed, deceased, unclaimed, permanent block */
};

/* What of the bank's product catalogue is wanted. Products no longer in effect are left out. */
struct lfi_product_query {
    struct lfi_slice category; /* absent: all */
    int sharia;                /* 1: only compliant, 0: only others, -1: all */
    int64_t updated_since_us;  /* UTC, inclusive; INT64_MIN: all */
    int by_id;                 /* order by product id, else by last update, then id */
    int descending;            /* products without a last update come last either way */
    struct lfi_window window;
};

/* Receives product objects with the brand they belong to. Return 0 to go on. */
struct lfi_product_sink {
    int (*record)(void *ctx, struct lfi_slice brand_id, struct lfi_slice json);
    void *ctx;
};

/* A product of an account, of which it may have so many. */
#define LFI_ACCOUNT_PRODUCTS_MAX 32
struct lfi_account_product {
    struct lfi_slice json;          /* the object without its member FinanceRates */
    struct lfi_slice finance_rates; /* that member's value; absent: the product has none */
    struct lfi_slice name;          /* as the customer knows it */
    int encrypt;                    /* the rates may leave only encrypted with a one-time code */
};

struct lfi_account_product_sink {
    int (*record)(void *ctx, const struct lfi_account_product *product);
    void *ctx;
};

/*
 * A rate limit: at least gap_s apart, at most `times` (64) within window_s (a day). Besides, when
 * growing_gap_s is not 0: after `free` uses within window_s the next one is allowed growing_gap_s
 * later, and each after that twice as late.
 */
struct lfi_allowance {
    uint32_t gap_s, times, window_s;
    uint32_t free, growing_gap_s;
};

enum lfi_credit_block { LFI_CREDIT_OPEN, LFI_CREDIT_BLOCKED_FOR_NOW, LFI_CREDIT_BLOCKED_FOR_GOOD };

/* One of an account's lists, whole, by id ascending. */
typedef int lfi_account_list_fn(void *core, struct lfi_slice account_id, struct lfi_sink sink,
                                struct lfi_error *error);

/* How an instance is set up. Borrowed for open(); only now_us and clock outlive it. */
struct lfi_core_config {
    const char *provider_id;        /* LFI code of the Hub that this instance serves */
    const char *settings;           /* JSON object: the core's own part of the configuration file */
    const char *base_dir;           /* relative paths in settings are relative to this folder */
    int64_t (*now_us)(void *clock); /* UTC, microseconds since the epoch */
    void *clock;
    uint32_t threads; /* how many may call at once; 0: not known */
};

/* How far an approval in the bank's app has come. */
enum lfi_approval_state {
    LFI_APPROVAL_WAITING,
    LFI_APPROVAL_APPROVED,
    LFI_APPROVAL_DENIED,
    LFI_APPROVAL_EXPIRED,
};

/* Bytes of a message to a customer. */
#define LFI_MESSAGE_BYTES_MAX 2048

/* An identifier that a core issues: NUL-terminated, at most 64 characters. */
struct lfi_id {
    char text[65];
};

/* Whose passkey it is, and its signature counter as of its last use. */
struct lfi_passkey {
    struct lfi_id user_id;
    uint32_t counter;
};

/* The outcome of claiming a key that may be used once. */
enum lfi_claim {
    LFI_CLAIM_YOURS,   /* the caller is the first: it acts, then calls claim_settle */
    LFI_CLAIM_TAKEN,   /* somebody else is acting right now */
    LFI_CLAIM_SETTLED, /* done before; the result was handed to the sink */
};

/* How a core is. The server sets `size`; members past it must not be touched. 0: not known. */
struct lfi_health {
    uint32_t size;
    uint64_t used_bytes, limit_bytes;       /* of its storage */
    uint64_t storage_device, storage_inode; /* no two cores may share their storage */
};

/* When a task is due that waits for an operator: at no time of any clock. */
#define LFI_TASK_PARKED INT64_C(253402300800) /* 10000-01-01 */

/* The server sets `size`; members past it must not be touched. */
struct lfi_task_counts {
    uint32_t size;
    uint64_t kept, limit; /* parked ones count */
    uint64_t parked;
};

struct lfi_core_ops {
    uint32_t abi;     /* LFI_CORE_ABI as compiled */
    uint32_t size;    /* sizeof(struct lfi_core_ops) as compiled */
    const char *name; /* for logs: "retail", "acme-core" */

    /* --- life --------------------------------------------------------------------------------- */

    /*
     * Makes an instance. On failure *out stays NULL and the server does not start. A text in
     * `error` beside LFI_CORE_OK warns of settings that suit a demonstration only: the server logs
     * it outside development.
     */
    int (*open)(void **out, const struct lfi_core_config *config, struct lfi_error *error);
    /* Ends it; never called while another function runs. */
    void (*close)(void *core);

    /* --- customers and what they hold (required) ---------------------------------------------- */

    /* LFI_CORE_OK when this PSU exists in this core, else LFI_CORE_UNKNOWN. */
    int (*user_exists)(void *core, struct lfi_slice user_id, struct lfi_error *error);
    /*
     * Whether `user_id` holds `account_id`, in any role (owner, joint holder, custodian, attorney,
     * signatory), and the account's status. LFI_CORE_UNKNOWN: not held, or never issued: the two
     * are not told apart.
     */
    int (*account_access)(void *core, struct lfi_slice user_id, struct lfi_slice account_id,
                          enum lfi_account_status *out, struct lfi_error *error);
    /* The account object of the contract, one record. */
    int (*account)(void *core, struct lfi_slice account_id, struct lfi_sink sink,
                   struct lfi_error *error);
    /* Every account that the user holds, as account objects, by account id ascending. */
    int (*accounts_of_user)(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                            struct lfi_error *error);

    /* --- data sharing ------------------------------------------------------------------------- */

    /* Balance objects, one per balance type, in a fixed order. */
    lfi_account_list_fn *balances;
    /* Transaction objects of the window; *out says how many there are in all. */
    int (*transactions)(void *core, const struct lfi_transaction_query *query, struct lfi_sink sink,
                        struct lfi_transaction_totals *out, struct lfi_error *error);

    /* --- sign-in and strong customer authentication ------------------------------------------- */

    /*
     * First factor. LFI_CORE_OK and the opaque user id; LFI_CORE_DENIED for a wrong login or a
     * wrong password alike, in equal time; LFI_CORE_BLOCKED for a barred customer whose password
     * was right. The server limits the tries, by way of allow() and allow_undo(); a core without
     * these two counts them itself and answers LFI_CORE_DENIED while a login is locked.
     */
    int (*sign_in)(void *core, struct lfi_slice login, struct lfi_slice password,
                   struct lfi_id *out_user_id, struct lfi_error *error);
    /*
     * Second factor: asks the customer's bound device to approve `purpose` (JSON object that the
     * app shows). The approval expires after `ttl_s` seconds. LFI_CORE_DENIED while a request of
     * the same "kind", a member of the purpose, waits for the customer: a waiting one is never
     * replaced.
     */
    int (*approval_start)(void *core, struct lfi_slice user_id, struct lfi_slice purpose,
                          uint32_t ttl_s, struct lfi_id *out_approval_id, struct lfi_error *error);
    /* How far it has come; LFI_CORE_UNKNOWN when the approval is not this user's. */
    int (*approval_state)(void *core, struct lfi_slice user_id, struct lfi_slice approval_id,
                          enum lfi_approval_state *out, struct lfi_error *error);
    /*
     * The simulated bank app shows waiting approvals, {"approvalId", "purpose", "expiresAt"} each,
     * and decides one. A bank with a real app leaves these two null. A decision is made once: later
     * ones get LFI_CORE_DENIED.
     */
    int (*approvals_waiting)(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                             struct lfi_error *error);
    int (*approval_decide)(void *core, struct lfi_slice user_id, struct lfi_slice approval_id,
                           int approve, struct lfi_error *error);

    /* --- idempotency claims ------------------------------------------------------------------- */

    /*
     * Claims `key` (an interaction id and a step): exactly one caller, on whichever server
     * instance, is told LFI_CLAIM_YOURS. A claim that is not settled within `ttl_s` seconds is
     * free again. A settled claim hands its result to the sink.
     */
    int (*claim)(void *core, struct lfi_slice key, uint32_t ttl_s, struct lfi_sink sink,
                 enum lfi_claim *out, struct lfi_error *error);
    /* Settles a claim, durably, with the result (at most 16 KiB) that later claimants get. */
    int (*claim_settle)(void *core, struct lfi_slice key, struct lfi_slice result,
                        struct lfi_error *error);

    /* --- more of data sharing ----------------------------------------------------------------- */

    lfi_account_list_fn *beneficiaries;
    lfi_account_list_fn *direct_debits;
    lfi_account_list_fn *scheduled_payments;
    lfi_account_list_fn *standing_orders;
    /* The customers of an account with their part in it, one record per holder. */
    lfi_account_list_fn *account_customers;
    /* Who the user is: the person, or the organisation that a business login stands for. */
    int (*customer)(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                    struct lfi_error *error);
    /* Statement objects of the window; *out says how many there are in all. */
    int (*statements)(void *core, const struct lfi_statement_query *query, struct lfi_sink sink,
                      struct lfi_statement_totals *out, struct lfi_error *error);

    /* --- confirmation of payee ---------------------------------------------------------------- */

    /*
     * The holders of the account with this IBAN (upper case, no blanks), one customer record each,
     * the primary holder first; none unless *out is LFI_PAYEE_SHOWN. Names are not compared here:
     * the Hub does that. Takes the same time for known and unknown IBANs.
     */
    int (*payee)(void *core, struct lfi_slice iban, struct lfi_sink sink, enum lfi_payee *out,
                 struct lfi_error *error);

    /* --- open data ---------------------------------------------------------------------------- */

    /*
     * ATM objects by id ascending, without LFIId, which the server adds; *out_updated_us is the
     * newest change of any of them, UTC.
     */
    int (*atms)(void *core, struct lfi_sink sink, int64_t *out_updated_us, struct lfi_error *error);
    /* Catalogue products of the window; *out_total says how many match in all. */
    int (*catalogue)(void *core, const struct lfi_product_query *query,
                     struct lfi_product_sink sink, uint64_t *out_total, struct lfi_error *error);
    /* Keeps a wish to be called, durably before it returns; `lead` is the request's data. */
    int (*lead_create)(void *core, struct lfi_slice lead, struct lfi_id *out_lead_id,
                       struct lfi_error *error);
    /* For the operator: every lead, {"leadId","createdAt","lead"}, by id; createdAt in seconds. */
    int (*leads)(void *core, struct lfi_sink sink, struct lfi_error *error);

    /* --- an account's products, and telling the customer -------------------------------------- */

    /* Products linked to the account; none is an empty list. */
    int (*account_products)(void *core, struct lfi_slice account_id,
                            struct lfi_account_product_sink sink, struct lfi_error *error);
    /*
     * Takes one use of `key`, on whichever server instance. *out_wait_s is 0 when it was allowed,
     * else the seconds after which it would be, and nothing was taken.
     */
    int (*allow)(void *core, struct lfi_slice key, const struct lfi_allowance *allowance,
                 uint32_t *out_wait_s, struct lfi_error *error);
    /*
     * Sends a text to the customer's phone, by e-mail when there is none. LFI_CORE_UNAVAILABLE when
     * the customer can be reached in neither way. At most LFI_MESSAGE_BYTES_MAX long. It may hold a
     * one-time code: it must be neither
     * logged nor written to disk.
     */
    int (*message_send)(void *core, struct lfi_slice user_id, struct lfi_slice text,
                        struct lfi_error *error);
    /* The simulated bank app shows what was sent, {"sentAt","text"}, newest first; else null. */
    int (*messages)(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                    struct lfi_error *error);

    /* --- levers of a test bank; null in a real one -------------------------------------------- */

    int (*account_set_status)(void *core, struct lfi_slice account_id,
                              enum lfi_account_status status, struct lfi_error *error);
    int (*account_set_credit_block)(void *core, struct lfi_slice account_id,
                                    enum lfi_credit_block block, struct lfi_error *error);
    /* As when the store was built: levers undone; leads, sign-ins, passkeys and tasks forgotten. */
    int (*reset)(void *core, struct lfi_error *error);

    /* --- passkeys ----------------------------------------------------------------------------- */

    /*
     * Keeps a passkey of the user, durably: `passkey_id` (at most 64 characters, made by the
     * server) is unique over all users, `record` is a JSON object (at most 4 KiB) that means
     * nothing to the core. LFI_CORE_DENIED when the id is taken, or the user has ten already.
     */
    int (*passkey_add)(void *core, struct lfi_slice user_id, struct lfi_slice passkey_id,
                       struct lfi_slice record, uint32_t counter, struct lfi_error *error);
    /* The record of one passkey, and whose it is. */
    int (*passkey_find)(void *core, struct lfi_slice passkey_id, struct lfi_sink sink,
                        struct lfi_passkey *out, struct lfi_error *error);
    /*
     * Counts a use whose signature was right. LFI_CORE_DENIED unless `counter` is above the one
     * kept, or both are 0: a copy of the key may be about. LFI_CORE_BLOCKED for a barred customer.
     */
    int (*passkey_use)(void *core, struct lfi_slice user_id, struct lfi_slice passkey_id,
                       uint32_t counter, struct lfi_error *error);
    /* The user's passkeys, {"passkeyId","usedAt","record"} each; usedAt in seconds, 0: never. */
    int (*passkeys)(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                    struct lfi_error *error);
    /* LFI_CORE_UNKNOWN when it is not this user's. */
    int (*passkey_remove)(void *core, struct lfi_slice user_id, struct lfi_slice passkey_id,
                          struct lfi_error *error);

    /* --- things to be done later -------------------------------------------------------------- */

    /*
     * Keeps a task, durably: `record` (a JSON object, at most 4 KiB, that means nothing to the
     * core) is due at `due_s`, seconds of UTC, LFI_TASK_PARKED: never. One with the same key is
     * replaced.
     * LFI_CORE_UNAVAILABLE when there are too many: the bank is over capacity.
     */
    int (*task_put)(void *core, struct lfi_slice key, int64_t due_s, struct lfi_slice record,
                    struct lfi_error *error);
    /*
     * Takes the task that has been due longest; on no server instance is it due again before
     * `hold_s` seconds have passed, and not at all once it is done. LFI_CORE_UNKNOWN: none is due.
     */
    int (*task_take)(void *core, uint32_t hold_s, struct lfi_sink sink, struct lfi_error *error);
    /* The record of a task that is not done; LFI_CORE_UNKNOWN: there is none. */
    int (*task_find)(void *core, struct lfi_slice key, struct lfi_sink sink,
                     struct lfi_error *error);
    /* Forgets a task, durably; LFI_CORE_UNKNOWN: there is none. */
    int (*task_done)(void *core, struct lfi_slice key, struct lfi_error *error);

    /* --- what the levers of a test bank have moved; null in a real one -------------------------
     */

    /*
     * {"accountId","status","creditBlock"} of one account, or of every account by id when
     * `account_id` is absent. creditBlock, none, temporary or permanent, is there when the account
     * can receive payments.
     */
    int (*account_states)(void *core, struct lfi_slice account_id, struct lfi_sink sink,
                          struct lfi_error *error);

    /* --- health ------------------------------------------------------------------------------- */

    /*
     * Whether the core can serve, reads and writes: for /readyz, asked every few seconds on a
     * thread of its own. Not LFI_CORE_OK: `error` says why, for an operator. Without it the server
     * calls user_exists.
     */
    int (*health)(void *core, struct lfi_health *out, struct lfi_error *error);

    /* --- tasks, for an operator --------------------------------------------------------------- */

    /* How many tasks there are; cheap. */
    int (*task_counts)(void *core, struct lfi_task_counts *out, struct lfi_error *error);
    /* The tasks that were put with LFI_TASK_PARKED, {"key","record"} each. */
    int (*tasks_parked)(void *core, struct lfi_sink sink, struct lfi_error *error);

    /* --- more of idempotency claims ----------------------------------------------------------- */

    /*
     * Hands the result of a settled claim to the sink and writes nothing; LFI_CORE_UNKNOWN when it
     * is not settled.
     */
    int (*claim_find)(void *core, struct lfi_slice key, struct lfi_sink sink,
                      struct lfi_error *error);

    /* --- more of rate limits and approvals ---------------------------------------------------- */

    /* Gives back the newest use of a key, if it has one: what it was taken for did not count. */
    int (*allow_undo)(void *core, struct lfi_slice key, struct lfi_error *error);
    /*
     * The journey that asked is over: the app shows the request no longer, and it counts as denied.
     * LFI_CORE_DENIED when it waits no longer.
     */
    int (*approval_withdraw)(void *core, struct lfi_slice user_id, struct lfi_slice approval_id,
                             struct lfi_error *error);
};

/* The one symbol that a core exports. Never null; the table is constant for the process's life. */
const struct lfi_core_ops *lfi_core_get_ops(void);

/* Its type and name, for the loader. */
typedef const struct lfi_core_ops *lfi_core_get_ops_fn(void);
#define LFI_CORE_SYMBOL "lfi_core_get_ops"

#ifdef __cplusplus
}
#endif

#endif
