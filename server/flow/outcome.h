/*
 * What a core's status becomes on the wire: the one map, over every status and every kind of call.
 */
#ifndef FLOW_OUTCOME_H
#define FLOW_OUTCOME_H

#include <lfi/base.h>

/* What the core was asked about. */
enum outcome_about {
    OUTCOME_BANK, /* nobody and nothing in particular */
    OUTCOME_USER,
    OUTCOME_ACCOUNT, /* of a user, or one of its lists */
    OUTCOME_LEVER,   /* the operator moved something */
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
