#include "certificate.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

static bool copy_attribute(X509_NAME *name, int nid, char out[CERTIFICATE_NAME_MAX])
{
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0) {
        return false;
    }
    unsigned char *text = NULL;
    int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    bool fits = len > 0 && len < CERTIFICATE_NAME_MAX;
    if (fits) {
        memcpy(out, text, (size_t)len);
        out[len] = '\0';
    }
    OPENSSL_free(text);
    return fits;
}

int certificate_read_subject(struct certificate_subject *out, const char *path,
                             struct lfi_error *error)
{
    X509 *certificate = NULL;
    FILE *file = fopen(path, "r");
    if (file) {
        certificate = PEM_read_X509(file, NULL, NULL, NULL);
        fclose(file);
    }
    if (!certificate) {
        return error_set(error, "%s: no certificate can be read", path);
    }
    X509_NAME *name = X509_get_subject_name(certificate);
    bool complete = copy_attribute(name, NID_organizationName, out->o) &&
                    copy_attribute(name, NID_organizationalUnitName, out->ou) &&
                    copy_attribute(name, NID_commonName, out->cn);
    X509_free(certificate);
    return complete ? 0 : error_set(error, "%s: the subject lacks O, OU or CN", path);
}
