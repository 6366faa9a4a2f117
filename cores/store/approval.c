/* Approvals in the bank's app. */
#include "store/internal.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PURPOSE_MAX 4096
#define APPROVALS_PER_USER 16 /* the oldest that are not pending are deleted */

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

/* What a customer's approvals say to one more. */
struct seen {
    int64_t now_us;
    const cJSON *kind; /* of the one more; NULL: none */
    unsigned count;
    bool waits;        /* one of the kind, for the customer */
    int64_t oldest_us; /* of those that wait no longer: which expires first */
    unsigned char oldest[sizeof(((struct store_key *)0)->bytes)];
    size_t oldest_len;
};

static const cJSON *kind_of(const cJSON *purpose)
{
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(purpose, "kind");
    return cJSON_IsString(kind) ? kind : NULL;
}

static bool is_of_kind(const MDB_val *value, const cJSON *kind)
{
    const size_t skip = sizeof(struct approval_value);
    cJSON *purpose =
        cJSON_ParseWithLength((const char *)value->mv_data + skip, value->mv_size - skip);
    const cJSON *other = kind_of(purpose);
    bool same = !purpose || (other && strcmp(other->valuestring, kind->valuestring) == 0);
    cJSON_Delete(purpose);
    return same;
}

static int count_approval(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct seen *seen = ctx;
    struct approval_value head;
    if (!read_head(value, &head) || key->mv_size > sizeof(seen->oldest)) {
        return LFI_OK;
    }
    seen->count++;
    if (state_of(&head, seen->now_us) == LFI_APPROVAL_WAITING) {
        seen->waits = seen->waits || (seen->kind && is_of_kind(value, seen->kind));
    } else if (head.expires_us < seen->oldest_us) {
        seen->oldest_us = head.expires_us;
        seen->oldest_len = key->mv_size;
        memcpy(seen->oldest, key->mv_data, key->mv_size);
    }
    return LFI_OK;
}

/*
 * LFI_DENIED while one of the kind is pending. Keeps a customer's approvals below the limit by
 * deleting what is not pending.
 */
static int make_room(struct store *store, MDB_txn *txn, const struct store_key *prefix,
                     const cJSON *kind, struct lfi_error *error)
{
    struct seen seen = {
        .now_us = store->now_us(store->clock), .kind = kind, .oldest_us = INT64_MAX};
    int rc = read_walk(store, txn, DB_APPROVALS, prefix, count_approval, &seen, error);
    if (rc != LFI_OK) {
        return rc;
    }
    if (seen.waits || (seen.count >= APPROVALS_PER_USER && seen.oldest_len == 0)) {
        return LFI_DENIED;
    }
    if (seen.count < APPROVALS_PER_USER) {
        return LFI_OK;
    }
    MDB_val key = {seen.oldest_len, seen.oldest};
    int code = mdb_del(txn, store->db[DB_APPROVALS], &key, NULL);
    return code == 0 ? LFI_OK : store_fail(error, "approval", code);
}

static int put_approval(struct store *store, MDB_txn *txn, const struct store_key *key,
                        const struct approval_value *head, struct lfi_slice purpose)
{
    MDB_val where = key_val(key);
    MDB_val value = {sizeof(*head) + purpose.len, NULL};
    int rc = mdb_put(txn, store->db[DB_APPROVALS], &where, &value, MDB_RESERVE);
    if (rc == 0) {
        memcpy(value.mv_data, head, sizeof(*head));
        memcpy((char *)value.mv_data + sizeof(*head), purpose.ptr, purpose.len);
    }
    return rc;
}

int approval_start(void *core, const struct lfi_call *call,
                   const struct lfi_approval_request *request, struct lfi_id *out,
                   struct lfi_error *error)
{
    struct store *store = core;
    struct lfi_slice user_id = request->user_id;
    struct lfi_slice purpose = request->purpose;
    MDB_txn *txn = NULL;
    struct store_key prefix;
    struct store_key key;
    struct approval_value head = {.state = LFI_APPROVAL_WAITING};
    (void)call;
    if (purpose.len > PURPOSE_MAX || !key_user_prefix(&prefix, user_id) || !store_new_id(out) ||
        !key_pair(&key, user_id, (struct lfi_slice){out->text, strlen(out->text)})) {
        return store_say(error, "approval: refused");
    }
    head.expires_us = store->now_us(store->clock) + (int64_t)request->ttl_s * 1000000;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    cJSON *tree = cJSON_ParseWithLength(purpose.ptr, purpose.len);
    int result = tree ? make_room(store, txn, &prefix, kind_of(tree), error)
                      : store_say(error, "approval: the purpose is no JSON, or memory is short");
    cJSON_Delete(tree);
    if (result != LFI_OK) {
        mdb_txn_abort(txn);
        return result;
    }
    if ((rc = put_approval(store, txn, &key, &head, purpose)) != 0) {
        mdb_txn_abort(txn);
        return store_fail(error, "approval", rc);
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_OK : store_fail(error, "commit", rc);
}

int approval_state(void *core, const struct lfi_call *call, const struct lfi_approval *approval,
                   enum lfi_approval_state *out, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct store_key key;
    struct approval_value head;
    (void)call;
    if (!key_pair(&key, approval->user_id, approval->approval_id)) {
        return LFI_UNKNOWN;
    }
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    MDB_val where = key_val(&key);
    rc = mdb_get(txn, store->db[DB_APPROVALS], &where, &value);
    if (rc == MDB_NOTFOUND) {
        rc = LFI_UNKNOWN;
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
static int give_waiting(struct lfi_answer *answer, struct lfi_slice id,
                        const struct approval_value *head, struct lfi_slice purpose)
{
    char json[PURPOSE_MAX + 256];
    int len =
        snprintf(json, sizeof(json),
                 "{\"approvalId\":\"%.*s\",\"expiresAt\":%lld,\"purpose\":%.*s}", (int)id.len,
                 id.ptr, (long long)(head->expires_us / 1000000), (int)purpose.len, purpose.ptr);
    if (len < 0 || (size_t)len >= sizeof(json)) {
        return LFI_OK;
    }
    return lfi_give(answer, (struct lfi_slice){json, (size_t)len});
}

struct waiting {
    struct lfi_answer *answer;
    size_t prefix_len;
    int64_t now_us;
};

static int give_if_waiting(void *ctx, const MDB_val *key, const MDB_val *value)
{
    const struct waiting *waiting = ctx;
    struct approval_value head;
    if (!read_head(value, &head) || state_of(&head, waiting->now_us) != LFI_APPROVAL_WAITING) {
        return LFI_OK;
    }
    struct lfi_slice id = {(const char *)key->mv_data + waiting->prefix_len,
                           key->mv_size - waiting->prefix_len};
    struct lfi_slice purpose = {(const char *)value->mv_data + sizeof(head),
                                value->mv_size - sizeof(head)};
    return give_waiting(waiting->answer, id, &head, purpose);
}

int approvals_waiting(void *core, const struct lfi_call *call, const struct lfi_query *query,
                      struct lfi_answer *answer, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct store_key prefix;
    (void)call;
    int rc = read_check_query(query, sizeof(*query), error);
    if (rc != LFI_OK) {
        return rc;
    }
    if (!key_user_prefix(&prefix, query->subject_id)) {
        return LFI_UNKNOWN;
    }
    rc = read_begin(store, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    struct waiting waiting = {answer, prefix.len, store->now_us(store->clock)};
    rc = read_walk(store, txn, DB_APPROVALS, &prefix, give_if_waiting, &waiting, error);
    mdb_txn_abort(txn);
    return rc;
}

/* Gives a waiting approval its final state; LFI_DENIED when it waits no longer. */
static int finish(struct store *store, const struct lfi_approval *approval,
                  enum lfi_approval_state state, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val value;
    struct store_key key;
    struct approval_value head;
    if (!key_pair(&key, approval->user_id, approval->approval_id)) {
        return LFI_UNKNOWN;
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    MDB_val where = key_val(&key);
    rc = mdb_get(txn, store->db[DB_APPROVALS], &where, &value);
    if (rc == MDB_NOTFOUND || (rc == 0 && !read_head(&value, &head))) {
        mdb_txn_abort(txn);
        return LFI_UNKNOWN;
    }
    if (rc == 0 && state_of(&head, store->now_us(store->clock)) != LFI_APPROVAL_WAITING) {
        mdb_txn_abort(txn);
        return LFI_DENIED;
    }
    char *copy = rc == 0 ? malloc(value.mv_size) : NULL;
    if (copy) {
        memcpy(copy, value.mv_data, value.mv_size);
        head.state = (uint32_t)state;
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
    return rc == 0 ? LFI_OK : store_fail(error, "commit", rc);
}

int approval_decide(void *core, const struct lfi_call *call, const struct lfi_approval *approval,
                    int approve, struct lfi_error *error)
{
    (void)call;
    return finish(core, approval, approve ? LFI_APPROVAL_APPROVED : LFI_APPROVAL_DENIED, error);
}

int approval_withdraw(void *core, const struct lfi_call *call, const struct lfi_approval *approval,
                      struct lfi_error *error)
{
    (void)call;
    return finish(core, approval, LFI_APPROVAL_DENIED, error);
}
