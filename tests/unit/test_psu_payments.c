// link: lfi-psu
/* A consent to a payment: what the customer is shown, from which account, and what is confirmed. */
#include "psu_world.h"

#include "base/base64.h"
#include "base/limits.h"
#include "payments/pii.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define RSA_BYTES 256

/* --- the TPP ---------------------------------------------------------------------------------- */

static EVP_PKEY *key;
static struct pii_reader *reader;

static int make_key(void **state)
{
    char path[] = "/tmp/lfi-test-pii-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    const struct jose_key_file files[] = {{"k", path}};
    const struct pii_config config = {.keys = files, .key_count = 1};
    struct lfi_error error = {{0}};
    (void)state;
    key = EVP_RSA_gen(RSA_BYTES * 8);
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(pii_init(&error), 0);
    assert_int_equal(pii_reader_new(&reader, &config, &world.clock, &world.log, NULL, &error), 0);
    return unlink(path);
}

static int drop_key(void **state)
{
    (void)state;
    pii_reader_free(reader);
    pii_fini();
    EVP_PKEY_free(key);
    return 0;
}

static void append_part(struct buf *out, const void *bytes, size_t len)
{
    buf_append_text(out, ".");
    base64_append_url(out, bytes, len);
}

/* A JWS, whose signature nobody checks here, encrypted for the bank. */
static void append_pii(struct buf *out, const char *json)
{
    static const char inner[] = "{\"alg\":\"PS256\"}";
    static const char header[] = "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"kid\":\"k\"}";
    static const unsigned char cek[32] = {7}, iv[12] = {1};
    unsigned char wrapped[RSA_BYTES], cipher[4096], tag[16];
    size_t wrapped_len = sizeof(wrapped), start = out->len;
    int len = 0, rest = 0;
    struct buf jws;
    EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new(key, NULL);
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    buf_init(&jws, sizeof(cipher));
    base64_append_url(&jws, inner, sizeof(inner) - 1);
    append_part(&jws, json, strlen(json));
    append_part(&jws, "none", 4);
    base64_append_url(out, header, sizeof(header) - 1);
    assert_true(EVP_PKEY_encrypt_init(rsa) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_OAEP_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_oaep_md(rsa, EVP_sha256()) == 1 &&
                EVP_PKEY_encrypt(rsa, wrapped, &wrapped_len, cek, sizeof(cek)) == 1);
    assert_true(
        EVP_EncryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, cek, iv) == 1 &&
        EVP_EncryptUpdate(gcm, NULL, &len, (const unsigned char *)out->ptr + start,
                          (int)(out->len - start)) == 1 &&
        EVP_EncryptUpdate(gcm, cipher, &len, (const unsigned char *)jws.ptr, (int)jws.len) == 1 &&
        EVP_EncryptFinal_ex(gcm, cipher + len, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag) == 1);
    append_part(out, wrapped, sizeof(wrapped));
    append_part(out, iv, sizeof(iv));
    append_part(out, cipher, jws.len);
    append_part(out, tag, sizeof(tag));
    buf_free(&jws);
    EVP_CIPHER_CTX_free(gcm);
    EVP_PKEY_CTX_free(rsa);
}

#define PAYEE                                                                                      \
    "{\"CreditorAccount\":{\"SchemeName\":\"IBAN\",\"Identification\":"                            \
    "\"AE07 0331 2345 6789 0123 456\",\"Name\":{\"en\":\"Salma Haddad\",\"ar\":\"x\"}}}"
#define PII(debtor) "{\"Initiation\":{" debtor "\"Creditor\":[" PAYEE "]}}"
#define DEBTOR(iban) "\"DebtorAccount\":{\"SchemeName\":\"IBAN\",\"Identification\":\"" iban "\"},"
#define MONEY(amount) "{\"Amount\":\"" amount "\",\"Currency\":\"AED\"}"
#define SCHEDULE(schedule) "{\"ConsentSchedule\":" schedule "}"
#define SINGLE_SCHEDULE(amount)                                                                    \
    "{\"SinglePayment\":{\"Type\":\"SingleInstantPayment\",\"Amount\":" MONEY(amount) "}}"
#define SINGLE(amount) SCHEDULE(SINGLE_SCHEDULE(amount))
#define MULTI(more, periodic)                                                                      \
    SCHEDULE("{\"MultiPayment\":{" more "\"PeriodicSchedule\":" periodic "}}")
#define MONTHLY "\"PeriodType\":\"Month\",\"PeriodStartDate\":\"2030-01-01\","
#define FOD                                                                                        \
    "{\"Type\":\"FixedOnDemand\"," MONTHLY                                                         \
    "\"Amount\":" MONEY("50.00") ",\"Controls\":"                                                  \
                                 "{\"MaximumCumulativeNumberOfPaymentsPerPeriod\":4}}"

/*
 * The Hub's consent with these members, ControlParameters and this PII; NULL: one that is
 * malformed.
 */
static void ask_for_with(const char *members, const char *control, const char *pii)
{
    static struct buf consent;
    buf_free(&consent);
    buf_init(&consent, 16384);
    buf_append_format(&consent,
                      "{\"id\":\"c-1\",\"consentType\":\"cbuae-service-initiation-consents\","
                      "%s,\"tpp\":{\"tppName\":\"Falcon Pay\","
                      "\"clientId\":\"t-1\"},\"request\":{\"consent\":{\"ControlParameters\":"
                      "%s,\"PersonalIdentifiableInformation\":\"",
                      members, control);
    if (pii) {
        append_pii(&consent, pii);
    } else {
        buf_append_text(&consent, "e30.AA.AA.AA.AA");
    }
    buf_append_text(&consent,
                    "\"}},\"consentBody\":{\"Data\":{\"ConsentId\":\"c-1\",\"Permissions\":"
                    "[\"ReadAccountsBasic\",\"ReadRefundAccount\"],\"DebtorReference\":\"INV 7\","
                    "\"PaymentPurposeCode\":\"SAL\",\"ExpirationDateTime\":"
                    "\"2099-01-01T00:00:00Z\"}}}");
    buf_append(&consent, "", 1);
    assert_false(consent.failed);
    world.consent = consent.ptr;
}

static void ask_for(const char *control, const char *pii)
{
    ask_for_with("\"status\":\"AwaitingAuthorization\"", control, pii);
}

#define ACCOUNT(id, sub_type, status, currency, iban)                                              \
    "{\"id\":\"" id "\",\"status\":\"" status "\",\"accountType\":\"Retail\","                     \
    "\"accountSubType\":\"" sub_type "\",\"currency\":\"" currency "\",\"accountNumbers\":"        \
    "[{\"schemeName\":\"IBAN\",\"identification\":\"" iban "\"}]}"

static int set_up(void **state)
{
    static const char *const offered[] = {"cbuae-account-access-consents",
                                          "cbuae-service-initiation-consents", NULL};
    int result = world_set_up(state);
    world.provider.offers.consent_types = offered;
    world.psu->pii = reader;
    world.accounts[0] =
        ACCOUNT("acc-1", "CurrentAccount", "Active", "AED", "AE450331234567890123401");
    world.accounts[1] = ACCOUNT("acc-2", "Savings", "Active", "AED", "AE180331234567890123402");
    world.accounts[2] = ACCOUNT("acc-3", "Savings", "Dormant", "AED", "AE880331234567890123403");
    world.accounts[3] = ACCOUNT("acc-4", "CurrentAccount", "Active", "USD", "AE4");
    world.accounts[4] = ACCOUNT("acc-5", "CreditCard", "Active", "AED", "AE5");
    ask_for(SINGLE("250.00"), PII(""));
    return result;
}

/* --- what is shown ---------------------------------------------------------------------------- */

#define SALMA "{\"name\":\"Salma Haddad\",\"iban\":\"AE070331234567890123456\"}"
#define EXPIRES "\"expires\":\"2099-01-01T00:00:00Z\","
#define TERMS "\"reference\":\"INV 7\",\"purpose\":\"SAL\",\"grants\":\"account-refund\","
#define SHOWN_MONEY(name, value) "\"" name "\":{\"value\":\"" value "\",\"currency\":\"AED\"},"
#define SHOWN                                                                                      \
    "\"payment\":{\"type\":\"SingleInstantPayment\"," SHOWN_MONEY("amount", "250.00")              \
        EXPIRES TERMS "\"payees\":[" SALMA "]}"

static void shows_what_is_paid_to_whom_and_from_where(void **state)
{
    (void)state;
    world_arrive();
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"sign-in\"") && world_says("\"pays\":true"));
    world_go(SESSION_REVIEW);
    assert_true(world_says("\"view\":\"payment\"") && world_says("\"tpp\":\"Falcon Pay\""));
    assert_true(world_says(SHOWN) && world_says("\"debtorNamed\":false"));
    assert_true(world_says("\"accounts\":[{\"id\":\"acc-1\"") && world_says("{\"id\":\"acc-2\""));
    assert_false(world_says("{\"id\":\"acc-3\"") || world_says("{\"id\":\"acc-4\"") ||
                 world_says("{\"id\":\"acc-5\""));
    assert_string_equal(world.calls, "");
}

static void tells_what_it_costs_and_whose_service_it_is(void **state)
{
    static const char terms[] = "\"DebtorReference\":\"INV 7\",";
    char consent[8192];
    (void)state;
    const char *at = strstr(world.consent, terms);
    assert_non_null(at);
    (void)snprintf(consent, sizeof(consent), "%.*s%s%s", (int)(at - world.consent), world.consent,
                   "\"SponsoredTPPInformation\":{\"Name\":\"Yaqut Market\"},"
                   "\"Charges\":[{\"ChargeBearer\":\"BorneByDebtor\",\"Type\":\"VAT\","
                   "\"Amount\":" MONEY("0.05") "}],",
                   at);
    world.consent = consent;
    world_go(SESSION_REVIEW);
    assert_true(world_says("\"sponsored\":\"Yaqut Market\",\"charges\":[{\"type\":\"VAT\","
                           "\"bearer\":\"BorneByDebtor\",\"amount\":{\"value\":\"0.05\","
                           "\"currency\":\"AED\"}}]"));
}

/* The page of own consents has them by the same mechanism. */
static void shows_the_same_terms_among_own_consents(void **state)
{
    char body[128];
    (void)state;
    ask_for_with("\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"
                 "\"accountIds\":[\"acc-1\"]",
                 SINGLE("250.00"), PII(""));
    world.own = "[]";
    world_post("/consents/api/start", "{}");
    const char *at = strstr(world.body, "\"journey\":\"");
    assert_non_null(at);
    char session[64];
    snprintf(session, sizeof(session), "%.36s", at + 11);
    snprintf(body, sizeof(body), "{\"journey\":\"%s\",\"login\":\"l\",\"password\":\"right\"}",
             session);
    world_post("/consents/api/sign-in", body);
    world.approval = LFI_APPROVAL_APPROVED;
    snprintf(body, sizeof(body), "{\"journey\":\"%s\"}", session);
    world_post("/consents/api/approval", body);
    snprintf(body, sizeof(body), "{\"journey\":\"%s\",\"consentId\":\"c-1\"}", session);
    world_post("/consents/api/consent", body);
    assert_true(world_says("\"view\":\"consent\"") && world_says(SHOWN));
    assert_true(world_says("\"number\":\"AE450331234567890123401\""));
}

#define MONTHS "\"period\":\"Month\",\"starts\":\"2030-01-01\","

/* Every type, with many and with few of its controls. */
static void shows_the_terms_of_every_type(void **state)
{
    static const struct {
        const char *control, *pii, *shown;
    } cases[] = {
        {MULTI("", FOD), PII(""),
         "{\"type\":\"FixedOnDemand\"," SHOWN_MONEY("amount", "50.00") MONTHS
         "\"periodCount\":4," EXPIRES TERMS "\"payees\":[" SALMA "]}"},
        {MULTI(
             "\"MaximumCumulativeNumberOfPayments\":9,\"MaximumCumulativeValueOfPayments\":" MONEY(
                 "900.00") ",",
             "{\"Type\":\"VariableOnDemand\"," MONTHLY "\"Controls\":"
             "{\"MaximumIndividualAmount\":" MONEY(
                 "100.00") ",\"MaximumCumulativeValueOfPaymentsPerPeriod\":" MONEY("200.00") "}}"),
         "{\"Initiation\":{\"Creditor\":[" PAYEE "," PAYEE "]}}",
         "{\"type\":\"VariableOnDemand\"," SHOWN_MONEY("maximum", "100.00") MONTHS
         "\"count\":9," SHOWN_MONEY("total", "900.00") SHOWN_MONEY("periodTotal", "200.00")
             EXPIRES TERMS "\"payees\":[" SALMA "," SALMA "]}"},
        {MULTI("", "{\"Type\":\"VariableOnDemand\"," MONTHLY "\"Controls\":"
                   "{\"MaximumCumulativeNumberOfPaymentsPerPeriod\":2}}"),
         "{\"Initiation\":{}}",
         "{\"type\":\"VariableOnDemand\"," MONTHS "\"periodCount\":2," EXPIRES TERMS
         "\"payees\":[]}"},
        {MULTI("\"MaximumCumulativeNumberOfPayments\":12,",
               "{\"Type\":\"FixedPeriodicSchedule\"," MONTHLY "\"Amount\":" MONEY("9.90") "}"),
         PII(""),
         "{\"type\":\"FixedPeriodicSchedule\"," SHOWN_MONEY("amount", "9.90") MONTHS
         "\"count\":12," EXPIRES},
        {MULTI("", "{\"Type\":\"VariablePeriodicSchedule\"," MONTHLY
                   "\"MaximumIndividualAmount\":" MONEY("9.90") "}"),
         PII(""),
         "{\"type\":\"VariablePeriodicSchedule\"," SHOWN_MONEY("maximum", "9.90") MONTHS EXPIRES},
        {MULTI("", "{\"Type\":\"FixedDefinedSchedule\",\"Schedule\":[{\"PaymentExecutionDate\":"
                   "\"2030-02-01\",\"Amount\":" MONEY("1.00") "}]}"),
         PII(""),
         "{\"type\":\"FixedDefinedSchedule\",\"dates\":[{\"date\":\"2030-02-01\",\"amount\":"
         "{\"value\":\"1.00\",\"currency\":\"AED\"}}]," EXPIRES},
        {MULTI("", "{\"Type\":\"VariableDefinedSchedule\",\"Schedule\":[{\"PaymentExecutionDate\":"
                   "\"2030-02-01\",\"MaximumIndividualAmount\":" MONEY("1.00") "}]}"),
         PII(""),
         "{\"type\":\"VariableDefinedSchedule\",\"dates\":[{\"date\":\"2030-02-01\",\"maximum\":"
         "{\"value\":\"1.00\",\"currency\":\"AED\"}}]," EXPIRES},
        {"{\"IsDelegatedAuthentication\":true}", "{\"Initiation\":{}}",
         "{\"type\":\"DelegatedAuthentication\"," EXPIRES TERMS "\"payees\":[]}"},
        {"{\"IsDelegatedAuthentication\":true,\"ConsentSchedule\":{}}", PII(""),
         "{\"type\":\"DelegatedAuthentication\"," EXPIRES TERMS "\"payees\":[" SALMA "]}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_tear_down(state);
        set_up(state);
        ask_for(cases[i].control, cases[i].pii);
        world_go(SESSION_REVIEW);
        assert_true(world_says("\"view\":\"payment\""));
        if (!world_says(cases[i].shown)) {
            fail_msg("%s\nis not in\n%s", cases[i].shown, world.body);
        }
    }
}

static void pays_from_the_account_that_the_tpp_named(void **state)
{
    (void)state;
    ask_for(SINGLE("250.00"), PII(DEBTOR("ae18 0331 2345 6789 0123 402")));
    world_go(SESSION_REVIEW);
    assert_true(world_says("\"debtorNamed\":true") &&
                world_says("\"accounts\":[{\"id\":\"acc-2\""));
    assert_false(world_says("{\"id\":\"acc-1\""));
    world_post("/journey/approve", WORLD_APPROVE); /* another account than that */
    assert_true(world_says("\"error\":\"JOURNEY-ACCOUNTS\""));
}

#define REJECTED                                                                                   \
    "PATCH {\"status\":\"Rejected\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"                      \
    "\"authorizationChannel\":\"Web\"}\n"

static void rejects_what_cannot_be_paid(void **state)
{
    static const struct {
        const char *control, *pii, *told;
        bool no_key;
    } cases[] = {
        {SINGLE("1.00"), PII(DEBTOR("AE120331234567890123499")),
         "invalid_request user_does_not_own_debtor_account", false},
        {SINGLE("1.00"), PII(DEBTOR("AE880331234567890123403")), /* the customer's, but dormant */
         "invalid_request user_lacks_eligible_accounts", false},
        {SINGLE("1.00"), NULL, "server_error lfi_internal_error", false},
        {SINGLE("1.00"), "{\"Initiation\":{}}", "server_error lfi_internal_error", false},
        {SINGLE("1.00"), "{\"Initiation\":{\"Creditor\":[" PAYEE "," PAYEE "]}}",
         "server_error lfi_internal_error", false},
        {SINGLE("1.00"), PII(""), "server_error lfi_internal_error", true},
        {SCHEDULE("{\"SinglePayment\":{\"Type\":\"SingleFutureDatedPayment\"}}"), PII(""),
         "access_denied consent_not_supported", false},
        {SCHEDULE("{\"FilePayment\":{\"FileType\":\"x\"}}"), PII(""),
         "access_denied consent_not_supported", false},
        {MULTI("", FOD), "{\"Initiation\":{}}", "server_error lfi_internal_error", false},
        {"{\"IsDelegatedAuthentication\":true,\"ConsentSchedule\":" SINGLE_SCHEDULE("1.00") "}",
         PII(""), "access_denied consent_not_supported", false},
        {"{}", PII(""), "access_denied consent_not_supported", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[512];
        world_tear_down(state);
        set_up(state);
        world.psu->pii = cases[i].no_key ? NULL : reader;
        ask_for(cases[i].control, cases[i].pii);
        world_go(SESSION_REVIEW);
        snprintf(expected, sizeof(expected), "%sdoFail %s\n", REJECTED, cases[i].told);
        assert_string_equal(world.calls, expected);
    }
}

/* Of acc-1 all is said, acc-2 needs a second approver, and acc-6 cannot be paid from. */
static int payable(void *core, const struct lfi_call *call, const struct lfi_query *query,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    struct lfi_payable_facts facts = {.size = sizeof(facts),
                                      .available = {150050, "AED"},
                                      .overdraft = {200000, "AED"},
                                      .limit = {50000, "AED"},
                                      .alone = 1};
    (void)core;
    (void)call;
    (void)error;
    assert_true(slice_equal_text(query->subject_id, "u-1"));
    snprintf(facts.account.account_id, sizeof(facts.account.account_id), "acc-1");
    answer->record(answer, slice_of(world.accounts[0]), &facts);
    snprintf(facts.account.account_id, sizeof(facts.account.account_id), "acc-2");
    facts.alone = 0;
    return answer->record(answer, slice_of(world.accounts[1]), &facts) == 0 ? LFI_OK : LFI_STOPPED;
}

static const struct lfi_payments payments_of_core = {.size = sizeof(payments_of_core),
                                                     .payable = payable};

static void offers_what_the_core_lets_the_customer_pay_from(void **state)
{
    (void)state;
    world.provider.payments = &payments_of_core;
    world.accounts[2] = ACCOUNT("acc-6", "Savings", "Active", "AED", "AE6");
    world_go(SESSION_REVIEW);
    assert_true(world_says("\"balance\":{\"value\":\"-499.50\",\"currency\":\"AED\"},"
                           "\"overdraft\":{\"value\":\"2000.00\",\"currency\":\"AED\"},"
                           "\"limit\":{\"value\":\"500.00\",\"currency\":\"AED\"}}"));
    assert_false(world_says("{\"id\":\"acc-6\""));
}

/* Whether the TPP can wait for other approvers or not. */
static void one_approver_does_not_authorise_what_needs_two(void **state)
{
    static const char *const flags[] = {"", "\"IsSingleAuthorization\":false,",
                                        "\"IsSingleAuthorization\":true,"};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        char consent[8192];
        world_tear_down(state);
        set_up(state);
        world.provider.payments = &payments_of_core;
        const char *data = strstr(world.consent, "\"DebtorReference\"");
        snprintf(consent, sizeof(consent), "%.*s%s%s", (int)(data - world.consent), world.consent,
                 flags[i], data);
        world.consent = consent;
        world_go(SESSION_REVIEW);
        assert_true(world_says("{\"id\":\"acc-1\""));
        assert_false(world_says("{\"id\":\"acc-2\""));
        world_post("/journey/approve", "{\"journey\":\"i-1\",\"accountIds\":[\"acc-2\"]}");
        assert_true(world_says("JOURNEY-ACCOUNTS"));
        assert_string_equal(world.calls, "");
    }
}

/* The payloads say {"message":{"Data":{"NameMatchIndicator":"ConfirmationOfPayee.…"}}}. */
static void warns_of_a_name_that_does_not_match(void **state)
{
#define HEADER "eyJhbGciOiJQUzI1NiJ9."
#define MESSAGE "eyJtZXNzYWdlIjp7IkRhdGEiOnsiTmFtZU1hdGNoSW5kaWNhdG9yIjoiQ29uZmlybWF0aW9uT2ZQYXllZS"
    static const struct {
        const char *response, *said;
    } cases[] = {
        {HEADER MESSAGE "5ZZXMifX19.AA", NULL},
        {HEADER MESSAGE "5QYXJ0aWFsIn19fQ.AA", "\"match\":\"partial\"}"},
        {HEADER MESSAGE "5ObyJ9fX0.AA", "\"match\":\"none\"}"},
        {HEADER "e30.AA", NULL},
        {HEADER "AA.AA", NULL},
        {"a.b.c", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char pii[2048];
        world_tear_down(state);
        set_up(state);
        snprintf(pii, sizeof(pii),
                 "{\"Initiation\":{\"Creditor\":[{\"CreditorAccount\":{\"SchemeName\":\"IBAN\","
                 "\"Identification\":\"AE070331234567890123456\",\"Name\":{\"en\":\"S\"}},"
                 "\"ConfirmationOfPayeeResponse\":\"%s\"}]}}",
                 cases[i].response);
        ask_for(SINGLE("1.00"), pii);
        world_go(SESSION_REVIEW);
        assert_true(world_says("\"view\":\"payment\""));
        assert_true(cases[i].said ? world_says(cases[i].said) : !world_says("\"match\""));
    }
}

static void offers_no_account_that_cannot_pay(void **state)
{
    (void)state;
    world.accounts[0] = world.accounts[2];
    world.accounts[1] = NULL;
    world_go(SESSION_REVIEW);
    assert_string_equal(world.calls,
                        REJECTED "doFail invalid_request user_lacks_eligible_accounts\n");
}

/* --- what is decided -------------------------------------------------------------------------- */

static void decide(void)
{
    world_go(SESSION_REVIEW);
    world.approval = LFI_APPROVAL_WAITING;
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"step-up\""));
    assert_string_equal(world.calls, "");
}

static void authorizes_one_account_after_the_payment_was_confirmed(void **state)
{
    (void)state;
    decide();
    assert_true(world_asks("{\"kind\":\"payment\",\"tpp\":\"Falcon Pay\",\"accounts\":1,"
                           "\"payee\":\"Salma Haddad\",\"amount\":{\"value\":\"250.00\","
                           "\"currency\":\"AED\"},\"reference\":\"i-1\","));
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/step-up", WORLD_STEP);
    assert_string_equal(world.calls, "PATCH {\"status\":\"Authorized\",\"psuIdentifiers\":"
                                     "{\"userId\":\"u-1\"},\"accountIds\":[\"acc-1\"],"
                                     "\"authorizationChannel\":\"Web\"}\ndoConfirm i-1\n");
}

/* The app is told the most that each payment may be, and no payee that is not fixed. */
static void asks_the_app_for_several_payments(void **state)
{
    (void)state;
    ask_for(
        MULTI("", "{\"Type\":\"VariableOnDemand\",\"Controls\":{\"MaximumIndividualAmount\":" MONEY(
                      "75.00") "}}"),
        "{\"Initiation\":{}}");
    decide();
    assert_true(world_asks("{\"kind\":\"payments\",\"tpp\":\"Falcon Pay\",\"accounts\":1,"
                           "\"amount\":{\"value\":\"75.00\",\"currency\":\"AED\"},"
                           "\"reference\":\"i-1\","));
}

static void takes_one_account_and_no_more(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world_post("/journey/approve", "{\"journey\":\"i-1\",\"accountIds\":[\"acc-1\",\"acc-2\"]}");
    assert_true(world_says("\"error\":\"JOURNEY-ACCOUNTS\""));
    world_post("/journey/approve", "{\"journey\":\"i-1\",\"accountIds\":[\"acc-4\"]}");
    assert_true(world_says("\"error\":\"JOURNEY-ACCOUNTS\""));
    assert_string_equal(world.calls, "");
}

/* The confirmation is of this amount to this payee, and of no other. */
static void a_changed_payment_makes_its_confirmation_void(void **state)
{
    static const char *const changed[][2] = {
        {SINGLE("950.00"), PII("")},
        {SINGLE("250.00"), "{\"Initiation\":{\"Creditor\":[{\"CreditorAccount\":{\"SchemeName\":"
                           "\"IBAN\",\"Identification\":\"AE340331234567890123455\",\"Name\":"
                           "{\"en\":\"Salma Haddad\"}}}]}}"},
    };
    for (size_t i = 0; i < 2; i++) {
        world_tear_down(state);
        set_up(state);
        decide();
        ask_for(changed[i][0], changed[i][1]);
        world.approval = LFI_APPROVAL_APPROVED;
        world_post("/journey/step-up", WORLD_STEP);
        assert_int_equal(world.status, 409);
        assert_true(world_says("\"error\":\"JOURNEY-CHANGED\""));
        assert_string_equal(world.calls, "");
        world_post("/journey/state", "{}");
        assert_true(world_says("\"view\":\"payment\""));
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(shows_what_is_paid_to_whom_and_from_where),
        CASE(tells_what_it_costs_and_whose_service_it_is),
        CASE(shows_the_same_terms_among_own_consents),
        CASE(shows_the_terms_of_every_type),
        CASE(pays_from_the_account_that_the_tpp_named),
        CASE(rejects_what_cannot_be_paid),
        CASE(offers_what_the_core_lets_the_customer_pay_from),
        CASE(one_approver_does_not_authorise_what_needs_two),
        CASE(warns_of_a_name_that_does_not_match),
        CASE(offers_no_account_that_cannot_pay),
        CASE(authorizes_one_account_after_the_payment_was_confirmed),
        CASE(asks_the_app_for_several_payments),
        CASE(takes_one_account_and_no_more),
        CASE(a_changed_payment_makes_its_confirmation_void),
    };
    return cmocka_run_group_tests(tests, make_key, drop_key);
}
