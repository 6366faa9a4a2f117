/* The PII of a consent, sealed as the simulated TPP does it, and a reader with the key for it. */
#ifndef TESTS_PII_WORLD_H
#define TESTS_PII_WORLD_H

#include "base/json.h"
#include "base/limits.h"
#include "jwe_key.h"
#include "keys.h"
#include "payments/pii.h"
#include "pii.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN                                                                                      \
    "{\"Initiation\":{\"Creditor\":[{\"CreditorAccount\":{\"SchemeName\":\"IBAN\","                \
    "\"Identification\":\"AE219900000000000000001\",\"Name\":{\"en\":\"Zumurrud Trading\"}}}]}}"

struct pii_world {
    char key_file[KEY_PATH_MAX], certificate[KEY_PATH_MAX];
    struct clock clock;
    struct log log;
    struct sim sim;
    struct pii_reader *reader;
    cJSON *sealed;
    struct refusal refusal;
};

static inline void write_certificate(EVP_PKEY *key, char path[KEY_PATH_MAX])
{
    X509 *x509 = certificate_make((const struct attribute[]){{"O", "Bank"}, {NULL, NULL}});
    snprintf(path, KEY_PATH_MAX, "/tmp/lfi-certificate-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    assert_non_null(file);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 60);
    assert_int_equal(X509_set_pubkey(x509, key), 1);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(file, x509), 1);
    assert_int_equal(fclose(file), 0);
    X509_free(x509);
}

static inline int pii_set_up(void **state)
{
    struct pii_world *w = calloc(1, sizeof(*w));
    struct lfi_error error = {""};
    struct buf sealed;
    cJSON *plain = cJSON_Parse(PLAIN);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    assert_non_null(w);
    *state = w;
    key_write(key, NULL, w->key_file);
    write_certificate(key, w->certificate);
    EVP_PKEY_free(key);
    const struct jose_key_file keys[] = {{NULL, w->key_file}};
    const struct pii_config config = {.keys = keys, .key_count = 1};
    w->log = (struct log){.fd = 2, .level = LOG_ERROR, .clock = &w->clock};
    w->sim.clock = &w->clock;
    w->sim.hub_count = 1;
    assert_int_equal(pii_init(&error), 0);
    assert_int_equal(pii_reader_new(&w->reader, &config, &w->clock, &w->log, NULL, &error), 0);
    assert_int_equal(
        jwe_key_new(&w->sim.bank_key, certificate_read_key(w->certificate, &error), NULL, &error),
        0);
    assert_int_equal(jose_signer_load(&w->sim.tpp_signers[0], w->key_file, NULL, &error), 0);
    const struct pii_sender sender = {&w->sim, &w->sim.hubs[0], &tpps[0], NULL};
    buf_init(&sealed, LIMIT_PII_BYTES);
    assert_int_equal(pii_seal(&sender, plain, &sealed, &error), 0);
    buf_append(&sealed, "", 1);
    w->sealed = cJSON_CreateString(sealed.ptr);
    buf_free(&sealed);
    cJSON_Delete(plain);
    return 0;
}

static inline int pii_tear_down(void **state)
{
    struct pii_world *w = *state;
    cJSON_Delete(w->sealed);
    jose_signer_free(w->sim.tpp_signers[0]);
    jwe_key_free(w->sim.bank_key);
    pii_reader_free(w->reader);
    pii_fini();
    unlink(w->key_file);
    unlink(w->certificate);
    free(w);
    return 0;
}

#endif
