#include "psu/session.h"

#include "base/array.h"
#include "psu/sealed_box.h"

/* What is not here cannot happen. */
static const struct transition {
    enum session_stage from;
    enum session_event event;
    enum session_stage to;
} transitions[] = {
    {SESSION_SIGN_IN, SESSION_ASKED, SESSION_APPROVAL},
    {SESSION_SIGN_IN, SESSION_SIGNED_IN, SESSION_REVIEW},
    {SESSION_SIGN_IN, SESSION_OVER, SESSION_ENDED},
    {SESSION_APPROVAL, SESSION_SIGNED_IN, SESSION_REVIEW},
    {SESSION_APPROVAL, SESSION_OVER, SESSION_ENDED},
    {SESSION_REVIEW, SESSION_CHOSEN, SESSION_STEP_UP},
    {SESSION_REVIEW, SESSION_REOPENED, SESSION_REVIEW},
    {SESSION_REVIEW, SESSION_OVER, SESSION_ENDED},
    {SESSION_STEP_UP, SESSION_REOPENED, SESSION_REVIEW},
    {SESSION_STEP_UP, SESSION_OVER, SESSION_ENDED},
};

bool session_move(struct session *session, enum session_event event)
{
    for (size_t i = 0; i < ARRAY_LEN(transitions); i++) {
        const struct transition *row = &transitions[i];
        if (row->from == session->stage && row->event == event) {
            session->stage = row->to;
            return true;
        }
    }
    return false;
}

/* --- the cookie ------------------------------------------------------------------------------- */

struct boxed {
    struct session session;
    int64_t stage;
};

#define AT(member) offsetof(struct boxed, member)

static const struct box_member members[] = {
    {"stage", BOX_INT, AT(stage), true},
    {"provider", BOX_TEXT, AT(session.provider), true},
    {"interaction", BOX_TEXT, AT(session.interaction_id), true},
    {"consent", BOX_TEXT, AT(session.consent_id), false},
    {"arrival", BOX_TEXT, AT(session.arrival), false},
    {"user", BOX_TEXT, AT(session.user_id), false},
    {"approval", BOX_TEXT, AT(session.approval_id), false},
    {"decision", BOX_TEXT, AT(session.decision), false},
    {"tpp", BOX_TEXT, AT(session.tpp), false},
    {"reason", BOX_TEXT, AT(session.reason), false},
    {"number", BOX_INT, AT(session.number), false},
    {"started", BOX_INT, AT(session.started_s), true},
    {"extensions", BOX_INT, AT(session.extensions), false},
    {"onPhone", BOX_BOOL, AT(session.on_phone), false},
};

/* No BOX_UNTIL: a session whose time is over still has to be ended. */
static const struct box_format formats[SESSION_KINDS] = {
    [SESSION_JOURNEY] = {"journey", members, ARRAY_LEN(members)},
    [SESSION_CUSTOMER] = {"customer", members, ARRAY_LEN(members)},
};

int session_seal(const struct seal *seal, const struct session *session, struct buf *out)
{
    const struct boxed boxed = {.session = *session, .stage = session->stage};
    return sealed_box_close(seal, &formats[session->kind], &boxed, out);
}

/* Whether all is there that a session of its kind must have in its stage. */
static bool is_complete(const struct session *session)
{
    bool asked = session->consent_id.len > 0 && session->arrival.len > 0;
    bool step_up = session->stage == SESSION_STEP_UP;
    bool approval = session->stage == SESSION_APPROVAL || step_up;
    bool known = approval || session->stage == SESSION_REVIEW;
    return (asked || session->kind != SESSION_JOURNEY) && (!known || session->user_id.len > 0) &&
           (!approval || session->approval_id.len > 0) && (!step_up || session->decision.len > 0);
}

bool session_open(const struct seal *seal, struct arena *arena, enum session_kind kind,
                  struct lfi_slice value, struct session *out)
{
    struct boxed boxed = {.session.kind = kind};
    bool sound = sealed_box_open(seal, arena, &formats[kind], value, 0, &boxed) &&
                 boxed.stage >= 0 && boxed.stage < SESSION_STAGES;
    boxed.session.stage = sound ? (enum session_stage)boxed.stage : SESSION_SIGN_IN;
    *out = boxed.session;
    return sound && is_complete(out);
}
