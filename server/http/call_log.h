/*
 * The last calls in both directions, for the operator's console: what the Hub asked of the bank,
 * and what the bank asked of the Hub. In memory, LIMIT_CALL_LOG of them, newest replacing oldest.
 * Like the log it holds ids, statuses, times and the failed check, no secret and no personal data.
 * Any thread; a mutex that is held for one copy.
 */
#ifndef HTTP_CALL_LOG_H
#define HTTP_CALL_LOG_H

#include "base/buf.h"

enum call_direction {
    CALL_ANY,
    CALL_FROM_HUB, /* a request of the Hub's listener */
    CALL_TO_HUB,
};

/* Absent slices and NULL: not known. Texts that are too long are cut, ids left out. */
struct logged_call {
    enum call_direction direction;
    int64_t at_us; /* UTC, when it ended */
    int64_t micros;
    int status;                          /* HTTP; 0: no answer came */
    const char *provider;                /* LFI code */
    const char *operation;               /* operationId */
    struct lfi_slice interaction;        /* the Hub's id */
    struct lfi_slice caller_interaction; /* the TPP's id */
    struct lfi_slice consent;
    struct lfi_slice payment;
    const char *check;  /* which refused it: "JWT-AUD" */
    const char *detail; /* expected and received, or why it failed */
};

struct call_log;

struct call_log *call_log_new(void); /* NULL: out of memory */
void call_log_free(struct call_log *log);
void call_log_add(struct call_log *log, const struct logged_call *call); /* NULL log: nothing */

/* Which calls are wanted; an absent text, CALL_ANY, false: whatever it is. */
struct call_filter {
    uint64_t after;  /* numbers above this */
    uint64_t before; /* and below this; 0: of any height */
    enum call_direction direction;
    bool refused; /* only those that a check refused, or that failed */
    struct lfi_slice provider;
    struct lfi_slice consent;
    struct lfi_slice interaction; /* either of the two */
};

/*
 * Appends {"last","calls":[…]}, newest first, `max` at most; "last" is the number of the newest
 * call there is, for the next question's `after`.
 */
void call_log_render(struct call_log *log, const struct call_filter *filter, size_t max,
                     struct buf *out);

#endif
