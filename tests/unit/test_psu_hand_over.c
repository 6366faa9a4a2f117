// link: lfi-psu
/* A journey that goes on in a second browser: its link, its decision, and who is sent back. */
#include "psu_world.h"

#include "psu/qr.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define REDIRECTED "\"redirect\":\"" WORLD_BACK "\""
#define PATCH_BY(channel, status, accounts)                                                        \
    "PATCH {\"status\":\"" status "\",\"psuIdentifiers\":{\"userId\":\"u-1\"}," accounts           \
    "\"authorizationChannel\":\"" channel "\"}\n"
#define AUTHORIZED PATCH_BY("App", "Authorized", "\"accountIds\":[\"acc-1\"],")
#define AUTHORIZED_HERE PATCH_BY("Web", "Authorized", "\"accountIds\":[\"acc-1\"],")
#define REJECTED PATCH_BY("App", "Rejected", "")
#define REJECTED_HERE PATCH_BY("Web", "Rejected", "")
#define MINUTE_US (INT64_C(60) * 1000000)

/* A browser that is not used at the moment. */
struct browser {
    char cookie[sizeof(world.cookie)];
};

static void swap(struct browser *other)
{
    struct browser now;
    memcpy(now.cookie, world.cookie, sizeof(now.cookie));
    memcpy(world.cookie, other->cookie, sizeof(now.cookie));
    *other = now;
}

/* Asks for a link in the first browser; the body with which a phone opens it. */
static void ask_link(char body[2048])
{
    world_post("/journey/hand-over", WORLD_STEP);
    assert_true(world_says("\"view\":\"hand-over\""));
    const char *link = strstr(world.body, WORLD_ORIGIN "/phone#");
    assert_non_null(link);
    link = strchr(link, '#') + 1;
    snprintf(body, 2048, "{\"link\":\"%.*s\"}", (int)strcspn(link, "\""), link);
}

/* The same with the customer's word that it was them. */
static void confirm(char body[2048])
{
    size_t len = strlen(body);
    snprintf(body + len - 1, 2048 - len, ",\"confirm\":true}");
}

/* The first browser waits, and the phone is in use. */
static void hand_over(struct browser *phone)
{
    char body[2048];
    world_arrive();
    ask_link(body);
    *phone = (struct browser){{0}};
    swap(phone);
    enum share held = share_take(world.shares, 0);
    world_post("/journey/take-over", body);
    assert_true(world_says("\"error\":\"PROVIDER-BUSY\""));
    share_give_back(world.shares, 0, held);
    world_post("/journey/take-over", body);
    assert_true(world_says("\"view\":\"take-over\""));
    assert_string_equal(world.cookie, "");
    confirm(body);
    world_post("/journey/take-over", body);
    assert_true(world_says("\"view\":\"sign-in\"") && world_says("\"journey\":\"i-1\""));
    assert_true(world_says("\"handOver\":false"));
}

static void go_to_review(void)
{
    world_post("/journey/sign-in", WORLD_SIGN_IN);
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/approval", WORLD_STEP);
    assert_true(world_says("\"view\":\"review\""));
}

static void phone_decides_and_the_first_browser_goes_back(void **state)
{
    (void)state;
    struct browser other;
    hand_over(&other);
    swap(&other);
    world_post("/journey/wait", WORLD_STEP);
    assert_true(world_says("\"view\":\"waiting\""));
    swap(&other);
    go_to_review();
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"handed-back\""));
    assert_false(world_says("redirect"));
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"handed-back\""));
    world_post("/journey/state", "{}");
    assert_false(world_says("redirect"));
    swap(&other);
    world_post("/journey/wait", WORLD_STEP);
    assert_true(world_says("\"view\":\"redirect\"") && world_says(REDIRECTED));
    assert_string_equal(world.calls, AUTHORIZED "doConfirm i-1\n");
    assert_int_equal(world.auths, 1);
}

/* It never signed in, and is told without the code. */
static void first_browser_decides_and_the_phone_hears_that_it_is_over(void **state)
{
    (void)state;
    struct browser other;
    hand_over(&other);
    swap(&other);
    go_to_review();
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"redirect\"") && world_says(REDIRECTED));
    swap(&other);
    world_post("/journey/cancel", WORLD_STEP);
    assert_true(world_says("\"view\":\"handed-back\""));
    assert_false(world_says("redirect"));
    assert_string_equal(world.calls, AUTHORIZED_HERE "doConfirm i-1\n");
}

static void phone_cancels(void **state)
{
    (void)state;
    struct browser other;
    hand_over(&other);
    go_to_review();
    world_post("/journey/cancel", WORLD_STEP);
    assert_true(world_says("\"view\":\"handed-back\""));
    swap(&other);
    world_post("/journey/wait", WORLD_STEP);
    assert_true(world_says(REDIRECTED));
    assert_string_equal(world.calls, REJECTED "doFail access_denied user_rejected_consent\n");
}

/* It was signed in on the phone: the Hub must be told who rejects. */
static void first_browser_ends_it_for_the_customer_on_the_phone(void **state)
{
    (void)state;
    struct browser other;
    hand_over(&other);
    go_to_review();
    swap(&other);
    world_post("/journey/cancel", WORLD_STEP);
    assert_true(world_says("\"view\":\"redirect\"") && world_says(REDIRECTED));
    assert_string_equal(world.calls, REJECTED_HERE "doFail access_denied user_rejected_consent\n");
    swap(&other);
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"handed-back\""));
    assert_string_equal(world.calls, REJECTED_HERE "doFail access_denied user_rejected_consent\n");
}

static void time_out_in_the_first_browser_is_that_of_the_phone(void **state)
{
    (void)state;
    struct browser other;
    hand_over(&other);
    go_to_review();
    swap(&other);
    world.clock.offset_us += 10 * MINUTE_US;
    world_post("/journey/wait", WORLD_STEP);
    assert_string_equal(world.calls, REJECTED_HERE "doFail access_denied session_expired\n");
}

static void expect_link_refused(const char *body, int status, const char *id)
{
    char member[64];
    snprintf(member, sizeof(member), "\"error\":\"%s\"", id);
    world_post("/journey/take-over", body);
    assert_int_equal(world.status, status);
    assert_true(world_says(member));
    assert_string_equal(world.cookie, "");
}

static void refuses_links_used_too_late_changed_or_of_another_kind(void **state)
{
    (void)state;
    struct browser other = {{0}};
    char body[2048];
    char changed[2048];
    world_arrive();
    ask_link(body);
    swap(&other);
    for (size_t at = 10; at < strlen(body) - 2; at += 9) {
        memcpy(changed, body, sizeof(changed));
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        expect_link_refused(changed, 401, "HAND-OVER-LINK");
    }
    expect_link_refused("{\"link\":\"x\"}", 401, "HAND-OVER-LINK");
    expect_link_refused("{\"link\":\"\"}", 400, "JOURNEY-BODY");
    expect_link_refused("{}", 400, "JOURNEY-BODY");
    snprintf(changed, sizeof(changed), "{\"link\":\"%s\"}", strchr(other.cookie, '=') + 1);
    expect_link_refused(changed, 401, "HAND-OVER-LINK"); /* a cookie is no link */

    confirm(body);
    world_post("/journey/take-over", body);
    assert_true(world_says("\"view\":\"sign-in\""));
    world.cookie[0] = '\0';
    expect_link_refused(body, 409, "HAND-OVER-USED");

    swap(&other);
    ask_link(body);
    swap(&other);
    world.cookie[0] = '\0';
    world.clock.offset_us += 5 * MINUTE_US;
    expect_link_refused(body, 401, "HAND-OVER-LINK");
}

static void refuses_links_of_journeys_that_have_ended(void **state)
{
    (void)state;
    struct browser other = {{0}};
    char body[2048];
    world_arrive();
    ask_link(body);
    world_post("/journey/cancel", WORLD_STEP);
    swap(&other);
    expect_link_refused(body, 401, "HAND-OVER-LINK");
}

static void refuses_links_of_a_provider_that_is_not_served(void **state)
{
    char body[2048];
    (void)state;
    world_arrive();
    ask_link(body);
    world.cookie[0] = '\0';
    psu_free(world.psu);
    world.provider.id = "dhowbusiness";
    struct psu_endpoint endpoint = {.path = "/authorize", .provider = &world.provider};
    struct psu_config config = world_config(&endpoint);
    assert_int_equal(psu_new(&world.psu, &config, &world.clock, &world.log, NULL), 0);
    expect_link_refused(body, 401, "HAND-OVER-LINK");
}

/* Signing in on the phone gives the first browser nothing but the way back. */
static void first_browser_sees_nothing_of_the_customer(void **state)
{
    (void)state;
    struct browser other;
    hand_over(&other);
    go_to_review();
    swap(&other);
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"sign-in\""));
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"error\":\"JOURNEY-ORDER\""));
    assert_string_equal(world.calls, "");
}

/* Somebody who signed in on a phone does not make others who open a link a customer. */
static void every_phone_has_to_sign_in(void **state)
{
    (void)state;
    struct browser other;
    struct browser third = {{0}};
    char body[2048];
    hand_over(&other);
    go_to_review();
    swap(&other);
    ask_link(body);
    swap(&third);
    confirm(body);
    world_post("/journey/take-over", body);
    assert_true(world_says("\"view\":\"sign-in\""));
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"error\":\"JOURNEY-ORDER\""));
}

static void number_of(char out[16])
{
    const char *at = strstr(world.body, "\"number\":");
    assert_non_null(at);
    snprintf(out, 16, "%.11s", at);
}

static void phone_says_what_was_started_and_shows_the_same_number(void **state)
{
    (void)state;
    struct browser other = {{0}};
    char body[2048];
    char first[16];
    char second[16];
    world_arrive();
    ask_link(body);
    number_of(first);
    swap(&other);
    world_post("/journey/take-over", body);
    number_of(second);
    assert_string_equal(first, second);
    assert_true(world_says("\"replaces\":false") && world_says("\"startedAt\":"));
    swap(&other);
    world_post("/journey/wait", WORLD_STEP);
    assert_true(world_says("\"taken\":false")); /* looking takes nothing over */
    swap(&other);
    confirm(body);
    world_post("/journey/take-over", body);
    swap(&other);
    world_post("/journey/wait", WORLD_STEP);
    assert_true(world_says("\"taken\":true"));
}

static void second_link_makes_the_first_void(void **state)
{
    (void)state;
    struct browser other = {{0}};
    char first[2048];
    char second[2048];
    world_arrive();
    ask_link(first);
    ask_link(second);
    swap(&other);
    expect_link_refused(first, 401, "HAND-OVER-LINK");
    confirm(first);
    expect_link_refused(first, 401, "HAND-OVER-LINK");
    confirm(second);
    world_post("/journey/take-over", second);
    assert_true(world_says("\"view\":\"sign-in\""));
}

static void link_in_the_browser_that_shows_it_just_goes_on(void **state)
{
    (void)state;
    char body[2048];
    world_arrive();
    ask_link(body);
    world_post("/journey/take-over", body);
    assert_true(world_says("\"view\":\"sign-in\"") && world_says("\"handOver\":true"));
    go_to_review();
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says(REDIRECTED));
}

static void qr_code_has_its_three_corners_and_a_limit(void **state)
{
    (void)state;
    struct buf path;
    int size = 0;
    char *large = malloc(4000);
    assert_non_null(large);
    memset(large, 'x', 3999);
    large[3999] = '\0';
    buf_init(&path, 65536);
    assert_true(qr_append_path(&path, SLICE("https://auth.bank.example/phone"), &size));
    assert_int_equal((size - 17) % 4, 0);
    char expected[64];
    snprintf(expected, sizeof(expected), "M0 0h7v1h-7z");
    assert_memory_equal(path.ptr, expected, strlen(expected));
    buf_append(&path, "", 1);
    snprintf(expected, sizeof(expected), "M%d 0h7v1h-7z", size - 7);
    assert_non_null(strstr(path.ptr, expected));
    snprintf(expected, sizeof(expected), "M0 %dh7v1h-7z", size - 1);
    assert_non_null(strstr(path.ptr, expected));
    assert_false(qr_append_path(&path, slice_of(large), &size));
    buf_free(&path);
    free(large);
}

/* The customer asks for more time on the phone; the first browser waits as long. */
static void more_time_on_one_screen_is_more_on_the_other(void **state)
{
    (void)state;
    struct browser phone;
    hand_over(&phone);
    go_to_review();
    world.clock.offset_us += 9 * MINUTE_US;
    world_post("/journey/extend", WORLD_STEP);
    assert_true(world_says("\"view\":\"extended\""));
    world.clock.offset_us += 2 * MINUTE_US;
    swap(&phone);
    world_post("/journey/wait", WORLD_STEP);
    assert_true(world_says("\"view\":\"waiting\""));
    assert_string_equal(world.calls, "");
    world.clock.offset_us += 9 * MINUTE_US;
    world_post("/journey/wait", WORLD_STEP);
    assert_true(world_says("\"reason\":\"expired\""));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(phone_decides_and_the_first_browser_goes_back),
        CASE(first_browser_decides_and_the_phone_hears_that_it_is_over),
        CASE(phone_cancels),
        CASE(first_browser_ends_it_for_the_customer_on_the_phone),
        CASE(time_out_in_the_first_browser_is_that_of_the_phone),
        CASE(more_time_on_one_screen_is_more_on_the_other),
        CASE(refuses_links_used_too_late_changed_or_of_another_kind),
        CASE(refuses_links_of_journeys_that_have_ended),
        CASE(refuses_links_of_a_provider_that_is_not_served),
        CASE(first_browser_sees_nothing_of_the_customer),
        CASE(every_phone_has_to_sign_in),
        CASE(phone_says_what_was_started_and_shows_the_same_number),
        CASE(second_link_makes_the_first_void),
        CASE(link_in_the_browser_that_shows_it_just_goes_on),
        CASE(qr_code_has_its_three_corners_and_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
