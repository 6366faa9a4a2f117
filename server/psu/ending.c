#include "psu/ending.h"

#include "consent/consent.h"
#include "psu/approval.h"
#include "psu/note.h"
#include "psu/undo.h"

#define PATCH_BYTES (64 * 1024)
/* The most calls that one decision makes: two PATCH, two looks at the consent, revoke, doFail. */
#define DECISION_CALLS 6
#define DECISION_SLACK_S 10
#define DECISION_BYTES 8192 /* kept: the way back, and whose it is */
#define REPEAT_S 60         /* after the session's end, for a browser that lost the answer */

enum patch {
    PATCH_NONE,
    PATCH_REQUIRED, /* when it fails, the ending becomes ENDING_HUB */
    PATCH_TRIED,    /* best effort */
};

/* Consent journey 8. The texts are machine values: exactly these. */
static const struct row {
    enum patch patch;
    const char *error;
    const char *description;
    const char
        *reason; /* for the page, refused.{reason} of its texts; NULL: as the customer wished */
} rows[ENDINGS] = {
    [ENDING_NOT_AUTHENTICATED] = {PATCH_NONE, "access_denied", "user_failed_to_authenticate",
                                  "tries"},
    [ENDING_DENIED] = {PATCH_NONE, "access_denied", "user_failed_to_authenticate", "denied"},
    [ENDING_TIMED_OUT] = {PATCH_NONE, "access_denied", "user_failed_to_authenticate", "expired"},
    [ENDING_LEFT] = {PATCH_NONE, "access_denied", "user_failed_to_authenticate", NULL},
    [ENDING_BLOCKED] = {PATCH_NONE, "access_denied", "user_account_blocked", "blocked"},
    [ENDING_NOT_OWNER] = {PATCH_NONE, "access_denied", "user_failed_to_authenticate", "not-owner"},
    [ENDING_CONSENT_CLOSED] = {PATCH_NONE, "access_denied", "session_expired", "closed"},
    [ENDING_FAILED_EARLY] = {PATCH_NONE, "server_error", "lfi_internal_error", "failed"},
    [ENDING_BUSY_EARLY] = {PATCH_NONE, "temporarily_unavailable", "lfi_temporarily_unavailable",
                           "busy"},
    [ENDING_HUB_EARLY] = {PATCH_NONE, "server_error", "api_hub_communication_error", "hub"},
    [ENDING_CANCELLED] = {PATCH_REQUIRED, "access_denied", "user_rejected_consent", NULL},
    [ENDING_NO_ACCOUNTS] = {PATCH_REQUIRED, "invalid_request", "user_lacks_eligible_accounts",
                            "no-accounts"},
    [ENDING_NOT_SUPPORTED] = {PATCH_REQUIRED, "access_denied", "consent_not_supported",
                              "not-supported"},
    [ENDING_STEP_UP] = {PATCH_REQUIRED, "access_denied", "user_failed_step_up_authentication",
                        "step-up"},
    [ENDING_EXPIRED] = {PATCH_REQUIRED, "access_denied", "session_expired", "expired"},
    [ENDING_FAILED] = {PATCH_REQUIRED, "server_error", "lfi_internal_error", "failed"},
    [ENDING_BUSY] = {PATCH_REQUIRED, "temporarily_unavailable", "lfi_temporarily_unavailable",
                     "busy"},
    [ENDING_HUB] = {PATCH_TRIED, "server_error", "api_hub_communication_error", "hub"},
};

/* Whether the customer is known: before, the consent must not be tied to anybody. */
static bool is_known(enum session_stage stage)
{
    return stage == SESSION_REVIEW || stage == SESSION_STEP_UP;
}

enum ending ending_of_hub(enum session_stage stage)
{
    return is_known(stage) ? ENDING_HUB : ENDING_HUB_EARLY;
}

enum ending ending_of_core(enum session_stage stage, int core_status)
{
    if (core_status == LFI_CORE_UNAVAILABLE) {
        return is_known(stage) ? ENDING_BUSY : ENDING_BUSY_EARLY;
    }
    return is_known(stage) ? ENDING_FAILED : ENDING_FAILED_EARLY;
}

enum ending ending_of_leaving(enum session_stage stage)
{
    return is_known(stage) ? ENDING_CANCELLED : ENDING_LEFT;
}

enum ending ending_of_time(enum session_stage stage)
{
    return is_known(stage) ? ENDING_EXPIRED : ENDING_TIMED_OUT;
}

void ending_append_patch(struct buf *out, const char *status, const struct session *session,
                         const struct lfi_slice *account_ids, size_t count)
{
    struct json_writer w;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_text(&w, "status", status);
    json_open_object(&w, "psuIdentifiers");
    json_string(&w, "userId", session->user_id);
    json_close_object(&w);
    if (count > 0) {
        json_open_array(&w, "accountIds");
        for (size_t i = 0; i < count; i++) {
            json_string(&w, NULL, account_ids[i]);
        }
        json_close_array(&w);
    }
    json_text(&w, "authorizationChannel", session->on_phone ? "App" : "Web");
    json_close_object(&w);
}

static enum hub_outcome patch(struct visit *visit, const char *status,
                              const struct lfi_slice *account_ids, size_t count,
                              struct lfi_error *error)
{
    struct buf body;
    buf_init(&body, PATCH_BYTES);
    ending_append_patch(&body, status, &visit->session, account_ids, count);
    enum hub_outcome outcome =
        body.failed ? HUB_WRONG
                    : hub_patch_consent(visit->endpoint->hub, visit->arena,
                                        visit->session.consent_id, buf_slice(&body), error);
    buf_free(&body);
    return outcome;
}

/* --- once ------------------------------------------------------------------------------------- */

struct kept {
    struct arena *arena;
    struct lfi_slice text;
};

static void keep_result(void *ctx, struct lfi_slice result)
{
    struct kept *kept = ctx;
    kept->text = arena_keep(kept->arena, result);
}

int ending_claim(struct visit *visit, struct lfi_slice key, uint32_t ttl_s, enum state_claim *out,
                 struct lfi_slice *result)
{
    const struct state_ref ref = visit_state(visit, key);
    struct kept kept = {.arena = visit->arena};
    const struct state_sink sink = {.take = keep_result, .ctx = &kept};
    struct lfi_error error = {{0}};
    int status = state_claim(&ref, ttl_s, &sink, out, &error);
    *result = kept.text;
    if (status != LFI_CORE_OK) {
        visit_refuse(visit, 503, "CORE-UNAVAILABLE", error.message);
        return -1;
    }
    return 0;
}

int ending_settle(struct visit *visit, struct lfi_slice key, struct lfi_slice result,
                  struct lfi_error *error)
{
    const struct state_ref ref = visit_state(visit, key);
    return state_claim_settle(&ref, result, error);
}

int ending_find(struct visit *visit, struct lfi_slice key, bool *settled, struct lfi_slice *result)
{
    const struct state_ref ref = visit_state(visit, key);
    struct kept kept = {.arena = visit->arena};
    const struct state_sink sink = {.take = keep_result, .ctx = &kept};
    struct lfi_error error = {{0}};
    int status = state_claim_find(&ref, &sink, &error);
    *settled = status == LFI_CORE_OK;
    *result = kept.text;
    if (status != LFI_CORE_OK && status != LFI_CORE_UNKNOWN) {
        visit_refuse(visit, 503, "CORE-UNAVAILABLE", error.message);
        return -1;
    }
    return 0;
}

/* Of the interaction, whoever decides: there is one decision. Whose it is stands in the result. */
static struct lfi_slice decision_key(struct visit *visit)
{
    return visit_key(visit, "decision", (struct lfi_slice){0}, visit->session.interaction_id);
}

/* What is kept of a decision. */
struct decision {
    struct lfi_slice location;
    struct lfi_slice user_id; /* who authorized it; absent: there is no code to be had */
    bool on_phone;
    int64_t until_s; /* how long a code is told */
};

static struct lfi_slice write_decision(struct visit *visit, bool authorized,
                                       struct lfi_slice location)
{
    const struct session *session = &visit->session;
    struct buf text;
    struct json_writer w;
    buf_init(&text, DECISION_BYTES);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_string(&w, "location", location.ptr ? location : SLICE(""));
    if (authorized) {
        json_string(&w, "user", session->user_id);
        json_bool(&w, "onPhone", session->on_phone);
        json_int(&w, "until", session->started_s + visit->psu->session_s + REPEAT_S);
    }
    json_close_object(&w);
    struct lfi_slice kept =
        text.failed ? (struct lfi_slice){0} : arena_keep(visit->arena, buf_slice(&text));
    buf_free(&text);
    return kept;
}

static struct decision read_decision(struct visit *visit, struct lfi_slice text)
{
    cJSON *tree = json_parse(text);
    struct decision decision = {
        .location = arena_keep(visit->arena, json_get_string(tree, "location")),
        .user_id = arena_keep(visit->arena, json_get_string(tree, "user")),
        .on_phone = json_get_bool(tree, "onPhone", false),
    };
    (void)json_get_int(tree, "until", &decision.until_s);
    cJSON_Delete(tree);
    return decision;
}

/* Whether this browser may have the way back of a decision that was made elsewhere or before. */
static bool is_told(const struct visit *visit, const struct decision *decision)
{
    const struct session *session = &visit->session;
    bool decided =
        session->stage >= SESSION_REVIEW && slice_equal(session->user_id, decision->user_id);
    bool handed_over = decision->on_phone && !session->on_phone;
    bool in_time = clock_now_s(visit->psu->clock) < decision->until_s;
    bool hears_no_code = session->on_phone || decision->user_id.len == 0;
    return hears_no_code || (in_time && (decided || handed_over));
}

/* The way back to the TPP as the Hub gave it; without one, nothing else is possible. */
static void answer(struct visit *visit, const char *view, struct lfi_slice location)
{
    struct json_writer w;
    if (location.len == 0) {
        visit_refuse(visit, 503, "HUB-UNAVAILABLE", "no way back to the TPP");
        return;
    }
    visit_begin_view(visit, &w, visit->session.on_phone ? "handed-back" : view);
    if (!visit->session.on_phone) { /* the browser that began the journey goes there */
        json_string(&w, "redirect", location);
    }
    if (visit->session.tpp.len > 0) {
        json_string(&w, "tpp", visit->session.tpp);
    }
    if (visit->session.reason.len > 0) {
        json_string(&w, "reason", visit->session.reason);
    }
    json_close_object(&w);
}

static void mark_ended(struct visit *visit, struct lfi_slice location)
{
    visit->session.stage = SESSION_ENDED;
    if (visit_keep_session(visit) == 0) {
        answer(visit, "redirect", location);
    }
}

/* Longer than the slowest decision: nobody else may begin while its calls are out. */
uint32_t ending_longest_s(const struct psu_endpoint *endpoint)
{
    int timeout_ms = hub_timeout_ms(endpoint->hub);
    return DECISION_CALLS * ((uint32_t)timeout_ms / 1000 + 1) + DECISION_SLACK_S;
}

static int claim_decision(struct visit *visit, enum state_claim *claim, struct lfi_slice *result)
{
    return ending_claim(visit, decision_key(visit), ending_longest_s(visit->endpoint), claim,
                        result);
}

static void refuse_over(struct visit *visit)
{
    visit_refuse(visit, 409, "JOURNEY-OVER", "authorized in another browser, or too long ago");
}

/* True: this visit decides. False: another one did or does, and the answer is given. */
static bool take_decision(struct visit *visit)
{
    enum state_claim claim;
    struct lfi_slice result;
    struct json_writer w;
    if (claim_decision(visit, &claim, &result) != 0) {
        return false;
    }
    if (claim == STATE_CLAIM_SETTLED) {
        struct decision decision = read_decision(visit, result);
        if (is_told(visit, &decision)) {
            mark_ended(visit, decision.location);
        } else {
            refuse_over(visit);
        }
    } else if (claim == STATE_CLAIM_TAKEN) {
        visit_begin_view(visit, &w, "working");
        json_close_object(&w);
    }
    return claim == STATE_CLAIM_YOURS;
}

static void settle(struct visit *visit, bool authorized, const char *how, struct lfi_slice location)
{
    const struct provider *provider = visit->endpoint->provider;
    struct lfi_error error = {{0}};
    struct lfi_slice result = write_decision(visit, authorized, location);
    int status = result.ptr ? ending_settle(visit, decision_key(visit), result, &error)
                            : error_set(&error, "out of memory");
    LOG_EVENT(visit->psu->log, status == LFI_CORE_OK && location.len > 0 ? LOG_INFO : LOG_ERROR,
              "journey_ended", LOG_TEXT("provider", slice_of(provider->id)),
              LOG_TEXT("interaction", visit->session.interaction_id),
              LOG_TEXT("consent", visit->session.consent_id), LOG_TEXT("how", slice_of(how)),
              LOG_TEXT("settling",
                       status == LFI_CORE_OK ? (struct lfi_slice){0} : slice_of(error.message)));
    note_forget(visit);
}

/* `unclosed`: whether the consent is open is not known. */
static struct lfi_slice tell_failure(struct visit *visit, const struct row *row, bool unclosed)
{
    struct lfi_slice location;
    struct lfi_error error;
    enum hub_outcome outcome =
        hub_do_fail(visit->endpoint->hub, visit->arena, visit->session.interaction_id, row->error,
                    row->description, &location, &error);
    bool told = outcome == HUB_OK || outcome == HUB_REFUSED; /* refused: it has ended before */
    const struct undo undo = {unclosed, row->error, row->description};
    if ((unclosed || !told) && !undo_keep(visit, &undo)) {
        return location; /* not settled: the journey's note is due later and ends it */
    }
    settle(visit, false, row->description, location);
    return location;
}

/* --- the ways to end -------------------------------------------------------------------------- */

/* The consent's own state, whatever became of the answers so far. */
static enum hub_outcome look(struct visit *visit, cJSON **tree, struct consent *consent,
                             struct lfi_error *error)
{
    enum hub_outcome outcome =
        hub_get_consent(visit->endpoint->hub, visit->arena, visit->session.consent_id, tree, error);
    if (outcome == HUB_OK) {
        consent_read(*tree, consent);
    }
    return outcome;
}

enum hub_outcome ending_close_consent(struct visit *visit, bool *foreign, struct lfi_error *error)
{
    cJSON *tree = NULL;
    struct consent consent;
    enum hub_outcome outcome = look(visit, &tree, &consent, error);
    *foreign = false;
    if (outcome == HUB_OK && slice_equal_text(consent.status, "AwaitingAuthorization")) {
        outcome = patch(visit, "Rejected", NULL, 0, error);
    } else if (outcome == HUB_OK && slice_equal_text(consent.status, "Authorized")) {
        *foreign = !slice_equal(consent.user_id, visit->session.user_id);
        outcome = *foreign ? HUB_OK
                           : hub_revoke_consent(visit->endpoint->hub, visit->arena,
                                                visit->session.consent_id, "LFI", error);
    }
    cJSON_Delete(tree);
    return outcome;
}

/*
 * The Hub refuses a rejection when an earlier try, which was cut off, came as far as its own PATCH:
 * one consent has one interaction. Then what that try authorized is revoked, for the TPP never got
 * its code.
 */
static struct lfi_slice refuse(struct visit *visit, enum ending ending)
{
    const struct row *row = &rows[ending];
    struct lfi_error error;
    bool foreign = false;
    bool closed = row->patch == PATCH_NONE || patch(visit, "Rejected", NULL, 0, &error) == HUB_OK ||
                  ending_close_consent(visit, &foreign, &error) == HUB_OK;
    if ((!closed || foreign) && row->patch == PATCH_REQUIRED) {
        row = &rows[ENDING_HUB];
    }
    visit->session.reason = slice_of(row->reason);
    return tell_failure(visit, row, !closed);
}

static struct lfi_slice customer_key(struct visit *visit)
{
    return visit_key(visit, "customer", (struct lfi_slice){0}, visit->session.interaction_id);
}

int ending_is_over(struct visit *visit)
{
    bool over = false;
    struct lfi_slice result;
    return ending_find(visit, customer_key(visit), &over, &result) == 0 ? over : -1;
}

/* Nobody but the customer needs to know. */
static void end_customer_session(struct visit *visit, enum ending ending)
{
    struct lfi_error error = {{0}};
    struct json_writer w;
    const char *reason = rows[ending].reason ? rows[ending].reason : "left";
    if (ending_settle(visit, customer_key(visit), SLICE("over"), &error) != LFI_CORE_OK) {
        visit_refuse(visit, 503, "CORE-UNAVAILABLE", error.message);
        return;
    }
    LOG_EVENT(visit->psu->log, LOG_INFO, "customer_session_ended",
              LOG_TEXT("provider", visit->session.provider), LOG_TEXT("how", slice_of(reason)));
    visit->session.stage = SESSION_ENDED;
    if (visit_keep_session(visit) == 0) {
        visit_begin_view(visit, &w, "signed-out");
        json_text(&w, "reason", reason);
        json_close_object(&w);
    }
}

void ending_refuse(struct visit *visit, enum ending ending)
{
    approval_withdraw(visit);
    if (visit->session.kind == SESSION_CUSTOMER) {
        end_customer_session(visit, ending);
    } else if (take_decision(visit)) {
        mark_ended(visit, refuse(visit, ending));
    }
}

struct lfi_slice ending_refuse_unseen(struct visit *visit, enum ending ending)
{
    enum state_claim claim;
    struct lfi_slice result;
    if (claim_decision(visit, &claim, &result) != 0) {
        return (struct lfi_slice){0};
    }
    if (claim == STATE_CLAIM_SETTLED) {
        note_forget(visit); /* whoever decided was cut off before that */
    }
    return claim == STATE_CLAIM_YOURS ? refuse(visit, ending) : (struct lfi_slice){0};
}

struct lfi_slice ending_turn_away(struct visit *visit, enum ending ending)
{
    return refuse(visit, ending);
}

void ending_time_out(struct visit *visit)
{
    note_adopt_customer(visit);
    ending_refuse(visit, ending_of_time(visit->session.stage));
}

static bool is_authorized(const struct visit *visit, const struct consent *consent,
                          const struct ending_approval *approval)
{
    bool same = slice_equal_text(consent->status, "Authorized") &&
                slice_equal(consent->user_id, visit->session.user_id) &&
                (size_t)cJSON_GetArraySize(consent->account_ids) == approval->count;
    for (size_t i = 0; same && i < approval->count; i++) {
        same = json_lists(consent->account_ids, approval->account_ids[i]);
    }
    return same;
}

/* When the answer is lost, or is one to a second try, the consent itself tells what was applied. */
static bool authorize(struct visit *visit, const struct ending_approval *approval)
{
    cJSON *tree = NULL;
    struct consent consent;
    struct lfi_error error;
    bool authorized =
        patch(visit, "Authorized", approval->account_ids, approval->count, &error) == HUB_OK ||
        (look(visit, &tree, &consent, &error) == HUB_OK &&
         is_authorized(visit, &consent, approval));
    cJSON_Delete(tree);
    return authorized;
}

void ending_approve(struct visit *visit, const struct ending_approval *approval)
{
    struct lfi_slice location;
    struct lfi_error error;
    if (!take_decision(visit)) {
        return;
    }
    if (!approval->patched && !authorize(visit, approval)) {
        mark_ended(visit, refuse(visit, ENDING_HUB));
        return;
    }
    if (hub_do_confirm(visit->endpoint->hub, visit->arena, visit->session.interaction_id, &location,
                       &error) != HUB_OK) {
        /* The TPP will never get its code; what is authorized can only be revoked. */
        bool closed = hub_revoke_consent(visit->endpoint->hub, visit->arena,
                                         visit->session.consent_id, "LFI", &error) == HUB_OK;
        visit->session.reason = slice_of(rows[ENDING_HUB].reason);
        mark_ended(visit, tell_failure(visit, &rows[ENDING_HUB], !closed));
        return;
    }
    settle(visit, true, "authorized", location);
    mark_ended(visit, location);
}

void ending_repeat(struct visit *visit, bool looked)
{
    bool settled = false;
    struct lfi_slice result;
    if (ending_find(visit, decision_key(visit), &settled, &result) != 0) {
        return;
    }
    struct decision decision = read_decision(visit, result);
    if (settled && is_told(visit, &decision)) {
        answer(visit, looked ? "ended" : "redirect", decision.location);
    } else {
        refuse_over(visit);
    }
}
