/*
 * A file of shared secrets, as salted hashes: several may be valid at once, so that one can follow
 * another without a refused call. A line each, its fields apart by blanks; lines that begin with #
 * do not count:
 *
 *   ID SALT HASH NOT-BEFORE NOT-AFTER [retired]
 *
 * ID names it in logs and commands. SALT is 16 bytes, HASH is SHA-256 of salt and secret, both
 * base64url. A secret is random and long (SECRET_BYTES), which is why one round of a hash is
 * enough. Times are by RFC 3339, the first counts, the last does not.
 */
#ifndef CALLER_SECRETS_H
#define CALLER_SECRETS_H

#include "base/buf.h"
#include "base/error.h"

#define SECRET_BYTES 32
#define SECRET_SALT_BYTES 16
#define SECRET_ID_MAX 64 /* characters: letters, digits, - _ . */

struct caller_secret {
    char id[SECRET_ID_MAX + 1];
    int64_t not_before_s, not_after_s;
    bool retired;
};

struct caller_secrets; /* constant, any thread */

/* -1: the file cannot be read, or `error` names the line that is malformed. */
int caller_secrets_load(struct caller_secrets **out, const char *file, struct lfi_error *error);
void caller_secrets_free(struct caller_secrets *secrets); /* NULL is fine */
/*
 * Whether the text is one of the secrets, valid now or not; `index` says which. Compared in
 * constant time.
 */
bool caller_secrets_find(const struct caller_secrets *secrets, struct lfi_slice secret,
                         size_t *index);
bool caller_secret_is_valid(const struct caller_secret *secret, int64_t now_s);
/* "valid", "retired", "not valid yet" or "expired". */
const char *caller_secret_state(const struct caller_secret *secret, int64_t now_s);

/* To manage a file: what is known of its secrets, in their order. */
size_t caller_secrets_count(const struct caller_secrets *secrets);
const struct caller_secret *caller_secrets_at(const struct caller_secrets *secrets, size_t i);
/* Whether this may be the id of a secret. */
bool caller_secret_id_fits(struct lfi_slice id);
/*
 * Makes a secret: appends it as text to `secret`, and its line to `line`. -1: there are no random
 * numbers.
 */
int caller_secret_make(const struct caller_secret *about, struct buf *secret, struct buf *line);

#endif
