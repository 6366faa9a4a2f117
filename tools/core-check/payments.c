/* Payments: what is read of accounts, creditors and payments. */
#include "payments.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

#define REACH_US 20000 /* payments.h: answers within 20 ms */
#define TRIES 5        /* of which the shortest counts on a busy machine */
#define NOBODY "AE000000000000000000000"

/* --- an account by its IBAN --------------------------------------------------------------------
 */

static int ask_account(struct run *run, const char *user, const char *iban,
                       struct lfi_account_by_iban *out)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, user);
    *out = (struct lfi_account_by_iban){.size = sizeof(*out)};
    int status = run->provider->payments->account_by_iban(run->provider->core, &call,
                                                          slice_of(iban), out, &error);
    watch(run, "payments.account_by_iban", &call, status, &error);
    return status;
}

static bool holds(const struct run *run, size_t user, const char *account)
{
    for (size_t i = 0; i < run->held[user].count; i++) {
        if (strcmp(record_text(&run->held[user].items[i], "id"), account) == 0) {
            return true;
        }
    }
    return false;
}

static void check_account(struct run *run, const struct record *account, const char *iban)
{
    struct lfi_account_by_iban found;
    const char *id = record_text(account, "id");
    for (size_t u = 0; u <= run->user_count; u++) {
        bool known = u < run->user_count;
        int status = ask_account(run, known ? run->users[u] : NULL, iban, &found);
        if (status != LFI_OK || strcmp(found.account_id, id) != 0 ||
            found.status != account->facts.status ||
            strcmp(found.sub_type, account->facts.sub_type) != 0 ||
            strcmp(found.currency, account->facts.currency) != 0) {
            broken(run, "the IBAN of account %s: %s, account %s, %s", id, status_name(status),
                   found.account_id, account_status_name(found.status));
        } else if ((found.held != 0) != (known && holds(run, u, id))) {
            broken(run, "account %s is %sheld by %s", id, found.held ? "" : "not ",
                   known ? run->users[u] : "nobody");
        }
    }
}

static void account(struct run *run)
{
    struct lfi_account_by_iban found;
    if (!offers_payments(run)) {
        return;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            const char *iban = iban_of(&run->held[u].items[i]);
            if (iban && run->held[u].items[i].has_facts) {
                check_account(run, &run->held[u].items[i], iban);
            }
        }
    }
    int status = ask_account(run, run->users[0], NOBODY, &found);
    if (status != LFI_UNKNOWN) {
        broken(run, "%s for an IBAN that nobody has", status_name(status));
    }
}

/* --- whether money can reach an account ---------------------------------------------------------
 */

/* *took_us: the shortest of some tries. */
static int ask_reach(struct run *run, const char *iban, struct lfi_reach *out, int64_t *took_us)
{
    int status = LFI_OK;
    *took_us = INT64_MAX;
    for (size_t i = 0; i<TRIES && * took_us> REACH_US; i++) {
        struct lfi_error error = {""};
        struct lfi_call call = call_of(run, NULL);
        int64_t start_us = clock_monotonic_us();
        *out = (struct lfi_reach){.size = sizeof(*out)};
        status =
            run->provider->payments->reach(run->provider->core, &call, slice_of(iban), out, &error);
        int64_t us = clock_monotonic_us() - start_us;
        watch(run, "payments.reach", &call, status, &error);
        *took_us = us < *took_us ? us : *took_us;
    }
    return status;
}

static void check_reach(struct run *run, const char *iban, bool is_own)
{
    struct lfi_reach found;
    int64_t took_us = 0;
    int status = ask_reach(run, iban, &found, &took_us);
    if (status != LFI_OK || (found.own != 0) != is_own || (unsigned)found.can_receive > LFI_NO) {
        broken(run, "%s: %s, own %u, can receive %d", is_own ? "an account" : "a stranger's IBAN",
               status_name(status), found.own, (int)found.can_receive);
    }
    if (took_us > REACH_US) {
        broken(run, "it takes %" PRId64 " us", took_us);
    }
}

static void reach(struct run *run)
{
    if (!offers_payments(run)) {
        return;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            const char *iban = iban_of(&run->held[u].items[i]);
            if (iban) {
                check_reach(run, iban, true);
            }
        }
    }
    check_reach(run, NOBODY, false);
}

/* --- accounts to pay from -----------------------------------------------------------------------
 */

/* The amount of the balance InterimAvailable, in fils; false: the core tells none. */
static bool read_balance(struct run *run, const char *account, int64_t *out)
{
    struct records records = {.total = 0};
    bool found = false;
    if (!PROVIDER_SERVES(run->provider, accounts, balances)) {
        return false;
    }
    (void)ask_list(run, "accounts.balances", run->provider->accounts->balances, account, &records);
    for (size_t i = 0; i < records.count && !found; i++) {
        int64_t sign =
            strcmp(record_text(&records.items[i], "creditDebitIndicator"), "Debit") == 0 ? -1 : 1;
        struct lfi_slice text =
            json_get_string(json_get(records.items[i].tree, "amount"), "amount");
        found = strcmp(record_text(&records.items[i], "balanceType"), "InterimAvailable") == 0 &&
                read_minor(text, out);
        *out = found ? sign * *out : 0;
    }
    records_free(&records);
    return found;
}

static void check_payable(struct run *run, size_t user, const struct record *record)
{
    int64_t balance = 0;
    const struct lfi_payable_facts *facts = &record->payable;
    const char *id = facts->account.account_id;
    if (!holds(run, user, id) || strcmp(record_text(record, "id"), id) != 0) {
        broken(run, "user %s is to pay from account %s, which is not held", run->users[user], id);
    } else if ((strcmp(facts->account.sub_type, "CurrentAccount") != 0 &&
                strcmp(facts->account.sub_type, "Savings") != 0) ||
               strcmp(facts->available.currency, "AED") != 0 || facts->overdraft.minor < 0 ||
               facts->limit.minor < 0) {
        broken(run, "account %s: a %s in %s, overdraft %" PRId64 ", limit %" PRId64, id,
               facts->account.sub_type, facts->available.currency, facts->overdraft.minor,
               facts->limit.minor);
    } else if (read_balance(run, id, &balance) && balance != facts->available.minor) {
        broken(run, "account %s: %" PRId64 " fils to pay from, and a balance of %" PRId64, id,
               facts->available.minor, balance);
    }
}

static void payable(struct run *run)
{
    struct records none = {.total = 0};
    if (!offers_payments(run)) {
        return;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        struct records records = {.total = 0};
        int status = ask_payable(run, run->users[u], &records);
        if (status != LFI_OK) {
            broken(run, "user %s: %s", run->users[u], status_name(status));
        }
        for (size_t i = 0; i < records.count; i++) {
            check_payable(run, u, &records.items[i]);
        }
        records_free(&records);
    }
    int status = ask_payable(run, CHECK_ID_UNKNOWN, &none);
    if (status != LFI_UNKNOWN || none.count > 0) {
        broken(run, "%s and %zu accounts of a user that does not exist", status_name(status),
               none.count);
    }
    records_free(&none);
}

/* --- refunds ------------------------------------------------------------------------------------
 */

static int ask_refund(struct run *run, const char *id, struct lfi_refund_account *out)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, NULL);
    *out = (struct lfi_refund_account){.size = sizeof(*out)};
    int status = run->provider->payments->refund_account(run->provider->core, &call, slice_of(id),
                                                         out, &error);
    watch(run, "payments.refund_account", &call, status, &error);
    return status;
}

static void refund(struct run *run)
{
    struct lfi_refund_account found;
    if (!offers_payments(run)) {
        return;
    }
    if (!PROVIDER_SERVES(run->provider, payments, refund_account)) {
        not_checked(run, "the core offers no refund accounts");
        return;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        struct records records = {.total = 0};
        (void)ask_payable(run, run->users[u], &records);
        for (size_t i = 0; i < records.count; i++) {
            const char *iban = iban_of(&records.items[i]);
            int status = ask_refund(run, record_text(&records.items[i], "id"), &found);
            if (status != LFI_OK || !iban || strcmp(found.iban, iban) != 0 ||
                (!found.name_en[0] && !found.name_ar[0])) {
                broken(run, "account %s: %s, %s, %s", record_text(&records.items[i], "id"),
                       status_name(status), iban ? "an IBAN" : "no IBAN",
                       found.name_en[0] || found.name_ar[0] ? "another one" : "no name");
            }
        }
        records_free(&records);
    }
    int status = ask_refund(run, CHECK_ID_UNKNOWN, &found);
    if (status != LFI_UNKNOWN) {
        broken(run, "%s for an account that was never issued", status_name(status));
    }
}

/* --- what was never made ------------------------------------------------------------------------
 */

static void unknown(struct run *run)
{
    struct records records = {.total = 0};
    if (!offers_payments(run)) {
        return;
    }
    struct made by_id = ask_find(run, "00000000-0000-4000-8000-00000c0ec0ec", NULL, NULL);
    struct made by_key = ask_find(run, NULL, CHECK_ID_UNKNOWN, CHECK_ID_UNKNOWN);
    if (by_id.status != LFI_UNKNOWN || by_key.status != LFI_UNKNOWN || by_id.records > 0 ||
        by_key.records > 0) {
        broken(run, "a payment that was never made: %s by its id, %s by its key",
               status_name(by_id.status), status_name(by_key.status));
    }
    if (ask_count(run, CHECK_ID_UNKNOWN) > 0) {
        broken(run, "a consent that does not exist has payments");
    }
    int status = ask_changes(run, CHECK_ID_UNKNOWN, 1, 0, &records);
    if (status != LFI_UNKNOWN || records.count > 0) {
        broken(run, "%s and %zu changes behind a cursor that was never given", status_name(status),
               records.count);
    }
    records_free(&records);
}

const struct rule RULES_PAYMENTS[] = {
    {"payment-account", "An IBAN of the segment names its account, and who holds it.", account},
    {"payment-reach", "What is known of a creditor's account comes within 20 ms.", reach},
    {"payment-payable", "Accounts to pay from are held, and have what their balance says.",
     payable},
    {"payment-refund", "A refund goes to the IBAN of the account that paid.", refund},
    {"payment-unknown", "A payment, consent or cursor that was never made is UNKNOWN.", unknown},
    {NULL, NULL, NULL},
};
