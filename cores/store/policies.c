/* lfi/insurance.h over the store: the policies that were loaded, and those made of quotes. */
#include "store/cover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLICIES_MAX 4096 /* of one user; more are not told of */
#define OFFERED_YEARS 5   /* after a policy has ended */

/* A policy of the memory map, taken apart. */
struct policy {
    struct policy_value head;
    const char *records[STORE_POLICY_RECORDS];
};

static int take_apart(const MDB_val *value, struct policy *out, struct lfi_error *error)
{
    size_t len = sizeof(out->head);
    if (value->mv_size < len) {
        return store_say(error, "policy: short value");
    }
    memcpy(&out->head, value->mv_data, sizeof(out->head));
    for (size_t i = 0; i < STORE_POLICY_RECORDS; i++) {
        out->records[i] = (const char *)value->mv_data + len;
        len += out->head.lengths[i];
    }
    return len == value->mv_size ? LFI_OK : store_say(error, "policy: value of wrong length");
}

/* Where policies are read: made of quotes are those that payments keep. */
struct shelf {
    struct store *store;
    MDB_txn *loaded, *made; /* made NULL: not looked at yet */
};

static int shelf_open(struct shelf *shelf, struct store *store, struct lfi_error *error)
{
    *shelf = (struct shelf){.store = store};
    return read_begin(store, &shelf->loaded, error);
}

static void shelf_close(struct shelf *shelf)
{
    MDB_txn *txns[] = {shelf->loaded, shelf->made};
    for (size_t i = 0; i < 2; i++) {
        if (txns[i]) {
            mdb_txn_abort(txns[i]);
        }
    }
}

/* LFI_UNKNOWN: this store keeps no quotes. */
static int look_at_made(struct shelf *shelf, struct lfi_error *error)
{
    if (!shelf->store->payments) {
        return LFI_UNKNOWN;
    }
    return shelf->made ? LFI_OK : cover_begin_read(shelf->store, &shelf->made, error);
}

/* A policy of one of the two, when the user holds it; else LFI_UNKNOWN. */
static int find_in(MDB_txn *txn, MDB_dbi holders, MDB_dbi policies, const struct store_key *key,
                   struct policy *out, struct lfi_error *error)
{
    MDB_val value, holder = key_val(key);
    int rc = mdb_get(txn, holders, &holder, &value);
    if (rc == 0) {
        const char *user = (const char *)key->bytes;
        MDB_val id = {key->len - strlen(user) - 1, (void *)(uintptr_t)(user + strlen(user) + 1)};
        rc = mdb_get(txn, policies, &id, &value);
    }
    if (rc == MDB_NOTFOUND) {
        return LFI_UNKNOWN;
    }
    return rc == 0 ? take_apart(&value, out, error) : store_fail(error, "policy", rc);
}

static int find_by_key(struct shelf *shelf, const struct store_key *key, struct policy *out,
                       struct lfi_error *error)
{
    const MDB_dbi *loaded = shelf->store->db;
    int rc = find_in(shelf->loaded, loaded[DB_POLICYHOLDERS], loaded[DB_POLICIES], key, out, error);
    if (rc != LFI_UNKNOWN || (rc = look_at_made(shelf, error)) != LFI_OK) {
        return rc;
    }
    const MDB_dbi *made = shelf->store->payments->db;
    return find_in(shelf->made, made[PAYMENTS_COVER_HOLDERS], made[PAYMENTS_COVER_POLICIES], key,
                   out, error);
}

/* The policy, when the user holds it; else LFI_UNKNOWN. */
static int find_held(struct shelf *shelf, struct lfi_slice user_id, struct lfi_slice policy_id,
                     struct policy *out, struct lfi_error *error)
{
    struct store_key key;
    if (policy_id.len == 0 || policy_id.len > STORE_ID_MAX || !key_pair(&key, user_id, policy_id)) {
        return LFI_UNKNOWN;
    }
    return find_by_key(shelf, &key, out, error);
}

static int give(struct lfi_answer *answer, const struct policy *policy, size_t record,
                const void *facts)
{
    struct lfi_slice json = {policy->records[record], policy->head.lengths[record]};
    return answer->record(answer, json, facts) == 0 ? LFI_OK : LFI_STOPPED;
}

/* --- lists ------------------------------------------------------------------------------------ */

struct held {
    struct shelf shelf;
    char since[STORE_DAY_TEXT];
    struct policy *policies;
    size_t count, room;
    struct lfi_error *error;
};

/* The day so many years ago in the Gulf, that of 28 February for a leap day. */
static void find_since(const struct store *store, char out[STORE_DAY_TEXT])
{
    char now[TIME_TEXT];
    wall_format(store->now_us(store->clock) + GULF_OFFSET_US, now);
    unsigned long year = strtoul(now, NULL, 10) - OFFERED_YEARS;
    bool leap_day = memcmp(now + 4, "-02-29", 6) == 0;
    (void)snprintf(out, STORE_DAY_TEXT, "%04lu%.6s", year % 10000, leap_day ? "-02-28" : now + 4);
}

static int newest_first(const void *a, const void *b)
{
    const struct policy_value *x = &((const struct policy *)a)->head;
    const struct policy_value *y = &((const struct policy *)b)->head;
    int order = strcmp(y->starts, x->starts);
    return order != 0 ? order : strcmp(x->facts.policy_id, y->facts.policy_id);
}

static int visit_holder(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct held *held = ctx;
    struct store_key pair = {.len = key->mv_size};
    (void)value;
    if (held->count == held->room || key->mv_size >= sizeof(pair.bytes)) {
        return LFI_OK;
    }
    memcpy(pair.bytes, key->mv_data, key->mv_size);
    struct policy *policy = &held->policies[held->count];
    int rc = find_by_key(&held->shelf, &pair, policy, held->error);
    held->count +=
        rc == LFI_OK && (!policy->head.last[0] || strcmp(policy->head.last, held->since) >= 0);
    return rc;
}

static int collect_all(struct held *held, struct lfi_slice user_id)
{
    struct store_key prefix;
    struct shelf *shelf = &held->shelf;
    if (!key_user_prefix(&prefix, user_id)) {
        return LFI_UNKNOWN;
    }
    find_since(shelf->store, held->since);
    int rc = read_walk(shelf->store, shelf->loaded, DB_POLICYHOLDERS, &prefix, visit_holder, held,
                       held->error);
    if (rc != LFI_OK || (rc = look_at_made(shelf, held->error)) != LFI_OK) {
        return rc == LFI_UNKNOWN ? LFI_OK : rc;
    }
    return read_walk_in(shelf->made, shelf->store->payments->db[PAYMENTS_COVER_HOLDERS], &prefix,
                        visit_holder, held, held->error);
}

static int collect_wanted(struct held *held, const struct lfi_held_policies_query *query)
{
    for (uint64_t i = 0; i < query->policy_count && held->count < held->room; i++) {
        int rc = find_held(&held->shelf, query->base.subject_id, query->policy_ids[i],
                           &held->policies[held->count], held->error);
        if (rc != LFI_OK && rc != LFI_UNKNOWN) {
            return rc;
        }
        held->count += rc == LFI_OK;
    }
    return LFI_OK;
}

static int give_held(struct held *held, struct lfi_answer *answer)
{
    int rc = LFI_OK;
    qsort(held->policies, held->count, sizeof(*held->policies), newest_first);
    for (size_t i = 0; i < held->count && rc == LFI_OK; i++) {
        rc = give(answer, &held->policies[i], STORE_POLICY_LISTED, &held->policies[i].head.facts);
    }
    return rc;
}

static int insurance_held(void *core, const struct lfi_call *call,
                          const struct lfi_held_policies_query *query, struct lfi_answer *answer,
                          struct lfi_error *error)
{
    MDB_val user;
    uint64_t wanted = query->policy_count;
    struct held held = {.room = wanted > 0 && wanted < POLICIES_MAX ? wanted : POLICIES_MAX,
                        .error = error};
    (void)call;
    int rc = read_check_query(&query->base, sizeof(*query), error);
    if (rc != LFI_OK || (rc = shelf_open(&held.shelf, core, error)) != LFI_OK) {
        return rc;
    }
    held.policies = malloc(held.room * sizeof(*held.policies));
    rc = held.policies
             ? read_value(core, held.shelf.loaded, DB_USERS, query->base.subject_id, &user, error)
             : store_say(error, "out of memory");
    if (rc == LFI_OK) {
        rc = wanted > 0 ? collect_wanted(&held, query) : collect_all(&held, query->base.subject_id);
    }
    if (rc == LFI_OK) {
        rc = give_held(&held, answer);
    }
    shelf_close(&held.shelf);
    free(held.policies);
    return rc;
}

/* --- one policy ------------------------------------------------------------------------------- */

static int give_parts(const struct policy *policy, uint32_t wanted, struct lfi_answer *answer)
{
    int rc = LFI_OK;
    for (unsigned part = 0; part < LFI_POLICY_PARTS && rc == LFI_OK; part++) {
        const struct lfi_policy_part_facts facts = {sizeof(facts), (enum lfi_policy_part)part,
                                                    part == LFI_POLICY_PREMIUM &&
                                                        policy->head.encrypt_premium};
        size_t record = STORE_POLICY_FIRST_PART + part;
        if ((wanted & 1U << part) && policy->head.lengths[record] > 0) {
            rc = give(answer, policy, record, &facts);
        }
    }
    return rc;
}

/* A policy that the caller's user holds in the sector of the query, on the shelf. */
static int open_policy(struct shelf *shelf, struct store *store, const struct lfi_call *call,
                       const struct lfi_policy_query *query, struct policy *out,
                       struct lfi_error *error)
{
    *shelf = (struct shelf){NULL, NULL, NULL};
    int rc = read_check_query(&query->base, sizeof(*query), error);
    if (rc != LFI_OK || (rc = shelf_open(shelf, store, error)) != LFI_OK) {
        return rc;
    }
    rc = find_held(shelf, call->user_id, query->base.subject_id, out, error);
    if (rc == LFI_OK && out->head.facts.sector != query->sector) {
        rc = LFI_UNKNOWN;
    }
    return rc;
}

static int insurance_policy(void *core, const struct lfi_call *call,
                            const struct lfi_policy_query *query, struct lfi_answer *answer,
                            struct lfi_error *error)
{
    struct shelf shelf;
    struct policy policy;
    int rc = open_policy(&shelf, core, call, query, &policy, error);
    if (rc == LFI_OK) {
        rc = give_parts(&policy, query->parts, answer);
    }
    shelf_close(&shelf);
    return rc;
}

static int insurance_payer(void *core, const struct lfi_call *call,
                           const struct lfi_policy_query *query, struct lfi_answer *answer,
                           struct lfi_error *error)
{
    struct shelf shelf;
    struct policy policy;
    int rc = open_policy(&shelf, core, call, query, &policy, error);
    if (rc == LFI_OK && policy.head.lengths[STORE_POLICY_PAYER] > 0) {
        rc = give(answer, &policy, STORE_POLICY_PAYER, NULL);
    }
    shelf_close(&shelf);
    return rc;
}

const struct lfi_insurance store_insurance = {
    .size = sizeof(struct lfi_insurance),
    .sectors = (1U << LFI_INSURANCE_SECTORS) - (1U << LFI_INSURANCE_EMPLOYMENT),
    .held = insurance_held,
    .policy = insurance_policy,
    .payer = insurance_payer,
};
