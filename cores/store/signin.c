/*
 * Sign-in: the same work is done whether the login exists or not, and whether it is locked or not:
 * one hash, one write transaction.
 */
#include "store/internal.h"

#include <openssl/crypto.h>
#include <string.h>

struct attempts_value {
    int64_t locked_until_us;
    uint32_t failures;
    uint32_t unused;
};

struct login {
    struct lfi_slice salt, hash, user_id;
    uint32_t iterations;
    bool known;
};

/* Where tries on logins that do not exist are counted, to no effect. No login has a blank. */
static const char NOBODY[] = "no such login";

static bool read_login(const MDB_val *value, struct login *out)
{
    struct login_value head;
    if (value->mv_size < sizeof(head)) {
        return false;
    }
    memcpy(&head, value->mv_data, sizeof(head));
    const char *at = (const char *)value->mv_data + sizeof(head);
    if (value->mv_size - sizeof(head) != (size_t)head.salt_len + head.hash_len + head.user_len ||
        head.hash_len != PASSWORD_HASH_BYTES || head.user_len > STORE_ID_MAX) {
        return false;
    }
    out->iterations = head.iterations;
    out->salt = (struct lfi_slice){at, head.salt_len};
    out->hash = (struct lfi_slice){at + head.salt_len, head.hash_len};
    out->user_id = (struct lfi_slice){at + head.salt_len + head.hash_len, head.user_len};
    out->known = true;
    return true;
}

static int find_login(struct store *store, MDB_txn *txn, struct lfi_slice name, struct login *out,
                      struct lfi_error *error)
{
    static const char NO_HASH[PASSWORD_HASH_BYTES];
    *out = (struct login){.salt = {NO_HASH, sizeof(NO_HASH)},
                          .hash = {NO_HASH, sizeof(NO_HASH)},
                          .user_id = {NO_HASH, 0},
                          .iterations = PASSWORD_ITERATIONS};
    if (name.len == 0 || name.len > STORE_ID_MAX) {
        return LFI_CORE_OK;
    }
    MDB_val key = val_of(name);
    MDB_val value;
    int rc = mdb_get(txn, store->db[DB_LOGINS], &key, &value);
    if (rc == MDB_NOTFOUND) {
        return LFI_CORE_OK;
    }
    if (rc != 0) {
        return store_fail(error, "login", rc);
    }
    return read_login(&value, out) ? LFI_CORE_OK : store_say(error, "login: malformed value");
}

/* Counts the try; *denied is set when the login is locked or the password was wrong. */
static int count_attempt(struct store *store, MDB_txn *txn, struct lfi_slice name, bool right,
                         bool *denied, struct lfi_error *error)
{
    struct attempts_value attempts = {0};
    MDB_val key = val_of(name);
    MDB_val value;
    int rc = mdb_get(txn, store->db[DB_ATTEMPTS], &key, &value);
    if (rc != 0 && rc != MDB_NOTFOUND) {
        return store_fail(error, "attempts", rc);
    }
    if (rc == 0) {
        if (value.mv_size != sizeof(attempts)) {
            return store_say(error, "attempts: malformed value");
        }
        memcpy(&attempts, value.mv_data, sizeof(attempts));
    }
    int64_t now = store->now_us(store->clock);
    *denied = !right || attempts.locked_until_us > now;
    if (attempts.locked_until_us <= now) {
        attempts.locked_until_us = 0;
        attempts.failures = right ? 0 : attempts.failures + 1;
        if (attempts.failures >= store->max_attempts) {
            attempts.failures = 0;
            attempts.locked_until_us = now + (int64_t)store->lock_s * 1000000;
        }
    }
    value = (MDB_val){sizeof(attempts), &attempts};
    rc = mdb_put(txn, store->db[DB_ATTEMPTS], &key, &value, 0);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "attempts", rc);
}

int user_blocked(struct store *store, MDB_txn *txn, struct lfi_slice user_id, bool *out,
                 struct lfi_error *error)
{
    MDB_val key = val_of(user_id);
    MDB_val value;
    int rc = mdb_get(txn, store->db[DB_USERS], &key, &value);
    if (rc != 0) {
        return store_fail(error, "user", rc);
    }
    *out = value.mv_size > 0 && (((const unsigned char *)value.mv_data)[0] & STORE_USER_BLOCKED);
    return LFI_CORE_OK;
}

int store_sign_in(void *core, struct lfi_slice name, struct lfi_slice password,
                  struct lfi_id *out_user_id, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct login login;
    unsigned char hash[PASSWORD_HASH_BYTES];
    bool denied = true;
    bool blocked = false;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    rc = find_login(store, txn, name, &login, error);
    bool right = false;
    if (rc == LFI_CORE_OK) {
        right = password_hash(password, login.salt, login.iterations, hash) &&
                CRYPTO_memcmp(hash, login.hash.ptr, sizeof(hash)) == 0 && login.known;
        memcpy(out_user_id->text, login.user_id.ptr, login.user_id.len);
        out_user_id->text[login.user_id.len] = '\0';
    }
    mdb_txn_abort(txn);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    if ((rc = mdb_txn_begin(store->env, NULL, 0, &txn)) != 0) {
        return store_fail(error, "begin", rc);
    }
    struct lfi_slice counted = login.known ? name : (struct lfi_slice){NOBODY, sizeof(NOBODY) - 1};
    rc = count_attempt(store, txn, counted, right, &denied, error);
    if (rc == LFI_CORE_OK && !denied) {
        struct lfi_slice user_id = {out_user_id->text, strlen(out_user_id->text)};
        rc = user_blocked(store, txn, user_id, &blocked, error);
    }
    if (rc != LFI_CORE_OK) {
        mdb_txn_abort(txn);
        return rc;
    }
    if ((rc = mdb_txn_commit(txn)) != 0) {
        return store_fail(error, "commit", rc);
    }
    if (denied || blocked) {
        out_user_id->text[0] = '\0';
    }
    return denied ? LFI_CORE_DENIED : blocked ? LFI_CORE_BLOCKED : LFI_CORE_OK;
}
