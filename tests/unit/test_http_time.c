// link: lfi-http lfi-base
/* Slow and rude callers, and too many of them. */
#include "http_peer.h"

#include "base/limits.h"

#include <pthread.h>
#include <stdatomic.h>

#define REQUEST_MS 600
#define IDLE_MS 500
#define THREADS 8
#define QUEUE_MS 300
#define SLACK_MS 400 /* for a busy machine and sanitizers */

static struct http_listener *listener;
static int port;
static char reply[4096];
static atomic_bool release;
static atomic_int inside;
static atomic_bool cancelled;

static void *wait_for_cancellation(void *cancellation)
{
    while (!cancellation_is_set(cancellation) && !atomic_load(&release)) {
        usleep(2000);
    }
    atomic_store(&cancelled, cancellation_is_set(cancellation));
    return NULL;
}

/* /slow stays until it is released; /patient until it is cancelled, on a thread of its own. */
static void handler(void *ctx, const struct request *request, struct reply *out)
{
    pthread_t thread;
    (void)ctx;
    atomic_fetch_add(&inside, 1);
    while (slice_equal(request->path, SLICE("/slow")) && !atomic_load(&release)) {
        usleep(2000);
    }
    if (slice_equal(request->path, SLICE("/patient")) &&
        pthread_create(&thread, NULL, wait_for_cancellation, (void *)request->cancellation) == 0) {
        pthread_join(thread, NULL);
    }
    atomic_fetch_sub(&inside, 1);
    out->status = 200;
    out->content_type = "text/plain";
    buf_append_slice(&out->body, request->body);
}

static int set_up(void **state)
{
    const struct http_listener_config config = {
        .name = "test",
        .address = "127.0.0.1",
        .limits = {.body_bytes = 100000,
                   .reply_bytes = 100000,
                   .request_ms = REQUEST_MS,
                   .idle_ms = IDLE_MS,
                   .threads = THREADS,
                   .queue_ms = QUEUE_MS},
        .handler = handler,
        .log = &peer_log,
    };
    struct lfi_error error = {""};

    (void)state;
    atomic_store(&release, false);
    atomic_store(&cancelled, false);
    if (http_listener_start(&listener, &config, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    port = http_listener_port(listener);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    atomic_store(&release, true);
    http_listener_stop(listener, 1000);
    return 0;
}

static int64_t now_ms(void)
{
    return clock_monotonic_us() / 1000;
}

/* Says one byte every 50 ms until there is an answer; how long that took. */
static int64_t drip(int fd, const char *text)
{
    int64_t begun = now_ms();
    size_t len = strlen(text);

    for (size_t i = 0; now_ms() - begun < 5000; i++) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        peer_send(fd, i < len ? text + i : "x", 1);
        if (poll(&ready, 1, 50) > 0) {
            break;
        }
    }
    return now_ms() - begun;
}

static void a_head_has_to_arrive_in_time(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    int64_t took = drip(fd, "GET /a HTTP/1.1\r\nX: ");
    peer_reply(fd, reply, sizeof(reply), 1000);
    assert_int_equal(peer_status(reply), 408);
    assert_in_range(took, REQUEST_MS - 100, REQUEST_MS + SLACK_MS);
    assert_true(peer_is_closed(fd, 1000));
    close(fd);
}

static void a_body_has_to_arrive_in_time(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    peer_say(fd, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n");
    int64_t took = drip(fd, "");
    peer_reply(fd, reply, sizeof(reply), 1000);
    assert_int_equal(peer_status(reply), 408);
    assert_in_range(took, REQUEST_MS - 100, REQUEST_MS + SLACK_MS);
    close(fd);
    fd = peer_connect(port);
    peer_say(fd, "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    took = drip(fd, "");
    peer_reply(fd, reply, sizeof(reply), 1000);
    assert_int_equal(peer_status(reply), 408);
    assert_in_range(took, REQUEST_MS - 100, REQUEST_MS + SLACK_MS);
    close(fd);
}

/* The time of a request begins with its first byte, however long the connection was idle. */
static void idle_time_is_not_the_requests(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    for (int i = 0; i < 2; i++) {
        usleep((IDLE_MS - 150) * 1000);
        peer_say(fd, "POST /a HTTP/1.1\r\nHost: a\r\n");
        usleep((REQUEST_MS - 250) * 1000);
        peer_say(fd, "Content-Length: 2\r\n\r\nhi");
        peer_reply(fd, reply, sizeof(reply), 1000);
        assert_int_equal(peer_status(reply), 200);
    }
    close(fd);
}

static void idle_connections_end(void **state)
{
    int fd = peer_connect(port);
    int64_t begun = now_ms();

    (void)state;
    assert_true(peer_is_closed(fd, 3000)); /* never said a word */
    assert_in_range(now_ms() - begun, IDLE_MS, IDLE_MS + LIMIT_IDLE_SLACK_MS + SLACK_MS);
    close(fd);
    fd = peer_connect(port);
    peer_say(fd, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    peer_reply(fd, reply, sizeof(reply), 1000);
    begun = now_ms();
    assert_true(peer_is_closed(fd, 3000));
    assert_in_range(now_ms() - begun, IDLE_MS, IDLE_MS + LIMIT_IDLE_SLACK_MS + SLACK_MS);
    close(fd);
}

static void a_half_closed_caller_gets_its_answer(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    peer_say(fd, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    shutdown(fd, SHUT_WR);
    peer_reply(fd, reply, sizeof(reply), 1000);
    assert_int_equal(peer_status(reply), 200);
    close(fd);
    fd = peer_connect(port);
    peer_say(fd, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    shutdown(fd, SHUT_WR);
    peer_reply(fd, reply, sizeof(reply), 1000);
    assert_int_equal(peer_status(reply), 400);
    close(fd);
}

/* A caller that takes its reply too slowly loses it: the worker is needed. */
static void a_reply_has_to_be_taken_in_time(void **state)
{
    static char body[90000];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int small = 1024;
    char head[100];

    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    memset(body, 'x', sizeof(body));
    snprintf(head, sizeof(head), "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
             sizeof(body));
    for (int i = 0; i < 60; i++) { /* more than all buffers on the way hold */
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        if (poll(&ready, 1, 2 * REQUEST_MS) <= 0) {
            break;
        }
        send(fd, head, strlen(head), MSG_NOSIGNAL | MSG_DONTWAIT);
        send(fd, body, sizeof(body), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    usleep((REQUEST_MS + SLACK_MS) * 1000);
    size_t taken = 0;
    for (ssize_t got = 1; got > 0 && taken < 100 * sizeof(body);) {
        static char sink[65536];
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        assert_true(poll(&ready, 1, 3000) > 0); /* ended, not left hanging */
        got = recv(fd, sink, sizeof(sink), 0);
        taken += got > 0 ? (size_t)got : 0;
    }
    close(fd);
}

/* --- too many --------------------------------------------------------------------------------- */

static void wait_inside(int count)
{
    for (int i = 0; i < 2000 && atomic_load(&inside) != count; i++) {
        usleep(2000);
    }
    assert_int_equal(atomic_load(&inside), count);
}

static void occupy(int busy[THREADS])
{
    for (int i = 0; i < THREADS; i++) {
        busy[i] = peer_connect(port);
        peer_say(busy[i], "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    wait_inside(THREADS);
}

static void let_go(const int busy[THREADS])
{
    atomic_store(&release, true);
    for (int i = 0; i < THREADS; i++) {
        peer_reply(busy[i], reply, sizeof(reply), 3000);
        assert_int_equal(peer_status(reply), 200);
        close(busy[i]);
    }
}

static void who_finds_no_worker_waits_and_is_refused_then(void **state)
{
    int busy[THREADS], late[20];

    (void)state;
    occupy(busy);
    int64_t begun = now_ms();
    for (int i = 0; i < 20; i++) {
        late[i] = peer_connect(port);
        peer_say(late[i], "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (int i = 0; i < 20; i++) {
        peer_reply(late[i], reply, sizeof(reply), 3000);
        assert_int_equal(peer_status(reply), 503);
        assert_non_null(strstr(reply, "\"errorCode\":\"GenericRecoverableError\""));
        assert_non_null(strstr(reply, "\r\nRetry-After: 1\r\n"));
        assert_non_null(strstr(reply, "\r\nConnection: close\r\n"));
        close(late[i]);
    }
    assert_in_range(now_ms() - begun, QUEUE_MS - 100, QUEUE_MS + SLACK_MS);
    let_go(busy);
}

static void who_waits_for_a_worker_is_served_when_one_is_free(void **state)
{
    int busy[THREADS], late[20];

    (void)state;
    occupy(busy);
    for (int i = 0; i < 20; i++) {
        late[i] = peer_connect(port);
        peer_say(late[i], "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    usleep(QUEUE_MS * 1000 / 3);
    let_go(busy);
    for (int i = 0; i < 20; i++) {
        peer_reply(late[i], reply, sizeof(reply), 3000);
        assert_int_equal(peer_status(reply), 200);
        close(late[i]);
    }
}

/* A caller that was served, is idle, and asks again finds its connection as it left it. */
static void idle_connections_are_kept_although_workers_are_scarce(void **state)
{
    int idle[5 * THREADS];

    (void)state;
    for (int i = 0; i < 5 * THREADS; i++) {
        idle[i] = peer_connect(port);
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 5 * THREADS; i++) {
            peer_say(idle[i], "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        for (int i = 0; i < 5 * THREADS; i++) {
            peer_reply(idle[i], reply, sizeof(reply), 3000);
            assert_int_equal(peer_status(reply), 200);
            assert_non_null(strstr(reply, "\r\nConnection: keep-alive\r\n"));
        }
        usleep(150000); /* longer than until workers look who needs them */
    }
    for (int i = 0; i < 5 * THREADS; i++) {
        close(idle[i]);
    }
}

/* Callers that ask in turn find a worker at once, however many connections they keep. */
static void idle_connections_keep_no_request_waiting(void **state)
{
    int idle[5 * THREADS];
    int64_t fastest_ms = INT64_MAX; /* of the rounds: the machine may be busy */

    (void)state;
    for (int i = 0; i < 5 * THREADS; i++) {
        idle[i] = peer_connect(port);
    }
    for (int round = 0; round < 5; round++) {
        int64_t begun_ms = now_ms();
        for (int i = 0; i < 5 * THREADS; i++) {
            peer_say(idle[i], "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
            peer_reply(idle[i], reply, sizeof(reply), 3000);
            assert_int_equal(peer_status(reply), 200);
        }
        int64_t took_ms = now_ms() - begun_ms;
        fastest_ms = took_ms < fastest_ms ? took_ms : fastest_ms;
    }
    assert_in_range(fastest_ms, 0, 90);
    for (int i = 0; i < 5 * THREADS; i++) {
        close(idle[i]);
    }
}

/* Silent callers, slow heads and slow bodies hold no worker: a quick caller is served at once. */
static void slow_callers_keep_nobody_waiting(void **state)
{
    static const char *const ways[] = {
        "",
        "G",
        "GET /a HTTP/1.1\r\nX: ",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\nx",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\nx",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;"};
    int slow[6][2 * THREADS];

    (void)state;
    for (int i = 0; i < 2 * THREADS; i++) {
        for (int way = 0; way < 6; way++) {
            slow[way][i] = peer_connect(port);
            peer_say(slow[way][i], ways[way]);
        }
    }
    for (int i = 0; i < 50; i++) {
        int fd = peer_connect(port);
        int64_t begun = now_ms();
        peer_say(fd, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        peer_reply(fd, reply, sizeof(reply), 3000);
        assert_int_equal(peer_status(reply), 200);
        assert_true(now_ms() - begun < 200);
        close(fd);
    }
    for (int i = 0; i < 2 * THREADS; i++) {
        for (int way = 0; way < 6; way++) {
            close(slow[way][i]);
        }
    }
}

static void idle_connections_give_way(void **state)
{
    int idle[200];

    (void)state;
    for (int i = 0; i < 200; i++) {
        idle[i] = peer_connect(port);
        if (i < 4 * THREADS) { /* these have been served and are kept */
            peer_say(idle[i], "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
            peer_reply(idle[i], reply, sizeof(reply), 3000);
            assert_int_equal(peer_status(reply), 200);
        }
    }
    for (int i = 0; i < 20; i++) {
        int fd = peer_connect(port);
        peer_say(fd, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        peer_reply(fd, reply, sizeof(reply), 20000);
        assert_int_equal(peer_status(reply), 200);
        close(fd);
    }
    for (int i = 0; i < 200; i++) {
        close(idle[i]);
    }
}

/* --- stopping --------------------------------------------------------------------------------- */

static void *stop_listener(void *unused)
{
    (void)unused;
    http_listener_stop(listener, 3000);
    return NULL;
}

static void running_requests_are_finished(void **state)
{
    pthread_t stopping;
    int idle = peer_connect(port);
    int busy = peer_connect(port);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer_say(busy, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_inside(1);
    int64_t begun = now_ms();
    assert_int_equal(pthread_create(&stopping, NULL, stop_listener, NULL), 0);
    assert_true(peer_is_closed(idle, SLACK_MS));
    usleep(100000);
    int late = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_not_equal(connect(late, (struct sockaddr *)&address, sizeof(address)), 0);
    atomic_store(&release, true);
    peer_reply(busy, reply, sizeof(reply), 3000);
    assert_int_equal(peer_status(reply), 200);
    assert_non_null(strstr(reply, "Connection: close\r\n"));
    pthread_join(stopping, NULL);
    assert_true(now_ms() - begun < 2500);
    close(idle);
    close(busy);
    close(late);
    assert_int_equal(set_up(NULL), 0); /* for the tear-down */
}

/* A handler may hang in its core: the stop is bounded all the same, and leaves its thread. */
static void a_stop_is_bounded_although_a_handler_hangs(void **state)
{
    int busy = peer_connect(port);

    (void)state;
    peer_say(busy, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_inside(1);
    int64_t begun = now_ms();
    assert_int_equal(http_listener_stop(listener, 100), -1);
    assert_in_range(now_ms() - begun, 100, 1500);
    atomic_store(&release, true);
    wait_inside(0);
    close(busy);
    assert_int_equal(http_listener_stop(listener, 1000), 0);
    assert_int_equal(set_up(NULL), 0); /* for the tear-down */
}

/* --- cancellation ----------------------------------------------------------------------------- */

static void a_caller_that_waits_cancels_nothing(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    peer_say(fd, "GET /patient HTTP/1.1\r\nHost: a\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_inside(1);
    usleep(100000);
    assert_int_equal(atomic_load(&inside), 1);
    atomic_store(&release, true);
    peer_reply(fd, reply, sizeof(reply), 1000);
    assert_int_equal(peer_status(reply), 200);
    assert_false(atomic_load(&cancelled));
    close(fd);
}

static void a_caller_that_hangs_up_cancels_its_request(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    peer_say(fd, "GET /patient HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_inside(1);
    close(fd);
    wait_inside(0);
    assert_true(atomic_load(&cancelled));
}

static void a_stop_that_waits_no_longer_cancels_requests(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    peer_say(fd, "GET /patient HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_inside(1);
    assert_int_equal(http_listener_stop(listener, 100), 0);
    assert_true(atomic_load(&cancelled));
    close(fd);
    assert_int_equal(set_up(NULL), 0); /* for the tear-down */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_head_has_to_arrive_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_has_to_arrive_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(idle_time_is_not_the_requests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(idle_connections_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_half_closed_caller_gets_its_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reply_has_to_be_taken_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_finds_no_worker_waits_and_is_refused_then, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_waits_for_a_worker_is_served_when_one_is_free, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(idle_connections_are_kept_although_workers_are_scarce,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(idle_connections_keep_no_request_waiting, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(slow_callers_keep_nobody_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(idle_connections_give_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(running_requests_are_finished, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_is_bounded_although_a_handler_hangs, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_caller_that_waits_cancels_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_caller_that_hangs_up_cancels_its_request, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stop_that_waits_no_longer_cancels_requests, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
