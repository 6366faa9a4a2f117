#include "base/x509_name.h"

#include <openssl/x509.h>

/* ASCII in a string type of single bytes is UTF-8 already, and read anew for each request. */
static bool is_ascii(const ASN1_STRING *text)
{
    const unsigned char *bytes = ASN1_STRING_get0_data(text);
    const int len = ASN1_STRING_length(text), type = ASN1_STRING_type(text);
    unsigned char all = 0;
    for (int i = 0; i < len; i++) {
        all |= bytes[i];
    }
    return all < 0x80 && (type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING);
}

bool x509_append_subject(struct buf *out, const struct x509_st *certificate, int nid)
{
    const X509_NAME *name = X509_get_subject_name(certificate);
    unsigned char *text = NULL;
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0) {
        return false;
    }
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    if (is_ascii(value)) {
        buf_append(out, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
        return ASN1_STRING_length(value) > 0 && !out->failed;
    }
    int len = ASN1_STRING_to_UTF8(&text, value);
    if (len > 0) {
        buf_append(out, text, (size_t)len);
    }
    OPENSSL_free(text);
    return len > 0 && !out->failed;
}
