/* What a Hub checks of a payment before the bank is asked. (Payments 9; TPP side 14.3.) */
#include "base/array.h"
#include "consent.h"
#include "payment_purpose.h"
#include "payment_terms.h"
#include "payments.h"

#define CURRENCY "AED"

static int refuse_control(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "Consent.FailsControlParameters", message);
}

static int refuse_used(struct refusal *refusal)
{
    return refusal_set(refusal, "SIM-PAYMENT-USED", 400, "Consent.BusinessRuleViolation",
                       "The payment was made already.");
}

/* A payment that is asked for, and the terms that it must keep. */
struct asked {
    const struct consent *consent;
    const struct payment_terms *terms;
    const cJSON *data;
    int64_t minor, today;
};

/* --- checks ----------------------------------------------------------------------------------- */

/* A fixed amount must be met, an upper one not passed. */
static int check_amount(const struct asked *asked, const cJSON *terms, struct refusal *refusal)
{
    int64_t limit;
    if ((payment_amount_read(terms, "Amount", &limit) && asked->minor != limit) ||
        (payment_amount_read(terms, "MaximumIndividualAmount", &limit) && asked->minor > limit)) {
        return refuse_control(refusal, "SIM-PAYMENT-AMOUNT", "The consent allows another amount.");
    }
    return 0;
}

struct caps {
    const char *count, *value;
};
static const struct caps of_consent = {"MaximumCumulativeNumberOfPayments",
                                       "MaximumCumulativeValueOfPayments"};
static const struct caps of_period = {"MaximumCumulativeNumberOfPaymentsPerPeriod",
                                      "MaximumCumulativeValueOfPaymentsPerPeriod"};

static int check_caps(const struct asked *asked, const cJSON *terms, const struct caps *caps,
                      struct day_span days, struct refusal *refusal)
{
    struct payment_sum paid = payment_sum_of(asked->consent, days, PAYMENTS_NOT_REJECTED);
    int64_t limit;
    if (json_get_int(terms, caps->count, &limit) && paid.count >= limit) {
        return refuse_control(refusal, "SIM-PAYMENT-COUNT", "The consent allows no more payments.");
    }
    if (payment_amount_read(terms, caps->value, &limit) && asked->minor > limit - paid.minor) {
        return refuse_control(refusal, "SIM-PAYMENT-VALUE", "The consent allows less value.");
    }
    return 0;
}

static int check_once(const struct asked *asked, struct day_span days, struct refusal *refusal)
{
    return payment_sum_of(asked->consent, days, PAYMENTS_NOT_REJECTED).count == 0
               ? 0
               : refuse_used(refusal);
}

static int check_date(const struct asked *asked, struct refusal *refusal)
{
    const cJSON *entry = payment_date_entry(asked->terms->schedule, asked->today);
    if (!entry) {
        return refuse_control(refusal, "SIM-PAYMENT-DATE",
                              "The consent names no payment for today.");
    }
    int rc = check_once(asked, (struct day_span){asked->today, asked->today}, refusal);
    return rc == 0 ? check_amount(asked, entry, refusal) : rc;
}

static int check_period(const struct asked *asked, struct refusal *refusal)
{
    const struct payment_terms *terms = asked->terms;
    const cJSON *controls = json_get(terms->schedule, "Controls");
    struct day_span period = payment_period(terms->schedule, asked->today);
    int64_t start;
    if (check_amount(asked, terms->schedule, refusal) != 0 ||
        check_amount(asked, controls, refusal) != 0) {
        return -1;
    }
    if (payment_type_is(terms, PAYMENT_FIXED_ON_DEMAND, PAYMENT_VARIABLE_ON_DEMAND)) {
        return check_caps(asked, controls, &of_period, period, refusal);
    }
    if (payment_day_read(json_get_string(terms->schedule, "PeriodStartDate"), &start) &&
        asked->today < start) {
        return refuse_control(refusal, "SIM-PAYMENT-DATE", "The first period has not begun.");
    }
    return check_once(asked, period, refusal);
}

static int check_multi(const struct asked *asked, struct refusal *refusal)
{
    if (check_caps(asked, asked->terms->multi, &of_consent, DAY_SPAN_ALL, refusal) != 0) {
        return -1;
    }
    return json_get(asked->terms->schedule, "Schedule") ? check_date(asked, refusal)
                                                        : check_period(asked, refusal);
}

/* What stands in a consent to a single payment holds for that payment. */
static int check_same(const struct asked *asked, struct refusal *refusal)
{
    static const char *const names[] = {"PaymentPurposeCode", "DebtorReference",
                                        "CreditorReference"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!slice_equal(json_get_string(asked->terms->asked, names[i]),
                         json_get_string(asked->data, names[i]))) {
            refuse_control(refusal, "SIM-PAYMENT-TERMS",
                           "Purpose and references must be those of the consent.");
            refusal_detail(refusal, "%s", names[i]);
            return -1;
        }
    }
    return 0;
}

static int check_single(const struct asked *asked, struct refusal *refusal)
{
    int rc = check_amount(asked, asked->terms->schedule, refusal);
    return rc == 0 ? check_same(asked, refusal) : rc;
}

/* What holds for payments of every type. */
static int check_all(const struct sim *sim, struct consent *consent, const cJSON *data,
                     struct refusal *refusal)
{
    const cJSON *amount = json_get(json_get(data, "Instruction"), "Amount");
    if (!slice_equal_text(consent_status(sim, consent), "Authorized")) {
        return refusal_set(refusal, "SIM-CONSENT-STATE", 400, "Consent.Invalid",
                           "The consent is not authorized.");
    }
    if (!slice_equal_text(json_get_string(data, "ConsentId"), consent->id)) {
        return refusal_set(refusal, "SIM-PAYMENT-CONSENT", 400, "Consent.Invalid",
                           "ConsentId names another consent.");
    }
    if (!payment_purpose_is_known(json_get_string(data, "PaymentPurposeCode"))) {
        return refusal_set(refusal, "SIM-PAYMENT-PURPOSE", 400, "Body.InvalidFormat",
                           "Aani knows no such PaymentPurposeCode.");
    }
    struct payment_terms terms = payment_terms_of(consent);
    bool file = payment_type_is(&terms, PAYMENT_FILE, PAYMENT_FILE);
    if (!file && !slice_equal_text(json_get_string(amount, "Currency"), CURRENCY)) {
        return refuse_control(refusal, "SIM-PAYMENT-CURRENCY", "The consent allows AED only.");
    }
    return 0;
}

int payments_check(const struct sim *sim, struct consent *consent, const cJSON *data,
                   struct refusal *refusal)
{
    struct payment_terms terms = payment_terms_of(consent);
    struct asked asked = {
        .consent = consent, .terms = &terms, .data = data, .today = payment_today(sim->clock)};
    bool single = payment_type_is(&terms, PAYMENT_SINGLE_INSTANT, PAYMENT_SINGLE_INSTANT);
    (void)payment_amount_read(json_get(data, "Instruction"), "Amount", &asked.minor);
    if (!json_get(terms.asked, "ControlParameters")) {
        return refusal_set(refusal, "SIM-CONSENT-KIND", 400, "Consent.Invalid",
                           "The consent is not one to payments.");
    }
    bool file = payment_type_is(&terms, PAYMENT_FILE, PAYMENT_FILE);
    if ((single || file) &&
        cJSON_GetArraySize(consent->payments) + cJSON_GetArraySize(consent->reserved) > 0) {
        return refuse_used(refusal);
    }
    if (check_all(sim, consent, data, refusal) != 0) {
        return -1;
    }
    if (single) {
        return check_single(&asked, refusal);
    }
    return terms.multi ? check_multi(&asked, refusal) : 0;
}
