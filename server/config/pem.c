#include "config/pem.h"

#include "base/datetime.h"
#include "base/file.h"
#include "base/limits.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>

static BIO *open_pem(struct buf *text, const char *file)
{
    struct lfi_error error;

    buf_init_secret(text, LIMIT_PEM_BYTES); /* it may be a private key */
    if (file_read(file, text, &error) != 0 || text->len == 0) {
        return NULL;
    }
    return BIO_new_mem_buf(text->ptr, (int)text->len);
}

STACK_OF(X509) * pem_certificates(const char *file)
{
    struct buf text;
    BIO *bio = open_pem(&text, file);
    STACK_OF(X509) *all = sk_X509_new_null();
    bool broken = !bio || !all;
    X509 *one;

    ERR_clear_error();
    while (!broken && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        broken = sk_X509_push(all, one) <= 0;
        if (broken) {
            X509_free(one);
        }
    }
    broken = broken || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(bio);
    buf_free(&text);
    if (broken || sk_X509_num(all) == 0) {
        pem_free_certificates(all);
        return NULL;
    }
    return all;
}

void pem_free_certificates(STACK_OF(X509) * all)
{
    sk_X509_pop_free(all, X509_free);
}

STACK_OF(X509_CRL) * pem_revocation_lists(const char *file)
{
    struct buf text;
    BIO *bio = open_pem(&text, file);
    STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
    X509_CRL *one;

    while (bio && all && (one = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
        if (sk_X509_CRL_push(all, one) <= 0) {
            X509_CRL_free(one);
            break;
        }
    }
    ERR_clear_error();
    BIO_free(bio);
    buf_free(&text);
    if (sk_X509_CRL_num(all) <= 0) {
        sk_X509_CRL_pop_free(all, X509_CRL_free);
        return NULL;
    }
    return all;
}

static int no_passphrase(char *out, int size, int writing, void *ctx)
{
    (void)out, (void)size, (void)writing, (void)ctx;
    return -1; /* never asks at a terminal */
}

EVP_PKEY *pem_private_key(const char *file)
{
    struct buf text;
    BIO *bio = open_pem(&text, file);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

    ERR_clear_error();
    BIO_free(bio);
    buf_free(&text);
    return key;
}

time_t pem_time(const ASN1_TIME *at)
{
    struct tm tm;
    return at && ASN1_TIME_to_tm(at, &tm) == 1 ? timegm(&tm) : 0;
}

void pem_common_name(const X509_NAME *name, char *out, size_t size)
{
    out[0] = '\0';
    (void)X509_NAME_get_text_by_NID((X509_NAME *)(uintptr_t)name, NID_commonName, out, (int)size);
}

void pem_date(time_t at, char out[PEM_DATE_MAX])
{
    char when[DATETIME_TEXT_MAX];

    datetime_format_utc_ms((int64_t)at * 1000000, when);
    snprintf(out, PEM_DATE_MAX, "%.10s", when);
}

const char *pem_short_path(const struct config *config, const char *file)
{
    size_t len = strlen(config->base_dir);

    return strncmp(file, config->base_dir, len) == 0 && file[len] == '/' ? file + len + 1 : file;
}

void pem_describe(const struct config *config, const char *file, const X509 *certificate,
                  char out[PEM_TEXT_MAX])
{
    char name[65], from[PEM_DATE_MAX], until[PEM_DATE_MAX];

    pem_common_name(X509_get_subject_name(certificate), name, sizeof(name));
    pem_date(pem_time(X509_get0_notBefore(certificate)), from);
    pem_date(pem_time(X509_get0_notAfter(certificate)), until);
    snprintf(out, PEM_TEXT_MAX, "%.100s, CN=%s, %s to %s", pem_short_path(config, file), name, from,
             until);
}
