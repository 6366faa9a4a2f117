// link: lfi-caller lfi-jose lfi-base
#include "base/array.h"
#include "fake_client.h"
#include "keys.h"

#include "base/limits.h"
#include "caller/keystore.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>

#define URL SLICE("https://keys.example/ou/cn/application.jwks")
#define MINUTE_US INT64_C(60000000)
#define CALLERS 50

static struct fixture {
    struct clock clock;
    struct log log;
    struct keystore *store;
    char *keys_a, *keys_ab; /* JWK sets with the kids a; a and b */
} f;

static int set_up_group(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    struct buf a, ab;
    char path[KEY_PATH_MAX];

    *state = &f;
    key_write(key, NULL, path);
    buf_init(&a, LIMIT_JWKS_BYTES);
    buf_init(&ab, LIMIT_JWKS_BYTES);
    buf_append_text(&a, "{\"keys\":[");
    buf_append_text(&ab, "{\"keys\":[");
    for (int i = 0; i < 2; i++) {
        struct jose_signer *signer = NULL;
        assert_int_equal(jose_signer_load(&signer, path, i == 0 ? "a" : "b", NULL), 0);
        if (i == 0) {
            jose_signer_append_jwk(signer, &a);
        } else {
            buf_append_text(&ab, ",");
        }
        jose_signer_append_jwk(signer, &ab);
        jose_signer_free(signer);
    }
    buf_append_text(&a, "]}");
    buf_append_text(&ab, "]}");
    f.keys_a = strndup(a.ptr, a.len);
    f.keys_ab = strndup(ab.ptr, ab.len);
    buf_free(&a);
    buf_free(&ab);
    unlink(path);
    EVP_PKEY_free(key);
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .level = LOG_DEBUG, .clock = &f.clock};
    return f.log.fd < 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    free(f.keys_a);
    free(f.keys_ab);
    close(f.log.fd);
    return 0;
}

static int set_up(void **state)
{
    const struct keystore_config config = {.clock = &f.clock, .log = &f.log, .timeout_ms = 2000};

    (void)state;
    f.clock.offset_us = 0;
    fake_client.calls = 0;
    fake_client.delay_us = 0;
    fake_client.status = 200;
    fake_client.body = f.keys_a;
    return keystore_new(&f.store, &config, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    keystore_free(f.store);
    return 0;
}

/* Whether a set could be had, and whether it held the kid. */
enum outcome { NO_SET, WITHOUT_KID, WITH_KID };

static enum outcome ask(const char *kid)
{
    struct lfi_error error = {""};
    struct jose_keyset *set = keystore_acquire(f.store, URL, JOSE_PS256, slice_of(kid), &error);
    enum outcome out = NO_SET;

    if (set) {
        out = jose_keyset_has(set, slice_of(kid)) ? WITH_KID : WITHOUT_KID;
    } else {
        assert_string_not_equal(error.message, "");
    }
    jose_keyset_free(set);
    return out;
}

static void move_clock(int64_t micros)
{
    f.clock.offset_us += micros;
}

static void wait_for_calls(int calls)
{
    for (int i = 0; i < 500 && fake_client.calls < calls; i++) {
        usleep(10000);
    }
    usleep(50000); /* for the answer to be stored, and for calls that should not come */
    assert_int_equal(fake_client.calls, calls);
}

static void fetched_once_and_kept(void **state)
{
    (void)state;
    assert_int_equal(fake_client.calls, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ask("a"), WITH_KID);
    }
    assert_int_equal(fake_client.calls, 1);
    assert_true(slice_equal_text(URL, fake_client.url));
}

static void kept_ten_minutes_at_most(void **state)
{
    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    fake_client.status = 0;
    move_clock(10 * MINUTE_US - 1000000);
    assert_int_equal(ask("a"), WITH_KID);
    move_clock(1000000);
    assert_int_equal(ask("a"), NO_SET);
    fake_client.status = 200;
    move_clock(2000000);
    assert_int_equal(ask("a"), WITH_KID);
}

static void refreshed_in_the_background_at_eight_minutes(void **state)
{
    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(ask("a"), WITH_KID);
    move_clock(7 * MINUTE_US);
    usleep(1200000);
    assert_int_equal(fake_client.calls, 1);
    fake_client.body = f.keys_ab;
    move_clock(MINUTE_US);
    wait_for_calls(2);
    assert_int_equal(ask("b"), WITH_KID);
    assert_int_equal(fake_client.calls, 2);
    move_clock(9 * MINUTE_US);
    assert_int_equal(ask("a"), WITH_KID); /* the age counts from the refresh */
}

static void what_nobody_uses_is_not_refreshed(void **state)
{
    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    move_clock(8 * MINUTE_US);
    usleep(1200000);
    assert_int_equal(fake_client.calls, 1);
}

static void failed_refresh_keeps_the_old_set(void **state)
{
    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(ask("a"), WITH_KID);
    fake_client.status = 500;
    move_clock(8 * MINUTE_US);
    wait_for_calls(2);
    assert_int_equal(ask("a"), WITH_KID);
    usleep(1200000); /* not tried again before its time */
    assert_int_equal(fake_client.calls, 2);
    fake_client.status = 200;
    move_clock(LIMIT_JWKS_REFETCH_S * INT64_C(1000000));
    wait_for_calls(3);
}

static void newly_published_key_waits_a_few_seconds_at_most(void **state)
{
    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(ask("b"), WITHOUT_KID);
    assert_int_equal(fake_client.calls, 2);
    fake_client.body = f.keys_ab;
    move_clock(LIMIT_JWKS_REFETCH_GAP_S * INT64_C(1000000) - 1000000);
    assert_int_equal(ask("b"), WITHOUT_KID);
    assert_int_equal(fake_client.calls, 2);
    move_clock(1000000);
    assert_int_equal(ask("b"), WITH_KID);
    assert_int_equal(fake_client.calls, 3);
}

static void unknown_kids_cause_few_fetches(void **state)
{
    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    for (int second = 0; second < LIMIT_JWKS_REFETCH_S; second++) {
        assert_int_equal(ask("b"), WITHOUT_KID);
        move_clock(1000000);
    }
    assert_int_equal(fake_client.calls, 1 + LIMIT_JWKS_REFETCHES);
    for (int second = 0; second < 4 * LIMIT_JWKS_REFETCH_S; second++) {
        assert_int_equal(ask("b"), WITHOUT_KID);
        move_clock(1000000);
    }
    assert_int_equal(fake_client.calls, 1 + LIMIT_JWKS_REFETCHES + 4);
}

static void unknown_kid_after_the_clock_was_turned_back_fetches(void **state)
{
    (void)state;
    assert_int_equal(ask("b"), WITHOUT_KID);
    move_clock(LIMIT_JWKS_REFETCH_S * INT64_C(1000000));
    assert_int_equal(ask("b"), WITHOUT_KID);
    move_clock(-MINUTE_US);
    fake_client.body = f.keys_ab;
    assert_int_equal(ask("b"), WITH_KID);
}

/* What was saved up before the clock was turned back does not block until then. */
static void fetches_of_the_future_are_not_counted(void **state)
{
    (void)state;
    move_clock(60 * MINUTE_US);
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(ask("b"), WITHOUT_KID);
    move_clock(-60 * MINUTE_US);
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(fake_client.calls, 3);
    fake_client.body = f.keys_ab;
    assert_int_equal(ask("b"), WITH_KID);
    assert_int_equal(fake_client.calls, 4);
}

static void unknown_kid_with_the_key_store_down_keeps_the_set(void **state)
{
    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    fake_client.status = 0;
    assert_int_equal(ask("b"), WITHOUT_KID);
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(fake_client.calls, 2);
}

static void bad_answers_are_no_set(void **state)
{
    static const struct {
        int status;
        const char *body;
    } answers[] = {{0, ""},         {403, "{\"keys\":[]}"}, {500, ""}, {204, ""},
                   {200, "<html>"}, {200, "{\"keys\":{}}"}, {200, ""}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        fake_client.status = answers[i].status;
        fake_client.body = answers[i].body;
        assert_int_equal(ask("a"), NO_SET);
        assert_int_equal(fake_client.calls, (int)i + 1);
        assert_int_equal(ask("a"), NO_SET); /* answered from memory for a second */
        assert_int_equal(fake_client.calls, (int)i + 1);
        move_clock(2000000);
    }
    fake_client.status = 200;
    fake_client.body = f.keys_a;
    assert_int_equal(ask("a"), WITH_KID);
}

static void a_set_without_usable_keys_is_a_set(void **state)
{
    (void)state;
    fake_client.body = "{\"keys\":[]}";
    assert_int_equal(ask("a"), WITHOUT_KID);
}

static void too_large_an_answer_is_no_set(void **state)
{
    char *large = malloc(LIMIT_JWKS_BYTES + 2);

    (void)state;
    memset(large, ' ', LIMIT_JWKS_BYTES + 1);
    memcpy(large, f.keys_a, strlen(f.keys_a));
    large[LIMIT_JWKS_BYTES + 1] = '\0';
    fake_client.body = large;
    assert_int_equal(ask("a"), NO_SET);
    move_clock(2000000);
    large[LIMIT_JWKS_BYTES] = '\0';
    assert_int_equal(ask("a"), WITH_KID);
    free(large);
}

static void clock_turned_back_fetches_anew(void **state)
{
    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    move_clock(-MINUTE_US);
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(fake_client.calls, 2);
}

static void addresses_are_bounded(void **state)
{
    struct lfi_error error;

    (void)state;
    for (int round = 0; round < 200; round++) {
        char url[64];
        snprintf(url, sizeof(url), "https://keys.example/%d", round);
        struct jose_keyset *set =
            keystore_acquire(f.store, slice_of(url), JOSE_PS256, SLICE("a"), &error);
        assert_non_null(set);
        jose_keyset_free(set);
        move_clock(1);
        assert_int_equal(ask("a"), WITH_KID); /* used all the time: stays */
    }
    assert_int_equal(fake_client.calls, 201);
}

/* --- many callers at once --------------------------------------------------------------------- */

struct crowd {
    const char *kid;
    atomic_int outcomes[3];
};

static void *ask_in_crowd(void *ctx)
{
    struct crowd *crowd = ctx;

    crowd->outcomes[ask(crowd->kid)]++;
    return NULL;
}

static void ask_together(struct crowd *crowd)
{
    pthread_t threads[CALLERS];

    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_crowd, crowd), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void crowd_at_the_start_shares_one_fetch(void **state)
{
    struct crowd crowd = {.kid = "a"};

    (void)state;
    fake_client.delay_us = 200000;
    ask_together(&crowd);
    assert_int_equal(fake_client.calls, 1);
    assert_int_equal(crowd.outcomes[WITH_KID], CALLERS);
}

static void crowd_with_an_unknown_kid_shares_one_fetch(void **state)
{
    struct crowd crowd = {.kid = "b"};

    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    fake_client.delay_us = 200000;
    fake_client.body = f.keys_ab;
    ask_together(&crowd);
    assert_int_equal(fake_client.calls, 2);
    assert_int_equal(crowd.outcomes[WITH_KID], CALLERS);
}

static void crowd_at_a_dead_key_store_shares_one_failure(void **state)
{
    struct crowd crowd = {.kid = "a"};

    (void)state;
    fake_client.delay_us = 200000;
    fake_client.status = 0;
    ask_together(&crowd);
    assert_int_equal(fake_client.calls, 1);
    assert_int_equal(crowd.outcomes[NO_SET], CALLERS);
}

static void known_kids_do_not_wait_for_a_fetch(void **state)
{
    pthread_t thread;
    struct crowd crowd = {.kid = "b"};

    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    fake_client.delay_us = 1000000;
    assert_int_equal(pthread_create(&thread, NULL, ask_in_crowd, &crowd), 0);
    while (fake_client.calls < 2) {
        usleep(1000);
    }
    int64_t began_us = clock_monotonic_us();
    assert_int_equal(ask("a"), WITH_KID);
    assert_true(clock_monotonic_us() - began_us < 500000);
    pthread_join(thread, NULL);
}

static void a_fetch_that_takes_too_long_is_not_waited_for(void **state)
{
    const struct keystore_config config = {.clock = &f.clock, .log = &f.log, .timeout_ms = 999};
    struct crowd crowd = {.kid = "a"};
    struct lfi_error error = {""};
    pthread_t thread;

    tear_down(state);
    assert_int_equal(keystore_new(&f.store, &config, NULL), 0);
    fake_client.delay_us = 2000000;
    assert_int_equal(pthread_create(&thread, NULL, ask_in_crowd, &crowd), 0);
    while (fake_client.calls < 1) {
        usleep(1000);
    }
    assert_null(keystore_acquire(f.store, URL, JOSE_PS256, SLICE("a"), &error));
    assert_string_equal(error.message, "timed out");
    pthread_join(thread, NULL);
    assert_int_equal(crowd.outcomes[WITH_KID], 1); /* who fetched it has it */
    assert_int_equal(fake_client.calls, 1);
}

/* --- many addresses at once ------------------------------------------------------------------- */

static void *ask_elsewhere(void *ctx)
{
    struct lfi_error error;
    struct jose_keyset *set =
        keystore_acquire(f.store, slice_of(ctx), JOSE_PS256, SLICE("a"), &error);

    bool found = set && jose_keyset_has(set, SLICE("a"));
    jose_keyset_free(set);
    return found ? ctx : NULL;
}

/* Nine workers wait at most, six for one address; callers whose keys are at hand do not notice. */
static void callers_who_wait_are_bounded(void **state)
{
    enum { ALL = 9, OF_ONE = 6 };
    const struct keystore_config config = {
        .clock = &f.clock, .log = &f.log, .timeout_ms = 2000, .waiting_max = ALL};
    struct crowd one = {.kid = "unknown"};
    static char others[ALL - OF_ONE][40];
    pthread_t threads[CALLERS];
    struct lfi_error error = {""};
    size_t count = 0;

    tear_down(state);
    assert_int_equal(keystore_new(&f.store, &config, NULL), 0);
    assert_int_equal(ask("a"), WITH_KID);
    fake_client.delay_us = 1000000;
    int64_t began_us = clock_monotonic_us();
    for (; count < CALLERS - ARRAY_LEN(others); count++) {
        assert_int_equal(pthread_create(&threads[count], NULL, ask_in_crowd, &one), 0);
    }
    while (one.outcomes[NO_SET] < (int)count - OF_ONE) {
        usleep(1000);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        snprintf(others[i], sizeof(others[i]), "https://keys.example/%zu", i);
        assert_int_equal(pthread_create(&threads[count++], NULL, ask_elsewhere, others[i]), 0);
    }
    while (fake_client.calls < 2 + (int)ARRAY_LEN(others)) {
        usleep(1000);
    }
    assert_null(
        keystore_acquire(f.store, SLICE("https://keys.example/x"), JOSE_PS256, SLICE("a"), &error));
    assert_string_equal(error.message, "too many callers wait for key sets");
    assert_int_equal(ask("a"), WITH_KID);
    assert_true(clock_monotonic_us() - began_us < 900000);
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(one.outcomes[WITHOUT_KID], OF_ONE);
    assert_int_equal(ask("a"), WITH_KID);
}

/* Of the addresses that are being fetched none is given up for another. */
static void addresses_that_are_being_fetched_are_kept(void **state)
{
    enum { ADDRESSES = 64 };
    pthread_t threads[ADDRESSES];
    char urls[ADDRESSES][64];
    struct lfi_error error = {""};

    (void)state;
    fake_client.delay_us = 1500000;
    for (int i = 0; i < ADDRESSES; i++) {
        snprintf(urls[i], sizeof(urls[i]), "https://keys.example/%d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, ask_elsewhere, urls[i]), 0);
    }
    while (fake_client.calls < ADDRESSES) {
        usleep(1000);
    }
    assert_null(keystore_acquire(f.store, URL, JOSE_PS256, SLICE("a"), &error));
    assert_string_equal(error.message, "too many key sets are being fetched");
    for (int i = 0; i < ADDRESSES; i++) {
        void *found = NULL;
        pthread_join(threads[i], &found);
        assert_ptr_equal(found, urls[i]);
    }
    fake_client.delay_us = 0;
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(fake_client.calls, ADDRESSES + 1);
}

static void set_outlives_the_cache(void **state)
{
    struct lfi_error error;
    struct jose_keyset *set = keystore_acquire(f.store, URL, JOSE_PS256, SLICE("a"), &error);

    (void)state;
    move_clock(11 * MINUTE_US);
    assert_int_equal(ask("a"), WITH_KID); /* replaced by now */
    assert_true(jose_keyset_has(set, SLICE("a")));
    jose_keyset_free(set);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Nobody publishes there, which is not the key store's fault; keys that were there count on. */
static void an_address_without_keys_has_an_empty_set(void **state)
{
    (void)state;
    fake_client.status = 404;
    assert_int_equal(ask("a"), WITHOUT_KID);
    fake_client.status = 200;
    move_clock(3 * 1000000 + 1);
    assert_int_equal(ask("a"), WITH_KID); /* once it is published */
    fake_client.status = 404;
    move_clock(9 * MINUTE_US);
    assert_int_equal(ask("b"), WITHOUT_KID);
    assert_int_equal(ask("a"), WITH_KID);
    move_clock(MINUTE_US);
    assert_int_equal(ask("a"), WITHOUT_KID);
}

/* The set of one address is read for one caller by other algorithms than for the other. */
static void sets_are_kept_by_algorithm(void **state)
{
    struct lfi_error error = {""};

    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    struct jose_keyset *set = keystore_acquire(f.store, URL, JOSE_ES256, SLICE("a"), &error);
    assert_false(jose_keyset_has(set, SLICE("a")));
    jose_keyset_free(set);
    assert_int_equal(fake_client.calls, 2);
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(fake_client.calls, 2);
}

/* As a reload does, which may come while the last caller of the old rules waits for a fetch. */
static void a_store_that_fetches_alike_is_shared(void **state)
{
    struct keystore_config config = {
        .clock = &f.clock, .log = &f.log, .timeout_ms = 2000, .previous = f.store};
    struct keystore *next = NULL, *other = NULL;

    (void)state;
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(keystore_new(&next, &config, NULL), 0);
    assert_ptr_equal(next, f.store);
    keystore_free(next);
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(fake_client.calls, 1);
    config.ca_file = "other.pem";
    assert_int_equal(keystore_new(&other, &config, NULL), 0);
    assert_ptr_not_equal(other, f.store);
    keystore_free(f.store);
    f.store = other;
    assert_int_equal(ask("a"), WITH_KID);
    assert_int_equal(fake_client.calls, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fetched_once_and_kept),
        TEST(kept_ten_minutes_at_most),
        TEST(refreshed_in_the_background_at_eight_minutes),
        TEST(what_nobody_uses_is_not_refreshed),
        TEST(failed_refresh_keeps_the_old_set),
        TEST(newly_published_key_waits_a_few_seconds_at_most),
        TEST(unknown_kids_cause_few_fetches),
        TEST(unknown_kid_after_the_clock_was_turned_back_fetches),
        TEST(fetches_of_the_future_are_not_counted),
        TEST(a_fetch_that_takes_too_long_is_not_waited_for),
        TEST(callers_who_wait_are_bounded),
        TEST(addresses_that_are_being_fetched_are_kept),
        TEST(unknown_kid_with_the_key_store_down_keeps_the_set),
        TEST(bad_answers_are_no_set),
        TEST(a_set_without_usable_keys_is_a_set),
        TEST(too_large_an_answer_is_no_set),
        TEST(clock_turned_back_fetches_anew),
        TEST(addresses_are_bounded),
        TEST(crowd_at_the_start_shares_one_fetch),
        TEST(crowd_with_an_unknown_kid_shares_one_fetch),
        TEST(crowd_at_a_dead_key_store_shares_one_failure),
        TEST(known_kids_do_not_wait_for_a_fetch),
        TEST(set_outlives_the_cache),
        TEST(an_address_without_keys_has_an_empty_set),
        TEST(sets_are_kept_by_algorithm),
        TEST(a_store_that_fetches_alike_is_shared),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
