// link: lfi-store
#include "store_reads.h"

#include "store/internal.h"

#include <lmdb.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define USER "user-1"
#define OTHER "user-2"
#define ACCOUNT "account-1"
#define ENTRIES 250
#define START_US INT64_C(1700000000000000)
#define SECOND_US INT64_C(1000000)

struct fixture {
    char dir[64];
    char path[96];
    int64_t now_us;
    struct store *store;
};

struct seen {
    size_t count;
    char first[400];
    char last[400];
    size_t stop_after;
};

static struct lfi_slice text(const char *s)
{
    return (struct lfi_slice){s, strlen(s)};
}

static int remember(void *ctx, struct lfi_slice json)
{
    struct seen *seen = ctx;
    assert_true(json.len < sizeof(seen->last));
    memcpy(seen->last, json.ptr, json.len);
    seen->last[json.len] = '\0';
    if (seen->count == 0) {
        memcpy(seen->first, seen->last, json.len + 1);
    }
    seen->count++;
    return seen->stop_after != 0 && seen->count >= seen->stop_after;
}

static struct record_sink sink_into(struct seen *seen)
{
    *seen = (struct seen){.stop_after = seen->stop_after};
    return (struct record_sink){remember, seen};
}

static int64_t fixture_now(void *clock)
{
    return ((struct fixture *)clock)->now_us;
}

/* Entry i is booked i seconds after the start, two and two in the same second; every tenth is FX.
 */
static void add_entries(struct store_builder *builder)
{
    for (int i = 0; i < ENTRIES; i++) {
        char id[16];
        char json[32];
        (void)snprintf(id, sizeof(id), "t-%04d", i);
        (void)snprintf(json, sizeof(json), "{\"n\":%d}", i);
        struct store_transaction entry = {.booking = START_US + i / 2 * SECOND_US,
                                          .fx = i % 10 == 0,
                                          .id = text(id),
                                          .json = text(json)};
        assert_int_equal(store_builder_transaction(builder, ACCOUNT, &entry, NULL), 0);
    }
}

static void build(struct fixture *f)
{
    struct store_builder *builder = NULL;
    struct lfi_error error = {""};
    struct store_user user = {USER, "alia", "open sesame", "salt-1", false, 1000};
    struct store_user blocked = {OTHER, "badr", "open sesame", "salt-2", true, 1000};
    assert_int_equal(store_builder_new(&builder, f->path, "retail", &error), 0);
    assert_int_equal(store_builder_user(builder, &user, &error), 0);
    assert_int_equal(store_builder_user(builder, &blocked, &error), 0);
    assert_int_equal(
        store_builder_account(builder, ACCOUNT, LFI_ACCOUNT_SUSPENDED,
                              text("{\"id\":\"account-1\",\"accountSubType\":\"Savings\","
                                   "\"currency\":\"AED\"}"),
                              &error),
        0);
    assert_int_equal(store_builder_account(builder, "account-0", LFI_ACCOUNT_ACTIVE,
                                           text("{\"id\":\"account-0\"}"), &error),
                     0);
    assert_int_equal(store_builder_holding(builder, USER, ACCOUNT, "Principal", &error), 0);
    assert_int_equal(store_builder_holding(builder, USER, "account-0", "Principal", &error), 0);
    assert_int_equal(
        store_builder_record(builder, STORE_BALANCES, ACCOUNT, text("{\"b\":1}"), &error), 0);
    assert_int_equal(
        store_builder_record(builder, STORE_BALANCES, ACCOUNT, text("{\"b\":2}"), &error), 0);
    add_entries(builder);
    assert_int_equal(store_builder_commit(builder, &error), 0);
}

static struct store *open_store(struct fixture *f, const char *segment, struct lfi_error *error)
{
    struct store *store = NULL;
    struct store_options options = {f->path, segment, fixture_now, f, 0, 0, 0, 0, false, 0, 0};
    (void)store_open(&store, &options, error);
    return store;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/lfi-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/store", f->dir);
    f->now_us = START_US;
    build(f);
    struct lfi_error error = {""};
    f->store = open_store(f, "retail", &error);
    assert_non_null(f->store);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char file[128];
    store_close(f->store);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", f->path);
    (void)unlink(file);
    (void)snprintf(file, sizeof(file), "%s/lock.mdb", f->path);
    (void)unlink(file);
    (void)rmdir(f->path);
    (void)rmdir(f->dir);
    free(f);
    return 0;
}

static void test_segment_of_another_store_is_refused(void **state)
{
    struct fixture *f = *state;
    struct lfi_error error = {""};
    store_close(f->store);
    f->store = open_store(f, "sme", &error);
    assert_null(f->store);
    assert_non_null(strstr(error.message, "segment"));
    f->store = open_store(f, "retail", &error);
}

static void test_missing_folder_is_refused(void **state)
{
    struct lfi_error error = {""};
    struct fixture absent = {.path = "/nonexistent/store"};
    (void)state;
    assert_null(open_store(&absent, "retail", &error));
    assert_non_null(strstr(error.message, "no store at"));
}

static void test_an_empty_folder_stays_empty(void **state)
{
    struct lfi_error error = {""};
    char dir[] = "/tmp/lfi-store-XXXXXX";
    struct fixture bare = {0};
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(bare.path, sizeof(bare.path), "%s", dir);
    assert_null(open_store(&bare, "retail", &error));
    assert_non_null(strstr(error.message, "no store in the folder"));
    assert_int_equal(rmdir(dir), 0);
}

/* An environment without the tables of this version. */
static void test_store_of_another_version_is_refused(void **state)
{
    struct lfi_error error = {""};
    char dir[] = "/tmp/lfi-store-XXXXXX";
    char file[64];
    struct fixture bare = {0};
    MDB_env *env = NULL;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(bare.path, sizeof(bare.path), "%s", dir);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
    mdb_env_close(env);
    assert_null(open_store(&bare, "retail", &error));
    assert_non_null(strstr(error.message, "this version did not load the store"));
    snprintf(file, sizeof(file), "%s/data.mdb", dir);
    assert_int_equal(unlink(file), 0);
    snprintf(file, sizeof(file), "%s/lock.mdb", dir);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(dir), 0);
}

/* What was written last by store_health, or 0. */
static size_t last_transaction(const struct fixture *f)
{
    MDB_envinfo info;
    assert_int_equal(mdb_env_info(f->store->env, &info), 0);
    return info.me_last_txnid;
}

static void test_health_writes_at_first_and_after_a_failure_only(void **state)
{
    struct fixture *f = *state;
    struct lfi_error error = {""};
    struct lfi_health health = {.size = sizeof(health)};
    char file[512], away[520];
    snprintf(file, sizeof(file), "%.480s/data.mdb", f->path);
    snprintf(away, sizeof(away), "%s.away", file);
    size_t before = last_transaction(f);
    assert_int_equal(store_health(f->store, NULL, &health, &error), LFI_OK);
    assert_int_equal(last_transaction(f), before + 1);
    assert_int_equal(store_health(f->store, NULL, &health, &error), LFI_OK);
    assert_int_equal(last_transaction(f), before + 1);
    assert_int_equal(rename(file, away), 0);
    assert_int_equal(store_health(f->store, NULL, &health, &error), LFI_FAILED);
    assert_int_equal(rename(away, file), 0);
    assert_int_equal(store_health(f->store, NULL, &health, &error), LFI_OK);
    assert_int_equal(last_transaction(f), before + 2);
    f->store->write_tried_s -= 30;
    assert_int_equal(store_health(f->store, NULL, &health, &error), LFI_OK);
    assert_int_equal(last_transaction(f), before + 3);
}

static void test_health_tells_use_and_loss(void **state)
{
    struct fixture *f = *state;
    struct lfi_error error = {""};
    struct lfi_health health = {.size = sizeof(health)};
    char file[512], away[520];
    assert_int_equal(store_health(f->store, NULL, &health, &error), LFI_OK);
    assert_true(health.used_bytes > 0 && health.used_bytes < health.limit_bytes);
    assert_true(health.limit_bytes == UINT64_C(8) << 30 && health.storage_inode != 0);
    snprintf(file, sizeof(file), "%.480s/data.mdb", f->path);
    snprintf(away, sizeof(away), "%s.away", file);
    assert_int_equal(rename(file, away), 0);
    assert_int_equal(store_health(f->store, NULL, &health, &error), LFI_FAILED);
    assert_non_null(strstr(error.message, "the store was removed"));
    assert_int_equal(rename(away, file), 0);
    assert_int_equal(store_health(f->store, NULL, &health, &error), LFI_OK);
}

/* In a process of its own: LMDB opens a store once in each. 0: as expected. */
static int open_beside(const struct fixture *f, uint32_t threads, const char *refusal)
{
    struct lfi_error error = {""};
    struct store *store = NULL;
    struct store_options options = {.path = f->path,
                                    .segment = "retail",
                                    .now_us = fixture_now,
                                    .clock = (void *)(uintptr_t)f,
                                    .threads = threads};
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        int rc = store_open(&store, &options, &error);
        bool expected = refusal ? rc == LFI_FAILED && strstr(error.message, refusal) : rc == LFI_OK;
        (void)fprintf(stderr, "%s\n", error.message);
        _exit(expected ? 0 : 1);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

/* The slots are made by the first that opens: one that needs more is told. */
static void test_reader_slots_follow_the_threads(void **state)
{
    unsigned slots = 0;
    struct fixture *f = *state;
    assert_int_equal(mdb_env_get_maxreaders(f->store->env, &slots), 0);
    assert_int_equal(open_beside(f, slots, NULL), 0);
    assert_int_equal(open_beside(f, slots + 1, "threads may read: stop all that use it"), 0);
}

static void test_access(void **state)
{
    struct fixture *f = *state;
    struct lfi_account_facts facts;
    struct lfi_error error = {""};
    static const char *const USERS[] = {USER, "nobody", ""};
    for (size_t i = 0; i < sizeof(USERS) / sizeof(USERS[0]); i++) {
        assert_int_equal(store_customers.exists(f->store, NULL, text(USERS[i]), &error),
                         i == 0 ? LFI_OK : LFI_UNKNOWN);
    }
    assert_int_equal(read_subject(f->store, text(USER), text(ACCOUNT), &facts), LFI_OK);
    assert_int_equal(facts.status, LFI_ACCOUNT_SUSPENDED);
    assert_string_equal(facts.account_id, ACCOUNT);
    assert_string_equal(facts.sub_type, "Savings");
    assert_string_equal(facts.currency, "AED");
    assert_string_equal(facts.role, "Principal");
    static const struct {
        const char *user, *account;
        bool user_unknown;
    } WRONG[] = {{OTHER, ACCOUNT, false},   {USER, "account-2", false},
                 {"nobody", ACCOUNT, true}, {USER, "", false},
                 {"", ACCOUNT, true},       {"user-1\0account-1", "", false}};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        assert_int_equal(
            read_subject(f->store, text(WRONG[i].user), text(WRONG[i].account), &facts),
            LFI_UNKNOWN);
        assert_int_equal(facts.user_unknown, WRONG[i].user_unknown);
    }
    struct lfi_slice with_zero = {"1\0account", 9};
    assert_int_equal(read_subject(f->store, text("user-"), with_zero, &facts), LFI_UNKNOWN);
}

/* A server that was compiled with fewer facts is given no more. */
static void test_facts_end_at_the_callers_size(void **state)
{
    struct fixture *f = *state;
    const struct lfi_subject_query query = {
        .size = sizeof(query), .user_id = text(USER), .account_id = text(ACCOUNT)};
    struct lfi_account_facts facts;
    struct lfi_error error = {""};
    memset(&facts, 0x55, sizeof(facts));
    facts.size = offsetof(struct lfi_account_facts, sub_type);
    assert_int_equal(store_accounts.subject(f->store, NULL, &query, &facts, &error), LFI_OK);
    assert_string_equal(facts.account_id, ACCOUNT);
    for (size_t i = facts.size; i < sizeof(facts); i++) {
        assert_int_equal(((const char *)&facts)[i], 0x55);
    }
}

/* A filter that the core was not compiled with is refused, never ignored. */
static void test_unknown_filters_are_refused(void **state)
{
    struct fixture *f = *state;
    struct {
        struct lfi_transaction_query known;
        uint64_t newer;
    } query = {.known = {.base = {.subject_id = text(ACCOUNT), .window = {0, 100}},
                         .from = LFI_WALL_MIN,
                         .to = LFI_WALL_MAX}};
    struct seen seen = {0};
    struct transactions_said said;
    query.known.base.size = sizeof(query);
    assert_int_equal(read_transactions(f->store, &query.known, sink_into(&seen), &said), 0);
    assert_int_equal(said.total, ENTRIES);
    query.newer = 1;
    assert_int_equal(read_transactions(f->store, &query.known, sink_into(&seen), &said),
                     LFI_FAILED);
    assert_int_equal(seen.count, 0);
    query.known.base.size = sizeof(query.known) - 1;
    assert_int_equal(read_transactions(f->store, &query.known, sink_into(&seen), &said),
                     LFI_FAILED);
}

static void test_accounts_and_lists(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct lfi_error error = {""};
    assert_int_equal(read_held(f->store, text(USER), sink_into(&seen)), 0);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.first, "{\"id\":\"account-0\"}");
    assert_int_equal(read_held(f->store, text(OTHER), sink_into(&seen)), 0);
    assert_int_equal(seen.count, 0);
    assert_int_equal(read_held(f->store, text("user"), sink_into(&seen)), LFI_UNKNOWN);
    for (size_t i = 0; i < 2; i++) {
        const struct lfi_query query = query_about(text(i == 0 ? ACCOUNT : "account-0"));
        struct sink_answer answer = answer_into(sink_into(&seen), NULL);
        assert_int_equal(store_accounts.balances(f->store, NULL, &query, &answer.base, &error), 0);
        assert_int_equal(seen.count, i == 0 ? 2 : 0);
        assert_string_equal(seen.last, i == 0 ? "{\"b\":2}" : "");
    }
}

/* Those that are asked for, in that order; what the user does not hold is left out. */
static void test_held_accounts_by_id(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct lfi_error error = {""};
    const struct lfi_slice ids[] = {text(ACCOUNT), text("account-2"), text("account-0")};
    const struct lfi_held_query query = {.base = {.size = sizeof(query), .subject_id = text(USER)},
                                         .account_ids = ids,
                                         .account_count = 3};
    struct sink_answer answer = answer_into(sink_into(&seen), NULL);
    assert_int_equal(store_accounts.held(f->store, NULL, &query, &answer.base, &error), 0);
    assert_int_equal(seen.count, 2);
    assert_non_null(strstr(seen.first, ACCOUNT));
    assert_string_equal(seen.last, "{\"id\":\"account-0\"}");
}

static struct lfi_transaction_query query_all(void)
{
    return (struct lfi_transaction_query){.base = {.size = sizeof(struct lfi_transaction_query),
                                                   .subject_id = text(ACCOUNT),
                                                   .window = {0, 100}},
                                          .from = LFI_WALL_MIN,
                                          .to = LFI_WALL_MAX};
}

static void test_pages_newest_first(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct transactions_said said;
    struct lfi_transaction_query query = query_all();
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), 0);
    assert_int_equal(said.total, ENTRIES);
    assert_int_equal(said.mark, ENTRIES);
    assert_int_equal(seen.count, 100);
    assert_string_equal(seen.first, "{\"n\":249}");
    assert_string_equal(seen.last, "{\"n\":150}");
    query.base.window.offset = 200;
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), 0);
    assert_int_equal(seen.count, 50);
    assert_string_equal(seen.last, "{\"n\":0}");
    query.base.window.offset = UINT64_MAX;
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), 0);
    assert_int_equal(seen.count, 0);
    assert_int_equal(said.total, ENTRIES);
}

static void test_bounds_are_inclusive(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct transactions_said said;
    struct lfi_transaction_query query = query_all();
    query.from = START_US + 10 * SECOND_US;
    query.to = START_US + 11 * SECOND_US;
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), 0);
    assert_int_equal(said.total, 4);
    assert_string_equal(seen.first, "{\"n\":23}");
    assert_string_equal(seen.last, "{\"n\":20}");
    query.from += 1;
    query.to -= 1;
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), 0);
    assert_int_equal(said.total, 0);
    query.from = query.to + 1000;
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), 0);
    assert_int_equal(said.total, 0);
}

static void test_mark_and_fx(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct transactions_said said;
    struct lfi_transaction_query query = query_all();
    query.up_to = 100;
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), 0);
    assert_int_equal(said.total, 100);
    assert_string_equal(seen.first, "{\"n\":99}");
    query.fx_only = 1;
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), 0);
    assert_int_equal(said.total, 10);
    assert_string_equal(seen.first, "{\"n\":90}");
    query.up_to = 0;
    query.base.window = (struct lfi_window){20, 10};
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), 0);
    assert_int_equal(said.total, 25);
    assert_int_equal(seen.count, 5);
    assert_string_equal(seen.last, "{\"n\":0}");
}

static void test_sink_stops(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {.stop_after = 7};
    struct transactions_said said;
    struct lfi_transaction_query query = query_all();
    assert_int_equal(read_transactions(f->store, &query, sink_into(&seen), &said), LFI_STOPPED);
    assert_int_equal(seen.count, 7);
}

static void test_sign_in(void **state)
{
    struct fixture *f = *state;
    struct lfi_id id;
    assert_int_equal(store_sign_in(f->store, text("alia"), text("open sesame"), &id, NULL), 0);
    assert_string_equal(id.text, USER);
    assert_int_equal(store_sign_in(f->store, text("badr"), text("open sesame"), &id, NULL),
                     LFI_BLOCKED);
    assert_string_equal(id.text, "");
    static const char *const WRONG[][2] = {{"alia", "Open sesame"},
                                           {"alia", ""},
                                           {"", ""},
                                           {"nobody", "open sesame"},
                                           {"badr", "wrong"}};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        assert_int_equal(store_sign_in(f->store, text(WRONG[i][0]), text(WRONG[i][1]), &id, NULL),
                         LFI_DENIED);
        assert_string_equal(id.text, "");
    }
    assert_int_equal(store_sign_in(f->store, text("alia"), text("open sesame"), &id, NULL), 0);
}

static void test_approvals(void **state)
{
    struct fixture *f = *state;
    struct lfi_id first;
    struct lfi_id second;
    struct seen seen = {0};
    enum lfi_approval_state approval;
    struct lfi_slice purpose = text("{\"for\":\"x\"}");
    assert_int_equal(store_approval_start(f->store, text(USER), purpose, 60, &first, NULL), 0);
    assert_int_equal(store_approval_start(f->store, text(USER), purpose, 60, &second, NULL), 0);
    assert_int_equal(store_approvals_waiting(f->store, text(USER), sink_into(&seen), NULL), 0);
    assert_int_equal(seen.count, 2);
    assert_non_null(strstr(seen.last, "\"purpose\":{\"for\":\"x\"}"));
    assert_int_equal(store_approvals_waiting(f->store, text(OTHER), sink_into(&seen), NULL), 0);
    assert_int_equal(seen.count, 0);
    assert_int_equal(store_approval_decide(f->store, text(OTHER), text(first.text), 1, NULL),
                     LFI_UNKNOWN);
    assert_int_equal(store_approval_decide(f->store, text(USER), text(first.text), 1, NULL), 0);
    assert_int_equal(store_approval_decide(f->store, text(USER), text(first.text), 0, NULL),
                     LFI_DENIED);
    assert_int_equal(store_approval_state(f->store, text(USER), text(first.text), &approval, NULL),
                     0);
    assert_int_equal(approval, LFI_APPROVAL_APPROVED);
    f->now_us += 61 * SECOND_US;
    assert_int_equal(store_approval_state(f->store, text(USER), text(second.text), &approval, NULL),
                     0);
    assert_int_equal(approval, LFI_APPROVAL_EXPIRED);
    assert_int_equal(store_approval_decide(f->store, text(USER), text(second.text), 1, NULL),
                     LFI_DENIED);
    for (int i = 0; i < 40; i++) { /* what waits no longer makes room, what waits does not */
        assert_int_equal(store_approval_start(f->store, text(USER), purpose, 60, &first, NULL),
                         i < 16 ? LFI_OK : LFI_DENIED);
    }
    assert_int_equal(store_approvals_waiting(f->store, text(USER), sink_into(&seen), NULL), 0);
    assert_int_equal(seen.count, 16);
}

/* Somebody else who knows the password asks and asks: the customer's own request stays. */
static void a_waiting_approval_is_never_replaced(void **state)
{
    struct fixture *f = *state;
    struct lfi_id own;
    struct lfi_id other;
    enum lfi_approval_state approval;
    struct lfi_slice consent = text("{\"kind\":\"consent\",\"number\":42}");
    struct lfi_slice step_up = text("{\"kind\":\"step-up\"}");
    assert_int_equal(store_approval_start(f->store, text(USER), consent, 60, &own, NULL), 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(store_approval_start(f->store, text(USER), consent, 60, &other, NULL),
                         LFI_DENIED);
    }
    assert_int_equal(store_approval_start(f->store, text(USER), step_up, 60, &other, NULL), 0);
    assert_int_equal(store_approval_start(f->store, text(OTHER), consent, 60, &other, NULL), 0);
    assert_int_equal(store_approval_state(f->store, text(USER), text(own.text), &approval, NULL),
                     0);
    assert_int_equal(approval, LFI_APPROVAL_WAITING);
    assert_int_equal(store_approval_withdraw(f->store, text(USER), text(own.text), NULL), 0);
    assert_int_equal(store_approval_withdraw(f->store, text(USER), text(own.text), NULL),
                     LFI_DENIED);
    assert_int_equal(store_approval_withdraw(f->store, text(OTHER), text(own.text), NULL),
                     LFI_UNKNOWN);
    assert_int_equal(store_approval_start(f->store, text(USER), consent, 60, &own, NULL), 0);
    f->now_us += 61 * SECOND_US; /* expired: it waits no longer */
    assert_int_equal(store_approval_start(f->store, text(USER), consent, 60, &own, NULL), 0);
    assert_int_equal(store_approval_start(f->store, text(USER), text("no JSON"), 60, &own, NULL),
                     LFI_FAILED);
}

static void test_builder_refuses(void **state)
{
    struct fixture *f = *state;
    struct store_builder *builder = NULL;
    struct lfi_error error = {""};
    struct store_user user = {USER, "alia", "pw", "salt", false, 1000};
    struct store_transaction late = {.booking = 2, .id = text("b"), .json = text("{}")};
    struct store_transaction early = {.booking = 1, .id = text("a"), .json = text("{}")};
    assert_int_equal(store_builder_new(&builder, f->path, "retail", &error), 0);
    assert_int_equal(store_builder_user(builder, &user, &error), 0);
    assert_int_not_equal(store_builder_user(builder, &user, &error), 0);
    assert_non_null(strstr(error.message, "already"));
    assert_int_not_equal(store_builder_holding(builder, USER, "none", "Principal", &error), 0);
    assert_int_equal(
        store_builder_account(builder, ACCOUNT, LFI_ACCOUNT_ACTIVE, text("{}"), &error), 0);
    assert_int_equal(store_builder_transaction(builder, ACCOUNT, &late, &error), 0);
    assert_int_not_equal(store_builder_transaction(builder, ACCOUNT, &early, &error), 0);
    assert_non_null(strstr(error.message, "order"));
    late.id = text("a");
    assert_int_not_equal(store_builder_transaction(builder, ACCOUNT, &late, &error), 0);
    store_builder_abandon(builder);
    /* what was there is still there */
    assert_int_equal(store_customers.exists(f->store, NULL, text(OTHER), &error), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_segment_of_another_store_is_refused),
        cmocka_unit_test(test_missing_folder_is_refused),
        cmocka_unit_test(test_an_empty_folder_stays_empty),
        cmocka_unit_test(test_store_of_another_version_is_refused),
        T(test_health_writes_at_first_and_after_a_failure_only),
        T(test_health_tells_use_and_loss),
        T(test_reader_slots_follow_the_threads),
        T(test_access),
        T(test_facts_end_at_the_callers_size),
        T(test_unknown_filters_are_refused),
        T(test_accounts_and_lists),
        T(test_held_accounts_by_id),
        T(test_pages_newest_first),
        T(test_bounds_are_inclusive),
        T(test_mark_and_fx),
        T(test_sink_stops),
        T(test_sign_in),
        T(test_approvals),
        T(a_waiting_approval_is_never_replaced),
        T(test_builder_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
