/*
 * Misbehaviour on demand: what the simulator does wrong towards the bank, and how many times.
 * Any thread.
 */
#ifndef HUB_SIM_FAULTS_H
#define HUB_SIM_FAULTS_H

#include "http/message.h"

enum fault_target {
    FAULT_HEIMDALL,
    FAULT_CONSENT_MANAGER,
    FAULT_KEYSTORE,
    FAULT_WEBHOOK,  /* the simulated TPP, towards the Hub */
    FAULT_PAYMENTS, /* the Hub towards a TPP that pays */
    FAULT_CALLER,   /* what the Hub presents to the bank */
    FAULT_TARGETS
};

enum fault_kind {
    FAULT_NONE,
    FAULT_DOWN, /* the connection ends without an answer */
    FAULT_SLOW, /* the right answer, late */
    FAULT_500,
    FAULT_GARBAGE, /* 200 with something that is no JSON */
    FAULT_LOST,    /* carried out, then the connection ends without the answer */
    /* of FAULT_CALLER alone */
    FAULT_NO_CREDENTIAL,
    FAULT_WRONG_CREDENTIAL, /* with a changed character */
    FAULT_OTHER_PROVIDER,   /* the next Hub's */
    FAULT_EXPIRED_TOKEN,    /* signed long ago; of client credentials, kept beyond its end */
    FAULT_RETIRED_KEY,      /* an API key that the bank has retired */
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    enum fault_kind then; /* when `times` is used up, until cleared; FAULT_NONE: nothing */
    int times;            /* left; 0: until cleared */
    int skip;             /* calls that are answered before the first that is hit */
    int ms;               /* of FAULT_SLOW */
};

struct faults;

struct faults *faults_new(void);
void faults_free(struct faults *faults);

/* Replaces what was set for the target. */
void faults_set(struct faults *faults, enum fault_target target, const struct fault *fault);
void faults_clear(struct faults *faults);
/* Waiting calls go on at once; for the end of the program. */
void faults_stop(struct faults *faults);
/*
 * Takes one call; true when the fault has filled the reply and nothing else is to be done. False
 * with reply->hang_up: carry it out, the answer will not arrive.
 */
bool faults_apply(struct faults *faults, enum fault_target target, struct reply *reply);

/* Takes one call of the Hub to the bank; FAULT_NONE: it presents what it should. */
enum fault_kind faults_take_caller(struct faults *faults);

/* Whether the target can have the kind. */
bool faults_fit(enum fault_target target, enum fault_kind kind);
/* By the names of the scripting call; false when there is no such name. */
bool faults_target_named(struct lfi_slice name, enum fault_target *out);
bool faults_kind_named(struct lfi_slice name, enum fault_kind *out);

#endif
