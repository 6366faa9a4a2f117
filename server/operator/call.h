/* Inside the operator's API: what its operations see. */
#ifndef OPERATOR_CALL_H
#define OPERATOR_CALL_H

#include "base/json.h"
#include "flow/call.h"
#include "operator/operator.h"

struct operator_call {
    struct call base; /* first: an operation gets its address */
    const struct operator_config *config;
    cJSON *body;          /* checked; NULL: the operation takes none */
    enum log_level level; /* of the line about it */
};

static inline struct operator_call *operator_call_of(struct call *call)
{
    return (struct operator_call *)call;
}

/* Returns -1. */
int operator_refuse(struct call *call, const char *id, int status, const char *message);

#endif
