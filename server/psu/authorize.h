/* The address to which TPPs send customers: one for each provider. */
#ifndef PSU_AUTHORIZE_H
#define PSU_AUTHORIZE_H

#include "psu/context.h"

/*
 * Hands the query to the Hub, once, and does as it says: starts the journey, sends the browser on,
 * or shows an error page (consent journey 2). Coming back with the same address while the journey
 * lives goes on with it.
 */
void authorize_handle(struct context *context, const struct psu_endpoint *endpoint);

#endif
