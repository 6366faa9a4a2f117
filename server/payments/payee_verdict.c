#include "payments/payee_verdict.h"

#include "base/array.h"
#include "base/json.h"
#include "base/limits.h"
#include "caller/keystore.h"

#include <stdlib.h>

struct verdict_judge {
    const char *const *jwks_urls;
    const struct log *log;
    struct keystore *keystore; /* NULL: nothing can be verified */
};

int verdict_judge_new(struct verdict_judge **out, const struct verdict_config *config,
                      const struct clock *clock, const struct log *log, struct metrics *metrics,
                      struct lfi_error *error)
{
    const struct keystore_config keystore = {
        .ca_file = config->jwks_ca_file,
        .clock = clock,
        .log = log,
        .metrics = metrics,
        .timeout_ms = LIMIT_JWKS_FETCH_MS,
        .previous = config->previous ? config->previous->keystore : NULL};
    struct verdict_judge *judge = calloc(1, sizeof(*judge));
    *out = NULL;
    if (!judge) {
        return error_set(error, "out of memory");
    }
    judge->jwks_urls = config->jwks_urls;
    judge->log = log;
    if (config->jwks_urls[0] && keystore_new(&judge->keystore, &keystore, error) != 0) {
        free(judge);
        return -1;
    }
    *out = judge;
    return 0;
}

void verdict_judge_free(struct verdict_judge *judge)
{
    if (judge) {
        keystore_free(judge->keystore);
        free(judge);
    }
}

static enum payee_verdict refuse(const struct verdict_judge *judge, const char *id)
{
    if (judge) {
        LOG_EVENT(judge->log, LOG_WARN, "payee-verdict-refused", LOG_TEXT("id", slice_of(id)));
    }
    return PAYEE_NOT_KNOWN;
}

static enum payee_verdict read_indicator(const struct jose_token *token)
{
    static const char *const indicators[] = {[PAYEE_MATCH] = "ConfirmationOfPayee.Yes",
                                             [PAYEE_MATCH_IN_PART] = "ConfirmationOfPayee.Partial",
                                             [PAYEE_NO_MATCH] = "ConfirmationOfPayee.No"};
    enum payee_verdict found = PAYEE_NOT_KNOWN;
    cJSON *payload = json_parse(token->payload);
    struct lfi_slice indicator =
        json_get_string(json_get(json_get(payload, "message"), "Data"), "NameMatchIndicator");
    for (size_t i = PAYEE_MATCH; i < ARRAY_LEN(indicators); i++) {
        if (slice_equal_text(indicator, indicators[i])) {
            found = (enum payee_verdict)i;
        }
    }
    json_wipe(payload);
    return found;
}

/* The first key set that has the key; NULL: none. The caller ends it. */
static struct jose_keyset *find_keys(const struct verdict_judge *judge, struct lfi_slice kid)
{
    struct lfi_error error;
    for (size_t i = 0; kid.len > 0 && judge->jwks_urls[i]; i++) {
        struct jose_keyset *keys = keystore_acquire(judge->keystore, slice_of(judge->jwks_urls[i]),
                                                    JOSE_PS256, kid, &error);
        if (keys && jose_keyset_has(keys, kid)) {
            return keys;
        }
        jose_keyset_free(keys);
    }
    return NULL;
}

enum payee_verdict payee_verdict_read(struct verdict_judge *judge, struct lfi_slice response,
                                      struct arena *arena)
{
    struct jose_token token;
    struct lfi_error error;
    if (response.len == 0) {
        return PAYEE_NOT_KNOWN;
    }
    if (jose_token_parse_within(arena, response, LIMIT_PII_BYTES, &token, &error) != 0) {
        return refuse(judge, "PAYEE-VERDICT-FORM");
    }
    if (!slice_equal_text(token.alg, "PS256")) {
        return refuse(judge, "PAYEE-VERDICT-ALG");
    }
    if (token.has_crit) {
        return refuse(judge, "PAYEE-VERDICT-CRIT");
    }
    enum payee_verdict verdict = read_indicator(&token);
    struct jose_keyset *keys = judge && judge->keystore ? find_keys(judge, token.kid) : NULL;
    if (!keys) {
        return verdict == PAYEE_MATCH ? PAYEE_NOT_KNOWN : verdict;
    }
    int rc = jose_verify(keys, &token, &error);
    jose_keyset_free(keys);
    return rc == 0 ? verdict : refuse(judge, "PAYEE-VERDICT-SIGNATURE");
}
