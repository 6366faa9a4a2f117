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
#define LFI_CORE_ABI 4

/* Receives records one by one. Return 0 to go on, anything else to stop. */
struct lfi_sink {
    int (*record)(void *ctx, struct lfi_slice json);
    void *ctx;
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

/* How a core is. The server sets `size`; members past it must not be touched. 0: not known. */
struct lfi_health {
    uint32_t size;
    uint64_t used_bytes, limit_bytes;       /* of its storage */
    uint64_t storage_device, storage_inode; /* no two cores may share their storage */
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
     * was right. The server limits the tries.
     */
    int (*sign_in)(void *core, struct lfi_slice login, struct lfi_slice password,
                   struct lfi_id *out_user_id, struct lfi_error *error);
    /*
     * Whether a customer who has proved to be this user may go on: LFI_CORE_OK, LFI_CORE_BLOCKED
     * for a barred one, LFI_CORE_UNKNOWN. Asked before a passkey counts, which the server judges
     * and keeps itself: without it the server offers none.
     */
    int (*may_sign_in)(void *core, struct lfi_slice user_id, struct lfi_error *error);
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
    /*
     * The journey that asked is over: the app shows the request no longer, and it counts as denied.
     * LFI_CORE_DENIED when it waits no longer.
     */
    int (*approval_withdraw)(void *core, struct lfi_slice user_id, struct lfi_slice approval_id,
                             struct lfi_error *error);

    /* --- telling the customer ------------------------------------------------------------------
     */

    /*
     * Sends a text to the customer's phone, by e-mail when there is none. LFI_CORE_UNAVAILABLE when
     * the customer can be reached in neither way. At most LFI_MESSAGE_BYTES_MAX long. It may hold a
     * one-time code: it must be neither logged nor written to disk.
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
    /*
     * {"accountId","status","creditBlock"} of one account, or of every account by id when
     * `account_id` is absent. creditBlock, none, temporary or permanent, is there when the account
     * can receive payments.
     */
    int (*account_states)(void *core, struct lfi_slice account_id, struct lfi_sink sink,
                          struct lfi_error *error);
    /* As when the bank was set up: levers undone; leads and approvals forgotten. */
    int (*reset)(void *core, struct lfi_error *error);

    /* --- health ------------------------------------------------------------------------------- */

    /*
     * Whether the core can serve, reads and writes: for /readyz, asked every few seconds on a
     * thread of its own. Not LFI_CORE_OK: `error` says why, for an operator. Without it the server
     * asks for a user.
     */
    int (*health)(void *core, struct lfi_health *out, struct lfi_error *error);
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
