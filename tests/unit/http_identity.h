/* Certificates made at run time: nothing of them is ever kept. */
#ifndef TEST_HTTP_IDENTITY_H
#define TEST_HTTP_IDENTITY_H

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DAY_S 86400L

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

static inline void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/* What a certificate is made for; NULL: the extension is left out. */
struct purpose {
    const char *key_usage, *extended;
};

/* An identity issued by `issuer` (NULL: by itself, as a CA), valid for `days`, perhaps in the past.
 */
static inline struct identity issue_for(const char *name, const struct identity *issuer,
                                        long serial, long days, struct purpose purpose)
{
    struct identity made = {X509_new(), EVP_RSA_gen(2048)};
    const struct identity *by = issuer ? issuer : &made;
    X509_NAME *subject = X509_get_subject_name(made.certificate);

    assert_non_null(made.key);
    X509_set_version(made.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), days < 0 ? 2 * days * DAY_S : -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), days * DAY_S);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_pubkey(made.certificate, made.key);
    X509_set_issuer_name(made.certificate, X509_get_subject_name(by->certificate));
    bool authority = purpose.key_usage && strstr(purpose.key_usage, "keyCertSign");
    add_extension(made.certificate, by->certificate, NID_basic_constraints,
                  authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!authority) {
        add_extension(made.certificate, by->certificate, NID_subject_alt_name, "DNS:localhost");
    }
    if (purpose.key_usage) {
        add_extension(made.certificate, by->certificate, NID_key_usage, purpose.key_usage);
    }
    if (purpose.extended) {
        add_extension(made.certificate, by->certificate, NID_ext_key_usage, purpose.extended);
    }
    assert_true(X509_sign(made.certificate, by->key, EVP_sha256()) > 0);
    return made;
}

/* A CA, or one that serves both sides of a connection. */
static inline struct identity issue(const char *name, const struct identity *issuer, long serial,
                                    long days)
{
    return issue_for(name, issuer, serial, days,
                     issuer ? (struct purpose){"digitalSignature", "clientAuth,serverAuth"}
                            : (struct purpose){"keyCertSign,cRLSign", NULL});
}

/* A CA below another. */
static inline struct identity issue_authority(const char *name, const struct identity *issuer,
                                              long serial)
{
    return issue_for(name, issuer, serial, 30, (struct purpose){"keyCertSign,cRLSign", NULL});
}

static inline void identity_free(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

static inline void write_certificate(const char *path, const struct identity *identity)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, identity->certificate), 1);
    fclose(file);
}

static inline void write_key(const char *path, const struct identity *identity)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

#endif
