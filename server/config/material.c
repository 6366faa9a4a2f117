#include "config/material.h"

#include "caller/secrets.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/x509_name.h"
#include "config/pem.h"
#include "consent/kind.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define CAUSE_MAX 400
#define PATH_MAX_BYTES 64
#define DAY_S 86400
#define CHAIN_MAX 8       /* a leaf and its issuers */
#define ATTRIBUTE_MAX 256 /* bytes of a name that is compared */

struct check {
    const struct config *config;
    const struct material_warnings *warnings;
    struct material *out;
    struct lfi_error *error;
    time_t now;
};

/* One pair of a setting, as it was found. */
struct leaf {
    char path[PATH_MAX_BYTES], key_path[PATH_MAX_BYTES];
    const struct config_pair *pair;
    STACK_OF(X509) * chain;
};

static int refuse(const struct check *check, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void warn(const struct check *check, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(const struct check *check, const char *path, const char *format, ...)
{
    char cause[CAUSE_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(cause, sizeof(cause), format, arguments);
    va_end(arguments);
    return config_error(check->config, path, cause, check->error);
}

static void warn(const struct check *check, const char *path, const char *format, ...)
{
    char cause[CAUSE_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(cause, sizeof(cause), format, arguments);
    va_end(arguments);
    check->warnings->warn(check->warnings->ctx, path, cause);
}

int material_days_left(const struct material_certificate *certificate, time_t now)
{
    long long left = (long long)certificate->not_after - (long long)now;
    return (int)((left < 0 ? left - DAY_S + 1 : left) / DAY_S);
}

/* --- which of two ----------------------------------------------------------------------------- */

static size_t newest(const struct material_validity *pairs, size_t count, time_t begun, time_t now)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        bool valid = pairs[i].from <= begun && now < pairs[i].until;
        if (valid && (best == count || pairs[i].from >= pairs[best].from)) {
            best = i;
        }
    }
    return best;
}

size_t material_choose(const struct material_validity *pairs, size_t count, time_t now)
{
    size_t best = newest(pairs, count, now - LIMIT_CERTIFICATE_MARGIN_S, now);

    best = best < count ? best : newest(pairs, count, now, now);
    if (best < count) {
        return best;
    }
    best = 0;
    for (size_t i = 1; i < count; i++) {
        best = pairs[i].until > pairs[best].until ? i : best;
    }
    return best;
}

time_t material_next_change(const struct material_validity *pairs, size_t count, time_t now)
{
    time_t next = 0;

    for (size_t i = 0; i < count && count > 1; i++) {
        const time_t turns[] = {pairs[i].from, pairs[i].from + LIMIT_CERTIFICATE_MARGIN_S,
                                pairs[i].until};
        for (size_t t = 0; t < ARRAY_LEN(turns); t++) {
            if (turns[t] > now && (next == 0 || turns[t] < next)) {
                next = turns[t];
            }
        }
    }
    return next;
}

/* --- files ------------------------------------------------------------------------------------ */

/* Private keys are for their owner and, at most, one group. */
static void look_at_mode(const struct check *check, const char *path, const char *file)
{
    struct stat status;

    if (file && stat(file, &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
        warn(check, path, "%.200s may be read by everyone: chmod o= it", file);
    }
}

static void take_serial(const X509 *x509, char *out, size_t size)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
    char *text = number ? BN_bn2hex(number) : NULL;

    snprintf(out, size, "%s", text ? text : "");
    OPENSSL_free(text);
    BN_free(number);
}

/* The place for what is kept of `path`; NULL when there is none left. */
static struct material_certificate *next_entry(const struct check *check, const char *path)
{
    struct material *out = check->out;

    if (out->count == MATERIAL_MAX) {
        return NULL;
    }
    struct material_certificate *entry = &out->certificates[out->count++];
    *entry = (struct material_certificate){0};
    snprintf(entry->setting, sizeof(entry->setting), "%s", path + 2); /* without "$." */
    return entry;
}

static struct material_certificate *keep(const struct check *check, const char *path,
                                         const X509 *x509)
{
    struct material_certificate *entry = next_entry(check, path);

    if (entry) {
        pem_common_name(X509_get_subject_name(x509), entry->subject, sizeof(entry->subject));
        take_serial(x509, entry->serial, sizeof(entry->serial));
        entry->not_before = pem_time(X509_get0_notBefore(x509));
        entry->not_after = pem_time(X509_get0_notAfter(x509));
    }
    return entry;
}

/* In development wrong dates are only warned of. */
static int judge_date(const struct check *check, const char *path, const char *cause)
{
    if (!check->config->development) {
        return refuse(check, path, "%s", cause);
    }
    warn(check, path, "%s", cause);
    return 0;
}

static int check_dates(const struct check *check, const char *path, const char *file,
                       const X509 *x509)
{
    char cause[CAUSE_MAX], what[PEM_TEXT_MAX], when[PEM_DATE_MAX];
    time_t from = pem_time(X509_get0_notBefore(x509));
    time_t until = pem_time(X509_get0_notAfter(x509));

    pem_describe(check->config, file, x509, what);
    if (from > check->now) {
        pem_date(from, when);
        snprintf(cause, sizeof(cause),
                 "the certificate is not valid before %s: keep the one before until then (%s)",
                 when, what);
        return judge_date(check, path, cause);
    }
    if (until <= check->now) {
        pem_date(until, when);
        snprintf(cause, sizeof(cause),
                 "the certificate expired on %s: put a renewed one there, then SIGHUP (%s)", when,
                 what);
        return judge_date(check, path, cause);
    }
    return 0;
}

static void warn_of_end(const struct check *check, const char *path, const char *file,
                        const X509 *x509)
{
    char what[PEM_TEXT_MAX], when[PEM_DATE_MAX];
    time_t until = pem_time(X509_get0_notAfter(x509));

    if (until > check->now && until - check->now < (time_t)MATERIAL_WARN_DAYS * DAY_S) {
        pem_describe(check->config, file, x509, what);
        pem_date(until, when);
        warn(check, path, "the certificate expires in %d days, on %s: have it renewed (%s)",
             (int)((until - check->now) / DAY_S), when, what);
    }
}

/* --- pairs ------------------------------------------------------------------------------------ */

/* The leaf comes first, and each that follows issued the one before. */
static int check_chain(const struct check *check, const struct leaf *leaf, const char *what)
{
    if (sk_X509_num(leaf->chain) > CHAIN_MAX) {
        return refuse(check, leaf->path, "the file has too many certificates for one chain (%s)",
                      what);
    }
    for (int i = 1; i < sk_X509_num(leaf->chain); i++) {
        if (X509_check_issued(sk_X509_value(leaf->chain, i), sk_X509_value(leaf->chain, i - 1)) !=
            X509_V_OK) {
            return refuse(check, leaf->path,
                          "the certificates are not in order: first the own, then its issuers (%s)",
                          what);
        }
    }
    return 0;
}

static int check_leaf(const struct check *check, const struct leaf *leaf, int purpose)
{
    X509 *x509 = sk_X509_value(leaf->chain, 0);
    EVP_PKEY *key = pem_private_key(leaf->pair->key);
    char what[PEM_TEXT_MAX];
    int result;

    pem_describe(check->config, leaf->pair->certificate, x509, what);
    if (!key) {
        result = refuse(check, leaf->key_path, "the file has no private key that can be read: %s",
                        leaf->pair->key);
    } else if (X509_check_private_key(x509, key) != 1) {
        result = refuse(check, leaf->key_path,
                        "the key is not that of the certificate: put there what was made with it, "
                        "not %s (%s)",
                        pem_short_path(check->config, leaf->pair->key), what);
    } else if (X509_check_purpose(x509, purpose, 0) != 1) {
        bool server = purpose == X509_PURPOSE_SSL_SERVER;
        result = refuse(check, leaf->path,
                        "the certificate is not one for a %s: it needs extendedKeyUsage %s (%s)",
                        server ? "server" : "client", server ? "serverAuth" : "clientAuth", what);
    } else {
        result = check_chain(check, leaf, what);
    }
    ERR_clear_error();
    EVP_PKEY_free(key);
    return result;
}

/* Checks all but the dates, which count for the pair that is presented. */
static int read_leaf(const struct check *check, struct leaf *leaf, int purpose)
{
    leaf->chain = pem_certificates(leaf->pair->certificate);
    if (!leaf->chain) {
        return refuse(check, leaf->path, "the file has no PEM certificate, or a broken one: %s",
                      leaf->pair->certificate);
    }
    return check_leaf(check, leaf, purpose);
}

static bool has_same(const X509 *one, const X509 *other, int nid)
{
    struct buf a, b;

    buf_init(&a, ATTRIBUTE_MAX);
    buf_init(&b, ATTRIBUTE_MAX);
    bool there = x509_append_subject(&a, one, nid) && x509_append_subject(&b, other, nid);
    bool same = there && slice_equal(buf_slice(&a), buf_slice(&b));
    buf_free(&a);
    buf_free(&b);
    return same;
}

/* The other side pins the organisation, which must survive the change. */
static void compare_subjects(const struct check *check, const struct leaf *leaves)
{
    const X509 *now = sk_X509_value(leaves[0].chain, 0), *next = sk_X509_value(leaves[1].chain, 0);

    if (!has_same(now, next, NID_organizationName) ||
        !has_same(now, next, NID_organizationalUnitName)) {
        warn(check, leaves[1].path,
             "the certificate has another O or OU than the one before: who pins it refuses it");
    }
}

static int judge_pairs(const struct check *check, struct leaf *leaves, size_t count, size_t *in_use)
{
    struct material_validity dates[CONFIG_PAIRS];

    for (size_t i = 0; i < count; i++) {
        const X509 *x509 = sk_X509_value(leaves[i].chain, 0);
        dates[i] = (struct material_validity){pem_time(X509_get0_notBefore(x509)),
                                              pem_time(X509_get0_notAfter(x509))};
    }
    const size_t chosen = material_choose(dates, count, check->now);
    const time_t change = material_next_change(dates, count, check->now);
    *in_use = chosen;
    if (change != 0 && (check->out->changes_at == 0 || change < check->out->changes_at)) {
        check->out->changes_at = change;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t other = count - 1 - i; /* of two */
        bool covered = i != chosen || (other != i && dates[other].from < dates[i].until &&
                                       dates[other].until > dates[i].until);
        const X509 *x509 = sk_X509_value(leaves[i].chain, 0);
        struct material_certificate *entry = keep(check, leaves[i].path, x509);
        if (entry) {
            entry->needed = i == chosen;
            entry->covered = covered;
        }
        if (!covered) {
            warn_of_end(check, leaves[i].path, leaves[i].pair->certificate, x509);
        }
        look_at_mode(check, leaves[i].key_path, leaves[i].pair->key);
    }
    if (count == CONFIG_PAIRS) {
        compare_subjects(check, leaves);
    }
    return check_dates(check, leaves[chosen].path, leaves[chosen].pair->certificate,
                       sk_X509_value(leaves[chosen].chain, 0));
}

/* The pairs of a section, "$.hub". */
static int check_pairs(const struct check *check, const char *section,
                       const struct config_pair *pairs, enum material_pair which)
{
    const int purpose = which == MATERIAL_HUB ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER;
    struct leaf leaves[CONFIG_PAIRS] = {0};
    size_t count = 0;
    int result = 0;

    while (count < CONFIG_PAIRS && pairs[count].certificate && result == 0) {
        struct leaf *leaf = &leaves[count];
        const char *next = count > 0 ? ".next" : "";
        leaf->pair = &pairs[count++];
        snprintf(leaf->path, sizeof(leaf->path), "%s%s.certificate", section, next);
        snprintf(leaf->key_path, sizeof(leaf->key_path), "%s%s.key", section, next);
        result = read_leaf(check, leaf, purpose);
    }
    if (result == 0 && count > 0) {
        result = judge_pairs(check, leaves, count, &check->out->in_use[which]);
    }
    for (size_t i = 0; i < count; i++) {
        pem_free_certificates(leaves[i].chain);
    }
    return result;
}

/* --- bundles, lists, keys --------------------------------------------------------------------- */

static bool ends_later(const X509 *one, const X509 *other)
{
    return pem_time(X509_get0_notAfter(one)) > pem_time(X509_get0_notAfter(other));
}

/* An authority that has expired verifies nothing: it is warned of, not refused. */
static void keep_authority(const struct check *check, const char *path, const char *file,
                           const X509 *x509)
{
    char what[PEM_TEXT_MAX];
    struct material_certificate *entry = keep(check, path, x509);
    bool expired = pem_time(X509_get0_notAfter(x509)) <= check->now;

    if (entry) {
        entry->covered = expired;
    }
    if (expired) {
        pem_describe(check->config, file, x509, what);
        warn(check, path, "an authority of the file has expired: remove it (%s)", what);
    }
    warn_of_end(check, path, file, x509);
}

/* Authorities alone; some may have expired, not all. */
static int check_bundle(const struct check *check, const char *path, const char *file)
{
    const size_t first = check->out->count;
    size_t last = 0;
    int result = 0;

    if (!file) {
        return 0;
    }
    STACK_OF(X509) *all = pem_certificates(file);
    if (!all) {
        return refuse(check, path, "the file has no PEM certificate, or a broken one: %s", file);
    }
    for (int i = 0; i < sk_X509_num(all) && result == 0; i++) {
        X509 *one = sk_X509_value(all, i);
        char what[PEM_TEXT_MAX];
        if (X509_check_ca(one) == 0) {
            pem_describe(check->config, file, one, what);
            result = refuse(check, path,
                            "a certificate of the file is not that of an authority: remove it "
                            "(%s)",
                            what);
        }
        last = ends_later(one, sk_X509_value(all, (int)last)) ? (size_t)i : last;
    }
    if (result == 0) {
        result = check_dates(check, path, file, sk_X509_value(all, (int)last));
    }
    for (int i = 0; i < sk_X509_num(all) && result == 0; i++) {
        keep_authority(check, path, file, sk_X509_value(all, i));
    }
    if (result == 0 && first + last < check->out->count) {
        check->out->certificates[first + last].needed = true;
    }
    pem_free_certificates(all);
    return result;
}

/* A list out of date refuses every caller of its authority. */
static int check_revocation_lists(const struct check *check)
{
    static const char path[] = "$.hubListener.clientCrl";
    const char *file = check->config->hub.client_crl;
    char when[PEM_DATE_MAX];

    if (!file) {
        return 0;
    }
    STACK_OF(X509_CRL) *all = pem_revocation_lists(file);
    if (!all) {
        return refuse(check, path, "the file has no PEM revocation list: %s", file);
    }
    for (int i = 0; i < sk_X509_CRL_num(all); i++) {
        const X509_CRL *one = sk_X509_CRL_value(all, i);
        struct material_certificate *entry = next_entry(check, path);
        if (!entry) {
            break;
        }
        pem_common_name(X509_CRL_get_issuer(one), entry->subject, sizeof(entry->subject));
        entry->not_before = pem_time(X509_CRL_get0_lastUpdate(one));
        entry->not_after = pem_time(X509_CRL_get0_nextUpdate(one));
        entry->covered = true;
        if (entry->not_after != 0 && entry->not_after <= check->now) {
            pem_date(entry->not_after, when);
            warn(check, path,
                 "the list of %s is out of date since %s: its callers are refused; fetch it anew, "
                 "then SIGHUP",
                 entry->subject, when);
        }
    }
    sk_X509_CRL_pop_free(all, X509_CRL_free);
    return 0;
}

static int check_rsa_key(const struct check *check, const char *path, const char *file)
{
    EVP_PKEY *key = file ? pem_private_key(file) : NULL;
    int result = 0;

    if (!file) {
        return 0;
    }
    if (!key) {
        result = refuse(check, path, "the file has no private key that can be read: %s", file);
    } else if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < 2048) {
        result = refuse(check, path, "must be an RSA key of at least 2048 bits: %s", file);
    } else {
        look_at_mode(check, path, file);
    }
    EVP_PKEY_free(key);
    return result;
}

/* When the last of those that are valid, or will be, ends; 0: there is none. */
static time_t last_end(const struct caller_secrets *secrets, time_t now)
{
    time_t last = 0;
    for (size_t i = 0; i < caller_secrets_count(secrets); i++) {
        const struct caller_secret *one = caller_secrets_at(secrets, i);
        if (!one->retired && one->not_after_s > now && one->not_after_s > last) {
            last = one->not_after_s;
        }
    }
    return last;
}

static void keep_secret(const struct check *check, const char *path,
                        const struct caller_secret *secret, time_t last)
{
    struct material_certificate *entry = next_entry(check, path);
    bool soon = secret->not_after_s - check->now < (time_t)MATERIAL_WARN_DAYS * DAY_S;
    if (entry) {
        snprintf(entry->subject, sizeof(entry->subject), "%s", secret->id);
        entry->not_before = secret->not_before_s;
        entry->not_after = secret->not_after_s;
        entry->secret = true;
        entry->covered = secret->not_after_s < last;
    }
    if (soon && secret->not_after_s == last) {
        char when[PEM_DATE_MAX];
        pem_date(secret->not_after_s, when);
        warn(check, path,
             "the last secret, %s, ends in %d days, on %s: make one with lfi-server key new",
             secret->id, (int)((secret->not_after_s - check->now) / DAY_S), when);
    }
}

/* Expired secrets are not warned of as long as another one is valid. */
static int check_shared_secrets(const struct check *check, const char *path, const char *file)
{
    struct caller_secrets *secrets;
    struct lfi_error error = {""};
    if (!file) {
        return 0;
    }
    look_at_mode(check, path, file);
    if (caller_secrets_load(&secrets, file, &error) != 0) {
        return refuse(check, path, "%s", error.message);
    }
    time_t last = last_end(secrets, check->now);
    if (last == 0) {
        warn(check, path,
             "no secret is valid, the Hub is refused: make one with lfi-server key new (%s)", file);
    }
    for (size_t i = 0; i < caller_secrets_count(secrets); i++) {
        const struct caller_secret *one = caller_secrets_at(secrets, i);
        if (!one->retired && one->not_after_s > check->now) {
            keep_secret(check, path, one, last);
        }
    }
    caller_secrets_free(secrets);
    return 0;
}

/* A consent to payments is invalid where its personal data cannot be read. */
static void look_for_encryption(const struct check *check)
{
    const char *type = consent_kind_named("flexi-pay")->type;

    for (size_t i = 0; i < check->config->provider_count; i++) {
        char path[CONFIG_PATH_MAX];
        snprintf(path, sizeof(path), "$.providers[%zu].offers.consentTypes", i);
        if (offers_list(check->config->providers[i].offers.consent_types, slice_of(type)) &&
            check->config->encryption.key_count == 0) {
            warn(check, path, "%s without encryption.keys: every such consent is invalid", type);
        }
    }
}

/* Each by itself, then together: no two may have one kid. */
static int check_encryption_keys(const struct check *check)
{
    const struct config_encryption *encryption = &check->config->encryption;
    struct jose_decrypter *decrypter = NULL;
    struct lfi_error error = {""};

    for (size_t i = 0; i < encryption->key_count; i++) {
        char path[CONFIG_PATH_MAX];
        snprintf(path, sizeof(path), "$.encryption.keys[%zu].key", i);
        if (check_rsa_key(check, path, encryption->keys[i].file) != 0) {
            return -1;
        }
    }
    if (jose_decrypter_new(&decrypter, encryption->keys, encryption->key_count, &error) != 0) {
        return refuse(check, "$.encryption.keys", "%s", error.message);
    }
    jose_decrypter_free(decrypter);
    look_for_encryption(check);
    return 0;
}

static int check_secrets(const struct check *check)
{
    const struct config *config = check->config;

    look_at_mode(check, "$.journey.sessionKey", config->session_key_file);
    look_at_mode(check, "$.journey.previousSessionKey", config->previous_session_key_file);
    look_at_mode(check, "$.caller.connectTokenKey", config->connect_token_key_file);
    look_at_mode(check, "$.caller.previousConnectTokenKey",
                 config->previous_connect_token_key_file);
    look_at_mode(check, "$.adminListener.operatorToken", config->operator_token_file);
    for (size_t i = 0; i < config->provider_count; i++) {
        char path[CONFIG_PATH_MAX];
        snprintf(path, sizeof(path), "$.providers[%zu].callerAuth.clients.file", i);
        if (check_shared_secrets(check, path, config->providers[i].client.secrets_file) != 0) {
            return -1;
        }
        snprintf(path, sizeof(path), "$.providers[%zu].callerAuth.apiKeys.file", i);
        if (check_shared_secrets(check, path, config->providers[i].api_keys.file) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

int material_check_item(const struct config *config, size_t item,
                        const struct material_warnings *warnings, struct material *out,
                        struct lfi_error *error)
{
    const struct clock system_time = {0};
    const struct check check = {.config = config,
                                .warnings = warnings,
                                .out = out,
                                .error = error,
                                .now = (time_t)clock_now_s(&system_time)};
    switch (item) {
    case 0:
        return check_pairs(&check, "$.hubListener", config->hub.pairs, MATERIAL_HUB_LISTENER);
    case 1:
        return check_pairs(&check, "$.publicListener", config->public_.pairs,
                           MATERIAL_PUBLIC_LISTENER);
    case 2:
        return check_pairs(&check, "$.hub", config->hub_pairs, MATERIAL_HUB);
    case 3:
        return check_bundle(&check, "$.hubListener.clientCa", config->hub.client_ca);
    case 4:
        return check_revocation_lists(&check);
    case 5:
        return check_bundle(&check, "$.hub.ca", config->hub_ca);
    case 6:
        return check_bundle(&check, "$.caller.jwksCa", config->jwks_ca);
    case 7:
        return check_rsa_key(&check, "$.hub.signingKey", config->hub_signing_key);
    case 8:
        return check_rsa_key(&check, "$.caller.tokenKey", config->token_key);
    case 9:
        return check_rsa_key(&check, "$.caller.previousTokenKey", config->previous_token_key);
    case 10:
        return check_encryption_keys(&check);
    case 11:
        return check_bundle(&check, "$.encryption.signatures.jwksCa", config->encryption.jwks_ca);
    default:
        return check_secrets(&check);
    }
}

int material_check(const struct config *config, const struct material_warnings *warnings,
                   struct material *out, struct lfi_error *error)
{
    *out = (struct material){0};
    for (size_t i = 0; i < MATERIAL_ITEMS; i++) {
        if (material_check_item(config, i, warnings, out, error) != 0) {
            return -1;
        }
    }
    return 0;
}
