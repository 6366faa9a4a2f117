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
 * in it, which may be used until close() has returned. What a core gives to an answer or returns
 * through an `out` parameter is borrowed by the server: a record only until the answer took it,
 * fixed-size structs are copied. Nothing allocated by one side is ever freed by the other.
 *
 * Records cross as JSON text, UTF-8, one JSON object each, from its opening to its closing brace
 * without white space around it, in the shape that the Ozone Connect contract prescribes for one
 * element of the answer. The server checks them against the contract, their number against the
 * totals and their identifiers against what was asked for, and sends the bytes as they are. Money
 * inside a record is a decimal string, never a number.
 *
 * Identifiers (user, account, customer) are the opaque strings that the bank gave to the Hub: 1 to
 * 40 characters, stable for ever. A core answers LFI_UNKNOWN for anything it never issued; it
 * must not reveal whether another segment knows it.
 *
 * Errors. Every function returns an lfi_status. For LFI_FAILED and LFI_UNAVAILABLE
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
#include <lfi/files.h>
#include <lfi/fx.h>
#include <lfi/identity.h>
#include <lfi/insurance.h>
#include <lfi/levers.h>
#include <lfi/open_data.h>
#include <lfi/opening.h>
#include <lfi/payee.h>
#include <lfi/payments.h>
#include <lfi/quotes.h>
#include <lfi/signin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when an existing member changes meaning; a server loads only cores of its own number. */
#define LFI_CORE_ABI 6

/* How an instance is set up. Borrowed for open(); only now_us and clock outlive it. */
struct lfi_core_config {
    const char *provider_id;        /* LFI code of the Hub that this instance serves */
    const char *settings;           /* JSON object: the core's own part of the configuration file */
    const char *base_dir;           /* relative paths in settings are relative to this folder */
    int64_t (*now_us)(void *clock); /* UTC, microseconds since the epoch */
    void *clock;
    uint32_t threads;            /* how many may call at once; 0: not known */
    const struct lfi_host *host; /* outlives close() */
    const char *segment;         /* of that Hub, as the bank calls it: "retail"; NULL: not known */
};

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
     * `error` beside LFI_OK warns of settings that suit a demonstration only: the server logs
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
    const struct lfi_signin *signin; /* required for customer pages */
    const struct lfi_levers *levers; /* of a test bank */

    /* --- health ------------------------------------------------------------------------------- */

    /*
     * Whether the core can serve, reads and writes: for /readyz, asked every few seconds on a
     * thread of its own. Not LFI_OK: `error` says why, for an operator. Without it the server
     * asks for a user.
     */
    int (*health)(void *core, const struct lfi_call *call, struct lfi_health *out,
                  struct lfi_error *error);

    /* --- families of later versions ----------------------------------------------------------- */

    const struct lfi_payments *payments;
    const struct lfi_identity *identity;   /* required where customers decide at CAAP */
    const struct lfi_insurance *insurance; /* of an insurer */
    const struct lfi_opening *opening;     /* accounts that a TPP asks for */
    const struct lfi_fx *fx;               /* quotes of currency exchange */
    const struct lfi_quotes *quotes;       /* of insurance; needs insurance */
    const struct lfi_files *files;         /* payments by file; needs payments */
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
