/* Whether a client certificate is good: chain, dates, purpose, revocation. */
#ifndef HTTP_CERTIFICATE_H
#define HTTP_CERTIFICATE_H

#include "http/peer.h"

#include <openssl/ssl.h>

/* OpenSSL's verify callback: asks of the leaf what OpenSSL only asks when it is stated. */
int certificate_check_purpose(int good, X509_STORE_CTX *context);
/* Has leaves looked up in the revocation lists of a PEM file. -1: OpenSSL says why. */
int certificate_load_crl(SSL_CTX *context, const char *file);
/* Judges by the bundle of a context and fills the validity. Returns an X509_V_… verdict. */
int certificate_judge(SSL_CTX *context, struct tls_peer *peer);
/* The narrowest validity of a chain that was found good. */
void certificate_take_validity(const STACK_OF(X509) * chain, struct tls_peer *peer);
/* The refusal's id of a verdict, "TLS-CERT-…". */
const char *certificate_verdict_id(int verdict);

#endif
