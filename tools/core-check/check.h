/*
 * Runs a core against what the headers of its families promise (cores/include/lfi). Each promise
 * is a rule with an id; a rule is kept, broken, or not checked with the reason. What every call
 * must keep (its deadline, its status, a reason for each failure, the bytes of its records) is
 * watched in all of them and told by rules of its own.
 */
#ifndef CORE_CHECK_CHECK_H
#define CORE_CHECK_CHECK_H

#include "base/core_answer.h"
#include "base/json.h"
#include "flow/api.h"
#include "provider/core_call.h"
#include "provider/provider.h"

#define CHECK_USERS_MAX 64
#define CHECK_ID_UNKNOWN "core-check-unknown" /* no core has ever issued this identifier */

/* A record that a core handed over, and its facts when it has some: which, the function says. */
struct record {
    char *text;
    cJSON *tree;
    union {
        struct lfi_account_facts facts;
        struct lfi_payable_facts payable;
        struct lfi_payment_facts payment;
        struct lfi_approver approver;
        struct lfi_policy_facts policy;
        struct lfi_policy_part_facts part;
        struct lfi_quote_facts quote;
        struct lfi_quote_entry quote_change;
        struct lfi_opening_facts opening;
        struct lfi_fx_facts fx; /* without its JSON, which is not kept */
        struct lfi_payment_change change;
        struct lfi_fx_change fx_change; /* the largest */
    };
    bool has_facts;
};

_Static_assert(sizeof(struct lfi_quote_entry) <= sizeof(struct lfi_fx_change), "the largest");

struct records {
    struct record *items;
    size_t count, room;
    size_t stop_after; /* takes no more than these; 0: all */
    bool ignored_stop; /* a record came after the stop */
    uint64_t total;    /* as the core told it; CORE_TOTAL_UNKNOWN: it did not */
    bool failed;       /* out of memory */
};

enum verdict { VERDICT_KEPT, VERDICT_BROKEN, VERDICT_NOT_CHECKED };

/* What is seen in passing. Texts: of the first case, or empty. */
struct watched {
    char late[256];        /* a call that came back after its deadline */
    char status[256];      /* a status that lfi/base.h does not have */
    char unexplained[256]; /* LFI_FAILED or _UNAVAILABLE without a message */
    char bytes[256];       /* a record that is not one JSON object without blanks around it */
    /* Names that a version of the standard does not take (contract/misfit.h): no rule is broken. */
    unsigned misfits;
    char misfit[320]; /* the first: who told it, and where it stands */
};

struct run {
    const struct provider *provider;
    const struct apis *apis; /* whose contract the records must fit */
    const char *users[CHECK_USERS_MAX];
    size_t user_count;
    uint32_t deadline_ms;
    const char *login, *password; /* of one of the users; NULL: not given */
    bool levers;                  /* the levers of the bank may be moved */
    const char *creditor;         /* IBAN to pay to; NULL: payments may not be made */
    unsigned attempts;            /* of payments */
    /* A file of payments that the core may take; NULL: none. */
    const char *file_type, *file_media, *file_path;
    const struct clock *clock;
    void (*reopen)(struct run *run); /* closes the core and opens it again; else ends the process */
    void *session;                   /* of reopen */
    struct records held[CHECK_USERS_MAX]; /* the accounts of each user */
    struct watched watched;
    enum verdict verdict; /* of the rule under way */
    char why[512];
};

struct rule {
    const char *id;
    const char *promise; /* for people: one sentence */
    void (*check)(struct run *run);
};

/* Each list ends with an entry without id. */
extern const struct rule RULES_ACCOUNTS[], RULES_LISTS[], RULES_SERIES[], RULES_OTHERS[],
    RULES_SIGNIN[], RULES_PAYMENTS[], RULES_APPROVERS[], RULES_PAYMENTS_MADE[], RULES_REPEATS[],
    RULES_ASKED[], RULES_FILES[], RULES_FILES_PAID[], RULES_POLICIES[], RULES_QUOTES[],
    RULES_LEVERS[], RULES_CALLS[];

/* The rule is broken: the first reason is kept. Returns false, for `return broken(…)`. */
bool broken(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void not_checked(struct run *run, const char *why);

/* --- calling ---------------------------------------------------------------------------------- */

/* Who asks, for how long: the user (NULL: nobody), until the run's deadline. */
struct lfi_call call_of(const struct run *run, const char *user);
/* To be called after each call of the core, with what it returned. `what` names the function. */
void watch(struct run *run, const char *what, const struct lfi_call *call, int status,
           const struct lfi_error *error);
const char *status_name(int status);

/* An answer that fills `records`, which begins empty; records_free() ends it. */
struct core_answer records_answer(struct records *records);
/* After the call: the total, and the bytes of each record. False: broken. */
bool records_take(struct run *run, const char *what, const struct core_answer *answer,
                  struct records *records);
void records_free(struct records *records);
/* Appends what `from` has, which is then empty. False: out of memory. */
bool records_move(struct records *records, struct records *from);
bool records_equal(const struct records *a, const struct records *b);
const char *record_text(const struct record *record, const char *member); /* "" when absent */

/* The accounts of a user: all when `ids` is NULL. The core's status. */
int ask_held(struct run *run, const char *user, const char *const *ids, size_t count,
             struct records *out);
int ask_subject(struct run *run, const char *user, const char *account,
                struct lfi_account_facts *out);
/* One of the lists of an account. */
int ask_list(struct run *run, const char *what, lfi_account_list_fn *list, const char *account,
             struct records *out);

/* Who holds the account with this IBAN, as far as payers may be told. */
int ask_holders(struct run *run, const char *iban, struct records *out,
                struct lfi_payee_summary *summary);
/* The IBAN of an account's record, or NULL. */
const char *iban_of(const struct record *account);
/* As records have it: "Active". "?": it is none. */
const char *account_status_name(enum lfi_account_status status);

/* A decimal text in hundredths; false when it is none, or has more than two digits behind its point
 * that are not zero. */
bool read_minor(struct lfi_slice text, int64_t *out);

/* Whether the record fits the contract of the operation that the family function serves; members
 * of another version of the standard do not count, since the server leaves them out. */
bool fits_contract(struct run *run, const char *serves, const struct record *record);
/* Whether the whole reply does, of the operation for this sector of insurance (0: none). */
bool reply_fits_contract(struct run *run, const char *serves, unsigned sector,
                         struct lfi_slice reply);

/* --- the lists of an account ------------------------------------------------------------------ */

struct account_list {
    const char *serves; /* "accounts.balances" */
    const char *id;     /* the member that they are ordered by; NULL: a fixed order */
    bool names_account; /* each record has accountId */
};

#define ACCOUNT_LISTS 7
extern const struct account_list ACCOUNT_LIST[ACCOUNT_LISTS];
/* The core's function, or NULL. */
lfi_account_list_fn *list_function(const struct run *run, size_t list);

#endif
