// link: lfi-psu
#include "base/array.h"
#include "psu_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect_refused(int status, const char *id)
{
    char member[64];
    snprintf(member, sizeof(member), "\"error\":\"%s\"", id);
    assert_int_equal(world.status, status);
    assert_true(world_says(member));
    assert_string_equal(world.calls, "");
    assert_int_equal(world.reads, 0);
}

static void refuses_other_origins(void **state)
{
    static const char *const origins[] = {NULL,
                                          "null",
                                          "https://evil.example",
                                          "https://auth.bank.example.evil.example",
                                          "http://auth.bank.example",
                                          WORLD_ORIGIN "/"};
    (void)state;
    world_arrive();
    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        world.origin = origins[i];
        world_post("/journey/state", "{}");
        expect_refused(403, "JOURNEY-ORIGIN");
    }
}

static void refuses_other_methods_and_types(void **state)
{
    (void)state;
    world_arrive();
    world.method = "GET";
    world_post("/journey/cancel", WORLD_STEP);
    expect_refused(405, "JOURNEY-METHOD");
    assert_non_null(strstr(world.headers, "Allow: POST\r\n"));
    world.method = "POST";
    world.content_type = "application/x-www-form-urlencoded";
    world_post("/journey/cancel", WORLD_STEP);
    expect_refused(415, "JOURNEY-TYPE");
    world.content_type = NULL;
    world_post("/journey/cancel", WORLD_STEP);
    expect_refused(415, "JOURNEY-TYPE");
    world.content_type = "application/json; charset=utf-8";
    world_post("/journey/cancel", WORLD_STEP);
    assert_int_equal(world.status, 200);
}

static void refuses_broken_bodies(void **state)
{
    static const char *const bodies[] = {
        NULL,
        "",
        "{",
        "[]",
        "{\"journey\":1}",
        "{\"journey\":\"i-1\",\"more\":1}",
        "{\"journey\":\"i-1\",\"journey\":\"i-1\"}",
        "{\"journey\":\"\"}",
        "{}",
    };
    (void)state;
    world_arrive();
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        world_post("/journey/cancel", bodies[i]);
        expect_refused(400, "JOURNEY-BODY");
    }
    char *large = malloc(20000);
    assert_non_null(large);
    memset(large, ' ', 20000);
    large[19999] = '\0';
    world_post("/journey/cancel", large);
    expect_refused(413, "JOURNEY-BODY");
    free(large);
}

static void refuses_missing_and_changed_cookies(void **state)
{
    (void)state;
    world_post("/journey/state", "{}");
    expect_refused(401, "JOURNEY-SESSION");
    world_arrive();
    char good[sizeof(world.cookie)];
    memcpy(good, world.cookie, sizeof(good));
    size_t len = strlen(good);
    for (size_t at = strcspn(good, "=") + 1; at < len; at += 7) {
        memcpy(world.cookie, good, sizeof(good));
        world.cookie[at] = world.cookie[at] == 'A' ? 'B' : 'A';
        world_post("/journey/state", "{}");
        expect_refused(401, "JOURNEY-SESSION");
    }
    memcpy(world.cookie, good, sizeof(good));
    world.cookie[len - 9] = '\0';
    world_post("/journey/state", "{}");
    expect_refused(401, "JOURNEY-SESSION");
}

static void cookie_is_out_of_reach_of_scripts_and_plain_http(void **state)
{
    (void)state;
    world_arrive();
    assert_true(strncmp(world.cookie, "__Host-journey=", 15) == 0);
    assert_non_null(strstr(world.headers, "; Path=/; HttpOnly; SameSite=Lax; Secure"));
    assert_null(strstr(world.cookie, "dhowretail")); /* long enough not to come by chance */
}

static void passes_a_redirect_on_untouched(void **state)
{
    (void)state;
    world.auth_redirects = true;
    world_arrive();
    assert_int_equal(world.status, 303);
    assert_string_equal(world.location, WORLD_BACK);
    assert_string_equal(world.cookie, "");
}

static void never_redirects_when_the_hub_refuses(void **state)
{
    static const struct {
        enum hub_outcome outcome;
        bool says_400;
        int status;
        const char *title;
    } cases[] = {
        {HUB_OK, true, 400, "This request is not valid"},
        {HUB_REFUSED, false, 503, "Temporarily unavailable"},
        {HUB_UNREACHABLE, false, 503, "Temporarily unavailable"},
        {HUB_WRONG, false, 503, "Temporarily unavailable"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_tear_down(state);
        world_set_up(state);
        world.auth = cases[i].outcome;
        world.auth_says_400 = cases[i].says_400;
        world_arrive();
        assert_int_equal(world.status, cases[i].status);
        assert_string_equal(world.location, "");
        assert_string_equal(world.cookie, "");
        assert_true(world_says(cases[i].title) && world_says("data-testid=\"error-reference\""));
    }
}

static void serves_pages_in_a_language_with_names_escaped(void **state)
{
    (void)state;
    world_get("/journey", NULL);
    assert_int_equal(world.status, 200);
    assert_true(world_says("Dhow &lt;Bank&gt;") && world_says("<html lang=\"en\" dir=\"ltr\""));
    assert_false(world_says("{{"));
    world_get("/nowhere", NULL);
    assert_int_equal(world.status, 404);
    assert_true(world_says("Page not found"));
    world_get("/journey/nowhere", NULL);
    assert_int_equal(world.status, 404);
}

static void every_answer_carries_the_policy(void **state)
{
    static const char *const paths[] = {"/journey", "/nowhere", "/assets/journey.js", "/authorize",
                                        "/journey/state"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        world_get(paths[i], NULL);
        assert_non_null(strstr(world.headers, "Content-Security-Policy: default-src 'self';"));
        assert_non_null(strstr(world.headers, "frame-ancestors 'none'"));
        assert_non_null(strstr(world.headers, "X-Content-Type-Options: nosniff"));
        assert_non_null(strstr(world.headers, "Referrer-Policy: no-referrer"));
        assert_non_null(strstr(world.headers, "Cross-Origin-Opener-Policy: same-origin"));
        assert_non_null(strstr(world.headers, "Strict-Transport-Security: max-age=31536000; "
                                              "includeSubDomains"));
        bool is_asset = strncmp(paths[i], "/assets/", 8) == 0;
        assert_non_null(strstr(world.headers,
                               is_asset ? "Cache-Control: no-cache" : "Cache-Control: no-store"));
    }
}

static void serves_assets_but_no_page_and_no_path_around_them(void **state)
{
    static const char *const missing[] = {"/assets/", "/assets/journey.html",
                                          "/assets/../journey.js", "/assets/%6aourney.js",
                                          "/assets/locales"};
    (void)state;
    world_get("/assets/style.css", NULL);
    assert_int_equal(world.status, 200);
    assert_true(world_says("--brand"));
    assert_non_null(strstr(world.headers, "ETag: \""));
    for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
        world_get(missing[i], NULL);
        assert_int_equal(world.status, 404);
    }
}

/* The device that the link of the approval view stands for. */
static void read_link(char device[2048])
{
    const char *link = strstr(world.body, "/bank-app#");
    assert_non_null(link);
    snprintf(device, 2048, "%.*s", (int)strcspn(link + 10, "\""), link + 10);
}

static void app_decides_with_its_own_link_only(void **state)
{
    (void)state;
    char device[2048];
    char body[4096];
    world_go(SESSION_APPROVAL);
    read_link(device);
    snprintf(body, sizeof(body), "{\"device\":\"%s\"}", device);
    world_post("/bank-app/approvals", body);
    assert_true(world_says("\"approvalId\":\"a-1\"") && world_says("\"asked\":\"a-1\""));
    snprintf(body, sizeof(body), "{\"device\":\"%sx\"}", device);
    world_post("/bank-app/approvals", body);
    assert_int_equal(world.status, 401);
    assert_true(world_says("\"error\":\"APP-LINK\""));
    snprintf(body, sizeof(body), "{\"device\":\"%s\"}", strchr(world.cookie, '=') + 1);
    world_post("/bank-app/approvals", body);
    assert_true(world_says("\"error\":\"APP-LINK\""));
    snprintf(body, sizeof(body), "{\"device\":\"%s\",\"approvalId\":\"a-2\",\"approve\":true}",
             device);
    world_post("/bank-app/decision", body);
    assert_true(world_says("\"error\":\"APP-UNKNOWN\""));
    snprintf(body, sizeof(body), "{\"device\":\"%s\",\"approvalId\":\"a-1\",\"approve\":true}",
             device);
    world_post("/bank-app/decision", body);
    assert_int_equal(world.status, 200);
    assert_int_equal(world.approval, LFI_APPROVAL_APPROVED);
    world_post("/bank-app/decision", body);
    assert_true(world_says("\"error\":\"APP-DECIDED\""));
    world.clock.offset_us += INT64_C(600) * 1000000;
    world_post("/bank-app/decision", body);
    assert_true(world_says("\"error\":\"APP-LINK\""));
}

static void provider_without_a_free_worker_is_refused(void **state)
{
    (void)state;
    char device[2048];
    char body[4096];
    world_go(SESSION_APPROVAL);
    read_link(device);
    snprintf(body, sizeof(body), "{\"device\":\"%s\"}", device);
    memset(world.calls, 0, sizeof(world.calls));
    world.reads = world.auths = 0;
    enum share held = share_take(world.shares, 0);
    world_post("/journey/approval", WORLD_STEP);
    expect_refused(503, "PROVIDER-BUSY");
    assert_non_null(strstr(world.headers, "Retry-After: 1\r\n"));
    world_post("/bank-app/approvals", body);
    expect_refused(503, "PROVIDER-BUSY");
    world_get("/authorize", "client_id=x&request_uri=urn%3Aother");
    assert_int_equal(world.status, 503);
    assert_true(world_says("Temporarily unavailable") && world.auths == 0);
    assert_non_null(strstr(world.headers, "Refresh: 2\r\n"));
    world_get("/journey", NULL);
    assert_int_equal(world.status, 200);
    share_give_back(world.shares, 0, held);
    world_post("/journey/approval", WORLD_STEP);
    assert_int_equal(world.status, 200);
}

static void start_fails_for_a_core_without_what_a_journey_needs(void **state)
{
    (void)state;
    struct lfi_signin poor = world_signin;
    struct provider provider = {.id = "dhowretail", .ops = &world_ops, .signin = &poor};
    struct psu_endpoint endpoint = {.path = "/authorize", .provider = &provider};
    struct psu_config config = world_config(&endpoint);
    struct lfi_error error;
    struct psu *psu = NULL;
    poor.approval_state = NULL;
    assert_int_equal(psu_new(&psu, &config, &world.clock, &world.log, &error), -1);
    assert_string_equal(
        error.message,
        "provider dhowretail: its core does not offer approval_start and approval_state");
    poor = world_signin;
    poor.size = (uint32_t)offsetof(struct lfi_signin, sign_in);
    assert_int_equal(psu_new(&psu, &config, &world.clock, &world.log, &error), -1);
    assert_string_equal(error.message, "provider dhowretail: its core does not offer sign_in");
    provider.signin = NULL;
    assert_int_equal(psu_new(&psu, &config, &world.clock, &world.log, &error), -1);
    assert_string_equal(error.message, "provider dhowretail: its core does not offer sign_in");
    provider.signin = &poor;
    poor = world_signin;
    poor.approval_decide = NULL;
    assert_int_equal(psu_new(&psu, &config, &world.clock, &world.log, &error), -1);
    config.demo_app = false;
    assert_int_equal(psu_new(&psu, &config, &world.clock, &world.log, &error), 0);
    psu_free(psu);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(refuses_other_origins),
        CASE(refuses_other_methods_and_types),
        CASE(refuses_broken_bodies),
        CASE(refuses_missing_and_changed_cookies),
        CASE(cookie_is_out_of_reach_of_scripts_and_plain_http),
        CASE(passes_a_redirect_on_untouched),
        CASE(never_redirects_when_the_hub_refuses),
        CASE(serves_pages_in_a_language_with_names_escaped),
        CASE(every_answer_carries_the_policy),
        CASE(serves_assets_but_no_page_and_no_path_around_them),
        CASE(app_decides_with_its_own_link_only),
        CASE(provider_without_a_free_worker_is_refused),
        CASE(start_fails_for_a_core_without_what_a_journey_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
