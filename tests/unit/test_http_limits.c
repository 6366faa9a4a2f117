// link: lfi-http lfi-base
/* How many connections may wait, in all and of one peer, and what happens when none can be had. */
#include "base/array.h"
#include "base/buf.h"
#include "base/limits.h"
#include "http/connection.h"
#include "http/metrics.h"
#include "http_peer.h"

#include "failing.h"

#include <errno.h>

#define PENDING 6
#define PER_PEER 3
#define IDLE_MS 4000
#define GRACE_US ((LIMIT_GRACE_MS + 100) * 1000)
#define SLACK_MS 1000

static _Atomic int accept_reason;

static int no_connection(void)
{
    errno = accept_reason;
    return -1;
}

FAILING(int, no_connection(), accept4,
        (int fd, struct sockaddr *address, socklen_t *len, int flags), (fd, address, len, flags))

static struct http_listener *listener;
static struct metrics *metrics;
static char reply[4096];

static void handler(void *ctx, const struct request *request, struct reply *out)
{
    (void)ctx;
    out->status = 200;
    out->content_type = "text/plain";
    buf_append_text(&out->body, request->remote);
}

static int start(const char *address)
{
    const struct metrics_labels labels = {0};
    struct lfi_error error = {""};

    metrics = metrics_new(&labels);
    const struct http_listener_config config = {.name = "test",
                                                .address = address,
                                                .limits = {.body_bytes = 1000,
                                                           .reply_bytes = 1000,
                                                           .request_ms = 4000,
                                                           .idle_ms = IDLE_MS,
                                                           .threads = 4,
                                                           .pending = PENDING,
                                                           .pending_per_peer = PER_PEER},
                                                .handler = handler,
                                                .log = &peer_log,
                                                .metrics = metrics};
    if (!metrics || http_listener_start(&listener, &config, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return start("127.0.0.1");
}

static int set_up_both_families(void **state)
{
    (void)state;
    return start("::");
}

static int tear_down(void **state)
{
    (void)state;
    http_listener_stop(listener, 1000);
    metrics_free(metrics);
    return 0;
}

/* A connection from 127.0.0.`peer`. */
static int connect_as(int peer)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    struct sockaddr_in there = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)http_listener_port(listener))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (in_addr_t)peer - 1);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof(there)), 0);
    return fd;
}

static bool is_served(int fd)
{
    peer_say(fd, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    peer_reply(fd, reply, sizeof(reply), LIMIT_GRACE_MS + SLACK_MS);
    return peer_status(reply) == 200;
}

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++) {
        close(fds[i]);
    }
}

static void one_more_of_a_peer_ends_its_slowest(void **state)
{
    int fds[PER_PEER + 2];

    (void)state;
    for (int i = 0; i < PER_PEER; i++) {
        fds[i] = connect_as(2);
    }
    usleep(GRACE_US);
    fds[PER_PEER] = connect_as(3); /* another peer is no reason */
    assert_false(peer_is_closed(fds[0], 300));
    fds[PER_PEER + 1] = connect_as(2);
    assert_true(peer_is_closed(fds[0], SLACK_MS));
    for (int i = 1; i < PER_PEER + 2; i++) {
        assert_true(is_served(fds[i]));
    }
    close_all(fds, PER_PEER + 2);
}

/* A burst of one peer that goes on at once is not cut, although it is beyond the limit. */
static void a_quick_peer_may_have_more(void **state)
{
    int fds[PENDING];

    (void)state;
    for (int i = 0; i < PENDING; i++) {
        fds[i] = connect_as(2);
    }
    for (int i = 0; i < PENDING; i++) {
        assert_true(is_served(fds[i]));
    }
    close_all(fds, PENDING);
}

static void one_more_of_all_ends_the_slowest(void **state)
{
    int fds[PENDING + 1];

    (void)state;
    for (int i = 0; i < PENDING; i++) {
        fds[i] = connect_as(2 + i / 2);
    }
    usleep(GRACE_US);
    assert_false(peer_is_closed(fds[0], 100)); /* at the limit nobody has to go */
    fds[PENDING] = connect_as(9);
    assert_true(is_served(fds[PENDING]));
    assert_true(peer_is_closed(fds[0], SLACK_MS));
    for (int i = 1; i < PENDING; i++) {
        assert_true(is_served(fds[i]));
    }
    close_all(fds, PENDING + 1);
}

/* Who comes then waits in the kernel's queue until one of the others has had its time. */
static void no_connection_is_closed_before_its_time(void **state)
{
    int fds[PENDING + 1];
    int64_t begun = clock_monotonic_us();

    (void)state;
    for (int i = 0; i < PENDING; i++) {
        fds[i] = connect_as(2 + i / 2);
    }
    usleep(50000);
    fds[PENDING] = connect_as(9);
    assert_true(is_served(fds[PENDING]));
    assert_true(clock_monotonic_us() - begun >= LIMIT_GRACE_MS * 1000);
    close_all(fds, PENDING + 1);
}

/* On a listener of both families, too: their IPv4 addresses share one half in IPv6 form. */
static void peers_of_ipv4_are_told_apart(void **state)
{
    one_more_of_a_peer_ends_its_slowest(state);
    assert_non_null(strstr(reply, "\r\n\r\n127.0.0.2"));
}

static void a_peer_is_an_address_or_a_network(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"2001:db8::1", "2001:db8::ffff:1", true},
        {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
        {"::ffff:192.0.2.1", "192.0.2.1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t network[2];
        for (int n = 0; n < 2; n++) {
            const char *text = n ? rows[i].other : rows[i].one;
            struct sockaddr_storage address = {.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET};
            void *at = address.ss_family == AF_INET6
                           ? (void *)&((struct sockaddr_in6 *)&address)->sin6_addr
                           : (void *)&((struct sockaddr_in *)&address)->sin_addr;
            assert_int_equal(inet_pton(address.ss_family, text, at), 1);
            (void)connection_unmap(&address, sizeof(address));
            network[n] = connection_network(&address);
        }
        assert_int_equal(network[0] == network[1], rows[i].same);
    }
}

static bool metrics_say(const char *text)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    metrics_render(metrics, &out);
    buf_append(&out, "", 1);
    bool there = strstr(out.ptr, text);
    buf_free(&out);
    return there;
}

/* The next try comes soon, without waiting for another connection. */
static void a_failed_accept_is_tried_again(void **state)
{
    static const int reasons[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, EPERM, EIO};
    const int count = (int)ARRAY_LEN(reasons);
    char expected[64];

    (void)state;
    for (int i = 0; i < count; i++) {
        accept_reason = reasons[i];
        atomic_store(&failing.hit, false);
        atomic_store(&failing.left, 1);
        int fd = connect_as(2);
        assert_true(is_served(fd));
        assert_true(atomic_load(&failing.hit));
        close(fd);
    }
    snprintf(expected, sizeof(expected), "lfi_accept_failed_total{listener=\"hub\"} %d\n", count);
    assert_true(metrics_say(expected));
}

static void a_caller_that_is_gone_is_no_failure(void **state)
{
    static const int reasons[] = {ECONNABORTED, EINTR};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        accept_reason = reasons[i];
        atomic_store(&failing.left, 1);
        int fd = connect_as(2);
        assert_true(is_served(fd));
        close(fd);
    }
    assert_true(metrics_say("lfi_accept_failed_total{listener=\"hub\"} 0\n"));
}

/* A caller that asks again within the time it was told finds its connection; later it is closed. */
static void what_keep_alive_says_is_true(void **state)
{
    int fd = connect_as(2);

    (void)state;
    assert_true(is_served(fd));
    assert_non_null(strstr(reply, "\r\nKeep-Alive: timeout=4\r\n"));
    assert_false(peer_is_closed(fd, IDLE_MS - 50));
    assert_true(is_served(fd));
    assert_true(peer_is_closed(fd, IDLE_MS + LIMIT_IDLE_SLACK_MS + SLACK_MS));
    close(fd);
    fd = connect_as(2);
    peer_say(fd, "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    peer_reply(fd, reply, sizeof(reply), SLACK_MS);
    assert_int_equal(peer_status(reply), 200);
    assert_null(strstr(reply, "Keep-Alive:"));
    assert_non_null(strstr(reply, "\r\nConnection: close\r\n"));
    assert_true(peer_is_closed(fd, SLACK_MS));
    close(fd);
}

#define ON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(one_more_of_a_peer_ends_its_slowest),
        ON(a_quick_peer_may_have_more),
        ON(one_more_of_all_ends_the_slowest),
        ON(no_connection_is_closed_before_its_time),
        cmocka_unit_test_setup_teardown(peers_of_ipv4_are_told_apart, set_up_both_families,
                                        tear_down),
        cmocka_unit_test(a_peer_is_an_address_or_a_network),
        ON(a_failed_accept_is_tried_again),
        ON(a_caller_that_is_gone_is_no_failure),
        ON(what_keep_alive_says_is_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
