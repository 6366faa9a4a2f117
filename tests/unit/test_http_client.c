// link: lfi-http lfi-base
/* The client against our own listener: what it sends, which servers it trusts, what it refuses. */
#include "base/array.h"
#include "base/json.h"
#include "http_identity.h"
#include "http_peer.h"

#include "http/client.h"

#define REPLY_MAX 1000
#define TIMEOUT_MS 700

static char dir[] = "/tmp/lfi-client-XXXXXX";
static char server_cert[64], server_key[64], bundle[64], client_cert[64], client_key[64], other[64];
static struct http_listener *secure, *plain;
static char base[64];
static atomic_int dropped; /* requests that got no answer */

/* Answers what it was asked, so that the test sees what was on the wire. */
static void echo(void *ctx, const struct request *request, struct reply *out)
{
    struct json_writer w;
    char name[64] = "nobody";

    (void)ctx;
    out->status = 200;
    out->content_type = "application/json; charset=utf-8";
    if (slice_equal_text(request->path, "/redirect")) {
        out->status = 303;
        reply_header(out, "lOcAtIoN", SLICE("  https://tpp.example/cb?a=%2F%2f&b=+c&d=\xc3\xa9 "));
        return;
    }
    if (slice_equal_text(request->path, "/two")) {
        reply_header(out, "Location", SLICE("/a"));
        reply_header(out, "Location", SLICE("/b"));
        return;
    }
    if (slice_equal_text(request->path, "/drop")) {
        atomic_fetch_add(&dropped, 1);
        out->hang_up = true;
        return;
    }
    if (slice_equal_text(request->path, "/sleep")) {
        usleep((TIMEOUT_MS + 300) * 1000);
    }
    if (slice_equal_text(request->path, "/large")) {
        for (int i = 0; i <= REPLY_MAX; i++) {
            buf_append_text(&out->body, "x");
        }
        return;
    }
    if (request->peer) {
        X509_NAME_get_text_by_NID(X509_get_subject_name(request->peer), NID_commonName, name,
                                  sizeof(name));
    }
    json_begin(&w, &out->body);
    json_open_object(&w, NULL);
    json_string(&w, "method", request->method);
    json_string(&w, "path", request->path);
    json_string(&w, "query", request->query);
    json_string(&w, "body", request->body);
    json_string(&w, "type", request_header(request, "content-type", NULL));
    json_string(&w, "length", request_header(request, "content-length", NULL));
    json_string(&w, "expect", request_header(request, "expect", NULL));
    json_string(&w, "x", request_header(request, "x-test", NULL));
    json_text(&w, "peer", name);
    json_close_object(&w);
}

static struct http_client *client_of(const char *ca, const char *certificate, const char *key)
{
    const struct http_client_config config = {.ca_file = ca,
                                              .certificate = certificate,
                                              .key = key,
                                              .timeout_ms = TIMEOUT_MS,
                                              .reply_bytes = REPLY_MAX};
    struct http_client *client = NULL;
    struct lfi_error error = {""};

    assert_int_equal(http_client_new(&client, &config, &error), 0);
    return client;
}

struct outcome {
    int result;
    struct http_answer answer;
    struct lfi_error error;
};

static void call(struct outcome *out, struct http_client *client, struct http_call request)
{
    out->error.message[0] = '\0';
    http_answer_init(&out->answer, 100000);
    out->result = http_client_call(client, &request, &out->answer, &out->error);
    buf_append(&out->answer.body, "", 1);
}

static void get(struct outcome *out, struct http_client *client, const char *origin,
                const char *path)
{
    char url[200];

    snprintf(url, sizeof(url), "%s%s", origin, path);
    call(out, client, (struct http_call){.method = "GET", .url = url});
}

/* --- what leaves ------------------------------------------------------------------------------ */

static void addresses_go_out_byte_for_byte(void **state)
{
    struct http_client *client = client_of(bundle, NULL, NULL);
    struct outcome out;

    (void)state;
    get(&out, client, base, "/a/../b/./c%2fd%41?e=%2F+f&&g=h%20i");
    assert_int_equal(out.result, 0);
    assert_int_equal(out.answer.status, 200);
    assert_string_equal(out.answer.content_type, "application/json; charset=utf-8");
    assert_non_null(strstr(out.answer.body.ptr, "\"path\":\"/a/../b/./c%2fd%41\","
                                                "\"query\":\"e=%2F+f&&g=h%20i\""));
    assert_non_null(strstr(out.answer.body.ptr, "\"peer\":\"nobody\""));
    http_answer_free(&out.answer);
    http_client_free(client);
}

static void methods_bodies_and_headers(void **state)
{
    static const char *const headers[] = {"X-Test: yes", NULL};
    static const char *const methods[] = {"POST", "PATCH", "PUT", "DELETE", "GET"};
    struct http_client *client = client_of(bundle, client_cert, client_key);
    struct outcome out;
    char expected[100];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        call(&out, client,
             (struct http_call){.method = methods[i],
                                .url = base,
                                .headers = headers,
                                .content_type = "application/json",
                                .body = SLICE("{\"a\":1}")});
        assert_int_equal(out.result, 0);
        snprintf(expected, sizeof(expected), "\"method\":\"%s\"", methods[i]);
        assert_non_null(strstr(out.answer.body.ptr, expected));
        assert_non_null(strstr(out.answer.body.ptr, "\"body\":\"{\\\"a\\\":1}\","
                                                    "\"type\":\"application/json\","
                                                    "\"length\":\"7\",\"expect\":\"\","
                                                    "\"x\":\"yes\",\"peer\":\"client\""));
        http_answer_free(&out.answer);
        call(&out, client, (struct http_call){.method = methods[i], .url = base});
        bool none = i >= 3;
        assert_non_null(
            strstr(out.answer.body.ptr, none ? "\"body\":\"\",\"type\":\"\",\"length\":\"\""
                                             : "\"body\":\"\",\"type\":\"\",\"length\":\"0\""));
        http_answer_free(&out.answer);
    }
    http_client_free(client);
}

/* --- what comes back -------------------------------------------------------------------------- */

static void redirects_are_data(void **state)
{
    struct http_client *client = client_of(bundle, NULL, NULL);
    struct outcome out;

    (void)state;
    get(&out, client, base, "/redirect");
    assert_int_equal(out.result, 0);
    assert_int_equal(out.answer.status, 303);
    assert_string_equal(out.answer.location, "https://tpp.example/cb?a=%2F%2f&b=+c&d=\xc3\xa9");
    http_answer_free(&out.answer);
    get(&out, client, base, "/two");
    assert_int_equal(out.result, -1);
    http_answer_free(&out.answer);
    get(&out, client, base, "/plain");
    assert_null(out.answer.location);
    http_answer_free(&out.answer);
    http_client_free(client);
}

static void large_and_slow_answers_are_refused(void **state)
{
    struct http_client *client = client_of(bundle, NULL, NULL);
    struct outcome out;

    (void)state;
    get(&out, client, base, "/large");
    assert_int_equal(out.result, -1);
    assert_non_null(strstr(out.error.message, "larger than 1000 bytes"));
    http_answer_free(&out.answer);
    int64_t begun = clock_monotonic_us();
    get(&out, client, base, "/sleep");
    assert_int_equal(out.result, -1);
    assert_true(clock_monotonic_us() - begun < (TIMEOUT_MS + 200) * 1000);
    http_answer_free(&out.answer);
    get(&out, client, base, "/after");
    assert_int_equal(out.result, 0);
    http_answer_free(&out.answer);
    http_client_free(client);
}

/* --- who is trusted --------------------------------------------------------------------------- */

static void only_the_given_authorities_and_name_are_believed(void **state)
{
    struct http_client *client = client_of(other, NULL, NULL);
    struct outcome out;
    char url[64];

    (void)state;
    get(&out, client, base, "/a");
    assert_int_equal(out.result, -1);
    http_answer_free(&out.answer);
    http_client_free(client);
    client = client_of(bundle, NULL, NULL);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d", http_listener_port(secure));
    get(&out, client, url, "/a"); /* the certificate says localhost */
    assert_int_equal(out.result, -1);
    http_answer_free(&out.answer);
    http_client_free(client);
}

static void clients_are_the_same_by_what_their_files_hold(void **state)
{
    struct http_client *first = client_of(bundle, NULL, NULL);
    struct http_client *same = client_of(bundle, NULL, NULL);
    struct http_client *another[] = {client_of(other, NULL, NULL), client_of(NULL, NULL, NULL),
                                     client_of(bundle, client_cert, client_key)};

    (void)state;
    assert_true(http_client_is_same(first, same));
    for (size_t i = 0; i < ARRAY_LEN(another); i++) {
        assert_false(http_client_is_same(first, another[i]));
        http_client_free(another[i]);
    }
    http_client_free(first);
    http_client_free(same);
}

static void the_scheme_is_as_configured(void **state)
{
    struct http_client *with = client_of(bundle, NULL, NULL);
    struct http_client *without = client_of(NULL, NULL, NULL);
    struct outcome out;
    char url[64];

    (void)state;
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", http_listener_port(plain));
    get(&out, with, url, "/a");
    assert_int_equal(out.result, -1);
    http_answer_free(&out.answer);
    get(&out, without, url, "/a");
    assert_int_equal(out.result, 0);
    http_answer_free(&out.answer);
    get(&out, without, base, "/a");
    assert_int_equal(out.result, -1);
    http_answer_free(&out.answer);
    get(&out, without, "file:///etc/hostname", "");
    assert_int_equal(out.result, -1);
    http_answer_free(&out.answer);
    get(&out, without, "http://user:secret@127.0.0.1", "");
    assert_int_equal(out.result, -1);
    assert_null(strstr(out.error.message, "secret"));
    http_answer_free(&out.answer);
    http_client_free(with);
    http_client_free(without);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct http_client *client = client_of(bundle, NULL, NULL);
    struct outcome out;

    (void)state;
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    get(&out, client, base, "/a");
    assert_int_equal(out.result, 0);
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
    http_answer_free(&out.answer);
    http_client_free(client);
}

static void nobody_there(void **state)
{
    struct http_client *client = client_of(NULL, NULL, NULL);
    struct outcome out;

    (void)state;
    get(&out, client, "http://127.0.0.1:1", "/");
    assert_int_equal(out.result, -1);
    assert_true(strlen(out.error.message) > 0);
    http_answer_free(&out.answer);
    http_client_free(client);
}

static struct http_listener *listen_with(const struct http_tls *tls)
{
    const struct http_listener_config config = {
        .name = "test",
        .address = "127.0.0.1",
        .tls = tls,
        .limits = {.body_bytes = 1000,
                   .reply_bytes = 5000,
                   .request_ms = 2000,
                   .idle_ms = 1000,
                   .threads = 8},
        .handler = echo,
        .log = &peer_log,
    };
    struct http_listener *listener = NULL;
    struct lfi_error error = {""};

    if (http_listener_start(&listener, &config, &error) != 0) {
        fail_msg("%s", error.message);
    }
    return listener;
}

static int set_up(void **state)
{
    const struct http_tls tls = {
        .certificate = server_cert, .key = server_key, .client_ca = bundle, .min_version = 12};

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(server_cert, sizeof(server_cert), "%s/server.pem", dir);
    snprintf(server_key, sizeof(server_key), "%s/server.key", dir);
    snprintf(bundle, sizeof(bundle), "%s/bundle.pem", dir);
    snprintf(client_cert, sizeof(client_cert), "%s/client.pem", dir);
    snprintf(client_key, sizeof(client_key), "%s/client.key", dir);
    snprintf(other, sizeof(other), "%s/other.pem", dir);
    struct identity ca = issue("ca", NULL, 1, 30);
    struct identity other_ca = issue("other ca", NULL, 2, 30);
    struct identity server = issue("server", &ca, 3, 30);
    struct identity caller = issue("client", &ca, 4, 30);
    write_certificate(bundle, &ca);
    write_certificate(other, &other_ca);
    write_certificate(server_cert, &server);
    write_key(server_key, &server);
    write_certificate(client_cert, &caller);
    write_key(client_key, &caller);
    identity_free(&ca);
    identity_free(&other_ca);
    identity_free(&server);
    identity_free(&caller);
    secure = listen_with(&tls);
    plain = listen_with(NULL);
    snprintf(base, sizeof(base), "https://localhost:%d", http_listener_port(secure));
    return 0;
}

static int tear_down(void **state)
{
    const char *const files[] = {server_cert, server_key, bundle, client_cert, client_key, other};

    (void)state;
    http_listener_stop(secure, 2000);
    http_listener_stop(plain, 2000);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        unlink(files[i]);
    }
    return rmdir(dir);
}

static void what_changes_something_goes_out_once(void **state)
{
    static const char *const methods[] = {"POST", "PATCH", "PUT", "DELETE"};
    struct http_client *client = client_of(bundle, NULL, NULL);
    struct outcome out;
    char url[100];

    (void)state;
    snprintf(url, sizeof(url), "%s/drop", base);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        get(&out, client, base, "/"); /* a connection that could be used again */
        assert_int_equal(out.result, 0);
        http_answer_free(&out.answer);
        atomic_store(&dropped, 0);
        call(&out, client, (struct http_call){.method = methods[i], .url = url});
        assert_int_equal(out.result, -1);
        assert_int_equal(atomic_load(&dropped), 1);
        http_answer_free(&out.answer);
    }
    http_client_free(client);
}

static void what_may_be_repeated_goes_over_a_kept_connection(void **state)
{
    struct http_client *client = client_of(bundle, NULL, NULL);
    struct outcome out;
    char url[100];

    (void)state;
    snprintf(url, sizeof(url), "%s/drop", base);
    get(&out, client, base, "/");
    http_answer_free(&out.answer);
    atomic_store(&dropped, 0);
    call(&out, client, (struct http_call){.method = "PATCH", .url = url, .repeatable = true});
    assert_int_equal(out.result, -1);
    assert_int_equal(atomic_load(&dropped), 2); /* the second time on a connection of its own */
    http_answer_free(&out.answer);
    http_client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_go_out_byte_for_byte),
        cmocka_unit_test(methods_bodies_and_headers),
        cmocka_unit_test(redirects_are_data),
        cmocka_unit_test(large_and_slow_answers_are_refused),
        cmocka_unit_test(only_the_given_authorities_and_name_are_believed),
        cmocka_unit_test(clients_are_the_same_by_what_their_files_hold),
        cmocka_unit_test(the_scheme_is_as_configured),
        cmocka_unit_test(proxies_of_the_environment_are_ignored),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(what_changes_something_goes_out_once),
        cmocka_unit_test(what_may_be_repeated_goes_over_a_kept_connection),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
