/*
 * What a status of the core, or of the state, becomes on the wire: the one map, over every status
 * and every kind of call.
 */
#ifndef FLOW_OUTCOME_H
#define FLOW_OUTCOME_H

#include <lfi/base.h>

/* What the core was asked about. */
enum outcome_about {
    OUTCOME_BANK, /* nobody and nothing in particular */
    OUTCOME_USER,
    OUTCOME_ACCOUNT, /* of a user, or one of its lists */
    OUTCOME_STATE,   /* the server's own state, not the core */
    OUTCOME_PAYMENT, /* one that was made */
    OUTCOME_ORDER,   /* one that is to be made from an account */
    OUTCOME_POLICY,  /* of a user */
    OUTCOME_OPENING, /* of an account that was asked for */
    OUTCOME_QUOTE,   /* of currency exchange */
    OUTCOME_INSURANCE_QUOTE,
    /* What the operator moves: */
    OUTCOME_LEVER,  /* an account */
    OUTCOME_CREDIT, /* whether an account receives payments */
    OUTCOME_MOVE,   /* a payment's status */
    OUTCOME_TASK,   /* a parked task, which is the state's */
    OUTCOME_KINDS,
};

struct outcome {
    const char *id; /* of the refusal; NULL: none, the call goes on */
    int status;     /* HTTP */
    const char *error_code, *message;
};

/* Never NULL: a status that is none counts as LFI_FAILED. */
const struct outcome *outcome_find(enum outcome_about about, int core_status);

#endif
