/* What the bank thinks of a consent. Internal to this room. */
#ifndef CONNECT_JUDGE_H
#define CONNECT_JUDGE_H

#include "connect/operation.h"
#include "consent/rules.h"
#include "payments/validate.h"

struct judged_consent {
    struct consent consent;
    const cJSON *tree;     /* that it was read from */
    struct lfi_slice text; /* the same as JSON */
    struct opened_pii pii; /* of a payment; `stage` is for the caller to set */
};

/*
 * The checks of consent events 3.2 to 3.4. out->code NULL: nothing is wrong, and judged->pii is
 * filled when the consent pays. 0, or -1: refused, a body whose parts contradict each other as
 * CONSENT-KIND 400.
 */
int judge_consent(struct call *call, struct judged_consent *judged, struct consent_finding *out);

#endif
