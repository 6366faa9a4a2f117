/* lfi/accounts.h and lfi/customers.h over the store. */
#include "store/payments.h"

#include <string.h>

static int subject_in(struct store *store, MDB_txn *txn, const struct lfi_subject_query *query,
                      struct lfi_account_facts *out, struct lfi_error *error)
{
    MDB_val user;
    MDB_val role;
    MDB_val value;
    struct account_value head;
    int rc = read_holding(store, txn, query->user_id, query->account_id, &role, error);
    if (rc == LFI_UNKNOWN) {
        rc = read_value(store, txn, DB_USERS, query->user_id, &user, error);
        out->user_unknown = rc == LFI_UNKNOWN;
        return rc == LFI_OK ? LFI_UNKNOWN : rc;
    }
    if (rc == LFI_OK) {
        rc = read_account(store, txn, query->account_id, &head, &value, error);
    }
    if (rc == LFI_OK) {
        accounts_fill_facts(out, query->account_id, &head, &role);
    }
    return rc;
}

static int accounts_subject(void *core, const struct lfi_call *call,
                            const struct lfi_subject_query *query, struct lfi_account_facts *out,
                            struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    (void)call;
    int rc = read_begin(core, &txn, error);
    if (rc == LFI_OK) {
        rc = subject_in(core, txn, query, out, error);
        mdb_txn_abort(txn);
    }
    return rc;
}

/* --- account records -------------------------------------------------------------------------- */

struct holder {
    struct store *store;
    MDB_txn *txn;
    size_t prefix_len; /* of keys of holdings */
    struct lfi_answer *answer;
    struct lfi_error *error;
};

static int give_account(const struct holder *holder, struct lfi_slice account_id,
                        const MDB_val *role)
{
    struct account_value head;
    MDB_val value;
    struct lfi_account_facts facts = {.size = sizeof(facts)};
    int rc = read_account(holder->store, holder->txn, account_id, &head, &value, holder->error);
    if (rc != LFI_OK) {
        return rc;
    }
    accounts_fill_facts(&facts, account_id, &head, role);
    return read_answer(holder->answer, &value, sizeof(head), &facts);
}

static int visit_holding(void *ctx, const MDB_val *key, const MDB_val *role)
{
    const struct holder *holder = ctx;
    struct lfi_slice account_id = {(const char *)key->mv_data + holder->prefix_len,
                                   key->mv_size - holder->prefix_len};
    return give_account(holder, account_id, role);
}

static int give_all(struct holder *holder, struct lfi_slice user_id)
{
    struct store_key prefix;
    if (!key_user_prefix(&prefix, user_id)) {
        return LFI_UNKNOWN;
    }
    holder->prefix_len = prefix.len;
    return read_walk(holder->store, holder->txn, DB_HOLDINGS, &prefix, visit_holding, holder,
                     holder->error);
}

static int give_wanted(struct holder *holder, const struct lfi_held_query *query)
{
    int rc = LFI_OK;
    for (uint64_t i = 0; i < query->account_count && rc == LFI_OK; i++) {
        MDB_val role;
        rc = read_holding(holder->store, holder->txn, query->base.subject_id, query->account_ids[i],
                          &role, holder->error);
        if (rc == LFI_UNKNOWN) {
            rc = LFI_OK; /* left out */
        } else if (rc == LFI_OK) {
            rc = give_account(holder, query->account_ids[i], &role);
        }
    }
    return rc;
}

static int accounts_held(void *core, const struct lfi_call *call,
                         const struct lfi_held_query *query, struct lfi_answer *answer,
                         struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val user;
    (void)call;
    int rc = read_check_query(&query->base, sizeof(*query), error);
    if (rc != LFI_OK || (rc = read_begin(core, &txn, error)) != LFI_OK) {
        return rc;
    }
    rc = read_value(core, txn, DB_USERS, query->base.subject_id, &user, error);
    if (rc == LFI_OK) {
        struct holder holder = {.store = core, .txn = txn, .answer = answer, .error = error};
        rc = query->account_count > 0 ? give_wanted(&holder, query)
                                      : give_all(&holder, query->base.subject_id);
    }
    mdb_txn_abort(txn);
    return rc;
}

/* --- an account's lists ----------------------------------------------------------------------- */

static int give_list(struct store *store, enum store_list list, const struct lfi_query *query,
                     struct lfi_answer *answer, struct lfi_error *error)
{
    int rc = read_check_query(query, sizeof(*query), error);
    return rc == LFI_OK ? store_list(store, list, query->subject_id, answer, error) : rc;
}

#define LIST_FUNCTION(name, list)                                                                  \
    static int name(void *core, const struct lfi_call *call, const struct lfi_query *query,        \
                    struct lfi_answer *answer, struct lfi_error *error)                            \
    {                                                                                              \
        (void)call;                                                                                \
        return give_list(core, list, query, answer, error);                                        \
    }

LIST_FUNCTION(accounts_beneficiaries, STORE_BENEFICIARIES)
LIST_FUNCTION(accounts_direct_debits, STORE_DIRECT_DEBITS)
LIST_FUNCTION(accounts_scheduled_payments, STORE_SCHEDULED_PAYMENTS)
LIST_FUNCTION(accounts_standing_orders, STORE_STANDING_ORDERS)
LIST_FUNCTION(accounts_customers, STORE_CUSTOMERS)

static int accounts_balances(void *core, const struct lfi_call *call, const struct lfi_query *query,
                             struct lfi_answer *answer, struct lfi_error *error)
{
    struct store *store = core;
    (void)call;
    if (!store->payments) {
        return give_list(store, STORE_BALANCES, query, answer, error);
    }
    int rc = read_check_query(query, sizeof(*query), error);
    return rc == LFI_OK ? ledger_balances(store, query->subject_id, answer, error) : rc;
}

const struct lfi_accounts store_accounts = {
    .size = sizeof(struct lfi_accounts),
    .subject = accounts_subject,
    .held = accounts_held,
    .balances = accounts_balances,
    .beneficiaries = accounts_beneficiaries,
    .direct_debits = accounts_direct_debits,
    .scheduled_payments = accounts_scheduled_payments,
    .standing_orders = accounts_standing_orders,
    .customers = accounts_customers,
    .products = products_of_account,
    .transactions = series_transactions,
    .statements = series_statements,
};

/* --- customers -------------------------------------------------------------------------------- */

static int customers_exists(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                            struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val value;
    (void)call;
    int rc = read_begin(core, &txn, error);
    if (rc == LFI_OK) {
        rc = read_value(core, txn, DB_USERS, user_id, &value, error);
        mdb_txn_abort(txn);
    }
    return rc;
}

static int customers_customer(void *core, const struct lfi_call *call,
                              const struct lfi_query *query, struct lfi_answer *answer,
                              struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val value;
    (void)call;
    int rc = read_check_query(query, sizeof(*query), error);
    if (rc != LFI_OK || (rc = read_begin(core, &txn, error)) != LFI_OK) {
        return rc;
    }
    rc = read_value(core, txn, DB_CUSTOMERS, query->subject_id, &value, error);
    if (rc == LFI_OK) {
        rc = read_answer(answer, &value, 0, NULL);
    }
    mdb_txn_abort(txn);
    return rc;
}

static int customers_billing(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                             struct lfi_billing *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val value;
    (void)call;
    int rc = read_begin(core, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    rc = read_value(core, txn, DB_USERS, user_id, &value, error);
    if (rc == LFI_OK) {
        int flags = value.mv_size > 0 ? *(const unsigned char *)value.mv_data : 0;
        out->large_corporate = flags & STORE_USER_LARGE   ? LFI_YES
                               : flags & STORE_USER_SMALL ? LFI_NO
                                                          : LFI_NOT_KNOWN;
    }
    mdb_txn_abort(txn);
    return rc;
}

const struct lfi_customers store_customers = {
    .size = sizeof(struct lfi_customers),
    .exists = customers_exists,
    .customer = customers_customer,
    .billing = customers_billing,
};
