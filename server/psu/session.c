#include "psu/session.h"

#include "base/array.h"
#include "base/json.h"

#define CLEAR_BYTES 2048

static const char *const purposes[SESSION_KINDS] = {
    [SESSION_JOURNEY] = "journey",
    [SESSION_CUSTOMER] = "customer",
};

/* What is not here cannot happen. */
static const struct transition {
    enum session_stage from;
    enum session_event event;
    enum session_stage to;
    bool journey_only;
} transitions[] = {
    {SESSION_SIGN_IN, SESSION_ASKED, SESSION_APPROVAL, false},
    {SESSION_SIGN_IN, SESSION_SIGNED_IN, SESSION_REVIEW, false},
    {SESSION_SIGN_IN, SESSION_OVER, SESSION_ENDED, false},
    {SESSION_APPROVAL, SESSION_SIGNED_IN, SESSION_REVIEW, false},
    {SESSION_APPROVAL, SESSION_OVER, SESSION_ENDED, false},
    {SESSION_REVIEW, SESSION_CHOSEN, SESSION_STEP_UP, true},
    {SESSION_REVIEW, SESSION_REOPENED, SESSION_REVIEW, true},
    {SESSION_REVIEW, SESSION_OVER, SESSION_ENDED, false},
    {SESSION_STEP_UP, SESSION_REOPENED, SESSION_REVIEW, true},
    {SESSION_STEP_UP, SESSION_OVER, SESSION_ENDED, true},
};

bool session_move(struct session *session, enum session_event event)
{
    for (size_t i = 0; i < ARRAY_LEN(transitions); i++) {
        const struct transition *row = &transitions[i];
        if (row->from == session->stage && row->event == event &&
            (session->kind == SESSION_JOURNEY || !row->journey_only)) {
            session->stage = row->to;
            return true;
        }
    }
    return false;
}

int session_seal(const struct seal *seal, const struct session *session, struct buf *out)
{
    struct buf clear;
    struct json_writer w;
    buf_init(&clear, CLEAR_BYTES);
    json_begin(&w, &clear);
    json_open_object(&w, NULL);
    json_int(&w, "stage", session->stage);
    json_string(&w, "provider", session->provider);
    json_string(&w, "interaction", session->interaction_id);
    if (session->kind == SESSION_JOURNEY) {
        json_string(&w, "consent", session->consent_id);
        json_string(&w, "arrival", session->arrival);
    }
    if (session->user_id.ptr) {
        json_string(&w, "user", session->user_id);
    }
    if (session->approval_id.ptr) {
        json_string(&w, "approval", session->approval_id);
    }
    if (session->decision.ptr) {
        json_string(&w, "decision", session->decision);
    }
    if (session->tpp.len > 0) {
        json_string(&w, "tpp", session->tpp);
    }
    if (session->reason.len > 0) {
        json_string(&w, "reason", session->reason);
    }
    json_int(&w, "number", session->number);
    json_int(&w, "started", session->started_s);
    json_int(&w, "extensions", session->extensions);
    json_bool(&w, "onPhone", session->on_phone);
    json_close_object(&w);
    int result =
        clear.failed ? -1 : seal_close(seal, purposes[session->kind], buf_slice(&clear), out);
    buf_free(&clear);
    return out->failed ? -1 : result;
}

/* Whether all is there that a session of its kind must have in its stage. */
static bool is_complete(const struct session *session)
{
    bool asked = session->consent_id.len > 0 && session->arrival.len > 0;
    bool step_up = session->stage == SESSION_STEP_UP;
    bool approval = session->stage == SESSION_APPROVAL || step_up;
    bool known = approval || session->stage == SESSION_REVIEW;
    return session->provider.len > 0 && session->interaction_id.len > 0 &&
           (asked || session->kind != SESSION_JOURNEY) && (!known || session->user_id.len > 0) &&
           (!approval || session->approval_id.len > 0) && (!step_up || session->decision.len > 0);
}

bool session_open(const struct seal *seal, struct arena *arena, enum session_kind kind,
                  struct lfi_slice value, struct session *out)
{
    *out = (struct session){.kind = kind};
    struct lfi_slice clear = seal_open(seal, arena, purposes[kind], value);
    if (!clear.ptr) {
        return false;
    }
    cJSON *tree = json_parse(clear);
    int64_t stage = -1;
    bool sound = json_get_int(tree, "stage", &stage) && stage >= 0 && stage < SESSION_STAGES &&
                 json_get_int(tree, "started", &out->started_s);
    (void)json_get_int(tree, "extensions", &out->extensions); /* absent: none */
    (void)json_get_int(tree, "number", &out->number);         /* absent: nothing was asked */
    out->on_phone = json_get_bool(tree, "onPhone", false);
    out->stage = sound ? (enum session_stage)stage : SESSION_SIGN_IN;
    out->provider = arena_keep(arena, json_get_string(tree, "provider"));
    out->interaction_id = arena_keep(arena, json_get_string(tree, "interaction"));
    out->consent_id = arena_keep(arena, json_get_string(tree, "consent"));
    out->arrival = arena_keep(arena, json_get_string(tree, "arrival"));
    out->user_id = arena_keep(arena, json_get_string(tree, "user"));
    out->approval_id = arena_keep(arena, json_get_string(tree, "approval"));
    out->decision = arena_keep(arena, json_get_string(tree, "decision"));
    out->tpp = arena_keep(arena, json_get_string(tree, "tpp"));
    out->reason = arena_keep(arena, json_get_string(tree, "reason"));
    cJSON_Delete(tree);

    return sound && is_complete(out);
}
