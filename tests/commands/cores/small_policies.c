/* Policies: `first` holds two of travel insurance, `second` one. */
#include "small_bank.h"

struct policy {
    const char *id, *user, *starts;
};

static const struct policy POLICIES[] = {
    {"d7000001-0000-4000-8000-000000000001", "first", "2026-03-01"},
    {"d7000002-0000-4000-8000-000000000001", "first", "2025-03-01"},
    {"d7000003-0000-4000-8000-000000000001", "second", "2026-01-01"},
};
#define POLICY_COUNT (sizeof(POLICIES) / sizeof(POLICIES[0]))

static const char HOLDER[] =
    "{\"FirstName\":\"Amal\",\"LastName\":\"Marjan\",\"Gender\":\"Female\",\"DateOfBirth\":"
    "\"1990-04-02\",\"Nationality\":\"ARE\",\"MobileNumber\":\"+971500000001\",\"EmailAddress\":"
    "\"amal@example.com\"}";
static const char PAYER[] =
    "{\"Account\":{\"Identification\":\"AE070331234567890123456\",\"SchemeName\":\"IBAN\","
    "\"Name\":\"Amal Marjan\"},\"Bank\":{}}";

static bool is_wanted(const struct bank *bank, const struct lfi_held_policies_query *query,
                      const char *id)
{
    for (uint64_t i = 0; i < query->policy_count && !breaks(bank, "policy-wanted"); i++) {
        if (same(query->policy_ids[i], id)) {
            return true;
        }
    }
    return query->policy_count == 0 || breaks(bank, "policy-wanted");
}

static bool give_policy(const struct bank *bank, const struct policy *policy,
                        struct lfi_answer *answer)
{
    struct lfi_policy_facts facts = {.size = sizeof(facts), .sector = LFI_INSURANCE_TRAVEL};
    char json[256];
    (void)snprintf(facts.policy_id, sizeof(facts.policy_id), "%s", policy->id);
    (void)snprintf(facts.number, sizeof(facts.number), "T-%.8s", policy->id);
    (void)snprintf(facts.status, sizeof(facts.status), "%s",
                   breaks(bank, "policy-facts") ? "Lapsed" : "New");
    (void)snprintf(json, sizeof(json),
                   "{\"InsurancePolicyId\":\"%s\",\"PolicyNumber\":\"T-%.8s\",\"PolicyStatus\":"
                   "\"New\",\"PolicyStartDate\":\"%s\"}",
                   policy->id, policy->id, policy->starts);
    return give(bank, answer, json, &facts);
}

static int held(void *core, const struct lfi_call *call,
                const struct lfi_held_policies_query *query, struct lfi_answer *answer,
                struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)error;
    if (!is_user(query->base.subject_id) && !breaks(bank, "policy-unknown-user")) {
        return LFI_UNKNOWN;
    }
    for (size_t i = 0; i < POLICY_COUNT; i++) {
        size_t at = breaks(bank, "policy-order") ? POLICY_COUNT - 1 - i : i;
        const struct policy *policy = &POLICIES[at];
        if (same(query->base.subject_id, policy->user) && is_wanted(bank, query, policy->id) &&
            !give_policy(bank, policy, answer)) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

/* Whether the caller's user holds the policy, and it is of the sector. */
static bool is_open(const struct bank *bank, const struct lfi_call *call,
                    const struct lfi_policy_query *query)
{
    bool found = false;
    for (size_t i = 0; i < POLICY_COUNT; i++) {
        found =
            found || (same(query->base.subject_id, POLICIES[i].id) &&
                      (same(call->user_id, POLICIES[i].user) || breaks(bank, "policy-isolation")));
    }
    return found && (query->sector == LFI_INSURANCE_TRAVEL || breaks(bank, "policy-sector"));
}

static int policy(void *core, const struct lfi_call *call, const struct lfi_policy_query *query,
                  struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    const struct lfi_policy_part_facts holder = {.size = sizeof(holder), .part = LFI_POLICY_HOLDER};
    const struct lfi_policy_part_facts premium = {.size = sizeof(premium),
                                                  .part = LFI_POLICY_PREMIUM};
    char json[128];
    (void)error;
    if (!is_open(bank, call, query)) {
        return LFI_UNKNOWN;
    }
    if ((query->parts & 1U << LFI_POLICY_HOLDER || breaks(bank, "policy-parts")) &&
        !give(bank, answer, HOLDER, &holder)) {
        return LFI_STOPPED;
    }
    (void)snprintf(json, sizeof(json),
                   "{\"TotalPremiumAmount\":{\"Currency\":\"AED\",\"Amount\":\"%s\"},"
                   "\"PaymentFrequency\":\"Annually\"}",
                   breaks(bank, "policy-shape") ? "120" : "120.00");
    bool wanted = query->parts & 1U << LFI_POLICY_PREMIUM;
    return !wanted || give(bank, answer, json, &premium) ? LFI_OK : LFI_STOPPED;
}

static int payer(void *core, const struct lfi_call *call, const struct lfi_policy_query *query,
                 struct lfi_answer *answer, struct lfi_error *error)
{
    (void)error;
    if (!is_open(core, call, query)) {
        return LFI_UNKNOWN;
    }
    return give(core, answer, PAYER, NULL) ? LFI_OK : LFI_STOPPED;
}

const struct lfi_insurance INSURANCE = {.size = sizeof(INSURANCE),
                                        .sectors = 1U << LFI_INSURANCE_TRAVEL,
                                        .held = held,
                                        .policy = policy,
                                        .payer = payer};
