#include "psu/decision.h"

#include "psu/authorizer_task.h"
#include "psu/claim.h"
#include "psu/consent_patch.h"
#include "psu/journey_record.h"
#include "psu/undo.h"

/* Maximum Hub calls of one decision: two PATCH, two GET of the consent, revoke, doFail. */
#define DECISION_CALLS 6
#define DECISION_SLACK_S 10
#define DECISION_BYTES 8192 /* kept: the way back, and whose it is */
#define REPEAT_S 60         /* after the session's end, for a browser that lost the answer */

/* Longer than the slowest decision: no other may begin while its calls run. */
uint32_t decision_longest_s(const struct psu_endpoint *endpoint)
{
    int timeout_ms = hub_timeout_ms(endpoint->hub);
    return DECISION_CALLS * ((uint32_t)timeout_ms / 1000 + 1) + DECISION_SLACK_S;
}

/* --- what is kept ----------------------------------------------------------------------------- */

/* Of the interaction, whoever decides: there is one decision. Whose it is stands in the result. */
static struct lfi_slice decision_key(struct actor actor)
{
    return state_key(actor.arena, "decision", (struct lfi_slice){0}, actor.session->interaction_id);
}

/* What is kept of a decision. */
struct kept {
    struct lfi_slice location;
    struct lfi_slice user_id; /* who authorized it; absent: there is no code to be had */
    bool on_phone;
    int64_t until_s; /* how long a code is told */
};

static struct lfi_slice write_kept(struct actor actor, bool authorized, struct lfi_slice location)
{
    const struct session *session = actor.session;
    struct buf text;
    struct json_writer w;
    buf_init(&text, DECISION_BYTES);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_string(&w, "location", location.ptr ? location : SLICE(""));
    if (authorized) {
        json_string(&w, "user", session->user_id);
        json_bool(&w, "onPhone", session->on_phone);
        json_int(&w, "until", session->started_s + actor.psu->session_s + REPEAT_S);
    }
    json_close_object(&w);
    return arena_take(actor.arena, &text);
}

static struct kept read_kept(struct actor actor, struct lfi_slice text)
{
    cJSON *tree = json_parse(text);
    struct kept kept = {
        .location = arena_keep(actor.arena, json_get_string(tree, "location")),
        .user_id = arena_keep(actor.arena, json_get_string(tree, "user")),
        .on_phone = json_get_bool(tree, "onPhone", false),
    };
    (void)json_get_int(tree, "until", &kept.until_s);
    cJSON_Delete(tree);
    return kept;
}

/* Whether this browser may have the way back of a decision that was made elsewhere or before. */
static bool is_told(struct actor actor, const struct kept *kept)
{
    const struct session *session = actor.session;
    bool decided = session->stage >= SESSION_REVIEW && slice_equal(session->user_id, kept->user_id);
    bool handed_over = kept->on_phone && !session->on_phone;
    bool in_time = clock_now_s(actor.psu->clock) < kept->until_s;
    bool gets_no_code = session->on_phone || kept->user_id.len == 0;
    return gets_no_code || (in_time && (decided || handed_over));
}

/* A decision that was made before. */
static void read_made(struct actor actor, struct lfi_slice text, struct decision *out)
{
    struct kept kept = read_kept(actor, text);
    out->state = is_told(actor, &kept) ? DECISION_BEFORE : DECISION_HIDDEN;
    out->location = kept.location;
}

void decision_find(struct actor actor, struct decision *out)
{
    struct lfi_slice text;
    *out = (struct decision){.state = DECISION_UNKNOWN};
    out->status = claim_find(actor, decision_key(actor), &text, &out->error);
    if (out->status == LFI_OK) {
        read_made(actor, text, out);
    } else if (out->status == LFI_UNKNOWN) {
        out->state = DECISION_NONE;
    }
}

/* True: it is for the caller to decide. False: *out says why not. */
static bool take(struct actor actor, struct decision *out)
{
    enum state_claim claim;
    struct lfi_slice text;
    *out = (struct decision){.state = DECISION_UNKNOWN};
    out->status = claim_take(actor, decision_key(actor), decision_longest_s(actor.endpoint), &claim,
                             &text, &out->error);
    if (out->status != LFI_OK) {
        return false;
    }
    if (claim == STATE_CLAIM_SETTLED) {
        read_made(actor, text, out);
    } else if (claim == STATE_CLAIM_TAKEN) {
        out->state = DECISION_UNDER_WAY;
    }
    return claim == STATE_CLAIM_YOURS;
}

static void settle(struct actor actor, bool authorized, const char *how, struct lfi_slice location)
{
    const struct provider *provider = actor.endpoint->provider;
    struct lfi_error error = {{0}};
    struct lfi_slice result = write_kept(actor, authorized, location);
    int status = result.ptr ? claim_settle(actor, decision_key(actor), result, &error)
                            : error_set(&error, "out of memory");
    LOG_EVENT(
        actor.psu->log, status == LFI_OK && location.len > 0 ? LOG_INFO : LOG_ERROR,
        "journey-ended", LOG_TEXT("provider", slice_of(provider->id)),
        LOG_TEXT("interaction", actor.session->interaction_id),
        LOG_TEXT("consent", actor.session->consent_id), LOG_TEXT("how", slice_of(how)),
        LOG_TEXT("settling", status == LFI_OK ? (struct lfi_slice){0} : slice_of(error.message)));
    journey_record_forget(actor);
}

/* --- making it -------------------------------------------------------------------------------- */

/* `unclosed`: whether the consent is open is not known. */
static void tell_failure(struct actor actor, const struct ending_row *row, bool unclosed,
                         struct decision *out)
{
    struct lfi_error error;
    enum hub_outcome outcome =
        hub_do_fail(actor.endpoint->hub, actor.arena, actor.session->interaction_id, row->error,
                    row->description, &out->location, &error);
    bool told = outcome == HUB_OK || outcome == HUB_REFUSED; /* refused: it has ended before */
    const struct undo undo = {unclosed, row->error, row->description};
    out->state = DECISION_MADE;
    out->reason = slice_of(row->reason);
    if ((unclosed || !told) && !undo_keep(actor, &undo)) {
        return; /* not settled: the journey's record is due later and ends it */
    }
    settle(actor, false, row->description, out->location);
}

/*
 * The Hub refuses a rejection when an earlier try, which was cut off, came as far as its own PATCH:
 * one consent has one interaction. Then what that try authorized is revoked, for the TPP never got
 * its code.
 */
void decision_refuse_unclaimed(struct actor actor, enum ending ending, struct decision *out)
{
    const struct ending_row *row = ending_row(ending);
    struct lfi_error error;
    bool foreign = false;
    bool closed = row->patch == ENDING_NO_PATCH || consent_patch_reject(actor, &error) == HUB_OK ||
                  consent_patch_close(actor, &foreign, &error) == HUB_OK;
    if ((!closed || foreign) && row->patch == ENDING_PATCH) {
        row = ending_row(ENDING_HUB);
    }
    tell_failure(actor, row, !closed, out);
}

void decision_refuse(struct actor actor, enum ending ending, struct decision *out)
{
    if (take(actor, out)) {
        decision_refuse_unclaimed(actor, ending, out);
    }
}

void decision_approve(struct actor actor, const struct decision_approval *approval,
                      struct decision *out)
{
    struct lfi_error error;
    if (!take(actor, out)) {
        return;
    }
    bool others = approval->authorizers.len > 0;
    if (!approval->patched && ((others && !authorizer_task_put_end(actor, actor.session->consent_id,
                                                                   approval->deadline_s)) ||
                               !consent_patch_authorize(actor, approval))) {
        decision_refuse_unclaimed(actor, ENDING_HUB, out);
    } else if (hub_do_confirm(actor.endpoint->hub, actor.arena, actor.session->interaction_id,
                              &out->location, &error) != HUB_OK) {
        /* The TPP will never get its code; what is authorized can only be revoked. */
        bool foreign;
        bool closed = others ? consent_patch_close(actor, &foreign, &error) == HUB_OK
                             : consent_patch_revoke(actor, &error) == HUB_OK;
        tell_failure(actor, ending_row(ENDING_HUB), !closed, out);
    } else {
        out->state = DECISION_MADE;
        out->others_until_s = others ? approval->deadline_s : 0;
        settle(actor, true, others ? "authorized-by-one" : "authorized", out->location);
    }
}
