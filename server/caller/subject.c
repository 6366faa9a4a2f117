#include "caller/subject.h"

#include "base/text.h"
#include "base/x509_name.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#define ADDRESS_BYTES 2048
#define ATTRIBUTE_BYTES 65536 /* far more than a certificate that TLS carries has */

/* The attribute in the arena; absent when it is missing, duplicated or empty. */
static struct lfi_slice find_attribute(struct arena *arena, const X509 *certificate, int nid)
{
    struct lfi_slice out = {NULL, 0};
    struct buf text;
    buf_init(&text, ATTRIBUTE_BYTES);
    if (x509_append_subject(&text, certificate, nid)) {
        out = arena_keep(arena, buf_slice(&text));
    }
    buf_free(&text);
    return out;
}

struct caller_subject subject_of(struct arena *arena, const X509 *certificate)
{
    return (struct caller_subject){
        .o = find_attribute(arena, certificate, NID_organizationName),
        .ou = find_attribute(arena, certificate, NID_organizationalUnitName),
        .cn = find_attribute(arena, certificate, NID_commonName)};
}

static struct lfi_slice name_text(struct arena *arena, const X509_NAME *name)
{
    /* RFC 2253's escapes, but in the certificate's own order and with UTF-8 as it is. */
    const unsigned long flags = (ASN1_STRFLGS_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) |
                                XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN;
    struct lfi_slice out = {NULL, 0};
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());

    if (bio && X509_NAME_print_ex(bio, name, 0, flags) >= 0) {
        long len = BIO_get_mem_data(bio, &text);
        out = arena_keep(arena, (struct lfi_slice){text, (size_t)len});
    }
    BIO_free(bio);
    ERR_clear_error();
    return out;
}

struct lfi_slice caller_subject_text(struct arena *arena, const struct x509_st *certificate)
{
    return name_text(arena, X509_get_subject_name(certificate));
}

struct lfi_slice caller_issuer_text(struct arena *arena, const struct x509_st *certificate)
{
    return name_text(arena, X509_get_issuer_name(certificate));
}

/* --- where the keys are ----------------------------------------------------------------------- */

static bool append_segment(struct buf *out, struct lfi_slice name)
{
    bool dots = slice_equal_text(name, ".");

    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        dots = dots || (c == '.' && i + 1 < name.len && name.ptr[i + 1] == '.');
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\') {
            return false;
        }
    }
    text_append_encoded(out, name);
    return name.len > 0 && !dots;
}

struct lfi_slice subject_key_address(struct arena *arena, const char *base,
                                     const struct caller_subject *subject)
{
    struct lfi_slice out = {NULL, 0};
    struct buf text;

    buf_init(&text, ADDRESS_BYTES);
    buf_append_text(&text, base);
    buf_append(&text, "/", 1);
    bool good = append_segment(&text, subject->ou);
    buf_append(&text, "/", 1);
    good = good && append_segment(&text, subject->cn);
    buf_append_text(&text, "/application.jwks");
    if (good && !text.failed) {
        out = arena_keep(arena, buf_slice(&text));
    }
    buf_free(&text);
    return out;
}
