#include "caller/secrets.h"

#include "base/base64.h"
#include "base/datetime.h"
#include "base/file.h"
#include "base/limits.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define HASH_BYTES 32
#define SECOND_US 1000000
#define LINE_ARENA_BYTES 4096

struct entry {
    unsigned char salt[SECRET_SALT_BYTES];
    unsigned char hash[HASH_BYTES];
    int64_t not_before_s, not_after_s;
    bool retired;
};

struct caller_secrets {
    size_t count;
    struct entry entries[LIMIT_SECRETS];
};

/* --- reading ---------------------------------------------------------------------------------- */

static bool read_bytes(struct arena *arena, struct lfi_slice text, unsigned char *out, size_t size)
{
    struct lfi_slice bytes = base64_decode_url(arena, text);
    if (bytes.len != size) {
        return false;
    }
    memcpy(out, bytes.ptr, size);
    return true;
}

static bool read_time(struct lfi_slice text, int64_t *out_s)
{
    struct datetime at;
    if (!datetime_parse(text, &at) || !at.has_time || !at.has_offset) {
        return false;
    }
    *out_s = datetime_utc_us(&at) / SECOND_US;
    return true;
}

/* NULL, or what is wrong. */
static const char *read_line(struct arena *arena, struct lfi_slice line, struct entry *out)
{
    struct lfi_slice fields[6] = {{NULL, 0}}, field;
    size_t count = 0;

    while (slice_next(&line, ' ', &field)) {
        if (field.len > 0 && count == 6) {
            return "has more than six fields";
        }
        if (field.len > 0) {
            fields[count++] = field;
        }
    }
    if (count < 5) {
        return "must be ID SALT HASH NOT-BEFORE NOT-AFTER, and retired where it is";
    }
    if (!read_bytes(arena, fields[1], out->salt, sizeof(out->salt)) ||
        !read_bytes(arena, fields[2], out->hash, sizeof(out->hash))) {
        return "salt or hash is not base64url of 16 and 32 bytes";
    }
    if (!read_time(fields[3], &out->not_before_s) || !read_time(fields[4], &out->not_after_s)) {
        return "a time is not one of RFC 3339";
    }
    out->retired = count == 6;
    return count < 6 || slice_equal_text(fields[5], "retired")
               ? NULL
               : "the sixth field can only be retired";
}

static const char *add_line(struct caller_secrets *secrets, struct lfi_slice line)
{
    const char *wrong = "out of memory";
    struct arena *arena = arena_new(LINE_ARENA_BYTES);

    if (secrets->count == LIMIT_SECRETS) {
        wrong = "is one secret too many: take those away that are over";
    } else if (arena) {
        wrong = read_line(arena, line, &secrets->entries[secrets->count]);
        secrets->count++;
    }
    arena_free(arena);
    return wrong;
}

int caller_secrets_load(struct caller_secrets **out, const char *file, struct lfi_error *error)
{
    int rc = -1;
    unsigned number = 0;
    const char *wrong = NULL;
    struct lfi_slice rest, line;
    struct buf text;
    struct caller_secrets *secrets = calloc(1, sizeof(*secrets));

    *out = NULL;
    buf_init(&text, LIMIT_SECRETS_BYTES);
    if (!secrets) {
        error_set(error, "out of memory");
        goto out;
    }
    if (file_read(file, &text, error) != 0) {
        goto out;
    }
    rest = buf_slice(&text);
    while (!wrong && slice_next(&rest, '\n', &line)) {
        number++;
        line = slice_trim(line);
        if (line.len > 0 && line.ptr[0] != '#') {
            wrong = add_line(secrets, line);
        }
    }
    if (wrong) {
        error_set(error, "%s:%u: %s", file, number, wrong);
        goto out;
    }
    *out = secrets;
    rc = 0;
out:
    if (rc != 0) {
        caller_secrets_free(secrets);
    }
    buf_free(&text);
    return rc;
}

void caller_secrets_free(struct caller_secrets *secrets)
{
    free(secrets);
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool is_of(const struct entry *entry, struct lfi_slice secret)
{
    unsigned char hash[HASH_BYTES];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(ctx, entry->salt, sizeof(entry->salt)) == 1 &&
                EVP_DigestUpdate(ctx, secret.ptr, secret.len) == 1 &&
                EVP_DigestFinal_ex(ctx, hash, NULL) == 1 &&
                CRYPTO_memcmp(hash, entry->hash, sizeof(hash)) == 0;
    EVP_MD_CTX_free(ctx);
    return good;
}

bool caller_secrets_have(const struct caller_secrets *secrets, struct lfi_slice secret,
                         int64_t now_s)
{
    bool found = false;

    for (size_t i = 0; i < secrets->count; i++) {
        const struct entry *entry = &secrets->entries[i];
        bool valid = !entry->retired && entry->not_before_s <= now_s && now_s < entry->not_after_s;
        found |= is_of(entry, secret) & valid;
    }
    return found;
}
