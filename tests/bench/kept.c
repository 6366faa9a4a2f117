/*
 * What payments cost with few and with many that are kept, by the core's interface alone:
 *
 *   bench-kept FOLDER COUNT
 *
 * Makes a bank with one account in the folder, and payments until there are COUNT. Prints one JSON
 * object: for 100 payments and for COUNT the median processor time and time by the clock, in us,
 * of a payment made and on disk, one found by its id, one found by its key, a step of the change
 * feed and the newest hundred; how many were made in a second meanwhile, and the bytes of one.
 */
#include "base/array.h"
#include "base/clock.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FEW 100
#define SAMPLES 300
#define PAYERS 48 /* threads that fill: as many payments share a commit */
#define MAP_MIB 65536
#define USER "user-1"
#define ACCOUNT "account-1"
#define CONSENTS 5000

static struct {
    struct store *store;
    struct lfi_host host;
    struct lfi_call call;
    struct clock clock;
    atomic_ullong made;
    unsigned long long goal;
    atomic_bool failed;
    char id[41]; /* of a payment somewhere in the middle */
    char cursor[sizeof(((struct lfi_payment_change *)NULL)->cursor)];
} k;

static void die(const char *what, const struct lfi_error *error)
{
    (void)fprintf(stderr, "bench-kept: %s: %s\n", what, error ? error->message : "");
    exit(1);
}

static struct lfi_slice text(const char *s)
{
    return (struct lfi_slice){s, strlen(s)};
}

static int64_t now_us(void *clock)
{
    return clock_now_us(clock);
}

static int64_t monotonic_us(const struct lfi_host *host)
{
    (void)host;
    return clock_monotonic_us();
}

/* --- the bank --------------------------------------------------------------------------------- */

static void build(const char *path)
{
    static const struct store_user user = {USER, NULL, NULL, NULL, false, 0};
    static const struct store_bank bank = {"990", "SDRCAED9", "Sidr Bank", true, true, 0};
    static const char account[] =
        "{\"id\":\"" ACCOUNT "\",\"status\":\"Active\",\"currency\":\"AED\","
        "\"accountSubType\":\"CurrentAccount\",\"accountNumbers\":[{\"schemeName\":\"IBAN\","
        "\"identification\":\"AE879990000000000000001\"}],\"accountHolderName\":\"Amal Marjan\"}";
    static const char balance[] =
        "{\"accountId\":\"" ACCOUNT "\",\"balanceType\":\"InterimAvailable\","
        "\"creditDebitIndicator\":\"Credit\",\"amount\":{\"amount\":\"900000000.00\","
        "\"currency\":\"AED\"},\"timestamp\":\"2026-06-30T12:00:00+04:00\"}";
    struct store_builder *builder = NULL;
    struct lfi_error error = {""};
    if (store_builder_new(&builder, path, "retail", &error) != 0 ||
        store_builder_user(builder, &user, &error) != 0 ||
        store_builder_account(builder, ACCOUNT, LFI_ACCOUNT_ACTIVE, text(account), &error) != 0 ||
        store_builder_holding(builder, USER, ACCOUNT, "Principal", &error) != 0 ||
        store_builder_record(builder, STORE_BALANCES, ACCOUNT, text(balance), &error) != 0 ||
        store_builder_bank(builder, &bank, &error) != 0 ||
        store_builder_commit(builder, &error) != 0) {
        die("the bank", &error);
    }
}

static void open_bank(const char *path)
{
    struct lfi_error error = {""};
    const struct store_options options = {.path = path,
                                          .segment = "retail",
                                          .now_us = now_us,
                                          .clock = &k.clock,
                                          .map_mib = MAP_MIB,
                                          .threads = PAYERS + 2,
                                          .payments = true};
    if (store_open(&k.store, &options, &error) != LFI_OK) {
        die(path, &error);
    }
    k.host = (struct lfi_host){.size = sizeof(k.host), .monotonic_us = monotonic_us};
    k.call = (struct lfi_call){.size = sizeof(k.call),
                               .host = &k.host,
                               .deadline_us = INT64_MAX / 2,
                               .user_id = text(USER)};
}

/* --- one operation ---------------------------------------------------------------------------- */

static int note(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    (void)answer;
    (void)json;
    (void)facts;
    return 0;
}

static int note_id(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    (void)answer;
    (void)json;
    memcpy(k.id, ((const struct lfi_payment_facts *)facts)->payment_id, sizeof(k.id));
    return 0;
}

static int note_cursor(struct lfi_answer *answer, struct lfi_slice json, const void *change)
{
    (void)answer;
    (void)json;
    memcpy(k.cursor, ((const struct lfi_payment_change *)change)->cursor, sizeof(k.cursor));
    return 0;
}

static void pay(unsigned long long number,
                int (*record)(struct lfi_answer *, struct lfi_slice, const void *))
{
    char consent[64];
    char key[64];
    struct lfi_error error = {""};
    struct lfi_order_summary summary = {.size = sizeof(summary)};
    struct lfi_answer answer = {.size = sizeof(answer), .record = record, .summary = &summary};
    (void)snprintf(consent, sizeof(consent), "0b6e1b86-%012llu", number % CONSENTS);
    (void)snprintf(key, sizeof(key), "key-%llu", number);
    const struct lfi_payment_order order = {
        .size = sizeof(order),
        .account_id = text(ACCOUNT),
        .consent_id = text(consent),
        .idempotency_key = text(key),
        .key_life_s = 86400,
        .creditor = {.iban = text("AE219900000000000000001"), .name_en = text("Sidr Stationery")},
        .amount = {1001 + (int64_t)(number % 7), "AED"},
        .purpose = text("ACM"),
        .billing_type = text("PushP2P"),
        .one_in_flight = number % CONSENTS == 0};
    int status = store_payments.create(k.store, &k.call, &order, &answer, &error);
    if (status != LFI_OK ||
        (summary.outcome != LFI_ORDER_CREATED && summary.outcome != LFI_ORDER_IN_FLIGHT)) {
        die("create", &error);
    }
}

static void make_one(void)
{
    pay(atomic_fetch_add(&k.made, 1), note);
}

static void find(const struct lfi_payment_query *query)
{
    struct lfi_error error = {""};
    struct lfi_answer answer = {.size = sizeof(answer), .record = note};
    if (store_payments.find(k.store, &k.call, query, &answer, &error) != LFI_OK) {
        die("find", &error);
    }
}

static void find_by_id(void)
{
    const struct lfi_payment_query query = {
        .base = {.size = sizeof(query), .subject_id = text(k.id)}};
    find(&query);
}

static void find_by_key(void)
{
    const struct lfi_payment_query query = {.base = {.size = sizeof(query)},
                                            .consent_id = text("0b6e1b86-000000000050"),
                                            .idempotency_key = text("key-50")};
    find(&query);
}

static void read_change(void)
{
    struct lfi_error error = {""};
    struct lfi_answer answer = {.size = sizeof(answer), .record = note_cursor};
    const struct lfi_change_query query = {.size = sizeof(query),
                                           .cursor = k.cursor[0] ? text(k.cursor)
                                                                 : (struct lfi_slice){NULL, 0},
                                           .limit = 1};
    if (store_payments.changes(k.store, &k.call, &query, &answer, &error) != LFI_OK) {
        die("changes", &error);
    }
}

static void list_newest(void)
{
    struct lfi_error error = {""};
    struct lfi_answer answer = {.size = sizeof(answer), .record = note};
    const struct lfi_payment_list_query query = {
        .base = {.size = sizeof(query), .window = {0, 100}}};
    if (store_payments.list(k.store, &k.call, &query, &answer, &error) != LFI_OK) {
        die("list", &error);
    }
}

/* --- measuring -------------------------------------------------------------------------------- */

static int64_t processor_ns(void)
{
    struct timespec used;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a;
    int64_t other = *(const int64_t *)b;
    return one < other ? -1 : one > other;
}

static void measure(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } rows[] = {{"create", make_one},
                {"find", find_by_id},
                {"findByKey", find_by_key},
                {"change", read_change},
                {"newest", list_newest}};
    int64_t used[SAMPLES];
    int64_t passed[SAMPLES];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t n = 0; n < SAMPLES; n++) {
            int64_t begun_us = clock_monotonic_us();
            int64_t begun_ns = processor_ns();
            rows[i].run();
            used[n] = processor_ns() - begun_ns;
            passed[n] = clock_monotonic_us() - begun_us;
        }
        qsort(used, SAMPLES, sizeof(used[0]), by_value);
        qsort(passed, SAMPLES, sizeof(passed[0]), by_value);
        printf("%s\"%s\": {\"cpu\": %.1f, \"time\": %lld}", i > 0 ? ", " : "", rows[i].name,
               (double)used[SAMPLES / 2] / 1000, (long long)passed[SAMPLES / 2]);
    }
}

static void *fill(void *ctx)
{
    (void)ctx;
    for (;;) {
        unsigned long long number = atomic_fetch_add(&k.made, 1);
        if (number >= k.goal) {
            return NULL;
        }
        pay(number, number == k.goal / 2 ? note_id : note);
    }
}

static void fill_to(unsigned long long goal)
{
    pthread_t threads[PAYERS];
    k.goal = goal;
    for (size_t i = 0; i < PAYERS; i++) {
        if (pthread_create(&threads[i], NULL, fill, NULL) != 0) {
            die("no thread", NULL);
        }
    }
    for (size_t i = 0; i < PAYERS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    atomic_store(&k.made, goal);
}

/* Until all are at their end, so that nothing else runs beside what is measured. */
static void settle(void)
{
    char last[sizeof(k.cursor)];
    int still = 0;
    while (still < 40) {
        const struct timespec pause = {0, 100000000};
        memcpy(last, k.cursor, sizeof(last));
        for (int i = 0; i < 100000 && (i == 0 || strcmp(last, k.cursor) != 0); i++) {
            memcpy(last, k.cursor, sizeof(last));
            read_change();
            still = strcmp(last, k.cursor) != 0 ? 0 : still;
        }
        still++;
        (void)nanosleep(&pause, NULL);
    }
}

int main(int argc, char **argv)
{
    char path[4096];
    char data[4200];
    struct stat file = {0};
    unsigned long long count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (count < 10 * FEW) {
        (void)fputs("usage: bench-kept FOLDER COUNT, 1000 at least\n", stderr);
        return 2;
    }
    (void)snprintf(path, sizeof(path), "%s/kept", argv[1]);
    build(path);
    open_bank(path);
    fill_to(FEW);
    settle();
    printf("{\"count\": %llu, \"few\": {", count);
    measure();
    int64_t begun_us = clock_monotonic_us();
    unsigned long long before = atomic_load(&k.made);
    fill_to(count);
    int64_t filled_us = clock_monotonic_us() - begun_us;
    settle();
    printf("}, \"many\": {");
    measure();
    (void)snprintf(data, sizeof(data), "%s.payments/data.mdb", path);
    (void)stat(data, &file);
    printf("}, \"perSecond\": %llu, \"bytesEach\": %lld}\n",
           (count - before) * 1000000 / (unsigned long long)(filled_us + 1),
           (long long)file.st_size / (long long)count);
    store_close(k.store);
    return 0;
}
