/* Which TPP is calling: its certificate, and at the authorization server its assertion as well. */
#ifndef HUB_SIM_TPP_CLIENT_H
#define HUB_SIM_TPP_CLIENT_H

#include "tpp/call.h"

/* Fills call->thumbprint; false when there is no certificate. */
bool client_read_certificate(struct tpp_call *call);
/* Whether the certificate is of the TPP: its organisation, and its software or client. */
bool client_holds_certificate(const struct tpp_call *call, const struct tpp *tpp);
/* The registered TPP of the certificate; NULL: there is none. */
const struct tpp *client_of_certificate(const struct tpp_call *call);

/*
 * Fills call->tpp from the form (private_key_jwt). Refused: CLIENT-FORM invalid_request; and as
 * invalid_client CLIENT-CERTIFICATE (none, or of another TPP), CLIENT-UNKNOWN, CLIENT-ID (the form
 * names another) and CLIENT-ASSERTION-… with the names of signed.h.
 */
int client_authenticate(struct tpp_call *call, enum tpp_endpoint endpoint);

#endif
