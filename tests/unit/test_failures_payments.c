// link: lfi-payments
/* With memory short at any call a payment is made whole or refused with 500, never half. */
#include "failing.h"
/* has a function of the name of fail_each's parameter */
#include "payment_world.h"
#include "payments/validate.h"

#include <openssl/evp.h>

static void *short_of_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

FAILING(void *, short_of_memory(), calloc, (size_t count, size_t size), (count, size))
FAILING(void *, short_of_memory(), malloc, (size_t size), (size))
FAILING(void *, short_of_memory(), realloc, (void *old, size_t size), (old, size))
FAILING(void *, short_of_memory(), arena_alloc, (struct arena * arena, size_t size), (arena, size))
FAILING(EVP_MD_CTX *, NULL, EVP_MD_CTX_new, (void), ())

static void *fail_or_allocate(size_t size)
{
    return failing_now() ? short_of_memory() : malloc(size);
}

static int call_find(struct call *call, const struct payment_means *means, void *ctx)
{
    (void)means;
    (void)ctx;
    return payment_find(call, SLICE("payment-1"));
}

static int call_refund(struct call *call, const struct payment_means *means, void *ctx)
{
    (void)ctx;
    return payment_refund_account(call, means, SLICE(CONSENT));
}

static int call_validate(struct call *call, const struct payment_means *means, void *ctx)
{
    struct consent_finding finding;
    struct opened_pii opened = {.stage = PII_OF_CONSENT};
    (void)ctx;
    int rc = payment_validate(call, means->pii, &opened,
                              json_get(json_get(w.consent, "request"), "consent"), &finding);
    if (rc == 0 && finding.code) {
        fail_msg("%s: %s", finding.code, finding.description);
    }
    call->reply->status = 200;
    return rc;
}

struct attempt {
    int (*operation)(struct call *, const struct payment_means *, void *);
    const char *body;
    int status;
    bool repeat; /* the core has the payment */
};

static int try_once(void *ctx)
{
    const struct attempt *attempt = ctx;
    w.orders = 0;
    struct answer answer = run(attempt->operation, NULL, attempt->body);
    bool paid = attempt->operation == call_create && !attempt->repeat;
    if (answer.status == attempt->status) {
        assert_int_equal(w.orders, paid ? 1 : 0);
        return 0;
    }
    if (answer.status != 500) {
        fail_msg("%d %s: %s", answer.status, answer.id, answer.message);
    }
    assert_true(w.orders <= (paid ? 1U : 0U));
    return -1;
}

static void try_short_of_memory(struct attempt attempt, int at_least)
{
    cJSON_Hooks hooks = {fail_or_allocate, free};
    int silent;
    assert_int_equal(try_once(&attempt), 0);
    cJSON_InitHooks(&hooks);
    int count = fail_each(try_once, &attempt, &silent);
    cJSON_InitHooks(NULL);
    assert_int_equal(silent, 0);
    if (count < at_least) {
        fail_msg("only %d calls", count);
    }
}

static void with_documents(const char *control, void (*check)(const char *body))
{
    struct documents d = documents_for(control);
    char *body = cJSON_PrintUnformatted(d.body);
    w.consent = d.consent;
    w.pii = d.pii;
    w.agreed = d.agreed;
    check(body);
    cJSON_free(body);
    cJSON_Delete(d.body);
    cJSON_Delete(d.consent);
    cJSON_Delete(d.pii);
    cJSON_Delete(d.agreed);
}

static void make(const char *body)
{
    try_short_of_memory((struct attempt){call_create, body, 201, false}, 100);
}

static void repeat(const char *body)
{
    struct attempt attempt = {call_create, body, 201, false};
    assert_int_equal(try_once(&attempt), 0);
    memcpy(w.kept_digest, w.order.digest, sizeof(w.kept_digest));
    w.kept = true;
    attempt.repeat = true;
    try_short_of_memory(attempt, 50);
}

static void look_up(const char *body)
{
    (void)body;
    w.kept = true;
    try_short_of_memory((struct attempt){call_find, "", 200, false}, 5);
}

static void refund(const char *body)
{
    (void)body;
    w.refund = (struct lfi_refund_account){.size = sizeof(w.refund),
                                           .status = LFI_ACCOUNT_ACTIVE,
                                           .iban = "AE879990000000000000001",
                                           .name_en = "Rohan"};
    try_short_of_memory((struct attempt){call_refund, "", 200, false}, 20);
}

static void validate(const char *body)
{
    (void)body;
    try_short_of_memory((struct attempt){call_validate, "", 200, false}, 10);
}

static void a_payment_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    with_documents(single, make);
    with_documents(delegated, make);
}

static void a_repeat_is_not_taken_for_another_payment(void **state)
{
    (void)state;
    with_documents(single, repeat);
}

static void a_payment_that_is_there_is_not_called_unknown(void **state)
{
    (void)state;
    with_documents(single, look_up);
}

static void a_refund_account_that_is_there_is_not_refused(void **state)
{
    (void)state;
    with_documents(single, refund);
}

static void a_good_consent_is_not_called_invalid(void **state)
{
    (void)state;
    with_documents(single, validate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_payment_is_made_whole_or_not_at_all, begin),
        cmocka_unit_test_setup(a_repeat_is_not_taken_for_another_payment, begin),
        cmocka_unit_test_setup(a_payment_that_is_there_is_not_called_unknown, begin),
        cmocka_unit_test_setup(a_refund_account_that_is_there_is_not_refused, begin),
        cmocka_unit_test_setup(a_good_consent_is_not_called_invalid, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
