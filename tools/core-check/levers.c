/*
 * The levers of a test bank. What moves them runs only when that was asked for, sets back what it
 * changed, and ends with a reset.
 */
#include "base/array.h"
#include "check.h"

#include <string.h>

static const char *const BLOCKS[] = {[LFI_CREDIT_OPEN] = "none",
                                     [LFI_CREDIT_BLOCKED_FOR_NOW] = "temporary",
                                     [LFI_CREDIT_BLOCKED_FOR_GOOD] = "permanent"};

#define STATUS_COUNT (LFI_ACCOUNT_CLOSED + 1)

/* The place of a name in a list, or the list's length. */
static size_t index_of(const char *name, const char *(*name_at)(size_t), size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(name, name_at(i)) != 0) {
        i++;
    }
    return i;
}

static const char *status_at(size_t i)
{
    return account_status_name((enum lfi_account_status)i);
}

static const char *block_at(size_t i)
{
    return BLOCKS[i];
}

/* --- calling ---------------------------------------------------------------------------------- */

/* The states of all accounts, or of one. */
static int ask_states(struct run *run, const char *account, struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(account)};
    int status = run->provider->levers->account_states(run->provider->core, &call, &query,
                                                       &answer.base, &error);
    watch(run, "levers.account_states", &call, status, &error);
    (void)records_take(run, "levers.account_states", &answer, out);
    return status;
}

static int set_status(struct run *run, const char *account, size_t wanted)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, NULL);
    int status = run->provider->levers->account_set_status(
        run->provider->core, &call, slice_of(account), (enum lfi_account_status)wanted, &error);
    watch(run, "levers.account_set_status", &call, status, &error);
    return status;
}

static int set_block(struct run *run, const char *account, size_t wanted)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, NULL);
    int status = run->provider->levers->account_set_credit_block(
        run->provider->core, &call, slice_of(account), (enum lfi_credit_block)wanted, &error);
    watch(run, "levers.account_set_credit_block", &call, status, &error);
    return status;
}

static const struct record *find_state(const struct records *states, const char *account)
{
    for (size_t i = 0; i < states->count; i++) {
        if (strcmp(record_text(&states->items[i], "accountId"), account) == 0) {
            return &states->items[i];
        }
    }
    return NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Exactly the members that the header names, with values that it knows. */
static void check_state(struct run *run, const struct record *state)
{
    const char *block = record_text(state, "creditBlock");
    int members = cJSON_GetArraySize(state->tree);
    if (record_text(state, "accountId")[0] == '\0' || members != (block[0] ? 3 : 2) ||
        index_of(record_text(state, "status"), status_at, STATUS_COUNT) == STATUS_COUNT ||
        (block[0] && index_of(block, block_at, ARRAY_LEN(BLOCKS)) == ARRAY_LEN(BLOCKS))) {
        broken(run, "%s is not the state of an account", state->text);
    }
}

/* The state of a held account, among all and alone, is that of its record. */
static void check_held(struct run *run, const struct records *states, const struct record *held)
{
    const char *id = record_text(held, "id");
    const struct record *state = find_state(states, id);
    struct records alone = {.total = 0};
    int status = ask_states(run, id, &alone);
    if (!state) {
        broken(run, "account %s is held and not among the states", id);
    } else if (status != LFI_OK || alone.count != 1 ||
               strcmp(alone.items[0].text, state->text) != 0) {
        broken(run, "account %s alone: %s, %zu records; among all: %s", id, status_name(status),
               alone.count, state->text);
    } else if (held->has_facts &&
               strcmp(record_text(state, "status"), account_status_name(held->facts.status)) != 0) {
        broken(run, "account %s is %s to the levers and %s to its holder", id,
               record_text(state, "status"), account_status_name(held->facts.status));
    }
    records_free(&alone);
}

static void states(struct run *run)
{
    struct records all = {.total = 0}, none = {.total = 0};
    if (!PROVIDER_SERVES(run->provider, levers, account_states)) {
        not_checked(run, "the core tells no states of accounts");
        return;
    }
    int status = ask_states(run, NULL, &all);
    if (status != LFI_OK) {
        broken(run, "%s for the states of all accounts", status_name(status));
    }
    for (size_t i = 0; i < all.count; i++) {
        const char *id = record_text(&all.items[i], "accountId");
        check_state(run, &all.items[i]);
        if (i > 0 && strcmp(record_text(&all.items[i - 1], "accountId"), id) >= 0) {
            broken(run, "account %s does not follow the one before by id", id);
        }
    }
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            check_held(run, &all, &run->held[u].items[i]);
        }
    }
    status = ask_states(run, CHECK_ID_UNKNOWN, &none);
    if (status != LFI_UNKNOWN || none.count > 0) {
        broken(run, "%s and %zu records for an account that was never issued", status_name(status),
               none.count);
    }
    records_free(&none);
    records_free(&all);
}

/* --- moving ----------------------------------------------------------------------------------- */

/* The account that the levers are tried on, and how all accounts are before. */
struct trial {
    const char *user, *account;
    const struct record *held;
    struct records before;
    const struct record *state; /* of the account, in `before` */
};

/* An active account whose state has the member. */
static bool choose_account(const struct run *run, struct trial *trial, const char *member)
{
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            trial->user = run->users[u];
            trial->held = &run->held[u].items[i];
            trial->account = record_text(trial->held, "id");
            trial->state = find_state(&trial->before, trial->account);
            if (trial->state && record_text(trial->state, member)[0] &&
                strcmp(record_text(trial->state, "status"), "Active") == 0) {
                return true;
            }
        }
    }
    return false;
}

/* False: not checked. trial_end() in each case. */
static bool trial_begin(struct run *run, struct trial *trial, bool offered, const char *member)
{
    *trial = (struct trial){.user = NULL};
    if (!offered || !PROVIDER_SERVES(run->provider, levers, account_states)) {
        not_checked(run, "the core does not offer this lever and the states of accounts");
        return false;
    }
    if (!run->levers) {
        not_checked(run, "it needs --levers");
        return false;
    }
    (void)ask_states(run, NULL, &trial->before);
    if (!choose_account(run, trial, member)) {
        not_checked(run, "none of the users holds an active account with this lever");
        return false;
    }
    return true;
}

static void trial_end(struct trial *trial)
{
    records_free(&trial->before);
}

/* Whether all accounts are as before, but for `member` of the trial's account, which is `value`. */
static void expect_moved(struct run *run, const struct trial *trial, const char *member,
                         const char *value)
{
    struct records now = {.total = 0};
    (void)ask_states(run, NULL, &now);
    if (now.count != trial->before.count) {
        broken(run, "%zu accounts instead of %zu after a lever", now.count, trial->before.count);
    }
    for (size_t i = 0; i < now.count && i < trial->before.count; i++) {
        const struct record *is = &now.items[i], *was = &trial->before.items[i];
        if (was != trial->state) {
            if (strcmp(is->text, was->text) != 0) {
                broken(run, "account %s was moved: %s became %s", trial->account, was->text,
                       is->text);
            }
        } else if (strcmp(record_text(is, member), value) != 0) {
            broken(run, "account %s: %s was set to %s, and is told as %s", trial->account, member,
                   value, is->text);
        }
    }
    records_free(&now);
}

static void expect_facts(struct run *run, const struct trial *trial, size_t wanted)
{
    struct lfi_account_facts facts;
    int status = ask_subject(run, trial->user, trial->account, &facts);
    if (status != LFI_OK || (size_t)facts.status != wanted) {
        broken(run, "account %s was set to %s; its holder is told %s, %s", trial->account,
               status_at(wanted), status_name(status), account_status_name(facts.status));
    }
}

static void move_status(struct run *run)
{
    struct trial trial;
    bool offered = PROVIDER_SERVES(run->provider, levers, account_set_status);
    if (trial_begin(run, &trial, offered, "status")) {
        for (size_t wanted = STATUS_COUNT; wanted-- > LFI_ACCOUNT_ACTIVE;) { /* as it was, last */
            int status = set_status(run, trial.account, wanted);
            if (status != LFI_OK) {
                broken(run, "%s for account %s and %s", status_name(status), trial.account,
                       status_at(wanted));
            }
            expect_moved(run, &trial, "status", status_at(wanted));
            expect_facts(run, &trial, wanted);
        }
    }
    trial_end(&trial);
}

/* What payers are told of the account: as its credit block says, unless it is hidden. */
static void expect_payee(struct run *run, const struct trial *trial, const char *iban, size_t block)
{
    static const enum lfi_payee_state told[] = {
        [LFI_CREDIT_OPEN] = LFI_PAYEE_SHOWN,
        [LFI_CREDIT_BLOCKED_FOR_NOW] = LFI_PAYEE_BLOCKED_FOR_NOW,
        [LFI_CREDIT_BLOCKED_FOR_GOOD] = LFI_PAYEE_BLOCKED_FOR_GOOD};
    struct lfi_payee_summary summary;
    struct records holders = {.total = 0};
    int status = ask_holders(run, iban, &holders, &summary);
    if (status != LFI_OK || (summary.state != told[block] && summary.state != LFI_PAYEE_HIDDEN)) {
        broken(run, "account %s has the credit block %s; payers are told %s, state %d",
               trial->account, BLOCKS[block], status_name(status), (int)summary.state);
    }
    records_free(&holders);
}

static void move_block(struct run *run)
{
    struct trial trial;
    bool offered = PROVIDER_SERVES(run->provider, levers, account_set_credit_block);
    if (trial_begin(run, &trial, offered, "creditBlock")) {
        const char *iban = iban_of(trial.held);
        size_t before =
            index_of(record_text(trial.state, "creditBlock"), block_at, ARRAY_LEN(BLOCKS));
        for (size_t wanted = 0; wanted < ARRAY_LEN(BLOCKS); wanted++) {
            int status = set_block(run, trial.account, wanted);
            if (status != LFI_OK) {
                broken(run, "%s for account %s and %s", status_name(status), trial.account,
                       BLOCKS[wanted]);
            }
            expect_moved(run, &trial, "creditBlock", BLOCKS[wanted]);
            if (iban && PROVIDER_SERVES(run->provider, payee, holders)) {
                expect_payee(run, &trial, iban, wanted);
            }
        }
        (void)set_block(run, trial.account, before);
    }
    trial_end(&trial);
}

static void unknown(struct run *run)
{
    bool statuses = PROVIDER_SERVES(run->provider, levers, account_set_status);
    bool blocks = PROVIDER_SERVES(run->provider, levers, account_set_credit_block);
    if (!run->levers || !(statuses || blocks)) {
        not_checked(run, run->levers ? "the core offers neither lever" : "it needs --levers");
        return;
    }
    int status = statuses ? set_status(run, CHECK_ID_UNKNOWN, LFI_ACCOUNT_SUSPENDED) : LFI_UNKNOWN;
    int block = blocks ? set_block(run, CHECK_ID_UNKNOWN, LFI_CREDIT_BLOCKED_FOR_NOW) : LFI_UNKNOWN;
    if (status != LFI_UNKNOWN || block != LFI_UNKNOWN) {
        broken(run,
               "%s for the status, %s for the credit block of an account that was never issued",
               status_name(status), status_name(block));
    }
}

static int ask_reset(struct run *run)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, NULL);
    int status = run->provider->levers->reset(run->provider->core, &call, &error);
    watch(run, "levers.reset", &call, status, &error);
    return status;
}

/* Twice, since the first may undo what was set before this run. */
static void reset(struct run *run)
{
    struct trial trial;
    struct records first = {.total = 0}, second = {.total = 0};
    bool offered = PROVIDER_SERVES(run->provider, levers, reset) &&
                   PROVIDER_SERVES(run->provider, levers, account_set_status);
    if (trial_begin(run, &trial, offered, "status")) {
        int status = ask_reset(run);
        (void)ask_states(run, NULL, &first);
        for (size_t i = 0; i < 2; i++) { /* one of the two is not what it was set up with */
            (void)set_status(run, trial.account, i == 0 ? LFI_ACCOUNT_CLOSED : LFI_ACCOUNT_DORMANT);
            status = status == LFI_OK ? ask_reset(run) : status;
            (void)ask_states(run, NULL, &second);
            if (status != LFI_OK || !records_equal(&first, &second)) {
                broken(run, "%s, and account %s is not as it was set up", status_name(status),
                       trial.account);
            }
            records_free(&second);
        }
    }
    records_free(&first);
    trial_end(&trial);
}

const struct rule RULES_LEVERS[] = {
    {"levers-states", "States of accounts come by id, and agree with what their holders are told.",
     states},
    {"levers-status", "A status that is set is told of that account, and of no other.",
     move_status},
    {"levers-credit", "A credit block that is set is told of that account, and to payers.",
     move_block},
    {"levers-unknown", "Levers of an account that was never issued are UNKNOWN.", unknown},
    {"levers-reset", "A reset undoes the levers.", reset},
    {NULL, NULL, NULL},
};
