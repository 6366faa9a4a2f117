/*
 * What an operation sees: a request whose caller, provider, headers, parameters and body have been
 * checked. An operation fills the reply, or the refusal.
 */
#ifndef FLOW_CALL_H
#define FLOW_CALL_H

#include "base/clock.h"
#include "base/core_answer.h"
#include "flow/api.h"
#include "flow/outcome.h"
#include "flow/row.h"
#include "http/metrics.h"
#include "http/refusal.h"
#include "provider/core_call.h"

struct connect; /* what the operations of the Hub's listener share; connect/operation.h */

struct page {
    uint64_t number; /* 1-based */
    uint64_t size;   /* clamped to LIMIT_PAGE_SIZE */
};

/* Records under way into the reply. */
struct list {
    struct call *call;
    uint64_t first, end; /* half-open range of records that are written */
    uint64_t seen;       /* records offered so far */
    uint64_t written;
};

/* What the core is asked; each begins with a struct lfi_query. */
union flow_query {
    struct lfi_query base;
    struct lfi_transaction_query transactions;
    struct lfi_statement_query statements;
    struct lfi_product_query products;
};

/* What the core says of its answer as a whole; each begins with its size. */
union flow_summary {
    struct lfi_transaction_summary transactions;
    struct lfi_statement_summary statements;
};

/* By what the version of a request was told. */
enum version_source {
    VERSION_NONE, /* the operation is in one version, or is not reached */
    VERSION_FROM_URI,
    VERSION_FROM_BASE_PATH,
    VERSION_BY_DEFAULT,
    VERSION_SOURCES,
};

struct call_version {
    enum version_source from;
    uint32_t asked;
    uint32_t used; /* 0: the provider serves none for it */
};

struct call {
    struct connect *connect;
    const struct connect_peers *peers;
    struct metrics *metrics; /* may be NULL */
    const struct request *request;
    const struct apis *apis;
    struct api_match found;
    const struct contract_operation *operation; /* NULL: there is none for this method and path */
    const struct flow_row *row;                 /* of the operation */
    struct call_version version;                /* of the standard; once dispatch_version is done */
    const struct provider *provider;            /* NULL for the health operations */
    struct contract_parameters parameters;
    struct arena *arena;
    struct reply *reply;
    struct refusal *refusal;
    struct lfi_call core; /* who asks, and until when */
    bool overridden;      /* the operator answers: the contract is not asked */
    struct page page;     /* of lists, once list_page has passed it */
    union flow_query query;
    union flow_summary summary;
    struct list list;
    uint64_t total;                   /* of the list, once the core has said it */
    struct lfi_slice account_id;      /* of the path, once access_by_path has passed it */
    struct lfi_account_facts account; /* of account_id */
    struct contract_records records;  /* what the reply must hold; depth 0: it has no records */
    struct contract_misfit_counts misfits; /* of the reply, once it has been checked */
    const char *record_fault; /* what is wrong with what the core gave; NULL: nothing */
};

/* Refuses a query parameter: 400 Resource.InvalidFormat. The text says what it must be. */
int call_refuse_parameter(struct call *call, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- what a core answered -------------------------------------------------------------------- */

/* 0 when the answer can be used; else the refusal for the status or for the records. */
int outcome_check(struct call *call, enum outcome_about about, int status,
                  const struct lfi_error *error);
/* Refuses because of what a record, or their number, is: CORE-RECORD. */
int outcome_refuse_record(struct call *call, const char *why);
/* Refuses because of a failure of ours. */
int outcome_fail(struct call *call, const char *why);
/* The capability is a null pointer in this provider's core. */
int outcome_not_offered(struct call *call);
/* The provider insures nothing in the sector of the row. */
int outcome_no_sector(struct call *call);

/* --- access.c: the order of checks of data sharing 3 ------------------------------------------ */

/* Reads the user of o3-psu-identifier, Base64 of JSON with userId, into call->core.user_id. */
int access_read_user(struct call *call);
/* The same, and the user must be known to the core. */
int access_user(struct call *call);
/* The account of the path: held by the user, and readable. Fills account_id and account. */
int access_by_path(struct call *call);
/* The same of account_id, wherever it comes from. */
int access_account(struct call *call);
/* Whether an account of this status is readable; else the refusal for it. */
int access_status(struct call *call, enum lfi_account_status status);

/* --- list.c: paging and the data/meta envelope ------------------------------------------------ */

/* Reads page and page-size into call->page and the query's window, or refuses: PAGE-RANGE. */
int list_page(struct call *call);
/* Records to skip; UINT64_MAX when the product is beyond any list. */
uint64_t list_offset(const struct page *page);

/* Whether a record is one JSON object without white space around it, as the core's header says. */
bool list_is_object(struct lfi_slice json);

/* {"data":[ */
void list_append_head(struct call *call);
/* Writes of the records that follow those of the half-open range. */
void list_begin(struct list *list, struct call *call, uint64_t first, uint64_t count);
struct core_answer list_answer(struct list *list);
/* The same for one record at a time. Not 0: no more fit, or it is not a record. */
int list_add(struct list *list, struct lfi_slice json);
/*
 * Ends call->list of call->total records, of which the page was written. `always_paged`:
 * transactions and statements; the others are whole when they fit on page 1. -1: not as many as
 * the total says.
 */
int list_end(struct call *call, bool always_paged);
/* The same check alone, for records at another depth of the reply. */
int list_check(struct call *call, unsigned depth);
/* The members of meta alone. */
void list_append_totals(struct call *call, bool always_paged);
/* Each record must name call->account_id in this member. */
void list_expect_account(struct list *list, const char *member);

/* {"data":<record>,"meta":{}}: an answer for exactly one record, and the end of the reply. */
struct core_answer single_answer(struct call *call);
int single_end(struct call *call);

#endif
