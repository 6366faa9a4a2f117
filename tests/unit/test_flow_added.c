// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
/*
 * An operation that stands in a document alone, with its row: no code knows it, and the skeleton
 * core serves it.
 */
#include "keys.h"

#include "base/limits.h"
#include "connect/connect.h"
#include "rows_added.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ACCOUNT "/accounts/skeleton-account-1"
/* {"userId":"5f0c6d0e-7a51-4a39-9d0c-1d6f2f1c0001"} and {"userId":"nobody"} */
#define KNOWN "eyJ1c2VySWQiOiI1ZjBjNmQwZS03YTUxLTRhMzktOWQwYy0xZDZmMmYxYzAwMDEifQ"
#define NOBODY "eyJ1c2VySWQiOiJub2JvZHkifQ"

static struct fixture {
    struct clock clock;
    struct log log;
    struct caller *caller;
    X509 *certificate;
    struct arena *arena;
    struct provider_set *providers;
    struct connect *connect;
} f;

static int set_up(void **state)
{
    static const char *const ous[] = {"ou-1"}, *const audiences[] = {"dhowretail"};
    const struct caller_config caller = {.mode = CALLER_MTLS_ONLY,
                                         .allowed_ous = ous,
                                         .allowed_ou_count = 1,
                                         .audiences = audiences,
                                         .audience_count = 1};
    const struct provider_config provider = {.id = "dhowretail",
                                             .segment = "retail",
                                             .audience = "dhowretail",
                                             .library = LFI_CORE_DIR "/libcore-skeleton.so",
                                             .settings = "{}",
                                             .base_dir = "."};
    struct lfi_error error = {""};
    size_t failed;
    (void)state;
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .clock = &f.clock};
    f.certificate = certificate_make((struct attribute[]){{"OU", "ou-1"}, {NULL, NULL}});
    f.arena = arena_new(LIMIT_ARENA_BYTES);
    assert_int_equal(
        provider_set_open(&f.providers, &provider, 1, &f.clock, &f.log, &failed, &error), 0);
    const struct connect_config config = {
        .api = &flow_added, .providers = f.providers, .workers = 1, .bank_name = "Bank"};
    assert_int_equal(connect_new(&f.connect, &config, &f.clock, &f.log, NULL, &error), 0);
    return caller_new(&f.caller, &caller, &f.clock, &f.log, NULL, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    connect_free(f.connect);
    provider_set_close(f.providers);
    caller_free(f.caller);
    arena_free(f.arena);
    X509_free(f.certificate);
    close(f.log.fd);
    return 0;
}

/* Status and body of GET `path` for this PSU identifier. */
static int get(const char *path, const char *psu, const char **body)
{
    struct hub *hub = NULL;
    struct reply reply = {0};
    const struct connect_peers peers = {f.caller, &hub};
    const struct header headers[] = {{SLICE("o3-provider-id"), SLICE("dhowretail")},
                                     {SLICE("o3-consent-id"), SLICE("consent-1")},
                                     {SLICE("o3-ozone-interaction-id"), SLICE("interaction-1")},
                                     {SLICE("o3-psu-identifier"), slice_of(psu)}};
    const char *query = strchr(path, '?');
    const struct request request = {.method = SLICE("GET"),
                                    .path = {path, query ? (size_t)(query - path) : strlen(path)},
                                    .query = slice_of(query ? query + 1 : NULL),
                                    .headers = headers,
                                    .header_count = sizeof(headers) / sizeof(headers[0]),
                                    .peer = f.certificate,
                                    .arena = f.arena};
    buf_init(&reply.headers, 4096);
    buf_init(&reply.body, LIMIT_REPLY_BYTES);
    connect_handle(f.connect, &peers, &request, &reply);
    *body = arena_text(f.arena, buf_slice(&reply.body));
    buf_free(&reply.headers);
    buf_free(&reply.body);
    return reply.status;
}

static void is_served_by_its_row(void **state)
{
    const char *body;
    (void)state;
    assert_int_equal(get(ACCOUNT "/balances-again", KNOWN, &body), 200);
    assert_ptr_equal(strstr(body, "{\"data\":[{\"accountId\":\"skeleton-account-1\","), body);
    assert_non_null(strstr(body, "\"meta\":{\"totalPages\":1,\"totalRecords\":1}}"));
    assert_int_equal(get(ACCOUNT "/balances-again?page=2&page-size=1", KNOWN, &body), 200);
    assert_ptr_equal(strstr(body, "{\"data\":[],"), body);
}

static void is_refused_as_every_other(void **state)
{
    static const struct {
        const char *path, *psu;
        int status;
        const char *code;
    } rows[] = {
        {ACCOUNT "/balances-again", NOBODY, 400, "Consent.InvalidUserIdentifier"},
        {ACCOUNT "/balances-again", "%", 400, "Consent.InvalidUserIdentifier"},
        {"/accounts/another/balances-again", KNOWN, 403, "Consent.PermanentAccountAccessFailure"},
        {ACCOUNT "/balances-again?page=0", KNOWN, 400, "Resource.InvalidFormat"},
        {ACCOUNT "/balances", KNOWN, 404, "GenericError"},
        {ACCOUNT "/beneficiaries-again", KNOWN, 400, "GenericError"}, /* not offered */
        {"/later", KNOWN, 501, "GenericError"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *body;
        assert_int_equal(get(rows[i].path, rows[i].psu, &body), rows[i].status);
        assert_non_null(strstr(body, rows[i].code));
    }
}

/* What a consent may ask for follows from the rows too. */
static void its_permission_is_delivered_where_it_is_offered(void **state)
{
    const struct provider *provider = provider_at(f.providers, 0);
    (void)state;
    assert_true(flow_delivers(&flow_added, provider, SLICE("ReadAgain")));
    assert_false(flow_delivers(&flow_added, provider, SLICE("ReadOthers")));
    assert_false(flow_delivers(&flow_added, provider, SLICE("ReadBalances")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_served_by_its_row),
        cmocka_unit_test(is_refused_as_every_other),
        cmocka_unit_test(its_permission_is_delivered_where_it_is_offered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
