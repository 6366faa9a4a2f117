#include "transcript.h"

#include "base/base64.h"
#include "base/limits.h"

#include <stdlib.h>

#define TOKEN_ARENA_BYTES (4 * LIMIT_TOKEN_BYTES)

size_t transcript_add_text(cJSON *note, const char *name, struct lfi_slice text, size_t max)
{
    size_t len = slice_cut(text, max).len;
    if (!text.ptr) {
        return 0;
    }
    char *kept = malloc(len + 1);
    if (!kept) {
        return 0;
    }
    memcpy(kept, text.ptr, len);
    kept[len] = '\0';
    cJSON_AddStringToObject(note, name, kept);
    free(kept);
    return len;
}

static cJSON *decode_part(struct arena *arena, struct lfi_slice part)
{
    struct lfi_slice text = base64_decode_url(arena, part);
    return text.ptr ? json_parse(text) : NULL;
}

/* Header and claims of a bearer token as they came, whether or not they are to be trusted. */
static void add_token(cJSON *note, struct lfi_slice authorization)
{
    const struct lfi_slice scheme = SLICE("Bearer ");
    struct lfi_slice rest = authorization, header, claims;
    struct arena *arena = NULL;
    cJSON *token = cJSON_AddObjectToObject(note, "token");
    if (!slice_starts_with(authorization, scheme.ptr)) {
        return;
    }
    rest = (struct lfi_slice){rest.ptr + scheme.len, rest.len - scheme.len};
    if (slice_next(&rest, '.', &header) && slice_next(&rest, '.', &claims) &&
        (arena = arena_new(TOKEN_ARENA_BYTES))) {
        cJSON_AddItemToObject(token, "header", decode_part(arena, header));
        cJSON_AddItemToObject(token, "claims", decode_part(arena, claims));
    }
    arena_free(arena);
}

static void add_headers(cJSON *note, const struct exchange *exchange)
{
    cJSON *headers = cJSON_AddObjectToObject(note, "requestHeaders");
    for (size_t i = 0; i < exchange->header_count && i < TRANSCRIPT_HEADERS; i++) {
        const struct header *header = &exchange->headers[i];
        char name[64];
        if (slice_equal_nocase(header->name, "authorization")) {
            add_token(note, header->value);
        } else if (header->name.len < sizeof name) {
            memcpy(name, header->name.ptr, header->name.len);
            name[header->name.len] = '\0';
            transcript_add_text(headers, name, header->value, TRANSCRIPT_HEADER_BYTES);
        }
    }
}

static size_t add_body(cJSON *note, const char *name, const char *size_name, struct lfi_slice body,
                       size_t max)
{
    if (body.len == 0) {
        return 0;
    }
    cJSON_AddNumberToObject(note, size_name, (double)body.len);
    return transcript_add_text(note, name, body, max);
}

size_t transcript_fill(cJSON *note, const struct exchange *exchange, size_t body_bytes)
{
    cJSON_AddStringToObject(note, "interface", exchange->interface);
    transcript_add_text(note, "method", exchange->method, body_bytes);
    transcript_add_text(note, "path", exchange->path, body_bytes);
    transcript_add_text(note, "query", exchange->query, body_bytes);
    transcript_add_text(note, "certificate", exchange->subject, TRANSCRIPT_HEADER_BYTES);
    if (exchange->header_count > 0) {
        add_headers(note, exchange);
    }
    size_t kept = add_body(note, "requestBody", "requestBytes", exchange->request_body, body_bytes);
    cJSON_AddNumberToObject(note, "status", exchange->status);
    transcript_add_text(note, "location", exchange->location, body_bytes);
    if (exchange->reply_type.len > 0) {
        transcript_add_text(note, "replyType", exchange->reply_type, TRANSCRIPT_HEADER_BYTES);
    }
    kept += add_body(note, "replyBody", "replyBytes", exchange->reply_body, body_bytes);
    cJSON_AddNumberToObject(note, "elapsedUs", (double)exchange->elapsed_us);
    transcript_add_text(note, "refused", slice_of(exchange->refused), body_bytes);
    return kept;
}
