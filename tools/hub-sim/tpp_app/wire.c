#include "tpp_app/wire.h"

#include "base/base64.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "base/text.h"
#include "tpps.h"

#include <stdio.h>

#define SHOWN_BYTES 12000 /* of an answer */
#define FORM_BYTES (128 * 1024)
#define JWE_PARTS 5
#define MEDIA_JWT "application/jwt"

static const char *const secrets[] = {"access_token", "refresh_token", NULL};

static void add_masked(cJSON *object, const char *name, size_t len)
{
    char text[48];
    (void)snprintf(text, sizeof text, "(masked, %zu characters)", len);
    cJSON_AddStringToObject(object, name, text);
}

/* --- tokens, decoded -------------------------------------------------------------------------- */

static cJSON *decode_part(struct arena *arena, struct lfi_slice part)
{
    cJSON *json = json_parse(base64_decode_url(arena, part));
    return json ? json : cJSON_CreateNull();
}

/* A compact JWE with five parts can be read by its receiver alone: its header stands for it. */
static cJSON *describe_encrypted(struct arena *arena, struct lfi_slice text)
{
    struct lfi_slice rest = text, header, part;
    size_t parts = 0;
    while (slice_next(&rest, '.', &part)) {
        parts++;
    }
    rest = text;
    cJSON *json = parts == JWE_PARTS && slice_next(&rest, '.', &header)
                      ? json_parse(base64_decode_url(arena, header))
                      : NULL;
    if (!json) {
        return NULL;
    }
    cJSON *encrypted = cJSON_CreateObject();
    cJSON_AddItemToObject(encrypted, "encrypted", json);
    cJSON_AddNumberToObject(encrypted, "characters", (double)text.len);
    return encrypted;
}

static void hide_encrypted(cJSON *json, struct arena *arena)
{
    cJSON *member = json ? json->child : NULL;
    while (member) {
        cJSON *next = member->next;
        cJSON *shown = cJSON_IsString(member)
                           ? describe_encrypted(arena, slice_of(member->valuestring))
                           : NULL;
        if (shown && member->string) {
            cJSON_ReplaceItemInObjectCaseSensitive(json, member->string, shown);
        } else {
            hide_encrypted(member, arena);
        }
        member = next;
    }
}

static cJSON *decode_token(struct arena *arena, struct lfi_slice token)
{
    struct lfi_slice header, claims;
    cJSON *decoded = cJSON_CreateObject();
    if (slice_next(&token, '.', &header) && slice_next(&token, '.', &claims)) {
        cJSON_AddItemToObject(decoded, "header", decode_part(arena, header));
        cJSON_AddItemToObject(decoded, "claims", decode_part(arena, claims));
        hide_encrypted(decoded, arena);
    }
    return decoded;
}

/* --- the note --------------------------------------------------------------------------------- */

/* Of the body; NULL: there is none. */
static const char *media_of(const struct wire_call *call)
{
    return call->jwt.ptr ? MEDIA_JWT : call->fields ? "application/x-www-form-urlencoded" : NULL;
}

static void describe_headers(cJSON *note, const struct wire_call *call)
{
    cJSON *headers = cJSON_AddObjectToObject(note, "headers");
    for (size_t i = 0; call->headers[i]; i++) {
        struct lfi_slice rest = slice_of(call->headers[i]), name;
        char text[64];
        if (slice_next(&rest, ':', &name) && name.len < sizeof text) {
            (void)snprintf(text, sizeof text, "%.*s", SLICE_ARG(name));
            cJSON_AddStringToObject(headers, text, rest.ptr + 1);
        }
    }
    if (call->access) {
        cJSON_AddStringToObject(headers, "authorization", "Bearer (masked)");
    }
    if (media_of(call)) {
        cJSON_AddStringToObject(headers, "content-type", media_of(call));
    }
}

static void describe_form(cJSON *note, const struct wire_call *call, struct arena *arena)
{
    cJSON *form = cJSON_AddObjectToObject(note, "form");
    for (size_t i = 0; i < call->field_count; i++) {
        const struct wire_field *field = &call->fields[i];
        const char *text = field->secret ? NULL : arena_text(arena, field->value);
        if (field->token) {
            cJSON_AddItemToObject(form, field->name, decode_token(arena, field->value));
        } else if (field->secret) {
            add_masked(form, field->name, field->value.len);
        } else {
            cJSON_AddStringToObject(form, field->name, text ? text : "");
        }
    }
}

/* The answer's tokens are masked, the ID token is decoded. */
static void mask_answer(cJSON *body, struct arena *arena)
{
    for (size_t i = 0; secrets[i]; i++) {
        struct lfi_slice token = json_get_string(body, secrets[i]);
        if (token.ptr) {
            size_t len = token.len;
            cJSON_DeleteItemFromObjectCaseSensitive(body, secrets[i]);
            add_masked(body, secrets[i], len);
        }
    }
    struct lfi_slice id_token = json_get_string(body, "id_token");
    if (id_token.ptr) {
        cJSON *decoded = decode_token(arena, id_token);
        cJSON_ReplaceItemInObjectCaseSensitive(body, "id_token", decoded);
    }
}

static void describe_answer(cJSON *note, const struct http_answer *answer, struct arena *arena)
{
    struct lfi_slice received = buf_slice(&answer->body);
    bool is_signed = slice_starts_with(slice_of(answer->content_type), MEDIA_JWT);
    cJSON *body = is_signed ? decode_token(arena, received) : json_parse(received);
    cJSON_AddNumberToObject(note, "status", answer->status);
    cJSON_AddNumberToObject(note, "bytes", (double)answer->body.len);
    if (!body) {
        return;
    }
    mask_answer(body, arena);
    char *text = cJSON_PrintUnformatted(body);
    const char *shown = arena_text(arena, slice_cut(slice_of(text), SHOWN_BYTES));
    cJSON_AddStringToObject(note, "reply", shown ? shown : "");
    cJSON_free(text);
    cJSON_Delete(body);
}

static cJSON *describe(const struct tpp_app *app, const struct wire_call *call, struct arena *arena)
{
    char at[DATETIME_TEXT_MAX];
    cJSON *note = cJSON_CreateObject();
    const char *url = arena_text(arena, call->url);
    datetime_format_utc_ms(clock_now_us(app->sim->clock), at);
    cJSON_AddStringToObject(note, "at", at);
    cJSON_AddStringToObject(note, "step", call->step);
    cJSON_AddStringToObject(note, "method", call->method);
    cJSON_AddStringToObject(note, "url", url ? url : "");
    describe_headers(note, call);
    if (call->fields) {
        describe_form(note, call, arena);
    }
    if (call->jwt.ptr) {
        cJSON_AddItemToObject(note, "signed", decode_token(arena, call->jwt));
    }
    return note;
}

/* --- the call --------------------------------------------------------------------------------- */

static void write_form(struct buf *out, const struct wire_call *call)
{
    buf_init(out, FORM_BYTES);
    for (size_t i = 0; i < call->field_count; i++) {
        buf_append_text(out, i > 0 ? "&" : "");
        text_append_encoded(out, slice_of(call->fields[i].name));
        buf_append_text(out, "=");
        text_append_encoded(out, call->fields[i].value);
    }
}

/* All header lines, the token among them. */
static const char *const *list_headers(const struct wire_call *call, struct arena *arena)
{
    const char **lines = arena_array(arena, WIRE_HEADERS + 2, sizeof *lines);
    size_t count = 0;
    for (size_t i = 0; lines && call->headers[i]; i++) {
        lines[count++] = call->headers[i];
    }
    if (lines && call->access) {
        lines[count++] = arena_format(arena, "authorization: Bearer %s", call->access).ptr;
    }
    return lines;
}

int wire_send(struct tpp_app *app, const struct flow *flow, const struct wire_call *call,
              struct arena *arena, struct http_answer *answer, struct lfi_error *error)
{
    struct buf form;
    const char *url = arena_text(arena, call->url);
    const char *const *lines = list_headers(call, arena);
    write_form(&form, call);
    http_answer_init(answer, LIMIT_REPLY_BYTES);
    const struct http_call http = {.method = call->method,
                                   .url = url,
                                   .headers = lines,
                                   .content_type = media_of(call),
                                   .body = call->fields ? buf_slice(&form) : call->jwt};
    cJSON *note = describe(app, call, arena);
    int rc = url && lines && !form.failed
                 ? http_client_call(app->clients[flow->tpp - tpps], &http, answer, error)
                 : error_set(error, "out of memory");
    if (rc == 0) {
        describe_answer(note, answer, arena);
    } else {
        cJSON_AddNumberToObject(note, "status", 0);
        cJSON_AddStringToObject(note, "reply", error->message);
    }
    flows_note(app->flows, flow, note);
    buf_free(&form);
    return rc;
}
