// link: lfi-psu
/* How often a password may be tried, and a customer's app be asked. */
#include "psu_world.h"

#include "base/limits.h"
#include "psu/slots.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* --- a state that counts ---------------------------------------------------------------------- */

#define KEYS 512

static struct {
    char key[128];
    unsigned uses;
} meters[KEYS];

static unsigned *uses_of(struct lfi_slice key)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (meters[i].key[0] == '\0') {
            snprintf(meters[i].key, sizeof(meters[i].key), "%.*s", SLICE_ARG(key));
        }
        if (slice_equal_text(key, meters[i].key)) {
            return &meters[i].uses;
        }
    }
    abort();
}

/* As long as the clock stands: what is free, and no more. */
static int count_take(void *store, const struct state_call *call,
                      const struct state_allowance *allowance, uint32_t *wait_s)
{
    unsigned most = allowance->free > 0 ? allowance->free : allowance->times;
    unsigned *uses = uses_of(call->key);
    (void)store;
    *wait_s = *uses < most ? 0 : allowance->growing_gap_s + allowance->window_s;
    *uses += *uses < most;
    return LFI_OK;
}

static int count_give_back(void *store, const struct state_call *call)
{
    (void)store;
    assert_true(*uses_of(call->key) > 0);
    --*uses_of(call->key);
    return LFI_OK;
}

static struct lfi_signin signin;
static struct metrics *metrics;

static int set_up(void **state)
{
    static const struct metrics_labels none = {0};
    int result = world_set_up(state);
    memset(meters, 0, sizeof(meters));
    signin = world_signin;
    world_driver.limit_take = count_take;
    world_driver.limit_give_back = count_give_back;
    world.provider.signin = &signin;
    metrics = metrics_new(&none);
    world.psu->metrics = metrics;
    world.psu->max_attempts = 50; /* of one journey: not what is looked at here */
    return result;
}

static int tear_down(void **state)
{
    metrics_free(metrics);
    return world_tear_down(state);
}

static bool metric_is(const char *line)
{
    struct buf text;
    buf_init(&text, 65536);
    metrics_render(metrics, &text);
    buf_append_text(&text, "");
    char copy[65536];
    snprintf(copy, sizeof(copy), "%.*s", SLICE_ARG(buf_slice(&text)));
    buf_free(&text);
    return strstr(copy, line);
}

/* --- sign-in ---------------------------------------------------------------------------------- */

static void try_from(const char *remote, const char *login, const char *password)
{
    char body[256];
    world.remote = remote;
    world.cookie[0] = '\0'; /* a journey of its own */
    snprintf(body, sizeof(body), "{\"journey\":\"i-1\",\"login\":\"%s\",\"password\":\"%s\"}",
             login, password);
    world_arrive();
    world_post("/journey/sign-in", body);
}

static void assert_paused(void)
{
    assert_int_equal(world.status, 429);
    assert_true(world_says("\"error\":\"SIGN-IN-LIMIT\""));
    assert_true(world_says("\"waitSeconds\":"));
    assert_non_null(strstr(world.headers, "Retry-After: "));
}

static void assert_wrong(void)
{
    assert_int_equal(world.status, 200);
    assert_true(world_says("\"problem\":\"wrong-credentials\""));
}

static void assert_signed_in(void)
{
    assert_true(world_says("\"view\":\"approval\""));
}

/* An old request in the app is out of the way, as if the customer had refused it. */
static void answer(enum lfi_approval_state state)
{
    world.approval = state;
    world_post("/journey/approval", WORLD_STEP);
    world.approval = LFI_APPROVAL_WAITING;
    memset(world.claims, 0, sizeof(world.claims));
}

/* One address that tries one login gets a pause for itself alone. */
static void locks_out_nobody_elsewhere(void **state)
{
    (void)state;
    for (int i = 0; i < LIMIT_SIGN_IN_TRIES; i++) {
        try_from("203.0.113.66", "layla", "wrong");
        assert_wrong();
    }
    for (int i = 0; i < 100; i++) {
        try_from("203.0.113.66", i % 2 ? "layla" : "LAYLA", "right");
        assert_paused();
    }
    try_from("198.51.100.7", "layla", "right");
    assert_signed_in();
    assert_true(metric_is("lfi_sign_in_wrong_total 5\n"));
    assert_true(metric_is("lfi_sign_in_limit_total 100\n"));
}

/* Behind the bank's proxy they are told apart by what it saw, not by what they wrote themselves. */
static void tells_customers_behind_a_proxy_apart(void **state)
{
    (void)state;
    world.psu->proxies.count = 1;
    assert_true(forwarded_network_read(&world.psu->proxies.networks[0], "192.0.2.7"));
    for (int i = 0; i <= LIMIT_SIGN_IN_TRIES; i++) {
        char forwarded[64];
        snprintf(forwarded, sizeof(forwarded), "198.51.100.%d, 203.0.113.66", i);
        world.forwarded_for = forwarded;
        try_from("192.0.2.7", "layla", "wrong");
    }
    assert_paused();
    world.forwarded_for = "198.51.100.7";
    try_from("192.0.2.7", "layla", "right");
    assert_signed_in();
    world.forwarded_for = "203.0.113.66"; /* written by a customer who calls past the proxy */
    try_from("198.51.100.8", "omar", "wrong");
    assert_wrong();
}

/* Many addresses that try one login pause it for strangers, not where it was used before. */
static void locks_out_no_known_browser(void **state)
{
    char remote[32];
    (void)state;
    try_from("198.51.100.7", "layla", "right");
    assert_signed_in();
    assert_string_not_equal(world.known, "");
    answer(LFI_APPROVAL_APPROVED);
    char known[sizeof(world.known)];
    memcpy(known, world.known, sizeof(known));
    world.known[0] = '\0';
    for (int i = 0; i < LIMIT_SIGN_IN_LOGIN_TRIES; i++) {
        snprintf(remote, sizeof(remote), "203.0.113.%d", i);
        try_from(remote, "layla", "wrong");
        assert_wrong();
    }
    try_from("198.51.100.7", "layla", "right");
    assert_paused();
    memcpy(world.known, known, sizeof(known));
    for (int i = 0; i < LIMIT_SIGN_IN_TRIES; i++) {
        try_from("198.51.100.7", "layla", "wrong");
        assert_wrong();
    }
    try_from("198.51.100.7", "layla", "wrong"); /* but that browser has a limit too */
    assert_paused();
    try_from("198.51.100.7", "omar", "right"); /* and for another login it is a stranger */
    assert_signed_in();
}

static void a_browser_is_known_by_its_own_cookie_alone(void **state)
{
    char remote[32];
    (void)state;
    try_from("198.51.100.7", "layla", "right");
    answer(LFI_APPROVAL_APPROVED);
    for (int i = 0; i < LIMIT_SIGN_IN_LOGIN_TRIES; i++) {
        char known[sizeof(world.known)];
        memcpy(known, world.known, sizeof(known));
        world.known[0] = '\0';
        snprintf(remote, sizeof(remote), "203.0.113.%d", i);
        try_from(remote, "layla", "wrong");
        memcpy(world.known, known, sizeof(known));
    }
    char *sealed = strchr(world.known, '=') + 1;
    sealed[20] = sealed[20] == 'A' ? 'B' : 'A';
    try_from("198.51.100.7", "layla", "right");
    assert_paused();
    sealed[20] = sealed[20] == 'A' ? 'B' : 'A';
}

/* One password on many logins. */
static void spraying_from_one_address_is_paused(void **state)
{
    char login[32];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(login, sizeof(login), "login-%d", i);
        try_from("203.0.113.66", login, "wrong");
        if (i < LIMIT_SIGN_IN_SOURCE_TRIES) {
            assert_wrong();
        } else {
            assert_paused();
            memset(meters + 100, 0, sizeof(meters) - 100 * sizeof(meters[0]));
        }
    }
    assert_true(metric_is("lfi_sign_in_wrong_total 20\n"));
    assert_true(metric_is("lfi_sign_in_limit_total 980\n"));
}

static void a_household_of_ipv6_is_one_address(void **state)
{
    char remote[64];
    char login[32];
    (void)state;
    for (int i = 0; i <= LIMIT_SIGN_IN_SOURCE_TRIES; i++) {
        snprintf(remote, sizeof(remote), "2001:db8:1:2::%x", i);
        snprintf(login, sizeof(login), "login-%d", i);
        try_from(remote, login, "wrong");
    }
    assert_paused();
    try_from("2001:db8:1:3::1", "layla", "right");
    assert_signed_in();
}

static void spraying_from_everywhere_is_paused(void **state)
{
    char login[32];
    char remote[32];
    (void)state;
    for (int i = 0; i <= LIMIT_SIGN_IN_TOTAL_TRIES; i++) {
        snprintf(login, sizeof(login), "login-%d", i);
        snprintf(remote, sizeof(remote), "203.0.113.%d", i);
        memset(world.claims, 0, sizeof(world.claims));
        try_from(remote, login, "wrong");
        if (i < LIMIT_SIGN_IN_TOTAL_TRIES) {
            assert_wrong();
        }
    }
    assert_paused();
}

static void right_passwords_do_not_count(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        world.known[0] = '\0';
        try_from("198.51.100.7", "layla", "right");
        assert_signed_in();
        answer(LFI_APPROVAL_APPROVED);
    }
}

static int cannot_say(void *store, const struct state_call *call,
                      const struct state_allowance *allowance, uint32_t *wait_s)
{
    (void)store;
    (void)call;
    (void)allowance;
    (void)wait_s;
    return LFI_UNAVAILABLE;
}

static void nothing_is_judged_when_uses_cannot_be_counted(void **state)
{
    (void)state;
    world_driver.limit_take = cannot_say;
    try_from("198.51.100.7", "layla", "right");
    assert_int_equal(world.status, 503);
    assert_true(world_says("\"error\":\"STATE-UNAVAILABLE\""));
    world_driver.limit_take = count_take;
    try_from("198.51.100.7", "layla", "right");
    assert_signed_in();
}

/* All turns are taken: the try is not judged and does not count. */
static void says_busy_when_no_turn_comes(void **state)
{
    (void)state;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    long most = processors > 3 ? processors / 2 : 1;
    for (long i = 0; i < most; i++) {
        assert_true(slots_take(world.psu->sign_ins));
    }
    try_from("198.51.100.7", "layla", "wrong");
    assert_int_equal(world.status, 503);
    assert_true(world_says("\"error\":\"SIGN-IN-BUSY\""));
    assert_true(metric_is("lfi_sign_in_busy_total 1\n"));
    assert_true(metric_is("lfi_sign_in_wrong_total 0\n"));
    for (long i = 0; i < most; i++) {
        slots_release(world.psu->sign_ins);
    }
    try_from("198.51.100.7", "layla", "right");
    assert_signed_in();
}

/* --- the app ---------------------------------------------------------------------------------- */

static void requests_that_are_not_approved_are_limited(void **state)
{
    (void)state;
    for (int i = 0; i < LIMIT_APPROVALS_FREE; i++) {
        try_from("198.51.100.7", "layla", "right");
        assert_signed_in();
        answer(LFI_APPROVAL_DENIED);
    }
    world.purpose[0] = '\0';
    try_from("203.0.113.66", "layla", "right");
    assert_int_equal(world.status, 429);
    assert_true(world_says("\"error\":\"APPROVAL-LIMIT\""));
    assert_true(world_says("\"waitSeconds\":"));
    assert_string_equal(world.purpose, ""); /* nobody was asked */
    assert_string_equal(strstr(world.calls, "doFail") ? "told" : "", "told");
    assert_true(metric_is("lfi_approval_refused_total 1\n"));
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"sign-in\"")); /* and the journey goes on */
}

static void approved_requests_do_not_count(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        try_from("198.51.100.7", "layla", "right");
        assert_signed_in();
        answer(LFI_APPROVAL_APPROVED);
    }
}

static int one_waits(void *core, const struct lfi_call *call, const struct lfi_query *query,
                     struct lfi_answer *answer, struct lfi_error *error)
{
    char json[256];
    (void)core;
    (void)call;
    (void)query;
    (void)error;
    snprintf(json, sizeof(json),
             "{\"approvalId\":\"a\",\"expiresAt\":%lld,\"purpose\":{\"kind\":\"consent\"}}",
             (long long)clock_now_s(&world.clock) + 99);
    return lfi_give(answer, slice_of(json));
}

static void says_when_the_waiting_request_expires(void **state)
{
    (void)state;
    world.approval_start = LFI_DENIED;
    signin.approvals_waiting = one_waits;
    for (int i = 0; i < 20; i++) { /* what was not asked does not count */
        try_from("198.51.100.7", "layla", "right");
        assert_int_equal(world.status, 429);
        assert_true(world_says("\"error\":\"APPROVAL-WAITING\""));
        assert_true(world_says("\"waitSeconds\":100") || world_says("\"waitSeconds\":99"));
    }
    signin.approvals_waiting = NULL; /* a real app: nobody can say when */
    try_from("198.51.100.7", "layla", "right");
    assert_true(world_says("\"error\":\"APPROVAL-WAITING\""));
    assert_false(world_says("waitSeconds"));
    world.approval_start = LFI_OK;
    try_from("198.51.100.7", "layla", "right");
    assert_signed_in();
}

static void a_step_up_that_cannot_be_asked_leaves_the_review(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.psu->step_up_data_sharing = true;
    world.approval_start = LFI_DENIED;
    world_post("/journey/approve", WORLD_APPROVE);
    assert_int_equal(world.status, 429);
    assert_true(world_says("\"error\":\"APPROVAL-WAITING\""));
    assert_string_equal(world.calls, "");
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"review\""));
}

static void a_request_is_withdrawn_with_its_journey(void **state)
{
    (void)state;
    try_from("198.51.100.7", "layla", "right");
    world_post("/journey/cancel", WORLD_STEP);
    assert_int_equal(world.withdrawn, 1);
    memset(world.claims, 0, sizeof(world.claims));
    world.approval = LFI_APPROVAL_WAITING;
    try_from("198.51.100.7", "layla", "right");
    world_get("/authorize", "client_id=x&request_uri=urn%3Aother"); /* begins anew */
    assert_int_equal(world.withdrawn, 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(locks_out_nobody_elsewhere),
        CASE(tells_customers_behind_a_proxy_apart),
        CASE(locks_out_no_known_browser),
        CASE(a_browser_is_known_by_its_own_cookie_alone),
        CASE(spraying_from_one_address_is_paused),
        CASE(a_household_of_ipv6_is_one_address),
        CASE(spraying_from_everywhere_is_paused),
        CASE(right_passwords_do_not_count),
        CASE(nothing_is_judged_when_uses_cannot_be_counted),
        CASE(says_busy_when_no_turn_comes),
        CASE(requests_that_are_not_approved_are_limited),
        CASE(approved_requests_do_not_count),
        CASE(says_when_the_waiting_request_expires),
        CASE(a_step_up_that_cannot_be_asked_leaves_the_review),
        CASE(a_request_is_withdrawn_with_its_journey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
