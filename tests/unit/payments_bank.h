/*
 * A small bank with payments: what it was loaded with, and the core's functions by plain arguments.
 * The clock stands still until a test moves it.
 */
#ifndef PAYMENTS_BANK_H
#define PAYMENTS_BANK_H

#include "base/array.h"
#include "store/payments.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define BANK_USER "user-1"
#define BANK_MAIN "main-account"     /* AED current, 1,000.00 and an overdraft of 500.00 */
#define BANK_SAVING "saving-account" /* AED savings, 200.00 */
#define BANK_DOLLARS "usd-account"
#define BANK_FOREIGN "other-account" /* of another user: AED current, 50.00 */
#define BANK_MAIN_IBAN "AE879990000000000000001"
#define BANK_SAVING_IBAN "AE429990000001000000001"
#define BANK_FOREIGN_IBAN "AE069990000000000000004"
#define BANK_START INT64_C(1782806400000000) /* Tuesday 2026-06-30, 12:00 in the Gulf */
#define BANK_SECOND INT64_C(1000000)

struct pay_bank {
    char dir[64];
    char path[96];
    int64_t now_us;
    struct store *store;
    struct lfi_host host;
    struct lfi_call call;
    int (*add_banks)(struct store_builder *builder, struct lfi_error *error); /* NULL: its own */
    bool rich; /* the main account has a million more */
};

static inline struct lfi_slice pay_text(const char *s)
{
    return (struct lfi_slice){s, s ? strlen(s) : 0};
}

static inline int64_t pay_now(void *clock)
{
    return ((struct pay_bank *)clock)->now_us;
}

static inline int64_t pay_monotonic(const struct lfi_host *host)
{
    struct timespec now;
    (void)host;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline void pay_add_account(struct store_builder *builder, const char *user, const char *id,
                                   const char *iban, const char *kind, const char *balance)
{
    char json[1200];
    struct lfi_error error = {""};
    const struct store_payee_entry payee = {.iban = iban, .account_id = id};
    (void)snprintf(json, sizeof(json),
                   "{\"id\":\"%s\",\"accountNumbers\":[{\"schemeName\":\"IBAN\","
                   "\"identification\":\"%s\"}],\"status\":\"Active\",%s,"
                   "\"accountHolderName\":\"Amal Marjan\"}",
                   id, iban, kind);
    assert_int_equal(store_builder_account(builder, id, LFI_ACCOUNT_ACTIVE, pay_text(json), &error),
                     0);
    assert_int_equal(store_builder_holding(builder, user, id, "Principal", &error), 0);
    assert_int_equal(store_builder_payee(builder, &payee, &error), 0);
    (void)snprintf(json, sizeof(json),
                   "{\"accountId\":\"%s\",\"balanceType\":\"InterimAvailable\","
                   "\"creditDebitIndicator\":\"Credit\",%s}",
                   id, balance);
    assert_int_equal(store_builder_record(builder, STORE_BALANCES, id, pay_text(json), &error), 0);
}

static inline int pay_add_banks(struct store_builder *builder, struct lfi_error *error)
{
    static const struct store_bank BANKS[] = {
        {"999", "DHWBAED9", "Dhow Bank", true, false, 0},
        {"990", "SDRCAED9", "Sidr Commercial Bank", true, true, 0},
        {"991", "FLJIAEA9", "Falaj Islamic Bank", false, true, 0},
        {"992", "MRJCAEF9", "Marjan Coast Bank", true, false, 0},
        {"994", "WDNBAES9", "Wadi North Bank", false, false, 0},
        {"995", "HJRMAEU9", "Hajar Mountain Bank", true, true, 30},
        {"997", "", "Falconry Payment Services", false, false, 0},
    };
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(BANKS) && rc == 0; i++) {
        rc = store_builder_bank(builder, &BANKS[i], error);
    }
    return rc;
}

/* Balances of the main account are 1,000.00 booked, with 500.00 of overdraft available. */
static inline void pay_build(struct pay_bank *bank)
{
    struct store_builder *builder = NULL;
    struct lfi_error error = {""};
    const struct store_user user = {BANK_USER, NULL, NULL, NULL, false, 0};
    const struct store_user other = {"user-2", NULL, NULL, NULL, false, 0};
    assert_int_equal(store_builder_new(&builder, bank->path, "retail", &error), 0);
    assert_int_equal(store_builder_user(builder, &user, &error), 0);
    assert_int_equal(store_builder_user(builder, &other, &error), 0);
    const char *more = bank->rich ? "100" : "";
    char json[600];
    (void)snprintf(json, sizeof(json),
                   "\"amount\":{\"amount\":\"%s1500.00\",\"currency\":\"AED\"},"
                   "\"timestamp\":\"2026-06-30T12:00:00+04:00\","
                   "\"creditLines\":[{\"included\":true,\"creditType\":\"Pre-Agreed\","
                   "\"amount\":{\"amount\":\"500.00\",\"currency\":\"AED\"}}]",
                   more);
    pay_add_account(builder, BANK_USER, BANK_MAIN, BANK_MAIN_IBAN,
                    "\"currency\":\"AED\",\"accountSubType\":\"CurrentAccount\"", json);
    (void)snprintf(json, sizeof(json),
                   "{\"accountId\":\"%s\",\"balanceType\":\"InterimBooked\","
                   "\"creditDebitIndicator\":\"Credit\",\"amount\":{\"amount\":\"%s1000.00\","
                   "\"currency\":\"AED\"}}",
                   BANK_MAIN, more);
    assert_int_equal(
        store_builder_record(builder, STORE_BALANCES, BANK_MAIN, pay_text(json), &error), 0);
    assert_int_equal(store_builder_payment_limit(builder, BANK_MAIN, 70000, &error), 0);
    pay_add_account(builder, BANK_USER, BANK_SAVING, BANK_SAVING_IBAN,
                    "\"currency\":\"AED\",\"accountSubType\":\"Savings\",\"multiAuth\":true",
                    "\"amount\":{\"amount\":\"200.00\",\"currency\":\"AED\"}");
    pay_add_account(builder, BANK_USER, BANK_DOLLARS, "AE109991234567890123456",
                    "\"currency\":\"USD\",\"accountSubType\":\"CurrentAccount\"",
                    "\"amount\":{\"amount\":\"900.00\",\"currency\":\"USD\"}");
    pay_add_account(builder, "user-2", BANK_FOREIGN, BANK_FOREIGN_IBAN,
                    "\"currency\":\"AED\",\"accountSubType\":\"CurrentAccount\"",
                    "\"amount\":{\"amount\":\"50.00\",\"currency\":\"AED\"}");
    assert_int_equal(
        bank->add_banks ? bank->add_banks(builder, &error) : pay_add_banks(builder, &error), 0);
    assert_int_equal(store_builder_commit(builder, &error), 0);
}

static inline void pay_open(struct pay_bank *bank)
{
    struct lfi_error error = {""};
    const struct store_options options = {.path = bank->path,
                                          .segment = "retail",
                                          .now_us = pay_now,
                                          .clock = bank,
                                          .map_mib = 256,
                                          .payments = true};
    assert_int_equal(store_open(&bank->store, &options, &error), 0);
}

static inline struct pay_bank *pay_make(bool rich, int (*add_banks)(struct store_builder *builder,
                                                                    struct lfi_error *error))
{
    struct pay_bank *bank = calloc(1, sizeof(*bank));
    assert_non_null(bank);
    bank->rich = rich;
    bank->add_banks = add_banks;
    (void)snprintf(bank->dir, sizeof(bank->dir), "/tmp/lfi-payments-XXXXXX");
    assert_non_null(mkdtemp(bank->dir));
    (void)snprintf(bank->path, sizeof(bank->path), "%s/store", bank->dir);
    bank->now_us = BANK_START;
    bank->host = (struct lfi_host){.size = sizeof(bank->host), .monotonic_us = pay_monotonic};
    bank->call = (struct lfi_call){.size = sizeof(bank->call),
                                   .host = &bank->host,
                                   .deadline_us = pay_monotonic(NULL) + 60 * BANK_SECOND,
                                   .user_id = pay_text(BANK_USER)};
    pay_build(bank);
    pay_open(bank);
    return bank;
}

static inline int pay_setup(void **state)
{
    *state = pay_make(false, NULL);
    return 0;
}

static inline void pay_remove(const char *path)
{
    static const char *const FILES[] = {"data.mdb", "lock.mdb"};
    char file[160];
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        (void)snprintf(file, sizeof(file), "%s/%s", path, FILES[i]);
        (void)unlink(file);
    }
    (void)rmdir(path);
}

static inline int pay_teardown(void **state)
{
    struct pay_bank *bank = *state;
    char path[128];
    store_close(bank->store);
    pay_remove(bank->path);
    (void)snprintf(path, sizeof(path), "%s.payments", bank->path);
    pay_remove(path);
    (void)rmdir(bank->dir);
    free(bank);
    return 0;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* What a function gave: how many records, the last one and its facts. */
struct pay_answer {
    struct lfi_answer base;
    size_t count;
    char json[1600];
    struct lfi_payment_facts facts;
    struct lfi_payment_change change;
    bool changes; /* the facts are changes */
};

static inline int pay_record(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct pay_answer *self = (struct pay_answer *)answer;
    assert_true(json.len < sizeof(self->json));
    memcpy(self->json, json.ptr, json.len);
    self->json[json.len] = '\0';
    self->count++;
    if (facts && self->changes) {
        memcpy(&self->change, facts, sizeof(self->change));
    } else if (facts) {
        memcpy(&self->facts, facts, sizeof(self->facts));
    }
    return 0;
}

static inline struct pay_answer pay_answer_of(void *summary)
{
    return (struct pay_answer){
        .base = {.size = sizeof(struct lfi_answer), .record = pay_record, .summary = summary}};
}

static inline struct lfi_payment_order pay_order(const char *key, const char *iban, int64_t minor)
{
    struct lfi_payment_order order = {
        .size = sizeof(order),
        .account_id = pay_text(BANK_MAIN),
        .consent_id = pay_text("consent-1"),
        .idempotency_key = pay_text(key),
        .key_life_s = 86400,
        .creditor = {.iban = pay_text(iban), .name_en = pay_text("Noor Trading LLC")},
        .amount = {minor, "AED"},
        .purpose = pay_text("GDS"),
        .billing_type = pay_text("Collection")};
    memcpy(order.digest, &minor, sizeof(minor));
    return order;
}

/* The outcome, or a status when it is below zero. */
static inline int pay_create(struct pay_bank *bank, const struct lfi_payment_order *order,
                             struct pay_answer *out)
{
    struct lfi_error error = {""};
    struct lfi_order_summary summary = {.size = sizeof(summary)};
    *out = pay_answer_of(&summary);
    int rc = store_payments.create(bank->store, &bank->call, order, &out->base, &error);
    return rc == LFI_OK ? (int)summary.outcome : rc;
}

static inline int pay_find(struct pay_bank *bank, const char *id, struct pay_answer *out)
{
    struct lfi_error error = {""};
    char copy[64]; /* it may be the one in *out */
    (void)snprintf(copy, sizeof(copy), "%s", id);
    const struct lfi_payment_query query = {
        .base = {.size = sizeof(query), .subject_id = pay_text(copy)}};
    *out = pay_answer_of(NULL);
    return store_payments.find(bank->store, &bank->call, &query, &out->base, &error);
}

static inline int pay_find_by_key(struct pay_bank *bank, const char *consent, const char *key,
                                  struct pay_answer *out)
{
    struct lfi_error error = {""};
    const struct lfi_payment_query query = {.base = {.size = sizeof(query)},
                                            .consent_id = pay_text(consent),
                                            .idempotency_key = pay_text(key)};
    *out = pay_answer_of(NULL);
    return store_payments.find(bank->store, &bank->call, &query, &out->base, &error);
}

/* Moves the clock, and what is due then. */
static inline void pay_wait(struct pay_bank *bank, int64_t us)
{
    struct lfi_error error = {""};
    int64_t next_us = 0;
    bank->now_us += us;
    assert_int_equal(payments_advance(bank->store, &next_us, &error), LFI_OK);
    assert_true(next_us > bank->now_us);
}

/* A balance of an account in fils. */
struct pay_balance {
    struct lfi_answer base;
    const char *type;
    int64_t minor;
};

static inline int pay_take_balance(struct lfi_answer *answer, struct lfi_slice json,
                                   const void *facts)
{
    struct pay_balance *self = (struct pay_balance *)answer;
    cJSON *balance = cJSON_ParseWithLength(json.ptr, json.len);
    struct decimal amount;
    (void)facts;
    assert_true(decimal_parse(
        cJSON_GetObjectItem(cJSON_GetObjectItem(balance, "amount"), "amount")->valuestring,
        &amount));
    if (strcmp(cJSON_GetObjectItem(balance, "balanceType")->valuestring, self->type) == 0) {
        bool debit =
            strcmp(cJSON_GetObjectItem(balance, "creditDebitIndicator")->valuestring, "Debit") == 0;
        self->minor = debit ? -amount.value : amount.value;
    }
    cJSON_Delete(balance);
    return 0;
}

static inline int64_t pay_balance_of(struct pay_bank *bank, const char *account, const char *type)
{
    struct lfi_error error = {""};
    struct pay_balance answer = {.base = {.size = sizeof(answer.base), .record = pay_take_balance},
                                 .type = type};
    const struct lfi_query query = {.size = sizeof(query), .subject_id = pay_text(account)};
    assert_int_equal(
        store_accounts.balances(bank->store, &bank->call, &query, &answer.base, &error), LFI_OK);
    return answer.minor;
}

#endif
