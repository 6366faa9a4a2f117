/* Payments: who approves them together. */
#include "payments.h"

#include <inttypes.h>
#include <string.h>

static int ask_approvers(struct run *run, const char *user, const char *account,
                         struct lfi_approver_summary *summary, struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, user);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(account)};
    *summary = (struct lfi_approver_summary){.size = sizeof(*summary)};
    answer.base.summary = summary;
    int status = run->provider->payments->approvers(run->provider->core, &call, &query,
                                                    &answer.base, &error);
    watch(run, "payments.approvers", &call, status, &error);
    (void)records_take(run, "payments.approvers", &answer, out);
    return status;
}

/* Whether the core offers approvers; else the rule is not checked. */
static bool offers_approvers(struct run *run)
{
    if (!offers_payments(run)) {
        return false;
    }
    if (!PROVIDER_SERVES(run->provider, payments, approvers)) {
        not_checked(run, "the core offers no accounts that several pay from");
        return false;
    }
    return true;
}

/* --- each account that several pay from --------------------------------------------------------
 */

struct mandate {
    const char *account;
    const struct lfi_approver_summary *rule;
    const struct records *people;
};

typedef void check_mandate_fn(struct run *run, const struct mandate *mandate);

static void check_account(struct run *run, const char *user, const char *account,
                          check_mandate_fn *check)
{
    struct records people = {.total = 0};
    struct lfi_approver_summary rule;
    int status = ask_approvers(run, user, account, &rule, &people);
    if (status != LFI_OK) {
        broken(run, "account %s: %s", account, status_name(status));
    } else {
        check(run, &(struct mandate){account, &rule, &people});
    }
    records_free(&people);
}

static void check_each(struct run *run, check_mandate_fn *check)
{
    bool found = false;
    if (!offers_approvers(run)) {
        return;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        struct records accounts = {.total = 0};
        (void)ask_payable(run, run->users[u], &accounts);
        for (size_t i = 0; i < accounts.count; i++) {
            const struct lfi_payable_facts *facts = &accounts.items[i].payable;
            if (accounts.items[i].has_facts && !facts->alone) {
                found = true;
                check_account(run, run->users[u], facts->account.account_id, check);
            }
        }
        records_free(&accounts);
    }
    if (!found) {
        not_checked(run, "no user has an account that several pay from");
    }
}

/* --- the bank's rule, and its people -----------------------------------------------------------
 */

/* The group with this name; group_count: there is none. */
static uint32_t group_named(const struct lfi_approver_summary *rule, const char *name)
{
    uint32_t group = 0;
    while (group < rule->group_count && strcmp(rule->groups[group].name, name) != 0) {
        group++;
    }
    return group;
}

static bool is_repeated(const struct records *people, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(people->items[i].approver.user_id, people->items[at].approver.user_id) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_people(struct run *run, const struct mandate *mandate, uint32_t counts[])
{
    const struct records *people = mandate->people;
    if (people->count > LFI_APPROVERS_MAX) {
        return broken(run, "account %s: %zu approvers; the limit is %d", mandate->account,
                      people->count, LFI_APPROVERS_MAX);
    }
    for (size_t i = 0; i < people->count; i++) {
        const struct lfi_approver *one = &people->items[i].approver;
        uint32_t group = group_named(mandate->rule, one->group);
        if (!people->items[i].has_facts || !one->user_id[0] || !one->name[0] ||
            is_repeated(people, i) || group == mandate->rule->group_count) {
            return broken(run,
                          "account %s: approver %zu, of group '%s', must have a user id of their "
                          "own, a name, and one of the summary's groups",
                          mandate->account, i + 1, one->group);
        }
        counts[group]++;
    }
    return true;
}

static void check_rule(struct run *run, const struct mandate *mandate)
{
    const struct lfi_approver_summary *rule = mandate->rule;
    uint32_t counts[LFI_APPROVER_GROUPS_MAX] = {0};
    if (rule->group_count == 0 || rule->group_count > LFI_APPROVER_GROUPS_MAX) {
        broken(run, "account %s: %" PRIu32 " groups; 1 to %d are possible", mandate->account,
               rule->group_count, LFI_APPROVER_GROUPS_MAX);
        return;
    }
    if (!check_people(run, mandate, counts)) {
        return;
    }
    for (uint32_t i = 0; i < rule->group_count; i++) {
        const char *name = rule->groups[i].name;
        uint32_t required = rule->groups[i].required;
        if (!name[0] || group_named(rule, name) != i || required == 0 || required > counts[i]) {
            broken(run,
                   "account %s: %" PRIu32 " of %" PRIu32 " in group '%s' must approve; groups need "
                   "names of their own, and 1 to the number of their people",
                   mandate->account, required, counts[i], name);
        }
    }
}

static void approvers(struct run *run)
{
    check_each(run, check_rule);
}

/* --- where approvers find it -------------------------------------------------------------------
 */

static void check_payers(struct run *run, const struct mandate *mandate)
{
    for (size_t i = 0; i < mandate->people->count; i++) {
        const char *user = mandate->people->items[i].approver.user_id;
        struct records accounts = {.total = 0};
        bool found = false;
        int status = ask_payable(run, user, &accounts);
        for (size_t a = 0; status == LFI_OK && a < accounts.count; a++) {
            const struct lfi_payable_facts *facts = &accounts.items[a].payable;
            found = found ||
                    (!facts->alone && strcmp(facts->account.account_id, mandate->account) == 0);
        }
        if (!found) {
            broken(run, "account %s: approver %s does not find it among those to pay from together",
                   mandate->account, user);
        }
        records_free(&accounts);
    }
}

static void approver_pays(struct run *run)
{
    check_each(run, check_payers);
}

/* --- what was never issued ---------------------------------------------------------------------
 */

static void approvers_unknown(struct run *run)
{
    struct records people = {.total = 0};
    struct lfi_approver_summary rule;
    if (!offers_approvers(run)) {
        return;
    }
    int status = ask_approvers(run, run->users[0], CHECK_ID_UNKNOWN, &rule, &people);
    if (status != LFI_UNKNOWN || people.count > 0) {
        broken(run, "%s and %zu approvers of an account that was never issued", status_name(status),
               people.count);
    }
    records_free(&people);
}

const struct rule RULES_APPROVERS[] = {
    {"payment-approvers", "Enough people can approve payments from an account of several.",
     approvers},
    {"payment-approver-pays", "Who approves payments from an account finds it to pay from.",
     approver_pays},
    {"payment-approvers-unknown", "An account that was never issued has no approvers.",
     approvers_unknown},
    {NULL, NULL, NULL},
};
