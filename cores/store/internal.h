/*
 * Inside the store: databases, keys and values.
 *
 *   meta       "segment" -> text, "format" -> STORE_FORMAT, "opening" -> JSON (store.h)
 *   users      user id -> flags (one byte, STORE_USER_…)
 *   logins     login -> struct login_value, then salt, hash, user id
 *   holdings   user id, 0, account id -> role
 *   accounts   account id -> struct account_value, then the JSON
 *   records    account index, list, sequence -> JSON
 *   statement_days account index, n -> opening and statement day (8 bytes each), then the JSON
 *   customers  user id -> JSON
 *   identities Emirates ID, 0, user id -> nothing
 *   payees     IBAN -> struct payee_value, then the account id
 *   atms       ATM id -> last change (8 bytes), then the JSON
 *   products   product id -> struct product_value, then brand id, category and JSON
 *   leads      lead id -> creation time (8 bytes), then the JSON
 *   origin     database, key -> the value that a lever changed first; empty: it was not there
 *   tx         account index, ordinal -> booking (8 bytes), then the JSON
 *   fx         account index, n -> booking, ordinal (8 bytes each): those with a currency exchange
 *   approvals  user id, 0, approval id -> struct approval_value, then the purpose
 *   banks      bank code of an IBAN -> struct bank_value, then the name
 *   policies   policy id -> struct policy_value, then its records one after the other
 *   policyholders user id, 0, policy id -> nothing
 *   outcomes   creditor's IBAN, or "=" and an amount -> struct outcome_value, then its texts
 *
 * Integers in keys are big-endian so that they sort; in values they are the machine's.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "store/store.h"

#include <lmdb.h>
#include <stdatomic.h>

#define STORE_FORMAT "7"
#define STORE_META_OPENING "opening"
#define STORE_MAP_MIB 8192    /* default: address space, not disk */
#define STORE_READERS 2048    /* when it is not known how many threads will read */
#define STORE_INSTANCES 4     /* default: processes that share the store */
#define STORE_READERS_MORE 64 /* for tools beside the server */
#define STORE_ID_MAX 64       /* longer identifiers were never issued */
#define STORE_KEY_MAX 200     /* LMDB allows 511 bytes */

#define STORE_USER_BLOCKED 1
#define STORE_USER_LARGE 2 /* turnover above AED 100 million */
#define STORE_USER_SMALL 4 /* turnover known, and not above it */

enum store_db {
    DB_META,
    DB_USERS,
    DB_LOGINS,
    DB_HOLDINGS,
    DB_ACCOUNTS,
    DB_RECORDS,
    DB_STATEMENTS,
    DB_CUSTOMERS,
    DB_IDENTITIES,
    DB_PAYEES,
    DB_ATMS,
    DB_PRODUCTS,
    DB_LEADS,
    DB_ORIGIN,
    DB_TX,
    DB_FX,
    DB_APPROVALS,
    DB_BANKS,
    DB_OUTCOMES,
    DB_POLICIES,
    DB_POLICYHOLDERS,
    DB_COUNT,
};

struct store_messages; /* messages.c */
struct payments;       /* payments.h */

struct store {
    MDB_env *env;
    struct store_messages *messages;
    struct payments *payments; /* NULL: not asked for */
    MDB_dbi db[DB_COUNT];
    char *data_file; /* of the environment */
    int64_t (*now_us)(void *clock);
    void *clock;
    uint32_t password_rounds;
    atomic_int_least64_t write_tried_s; /* by store_health, monotonic; 0: to be tried next time */
};

/* Its records: an element of the list, the payer's account, each part; of length 0: not held. */
#define STORE_POLICY_LISTED 0
#define STORE_POLICY_PAYER 1
#define STORE_POLICY_FIRST_PART 2
#define STORE_POLICY_RECORDS (STORE_POLICY_FIRST_PART + LFI_POLICY_PARTS)

struct policy_value {
    struct lfi_policy_facts facts;
    char starts[STORE_DAY_TEXT], last[STORE_DAY_TEXT]; /* as struct store_policy has them */
    uint32_t lengths[STORE_POLICY_RECORDS];
    uint32_t encrypt_premium; /* 1: it leaves the bank only encrypted */
};

struct account_value {
    uint64_t transactions;
    uint64_t fx;
    uint64_t statements;
    int64_t payment_limit; /* the customer's own, in fils; 0: none */
    uint32_t index;
    uint32_t status; /* enum lfi_account_status */
    char sub_type[32];
    char currency[8];
};

#define STORE_PAYEE_OPTED_OUT 1
#define STORE_PAYEE_BLOCKED_FOR_NOW 2
#define STORE_PAYEE_BLOCKED_FOR_GOOD 4

struct payee_value {
    uint32_t flags;
    uint32_t unused;
};

#define STORE_BANK_CODE 3
#define STORE_BANK_AANI 1
#define STORE_BANK_UAEFTS 2

struct bank_value {
    uint32_t flags;
    uint32_t answer_s; /* how much longer than others it takes to answer */
    char bic[12];
};

struct outcome_value {
    uint32_t what; /* enum store_outcome */
    uint32_t after_s;
    uint8_t rail, reason_by; /* enum lfi_rail */
    uint16_t code_len;       /* the message is the rest */
};

struct product_value {
    int64_t updated_us;
    int64_t effective_to_us;
    uint16_t brand_len, category_len;
    uint16_t sharia;
    uint16_t unused;
};

/* Products are records of the list STORE_PRODUCTS: this, then name, rates and JSON. */
struct account_product_value {
    uint32_t name_len, rates_len;
    uint32_t encrypt;
    uint32_t unused;
};

struct login_value {
    uint32_t rounds;
    uint16_t salt_len, hash_len, user_len;
    uint16_t unused;
};

/* --- environment (environment.c) -------------------------------------------------------------- */

/* LFI_UNAVAILABLE when disk or map are full, which passes; else LFI_FAILED. */
int store_fail(struct lfi_error *error, const char *what, int lmdb_code);
int store_say(struct lfi_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* LFI_FAILED */
/* Without options it is made. */
int store_env_open(MDB_env **env, MDB_dbi *db, const char *path,
                   const struct store_options *options, struct lfi_error *error);

/* How many threads may read at once. */
unsigned store_count_readers(const struct store_options *options);
/* The two texts joined; freed by the caller. NULL: out of memory. */
char *store_path_with(const char *path, const char *suffix);

/* 32 hexadecimal digits from the system's generator. */
bool store_new_id(struct lfi_id *out);

/* --- keys (keys.c) ---------------------------------------------------------------------------- */

/* Big enough for every key here. */
struct store_key {
    unsigned char bytes[STORE_KEY_MAX + 16];
    size_t len;
};

void key_start(struct store_key *key);
void key_add_u32(struct store_key *key, uint32_t value);
void key_add_u64(struct store_key *key, uint64_t value);
void key_add_byte(struct store_key *key, unsigned char value);
/* false when it does not fit or holds a zero byte: no such key was ever stored */
bool key_add_text(struct store_key *key, struct lfi_slice text);
/* user id, 0 */
bool key_user_prefix(struct store_key *key, struct lfi_slice user_id);
/* user id, 0, other id */
bool key_pair(struct store_key *key, struct lfi_slice user_id, struct lfi_slice other);
MDB_val key_val(const struct store_key *key);
bool key_is_prefix(const struct store_key *prefix, const MDB_val *key);
MDB_val val_of(struct lfi_slice text);

/* --- reading (read.c); results are lfi_status -------------------------------------------- */

/* Sees one entry of a walk; anything but LFI_OK ends it and is its result. */
typedef int read_visit_fn(void *ctx, const MDB_val *key, const MDB_val *value);

int read_begin(struct store *store, MDB_txn **txn, struct lfi_error *error);
/* Hands the value from its byte `skip` on to the answer. */
int read_answer(struct lfi_answer *answer, const MDB_val *value, size_t skip, const void *facts);
/* An account's records of a list, in the order in which they were added. */
int read_list(struct store *store, enum store_list list, struct lfi_slice account_id,
              read_visit_fn *visit, void *ctx, struct lfi_error *error);
/* Whether a query has nothing beyond `known` bytes; else the reason. */
int read_check_query(const struct lfi_query *query, size_t known, struct lfi_error *error);
/* The entries of a database whose key begins with the prefix (NULL: all), in key order. */
int read_walk(struct store *store, MDB_txn *txn, enum store_db db, const struct store_key *prefix,
              read_visit_fn *visit, void *ctx, struct lfi_error *error);
/* The same of any database. */
int read_walk_in(MDB_txn *txn, MDB_dbi dbi, const struct store_key *prefix, read_visit_fn *visit,
                 void *ctx, struct lfi_error *error);
/* The member of this name, wherever in the record it is; NULL: none. */
const struct cJSON *record_find(const struct cJSON *record, const char *name);
const char *record_find_text(const struct cJSON *record, const char *name);
/* The head of an account's value; the JSON follows it in *value. */
int read_account(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
                 struct account_value *head, MDB_val *value, struct lfi_error *error);

/* The value of an identifier that is a key by itself; LFI_UNKNOWN: there is none. */
int read_value(struct store *store, MDB_txn *txn, enum store_db db, struct lfi_slice id,
               MDB_val *value, struct lfi_error *error);
/* The user's role in the account; LFI_UNKNOWN: not held. */
int read_holding(struct store *store, MDB_txn *txn, struct lfi_slice user_id,
                 struct lfi_slice account_id, MDB_val *role, struct lfi_error *error);

/* Fills what the caller's struct has room for. */
void accounts_fill_facts(struct lfi_account_facts *out, struct lfi_slice account_id,
                         const struct account_value *head, const MDB_val *role);

/* --- lists of an account (series.c, products.c) ------------------------------------------------
 */

int series_transactions(void *core, const struct lfi_call *call,
                        const struct lfi_transaction_query *query, struct lfi_answer *answer,
                        struct lfi_error *error);
int series_statements(void *core, const struct lfi_call *call,
                      const struct lfi_statement_query *query, struct lfi_answer *answer,
                      struct lfi_error *error);
lfi_account_list_fn products_of_account;

/* --- who has an Emirates ID (identity.c) -------------------------------------------------------
 */

/* As lfi_identity.find, of an Emirates ID as people write it: hyphens are passed over. */
int identity_find(struct store *store, const char *emirates_id, struct lfi_person *out,
                  struct lfi_error *error);

/* --- levers (lever.c) --------------------------------------------------------------------------
 */

/* Adds a value that is not there yet, until a reset. Returns an LMDB code. */
int lever_add(struct store *store, MDB_txn *txn, enum store_db db, MDB_val key, MDB_val value);

/* --- approvals (approval.c), for store_signin --------------------------------------------------
 */

int approval_start(void *core, const struct lfi_call *call,
                   const struct lfi_approval_request *request, struct lfi_id *out,
                   struct lfi_error *error);
int approval_state(void *core, const struct lfi_call *call, const struct lfi_approval *approval,
                   enum lfi_approval_state *out, struct lfi_error *error);
int approval_withdraw(void *core, const struct lfi_call *call, const struct lfi_approval *approval,
                      struct lfi_error *error);
int approvals_waiting(void *core, const struct lfi_call *call, const struct lfi_query *query,
                      struct lfi_answer *answer, struct lfi_error *error);
int approval_decide(void *core, const struct lfi_call *call, const struct lfi_approval *approval,
                    int approve, struct lfi_error *error);

/* --- messages (messages.c) -------------------------------------------------------------------- */

struct store_messages *messages_new(void);
void messages_free(struct store_messages *messages);
int message_send(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                 struct lfi_slice text, struct lfi_error *error);
int messages_list(void *core, const struct lfi_call *call, const struct lfi_query *query,
                  struct lfi_answer *answer, struct lfi_error *error);

/* --- passwords (password.c) ------------------------------------------------------------------- */

/*
 * Default of a store; each hash carries its own number. OWASP Password Storage Cheat Sheet: 600,000
 * for PBKDF2-HMAC-SHA-256.
 */
#define PASSWORD_ROUNDS 600000
#define PASSWORD_ROUNDS_MIN 10000    /* a setting below is a mistake even in a demonstration */
#define PASSWORD_ROUNDS_MAX 10000000 /* some seconds of work */
#define PASSWORD_HASH_BYTES 32

/* PBKDF2-HMAC-SHA-256. */
bool password_hash(struct lfi_slice password, struct lfi_slice salt, uint32_t rounds,
                   unsigned char out[PASSWORD_HASH_BYTES]);

#endif
