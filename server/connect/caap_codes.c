/* Challenges for CAAP: how a code is sent, what it costs, and how it is judged. (CAAP 6, 7.) */
#include "connect/caap.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"

#include <openssl/crypto.h>
#include <stdio.h>

#define BOX_PURPOSE "caap-code"

/* --- users ------------------------------------------------------------------------------------ */

const cJSON *caap_data(struct call *call, cJSON **tree)
{
    arena_hold_secret(call->arena);
    *tree = json_parse(call->request->body);
    return json_get(*tree, "data");
}

int caap_refuse_user(struct call *call, const char *detail)
{
    (void)refusal_set(call->refusal, "CAAP-USER", 400, "Consent.InvalidUserIdentifier",
                      "The user is not known.");
    refusal_detail(call->refusal, "%s", detail);
    return -1;
}

static int fail_state(struct call *call, int status, const struct lfi_error *error)
{
    return outcome_check(call, OUTCOME_BANK, status == LFI_UNAVAILABLE ? status : LFI_FAILED,
                         error);
}

int caap_user_found(struct call *call, const struct lfi_person *person, struct caap_user *out)
{
    struct lfi_error error = {""};
    out->person = *person;
    out->ref = (struct link_ref){.state = call->connect->config.state,
                                 .provider_id = call->provider->id,
                                 .arena = call->arena,
                                 .user_id = arena_keep(call->arena, slice_of(person->user_id.text)),
                                 .now_us = clock_now_us(call->connect->clock)};
    int status = link_read(&out->ref, &out->link, &error);
    return status == LFI_OK ? 0 : fail_state(call, status, &error);
}

int caap_user_of(struct call *call, struct lfi_slice user_id, struct caap_user *out)
{
    const struct provider *provider = call->provider;
    struct lfi_person person = {.size = sizeof(person)};
    struct lfi_error error = {""};
    if (user_id.len == 0 || user_id.len > STATE_ID_MAX) {
        return caap_refuse_user(call, "no user id");
    }
    int status = provider->identity->about(provider->core, &call->core, user_id, &person, &error);
    if (status == LFI_UNKNOWN) {
        return caap_refuse_user(call, "no such user");
    }
    if (outcome_check(call, OUTCOME_BANK, status, &error) != 0) {
        return -1;
    }
    call->core.user_id = arena_keep(call->arena, user_id);
    return caap_user_found(call, &person, out);
}

/* --- limits ----------------------------------------------------------------------------------- */

static struct state_ref limit_ref(struct call *call, const char *kind, struct lfi_slice about)
{
    struct lfi_slice digest = caap_digest(call->peers->caap, call->arena, about);
    return (struct state_ref){call->connect->config.state, call->provider->id,
                              state_key(call->arena, kind, (struct lfi_slice){NULL, 0}, digest)};
}

int caap_take(struct call *call, const char *kind, struct lfi_slice about,
              const struct state_allowance *allowance, bool *allowed)
{
    uint32_t wait_s = 0;
    struct lfi_error error = {""};
    const struct state_ref ref = limit_ref(call, kind, about);
    int status = state_limit_take(&ref, allowance, &wait_s, &error);
    *allowed = wait_s == 0;
    return status == LFI_OK ? 0 : fail_state(call, status, &error);
}

static const struct state_allowance wrong_codes = {.times = LIMIT_CAAP_WRONG_DAY,
                                                   .window_s = STATE_WINDOW_MAX_S};

/* Whether the user may be sent one more code. */
static int may_send(struct call *call, const struct caap_user *user, bool *out)
{
    static const struct state_allowance of_hour = {.times = LIMIT_CAAP_CODES_HOUR,
                                                   .window_s = 3600};
    static const struct state_allowance of_day = {.times = LIMIT_CAAP_CODES_DAY,
                                                  .window_s = STATE_WINDOW_MAX_S};
    struct lfi_error error = {""};
    struct lfi_slice id = user->ref.user_id;
    if (caap_take(call, "caap-wrong", id, &wrong_codes, out) != 0) {
        return -1;
    }
    if (!*out) {
        return 0;
    }
    const struct state_ref wrong = limit_ref(call, "caap-wrong", id); /* was only looked at */
    int status = state_limit_give_back(&wrong, &error);
    if (status != LFI_OK) {
        return fail_state(call, status, &error);
    }
    int rc = caap_take(call, "caap-hour", id, &of_hour, out);
    return rc == 0 && *out ? caap_take(call, "caap-day", id, &of_day, out) : rc;
}

/* --- sending ---------------------------------------------------------------------------------- */

unsigned caap_channel(const struct call *call, const struct lfi_person *person)
{
    const struct caap_rules *rules = &call->provider->caap_rules;
    for (size_t i = 0; i < rules->channel_count; i++) {
        if (person->channels & rules->channels[i]) {
            return rules->channels[i];
        }
    }
    return 0;
}

static bool make_code(char out[LIMIT_CAAP_CODE_DIGITS + 1])
{
    uint32_t number;
    do {
        if (!id_random(&number, sizeof(number))) {
            return false;
        }
    } while (number >= UINT32_C(4294000000)); /* a multiple of a million: no code is likelier */
    snprintf(out, LIMIT_CAAP_CODE_DIGITS + 1, "%06u", number % 1000000U);
    return true;
}

static bool seal_code(struct call *call, const char *code, char out[CHALLENGE_BOX_MAX])
{
    struct buf box;
    buf_init(&box, CHALLENGE_BOX_MAX - 1);
    bool closed =
        seal_close(caap_seal(call->peers->caap), BOX_PURPOSE, slice_of(code), &box) == 0 &&
        !box.failed;
    if (closed) {
        memcpy(out, box.ptr, box.len);
        out[box.len] = '\0';
    }
    buf_free(&box);
    return closed;
}

/* Reads the link anew and moves a challenge of it, until nobody is faster. */
static int move_on(struct call *call, struct caap_user *user, struct challenge *challenge,
                   enum challenge_event event)
{
    int status = LFI_DENIED;
    struct lfi_error error = {""};
    for (int i = 0; i < LIMIT_CAAP_RACES && status == LFI_DENIED; i++) {
        status = link_read(&user->ref, &user->link, &error);
        struct challenge *kept =
            status == LFI_OK ? link_challenge(&user->link, slice_of(challenge->id)) : NULL;
        if (!kept || !challenge_move(kept, event, user->ref.now_us)) {
            break; /* another has come in its place */
        }
        if (event == CHALLENGE_REFUSED && user->link.state == LINK_PENDING) {
            user->link.state = LINK_NONE;
        }
        *challenge = *kept;
        status = link_write(&user->ref, &user->link, &error);
    }
    return status == LFI_OK ? 0 : fail_state(call, status, &error);
}

static int deliver(struct call *call, struct caap_user *user, struct challenge *challenge,
                   const char *code)
{
    const struct provider *provider = call->provider;
    struct lfi_error error = {""};
    const struct lfi_code_message message = {.size = sizeof(message),
                                             .user_id = user->ref.user_id,
                                             .channel = challenge->channel,
                                             .code = slice_of(code),
                                             .valid_s = LIMIT_CAAP_CODE_S};
    int status = provider->identity->deliver(provider->core, &call->core, &message, &error);
    LOG_EVENT(call->connect->log, status == LFI_OK ? LOG_INFO : LOG_WARN, "caap-code",
              LOG_TEXT("provider", slice_of(provider->id)),
              LOG_TEXT("channel", slice_of(challenge_type(challenge->channel))),
              LOG_TEXT("outcome", slice_of(status == LFI_OK ? "sent" : "not sent")),
              LOG_TEXT("cause", slice_of(error.message)));
    metrics_count(call->metrics,
                  status == LFI_OK ? METRICS_CAAP_CODE_SENT : METRICS_CAAP_CODE_UNSENT);
    return move_on(call, user, challenge,
                   status == LFI_OK ? CHALLENGE_ACCEPTED : CHALLENGE_REFUSED);
}

/* Whether one was sent so shortly before that the customer shall wait for it. */
static bool is_under_way(const struct challenge *newest, int64_t now_us)
{
    return newest && newest->end == CHALLENGE_OPEN && newest->status == CHALLENGE_SENT &&
           now_us / 1000000 < newest->made_s + LIMIT_CAAP_REPEAT_S;
}

static int keep_new(struct call *call, struct caap_user *user, const struct challenge *challenge)
{
    int status = LFI_DENIED;
    struct lfi_error error = {""};
    for (int i = 0; i < LIMIT_CAAP_RACES && status == LFI_DENIED; i++) {
        status = i == 0 ? LFI_OK : link_read(&user->ref, &user->link, &error);
        if (status == LFI_OK) {
            link_add(&user->link, challenge, user->ref.now_us);
            if (challenge->purpose == CHALLENGE_OF_REGISTRATION && user->link.state == LINK_NONE) {
                user->link.state = LINK_PENDING;
            }
            status = link_write(&user->ref, &user->link, &error);
        }
    }
    return status == LFI_OK ? 0 : fail_state(call, status, &error);
}

int caap_send_code(struct call *call, struct caap_user *user, enum challenge_purpose purpose,
                   struct challenge *out)
{
    bool allowed = false;
    char code[LIMIT_CAAP_CODE_DIGITS + 1];
    enum lfi_channel channel = (enum lfi_channel)caap_channel(call, &user->person);
    const struct challenge *newest = link_newest(&user->link, purpose);
    if (is_under_way(newest, user->ref.now_us)) {
        *out = *newest;
        return 0;
    }
    if (may_send(call, user, &allowed) != 0) {
        return -1;
    }
    if (!challenge_new(out, purpose, channel, user->ref.now_us) || !make_code(code) ||
        !seal_code(call, code, out->box)) {
        return outcome_fail(call, "no random bytes or memory for a code");
    }
    if (!allowed || channel == 0) {
        out->status = CHALLENGE_UNSENT;
        metrics_count(call->metrics, METRICS_CAAP_CODE_UNSENT);
        link_add(&user->link, out, user->ref.now_us);
        struct lfi_error error = {""};
        int status = link_write(&user->ref, &user->link, &error);
        return status == LFI_OK || status == LFI_DENIED ? 0 : fail_state(call, status, &error);
    }
    int rc = keep_new(call, user, out) == 0 ? deliver(call, user, out, code) : -1;
    OPENSSL_cleanse(code, sizeof(code));
    return rc;
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool is_right(struct call *call, const struct challenge *challenge, struct lfi_slice code)
{
    struct lfi_slice kept =
        seal_open(caap_seal(call->peers->caap), call->arena, BOX_PURPOSE, slice_of(challenge->box));
    return kept.len == code.len && kept.len > 0 && CRYPTO_memcmp(kept.ptr, code.ptr, kept.len) == 0;
}

static void set_link(struct link *link, const struct challenge *challenge)
{
    if (challenge->purpose != CHALLENGE_OF_REGISTRATION) {
        return;
    }
    if (challenge->status == CHALLENGE_PASSED) {
        link->state = LINK_LINKED;
    } else if (challenge->end != CHALLENGE_OPEN && link->state == LINK_PENDING) {
        link->state = LINK_NONE;
    }
}

int caap_refuse_challenge(struct call *call)
{
    return refusal_set(call->refusal, "CAAP-CHALLENGE", 404, "Resource.NotFound",
                       "There is no such challenge.");
}

int caap_judge_code(struct call *call, struct caap_user *user, enum challenge_purpose purpose,
                    struct lfi_slice id, struct lfi_slice code, struct challenge *out)
{
    bool wrong = false;
    int status = LFI_DENIED;
    struct lfi_error error = {""};
    for (int i = 0; i < LIMIT_CAAP_RACES && status == LFI_DENIED; i++) {
        status = i == 0 ? LFI_OK : link_read(&user->ref, &user->link, &error);
        if (status != LFI_OK) {
            break;
        }
        struct challenge *challenge =
            id.ptr ? link_challenge(&user->link, id) : link_newest(&user->link, purpose);
        if (!challenge || challenge->purpose != purpose) {
            return caap_refuse_challenge(call);
        }
        bool right = is_right(call, challenge, code);
        bool moved = challenge_move(challenge, right ? CHALLENGE_RIGHT : CHALLENGE_WRONG_CODE,
                                    user->ref.now_us);
        wrong = moved && challenge->status == CHALLENGE_WRONG;
        *out = *challenge;
        if (!moved) {
            return 0;
        }
        set_link(&user->link, challenge);
        status = link_write(&user->ref, &user->link, &error);
    }
    if (status != LFI_OK) {
        return fail_state(call, status, &error);
    }
    bool allowed; /* with none left no code is sent any more */
    if (wrong) {
        metrics_count(call->metrics, METRICS_CAAP_CODE_WRONG);
    }
    return wrong ? caap_take(call, "caap-wrong", user->ref.user_id, &wrong_codes, &allowed) : 0;
}
