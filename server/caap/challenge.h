/*
 * A challenge: a code that the bank sends to a customer and the customer types at CAAP. Plain
 * values; who may have one, and how often, is the caller's. (CAAP 6, 7.2.)
 */
#ifndef CAAP_CHALLENGE_H
#define CAAP_CHALLENGE_H

#include "base/id.h"

#include <lfi/identity.h>
#include <stdbool.h>

/* As the contract names them: Pending, Sent, Passed, TransmissionFailed, VerificationFailed. */
enum challenge_status {
    CHALLENGE_PENDING,
    CHALLENGE_SENT,
    CHALLENGE_PASSED,
    CHALLENGE_UNSENT,
    CHALLENGE_WRONG,
    CHALLENGE_STATUSES,
};

/* Why a challenge takes no more codes. */
enum challenge_end {
    CHALLENGE_OPEN,
    CHALLENGE_TRIES,    /* all of them were wrong */
    CHALLENGE_EXPIRED,  /* its life is over */
    CHALLENGE_REPLACED, /* a newer one was made for the same purpose */
    CHALLENGE_ENDS,
};

enum challenge_purpose { CHALLENGE_OF_REGISTRATION, CHALLENGE_OF_VERIFICATION, CHALLENGE_PURPOSES };

enum challenge_event {
    CHALLENGE_ACCEPTED, /* by the channel */
    CHALLENGE_REFUSED,  /* by the channel */
    CHALLENGE_RIGHT,    /* the code of the customer */
    CHALLENGE_WRONG_CODE,
    CHALLENGE_NEWER, /* of the same purpose */
    CHALLENGE_EVENTS,
};

#define CHALLENGE_BOX_MAX 128 /* of the sealed code */

struct challenge {
    char id[ID_UUID_MAX];
    enum challenge_purpose purpose;
    enum lfi_channel channel;
    enum challenge_status status;
    enum challenge_end end;
    int64_t made_s, until_s; /* UTC; until_s: exclusive */
    int64_t changed_us;      /* when the status changed last */
    int64_t tries_left;
    char box[CHALLENGE_BOX_MAX]; /* the code, sealed by the caller */
};

/* A new one, Pending; its box is the caller's to fill. False: no random bytes. */
bool challenge_new(struct challenge *out, enum challenge_purpose purpose, enum lfi_channel channel,
                   int64_t now_us);
/* Ends it when its life is over: to be called before it is looked at. */
void challenge_expire(struct challenge *challenge, int64_t now_us);
/*
 * Moves it on. False: the event means nothing to it any more, as a code to one that has ended; it
 * stays as it is.
 */
bool challenge_move(struct challenge *challenge, enum challenge_event event, int64_t now_us);

/* "Sent"; "AppCode"; what to tell beside the status, NULL: nothing. */
const char *challenge_status_name(enum challenge_status status);
const char *challenge_type(enum lfi_channel channel);
const char *challenge_message(const struct challenge *challenge);

#endif
