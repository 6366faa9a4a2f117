/*
 * What an operation sees: a request whose caller, provider, headers, parameters and body have been
 * checked. An operation fills the reply, or the refusal.
 */
#ifndef CONNECT_CALL_H
#define CONNECT_CALL_H

#include "connect/connect.h"
#include "connect/outcome.h"
#include "jose/jwe.h"
#include "provider/share.h"

struct call {
    struct connect *connect;
    const struct connect_peers *peers;
    const struct request *request;
    const struct provider *provider; /* NULL for the health operations */
    const struct contract_operation *operation;
    struct contract_parameters parameters;
    struct arena *arena;
    struct reply *reply;
    struct refusal *refusal;
    bool overridden;                 /* the operator answers: the contract is not asked */
    struct lfi_slice account_id;     /* of the path, once access_by_path has passed it */
    struct contract_records records; /* what the reply must hold; depth 0: it has no records */
    const char *record_fault; /* what a sink found wrong with what the core gave; NULL: nothing */
};

/* Identifiers come from outside: whether this looks like one, to be logged and asked for. */
bool call_is_id(struct lfi_slice text);

/* 0: the reply is filled; -1: the refusal is. */
typedef int connect_operation_fn(struct call *call);

/* Refuses a query parameter: 400 Resource.InvalidFormat. The text says what it must be. */
int call_refuse_parameter(struct call *call, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Generated from the documents: operation i of contract_ozone_connect; NULL: x-lfi-later. */
extern connect_operation_fn *const connect_operations[];

struct connect {
    struct connect_config config;
    _Atomic int check_responses; /* enum connect_check; may change at reload */
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;
    struct shares *shares;    /* of the providers in the workers */
    struct memo *watermarks;  /* what page 1 saw */
    struct memo *permissions; /* what consents permit */
    struct jwe_code_pool *codes;
};

/* An identifier from outside: the header when it looks like one, else "(malformed)". */
struct lfi_slice call_logged_header(const struct request *request, const char *name);

/* --- outcome.c: business outcomes to HTTP, the one place -------------------------------------- */

/* 0 when the core's answer can be used; else the refusal for its status or for its records. */
int outcome_check(struct call *call, enum outcome_about about, int core_status,
                  const struct lfi_error *error);
/* Refuses because of what a record, or their number, is: CORE-RECORD. */
int outcome_refuse_record(struct call *call, const char *why);
/* Refuses because of a failure of ours. */
int outcome_fail(struct call *call, const char *why);
/* The capability is a null pointer in this provider's core. */
int outcome_not_offered(struct call *call);

/* --- access.c: the order of checks of data sharing 3 ------------------------------------------ */

/* The user of o3-psu-identifier: Base64 of JSON with userId, known to the core. */
int access_user(struct call *call, struct lfi_slice *user_id);
/* The user holds the account; then, unless status is wanted in *out, that the status is readable.
 */
int access_account(struct call *call, struct lfi_slice user_id, struct lfi_slice account_id,
                   enum lfi_account_status *out);
/* Both for operations on /accounts/{accountId}…; fills call->account_id. */
int access_by_path(struct call *call);

/* --- list.c: paging and the data/meta envelope ------------------------------------------------ */

struct page {
    uint64_t number; /* 1-based */
    uint64_t size;   /* clamped to LIMIT_PAGE_SIZE */
};

/* page and page-size of the request, or the refusal PAGE-RANGE. */
int list_page(struct call *call, struct page *out);
/* Records to skip; UINT64_MAX when the product is beyond any list. */
uint64_t list_offset(const struct page *page);

/* Whether a record is one JSON object without white space around it, as the core's header says. */
bool list_is_object(struct lfi_slice json);

/* A reply under way: {"data":[ … ],"meta":{…}}. */
struct list {
    struct call *call;
    uint64_t first, end; /* half-open range of records that are written */
    uint64_t seen;       /* records offered so far */
    uint64_t written;
};

void list_begin(struct list *list, struct call *call, uint64_t first, uint64_t count);
/* For replies that have written their own head: records follow, all that the sink gets. */
void list_resume(struct list *list, struct call *call);
/* A sink that writes what falls into the list's range. */
struct lfi_sink list_sink(struct list *list);
/*
 * Ends a list of `total` records, of which the page was written. `always_paged`: transactions and
 * statements; the others are whole when they fit on page 1. -1: not as many as the total says.
 */
int list_end(struct list *list, const struct page *page, uint64_t total, bool always_paged);
/* The same check alone, for records at another depth of the reply. */
int list_check(struct list *list, const struct page *page, uint64_t total, unsigned depth);
/* The members of meta alone. */
void list_append_totals(struct list *list, const struct page *page, uint64_t total,
                        bool always_paged);
/* Each record must name call->account_id in this member. */
void list_expect_account(struct list *list, const char *member);

/* {"data":<record>,"meta":{}}: a sink for exactly one record, and the end of the reply. */
struct lfi_sink single_sink(struct call *call);
int single_end(struct call *call);

/* --- memo.c ----------------------------------------------------------------------------------- */

/*
 * Numbers remembered for a while, in a table of fixed size: what page 1 of a list saw, what a
 * consent permits. Whole keys are compared. An entry may be overwritten before its time, so whoever
 * asks must be able to do without. Any thread.
 */
struct memo;

#define MEMO_KEY_BYTES 512 /* provider, consent, account and a filter; longer ones are not kept */

struct memo *memo_new(void);
void memo_free(struct memo *memo); /* NULL is fine */
void memo_put(struct memo *memo, struct lfi_slice key, uint64_t value, int64_t expires_us);
/* 0 when there is nothing for the key, or its time has passed. */
uint64_t memo_get(struct memo *memo, struct lfi_slice key, int64_t now_us);

#endif
