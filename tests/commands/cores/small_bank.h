/*
 * A small bank that keeps every rule of core-check, and breaks one on demand: the setting
 * {"break":"RULE"}. Two users: `first` holds accounts a1 and a2, `second` holds a3. The
 * owner of a2 pays from it by an approval, of which one is enough. Each look at
 * transactions adds one, as if the account were in use.
 */
#ifndef SMALL_BANK_H
#define SMALL_BANK_H

#include <lfi/core.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT(s) ((struct lfi_slice){(s), strlen(s)})
#define ACCOUNT_COUNT 3
#define AVAILABLE INT64_C(1000) /* fils on each account, before payments */

struct small_payments; /* small_payments.c */
struct small_files;    /* small_files.c */

struct bank {
    const char *broken; /* the rule that it breaks, or "" */
    const struct lfi_host *host;
    char *folder; /* where payments are kept */
    struct small_payments *payments;
    struct small_files *files;
    atomic_uint added;  /* transactions since open() */
    atomic_uint inside; /* calls of held() at this moment */
    atomic_bool was_late;
    _Atomic enum lfi_account_status statuses[ACCOUNT_COUNT]; /* as ACCOUNTS; begin as Active */
    _Atomic enum lfi_credit_block blocks[ACCOUNT_COUNT];
};

struct account {
    const char *id, *user, *number;
};

extern const struct account ACCOUNTS[ACCOUNT_COUNT];
extern const char *const STATUSES[];

bool breaks(const struct bank *bank, const char *rule);
bool same(struct lfi_slice text, const char *constant);
void wait_ms(long ms);
bool is_user(struct lfi_slice id);
const struct account *account_of(struct lfi_slice id);
struct lfi_account_facts facts_of(const struct bank *bank, const struct account *account);
#define ACCOUNT_JSON 1024
void account_json(const struct bank *bank, const struct account *account, bool confused,
                  char out[ACCOUNT_JSON]);
int say(struct lfi_error *error, const char *why);
/* A query of a newer server is refused. */
int refuse_newer(const struct bank *bank, const struct lfi_query *query, size_t known,
                 struct lfi_error *error);
/* Hands a record over; a bank that breaks "stop" goes on although the answer takes no more. */
bool give(const struct bank *bank, struct lfi_answer *answer, const char *json, const void *facts);

/* What is kept in the folder is read, and taken away. */
struct small_payments *payments_new(const char *folder, const struct bank *bank);
/* Keeps what there is in the folder. */
void payments_end(struct small_payments *payments, const struct bank *bank);
/* Its consent; false: no payment of a file. */
bool payments_file(const struct bank *bank, struct lfi_slice payment_id, char consent[129]);
int64_t payments_available(struct small_payments *payments, const struct account *account);

/* As those of payments. */
struct small_files *files_new(const char *folder, const struct bank *bank);
void files_end(struct small_files *files, const struct bank *bank);
/* Whether the consent's file was taken and has this total. */
bool files_have(const struct bank *bank, struct lfi_slice consent_id, int64_t total_minor);

extern const struct lfi_accounts FAMILY;
extern const struct lfi_customers CUSTOMERS;
extern const struct lfi_payee PAYEE;
extern const struct lfi_open_data OPEN_DATA;
extern const struct lfi_levers LEVERS;
extern const struct lfi_signin SIGNIN;
extern const struct lfi_payments PAYMENTS;
extern const struct lfi_insurance INSURANCE;
extern const struct lfi_opening OPENING;
extern const struct lfi_fx FX;
extern const struct lfi_files FILES;
extern const struct lfi_quotes SMALL_QUOTES;
extern const struct lfi_core_ops SMALL_BANK; /* all of them */

#endif
