/* Building a store: a new environment beside the old one, put in its place at commit. */
#include "store/internal.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PUTS_PER_COMMIT 20000 /* keeps the pages that LMDB holds dirty bounded */

struct store_builder {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi db[DB_COUNT];
    char *path;  /* where it goes */
    char *fresh; /* where it is built */
    unsigned puts;
    uint32_t accounts;
    /* the account that is being filled, its counts, and the last of what it got */
    char account_id[STORE_ID_MAX + 1];
    struct account_value head;
    lfi_wall_us last_booking;
    struct store_statement_days last_statement;
    char last_id[256];
    size_t last_id_len;
};

static void remove_store(const char *path)
{
    static const char *const FILES[] = {"/data.mdb", "/lock.mdb"};
    for (size_t i = 0; i < 2; i++) {
        char *file = store_path_with(path, FILES[i]);
        if (file) {
            (void)unlink(file);
            free(file);
        }
    }
    (void)rmdir(path);
}

static int put(struct store_builder *b, enum store_db db, MDB_val key, MDB_val value,
               unsigned flags, struct lfi_error *error)
{
    int rc = mdb_put(b->txn, b->db[db], &key, &value, flags);
    if (rc == MDB_KEYEXIST) {
        return store_say(error, "%.*s is there already", (int)key.mv_size,
                         (const char *)key.mv_data);
    }
    if (rc == 0 && ++b->puts >= PUTS_PER_COMMIT) {
        b->puts = 0;
        rc = mdb_txn_commit(b->txn);
        b->txn = NULL;
        if (rc == 0) {
            rc = mdb_txn_begin(b->env, NULL, 0, &b->txn);
        }
    }
    return rc == 0 ? LFI_OK : store_fail(error, "put", rc);
}

/* A value made of a head and a text. */
static int put_joined(struct store_builder *b, enum store_db db, MDB_val key, const void *head,
                      size_t head_len, struct lfi_slice text, struct lfi_error *error)
{
    char *joined = malloc(head_len + text.len);
    if (!joined) {
        return store_say(error, "out of memory");
    }
    memcpy(joined, head, head_len);
    memcpy(joined + head_len, text.ptr, text.len);
    int rc = put(b, db, key, (MDB_val){head_len + text.len, joined}, MDB_NOOVERWRITE, error);
    free(joined);
    return rc;
}

static int put_meta(struct store_builder *b, const char *name, const char *value,
                    struct lfi_error *error)
{
    return put(b, DB_META, val_of((struct lfi_slice){name, strlen(name)}),
               val_of((struct lfi_slice){value, strlen(value)}), 0, error);
}

int store_builder_new(struct store_builder **out, const char *path, const char *segment,
                      struct lfi_error *error)
{
    int rc = LFI_FAILED;
    *out = NULL;
    struct store_builder *b = calloc(1, sizeof(*b));
    if (!b || !(b->path = store_path_with(path, "")) ||
        !(b->fresh = store_path_with(path, ".new"))) {
        (void)store_say(error, "out of memory");
        goto out;
    }
    remove_store(b->fresh);
    if (mkdir(b->fresh, 0700) != 0) {
        (void)store_say(error, "cannot make %.180s: %s", b->fresh, strerror(errno));
        goto out;
    }
    rc = store_env_open(&b->env, b->db, b->fresh, NULL, error);
    if (rc == LFI_OK && (rc = mdb_txn_begin(b->env, NULL, 0, &b->txn)) != 0) {
        rc = store_fail(error, "begin", rc);
    }
    if (rc == LFI_OK) {
        rc = put_meta(b, "format", STORE_FORMAT, error);
    }
    if (rc == LFI_OK) {
        rc = put_meta(b, "segment", segment, error);
    }
out:
    if (rc != LFI_OK) {
        store_builder_abandon(b);
        return -1;
    }
    *out = b;
    return 0;
}

static void free_builder(struct store_builder *b)
{
    if (b->txn) {
        mdb_txn_abort(b->txn);
    }
    if (b->env) {
        mdb_env_close(b->env);
    }
    free(b->path);
    free(b->fresh);
    free(b);
}

void store_builder_abandon(struct store_builder *b)
{
    if (!b) {
        return;
    }
    if (b->fresh) {
        remove_store(b->fresh);
    }
    free_builder(b);
}

static bool good_id(const char *id)
{
    size_t len = id ? strlen(id) : 0;
    return len > 0 && len <= 40;
}

int store_builder_user(struct store_builder *b, const struct store_user *user,
                       struct lfi_error *error)
{
    unsigned char flags = user->blocked ? STORE_USER_BLOCKED : 0;
    unsigned char hash[PASSWORD_HASH_BYTES];
    unsigned char head[sizeof(struct login_value) + 256 + PASSWORD_HASH_BYTES];
    if (!good_id(user->user_id)) {
        return store_say(error, "user id of wrong length");
    }
    struct lfi_slice user_id = {user->user_id, strlen(user->user_id)};
    int rc = put(b, DB_USERS, val_of(user_id), (MDB_val){1, &flags}, MDB_NOOVERWRITE, error);
    if (rc != LFI_OK || !user->login) {
        return rc;
    }
    uint32_t rounds = user->rounds > 0 ? user->rounds : PASSWORD_ROUNDS;
    struct lfi_slice salt = {user->salt, strlen(user->salt)};
    struct lfi_slice login = {user->login, strlen(user->login)};
    if (login.len == 0 || login.len > STORE_ID_MAX || strchr(user->login, ' ') || salt.len > 256 ||
        !password_hash((struct lfi_slice){user->password, strlen(user->password)}, salt, rounds,
                       hash)) {
        return store_say(error, "login %.64s cannot be stored", user->login);
    }
    struct login_value value = {.rounds = rounds,
                                .salt_len = (uint16_t)salt.len,
                                .hash_len = sizeof(hash),
                                .user_len = (uint16_t)user_id.len};
    memcpy(head, &value, sizeof(value));
    memcpy(head + sizeof(value), salt.ptr, salt.len);
    memcpy(head + sizeof(value) + salt.len, hash, sizeof(hash));
    return put_joined(b, DB_LOGINS, val_of(login), head, sizeof(value) + salt.len + sizeof(hash),
                      user_id, error);
}

int store_builder_billing(struct store_builder *b, const char *user_id, bool large,
                          struct lfi_error *error)
{
    MDB_val value;
    MDB_val key = val_of((struct lfi_slice){user_id, strlen(user_id)});
    int rc = mdb_get(b->txn, b->db[DB_USERS], &key, &value);
    if (rc != 0) {
        return store_fail(error, "user", rc);
    }
    unsigned char flags = *(const unsigned char *)value.mv_data;
    flags |= large ? STORE_USER_LARGE : STORE_USER_SMALL;
    return put(b, DB_USERS, key, (MDB_val){1, &flags}, 0, error);
}

/* A text of the record, empty when it has none. */
static bool copy_member(char *out, size_t size, const cJSON *record, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, name));
    int len = snprintf(out, size, "%s", text ? text : "");
    return len >= 0 && (size_t)len < size;
}

int store_builder_account(struct store_builder *b, const char *account_id,
                          enum lfi_account_status status, struct lfi_slice json,
                          struct lfi_error *error)
{
    if (!good_id(account_id)) {
        return store_say(error, "account id of wrong length");
    }
    struct account_value head = {.index = b->accounts++, .status = (uint32_t)status};
    cJSON *account = cJSON_ParseWithLength(json.ptr, json.len);
    bool fits = copy_member(head.sub_type, sizeof(head.sub_type), account, "accountSubType") &&
                copy_member(head.currency, sizeof(head.currency), account, "currency");
    cJSON_Delete(account);
    if (!fits) {
        return store_say(error, "account %s: sub-type or currency too long", account_id);
    }
    return put_joined(b, DB_ACCOUNTS, val_of((struct lfi_slice){account_id, strlen(account_id)}),
                      &head, sizeof(head), json, error);
}

static int get_account(struct store_builder *b, const char *account_id, struct account_value *head,
                       MDB_val *value, struct lfi_error *error)
{
    MDB_val key = val_of((struct lfi_slice){account_id, strlen(account_id)});
    int rc = mdb_get(b->txn, b->db[DB_ACCOUNTS], &key, value);
    if (rc != 0) {
        return store_fail(error, account_id, rc);
    }
    memcpy(head, value->mv_data, sizeof(*head));
    return LFI_OK;
}

int store_builder_holding(struct store_builder *b, const char *user_id, const char *account_id,
                          const char *role, struct lfi_error *error)
{
    struct store_key key;
    struct account_value head;
    MDB_val value;
    struct lfi_slice user = {user_id, strlen(user_id)};
    MDB_val user_key = val_of(user);
    int rc = mdb_get(b->txn, b->db[DB_USERS], &user_key, &value);
    if (rc != 0) {
        return store_fail(error, user_id, rc);
    }
    rc = get_account(b, account_id, &head, &value, error);
    if (rc == LFI_OK) {
        (void)key_pair(&key, user, (struct lfi_slice){account_id, strlen(account_id)});
        rc = put(b, DB_HOLDINGS, key_val(&key), val_of((struct lfi_slice){role, strlen(role)}),
                 MDB_NOOVERWRITE, error);
    }
    return rc;
}

int store_builder_record(struct store_builder *b, enum store_list list, const char *account_id,
                         struct lfi_slice json, struct lfi_error *error)
{
    struct account_value head;
    MDB_val value;
    MDB_stat stat;
    struct store_key key;
    int rc = get_account(b, account_id, &head, &value, error);
    if (rc != LFI_OK) {
        return rc;
    }
    if ((rc = mdb_stat(b->txn, b->db[DB_RECORDS], &stat)) != 0) {
        return store_fail(error, "records", rc);
    }
    key_start(&key);
    key_add_u32(&key, head.index);
    key_add_byte(&key, (unsigned char)list);
    key_add_u64(&key, stat.ms_entries);
    return put(b, DB_RECORDS, key_val(&key), val_of(json), MDB_NOOVERWRITE, error);
}

int store_builder_customer(struct store_builder *b, const char *user_id, struct lfi_slice json,
                           struct lfi_error *error)
{
    struct lfi_slice user = {user_id, strlen(user_id)};
    MDB_val key = val_of(user);
    MDB_val value;
    int rc = mdb_get(b->txn, b->db[DB_USERS], &key, &value);
    if (rc != 0) {
        return store_fail(error, user_id, rc);
    }
    return put(b, DB_CUSTOMERS, key, val_of(json), MDB_NOOVERWRITE, error);
}

int store_builder_identity(struct store_builder *b, const char *user_id, const char *emirates_id,
                           struct lfi_error *error)
{
    struct store_key key;
    if (!key_pair(&key, (struct lfi_slice){emirates_id, strlen(emirates_id)},
                  (struct lfi_slice){user_id, strlen(user_id)})) {
        return store_say(error, "Emirates ID or user id of wrong length");
    }
    return put(b, DB_IDENTITIES, key_val(&key), (MDB_val){0, NULL}, MDB_NOOVERWRITE, error);
}

int store_builder_account_product(struct store_builder *b, const char *account_id,
                                  struct lfi_slice json,
                                  const struct lfi_account_product_facts *product,
                                  struct lfi_error *error)
{
    struct account_product_value head = {.name_len = (uint32_t)product->name.len,
                                         .rates_len = (uint32_t)product->finance_rates.len,
                                         .encrypt = product->encrypt != 0};
    size_t len = sizeof(head) + product->name.len + product->finance_rates.len + json.len;
    char *joined = malloc(len);
    if (!joined) {
        return store_say(error, "out of memory");
    }
    char *at = joined;
    memcpy(at, &head, sizeof(head));
    at += sizeof(head);
    memcpy(at, product->name.ptr, product->name.len);
    at += product->name.len;
    if (product->finance_rates.len > 0) {
        memcpy(at, product->finance_rates.ptr, product->finance_rates.len);
        at += product->finance_rates.len;
    }
    memcpy(at, json.ptr, json.len);
    int rc =
        store_builder_record(b, STORE_PRODUCTS, account_id, (struct lfi_slice){joined, len}, error);
    free(joined);
    return rc;
}

int store_builder_payee(struct store_builder *b, const struct store_payee_entry *payee,
                        struct lfi_error *error)
{
    struct account_value account;
    MDB_val value;
    struct payee_value head = {.flags =
                                   (payee->opted_out ? STORE_PAYEE_OPTED_OUT : 0U) |
                                   (payee->blocked_for_now ? STORE_PAYEE_BLOCKED_FOR_NOW : 0U) |
                                   (payee->blocked_for_good ? STORE_PAYEE_BLOCKED_FOR_GOOD : 0U)};
    int rc = get_account(b, payee->account_id, &account, &value, error);
    if (rc != LFI_OK) {
        return rc;
    }
    struct lfi_slice iban = {payee->iban, strlen(payee->iban)};
    struct lfi_slice account_id = {payee->account_id, strlen(payee->account_id)};
    return put_joined(b, DB_PAYEES, val_of(iban), &head, sizeof(head), account_id, error);
}

int store_builder_opening(struct store_builder *b, struct lfi_slice json, struct lfi_error *error)
{
    return put(b, DB_META,
               val_of((struct lfi_slice){STORE_META_OPENING, strlen(STORE_META_OPENING)}),
               val_of(json), MDB_NOOVERWRITE, error);
}

int store_builder_atm(struct store_builder *b, const char *atm_id, int64_t updated_us,
                      struct lfi_slice json, struct lfi_error *error)
{
    return put_joined(b, DB_ATMS, val_of((struct lfi_slice){atm_id, strlen(atm_id)}), &updated_us,
                      sizeof(updated_us), json, error);
}

int store_builder_bank(struct store_builder *b, const struct store_bank *bank,
                       struct lfi_error *error)
{
    struct bank_value head = {.flags = (bank->aani ? STORE_BANK_AANI : 0U) |
                                       (bank->uaefts ? STORE_BANK_UAEFTS : 0U),
                              .answer_s = bank->answer_s};
    if (strlen(bank->code) != STORE_BANK_CODE || strlen(bank->bic) >= sizeof(head.bic)) {
        return store_say(error, "bank %.20s: its code or BIC is of wrong length", bank->code);
    }
    memcpy(head.bic, bank->bic, strlen(bank->bic));
    return put_joined(b, DB_BANKS, val_of((struct lfi_slice){bank->code, STORE_BANK_CODE}), &head,
                      sizeof(head), (struct lfi_slice){bank->name, strlen(bank->name)}, error);
}

int store_builder_outcome(struct store_builder *b, const struct store_outcome_row *row,
                          struct lfi_error *error)
{
    char key[32];
    char texts[1024];
    const char *code = row->code ? row->code : "";
    const char *message = row->message ? row->message : "";
    enum lfi_rail rail = row->aani ? LFI_RAIL_AANI : row->uaefts ? LFI_RAIL_UAEFTS : LFI_RAIL_NONE;
    const struct outcome_value head = {.what = row->what,
                                       .after_s = row->after_s,
                                       .rail = (uint8_t)rail,
                                       .reason_by = (uint8_t)(row->by_rail ? rail : LFI_RAIL_NONE),
                                       .code_len = (uint16_t)strlen(code)};
    if (strlen(code) > 35 || strlen(message) > 500) {
        return store_say(error, "the reason of an outcome is too long");
    }
    if (row->iban) {
        (void)snprintf(key, sizeof(key), "%.31s", row->iban);
    } else {
        (void)snprintf(key, sizeof(key), "=%lld", (long long)row->amount);
    }
    (void)snprintf(texts, sizeof(texts), "%s%s", code, message);
    return put_joined(b, DB_OUTCOMES, val_of((struct lfi_slice){key, strlen(key)}), &head,
                      sizeof(head), (struct lfi_slice){texts, strlen(texts)}, error);
}

int store_builder_product(struct store_builder *b, const struct store_product *product,
                          struct lfi_error *error)
{
    unsigned char head[sizeof(struct product_value) + 256];
    size_t brand_len = strlen(product->brand_id);
    size_t category_len = strlen(product->category);
    if (!good_id(product->product_id) || brand_len + category_len > 256) {
        return store_say(error, "product id, brand or category of wrong length");
    }
    struct product_value value = {.updated_us = product->updated_us,
                                  .effective_to_us = product->effective_to_us,
                                  .brand_len = (uint16_t)brand_len,
                                  .category_len = (uint16_t)category_len,
                                  .sharia = product->sharia};
    memcpy(head, &value, sizeof(value));
    memcpy(head + sizeof(value), product->brand_id, brand_len);
    memcpy(head + sizeof(value) + brand_len, product->category, category_len);
    struct lfi_slice id = {product->product_id, strlen(product->product_id)};
    return put_joined(b, DB_PRODUCTS, val_of(id), head, sizeof(value) + brand_len + category_len,
                      product->json, error);
}

/* --- policies --------------------------------------------------------------------------------- */

int store_builder_policy(struct store_builder *b, const struct store_policy *policy,
                         struct lfi_error *error)
{
    struct policy_value value = {.facts = policy->facts,
                                 .encrypt_premium = policy->encrypt_premium};
    struct lfi_slice records[STORE_POLICY_RECORDS] = {policy->listed, policy->payer};
    size_t len = 0;
    memcpy(value.starts, policy->starts, sizeof(value.starts));
    memcpy(value.last, policy->last, sizeof(value.last));
    memcpy(&records[STORE_POLICY_FIRST_PART], policy->parts, sizeof(policy->parts));
    for (size_t i = 0; i < STORE_POLICY_RECORDS; i++) {
        value.lengths[i] = (uint32_t)records[i].len;
        len += records[i].len;
    }
    char *joined = malloc(len + 1);
    if (!joined || !good_id(policy->facts.policy_id)) {
        free(joined);
        return store_say(error, "policy id of wrong length, or out of memory");
    }
    for (size_t i = 0, at = 0; i < STORE_POLICY_RECORDS; at += records[i].len, i++) {
        if (records[i].len > 0) {
            memcpy(joined + at, records[i].ptr, records[i].len);
        }
    }
    struct lfi_slice id = {policy->facts.policy_id, strlen(policy->facts.policy_id)};
    int rc = put_joined(b, DB_POLICIES, val_of(id), &value, sizeof(value),
                        (struct lfi_slice){joined, len}, error);
    free(joined);
    return rc;
}

int store_builder_policyholder(struct store_builder *b, const char *user_id, const char *policy_id,
                               struct lfi_error *error)
{
    struct store_key key;
    struct lfi_slice user = {user_id, strlen(user_id)};
    if (!key_pair(&key, user, (struct lfi_slice){policy_id, strlen(policy_id)})) {
        return store_say(error, "user or policy id of wrong length");
    }
    return put(b, DB_POLICYHOLDERS, key_val(&key), (MDB_val){0, NULL}, MDB_NOOVERWRITE, error);
}

/* Booking order, ties by id: what the ordinals promise. */
static int check_order(struct store_builder *b, const char *account_id, bool first,
                       const struct store_transaction *t, struct lfi_error *error)
{
    if (t->id.len == 0 || t->id.len > sizeof(b->last_id)) {
        return store_say(error, "%s: transaction id of wrong length", account_id);
    }
    if (!first) {
        size_t shorter = t->id.len < b->last_id_len ? t->id.len : b->last_id_len;
        int order = memcmp(t->id.ptr, b->last_id, shorter);
        if (order == 0) {
            order = t->id.len > b->last_id_len ? 1 : -1;
        }
        if (t->booking < b->last_booking || (t->booking == b->last_booking && order < 0)) {
            return store_say(error, "%s: transactions out of order", account_id);
        }
    }
    b->last_booking = t->booking;
    memcpy(b->last_id, t->id.ptr, t->id.len);
    b->last_id_len = t->id.len;
    return LFI_OK;
}

/* Writes the counts of the account that was filled. */
static int close_account(struct store_builder *b, struct lfi_error *error)
{
    struct account_value old;
    MDB_val account;
    if (b->account_id[0] == '\0') {
        return LFI_OK;
    }
    int rc = get_account(b, b->account_id, &old, &account, error);
    if (rc != LFI_OK) {
        return rc;
    }
    char *copy = malloc(account.mv_size);
    if (!copy) {
        return store_say(error, "out of memory");
    }
    memcpy(copy, account.mv_data, account.mv_size);
    memcpy(copy, &b->head, sizeof(b->head));
    rc = put(b, DB_ACCOUNTS, val_of((struct lfi_slice){b->account_id, strlen(b->account_id)}),
             (MDB_val){account.mv_size, copy}, 0, error);
    free(copy);
    b->account_id[0] = '\0';
    return rc;
}

static int open_account(struct store_builder *b, const char *account_id, struct lfi_error *error)
{
    MDB_val account;
    if (strcmp(b->account_id, account_id) == 0) {
        return LFI_OK;
    }
    int rc = close_account(b, error);
    if (rc == LFI_OK) {
        rc = get_account(b, account_id, &b->head, &account, error);
    }
    if (rc != LFI_OK) {
        return rc;
    }
    if (b->head.transactions > 0 || b->head.statements > 0) {
        return store_say(error, "%s: what an account has must come together", account_id);
    }
    (void)snprintf(b->account_id, sizeof(b->account_id), "%s", account_id);
    return LFI_OK;
}

int store_builder_payment_limit(struct store_builder *b, const char *account_id, int64_t minor,
                                struct lfi_error *error)
{
    int rc = open_account(b, account_id, error);
    if (rc == LFI_OK) {
        b->head.payment_limit = minor;
    }
    return rc;
}

int store_builder_transaction(struct store_builder *b, const char *account_id,
                              const struct store_transaction *t, struct lfi_error *error)
{
    struct store_key key;
    int rc = open_account(b, account_id, error);
    if (rc == LFI_OK) {
        rc = check_order(b, account_id, b->head.transactions == 0, t, error);
    }
    if (rc != LFI_OK) {
        return rc;
    }
    if (t->fx) {
        int64_t entry[2] = {t->booking, (int64_t)b->head.transactions};
        key_start(&key);
        key_add_u32(&key, b->head.index);
        key_add_u64(&key, b->head.fx++);
        rc = put(b, DB_FX, key_val(&key), (MDB_val){sizeof(entry), entry}, MDB_NOOVERWRITE, error);
        if (rc != LFI_OK) {
            return rc;
        }
    }
    key_start(&key);
    key_add_u32(&key, b->head.index);
    key_add_u64(&key, b->head.transactions++);
    return put_joined(b, DB_TX, key_val(&key), &t->booking, sizeof(t->booking), t->json, error);
}

int store_builder_statement(struct store_builder *b, const char *account_id,
                            const struct store_statement_days *days, struct lfi_slice json,
                            struct lfi_error *error)
{
    struct store_key key;
    int rc = open_account(b, account_id, error);
    if (rc != LFI_OK) {
        return rc;
    }
    if (b->head.statements > 0 &&
        (days->opening <= b->last_statement.opening || days->dated <= b->last_statement.dated)) {
        return store_say(error, "%s: statements out of order", account_id);
    }
    b->last_statement = *days;
    key_start(&key);
    key_add_u32(&key, b->head.index);
    key_add_u64(&key, b->head.statements++);
    return put_joined(b, DB_STATEMENTS, key_val(&key), days, sizeof(*days), json, error);
}

/* Where the file system cannot exchange: what was there comes back when the second step fails. */
static int replace_in_two_steps(const struct store_builder *b, struct lfi_error *error)
{
    char *old = store_path_with(b->path, ".old");
    int rc = LFI_OK;

    if (!old) {
        return store_say(error, "out of memory");
    }
    remove_store(old);
    if (rename(b->path, old) != 0) {
        rc = store_say(error, "cannot move %.180s: %s", b->path, strerror(errno));
    } else if (rename(b->fresh, b->path) != 0) {
        rc = store_say(error, "cannot put %.180s in place: %s", b->path, strerror(errno));
        (void)rename(old, b->path);
    } else {
        remove_store(old);
    }
    free(old);
    return rc;
}

/* In one step, so that there is a whole store at the path at any instant. */
static int put_in_place(const struct store_builder *b, struct lfi_error *error)
{
    if (renameat2(AT_FDCWD, b->fresh, AT_FDCWD, b->path, RENAME_EXCHANGE) == 0) {
        remove_store(b->fresh); /* which is the old one now */
        return LFI_OK;
    }
    if (errno == EINVAL || errno == ENOSYS) {
        struct stat info;
        if (stat(b->path, &info) == 0) {
            return replace_in_two_steps(b, error);
        }
        errno = ENOENT;
    }
    if (errno != ENOENT || rename(b->fresh, b->path) != 0) {
        return store_say(error, "cannot put %.180s in place: %s", b->path, strerror(errno));
    }
    return LFI_OK;
}

int store_builder_commit(struct store_builder *b, struct lfi_error *error)
{
    int rc = close_account(b, error);
    if (rc == LFI_OK) {
        rc = mdb_txn_commit(b->txn);
        b->txn = NULL;
        rc = rc == 0 ? mdb_env_sync(b->env, 1) : rc;
        rc = rc == 0 ? LFI_OK : store_fail(error, "commit", rc);
    }
    if (rc == LFI_OK) {
        mdb_env_close(b->env);
        b->env = NULL;
        rc = put_in_place(b, error);
    }
    store_builder_abandon(b);
    return rc == LFI_OK ? 0 : -1;
}
