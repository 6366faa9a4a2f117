/*
 * What the reference insurer offers: invented plans and prices for each sector, which never change,
 * and what it declines. Some requests steer it, so that each end can be seen; the README lists
 * them.
 */
#include "store/cover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define VALID_DAYS 14
#define PRICED_AFTER_US (5 * SECOND_US) /* of a price that needs a person's look */
#define VAT_PERCENT 5
#define COMMISSION_PERCENT 10
#define TRAVELLER_AGE_MAX 75
#define COVER_FEATURES "A help line at any hour"
#define SUM_ASSURED_MAX 20000000.0 /* dirhams */

#define NEW 1U
#define SWITCH 2U
#define RENEWAL 4U

#define POLICY_EXCESS_FILS 50000

struct plan {
    const char *name, *level;
    int64_t fils;     /* of a year, without VAT */
    const char *type; /* of cover, unless the request says it */
};

/* Tenths, and whole numbers at the end. */
struct rating {
    int solvency, settlement_days, settled, rejected, capacity, complaints;
    int years, complaint_days, promoters;
};

static const struct sector {
    unsigned types;   /* NEW, … */
    uint32_t allowed; /* COVER_VERIFICATION, … */
    bool takes_time;  /* for a price */
    bool vat;
    const char *cover; /* what is covered */
    const char *asked; /* the member of a policy that says its type of cover; NULL: none */
    struct plan plans[COVER_PLANS];
    struct rating rating;
} sectors[LFI_INSURANCE_SECTORS] = {
    [LFI_INSURANCE_EMPLOYMENT] = {NEW | RENEWAL,
                                  0,
                                  false,
                                  true,
                                  "Loss of employment",
                                  "SchemeCategory",
                                  {{"Income Shield", "Basic", 12000, "CategoryA"}},
                                  {874, 92, 961, 39, 912, 14, 18, 6, 41}},
    [LFI_INSURANCE_HEALTH] = {NEW | SWITCH | RENEWAL,
                              COVER_VERIFICATION | COVER_DOCUMENTS,
                              false,
                              true,
                              "Treatment in hospital and by doctors",
                              NULL,
                              {{"Health Core", "Essential", 180000, "HealthInsuranceIndividual"},
                               {"Health Plus", "Enhanced", 465000, "HealthInsuranceIndividual"}},
                              {905, 64, 948, 52, 887, 31, 22, 8, 36}},
    [LFI_INSURANCE_HOME] = {NEW | SWITCH | RENEWAL,
                            COVER_VERIFICATION | COVER_PAYMENT | COVER_DOCUMENTS,
                            false,
                            true,
                            "The building and what is in it",
                            "TypeOfCover",
                            {{"Home Basic", "Basic", 65000, "BuildingsAndContents"},
                             {"Home Comfort", "Standard", 98000, "BuildingsAndContents"},
                             {"Home Complete", "Premium", 152000, "BuildingsAndContents"}},
                            {861, 117, 953, 47, 930, 22, 20, 7, 38}},
    [LFI_INSURANCE_LIFE] = {NEW,
                            0,
                            true,
                            false,
                            "The sum assured at death",
                            "CoverType",
                            {{"Life Protect", "Standard", 240000, "Sole"}},
                            {932, 213, 985, 15, 951, 9, 25, 5, 52}},
    [LFI_INSURANCE_MOTOR] = {NEW | SWITCH | RENEWAL,
                             COVER_VERIFICATION | COVER_PAYMENT | COVER_DOCUMENTS,
                             false,
                             true,
                             "Damage by and to the vehicle",
                             NULL,
                             {{"Motor Comprehensive", "Comprehensive", 215000, "Comprehensive"},
                              {"Motor Third Party", "Third party", 74000, "ThirdPartyLiability"}},
                             {848, 135, 937, 63, 904, 44, 22, 9, 29}},
    [LFI_INSURANCE_RENTERS] = {NEW | SWITCH,
                               COVER_DOCUMENTS,
                               false,
                               true,
                               "What is in the rented home",
                               NULL,
                               {{"Tenant Cover", "Standard", 31000, "ContentsOnly"}},
                               {1000, 88, 972, 0, 918, 12, 12, 6, 44}},
    [LFI_INSURANCE_TRAVEL] = {NEW,
                              0,
                              false,
                              true,
                              "Treatment abroad, and lost luggage",
                              "CoverType",
                              {{"Travel Gulf", "Standard", 18500, "Single"}},
                              {886, 71, 959, 41, 925, 19, 15, 4, 47}},
};

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(member(object, name));
    return text ? text : "";
}

/* --- what is declined ------------------------------------------------------------------------- */

static bool is_offered_type(const struct sector *sector, const char *type)
{
    return sector->types & (strcmp(type, "New") == 0      ? NEW
                            : strcmp(type, "Switch") == 0 ? SWITCH
                                                          : RENEWAL);
}

static bool starts_in_past(const cJSON *policy, int64_t now_us)
{
    int64_t day;
    return day_parse(text_of(policy, "PolicyStartDate"), &day) &&
           day < (now_us + GULF_OFFSET_US) / DAY_US;
}

static bool has_old_traveller(const cJSON *policy)
{
    const cJSON *age;
    cJSON_ArrayForEach(age, member(policy, "AgesOfInsured"))
    {
        if (cJSON_GetNumberValue(age) > TRAVELLER_AGE_MAX) {
            return true;
        }
    }
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool declines(const struct sector *sector, const cJSON *data, int64_t now_us)
{
    const cJSON *policy = member(data, "Policy");
    const char *sum = text_of(member(policy, "SumAssuredAmount"), "Amount");
    return !is_offered_type(sector, text_of(data, "QuoteType")) || starts_in_past(policy, now_us) ||
           has_old_traveller(policy) || strtod(sum, NULL) > SUM_ASSURED_MAX ||
           ends_with(text_of(member(data, "VehicleDetails"), "ChassisNumber"), "00000");
}

/* --- the terms -------------------------------------------------------------------------------- */

static bool add_text(cJSON *object, const char *name, const char *value)
{
    return cJSON_AddStringToObject(object, name, value);
}

static bool add_money(cJSON *object, const char *name, int64_t fils)
{
    char text[MONEY_TEXT];
    cJSON *money = cJSON_AddObjectToObject(object, name);
    decimal_format((struct decimal){fils, 2}, text);
    return money && add_text(money, "Currency", "AED") && add_text(money, "Amount", text);
}

static bool add_number(cJSON *object, const char *name, double value)
{
    return cJSON_AddNumberToObject(object, name, value);
}

/* Percentages, days and shares have one decimal. */
static bool add_tenths(cJSON *object, const char *name, int tenths)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%d.%d", tenths / 10, tenths % 10);
    return cJSON_AddRawToObject(object, name, text);
}

static int64_t vat_of(const struct sector *sector, int64_t fils)
{
    return sector->vat ? (fils * VAT_PERCENT + 50) / 100 : 0;
}

static bool add_fee(cJSON *fees, const char *name, int64_t fils)
{
    int64_t vat = (fils * VAT_PERCENT + 50) / 100;
    cJSON *fee = cJSON_AddObjectToObject(fees, name);
    return fee && add_money(fee, "FeeAmountExcludingVAT", fils) &&
           add_number(fee, "VATPercentage", VAT_PERCENT) && add_money(fee, "VATAmount", vat) &&
           add_money(fee, "TotalFeeAmount", fils + vat);
}

/* A year from the day that was asked for, or from tomorrow. */
static bool add_days(cJSON *object, const cJSON *data, int64_t now_us)
{
    char first[TIME_TEXT], last[TIME_TEXT];
    int64_t start;
    if (!day_parse(text_of(member(data, "Policy"), "PolicyStartDate"), &start)) {
        start = (now_us + GULF_OFFSET_US) / DAY_US + 1;
    }
    int64_t month = month_of_day(start);
    day_format(start, first);
    day_format(month_start(month + 12) + (start - month_start(month)) - 1, last);
    return add_text(object, "PolicyStartDate", first) && add_text(object, "PolicyEndDate", last);
}

static bool add_premium(cJSON *terms, const struct sector *sector, int64_t fils, bool renews)
{
    int64_t vat = vat_of(sector, fils);
    bool fees = sector == &sectors[LFI_INSURANCE_HEALTH];
    cJSON *premium = cJSON_AddObjectToObject(terms, "Premium");
    cJSON *extra = fees ? cJSON_AddObjectToObject(premium, "PremiumAdditionalFees") : NULL;
    return premium && add_text(premium, "Status", "Final") &&
           add_money(premium, "PremiumAmountExcludingVAT", fils) &&
           add_money(premium, "VATAmount", vat) &&
           add_number(premium, "VATPercentage", sector->vat ? VAT_PERCENT : 0) &&
           add_money(premium, "TotalPremiumAmount", fils + vat) &&
           add_text(premium, "PaymentFrequency", "Annually") &&
           (!renews || add_text(premium, "PremiumChangeRationale", "Prices of this year")) &&
           (!fees ||
            (extra && add_fee(extra, "BasmahProgramFee", 3700) &&
             add_fee(extra, "HCVProgramFee", 1900) && add_fee(extra, "ICPProgramFee", 2400)));
}

static bool add_rating(cJSON *terms, const struct rating *rating)
{
    cJSON *all = cJSON_AddObjectToObject(terms, "ServiceRating");
    cJSON *strength = cJSON_AddObjectToObject(all, "FinancialStrength");
    cJSON *claims = cJSON_AddObjectToObject(all, "ClaimsServicePerformance");
    cJSON *complaints = cJSON_AddObjectToObject(all, "CustomerServiceComplaintHandling");
    return add_tenths(strength, "SolvencyRatio", rating->solvency) &&
           add_number(strength, "YearsInBusiness", rating->years) &&
           add_tenths(claims, "AverageClaimSettlementTime", rating->settlement_days) &&
           add_tenths(claims, "ClaimSettlementRatio", rating->settled) &&
           add_tenths(claims, "ClaimRejectionRate", rating->rejected) &&
           add_tenths(claims, "ClaimsPaymentCapacityRatio", rating->capacity) &&
           add_tenths(complaints, "CustomerComplaintRate", rating->complaints) &&
           add_number(complaints, "ComplaintResolutionTime", rating->complaint_days) &&
           add_number(complaints, "NetPromoterScore", rating->promoters) &&
           cJSON_AddRawToObject(all, "PolicyDigitalConvenience",
                                "{\"InstantDigitalPolicyIssuance\":true,"
                                "\"DigitalClaimsFiling\":true,"
                                "\"SelfServiceOptions\":[\"MobileApp\",\"WebPortal\"],"
                                "\"CustomerSupportAvailability\":[\"CallCenter\",\"Email\"]}");
}

static bool add_allowed(cJSON *terms, uint32_t allowed)
{
    cJSON *answer = cJSON_AddObjectToObject(terms, "PolicyIssuanceAllowed");
    return answer &&
           cJSON_AddBoolToObject(answer, "CustomerVerification", allowed & COVER_VERIFICATION) &&
           cJSON_AddBoolToObject(answer, "Payment", allowed & COVER_PAYMENT) &&
           cJSON_AddBoolToObject(answer, "PolicyDocuments", allowed & COVER_DOCUMENTS);
}

static bool add_commission(cJSON *object, int64_t fils, bool whole)
{
    cJSON *commission = cJSON_AddObjectToObject(object, "Commission");
    return commission &&
           add_money(commission, "CommissionAmount", fils * COMMISSION_PERCENT / 100) &&
           (!whole || add_number(commission, "CommissionPercentage", COMMISSION_PERCENT)) &&
           add_text(commission, "PaymentMethod", "ThroughAPIHub");
}

/* Of a car, as the request has it; other sectors have none. */
static bool add_valuation(cJSON *cover, const cJSON *data)
{
    const cJSON *value = member(member(data, "Policy"), "CarValuation");
    return !value ||
           cJSON_AddItemReferenceToObject(cover, "CarValuation", (cJSON *)(uintptr_t)value);
}

static bool add_cover(cJSON *terms, const char *what, int64_t fils, const cJSON *data)
{
    cJSON *covers = cJSON_AddArrayToObject(terms, "PolicyCover");
    cJSON *cover = cJSON_CreateObject();
    if (!covers || !cover || !cJSON_AddItemToArray(covers, cover)) {
        cJSON_Delete(cover);
        return false;
    }
    return add_text(cover, "CoverId", "C1") && add_text(cover, "CoverType", "Main cover") &&
           add_text(cover, "Description", what) &&
           cJSON_AddTrueToObject(cover, "CoverIncludedByDefaultIndicator") &&
           add_money(cover, "CoverLimitAmount", fils * 100) &&
           add_text(cover, "PolicyFeatures", COVER_FEATURES) && /* as v2.1 of the standard has it */
           add_text(cover, "CoverFeatures", COVER_FEATURES) &&  /* and v2.2 */
           add_valuation(cover, data);
}

static const char *cover_type(const struct sector *sector, const struct plan *plan,
                              const cJSON *data)
{
    const char *asked = sector->asked ? text_of(member(data, "Policy"), sector->asked) : "";
    return *asked ? asked : plan->type;
}

/* What v2.2 of the standard tells of a quote besides. */
static bool add_limits(cJSON *terms, const struct sector *sector, const struct plan *plan,
                       const cJSON *data)
{
    return add_text(terms, "CoverType", cover_type(sector, plan, data)) &&
           add_money(terms, "PolicyLimit", plan->fils * 100) &&
           add_money(terms, "PolicyExcess", POLICY_EXCESS_FILS) &&
           cJSON_AddRawToObject(terms, "PolicyDocuments",
                                "[{\"Uri\":\"https://dhowtakaful.example/documents/terms.pdf\","
                                "\"Description\":\"Terms of the policy\"}]");
}

static bool fill_terms(cJSON *terms, const struct sector *sector, const struct plan *plan,
                       const cJSON *data, const struct cover_value *value)
{
    char created[TIME_TEXT], expires[TIME_TEXT];
    const cJSON *wished = member(member(data, "Policy"), "Takaful");
    bool takaful = !cJSON_IsFalse(wished);
    bool verifies = value->allowed & COVER_VERIFICATION;
    bool renews = strcmp(text_of(data, "QuoteType"), "Renewal") == 0;
    time_format(value->created_us, created);
    time_format(value->expires_us, expires);
    return add_text(terms, "CreationDateTime", created) &&
           add_text(terms, "ExpirationDateTime", expires) &&
           add_days(terms, data, value->created_us) && add_text(terms, "PlanName", plan->name) &&
           add_text(terms, "LevelOfCover", plan->level) && add_limits(terms, sector, plan, data) &&
           cJSON_AddBoolToObject(terms, "Takaful", takaful) &&
           (takaful || add_text(terms, "AlternativeBrandName", "Dhow Direct")) &&
           add_commission(terms, plan->fils, true) &&
           add_cover(terms, sector->cover, plan->fils, data) &&
           (!verifies || cJSON_AddRawToObject(terms, "RequiredDocuments", "[\"Emirates ID\"]")) &&
           add_rating(terms, &sector->rating) && add_allowed(terms, value->allowed) &&
           add_premium(terms, sector, plan->fils, renews);
}

/* What a completed quote tells. */
static bool fill_end(cJSON *end, const struct sector *sector, const struct plan *plan,
                     const cJSON *data, int64_t now_us)
{
    int64_t vat = vat_of(sector, plan->fils);
    cJSON *premium = cJSON_AddObjectToObject(end, "Premium");
    return premium && add_money(premium, "OneYearPremiumExcludingVAT", plan->fils) &&
           add_money(premium, "VATAmount", vat) &&
           add_money(premium, "TotalOneYearPremium", plan->fils + vat) &&
           add_money(premium, "TotalPolicyPremium", plan->fils + vat) &&
           add_days(end, data, now_us) && add_text(end, "PolicyTerm", "P1Y") &&
           add_commission(end, plan->fils, false) &&
           cJSON_AddTrueToObject(end, "CustomerPaidInFull") &&
           add_text(end, "PolicyCountrySubDivision", "Dubai");
}

/* --- the offer -------------------------------------------------------------------------------- */

static uint32_t allow(const struct sector *sector, const cJSON *wish)
{
    uint32_t wished =
        (cJSON_IsTrue(member(wish, "CustomerVerification")) ? COVER_VERIFICATION : 0) |
        (cJSON_IsTrue(member(wish, "Payment")) ? COVER_PAYMENT : 0) |
        (cJSON_IsTrue(member(wish, "PolicyDocuments")) ? COVER_DOCUMENTS : 0);
    return sector->allowed & wished;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void fill_value(const struct sector *sector, const cJSON *data, int64_t now_us,
                       struct cover_value *out)
{
    const char *customer = text_of(data, "CustomerId");
    bool waits = sector->takes_time || begins(customer, "slow-");
    out->created_us = now_us;
    out->updated_us = now_us;
    out->priced_us = waits ? now_us + PRICED_AFTER_US : now_us;
    out->expires_us = now_us + VALID_DAYS * DAY_US;
    out->due_us = waits ? out->priced_us : out->expires_us;
    out->status = waits ? LFI_QUOTE_PENDING : LFI_QUOTE_AVAILABLE;
    out->allowed = allow(sector, member(data, "PolicyIssuanceRequest"));
    out->plan = cover_plan_of(customer);
}

/* Prints and deletes; `cut` leaves out so many characters at either end. */
static bool print(cJSON *object, bool whole, size_t cut_start, struct cover_quote *out,
                  enum cover_text which)
{
    char *text = whole ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (!text) {
        return false;
    }
    if (cut_start > 0) {
        text[0] = ','; /* goes on behind another text */
    }
    out->texts[which] = text;
    out->value.lengths[which] = (uint32_t)strlen(text) - 1;
    return true;
}

static bool make(const struct sector *sector, const struct plan *plan, const cJSON *data,
                 struct cover_quote *out)
{
    cJSON *head = cJSON_CreateObject();
    cJSON *terms = cJSON_CreateObject();
    cJSON *end = cJSON_CreateObject();
    bool whole = head && add_text(head, "QuoteReference", text_of(data, "QuoteReference"));
    whole = print(head, whole, 0, out, COVER_HEAD) && whole;
    whole = print(terms, terms && fill_terms(terms, sector, plan, data, &out->value), 1, out,
                  COVER_TERMS) &&
            whole;
    return print(end, end && fill_end(end, sector, plan, data, out->value.created_us), 0, out,
                 COVER_END) &&
           whole;
}

int cover_offer(enum lfi_insurance_sector sector, const cJSON *data, int64_t now_us,
                struct cover_offer *out, struct lfi_error *error)
{
    *out = (struct cover_offer){.count = 0};
    if (sector <= 0 || sector >= LFI_INSURANCE_SECTORS) {
        return store_say(error, "no such sector");
    }
    const struct sector *offered = &sectors[sector];
    if (declines(offered, data, now_us)) {
        return LFI_OK;
    }
    for (; out->count < COVER_PLANS && offered->plans[out->count].name; out->count++) {
        struct cover_quote *quote = &out->quotes[out->count];
        quote->value.sector = sector;
        fill_value(offered, data, now_us, &quote->value);
        if (!make(offered, &offered->plans[out->count], data, quote)) {
            return store_say(error, "out of memory");
        }
    }
    return LFI_OK;
}

void cover_offer_free(struct cover_offer *offer)
{
    for (size_t i = 0; i < COVER_PLANS; i++) {
        for (size_t text = 0; text < COVER_TEXTS; text++) {
            cJSON_free((char *)(uintptr_t)offer->quotes[i].texts[text]);
        }
    }
    *offer = (struct cover_offer){.count = 0};
}
