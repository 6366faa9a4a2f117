/* The token endpoint (RFC 6749 3.2): authorization_code, refresh_token, client_credentials. */
#include "base/array.h"
#include "consent.h"
#include "grant.h"
#include "rows_hub_authorization.h"
#include "tpp/client.h"
#include "tpp/id_token.h"
#include "tpp/scope.h"
#include "tpp/view.h"

#define VERIFIER_MIN 43
#define VERIFIER_MAX 128

static int refuse(struct tpp_call *call, const char *id, const char *message)
{
    return tpp_refuse(call, id, "invalid_grant", message);
}

/* --- the answer ------------------------------------------------------------------------------- */

static bool add_token(cJSON *body, const char *name, const struct tpp_call *call,
                      const struct access *access,
                      int (*close)(const struct access_keys *, const struct access *, struct buf *))
{
    struct buf token;
    buf_init(&token, ACCESS_TOKEN_BYTES);
    bool done = close(&call->side->keys, access, &token) == 0;
    buf_append(&token, "", 1);
    if (done && !token.failed) {
        cJSON_AddStringToObject(body, name, token.ptr);
    }
    buf_free(&token);
    return done;
}

static cJSON *begin_answer(const struct tpp_call *call, struct access *access)
{
    cJSON *body = cJSON_CreateObject();
    access->thumbprint = slice_of(call->thumbprint);
    access->until_s = clock_now_s(call->base.sim->clock) + ACCESS_S;
    cJSON_AddStringToObject(body, "token_type", "Bearer");
    cJSON_AddNumberToObject(body, "expires_in", ACCESS_S);
    const char *scope = arena_text(call->base.base.arena, access->scope);
    cJSON_AddStringToObject(body, "scope", scope ? scope : "");
    if (!add_token(body, "access_token", call, access, access_close)) {
        cJSON_Delete(body);
        return NULL;
    }
    return body;
}

static int reply(struct tpp_call *call, cJSON *body)
{
    if (!body) {
        return refusal_set(call->base.base.refusal, "TOKEN-MADE", 500, "server_error",
                           "no token can be made");
    }
    sim_reply_json(call->base.base.reply, 200, body);
    return 0;
}

static void add_details(cJSON *body, struct tpp_call *call, struct consent *consent)
{
    cJSON *list = cJSON_AddArrayToObject(body, "authorization_details");
    cJSON *element = cJSON_CreateObject();
    cJSON_AddItemToObject(element, "type",
                          cJSON_Duplicate(json_get(consent->data, "rarType"), false));
    cJSON_AddItemToObject(element, "consent", view_consent(call->base.sim, consent, 0));
    cJSON_AddItemToArray(list, element);
}

/* For the consent's journey, what was told: neither the code nor a token is kept, nor the consent.
 */
static void note_call(struct tpp_call *call, struct consent *consent, int status, const cJSON *told,
                      const char *refused)
{
    struct lfi_slice type = form_get(&call->form, "grant_type");
    char *text = cJSON_PrintUnformatted(told);
    store_note_step(
        call->base.sim->store, consent,
        &(struct exchange){
            .interface = "token",
            .method = SLICE("POST"),
            .path = call->full_path,
            .request_body = arena_format(call->base.base.arena, "grant_type=%.*s", SLICE_ARG(type)),
            .status = status,
            .reply_type = SLICE("application/json"),
            .reply_body = slice_of(text),
            .refused = refused});
    cJSON_free(text);
}

static void note_issue(struct tpp_call *call, struct consent *consent, const cJSON *body)
{
    static const char *const shown[] = {"token_type", "expires_in", "scope"};
    cJSON *told = cJSON_CreateObject();
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        cJSON_AddItemToObject(told, shown[i], cJSON_Duplicate(json_get(body, shown[i]), false));
    }
    note_call(call, consent, 200, told, NULL);
    cJSON_Delete(told);
}

/* Tokens of a customer's consent; `kept` is its refresh token, NULL: a new one. Under the lock. */
static int answer(struct tpp_call *call, struct consent *consent, bool first, const char *kept)
{
    cJSON *grant = consent->grant;
    struct access access = {.hub = consent->hub,
                            .tpp = consent->tpp,
                            .scope = json_get_string(grant, "scope"),
                            .consent_id = slice_of(consent->id),
                            .generation = grant_number(grant, "generation"),
                            .rotation = grant_number(grant, "rotation")};
    cJSON *body = begin_answer(call, &access);
    if (body) {
        if (kept) {
            cJSON_AddStringToObject(body, "refresh_token", kept);
        } else {
            (void)add_token(body, "refresh_token", call, &access, access_close_refresh);
        }
        add_details(body, call, consent);
        if (access_has_scope(access.scope, "openid")) {
            id_token_add(body, call, consent, first);
        }
        note_issue(call, consent, body);
    }
    return reply(call, body);
}

/* --- authorization_code ----------------------------------------------------------------------- */

static struct consent *find_by_code(const struct tpp_call *call, struct lfi_slice code)
{
    struct store *store = call->base.sim->store;
    for (size_t i = 0; i < store_count(store); i++) {
        struct consent *consent = store_at(store, i);
        struct lfi_slice given = json_get_string(consent->grant, "code");
        if (given.ptr && consent->hub == call->base.hub && slice_equal_secret(code, given)) {
            return consent;
        }
    }
    return NULL;
}

static bool is_verifier(const struct tpp_call *call, struct lfi_slice verifier,
                        struct lfi_slice challenge)
{
    struct lfi_slice digest = id_digest(call->base.base.arena, verifier);
    return verifier.len >= VERIFIER_MIN && verifier.len <= VERIFIER_MAX && digest.ptr &&
           slice_equal_secret(digest, challenge);
}

static int check_code(struct tpp_call *call, struct consent *consent)
{
    const cJSON *grant = consent ? consent->grant : NULL;
    if (!consent || consent->tpp != call->tpp) {
        return refuse(call, "CODE-UNKNOWN", "the code is not known");
    }
    if (json_get_bool(grant, "codeUsed", false)) {
        grant_void_tokens(call->base.sim, consent); /* the code may have been stolen */
        return refuse(call, "CODE-USED", "the code was used before");
    }
    if (clock_now_s(call->base.sim->clock) > grant_number(grant, "codeUntil")) {
        return refuse(call, "CODE-EXPIRED", "the code has expired");
    }
    if (!slice_equal(form_get(&call->form, "redirect_uri"),
                     json_get_string(grant, "redirectUri"))) {
        return refuse(call, "CODE-REDIRECT-URI", "redirect_uri is not that of the request");
    }
    if (!is_verifier(call, form_get(&call->form, "code_verifier"),
                     json_get_string(grant, "challenge"))) {
        return refuse(call, "CODE-VERIFIER", "code_verifier does not fit code_challenge");
    }
    return consent_is_alive(call->base.sim, consent)
               ? 0
               : refuse(call, "GRANT-ENDED", "the consent has come to its end");
}

static int redeem_code(struct tpp_call *call)
{
    struct lfi_slice code = form_get(&call->form, "code");
    if (!code.ptr || !form_get(&call->form, "redirect_uri").ptr) {
        return tpp_refuse(call, "TOKEN-FORM", "invalid_request",
                          "code and redirect_uri are required");
    }
    store_lock(call->base.sim->store);
    struct consent *consent = find_by_code(call, code);
    int rc = check_code(call, consent);
    if (rc == 0) {
        cJSON_AddTrueToObject(consent->grant, "codeUsed");
        store_touch(call->base.sim->store, consent);
        rc = answer(call, consent, true, NULL);
    }
    store_unlock(call->base.sim->store);
    return rc;
}

/* --- refresh_token ---------------------------------------------------------------------------- */

/* A refresh may ask for no scope that was not granted. (RFC 6749, 6.) */
static bool is_granted(const struct consent *consent, struct lfi_slice scope, struct arena *arena)
{
    const struct lfi_slice granted = json_get_string(consent->grant, "scope");
    struct lfi_slice one;
    while (slice_next(&scope, ' ', &one)) {
        const char *name = arena_text(arena, one);
        if (!name || !access_has_scope(granted, name)) {
            return false;
        }
    }
    return true;
}

static int check_refresh(struct tpp_call *call, const struct access *access,
                         struct consent *consent)
{
    if (!consent || consent->tpp != call->tpp || !consent->grant ||
        access->generation != grant_number(consent->grant, "generation")) {
        return refuse(call, "REFRESH-UNKNOWN", "the refresh token is not known");
    }
    if (access->rotation != grant_number(consent->grant, "rotation")) {
        return refuse(call, "REFRESH-ROTATED", "the refresh token was replaced by a newer one");
    }
    if (!is_granted(consent, form_get(&call->form, "scope"), call->base.base.arena)) {
        return tpp_refuse(call, "REFRESH-SCOPE", "invalid_scope",
                          "scope names what was not granted");
    }
    return consent_is_alive(call->base.sim, consent)
               ? 0
               : refuse(call, "GRANT-ENDED", "the consent has come to its end");
}

static int refresh(struct tpp_call *call)
{
    struct sim *sim = call->base.sim;
    struct access access;
    struct lfi_slice token = form_get(&call->form, "refresh_token");
    if (!token.ptr) {
        return tpp_refuse(call, "TOKEN-FORM", "invalid_request", "refresh_token is required");
    }
    if (!access_open_refresh(&call->side->keys, call->base.base.arena, token, &access) ||
        access.hub != call->base.hub) {
        return refuse(call, "REFRESH-UNKNOWN", "the refresh token is not known");
    }
    store_lock(sim->store);
    struct consent *consent = store_find(sim->store, access.hub, access.consent_id);
    int rc = check_refresh(call, &access, consent);
    if (rc == 0) {
        bool rotates = tpp_switch(call, SWITCH_REFRESH_ROTATION);
        if (rotates) {
            grant_set_number(consent->grant, "rotation", access.rotation + 1);
            store_touch(sim->store, consent);
        }
        rc =
            answer(call, consent, false, rotates ? NULL : arena_text(call->base.base.arena, token));
    }
    store_unlock(sim->store);
    return rc;
}

/* --- client_credentials ----------------------------------------------------------------------- */

static int issue_to_client(struct tpp_call *call)
{
    struct lfi_slice scope = form_get(&call->form, "scope");
    const char *why = scope.len > ACCESS_SCOPE_MAX ? "scope is too long"
                                                   : scope_why_not(scope, tpp_registration(call));
    if (why) {
        return tpp_refuse(call, "TOKEN-SCOPE", "invalid_scope", why);
    }
    struct access access = {.hub = call->base.hub, .tpp = call->tpp, .scope = scope};
    return reply(call, begin_answer(call, &access));
}

/* --- a refusal -------------------------------------------------------------------------------- */

/* The consent of the code or refresh token in the call; NULL when there is none. Under the lock. */
static struct consent *find_meant(struct tpp_call *call)
{
    struct access access;
    struct lfi_slice code = form_get(&call->form, "code");
    struct lfi_slice token = form_get(&call->form, "refresh_token");
    if (code.ptr) {
        return find_by_code(call, code);
    }
    return token.ptr &&
                   access_open_refresh(&call->side->keys, call->base.base.arena, token, &access) &&
                   access.hub == call->base.hub
               ? store_find(call->base.sim->store, access.hub, access.consent_id)
               : NULL;
}

/* For the consent's journey too, unless it is another client that tried. */
static void note_refusal(struct tpp_call *call)
{
    const struct refusal *refusal = call->base.base.refusal;
    struct store *store = call->base.sim->store;
    store_lock(store);
    struct consent *consent = find_meant(call);
    if (consent && (!call->tpp || call->tpp == consent->tpp)) {
        cJSON *told = cJSON_CreateObject();
        cJSON_AddStringToObject(told, "error", refusal->error_code);
        cJSON_AddStringToObject(told, "error_description", refusal->error_message);
        note_call(call, consent, refusal->status, told, refusal->id);
        cJSON_Delete(told);
    }
    store_unlock(store);
}

static int issue(struct tpp_call *call)
{
    static const struct {
        const char *name;
        int (*issue)(struct tpp_call *call);
    } grants[] = {{"authorization_code", redeem_code},
                  {"refresh_token", refresh},
                  {"client_credentials", issue_to_client}};
    struct lfi_slice type = form_get(&call->form, "grant_type");
    if (!type.ptr) {
        return tpp_refuse(call, "TOKEN-FORM", "invalid_request", "grant_type is required");
    }
    for (size_t i = 0; i < ARRAY_LEN(grants); i++) {
        if (slice_equal_text(type, grants[i].name)) {
            return client_authenticate(call, TPP_TOKEN) == 0 ? grants[i].issue(call) : -1;
        }
    }
    return tpp_refuse(call, "TOKEN-GRANT", "unsupported_grant_type",
                      "grant_type must be authorization_code, refresh_token or "
                      "client_credentials");
}

int tpp_issue_token(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    int rc = issue(call);
    if (rc != 0) {
        note_refusal(call);
    }
    return rc;
}
