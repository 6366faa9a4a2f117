/* What every call keeps: sizes, stops, deadlines, threads, and a reason for each failure. */
#include "check.h"

#include "base/clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define SHORT_MS 100  /* what a call with little time left has */
#define SLACK_MS 1500 /* by which it may be late on a busy machine */
#define TRIES 3       /* of a call that was late */
#define THREADS 8
#define ROUNDS 20

/* The first account of the first user that holds one, or NULL. */
static const char *any_account(const struct run *run, const char **user)
{
    for (size_t u = 0; u < run->user_count; u++) {
        if (run->held[u].count > 0) {
            *user = run->users[u];
            return record_text(&run->held[u].items[0], "id");
        }
    }
    return NULL;
}

/* --- sizes ------------------------------------------------------------------------------------ */

/* A newer server's query, with something to say that this core cannot know. */
struct newer {
    union {
        struct lfi_query list;
        struct lfi_held_query held;
        struct lfi_transaction_query transactions;
        struct lfi_statement_query statements;
    } known;
    uint64_t filter;
};

static void refuses(struct run *run, const char *what, const struct lfi_call *call, int status,
                    const struct lfi_error *error)
{
    watch(run, what, call, status, error);
    if (status != LFI_FAILED) {
        broken(run,
               "%s: %s for a query with a filter that it does not know; it must be refused "
               "with LFI_FAILED",
               what, status_name(status));
    }
}

static void newer_query(struct run *run)
{
    const char *user = NULL;
    const char *account = any_account(run, &user);
    const struct lfi_accounts *accounts = run->provider->accounts;
    struct lfi_error error = {""};
    struct records records = {.total = 0};
    struct core_answer answer = records_answer(&records);
    struct newer newer = {.filter = 1};
    if (!account) {
        not_checked(run, "none of the users holds an account");
        return;
    }
    struct lfi_call call = call_of(run, user);
    newer.known.held.base.size = sizeof(newer);
    newer.known.held.base.subject_id = slice_of(user);
    refuses(run, "accounts.held", &call,
            accounts->held(run->provider->core, &call, &newer.known.held, &answer.base, &error),
            &error);
    for (size_t list = 0; list < ACCOUNT_LISTS; list++) {
        lfi_account_list_fn *function = list_function(run, list);
        newer = (struct newer){.filter = 1};
        newer.known.list.size = sizeof(newer);
        newer.known.list.subject_id = slice_of(account);
        if (function) {
            refuses(run, ACCOUNT_LIST[list].serves, &call,
                    function(run->provider->core, &call, &newer.known.list, &answer.base, &error),
                    &error);
        }
    }
    if (PROVIDER_SERVES(run->provider, accounts, transactions)) {
        struct lfi_transaction_summary summary = {.size = sizeof(summary)};
        answer.base.summary = &summary;
        newer = (struct newer){.filter = 1};
        newer.known.transactions =
            (struct lfi_transaction_query){.base = {sizeof(newer), slice_of(account), {0, 1}},
                                           .from = LFI_WALL_MIN,
                                           .to = LFI_WALL_MAX};
        refuses(run, "accounts.transactions", &call,
                accounts->transactions(run->provider->core, &call, &newer.known.transactions,
                                       &answer.base, &error),
                &error);
    }
    records_free(&records);
}

/* An older server's struct ends where it says: the bytes after it are not the core's. */
static void smaller_facts(struct run *run)
{
    const char *user = NULL;
    const char *account = any_account(run, &user);
    struct lfi_error error = {""};
    struct lfi_account_facts facts;
    unsigned char before[sizeof(facts)];
    const size_t size = offsetof(struct lfi_account_facts, currency);
    if (!account) {
        not_checked(run, "none of the users holds an account");
        return;
    }
    struct lfi_call call = call_of(run, user);
    const struct lfi_subject_query query = {
        .size = sizeof(query), .user_id = slice_of(user), .account_id = slice_of(account)};
    memset(&facts, 0x5a, sizeof(facts));
    facts.size = (uint32_t)size;
    memcpy(before, &facts, sizeof(facts));
    int status =
        run->provider->accounts->subject(run->provider->core, &call, &query, &facts, &error);
    watch(run, "accounts.subject", &call, status, &error);
    if (facts.size != size ||
        memcmp((const char *)&facts + size, before + size, sizeof(facts) - size) != 0) {
        broken(run, "accounts.subject wrote beyond the %zu bytes of the struct it was given", size);
    }
}

/* --- stops ------------------------------------------------------------------------------------ */

static void stopped(struct run *run, const char *what, lfi_account_list_fn *list,
                    const char *account, bool *checked)
{
    struct records all = {.total = 0}, one = {.stop_after = 1};
    (void)ask_list(run, what, list, account, &all);
    if (all.count >= 2) {
        int status = ask_list(run, what, list, account, &one);
        *checked = true;
        if (status != LFI_STOPPED || one.ignored_stop) {
            broken(run, "%s: %s%s after the answer took no more", what, status_name(status),
                   one.ignored_stop ? " and more records" : "");
        }
    }
    records_free(&one);
    records_free(&all);
}

static void stop(struct run *run)
{
    bool checked = false;
    for (size_t u = 0; u < run->user_count; u++) {
        struct records one = {.stop_after = 1};
        if (run->held[u].count >= 2) {
            int status = ask_held(run, run->users[u], NULL, 0, &one);
            checked = true;
            if (status != LFI_STOPPED || one.ignored_stop) {
                broken(run, "accounts.held: %s%s after the answer took no more",
                       status_name(status), one.ignored_stop ? " and more records" : "");
            }
        }
        records_free(&one);
        for (size_t list = 0; list < ACCOUNT_LISTS; list++) {
            for (size_t i = 0; list_function(run, list) && i < run->held[u].count; i++) {
                stopped(run, ACCOUNT_LIST[list].serves, list_function(run, list),
                        record_text(&run->held[u].items[i], "id"), &checked);
            }
        }
    }
    if (!checked) {
        not_checked(run, "no list has two records");
    }
}

/* --- deadlines -------------------------------------------------------------------------------- */

/* How long a call with little time left takes; the shortest of some tries on a busy machine. */
static int64_t short_call_ms(struct run *run, size_t list, const char *user, const char *account)
{
    int64_t shortest_ms = INT64_MAX;
    for (size_t i = 0; i < TRIES && shortest_ms > SHORT_MS + SLACK_MS; i++) {
        struct records records = {.total = 0};
        int64_t start = clock_monotonic_us();
        if (list == ACCOUNT_LISTS) {
            (void)ask_held(run, user, NULL, 0, &records);
        } else {
            (void)ask_list(run, ACCOUNT_LIST[list].serves, list_function(run, list), account,
                           &records);
        }
        int64_t took_ms = (clock_monotonic_us() - start) / 1000;
        shortest_ms = took_ms < shortest_ms ? took_ms : shortest_ms;
        records_free(&records);
    }
    return shortest_ms;
}

static void deadline(struct run *run)
{
    const char *user = NULL;
    const char *account = any_account(run, &user);
    struct watched watched = run->watched; /* what is late here is judged here */
    uint32_t usual = run->deadline_ms;
    if (!account) {
        not_checked(run, "none of the users holds an account");
        return;
    }
    run->deadline_ms = SHORT_MS;
    for (size_t list = 0; list <= ACCOUNT_LISTS; list++) {
        if (list < ACCOUNT_LISTS && !list_function(run, list)) {
            continue;
        }
        const char *what = list < ACCOUNT_LISTS ? ACCOUNT_LIST[list].serves : "accounts.held";
        int64_t took_ms = short_call_ms(run, list, user, account);
        if (took_ms > SHORT_MS + SLACK_MS) {
            broken(run, "%s: %" PRId64 " ms for a call that had %d ms", what, took_ms, SHORT_MS);
        }
    }
    run->deadline_ms = usual;
    run->watched = watched;
}

/* --- threads ---------------------------------------------------------------------------------- */

struct thread {
    pthread_t id;
    struct run run; /* its own: verdict and what was watched */
    const char *user, *account;
    const struct records *held;
    const struct records *lists; /* ACCOUNT_LISTS, as one thread alone was given them */
};

static void *ask_again(void *ctx)
{
    struct thread *thread = ctx;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct records records = {.total = 0};
        (void)ask_held(&thread->run, thread->user, NULL, 0, &records);
        if (!records_equal(&records, thread->held)) {
            broken(&thread->run, "accounts.held: another answer than alone");
        }
        records_free(&records);
        for (size_t list = 0; list < ACCOUNT_LISTS; list++) {
            lfi_account_list_fn *function = list_function(&thread->run, list);
            if (function) {
                (void)ask_list(&thread->run, ACCOUNT_LIST[list].serves, function, thread->account,
                               &records);
                if (!records_equal(&records, &thread->lists[list])) {
                    broken(&thread->run, "%s: another answer than alone",
                           ACCOUNT_LIST[list].serves);
                }
                records_free(&records);
            }
        }
    }
    return NULL;
}

static void join(struct run *run, struct thread *thread)
{
    (void)pthread_join(thread->id, NULL);
    if (thread->run.verdict == VERDICT_BROKEN) {
        broken(run, "%s", thread->run.why);
    }
}

static void parallel(struct run *run)
{
    struct thread threads[THREADS];
    struct records lists[ACCOUNT_LISTS] = {{.total = 0}};
    struct records held = {.total = 0};
    const char *user = NULL;
    const char *account = any_account(run, &user);
    size_t started = 0;
    if (!account) {
        not_checked(run, "none of the users holds an account");
        return;
    }
    (void)ask_held(run, user, NULL, 0, &held);
    for (size_t list = 0; list < ACCOUNT_LISTS; list++) {
        lfi_account_list_fn *function = list_function(run, list);
        if (function) {
            (void)ask_list(run, ACCOUNT_LIST[list].serves, function, account, &lists[list]);
        }
    }
    for (; started < THREADS; started++) {
        struct thread *thread = &threads[started];
        *thread = (struct thread){
            .run = *run, .user = user, .account = account, .held = &held, .lists = lists};
        if (pthread_create(&thread->id, NULL, ask_again, thread) != 0) {
            break;
        }
    }
    for (size_t i = 0; i < started; i++) {
        join(run, &threads[i]);
    }
    if (started < THREADS) {
        not_checked(run, "threads cannot be started");
    }
    for (size_t list = 0; list < ACCOUNT_LISTS; list++) {
        records_free(&lists[list]);
    }
    records_free(&held);
}

/* --- what was watched in all calls ------------------------------------------------------------ */

static void judge(struct run *run, const char *first)
{
    if (first[0]) {
        broken(run, "%s", first);
    }
}

static void late(struct run *run)
{
    judge(run, run->watched.late);
}

static void statuses(struct run *run)
{
    judge(run, run->watched.status);
}

static void explained(struct run *run)
{
    judge(run, run->watched.unexplained);
}

static void bytes(struct run *run)
{
    judge(run, run->watched.bytes);
}

const struct rule RULES_CALLS[] = {
    {"query-newer", "A filter that the core does not know is refused, never ignored.", newer_query},
    {"struct-smaller", "No byte beyond the size of a struct is written.", smaller_facts},
    {"stop", "When the answer takes no more, the core returns LFI_STOPPED at once.", stop},
    {"deadline", "A call with little time left comes back by then.", deadline},
    {"parallel", "Parallel calls get what a call alone gets.", parallel},
    {"late", "No call came back after its deadline.", late},
    {"status", "Only statuses of lfi/base.h are returned.", statuses},
    {"explained", "LFI_FAILED and LFI_UNAVAILABLE come with a reason.", explained},
    {"bytes", "Records are one JSON object each, without white space around.", bytes},
    {NULL, NULL, NULL},
};
