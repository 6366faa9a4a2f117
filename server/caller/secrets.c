#include "caller/secrets.h"

#include "base/base64.h"
#include "base/datetime.h"
#include "base/file.h"
#include "base/id.h"
#include "base/limits.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH_BYTES 32
#define SECOND_US 1000000
#define LINE_ARENA_BYTES 4096

struct entry {
    unsigned char salt[SECRET_SALT_BYTES];
    unsigned char hash[HASH_BYTES];
    struct caller_secret about;
};

struct caller_secrets {
    size_t count;
    struct entry entries[LIMIT_SECRETS];
};

bool caller_secret_id_fits(struct lfi_slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-' || c == '_' || c == '.')) {
            return false;
        }
    }
    return id.len > 0 && id.len <= SECRET_ID_MAX;
}

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
        return "must be ID SALT HASH NOT-BEFORE NOT-AFTER [retired]";
    }
    if (!caller_secret_id_fits(fields[0])) {
        return "an id has at most 64 letters, digits, - _ .";
    }
    snprintf(out->about.id, sizeof(out->about.id), "%.*s", SLICE_ARG(fields[0]));
    if (!read_bytes(arena, fields[1], out->salt, sizeof(out->salt)) ||
        !read_bytes(arena, fields[2], out->hash, sizeof(out->hash))) {
        return "salt or hash is not base64url of 16 and 32 bytes";
    }
    if (!read_time(fields[3], &out->about.not_before_s) ||
        !read_time(fields[4], &out->about.not_after_s)) {
        return "a time is not in the form of RFC 3339";
    }
    out->about.retired = count == 6;
    return count < 6 || slice_equal_text(fields[5], "retired")
               ? NULL
               : "the sixth field can only be retired";
}

static const char *add_line(struct caller_secrets *secrets, struct lfi_slice line)
{
    const char *wrong = "out of memory";
    struct arena *arena = arena_new(LINE_ARENA_BYTES);

    if (secrets->count == LIMIT_SECRETS) {
        wrong = "too many secrets: remove those that are expired or retired";
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

static bool hash_of(const unsigned char *salt, struct lfi_slice secret, unsigned char *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(ctx, salt, SECRET_SALT_BYTES) == 1 &&
                EVP_DigestUpdate(ctx, secret.ptr, secret.len) == 1 &&
                EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

static bool is_of(const struct entry *entry, struct lfi_slice secret)
{
    unsigned char hash[HASH_BYTES];
    return hash_of(entry->salt, secret, hash) &&
           CRYPTO_memcmp(hash, entry->hash, sizeof(hash)) == 0;
}

bool caller_secrets_find(const struct caller_secrets *secrets, struct lfi_slice secret,
                         size_t *index)
{
    bool found = false;

    for (size_t i = 0; i < secrets->count; i++) {
        bool same = is_of(&secrets->entries[i], secret);
        *index = same ? i : *index;
        found |= same;
    }
    return found;
}

const char *caller_secret_state(const struct caller_secret *secret, int64_t now_s)
{
    return secret->retired                ? "retired"
           : now_s < secret->not_before_s ? "not valid yet"
           : now_s < secret->not_after_s  ? "valid"
                                          : "expired";
}

bool caller_secret_is_valid(const struct caller_secret *secret, int64_t now_s)
{
    return !secret->retired && secret->not_before_s <= now_s && now_s < secret->not_after_s;
}

/* --- managing a file -------------------------------------------------------------------------- */

size_t caller_secrets_count(const struct caller_secrets *secrets)
{
    return secrets->count;
}

const struct caller_secret *caller_secrets_at(const struct caller_secrets *secrets, size_t i)
{
    return &secrets->entries[i].about;
}

static void append_time(struct buf *out, int64_t at_s)
{
    char text[DATETIME_TEXT_MAX];
    (void)datetime_format_utc_ms(at_s * SECOND_US, text);
    buf_append_format(out, " %s", text);
}

int caller_secret_make(const struct caller_secret *about, struct buf *secret, struct buf *line)
{
    unsigned char bytes[SECRET_BYTES], salt[SECRET_SALT_BYTES], hash[HASH_BYTES];
    size_t before = secret->len;

    if (!id_random(bytes, sizeof(bytes)) || !id_random(salt, sizeof(salt))) {
        return -1;
    }
    base64_append_url(secret, bytes, sizeof(bytes));
    OPENSSL_cleanse(bytes, sizeof(bytes));
    if (secret->failed ||
        !hash_of(salt, (struct lfi_slice){secret->ptr + before, secret->len - before}, hash)) {
        return -1;
    }
    buf_append_format(line, "%s ", about->id);
    base64_append_url(line, salt, sizeof(salt));
    buf_append(line, " ", 1);
    base64_append_url(line, hash, sizeof(hash));
    append_time(line, about->not_before_s);
    append_time(line, about->not_after_s);
    buf_append(line, "\n", 1);
    return line->failed ? -1 : 0;
}
