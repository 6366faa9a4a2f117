#include "payments/pii.h"

#include "base/array.h"
#include "base/limits.h"
#include "base/secret_cache.h"
#include "contract_payment_pii.h"
#include "jose/jose.h"
#include "payments/signature.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct pii_reader {
    struct jose_decrypter *decrypter;
    struct signature_judge *judge;
    struct secret_cache *kept; /* decrypted PII of consents */
};

int pii_init(struct lfi_error *error)
{
    return contract_init(&contract_payment_pii, error);
}

void pii_fini(void)
{
    contract_fini(&contract_payment_pii);
}

int pii_reader_new(struct pii_reader **out, const struct pii_config *config,
                   const struct clock *clock, const struct log *log, struct metrics *metrics,
                   struct lfi_error *error)
{
    const struct signature_config signature = {
        .jwks_base = config->jwks_base,
        .jwks_ca_file = config->jwks_ca_file,
        .audience = config->audience,
        .skip_later_times = config->skip_later_times,
        .previous = config->previous ? config->previous->judge : NULL};
    struct pii_reader *reader = calloc(1, sizeof(*reader));

    *out = NULL;
    if (!reader) {
        return error_set(error, "out of memory");
    }
    reader->kept = secret_cache_new(clock, LIMIT_PII_KEPT_BYTES, LIMIT_PII_KEPT_S);
    if (!reader->kept) {
        pii_reader_free(reader);
        return error_set(error, "out of memory");
    }
    if (jose_decrypter_new(&reader->decrypter, config->keys, config->key_count, error) != 0 ||
        signature_judge_new(&reader->judge, &signature, clock, log, metrics, error) != 0) {
        pii_reader_free(reader);
        return -1;
    }
    *out = reader;
    return 0;
}

void pii_reader_free(struct pii_reader *reader)
{
    if (reader) {
        jose_decrypter_free(reader->decrypter);
        signature_judge_free(reader->judge);
        secret_cache_free(reader->kept);
        free(reader);
    }
}

static int refuse_unable(struct refusal *refusal)
{
    return refusal_set(refusal, "PII-UNABLE", 500, "GenericRecoverableError",
                       "PersonalIdentifiableInformation cannot be read at the moment.");
}

/* --- the envelope ----------------------------------------------------------------------------- */

static int refuse_header(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "JWE.InvalidHeader", message);
}

static int check_header(const struct jose_jwe *jwe, struct refusal *refusal)
{
    if (!slice_equal(jwe->alg, SLICE("RSA-OAEP-256"))) {
        return refuse_header(refusal, "PII-JWE-ALG", "alg of the JWE must be RSA-OAEP-256.");
    }
    if (!slice_equal(jwe->enc, SLICE("A256GCM"))) {
        return refuse_header(refusal, "PII-JWE-ENC", "enc of the JWE must be A256GCM.");
    }
    if (jwe->has_cty && !slice_equal_nocase(jwe->cty, "JWT")) {
        return refuse_header(refusal, "PII-JWE-CTY", "cty of the JWE must be JWT or absent.");
    }
    if (jwe->has_kid && jwe->kid.len == 0) {
        return refuse_header(refusal, "PII-JWE-KID", "kid of the JWE must be a text or absent.");
    }
    if (jwe->has_zip) {
        return refuse_header(refusal, "PII-JWE-ZIP", "The JWE must not be compressed (zip).");
    }
    if (jwe->has_crit) {
        return refuse_header(refusal, "PII-JWE-CRIT", "No extension of JWE is known (crit).");
    }
    return 0;
}

int pii_decrypt(struct pii_reader *reader, struct lfi_slice compact, struct arena *arena,
                struct lfi_slice *out, struct refusal *refusal)
{
    struct jose_jwe jwe;
    struct lfi_error error = {""};

    if (compact.len > LIMIT_PII_BYTES) {
        refusal_set(refusal, "PII-SIZE", 400, "Body.InvalidFormat",
                    "PersonalIdentifiableInformation is too long.");
        refusal_detail(refusal, "%zu bytes, %d allowed", compact.len, LIMIT_PII_BYTES);
        return -1;
    }
    if (jose_jwe_parse(arena, compact, LIMIT_PII_BYTES, &jwe, &error) != 0) {
        refuse_header(refusal, "PII-JWE-FORM",
                      "PersonalIdentifiableInformation must be a compact JWE.");
        refusal_detail(refusal, "%s", error.message);
        return -1;
    }
    if (check_header(&jwe, refusal) != 0) {
        return -1;
    }
    switch (jose_decrypt(reader->decrypter, &jwe, arena, out)) {
    case 0:
        return 0;
    case JOSE_NOT_OPENED:
        return refusal_set(refusal, "PII-DECRYPT", 400, "JWE.DecryptionError",
                           "PersonalIdentifiableInformation cannot be decrypted.");
    default:
        return refuse_unable(refusal);
    }
}

/*
 * The same, with what was decrypted before when the query says whose it is, so that the payments
 * under a consent cost one private operation each and not two. What is kept ends with its keys, and
 * signature, claims and schema are judged anew each time.
 */
static int decrypt_or_recall(struct pii_reader *reader, const struct pii_query *query,
                             struct arena *arena, struct lfi_slice *out, struct refusal *refusal)
{
    unsigned char key[SECRET_CACHE_KEY];

    if (!cJSON_IsString(query->member)) {
        return refusal_set(refusal, "PII-MISSING", 400, "Body.InvalidFormat",
                           "PersonalIdentifiableInformation must be there, as a compact JWE.");
    }
    struct lfi_slice compact = slice_of(query->member->valuestring);
    const struct lfi_slice of[] = {query->provider_id, query->consent_id, compact};
    if (query->stage != PII_OF_REVIEW || query->consent_id.len == 0 ||
        !secret_cache_key(of, ARRAY_LEN(of), key)) {
        return pii_decrypt(reader, compact, arena, out, refusal);
    }
    arena_hold_secret(arena);
    *out = secret_cache_get(reader->kept, key, arena);
    if (!out->ptr) {
        if (pii_decrypt(reader, compact, arena, out, refusal) != 0) {
            return -1;
        }
        secret_cache_put(reader->kept, key, *out);
    }
    return 0;
}

/* --- what is inside --------------------------------------------------------------------------- */

/* Without the path of a member that is not known: its name is the TPP's, and may be anything. */
static int refuse_schema(const struct contract_violation *violation, struct refusal *refusal)
{
    bool unknown = strcmp(violation->rule, "additionalProperties") == 0;
    const char *where = unknown ? "a member" : violation->where;
    refusal_set(refusal, "PII-SCHEMA", 400, "Body.InvalidFormat", "");
    snprintf(refusal->error_message, sizeof(refusal->error_message),
             "The decrypted PersonalIdentifiableInformation is malformed: %.200s: %.120s", where,
             violation->message);
    refusal_detail(refusal, "%.200s: %s", where, violation->rule);
    return -1;
}

/* The schema that a payload must fit: that of its stage, or of another form that is taken. */
static const char *schema_of(const struct pii_query *query, const cJSON *tree)
{
    const cJSON *initiation = json_get(tree, "Initiation");
    const cJSON *creditor = json_get(initiation, "Creditor");
    if (query->abroad) {
        return query->stage == PII_OF_PAYMENT ? "PaymentPiiAbroad" : "ConsentPiiAbroad";
    }
    if (query->stage != PII_OF_PAYMENT) {
        return "ConsentPii";
    }
    if ((query->forms & PII_FORM_NESTED) && json_get(creditor, "CreditorAccount")) {
        return "NestedPii";
    }
    return (query->forms & PII_FORM_CONSENT) &&
                   (cJSON_IsArray(creditor) || json_get(initiation, "DebtorAccount"))
               ? "ConsentPii"
               : "PaymentPii";
}

static int read_payload(const struct pii_query *query, struct pii *out, struct refusal *refusal)
{
    struct contract_violation violation;
    out->tree = json_parse(out->payload);
    const char *schema = schema_of(query, out->tree);

    if (contract_check_json(contract_schema_named(&contract_payment_pii, schema), out->payload,
                            &violation) != 0) {
        return refuse_schema(&violation, refusal);
    }
    return out->tree ? 0
                     : refusal_set(refusal, "PII-SCHEMA", 400, "Body.InvalidFormat",
                                   "The decrypted PersonalIdentifiableInformation is malformed.");
}

static int open_all(struct pii_reader *reader, const struct pii_query *query, struct arena *arena,
                    struct pii *out, struct refusal *refusal)
{
    struct lfi_slice clear;
    struct jose_token token;
    struct lfi_error error = {""};

    *out = (struct pii){.tree = NULL};
    if (decrypt_or_recall(reader, query, arena, &clear, refusal) != 0) {
        return -1;
    }
    if (jose_token_parse_within(arena, clear, LIMIT_PII_BYTES, &token, &error) != 0) {
        refusal_set(refusal, "PII-JWS-FORM", 400, "JWS.Malformed",
                    "The decrypted PersonalIdentifiableInformation must be a compact JWS.");
        refusal_detail(refusal, "%s", error.message);
        return -1;
    }
    out->jws = clear;
    out->payload = token.payload;
    if (signature_check_header(&token, refusal) != 0 ||
        signature_verify(reader->judge, query, &token, arena, refusal) != 0 ||
        read_payload(query, out, refusal) != 0 ||
        signature_check_claims(reader->judge, query, out->tree, refusal) != 0) {
        pii_close(out);
        return -1;
    }
    return 0;
}

/* Memory that was short does not make it wrong: whoever allocates leaves ENOMEM behind. */
int pii_open(struct pii_reader *reader, const struct pii_query *query, struct arena *arena,
             struct pii *out, struct refusal *refusal)
{
    errno = 0;
    int rc = open_all(reader, query, arena, out, refusal);
    return rc != 0 && errno == ENOMEM ? refuse_unable(refusal) : rc;
}

void pii_close(struct pii *pii)
{
    json_wipe(pii->tree);
    *pii = (struct pii){.tree = NULL};
}
