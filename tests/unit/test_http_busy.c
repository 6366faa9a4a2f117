// link: lfi-http lfi-base
/* What came while the intake was kept busy, and is found all at once. */
#include "http_identity.h"
#include "http_peer.h"

#include "base/limits.h"

#include "failing.h"

#include <errno.h>
#include <sys/epoll.h>

#define PENDING 2
#define IDLE_MS 1500
#define BUSY_MS 1000
#define GRACE_US ((LIMIT_GRACE_MS + 100) * 1000)
#define REPLY_MS 4000

/* The next of the calls below takes so long, and has nothing to say. */
static int be_busy(void)
{
    usleep(BUSY_MS * 1000);
    errno = EINTR;
    return -1;
}

FAILING(int, be_busy(), epoll_wait,
        (int epoll, struct epoll_event *events, int max, int timeout_ms),
        (epoll, events, max, timeout_ms))
FAILING(int, be_busy(), accept4, (int fd, struct sockaddr *address, socklen_t *len, int flags),
        (fd, address, len, flags))

static const char whole[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

static char dir[] = "/tmp/lfi-busy-XXXXXX";
static char certificate[64], key[64], bundle[64];
static struct identity ca, own;
static struct http_listener *listener;
static int port;

static void handler(void *ctx, const struct request *request, struct reply *out)
{
    (void)ctx;
    (void)request;
    out->status = 200;
    out->content_type = "text/plain";
}

static int start(const struct http_tls *tls)
{
    const struct http_listener_config config = {.name = "test",
                                                .address = "127.0.0.1",
                                                .tls = tls,
                                                .limits = {.body_bytes = 1000,
                                                           .reply_bytes = 1000,
                                                           .request_ms = 4 * BUSY_MS,
                                                           .idle_ms = IDLE_MS,
                                                           .threads = 4,
                                                           .pending = PENDING,
                                                           .pending_per_peer = PENDING},
                                                .handler = handler,
                                                .log = &peer_log};
    struct lfi_error error = {""};

    if (http_listener_start(&listener, &config, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    port = http_listener_port(listener);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return start(NULL);
}

static int set_up_tls(void **state)
{
    const struct http_tls tls = {.certificate = certificate,
                                 .key = key,
                                 .client_ca = bundle,
                                 .client_required = true,
                                 .min_version = 13};

    (void)state;
    return start(&tls);
}

static int tear_down(void **state)
{
    (void)state;
    http_listener_stop(listener, 1000);
    return 0;
}

static void keep_busy(void)
{
    atomic_store(&failing.hit, false);
    atomic_store(&failing.left, 1);
}

static void wait_until_busy(void)
{
    for (int i = 0; i < 1000 && !atomic_load(&failing.hit); i++) {
        usleep(1000);
    }
    assert_true(atomic_load(&failing.hit));
}

static int status_on(int fd)
{
    char reply[1024];

    peer_reply(fd, reply, sizeof(reply), REPLY_MS);
    return peer_status(reply);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void a_request_that_came_in_time_is_answered(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    usleep((IDLE_MS - BUSY_MS / 4) * 1000);
    keep_busy(); /* until it is kept no more */
    wait_until_busy();
    peer_say(fd, whole);
    assert_int_equal(status_on(fd), 200);
    close(fd);
}

static void who_has_asked_does_not_give_way(void **state)
{
    int fds[PENDING + 1];

    (void)state;
    for (int i = 0; i < PENDING; i++) {
        fds[i] = peer_connect(port);
    }
    usleep(GRACE_US);
    keep_busy();
    fds[PENDING] = peer_connect(port);
    wait_until_busy();
    peer_say(fds[0], whole);
    assert_int_equal(status_on(fds[0]), 200);
    peer_say(fds[PENDING], whole);
    assert_int_equal(status_on(fds[PENDING]), 200);
    for (int i = 0; i < PENDING + 1; i++) {
        close(fds[i]);
    }
}

/* A request whose bytes are there is not cut by the stop. */
static void a_request_that_came_before_the_stop_is_answered(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    usleep(100000);
    keep_busy();
    wait_until_busy();
    peer_say(fd, whole);
    http_listener_close(listener);
    assert_int_equal(status_on(fd), 200);
    close(fd);
}

static SSL *greet(SSL_CTX *context)
{
    SSL *ssl = SSL_new(context);

    SSL_set_fd(ssl, peer_connect(port));
    return ssl;
}

static void hang_up(SSL *ssl)
{
    int fd = SSL_get_wfd(ssl);

    SSL_free(ssl);
    close(fd);
}

/* One that comes ends the slowest, whose next bytes were found together with it. */
static void what_an_ended_connection_sent_is_not_looked_at(void **state)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *callers[PENDING + 1];
    char reply[1024] = "";

    (void)state;
    SSL_CTX_use_certificate(context, own.certificate);
    SSL_CTX_use_PrivateKey(context, own.key);
    for (int i = 0; i < PENDING; i++) {
        callers[i] = greet(context);
        assert_int_equal(SSL_connect(callers[i]), 1);
        assert_int_equal(SSL_write(callers[i], whole, 1), 1);
    }
    usleep(GRACE_US);
    SSL *last = callers[PENDING] = greet(context);
    int fd = SSL_get_fd(last);
    SSL_set0_rbio(last, BIO_new(BIO_s_mem())); /* it does not hear the answer yet */
    assert_int_equal(SSL_connect(last), -1);
    SSL_set0_rbio(last, BIO_new_socket(fd, BIO_NOCLOSE));
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, REPLY_MS), 1);
    usleep(50000); /* for all that the listener says */
    keep_busy();
    wait_until_busy();
    assert_int_equal(SSL_connect(last), 1);
    assert_int_equal(SSL_write(callers[0], whole + 1, 1), 1);
    assert_int_equal(SSL_write(last, whole, sizeof(whole) - 1), sizeof(whole) - 1);
    assert_true(SSL_read(last, reply, sizeof(reply) - 1) > 0);
    assert_int_equal(peer_status(reply), 200);
    assert_true(SSL_read(callers[0], reply, sizeof(reply)) <= 0);
    for (int i = 0; i < PENDING + 1; i++) {
        hang_up(callers[i]);
    }
    SSL_CTX_free(context);
    ERR_clear_error();
}

/* --- the group -------------------------------------------------------------------------------- */

static int set_up_group(void **state)
{
    (void)state;
    if (!mkdtemp(dir)) {
        return -1;
    }
    snprintf(certificate, sizeof(certificate), "%s/own.pem", dir);
    snprintf(key, sizeof(key), "%s/own.key", dir);
    snprintf(bundle, sizeof(bundle), "%s/ca.pem", dir);
    ca = issue("ca", NULL, 1, 30);
    own = issue("own", &ca, 2, 30);
    write_certificate(certificate, &own);
    write_key(key, &own);
    write_certificate(bundle, &ca);
    return 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    unlink(certificate);
    unlink(key);
    unlink(bundle);
    rmdir(dir);
    identity_free(&own);
    identity_free(&ca);
    return 0;
}

#define ON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(a_request_that_came_in_time_is_answered),
        ON(who_has_asked_does_not_give_way),
        ON(a_request_that_came_before_the_stop_is_answered),
        cmocka_unit_test_setup_teardown(what_an_ended_connection_sent_is_not_looked_at, set_up_tls,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
