/* As whom the bank signs its calls to the Hub. */
#include "hub/exchange.h"

#include "base/x509_name.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#define ATTRIBUTE_BYTES 1024

/* One attribute of the subject; the caller frees it. NULL: not there exactly once. */
static char *copy_attribute(const X509 *certificate, int nid)
{
    struct buf text;
    buf_init(&text, ATTRIBUTE_BYTES);
    bool found = x509_append_subject(&text, certificate, nid);
    char *copy = found ? strndup(text.ptr, text.len) : NULL;
    buf_free(&text);
    return copy;
}

/* iss and sub of our tokens are O and OU of the certificate on the same connection. */
static int read_names(struct hub_identity *identity, const char *certificate,
                      struct lfi_error *error)
{
    X509 *x509 = NULL;
    FILE *file = fopen(certificate, "re");
    if (file) {
        x509 = PEM_read_X509(file, NULL, NULL, NULL);
        fclose(file);
    }
    if (!x509) {
        return error_set(error, "%s: not a PEM certificate that can be read", certificate);
    }
    identity->iss = copy_attribute(x509, NID_organizationName);
    identity->sub = copy_attribute(x509, NID_organizationalUnitName);
    X509_free(x509);
    if (!identity->iss || !identity->sub) {
        return error_set(error, "%s: the subject must have one O and one OU", certificate);
    }
    return 0;
}

int hub_identity_new(struct hub_identity **out, const char *certificate, const char *signing_key,
                     const char *kid, struct lfi_error *error)
{
    struct hub_identity *identity = calloc(1, sizeof(*identity));
    *out = NULL;
    if (!identity) {
        return error_set(error, "out of memory");
    }
    if (read_names(identity, certificate, error) != 0 ||
        jose_signer_load(&identity->signer, signing_key, kid, error) != 0) {
        hub_identity_free(identity);
        return -1;
    }
    *out = identity;
    return 0;
}

void hub_identity_free(struct hub_identity *identity)
{
    if (identity) {
        jose_signer_free(identity->signer);
        free(identity->iss);
        free(identity->sub);
        free(identity);
    }
}
