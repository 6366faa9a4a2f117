// link: lfi-provider
#include "base/array.h"
#include "provider/core_call.h"
#include "provider/provider.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "failing.h"

FAILING(void *, NULL, calloc, (size_t count, size_t size), (count, size))

struct fixture {
    struct clock clock;
    struct log log;
    struct provider_set *set;
};

#define SKELETON LFI_CORE_DIR "/libcore-skeleton.so"

static struct provider_config config_of(const char *id, const char *library, const char *settings)
{
    return (struct provider_config){.id = id,
                                    .segment = strcmp(id, "dhowretail") == 0 ? "retail" : "sme",
                                    .audience = id,
                                    .library = library,
                                    .settings = settings,
                                    .base_dir = "."};
}

static int open_set(struct fixture *f, const char *library, struct lfi_error *error)
{
    struct provider_config configs[] = {
        config_of("dhowretail", SKELETON, "{}"),
        config_of("dhowbusiness", library, "{}"),
    };
    size_t failed;
    return provider_set_open(&f->set, configs, 2, &f->clock, &f->log, &failed, error);
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.log = {.fd = open("/dev/null", O_WRONLY), .clock = &f.clock}};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    provider_set_close(f->set);
    (void)close(f->log.fd);
    return 0;
}

static void test_cores_that_must_not_load(void **state)
{
    static const struct {
        const char *library, *cause;
    } CASES[] = {
        {BROKEN_DIR "/libbroken-abi.so", "ABI"},
        {BROKEN_DIR "/libbroken-subject.so", "lacks a required capability"},
        {BROKEN_DIR "/libbroken-held.so", "lacks a required capability"},
        {BROKEN_DIR "/libbroken-exists.so", "lacks a required capability"},
        {BROKEN_DIR "/libbroken-no_subject.so", "lacks a required capability"},
        {BROKEN_DIR "/libbroken-no_held.so", "lacks a required capability"},
        {BROKEN_DIR "/libbroken-no_exists.so", "lacks a required capability"},
        {BROKEN_DIR "/libbroken-open.so", "the vault is shut"},
        {BROKEN_DIR "/libbroken-symbol.so", "does not export lfi_core_get_ops"},
        {BROKEN_DIR "/none.so", "cannot load"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct lfi_error error = {""};
        assert_int_equal(open_set(*state, CASES[i].library, &error), -1);
        assert_non_null(strstr(error.message, "dhowbusiness"));
        assert_non_null(strstr(error.message, CASES[i].cause));
        assert_null(((struct fixture *)*state)->set);
    }
}

/* --- what a core must have -------------------------------------------------------------------- */

#define LACKING BROKEN_DIR "/liblacking.so"

/* Two providers with the core that lacks something, each with its storage. */
static int open_two(struct fixture *f, const char *lacking, const char *storage,
                    struct lfi_error *error)
{
    struct provider_config configs[] = {
        config_of("dhowretail", LACKING, "{\"device\":1,\"inode\":7}"),
        config_of("dhowbusiness", LACKING, storage),
    };
    size_t failed;
    assert_int_equal(setenv("LACKING", lacking, 1), 0);
    int rc = provider_set_open(&f->set, configs, 2, &f->clock, &f->log, &failed, error);
    assert_int_equal(unsetenv("LACKING"), 0);
    return rc;
}

static void test_a_core_without_a_required_operation(void **state)
{
    static const char *const required[] = {"size",      "name",    "open", "close",  "accounts",
                                           "customers", "subject", "held", "exists", "family-size"};
    struct lfi_error error = {""};
    for (size_t i = 0; i < ARRAY_LEN(required); i++) {
        assert_int_equal(open_two(*state, required[i], "{}", &error), -1);
        assert_string_equal(error.message,
                            "provider dhowretail: the core lacks a required capability");
        assert_null(((struct fixture *)*state)->set);
    }
    assert_int_equal(open_two(*state, "ops", "{}", &error), -1);
    assert_string_equal(error.message, "provider dhowretail: the core returned no capabilities");
}

static void test_a_core_that_is_not_well(void **state)
{
    struct lfi_error error = {""};
    assert_int_equal(open_two(*state, "health", "{}", &error), -1);
    assert_string_equal(error.message, "provider dhowretail: the core is not well: a fever");
    assert_null(((struct fixture *)*state)->set);
}

static void test_no_two_cores_over_one_storage(void **state)
{
    static const struct {
        const char *lacking, *storage;
        int rc;
    } CASES[] = {
        {"nothing", "{\"device\":1,\"inode\":7}", -1},
        {"nothing", "{\"device\":1,\"inode\":8}", 0},
        {"nothing", "{\"device\":2,\"inode\":7}", 0},
        {"nothing", "{\"device\":1,\"inode\":0}", 0}, /* not known */
        {"newer", "{\"device\":1,\"inode\":7}", 0},   /* older than health: nobody can say */
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct lfi_error error = {""};
        assert_int_equal(open_two(f, CASES[i].lacking, CASES[i].storage, &error), CASES[i].rc);
        if (CASES[i].rc != 0) {
            assert_string_equal(error.message, "provider dhowbusiness: the core's storage is that "
                                               "of provider dhowretail");
        }
        provider_set_close(f->set);
        f->set = NULL;
    }
}

static int open_once(void *ctx)
{
    struct fixture *f = ctx;
    struct lfi_error error = {""};
    int rc = open_two(f, "nothing", "{\"device\":1,\"inode\":8}", &error);
    assert_true((rc == 0) == (error.message[0] == '\0'));
    assert_true(!f->set == (rc != 0));
    provider_set_close(f->set);
    f->set = NULL;
    return rc;
}

static void test_a_start_without_memory(void **state)
{
    int silent;
    assert_true(fail_each(open_once, *state, &silent) >= 2);
    assert_int_equal(silent, 0);
}

/* --- which provider a request is for ---------------------------------------------------------- */

static void check_request(struct fixture *f, const struct header *headers, size_t count,
                          const char *id, int status)
{
    const struct provider *provider = NULL;
    struct refusal refusal = {0};
    struct request request = {.headers = headers, .header_count = count};
    int rc = provider_of_request(f->set, &request, &provider, &refusal);
    if (!id) {
        assert_int_equal(rc, 0);
        return;
    }
    assert_int_equal(rc, -1);
    assert_string_equal(refusal.id, id);
    assert_int_equal(refusal.status, status);
}

static void test_dispatch(void **state)
{
    struct fixture *f = *state;
    struct lfi_error error = {""};
    assert_int_equal(open_set(f, SKELETON, &error), 0);
    struct header right[] = {{SLICE("O3-Provider-Id"), SLICE("dhowbusiness")}};
    struct header unknown[] = {{SLICE("o3-provider-id"), SLICE("dhow")}};
    struct header upper[] = {{SLICE("o3-provider-id"), SLICE("DHOWRETAIL")}};
    struct header empty[] = {{SLICE("o3-provider-id"), SLICE("")}};
    struct header alias[] = {{SLICE("o3-aspsp-id"), SLICE("dhowretail")}};
    struct header twice[] = {{SLICE("o3-provider-id"), SLICE("dhowretail")},
                             {SLICE("o3-provider-id"), SLICE("dhowretail")}};
    check_request(f, right, 1, NULL, 0);
    check_request(f, unknown, 1, "PROVIDER-UNKNOWN", 403);
    check_request(f, upper, 1, "PROVIDER-UNKNOWN", 403);
    check_request(f, empty, 1, "PROVIDER-MISSING", 400);
    check_request(f, alias, 1, "PROVIDER-MISSING", 400);
    check_request(f, NULL, 0, "PROVIDER-MISSING", 400);
    check_request(f, twice, 2, "PROVIDER-REPEATED", 400);
    assert_ptr_not_equal(provider_at(f->set, 0)->core, provider_at(f->set, 1)->core);
    assert_int_equal(provider_index(f->set, provider_at(f->set, 1)), 1);
    assert_int_equal(provider_index(f->set, NULL), provider_count(f->set));
}

/* --- what a core may ask ---------------------------------------------------------------------- */

static bool is_set(const struct cancellation *cancellation)
{
    (void)cancellation;
    return true;
}

static void test_a_call_is_cancelled_by_its_caller_or_its_deadline(void **state)
{
    struct fixture *f = *state;
    struct lfi_error error = {""};
    const struct cancellation set = {is_set};
    assert_int_equal(open_set(f, SKELETON, &error), 0);
    const struct lfi_host *host = provider_at(f->set, 0)->host;
    struct lfi_call call = core_call(host, NULL);
    assert_false(lfi_is_cancelled(&call));
    call.deadline_us = host->monotonic_us(host);
    assert_true(lfi_is_cancelled(&call));
    call = core_call(host, &set);
    assert_true(lfi_is_cancelled(&call));
    /* By a server that does not have the function the deadline alone counts. */
    struct lfi_host older = *host;
    older.size = offsetof(struct lfi_host, cancelled);
    older.cancelled = NULL;
    call.host = &older;
    assert_false(lfi_is_cancelled(&call));
    call.deadline_us = host->monotonic_us(host);
    assert_true(lfi_is_cancelled(&call));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cores_that_must_not_load, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_core_without_a_required_operation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_core_that_is_not_well, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_two_cores_over_one_storage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_start_without_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dispatch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_call_is_cancelled_by_its_caller_or_its_deadline,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
