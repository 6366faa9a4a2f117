/* Who holds what: identity, ownership, isolation, and facts that agree with records. */
#include "base/array.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

static bool is_held(const struct records *held, const char *account)
{
    for (size_t i = 0; i < held->count; i++) {
        if (strcmp(record_text(&held->items[i], "id"), account) == 0) {
            return true;
        }
    }
    return false;
}

/* --- customers and accounts that exist -------------------------------------------------------- */

static void users_exist(struct run *run)
{
    const struct lfi_customers *customers = run->provider->customers;
    for (size_t i = 0; i <= run->user_count; i++) {
        struct lfi_error error = {""};
        const char *user = i < run->user_count ? run->users[i] : CHECK_ID_UNKNOWN;
        int wanted = i < run->user_count ? LFI_OK : LFI_UNKNOWN;
        struct lfi_call call = call_of(run, user);
        int status = customers->exists(run->provider->core, &call, slice_of(user), &error);
        watch(run, "customers.exists", &call, status, &error);
        if (status != wanted) {
            broken(run, "user %s: %s instead of %s", user, status_name(status),
                   status_name(wanted));
        }
    }
}

static void held_by_id(struct run *run)
{
    size_t all = 0;
    for (size_t u = 0; u < run->user_count; u++) {
        const struct records *held = &run->held[u];
        all += held->count;
        for (size_t i = 0; i < held->count; i++) {
            const char *id = record_text(&held->items[i], "id");
            if (id[0] == '\0') {
                broken(run, "an account record without id");
            } else if (i > 0 && strcmp(record_text(&held->items[i - 1], "id"), id) >= 0) {
                broken(run, "account %s does not follow the one before by id", id);
            }
        }
    }
    if (all == 0) {
        not_checked(run, "none of the users holds an account");
    }
}

static void held_unknown_user(struct run *run)
{
    struct records records = {.total = 0};
    int status = ask_held(run, CHECK_ID_UNKNOWN, NULL, 0, &records);
    if (status != LFI_UNKNOWN || records.count > 0) {
        broken(run, "%s and %zu records for a user that was never issued", status_name(status),
               records.count);
    }
    records_free(&records);
}

static void held_as_asked(struct run *run)
{
    bool checked = false;
    for (size_t u = 0; u < run->user_count; u++) {
        const struct records *held = &run->held[u];
        if (held->count < 2) {
            continue;
        }
        const char *last = record_text(&held->items[held->count - 1], "id");
        const char *first = record_text(&held->items[0], "id");
        const char *const ids[] = {last, CHECK_ID_UNKNOWN, first};
        struct records some = {.total = 0};
        int status = ask_held(run, run->users[u], ids, 3, &some);
        if (status != LFI_OK || some.count != 2 ||
            strcmp(record_text(&some.items[0], "id"), last) != 0 ||
            strcmp(record_text(&some.items[1], "id"), first) != 0) {
            broken(run,
                   "asked for %s, an unknown account and %s: %s and %zu records, or another "
                   "order",
                   last, first, status_name(status), some.count);
        }
        records_free(&some);
        checked = true;
    }
    if (!checked) {
        not_checked(run, "no user holds two accounts");
    }
}

/* --- isolation -------------------------------------------------------------------------------- */

/* Neither by subject nor by held may `user` reach the account. */
static void reach(struct run *run, const char *user, const char *account)
{
    struct lfi_account_facts facts;
    struct records records = {.total = 0};
    const char *const ids[] = {account};
    int status = ask_subject(run, user, account, &facts);
    if (status != LFI_UNKNOWN || facts.user_unknown) {
        broken(run, "subject: %s%s for account %s, which user %s does not hold",
               status_name(status), facts.user_unknown ? " (user unknown)" : "", account, user);
    }
    status = ask_held(run, user, ids, 1, &records);
    if (status != LFI_OK || records.count > 0) {
        broken(run, "held: %s and %zu records for account %s, which user %s does not hold",
               status_name(status), records.count, account, user);
    }
    records_free(&records);
}

static void isolation(struct run *run)
{
    bool checked = false;
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t other = 0; other < run->user_count; other++) {
            const struct records *theirs = &run->held[other];
            for (size_t i = 0; u != other && i < theirs->count; i++) {
                const char *account = record_text(&theirs->items[i], "id");
                if (!is_held(&run->held[u], account)) {
                    reach(run, run->users[u], account);
                    checked = true;
                }
            }
        }
    }
    if (!checked) {
        not_checked(run, "it needs two users, one with an account that the other does not hold");
    }
}

static void unknown_account(struct run *run)
{
    struct lfi_account_facts facts;
    for (size_t u = 0; u < run->user_count; u++) {
        reach(run, run->users[u], CHECK_ID_UNKNOWN);
    }
    int status = ask_subject(run, CHECK_ID_UNKNOWN, CHECK_ID_UNKNOWN, &facts);
    if (status != LFI_UNKNOWN || !facts.user_unknown) {
        broken(run, "subject: %s, user_unknown %u for a user that was never issued",
               status_name(status), facts.user_unknown);
    }
}

/* --- facts ------------------------------------------------------------------------------------ */

const char *account_status_name(enum lfi_account_status status)
{
    static const char *const texts[] = {
        [LFI_ACCOUNT_ACTIVE] = "Active",     [LFI_ACCOUNT_INACTIVE] = "Inactive",
        [LFI_ACCOUNT_DORMANT] = "Dormant",   [LFI_ACCOUNT_UNCLAIMED] = "Unclaimed",
        [LFI_ACCOUNT_DECEASED] = "Deceased", [LFI_ACCOUNT_SUSPENDED] = "Suspended",
        [LFI_ACCOUNT_CLOSED] = "Closed"};
    return (size_t)status < ARRAY_LEN(texts) ? texts[status] : "?";
}

static void agree(struct run *run, const struct record *record, const char *member,
                  const char *fact)
{
    const char *said = record_text(record, member);
    if (said[0] && strcmp(said, fact) != 0) {
        broken(run, "account %s: the record says %s %s, the facts %s", record_text(record, "id"),
               member, said, fact);
    }
}

static void facts_of_record(struct run *run, const struct record *record)
{
    if (!record->has_facts) {
        broken(run, "account %s comes without facts", record_text(record, "id"));
        return;
    }
    agree(run, record, "id", record->facts.account_id);
    agree(run, record, "status", account_status_name(record->facts.status));
    agree(run, record, "accountSubType", record->facts.sub_type);
    agree(run, record, "currency", record->facts.currency);
}

static void facts(struct run *run)
{
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            facts_of_record(run, &run->held[u].items[i]);
        }
    }
}

static void subject_agrees(struct run *run)
{
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            const struct record *record = &run->held[u].items[i];
            const char *account = record_text(record, "id");
            struct lfi_account_facts one;
            int status = ask_subject(run, run->users[u], account, &one);
            if (status != LFI_OK) {
                broken(run, "subject: %s for account %s, which user %s holds", status_name(status),
                       account, run->users[u]);
            } else if (one.status != record->facts.status ||
                       strcmp(one.account_id, record->facts.account_id) != 0 ||
                       strcmp(one.sub_type, record->facts.sub_type) != 0 ||
                       strcmp(one.currency, record->facts.currency) != 0 ||
                       strcmp(one.role, record->facts.role) != 0) {
                broken(run, "subject and held tell other facts of account %s", account);
            }
        }
    }
}

static void shape(struct run *run)
{
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            (void)fits_contract(run, "accounts.held", &run->held[u].items[i]);
        }
    }
}

const struct rule RULES_ACCOUNTS[] = {
    {"users-exist", "Users that the bank issued exist, others do not.", users_exist},
    {"held-by-id", "All accounts of a user come by id ascending, each once.", held_by_id},
    {"held-as-asked", "Accounts that are asked for come in that order, unknown ones left out.",
     held_as_asked},
    {"held-unknown-user", "A user that was never issued is LFI_UNKNOWN.", held_unknown_user},
    {"account-unknown", "An account that was never issued is UNKNOWN, and so is its user.",
     unknown_account},
    {"isolation", "Nobody reaches an account that is not held.", isolation},
    {"facts-agree", "The facts of an account are those of its record.", facts},
    {"subject-agrees", "subject() tells the facts that held() tells.", subject_agrees},
    {"account-shape", "Account records have the contract's shape.", shape},
    {NULL, NULL, NULL},
};
