/* Passkeys: each under its customer, and its customer under its id. */
#include "state/lmdb.h"

#include <string.h>

struct passkey_head {
    int64_t used_us; /* 0: never */
    uint32_t counter;
    uint32_t unused;
};

static int put(struct lmdb_txn *txn, const struct lmdb_key *key, struct passkey_head head,
               struct lfi_slice record)
{
    return lmdb_put(txn, TABLE_PASSKEYS, key, (MDB_val){sizeof(head), &head}, record);
}

/* --- adding ----------------------------------------------------------------------------------- */

static enum lmdb_step count_one(void *ctx, const MDB_val *key, const MDB_val *value)
{
    (void)key;
    (void)value;
    ++*(unsigned *)ctx;
    return LMDB_GO_ON;
}

static int check_room(struct lmdb_txn *txn, const struct state_call *call, struct lfi_slice user_id)
{
    struct lmdb_key first;
    unsigned count = 0;
    if (!lmdb_key_passkey(&first, call, user_id, (struct lfi_slice){0})) {
        return lmdb_refuse(call->error, "passkey: the customer's id does not fit");
    }
    const struct lmdb_range all = {&first, first.len};
    int status = lmdb_walk(txn, TABLE_PASSKEYS, &all, count_one, &count);
    return status == LFI_OK && count >= STATE_PASSKEYS_MAX ? LFI_DENIED : status;
}

static int put_owner(struct lmdb_txn *txn, const struct state_call *call, struct lfi_slice user_id)
{
    struct lmdb_key key;
    MDB_val other;
    if (!lmdb_key_own(&key, call)) {
        return lmdb_refuse(call->error, "passkey: the id does not fit");
    }
    int status = lmdb_get(txn, TABLE_OWNERS, &key, &other);
    if (status == LFI_OK) {
        return LFI_DENIED;
    }
    return status == LFI_UNKNOWN ? lmdb_put(txn, TABLE_OWNERS, &key, (MDB_val){0, NULL}, user_id)
                                 : status;
}

int lmdb_passkey_add(void *store, const struct state_call *call,
                     const struct state_passkey *passkey)
{
    struct lmdb_txn txn;
    struct lmdb_key key;
    const struct passkey_head head = {.counter = passkey->counter};
    if (passkey->record.len > STATE_RECORD_MAX ||
        !lmdb_key_passkey(&key, call, passkey->user_id, call->key)) {
        return lmdb_refuse(call->error, "passkey: id or record do not fit");
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = check_room(&txn, call, passkey->user_id);
    if (status == LFI_OK) {
        status = put_owner(&txn, call, passkey->user_id);
    }
    if (status == LFI_OK) {
        status = put(&txn, &key, head, passkey->record);
    }
    return lmdb_end(&txn, status);
}

/* --- using ------------------------------------------------------------------------------------ */

static int find(struct lmdb_txn *txn, const struct lmdb_key *key, struct passkey_head *head,
                struct lfi_slice *record)
{
    MDB_val into = {sizeof(*head), head};
    return lmdb_get_head(txn, TABLE_PASSKEYS, key, &into, record);
}

static int find_of_owner(struct lmdb_txn *txn, const struct state_call *call,
                         struct passkey_head *head, struct state_passkey *out)
{
    struct lmdb_key key;
    MDB_val owner;
    int status = lmdb_key_own(&key, call) ? lmdb_get(txn, TABLE_OWNERS, &key, &owner) : LFI_UNKNOWN;
    if (status != LFI_OK) {
        return status;
    }
    out->passkey_id = call->key;
    out->user_id = lmdb_key_rest(&owner, 0);
    if (!lmdb_key_passkey(&key, call, out->user_id, call->key)) {
        return lmdb_refuse(call->error, "owners: malformed value");
    }
    return find(txn, &key, head, &out->record);
}

int lmdb_passkey_find(void *store, const struct state_call *call,
                      const struct state_passkey_sink *sink)
{
    struct lmdb_txn txn;
    struct passkey_head head;
    struct state_passkey passkey;
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = find_of_owner(&txn, call, &head, &passkey);
    if (status == LFI_OK) {
        passkey.counter = head.counter;
        passkey.used_s = head.used_us / 1000000;
        (void)sink->take(sink->ctx, &passkey);
    }
    return lmdb_end(&txn, status);
}

static int count_use(struct lmdb_txn *txn, const struct lmdb_key *key, uint32_t counter,
                     int64_t now_us)
{
    struct passkey_head head;
    struct lfi_slice record;
    char copy[STATE_RECORD_MAX];
    int status = find(txn, key, &head, &record);
    if (status != LFI_OK) {
        return status;
    }
    if (counter <= head.counter && (counter != 0 || head.counter != 0)) {
        return LFI_DENIED;
    }
    if (record.len > sizeof(copy)) {
        return lmdb_refuse(txn->error, "passkeys: malformed value");
    }
    memcpy(copy, record.ptr, record.len); /* a put may move what the store holds */
    head.counter = counter;
    head.used_us = now_us;
    return put(txn, key, head, (struct lfi_slice){copy, record.len});
}

int lmdb_passkey_use(void *store, const struct state_call *call, struct lfi_slice user_id,
                     uint32_t counter)
{
    struct lmdb_txn txn;
    struct lmdb_key key;
    if (!lmdb_key_passkey(&key, call, user_id, call->key)) {
        return LFI_UNKNOWN;
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    return status == LFI_OK ? lmdb_end(&txn, count_use(&txn, &key, counter, call->now_us)) : status;
}

int lmdb_passkey_remove(void *store, const struct state_call *call, struct lfi_slice user_id)
{
    struct lmdb_txn txn;
    struct lmdb_key key, owner;
    if (!lmdb_key_passkey(&key, call, user_id, call->key) || !lmdb_key_own(&owner, call)) {
        return LFI_UNKNOWN;
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = lmdb_delete(&txn, TABLE_PASSKEYS, &key);
    if (status == LFI_OK) {
        status = lmdb_delete(&txn, TABLE_OWNERS, &owner);
    }
    return lmdb_end(&txn, status);
}

/* --- listing ---------------------------------------------------------------------------------- */

struct listing {
    const struct state_passkey_sink *sink;
    struct lfi_slice user_id;
    size_t skip; /* provider and customer */
    bool malformed;
};

static enum lmdb_step give(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct listing *listing = ctx;
    struct passkey_head head;
    listing->malformed = value->mv_size < sizeof(head);
    if (listing->malformed) {
        return LMDB_STOP;
    }
    memcpy(&head, value->mv_data, sizeof(head));
    const struct state_passkey passkey = {.passkey_id = lmdb_key_rest(key, listing->skip),
                                          .user_id = listing->user_id,
                                          .record = lmdb_key_rest(value, sizeof(head)),
                                          .counter = head.counter,
                                          .used_s = head.used_us / 1000000};
    return listing->sink->take(listing->sink->ctx, &passkey) ? LMDB_GO_ON : LMDB_STOP;
}

int lmdb_passkeys(void *store, const struct state_call *call, struct lfi_slice user_id,
                  const struct state_passkey_sink *sink)
{
    struct lmdb_txn txn;
    struct lmdb_key first;
    if (!lmdb_key_passkey(&first, call, user_id, (struct lfi_slice){0})) {
        return LFI_UNKNOWN;
    }
    const struct lmdb_range all = {&first, first.len};
    struct listing listing = {.sink = sink, .user_id = user_id, .skip = first.len};
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = lmdb_walk(&txn, TABLE_PASSKEYS, &all, give, &listing);
    if (status == LFI_OK && listing.malformed) {
        status = lmdb_refuse(call->error, "passkeys: malformed value");
    }
    return lmdb_end(&txn, status);
}
