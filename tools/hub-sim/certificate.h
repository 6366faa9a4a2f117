/* The subject of a certificate file: who a key belongs to, as the Trust Framework names it. */
#ifndef HUB_SIM_CERTIFICATE_H
#define HUB_SIM_CERTIFICATE_H

#include "base/error.h"
#include "base/slice.h"

#include <openssl/evp.h>

#define CERTIFICATE_NAME_MAX 129

struct certificate_subject {
    char o[CERTIFICATE_NAME_MAX], ou[CERTIFICATE_NAME_MAX], cn[CERTIFICATE_NAME_MAX];
};

/* Of the first certificate in a PEM file; -1 with a reason when O, OU or CN is missing. */
int certificate_read_subject(struct certificate_subject *out, const char *path,
                             struct lfi_error *error);

/* The public key of that certificate, to be freed; NULL with a reason. */
EVP_PKEY *certificate_read_key(const char *path, struct lfi_error *error);

#endif
