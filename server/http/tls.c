#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>

#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20" /* forward secrecy and AEAD */
#define SESSION_S 600
#define CHAIN_DEPTH 4

/*
 * Connections start from `base`. When its hello has come, a connection moves over to `current`,
 * made the same way: that is what a reload replaces. From then on some settings count in the one,
 * some in the other, so both have all of them.
 */
struct tls {
    const struct http_tls *config;
    SSL_CTX *base;
    pthread_mutex_t lock; /* guards `current`; taken once per handshake */
    SSL_CTX *current;
    unsigned generation;
};

static int fail(struct lfi_error *error, const char *file)
{
    char reason[160];

    ERR_error_string_n(ERR_peek_error(), reason, sizeof(reason));
    ERR_clear_error();
    return error_set(error, "%s: %s", file, reason);
}

static int load_client_ca(SSL_CTX *context, const char *file, struct lfi_error *error)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(file);

    if (names == NULL) {
        return fail(error, file);
    }
    SSL_CTX_set_client_CA_list(context, names);
    if (SSL_CTX_load_verify_file(context, file) != 1) {
        return fail(error, file);
    }
    return 0;
}

/* Sessions are resumed by tickets that the client keeps, so that they cost no memory here. */
static bool apply_settings(SSL_CTX *context, const struct http_tls *config)
{
    int verify = SSL_VERIFY_NONE;

    if (config->client_ca != NULL) {
        verify = SSL_VERIFY_PEER;
        if (config->client_required) {
            verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        }
    }
    SSL_CTX_set_verify(context, verify, NULL);
    SSL_CTX_set_verify_depth(context, CHAIN_DEPTH);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, SESSION_S);
    return SSL_CTX_set_min_proto_version(
               context, config->min_version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(context, 1) == 1 &&
           SSL_CTX_set_cipher_list(context, TLS12_CIPHERS) == 1;
}

/* A context with the files of the configuration. Its number keeps sessions of others away. */
static int load(SSL_CTX **out, const struct http_tls *config, unsigned generation,
                struct lfi_error *error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL) {
        return fail(error, "TLS");
    }
    if (SSL_CTX_use_certificate_chain_file(context, config->certificate) != 1) {
        fail(error, config->certificate);
        goto failed;
    }
    if (SSL_CTX_use_PrivateKey_file(context, config->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        fail(error, config->key);
        goto failed;
    }
    if (config->client_ca != NULL && load_client_ca(context, config->client_ca, error) != 0) {
        goto failed;
    }
    if (!apply_settings(context, config) ||
        SSL_CTX_set_session_id_context(context, (const unsigned char *)&generation,
                                       sizeof(generation)) != 1) {
        fail(error, "TLS");
        goto failed;
    }
    *out = context;
    return 0;
failed:
    SSL_CTX_free(context);
    return -1;
}

static int on_hello(SSL *ssl, int *alert, void *ctx)
{
    struct tls *tls = ctx;

    pthread_mutex_lock(&tls->lock);
    bool moved = SSL_set_SSL_CTX(ssl, tls->current) != NULL;
    pthread_mutex_unlock(&tls->lock);
    if (!moved) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

int tls_new(struct tls **out, const struct http_tls *config, struct lfi_error *error)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL) {
        return error_set(error, "out of memory");
    }
    tls->config = config;
    pthread_mutex_init(&tls->lock, NULL);
    if (load(&tls->base, config, tls->generation, error) != 0 ||
        load(&tls->current, config, tls->generation, error) != 0) {
        goto failed;
    }
    SSL_CTX_set_client_hello_cb(tls->base, on_hello, tls);
    *out = tls;
    return 0;
failed:
    tls_free(tls);
    return -1;
}

void tls_free(struct tls *tls)
{
    if (tls != NULL) {
        SSL_CTX_free(tls->base);
        SSL_CTX_free(tls->current);
        pthread_mutex_destroy(&tls->lock);
        free(tls);
    }
}

SSL_CTX *tls_context(const struct tls *tls)
{
    return tls->base;
}

int tls_reload(struct tls *tls, struct lfi_error *error)
{
    SSL_CTX *loaded;

    if (load(&loaded, tls->config, tls->generation + 1, error) != 0) {
        return -1;
    }
    tls->generation++;
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->current;
    tls->current = loaded;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old); /* lives on until its last connection ends */
    return 0;
}
