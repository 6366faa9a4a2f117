// link: lfi-http lfi-base
/* Handshakes with true certificates, made here: who is let in, and what a reload changes. */
#include "base/array.h"
#include "http_identity.h"
#include "http_peer.h"

#include <sys/stat.h>

static char dir[] = "/tmp/lfi-tls-XXXXXX";
static char server_cert[64], server_key[64], bundle[64];
static struct identity ca, other_ca, server, renewed, client, foreign, expired;
static struct http_listener *listener;
static struct http_tls served;
static int port;

/* --- the listener ----------------------------------------------------------------------------- */

/* Answers the common name of the caller's certificate. */
static void who(void *ctx, const struct request *request, struct reply *out)
{
    char name[64] = "nobody";

    (void)ctx;
    if (request->peer) {
        X509_NAME_get_text_by_NID(X509_get_subject_name(request->peer), NID_commonName, name,
                                  sizeof(name));
    }
    out->status = 200;
    out->content_type = "text/plain";
    buf_append_text(&out->body, name);
}

static void start(const char *client_ca, bool required, int min_version)
{
    served = (struct http_tls){.certificate = server_cert,
                               .key = server_key,
                               .client_ca = client_ca,
                               .client_required = required,
                               .min_version = min_version};
    const struct http_listener_config config = {
        .name = "test",
        .address = "127.0.0.1",
        .tls = &served,
        .limits = {.body_bytes = 1000,
                   .reply_bytes = 1000,
                   .request_ms = 800,
                   .idle_ms = 2000,
                   .threads = 8},
        .handler = who,
        .log = &peer_log,
    };
    struct lfi_error error = {""};

    if (http_listener_start(&listener, &config, &error) != 0) {
        fail_msg("%s", error.message);
    }
    port = http_listener_port(listener);
}

static int reload(struct http_listener *of, struct lfi_error *error)
{
    int result = http_listener_prepare(of, &served, error);
    if (result == 0) {
        http_listener_commit(of);
    }
    return result;
}

static int stop(void **state)
{
    (void)state;
    http_listener_stop(listener, 1000);
    listener = NULL;
    write_certificate(server_cert, &server);
    write_key(server_key, &server);
    write_certificate(bundle, &ca);
    return 0;
}

/* --- the caller ------------------------------------------------------------------------------- */

struct attempt {
    const struct identity *identity; /* NULL: presents none */
    int min_version, max_version;    /* 0: any */
    const char *ciphers;             /* of TLS 1.2; NULL: any */
    SSL_SESSION **session;           /* resumed when set, replaced by the new one */
    char reply[512];
    char server_name[64]; /* of the server's certificate */
    bool resumed;
    bool answered;
};

/* Whole attempt: handshake, one request, its reply, end. */
static bool call(struct attempt *attempt)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    int fd = peer_connect(port);

    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, attempt->min_version);
    SSL_CTX_set_max_proto_version(context, attempt->max_version);
    if (attempt->ciphers) {
        assert_int_equal(SSL_CTX_set_cipher_list(context, attempt->ciphers), 1);
    }
    if (attempt->identity) {
        SSL_CTX_use_certificate(context, attempt->identity->certificate);
        SSL_CTX_use_PrivateKey(context, attempt->identity->key);
    }
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    if (attempt->session && *attempt->session) {
        SSL_set_session(ssl, *attempt->session);
    }
    static const char request[] = "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    attempt->answered = false;
    attempt->reply[0] = '\0';
    if (SSL_connect(ssl) == 1 && SSL_write(ssl, request, sizeof(request) - 1) > 0) {
        size_t len = 0;
        int got;
        while ((got = SSL_read(ssl, attempt->reply + len,
                               (int)(sizeof(attempt->reply) - 1 - len))) > 0) {
            len += (size_t)got;
        }
        attempt->reply[len] = '\0';
        attempt->answered = peer_status(attempt->reply) == 200;
        attempt->resumed = SSL_session_reused(ssl) == 1;
        X509 *peer = SSL_get1_peer_certificate(ssl);
        if (peer) {
            X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName,
                                      attempt->server_name, sizeof(attempt->server_name));
            X509_free(peer);
        }
    }
    if (attempt->session) {
        SSL_SESSION_free(*attempt->session);
        *attempt->session = SSL_get1_session(ssl);
        SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
    ERR_clear_error();
    return attempt->answered;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void only_certificates_of_the_bundle_are_let_in(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    start(bundle, true, 12);
    for (size_t i = 0; i < 2; i++) {
        struct attempt attempt = {.min_version = versions[i], .max_version = versions[i]};
        assert_false(call(&attempt));
        attempt.identity = &foreign;
        assert_false(call(&attempt));
        attempt.identity = &expired;
        assert_false(call(&attempt));
        attempt.identity = &client;
        assert_true(call(&attempt));
        assert_non_null(strstr(attempt.reply, "\r\n\r\nclient"));
    }
}

/* Why a handshake failed, and whose, is what an operator needs to know. */
static void failed_handshakes_are_logged(void **state)
{
    struct attempt attempt = {0};
    char text[2048];
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    peer_log.fd = ends[1];
    atomic_store(&peer_log.level, LOG_INFO);
    start(bundle, true, 12);
    assert_false(call(&attempt));
    stop(NULL);
    listener = NULL;
    peer_log.fd = -1;
    atomic_store(&peer_log.level, LOG_ERROR);
    close(ends[1]);
    ssize_t got = read(ends[0], text, sizeof(text) - 1);
    assert_true(got > 0);
    text[got] = '\0';
    close(ends[0]);
    assert_non_null(strstr(text, "\"event\":\"handshake-failed\",\"listener\":\"test\""));
    assert_non_null(strstr(text, "\"id\":\"TLS-CERT-MISSING\""));
    assert_non_null(strstr(text, "peer did not return a certificate"));
    assert_non_null(strstr(text, "\"remote\":\"127.0.0.1\""));
}

static void a_wrong_certificate_is_refused_although_none_is_required(void **state)
{
    struct attempt attempt = {0};

    (void)state;
    start(bundle, false, 12);
    assert_true(call(&attempt));
    assert_non_null(strstr(attempt.reply, "\r\n\r\nnobody"));
    attempt.identity = &client;
    assert_true(call(&attempt));
    assert_non_null(strstr(attempt.reply, "\r\n\r\nclient"));
    attempt.identity = &foreign;
    assert_false(call(&attempt));
    attempt.identity = &expired;
    assert_false(call(&attempt));
}

static void nobody_is_asked_without_a_bundle(void **state)
{
    struct attempt attempt = {.identity = &client};

    (void)state;
    start(NULL, false, 12);
    assert_true(call(&attempt));
    assert_non_null(strstr(attempt.reply, "\r\n\r\nnobody"));
}

static void old_protocols_and_ciphers_are_refused(void **state)
{
    struct attempt attempt = {.identity = &client, .max_version = TLS1_1_VERSION};

    (void)state;
    start(bundle, true, 12);
    assert_false(call(&attempt));
    attempt.max_version = TLS1_2_VERSION;
    attempt.ciphers = "ECDHE-RSA-AES128-SHA256"; /* CBC */
    assert_false(call(&attempt));
    attempt.ciphers = "AES128-GCM-SHA256"; /* no forward secrecy */
    assert_false(call(&attempt));
    attempt.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
    assert_true(call(&attempt));
    stop(NULL);
    start(bundle, true, 13);
    assert_false(call(&attempt));
    attempt.max_version = TLS1_3_VERSION;
    assert_true(call(&attempt));
}

static void sessions_are_resumed_until_a_reload(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct lfi_error error;

    (void)state;
    start(bundle, true, 12);
    for (size_t i = 0; i < 2; i++) {
        SSL_SESSION *session = NULL;
        struct attempt attempt = {.identity = &client,
                                  .min_version = versions[i],
                                  .max_version = versions[i],
                                  .session = &session};
        assert_true(call(&attempt));
        assert_false(attempt.resumed);
        assert_true(call(&attempt));
        assert_true(attempt.resumed);
        assert_non_null(strstr(attempt.reply, "\r\n\r\nclient"));
        assert_int_equal(reload(listener, &error), 0);
        assert_true(call(&attempt));
        assert_false(attempt.resumed);
        SSL_SESSION_free(session);
    }
}

static void a_reload_takes_all_files_anew(void **state)
{
    struct attempt attempt = {.identity = &client};
    struct lfi_error error;

    (void)state;
    start(bundle, true, 12);
    assert_true(call(&attempt));
    assert_string_equal(attempt.server_name, "server");
    write_certificate(server_cert, &renewed);
    write_key(server_key, &renewed);
    write_certificate(bundle, &other_ca);
    assert_true(call(&attempt)); /* files alone change nothing */
    assert_int_equal(reload(listener, &error), 0);
    assert_false(call(&attempt));
    attempt.identity = &foreign;
    assert_true(call(&attempt));
    assert_string_equal(attempt.server_name, "renewed");
    assert_non_null(strstr(attempt.reply, "\r\n\r\nforeign"));
}

static void a_reload_may_name_other_files(void **state)
{
    struct attempt attempt = {.identity = &client};
    char cert[80], key[80];
    struct lfi_error error;

    (void)state;
    snprintf(cert, sizeof(cert), "%s.next", server_cert);
    snprintf(key, sizeof(key), "%s.next", server_key);
    write_certificate(cert, &renewed);
    write_key(key, &renewed);
    start(bundle, true, 12);
    served.certificate = cert;
    served.key = key;
    assert_int_equal(reload(listener, &error), 0);
    assert_true(call(&attempt));
    assert_string_equal(attempt.server_name, "renewed");
    unlink(cert);
    unlink(key);
}

static void a_failed_reload_leaves_all_as_it_was(void **state)
{
    struct attempt attempt = {.identity = &client};
    struct lfi_error error;

    (void)state;
    start(bundle, true, 12);
    write_certificate(server_cert, &renewed); /* and not its key */
    assert_int_equal(reload(listener, &error), -1);
    assert_non_null(strstr(error.message, server_key));
    assert_true(call(&attempt));
    assert_string_equal(attempt.server_name, "server");
    unlink(server_cert);
    assert_int_equal(reload(listener, &error), -1);
    assert_true(call(&attempt));
}

static void bad_files_stop_the_start(void **state)
{
    const struct http_tls tls = {.certificate = server_cert, .key = server_cert, .min_version = 12};
    const struct http_listener_config config = {
        .name = "test", .address = "127.0.0.1", .tls = &tls, .limits = {.threads = 1}};
    struct lfi_error error = {""};

    (void)state;
    assert_int_equal(http_listener_start(&listener, &config, &error), -1);
    assert_non_null(strstr(error.message, server_cert));
}

static void plain_text_and_slow_handshakes_end(void **state)
{
    char bytes[64];

    (void)state;
    start(bundle, true, 12);
    int fd = peer_connect(port);
    peer_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    assert_true(poll(&ready, 1, 2000) > 0);
    ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
    assert_true(got <= 0 || bytes[0] != 'H');
    close(fd);
    fd = peer_connect(port);
    int64_t begun = clock_monotonic_us();
    peer_send(fd, "\x16\x03\x01\x02", 4);
    assert_true(peer_is_closed(fd, 5000));
    assert_true(clock_monotonic_us() - begun < 1500000);
    close(fd);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(server_cert, sizeof(server_cert), "%s/server.pem", dir);
    snprintf(server_key, sizeof(server_key), "%s/server.key", dir);
    snprintf(bundle, sizeof(bundle), "%s/bundle.pem", dir);
    ca = issue("ca", NULL, 1, 30);
    other_ca = issue("other ca", NULL, 2, 30);
    server = issue("server", &ca, 3, 30);
    renewed = issue("renewed", &ca, 4, 30);
    client = issue("client", &ca, 5, 30);
    foreign = issue("foreign", &other_ca, 6, 30);
    expired = issue("expired", &ca, 7, -1);
    return stop(NULL);
}

static int tear_down(void **state)
{
    struct identity *const all[] = {&ca, &other_ca, &server, &renewed, &client, &foreign, &expired};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        identity_free(all[i]);
    }
    unlink(server_cert);
    unlink(server_key);
    unlink(bundle);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(only_certificates_of_the_bundle_are_let_in, stop),
        cmocka_unit_test_teardown(failed_handshakes_are_logged, stop),
        cmocka_unit_test_teardown(a_wrong_certificate_is_refused_although_none_is_required, stop),
        cmocka_unit_test_teardown(nobody_is_asked_without_a_bundle, stop),
        cmocka_unit_test_teardown(old_protocols_and_ciphers_are_refused, stop),
        cmocka_unit_test_teardown(sessions_are_resumed_until_a_reload, stop),
        cmocka_unit_test_teardown(a_reload_takes_all_files_anew, stop),
        cmocka_unit_test_teardown(a_reload_may_name_other_files, stop),
        cmocka_unit_test_teardown(a_failed_reload_leaves_all_as_it_was, stop),
        cmocka_unit_test_teardown(bad_files_stop_the_start, stop),
        cmocka_unit_test_teardown(plain_text_and_slow_handshakes_end, stop),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
