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

#include <lfi/accounts.h>
#include <lfi/base.h>
#include <lfi/customers.h>
#include <lfi/open_data.h>
#include <lfi/payee.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when an existing member changes meaning; a server loads only cores of its own number. */
#define LFI_CORE_ABI 3

/* Receives records one by one. Return 0 to go on, anything else to stop. */
struct lfi_sink {
    int (*record)(void *ctx, struct lfi_slice json);
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

/* How an instance is set up. Borrowed for open(); only now_us and clock outlive it. */
struct lfi_core_config {
    const char *provider_id;        /* LFI code of the Hub that this instance serves */
    const char *settings;           /* JSON object: the core's own part of the configuration file */
    const char *base_dir;           /* relative paths in settings are relative to this folder */
    int64_t (*now_us)(void *clock); /* UTC, microseconds since the epoch */
    void *clock;
    uint32_t threads;            /* how many may call at once; 0: not known */
    const struct lfi_host *host; /* outlives close() */
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

    /* --- families: NULL when the bank offers nothing of one ------------------------------------
     */

    const struct lfi_accounts *accounts;   /* required */
    const struct lfi_customers *customers; /* required */
    const struct lfi_payee *payee;
    const struct lfi_open_data *open_data;

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

    /* --- rate limits, and telling the customer ------------------------------------------------ */

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
     * asks for a user.
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
