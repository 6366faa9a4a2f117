/*
 * The journey's API:
 *
 *   POST /journey/state            what to show now
 *   POST /journey/sign-in          first factor; asks for the second
 *   POST /journey/passkey-options  a challenge for a passkey
 *   POST /journey/passkey          both factors at once
 *   POST /journey/hand-over a link to go on with on a phone; wait: whether it has ended there;
 *                           take-over: on the phone, begins a session by such a link
 *   POST /journey/extend           more time
 *   POST /journey/approval         the state of the second factor
 *   POST /journey/approve          the decision
 *   POST /journey/cancel           the other decision, or leaving before
 */
#ifndef PSU_JOURNEY_H
#define PSU_JOURNEY_H

#include "psu/api.h"

extern const struct api journey_api;

#endif
