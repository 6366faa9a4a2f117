/* What is said of a quote of insurance: its record, the Hub's log, the policy made of it. */
#include "store/cover.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SITE "https://apply.dhowtakaful.example"
#define DIGEST_SIZE 32

static const char *const statuses[] = {
    [LFI_QUOTE_PENDING] = "Pending",
    [LFI_QUOTE_AVAILABLE] = "Available",
    [LFI_QUOTE_APPLIED] = "ApplicationPending",
    [LFI_QUOTE_VERIFIED] = "KYCCaptured",
    [LFI_QUOTE_APPROVED] = "ApplicationApproved",
    [LFI_QUOTE_PAYMENT_REQUIRED] = "PaymentRequired",
    [LFI_QUOTE_ISSUED] = "PolicyIssued",
    [LFI_QUOTE_COMPLETED] = "Completed",
    [LFI_QUOTE_EXPIRED] = "Expired",
    [LFI_QUOTE_REJECTED] = "Rejected",
    [LFI_QUOTE_CUSTOMER_CANCELLED] = "CustomerCancelled",
    [LFI_QUOTE_INSURER_CANCELLED] = "LFICancelled",
};

static bool add_text(cJSON *object, const char *name, const char *value)
{
    return cJSON_AddStringToObject(object, name, value);
}

static char *print(cJSON *object, bool whole)
{
    char *text = whole ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    return text;
}

/* Two texts of the quote, then `end`. */
static char *join(const struct cover_quote *quote, enum cover_text first, enum cover_text second,
                  const char *end)
{
    const struct cover_value *value = &quote->value;
    size_t a = value->lengths[first];
    size_t b = second < COVER_TEXTS ? value->lengths[second] : 0;
    size_t len = strlen(end) + 1;
    char *text = cJSON_malloc(a + b + len);
    if (text) {
        memcpy(text, quote->texts[first], a);
        memcpy(text + a, b > 0 ? quote->texts[second] : "", b);
        memcpy(text + a + b, end, len);
    }
    return text;
}

char *cover_record(const struct cover_quote *quote)
{
    char end[128], priced[TIME_TEXT];
    const struct cover_value *value = &quote->value;
    bool pending = value->status == LFI_QUOTE_PENDING;
    time_format(value->priced_us, priced);
    (void)snprintf(end, sizeof(end), "%s%s%s,\"QuoteStatus\":\"%s\"}",
                   pending ? ",\"PremiumTargetDateTime\":\"" : "", pending ? priced : "",
                   pending ? "\"" : "", statuses[value->status]);
    return join(quote, COVER_HEAD, pending ? COVER_TEXTS : COVER_TERMS, end);
}

void cover_url(const struct cover_value *value, const char *what, char out[513])
{
    (void)snprintf(out, 513, SITE "/%s/%s", what, value->token);
}

/* --- documents -------------------------------------------------------------------------------- */

/* A document that says which policy it is of. */
static bool add_policy_document(cJSON *object, const struct cover_value *value)
{
    char text[256], base64[400], hex[2 * DIGEST_SIZE + 1];
    unsigned char digest[DIGEST_SIZE];
    size_t written;
    int len = snprintf(text, sizeof(text), "%%PDF-1.4\n%% Dhow Takaful, policy %s\n%%%%EOF\n",
                       value->policy_id);
    (void)EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)text, len);
    if (EVP_Digest(text, (size_t)len, digest, NULL, EVP_sha256(), NULL) != 1 ||
        OPENSSL_buf2hexstr_ex(hex, sizeof(hex), &written, digest, sizeof(digest), '\0') != 1) {
        return false;
    }
    cJSON *documents = cJSON_AddArrayToObject(object, "Documents");
    cJSON *document = cJSON_CreateObject();
    if (!documents || !document || !cJSON_AddItemToArray(documents, document)) {
        cJSON_Delete(document);
        return false;
    }
    return add_text(document, "Type", "Policy schedule") &&
           add_text(document, "FileName", "policy.pdf") &&
           add_text(document, "ContentType", "application/pdf") &&
           add_text(document, "Content", base64) && add_text(document, "HashType", "SHA256") &&
           add_text(document, "Hash", hex);
}

/* --- the policy ------------------------------------------------------------------------------- */

/* What is asked for and what the insurer permits. */
static bool add_after_issue(cJSON *policy, const cJSON *asked)
{
    static const struct {
        const char *name;
        bool permitted;
    } steps[] = {{"ClaimsAllowed", true},
                 {"EndorsementsAllowed", false},
                 {"RenewalsAllowed", true},
                 {"CancellationAllowed", true}};
    cJSON *answer = asked ? cJSON_AddObjectToObject(policy, "PostIssuanceResponse") : NULL;
    for (size_t i = 0; answer && i < sizeof(steps) / sizeof(steps[0]); i++) {
        bool wanted = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(asked, steps[i].name));
        if (!cJSON_AddBoolToObject(answer, steps[i].name, wanted && steps[i].permitted)) {
            return false;
        }
    }
    return !asked || answer;
}

char *cover_policy(const struct cover_value *value, const cJSON *data)
{
    cJSON *policy = cJSON_CreateObject();
    bool hands_over = value->allowed & COVER_DOCUMENTS && value->status == LFI_QUOTE_ISSUED;
    bool whole =
        policy && add_text(policy, "InsurancePolicyId", value->policy_id) &&
        add_after_issue(policy, cJSON_GetObjectItemCaseSensitive(data, "PostIssuanceRequest")) &&
        (!hands_over || add_policy_document(policy, value));
    return print(policy, whole);
}

/* --- the Hub's log ---------------------------------------------------------------------------- */

static bool add_instruction(cJSON *told, const char *action, const char *url)
{
    cJSON *instructions = cJSON_AddArrayToObject(told, "BrokerInstructions");
    cJSON *instruction = cJSON_CreateObject();
    if (!instructions || !instruction || !cJSON_AddItemToArray(instructions, instruction)) {
        cJSON_Delete(instruction);
        return false;
    }
    return add_text(instruction, "ActionRequired", action) &&
           (!url || add_text(instruction, "Url", url));
}

/* The policy that was made: its id, its days as confirmed, and its document when it is ours to
 * send. */
static bool add_issued(cJSON *told, const struct cover_quote *quote)
{
    const struct cover_value *value = &quote->value;
    cJSON *terms = cover_terms(quote);
    const char *start =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(terms, "PolicyStartDate"));
    const char *end =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(terms, "PolicyEndDate"));
    bool whole = terms && add_text(told, "InsurancePolicyId", value->policy_id) &&
                 (!start || add_text(told, "ConfirmedPolicyStartDate", start)) &&
                 (!end || add_text(told, "ConfirmedPolicyEndDate", end)) &&
                 (!(value->allowed & COVER_DOCUMENTS) || add_policy_document(told, value));
    cJSON_Delete(terms);
    return whole;
}

static bool fill_told(cJSON *told, const struct cover_quote *quote)
{
    const struct cover_value *value = &quote->value;
    char url[513];
    switch (value->status) {
    case LFI_QUOTE_APPLIED:
        return !(value->allowed & COVER_VERIFICATION) ||
               add_instruction(told, "Verify the customer and hand over what you have verified.",
                               NULL);
    case LFI_QUOTE_PAYMENT_REQUIRED:
        cover_url(value, "pay", url);
        return add_instruction(told, "Have the customer pay the first premium.", url);
    case LFI_QUOTE_ISSUED:
        return add_issued(told, quote);
    case LFI_QUOTE_EXPIRED:
        return add_text(told, "Reason", "The quote was not accepted in time.");
    case LFI_QUOTE_REJECTED:
        return add_text(told, "Reason", "The insurer cannot offer this cover.");
    case LFI_QUOTE_CUSTOMER_CANCELLED:
        return add_text(told, "Reason", "The customer has withdrawn.");
    case LFI_QUOTE_INSURER_CANCELLED:
        return add_text(told, "Reason", "What was still needed did not arrive in time.");
    default:
        return true;
    }
}

char *cover_told(const struct cover_quote *quote)
{
    static const char *const salaries[] = {"}", ",\"CustomerSalary\":\"Under4K\"}",
                                           ",\"CustomerSalary\":\"Over4K\"}"};
    if (quote->value.status == LFI_QUOTE_COMPLETED) {
        return join(quote, COVER_END, COVER_TEXTS, salaries[quote->value.salary]);
    }
    cJSON *told = cJSON_CreateObject();
    return print(told, told && fill_told(told, quote));
}
