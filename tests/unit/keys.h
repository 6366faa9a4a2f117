/* Keys, key files and certificates for tests, made when the test runs. */
#ifndef TESTS_KEYS_H
#define TESTS_KEYS_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY_PATH_MAX 64

/* Writes the key as PEM into a new temporary file; the test unlinks it. */
static inline void key_write(EVP_PKEY *key, const char *passphrase, char path[KEY_PATH_MAX])
{
    snprintf(path, KEY_PATH_MAX, "/tmp/lfi-key-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file ||
        PEM_write_PrivateKey(file, key, passphrase ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
                             (void *)(uintptr_t)passphrase) != 1 ||
        fclose(file) != 0) {
        abort();
    }
}

struct attribute {
    const char *name; /* "O"; NULL ends the list */
    const char *value;
};

/* A certificate that only carries a subject: what verifies chains is not under test. */
static inline X509 *certificate_make(const struct attribute *attributes)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    for (; attributes->name; attributes++) {
        if (X509_NAME_add_entry_by_txt(name, attributes->name, MBSTRING_UTF8,
                                       (const unsigned char *)attributes->value, -1, -1, 0) != 1) {
            abort();
        }
    }
    X509_set_issuer_name(certificate, name);
    return certificate;
}

#endif
