// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
/* What a core gives is checked like what comes from outside: a core that misbehaves, call by call.
 */
#include "base/array.h"
#include "hub_request.h"
#include "keys.h"

#include "base/base64.h"
#include "base/limits.h"
#include "connect/connect.h"
#include "connect/families.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ODD BROKEN_DIR "/libodd.so"

static struct fixture {
    struct clock clock;
    struct log log;
    struct explain *explain;
    struct caller *caller;
    X509 *certificate;
    struct arena *arena;
} f;

static int set_up(void **state)
{
    static const char *const ous[] = {"ou-1"};
    static const struct caller_provider hub = {.id = "dhowretail", .mode = CALLER_MTLS_ONLY};
    const struct caller_config config = {
        .allowed_ous = ous, .allowed_ou_count = 1, .providers = &hub, .provider_count = 1};
    (void)state;
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .clock = &f.clock};
    f.certificate = certificate_make((struct attribute[]){{"OU", "ou-1"}, {NULL, NULL}});
    f.arena = arena_new(LIMIT_ARENA_BYTES);
    return caller_new(&f.caller, &config, &f.clock, &f.log, NULL, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    caller_free(f.caller);
    arena_free(f.arena);
    X509_free(f.certificate);
    close(f.log.fd);
    return 0;
}

struct answer {
    int status;
    char *body; /* in the arena */
    bool kept_from_caches;
};

/* What the server answers to GET `path` with a core of this fault. */
static struct answer get(const char *fault, const char *path, enum contract_replies check)
{
    struct provider_set *providers = NULL;
    struct connect *connect = NULL;
    struct apis *apis;
    struct lfi_error error = {""};
    struct hub *hub = NULL;
    struct reply reply = {0};
    size_t failed;
    const char *settings = arena_format(f.arena, "{\"say\":\"%s\"}", fault).ptr;
    const struct provider_config provider = {.id = "dhowretail",
                                             .segment = "retail",
                                             .audience = "dhowretail",
                                             .library = ODD,
                                             .settings = settings,
                                             .base_dir = "."};
    assert_int_equal(provider_set_open(&providers, &provider, 1, &f.clock, &f.log, &failed, &error),
                     0);
    f.explain = explain_new();
    assert_int_equal(connect_apis_new(&apis, NULL, &error), 0);
    const struct connect_config config = {.apis = apis,
                                          .providers = providers,
                                          .workers = 1,
                                          .check_responses = check,
                                          .bank_name = "Bank",
                                          .explain = f.explain};
    assert_int_equal(connect_new(&connect, &config, &f.clock, &f.log, NULL, &error), 0);
    const struct connect_peers peers = {f.caller, &hub, NULL, NULL, NULL};
    struct hub_request asked;
    buf_init(&reply.headers, 4096);
    buf_init(&reply.body, LIMIT_REPLY_BYTES);
    connect_handle(connect, &peers,
                   hub_get(&asked, path, "eyJ1c2VySWQiOiJ1LTEifQ", f.certificate, f.arena), &reply);
    struct answer answer = {reply.status, arena_text(f.arena, buf_slice(&reply.body)),
                            reply.headers.ptr && strstr(reply.headers.ptr, "no-store")};
    buf_free(&reply.headers);
    buf_free(&reply.body);
    connect_free(connect);
    apis_free(apis);
    provider_set_close(providers);
    return answer;
}

/* Whether the refusal was this one, and why. */
static void expect_finding(const char *check, const char *why, const char *row)
{
    struct buf text;
    buf_init(&text, 8192);
    bool known = explain_render(f.explain, SLICE(HUB_INTERACTION), &text);
    buf_append_text(&text, "");
    const char *found = arena_text(f.arena, buf_slice(&text));
    buf_free(&text);
    if (known == !check || (check && !strstr(found, check)) || (why && !strstr(found, why))) {
        fail_msg("%s: expected %s %s, got %s", row, check ? check : "nothing", why ? why : "",
                 found);
    }
    explain_free(f.explain);
}

struct row {
    const char *fault, *path;
    int status;
    const char *check, *why;
};

static void expect(const struct row *rows, size_t count, enum contract_replies check)
{
    for (size_t i = 0; i < count; i++) {
        arena_reset(f.arena);
        const char *name = arena_format(f.arena, "%s %s", rows[i].fault, rows[i].path).ptr;
        struct answer answer = get(rows[i].fault, rows[i].path, check);
        expect_finding(rows[i].check, rows[i].why, name);
        if (answer.status != rows[i].status) {
            fail_msg("%s: %d %s", name, answer.status, answer.body);
        }
    }
}
#define EXPECT(rows, check) expect(rows, ARRAY_LEN(rows), check)

#define ONE "/accounts/acc-1"
#define LIST "/accounts?accountIds=acc-1"
#define BALANCES "/accounts/acc-1/balances"
#define ENTRIES "/accounts/acc-1/transactions"
#define STATEMENTS "/accounts/acc-1/statements"
#define PRODUCTS "/accounts/acc-1/products"

static void good_records_are_served(void **state)
{
    static const struct row rows[] = {
        {"good", ONE, 200, NULL, NULL},        {"good", LIST, 200, NULL, NULL},
        {"good", BALANCES, 200, NULL, NULL},   {"good", ENTRIES, 200, NULL, NULL},
        {"good", STATEMENTS, 200, NULL, NULL},
    };
    (void)state;
    EXPECT(rows, CONTRACT_REPLIES_ENFORCE);
    EXPECT(rows, CONTRACT_REPLIES_OFF);
}

static void records_of_somebody_else_are_not(void **state)
{
    static const struct row rows[] = {
        {"other", ONE, 500, "CONTRACT-RESPONSE", "$.data.id: record"},
        {"other-facts", STATEMENTS, 500, "CORE-RECORD", "facts are those of another"},
        {"other-facts", BALANCES, 500, "CORE-RECORD", "facts are those of another"},
        {"other", LIST, 500, "CONTRACT-RESPONSE", "$.data[0].id: record"},
        {"other", BALANCES, 500, "CONTRACT-RESPONSE", "$.data[0].accountId: record"},
        {"other", ENTRIES, 500, "CONTRACT-RESPONSE", "$.data[0].accountId: record"},
    };
    (void)state;
    EXPECT(rows, CONTRACT_REPLIES_ENFORCE);
    EXPECT(rows, CONTRACT_REPLIES_LOG);
}

static void two_records_in_one_are_refused(void **state)
{
    static const struct row rows[] = {
        {"double", ONE, 500, "CONTRACT-RESPONSE", NULL},
        {"double", LIST, 500, "CONTRACT-RESPONSE", "record"},
        {"double", BALANCES, 500, "CONTRACT-RESPONSE", "record"},
        {"double", ENTRIES, 500, "CONTRACT-RESPONSE", "record"},
        {"double", STATEMENTS, 500, "CONTRACT-RESPONSE", "record"},
    };
    (void)state;
    EXPECT(rows, CONTRACT_REPLIES_ENFORCE);
}

/* Whatever checkResponses says. */
static void what_is_not_one_object_is_refused(void **state)
{
    static const char *const faults[] = {"blank", "blanks", "array", "space"};
    static const char *const paths[] = {ONE, LIST, BALANCES, ENTRIES, "/customer", "/atm"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        for (size_t j = 0; j < ARRAY_LEN(paths); j++) {
            const struct row row = {faults[i], paths[j], 500, "CORE-RECORD", "not a JSON object"};
            expect(&row, 1, CONTRACT_REPLIES_OFF);
        }
    }
    static const struct row product = {"space", PRODUCTS, 500, "CORE-RECORD", NULL};
    expect(&product, 1, CONTRACT_REPLIES_OFF);
}

static void numbers_of_records_agree_with_what_was_asked(void **state)
{
    static const struct row rows[] = {
        {"none", ONE, 403, "ACCOUNT-NOT-HELD", NULL},
        {"twice", ONE, 500, "CORE-RECORD", "more than one record"},
        {"none", "/customer", 500, "CORE-RECORD", "no record"},
        {"none", LIST, 403, "ACCOUNT-NOT-HELD", NULL},
        {"twice", LIST, 500, "CORE-RECORD", "agree with their total"},
        {"none", ENTRIES, 500, "CORE-RECORD", "agree with their total"},
        {"twice", ENTRIES, 500, "CORE-RECORD", "agree with their total"},
        {"total", ENTRIES, 500, "CORE-RECORD", "agree with their total"},
        {"none", STATEMENTS, 500, "CORE-RECORD", "agree with their total"},
        {"total", STATEMENTS, 500, "CORE-RECORD", "agree with their total"},
        {"no-sub-type", STATEMENTS, 500, "CORE-RECORD", "no sub-type"},
        {"none", BALANCES, 200, NULL, NULL},
        {"twice", BALANCES, 200, NULL, NULL},
    };
    (void)state;
    EXPECT(rows, CONTRACT_REPLIES_OFF);
}

static void too_long_a_list_is_refused_by_its_name(void **state)
{
    static const struct row rows[] = {
        {"flood", BALANCES, 500, "REPLY-LARGE", NULL},
        {"deaf-flood", BALANCES, 500, "REPLY-LARGE", NULL},
        {"flood", ENTRIES, 500, "REPLY-LARGE", NULL},
        {"flood", "/atm", 500, "REPLY-LARGE", NULL},
    };
    (void)state;
    EXPECT(rows, CONTRACT_REPLIES_ENFORCE);
}

static void products_of_an_account_up_to_their_limit(void **state)
{
    static const struct row rows[] = {
        {"products-32", PRODUCTS "?page-size=100", 200, NULL, NULL},
        {"products-33", PRODUCTS "?page-size=100", 500, "CORE-RECORD", "more products"},
    };
    (void)state;
    EXPECT(rows, CONTRACT_REPLIES_OFF);
}

static void every_status_of_a_core_has_its_answer(void **state)
{
    static const struct row rows[] = {
        {"unknown", BALANCES, 403, "ACCOUNT-NOT-HELD", NULL},
        {"denied", BALANCES, 500, "CORE-FAILED", NULL},
        {"blocked", BALANCES, 500, "CORE-FAILED", NULL},
        {"unavailable", BALANCES, 403, "ACCOUNT-UNREACHABLE", NULL},
        {"failed", BALANCES, 500, "CORE-FAILED", NULL},
        {"stopped", BALANCES, 500, "CORE-FAILED", NULL},
        {"odd-status", BALANCES, 500, "CORE-FAILED", NULL},
        {"odder-status", BALANCES, 500, "CORE-FAILED", NULL},
        {"unknown", "/customer", 400, "PSU-UNKNOWN", NULL},
        {"unavailable", "/customer", 500, "CORE-UNAVAILABLE", NULL},
        {"unknown", "/atm", 500, "CORE-FAILED", NULL},
        {"unavailable", "/atm", 500, "CORE-UNAVAILABLE", NULL},
        {"no-user", BALANCES, 400, "PSU-UNKNOWN", NULL},
        {"no-user", ONE, 400, "PSU-UNKNOWN", NULL},
        {"no-user", LIST, 400, "PSU-UNKNOWN", NULL},
        {"odd-account-status", ONE, 500, "CORE-FAILED", NULL},
        {"in-doubt", BALANCES, 500, "CORE-FAILED", NULL},
        {"odd-account-status", BALANCES, 500, "CORE-FAILED", NULL},
    };
    (void)state;
    EXPECT(rows, CONTRACT_REPLIES_ENFORCE);
}

static void replies_about_customers_are_kept_from_caches(void **state)
{
    static const struct {
        const char *fault, *path;
        bool kept;
    } rows[] = {{"good", BALANCES, true},
                {"failed", BALANCES, true},
                {"good", "/none", true},
                {"none", "/atm", false},
                {"good", "/hello", false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(get(rows[i].fault, rows[i].path, CONTRACT_REPLIES_OFF).kept_from_caches,
                         rows[i].kept);
        explain_free(f.explain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_records_are_served),
        cmocka_unit_test(records_of_somebody_else_are_not),
        cmocka_unit_test(two_records_in_one_are_refused),
        cmocka_unit_test(what_is_not_one_object_is_refused),
        cmocka_unit_test(numbers_of_records_agree_with_what_was_asked),
        cmocka_unit_test(too_long_a_list_is_refused_by_its_name),
        cmocka_unit_test(products_of_an_account_up_to_their_limit),
        cmocka_unit_test(every_status_of_a_core_has_its_answer),
        cmocka_unit_test(replies_about_customers_are_kept_from_caches),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
