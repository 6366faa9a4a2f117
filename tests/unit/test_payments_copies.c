// link: lfi-payments
/*
 * Payments under consents of which the Hub has told in events: when the Hub need not be asked, and
 * that nothing is refused without it.
 */
#include "payment_world.h"
#include "state_fixture.h"

static struct {
    struct clock clock; /* START_S and what has passed */
    struct log log;
    struct state *state;
    bool unread; /* the store finds no claim, and says so */
} t;

static int find_claim(void *store, const struct state_call *call, const struct state_sink *to)
{
    return t.unread ? LFI_UNAVAILABLE : state_lmdb.claim_find(store, call, to);
}

static void at_second(int64_t seconds)
{
    struct clock now = {0};
    atomic_store(&t.clock.offset_us, (START_S + seconds) * SECOND_US - clock_now_us(&now));
}

static struct consent_copies *new_copies(void)
{
    struct consent_copies *copies = consent_copies_new(t.state, &t.clock, &t.log);
    assert_non_null(copies);
    return copies;
}

static int begin_all(void **state)
{
    static struct state_driver watched;
    struct lfi_error error;
    assert_int_equal(set_up(state), 0);
    watched = state_lmdb;
    watched.claim_find = find_claim;
    t.unread = false;
    t.log = (struct log){.fd = -1, .level = LOG_ERROR, .clock = &t.clock};
    at_second(0);
    assert_int_equal(state_new(&t.state, &watched, f.store, &t.clock, &error), 0);
    f.store = NULL; /* the state closes it */
    (void)begin(state);
    w.copies = new_copies();
    return 0;
}

static int end_all(void **state)
{
    consent_copies_free(w.copies);
    state_close(t.state);
    return tear_down(state);
}

/* What an event says: the consent, with one member changed. */
static void tell(struct consent_copies *copies, const char *path, const char *value)
{
    struct documents d = documents_for(on_demand);
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    const struct consent_ref ref = {"dhowretail", SLICE(CONSENT)};
    assert_non_null(arena);
    if (path) {
        change(d.consent, path, value);
    }
    consent_copies_take(copies, &ref, d.consent, arena);
    arena_free(arena);
    cJSON_Delete(d.body);
    cJSON_Delete(d.consent);
    cJSON_Delete(d.pii);
    cJSON_Delete(d.agreed);
}

/* A payment, while the Hub has the consent with one member changed; how often the Hub was asked. */
static unsigned pay_under(const char *path, const char *value, struct answer *answer)
{
    struct documents d = documents_for(on_demand);
    if (path) {
        change(d.consent, path, value);
    }
    w.hub_calls = 0;
    *answer = pay(&d);
    return w.hub_calls;
}

static void a_consent_that_the_hub_told_of_is_not_asked_for(void **state)
{
    struct answer answer;
    (void)state;
    assert_int_equal(pay_under(NULL, NULL, &answer), 1);
    tell(w.copies, NULL, NULL);
    assert_int_equal(pay_under(NULL, NULL, &answer), 0);
    assert_int_equal(answer.status, 201);
    assert_string_equal(w.order_account, "account-1");
    assert_true(w.order.one_in_flight);
    tell(w.copies, "status", "\"Consumed\"");
    assert_int_equal(pay_under(NULL, NULL, &answer), 0);
    assert_int_equal(answer.status, 201);
}

static void what_is_told_of_a_consent_counts_for_a_while(void **state)
{
    struct answer answer;
    (void)state;
    tell(w.copies, NULL, NULL);
    at_second(LIMIT_COPIES_S - 1);
    assert_int_equal(pay_under(NULL, NULL, &answer), 0);
    at_second(LIMIT_COPIES_S + 1);
    assert_int_equal(pay_under(NULL, NULL, &answer), 1);
    assert_int_equal(answer.status, 201);
}

/* The copy differs from what the Hub has, and would refuse the payment. */
static void a_copy_refuses_no_payment(void **state)
{
    static const struct {
        const char *path, *value;
    } rows[] = {
        {"psuIdentifiers.userId", "\"user-2\""},
        {"accountIds", "[]"},
        {"consentBody.Data.ExpirationDateTime", "\"2027-01-01T00:00:00Z\""},
        {"request.consent.ControlParameters.ConsentSchedule", "{}"},
        {"request.consent.PersonalIdentifiableInformation", NULL},
    };
    struct answer answer;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tell(w.copies, rows[i].path, rows[i].value);
        assert_int_equal(pay_under(NULL, NULL, &answer), 1);
        assert_int_equal(answer.status, 201);
        assert_int_equal(pay_under(rows[i].path, rows[i].value, &answer), 1);
        assert_int_equal(answer.status, 400);
    }
}

static void a_consent_that_was_stopped_pays_on_no_instance(void **state)
{
    static const char *const ends[] = {"\"Revoked\"", "\"Suspended\"", "\"Expired\""};
    struct answer answer;
    struct lfi_error error;
    struct consent_copies *here = w.copies;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct consent_copies *other = new_copies();
        tell(other, NULL, NULL);
        tell(here, "status", ends[i]);
        tell(here, NULL, NULL); /* an event that comes late */
        for (int instance = 0; instance < 2; instance++) {
            w.copies = instance == 0 ? here : other;
            assert_int_equal(pay_under("status", ends[i], &answer), 1);
            assert_string_equal(answer.id, "PAYMENT-CONSENT-STATE");
        }
        consent_copies_free(other);
        assert_int_equal(w.orders, 0);
        assert_int_equal(state_forget(&(struct state_ref){t.state, PROVIDER, {0}}, &error), LFI_OK);
    }
    w.copies = here;
}

static void without_the_state_each_consent_is_asked_for(void **state)
{
    struct answer answer;
    (void)state;
    tell(w.copies, NULL, NULL);
    t.unread = true;
    assert_int_equal(pay_under(NULL, NULL, &answer), 1);
    assert_int_equal(answer.status, 201);
}

static void of_consents_that_do_not_pay_nothing_is_kept(void **state)
{
    struct answer answer;
    (void)state;
    tell(w.copies, "status", "\"AwaitingAuthorization\"");
    assert_int_equal(pay_under(NULL, NULL, &answer), 1);
    tell(w.copies, "consentType", "\"cbuae-account-access-consents\"");
    assert_int_equal(pay_under(NULL, NULL, &answer), 1);
    assert_int_equal(answer.status, 201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_consent_that_the_hub_told_of_is_not_asked_for, begin_all,
                                        end_all),
        cmocka_unit_test_setup_teardown(what_is_told_of_a_consent_counts_for_a_while, begin_all,
                                        end_all),
        cmocka_unit_test_setup_teardown(a_copy_refuses_no_payment, begin_all, end_all),
        cmocka_unit_test_setup_teardown(a_consent_that_was_stopped_pays_on_no_instance, begin_all,
                                        end_all),
        cmocka_unit_test_setup_teardown(without_the_state_each_consent_is_asked_for, begin_all,
                                        end_all),
        cmocka_unit_test_setup_teardown(of_consents_that_do_not_pay_nothing_is_kept, begin_all,
                                        end_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
