/* Certificates and keys: each by itself, what it chains to, and the names in it. */
#include "doctor.h"

#include "base/clock.h"
#include "config/material.h"
#include "config/pem.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define HOST_MAX 256

static time_t now_s(void)
{
    const struct clock system_time = {0};

    return (time_t)clock_now_s(&system_time);
}

static void tell_warning(void *ctx, const char *path, const char *cause)
{
    doctor_report(ctx, DOCTOR_WARN, path + 2, "%s", cause); /* without "$." */
}

/* What was not warned of already. */
static void tell_good(struct doctor_job *job, const struct material_certificate *one)
{
    char when[PEM_DATE_MAX];
    int days = material_days_left(one, now_s());

    pem_date(one->not_after, when);
    if (days >= MATERIAL_WARN_DAYS || (one->covered && days >= 0)) {
        doctor_report(job, DOCTOR_OK, one->setting, "%s, until %s, %d days%s", one->subject, when,
                      days, one->covered && one->serial[0] ? ", not presented now" : "");
    }
}

void doctor_check_files(struct doctor_job *job)
{
    const struct material_warnings warnings = {tell_warning, job};
    struct material material = {0};

    for (size_t i = 0; i < MATERIAL_ITEMS; i++) {
        struct lfi_error error = {""};
        size_t first = material.count;
        if (material_check_item(job->config, i, &warnings, &material, &error) != 0) {
            doctor_report(job, DOCTOR_FAIL, "files", "%s", error.message);
            atomic_store(&job->findings->broken, true);
            continue;
        }
        for (size_t at = first; at < material.count; at++) {
            tell_good(job, &material.certificates[at]);
        }
    }
}

/* --- chains ----------------------------------------------------------------------------------- */

/* "" when it chains to the bundles of the Trust Framework, whatever its dates; else why not. */
static const char *judge_chain(const struct config *config, STACK_OF(X509) * chain,
                               const char *purpose)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *verify = X509_STORE_CTX_new();
    const char *reason = "out of memory";

    if (store && verify && X509_STORE_load_file(store, config->hub.client_ca) == 1 &&
        X509_STORE_load_file(store, config->hub_ca) == 1 &&
        X509_STORE_CTX_init(verify, store, sk_X509_value(chain, 0), chain) == 1 &&
        X509_STORE_CTX_set_default(verify, purpose) == 1) {
        X509_STORE_CTX_set_flags(verify, X509_V_FLAG_NO_CHECK_TIME);
        reason = X509_verify_cert(verify) == 1
                     ? ""
                     : X509_verify_cert_error_string(X509_STORE_CTX_get_error(verify));
    }
    X509_STORE_CTX_free(verify);
    X509_STORE_free(store);
    ERR_clear_error();
    return reason;
}

static void check_chain(struct doctor_job *job, const char *setting, const struct config_pair *pair,
                        const char *purpose)
{
    char what[PEM_TEXT_MAX];
    STACK_OF(X509) *chain = pair->certificate ? pem_certificates(pair->certificate) : NULL;

    if (!chain) {
        return; /* told before, or not configured */
    }
    const char *reason = judge_chain(job->config, chain, purpose);
    pem_describe(job->config, pair->certificate, sk_X509_value(chain, 0), what);
    if (reason[0]) {
        doctor_report(job, DOCTOR_FAIL, setting,
                      "does not chain to hubListener.clientCa or hub.ca: %s: put its issuers after "
                      "it in the file, or see whether it is of this environment (%s)",
                      reason, what);
    } else {
        doctor_report(job, DOCTOR_OK, setting, "chains to the Trust Framework's authorities");
    }
    pem_free_certificates(chain);
}

void doctor_check_chains(struct doctor_job *job)
{
    const struct config *config = job->config;

    check_chain(job, "hubListener.certificate", &config->hub.pairs[0], "ssl_server");
    check_chain(job, "hubListener.next.certificate", &config->hub.pairs[1], "ssl_server");
    check_chain(job, "hub.certificate", &config->hub_pairs[0], "ssl_client");
    check_chain(job, "hub.next.certificate", &config->hub_pairs[1], "ssl_client");
}

/* --- names ------------------------------------------------------------------------------------ */

static void check_name(struct doctor_job *job, const char *setting, const struct config_pair *pair,
                       const char *host)
{
    char what[PEM_TEXT_MAX];
    STACK_OF(X509) *chain = pair->certificate ? pem_certificates(pair->certificate) : NULL;

    if (!chain) {
        return;
    }
    X509 *leaf = sk_X509_value(chain, 0);
    pem_describe(job->config, pair->certificate, leaf, what);
    if (X509_check_host(leaf, host, 0, 0, NULL) == 1 || X509_check_ip_asc(leaf, host, 0) == 1) {
        doctor_report(job, DOCTOR_OK, setting, "is for %s", host);
    } else {
        doctor_report(job, DOCTOR_WARN, setting,
                      "is not for %s: callers who use that name refuse it; order one whose "
                      "subjectAltName has it, or correct the name (%s)",
                      host, what);
    }
    ERR_clear_error();
    pem_free_certificates(chain);
}

/* The host of "https://HOST:PORT". */
static void take_host(const char *url, char out[HOST_MAX])
{
    const char *host = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    bool literal = *host == '[';

    host += literal ? 1 : 0;
    snprintf(out, HOST_MAX, "%.*s", (int)strcspn(host, literal ? "]" : ":/"), host);
}

void doctor_check_names(struct doctor_job *job)
{
    const struct config *config = job->config;
    char host[HOST_MAX];

    check_name(job, "hubListener.certificate", &config->hub.pairs[0], config->host_name);
    check_name(job, "hubListener.next.certificate", &config->hub.pairs[1], config->host_name);
    take_host(config->public_url, host);
    check_name(job, "publicListener.certificate", &config->public_.pairs[0], host);
    check_name(job, "publicListener.next.certificate", &config->public_.pairs[1], host);
}
