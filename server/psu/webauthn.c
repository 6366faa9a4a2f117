#include "psu/webauthn.h"

#include "base/array.h"
#include "base/base64.h"
#include "base/json.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/sha.h>

/* Authenticator data: digest of the party's id, flags, counter, then what is optional. */
#define FLAGS_AT SHA256_DIGEST_LENGTH
#define COUNTER_AT (FLAGS_AT + 1)
#define AUTHENTICATOR_MIN (COUNTER_AT + 4)

#define FLAG_PRESENT 0x01
#define FLAG_VERIFIED 0x04
#define FLAG_BACKUP_ELIGIBLE 0x08
#define FLAG_BACKED_UP 0x10

/* Behind them in a new passkey: model, length of the credential id, the id, the key. */
#define MODEL_BYTES 16

const int webauthn_algorithms[WEBAUTHN_ALGORITHMS] = {COSE_ES256, COSE_EDDSA, COSE_RS256};

static const unsigned char *bytes_of(struct lfi_slice slice)
{
    return (const unsigned char *)slice.ptr;
}

/* --- what the browser says -------------------------------------------------------------------- */

/* Whether each member that is there has the type that it must have (WebAuthn Level 2, 5.8.1). */
static bool has_right_types(const cJSON *tree)
{
    static const struct {
        const char *name;
        int types; /* of cJSON */
    } members[] = {{"type", cJSON_String},
                   {"challenge", cJSON_String},
                   {"origin", cJSON_String},
                   {"topOrigin", cJSON_String},
                   {"crossOrigin", cJSON_True | cJSON_False},
                   {"tokenBinding", cJSON_Object}};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const cJSON *member = json_get(tree, members[i].name);
        if (member && !(member->type & members[i].types)) {
            return false;
        }
    }
    return true;
}

const char *webauthn_check_client(const struct webauthn_party *party,
                                  enum webauthn_ceremony ceremony, struct arena *arena,
                                  struct lfi_slice client_data, struct lfi_slice *challenge)
{
    const char *type = ceremony == WEBAUTHN_CREATE ? "webauthn.create" : "webauthn.get";
    const char *refused = NULL;
    cJSON *tree = json_parse(client_data);
    *challenge = base64_decode_url(arena, json_get_string(tree, "challenge"));
    if (challenge->len == 0 || !has_right_types(tree)) {
        refused = "WEBAUTHN-FORMAT";
    } else if (!slice_equal_text(json_get_string(tree, "type"), type)) {
        refused = "WEBAUTHN-TYPE";
    } else if (!slice_equal_text(json_get_string(tree, "origin"), party->origin) ||
               json_get_bool(tree, "crossOrigin", false) || json_get(tree, "topOrigin")) {
        refused = "WEBAUTHN-ORIGIN";
    }
    cJSON_Delete(tree);
    return refused;
}

/* --- what the authenticator says -------------------------------------------------------------- */

static const char *check_authenticator(const struct webauthn_party *party, struct lfi_slice data,
                                       uint32_t *counter)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    if (data.len < AUTHENTICATOR_MIN) {
        return "WEBAUTHN-FORMAT";
    }
    const unsigned char *bytes = bytes_of(data);
    unsigned flags = bytes[FLAGS_AT];
    SHA256((const unsigned char *)party->id, strlen(party->id), digest);
    if (memcmp(bytes, digest, sizeof(digest)) != 0) {
        return "WEBAUTHN-RP";
    }
    if ((flags & FLAG_PRESENT) == 0) {
        return "WEBAUTHN-PRESENCE";
    }
    if ((flags & FLAG_VERIFIED) == 0) {
        return "WEBAUTHN-VERIFICATION";
    }
    if ((flags & FLAG_BACKED_UP) != 0 && (flags & FLAG_BACKUP_ELIGIBLE) == 0) {
        return "WEBAUTHN-FORMAT";
    }
    *counter = 0;
    for (size_t i = COUNTER_AT; i < AUTHENTICATOR_MIN; i++) {
        *counter = *counter << 8 | bytes[i];
    }
    return NULL;
}

/*
 * Whether all lengths in the CBOR from `at` on lie within the data. libfido2's decoder takes memory
 * for as many items as an array says it has. Lengths that are not said (RFC 8949, 3.2) are refused,
 * as CTAP2 does.
 */
static bool is_bounded(struct lfi_slice data, size_t at)
{
    const unsigned char *bytes = bytes_of(data);
    while (at < data.len) {
        unsigned major = bytes[at] >> 5;
        unsigned info = bytes[at++] & 31;
        size_t size = info < 24 ? 0 : (size_t)1 << (info - 24);
        uint64_t value = info < 24 ? info : 0;
        if (info > 27 || size > data.len - at) {
            return false;
        }
        for (; size > 0; size--) {
            value = value << 8 | bytes[at++];
        }
        bool counts = major >= 2 && major <= 5; /* octets, text, array, map */
        if (counts && value > data.len - at) {
            return false;
        }
        at += major == 2 || major == 3 ? (size_t)value : 0;
    }
    return true;
}

/* Where the key of a new passkey begins; past the end when the data is cut short. */
static size_t key_at(struct lfi_slice data)
{
    const unsigned char *bytes = bytes_of(data);
    size_t at = AUTHENTICATOR_MIN + MODEL_BYTES;
    return at + 2 <= data.len ? at + 2 + (size_t)(bytes[at] << 8 | bytes[at + 1]) : data.len;
}

/* --- keys ------------------------------------------------------------------------------------- */

static void key_free(int algorithm, void *key)
{
    if (algorithm == COSE_ES256) {
        es256_pk_t *made = key;
        es256_pk_free(&made);
    } else if (algorithm == COSE_EDDSA) {
        eddsa_pk_t *made = key;
        eddsa_pk_free(&made);
    } else if (algorithm == COSE_RS256) {
        rs256_pk_t *made = key;
        rs256_pk_free(&made);
    }
}

/* libfido2's own object for a key, empty; NULL for an algorithm that is none of ours. */
static void *key_alloc(int algorithm)
{
    switch (algorithm) {
    case COSE_ES256:
        return es256_pk_new();
    case COSE_EDDSA:
        return eddsa_pk_new();
    case COSE_RS256:
        return rs256_pk_new();
    default:
        return NULL;
    }
}

static int key_fill(const struct webauthn_key *key, void *out)
{
    switch (key->algorithm) {
    case COSE_ES256:
        return es256_pk_from_ptr(out, key->bytes.ptr, key->bytes.len);
    case COSE_EDDSA:
        return eddsa_pk_from_ptr(out, key->bytes.ptr, key->bytes.len);
    default:
        return rs256_pk_from_ptr(out, key->bytes.ptr, key->bytes.len);
    }
}

/* NULL when it is no key of its algorithm. Free with key_free. */
static void *key_new(const struct webauthn_key *key)
{
    void *made = key_alloc(key->algorithm);
    if (made && key_fill(key, made) != FIDO_OK) {
        key_free(key->algorithm, made);
        return NULL;
    }
    return made;
}

static bool is_key(const struct webauthn_key *key)
{
    void *made = key_new(key);
    bool is = made;
    key_free(key->algorithm, made);
    return is;
}

/* --- making ----------------------------------------------------------------------------------- */

/* The id and key in the data when the key is of this algorithm: libfido2 wants to be told. */
static bool read_credential(struct arena *arena, struct lfi_slice data, int algorithm,
                            struct webauthn_credential *out)
{
    bool read = false;
    fido_cred_t *credential = fido_cred_new();
    if (credential && fido_cred_set_type(credential, algorithm) == FIDO_OK &&
        fido_cred_set_authdata_raw(credential, bytes_of(data), data.len) == FIDO_OK) {
        struct lfi_slice id = {(const char *)fido_cred_id_ptr(credential),
                               fido_cred_id_len(credential)};
        struct lfi_slice key = {(const char *)fido_cred_pubkey_ptr(credential),
                                fido_cred_pubkey_len(credential)};
        out->id = arena_keep(arena, id);
        out->key = (struct webauthn_key){.algorithm = algorithm, .bytes = arena_keep(arena, key)};
        read = out->id.len > 0 && out->id.len <= WEBAUTHN_CREDENTIAL_MAX && is_key(&out->key);
    }
    fido_cred_free(&credential);
    return read;
}

const char *webauthn_check_creation(const struct webauthn_party *party, struct arena *arena,
                                    struct lfi_slice authenticator_data,
                                    struct webauthn_credential *out)
{
    const char *refused = check_authenticator(party, authenticator_data, &out->counter);
    if (refused) {
        return refused;
    }
    if (!is_bounded(authenticator_data, key_at(authenticator_data))) {
        return "WEBAUTHN-KEY";
    }
    fido_init(FIDO_DISABLE_U2F_FALLBACK);
    for (size_t i = 0; i < WEBAUTHN_ALGORITHMS; i++) {
        if (read_credential(arena, authenticator_data, webauthn_algorithms[i], out)) {
            return NULL;
        }
    }
    return "WEBAUTHN-KEY";
}

/* --- using ------------------------------------------------------------------------------------ */

static bool is_signed(const struct webauthn_party *party, const struct webauthn_key *key,
                      const struct webauthn_assertion *assertion)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct lfi_slice data = assertion->authenticator_data;
    struct lfi_slice signature = assertion->signature;
    void *made = key_new(key);
    fido_assert_t *checked = fido_assert_new();
    SHA256(bytes_of(assertion->client_data), assertion->client_data.len, digest);
    bool right = made && checked && fido_assert_set_count(checked, 1) == FIDO_OK &&
                 fido_assert_set_rp(checked, party->id) == FIDO_OK &&
                 fido_assert_set_clientdata_hash(checked, digest, sizeof(digest)) == FIDO_OK &&
                 fido_assert_set_authdata_raw(checked, 0, bytes_of(data), data.len) == FIDO_OK &&
                 fido_assert_set_sig(checked, 0, bytes_of(signature), signature.len) == FIDO_OK &&
                 fido_assert_set_up(checked, FIDO_OPT_TRUE) == FIDO_OK &&
                 fido_assert_set_uv(checked, FIDO_OPT_TRUE) == FIDO_OK &&
                 fido_assert_verify(checked, 0, key->algorithm, made) == FIDO_OK;
    fido_assert_free(&checked);
    key_free(key->algorithm, made);
    return right;
}

const char *webauthn_check_assertion(const struct webauthn_party *party,
                                     const struct webauthn_key *key,
                                     const struct webauthn_assertion *assertion, uint32_t *counter)
{
    const char *refused = check_authenticator(party, assertion->authenticator_data, counter);
    if (refused) {
        return refused;
    }
    if (!is_bounded(assertion->authenticator_data, AUTHENTICATOR_MIN)) {
        return "WEBAUTHN-FORMAT";
    }
    fido_init(FIDO_DISABLE_U2F_FALLBACK);
    return is_signed(party, key, assertion) ? NULL : "WEBAUTHN-SIGNATURE";
}
