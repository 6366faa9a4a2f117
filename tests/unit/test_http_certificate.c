// link: lfi-http lfi-base
/* A client certificate is judged at every request: what ends it, ends all that rests on it. */
#include "base/array.h"
#include "http_identity.h"
#include "http_peer.h"

#include "base/limits.h"

static char dir[] = "/tmp/lfi-certificate-XXXXXX";
static char server_cert[64], server_key[64], bundle[64], crl[64], log_file[64];
static struct identity ca, other_ca, server, client;
static struct http_listener *listener;
static int port;
static char reply[512];

/* --- the listener ----------------------------------------------------------------------------- */

static void answer(void *ctx, const struct request *request, struct reply *out)
{
    (void)ctx;
    (void)request;
    out->status = 200;
}

struct setting {
    bool crl;
    int session_s, connection_s;
};

static struct http_tls served;

static void start(struct setting setting)
{
    served = (struct http_tls){.certificate = server_cert,
                               .key = server_key,
                               .client_ca = bundle,
                               .client_crl = setting.crl ? crl : NULL,
                               .client_required = true,
                               .min_version = 12,
                               .session_s = setting.session_s};
    const struct http_listener_config config = {.name = "test",
                                                .address = "127.0.0.1",
                                                .tls = &served,
                                                .limits = {.body_bytes = 1000,
                                                           .reply_bytes = 1000,
                                                           .request_ms = 3000,
                                                           .idle_ms = 20000,
                                                           .threads = 4,
                                                           .connection_s = setting.connection_s},
                                                .handler = answer,
                                                .log = &peer_log};
    struct lfi_error error = {""};
    FILE *file = fopen(log_file, "we");

    assert_non_null(file);
    write_certificate(bundle, &ca);
    peer_log.fd = fileno(file); /* open until the program ends */
    atomic_store(&peer_log.level, LOG_INFO);
    if (http_listener_start(&listener, &config, &error) != 0) {
        fail_msg("%s", error.message);
    }
    port = http_listener_port(listener);
}

static int stop(void **state)
{
    (void)state;
    return http_listener_stop(listener, 1000);
}

static void reload(int expected)
{
    struct lfi_error error = {""};

    assert_int_equal(http_listener_prepare(listener, &served, &error), expected);
    if (expected == 0) {
        http_listener_commit(listener);
    }
}

/* In the log, now or in a moment: a caller may see the end first. */
static bool was_logged(const char *id)
{
    static char text[65536];
    bool found = false;

    for (int i = 0; i < 200 && !found; i++) {
        FILE *file = fopen(log_file, "re");
        assert_non_null(file);
        size_t len = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
        text[len] = '\0';
        found = strstr(text, id);
        usleep(found ? 0 : 5000);
    }
    return found;
}

/* Writes a revocation list of the CA, with the serial number when it is not 0. */
static void write_crl(long serial, long days)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *time = X509_gmtime_adj(NULL, -2 * DAY_S);

    X509_CRL_set_version(list, 1);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(ca.certificate));
    X509_CRL_set1_lastUpdate(list, time);
    if (serial != 0) {
        X509_REVOKED *revoked = X509_REVOKED_new();
        ASN1_INTEGER *number = ASN1_INTEGER_new();
        ASN1_INTEGER_set(number, serial);
        X509_REVOKED_set_serialNumber(revoked, number);
        X509_REVOKED_set_revocationDate(revoked, time);
        ASN1_INTEGER_free(number);
        X509_CRL_add0_revoked(list, revoked);
    }
    X509_gmtime_adj(time, days * DAY_S);
    X509_CRL_set1_nextUpdate(list, time);
    assert_true(X509_CRL_sign(list, ca.key, EVP_sha256()) > 0);
    FILE *file = fopen(crl, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509_CRL(file, list), 1);
    fclose(file);
    ASN1_TIME_free(time);
    X509_CRL_free(list);
}

/* --- the caller ------------------------------------------------------------------------------- */

/* Handshake only; a refusal may show at the first read. */
static SSL *open_link(const struct identity *identity, int version, SSL_SESSION *session,
                      STACK_OF(X509) * chain)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_use_certificate(context, identity->certificate);
    SSL_CTX_use_PrivateKey(context, identity->key);
    for (int i = 0; chain && i < sk_X509_num(chain); i++) {
        SSL_CTX_add1_chain_cert(context, sk_X509_value(chain, i));
    }
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_fd(ssl, peer_connect(port));
    if (session) {
        SSL_set_session(ssl, session);
    }
    (void)SSL_connect(ssl);
    return ssl;
}

/* The status of a request, 0 when the connection ends without an answer. */
static int ask(SSL *ssl)
{
    static const char request[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    size_t len = 0;

    reply[0] = '\0';
    int got = SSL_write(ssl, request, sizeof(request) - 1);
    while (got > 0 && !strstr(reply, "\r\n\r\n")) {
        got = SSL_read(ssl, reply + len, (int)(sizeof(reply) - 1 - len));
        len += got > 0 ? (size_t)got : 0;
        reply[len] = '\0';
    }
    ERR_clear_error();
    return peer_status(reply);
}

static SSL_SESSION *close_link(SSL *ssl)
{
    SSL_SESSION *session = SSL_get1_session(ssl);
    int fd = SSL_get_fd(ssl);

    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
    ERR_clear_error();
    return session;
}

static int ask_once(const struct identity *identity, int version, STACK_OF(X509) * chain)
{
    SSL *ssl = open_link(identity, version, NULL, chain);
    int status = ask(ssl);

    SSL_SESSION_free(close_link(ssl));
    return status;
}

/* --- what ends a certificate, and what rests on it ---------------------------------------------
 */

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* A connection that stays and a resumed session, of each version. */
struct rest {
    SSL *kept[2];
    SSL_SESSION *sessions[2];
};

static void begin(struct rest *rest, const struct identity *identity)
{
    for (size_t i = 0; i < 2; i++) {
        rest->kept[i] = open_link(identity, versions[i], NULL, NULL);
        assert_int_equal(ask(rest->kept[i]), 200);
        rest->sessions[i] = NULL;
        for (int n = 0; n < 2; n++) {
            SSL *ssl = open_link(identity, versions[i], rest->sessions[i], NULL);
            assert_int_equal(ask(ssl), 200);
            assert_int_equal(SSL_session_reused(ssl), n);
            SSL_SESSION_free(rest->sessions[i]);
            rest->sessions[i] = close_link(ssl);
        }
    }
}

static void assert_all_refused(struct rest *rest, const struct identity *identity, const char *id)
{
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ask_once(identity, versions[i], NULL), 0);
        SSL *resumed = open_link(identity, versions[i], rest->sessions[i], NULL);
        assert_int_equal(ask(resumed), 0);
        SSL_SESSION_free(close_link(resumed));
        assert_int_equal(ask(rest->kept[i]), 401);
        assert_non_null(strstr(reply, "Connection: close\r\n"));
        SSL_SESSION_free(close_link(rest->kept[i]));
        SSL_SESSION_free(rest->sessions[i]);
    }
    assert_true(was_logged(id));
}

static void all_ends_with_the_certificate(void **state)
{
    struct identity brief = issue("brief", &ca, 20, 1);
    struct rest rest;

    (void)state;
    start((struct setting){0});
    X509_gmtime_adj(X509_getm_notAfter(brief.certificate), 3);
    assert_true(X509_sign(brief.certificate, ca.key, EVP_sha256()) > 0);
    begin(&rest, &brief);
    sleep(5);
    assert_all_refused(&rest, &brief, "\"id\":\"TLS-CERT-EXPIRED\"");
    identity_free(&brief);
}

static void all_ends_with_the_authority(void **state)
{
    struct rest rest;

    (void)state;
    start((struct setting){0});
    begin(&rest, &client);
    write_certificate(bundle, &other_ca);
    reload(0);
    assert_all_refused(&rest, &client, "\"id\":\"TLS-CERT-UNTRUSTED\"");
}

static void all_ends_with_a_revocation(void **state)
{
    struct rest rest;

    (void)state;
    write_crl(0, 30);
    start((struct setting){.crl = true});
    begin(&rest, &client);
    write_crl(5, 30);
    reload(0);
    assert_all_refused(&rest, &client, "\"id\":\"TLS-CERT-REVOKED\"");
}

static void a_list_out_of_date_refuses_all(void **state)
{
    (void)state;
    write_crl(0, -1);
    start((struct setting){.crl = true});
    assert_int_equal(ask_once(&client, TLS1_3_VERSION, NULL), 0);
    assert_true(was_logged("\"id\":\"TLS-CRL\""));
}

static void a_list_that_is_none_stops_the_reload(void **state)
{
    (void)state;
    write_crl(0, 30);
    start((struct setting){.crl = true});
    write_certificate(crl, &ca);
    reload(-1);
    assert_int_equal(ask_once(&client, TLS1_3_VERSION, NULL), 200);
}

static void a_good_certificate_outlives_a_reload(void **state)
{
    struct rest rest;

    (void)state;
    start((struct setting){0});
    begin(&rest, &client);
    for (size_t i = 0; i < 2; i++) {
        reload(0);
        assert_int_equal(ask(rest.kept[i]), 200);
        SSL_SESSION_free(close_link(rest.kept[i]));
        SSL_SESSION_free(rest.sessions[i]);
    }
}

/* --- ages ------------------------------------------------------------------------------------- */

/* Each resumption gives a new ticket, but none outlives the key that the first was sealed with. */
static void a_chain_of_sessions_ends(void **state)
{
    (void)state;
    start((struct setting){.session_s = 2});
    for (size_t i = 0; i < 2; i++) {
        SSL_SESSION *session = NULL;
        bool resumed = true;
        for (int n = 0; n < 12 && (resumed || n < 2); n++) {
            SSL *ssl = open_link(&client, versions[i], session, NULL);
            assert_int_equal(ask(ssl), 200);
            resumed = SSL_session_reused(ssl) == 1;
            SSL_SESSION_free(session);
            session = close_link(ssl);
            usleep(300000);
        }
        assert_false(resumed);
        SSL_SESSION_free(session);
    }
}

static void a_connection_ends_at_its_age(void **state)
{
    (void)state;
    start((struct setting){.connection_s = 1});
    SSL *ssl = open_link(&client, TLS1_3_VERSION, NULL, NULL);
    assert_int_equal(ask(ssl), 200);
    assert_non_null(strstr(reply, "Connection: keep-alive\r\n"));
    usleep(1100000);
    assert_int_equal(ask(ssl), 200);
    assert_non_null(strstr(reply, "Connection: close\r\n"));
    SSL_SESSION_free(close_link(ssl));
}

/* --- purposes, chains, renegotiation -----------------------------------------------------------
 */

static void only_certificates_for_clients_are_taken(void **state)
{
    static const struct {
        struct purpose purpose;
        int status;
    } cases[] = {
        {{"digitalSignature", "clientAuth"}, 200},
        {{"digitalSignature,keyEncipherment", "serverAuth,clientAuth"}, 200},
        {{NULL, NULL}, 0},
        {{"digitalSignature", NULL}, 0},
        {{"digitalSignature,nonRepudiation", NULL}, 0}, /* a signing certificate */
        {{NULL, "clientAuth"}, 0},
        {{"keyEncipherment", "clientAuth"}, 0},
        {{"keyAgreement", "clientAuth"}, 0},
        {{"digitalSignature", "serverAuth"}, 0},
        {{"digitalSignature", "codeSigning"}, 0},
        {{"digitalSignature", "anyExtendedKeyUsage"}, 0},
    };

    (void)state;
    start((struct setting){0});
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct identity made = issue_for("some", &ca, 30 + (long)i, 30, cases[i].purpose);
        for (size_t v = 0; v < 2; v++) {
            int status = ask_once(&made, versions[v], NULL);
            if (status != cases[i].status) {
                fail_msg("case %zu: %d", i, status);
            }
        }
        identity_free(&made);
    }
    assert_true(was_logged("\"id\":\"TLS-CERT-PURPOSE\""));
}

static void chains_have_their_depth(void **state)
{
    struct identity issuers[LIMIT_CHAIN_DEPTH + 1];
    STACK_OF(X509) *chain = sk_X509_new_null();
    const struct identity *above = &ca;

    (void)state;
    start((struct setting){0});
    for (int depth = 1; depth <= LIMIT_CHAIN_DEPTH + 1; depth++) {
        char name[32];
        snprintf(name, sizeof(name), "issuer %d", depth);
        issuers[depth - 1] = issue_authority(name, above, 50 + depth);
        above = &issuers[depth - 1];
        sk_X509_unshift(chain, above->certificate);
        struct identity leaf = issue("leaf", above, 60 + depth, 30);
        assert_int_equal(ask_once(&leaf, TLS1_3_VERSION, chain),
                         depth <= LIMIT_CHAIN_DEPTH ? 200 : 0);
        identity_free(&leaf);
    }
    sk_X509_free(chain);
    for (int i = 0; i <= LIMIT_CHAIN_DEPTH; i++) {
        identity_free(&issuers[i]);
    }
}

static void nobody_renegotiates(void **state)
{
    (void)state;
    start((struct setting){0});
    SSL *ssl = open_link(&client, TLS1_2_VERSION, NULL, NULL);
    assert_int_equal(ask(ssl), 200);
    assert_int_equal(SSL_renegotiate(ssl), 1);
    assert_int_not_equal(SSL_do_handshake(ssl), 1);
    SSL_SESSION_free(close_link(ssl));
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(server_cert, sizeof(server_cert), "%s/server.pem", dir);
    snprintf(server_key, sizeof(server_key), "%s/server.key", dir);
    snprintf(bundle, sizeof(bundle), "%s/bundle.pem", dir);
    snprintf(crl, sizeof(crl), "%s/crl.pem", dir);
    snprintf(log_file, sizeof(log_file), "%s/log", dir);
    ca = issue("ca", NULL, 1, 30);
    other_ca = issue("other ca", NULL, 2, 30);
    server = issue("server", &ca, 3, 30);
    client = issue("client", &ca, 5, 30);
    write_certificate(server_cert, &server);
    write_key(server_key, &server);
    return 0;
}

static int tear_down(void **state)
{
    struct identity *const all[] = {&ca, &other_ca, &server, &client};
    const char *const files[] = {server_cert, server_key, bundle, crl, log_file};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        identity_free(all[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        unlink(files[i]);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(all_ends_with_the_certificate, stop),
        cmocka_unit_test_teardown(all_ends_with_the_authority, stop),
        cmocka_unit_test_teardown(all_ends_with_a_revocation, stop),
        cmocka_unit_test_teardown(a_list_out_of_date_refuses_all, stop),
        cmocka_unit_test_teardown(a_list_that_is_none_stops_the_reload, stop),
        cmocka_unit_test_teardown(a_good_certificate_outlives_a_reload, stop),
        cmocka_unit_test_teardown(a_chain_of_sessions_ends, stop),
        cmocka_unit_test_teardown(a_connection_ends_at_its_age, stop),
        cmocka_unit_test_teardown(only_certificates_for_clients_are_taken, stop),
        cmocka_unit_test_teardown(chains_have_their_depth, stop),
        cmocka_unit_test_teardown(nobody_renegotiates, stop),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
