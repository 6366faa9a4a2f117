/*
 * Why a recent request was refused, an account left out, or members of a reply that its version of
 * the standard does not have: the last few thousand findings, by either interaction id, in memory.
 * They hold the failed check's id and what was expected and received, never secrets or personal
 * data. Any thread; a mutex, taken only when something was refused.
 */
#ifndef OPERATOR_EXPLAIN_H
#define OPERATOR_EXPLAIN_H

#include "base/buf.h"

#define EXPLAIN_LAST 50

struct explain;

struct explain_finding {
    struct lfi_slice interaction;        /* the Hub's id, or the journey's; may be absent */
    struct lfi_slice caller_interaction; /* the TPP's id; may be absent */
    const char *provider;                /* NULL: not known yet */
    const char *operation;               /* or the journey's step; NULL: none */
    const char *version;                 /* of the standard; NULL or "": not known */
    const char *check;                   /* "JWT-AUD", "ACCOUNT-STATUS" */
    int status;                          /* HTTP; 0: not a refusal */
    const char *detail;
    bool usual; /* ordinary answers have it: kept apart, so that it pushes nothing else out */
};

struct explain *explain_new(void);
void explain_free(struct explain *explain);
/* NULL explain: nothing. Texts are copied, long ones cut. */
void explain_add(struct explain *explain, const struct explain_finding *finding, int64_t now_us);
/* Appends {"interactionId","findings":[…]}, oldest first, usual ones last; false: there are none.
 */
bool explain_render(struct explain *explain, struct lfi_slice interaction, struct buf *out);
/* Appends {"findings":[…]}: the last EXPLAIN_LAST of any interaction that are not usual, newest
 * first. */
void explain_render_last(struct explain *explain, struct buf *out);

#endif
