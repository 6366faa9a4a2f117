/* Inside the operator's API: what its operations see. */
#ifndef OPERATOR_CALL_H
#define OPERATOR_CALL_H

#include "base/json.h"
#include "flow/call.h"
#include "operator/operator.h"
#include "operator/session.h"

struct operator_call {
    struct call base; /* first: an operation gets its address */
    const struct operator_config *config;
    cJSON *body;          /* checked; NULL: the operation takes none */
    enum log_level level; /* of the line about it */
    struct lfi_slice token;
    const struct seal *seal; /* of sessions */
    int64_t now_s;           /* of the system: sessions and certificates do not follow the clock */
};

static inline struct operator_call *operator_call_of(struct call *call)
{
    return (struct operator_call *)call;
}

/* Returns -1. */
int operator_refuse(struct call *call, const char *id, int status, const char *message);
/* The core has no such lever. */
int operator_refuse_absent(struct call *call);
/* What the core, or the state, made of what the operator wants: 0 with 204, or the refusal. */
int operator_check_outcome(struct call *call, enum outcome_about about, int status,
                           const struct lfi_error *error);

#endif
