#include "connect/call_consent.h"

#include "consent/consent.h"
#include "consent/permissions.h"
#include "consent/policy_rights.h"

#define REMEMBERED_US (INT64_C(10) * 60 * 1000000)

#define VERSION_REMEMBERED_US (INT64_C(24) * 3600 * 1000000)

enum { UNKNOWN, REFUSED, GRANTED };

/* Absent without a consent, and when memory is short. */
static struct lfi_slice version_key(const struct call *call)
{
    struct lfi_slice id = request_header(call->request, "o3-consent-id", NULL);
    return id.len > 0 ? arena_format(call->arena, "%s %.*s", call->provider->id, SLICE_ARG(id))
                      : (struct lfi_slice){NULL, 0};
}

void call_consent_note_version(const struct call *call, const struct consent *consent)
{
    uint32_t version = consent_standard_version(consent);
    struct lfi_slice key = version_key(call);
    if (version != 0 && key.ptr) {
        cache_put(call->connect->versions, key, version,
                  clock_now_us(call->connect->clock) + VERSION_REMEMBERED_US);
    }
}

uint32_t call_consent_version(const struct call *call)
{
    struct lfi_slice key = version_key(call);
    return key.ptr ? (uint32_t)cache_get(call->connect->versions, key,
                                         clock_now_us(call->connect->clock))
                   : 0;
}

/* HUB_REFUSED: the Hub knows no such consent. The caller frees the tree in any case. */
static enum hub_outcome fetch(const struct call *call, cJSON **tree, struct consent *out)
{
    struct lfi_error error = {"no Hub is configured"};
    struct lfi_slice id = call->core.consent_id;
    const struct provider_set *providers = call->connect->config.providers;
    struct hub *hub = call->peers->hubs[provider_index(providers, call->provider)];
    enum hub_outcome outcome = HUB_UNREACHABLE;
    if (!call_is_id(id)) {
        outcome = HUB_REFUSED;
        error_set(&error, "the consent id is malformed");
    } else if (hub) {
        outcome = hub_find_payment_consent(hub, call->arena, id, tree, &error);
    }
    if (outcome == HUB_OK) {
        consent_read(*tree, out);
        call_consent_note_version(call, out);
    } else {
        LOG_EVENT(call->connect->log, LOG_WARN, "consent-unread",
                  LOG_TEXT("provider", slice_of(call->provider->id)),
                  LOG_TEXT("cause", slice_of(error.message)));
    }
    return outcome;
}

static struct lfi_slice key_of(const struct call *call)
{
    return arena_format(call->arena, "%s %.*s", call->provider->id,
                        SLICE_ARG(call->core.consent_id));
}

void call_consent_forget(struct call *call)
{
    cache_put(call->connect->permissions, key_of(call), UNKNOWN, 0);
}

bool call_consent_permits_rates(struct call *call)
{
    struct cache *permissions = call->connect->permissions;
    int64_t now = clock_now_us(call->connect->clock);
    struct lfi_slice key = key_of(call);
    uint64_t known = cache_get(permissions, key, now);
    cJSON *tree = NULL;
    struct consent consent;
    if (known == UNKNOWN && fetch(call, &tree, &consent) == HUB_OK) {
        known = json_lists(consent.permissions, SLICE(CONSENT_FINANCE_RATES)) ? GRANTED : REFUSED;
        cache_put(permissions, key, known, now + REMEMBERED_US);
    }
    cJSON_Delete(tree);
    return known == GRANTED;
}

struct lfi_slice call_consent_beneficiary(struct call *call)
{
    cJSON *tree = NULL;
    struct consent consent = {0};
    struct lfi_slice name = {0};
    if (fetch(call, &tree, &consent) == HUB_OK) {
        name = arena_keep(call->arena, consent_beneficiary(&consent));
    }
    cJSON_Delete(tree);
    return name;
}

/* --- insurance -------------------------------------------------------------------------------- */

/*
 * What is remembered of a consent: the rights of each sector, and a number that is another each
 * time it is read. Each of its policies is remembered with the same value, so that none outlives
 * what it came from.
 */
#define RIGHTS_BITS (RIGHTS * (LFI_INSURANCE_SECTORS - 1))
#define REMEMBERED (UINT64_C(1) << 63)
_Static_assert(RIGHTS_BITS <= 52, "there is no room for the number");

static unsigned rights_in(uint64_t known, unsigned sector)
{
    return (unsigned)(known >> (sector - 1) * RIGHTS) & ((1U << RIGHTS) - 1);
}

static uint64_t pack_rights(const cJSON *permissions, int64_t now_us)
{
    uint64_t known = REMEMBERED | (uint64_t)(now_us / 1000 % 2048) << 52;
    for (unsigned sector = 1; sector < LFI_INSURANCE_SECTORS; sector++) {
        uint64_t rights = policy_rights_of(permissions, (enum lfi_insurance_sector)sector);
        known |= rights << (sector - 1) * RIGHTS;
    }
    return known;
}

static struct lfi_slice policy_key(const struct call *call, struct lfi_slice policy_id)
{
    return arena_format(call->arena, "%s %.*s %.*s", call->provider->id,
                        SLICE_ARG(call->core.consent_id), SLICE_ARG(policy_id));
}

/* False: not for all of them, or it has to be read. */
static bool is_remembered(const struct call *call, const struct lfi_slice *policy_ids, size_t count,
                          uint64_t known, int64_t now_us)
{
    struct cache *cache = call->connect->permissions;
    bool all = known & REMEMBERED;
    for (size_t i = 0; all && i < count; i++) {
        all = cache_get(cache, policy_key(call, policy_ids[i]), now_us) == known;
    }
    return all;
}

static int refuse_policies(struct call *call)
{
    (void)refusal_set(call->refusal, "POLICY-NOT-CONSENTED", 403,
                      "Consent.PermanentPolicyAccessFailure",
                      "The policy is permanently inaccessible.");
    refusal_detail(call->refusal, "the consent is not for every policy that was asked for");
    return -1;
}

static int refuse_unread(struct call *call, enum hub_outcome outcome)
{
    return outcome == HUB_REFUSED
               ? refusal_set(call->refusal, "CONSENT-UNKNOWN", 400, "Consent.Invalid",
                             "The consent is not known.")
               : refusal_set(call->refusal, "CONSENT-UNREAD", 500, "GenericRecoverableError",
                             "The bank cannot answer at the moment.");
}

int call_consent_rights(struct call *call, const struct lfi_slice *policy_ids, size_t count,
                        unsigned *rights)
{
    struct cache *cache = call->connect->permissions;
    int64_t now = clock_now_us(call->connect->clock);
    struct lfi_slice key = key_of(call);
    uint64_t known = cache_get(cache, key, now);
    cJSON *tree = NULL;
    struct consent consent;
    *rights = rights_in(known, call->row->select);
    if (is_remembered(call, policy_ids, count, known, now)) {
        return 0;
    }
    enum hub_outcome outcome = fetch(call, &tree, &consent);
    if (outcome != HUB_OK) {
        cJSON_Delete(tree);
        return refuse_unread(call, outcome);
    }
    known = pack_rights(consent.permissions, now);
    cache_put(cache, key, known, now + REMEMBERED_US);
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        all = all && json_lists(consent.policy_ids, policy_ids[i]);
    }
    const cJSON *id;
    cJSON_ArrayForEach(id, consent.policy_ids)
    {
        struct lfi_slice policy_id = slice_of(cJSON_GetStringValue(id));
        cache_put(cache, policy_key(call, policy_id), known, now + REMEMBERED_US);
    }
    cJSON_Delete(tree);
    *rights = rights_in(known, call->row->select);
    return all ? 0 : refuse_policies(call);
}
