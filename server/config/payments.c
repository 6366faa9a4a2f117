/* What a provider takes of payments, and how: payments, paymentLog and quoteLog. */
#include "config/loader.h"

#include "base/json.h"
#include "base/limits.h"

static const char *const hub_forms[] = {[HUB_FORM_2_1] = "v2.1", [HUB_FORM_2_2] = "v2.2", NULL};
static const char *const references[] = {"v2.1.7", "v2.1.8", NULL};
enum { REFERENCES_2_1_7, REFERENCES_2_1_8 };

/* A creditor whose check digits are wrong exists in tests alone. */
static const char *const *read_test_ibans(struct loader *loader, const cJSON *payments,
                                          const char *path)
{
    char where[PATH_ROOM];
    if (json_get(payments, "testIbans") && !loader->config.development) {
        loader_fail(loader, loader_join(where, path, "payments.testIbans"),
                    "is for development alone");
    }
    return loader_texts(loader, payments, "testIbans", NULL);
}

static const char *read_audience(struct loader *loader, const cJSON *payments, const char *path)
{
    char where[PATH_ROOM];
    const char *audience = loader_text(loader, payments, "piiAudience", NULL);
    if (audience && !loader->config.encryption.jwks_base) {
        loader_fail(loader, loader_join(where, path, "payments.piiAudience"),
                    "needs encryption.signatures, else nothing is verified");
    }
    return audience;
}

void loader_read_payments(struct loader *loader, const cJSON *provider, struct config_provider *out,
                          const char *path)
{
    char where[PATH_ROOM];
    const cJSON *payments = json_get(provider, "payments");
    int wanted = loader_word(loader, payments, loader_join(where, path, "payments"), "references",
                             references);
    out->offers.payment_types = loader_texts(loader, payments, "types", NULL);
    out->offers.payment_log = (enum hub_form)loader_word_or(
        loader_word(loader, provider, path, "paymentLog", hub_forms), HUB_FORM_2_1);
    out->offers.quote_log = (enum hub_form)loader_word_or(
        loader_word(loader, provider, path, "quoteLog", hub_forms), HUB_FORM_2_1);
    out->payment_rules = (struct payment_rules){
        .any_references = loader_word_or(wanted, REFERENCES_2_1_8) == REFERENCES_2_1_7,
        .other_pii_forms = json_get_bool(payments, "otherPiiForms", false),
        .test_ibans = read_test_ibans(loader, payments, path),
        .proof_age_s = loader_int(payments, "proofSeconds", LIMIT_PROOF_AGE_S),
        .proof_skew_s = loader_int(payments, "proofSkewSeconds", LIMIT_PROOF_SKEW_S),
        .key_life_s = (uint32_t)loader_int(payments, "idempotencySeconds", LIMIT_PAYMENT_KEY_S),
        .pii_audience = read_audience(loader, payments, path)};
}
