// link: lfi-http lfi-base
/*
 * Every call of server/http/tls.c and certificate.c that may fail fails once: the start or the
 * reload is refused, no certificate is taken for good, and nothing leaks.
 */
#include "base/array.h"
#include "http/certificate.h"
#include "http/chunk.h"
#include "http/tls.h"
#include "http_identity.h"

#include "failing.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <unistd.h>

FAILING(void *, NULL, calloc, (size_t count, size_t size), (count, size))
FAILING(void *, NULL, realloc, (void *old, size_t size), (old, size))
FAILING(SSL_CTX *, NULL, SSL_CTX_new, (const SSL_METHOD *method), (method))
FAILING(long, 0, SSL_CTX_ctrl, (SSL_CTX * context, int what, long number, void *more),
        (context, what, number, more))
FAILING(int, 0, SSL_CTX_use_certificate_chain_file, (SSL_CTX * context, const char *file),
        (context, file))
FAILING(int, 0, SSL_CTX_use_PrivateKey_file, (SSL_CTX * context, const char *file, int type),
        (context, file, type))
FAILING(int, 0, SSL_CTX_check_private_key, (const SSL_CTX *context), (context))
FAILING(STACK_OF(X509_NAME) *, NULL, SSL_load_client_CA_file, (const char *file), (file))
FAILING(int, 0, SSL_CTX_load_verify_file, (SSL_CTX * context, const char *file), (context, file))
FAILING(X509_LOOKUP *, NULL, X509_STORE_add_lookup, (X509_STORE * store, X509_LOOKUP_METHOD *how),
        (store, how))
FAILING(int, 0, X509_load_crl_file, (X509_LOOKUP * lookup, const char *file, int type),
        (lookup, file, type))
FAILING(int, 0, X509_STORE_set_flags, (X509_STORE * store, unsigned long flags), (store, flags))
FAILING(int, 0, SSL_CTX_set_num_tickets, (SSL_CTX * context, size_t number), (context, number))
FAILING(int, 0, SSL_CTX_set_cipher_list, (SSL_CTX * context, const char *list), (context, list))
FAILING(int, 0, SSL_CTX_set_session_id_context,
        (SSL_CTX * context, const unsigned char *id, unsigned len), (context, id, len))
FAILING(SSL_CTX *, NULL, SSL_set_SSL_CTX, (SSL * ssl, SSL_CTX *context), (ssl, context))
FAILING(X509_STORE_CTX *, NULL, X509_STORE_CTX_new, (void), ())
FAILING(int, 0, X509_STORE_CTX_init,
        (X509_STORE_CTX * verify, X509_STORE *store, X509 *leaf, STACK_OF(X509) * chain),
        (verify, store, leaf, chain))
FAILING(int, 0, X509_STORE_CTX_set_default, (X509_STORE_CTX * verify, const char *name),
        (verify, name))
FAILING(int, 0, X509_verify_cert, (X509_STORE_CTX * verify), (verify))
FAILING(int, 0, RAND_priv_bytes, (unsigned char *out, int len), (out, len))

static char dir[] = "/tmp/lfi-tls-failures-XXXXXX";
static char certificate_file[64], key_file[64], bundle[64], crl_file[64];
static struct identity ca, leaf;
static struct http_tls config = {.certificate = certificate_file,
                                 .key = key_file,
                                 .client_ca = bundle,
                                 .client_crl = crl_file,
                                 .client_required = true,
                                 .min_version = 13,
                                 .session_s = 1};

static void write_crl(void)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *time = X509_gmtime_adj(NULL, -DAY_S);
    FILE *file = fopen(crl_file, "we");

    assert_non_null(file);
    X509_CRL_set_version(list, 1);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(ca.certificate));
    X509_CRL_set1_lastUpdate(list, time);
    X509_gmtime_adj(time, DAY_S);
    X509_CRL_set1_nextUpdate(list, time);
    assert_true(X509_CRL_sign(list, ca.key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509_CRL(file, list), 1);
    fclose(file);
    ASN1_TIME_free(time);
    X509_CRL_free(list);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(certificate_file, sizeof(certificate_file), "%s/leaf.pem", dir);
    snprintf(key_file, sizeof(key_file), "%s/leaf.key", dir);
    snprintf(bundle, sizeof(bundle), "%s/ca.pem", dir);
    snprintf(crl_file, sizeof(crl_file), "%s/crl.pem", dir);
    ca = issue("ca", NULL, 1, 30);
    leaf = issue("leaf", &ca, 2, 30);
    write_certificate(certificate_file, &leaf);
    write_key(key_file, &leaf);
    write_certificate(bundle, &ca);
    write_crl();
    return 0;
}

static int tear_down(void **state)
{
    const char *const files[] = {certificate_file, key_file, bundle, crl_file};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        unlink(files[i]);
    }
    identity_free(&leaf);
    identity_free(&ca);
    return rmdir(dir);
}

/* --- start and reload ------------------------------------------------------------------------- */

static int start_and_reload(void *ctx)
{
    struct tls *tls = NULL;
    struct lfi_error error = {""};

    (void)ctx;
    int rc = tls_new(&tls, &config, &error);
    assert_true((rc == 0) == (error.message[0] == '\0'));
    assert_true(!tls == (rc != 0));
    if (rc == 0) {
        SSL_CTX *before = tls_context(tls);
        rc = tls_prepare(tls, &config, &error);
        assert_true((rc == 0) == (error.message[0] == '\0'));
        assert_ptr_equal(tls_context(tls), before);
        if (rc == 0) {
            tls_commit(tls);
        }
    }
    tls_free(tls);
    return rc;
}

/* The mode, the session cache and reading ahead: setting gives what was before, 0 is no failure. */
static void a_setting_that_fails_is_reported(void **state)
{
    const int contexts = 3; /* two at the start, one of the reload */
    int silent;

    (void)state;
    assert_true(fail_each(start_and_reload, NULL, &silent) > contexts * 12);
    assert_int_equal(silent, contexts * 3);
}

/* --- certificates ----------------------------------------------------------------------------- */

static int judge_leaf(void *ctx)
{
    struct tls_peer peer = {.certificate = leaf.certificate};
    int verdict = certificate_judge(tls_context(ctx), &peer);

    assert_true((verdict == X509_V_OK) == (peer.until_s > 0));
    return verdict == X509_V_OK ? 0 : -1;
}

static void a_certificate_that_cannot_be_judged_is_refused(void **state)
{
    struct tls *tls = NULL;
    int silent;

    (void)state;
    assert_int_equal(tls_new(&tls, &config, NULL), 0);
    assert_int_equal(fail_each(judge_leaf, tls, &silent), 4);
    assert_int_equal(silent, 0);
    tls_free(tls);
}

static void each_verdict_has_its_id(void **state)
{
    static const struct {
        int verdict;
        const char *id;
    } cases[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, "TLS-CERT-EXPIRED"},
        {X509_V_ERR_CERT_NOT_YET_VALID, "TLS-CERT-FUTURE"},
        {X509_V_ERR_INVALID_PURPOSE, "TLS-CERT-PURPOSE"},
        {X509_V_ERR_CERT_REVOKED, "TLS-CERT-REVOKED"},
        {X509_V_ERR_UNABLE_TO_GET_CRL, "TLS-CRL"},
        {X509_V_ERR_CRL_SIGNATURE_FAILURE, "TLS-CRL"},
        {X509_V_ERR_CRL_NOT_YET_VALID, "TLS-CRL"},
        {X509_V_ERR_CRL_HAS_EXPIRED, "TLS-CRL"},
        {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, "TLS-CRL"},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "TLS-CERT-UNTRUSTED"},
        {X509_V_ERR_UNSPECIFIED, "TLS-CERT-UNTRUSTED"},
        {X509_V_ERR_OUT_OF_MEM, "TLS-CERT-UNTRUSTED"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_string_equal(certificate_verdict_id(cases[i].verdict), cases[i].id);
    }
}

/* Asked by itself, without what OpenSSL checks before it. */
static void the_purpose_is_that_of_the_leaf(void **state)
{
    static const struct {
        struct purpose purpose;
        bool taken;
    } cases[] = {
        {{"digitalSignature", "clientAuth"}, true},
        {{"digitalSignature", "serverAuth"}, false},
        {{"keyEncipherment", "clientAuth"}, false},
        {{"digitalSignature", NULL}, false},
        {{NULL, "clientAuth"}, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct identity made = issue_for("some", &ca, 10 + (long)i, 30, cases[i].purpose);
        X509_STORE_CTX *context = X509_STORE_CTX_new();
        assert_int_equal(X509_STORE_CTX_init(context, NULL, made.certificate, NULL), 1);
        X509_STORE_CTX_set_current_cert(context, made.certificate);
        X509_STORE_CTX_set_error_depth(context, 0);
        assert_int_equal(certificate_check_purpose(1, context), cases[i].taken);
        assert_int_equal(X509_STORE_CTX_get_error(context),
                         cases[i].taken ? X509_V_OK : X509_V_ERR_INVALID_PURPOSE);
        assert_int_equal(certificate_check_purpose(0, context), 0);
        X509_STORE_CTX_set_error_depth(context, 1);
        assert_int_equal(certificate_check_purpose(1, context), 1);
        X509_STORE_CTX_free(context);
        identity_free(&made);
    }
}

/* --- connections ------------------------------------------------------------------------------ */

/* A handshake within this process; whether the server's side came to its end. */
static bool shake_hands(struct tls *tls, SSL **server, bool with_certificate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    BIO *near, *far;

    if (with_certificate) {
        SSL_CTX_use_certificate(context, leaf.certificate);
        SSL_CTX_use_PrivateKey(context, leaf.key);
    }
    SSL *client = SSL_new(context);
    *server = SSL_new(tls_context(tls));
    assert_int_equal(BIO_new_bio_pair(&near, 65536, &far, 65536), 1);
    SSL_set_bio(client, near, near);
    SSL_set_bio(*server, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(*server);
    bool done = false;
    for (int i = 0; i < 8 && !done; i++) {
        (void)SSL_do_handshake(client);
        done = SSL_do_handshake(*server) == 1;
    }
    SSL_free(client);
    SSL_CTX_free(context);
    return done;
}

static void a_connection_that_cannot_move_over_ends(void **state)
{
    struct tls *tls = NULL;
    SSL *ssl = NULL;
    struct tls_peer peer;
    struct refusal refusal = {.id = NULL};

    (void)state;
    assert_int_equal(tls_new(&tls, &config, NULL), 0);
    assert_true(shake_hands(tls, &ssl, true));
    assert_int_equal(tls_peer_take(tls, ssl, &peer, &refusal), 0);
    assert_int_equal(X509_cmp(peer.certificate, leaf.certificate), 0);
    tls_peer_clear(&peer);
    SSL_free(ssl);

    assert_false(shake_hands(tls, &ssl, false));
    tls_explain_failure(ssl, &refusal);
    assert_string_equal(refusal.id, "TLS-CERT-MISSING");
    SSL_free(ssl);

    ssl = NULL;
    atomic_store(&failing.left, 2); /* behind the client's SSL_CTX_new */
    assert_false(shake_hands(tls, &ssl, true));
    assert_int_equal(atomic_load(&failing.left), 0);
    tls_explain_failure(ssl, &refusal);
    assert_string_equal(refusal.id, "TLS-HANDSHAKE");
    SSL_free(ssl);
    tls_free(tls);
}

static void assert_judged(struct tls *tls, SSL *ssl, unsigned generation)
{
    struct tls_peer taken, judged = {.certificate = leaf.certificate};
    struct refusal refusal;

    assert_int_equal(certificate_judge(tls_context(tls), &judged), X509_V_OK);
    assert_int_equal(tls_peer_take(tls, ssl, &taken, &refusal), 0);
    assert_int_equal(taken.generation, generation);
    assert_int_equal(taken.from_s, judged.from_s);
    assert_int_equal(taken.until_s, judged.until_s);
    tls_peer_clear(&taken);
}

/* The second time the files are others than those of the handshake. */
static void the_verdict_of_the_handshake_counts_until_a_reload(void **state)
{
    struct tls *tls = NULL;
    SSL *ssl = NULL;

    (void)state;
    assert_int_equal(tls_new(&tls, &config, NULL), 0);
    assert_true(shake_hands(tls, &ssl, true));
    assert_judged(tls, ssl, 0);
    assert_int_equal(tls_prepare(tls, &config, NULL), 0);
    tls_commit(tls);
    assert_judged(tls, ssl, 1);
    SSL_free(ssl);
    tls_free(tls);
}

static void a_connection_that_just_ends_is_explained(void **state)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL *ssl = SSL_new(context);
    struct refusal refusal = {.id = NULL};

    (void)state;
    ERR_clear_error();
    tls_explain_failure(ssl, &refusal);
    assert_string_equal(refusal.id, "TLS-HANDSHAKE");
    assert_string_equal(refusal.detail, "the connection ended");
    SSL_free(ssl);
    SSL_CTX_free(context);
}

static void a_chain_counts_within_its_validity(void **state)
{
    struct tls *tls = NULL;
    struct tls_peer peer = {.certificate = leaf.certificate};
    struct refusal refusal = {.id = NULL};

    (void)state;
    assert_int_equal(tls_new(&tls, &config, NULL), 0);
    assert_int_equal(certificate_judge(tls_context(tls), &peer), X509_V_OK);
    assert_int_equal(tls_peer_check(tls, &peer, &refusal), 0);
    int64_t from_s = peer.from_s;
    peer.from_s = peer.until_s;
    assert_int_equal(tls_peer_check(tls, &peer, &refusal), -1);
    assert_string_equal(refusal.id, "TLS-CERT-FUTURE");
    peer.until_s = from_s;
    assert_int_equal(tls_peer_check(tls, &peer, &refusal), -1);
    assert_string_equal(refusal.id, "TLS-CERT-EXPIRED");
    tls_free(tls);
}

/* --- ticket keys ------------------------------------------------------------------------------ */

static void read_ticket_keys(const struct tls *tls, unsigned char keys[80])
{
    assert_int_equal(SSL_CTX_get_tlsext_ticket_keys(tls_context(tls), keys, 80), 1);
}

/* The key of before stays, and the next handshake tries again. */
static void a_ticket_key_that_cannot_be_renewed_stays(void **state)
{
    struct tls *tls = NULL;
    unsigned char before[80], after[80];

    (void)state;
    assert_int_equal(tls_new(&tls, &config, NULL), 0);
    read_ticket_keys(tls, before);
    tls_renew_ticket_key(tls);
    read_ticket_keys(tls, after);
    assert_memory_equal(before, after, sizeof(before)); /* not old enough */
    sleep(2);
    for (int n = 1; n <= 2; n++) {
        atomic_store(&failing.left, n); /* RAND_priv_bytes; SSL_CTX_ctrl, which sets the key */
        tls_renew_ticket_key(tls);
        assert_int_equal(atomic_load(&failing.left), 0);
        read_ticket_keys(tls, after);
        assert_memory_equal(before, after, sizeof(before));
    }
    tls_renew_ticket_key(tls);
    read_ticket_keys(tls, after);
    assert_memory_not_equal(before, after, sizeof(before));
    tls_free(tls);
}

/* --- bodies ----------------------------------------------------------------------------------- */

static void a_chunk_without_memory_is_refused(void **state)
{
    struct chunk_reader reader;
    struct buf body;
    size_t used;

    (void)state;
    buf_init(&body, 1000);
    chunk_begin(&reader, &body);
    atomic_store(&failing.left, 1);
    assert_int_equal(chunk_feed(&reader, SLICE("3\r\nabc\r\n0\r\n\r\n"), &used), CHUNK_LARGE);
    assert_int_equal(atomic_load(&failing.left), 0);
    buf_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_that_fails_is_reported),
        cmocka_unit_test(a_certificate_that_cannot_be_judged_is_refused),
        cmocka_unit_test(each_verdict_has_its_id),
        cmocka_unit_test(the_purpose_is_that_of_the_leaf),
        cmocka_unit_test(a_connection_that_cannot_move_over_ends),
        cmocka_unit_test(the_verdict_of_the_handshake_counts_until_a_reload),
        cmocka_unit_test(a_connection_that_just_ends_is_explained),
        cmocka_unit_test(a_chain_counts_within_its_validity),
        cmocka_unit_test(a_ticket_key_that_cannot_be_renewed_stays),
        cmocka_unit_test(a_chunk_without_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
