#include "directory.h"

#include "base/limits.h"

#include <stdlib.h>

#define OWNERS 40

struct owner {
    struct certificate_subject subject;
    struct buf keys; /* JWK objects, comma separated */
};

struct directory {
    struct owner owners[OWNERS];
    size_t count;
};

struct directory *directory_new(void)
{
    return calloc(1, sizeof(struct directory));
}

void directory_free(struct directory *directory)
{
    if (!directory) {
        return;
    }
    for (size_t i = 0; i < directory->count; i++) {
        buf_free(&directory->owners[i].keys);
    }
    free(directory);
}

static struct owner *owner_of(struct directory *directory,
                              const struct certificate_subject *subject)
{
    for (size_t i = 0; i < directory->count; i++) {
        struct owner *owner = &directory->owners[i];
        if (strcmp(owner->subject.ou, subject->ou) == 0 &&
            strcmp(owner->subject.cn, subject->cn) == 0) {
            return owner;
        }
    }
    if (directory->count == OWNERS) {
        return NULL;
    }
    struct owner *owner = &directory->owners[directory->count++];
    owner->subject = *subject;
    buf_init(&owner->keys, LIMIT_JWKS_BYTES);
    return owner;
}

int directory_publish(struct directory *directory, const struct certificate_subject *subject,
                      struct lfi_slice jwk)
{
    struct owner *owner = owner_of(directory, subject);
    if (!owner) {
        return -1;
    }
    if (owner->keys.len > 0) {
        buf_append_text(&owner->keys, ",");
    }
    buf_append_slice(&owner->keys, jwk);
    return owner->keys.failed ? -1 : 0;
}

static const struct owner *find_owner(const struct directory *directory, struct lfi_slice ou,
                                      struct lfi_slice cn)
{
    for (size_t i = 0; i < directory->count; i++) {
        const struct owner *owner = &directory->owners[i];
        if (slice_equal_text(ou, owner->subject.ou) && slice_equal_text(cn, owner->subject.cn)) {
            return owner;
        }
    }
    return NULL;
}

bool directory_append_keys(const struct directory *directory, struct lfi_slice ou,
                           struct lfi_slice cn, struct buf *out)
{
    const struct owner *owner = find_owner(directory, ou, cn);
    if (owner) {
        buf_append_text(out, "{\"keys\":[");
        buf_append_slice(out, buf_slice(&owner->keys));
        buf_append_text(out, "]}");
    }
    return owner;
}
