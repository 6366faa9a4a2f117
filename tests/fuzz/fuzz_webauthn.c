// link: lfi-psu
/*
 * What a browser says of a passkey: as client data, as the data of a new passkey, and as an
 * assertion for a key that the fuzzer does not have.
 */
#include "base/limits.h"
#include "psu/webauthn.h"

#include <openssl/sha.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct webauthn_party party = {.id = "auth.bank.example",
                                            .origin = "https://auth.bank.example"};

static void expect(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void judge_client(struct arena *arena, struct lfi_slice text)
{
    struct lfi_slice challenge;
    const char *refused = webauthn_check_client(&party, WEBAUTHN_GET, arena, text, &challenge);
    expect(refused || challenge.len > 0);
    expect(refused || webauthn_check_client(&party, WEBAUTHN_CREATE, arena, text, &challenge));
}

static void judge_creation(struct arena *arena, struct lfi_slice bytes)
{
    struct webauthn_credential made;
    if (!webauthn_check_creation(&party, arena, bytes, &made)) {
        expect(made.id.len > 0 && made.id.len <= WEBAUTHN_CREDENTIAL_MAX && made.key.bytes.len > 0);
    }
}

/* A signature by this key is not found by trying. */
static void judge_assertion(struct lfi_slice bytes)
{
    static const char point[] = "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2"
                                "\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
                                "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16"
                                "\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";
    const struct webauthn_key key = {.algorithm = -7, .bytes = {point, sizeof(point) - 1}};
    size_t half = bytes.len / 2;
    const struct webauthn_assertion assertion = {.client_data = bytes,
                                                 .authenticator_data = {bytes.ptr, half},
                                                 .signature = {bytes.ptr + half, bytes.len - half}};
    uint32_t counter;
    expect(webauthn_check_assertion(&party, &key, &assertion, &counter));
}

/* The digest of our own name in front, which the fuzzer would never find. */
static void judge_as_ours(struct arena *arena, struct lfi_slice bytes)
{
    char *whole = arena_alloc(arena, SHA256_DIGEST_LENGTH + bytes.len);
    if (!whole) {
        return;
    }
    SHA256((const unsigned char *)party.id, strlen(party.id), (unsigned char *)whole);
    memcpy(whole + SHA256_DIGEST_LENGTH, bytes.ptr, bytes.len);
    struct lfi_slice ours = {whole, SHA256_DIGEST_LENGTH + bytes.len};
    judge_creation(arena, ours);
    judge_assertion(ours);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    struct lfi_slice bytes = {(const char *)data, size};
    if (size > 0) {
        judge_client(arena, bytes);
        judge_creation(arena, bytes);
        judge_as_ours(arena, bytes);
    }
    arena_free(arena);
    return 0;
}
