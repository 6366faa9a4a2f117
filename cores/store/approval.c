/* Approvals in the bank's app. */
#include "store/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PURPOSE_MAX 4096
#define APPROVALS_PER_USER 16 /* the oldest go first */

struct approval_value {
    int64_t expires_us;
    uint32_t state; /* enum lfi_approval_state, never EXPIRED: that follows from the time */
    uint32_t unused;
};

static enum lfi_approval_state state_of(const struct approval_value *head, int64_t now)
{
    if (head->state == LFI_APPROVAL_WAITING && head->expires_us <= now) {
        return LFI_APPROVAL_EXPIRED;
    }
    return (enum lfi_approval_state)head->state;
}

static bool read_head(const MDB_val *value, struct approval_value *out)
{
    if (value->mv_size < sizeof(*out)) {
        return false;
    }
    memcpy(out, value->mv_data, sizeof(*out));
    return true;
}

static bool user_prefix(struct store_key *key, struct lfi_slice user_id)
{
    key_start(key);
    if (user_id.len > STORE_ID_MAX || !key_add_text(key, user_id)) {
        return false;
    }
    key_add_byte(key, 0);
    return true;
}

/* Keeps a customer's approvals below the limit by deleting the one that expires first. */
static int make_room(struct store *store, MDB_txn *txn, const struct store_key *prefix)
{
    MDB_cursor *cursor = NULL;
    MDB_val key = key_val(prefix);
    MDB_val value;
    unsigned char oldest[sizeof(prefix->bytes)];
    MDB_val oldest_key = {0, oldest};
    int64_t oldest_us = INT64_MAX;
    unsigned count = 0;
    int rc = mdb_cursor_open(txn, store->db[DB_APPROVALS], &cursor);
    if (rc != 0) {
        return rc;
    }
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (rc == 0 && key_is_prefix(prefix, &key)) {
        struct approval_value head;
        count++;
        if (read_head(&value, &head) && head.expires_us < oldest_us &&
            key.mv_size <= sizeof(oldest)) {
            oldest_us = head.expires_us;
            memcpy(oldest, key.mv_data, key.mv_size);
            oldest_key.mv_size = key.mv_size;
        }
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    if (rc != 0 && rc != MDB_NOTFOUND) {
        return rc;
    }
    if (count >= APPROVALS_PER_USER && oldest_key.mv_size > 0) {
        return mdb_del(txn, store->db[DB_APPROVALS], &oldest_key, NULL);
    }
    return 0;
}

int store_approval_start(void *core, struct lfi_slice user_id, struct lfi_slice purpose,
                         uint32_t ttl_s, struct lfi_id *out, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct store_key prefix;
    struct store_key key;
    struct approval_value head = {.state = LFI_APPROVAL_WAITING};
    if (purpose.len > PURPOSE_MAX || !user_prefix(&prefix, user_id) || !store_new_id(out) ||
        !key_pair(&key, user_id, (struct lfi_slice){out->text, strlen(out->text)})) {
        return store_say(error, "approval: refused");
    }
    head.expires_us = store->now_us(store->clock) + (int64_t)ttl_s * 1000000;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    MDB_val where = key_val(&key);
    MDB_val value = {sizeof(head) + purpose.len, NULL};
    if ((rc = make_room(store, txn, &prefix)) != 0 ||
        (rc = mdb_put(txn, store->db[DB_APPROVALS], &where, &value, MDB_RESERVE)) != 0) {
        mdb_txn_abort(txn);
        return store_fail(error, "approval", rc);
    }
    memcpy(value.mv_data, &head, sizeof(head));
    memcpy((char *)value.mv_data + sizeof(head), purpose.ptr, purpose.len);
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "commit", rc);
}

int store_approval_state(void *core, struct lfi_slice user_id, struct lfi_slice approval_id,
                         enum lfi_approval_state *out, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct store_key key;
    struct approval_value head;
    if (!key_pair(&key, user_id, approval_id)) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    MDB_val where = key_val(&key);
    rc = mdb_get(txn, store->db[DB_APPROVALS], &where, &value);
    if (rc == MDB_NOTFOUND) {
        rc = LFI_CORE_UNKNOWN;
    } else if (rc != 0) {
        rc = store_fail(error, "approval", rc);
    } else if (!read_head(&value, &head)) {
        rc = store_say(error, "approval: malformed value");
    } else {
        *out = state_of(&head, store->now_us(store->clock));
    }
    mdb_txn_abort(txn);
    return rc;
}

/* {"approvalId":…,"expiresAt":<seconds>,"purpose":…}; the purpose is JSON already. */
static int give_waiting(struct lfi_sink sink, struct lfi_slice id,
                        const struct approval_value *head, struct lfi_slice purpose)
{
    char json[PURPOSE_MAX + 256];
    int len =
        snprintf(json, sizeof(json),
                 "{\"approvalId\":\"%.*s\",\"expiresAt\":%lld,\"purpose\":%.*s}", (int)id.len,
                 id.ptr, (long long)(head->expires_us / 1000000), (int)purpose.len, purpose.ptr);
    if (len < 0 || (size_t)len >= sizeof(json)) {
        return 0;
    }
    return sink.record(sink.ctx, (struct lfi_slice){json, (size_t)len});
}

int store_approvals_waiting(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                            struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val value;
    struct store_key prefix;
    if (!user_prefix(&prefix, user_id)) {
        return LFI_CORE_UNKNOWN;
    }
    int64_t now = store->now_us(store->clock);
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc == 0) {
        rc = mdb_cursor_open(txn, store->db[DB_APPROVALS], &cursor);
    }
    MDB_val key = key_val(&prefix);
    int stop = 0;
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    }
    while (rc == 0 && stop == 0 && key_is_prefix(&prefix, &key)) {
        struct approval_value head;
        if (read_head(&value, &head) && state_of(&head, now) == LFI_APPROVAL_WAITING) {
            struct lfi_slice id = {(const char *)key.mv_data + prefix.len,
                                   key.mv_size - prefix.len};
            struct lfi_slice purpose = {(const char *)value.mv_data + sizeof(head),
                                        value.mv_size - sizeof(head)};
            stop = give_waiting(sink, id, &head, purpose);
        }
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (cursor) {
        mdb_cursor_close(cursor);
    }
    if (txn) {
        mdb_txn_abort(txn);
    }
    if (rc != 0 && rc != MDB_NOTFOUND) {
        return store_fail(error, "approvals", rc);
    }
    return stop == 0 ? LFI_CORE_OK : LFI_CORE_STOPPED;
}

int store_approval_decide(void *core, struct lfi_slice user_id, struct lfi_slice approval_id,
                          int approve, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct store_key key;
    struct approval_value head;
    if (!key_pair(&key, user_id, approval_id)) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    MDB_val where = key_val(&key);
    rc = mdb_get(txn, store->db[DB_APPROVALS], &where, &value);
    if (rc == MDB_NOTFOUND || (rc == 0 && !read_head(&value, &head))) {
        mdb_txn_abort(txn);
        return LFI_CORE_UNKNOWN;
    }
    if (rc == 0 && state_of(&head, store->now_us(store->clock)) != LFI_APPROVAL_WAITING) {
        mdb_txn_abort(txn);
        return LFI_CORE_DENIED;
    }
    char *copy = rc == 0 ? malloc(value.mv_size) : NULL;
    if (copy) {
        memcpy(copy, value.mv_data, value.mv_size);
        head.state = approve ? LFI_APPROVAL_APPROVED : LFI_APPROVAL_DENIED;
        memcpy(copy, &head, sizeof(head));
        value.mv_data = copy;
        rc = mdb_put(txn, store->db[DB_APPROVALS], &where, &value, 0);
        free(copy);
    } else if (rc == 0) {
        rc = MDB_PANIC;
    }
    if (rc != 0) {
        mdb_txn_abort(txn);
        return store_fail(error, "approval", rc);
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "commit", rc);
}
