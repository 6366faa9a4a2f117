#include "base/x509_name.h"

#include <openssl/x509.h>

bool x509_append_subject(struct buf *out, const struct x509_st *certificate, int nid)
{
    const X509_NAME *name = X509_get_subject_name(certificate);
    unsigned char *text = NULL;
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0) {
        return false;
    }
    int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len > 0) {
        buf_append(out, text, (size_t)len);
    }
    OPENSSL_free(text);
    return len > 0 && !out->failed;
}
