#include "psu/passkey.h"

#include "base/array.h"
#include "base/base64.h"
#include "base/id.h"
#include "psu/sealed_box.h"

#define CHALLENGE_S 300 /* browsers give up earlier */
#define CHALLENGE_BYTES 1024

bool passkey_is_offered(const struct provider *provider)
{
    return PROVIDER_SERVES(provider, signin, may_sign_in);
}

struct webauthn_party passkey_party(const struct psu *psu)
{
    return (struct webauthn_party){.id = psu->host, .origin = psu->origin};
}

void passkey_log_refusal(struct actor actor, const char *id)
{
    LOG_EVENT(actor.psu->log, LOG_WARN, "passkey-refused", LOG_TEXT("id", slice_of(id)),
              LOG_TEXT("interaction", actor.session->interaction_id));
}

/* --- challenges ------------------------------------------------------------------------------- */

static struct lfi_slice encode(struct arena *arena, const void *bytes, size_t len)
{
    struct buf text;
    buf_init(&text, CHALLENGE_BYTES);
    base64_append_url(&text, bytes, len);
    return arena_take(arena, &text);
}

struct challenge {
    struct lfi_slice id;    /* its own */
    struct lfi_slice bound; /* what the answer must belong to */
    int64_t until_s;
};

static const struct box_member challenge_members[] = {
    {"id", BOX_TEXT, offsetof(struct challenge, id), true},
    {"bound", BOX_TEXT, offsetof(struct challenge, bound), false},
    {"until", BOX_UNTIL, offsetof(struct challenge, until_s), true},
};

static const struct box_format challenge_formats[] = {
    [PASSKEY_SIGN_IN] = {"passkey-sign-in", challenge_members, ARRAY_LEN(challenge_members)},
    [PASSKEY_STEP_UP] = {"passkey-step-up", challenge_members, ARRAY_LEN(challenge_members)},
    [PASSKEY_ADD] = {"passkey-add", challenge_members, ARRAY_LEN(challenge_members)},
};

/* The browser hands the authenticator these bytes; the page gets them as base64url text. */
void passkey_append_challenge(struct actor actor, enum passkey_purpose purpose,
                              struct lfi_slice bound, struct json_writer *writer)
{
    char id[ID_UUID_MAX];
    struct buf box;
    buf_init(&box, CHALLENGE_BYTES);
    if (id_uuid4(id)) {
        const struct challenge challenge = {.id = slice_of(id),
                                            .bound = bound,
                                            .until_s = clock_now_s(actor.psu->clock) + CHALLENGE_S};
        if (sealed_box_close(actor.psu->seal, &challenge_formats[purpose], &challenge, &box) == 0) {
            json_string(writer, "challenge", encode(actor.arena, box.ptr, box.len));
        }
    }
    json_text(writer, "party", actor.psu->host);
    buf_free(&box);
}

static void ignore(void *ctx, struct lfi_slice text)
{
    (void)ctx;
    (void)text;
}

/* A claim that is never settled is free again when the challenge has expired. */
static const char *take_once(struct actor actor, struct lfi_slice id, int64_t left_s)
{
    const struct state_ref ref =
        actor_state(actor, state_key(actor.arena, "challenge", (struct lfi_slice){0}, id));
    const struct state_sink sink = {.take = ignore};
    struct lfi_error error = {{0}};
    enum state_claim claim = STATE_CLAIM_TAKEN;
    if (state_claim(&ref, (uint32_t)left_s, &sink, &claim, &error) != LFI_OK) {
        return "STATE-UNAVAILABLE";
    }
    return claim == STATE_CLAIM_YOURS ? NULL : "WEBAUTHN-REPLAY";
}

static const char *take_challenge(struct actor actor, enum passkey_purpose purpose,
                                  struct lfi_slice bound, struct lfi_slice box)
{
    struct challenge challenge;
    int64_t now_s = clock_now_s(actor.psu->clock);
    bool ours = sealed_box_open(actor.psu->seal, actor.arena, &challenge_formats[purpose], box,
                                now_s, &challenge) &&
                slice_equal(challenge.bound, bound);
    return ours ? take_once(actor, challenge.id, challenge.until_s - now_s) : "WEBAUTHN-CHALLENGE";
}

const char *passkey_check_client(struct actor actor, enum passkey_purpose purpose,
                                 struct lfi_slice bound, struct lfi_slice client_data)
{
    struct webauthn_party party = passkey_party(actor.psu);
    struct lfi_slice challenge;
    const char *refused =
        webauthn_check_client(&party, purpose == PASSKEY_ADD ? WEBAUTHN_CREATE : WEBAUTHN_GET,
                              actor.arena, client_data, &challenge);
    return refused ? refused : take_challenge(actor, purpose, bound, challenge);
}

/* --- assertions ------------------------------------------------------------------------------- */

struct kept {
    struct arena *arena;
    struct lfi_slice record;
    struct lfi_slice user_id;
};

static bool keep(void *ctx, const struct state_passkey *passkey)
{
    struct kept *kept = ctx;
    kept->record = arena_keep(kept->arena, passkey->record);
    kept->user_id = arena_keep(kept->arena, passkey->user_id);
    return false;
}

static bool read_key(struct arena *arena, struct lfi_slice record, struct webauthn_key *out)
{
    cJSON *tree = json_parse(record);
    int64_t algorithm = 0;
    bool read = json_get_int(tree, "algorithm", &algorithm);
    out->algorithm = (int)algorithm;
    out->bytes = base64_decode_url(arena, json_get_string(tree, "publicKey"));
    cJSON_Delete(tree);
    return read && out->bytes.len > 0;
}

/* Whether the passkey is the one customer's who may use it, and of the customer that it names. */
static bool is_owner(struct arena *arena, const cJSON *assertion, const struct lfi_id *wanted,
                     struct lfi_slice owner)
{
    struct lfi_slice handle = json_get_string(assertion, "userHandle");
    return (wanted->text[0] == '\0' || slice_equal_text(owner, wanted->text)) &&
           (handle.len == 0 || slice_equal(base64_decode_url(arena, handle), owner));
}

static const char *check_signed(struct actor actor, const cJSON *assertion,
                                struct lfi_slice client_data, struct lfi_slice record,
                                uint32_t *counter)
{
    struct webauthn_party party = passkey_party(actor.psu);
    struct webauthn_key key;
    struct webauthn_assertion made = {
        .client_data = client_data,
        .authenticator_data =
            base64_decode_url(actor.arena, json_get_string(assertion, "authenticatorData")),
        .signature = base64_decode_url(actor.arena, json_get_string(assertion, "signature")),
    };
    if (!read_key(actor.arena, record, &key)) {
        return "WEBAUTHN-KEY";
    }
    return webauthn_check_assertion(&party, &key, &made, counter);
}

static int deny(struct actor actor, const char *id)
{
    passkey_log_refusal(actor, id);
    return LFI_DENIED;
}

/* Counts a use that was right, by a customer who may still sign in. */
static int use(struct actor actor, const struct state_ref *ref, struct lfi_slice user_id,
               uint32_t counter, struct lfi_error *error)
{
    const struct provider *provider = actor.endpoint->provider;
    const struct lfi_call call = actor_core_call(actor);
    int status = provider->signin->may_sign_in(provider->core, &call, user_id, error);
    if (status == LFI_OK) {
        status = state_passkey_use(ref, user_id, counter, error);
    }
    return status == LFI_DENIED    ? deny(actor, "PASSKEY-COUNTER")
           : status == LFI_UNKNOWN ? deny(actor, "PASSKEY-UNKNOWN") /* removed just now */
                                   : status;
}

int passkey_check(struct actor actor, enum passkey_purpose purpose, struct lfi_slice bound,
                  const cJSON *assertion, struct lfi_id *user_id, struct lfi_error *error)
{
    struct lfi_slice client_data =
        base64_decode_url(actor.arena, json_get_string(assertion, "clientDataJSON"));
    struct lfi_slice id = id_digest(
        actor.arena, base64_decode_url(actor.arena, json_get_string(assertion, "credential")));
    const struct state_ref ref = actor_state(actor, id);
    struct kept kept = {.arena = actor.arena};
    const struct state_passkey_sink sink = {.take = keep, .ctx = &kept};
    uint32_t counter = 0;
    const char *refused = passkey_check_client(actor, purpose, bound, client_data);
    if (refused) {
        return deny(actor, refused);
    }
    int status = state_passkey_find(&ref, &sink, error);
    if (status == LFI_UNKNOWN) {
        return deny(actor, "PASSKEY-UNKNOWN");
    }
    if (status != LFI_OK) {
        return status;
    }
    if (kept.user_id.len == 0 || kept.user_id.len >= sizeof(user_id->text)) {
        (void)error_set(error, "out of memory");
        return LFI_FAILED;
    }
    if (!is_owner(actor.arena, assertion, user_id, kept.user_id)) {
        return deny(actor, "PASSKEY-OTHER");
    }
    refused = check_signed(actor, assertion, client_data, kept.record, &counter);
    if (refused) {
        return deny(actor, refused);
    }
    *user_id = (struct lfi_id){{0}};
    memcpy(user_id->text, kept.user_id.ptr, kept.user_id.len);
    return use(actor, &ref, kept.user_id, counter, error);
}
