// link: lfi-http lfi-base
/* Raw bytes in, status out: what the listener lets pass, and what it answers itself. */
#include "base/array.h"
#include "base/json.h"
#include "base/limits.h"
#include "http/request_line.h"
#include "http_peer.h"

#include <time.h>

#define BODY_MAX 2000
#define REPLY_MAX (64 * 1024)

static struct http_listener *listener;
static int port;
static char reply[REPLY_MAX];

/* Tells what it was given: method, path, query, number of headers, body. */
static void echo(void *ctx, const struct request *request, struct reply *out)
{
    struct json_writer w;

    (void)ctx;
    out->status = 200;
    out->content_type = "application/json";
    reply_header(out, "X-Echo", SLICE("yes"));
    if (slice_equal(request->path, SLICE("/none"))) {
        out->status = 204;
        out->content_type = NULL;
        return;
    }
    if (slice_equal(request->path, SLICE("/silent"))) {
        out->status = 0;
        return;
    }
    if (slice_equal(request->path, SLICE("/large"))) {
        for (int i = 0; i < 1000; i++) {
            buf_append_format(&out->body, "%0100d", i);
        }
        return;
    }
    json_begin(&w, &out->body);
    json_open_object(&w, NULL);
    json_string(&w, "method", request->method);
    json_string(&w, "path", request->path);
    json_string(&w, "query", request->query);
    json_int(&w, "headers", (int64_t)request->header_count);
    json_string(&w, "body", request->body);
    json_string(&w, "x", request_header(request, "x", NULL));
    json_text(&w, "remote", request->remote);
    json_string(&w, "host", request_header(request, "host", NULL));
    json_close_object(&w);
    assert_null(request->peer);
}

static int set_up(void **state)
{
    const struct http_listener_config config = {
        .name = "test",
        .address = "127.0.0.1",
        .limits = {.body_bytes = BODY_MAX,
                   .reply_bytes = 50000,
                   .request_ms = 1000,
                   .idle_ms = 800,
                   .threads = 16},
        .handler = echo,
        .log = &peer_log,
    };
    struct lfi_error error = {""};

    (void)state;
    if (http_listener_start(&listener, &config, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    port = http_listener_port(listener);
    return port > 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    http_listener_stop(listener, 1000);
    return 0;
}

/* --- one request, one status ------------------------------------------------------------------ */

#define H "Host: a\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" H "\r\n"

static const struct {
    const char *name, *bytes;
    int status;
} cases[] = {
    {"plain", GET("/a"), 200},
    {"one empty line before", "\r\n" GET("/a"), 200},
    {"HTTP/1.0 needs no Host", "GET /a HTTP/1.0\r\n\r\n", 200},
    {"HTTP/1.0 with headers", "GET /a HTTP/1.0\r\nX: y\r\n\r\n", 200},
    {"body by length", "POST /a HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 200},
    {"same length twice",
     "POST /a HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200},
    {"body in chunks",
     "POST /a HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n",
     200},
    {"chunks with a trailer",
     "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: u\r\n\r\n", 200},
    {"no content", GET("/none"), 204},
    {"handler without a status", GET("/silent"), 500},
    {"reply too large", GET("/large"), 500},
    {"HEAD", "HEAD /a HTTP/1.1\r\n" H "\r\n", 200},
    {"OPTIONS reaches the handler", "OPTIONS /a HTTP/1.1\r\n" H "\r\n", 200},

    {"HTTP-CL-TE",
     "POST /a HTTP/1.1\r\n" H
     "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     400},
    {"HTTP-CL-DIFFER",
     "POST /a HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
    {"HTTP-CL-FORM letters", "POST /a HTTP/1.1\r\n" H "Content-Length: 5abc\r\n\r\nabcde", 400},
    {"HTTP-CL-FORM plus", "POST /a HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\nabcde", 400},
    {"HTTP-CL-FORM minus", "POST /a HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\nabcde", 400},
    {"HTTP-CL-FORM list", "POST /a HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\nabcde", 400},
    {"HTTP-CL-FORM hex", "POST /a HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\nabcde", 400},
    {"HTTP-CL-FORM empty", "POST /a HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400},
    {"HTTP-CL-FORM huge",
     "POST /a HTTP/1.1\r\n" H "Content-Length: 99999999999999999999999\r\n\r\n", 400},
    {"HTTP-CL-FORM past 63 bits",
     "POST /a HTTP/1.1\r\n" H "Content-Length: 9223372036854775808\r\n\r\n", 400},
    {"HTTP-TE gzip", "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
    {"HTTP-TE identity", "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", 400},
    {"HTTP-TE twice",
     "POST /a HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {"HTTP-TE in HTTP/1.0", "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"HTTP-HEADER-SPACE", "POST /a HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
     400},
    {"HTTP-HEADER-FOLD", "GET /a HTTP/1.1\r\n" H "X: y\r\n z\r\n\r\n", 400},
    {"HTTP-HEAD-FORM tab", "GET /a HTTP/1.1\r\n" H "X: y\r\n\tz\r\n\r\n", 400},
    {"HTTP-HEADER-FOLD first line", "GET /a HTTP/1.1\r\n " H "\r\n", 400},
    {"HTTP-HEADER-FOLD hides a length",
     "POST /a HTTP/1.1\r\n" H " x\r\nContent-Length: 3\r\n\r\nabc", 400},
    {"HTTP-HEADER-FORM no colon", "GET /a HTTP/1.1\r\n" H "X\r\n\r\n", 400},
    {"HTTP-HEADER-FORM no name", "GET /a HTTP/1.1\r\n" H ": y\r\n\r\n", 400},
    {"signs of a token in a name", "GET /a HTTP/1.1\r\n" H "X-_~^|: y\r\n\r\n", 200},
    {"HTTP-HEADER-FORM bracket in a name", "GET /a HTTP/1.1\r\n" H "X[y: z\r\n\r\n", 400},
    {"HTTP-HEADER-FORM brace in a name", "GET /a HTTP/1.1\r\n" H "X{y: z\r\n\r\n", 400},
    {"HTTP-HEADER-FORM at sign in a name", "GET /a HTTP/1.1\r\n" H "X@y: z\r\n\r\n", 400},
    {"HTTP-HEADER-FORM no token", "GET /a HTTP/1.1\r\n" H "X(y): z\r\n\r\n", 400},
    {"HTTP-HEADER-FORM lone line feed", "GET /a HTTP/1.1\r\nX: y\nHost: a\r\n\r\n", 400},
    {"HTTP-HEADER-FORM lone line feeds at the end", "GET /a HTTP/1.1\r\nHost: a\n\n", 400},
    {"HTTP-HEADER-FORM lone line feed before the empty line",
     "GET /a HTTP/1.1\r\nHost: a\n\r\n\r\n", 400},
    {"HTTP-HEADER-FORM lone carriage return", "GET /a HTTP/1.1\r\n" H "X: a\rb\r\n\r\n", 400},
    {"HTTP-HOST missing", "GET /a HTTP/1.1\r\nX: y\r\n\r\n", 400},
    {"HTTP-HOST missing, no header", "GET /a HTTP/1.1\r\n\r\n", 400},
    {"HTTP-HOST doubled", "GET /a HTTP/1.1\r\n" H H "\r\n", 400},
    {"HTTP-HOST with a blank", "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"HTTP-HOST with DEL", "GET /a HTTP/1.1\r\nHost: a\x7f\r\n\r\n", 400},
    {"HTTP-HOST with 8 bits", "GET /a HTTP/1.1\r\nHost: a\xe9\r\n\r\n", 400},
    {"HTTP-HOST with a path", "GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"HTTP-HOST with a user", "GET /a HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
    {"address and port as host", "GET /a HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200},
    {"empty host", "GET /a HTTP/1.1\r\nHost:\r\n\r\n", 200},
    {"HTTP-REQUEST-LINE two blanks", "GET  /a HTTP/1.1\r\n" H "\r\n", 400},
    {"HTTP-REQUEST-LINE two blanks before the version", "GET /a  HTTP/1.1\r\n" H "\r\n", 400},
    {"HTTP-REQUEST-LINE two line feeds before", "\n\nGET /a HTTP/1.1\r\n" H "\r\n", 400},
    {"HTTP-REQUEST-LINE two carriage returns before", "\r\rGET /a HTTP/1.1\r\n" H "\r\n", 400},
    {"HTTP-REQUEST-LINE two leading lines", "\r\n\nGET /a HTTP/1.1\r\n" H "\r\n", 400},
    {"HTTP-REQUEST-LINE leading empty head", "\r\n\r\nGET /a HTTP/1.1\r\n" H "\r\n", 400},
    {"HTTP-REQUEST-LINE leading blank", " GET /a HTTP/1.1\r\n" H "\r\n", 400},
    {"HTTP-TARGET NUL", GET("/a%00b"), 400},
    {"HTTP-TARGET NUL in the query", GET("/a?b=%00"), 400},
    {"HTTP-TARGET control", GET("/a%0d%0ab"), 400},
    {"HTTP-TARGET delete", GET("/a%7F"), 400},
    {"HTTP-TARGET unit separator", GET("/a%1f"), 400},
    {"tilde as an escape", GET("/a%7e"), 200},
    {"HTTP-TARGET escape of a sign and a digit", GET("/a%-1"), 400},
    {"HTTP-TARGET escape of a colon", GET("/a%:1"), 400},
    {"HTTP-TARGET escape of a digit and a letter", GET("/a%4g"), 400},
    {"HTTP-TARGET escape of capitals", GET("/a%GA"), 400},
    {"HTTP-TARGET fragment in the query", GET("/a?b#c"), 400},
    {"HTTP-TARGET half an escape", GET("/a%4"), 400},
    {"HTTP-TARGET no escape", GET("/a%zz"), 400},
    {"HTTP-TARGET fragment", GET("/a#b"), 400},
    {"HTTP-TARGET asterisk", GET("*"), 400},
    {"HTTP-TARGET no slash", GET("a"), 400},
    {"HTTP-TARGET scheme alone", GET("http://"), 400},
    {"HTTP-TARGET no host", GET("http:///a"), 400},
    {"HTTP-TARGET no host but a query", GET("http://?a"), 400},
    {"HTTP-TARGET other scheme", GET("ftp://a/b"), 400},
    {"HTTP-TARGET user", GET("http://u@a/b"), 400},
    {"HTTP-TARGET fragment behind a host", GET("http://a#b"), 400},
    {"HTTP-TARGET escape behind a host", GET("http://a/%00"), 400},
    {"HTTP-TARGET blank behind a host", GET("http://a/b c"), 400},
    {"HTTP-TARGET authority form", "GET a:80 HTTP/1.1\r\n" H "\r\n", 400},
    {"HTTP-HOST missing, absolute form", "GET http://a/b HTTP/1.1\r\n\r\n", 400},
    {"HTTP-HOST missing, absolute form, HTTP/1.0", "GET http://a/b HTTP/1.0\r\n\r\n", 400},
    {"HTTP-HOST doubled, absolute form", "GET http://a/b HTTP/1.1\r\n" H H "\r\n", 400},
    {"absolute form in HTTP/1.0", "GET http://a/b HTTP/1.0\r\n" H "\r\n", 200},
    {"HTTP-HEAD-FORM 8 bits in the target", GET("/\xc3\xa9"), 400},
    {"HTTP-HEAD-FORM control in a header", "GET /a HTTP/1.1\r\n" H "X: \x01\r\n\r\n", 400},
    {"HTTP-HEAD-FORM garbage", "\x16\x03\x01\x02\r\n\r\n", 400},
    {"HTTP-HEAD-FORM no version", "GET /a\r\n" H "\r\n", 400},
    {"HTTP-VERSION 2.0", "GET /a HTTP/2.0\r\n" H "\r\n", 505},
    {"HTTP-VERSION 2", "GET /a HTTP/2\r\n" H "\r\n", 505},
    {"HTTP-VERSION 0.9", "GET /a HTTP/0.9\r\n" H "\r\n", 505},
    {"HTTP-VERSION 3.1", "GET /a HTTP/3.1\r\n" H "\r\n", 505},
    {"HTTP-VERSION two digits", "GET /a HTTP/1.10\r\n" H "\r\n", 505},
    {"HTTP-VERSION letter", "GET /a HTTP/1.x\r\n" H "\r\n", 505},
    {"later minor version", "GET /a HTTP/1.2\r\n" H "\r\n", 200},
    {"last minor version", "GET /a HTTP/1.9\r\n" H "\r\n", 200},
    {"later minor version in absolute form", "GET http://a/b HTTP/1.2\r\n" H "\r\n", 200},
    {"HTTP-HOST missing in a later minor version", "GET /a HTTP/1.2\r\n\r\n", 400},
    {"HTTP-METHOD TRACE", "TRACE /a HTTP/1.1\r\n" H "\r\n", 501},
    {"HTTP-METHOD CONNECT", "CONNECT a:80 HTTP/1.1\r\n" H "\r\n", 501},
    {"HTTP-METHOD of WebDAV", "PROPFIND /a HTTP/1.1\r\n" H "\r\n", 501},
    {"HTTP-METHOD preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501},
    {"HTTP-METHOD unknown", "BREW /a HTTP/1.1\r\n" H "\r\n", 501},
    {"HTTP-METHOD lower case", "get /a HTTP/1.1\r\n" H "\r\n", 501},
    {"HTTP-METHOD options of the server", "OPTIONS * HTTP/1.1\r\n" H "\r\n", 501},
    {"HTTP-BODY-FORM chunk size",
     "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
    {"HTTP-BODY-FORM negative chunk",
     "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n", 400},
    {"HTTP-BODY-FORM lone line feed in an extension",
     "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\nab\r\n0\r\n\r\n", 400},
    {"HTTP-BODY-FORM trailer without a colon",
     "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\nT\r\n\r\n", 400},
    {"HTTP-BODY-FORM no line end behind a chunk",
     "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n", 400},
    {"more than one option for the connection",
     "GET /a HTTP/1.1\r\n" H "Connection: keep-alive, x\r\nConnection: close\r\n\r\n", 200},
    {"upgrade is not taken up",
     "GET /a HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 200},
};

static int exchange(const char *bytes, size_t len)
{
    int fd = peer_connect(port);

    peer_send(fd, bytes, len);
    peer_reply(fd, reply, sizeof(reply), 3000);
    int status = peer_status(reply);
    if (status >= 400 && status != 500) {
        assert_non_null(strstr(reply, "Connection: close\r\n"));
        assert_non_null(strstr(reply, "{\"errorCode\":\"Generic"));
        assert_true(peer_is_closed(fd, 2000));
    }
    close(fd);
    return status;
}

static void each_request_has_its_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int status = exchange(cases[i].bytes, strlen(cases[i].bytes));
        if (status != cases[i].status) {
            fail_msg("%s: %d\n%s", cases[i].name, status, reply);
        }
    }
    /* A NUL in a header would end CivetWeb's view of the head. */
    static const char nul[] =
        "GET /a HTTP/1.1\r\nHost: a\r\nX: y\0\r\nContent-Length: 3\r\n\r\nabc";
    assert_int_equal(exchange(nul, sizeof(nul) - 1), 400);
}

/* --- what the handler sees -------------------------------------------------------------------- */

static void the_handler_sees_what_was_sent(void **state)
{
    (void)state;
    assert_int_equal(exchange("POST /a%2Fb/../c?d=%41&&e+ HTTP/1.1\r\n" H
                              "X:  \xc3\xa9 \r\nContent-Length: 4\r\n\r\nb\"dy",
                              strlen("POST /a%2Fb/../c?d=%41&&e+ HTTP/1.1\r\n" H
                                     "X:  \xc3\xa9 \r\nContent-Length: 4\r\n\r\nb\"dy")),
                     200);
    assert_non_null(strstr(reply, "\"method\":\"POST\",\"path\":\"/a%2Fb/../c\","
                                  "\"query\":\"d=%41&&e+\",\"headers\":3,\"body\":\"b\\\"dy\","
                                  "\"x\":\"\xc3\xa9\",\"remote\":\"127.0.0.1\""));
    assert_non_null(strstr(reply, "X-Echo: yes\r\n"));
    assert_non_null(strstr(reply, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(reply, "GMT\r\n"));
}

/* What the target says of the host counts, whatever Host says (RFC 9112, 3.2.2). */
static void targets_in_absolute_form_are_served(void **state)
{
    static const struct {
        const char *target, *seen, *host;
    } rows[] = {
        {"http://b.example/x/y?z=1", "\"path\":\"/x/y\",\"query\":\"z=1\"", "b.example"},
        {"https://b.example:8443/x", "\"path\":\"/x\"", "b.example:8443"},
        {"HTTP://[::1]:80/", "\"path\":\"/\"", "[::1]:80"},
        {"hTTps://b", "\"path\":\"/\"", "b"},
        {"http://b?z=1/2", "\"path\":\"/\",\"query\":\"z=1/2\"", "b"},
        {"http://b//c", "\"path\":\"//c\"", "b"},
        {"http://b/http://c/d", "\"path\":\"/http://c/d\"", "b"},
    };
    static const char format[] = "POST %s HTTP/1.1\r\nHOST: a\r\nContent-Length: 2\r\n\r\nhi";

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[400], host[100];
        int fd = peer_connect(port);
        snprintf(text, sizeof(text), format, rows[i].target);
        snprintf(host, sizeof(host), "\"host\":\"%s\"", rows[i].host);
        peer_say(fd, text);
        peer_say(fd, "\r\n");
        peer_say(fd, text);
        for (int again = 0; again < 2; again++) {
            peer_reply(fd, reply, sizeof(reply), 3000);
            assert_int_equal(peer_status(reply), 200);
            assert_non_null(strstr(reply, rows[i].seen));
            assert_non_null(strstr(reply, host));
            assert_non_null(strstr(reply, "\"body\":\"hi\""));
        }
        close(fd);
    }
}

/* The longest host is taken, one character more is no target. */
static void hosts_of_targets_are_bounded(void **state)
{
    (void)state;
    for (int len = REQUEST_LINE_HOST_MAX - 1; len <= REQUEST_LINE_HOST_MAX; len++) {
        char text[600];
        snprintf(text, sizeof(text), "GET http://%0*d/a HTTP/1.1\r\n" H "\r\n", len, 7);
        assert_int_equal(exchange(text, strlen(text)), len < REQUEST_LINE_HOST_MAX ? 200 : 400);
    }
}

static void chunks_are_joined(void **state)
{
    const char *bytes = "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                        "5\r\nhello\r\nB\r\n world, yes\r\n0\r\n\r\n";

    (void)state;
    assert_int_equal(exchange(bytes, strlen(bytes)), 200);
    assert_non_null(strstr(reply, "\"body\":\"hello world, yes\""));
}

static void head_has_no_body(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    peer_say(fd, "HEAD /a HTTP/1.1\r\n" H "\r\n" GET("/b"));
    char *at = reply;
    size_t len = 0;
    /* The reply to HEAD ends with its head, so the next one begins right behind it. */
    while (!strstr(reply, "\"path\":\"/b\"") || len == 0) {
        ssize_t got = recv(fd, at + len, sizeof(reply) - len - 1, 0);
        assert_true(got > 0);
        len += (size_t)got;
        at[len] = '\0';
    }
    const char *end = strstr(reply, "\r\n\r\n");
    assert_non_null(end);
    assert_int_equal(strncmp(end + 4, "HTTP/1.1 200", 12), 0);
    close(fd);
}

static void connections_are_kept(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    for (int i = 0; i < 50; i++) {
        peer_say(fd, i % 2 ? GET("/a") : "POST /a HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nhi");
        assert_true(peer_reply(fd, reply, sizeof(reply), 3000) > 0);
        assert_int_equal(peer_status(reply), 200);
        assert_non_null(strstr(reply, "Connection: keep-alive\r\n"));
    }
    /* Two at once, in order; then the caller asks to close. */
    peer_say(fd, GET("/one") "GET /two HTTP/1.1\r\n" H "Connection: close\r\n\r\n");
    peer_reply(fd, reply, sizeof(reply), 3000);
    assert_non_null(strstr(reply, "\"path\":\"/one\""));
    peer_reply(fd, reply, sizeof(reply), 3000);
    assert_non_null(strstr(reply, "\"path\":\"/two\""));
    assert_non_null(strstr(reply, "Connection: close\r\n"));
    assert_true(peer_is_closed(fd, 2000));
    close(fd);
}

/* The end of a chunked body is where the next request begins. */
static void requests_follow_chunks(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    for (int i = 0; i < 3; i++) {
        peer_say(fd, "POST /one HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                     "2\r\nab\r\n0\r\nT: u\r\n\r\n" GET("/two"));
        peer_reply(fd, reply, sizeof(reply), 3000);
        assert_non_null(strstr(reply, "\"path\":\"/one\""));
        peer_reply(fd, reply, sizeof(reply), 3000);
        assert_non_null(strstr(reply, "\"path\":\"/two\""));
    }
    close(fd);
}

/* What follows a refused request might be its body: it must not be taken for a request. */
static void nothing_is_read_behind_a_refusal(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    peer_say(fd, "POST /a HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "0\r\n\r\n" GET("/smuggled"));
    peer_reply(fd, reply, sizeof(reply), 3000);
    assert_int_equal(peer_status(reply), 400);
    assert_int_equal(peer_reply(fd, reply, sizeof(reply), 1000), 0);
    close(fd);
}

static void a_leading_empty_head_does_not_shift_the_next(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    peer_say(fd, GET("/a") "\r\n\r\n" GET("/b"));
    peer_reply(fd, reply, sizeof(reply), 3000);
    assert_int_equal(peer_status(reply), 200);
    peer_reply(fd, reply, sizeof(reply), 3000);
    assert_int_equal(peer_status(reply), 400);
    assert_int_equal(peer_reply(fd, reply, sizeof(reply), 1000), 0);
    close(fd);
}

static void expectations_are_met(void **state)
{
    int fd = peer_connect(port);

    (void)state;
    peer_say(fd, "POST /a HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    peer_reply(fd, reply, sizeof(reply), 3000);
    assert_string_equal(reply, "HTTP/1.1 100 Continue\r\n\r\n");
    peer_say(fd, "hi");
    peer_reply(fd, reply, sizeof(reply), 3000);
    assert_int_equal(peer_status(reply), 200);
    close(fd);
    fd = peer_connect(port);
    peer_say(fd, "POST /a HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 2001\r\n\r\n");
    peer_reply(fd, reply, sizeof(reply), 3000);
    assert_int_equal(peer_status(reply), 413);
    close(fd);
}

/* --- limits: at them and one past them -------------------------------------------------------- */

static int exchange_filled(const char *before, char fill, size_t count, const char *after)
{
    struct buf bytes;

    buf_init(&bytes, 1 << 20);
    buf_append_text(&bytes, before);
    for (size_t i = 0; i < count; i++) {
        buf_append(&bytes, &fill, 1);
    }
    buf_append_text(&bytes, after);
    assert_false(bytes.failed);
    int status = exchange(bytes.ptr, bytes.len);
    buf_free(&bytes);
    return status;
}

static void heads_are_bounded(void **state)
{
    const char *before = "GET /a HTTP/1.1\r\n" H "X: ";
    const char *after = "\r\n\r\n";
    size_t rest = LIMIT_HEAD_BYTES - strlen(before) - strlen(after);

    (void)state;
    assert_int_equal(exchange_filled(before, 'x', rest, after), 200);
    assert_int_equal(exchange_filled(before, 'x', rest + 1, after), 431);
    assert_int_equal(exchange_filled(before, 'x', 3 * LIMIT_HEAD_BYTES, after), 431);
    assert_int_equal(exchange_filled(before, 'x', 200000, ""), 431);
    assert_int_equal(exchange_filled("GET /", 'x', LIMIT_HEAD_BYTES, " HTTP/1.0\r\n\r\n"), 431);
}

/* Wherever it stands: a head that is not whole is answered before its time is over (408). */
static void a_control_ends_a_head_at_once(void **state)
{
    static const char controls[] = "\x01\x1f\x7f\t";
    char head[] = "GET /a HTTP/1.1\r\n" H "X: ~ ~abcdefgh~ ~abcdefgh";
    const size_t len = sizeof(head) - 1;

    (void)state;
    for (size_t back = 1; back <= 16; back++) {
        char kept = head[len - back];
        head[len - back] = controls[back % (sizeof(controls) - 1)];
        assert_int_equal(exchange(head, len), 400);
        head[len - back] = kept;
    }
    assert_int_equal(exchange(head, len), 408);
}

static void queries_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(exchange_filled("GET /a?", 'x', LIMIT_QUERY_BYTES, " HTTP/1.1\r\n" H "\r\n"),
                     200);
    assert_int_equal(
        exchange_filled("GET /a?", 'x', LIMIT_QUERY_BYTES + 1, " HTTP/1.1\r\n" H "\r\n"), 414);
}

static int exchange_with_headers(int count)
{
    struct buf bytes;

    buf_init(&bytes, 1 << 20);
    buf_append_text(&bytes, "GET /a HTTP/1.1\r\n" H);
    for (int i = 1; i < count; i++) {
        buf_append_format(&bytes, "X-%d: y\r\n", i);
    }
    buf_append_text(&bytes, "\r\n");
    int status = exchange(bytes.ptr, bytes.len);
    buf_free(&bytes);
    return status;
}

static void headers_are_counted(void **state)
{
    (void)state;
    assert_int_equal(exchange_with_headers(LIMIT_HEADERS), 200);
    assert_non_null(strstr(reply, "\"headers\":63,"));
    assert_int_equal(exchange_with_headers(LIMIT_HEADERS + 1), 431);
    assert_int_equal(exchange_with_headers(LIMIT_HEADERS + 2), 431);
    assert_int_equal(exchange_with_headers(500), 431);
}

static void bodies_are_bounded(void **state)
{
    const char *post = "POST /a HTTP/1.1\r\n" H;
    char head[200];

    (void)state;
    snprintf(head, sizeof(head), "%sContent-Length: %d\r\n\r\n", post, BODY_MAX);
    assert_int_equal(exchange_filled(head, 'x', BODY_MAX, ""), 200);
    snprintf(head, sizeof(head), "%sContent-Length: %d\r\n\r\n", post, BODY_MAX + 1);
    assert_int_equal(exchange_filled(head, 'x', BODY_MAX + 1, ""), 413);
    /* The whole of a much larger body may be under way already: the reply still arrives. */
    snprintf(head, sizeof(head), "%sContent-Length: 200000\r\n\r\n", post);
    assert_int_equal(exchange_filled(head, 'x', 200000, ""), 413);
    snprintf(head, sizeof(head), "%sTransfer-Encoding: chunked\r\n\r\n%x\r\n", post, BODY_MAX);
    assert_int_equal(exchange_filled(head, 'x', BODY_MAX, "\r\n0\r\n\r\n"), 200);
    assert_int_equal(exchange_filled(head, 'x', BODY_MAX, "\r\n1\r\ny\r\n0\r\n\r\n"), 413);
    snprintf(head, sizeof(head), "%sTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", post);
    assert_int_equal(exchange_filled(head, 'x', 100000, ""), 413);
}

/* What surrounds a body is bounded with it, and read in blocks. */
static void endless_framing_is_cut(void **state)
{
    static const char *const begins[] = {"1;x=", "0\r\nT: "};
    clock_t begun = clock();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char head[200];
        snprintf(head, sizeof(head),
                 "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n%s", begins[i]);
        assert_int_equal(exchange_filled(head, 'x', 900000, ""), 413);
    }
    assert_true((double)(clock() - begun) / CLOCKS_PER_SEC < 1.0);
}

/* CVE-2025-55763: CivetWeb wrote past a buffer when it cleaned up a path of many dot segments. */
static void paths_of_many_segments_do_no_harm(void **state)
{
    struct buf bytes;

    (void)state;
    for (int length = 1; length < 4000; length += 333) {
        for (int kind = 0; kind < 4; kind++) {
            static const char *const segments[] = {"/..", "/.", "//", "/a/../../"};
            buf_init(&bytes, 1 << 20);
            buf_append_text(&bytes, "GET /");
            for (int i = 0; i < length; i++) {
                buf_append_text(&bytes, segments[kind]);
            }
            buf_append_text(&bytes, " HTTP/1.1\r\n" H "\r\n");
            int status = exchange(bytes.ptr, bytes.len);
            assert_true(status == 200 || status == 431);
            buf_free(&bytes);
        }
    }
}

/* CVE-2025-9648: %00 in a form sent CivetWeb into an endless loop. Forms are not parsed by it. */
static void forms_with_nul_are_only_bytes(void **state)
{
    const char *form =
        "POST /a HTTP/1.1\r\n" H "Content-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 10\r\n\r\na=%00&b=%0";

    (void)state;
    assert_int_equal(exchange(form, strlen(form)), 200);
    assert_non_null(strstr(reply, "\"body\":\"a=%00&b=%0\""));
}

/* --- starting --------------------------------------------------------------------------------- */

static void a_taken_port_is_named(void **state)
{
    const struct http_listener_config config = {.name = "second",
                                                .address = "127.0.0.1",
                                                .port = port,
                                                .limits = {.threads = 1},
                                                .log = &peer_log};
    struct http_listener *second = NULL;
    struct lfi_error error = {""};
    char expected[64];

    (void)state;
    assert_int_equal(http_listener_start(&second, &config, &error), -1);
    assert_null(second);
    snprintf(expected, sizeof(expected), "second listener: cannot listen on 127.0.0.1 port %d",
             port);
    assert_non_null(strstr(error.message, expected));
}

static void ipv6_where_there_is_any(void **state)
{
    const struct http_listener_config config = {.name = "six",
                                                .address = "::1",
                                                .limits = {.body_bytes = 1000,
                                                           .reply_bytes = 1000,
                                                           .request_ms = 1000,
                                                           .idle_ms = 1000,
                                                           .threads = 1},
                                                .handler = echo,
                                                .log = &peer_log};
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    struct http_listener *six = NULL;
    struct lfi_error error;

    (void)state;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        skip();
    }
    close(fd);
    assert_int_equal(http_listener_start(&six, &config, &error), 0);
    address.sin6_port = htons((uint16_t)http_listener_port(six));
    fd = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    peer_say(fd, GET("/a"));
    peer_reply(fd, reply, sizeof(reply), 3000);
    assert_non_null(strstr(reply, "\"remote\":\"::1\""));
    close(fd);
    http_listener_stop(six, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_its_status),
        cmocka_unit_test(the_handler_sees_what_was_sent),
        cmocka_unit_test(targets_in_absolute_form_are_served),
        cmocka_unit_test(hosts_of_targets_are_bounded),
        cmocka_unit_test(chunks_are_joined),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(requests_follow_chunks),
        cmocka_unit_test(nothing_is_read_behind_a_refusal),
        cmocka_unit_test(a_leading_empty_head_does_not_shift_the_next),
        cmocka_unit_test(expectations_are_met),
        cmocka_unit_test(heads_are_bounded),
        cmocka_unit_test(a_control_ends_a_head_at_once),
        cmocka_unit_test(queries_are_bounded),
        cmocka_unit_test(headers_are_counted),
        cmocka_unit_test(bodies_are_bounded),
        cmocka_unit_test(endless_framing_is_cut),
        cmocka_unit_test(paths_of_many_segments_do_no_harm),
        cmocka_unit_test(forms_with_nul_are_only_bytes),
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(ipv6_where_there_is_any),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
