#include "keystore.h"

#include "base/limits.h"

#include <stdlib.h>

#define OWNERS 40

struct owner {
    struct certificate_subject subject;
    struct buf keys; /* JWK objects, comma separated */
};

struct keystore {
    struct owner owners[OWNERS];
    size_t count;
};

struct keystore *keystore_new(void)
{
    return calloc(1, sizeof(struct keystore));
}

void keystore_free(struct keystore *keystore)
{
    if (!keystore) {
        return;
    }
    for (size_t i = 0; i < keystore->count; i++) {
        buf_free(&keystore->owners[i].keys);
    }
    free(keystore);
}

static struct owner *owner_of(struct keystore *keystore, const struct certificate_subject *subject)
{
    for (size_t i = 0; i < keystore->count; i++) {
        struct owner *owner = &keystore->owners[i];
        if (strcmp(owner->subject.ou, subject->ou) == 0 &&
            strcmp(owner->subject.cn, subject->cn) == 0) {
            return owner;
        }
    }
    if (keystore->count == OWNERS) {
        return NULL;
    }
    struct owner *owner = &keystore->owners[keystore->count++];
    owner->subject = *subject;
    buf_init(&owner->keys, LIMIT_JWKS_BYTES);
    return owner;
}

int keystore_publish(struct keystore *keystore, const struct certificate_subject *subject,
                     const struct jose_signer *signer)
{
    struct owner *owner = owner_of(keystore, subject);
    if (!owner) {
        return -1;
    }
    if (owner->keys.len > 0) {
        buf_append_text(&owner->keys, ",");
    }
    jose_signer_append_jwk(signer, &owner->keys);
    return owner->keys.failed ? -1 : 0;
}

static const struct owner *owner_at(const struct keystore *keystore, struct arena *arena,
                                    struct lfi_slice path)
{
    struct lfi_slice part[4];
    size_t count = 0;
    while (count < 4 && slice_next(&path, '/', &part[count])) {
        part[count] = request_decode(arena, part[count], false);
        count++;
    }
    if (count != 4 || path.len > 0 || part[0].len > 0 ||
        !slice_equal_text(part[3], "application.jwks")) {
        return NULL;
    }
    for (size_t i = 0; i < keystore->count; i++) {
        if (slice_equal_text(part[1], keystore->owners[i].subject.ou) &&
            slice_equal_text(part[2], keystore->owners[i].subject.cn)) {
            return &keystore->owners[i];
        }
    }
    return NULL;
}

void keystore_reply(const struct keystore *keystore, const struct request *request,
                    struct lfi_slice path, struct reply *reply)
{
    const struct owner *owner = owner_at(keystore, request->arena, path);
    if (!owner || !slice_equal_text(request->method, "GET")) {
        reply->status = owner ? 405 : 404;
        return;
    }
    reply->status = 200;
    reply->content_type = "application/json";
    buf_append_text(&reply->body, "{\"keys\":[");
    buf_append_slice(&reply->body, buf_slice(&owner->keys));
    buf_append_text(&reply->body, "]}");
}
