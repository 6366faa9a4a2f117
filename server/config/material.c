#include "config/material.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/file.h"
#include "base/limits.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

#define CAUSE_MAX 200
#define PATH_MAX_BYTES 64
#define DAY_S 86400
#define CHAIN_MAX 8 /* a leaf and its issuers */

struct check {
    const struct config *config;
    const struct material_warnings *warnings;
    struct material *out;
    struct lfi_error *error;
    time_t now;
};

/* A pair of settings that belong together. */
struct pair {
    const char *section; /* "$.hub" */
    const char *certificate, *key;
    int purpose; /* X509_PURPOSE_… */
};

static int refuse(const struct check *check, const char *path, const char *cause)
{
    return config_error(check->config, path, cause, check->error);
}

static void warn(const struct check *check, const char *path, const char *cause)
{
    check->warnings->warn(check->warnings->ctx, path, cause);
}

/* In development wrong dates are only told. */
static int judge_date(const struct check *check, const char *path, const char *cause)
{
    if (!check->config->development) {
        return refuse(check, path, cause);
    }
    warn(check, path, cause);
    return 0;
}

static time_t time_of(const ASN1_TIME *at)
{
    struct tm tm;
    return ASN1_TIME_to_tm(at, &tm) == 1 ? timegm(&tm) : 0;
}

int material_days_left(const struct material_certificate *certificate, time_t now)
{
    long long left = (long long)certificate->not_after - (long long)now;
    return (int)((left < 0 ? left - DAY_S + 1 : left) / DAY_S);
}

/* Private keys are for their owner and, at most, one group. */
static void look_at_mode(const struct check *check, const char *path, const char *file)
{
    struct stat status;

    if (stat(file, &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
        char cause[CAUSE_MAX];
        snprintf(cause, sizeof(cause), "%.120s may be read by everyone: take that away with chmod",
                 file);
        warn(check, path, cause);
    }
}

static BIO *open_pem(struct buf *text, const char *file, struct lfi_error *error)
{
    buf_init(text, LIMIT_PEM_BYTES);
    if (file_read(file, text, error) != 0 || text->len == 0) {
        return NULL;
    }
    return BIO_new_mem_buf(text->ptr, (int)text->len);
}

/* All certificates of a file; NULL when there is none or one of them is broken. */
static STACK_OF(X509) * read_certificates(const char *file)
{
    struct lfi_error error;
    struct buf text;
    BIO *bio = open_pem(&text, file, &error);
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
        sk_X509_pop_free(all, X509_free);
        return NULL;
    }
    return all;
}

static int no_passphrase(char *out, int size, int writing, void *ctx)
{
    (void)out, (void)size, (void)writing, (void)ctx;
    return -1; /* never asks at a terminal */
}

static EVP_PKEY *read_key(const char *file)
{
    struct lfi_error error;
    struct buf text;
    BIO *bio = open_pem(&text, file, &error);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

    ERR_clear_error();
    BIO_free(bio);
    if (text.ptr) {
        OPENSSL_cleanse(text.ptr, text.cap);
    }
    buf_free(&text);
    return key;
}

static void keep(const struct check *check, const char *path, const char *file, const X509 *x509)
{
    struct material_certificate *entry = &check->out->certificates[check->out->count];

    if (check->out->count == MATERIAL_MAX) {
        return;
    }
    snprintf(entry->setting, sizeof(entry->setting), "%s", path + 2); /* without "$." */
    entry->subject[0] = '\0';
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName, entry->subject,
                                    sizeof(entry->subject));
    entry->file = file;
    entry->not_after = time_of(X509_get0_notAfter(x509));
    check->out->count++;
}

static int check_dates(const struct check *check, const char *path, const X509 *x509)
{
    char cause[CAUSE_MAX], when[DATETIME_TEXT_MAX];
    time_t from = time_of(X509_get0_notBefore(x509));
    time_t until = time_of(X509_get0_notAfter(x509));

    if (from > check->now) {
        datetime_format_utc_ms((int64_t)from * 1000000, when);
        snprintf(cause, sizeof(cause), "the certificate is not valid before %s", when);
        return judge_date(check, path, cause);
    }
    datetime_format_utc_ms((int64_t)until * 1000000, when);
    if (until <= check->now) {
        snprintf(cause, sizeof(cause), "the certificate expired on %s", when);
        return judge_date(check, path, cause);
    }
    if (until - check->now < (time_t)MATERIAL_WARN_DAYS * DAY_S) {
        snprintf(cause, sizeof(cause), "the certificate expires in %d days, on %s",
                 (int)((until - check->now) / DAY_S), when);
        warn(check, path, cause);
    }
    return 0;
}

/* The leaf comes first, and each that follows issued the one before. */
static int check_chain(const struct check *check, const char *path, STACK_OF(X509) * chain)
{
    if (sk_X509_num(chain) > CHAIN_MAX) {
        return refuse(check, path, "the file has too many certificates for one chain");
    }
    for (int i = 1; i < sk_X509_num(chain); i++) {
        if (X509_check_issued(sk_X509_value(chain, i), sk_X509_value(chain, i - 1)) != X509_V_OK) {
            return refuse(check, path,
                          "the certificates are not in order: first the own, then its issuers");
        }
    }
    return 0;
}

static int check_leaf(const struct check *check, const struct pair *pair, const char *path,
                      const char *key_path, STACK_OF(X509) * chain)
{
    X509 *leaf = sk_X509_value(chain, 0);
    EVP_PKEY *key = read_key(pair->key);
    int result;

    if (!key) {
        result = refuse(check, key_path, "the file has no private key that can be read");
    } else if (X509_check_private_key(leaf, key) != 1) {
        result = refuse(check, key_path, "the key is not that of the certificate");
    } else if (X509_check_purpose(leaf, pair->purpose, 0) != 1) {
        result = refuse(check, path,
                        pair->purpose == X509_PURPOSE_SSL_SERVER
                            ? "the certificate is not one for a server"
                            : "the certificate is not one for a client");
    } else {
        result = check_chain(check, path, chain) != 0 ? -1 : check_dates(check, path, leaf);
    }
    ERR_clear_error();
    EVP_PKEY_free(key);
    return result;
}

static int check_pair(const struct check *check, const struct pair *pair)
{
    char path[PATH_MAX_BYTES], key_path[PATH_MAX_BYTES];

    if (!pair->certificate) {
        return 0;
    }
    snprintf(path, sizeof(path), "%s.certificate", pair->section);
    snprintf(key_path, sizeof(key_path), "%s.key", pair->section);
    STACK_OF(X509) *chain = read_certificates(pair->certificate);
    if (!chain) {
        return refuse(check, path, "the file has no PEM certificate, or a broken one");
    }
    int result = check_leaf(check, pair, path, key_path, chain);
    if (result == 0) {
        keep(check, path, pair->certificate, sk_X509_value(chain, 0));
        look_at_mode(check, key_path, pair->key);
    }
    sk_X509_pop_free(chain, X509_free);
    return result;
}

/* Authorities alone; some may have ended, not all. */
static int check_bundle(const struct check *check, const char *path, const char *file)
{
    X509 *last = NULL;
    int result = 0;

    if (!file) {
        return 0;
    }
    STACK_OF(X509) *all = read_certificates(file);
    if (!all) {
        return refuse(check, path, "the file has no PEM certificate, or a broken one");
    }
    for (int i = 0; i < sk_X509_num(all) && result == 0; i++) {
        X509 *one = sk_X509_value(all, i);
        if (X509_check_ca(one) == 0) {
            result = refuse(check, path, "a certificate of the file is not that of an authority");
        } else if (!last || X509_cmp_time(X509_get0_notAfter(last), NULL) < 0 ||
                   time_of(X509_get0_notAfter(one)) > time_of(X509_get0_notAfter(last))) {
            last = one;
        }
    }
    if (result == 0) {
        result = check_dates(check, path, last);
        keep(check, path, file, last);
    }
    sk_X509_pop_free(all, X509_free);
    return result;
}

static int check_signing_key(const struct check *check)
{
    const char *file = check->config->hub_signing_key;
    EVP_PKEY *key = file ? read_key(file) : NULL;
    int result = 0;

    if (!file) {
        return 0;
    }
    if (!key) {
        result = refuse(check, "$.hub.signingKey", "the file has no private key that can be read");
    } else if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < 2048) {
        result = refuse(check, "$.hub.signingKey", "must be an RSA key of at least 2048 bits");
    } else {
        look_at_mode(check, "$.hub.signingKey", file);
    }
    EVP_PKEY_free(key);
    return result;
}

int material_check(const struct config *config, const struct material_warnings *warnings,
                   struct material *out, struct lfi_error *error)
{
    const struct clock system_time = {0};
    const struct check check = {.config = config,
                                .warnings = warnings,
                                .out = out,
                                .error = error,
                                .now = (time_t)(clock_now_us(&system_time) / 1000000)};
    const struct pair pairs[] = {
        {"$.hubListener", config->hub.certificate, config->hub.key, X509_PURPOSE_SSL_SERVER},
        {"$.publicListener", config->public_.certificate, config->public_.key,
         X509_PURPOSE_SSL_SERVER},
        {"$.hub", config->hub_certificate, config->hub_key, X509_PURPOSE_SSL_CLIENT},
    };

    out->count = 0;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (check_pair(&check, &pairs[i]) != 0) {
            return -1;
        }
    }
    if (check_bundle(&check, "$.hubListener.clientCa", config->hub.client_ca) != 0 ||
        check_bundle(&check, "$.hub.ca", config->hub_ca) != 0 ||
        check_bundle(&check, "$.caller.jwksCa", config->jwks_ca) != 0 ||
        check_signing_key(&check) != 0) {
        return -1;
    }
    look_at_mode(&check, "$.journey.sessionKey", config->session_key_file);
    if (config->previous_session_key_file) {
        look_at_mode(&check, "$.journey.previousSessionKey", config->previous_session_key_file);
    }
    if (config->operator_token_file) {
        look_at_mode(&check, "$.adminListener.operatorToken", config->operator_token_file);
    }
    return 0;
}
