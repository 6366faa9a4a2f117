#include "consent/consent.h"

#include "base/array.h"
#include "base/datetime.h"
#include "contract/version.h"

/* Dates are sent in the newer members or in the deprecated ones (consent journey 3). */
static struct lfi_slice either(const cJSON *data, const char *name, const char *deprecated)
{
    struct lfi_slice value = json_get_string(data, name);
    return value.ptr ? value : json_get_string(data, deprecated);
}

/* Under a member of its own or not: the Hub's documents differ (consent journey 9). */
static const cJSON *authorizers_of(const cJSON *tree)
{
    const cJSON *meta = json_get(json_get(tree, "consentBody"), "Meta");
    const cJSON *inner = json_get(meta, "MultipleAuthorizers");
    meta = inner ? inner : meta;
    return json_get(meta, "Authorizations") ? meta : NULL;
}

void consent_read(const cJSON *tree, struct consent *out)
{
    const cJSON *data = json_get(json_get(tree, "consentBody"), "Data");
    const cJSON *asked = json_get(json_get(tree, "request"), "consent");
    const cJSON *control = json_get(asked, "ControlParameters");
    *out = (struct consent){
        .kind = consent_kind_of(json_get_string(tree, "consentType")),
        .id = json_get_string(tree, "id"),
        .rar_type = json_get_string(tree, "rarType"),
        .type = json_get_string(tree, "consentType"),
        .version = json_get_string(tree, "standardVersion"),
        .status = json_get_string(tree, "status"),
        .tpp_name = json_get_string(json_get(tree, "tpp"), "tppName"),
        .on_behalf_of = json_get_string(json_get(data, "OnBehalfOf"), "TradingName"),
        .expires = json_get_string(data, "ExpirationDateTime"),
        .from = either(data, "FromDate", "TransactionFromDateTime"),
        .to = either(data, "ToDate", "TransactionToDateTime"),
        .base_id = json_get_string(data, "BaseConsentId"),
        .user_id = json_get_string(json_get(tree, "psuIdentifiers"), "userId"),
        .data = data,
        .schedule = json_get(control, "ConsentSchedule"),
        .account_ids = json_get(tree, "accountIds"),
        .policy_ids = json_get(tree, "insurancePolicyIds"),
        .permissions = json_get(data, "Permissions"),
        .account_types = json_get(data, "AccountType"),
        .account_sub_types = json_get(data, "AccountSubType"),
        .deadline = json_get_string(data, "AuthorizationExpirationDateTime"),
        .purpose = json_get_string(json_get(data, "OpenFinanceBilling"), "Purpose"),
        .created = json_get_string(data, "CreationDateTime"),
        .last_shared = json_get_string(json_get(tree, "consentUsage"), "lastDataShared"),
        .last_paid =
            json_get_string(json_get(tree, "consentUsage"), "lastServiceInitiationAttempt"),
        .authorizers = authorizers_of(tree),
        .updated = json_get(tree, "updatedAt"),
    };
    out->payment = out->kind->pays ? payment_type_of(control) : NULL;
}

bool consent_is_offered(const struct consent *consent, const struct offers *offers)
{
    return offers_list(offers->consent_types, consent->type);
}

/* A deadline that is not there never passes; one that cannot be read has. */
static bool is_past(struct lfi_slice deadline, int64_t now_us)
{
    struct datetime value;
    if (!deadline.ptr) {
        return false;
    }
    return !datetime_parse(deadline, &value) || datetime_utc_us(&value) <= now_us;
}

bool consent_is_open(const struct consent *consent, int64_t now_us)
{
    return slice_equal_text(consent->status, "AwaitingAuthorization") &&
           !is_past(consent->deadline, now_us) && !is_past(consent->expires, now_us);
}

bool consent_is_overdue(const struct consent *consent, int64_t now_us)
{
    bool waits = !consent->status.ptr || slice_equal_text(consent->status, "AwaitingAuthorization");
    return waits && is_past(consent->deadline, now_us);
}

static int64_t seconds_of(struct lfi_slice text)
{
    struct datetime value;
    return text.ptr && datetime_parse(text, &value) ? datetime_utc_us(&value) / 1000000 : INT64_MAX;
}

int64_t consent_deadline_s(const struct consent *consent)
{
    int64_t deadline = seconds_of(consent->deadline), expires = seconds_of(consent->expires);
    return deadline < expires ? deadline : expires;
}

bool consent_is_expired(const struct consent *consent, int64_t now_us)
{
    return is_past(consent->expires, now_us);
}

uint32_t consent_standard_version(const struct consent *consent)
{
    struct lfi_slice rest = consent->rar_type, last = {0}, part;
    uint32_t version = version_read(consent->version);
    while (slice_next(&rest, ':', &part)) {
        last = part;
    }
    return version != 0 ? version : version_read(last);
}

int64_t consent_created_s(const struct consent *consent)
{
    struct datetime value;
    return datetime_parse(consent->created, &value) ? datetime_utc_us(&value) / 1000000 : 0;
}

bool consent_may_pay(const struct consent *consent)
{
    return slice_equal_text(consent->status, "Authorized") ||
           slice_equal_text(consent->status, "Consumed");
}

bool consent_is_of(const struct consent *consent, struct lfi_slice user_id)
{
    return consent->user_id.len > 0 && slice_equal(consent->user_id, user_id);
}

const cJSON *consent_chosen(const struct consent *consent)
{
    return consent->kind->policies ? consent->policy_ids : consent->account_ids;
}

bool consent_is_revocable(const struct consent *consent)
{
    static const char *const open[] = {"AwaitingAuthorization", "Authorized", "Suspended"};
    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        if (slice_equal_text(consent->status, open[i])) {
            return true;
        }
    }
    return false;
}

struct lfi_slice consent_beneficiary(const struct consent *consent)
{
    bool shown = consent->on_behalf_of.len > 0 && !consent->kind->pays;
    return shown ? consent->on_behalf_of : consent->tpp_name;
}
