// link: lfi-psu
/* Passkeys over the pages' APIs: made by a customer, used to sign in, and every way to cheat. */
#include "base/array.h"
#include "psu_world.h"

#include "authenticator.h"
#include "base/base64.h"
#include "psu/passkeys.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* --- a state that keeps passkeys, and a core that says who may sign in ------------------------ */

static struct shelf {
    struct lfi_signin signin;
    char id[2][65], record[2][2048], owner[2][65];
    uint32_t counter[2];
    int add_status, use_status, list_status, may_status;
} shelf;

static int shelf_may_sign_in(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                             struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    assert_true(user_id.len > 0);
    return shelf.may_status;
}

static int slot_of(struct lfi_slice id)
{
    return slice_equal_text(id, shelf.id[0]) ? 0 : slice_equal_text(id, shelf.id[1]) ? 1 : -1;
}

static int shelf_add(void *store, const struct state_call *call,
                     const struct state_passkey *passkey)
{
    (void)store;
    int slot = shelf.id[0][0] == '\0' ? 0 : 1;
    snprintf(shelf.id[slot], sizeof(shelf.id[slot]), "%.*s", SLICE_ARG(call->key));
    snprintf(shelf.record[slot], sizeof(shelf.record[slot]), "%.*s", SLICE_ARG(passkey->record));
    snprintf(shelf.owner[slot], sizeof(shelf.owner[slot]), "%.*s", SLICE_ARG(passkey->user_id));
    shelf.counter[slot] = passkey->counter;
    return shelf.add_status;
}

static struct state_passkey passkey_in(int slot)
{
    return (struct state_passkey){.passkey_id = slice_of(shelf.id[slot]),
                                  .user_id = slice_of(shelf.owner[slot]),
                                  .record = slice_of(shelf.record[slot]),
                                  .counter = shelf.counter[slot]};
}

static int shelf_find(void *store, const struct state_call *call,
                      const struct state_passkey_sink *sink)
{
    (void)store;
    int slot = slot_of(call->key);
    if (slot < 0) {
        return LFI_UNKNOWN;
    }
    const struct state_passkey passkey = passkey_in(slot);
    (void)sink->take(sink->ctx, &passkey);
    return LFI_OK;
}

static int shelf_use(void *store, const struct state_call *call, struct lfi_slice user_id,
                     uint32_t counter)
{
    (void)store;
    int slot = slot_of(call->key);
    assert_int_equal(shelf.may_status, LFI_OK); /* asked before */
    if (slot < 0 || !slice_equal_text(user_id, shelf.owner[slot])) {
        return LFI_UNKNOWN;
    }
    if (counter <= shelf.counter[slot]) {
        return LFI_DENIED;
    }
    shelf.counter[slot] = counter;
    return shelf.use_status;
}

static int shelf_list(void *store, const struct state_call *call, struct lfi_slice user_id,
                      const struct state_passkey_sink *sink)
{
    (void)store;
    (void)call;
    for (int i = 0; i < 2; i++) {
        const struct state_passkey passkey = passkey_in(i);
        if (slice_equal(user_id, passkey.user_id)) {
            (void)sink->take(sink->ctx, &passkey);
        }
    }
    return shelf.list_status;
}

static int shelf_remove(void *store, const struct state_call *call, struct lfi_slice user_id)
{
    (void)store;
    int slot = slot_of(call->key);
    if (slot < 0 || !slice_equal_text(user_id, shelf.owner[slot])) {
        return LFI_UNKNOWN;
    }
    memset(shelf.id[slot], 0, sizeof(shelf.id[slot]));
    memset(shelf.owner[slot], 0, sizeof(shelf.owner[slot]));
    return LFI_OK;
}

/* --- a customer with an authenticator --------------------------------------------------------- */

static struct hand {
    struct authenticator device;
    char customer_cookie[4096];
    char challenge[1024]; /* as the page got it */
    char session[64];     /* the id of the customer's own session */
    /* what is told, each open to a lie */
    const char *type, *origin;
    const char *step; /* that takes the assertion */
    char body[8192];
} hand;

static void append_octets(char *out, size_t room, const char *name, struct lfi_slice bytes)
{
    struct buf text;
    buf_init(&text, 4096);
    base64_append_url(&text, bytes.ptr, bytes.len);
    size_t used = strlen(out);
    snprintf(out + used, room - used, "%s\"%s\":\"%.*s\"", out[used - 1] == '{' ? "" : ",", name,
             SLICE_ARG(buf_slice(&text)));
    buf_free(&text);
}

static void copy_member(char *out, size_t room, const char *name)
{
    cJSON *tree = json_parse(slice_of(world.body));
    snprintf(out, room, "%.*s", SLICE_ARG(json_get_string(tree, name)));
    cJSON_Delete(tree);
}

/* The customer's own session, signed in with password and app. */
static void sign_in_as_customer(void)
{
    world.cookie[0] = '\0';
    world_post("/consents/api/start", "{}");
    copy_member(hand.session, sizeof(hand.session), "journey");
    char body[256];
    snprintf(body, sizeof(body), "{\"journey\":\"%s\",\"login\":\"layla\",\"password\":\"right\"}",
             hand.session);
    world_post("/consents/api/sign-in", body);
    world.approval = LFI_APPROVAL_APPROVED;
    snprintf(body, sizeof(body), "{\"journey\":\"%s\"}", hand.session);
    world_post("/consents/api/approval", body);
    memcpy(hand.customer_cookie, world.cookie, sizeof(world.cookie));
}

static void ask(const char *path, const char *journey)
{
    char body[256];
    snprintf(body, sizeof(body), "{\"journey\":\"%s\"}", journey);
    world_post(path, body);
    assert_true(world_says("\"view\":\"passkey-options\""));
    assert_true(world_says("\"party\":\"auth.bank.example\""));
    copy_member(hand.challenge, sizeof(hand.challenge), "challenge");
}

static void add_passkey(void)
{
    struct bytes data;
    char client[2048];
    struct lfi_slice said =
        client_data_of(client, hand.type, slice_of(hand.challenge), hand.origin);
    authenticator_create(&hand.device, &data);
    snprintf(hand.body, sizeof(hand.body), "{\"journey\":\"%s\",\"name\":\"Phone\",\"creation\":{",
             hand.session);
    append_octets(hand.body, sizeof(hand.body), "clientDataJSON", said);
    append_octets(hand.body, sizeof(hand.body), "authenticatorData", bytes_slice(&data));
    snprintf(hand.body + strlen(hand.body), 3, "}}");
    world_post("/passkeys/api/add", hand.body);
}

static void enrol(void)
{
    sign_in_as_customer();
    hand.type = "webauthn.create";
    ask("/passkeys/api/options", hand.session);
    add_passkey();
    hand.type = "webauthn.get";
    hand.device.counter++;
}

/* Signs the challenge; what is sent stays in hand.body. */
static void assert_with_passkey(const char *handle)
{
    struct bytes data;
    struct bytes signature;
    char client[2048];
    struct lfi_slice said =
        client_data_of(client, hand.type, slice_of(hand.challenge), hand.origin);
    authenticator_data(&hand.device, 0, &data);
    authenticator_sign(&hand.device, &data, said, &signature);
    snprintf(hand.body, sizeof(hand.body), "{\"journey\":\"i-1\",\"assertion\":{");
    append_octets(hand.body, sizeof(hand.body), "credential", hand.device.credential_id);
    append_octets(hand.body, sizeof(hand.body), "clientDataJSON", said);
    append_octets(hand.body, sizeof(hand.body), "authenticatorData", bytes_slice(&data));
    append_octets(hand.body, sizeof(hand.body), "signature", bytes_slice(&signature));
    append_octets(hand.body, sizeof(hand.body), "userHandle", slice_of(handle));
    snprintf(hand.body + strlen(hand.body), 3, "}}");
    world_post(hand.step, hand.body);
}

static void arrive_and_ask(void)
{
    world.cookie[0] = '\0';
    world_arrive();
    ask("/journey/passkey-options", "i-1");
}

static void expect_wrong(int tries_left)
{
    char left[32];
    snprintf(left, sizeof(left), "\"triesLeft\":%d", tries_left);
    assert_int_equal(world.status, 200);
    assert_true(world_says("\"problem\":\"wrong-passkey\"") && world_says(left));
    assert_string_equal(world.calls, "");
}

static int set_up(void **state)
{
    memset(&shelf, 0, sizeof(shelf));
    memset(&hand, 0, sizeof(hand));
    shelf.signin = world_signin;
    shelf.signin.may_sign_in = shelf_may_sign_in;
    int result = world_set_up(state);
    world_driver.passkey_add = shelf_add;
    world_driver.passkey_find = shelf_find;
    world_driver.passkey_use = shelf_use;
    world_driver.passkeys = shelf_list;
    world_driver.passkey_remove = shelf_remove;
    world.provider.signin = &shelf.signin;
    hand.device = authenticator_new(ES256);
    hand.type = "webauthn.get";
    hand.origin = WORLD_ORIGIN;
    hand.step = "/journey/passkey";
    return result;
}

static int tear_down(void **state)
{
    EVP_PKEY_free(hand.device.key);
    return world_tear_down(state);
}

/* --- signing in ------------------------------------------------------------------------------- */

static void signs_in_with_a_passkey(void **state)
{
    (void)state;
    enrol();
    assert_true(world_says("\"view\":\"passkeys\"") && world_says("\"name\":\"Phone\""));
    assert_false(world_says("publicKey"));
    arrive_and_ask();
    assert_with_passkey("u-1");
    assert_true(world_says("\"view\":\"review\""));
    world_post("/journey/approve", WORLD_APPROVE);
    assert_non_null(strstr(world.calls, "\"userId\":\"u-1\""));
    assert_non_null(strstr(world.calls, "doConfirm i-1"));
}

/* Wrong passwords pause passwords, nothing else. */
static void signs_in_with_a_passkey_while_passwords_are_paused(void **state)
{
    (void)state;
    enrol();
    arrive_and_ask();
    world.allow_most = 1;
    world.allowed = 1;
    world_post("/journey/sign-in", WORLD_SIGN_IN);
    assert_int_equal(world.status, 429);
    assert_true(world_says("\"error\":\"SIGN-IN-LIMIT\""));
    assert_with_passkey("u-1");
    assert_true(world_says("\"view\":\"review\""));
}

static void says_when_passkeys_are_not_offered(void **state)
{
    (void)state;
    world.provider.signin = &world_signin;
    world_arrive();
    world_post("/journey/state", "{}");
    assert_true(world_says("\"passkeys\":false"));
    world_post("/journey/passkey-options", WORLD_STEP);
    assert_int_equal(world.status, 404);
    assert_true(world_says("\"error\":\"PASSKEY-NONE\""));
}

static void ends_for_a_blocked_customer(void **state)
{
    (void)state;
    enrol();
    shelf.may_status = LFI_BLOCKED;
    arrive_and_ask();
    assert_with_passkey("u-1");
    assert_string_equal(world.calls, "doFail access_denied user_account_blocked\n");
}

static void ends_after_three_wrong_tries_of_either_kind(void **state)
{
    (void)state;
    enrol();
    arrive_and_ask();
    world_post("/journey/sign-in", WORLD_SIGN_IN_WRONG);
    hand.origin = "https://bank.example";
    assert_with_passkey("u-1");
    expect_wrong(1);
    world_post("/journey/sign-in", WORLD_SIGN_IN_WRONG);
    assert_string_equal(world.calls, "doFail access_denied user_failed_to_authenticate\n");
}

/* --- cheating --------------------------------------------------------------------------------- */

static void refuses_a_customer_who_was_not_verified(void **state)
{
    (void)state;
    enrol();
    arrive_and_ask();
    hand.device.flags = PRESENT;
    assert_with_passkey("u-1");
    expect_wrong(2);
}

static void refuses_challenges_that_are_not_ours(void **state)
{
    (void)state;
    enrol();
    arrive_and_ask();
    char ours[sizeof(hand.challenge)];
    memcpy(ours, hand.challenge, sizeof(ours));
    snprintf(hand.challenge, sizeof(hand.challenge), "AAECAwQFBgcICQoLDA0ODw");
    assert_with_passkey("u-1");
    expect_wrong(2);
    memcpy(hand.challenge, ours, sizeof(ours));
    hand.challenge[10] = hand.challenge[10] == 'A' ? 'B' : 'A';
    assert_with_passkey("u-1");
    expect_wrong(1);
}

/* One made for adding a passkey, and one of another session. */
static void refuses_challenges_made_for_something_else(void **state)
{
    (void)state;
    enrol();
    ask("/passkeys/api/options", hand.session);
    world.cookie[0] = '\0';
    world_arrive();
    assert_with_passkey("u-1");
    expect_wrong(2);
    world_post("/consents/api/start", "{}");
    char other[64];
    copy_member(other, sizeof(other), "journey");
    ask("/consents/api/passkey-options", other);
    world.cookie[0] = '\0';
    world_arrive();
    assert_with_passkey("u-1");
    expect_wrong(1);
}

static void refuses_a_challenge_that_is_too_old(void **state)
{
    (void)state;
    enrol();
    arrive_and_ask();
    world.clock.offset_us += INT64_C(300) * 1000000;
    assert_with_passkey("u-1");
    expect_wrong(2);
}

static void refuses_the_same_answer_twice(void **state)
{
    (void)state;
    char before[sizeof(world.cookie)];
    enrol();
    arrive_and_ask();
    memcpy(before, world.cookie, sizeof(before));
    assert_with_passkey("u-1");
    assert_true(world_says("\"view\":\"review\""));
    memcpy(world.cookie, before, sizeof(before)); /* somebody has both cookie and answer */
    shelf.counter[0] = 0;
    world_post("/journey/passkey", hand.body);
    assert_true(world_says("\"problem\":\"wrong-passkey\""));
}

static void refuses_other_origins_and_parties(void **state)
{
    (void)state;
    enrol();
    arrive_and_ask();
    hand.origin = "https://auth.bank.example.test";
    assert_with_passkey("u-1");
    expect_wrong(2);
    hand.origin = WORLD_ORIGIN;
    hand.device.party = "bank.example";
    ask("/journey/passkey-options", "i-1");
    assert_with_passkey("u-1");
    expect_wrong(1);
}

static void refuses_unknown_and_removed_passkeys(void **state)
{
    (void)state;
    char body[256];
    enrol();
    arrive_and_ask();
    hand.device.credential_id = SLICE("some-other-credential-of-32-byte");
    assert_with_passkey("u-1");
    expect_wrong(2);
    memcpy(world.cookie, hand.customer_cookie, sizeof(world.cookie));
    snprintf(body, sizeof(body), "{\"journey\":\"%s\",\"passkeyId\":\"%s\"}", hand.session,
             shelf.id[0]);
    world_post("/passkeys/api/remove", body);
    assert_true(world_says("\"passkeys\":[]"));
    world_post("/passkeys/api/remove", body);
    assert_int_equal(world.status, 404);
    arrive_and_ask();
    hand.device.credential_id = SLICE("credential-of-32-bytes-or-there-");
    assert_with_passkey("u-1");
    expect_wrong(1);
}

static void refuses_another_key_and_a_counter_that_falls(void **state)
{
    (void)state;
    enrol();
    arrive_and_ask();
    hand.device.counter = 1; /* as it was when the passkey was made: a copy */
    assert_with_passkey("u-1");
    expect_wrong(2);
    hand.device.counter = 9;
    EVP_PKEY_free(hand.device.key);
    hand.device.key = EVP_EC_gen("P-256");
    ask("/journey/passkey-options", "i-1");
    assert_with_passkey("u-1");
    expect_wrong(1);
}

/* The credential says one customer, its handle another. */
static void refuses_a_passkey_for_somebody_else(void **state)
{
    (void)state;
    enrol();
    arrive_and_ask();
    assert_with_passkey("u-2");
    expect_wrong(2);
}

/* --- confirming a decision -------------------------------------------------------------------- */

#define STEP_UP_FAILED "doFail access_denied user_failed_step_up_authentication\n"

/* Signed in by passkey, these accounts chosen, and asked to confirm. */
static void decide(const char *choice)
{
    world.psu->step_up_data_sharing = true;
    arrive_and_ask();
    hand.step = "/journey/passkey";
    assert_with_passkey("u-1");
    hand.device.counter++;
    hand.step = "/journey/step-up-passkey";
    world.approval = LFI_APPROVAL_WAITING;
    world_post("/journey/approve", choice);
    assert_true(world_says("\"view\":\"step-up\"") && world_says("\"passkeys\":true"));
}

static void confirms_a_decision_with_a_passkey(void **state)
{
    (void)state;
    enrol();
    decide(WORLD_APPROVE);
    ask("/journey/step-up-options", "i-1");
    assert_true(world_says("\"known\":[\"Y3Jl"));
    assert_string_equal(world.calls, "");
    assert_with_passkey("u-1");
    assert_non_null(strstr(world.calls, "\"accountIds\":[\"acc-1\"]"));
    assert_non_null(strstr(world.calls, "doConfirm i-1"));
}

/* Signed for one choice, it does not confirm another. */
static void confirms_no_other_decision(void **state)
{
    (void)state;
    enrol();
    decide(WORLD_APPROVE);
    ask("/journey/step-up-options", "i-1");
    char first[sizeof(hand.challenge)];
    memcpy(first, hand.challenge, sizeof(first));
    decide("{\"journey\":\"i-1\",\"accountIds\":[\"acc-2\"]}");
    memcpy(hand.challenge, first, sizeof(first));
    assert_with_passkey("u-1");
    assert_non_null(strstr(world.calls, STEP_UP_FAILED));
    assert_null(strstr(world.calls, "Authorized"));
}

static void confirms_with_the_customers_own_passkey_only(void **state)
{
    (void)state;
    enrol();
    decide(WORLD_APPROVE);
    ask("/journey/step-up-options", "i-1");
    snprintf(shelf.owner[0], sizeof(shelf.owner[0]), "u-2");
    assert_with_passkey("u-2");
    assert_non_null(strstr(world.calls, STEP_UP_FAILED));
    assert_null(strstr(world.calls, "Authorized"));
}

static void offers_no_passkey_to_a_customer_without_one(void **state)
{
    (void)state;
    enrol();
    decide(WORLD_APPROVE);
    memset(shelf.id, 0, sizeof(shelf.id));
    memset(shelf.owner, 0, sizeof(shelf.owner));
    world_post("/journey/step-up", WORLD_STEP);
    assert_true(world_says("\"view\":\"step-up\"") && world_says("\"passkeys\":false"));
}

/* No core gives such an id: no passkey is looked for. */
static void confirms_for_nobody_with_an_id_too_long(void **state)
{
    char user_id[sizeof(((struct lfi_id *)0)->text)];
    struct session session = {.kind = SESSION_JOURNEY,
                              .stage = SESSION_STEP_UP,
                              .provider = SLICE("dhowretail"),
                              .interaction_id = SLICE("i-1"),
                              .consent_id = SLICE("c-1"),
                              .arrival = SLICE("a"),
                              .user_id = {user_id, sizeof(user_id)},
                              .approval_id = SLICE("a-1"),
                              .decision = SLICE("d-1"),
                              .started_s = clock_now_s(&world.clock)};
    struct buf cookie;
    (void)state;
    memset(user_id, 'u', sizeof(user_id));
    buf_init(&cookie, sizeof(world.cookie) - 1);
    buf_append_text(&cookie, "__Host-journey=");
    assert_int_equal(session_seal(world.psu->seal, &session, &cookie), 0);
    snprintf(world.cookie, sizeof(world.cookie), "%.*s", SLICE_ARG(buf_slice(&cookie)));
    buf_free(&cookie);
    ask("/journey/step-up-options", "i-1");
    hand.step = "/journey/step-up-passkey";
    assert_with_passkey("u-1");
    assert_int_equal(world.status, 404);
    assert_true(world_says("\"error\":\"PASSKEY-NONE\""));
    assert_string_equal(world.calls, "");
}

/* Core or state say no, or nothing: the decision is rejected, and the Hub learns why. */
static void confirms_nothing_without_core_and_state(void **state)
{
    static const char busy[] = "doFail temporarily_unavailable lfi_temporarily_unavailable\n";
    static const struct {
        int may_status, use_status;
        const char *call;
    } cases[] = {
        {LFI_OK, LFI_DENIED, STEP_UP_FAILED},
        {LFI_BLOCKED, LFI_OK, STEP_UP_FAILED},
        {LFI_UNKNOWN, LFI_OK, STEP_UP_FAILED},
        {LFI_UNAVAILABLE, LFI_OK, busy},
        {LFI_OK, LFI_UNAVAILABLE, busy},
        {LFI_OK, LFI_FAILED, "doFail server_error lfi_internal_error\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tear_down(state);
        set_up(state);
        enrol();
        decide(WORLD_APPROVE);
        ask("/journey/step-up-options", "i-1");
        shelf.may_status = cases[i].may_status;
        shelf.use_status = cases[i].use_status;
        assert_with_passkey("u-1");
        assert_non_null(strstr(world.calls, cases[i].call));
        assert_null(strstr(world.calls, "Authorized"));
    }
    tear_down(state);
    set_up(state);
    enrol();
    decide(WORLD_APPROVE);
    shelf.list_status = LFI_UNAVAILABLE;
    world_post("/journey/step-up-options", WORLD_STEP);
    assert_non_null(strstr(world.calls, busy));
    assert_null(strstr(world.calls, "Authorized"));
}

/* --- the list --------------------------------------------------------------------------------- */

static void refuses_to_add_what_was_not_made_as_it_must(void **state)
{
    (void)state;
    sign_in_as_customer();
    hand.type = "webauthn.create";
    ask("/passkeys/api/options", hand.session);
    assert_true(world_says("\"algorithms\":[-7,-8,-257]") && world_says("\"user\":\"dS0x\""));
    hand.device.flags = PRESENT;
    add_passkey();
    assert_int_equal(world.status, 400);
    assert_true(world_says("\"error\":\"PASSKEY-ADD\""));
    hand.device.flags |= VERIFIED;
    add_passkey(); /* the challenge was used up */
    assert_int_equal(world.status, 400);
    ask("/passkeys/api/options", hand.session);
    hand.type = "webauthn.get";
    add_passkey();
    assert_int_equal(world.status, 400);
    assert_string_equal(shelf.id[0], "");
    hand.type = "webauthn.create";
    ask("/passkeys/api/options", hand.session);
    shelf.add_status = LFI_DENIED;
    add_passkey();
    assert_int_equal(world.status, 409);
    assert_true(world_says("\"error\":\"PASSKEY-LIMIT\""));
}

static void names_what_is_there_so_that_it_is_not_made_twice(void **state)
{
    (void)state;
    enrol();
    ask("/passkeys/api/options", hand.session);
    assert_true(world_says("\"known\":[\"Y3JlZGVudGlhbC1vZi0zMi1ieXRlcy1vci10aGVyZS0\"]"));
}

static void needs_a_customer_who_signed_in(void **state)
{
    (void)state;
    world_post("/passkeys/api/state", "{}");
    assert_int_equal(world.status, 401);
    world_go(SESSION_REVIEW); /* a journey is no customer's own session */
    world_post("/passkeys/api/state", "{}");
    assert_int_equal(world.status, 401);
    world.cookie[0] = '\0';
    world_post("/consents/api/start", "{}");
    world_post("/passkeys/api/state", "{}");
    assert_int_equal(world.status, 409);
    sign_in_as_customer();
    world_post("/passkeys/api/state", "{}");
    assert_true(world_says("\"view\":\"passkeys\"") && world_says("\"passkeys\":[]"));
    world.origin = "https://evil.example";
    world_post("/passkeys/api/state", "{}");
    assert_int_equal(world.status, 403);
}

static void refuses_broken_bodies(void **state)
{
    static const char *const bodies[] = {
        "{\"journey\":\"i-1\"}",
        "{\"journey\":\"i-1\",\"assertion\":{}}",
        "{\"journey\":\"i-1\",\"assertion\":{\"credential\":\"a\",\"clientDataJSON\":\"a\","
        "\"authenticatorData\":\"a\",\"signature\":\"\"}}",
        "{\"journey\":\"i-1\",\"assertion\":{\"credential\":\"a=\",\"clientDataJSON\":\"a\","
        "\"authenticatorData\":\"a\",\"signature\":\"a\"}}",
        "{\"journey\":\"i-1\",\"assertion\":{\"credential\":\"a\",\"clientDataJSON\":\"a\","
        "\"authenticatorData\":\"a\",\"signature\":\"a\",\"more\":\"a\"}}",
    };
    (void)state;
    world_arrive();
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        world_post("/journey/passkey", bodies[i]);
        assert_int_equal(world.status, 400);
        assert_true(world_says("\"error\":\"JOURNEY-BODY\""));
    }
    world_post("/journey/passkey",
               "{\"journey\":\"i-1\",\"assertion\":{\"credential\":\"a\",\"clientDataJSON\":\"a\","
               "\"authenticatorData\":\"a\",\"signature\":\"a\"}}");
    expect_wrong(2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(signs_in_with_a_passkey),
        CASE(signs_in_with_a_passkey_while_passwords_are_paused),
        CASE(says_when_passkeys_are_not_offered),
        CASE(ends_for_a_blocked_customer),
        CASE(ends_after_three_wrong_tries_of_either_kind),
        CASE(refuses_a_customer_who_was_not_verified),
        CASE(refuses_challenges_that_are_not_ours),
        CASE(refuses_challenges_made_for_something_else),
        CASE(refuses_a_challenge_that_is_too_old),
        CASE(refuses_the_same_answer_twice),
        CASE(refuses_other_origins_and_parties),
        CASE(refuses_unknown_and_removed_passkeys),
        CASE(refuses_another_key_and_a_counter_that_falls),
        CASE(refuses_a_passkey_for_somebody_else),
        CASE(confirms_a_decision_with_a_passkey),
        CASE(confirms_no_other_decision),
        CASE(confirms_with_the_customers_own_passkey_only),
        CASE(offers_no_passkey_to_a_customer_without_one),
        CASE(confirms_for_nobody_with_an_id_too_long),
        CASE(confirms_nothing_without_core_and_state),
        CASE(refuses_to_add_what_was_not_made_as_it_must),
        CASE(names_what_is_there_so_that_it_is_not_made_twice),
        CASE(needs_a_customer_who_signed_in),
        CASE(refuses_broken_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
