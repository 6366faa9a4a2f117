/* PEM files: certificates and private keys, and their description in messages. */
#ifndef CONFIG_PEM_H
#define CONFIG_PEM_H

#include "config/config.h"

#include <openssl/x509.h>
#include <time.h>

/* All certificates of a file, for the caller to free; NULL when there is none or one is broken. */
STACK_OF(X509) * pem_certificates(const char *file);
void pem_free_certificates(STACK_OF(X509) * all); /* NULL is fine */
/* The private key of a file, for the caller to free; NULL when there is none, or a passphrase. */
EVP_PKEY *pem_private_key(const char *file);
/* The revocation lists of a file, for the caller to free; NULL as above. */
STACK_OF(X509_CRL) * pem_revocation_lists(const char *file);

/* UTC; 0 when it cannot be read. */
time_t pem_time(const ASN1_TIME *at);
/* The common name, cut to fit; "" when there is none. */
void pem_common_name(const X509_NAME *name, char *out, size_t size);
/* "2026-01-31" */
#define PEM_DATE_MAX 11
void pem_date(time_t at, char out[PEM_DATE_MAX]);
/* "FILE, CN=NAME, DATE to DATE"; files in the configuration's folder without that. */
#define PEM_TEXT_MAX 200
void pem_describe(const struct config *config, const char *file, const X509 *certificate,
                  char out[PEM_TEXT_MAX]);
const char *pem_short_path(const struct config *config, const char *file);

#endif
