/*
 * Why a step is refused, as a value: a request renders it as the view "error"
 * (context_refuse_with). The one map from a failed call of the core, or of the state, to it. Any
 * thread. Internal to this room.
 */
#ifndef PSU_STEP_REFUSAL_H
#define PSU_STEP_REFUSAL_H

#include "base/error.h"

struct step_refusal {
    const char *id;     /* stable; NULL: none */
    int status;         /* HTTP */
    uint32_t wait_s;    /* when to try again; 0: not known */
    const char *detail; /* for the log; may be NULL */
};

/* What was asked of the core or of the state. */
enum step_subject {
    STEP_CORE,       /* whatever is not named below */
    STEP_STATE,      /* likewise */
    STEP_APP,        /* a request in the simulated app, of the core */
    STEP_PASSKEY,    /* the customer's passkeys, of the state */
    STEP_EXTENSION,  /* more time for the session, of the state */
    STEP_REVOCATION, /* a revocation to be kept, of the state */
    STEP_SUBJECTS,
};

/*
 * `status` is not LFI_OK. The detail is that of the error, borrowed. No id: no refusal, the session
 * ends (finish_state).
 */
struct step_refusal step_refusal_of(enum step_subject subject, int status,
                                    const struct lfi_error *error);

#endif
