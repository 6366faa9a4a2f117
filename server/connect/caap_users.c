/* Registration of customers at CAAP. (CAAP 5.) */
#include "connect/caap.h"

#include "base/json.h"
#include "base/limits.h"
#include "rows_caap.h"

#include <string.h>

#define EMIRATES_ID_DIGITS 15
#define SEAL_PURPOSE "caap-user"

/* --- who it is -------------------------------------------------------------------------------- */

static int refuse_body(struct call *call, const char *id, const char *message)
{
    return refusal_set(call->refusal, id, 400, "Body.InvalidFormat", message);
}

/* What was encrypted: the object itself, or a JWS around it. */
static int open_identity(struct call *call, const cJSON *member, cJSON **out)
{
    struct lfi_slice clear;
    struct jose_token token;
    struct lfi_error error = {""};
    if (cJSON_IsObject(member)) {
        if (!call->provider->caap_rules.clear_identity) {
            return refuse_body(call, "CAAP-CLEAR",
                               "personalIdentifiableInformation must be encrypted.");
        }
        *out = cJSON_Duplicate(member, true);
        return *out ? 0 : outcome_fail(call, "out of memory");
    }
    if (pii_decrypt(call->peers->pii, slice_of(member->valuestring), call->arena, &clear,
                    call->refusal) != 0) {
        return -1;
    }
    if (jose_token_parse_within(call->arena, clear, LIMIT_PII_BYTES, &token, &error) == 0) {
        clear = token.payload;
    }
    *out = json_parse(clear);
    return cJSON_IsObject(*out)
               ? 0
               : refusal_set(call->refusal, "CAAP-IDENTITY-FORM", 400, "JWS.InvalidPayload",
                             "The decrypted personalIdentifiableInformation must be an object.");
}

/* The 15 digits, which begin with the country; hyphens do not count. */
static bool read_emirates_id(struct lfi_slice text, char out[EMIRATES_ID_DIGITS + 1])
{
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '-') {
            continue;
        }
        if (c < '0' || c > '9' || digits == EMIRATES_ID_DIGITS) {
            return false;
        }
        out[digits++] = c;
    }
    out[digits] = '\0';
    return digits == EMIRATES_ID_DIGITS && memcmp(out, "784", 3) == 0;
}

static int read_identity(struct call *call, const cJSON *data, char out[EMIRATES_ID_DIGITS + 1])
{
    cJSON *identity = NULL;
    int rc = open_identity(call, json_get(data, "personalIdentifiableInformation"), &identity);
    if (rc == 0 && !read_emirates_id(json_get_string(identity, "emiratesId"), out)) {
        rc = refuse_body(call, "CAAP-EMIRATES-ID", "emiratesId must be 784 and 12 more digits.");
    }
    json_wipe(identity);
    return rc;
}

static int refuse_for_now(struct call *call, const char *id)
{
    metrics_count(call->metrics, METRICS_CAAP_LIMIT);
    return refusal_set(call->refusal, id, 403, "GenericRecoverableError",
                       "There were too many requests. Try again later.");
}

/* Nobody of this segment has the id. Many of them are an attack on who is a customer. */
static int refuse_unknown(struct call *call)
{
    static const struct state_allowance limit = {.times = LIMIT_CAAP_UNKNOWN,
                                                 .window_s = LIMIT_CAAP_UNKNOWN_S};
    bool allowed = false;
    if (caap_take(call, "caap-unknown", slice_of("all"), &limit, &allowed) != 0) {
        return -1;
    }
    metrics_count(call->metrics, METRICS_CAAP_UNKNOWN);
    return allowed ? caap_refuse_user(call, "nobody has this Emirates ID")
                   : refuse_for_now(call, "CAAP-UNKNOWN-LIMIT");
}

static int find_person(struct call *call, const cJSON *data, struct caap_user *out)
{
    static const struct state_allowance limit = {.times = LIMIT_CAAP_IDENTITY_HOUR,
                                                 .window_s = 3600};
    bool allowed = false;
    char id[EMIRATES_ID_DIGITS + 1];
    struct lfi_error error = {""};
    struct lfi_person person = {.size = sizeof(person)};
    const struct provider *provider = call->provider;
    if (read_identity(call, data, id) != 0 ||
        caap_take(call, "caap-identity", slice_of(id), &limit, &allowed) != 0) {
        return -1;
    }
    if (!allowed) {
        return refuse_for_now(call, "CAAP-IDENTITY-LIMIT");
    }
    int status =
        provider->identity->find(provider->core, &call->core, slice_of(id), &person, &error);
    memset(id, 0, sizeof(id));
    if (status == LFI_UNKNOWN) {
        return refuse_unknown(call);
    }
    if (status == LFI_DENIED) {
        LOG_EVENT(call->connect->log, LOG_ERROR, "caap-person-ambiguous",
                  LOG_TEXT("provider", slice_of(provider->id)));
        return refusal_set(call->refusal, "CAAP-PERSON-AMBIGUOUS", 409, "GenericError",
                           "The user cannot be told from another.");
    }
    if (outcome_check(call, OUTCOME_BANK, status, &error) != 0) {
        return -1;
    }
    if (person.blocked) {
        return refusal_set(call->refusal, "CAAP-BLOCKED", 403, "GenericError",
                           "The user cannot be registered.");
    }
    return caap_user_found(call, &person, out);
}

/* --- register/initialize ---------------------------------------------------------------------- */

static bool needs_code(const struct call *call, const cJSON *data)
{
    const cJSON *verified = json_get(data, "verificationTypes");
    switch (call->provider->caap_rules.challenge) {
    case CAAP_CHALLENGE_ALWAYS:
        return true;
    case CAAP_CHALLENGE_UNLESS_VERIFIED:
        return !json_lists(verified, SLICE("EFR")) && !json_lists(verified, SLICE("UAEPass"));
    case CAAP_CHALLENGE_NEVER:
        return false;
    }
    return true;
}

/* What the bank says of the user to itself: sealed, nothing personal, and never read back. */
static void write_user(struct call *call, const struct caap_user *user, struct json_writer *w)
{
    struct buf box;
    struct lfi_slice said =
        arena_format(call->arena, "%s %s %lld", call->provider->id, user->person.user_id.text,
                     (long long)(user->ref.now_us / 1000000));
    buf_init(&box, 512);
    if (!said.ptr || seal_close(caap_seal(call->peers->caap), SEAL_PURPOSE, said, &box) != 0) {
        buf_fail(&call->reply->body);
    }
    json_open_object(w, "user");
    json_open_object(w, "providerUserIdentifier");
    json_text(w, "userId", user->person.user_id.text);
    json_close_object(w);
    json_string(w, "userIdentificationProperties", buf_slice(&box));
    json_close_object(w);
    buf_free(&box);
}

static void write_masked(const struct caap_user *user, const struct challenge *sent,
                         struct json_writer *w)
{
    if (sent->channel == LFI_CHANNEL_SMS) {
        json_string_if_any(w, "maskedPhoneNumber", slice_of(user->person.masked_phone));
    } else if (sent->channel == LFI_CHANNEL_EMAIL) {
        json_string_if_any(w, "maskedEmailAddress", slice_of(user->person.masked_email));
    }
}

/* `sent` NULL: no code was needed. */
static int reply_registration(struct call *call, const struct caap_user *user,
                              const struct challenge *sent)
{
    struct json_writer w;
    bool failed = sent && sent->status == CHALLENGE_UNSENT;
    const char *status = failed ? "ChallengeFailed"
                         : sent ? "AwaitingChallengeResponse"
                                : "Complete";
    if (!sent) {
        metrics_count(call->metrics, METRICS_CAAP_REGISTERED);
    }
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    write_user(call, user, &w);
    json_text(&w, "registrationStatus", status);
    if (failed) {
        json_text(&w, "registrationStatusMessage", challenge_message(sent));
    } else if (sent) {
        json_text(&w, "challengeId", sent->id);
        write_masked(user, sent, &w);
    }
    json_close_object(&w);
    json_close_object(&w);
    call->reply->status = 201;
    LOG_EVENT(call->connect->log, LOG_INFO, "caap-registration",
              LOG_TEXT("provider", slice_of(call->provider->id)),
              LOG_TEXT("status", slice_of(status)));
    return 0;
}

static int set_state(struct call *call, struct caap_user *user, enum link_state state)
{
    int status = LFI_DENIED;
    struct lfi_error error = {""};
    for (int i = 0; i < LIMIT_CAAP_RACES && status == LFI_DENIED; i++) {
        status = i == 0 ? LFI_OK : link_read(&user->ref, &user->link, &error);
        if (status == LFI_OK && user->link.state == state) {
            return 0;
        }
        if (status == LFI_OK) {
            user->link.state = state;
            for (size_t c = 0; state == LINK_NONE && c < user->link.count; c++) {
                (void)challenge_move(&user->link.challenges[c], CHALLENGE_NEWER, user->ref.now_us);
            }
            status = link_write(&user->ref, &user->link, &error);
        }
    }
    return outcome_check(call, OUTCOME_BANK, status == LFI_DENIED ? LFI_UNAVAILABLE : status,
                         &error);
}

static int register_user(struct call *call, const cJSON *data)
{
    struct caap_user user;
    struct challenge sent;
    if (find_person(call, data, &user) != 0) {
        return -1;
    }
    bool reachable = caap_channel(call, &user.person) != 0;
    if (!needs_code(call, data) ||
        (!reachable && call->provider->caap_rules.challenge != CAAP_CHALLENGE_ALWAYS)) {
        return set_state(call, &user, LINK_LINKED) == 0 ? reply_registration(call, &user, NULL)
                                                        : -1;
    }
    if (!reachable) {
        return refusal_set(call->refusal, "CAAP-NO-CHANNEL", 403, "GenericError",
                           "The user cannot be registered.");
    }
    return caap_send_code(call, &user, CHALLENGE_OF_REGISTRATION, &sent) == 0
               ? reply_registration(call, &user, &sent)
               : -1;
}

int connect_caap_register(struct call *call)
{
    cJSON *tree;
    const cJSON *data = caap_data(call, &tree);
    int rc = register_user(call, data);
    json_wipe(tree);
    return rc;
}

/* --- register/complete ------------------------------------------------------------------------ */

static int refuse_registration(struct call *call)
{
    return refusal_set(call->refusal, "CAAP-REGISTRATION", 409, "GenericError",
                       "No registration of the user awaits a code.");
}

/* Whether a code can be given: one is open, or passed so shortly before that this is a repeat. */
static bool takes_code(struct caap_user *user)
{
    const struct challenge *newest = link_newest(&user->link, CHALLENGE_OF_REGISTRATION);
    if (!newest || newest->end != CHALLENGE_OPEN || newest->status == CHALLENGE_UNSENT ||
        user->link.state == LINK_NONE) {
        return false;
    }
    return newest->status != CHALLENGE_PASSED ||
           user->ref.now_us < newest->changed_us + INT64_C(1000000) * LIMIT_CAAP_PASSED_S;
}

static int complete(struct call *call, const cJSON *data)
{
    struct json_writer w;
    struct caap_user user;
    struct challenge judged;
    if (caap_user_of(call, json_get_string(data, "userId"), &user) != 0) {
        return -1;
    }
    if (!takes_code(&user)) {
        return refuse_registration(call);
    }
    if (caap_judge_code(call, &user, CHALLENGE_OF_REGISTRATION, (struct lfi_slice){NULL, 0},
                        json_get_string(data, "challengeResponse"), &judged) != 0) {
        return -1;
    }
    bool passed = judged.status == CHALLENGE_PASSED;
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    json_text(&w, "registrationStatus", passed ? "Complete" : "ChallengeFailed");
    if (passed) {
        metrics_count(call->metrics, METRICS_CAAP_REGISTERED);
    } else {
        json_text(&w, "registrationStatusMessage", challenge_message(&judged));
    }
    json_close_object(&w);
    json_close_object(&w);
    call->reply->status = 200;
    return 0;
}

int connect_caap_register_complete(struct call *call)
{
    cJSON *tree;
    const cJSON *data = caap_data(call, &tree);
    int rc = complete(call, data);
    json_wipe(tree);
    return rc;
}

/* --- deregister ------------------------------------------------------------------------------- */

int connect_caap_deregister(struct call *call)
{
    cJSON *tree;
    struct caap_user user;
    const cJSON *data = caap_data(call, &tree);
    int rc = caap_user_of(call, json_get_string(data, "userId"), &user);
    if (rc == 0) {
        rc = set_state(call, &user, LINK_NONE);
    }
    if (rc == 0) {
        LOG_EVENT(call->connect->log, LOG_WARN, "caap-deregistered",
                  LOG_TEXT("provider", slice_of(call->provider->id)));
        call->reply->content_type = NULL;
        call->reply->status = 204;
    }
    cJSON_Delete(tree);
    return rc;
}
