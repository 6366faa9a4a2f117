// link: hub-sim-parts
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/array.h"
#include "consent.h"
#include "contract/contract.h"
#include "contract_hub_consent_manager.h"

static const struct clock real_clock;
static const struct log silent = {.fd = -1, .level = LOG_ERROR, .clock = &real_clock};
static const struct config_hub retail = {.provider_id = "dhowretail",
                                         .segment = "retail",
                                         .authorize_url = "https://bank.example/authorize"};
static const struct sim_config config = {.url = "http://tpp.test"};

struct world {
    struct clock clock;
    struct sim sim;
};

static int open_world(void **state)
{
    struct lfi_error error;
    struct world *world = calloc(1, sizeof *world);
    assert_int_equal(contract_init(&contract_hub_consent_manager, &error), 0);
    world->sim = (struct sim){.config = &config,
                              .clock = &world->clock,
                              .log = &silent,
                              .store = store_new(&world->clock, &silent),
                              .hub_count = 1};
    world->sim.hubs[0] =
        (struct sim_hub){.config = &retail, .issuer = "http://tpp.test/as/dhowretail"};
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    store_free(world->sim.store);
    contract_fini(&contract_hub_consent_manager);
    free(world);
    return 0;
}

static int make(struct world *world, const char *terms_text, struct consent *out)
{
    struct lfi_error error;
    cJSON *terms = cJSON_Parse(terms_text);
    struct consent_request request = {.hub = &world->sim.hubs[0],
                                      .tpp = &tpps[0],
                                      .kind = consent_kind_named("data-sharing"),
                                      .terms = terms,
                                      .request_life_s = 600};
    int rc = consent_make(&world->sim, &request, out, &error);
    cJSON_Delete(terms);
    return rc;
}

static struct consent *add(struct world *world)
{
    struct consent made;
    assert_int_equal(make(world, "{\"Permissions\":[\"ReadBalances\"]}", &made), 0);
    return store_add(world->sim.store, &made);
}

static const char *patch(struct world *world, struct consent *consent, const char *body)
{
    static struct refusal refusal;
    refusal = (struct refusal){0};
    int rc = consent_patch(&world->sim, consent, slice_of(body), &refusal);
    assert_int_equal(rc, refusal.id ? -1 : 0);
    return refusal.id;
}

static void assert_status(struct world *world, struct consent *consent, const char *expected)
{
    const cJSON *data = json_get(json_get(consent->data, "consentBody"), "Data");
    assert_true(slice_equal_text(consent_status(&world->sim, consent), expected));
    assert_true(slice_equal_text(json_get_string(data, "Status"), expected));
}

#define AUTHORIZE                                                                                  \
    "{\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"u1\"},"                           \
    "\"accountIds\":[\"a1\"],\"authorizationChannel\":\"Web\"}"
#define TO(state) "{\"status\":\"" state "\",\"authorizationChannel\":\"Web\"}"
#define DECIDE(state)                                                                              \
    "{\"status\":\"" state "\",\"psuIdentifiers\":{\"userId\":\"u1\"},"                            \
    "\"authorizationChannel\":\"Web\"}"

static void moves_are_those_of_the_journey(void **state)
{
    static const char *const states[] = {"AwaitingAuthorization",
                                         "Authorized",
                                         "Suspended",
                                         "Rejected",
                                         "Revoked",
                                         "Expired",
                                         "Consumed"};
    /* by patch; rows from, columns to, in the order above */
    static const char *const allowed[] = {".A.RV..", "..S.V..", ".A..V..", ".......",
                                          ".......", ".......", "......."};
    (void)state;
    for (size_t from = 0; from < 7; from++) {
        for (size_t to = 0; to < 7; to++) {
            assert_int_equal(
                consent_may_move(slice_of(states[from]), slice_of(states[to]), CONSENT_BY_PATCH),
                allowed[from][to] != '.');
        }
        bool alive = from < 3;
        assert_int_equal(
            consent_may_move(slice_of(states[from]), SLICE("Revoked"), CONSENT_BY_REVOKE), alive);
        assert_int_equal(consent_may_move(slice_of(states[from]), SLICE("Expired"), CONSENT_BY_HUB),
                         alive);
    }
}

static void terms_are_held_against_the_contract(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"Permissions\":[]}",
        "{\"Permissions\":[\"ReadBalances\"],\"Color\":\"red\"}",
        "{\"Permissions\":[\"ReadBalances\"],\"ExpirationDateTime\":\"tomorrow\"}",
        "{\"Permissions\":[\"ReadBalances\"],\"Status\":\"Authorized\"}",
        "{\"Permissions\":[\"ReadBalances\"],\"ConsentId\":7}",
        "{\"Permissions\":[\"ReadBalances\"],\"AccountType\":[\"Private\"]}",
    };
    struct consent made;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(make(*state, wrong[i], &made), -1);
    }
}

static void a_consent_goes_its_way(void **state)
{
    struct consent *consent = add(*state);
    assert_status(*state, consent, "AwaitingAuthorization");
    assert_null(patch(*state, consent, AUTHORIZE));
    assert_status(*state, consent, "Authorized");
    assert_string_equal(json_get(consent->data, "accountIds")->child->valuestring, "a1");
    assert_null(patch(*state, consent, TO("Suspended")));
    assert_null(patch(*state, consent, TO("Authorized")));
    struct refusal refusal = {0};
    assert_int_equal(consent_revoke(&((struct world *)*state)->sim, consent,
                                    SLICE("{\"revokedBy\":\"LFI.InitiatedByUser\"}"), &refusal),
                     0);
    assert_status(*state, consent, "Revoked");
    assert_int_equal(cJSON_GetArraySize(consent->history), 5);
    assert_int_equal(cJSON_GetArraySize(consent->findings), 0);
}

static void wrong_patches_change_nothing(void **state)
{
    static const struct {
        const char *body, *id;
    } cases[] = {
        {TO("Authorized"), "PATCH-USER"},
        {TO("Rejected"), "PATCH-USER"},
        {DECIDE("Authorized"), "PATCH-ACCOUNTS"},
        {DECIDE("Suspended"), "PATCH-MOVE"},
        {DECIDE("Expired"), "PATCH-MOVE"},
        {DECIDE("Consumed"), "PATCH-MOVE"},
        {"{\"ConnectToken\":\"t\",\"authorizationChannel\":\"Web\"}", "PATCH-KIND"},
        {"{\"insurancePolicyIds\":[\"p\"],\"authorizationChannel\":\"Web\"}", "PATCH-KIND"},
        {"{\"status\":\"Rejected\",\"consentBody.Data.Status\":\"Authorized\","
         "\"psuIdentifiers\":{\"userId\":\"u1\"},\"authorizationChannel\":\"Web\"}",
         "PATCH-STATUS-TWICE"},
        {"not json", "PATCH-JSON"},
    };
    struct consent *consent = add(*state);
    char *before = cJSON_PrintUnformatted(consent->data);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_string_equal(patch(*state, consent, cases[i].body), cases[i].id);
    }
    char *after = cJSON_PrintUnformatted(consent->data);
    assert_string_equal(before, after);
    cJSON_free(before);
    cJSON_free(after);
}

static void an_end_is_an_end(void **state)
{
    struct consent *consent = add(*state);
    assert_null(patch(*state, consent, DECIDE("Rejected")));
    assert_string_equal(patch(*state, consent, AUTHORIZE), "PATCH-STATE");
    assert_string_equal(patch(*state, consent, "{\"authorizationChannel\":\"App\"}"),
                        "PATCH-STATE");
    struct refusal refusal = {0};
    assert_int_equal(consent_revoke(&((struct world *)*state)->sim, consent,
                                    SLICE("{\"revokedBy\":\"LFI\"}"), &refusal),
                     -1);
    assert_string_equal(refusal.id, "REVOKE-MOVE");
    assert_status(*state, consent, "Rejected");
}

static void a_bank_does_not_revoke_as_a_tpp(void **state)
{
    struct refusal refusal = {0};
    struct consent *consent = add(*state);
    assert_int_equal(consent_revoke(&((struct world *)*state)->sim, consent,
                                    SLICE("{\"revokedBy\":\"TPP\"}"), &refusal),
                     -1);
    assert_string_equal(refusal.id, "REVOKE-BY");
    assert_status(*state, consent, "AwaitingAuthorization");
}

static void dotted_names_lead_inwards(void **state)
{
    struct consent *consent = add(*state);
    assert_null(patch(*state, consent,
                      "{\"consentBody.Data.OpenFinanceBilling\":{\"IsLargeCorporate\":true},"
                      "\"authorizationChannel\":\"Web\"}"));
    const cJSON *data = json_get(json_get(consent->data, "consentBody"), "Data");
    const cJSON *billing = json_get(data, "OpenFinanceBilling");
    assert_true(json_get_bool(billing, "IsLargeCorporate", false));
    assert_true(json_get_string(billing, "Purpose").len > 0);
}

static void oddities_become_findings(void **state)
{
    static const struct {
        const char *body, *id;
    } cases[] = {
        {"{\"psuIdentifiers\":{\"userId\":\"noor@example.test\"},\"authorizationChannel\":\"Web\"}",
         "PATCH-PERSONAL"},
        {"{\"psuIdentifiers\":{\"userId\":\"784198012345678\"},\"authorizationChannel\":\"Web\"}",
         "PATCH-PERSONAL"},
        {"{\"accountIds\":[\"AE070999123456789012345\"],\"authorizationChannel\":\"Web\"}",
         "PATCH-ACCOUNT-FORM"},
        {"{\"accountIds\":[\"a2345678901234567890123456789012345678901\"],"
         "\"authorizationChannel\":\"Web\"}",
         "PATCH-ACCOUNT-FORM"},
        {TO("Revoked"), "PATCH-USER"},
        {DECIDE("Revoked"), "PATCH-REVOKED"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct consent *consent = add(*state);
        const char *refused = patch(*state, consent, cases[i].body);
        const cJSON *finding = consent->findings->child;
        assert_string_equal(refused   ? refused
                            : finding ? json_get(finding, "id")->valuestring
                                      : "",
                            cases[i].id);
    }
}

static void time_ends_a_consent(void **state)
{
    struct world *world = *state;
    struct consent *consent = add(world);
    assert_null(patch(world, consent, AUTHORIZE));
    atomic_store(&world->clock.offset_us, INT64_C(91) * 24 * 3600 * 1000000);
    assert_status(world, consent, "Expired");
    assert_string_equal(patch(world, consent, TO("Suspended")), "PATCH-STATE");
}

static void the_oldest_consent_makes_room(void **state)
{
    struct world *world = *state;
    struct consent *first = add(world);
    char id[sizeof first->id];
    (void)snprintf(id, sizeof id, "%s", first->id);
    for (size_t i = 1; i < STORE_CONSENTS; i++) {
        add(world);
    }
    assert_ptr_equal(store_find(world->sim.store, NULL, slice_of(id)), first);
    struct consent *last = add(world);
    assert_null(store_find(world->sim.store, NULL, slice_of(id)));
    assert_int_equal(store_count(world->sim.store), STORE_CONSENTS);
    assert_ptr_equal(store_at(world->sim.store, 0), last);
    assert_ptr_equal(store_find_request(world->sim.store, slice_of(last->request_uri)), last);
    assert_ptr_equal(store_find_state(world->sim.store, slice_of(last->state)), last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(moves_are_those_of_the_journey, open_world, close_world),
        cmocka_unit_test_setup_teardown(terms_are_held_against_the_contract, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_consent_goes_its_way, open_world, close_world),
        cmocka_unit_test_setup_teardown(wrong_patches_change_nothing, open_world, close_world),
        cmocka_unit_test_setup_teardown(an_end_is_an_end, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_bank_does_not_revoke_as_a_tpp, open_world, close_world),
        cmocka_unit_test_setup_teardown(dotted_names_lead_inwards, open_world, close_world),
        cmocka_unit_test_setup_teardown(oddities_become_findings, open_world, close_world),
        cmocka_unit_test_setup_teardown(time_ends_a_consent, open_world, close_world),
        cmocka_unit_test_setup_teardown(the_oldest_consent_makes_room, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
