// link: lfi-core-headers dl
/* The skeleton core under a host that frees what it passed in as soon as it may. */
#include <dlfcn.h>
#include <lfi/core.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US INT64_C(1000000)

struct host {
    void *library;
    const struct lfi_core_ops *ops;
    void *core;
    int64_t now_us;
    struct lfi_error error;
};

static int64_t now_of_host(void *clock)
{
    return *(int64_t *)clock;
}

static int count_record(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    (void)json, (void)facts;
    answer->total++;
    return 0;
}

static struct lfi_slice text(const char *chars)
{
    return (struct lfi_slice){chars, strlen(chars)};
}

static int setup(void **state)
{
    struct host *host = calloc(1, sizeof(*host));
    lfi_core_get_ops_fn *get_ops = NULL;
    char *id = strdup("dhowretail");
    char *settings = strdup("{}");
    char *base_dir = strdup(".");
    struct lfi_core_config *config = calloc(1, sizeof(*config));

    host->now_us = SECOND_US;
    host->library = dlopen(LFI_CORE_DIR "/libcore-skeleton.so", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(host->library);
    void *symbol = dlsym(host->library, LFI_CORE_SYMBOL);
    memcpy(&get_ops, &symbol, sizeof(get_ops));
    host->ops = get_ops();
    *config = (struct lfi_core_config){.provider_id = id,
                                       .settings = settings,
                                       .base_dir = base_dir,
                                       .now_us = now_of_host,
                                       .clock = &host->now_us};
    assert_int_equal(host->ops->open(&host->core, config, &host->error), LFI_OK);
    free(config);
    free(base_dir);
    free(settings);
    free(id);
    *state = host;
    return 0;
}

static int teardown(void **state)
{
    struct host *host = *state;
    host->ops->close(host->core);
    (void)dlclose(host->library);
    free(host);
    return 0;
}

static int sign_in(struct host *host, const char *login, const char *password, struct lfi_id *user)
{
    const struct lfi_login asked = {sizeof(asked), text(login), text(password)};
    return host->ops->signin->sign_in(host->core, NULL, &asked, user, &host->error);
}

static int start(struct host *host, const struct lfi_id *user, struct lfi_id *approval)
{
    const struct lfi_approval_request asked = {sizeof(asked), text(user->text), text("{}"), 60};
    return host->ops->signin->approval_start(host->core, NULL, &asked, approval, &host->error);
}

static int state_of(struct host *host, const char *user, const struct lfi_id *approval,
                    enum lfi_approval_state *out)
{
    const struct lfi_approval asked = {sizeof(asked), text(user), text(approval->text)};
    return host->ops->signin->approval_state(host->core, NULL, &asked, out, &host->error);
}

static void test_only_the_right_password_signs_in(void **state)
{
    struct host *host = *state;
    struct lfi_id user = {""};
    assert_int_equal(sign_in(host, "skeleton", "skeleton-passwor", &user), LFI_DENIED);
    assert_int_equal(sign_in(host, "other", "skeleton-password", &user), LFI_DENIED);
    assert_int_equal(sign_in(host, "skeleton", "skeleton-password", &user), LFI_OK);
    assert_int_equal(host->ops->customers->exists(host->core, NULL, text(user.text), &host->error),
                     LFI_OK);
}

/* A filter that the core was not compiled with is refused, never ignored. */
static void test_an_unknown_filter_is_refused(void **state)
{
    struct host *host = *state;
    struct {
        struct lfi_query known;
        uint64_t newer;
    } query = {.known = {.subject_id = text("skeleton-account-1")}};
    struct lfi_answer answer = {.size = sizeof(answer), .record = count_record};
    const struct lfi_accounts *accounts = host->ops->accounts;
    query.known.size = sizeof(query);
    assert_int_equal(accounts->balances(host->core, NULL, &query.known, &answer, &host->error),
                     LFI_OK);
    query.newer = 1;
    assert_int_equal(accounts->balances(host->core, NULL, &query.known, &answer, &host->error),
                     LFI_FAILED);
    /* The name in the message is the configuration's, which is gone. */
    assert_non_null(strstr(host->error.message, "dhowretail: "));
    assert_int_equal(answer.total, 1);
}

static void test_an_approval_is_its_users_alone(void **state)
{
    struct host *host = *state;
    struct lfi_id user = {""}, first = {""}, second = {""};
    enum lfi_approval_state approval = LFI_APPROVAL_WAITING;
    (void)sign_in(host, "skeleton", "skeleton-password", &user);
    assert_int_equal(start(host, &user, &first), LFI_OK);
    (void)start(host, &user, &second);
    assert_string_not_equal(first.text, second.text);
    assert_int_equal(state_of(host, user.text, &first, &approval), LFI_OK);
    assert_int_equal(approval, LFI_APPROVAL_APPROVED);
    assert_int_equal(state_of(host, "nobody", &first, &approval), LFI_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_the_right_password_signs_in, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_unknown_filter_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_approval_is_its_users_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
