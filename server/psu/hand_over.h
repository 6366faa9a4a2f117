/*
 * Going on with a journey on the customer's phone (consent journey 2): the browser in which it
 * began shows a link as a QR code; the phone that opens it says what was started where, with a
 * number that both screens show, and asks. Once confirmed it gets a session of its own for the same
 * interaction and decides there; the first browser waits and goes back to the TPP by itself.
 *
 * A journey has one live link, which works once and for a few minutes. It carries no cookie: who
 * opens it has to sign in.
 * Internal to this room.
 */
#ifndef PSU_HAND_OVER_H
#define PSU_HAND_OVER_H

#include "psu/session.h"

/* Whether this is a first browser, which can be told how it went on. */
bool hand_over_is_offered(const struct session *session);

#endif
