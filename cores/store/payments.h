/*
 * Inside the payments of a store. They live in an LMDB environment of their own, in the folder
 * beside the store that ends in ".payments", so that loading the bank anew keeps them:
 *
 *   meta       "format" -> PAYMENTS_FORMAT, "segment" -> text, "identity" -> text, in cursors
 *   payments   sequence -> struct payment_value, then its texts
 *   ids        payment id (16 bytes) -> sequence
 *   keys       digest of consent and idempotency key -> struct payment_key_value
 *   consents   consent id -> sequences, as sorted duplicates
 *   in_flight  digest of consent, creditor's IBAN and amount; sequence -> nothing
 *   paid       digest of user, creditor's IBAN and amount; sequence -> nothing
 *   changes    number -> struct payment_change_value, then its texts
 *   due        instant, sequence -> nothing
 *   ledgers    account id -> struct ledger_value
 *   entries    ledger's index, ordinal -> struct entry_head, then the JSON
 *   exchanges  ledger's index, ordinal among them -> the same, of entries with a currency exchange
 *   holds      ledger's index, due instant, sequence -> version of the ledger that placed it
 *   released   ledger's index, version of the ledger that ended it -> struct released_hold
 *
 * and beside them accounts that were asked for (opening.c):
 *
 *   openings            account id -> struct opening_value
 *   opening_identities  identity of a request -> struct opening_identity
 *   opening_changes     number -> struct opening_change_value
 *   opening_due         instant, account id -> nothing
 *
 * and quotes of currency exchange (fx.c):
 *
 *   quotes              quote id -> struct fx_value, then its texts
 *   quote_identities    identity of a request -> struct fx_identity
 *   quote_changes       number -> struct fx_change_value
 *   quote_due           instant, quote id -> nothing
 *
 * and quotes of insurance (cover.c):
 *
 *   cover               quote id -> struct cover_value, then its texts
 *   cover_changes       number -> struct cover_change_value
 *   cover_due           instant, quote id -> nothing
 *   cover_policies      policy id -> struct policy_value, then its records
 *   cover_holders       user id, 0, policy id -> nothing
 *
 * and files of payments (files.h):
 *
 *   files      consent id -> struct file_value
 *
 * What the bank's records say of an account is what it was loaded with; the ledger holds what
 * payments have changed since. A payment, its hold or its entries, and its change are written in
 * one commit.
 */
#ifndef STORE_PAYMENTS_H
#define STORE_PAYMENTS_H

#include "store/internal.h"

#include <pthread.h>

#define PAYMENTS_FORMAT "7"
#define PAYMENT_TEXT_MAX 600      /* bytes of one text: 140 characters of UTF-8, and a message */
#define PAYMENT_BYTES_MAX 8192    /* of a payment in the database */
#define PAYMENT_EXCHANGE_MAX 3072 /* of what a payment says of an exchange */
#define PAYMENT_REFERENCE_MAX 128 /* consent ids and idempotency keys */
#define PAYMENT_DIGEST 32
#define PAYMENT_ID_BYTES 16
#define PAYMENT_CODE_SIZE 36 /* of a reason, with NUL */

enum payments_db {
    PAYMENTS_META,
    PAYMENTS_PAYMENTS,
    PAYMENTS_IDS,
    PAYMENTS_KEYS,
    PAYMENTS_CONSENTS,
    PAYMENTS_IN_FLIGHT,
    PAYMENTS_PAID,
    PAYMENTS_CHANGES,
    PAYMENTS_DUE,
    PAYMENTS_LEDGERS,
    PAYMENTS_ENTRIES,
    PAYMENTS_EXCHANGES,
    PAYMENTS_HOLDS,
    PAYMENTS_RELEASED,
    PAYMENTS_OPENINGS,
    PAYMENTS_OPENING_IDENTITIES,
    PAYMENTS_OPENING_CHANGES,
    PAYMENTS_OPENING_DUE,
    PAYMENTS_QUOTES,
    PAYMENTS_QUOTE_IDENTITIES,
    PAYMENTS_QUOTE_CHANGES,
    PAYMENTS_QUOTE_DUE,
    PAYMENTS_COVER,
    PAYMENTS_COVER_CHANGES,
    PAYMENTS_COVER_DUE,
    PAYMENTS_COVER_POLICIES,
    PAYMENTS_COVER_HOLDERS,
    PAYMENTS_FILES,
    PAYMENTS_DB_COUNT,
};

struct payment_ticket; /* payments_order.h */
struct cJSON;

struct payments {
    MDB_env *env;
    MDB_dbi db[PAYMENTS_DB_COUNT];
    char *data_file;
    char *files;                        /* folder of files.h */
    atomic_int_least64_t write_tried_s; /* by store_health, monotonic; 0: to be tried next time */

    pthread_mutex_t lock;         /* of what follows */
    pthread_cond_t moved;         /* a commit has ended */
    struct payment_ticket *first; /* orders that wait for a commit */
    bool committing;
    uint64_t commits;
    bool closing;

    pthread_t mover;        /* moves what is due */
    bool moving;            /* it runs */
    unsigned opens, closes; /* hours of UAEFTS, in the Gulf, Monday to Friday */
};

/* What happens to a payment when it is due. */
enum payment_plan {
    PAYMENT_PLAN_NONE, /* it waits for an operator, or is final */
    PAYMENT_PLAN_ACCEPT,
    PAYMENT_PLAN_SETTLE, /* as the first of two steps */
    PAYMENT_PLAN_REJECT,
    PAYMENT_PLAN_FILE, /* its instructions are carried out */
};

/* The texts of a payment, in the order in which they are kept. */
enum payment_text {
    PAYMENT_CONSENT,
    PAYMENT_ACCOUNT,
    PAYMENT_PURPOSE,
    PAYMENT_DEBTOR_REFERENCE,
    PAYMENT_CREDITOR_REFERENCE,
    PAYMENT_BILLING,
    PAYMENT_MERCHANT,
    PAYMENT_IBAN,
    PAYMENT_BIC,
    PAYMENT_NAME_EN,
    PAYMENT_NAME_AR,
    PAYMENT_CREDITOR_ACCOUNT, /* when it is one of this segment */
    PAYMENT_TRANSACTION,      /* the rail's id */
    PAYMENT_CODE,             /* of the reason; counts when the payment is rejected */
    PAYMENT_MESSAGE,
    PAYMENT_EXCHANGE, /* into another currency: JSON, members of the record */
    PAYMENT_TEXTS,
};

struct payment_value {
    unsigned char id[PAYMENT_ID_BYTES];
    unsigned char digest[LFI_ORDER_DIGEST_SIZE];
    int64_t created_us, updated_us;
    int64_t due_us; /* when it moves next; 0: not by itself */
    int64_t amount;
    char currency[4];
    int64_t charges;   /* that are debited besides the amount */
    int64_t succeeded; /* of a file, once processed: the sum of what went through */
    uint32_t file;     /* instructions of the file that it pays; 0: it pays none */
    uint32_t successes;
    uint32_t changes;  /* how many there were */
    uint8_t status;    /* enum lfi_payment_status */
    uint8_t rail;      /* enum lfi_rail */
    uint8_t reason_by; /* enum lfi_rail */
    uint8_t plan;      /* enum payment_plan: what happens when it is due */
    uint16_t len[PAYMENT_TEXTS];
};

/* A payment in use: the texts are borrowed. */
struct payment {
    uint64_t sequence;
    struct payment_value head;
    struct lfi_slice text[PAYMENT_TEXTS]; /* absent: a null ptr */
};

struct payment_key_value {
    int64_t expires_us;
    uint64_t sequence; /* 0: an order whose reply was lost before it was done */
};

struct payment_change_value {
    uint64_t sequence;
    int64_t at_us;
    uint32_t number;
    uint8_t status, rail, reason_by, unused;
    uint16_t len[3]; /* transaction id, code, message */
    uint16_t unused_too;
};

/* What payments have done to an account. */
struct ledger_value {
    int64_t posted;      /* sum of the entries: credits less debits */
    int64_t held;        /* of payments that are pending */
    lfi_wall_us booking; /* of the last entry */
    uint64_t entries;
    uint64_t version; /* how often a hold was placed or ended, or an entry booked */
    uint32_t index;
    uint32_t exchanges; /* of the entries, those with a currency exchange */
};

/* What comes before the JSON of an entry. */
struct entry_head {
    lfi_wall_us booking; /* ascends strictly within an account */
    uint64_t version;    /* of the ledger that has it */
    int64_t posted;      /* of the ledger, with this entry */
};
#define ENTRY_NUMBERS (sizeof(struct entry_head) / sizeof(int64_t))

/* A hold that has ended, for those who read the list as it was before. */
struct released_hold {
    int64_t due_us;
    uint64_t sequence;
    uint64_t version; /* of the ledger that placed it */
};

/* --- environment (payments.c); results are lfi_status ----------------------------------------- */

/* Opens the payments beside the store, which are made when there are none. */
int payments_open(struct payments **out, const struct store_options *options,
                  struct lfi_error *error);
void payments_close(struct payments *payments);
/* On the monotonic clock; false: it cannot be made. */
bool payments_init_cond(pthread_cond_t *out);
/* Forgets everything. */
int payments_forget(struct payments *payments, struct lfi_error *error);

/* --- transactions (payments_txn.c) ------------------------------------------------------------ */

int payments_begin(struct payments *payments, bool write, MDB_txn **txn, struct lfi_error *error);
/* Commits, and wakes whoever waits for it; `rc` is an LMDB code: not 0 aborts. */
int payments_end(struct payments *payments, MDB_txn *txn, int rc, struct lfi_error *error);
/* Names these payments, so that a cursor of others is known as such. Both return an LMDB code. */
#define PAYMENTS_IDENTITY 16
int payments_put_identity(struct payments *payments, MDB_txn *txn);
/* The identity, NUL-terminated. */
int payments_identity(struct payments *payments, MDB_txn *txn, char out[PAYMENTS_IDENTITY + 1]);

/* --- files of payments (files_kept.c) --------------------------------------------------------- */

/* Makes the folder, and removes uploads whose process is gone. Result: lfi_status. */
int files_open(struct payments *payments, const char *path, struct lfi_error *error);
/* Removes every file. */
void files_forget(struct payments *payments);

/* --- a payment in the database (payments_record.c); results are LMDB codes -------------------- */

struct store_key payment_key_of(uint64_t number);
/* The number that such a key is; 0: none. */
uint64_t payment_number_of(const MDB_val *key);
/* Cut from a value; MDB_CORRUPTED. */
int payment_unpack(struct payment *out, uint64_t sequence, const MDB_val *value);
int payment_get(struct payments *payments, MDB_txn *txn, uint64_t sequence, struct payment *out);
/* The same, with texts that survive a write; `room` has PAYMENT_BYTES_MAX. */
int payment_get_copy(struct payments *payments, MDB_txn *txn, uint64_t sequence, char *room,
                     struct payment *out);
int payment_put(struct payments *payments, MDB_txn *txn, const struct payment *payment);
/* SHA-256 of the parts, each with its length before it. */
bool payment_digest(const struct lfi_slice *parts, size_t count, unsigned char out[PAYMENT_DIGEST]);
/* Where the keys database has the claim of (consent, idempotency key). */
bool payment_claim_key(struct lfi_slice consent_id, struct lfi_slice key,
                       unsigned char out[PAYMENT_DIGEST]);
/* Key of the in_flight database; without its sequence when that is 0. */
bool payment_flight_key(const struct payment *payment, struct store_key *out);
/* Of the payment with that id, a UUID in lower case. */
int payment_sequence(struct payments *payments, MDB_txn *txn, struct lfi_slice id, uint64_t *out);
/* Hands the payment to an answer; `change` NULL: as a payment. Result: lfi_status. */
int payment_give(const struct payment *payment, const struct lfi_payment_change *change,
                 struct lfi_answer *answer, struct lfi_error *error);
void payment_fill_facts(const struct payment *payment, struct lfi_payment_facts *out);

/* --- payments of a customer to a creditor (payments_repeat.c) ----------------------------------
 */

/* Notes a new one. Returns an LMDB code. */
int payment_note_paid(struct payments *payments, MDB_txn *txn, struct lfi_slice user_id,
                      const struct payment *payment);

/* --- money (payments_ledger.c) -----------------------------------------------------------------
 */

/* An account's ledger; all zero when it has none. Returns an LMDB code. */
int ledger_get(struct payments *payments, MDB_txn *txn, struct lfi_slice account_id,
               struct ledger_value *out);
/* Returns an LMDB code. */
int ledger_put(struct payments *payments, MDB_txn *txn, struct lfi_slice account_id,
               struct ledger_value *ledger);
/* What the bank's records say of an account's money; not what its ledger adds. */
struct account_money {
    int64_t available; /* with the overdraft, less what else is pending */
    int64_t overdraft;
    int64_t booked;
    bool has_booked;
};
/* Result: lfi_status. */
int ledger_money(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
                 struct account_money *out, struct lfi_error *error);
/* Adds to a balance in a record; false when it is none or does not fit. */
bool ledger_move_balance(struct cJSON *balance, int64_t minor);
/* accounts.balances: the records, with what the ledger adds. */
int ledger_balances(struct store *store, struct lfi_slice account_id, struct lfi_answer *answer,
                    struct lfi_error *error);

/* --- holds (payments_hold.c); results are LMDB codes -------------------------------------------
 */

/* What a payment takes from its account: its amount, and charges. */
int64_t payment_total(const struct payment *payment);
/* Takes the payment's total from what is available on the account, whose ledger this is. */
int hold_place(struct payments *payments, MDB_txn *txn, const struct payment *payment,
               struct ledger_value *ledger);
/* Ends the hold of a payment that was pending until now. */
int hold_release(struct payments *payments, MDB_txn *txn, const struct payment *payment);

struct hold {
    int64_t due_us; /* INT64_MAX: it waits for an operator */
    uint64_t sequence;
    lfi_wall_us expected; /* when it will be booked; ascends strictly */
};
struct holds {
    struct hold *items; /* the first expected first */
    size_t count, room;
    uint64_t version; /* of the ledger */
};
/*
 * The holds of an account as its ledger had them at a version (UINT64_MAX: now). holds_free() ends
 * it.
 */
int holds_read(struct payments *payments, MDB_txn *txn, uint32_t index, uint64_t version,
               struct holds *out);
/* Orders them, each expected after `after`; what waits for an operator when the day ends. */
void holds_expect(struct holds *holds, lfi_wall_us after, int64_t now_us);
void holds_free(struct holds *holds);

/* --- entries (payments_entry.c) ----------------------------------------------------------------
 */

/* A payment is booked: the transactions that read what an entry tells of. */
struct posting {
    struct store *store;
    MDB_txn *read;  /* of the store */
    MDB_txn *write; /* of the payments */
    const struct payment *payment;
    int64_t now_us;
    struct lfi_error *error;
};
/* Books the debit, and the credit when the creditor's account is one of the segment. Result:
 * lfi_status. */
int payment_post(const struct posting *posting);
/* Hands the debit to an answer as it is before it is booked. Result: lfi_status. */
int payment_give_pending(const struct posting *posting, lfi_wall_us expected,
                         struct lfi_answer *answer);

/* --- rails (payments_plan.c) -------------------------------------------------------------------
 */

/* What the tables of outcomes say of an order; absent: nothing, which is PAYMENT_ORDINARY. */
struct payment_outcome {
    enum store_outcome what;
    enum lfi_rail rail;             /* the one in question; LFI_RAIL_NONE: whichever */
    enum lfi_rail reason_by;        /* when it is rejected */
    uint32_t after_s;               /* the answer comes so late; 0: as usual */
    bool of_creditor;               /* not of the amount */
    struct lfi_slice code, message; /* of the reason */
};
/* Result: lfi_status. */
int payment_outcome_of(struct store *store, MDB_txn *txn, const struct lfi_payment_order *order,
                       const struct lfi_reach *reach, struct payment_outcome *out,
                       struct lfi_error *error);
/* Chooses the rail, and what happens on it when. `answer_s` is how slow the creditor's bank is. */
void payment_plan(struct payments *payments, struct payment *payment, const struct lfi_reach *reach,
                  const struct payment_outcome *outcome, uint32_t answer_s);
/* Of a payment abroad, which takes no rail of the country: `fails`: the trade will. */
void payment_plan_exchange(struct payment *payment, bool fails);
/* The instant, or the next opening of UAEFTS. */
int64_t payment_window(const struct payments *payments, int64_t utc_us);

/* --- moving (payments_move.c) ------------------------------------------------------------------
 */

/* Moves every payment that is due: lfi_status. *next_us: when the next one is, INT64_MAX: none. */
int payments_advance(struct store *store, int64_t *next_us, struct lfi_error *error);
/* Starts and ends the thread that does it. */
int payments_start(struct store *store, struct lfi_error *error);
void payments_stop(struct payments *payments);
int payments_set_status(void *core, const struct lfi_call *call, struct lfi_slice payment_id,
                        enum lfi_payment_status status, const struct lfi_payment_reason *reason,
                        struct lfi_error *error);
/* Puts the entry of a payment into the queue of what is due. Returns an LMDB code. */
int payment_put_due(struct payments *payments, MDB_txn *txn, const struct payment *payment);

/* --- text (money.c) -----------------------------------------------------------------------------
 */

#define MONEY_TEXT 32
#define TIME_TEXT 64

/* A decimal number: value / 10^digits. */
struct decimal {
    int64_t value;
    unsigned digits;
};
bool decimal_parse(const char *text, struct decimal *out);
void decimal_format(struct decimal number, char out[MONEY_TEXT]);
/* Adds minor units of two digits; false on overflow. */
bool decimal_add_minor(struct decimal *number, int64_t minor);
/* In minor units of two digits, rounded down. */
int64_t decimal_minor(struct decimal number);
/* RFC 3339 in Gulf time, whole seconds. */
void time_format(int64_t utc_us, char out[TIME_TEXT]);
/* The same of a wall clock in the Gulf, with microseconds when there are some. */
void wall_format(lfi_wall_us wall, char out[TIME_TEXT]);
#define GULF_OFFSET_US INT64_C(14400000000)
#define DAY_US INT64_C(86400000000)
/* Days since 1970-01-01 as "2026-06-30", and back; false when it is none. */
void day_format(int64_t day, char out[TIME_TEXT]);
bool day_parse(const char *text, int64_t *out);
/* Months since January 1970: of a day, and the first day of one. */
int64_t month_of_day(int64_t day);
int64_t month_start(int64_t month);

/* --- families --------------------------------------------------------------------------------- */

int payments_create(void *core, const struct lfi_call *call, const struct lfi_payment_order *order,
                    struct lfi_answer *answer, struct lfi_error *error);
int payments_find(void *core, const struct lfi_call *call, const struct lfi_payment_query *query,
                  struct lfi_answer *answer, struct lfi_error *error);
int payments_list(void *core, const struct lfi_call *call,
                  const struct lfi_payment_list_query *query, struct lfi_answer *answer,
                  struct lfi_error *error);
int payments_changes(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                     struct lfi_answer *answer, struct lfi_error *error);
int payments_account_by_iban(void *core, const struct lfi_call *call, struct lfi_slice iban,
                             struct lfi_account_by_iban *out, struct lfi_error *error);
int payments_reach(void *core, const struct lfi_call *call, struct lfi_slice iban,
                   struct lfi_reach *out, struct lfi_error *error);
int payments_payable(void *core, const struct lfi_call *call, const struct lfi_query *query,
                     struct lfi_answer *answer, struct lfi_error *error);
int payments_refund_account(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                            struct lfi_refund_account *out, struct lfi_error *error);
int payments_repeats(void *core, const struct lfi_call *call, const struct lfi_repeat_query *query,
                     struct lfi_repeat *out, struct lfi_error *error);
int payments_approvers(void *core, const struct lfi_call *call, const struct lfi_query *query,
                       struct lfi_answer *answer, struct lfi_error *error);

/* An account of the segment that an IBAN names. */
struct own_account {
    struct lfi_id id;
    struct account_value head;
    struct payee_value payee;
};
int payments_own_account(struct store *store, MDB_txn *txn, struct lfi_slice iban,
                         struct own_account *out, struct lfi_error *error);
bool payments_can_receive(const struct own_account *account);
/* Whether it is a kind of account to pay from. */
bool payments_can_pay(const struct account_value *head);
/* As refund_account, in a transaction of the store. */
int payments_refund_in(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
                       struct lfi_refund_account *out, struct lfi_error *error);
/* As reach, in a transaction of the store; *answer_s: how slow the bank is. */
int payments_reach_in(struct store *store, MDB_txn *txn, struct lfi_slice iban,
                      struct lfi_reach *out, struct lfi_id *own_account, uint32_t *answer_s,
                      struct lfi_error *error);

#endif
