#include "connect/one_time_code.h"

#include "connect/call_consent.h"

#include "base/json.h"

#include <inttypes.h>

#define LIFE_S 1800
#define NAME_BYTES 140 /* of a TPP in a message: with both languages it then fits */
static const struct state_allowance ALLOWANCE = {.gap_s = 60, .times = 12, .window_s = 86400};

/* Headers beside the refusal's own: when to try again, and the interaction. */
static int refuse_wait(struct call *call, const struct one_time_code_use *use, uint32_t wait_s)
{
    reply_header(call->reply, "Retry-After", arena_format(call->arena, "%" PRIu32, wait_s));
    reply_header(call->reply, "x-fapi-interaction-id",
                 use->interaction_id.ptr ? use->interaction_id : call->core.interaction_id);
    return refusal_set(call->refusal, use->limit_id, 429, "GenericError",
                       "Too many one-time codes were asked for. Nothing was sent.");
}

/* What the customer reads, in both languages: none of what is encrypted, no link. */
static struct lfi_slice message_text(struct call *call, const struct one_time_code_use *use,
                                     const struct jwe_code *code)
{
    struct buf text;
    struct json_writer w;
    const char *bank = call->connect->config.bank_name;
    struct lfi_slice tpp = slice_cut(call_consent_beneficiary(call), NAME_BYTES);
    struct lfi_slice tpp_arabic = tpp.ptr ? tpp : SLICE("التطبيق المتصل");
    if (!tpp.ptr) {
        tpp = SLICE("the connected app");
    }
    struct lfi_slice english = arena_format(
        call->arena,
        "%s: %s is your code to show %.*s to %.*s. Valid for 30 minutes. If this was not you, "
        "ignore it. Never share it with anyone who calls or writes to you.",
        bank, code->digits, SLICE_ARG(use->english), SLICE_ARG(tpp));
    struct lfi_slice arabic =
        arena_format(call->arena,
                     "%s: %s هو رمزك لعرض %.*s لدى %.*s. صالح لمدة 30 دقيقة. إذا لم تطلبه فتجاهله. "
                     "لا تشاركه مع أي شخص يتصل بك أو يراسلك.",
                     bank, code->digits, SLICE_ARG(use->arabic), SLICE_ARG(tpp_arabic));
    buf_init_secret(&text, LFI_MESSAGE_BYTES_MAX);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_string(&w, "en", english);
    json_string(&w, "ar", arabic);
    json_close_object(&w);
    return arena_take(call->arena, &text);
}

/* One use of (consent, subject). */
static int take_use(struct call *call, const struct one_time_code_use *use)
{
    uint32_t wait_s = 0;
    struct lfi_error error = {""};
    struct lfi_slice pair =
        arena_format(call->arena, "%.*s:%.*s", SLICE_ARG(use->consent_id), SLICE_ARG(use->about));
    const struct state_ref ref = {
        .state = call->connect->config.state,
        .provider_id = call->provider->id,
        .key = state_key(call->arena, use->purpose, call->core.user_id, pair),
    };
    int rc = state_limit_take(&ref, &ALLOWANCE, &wait_s, &error);
    if (outcome_check(call, OUTCOME_STATE, rc, &error) != 0) {
        return -1;
    }
    return wait_s > 0 ? refuse_wait(call, use, wait_s) : 0;
}

int one_time_code_send(struct call *call, const struct one_time_code_use *use,
                       struct jwe_code *code)
{
    struct lfi_error error = {""};
    const struct provider *provider = call->provider;
    if (take_use(call, use) != 0) {
        return -1;
    }
    int rc = jwe_code_pool_take(call->connect->codes, code, &error) == 0 ? LFI_OK : LFI_FAILED;
    if (rc == LFI_OK) {
        arena_hold_secret(call->arena); /* the code stands in the message */
        struct lfi_slice text = message_text(call, use, code);
        rc = text.ptr ? provider->signin->message_send(provider->core, &call->core,
                                                       call->core.user_id, text, &error)
                      : error_set(&error, "the message does not fit");
    }
    if (outcome_check(call, OUTCOME_BANK, rc, &error) != 0) {
        return -1;
    }
    LOG_EVENT(call->connect->log, LOG_INFO, use->event,
              LOG_TEXT("provider", slice_of(provider->id)), LOG_TEXT("consent", use->consent_id),
              LOG_TEXT(use->about_name, use->about));
    return 0;
}

struct lfi_slice one_time_code_encrypt(struct call *call, const struct jwe_code *code,
                                       const char *member, struct lfi_slice json)
{
    struct buf clear;
    struct buf jwe;
    struct json_writer w;
    struct lfi_error error = {""};
    int64_t now = clock_now_s(call->connect->clock);
    struct lfi_slice quoted = {NULL, 0};
    buf_init(&clear, json.len + 256);
    buf_init(&jwe, 4 * json.len + 4096);
    json_begin(&w, &clear);
    json_open_object(&w, NULL);
    json_raw(&w, member, json);
    json_int(&w, "iat", now);
    json_int(&w, "exp", now + LIFE_S);
    json_close_object(&w);
    buf_append_text(&jwe, "\"");
    if (!clear.failed && jwe_encrypt(code, "OneTimeCode", buf_slice(&clear), &jwe, &error) == 0) {
        buf_append_text(&jwe, "\"");
        quoted = jwe.failed ? quoted : arena_keep(call->arena, buf_slice(&jwe));
    }
    if (!quoted.ptr) {
        (void)outcome_fail(call, error.message[0] ? error.message : "the member does not fit");
    }
    buf_free(&jwe);
    buf_free(&clear);
    return quoted;
}
