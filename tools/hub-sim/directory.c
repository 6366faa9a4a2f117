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
                      const struct jose_signer *signer)
{
    struct owner *owner = owner_of(directory, subject);
    if (!owner) {
        return -1;
    }
    if (owner->keys.len > 0) {
        buf_append_text(&owner->keys, ",");
    }
    jose_signer_append_jwk(signer, &owner->keys);
    return owner->keys.failed ? -1 : 0;
}

static const struct owner *owner_at(const struct directory *directory, struct arena *arena,
                                    struct lfi_slice path)
{
    struct lfi_slice part[4];
    size_t count = 0;
    while (count < 4 && slice_next(&path, '/', &part[count])) {
        part[count] = request_decode(arena, part[count], false);
        count++;
    }
    if (count != 4 || path.ptr || part[0].len > 0 ||
        !slice_equal_text(part[3], "application.jwks")) {
        return NULL;
    }
    for (size_t i = 0; i < directory->count; i++) {
        if (slice_equal_text(part[1], directory->owners[i].subject.ou) &&
            slice_equal_text(part[2], directory->owners[i].subject.cn)) {
            return &directory->owners[i];
        }
    }
    return NULL;
}

void directory_reply(const struct directory *directory, const struct request *request,
                     struct lfi_slice path, struct reply *reply)
{
    const struct owner *owner = owner_at(directory, request->arena, path);
    if (!owner || !slice_equal_text(request->method, "GET")) {
        reply->status = owner ? 405 : 404;
        if (owner) {
            reply_header(reply, "Allow", SLICE("GET"));
        }
        return;
    }
    reply->status = 200;
    reply->content_type = "application/json";
    buf_append_text(&reply->body, "{\"keys\":[");
    buf_append_slice(&reply->body, buf_slice(&owner->keys));
    buf_append_text(&reply->body, "]}");
}
