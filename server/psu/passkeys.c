#include "psu/passkeys.h"

#include "base/base64.h"
#include "base/id.h"
#include "psu/finish.h"
#include "psu/passkey.h"
#include "psu/steps.h"
#include "rows_passkeys.h"

#define RECORD_BYTES 4096

static bool check_offered(struct context *context)
{
    if (!passkey_is_offered(context->endpoint->provider)) {
        context_refuse(context, 404, "PASSKEY-NONE", NULL);
        return false;
    }
    return true;
}

static void refuse_state(struct context *context, int status, const char *call,
                         const struct lfi_error *error)
{
    if (!context_refuse_failed(context, STEP_PASSKEY, status, error)) {
        finish_state(context, status, call, error);
    }
}

/* --- listing ---------------------------------------------------------------------------------- */

/* What the customer is shown. */
static bool append_passkey(void *ctx, const struct state_passkey *passkey)
{
    struct json_writer *w = ctx;
    cJSON *record = json_parse(passkey->record);
    int64_t created = 0;
    (void)json_get_int(record, "createdAt", &created);
    json_open_object(w, NULL);
    json_string(w, "passkeyId", passkey->passkey_id);
    json_string(w, "name", json_get_string(record, "name"));
    json_int(w, "createdAt", created);
    json_int(w, "usedAt", passkey->used_s);
    json_close_object(w);
    cJSON_Delete(record);
    return true;
}

static bool append_credential(void *ctx, const struct state_passkey *passkey)
{
    struct json_writer *w = ctx;
    cJSON *record = json_parse(passkey->record);
    json_string(w, NULL, json_get_string(record, "credential"));
    cJSON_Delete(record);
    return true;
}

static int each_passkey(struct actor actor, const struct state_passkey_sink *sink,
                        struct lfi_error *error)
{
    const struct state_ref ref = actor_state(actor, (struct lfi_slice){0});
    return state_passkeys(&ref, actor.session->user_id, sink, error);
}

static int append_all(struct actor actor, const char *name,
                      bool (*append)(void *ctx, const struct state_passkey *passkey),
                      struct json_writer *w, struct lfi_error *error)
{
    const struct state_passkey_sink sink = {.take = append, .ctx = w};
    json_open_array(w, name);
    int status = each_passkey(actor, &sink, error);
    json_close_array(w);
    return status;
}

static bool note_one(void *ctx, const struct state_passkey *passkey)
{
    (void)passkey;
    *(bool *)ctx = true;
    return false;
}

bool passkeys_has_any(struct actor actor)
{
    struct lfi_error error = {{0}};
    bool any = false;
    const struct state_passkey_sink sink = {.take = note_one, .ctx = &any};
    return each_passkey(actor, &sink, &error) == LFI_OK && any;
}

int passkeys_append_credentials(struct actor actor, const char *name, struct json_writer *writer,
                                struct lfi_error *error)
{
    return append_all(actor, name, append_credential, writer, error);
}

static void list(struct context *context)
{
    struct json_writer w;
    struct lfi_error error = {{0}};
    if (!check_offered(context)) {
        return;
    }
    context_begin_view(context, &w, "passkeys");
    int status = append_all(context_actor(context), "passkeys", append_passkey, &w, &error);
    json_close_object(&w);
    if (status != LFI_OK) {
        refuse_state(context, status, "passkeys", &error);
    }
}

int passkeys_list(struct call *call)
{
    list(step_context(call));
    return 0;
}

/* --- adding and removing ---------------------------------------------------------------------- */

static void append_user_handle(struct lfi_slice user_id, struct json_writer *w)
{
    struct buf handle;
    buf_init(&handle, 128);
    base64_append_url(&handle, user_id.ptr, user_id.len);
    json_string(w, "user", buf_slice(&handle));
    buf_free(&handle);
}

int passkeys_offer(struct call *call)
{
    struct context *context = step_context(call);
    struct json_writer w;
    struct lfi_error error = {{0}};
    if (!check_offered(context)) {
        return 0;
    }
    context_begin_view(context, &w, "passkey-options");
    passkey_append_challenge(context_actor(context), PASSKEY_ADD, context->session.interaction_id,
                             &w);
    append_user_handle(context->session.user_id, &w);
    json_open_array(&w, "algorithms");
    for (size_t i = 0; i < WEBAUTHN_ALGORITHMS; i++) {
        json_int(&w, NULL, webauthn_algorithms[i]);
    }
    json_close_array(&w);
    int status = passkeys_append_credentials(context_actor(context), "known", &w, &error);
    json_close_object(&w);
    if (status != LFI_OK) {
        refuse_state(context, status, "passkeys", &error);
    }
    return 0;
}

static void append_octets(struct json_writer *w, const char *name, struct lfi_slice bytes)
{
    struct buf text;
    buf_init(&text, RECORD_BYTES);
    base64_append_url(&text, bytes.ptr, bytes.len);
    json_string(w, name, buf_slice(&text));
    buf_free(&text);
}

static int keep(struct actor actor, const struct webauthn_credential *credential,
                struct lfi_slice name, struct lfi_error *error)
{
    const struct state_ref ref = actor_state(actor, id_digest(actor.arena, credential->id));
    struct buf record;
    struct json_writer w;
    buf_init(&record, RECORD_BYTES);
    json_begin(&w, &record);
    json_open_object(&w, NULL);
    append_octets(&w, "credential", credential->id);
    json_int(&w, "algorithm", credential->key.algorithm);
    append_octets(&w, "publicKey", credential->key.bytes);
    json_string(&w, "name", name);
    json_int(&w, "createdAt", clock_now_s(actor.psu->clock));
    json_close_object(&w);
    const struct state_passkey passkey = {.user_id = actor.session->user_id,
                                          .record = buf_slice(&record),
                                          .counter = credential->counter};
    int status = record.failed ? LFI_FAILED : state_passkey_add(&ref, &passkey, error);
    buf_free(&record);
    return status;
}

static const char *check_creation(struct actor actor, const cJSON *creation,
                                  struct webauthn_credential *out)
{
    struct webauthn_party party = passkey_party(actor.psu);
    struct lfi_slice client_data =
        base64_decode_url(actor.arena, json_get_string(creation, "clientDataJSON"));
    struct lfi_slice data =
        base64_decode_url(actor.arena, json_get_string(creation, "authenticatorData"));
    const char *refused =
        passkey_check_client(actor, PASSKEY_ADD, actor.session->interaction_id, client_data);
    return refused ? refused : webauthn_check_creation(&party, actor.arena, data, out);
}

int passkeys_add(struct call *call)
{
    struct context *context = step_context(call);
    const cJSON *body = step_body(call);
    struct webauthn_credential credential;
    struct lfi_error error = {{0}};
    if (!check_offered(context)) {
        return 0;
    }
    const char *refused =
        check_creation(context_actor(context), json_get(body, "creation"), &credential);
    if (refused) {
        passkey_log_refusal(context_actor(context), refused);
        context_refuse(context, 400, "PASSKEY-ADD", refused);
        return 0;
    }
    int status = keep(context_actor(context), &credential, json_get_string(body, "name"), &error);
    if (status != LFI_OK) {
        refuse_state(context, status, "passkey_add", &error);
    } else {
        list(context);
    }
    return 0;
}

int passkeys_remove(struct call *call)
{
    struct context *context = step_context(call);
    const cJSON *body = step_body(call);
    const struct state_ref ref =
        actor_state(context_actor(context), json_get_string(body, "passkeyId"));
    struct lfi_error error = {{0}};
    if (!check_offered(context)) {
        return 0;
    }
    int status = state_passkey_remove(&ref, context->session.user_id, &error);
    if (status != LFI_OK) {
        refuse_state(context, status, "passkey_remove", &error);
    } else {
        list(context);
    }
    return 0;
}

/* --- the API ---------------------------------------------------------------------------------- */

static void repeat(struct context *context, bool shown)
{
    (void)shown;
    context_refuse(context, 401, "JOURNEY-SESSION", NULL);
}

const struct step_api passkeys_api = {
    .flow = &flow_passkeys,
    .prefix = "/passkeys/api/",
    .kind = SESSION_CUSTOMER,
    .is_over = finish_customer_is_over,
    .repeat = repeat,
};
