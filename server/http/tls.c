#include "http/tls.h"

#include "base/clock.h"
#include "base/limits.h"
#include "http/certificate.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20" /* forward secrecy and AEAD */
#define TICKET_KEY_BYTES 80                         /* name, MAC key and key of OpenSSL's tickets */

/*
 * Connections start from `base`. When its hello has come, a connection moves over to `current`,
 * made the same way: that is what a reload replaces. From then on some settings count in the one,
 * some in the other, so both have all of them.
 */
struct tls {
    int session_s;
    SSL_CTX *base;
    int64_t ticket_key_us; /* when the present one was made; of the thread that shakes hands */
    pthread_mutex_t lock;  /* guards `current`; taken once per handshake */
    SSL_CTX *current;
    SSL_CTX *next; /* prepared by a reload; of its thread */
    atomic_uint generation;
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

    if (!names) {
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

    if (config->client_ca) {
        verify = SSL_VERIFY_PEER;
        if (config->client_required) {
            verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        }
    }
    SSL_CTX_set_verify(context, verify, certificate_check_purpose);
    SSL_CTX_set_verify_depth(context, LIMIT_CHAIN_DEPTH);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1); /* a record is one read, not one for its head as well */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, LIMIT_SESSION_S);
    return SSL_CTX_set_min_proto_version(
               context, config->min_version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(context, 1) == 1 &&
           SSL_CTX_set_cipher_list(context, TLS12_CIPHERS) == 1;
}

static int load_files(SSL_CTX *context, const struct http_tls *config, struct lfi_error *error)
{
    if (SSL_CTX_use_certificate_chain_file(context, config->certificate) != 1) {
        return fail(error, config->certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(context, config->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return fail(error, config->key);
    }
    if (config->client_ca && load_client_ca(context, config->client_ca, error) != 0) {
        return -1;
    }
    if (config->client_crl && certificate_load_crl(context, config->client_crl) != 0) {
        return fail(error, config->client_crl);
    }
    return 0;
}

/* A context with the files of the configuration. Its number keeps sessions of others away. */
static int load(SSL_CTX **out, const struct http_tls *config, unsigned generation,
                struct lfi_error *error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (!context) {
        return fail(error, "TLS");
    }
    if (load_files(context, config, error) != 0) {
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
    bool moved = SSL_set_SSL_CTX(ssl, tls->current);
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

    if (!tls) {
        return error_set(error, "out of memory");
    }
    tls->session_s = config->session_s > 0 ? config->session_s : LIMIT_SESSION_S;
    pthread_mutex_init(&tls->lock, NULL);
    if (load(&tls->base, config, 0, error) != 0 || load(&tls->current, config, 0, error) != 0) {
        goto failed;
    }
    SSL_CTX_set_client_hello_cb(tls->base, on_hello, tls);
    tls->ticket_key_us = clock_monotonic_us();
    *out = tls;
    return 0;
failed:
    tls_free(tls);
    return -1;
}

void tls_free(struct tls *tls)
{
    if (tls) {
        SSL_CTX_free(tls->base);
        SSL_CTX_free(tls->current);
        SSL_CTX_free(tls->next);
        pthread_mutex_destroy(&tls->lock);
        free(tls);
    }
}

SSL_CTX *tls_context(const struct tls *tls)
{
    return tls->base;
}

int tls_prepare(struct tls *tls, const struct http_tls *config, struct lfi_error *error)
{
    SSL_CTX_free(tls->next);
    tls->next = NULL;
    return load(&tls->next, config, atomic_load(&tls->generation) + 1, error);
}

void tls_commit(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->current;
    tls->current = tls->next;
    atomic_fetch_add(&tls->generation, 1);
    pthread_mutex_unlock(&tls->lock);
    tls->next = NULL;
    SSL_CTX_free(old); /* freed when its last connection ends */
}

/* Tickets are sealed with the keys of `base`, whatever context a connection has moved to. */
void tls_renew_ticket_key(struct tls *tls)
{
    int64_t now_us = clock_monotonic_us();
    unsigned char keys[TICKET_KEY_BYTES];

    if (now_us - tls->ticket_key_us < (int64_t)tls->session_s * 1000000) {
        return;
    }
    if (RAND_priv_bytes(keys, sizeof(keys)) == 1 &&
        SSL_CTX_set_tlsext_ticket_keys(tls->base, keys, sizeof(keys)) == 1) {
        tls->ticket_key_us = now_us;
    }
    OPENSSL_cleanse(keys, sizeof(keys));
}

/* --- peers ------------------------------------------------------------------------------------ */

static int refuse(struct refusal *refusal, int verdict)
{
    refusal_set(refusal, certificate_verdict_id(verdict), 401, "GenericError",
                "The client certificate is not accepted.");
    refusal_detail(refusal, "%s", X509_verify_cert_error_string(verdict));
    return -1;
}

/* The files of now and their number. The caller frees what it gets. */
static SSL_CTX *files_of_now(struct tls *tls, unsigned *generation)
{
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *context = tls->current;
    *generation = atomic_load(&tls->generation);
    SSL_CTX_up_ref(context);
    pthread_mutex_unlock(&tls->lock);
    return context;
}

/* The chain that this handshake has found good by the files of `context`; NULL: it has not. */
static const STACK_OF(X509) * judged_chain(const SSL *ssl, const SSL_CTX *context)
{
    bool judged = SSL_get_SSL_CTX(ssl) == context && SSL_session_reused(ssl) == 0 &&
                  SSL_get_verify_result(ssl) == X509_V_OK;
    const STACK_OF(X509) *chain = judged ? SSL_get0_verified_chain(ssl) : NULL;

    return sk_X509_num(chain) > 0 ? chain : NULL;
}

/* By the files of now, all anew, unless the handshake of `ssl` has just done that; NULL: none. */
static int judge(struct tls *tls, struct tls_peer *peer, const SSL *ssl, struct refusal *refusal)
{
    int verdict = X509_V_OK;
    unsigned generation;
    SSL_CTX *context = files_of_now(tls, &generation);
    const STACK_OF(X509) *chain = ssl ? judged_chain(ssl, context) : NULL;

    if (chain) {
        certificate_take_validity(chain, peer);
    } else {
        verdict = certificate_judge(context, peer);
    }
    SSL_CTX_free(context);
    if (verdict != X509_V_OK) {
        return refuse(refusal, verdict);
    }
    peer->generation = generation;
    return 0;
}

int tls_peer_take(struct tls *tls, SSL *ssl, struct tls_peer *out, struct refusal *refusal)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);

    *out = (struct tls_peer){.certificate = SSL_get1_peer_certificate(ssl)};
    if (!out->certificate) {
        return 0;
    }
    out->chain = chain ? X509_chain_up_ref(chain) : NULL;
    return judge(tls, out, ssl, refusal);
}

int tls_peer_check(struct tls *tls, struct tls_peer *peer, struct refusal *refusal)
{
    static const struct clock system_time;
    int64_t now_s = clock_now_s(&system_time);

    if (!peer->certificate) {
        return 0;
    }
    if (now_s > peer->until_s || now_s < peer->from_s) {
        return refuse(refusal, now_s > peer->until_s ? X509_V_ERR_CERT_HAS_EXPIRED
                                                     : X509_V_ERR_CERT_NOT_YET_VALID);
    }
    return peer->generation == atomic_load(&tls->generation) ? 0 : judge(tls, peer, NULL, refusal);
}

void tls_peer_clear(struct tls_peer *peer)
{
    X509_free(peer->certificate);
    sk_X509_pop_free(peer->chain, X509_free);
    *peer = (struct tls_peer){0};
}

void tls_explain_failure(const SSL *ssl, struct refusal *out)
{
    unsigned long code = ERR_peek_error();
    long verdict = SSL_get_verify_result(ssl);
    const char *reason = ERR_reason_error_string(code);
    const char *id = "TLS-HANDSHAKE";

    if (ERR_GET_REASON(code) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        id = "TLS-CERT-MISSING";
    } else if (verdict != X509_V_OK) {
        id = certificate_verdict_id((int)verdict);
        reason = X509_verify_cert_error_string(verdict);
    }
    refusal_set(out, id, 0, NULL, "");
    refusal_detail(out, "%s", reason ? reason : "the connection ended");
    ERR_clear_error();
}
