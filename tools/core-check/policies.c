/* Policies that customers share: who holds which, and what they consist of. */
#include "check.h"

#include "base/array.h"
#include "consent/policy_rights.h"

#include <string.h>

#define ALL_PARTS ((1U << LFI_POLICY_PARTS) - 1)

/* The policies of every user. */
struct holdings {
    struct records of[CHECK_USERS_MAX];
    size_t count; /* of all */
};

static const char *id_of(const struct record *policy)
{
    return record_text(policy, "InsurancePolicyId");
}

/* --- asking ----------------------------------------------------------------------------------- */

static int ask_policies(struct run *run, const char *user, const struct lfi_slice *ids,
                        size_t count, struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, user);
    const struct lfi_held_policies_query query = {
        .base = {.size = sizeof(query), .subject_id = slice_of(user)},
        .policy_ids = ids,
        .policy_count = count};
    int status =
        run->provider->insurance->held(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "insurance.held", &call, status, &error);
    (void)records_take(run, "insurance.held", &answer, out);
    return status;
}

/* One policy as a user of a sector asks for it. */
struct wanted {
    const char *user, *policy;
    enum lfi_insurance_sector sector;
    uint32_t parts;
};

typedef int policy_fn(void *core, const struct lfi_call *call, const struct lfi_policy_query *query,
                      struct lfi_answer *answer, struct lfi_error *error);

static int ask(struct run *run, const char *what, policy_fn *function, const struct wanted *wanted,
               struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, wanted->user);
    const struct lfi_policy_query query = {
        .base = {.size = sizeof(query), .subject_id = slice_of(wanted->policy)},
        .sector = wanted->sector,
        .parts = wanted->parts};
    int status = function(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, what, &call, status, &error);
    (void)records_take(run, what, &answer, out);
    return status;
}

static int ask_policy(struct run *run, const struct wanted *wanted, struct records *out)
{
    return ask(run, "insurance.policy", run->provider->insurance->policy, wanted, out);
}

static int ask_payer(struct run *run, const struct wanted *wanted, struct records *out)
{
    return ask(run, "insurance.payer", run->provider->insurance->payer, wanted, out);
}

/* --- who holds what --------------------------------------------------------------------------- */

static void free_holdings(struct holdings *holdings)
{
    for (size_t u = 0; u < CHECK_USERS_MAX; u++) {
        records_free(&holdings->of[u]);
    }
}

/* False: there is nothing to check. records_free() ends each. */
static bool find_holdings(struct run *run, struct holdings *out)
{
    *out = (struct holdings){.count = 0};
    if (!run->provider->insurance) {
        not_checked(run, "the core offers no policies");
        return false;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        int status = ask_policies(run, run->users[u], NULL, 0, &out->of[u]);
        if (status != LFI_OK) {
            broken(run, "insurance.held: %s for user %s", status_name(status), run->users[u]);
        }
        out->count += out->of[u].count;
    }
    if (out->count == 0) {
        not_checked(run, "none of the users holds a policy");
    }
    return out->count > 0;
}

typedef void policy_check_fn(struct run *run, const char *user, const struct record *policy);

/* Looks at each policy that a user holds. */
static void each_policy(struct run *run, policy_check_fn *check)
{
    struct holdings holdings;
    bool found = find_holdings(run, &holdings);
    for (size_t u = 0; found && u < run->user_count; u++) {
        for (size_t i = 0; i < holdings.of[u].count; i++) {
            check(run, run->users[u], &holdings.of[u].items[i]);
        }
    }
    free_holdings(&holdings);
}

static bool is_held(const struct records *held, const char *policy)
{
    for (size_t i = 0; i < held->count; i++) {
        if (strcmp(id_of(&held->items[i]), policy) == 0) {
            return true;
        }
    }
    return false;
}

static void check_order(struct run *run, const char *user, const struct records *held)
{
    struct records again = {.total = 0};
    for (size_t i = 1; i < held->count; i++) {
        const struct record *before = &held->items[i - 1], *this = &held->items[i];
        int later =
            strcmp(record_text(before, "PolicyStartDate"), record_text(this, "PolicyStartDate"));
        if (later < 0 || (later == 0 && strcmp(id_of(before), id_of(this)) >= 0)) {
            broken(run, "user %s: policy %s does not follow %s, by start and id", user, id_of(this),
                   id_of(before));
        }
    }
    (void)ask_policies(run, user, NULL, 0, &again);
    if (!records_equal(held, &again)) {
        broken(run, "user %s: asked twice, given two lists", user);
    }
    records_free(&again);
}

static void order(struct run *run)
{
    struct holdings holdings;
    bool found = find_holdings(run, &holdings);
    for (size_t u = 0; found && u < run->user_count; u++) {
        check_order(run, run->users[u], &holdings.of[u]);
    }
    free_holdings(&holdings);
}

static bool is_among(const struct lfi_slice *ids, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_text(ids[i], id)) {
            return true;
        }
    }
    return false;
}

/* Of these ids those that are held come, in the order of all that are held. */
static void check_given(struct run *run, const char *user, const struct records *held,
                        const struct lfi_slice *ids, size_t count)
{
    struct records given = {.total = 0};
    int status = ask_policies(run, user, ids, count, &given);
    size_t next = 0;
    bool right = status == LFI_OK;
    for (size_t i = 0; right && i < held->count; i++) {
        if (is_among(ids, count, id_of(&held->items[i]))) {
            right = next < given.count &&
                    strcmp(id_of(&given.items[next++]), id_of(&held->items[i])) == 0;
        }
    }
    if (!right || next != given.count) {
        broken(run, "user %s: asked for %zu policies: %s and %zu records, or another order", user,
               count, status_name(status), given.count);
    }
    records_free(&given);
}

static void check_wanted(struct run *run, const char *user, const struct records *held)
{
    const struct lfi_slice ids[] = {SLICE(CHECK_ID_UNKNOWN),
                                    slice_of(id_of(&held->items[held->count - 1])),
                                    slice_of(id_of(&held->items[0]))};
    check_given(run, user, held, ids, 2);
    check_given(run, user, held, ids, held->count > 1 ? 3 : 2);
}

static void as_wanted(struct run *run)
{
    struct holdings holdings;
    bool found = find_holdings(run, &holdings);
    for (size_t u = 0; found && u < run->user_count; u++) {
        if (holdings.of[u].count > 0) {
            check_wanted(run, run->users[u], &holdings.of[u]);
        }
    }
    free_holdings(&holdings);
}

static void unknown_user(struct run *run)
{
    struct records records = {.total = 0};
    if (!run->provider->insurance) {
        not_checked(run, "the core offers no policies");
        return;
    }
    int status = ask_policies(run, CHECK_ID_UNKNOWN, NULL, 0, &records);
    if (status != LFI_UNKNOWN || records.count > 0) {
        broken(run, "%s and %zu records for a user that was never issued", status_name(status),
               records.count);
    }
    records_free(&records);
}

/* --- isolation -------------------------------------------------------------------------------- */

/* Neither what the policy consists of nor who pays for it is told. */
static void refuses(struct run *run, const struct wanted *wanted)
{
    struct records parts = {.total = 0}, payer = {.total = 0};
    int policy_status = ask_policy(run, wanted, &parts);
    int payer_status = ask_payer(run, wanted, &payer);
    if (policy_status != LFI_UNKNOWN || parts.count > 0) {
        broken(run, "policy: %s and %zu records for policy %s as %s insurance of user %s",
               status_name(policy_status), parts.count, wanted->policy,
               policy_sector_name(wanted->sector), wanted->user);
    }
    if (payer_status != LFI_UNKNOWN || payer.count > 0) {
        broken(run, "payer: %s and %zu records for policy %s as %s insurance of user %s",
               status_name(payer_status), payer.count, wanted->policy,
               policy_sector_name(wanted->sector), wanted->user);
    }
    records_free(&parts);
    records_free(&payer);
}

static void cannot_reach(struct run *run, const char *user, const struct record *policy)
{
    const struct lfi_slice ids[] = {slice_of(id_of(policy))};
    struct records records = {.total = 0};
    int status = ask_policies(run, user, ids, 1, &records);
    if (status != LFI_OK || records.count > 0) {
        broken(run, "held: %s and %zu records for policy %s, which user %s does not hold",
               status_name(status), records.count, id_of(policy), user);
    }
    records_free(&records);
    refuses(run, &(struct wanted){user, id_of(policy), policy->policy.sector, ALL_PARTS});
}

static void isolation(struct run *run)
{
    struct holdings holdings;
    bool found = find_holdings(run, &holdings);
    bool checked = false;
    for (size_t u = 0; found && u < run->user_count; u++) {
        for (size_t other = 0; other < run->user_count; other++) {
            const struct records *theirs = &holdings.of[other];
            for (size_t i = 0; u != other && i < theirs->count; i++) {
                if (!is_held(&holdings.of[u], id_of(&theirs->items[i]))) {
                    cannot_reach(run, run->users[u], &theirs->items[i]);
                    checked = true;
                }
            }
        }
    }
    if (found && !checked) {
        not_checked(run, "it needs two users, one with a policy that the other does not hold");
    }
    free_holdings(&holdings);
}

static void check_sectors(struct run *run, const char *user, const struct record *policy)
{
    for (unsigned sector = LFI_INSURANCE_EMPLOYMENT; sector < LFI_INSURANCE_SECTORS; sector++) {
        if (sector != policy->policy.sector) {
            refuses(run, &(struct wanted){user, id_of(policy), (enum lfi_insurance_sector)sector,
                                          ALL_PARTS});
        }
    }
}

static void sectors(struct run *run)
{
    each_policy(run, check_sectors);
}

/* --- what they consist of --------------------------------------------------------------------- */

static void check_facts(struct run *run, const char *user, const struct record *policy)
{
    const struct lfi_policy_facts *facts = &policy->policy;
    const struct {
        const char *member, *fact;
    } pairs[] = {
        {"InsurancePolicyId", facts->policy_id},
        {"PolicyNumber", facts->number},
        {"PolicyStatus", facts->status},
    };
    (void)user;
    if (!policy->has_facts) {
        broken(run, "policy %s comes without facts", id_of(policy));
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        const char *said = record_text(policy, pairs[i].member);
        if (strcmp(said, pairs[i].fact) != 0) {
            broken(run, "policy %s: the record says %s %s, the facts %s", id_of(policy),
                   pairs[i].member, said, pairs[i].fact);
        }
    }
    if (facts->sector < LFI_INSURANCE_EMPLOYMENT || facts->sector >= LFI_INSURANCE_SECTORS ||
        !(run->provider->insurance->sectors & 1U << facts->sector)) {
        broken(run, "policy %s is of sector %d, which is not underwritten", id_of(policy),
               (int)facts->sector);
    }
}

static void facts_agree(struct run *run)
{
    each_policy(run, check_facts);
}

static void check_one_part(struct run *run, const struct wanted *wanted, const struct records *all,
                           unsigned part)
{
    struct records alone = {.total = 0};
    const struct record *same = NULL;
    const struct wanted one = {wanted->user, wanted->policy, wanted->sector, 1U << part};
    int status = ask_policy(run, &one, &alone);
    for (size_t i = 0; i < all->count; i++) {
        same = all->items[i].part.part == part ? &all->items[i] : same;
    }
    if (status != LFI_OK || alone.count != (same ? 1 : 0) ||
        (same && strcmp(same->text, alone.items[0].text) != 0)) {
        broken(run, "policy %s: part %u alone: %s and %zu records, or another than among all",
               wanted->policy, part, status_name(status), alone.count);
    }
    records_free(&alone);
}

static void check_parts(struct run *run, const char *user, const struct record *policy)
{
    const struct wanted wanted = {user, id_of(policy), policy->policy.sector, ALL_PARTS};
    struct records all = {.total = 0};
    unsigned next = 0;
    int status = ask_policy(run, &wanted, &all);
    if (status != LFI_OK) {
        broken(run, "policy: %s for policy %s, which user %s holds", status_name(status),
               wanted.policy, user);
    }
    for (size_t i = 0; i < all.count; i++) {
        const struct record *part = &all.items[i];
        if (!part->has_facts || part->part.part < next || part->part.part >= LFI_POLICY_PARTS) {
            broken(run, "policy %s: its parts do not come in their order, each once",
                   wanted.policy);
        }
        next = (unsigned)part->part.part + 1;
    }
    for (unsigned part = 0; status == LFI_OK && part < LFI_POLICY_PARTS; part++) {
        check_one_part(run, &wanted, &all, part);
    }
    records_free(&all);
}

static void parts(struct run *run)
{
    each_policy(run, check_parts);
}

/* --- the contract ----------------------------------------------------------------------------- */

static bool fits(struct run *run, const char *serves, const struct record *policy,
                 struct lfi_slice data)
{
    struct buf reply;
    buf_init(&reply, SIZE_MAX);
    buf_append_format(&reply, "{\"data\":%.*s}", SLICE_ARG(data));
    bool fitting = reply_fits_contract(run, serves, policy->policy.sector, buf_slice(&reply));
    buf_free(&reply);
    return fitting;
}

/* As the server writes them: employment within the holder. */
static void append_parts(struct buf *out, const struct records *parts)
{
    static const char *const names[LFI_POLICY_PARTS] = {
        [LFI_POLICY_HOLDER] = "PolicyHolder", [LFI_POLICY_EMPLOYMENT] = "Employment",
        [LFI_POLICY_IDENTITY] = "Identity",   [LFI_POLICY_PRODUCT] = "Product",
        [LFI_POLICY_CLAIMS] = "Claims",       [LFI_POLICY_PREMIUM] = "Premium",
    };
    bool holder = false;
    for (size_t i = 0; i < parts->count; i++) {
        unsigned part = parts->items[i].part.part;
        bool within = part == LFI_POLICY_EMPLOYMENT;
        if (part >= LFI_POLICY_PARTS || (within && !holder)) {
            continue;
        }
        if (within) {
            out->len--; /* the holder's brace */
        }
        buf_append_format(out, ",\"%s\":%s%s", names[part], parts->items[i].text,
                          within ? "}" : "");
        holder = part == LFI_POLICY_HOLDER;
    }
}

static void check_shape(struct run *run, const char *user, const struct record *policy)
{
    const struct wanted wanted = {user, id_of(policy), policy->policy.sector, ALL_PARTS};
    struct records all = {.total = 0}, payer = {.total = 0};
    struct buf data;
    buf_init(&data, SIZE_MAX);
    buf_append_format(&data, "{\"Policies\":[%s]}", policy->text);
    (void)fits(run, "insurance.held", policy, buf_slice(&data));
    (void)ask_policy(run, &wanted, &all);
    buf_clear(&data);
    buf_append_format(&data, "{\"InsurancePolicyId\":\"%s\"", wanted.policy);
    append_parts(&data, &all);
    buf_append_text(&data, "}");
    (void)fits(run, "insurance.policy", policy, buf_slice(&data));
    int status = ask_payer(run, &wanted, &payer);
    if (status != LFI_OK || payer.count > 1) {
        broken(run, "payer: %s and %zu records for policy %s, which user %s holds",
               status_name(status), payer.count, wanted.policy, user);
    }
    if (payer.count == 1) {
        (void)fits(run, "insurance.payer", policy, slice_of(payer.items[0].text));
    }
    records_free(&all);
    records_free(&payer);
    buf_free(&data);
}

static void shape(struct run *run)
{
    each_policy(run, check_shape);
}

const struct rule RULES_POLICIES[] = {
    {"policy-order", "Policies come newest first, ties by id, and the same each time.", order},
    {"policy-wanted", "Of the policies asked for, those held come, and no other.", as_wanted},
    {"policy-unknown-user", "Policies of a user that was never issued are UNKNOWN.", unknown_user},
    {"policy-isolation", "No user reaches a policy that another one holds.", isolation},
    {"policy-sector", "A policy asked for as one of another sector is UNKNOWN.", sectors},
    {"policy-facts", "Facts agree with their record; its sector is underwritten.", facts_agree},
    {"policy-parts", "Parts come in their order, each the same alone as among all.", parts},
    {"policy-shape", "Policies and who pays for them have the contract's shape.", shape},
    {NULL, NULL, NULL},
};
