#include "payments/quote_documents.h"

#include "base/array.h"
#include "base/base64.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <strings.h>

/* Of one document, decoded. All of them are bounded by the limit of a body. */
#define DOCUMENT_BYTES_MAX (10 * 1024 * 1024)
#define DIGEST_SIZE 32

/* How files of a type begin. */
static const struct {
    const char *type;
    struct lfi_slice start;
} types[] = {
    {"application/pdf", {"%PDF-", 5}},
    {"image/jpeg", {"\xff\xd8\xff", 3}},
    {"image/png", {"\x89PNG\r\n\x1a\n", 8}},
};

static int refuse(struct call *call, int index, const char *why)
{
    (void)refusal_set(call->refusal, "QUOTE-DOCUMENT", 400, "Body.InvalidFormat",
                      "A document is not what it says it is.");
    refusal_detail(call->refusal, "Documents[%d]: %s", index, why);
    return -1;
}

static bool is_of_type(struct lfi_slice bytes, struct lfi_slice type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct lfi_slice start = types[i].start;
        if (slice_equal_text(type, types[i].type)) {
            return bytes.len > start.len && memcmp(bytes.ptr, start.ptr, start.len) == 0;
        }
    }
    return false;
}

/* In hexadecimal digits of either case, or in Base64. */
static bool has_hash(struct arena *arena, struct lfi_slice bytes, struct lfi_slice hash)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[2 * DIGEST_SIZE + 1];
    size_t len;
    if (EVP_Digest(bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL) != 1 ||
        OPENSSL_buf2hexstr_ex(hex, sizeof(hex), &len, digest, sizeof(digest), '\0') != 1) {
        return false;
    }
    if (hash.len == 2 * sizeof(digest)) {
        return strncasecmp(hash.ptr, hex, hash.len) == 0;
    }
    struct lfi_slice decoded = base64_decode_any(arena, hash);
    return decoded.len == sizeof(digest) && memcmp(decoded.ptr, digest, sizeof(digest)) == 0;
}

static bool is_plain_name(struct lfi_slice name)
{
    return name.len > 0 && !memchr(name.ptr, '/', name.len) && !memchr(name.ptr, '\\', name.len);
}

int quote_documents_check(struct call *call, const cJSON *documents)
{
    int index = 0;
    const cJSON *document;
    cJSON_ArrayForEach(document, documents)
    {
        struct lfi_slice bytes =
            base64_decode_any(call->arena, json_get_string(document, "Content"));
        const char *why = !is_plain_name(json_get_string(document, "FileName"))
                              ? "its FileName is no plain name"
                          : !bytes.ptr || bytes.len > DOCUMENT_BYTES_MAX
                              ? "its Content is not Base64, or is too large"
                          : !is_of_type(bytes, json_get_string(document, "ContentType"))
                              ? "its Content does not begin like its ContentType"
                          : !has_hash(call->arena, bytes, json_get_string(document, "Hash"))
                              ? "its Hash is not that of its Content"
                              : NULL;
        if (why) {
            return refuse(call, index, why);
        }
        index++;
    }
    return 0;
}
