/* Passkeys: each under its customer, and its owner under its id. */
#include "store/internal.h"

#include <stdio.h>
#include <string.h>

#define RECORD_MAX 4096
#define PASSKEYS_PER_USER 10

struct passkey_value {
    int64_t used_us; /* 0: never */
    uint32_t counter;
    uint32_t unused;
};

static bool read_head(const MDB_val *value, struct passkey_value *out)
{
    if (value->mv_size < sizeof(*out)) {
        return false;
    }
    memcpy(out, value->mv_data, sizeof(*out));
    return true;
}

static struct lfi_slice record_of(const MDB_val *value)
{
    return (struct lfi_slice){(const char *)value->mv_data + sizeof(struct passkey_value),
                              value->mv_size - sizeof(struct passkey_value)};
}

static int put_passkey(struct store *store, MDB_txn *txn, const struct store_key *key,
                       const struct passkey_value *head, struct lfi_slice record)
{
    MDB_val where = key_val(key);
    MDB_val value = {sizeof(*head) + record.len, NULL};
    int rc = mdb_put(txn, store->db[DB_PASSKEYS], &where, &value, MDB_RESERVE);
    if (rc == 0) {
        memcpy(value.mv_data, head, sizeof(*head));
        memcpy((char *)value.mv_data + sizeof(*head), record.ptr, record.len);
    }
    return rc;
}

/* Ends the transaction: commits when all went well. */
static int finish(MDB_txn *txn, int result, struct lfi_error *error)
{
    if (result != LFI_CORE_OK) {
        mdb_txn_abort(txn);
        return result;
    }
    int rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "commit", rc);
}

static int begin(struct store *store, MDB_txn **txn, struct lfi_error *error)
{
    int rc = mdb_txn_begin(store->env, NULL, 0, txn);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "begin", rc);
}

/* --- adding ----------------------------------------------------------------------------------- */

static int count_one(void *ctx, const MDB_val *key, const MDB_val *value)
{
    (void)key;
    (void)value;
    ++*(unsigned *)ctx;
    return LFI_CORE_OK;
}

/* LFI_CORE_DENIED when the customer has as many as there may be. */
static int check_room(struct store *store, MDB_txn *txn, struct lfi_slice user_id,
                      struct lfi_error *error)
{
    struct store_key prefix;
    unsigned count = 0;
    if (!key_user_prefix(&prefix, user_id)) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = read_walk(store, txn, DB_PASSKEYS, &prefix, count_one, &count, error);
    return rc == LFI_CORE_OK && count >= PASSKEYS_PER_USER ? LFI_CORE_DENIED : rc;
}

static int put_owner(struct store *store, MDB_txn *txn, struct lfi_slice passkey_id,
                     struct lfi_slice user_id, struct lfi_error *error)
{
    MDB_val key = val_of(passkey_id);
    MDB_val value = val_of(user_id);
    int rc = mdb_put(txn, store->db[DB_OWNERS], &key, &value, MDB_NOOVERWRITE);
    if (rc == MDB_KEYEXIST) {
        return LFI_CORE_DENIED;
    }
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "passkey", rc);
}

int store_passkey_add(void *core, struct lfi_slice user_id, struct lfi_slice passkey_id,
                      struct lfi_slice record, uint32_t counter, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct store_key key;
    const struct passkey_value head = {.counter = counter};
    if (record.len > RECORD_MAX || !key_pair(&key, user_id, passkey_id)) {
        return store_say(error, "passkey: refused");
    }
    int result = begin(store, &txn, error);
    if (result != LFI_CORE_OK) {
        return result;
    }
    result = check_room(store, txn, user_id, error);
    if (result == LFI_CORE_OK) {
        result = put_owner(store, txn, passkey_id, user_id, error);
    }
    if (result == LFI_CORE_OK) {
        int rc = put_passkey(store, txn, &key, &head, record);
        result = rc == 0 ? LFI_CORE_OK : store_fail(error, "passkey", rc);
    }
    return finish(txn, result, error);
}

/* --- using ------------------------------------------------------------------------------------ */

static int find_passkey(struct store *store, MDB_txn *txn, const struct store_key *key,
                        MDB_val *value, struct lfi_error *error)
{
    MDB_val where = key_val(key);
    int rc = mdb_get(txn, store->db[DB_PASSKEYS], &where, value);
    if (rc == MDB_NOTFOUND) {
        return LFI_CORE_UNKNOWN;
    }
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "passkey", rc);
}

static int find_owner(struct store *store, MDB_txn *txn, struct lfi_slice passkey_id,
                      struct lfi_id *out, struct lfi_error *error)
{
    MDB_val key = val_of(passkey_id);
    MDB_val value;
    if (passkey_id.len == 0 || passkey_id.len > STORE_ID_MAX) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = mdb_get(txn, store->db[DB_OWNERS], &key, &value);
    if (rc == MDB_NOTFOUND) {
        return LFI_CORE_UNKNOWN;
    }
    if (rc != 0 || value.mv_size >= sizeof(out->text)) {
        return store_fail(error, "passkey", rc != 0 ? rc : MDB_CORRUPTED);
    }
    memcpy(out->text, value.mv_data, value.mv_size);
    out->text[value.mv_size] = '\0';
    return LFI_CORE_OK;
}

int store_passkey_find(void *core, struct lfi_slice passkey_id, struct lfi_sink sink,
                       struct lfi_passkey *out, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct store_key key;
    struct passkey_value head;
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    rc = find_owner(store, txn, passkey_id, &out->user_id, error);
    if (rc == LFI_CORE_OK) {
        struct lfi_slice user_id = {out->user_id.text, strlen(out->user_id.text)};
        rc = key_pair(&key, user_id, passkey_id) ? find_passkey(store, txn, &key, &value, error)
                                                 : LFI_CORE_UNKNOWN;
    }
    if (rc == LFI_CORE_OK && !read_head(&value, &head)) {
        rc = store_say(error, "passkey: malformed value");
    }
    if (rc == LFI_CORE_OK) {
        out->counter = head.counter;
        (void)sink.record(sink.ctx, record_of(&value));
    }
    mdb_txn_abort(txn);
    return rc;
}

static int count_use(struct store *store, MDB_txn *txn, const struct store_key *key,
                     uint32_t counter, struct lfi_error *error)
{
    MDB_val value;
    struct passkey_value head;
    char record[RECORD_MAX];
    int rc = find_passkey(store, txn, key, &value, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    struct lfi_slice kept = record_of(&value);
    if (!read_head(&value, &head) || kept.len > sizeof(record)) {
        return store_say(error, "passkey: malformed value");
    }
    if (counter <= head.counter && (counter != 0 || head.counter != 0)) {
        return LFI_CORE_DENIED;
    }
    memcpy(record, kept.ptr, kept.len); /* a put may move what the map holds */
    head.counter = counter;
    head.used_us = store->now_us(store->clock);
    rc = put_passkey(store, txn, key, &head, (struct lfi_slice){record, kept.len});
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "passkey", rc);
}

int store_passkey_use(void *core, struct lfi_slice user_id, struct lfi_slice passkey_id,
                      uint32_t counter, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct store_key key;
    bool blocked = false;
    if (!key_pair(&key, user_id, passkey_id)) {
        return LFI_CORE_UNKNOWN;
    }
    int result = begin(store, &txn, error);
    if (result != LFI_CORE_OK) {
        return result;
    }
    result = count_use(store, txn, &key, counter, error);
    if (result == LFI_CORE_OK) {
        result = user_blocked(store, txn, user_id, &blocked, error);
    }
    result = finish(txn, result, error);
    return result == LFI_CORE_OK && blocked ? LFI_CORE_BLOCKED : result;
}

/* --- listing and removing --------------------------------------------------------------------- */

struct listing {
    struct lfi_sink sink;
    size_t prefix_len;
};

/* {"passkeyId":…,"usedAt":<seconds>,"record":…}; the record is JSON already. */
static int give_passkey(void *ctx, const MDB_val *key, const MDB_val *value)
{
    const struct listing *listing = ctx;
    struct passkey_value head;
    char json[RECORD_MAX + 256];
    if (!read_head(value, &head)) {
        return LFI_CORE_FAILED;
    }
    struct lfi_slice record = record_of(value);
    int len = snprintf(
        json, sizeof(json), "{\"passkeyId\":\"%.*s\",\"usedAt\":%lld,\"record\":%.*s}",
        (int)(key->mv_size - listing->prefix_len), (const char *)key->mv_data + listing->prefix_len,
        (long long)(head.used_us / 1000000), (int)record.len, record.ptr);
    if (len < 0 || (size_t)len >= sizeof(json)) {
        return LFI_CORE_FAILED;
    }
    struct lfi_slice given = {json, (size_t)len};
    return listing->sink.record(listing->sink.ctx, given) == 0 ? LFI_CORE_OK : LFI_CORE_STOPPED;
}

int store_passkeys(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                   struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct store_key prefix;
    if (!key_user_prefix(&prefix, user_id)) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    struct listing listing = {sink, prefix.len};
    rc = read_walk(store, txn, DB_PASSKEYS, &prefix, give_passkey, &listing, error);
    mdb_txn_abort(txn);
    return rc;
}

int store_passkey_remove(void *core, struct lfi_slice user_id, struct lfi_slice passkey_id,
                         struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct store_key key;
    if (!key_pair(&key, user_id, passkey_id)) {
        return LFI_CORE_UNKNOWN;
    }
    int result = begin(store, &txn, error);
    if (result != LFI_CORE_OK) {
        return result;
    }
    MDB_val where = key_val(&key);
    MDB_val owner = val_of(passkey_id);
    int rc = mdb_del(txn, store->db[DB_PASSKEYS], &where, NULL);
    if (rc == 0) {
        rc = mdb_del(txn, store->db[DB_OWNERS], &owner, NULL);
    }
    result = rc == 0              ? LFI_CORE_OK
             : rc == MDB_NOTFOUND ? LFI_CORE_UNKNOWN
                                  : store_fail(error, "passkey", rc);
    return finish(txn, result, error);
}
