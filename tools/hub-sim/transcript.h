/*
 * How an exchange is written down for people: request, reply, what the token said and how long it
 * took. Credentials are decoded, never kept: of a token its header and claims, of other secrets
 * nothing.
 */
#ifndef HUB_SIM_TRANSCRIPT_H
#define HUB_SIM_TRANSCRIPT_H

#include "base/json.h"
#include "http/message.h"

#define TRANSCRIPT_HEADERS 32
#define TRANSCRIPT_HEADER_BYTES 512 /* of a header's value; longer ones are cut */

struct exchange {
    const char
        *interface; /* "heimdall", "consent-manager", "ozone-connect"; of steps: see store.h */
    struct lfi_slice method, path, query, request_body;
    const struct header *headers; /* of the request */
    size_t header_count;
    struct lfi_slice subject; /* of the client certificate that came with it */
    int status;
    struct lfi_slice location, reply_type, reply_body;
    int64_t elapsed_us;
    const char *refused; /* id of the finding, NULL: none */
};

/*
 * Adds all that to `note`. Bodies are cut at `body_bytes`, between characters; their whole length
 * is kept beside. Returns the bytes of the bodies that were kept.
 */
size_t transcript_fill(cJSON *note, const struct exchange *exchange, size_t body_bytes);

/* A text member, cut at `max` bytes between characters; nothing when absent. Returns what it kept.
 */
size_t transcript_add_text(cJSON *note, const char *name, struct lfi_slice text, size_t max);

#endif
