/*
 * Sign-in: the same work is done whether the login exists or not, and whatever the age of its hash.
 * Nothing is written, but for a hash whose rounds are not those of the store, which is
 * replaced once the password was right.
 */
#include "store/internal.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define SALT_MAX 256

/* A copy: nothing in the map is held on to while a hash is made. */
struct login {
    struct lfi_id user_id;
    uint32_t rounds;
    size_t salt_len;
    char salt[SALT_MAX];
    unsigned char hash[PASSWORD_HASH_BYTES];
    bool known;
};

static bool read_login(const MDB_val *value, struct login *out)
{
    struct login_value head;
    if (value->mv_size < sizeof(head)) {
        return false;
    }
    memcpy(&head, value->mv_data, sizeof(head));
    const char *at = (const char *)value->mv_data + sizeof(head);
    if (value->mv_size - sizeof(head) != (size_t)head.salt_len + head.hash_len + head.user_len ||
        head.hash_len != PASSWORD_HASH_BYTES || head.user_len > STORE_ID_MAX ||
        head.salt_len > SALT_MAX) {
        return false;
    }
    *out = (struct login){.rounds = head.rounds, .salt_len = head.salt_len, .known = true};
    memcpy(out->salt, at, head.salt_len);
    memcpy(out->hash, at + head.salt_len, sizeof(out->hash));
    memcpy(out->user_id.text, at + head.salt_len + head.hash_len, head.user_len);
    return true;
}

static int find_login(struct store *store, struct lfi_slice name, struct login *out,
                      struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val key = val_of(name);
    MDB_val value;
    *out = (struct login){.salt_len = PASSWORD_HASH_BYTES, .rounds = store->password_rounds};
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_OK || name.len == 0 || name.len > STORE_ID_MAX) {
        mdb_txn_abort(txn);
        return rc;
    }
    int code = mdb_get(txn, store->db[DB_LOGINS], &key, &value);
    if (code != 0 && code != MDB_NOTFOUND) {
        rc = store_fail(error, "login", code);
    } else if (code == 0 && !read_login(&value, out)) {
        rc = store_say(error, "login: malformed value");
    }
    mdb_txn_abort(txn);
    return rc;
}

static bool is_blocked(const MDB_val *flags)
{
    return flags->mv_size > 0 && (((const unsigned char *)flags->mv_data)[0] & STORE_USER_BLOCKED);
}

static int user_blocked(struct store *store, MDB_txn *txn, struct lfi_slice user_id, bool *out,
                        struct lfi_error *error)
{
    MDB_val key = val_of(user_id);
    MDB_val value;
    int rc = mdb_get(txn, store->db[DB_USERS], &key, &value);
    if (rc != 0) {
        return store_fail(error, "user", rc);
    }
    *out = is_blocked(&value);
    return LFI_OK;
}

/* Whether the password is right. As many rounds are made in any case. */
static bool is_right(const struct store *store, const struct login *login,
                     struct lfi_slice password)
{
    unsigned char hash[PASSWORD_HASH_BYTES] = {0};
    unsigned char rest[PASSWORD_HASH_BYTES];
    struct lfi_slice salt = {login->salt, login->salt_len};
    bool right = password_hash(password, salt, login->rounds, hash) &&
                 CRYPTO_memcmp(hash, login->hash, sizeof(hash)) == 0 && login->known;
    if (login->rounds < store->password_rounds) {
        (void)password_hash(password, salt, store->password_rounds - login->rounds, rest);
    }
    return right;
}

/* Replaces a hash of other rounds, unless the login has changed meanwhile. */
static int renew_hash(struct store *store, struct lfi_slice name, struct login *login,
                      struct lfi_slice password, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val key = val_of(name);
    MDB_val value;
    struct login now;
    struct login_value head;
    char record[sizeof(head) + SALT_MAX + PASSWORD_HASH_BYTES + STORE_ID_MAX];
    unsigned char hash[PASSWORD_HASH_BYTES];
    struct lfi_slice salt = {login->salt, login->salt_len};
    if (!password_hash(password, salt, store->password_rounds, hash)) {
        return store_say(error, "login: no hash could be made");
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    rc = mdb_get(txn, store->db[DB_LOGINS], &key, &value);
    if (rc == 0 && read_login(&value, &now) &&
        memcmp(now.hash, login->hash, sizeof(now.hash)) == 0) {
        memcpy(record, value.mv_data, value.mv_size);
        memcpy(&head, record, sizeof(head));
        head.rounds = store->password_rounds;
        memcpy(record, &head, sizeof(head));
        memcpy(record + sizeof(head) + head.salt_len, hash, sizeof(hash));
        value.mv_data = record;
        rc = mdb_put(txn, store->db[DB_LOGINS], &key, &value, 0);
    }
    if (rc != 0) {
        mdb_txn_abort(txn);
        return store_fail(error, "login", rc);
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_OK : store_fail(error, "commit", rc);
}

static int check_blocked(struct store *store, const struct lfi_id *user_id, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    bool blocked = false;
    int rc = read_begin(store, &txn, error);
    if (rc == LFI_OK) {
        struct lfi_slice user = {user_id->text, strlen(user_id->text)};
        rc = user_blocked(store, txn, user, &blocked, error);
        mdb_txn_abort(txn);
    }
    return rc == LFI_OK && blocked ? LFI_BLOCKED : rc;
}

static int sign_in(void *core, const struct lfi_call *call, const struct lfi_login *asked,
                   struct lfi_id *out_user_id, struct lfi_error *error)
{
    struct store *store = core;
    struct login login;
    struct lfi_slice name = asked->login;
    struct lfi_slice password = asked->password;
    (void)call;
    out_user_id->text[0] = '\0';
    int rc = find_login(store, name, &login, error);
    if (rc == LFI_OK && !is_right(store, &login, password)) {
        rc = LFI_DENIED;
    }
    if (rc == LFI_OK && login.rounds != store->password_rounds) {
        rc = renew_hash(store, name, &login, password, error);
    }
    if (rc == LFI_OK) {
        rc = check_blocked(store, &login.user_id, error);
    }
    if (rc == LFI_OK) {
        *out_user_id = login.user_id;
    }
    return rc;
}

static int may_sign_in(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                       struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val flags;
    (void)call;
    int rc = read_begin(core, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    rc = read_value(core, txn, DB_USERS, user_id, &flags, error);
    if (rc == LFI_OK && is_blocked(&flags)) {
        rc = LFI_BLOCKED;
    }
    mdb_txn_abort(txn);
    return rc;
}

const struct lfi_signin store_signin = {
    .size = sizeof(store_signin),
    .sign_in = sign_in,
    .approval_start = approval_start,
    .approval_state = approval_state,
    .approval_withdraw = approval_withdraw,
    .may_sign_in = may_sign_in,
    .message_send = message_send,
    .approvals_waiting = approvals_waiting,
    .approval_decide = approval_decide,
    .messages = messages_list,
};
