/*
 * Listeners that only this machine reaches. A page of another site that has its own name point here
 * sends that name as Host: DNS rebinding.
 */
#ifndef HTTP_LOOPBACK_H
#define HTTP_LOOPBACK_H

#include "http/message.h"

/* Whether a listener's address is one of this machine alone. */
bool loopback_is_address(const char *address);
/* Whether a request calls this machine by such a name, or by none (HTTP/1.0: no browser). */
bool loopback_is_called(const struct request *request);

#endif
