/*
 * Inside the LMDB driver: tables, keys, transactions. One environment holds the state of all
 * providers; every key but those of `meta` begins with the provider and a zero byte.
 *
 *   meta      "format" -> LMDB_FORMAT, "written" -> when health wrote last
 *   counts    (provider) -> struct task_counts
 *   claims    key -> struct claim_head, then the result
 *   expiry    time, claim key -> nothing: which claims can go
 *   limits    key -> times of use (8 bytes each), newest last
 *   tasks     key -> struct task_head, then destination and record
 *   due       time, task key -> nothing: in which order tasks are due
 *   turns     destination -> key of the task that keeps its others waiting
 *   cursors   key -> cursor
 *   records   key -> record
 *   passkeys  customer, 0, passkey id -> struct passkey_head, then the record
 *   owners    passkey id -> customer
 *   figures   day, operation -> failed, then the buckets, 4 bytes each
 *
 * Integers in keys are big-endian so that they sort; in values they are the machine's.
 *
 * Functions return an lfi_status; codes of LMDB do not leave lmdb.c and lmdb_driver.c.
 */
#ifndef STATE_LMDB_H
#define STATE_LMDB_H

#include "state/driver.h"

#include <lmdb.h>
#include <stdatomic.h>

#define LMDB_FORMAT "lfi-state 3"

enum lmdb_table {
    TABLE_META,
    TABLE_COUNTS,
    TABLE_CLAIMS,
    TABLE_EXPIRY,
    TABLE_LIMITS,
    TABLE_TASKS,
    TABLE_DUE,
    TABLE_TURNS,
    TABLE_CURSORS,
    TABLE_PASSKEYS,
    TABLE_OWNERS,
    TABLE_RECORDS, /* from here on: younger than the format, made when they are missing */
    TABLE_FIGURES,
    TABLE_COUNT,
};

extern const char *const lmdb_table_names[TABLE_COUNT];

struct lmdb_store {
    MDB_env *env;
    MDB_dbi table[TABLE_COUNT];
    char *data_file; /* of the environment */
    uint32_t max_tasks;
    atomic_int_least64_t write_tried_s; /* by health, monotonic; 0: to be tried next time */
};

/* --- keys ------------------------------------------------------------------------------------- */

/* Big enough for every key: provider, 0, a time or a customer, 0, key. */
struct lmdb_key {
    unsigned char bytes[STATE_PROVIDER_MAX + 1 + STATE_ID_MAX + 1 + STATE_KEY_MAX];
    size_t len;
};

/* provider, 0. False when the provider does not fit. */
bool lmdb_key_provider(struct lmdb_key *key, const struct state_call *call);
/* provider, 0, the call's key. False when one does not fit: no such key was ever kept. */
bool lmdb_key_own(struct lmdb_key *key, const struct state_call *call);
/* provider, 0, time, text. */
bool lmdb_key_timed(struct lmdb_key *key, const struct state_call *call, int64_t time,
                    struct lfi_slice text);
/* provider, 0, customer, 0, passkey id; without the id, what all of the customer begin with. */
bool lmdb_key_passkey(struct lmdb_key *key, const struct state_call *call, struct lfi_slice user_id,
                      struct lfi_slice passkey_id);
/* What follows the first `skip` bytes of a key in the store. */
struct lfi_slice lmdb_key_rest(const MDB_val *key, size_t skip);

/* --- transactions ----------------------------------------------------------------------------- */

struct lmdb_txn {
    struct lmdb_store *store;
    MDB_txn *txn;
    struct lfi_error *error;
};

int lmdb_begin(struct lmdb_txn *txn, void *store, bool writes, struct lfi_error *error);
/* Ends a transaction: what was done is on disk when `status` and the result are LFI_OK. */
int lmdb_end(struct lmdb_txn *txn, int status);

/* LFI_UNAVAILABLE when disk or map are full or slots are lacking; else LFI_FAILED. */
int lmdb_fail(struct lfi_error *error, const char *what, int code);
/* LFI_FAILED. */
int lmdb_refuse(struct lfi_error *error, const char *what);

/* The value, valid until the next change; LFI_UNKNOWN: there is none. */
int lmdb_get(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_key *key, MDB_val *out);
/* The same with its head copied to *head; *rest is what follows. */
int lmdb_get_head(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_key *key,
                  MDB_val *head, struct lfi_slice *rest);
/* Puts head and rest as one value in place of any old one. Neither lies in the store. */
int lmdb_put(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_key *key, MDB_val head,
             struct lfi_slice rest);
/* LFI_UNKNOWN: there was none. */
int lmdb_delete(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_key *key);

/* --- walks ------------------------------------------------------------------------------------ */

enum lmdb_step { LMDB_GO_ON, LMDB_DELETE, LMDB_STOP };

/* Sees one entry; LMDB_DELETE deletes it and goes on. */
typedef enum lmdb_step lmdb_visit_fn(void *ctx, const MDB_val *key, const MDB_val *value);

/* From `first` on, all keys that begin as it does. */
struct lmdb_range {
    const struct lmdb_key *first;
    size_t prefix_len;
};

/* The entries of a range, in key order. */
int lmdb_walk(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_range *range,
              lmdb_visit_fn *visit, void *ctx);

/* --- tasks ------------------------------------------------------------------------------------ */

/* As task_put, within a transaction. */
int lmdb_keep_task(struct lmdb_txn *txn, const struct state_call *call,
                   const struct state_task *task);

/* --- the driver's functions ------------------------------------------------------------------- */

int lmdb_claim(void *store, const struct state_call *call, uint32_t ttl_s,
               const struct state_sink *sink, enum state_claim *out);
int lmdb_claim_settle(void *store, const struct state_call *call, struct lfi_slice result);
int lmdb_claim_find(void *store, const struct state_call *call, const struct state_sink *sink);
int lmdb_limit_take(void *store, const struct state_call *call,
                    const struct state_allowance *allowance, uint32_t *wait_s);
int lmdb_limit_give_back(void *store, const struct state_call *call);
int lmdb_task_put(void *store, const struct state_call *call, const struct state_task *task);
int lmdb_task_take(void *store, const struct state_call *call, uint32_t hold_s,
                   const struct state_sink *sink);
int lmdb_task_find(void *store, const struct state_call *call, const struct state_sink *sink);
int lmdb_task_done(void *store, const struct state_call *call);
int lmdb_task_counts(void *store, const struct state_call *call, struct state_task_counts *out);
int lmdb_tasks_parked(void *store, const struct state_call *call,
                      const struct state_task_sink *sink);
int lmdb_cursor_find(void *store, const struct state_call *call, const struct state_sink *sink);
int lmdb_cursor_move(void *store, const struct state_call *call,
                     const struct state_cursor_move *move);
int lmdb_record_find(void *store, const struct state_call *call, const struct state_sink *sink);
int lmdb_record_replace(void *store, const struct state_call *call, struct lfi_slice was,
                        struct lfi_slice record);
int lmdb_passkey_add(void *store, const struct state_call *call,
                     const struct state_passkey *passkey);
int lmdb_passkey_find(void *store, const struct state_call *call,
                      const struct state_passkey_sink *sink);
int lmdb_passkey_use(void *store, const struct state_call *call, struct lfi_slice user_id,
                     uint32_t counter);
int lmdb_passkey_remove(void *store, const struct state_call *call, struct lfi_slice user_id);
int lmdb_passkeys(void *store, const struct state_call *call, struct lfi_slice user_id,
                  const struct state_passkey_sink *sink);
int lmdb_figures_add(void *store, const struct state_call *call, const struct state_figure *figures,
                     size_t count);
int lmdb_figures(void *store, const struct state_call *call, const struct state_figure_sink *sink);
int lmdb_health(void *store, const struct state_call *call, struct state_health *out);

#endif
