// link: lfi-payments
/* POST /payments, check by check: what each refusal needs, and in which order they come. */
#include "payment_world.h"

/* --- refusals --------------------------------------------------------------------------------- */

enum where { BODY, CONSENT_, PII, AGREED };

static const struct refused {
    const char *control;
    enum where where;
    const char *path, *value; /* value NULL: taken away */
    int status;
    const char *code, *id;
} refused[] = {
    {single, BODY, "paymentType", "\"cbuae-other\"", 400, "Body.InvalidFormat", "PAYMENT-TYPE"},
    {single, BODY, "paymentType", "\"CBUAE-PAYMENT\"", 400, "Body.InvalidFormat", "PAYMENT-TYPE"},
    {single, BODY, "paymentType", "\"cbuae-file-payment\"", 400, "Body.InvalidFormat",
     "PAYMENT-SHAPE"},
    {single, BODY, "request.Data.OpenFinanceBilling", NULL, 400, "Body.InvalidFormat",
     "PAYMENT-SHAPE"},
    {single, BODY, "request.Data.ConsentId", "\"consent-2\"", 400, "Consent.Invalid",
     "PAYMENT-CONSENT-ID"},
    {single, BODY, "request.Data.CurrencyRequest", "{}", 400, "Consent.FailsControlParameters",
     "PAYMENT-INTERNATIONAL"},
    {single, BODY, "request.Data.FxQuoteId", "\"q\"", 400, "Consent.FailsControlParameters",
     "PAYMENT-INTERNATIONAL"},
    {single, BODY, "request.Data.Instruction.Amount.Currency", "\"USD\"", 400, "Body.InvalidFormat",
     "PAYMENT-CURRENCY"},
    {single, BODY, "request.Data.Instruction.Amount.Amount", "\"0.00\"", 400, "Body.InvalidFormat",
     "PAYMENT-AMOUNT"},
    {single, BODY, "request.Data.DebtorReference", "\"Salary June (2) +5%\"", 400,
     "Body.InvalidFormat", "PAYMENT-REFERENCE"},
    {single, BODY, "request.Data.CreditorReference", "\"راتب\"", 400, "Body.InvalidFormat",
     "PAYMENT-REFERENCE"},
    {single, BODY, "requestHeaders.X-Idempotency-Key", "7", 400, "Body.InvalidFormat",
     "PAYMENT-KEY"},
    {single, BODY, "requestHeaders.X-Idempotency-Key", "\"with blank\"", 400, "Body.InvalidFormat",
     "PAYMENT-KEY"},
    {single, BODY, "requestHeaders.X-Idempotency-Key",
     "\"12345678901234567890123456789012345678901\"", 400, "Body.InvalidFormat", "PAYMENT-KEY"},
    {single, BODY, "requestHeaders.x-idempotency-key", "\"key-2\"", 400, "Body.InvalidFormat",
     "PAYMENT-KEY"},
    {single, CONSENT_, "status", "\"Revoked\"", 400, "Consent.Invalid", "PAYMENT-CONSENT-STATE"},
    {single, CONSENT_, "status", "\"AwaitingAuthorization\"", 400, "Consent.Invalid",
     "PAYMENT-CONSENT-STATE"},
    {single, CONSENT_, "status", "\"Suspended\"", 400, "Consent.Invalid", "PAYMENT-CONSENT-STATE"},
    {single, CONSENT_, "consentBody.Data.ExpirationDateTime", "\"2027-01-15T12:00:00+04:00\"", 400,
     "Consent.Invalid", "PAYMENT-CONSENT-STATE"},
    {single, CONSENT_, "consentType", "\"cbuae-account-access-consents\"", 400, "Consent.Invalid",
     "PAYMENT-CONSENT-KIND"},
    {single, CONSENT_, "request.consent.ControlParameters.ConsentSchedule.FilePayment", "{}", 400,
     "Consent.Invalid", "PAYMENT-CONSENT-KIND"},
    {single, CONSENT_, "request.consent.ControlParameters.ConsentSchedule", "{}", 400,
     "Consent.Invalid", "PAYMENT-CONSENT-KIND"},
    {single, CONSENT_, "psuIdentifiers.userId", "\"user-2\"", 400, "Consent.InvalidUserIdentifier",
     "PAYMENT-CONSENT-USER"},
    {single, CONSENT_, "psuIdentifiers", NULL, 400, "Consent.InvalidUserIdentifier",
     "PAYMENT-CONSENT-USER"},
    {single, CONSENT_, "accountIds", "[\"account-1\",\"account-2\"]", 400, "Consent.Invalid",
     "PAYMENT-CONSENT-ACCOUNT"},
    {single, CONSENT_, "accountIds", NULL, 400, "Consent.Invalid", "PAYMENT-CONSENT-ACCOUNT"},
    {single, BODY, "requestHeaders.x-fapi-customer-ip-address", NULL, 400, "Body.InvalidFormat",
     "PAYMENT-ADDRESS"},
    {single, BODY, "requestHeaders.x-fapi-customer-ip-address", "\"192.0.2.7:80\"", 400,
     "Body.InvalidFormat", "PAYMENT-ADDRESS"},
    {delegated, BODY, "requestHeaders.x-fapi-customer-ip-address", "\"fe80::1%eth0\"", 400,
     "Body.InvalidFormat", "PAYMENT-ADDRESS"},
    {delegated, BODY, "requestHeaders.X-FAPI-Auth-Date", NULL, 400, "Body.InvalidFormat",
     "PAYMENT-AUTH-DATE"},
    {delegated, BODY, "requestHeaders.X-FAPI-Auth-Date", "\"2027-01-15T07:59:00Z\"", 400,
     "Body.InvalidFormat", "PAYMENT-AUTH-DATE"},
    {delegated, BODY, "requestHeaders.X-FAPI-Auth-Date", "\"Tue, 31 Feb 2026 07:59:00 GMT\"", 400,
     "Body.InvalidFormat", "PAYMENT-AUTH-DATE"},
    {single, BODY, "request.Data.PersonalIdentifiableInformation", NULL, 400, "JWE.DecryptionError",
     "PII-MISSING"},
    {single, PII, "Initiation", NULL, 400, "Body.InvalidFormat", "PAYMENT-CREDITOR-ABSENT"},
    {single, PII, "Initiation.CreditorAccount.Identification", "\"AE919900000000000000002\"", 400,
     "Consent.FailsControlParameters", "PAYMENT-CREDITOR"},
    {single, PII, "Initiation.CreditorAccount.Name.en", "\"sidr stationery\"", 400,
     "Consent.FailsControlParameters", "PAYMENT-CREDITOR"},
    {single, PII, "Initiation.CreditorAccount.Name.ar", "\"سدر\"", 400,
     "Consent.FailsControlParameters", "PAYMENT-CREDITOR"},
    {single, AGREED, "Initiation.Creditor.0.CreditorAccount.Name.en", NULL, 400,
     "Consent.FailsControlParameters", "PAYMENT-CREDITOR"},
    {single, PII, "Initiation.CreditorAgent", NULL, 400, "Consent.FailsControlParameters",
     "PAYMENT-CREDITOR"},
    {single, PII, "Initiation.CreditorAgent.Identification", "\"SIDRAEA0XXX\"", 400,
     "Consent.FailsControlParameters", "PAYMENT-CREDITOR"},
    {single, AGREED, "Initiation.Creditor.0", NULL, 400, "Consent.FailsControlParameters",
     "PAYMENT-CREDITOR"},
    {delegated, PII, "Risk", NULL, 400, "Body.InvalidFormat", "PAYMENT-PROOF-ABSENT"},
    {delegated, PII, "Risk.DebtorIndicators.Authentication.ChallengeOutcome", "\"Fail\"", 400,
     "Consent.FailsControlParameters", "PAYMENT-PROOF-OUTCOME"},
    {delegated, PII, "Risk.DebtorIndicators.Authentication.AuthenticationFlow", "\"Other\"", 400,
     "Consent.FailsControlParameters", "PAYMENT-PROOF-FLOW"},
    {delegated, PII, "Risk.DebtorIndicators.Authentication.InherenceFactor.IsUsed", "false", 400,
     "Consent.FailsControlParameters", "PAYMENT-PROOF-FACTORS"},
    {delegated, PII, "Risk.DebtorIndicators.Authentication.PossessionFactor.Type", NULL, 400,
     "Consent.FailsControlParameters", "PAYMENT-PROOF-FACTORS"},
    {delegated, PII, "Risk.DebtorIndicators.Authentication.ChallengeDateTime", NULL, 400,
     "Consent.FailsControlParameters", "PAYMENT-PROOF-TIME"},
    {delegated, PII, "Risk.DebtorIndicators.Authentication.ChallengeDateTime",
     "\"2027-01-15T07:54:59Z\"", 400, "Consent.FailsControlParameters", "PAYMENT-PROOF-TIME"},
    {delegated, PII, "Risk.DebtorIndicators.Authentication.ChallengeDateTime",
     "\"2027-01-15T08:00:11Z\"", 400, "Consent.FailsControlParameters", "PAYMENT-PROOF-TIME"},
    {delegated, BODY, "requestHeaders.X-FAPI-Auth-Date", "\"Fri, 15 Jan 2027 07:54:29 GMT\"", 400,
     "Consent.FailsControlParameters", "PAYMENT-PROOF-DATE"},
};

static cJSON *document_of(struct documents *d, enum where where)
{
    cJSON *all[] = {d->body, d->consent, d->pii, d->agreed};
    return all[where];
}

static void each_check_refuses_with_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        const struct refused *row = &refused[i];
        struct documents d = documents_for(row->control);
        change(document_of(&d, row->where), row->path, row->value);
        struct answer answer = pay(&d);
        if (answer.status != row->status || strcmp(answer.code, row->code) != 0 ||
            strcmp(answer.id, row->id) != 0 || w.orders != 0) {
            fail_msg("%s = %s: %d %s %s, %u orders", row->path, row->value ? row->value : "-",
                     answer.status, answer.code, answer.id, w.orders);
        }
    }
}

static void what_the_core_decides_has_its_code_and_its_words(void **state)
{
    static const struct {
        int core_status;
        enum lfi_order_outcome outcome;
        int status;
        const char *code, *id, *message;
    } rows[] = {
        {LFI_OK, LFI_ORDER_NO_FUNDS, 400, "GenericError", "PAYMENT-FUNDS",
         "Payment rejected due to insufficient funds"},
        {LFI_OK, LFI_ORDER_BLOCKED_FOR_NOW, 403, "Consent.AccountTemporarilyBlocked",
         "PAYMENT-BLOCKED", "The account is temporarily blocked."},
        {LFI_OK, LFI_ORDER_BLOCKED_FOR_GOOD, 403, "Consent.PermanentAccountAccessFailure",
         "PAYMENT-BLOCKED-FOR-GOOD", "The account is permanently inaccessible."},
        {LFI_OK, LFI_ORDER_IN_FLIGHT, 409, "Payment.DuplicateInFlight", "PAYMENT-IN-FLIGHT",
         "A payment with the same creditor and amount is already in flight under this consent."},
        {LFI_OK, LFI_ORDER_CREDITOR, 400, "Consent.FailsControlParameters",
         "PAYMENT-CREDITOR-REACH", NULL},
        {LFI_OK, LFI_ORDER_BANK_RULE, 400, "Consent.BusinessRuleViolation", "PAYMENT-BANK-RULE",
         NULL},
        {LFI_OK, LFI_ORDER_KEY_USED, 400, "Body.InvalidFormat", "PAYMENT-KEY-USED",
         "The idempotency key was used with another payment."},
        {LFI_OK, (enum lfi_order_outcome)99, 500, "GenericError", "CORE-FAILED", NULL},
        {LFI_IN_DOUBT, LFI_ORDER_BANK_RULE, 500, "GenericRecoverableError", "PAYMENT-IN-DOUBT",
         NULL},
        {LFI_UNAVAILABLE, LFI_ORDER_BANK_RULE, 500, "GenericRecoverableError", "CORE-UNAVAILABLE",
         NULL},
        {LFI_UNKNOWN, LFI_ORDER_BANK_RULE, 403, "Consent.PermanentAccountAccessFailure",
         "ACCOUNT-NOT-HELD", NULL},
        {LFI_FAILED, LFI_ORDER_BANK_RULE, 500, "GenericError", "CORE-FAILED", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct documents d = documents_for(single);
        w.create_status = rows[i].core_status;
        w.outcome = rows[i].outcome;
        struct answer answer = pay(&d);
        if (answer.status != rows[i].status || strcmp(answer.code, rows[i].code) != 0 ||
            strcmp(answer.id, rows[i].id) != 0 ||
            (rows[i].message && strcmp(answer.message, rows[i].message) != 0)) {
            fail_msg("%s: %d %s %s %s", rows[i].id, answer.status, answer.code, answer.id,
                     answer.message);
        }
    }
}

static void a_consent_that_the_hub_does_not_tell_is_unknown_or_to_be_tried_again(void **state)
{
    static const struct {
        enum hub_outcome outcome;
        int status;
        const char *code, *id;
    } rows[] = {
        {HUB_REFUSED, 400, "Consent.Invalid", "PAYMENT-CONSENT-UNKNOWN"},
        {HUB_UNREACHABLE, 500, "GenericRecoverableError", "PAYMENT-CONSENT-UNREAD"},
        {HUB_WRONG, 500, "GenericRecoverableError", "PAYMENT-CONSENT-UNREAD"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct documents d = documents_for(single);
        cJSON_Delete(d.consent);
        d.consent = NULL;
        w.hub = rows[i].outcome;
        struct answer answer = pay(&d);
        assert_int_equal(answer.status, rows[i].status);
        assert_string_equal(answer.code, rows[i].code);
        assert_string_equal(answer.id, rows[i].id);
    }
}

/* --- what passes ------------------------------------------------------------------------------ */

static void an_order_has_all_that_the_core_needs(void **state)
{
    (void)state;
    struct documents d = documents_for(single);
    struct answer answer = pay(&d);
    assert_int_equal(answer.status, 201);
    assert_string_equal(answer.body, "{\"data\":{\"id\":\"payment-1\"},\"meta\":{}}");
    assert_string_equal(w.order_account, "account-1");
    assert_string_equal(w.order_iban, "AE219900000000000000001");
    assert_string_equal(w.order_bic, "SIDRAEA0");
    assert_string_equal(w.order_key, "key-1");
    assert_int_equal(w.order.amount.minor, 10000);
    assert_string_equal(w.order.amount.currency, "AED");
    assert_int_equal(w.order.key_life_s, 24 * 3600);
    assert_false(w.order.one_in_flight);
    assert_false(w.order.creditor_open);
}

static void sixteen_digits_are_counted_exactly(void **state)
{
    (void)state;
    struct documents d = documents_for(single);
    change(d.body, "request.Data.Instruction.Amount.Amount", "\"9999999999999999.99\"");
    assert_int_equal(pay(&d).status, 201);
    assert_int_equal(w.order.amount.minor, INT64_C(999999999999999999));
}

static void what_the_kind_of_consent_does_not_ask_for_may_be_missing(void **state)
{
    static const struct {
        const char *control;
        bool one_in_flight;
        bool needs_address;
    } rows[] = {{on_demand, true, false}, {periodic, false, false}, {delegated, true, true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct documents d = documents_for(rows[i].control);
        if (!rows[i].needs_address) {
            change(d.body, "requestHeaders.x-fapi-customer-ip-address", NULL);
            change(d.body, "requestHeaders.X-FAPI-Auth-Date", NULL);
            change(d.pii, "Risk", NULL);
        }
        assert_int_equal(pay(&d).status, 201);
        assert_int_equal(w.order.one_in_flight, rows[i].one_in_flight);
    }
}

static void without_a_key_the_interaction_stands_for_it(void **state)
{
    (void)state;
    struct documents d = documents_for(single);
    change(d.body, "requestHeaders.X-Idempotency-Key", NULL);
    assert_int_equal(pay(&d).status, 201);
    assert_string_equal(w.order_key, "interaction-1");
}

static void one_of_several_creditors_is_enough(void **state)
{
    (void)state;
    struct documents d = documents_for(on_demand);
    cJSON *creditors = cJSON_GetObjectItem(cJSON_GetObjectItem(d.agreed, "Initiation"), "Creditor");
    cJSON_InsertItemInArray(creditors, 0, parse(creditor_text));
    change(d.agreed, "Initiation.Creditor.0.CreditorAccount.Identification",
           "\"AE919900000000000000002\"");
    assert_int_equal(pay(&d).status, 201);
}

/* --- settings --------------------------------------------------------------------------------- */

static void references_of_the_edition_before_have_any_character(void **state)
{
    static const char *const texts[] = {"\"Salary June (2) +5%\"", "\"راتب\"", "\"_\""};
    (void)state;
    w.rules.any_references = true;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct documents d = documents_for(single);
        change(d.body, "request.Data.DebtorReference", texts[i]);
        change(d.body, "request.Data.CreditorReference", texts[i]);
        assert_int_equal(pay(&d).status, 201);
    }
}

static void a_proof_is_as_old_as_the_bank_lets_it_be(void **state)
{
    static const struct {
        const char *challenge, *date, *id; /* id NULL: it passes */
    } rows[] = {
        {"\"2027-01-15T07:59:03Z\"", "\"Fri, 15 Jan 2027 07:58:03 GMT\"", NULL},
        {"\"2027-01-15T07:58:59Z\"", "\"Fri, 15 Jan 2027 07:59:00 GMT\"", "PAYMENT-PROOF-TIME"},
        {"\"2027-01-15T08:01:30Z\"", "\"Fri, 15 Jan 2027 08:00:30 GMT\"", NULL},
        {"\"2027-01-15T08:01:40Z\"", "\"Fri, 15 Jan 2027 08:01:00 GMT\"", "PAYMENT-PROOF-TIME"},
        {"\"2027-01-15T07:59:30Z\"", "\"Fri, 15 Jan 2027 07:58:29 GMT\"", "PAYMENT-PROOF-DATE"},
    };
    (void)state;
    w.rules.proof_age_s = 60;
    w.rules.proof_skew_s = 90;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct documents d = documents_for(delegated);
        change(d.pii, "Risk.DebtorIndicators.Authentication.ChallengeDateTime", rows[i].challenge);
        change(d.body, "requestHeaders.X-FAPI-Auth-Date", rows[i].date);
        struct answer answer = pay(&d);
        assert_string_equal(answer.id, rows[i].id ? rows[i].id : "");
    }
}

static void a_key_lives_as_long_as_the_bank_has_it(void **state)
{
    (void)state;
    struct documents d = documents_for(single);
    w.rules.key_life_s = 3600;
    assert_int_equal(pay(&d).status, 201);
    assert_int_equal(w.order.key_life_s, 3600);
}

static void other_forms_of_pii_are_taken_where_the_bank_says_so(void **state)
{
    static const struct {
        const char *control;
        unsigned forms;
    } rows[] = {{single, PII_FORM_NESTED},
                {on_demand, PII_FORM_NESTED | PII_FORM_CONSENT},
                {periodic, PII_FORM_NESTED | PII_FORM_CONSENT},
                {delegated, PII_FORM_NESTED | PII_FORM_CONSENT}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int other = 0; other < 2; other++) {
            struct documents d = documents_for(rows[i].control);
            w.rules.other_pii_forms = other;
            assert_int_equal(pay(&d).status, 201);
            assert_int_equal(w.forms, other ? rows[i].forms : 0);
        }
    }
}

/* The form alone decides here; whether it was asked for is the business of pii_open. */
static void a_payment_names_one_creditor_in_any_form(void **state)
{
    static const struct {
        const char *creditor; /* Initiation.Creditor; @: the one agreed on */
        const char *id;       /* NULL: it passes */
    } rows[] = {
        {"[@]", NULL},
        {"@", NULL},
        {"[@,@]", "PAYMENT-CREDITOR-ABSENT"},
        {"[]", "PAYMENT-CREDITOR-ABSENT"},
        {"{\"Name\":\"Sidr\"}", "PAYMENT-CREDITOR-ABSENT"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[1024] = "{\"DebtorAccount\":{},\"Creditor\":";
        for (const char *p = rows[i].creditor; *p; p++) {
            char letter[] = {*p, '\0'};
            strncat(text, *p == '@' ? creditor_text : letter, sizeof(text) - strlen(text) - 1);
        }
        strncat(text, "}", sizeof(text) - strlen(text) - 1);
        struct documents d = documents_for(on_demand);
        cJSON_ReplaceItemInObjectCaseSensitive(d.pii, "Initiation", parse(text));
        struct answer answer = pay(&d);
        assert_string_equal(answer.id, rows[i].id ? rows[i].id : "");
    }
    assert_int_equal(w.orders, 2);
}

/* --- creditors that the consent leaves open --------------------------------------------------- */

static struct documents open_documents(void)
{
    struct documents d = documents_for(on_demand);
    change(d.agreed, "Initiation", NULL);
    return d;
}

static void an_open_creditor_is_judged_at_the_payment(void **state)
{
    static const struct {
        const char *path, *value;
    } rows[] = {
        {"Initiation.CreditorAccount.SchemeName", "\"AccountNumber\""},
        {"Initiation.CreditorAccount.Identification", "\"AE229900000000000000001\""},
        {"Initiation.CreditorAccount.Identification", "\"AE21 9900000000000000001\""},
        {"Initiation.CreditorAccount.Identification", "\"ae219900000000000000001\""},
        {"Initiation.CreditorAccount.Identification", "\"AE009900000000000000001\""},
        {"Initiation.CreditorAccount.Identification", "\"AE019900000000000000001\""},
        {"Initiation.CreditorAccount.Identification", "\"AE999900000000000000001\""},
        {"Initiation.CreditorAccount.Name", "{}"},
        {"Initiation.CreditorAgent.Identification", "\"SIDR\""},
        {"Initiation.CreditorAgent.Identification", "\"FALJAEA0\""},
        {"Initiation.CreditorAgent.Identification", "\"SIDRAEA0ABC\""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct documents d = open_documents();
        change(d.pii, rows[i].path, rows[i].value);
        struct answer answer = pay(&d);
        if (answer.status != 400 || strcmp(answer.code, "Consent.FailsControlParameters") != 0 ||
            strcmp(answer.id, "PAYMENT-CREDITOR-RULES") != 0) {
            fail_msg("%s = %s: %d %s", rows[i].path, rows[i].value, answer.status, answer.id);
        }
    }
    assert_int_equal(w.orders, 0);
}

static void an_open_creditor_whom_nothing_reaches_is_refused(void **state)
{
    (void)state;
    struct documents d = open_documents();
    w.reach.aani = 0;
    assert_string_equal(pay(&d).id, "PAYMENT-CREDITOR-RULES");
    d = open_documents();
    w.reach.own = 1;
    w.reach.can_receive = LFI_NO;
    assert_string_equal(pay(&d).id, "PAYMENT-CREDITOR-RULES");
    d = open_documents();
    w.reach.can_receive = LFI_NOT_KNOWN;
    assert_int_equal(pay(&d).status, 201);
    assert_true(w.order.creditor_open);
}

static void an_iban_of_the_test_list_needs_no_right_check_digits(void **state)
{
    static const char *const ibans[] = {"AE460090000000101010101", NULL};
    (void)state;
    for (int listed = 0; listed < 2; listed++) {
        struct documents d = open_documents();
        change(d.pii, "Initiation.CreditorAccount.Identification", "\"AE460090000000101010101\"");
        w.rules.test_ibans = listed ? ibans : NULL;
        assert_string_equal(pay(&d).id, listed ? "" : "PAYMENT-CREDITOR-RULES");
    }
}

/* --- repeats ---------------------------------------------------------------------------------- */

static void a_repeat_gets_its_payment_though_the_consent_has_ended(void **state)
{
    (void)state;
    struct documents d = documents_for(single);
    assert_int_equal(pay(&d).status, 201);
    memcpy(w.kept_digest, w.order.digest, sizeof(w.kept_digest));
    w.kept = true;
    d = documents_for(single);
    change(d.consent, "status", "\"Revoked\"");
    change(d.body, "tpp.changed", "true");
    change(d.body, "requestHeaders.x-other", "\"new\"");
    change(d.pii, "Initiation.CreditorAccount.TradingName", "{\"en\":\"Sidr\"}");
    struct answer answer = pay(&d);
    assert_int_equal(answer.status, 201);
    assert_string_equal(answer.body, "{\"data\":{\"id\":\"payment-1\"},\"meta\":{}}");
    assert_int_equal(w.orders, 1);
}

static void a_key_does_not_serve_for_another_payment(void **state)
{
    static const struct {
        enum where where;
        const char *path, *value;
    } rows[] = {
        {BODY, "request.Data.Instruction.Amount.Amount", "\"100.01\""},
        {BODY, "request.Data.PaymentPurposeCode", "\"SAL\""},
        {BODY, "request.Data.DebtorReference", NULL},
        {BODY, "request.Data.CreditorReference", "\"Invoice 7\""},
        {BODY, "request.Data.OpenFinanceBilling.Type", "\"PullP2P\""},
        {BODY, "request.Data.OpenFinanceBilling.MerchantId", "\"merchant-1\""},
        {PII, "Initiation.CreditorAccount.Identification", "\"AE919900000000000000002\""},
        {PII, "Initiation.CreditorAccount.Name.ar", "\"\""},
        {PII, "Initiation.CreditorAgent", NULL},
    };
    (void)state;
    struct documents d = documents_for(single);
    assert_int_equal(pay(&d).status, 201);
    memcpy(w.kept_digest, w.order.digest, sizeof(w.kept_digest));
    w.kept = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        d = documents_for(single);
        change(document_of(&d, rows[i].where), rows[i].path, rows[i].value);
        struct answer answer = pay(&d);
        if (answer.status != 400 || strcmp(answer.id, "PAYMENT-KEY-USED") != 0) {
            fail_msg("%s: %d %s", rows[i].path, answer.status, answer.id);
        }
    }
    assert_int_equal(w.orders, 1);
}

static void a_payment_of_another_consent_is_never_shown(void **state)
{
    (void)state;
    struct documents d = documents_for(single);
    w.kept_consent = "consent-2";
    struct answer answer = pay(&d);
    assert_int_equal(answer.status, 500);
    assert_string_equal(answer.id, "CORE-RECORD");
}

static void what_cannot_be_decrypted_reaches_no_core(void **state)
{
    (void)state;
    struct documents d = documents_for(single);
    w.pii_fault = "PII-DECRYPT";
    struct answer answer = pay(&d);
    assert_string_equal(answer.id, "PII-DECRYPT");
    assert_int_equal(w.orders, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_check_refuses_with_its_code, begin),
        cmocka_unit_test_setup(what_the_core_decides_has_its_code_and_its_words, begin),
        cmocka_unit_test_setup(a_consent_that_the_hub_does_not_tell_is_unknown_or_to_be_tried_again,
                               begin),
        cmocka_unit_test_setup(an_order_has_all_that_the_core_needs, begin),
        cmocka_unit_test_setup(sixteen_digits_are_counted_exactly, begin),
        cmocka_unit_test_setup(what_the_kind_of_consent_does_not_ask_for_may_be_missing, begin),
        cmocka_unit_test_setup(without_a_key_the_interaction_stands_for_it, begin),
        cmocka_unit_test_setup(one_of_several_creditors_is_enough, begin),
        cmocka_unit_test_setup(references_of_the_edition_before_have_any_character, begin),
        cmocka_unit_test_setup(a_proof_is_as_old_as_the_bank_lets_it_be, begin),
        cmocka_unit_test_setup(a_key_lives_as_long_as_the_bank_has_it, begin),
        cmocka_unit_test_setup(other_forms_of_pii_are_taken_where_the_bank_says_so, begin),
        cmocka_unit_test_setup(a_payment_names_one_creditor_in_any_form, begin),
        cmocka_unit_test_setup(an_iban_of_the_test_list_needs_no_right_check_digits, begin),
        cmocka_unit_test_setup(an_open_creditor_is_judged_at_the_payment, begin),
        cmocka_unit_test_setup(an_open_creditor_whom_nothing_reaches_is_refused, begin),
        cmocka_unit_test_setup(a_repeat_gets_its_payment_though_the_consent_has_ended, begin),
        cmocka_unit_test_setup(a_key_does_not_serve_for_another_payment, begin),
        cmocka_unit_test_setup(a_payment_of_another_consent_is_never_shown, begin),
        cmocka_unit_test_setup(what_cannot_be_decrypted_reaches_no_core, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
