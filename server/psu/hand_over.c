#include "psu/hand_over.h"

#include "base/array.h"
#include "base/id.h"
#include "psu/browser.h"
#include "psu/claim.h"
#include "psu/finish.h"
#include "psu/journey_record.h"
#include "psu/qr.h"
#include "psu/sealed_box.h"
#include "psu/steps.h"
#include "rows_journey.h"

#define LINK_BYTES 1000
#define LINK_LIFE_S 300
#define QR_BYTES (64 * 1024)
#define NOT_FROM_THE_HUB "hand-over" /* as arrival: no digest of an address */

bool hand_over_is_offered(const struct session *session)
{
    return session->kind == SESSION_JOURNEY && !session->on_phone;
}

/* --- in the first browser --------------------------------------------------------------------- */

/* What a link says, sealed. */
struct link {
    struct lfi_slice provider, interaction, tpp;
    struct lfi_slice browser; /* in which the journey began */
    struct lfi_slice once;    /* the link's own name */
    int64_t started_s, until_s;
};

static const struct box_member link_members[] = {
    {"provider", BOX_TEXT, offsetof(struct link, provider), true},
    {"interaction", BOX_TEXT, offsetof(struct link, interaction), true},
    {"tpp", BOX_TEXT, offsetof(struct link, tpp), false},
    {"browser", BOX_TEXT, offsetof(struct link, browser), false},
    {"once", BOX_TEXT, offsetof(struct link, once), true},
    {"started", BOX_INT, offsetof(struct link, started_s), true},
    {"until", BOX_UNTIL, offsetof(struct link, until_s), true},
};

static const struct box_format link_format = {"hand-over", link_members, ARRAY_LEN(link_members)};

/* Two digits of a link's own random name, which both screens show. */
static int number_of(const struct link *link)
{
    unsigned sum = 0;
    for (size_t i = 0; i < link->once.len; i++) {
        sum = sum * 31 + (unsigned char)link->once.ptr[i];
    }
    return (int)(10 + sum % 90);
}

/* "https://bank.example/phone#box"; the part behind '#' is not sent when it is opened. */
static bool append_link(const struct psu *psu, const struct link *link, struct buf *out)
{
    buf_append_format(out, "%s/phone#", psu->origin);
    return sealed_box_close(psu->seal, &link_format, link, out) == 0;
}

static void show_link(struct context *context, const struct link *link, struct lfi_slice address)
{
    struct json_writer w;
    struct buf path;
    int size = 0;
    buf_init(&path, QR_BYTES);
    if (!qr_append_path(&path, address, &size)) {
        context_refuse(context, 500, "INTERNAL", "no QR code could be made");
    } else {
        context_begin_view(context, &w, "hand-over");
        json_int(&w, "linkSeconds", link->until_s - clock_now_s(context->psu->clock));
        json_int(&w, "number", number_of(link));
        json_int(&w, "qrSize", size);
        json_string(&w, "qrPath", buf_slice(&path));
        if (context->psu->demo_app) {
            json_string(&w, "link", address);
        }
        json_close_object(&w);
    }
    buf_free(&path);
}

/* Whom the journey is about, for the phone to say. False: the answer is given. */
static bool load_tpp(struct context *context)
{
    cJSON *tree = NULL;
    struct consent consent;
    bool loaded = step_load_consent(context, &tree, &consent);
    cJSON_Delete(tree);
    return loaded;
}

int step_hand_over(struct call *call)
{
    struct context *context = step_context(call);
    char once[ID_UUID_MAX];
    struct buf address;
    struct lfi_error error = {{0}};
    int64_t now_s = clock_now_s(context->psu->clock);
    int64_t left_s = actor_seconds_left(context_actor(context));
    if (!hand_over_is_offered(&context->session)) {
        context_refuse(context, 404, "HAND-OVER-NONE", NULL);
        return 0;
    }
    if (!id_uuid4(once)) {
        context_refuse(context, 500, "INTERNAL", "no random bytes");
        return 0;
    }
    if (!load_tpp(context)) {
        return 0;
    }
    const struct link link = {.provider = context->session.provider,
                              .interaction = context->session.interaction_id,
                              .tpp = context->session.tpp,
                              .browser = browser_name(context->request),
                              .once = slice_of(once),
                              .started_s = context->session.started_s,
                              .until_s = now_s + (left_s < LINK_LIFE_S ? left_s : LINK_LIFE_S)};
    buf_init(&address, LINK_BYTES);
    if (!append_link(context->psu, &link, &address)) {
        context_refuse(context, 500, "INTERNAL", "no link could be made");
    } else if (journey_record_set_link(context_actor(context), link.once, &error) != LFI_OK) {
        context_refuse_state(context, &error);
    } else {
        show_link(context, &link, buf_slice(&address));
    }
    buf_free(&address);
    return 0;
}

int step_wait(struct call *call)
{
    struct context *context = step_context(call);
    struct json_writer w;
    struct lfi_error error = {{0}};
    bool taken = false;
    int status = journey_record_find(context_actor(context), &taken, &error);
    if (status == LFI_OK) {
        context_begin_view(context, &w, "waiting");
        json_bool(&w, "taken", taken);
        json_close_object(&w);
    } else if (status == LFI_UNKNOWN) {
        finish_repeat(context, false);
    } else {
        context_refuse_state(context, &error);
    }
    return 0;
}

/* --- on the phone ----------------------------------------------------------------------------- */

/* What a link says, and whose it is. False: none of ours, or too old. */
static bool open_link(struct context *context, struct lfi_slice box, struct link *link)
{
    const struct psu *psu = context->psu;
    return sealed_box_open(psu->seal, context->arena, &link_format, box, clock_now_s(psu->clock),
                           link) &&
           context_find_endpoint(context, link->provider);
}

/* What the customer compares and confirms before anything is taken over. */
static void ask_first(struct context *context, const struct link *link, bool replaces)
{
    struct json_writer w;
    context->session = (struct session){0}; /* this browser has none yet */
    context_begin_view(context, &w, "take-over");
    json_int(&w, "number", number_of(link));
    json_string(&w, "tpp", link->tpp);
    json_string(&w, "browser", link->browser);
    json_int(&w, "startedAt", link->started_s);
    json_bool(&w, "replaces", replaces);
    json_close_object(&w);
}

/* False, having answered, when the link was used before or that cannot be said. */
static bool use_once(struct context *context, struct lfi_slice once)
{
    enum state_claim claim;
    struct lfi_slice result;
    struct lfi_error error = {{0}};
    struct lfi_slice key = state_key(context->arena, "hand-over", (struct lfi_slice){0}, once);
    if (claim_take(context_actor(context), key, LINK_LIFE_S, &claim, &result, &error) != LFI_OK) {
        context_refuse_state(context, &error);
        return false;
    }
    if (claim != STATE_CLAIM_YOURS) {
        context_refuse(context, 409, "HAND-OVER-USED", NULL);
        return false;
    }
    if (claim_settle(context_actor(context), key, SLICE("used"), &error) != LFI_OK) {
        context_refuse_state(context, &error);
        return false;
    }
    return true;
}

static void take_over(struct context *context, const struct link *link)
{
    struct lfi_error error = {{0}};
    context->session.on_phone = true;
    context->session.arrival = SLICE(NOT_FROM_THE_HUB);
    if (actor_seconds_left(context_actor(context)) == 0) {
        context_refuse(context, 401, "HAND-OVER-LINK", "the journey is over");
    } else if (use_once(context, link->once)) {
        if (journey_record_set_taken(context_actor(context), link->once, &error) != LFI_OK) {
            context_refuse_state(context, &error);
        } else if (context_keep_session(context) == 0) {
            context->shows_stage = true;
        }
    }
}

int step_take_over(struct call *call)
{
    struct context *context = step_context(call);
    const cJSON *body = step_body(call);
    struct link link;
    struct lfi_error error = {{0}};
    bool taken = false;
    if (!open_link(context, json_get_string(body, "link"), &link)) {
        context_refuse(context, 401, "HAND-OVER-LINK", NULL);
        return 0;
    }
    if (!context_enter_or_refuse(context, "journey/take-over")) {
        return 0;
    }
    struct context own = *context;
    if (journey_record_resume(context_actor(context), link.interaction, link.once, &error) !=
        LFI_OK) {
        context_refuse(context, 401, "HAND-OVER-LINK", NULL); /* not the live link of any journey */
        return 0;
    }
    bool in_journey = context_open_session(&own, SESSION_JOURNEY);
    if (in_journey && slice_equal(own.session.interaction_id, context->session.interaction_id)) {
        *context = own; /* opened in the browser that shows it: the journey goes on there */
        context->shows_stage = true;
    } else if (json_get_bool(body, "confirm", false)) {
        take_over(context, &link);
    } else if (journey_record_find(context_actor(context), &taken, &error) == LFI_OK && taken) {
        context_refuse(context, 409, "HAND-OVER-USED", NULL);
    } else {
        ask_first(context, &link, in_journey && own.session.stage != SESSION_ENDED);
    }
    return 0;
}
