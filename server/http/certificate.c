#include "http/certificate.h"

#include "base/datetime.h"
#include "base/limits.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

/* Hub to bank 6: transport and signing certificates come from the same authority. */
static bool is_for_clients(X509 *leaf)
{
    uint32_t flags = X509_get_extension_flags(leaf);

    return (flags & EXFLAG_XKUSAGE) != 0 && (flags & EXFLAG_KUSAGE) != 0 &&
           (X509_get_extended_key_usage(leaf) & XKU_SSL_CLIENT) != 0 &&
           (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) != 0;
}

int certificate_check_purpose(int good, X509_STORE_CTX *context)
{
    X509 *current = X509_STORE_CTX_get_current_cert(context);

    if (good == 1 && X509_STORE_CTX_get_error_depth(context) == 0 && current &&
        !is_for_clients(current)) {
        X509_STORE_CTX_set_error(context, X509_V_ERR_INVALID_PURPOSE);
        return 0;
    }
    return good;
}

int certificate_load_crl(SSL_CTX *context, const char *file)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

    if (!lookup || X509_load_crl_file(lookup, file, X509_FILETYPE_PEM) < 1) {
        return -1;
    }
    return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1 ? 0 : -1;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm broken;

    if (ASN1_TIME_to_tm(time, &broken) != 1) {
        return 0;
    }
    return datetime_days_from_civil(broken.tm_year + 1900, (unsigned)broken.tm_mon + 1,
                                    (unsigned)broken.tm_mday) *
               86400 +
           broken.tm_hour * 3600 + broken.tm_min * 60 + broken.tm_sec;
}

void certificate_take_validity(const STACK_OF(X509) * chain, struct tls_peer *peer)
{
    peer->from_s = INT64_MIN;
    peer->until_s = INT64_MAX;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        int64_t from_s = seconds_of(X509_get0_notBefore(sk_X509_value(chain, i)));
        int64_t until_s = seconds_of(X509_get0_notAfter(sk_X509_value(chain, i)));
        peer->from_s = from_s > peer->from_s ? from_s : peer->from_s;
        peer->until_s = until_s < peer->until_s ? until_s : peer->until_s;
    }
}

int certificate_judge(SSL_CTX *context, struct tls_peer *peer)
{
    X509_STORE_CTX *verify = X509_STORE_CTX_new();
    int verdict = X509_V_ERR_OUT_OF_MEM;

    if (verify &&
        X509_STORE_CTX_init(verify, SSL_CTX_get_cert_store(context), peer->certificate,
                            peer->chain) == 1 &&
        X509_STORE_CTX_set_default(verify, "ssl_client") == 1) {
        X509_STORE_CTX_set_depth(verify, LIMIT_CHAIN_DEPTH);
        X509_STORE_CTX_set_verify_cb(verify, certificate_check_purpose);
        bool good = X509_verify_cert(verify) == 1;
        verdict = X509_STORE_CTX_get_error(verify);
        if (good) {
            verdict = X509_V_OK;
            certificate_take_validity(X509_STORE_CTX_get0_chain(verify), peer);
        } else if (verdict == X509_V_OK) {
            verdict = X509_V_ERR_UNSPECIFIED;
        }
    }
    X509_STORE_CTX_free(verify);
    ERR_clear_error();
    return verdict;
}

const char *certificate_verdict_id(int verdict)
{
    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "TLS-CERT-EXPIRED";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "TLS-CERT-FUTURE";
    case X509_V_ERR_INVALID_PURPOSE:
        return "TLS-CERT-PURPOSE";
    case X509_V_ERR_CERT_REVOKED:
        return "TLS-CERT-REVOKED";
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
        return "TLS-CRL";
    default:
        return "TLS-CERT-UNTRUSTED";
    }
}
