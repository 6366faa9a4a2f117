/*
 * Who approves payments from an account together. The bank's rule: one of those who manage the
 * company and one of those who look after its money; where only one of the two groups has people,
 * two of them, or the only one.
 */
#include "store/payments.h"

#include <stdio.h>
#include <string.h>

/* What a holder's role in the account makes of them. */
static const struct {
    const char *role, *group, *name;
} roles[] = {
    {"SeniorManagingOfficial", "Management", "Senior managing official"},
    {"Principal", "Management", "Owner"},
    {"SecondaryOwner", "Management", "Second owner"},
    {"PowerOfAttorney", "Management", "Attorney"},
    {"Administrator", "Financial", "Administrator"},
};
#define ROLES (sizeof(roles) / sizeof(roles[0]))

static const char *const groups[] = {"Management", "Financial"};
#define GROUPS 2

struct approvers {
    struct store *store;
    MDB_txn *txn;
    struct lfi_slice account_id;
    struct lfi_answer *answer;
    struct lfi_error *error;
    uint32_t people[GROUPS];
};

static bool may_sign_in(const struct approvers *approvers, struct lfi_slice user_id)
{
    MDB_val flags;
    struct lfi_error error;
    return read_value(approvers->store, approvers->txn, DB_USERS, user_id, &flags, &error) ==
               LFI_OK &&
           flags.mv_size > 0 && (*(const unsigned char *)flags.mv_data & STORE_USER_BLOCKED) == 0;
}

static int give(struct approvers *approvers, struct lfi_slice user_id, size_t role)
{
    char json[64];
    struct lfi_approver facts = {.size = sizeof(facts)};
    (void)snprintf(facts.user_id, sizeof(facts.user_id), "%.*s", (int)user_id.len, user_id.ptr);
    (void)snprintf(facts.group, sizeof(facts.group), "%s", roles[role].group);
    (void)snprintf(facts.name, sizeof(facts.name), "%s", roles[role].name);
    (void)snprintf(json, sizeof(json), "{\"group\":\"%s\"}", roles[role].group);
    for (size_t i = 0; i < GROUPS; i++) {
        approvers->people[i] += strcmp(groups[i], roles[role].group) == 0;
    }
    const struct lfi_slice record = {json, strlen(json)};
    return approvers->answer->record(approvers->answer, record, &facts) == 0 ? LFI_OK : LFI_STOPPED;
}

/* A key of holdings is user id, 0, account id. */
static int visit(void *ctx, const MDB_val *key, const MDB_val *role)
{
    struct approvers *approvers = ctx;
    const char *text = key->mv_data;
    size_t user_len = strnlen(text, key->mv_size);
    const struct lfi_slice user_id = {text, user_len};
    const struct lfi_slice account_id = {text + user_len + 1, key->mv_size - user_len - 1};
    if (user_len >= key->mv_size || account_id.len != approvers->account_id.len ||
        memcmp(account_id.ptr, approvers->account_id.ptr, account_id.len) != 0) {
        return LFI_OK;
    }
    for (size_t i = 0; i < ROLES; i++) {
        if (role->mv_size == strlen(roles[i].role) &&
            memcmp(role->mv_data, roles[i].role, role->mv_size) == 0 &&
            may_sign_in(approvers, user_id)) {
            return give(approvers, user_id, i);
        }
    }
    return LFI_OK;
}

static void fill_summary(const struct approvers *approvers, struct lfi_approver_summary *out)
{
    bool both = approvers->people[0] > 0 && approvers->people[1] > 0;
    out->group_count = 0;
    for (size_t i = 0; i < GROUPS; i++) {
        uint32_t people = approvers->people[i];
        if (people > 0) {
            out->groups[out->group_count].required = both || people == 1 ? 1 : 2;
            (void)snprintf(out->groups[out->group_count].name, sizeof(out->groups[0].name), "%s",
                           groups[i]);
            out->group_count++;
        }
    }
}

/* The bank is small: all holdings are looked through. */
int payments_approvers(void *core, const struct lfi_call *call, const struct lfi_query *query,
                       struct lfi_answer *answer, struct lfi_error *error)
{
    MDB_val value;
    struct account_value head;
    struct approvers approvers = {
        .store = core, .account_id = query->subject_id, .answer = answer, .error = error};
    (void)call;
    int rc = read_check_query(query, sizeof(*query), error);
    if (rc == LFI_OK) {
        rc = read_begin(core, &approvers.txn, error);
    }
    if (rc != LFI_OK) {
        return rc;
    }
    rc = read_account(core, approvers.txn, approvers.account_id, &head, &value, error);
    if (rc == LFI_OK) {
        rc = read_walk(core, approvers.txn, DB_HOLDINGS, NULL, visit, &approvers, error);
    }
    mdb_txn_abort(approvers.txn);
    if (rc == LFI_OK) {
        fill_summary(&approvers, answer->summary);
    }
    return rc;
}
