#include "pii.h"

#include "base/id.h"
#include "base/limits.h"
#include "jwe_key.h"

#define MEMBER "PersonalIdentifiableInformation"
#define LIFE_S 300 /* of the signature */

static void claim(cJSON *payload, const char *name, cJSON *value)
{
    if (json_get(payload, name)) {
        cJSON_Delete(value);
    } else {
        cJSON_AddItemToObject(payload, name, value);
    }
}

/* NULL when memory or random numbers are short. */
static char *print_payload(const struct pii_sender *sender, const cJSON *plain)
{
    char jti[ID_UUID_MAX];
    int64_t now_s = clock_now_s(sender->sim->clock);
    if (!id_uuid4(jti)) {
        return NULL;
    }
    cJSON *payload = cJSON_Duplicate(plain, true);
    claim(payload, "iss", cJSON_CreateString(sender->tpp->client_id));
    claim(payload, "sub", cJSON_CreateString(sender->tpp->client_id));
    claim(payload, "aud", cJSON_CreateString(sender->hub->issuer));
    claim(payload, "iat", cJSON_CreateNumber((double)now_s));
    claim(payload, "exp", cJSON_CreateNumber((double)(now_s + LIFE_S)));
    claim(payload, "jti", cJSON_CreateString(jti));
    char *text = cJSON_PrintUnformatted(payload);
    cJSON_Delete(payload);
    return text;
}

int pii_seal(const struct pii_sender *sender, const cJSON *plain, struct buf *out,
             struct lfi_error *error)
{
    const struct jwe_key *key = sender->key ? sender->key : sender->sim->bank_key;
    const struct jose_signer *signer = sender->sim->tpp_signers[sender->tpp - tpps];
    struct buf jws;
    if (!signer || !key) {
        return error_set(error, MEMBER " cannot be sealed: %s has no key",
                         signer ? "the bank" : "the TPP");
    }
    char *text = print_payload(sender, plain);
    buf_init(&jws, LIMIT_PII_BYTES);
    int rc = text ? jose_sign_payload(signer, "JWT", slice_of(text), &jws, error)
                  : error_set(error, "out of memory");
    if (rc == 0) {
        rc = jwe_key_encrypt(key, buf_slice(&jws), out, error);
    }
    buf_free(&jws);
    cJSON_free(text);
    return rc;
}

int pii_seal_member(const struct pii_sender *sender, cJSON *terms, struct lfi_error *error)
{
    const cJSON *plain = json_get(terms, MEMBER);
    struct buf sealed;
    if (!cJSON_IsObject(plain)) {
        return 0;
    }
    buf_init(&sealed, LIMIT_PII_BYTES);
    int rc = pii_seal(sender, plain, &sealed, error);
    if (rc == 0) {
        buf_append(&sealed, "", 1);
        cJSON *text = sealed.failed ? NULL : cJSON_CreateString(sealed.ptr);
        rc = text && cJSON_ReplaceItemInObjectCaseSensitive(terms, MEMBER, text)
                 ? 0
                 : error_set(error, "out of memory");
    }
    buf_free(&sealed);
    return rc;
}
