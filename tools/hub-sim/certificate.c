#include "certificate.h"

#include "base/x509_name.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

static bool copy_attribute(const X509 *certificate, int nid, char out[CERTIFICATE_NAME_MAX])
{
    struct buf text;
    buf_init(&text, CERTIFICATE_NAME_MAX - 1);
    bool found = x509_append_subject(&text, certificate, nid);
    if (found) {
        memcpy(out, text.ptr, text.len);
        out[text.len] = '\0';
    }
    buf_free(&text);
    return found;
}

static X509 *read_first(const char *path, struct lfi_error *error)
{
    X509 *certificate = NULL;
    FILE *file = fopen(path, "r");
    if (file) {
        certificate = PEM_read_X509(file, NULL, NULL, NULL);
        fclose(file);
    }
    if (!certificate) {
        error_set(error, "%s: no certificate can be read", path);
    }
    return certificate;
}

EVP_PKEY *certificate_read_key(const char *path, struct lfi_error *error)
{
    X509 *certificate = read_first(path, error);
    EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;
    if (certificate && !key) {
        error_set(error, "%s: the certificate's key cannot be read", path);
    }
    X509_free(certificate);
    return key;
}

int certificate_read_subject(struct certificate_subject *out, const char *path,
                             struct lfi_error *error)
{
    X509 *certificate = read_first(path, error);
    if (!certificate) {
        return -1;
    }
    bool complete = copy_attribute(certificate, NID_organizationName, out->o) &&
                    copy_attribute(certificate, NID_organizationalUnitName, out->ou) &&
                    copy_attribute(certificate, NID_commonName, out->cn);
    X509_free(certificate);
    return complete ? 0
                    : error_set(error, "%s: the subject must have one O, one OU and one CN", path);
}
