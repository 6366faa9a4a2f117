#include "psu/hand_over.h"

#include "base/id.h"
#include "psu/api.h"
#include "psu/ending.h"
#include "psu/note.h"
#include "psu/qr.h"
#include "psu/steps.h"

#define PURPOSE "hand-over"
#define LINK_BYTES 1000
#define LINK_LIFE_S 300
#define QR_BYTES (64 * 1024)
#define NOT_FROM_THE_HUB "hand-over" /* as arrival: no digest of an address */

bool hand_over_is_offered(const struct visit *visit)
{
    return visit->session.kind == SESSION_JOURNEY && !visit->session.on_phone &&
           visit_has_tasks(visit);
}

/* --- in the first browser --------------------------------------------------------------------- */

/* "https://bank.example/phone#box"; the part behind '#' is not sent when it is opened. */
static bool append_link(struct visit *visit, int64_t life_s, struct buf *out)
{
    char once[ID_UUID_MAX];
    struct buf clear;
    struct json_writer w;
    buf_init(&clear, LINK_BYTES);
    json_begin(&w, &clear);
    json_open_object(&w, NULL);
    json_string(&w, "provider", visit->session.provider);
    json_string(&w, "interaction", visit->session.interaction_id);
    json_int(&w, "until", clock_now_s(visit->psu->clock) + life_s);
    bool made = id_uuid4(once);
    json_text(&w, "once", once);
    json_close_object(&w);
    buf_append_format(out, "%s/phone#", visit->psu->origin);
    made = made && !clear.failed &&
           seal_close(visit->psu->seal, PURPOSE, buf_slice(&clear), out) == 0 && !out->failed;
    buf_free(&clear);
    return made;
}

void step_hand_over(struct visit *visit, const cJSON *body)
{
    (void)body;
    struct json_writer w;
    struct buf link;
    struct buf path;
    int size = 0;
    int64_t left_s = visit_seconds_left(visit);
    int64_t life_s = left_s < LINK_LIFE_S ? left_s : LINK_LIFE_S;
    if (!hand_over_is_offered(visit)) {
        visit_refuse(visit, 404, "HAND-OVER-NONE", NULL);
        return;
    }
    buf_init(&link, LINK_BYTES);
    buf_init(&path, QR_BYTES);
    if (!append_link(visit, life_s, &link) || !qr_append_path(&path, buf_slice(&link), &size)) {
        visit_refuse(visit, 500, "INTERNAL", "no link could be made");
    } else {
        visit_begin_view(visit, &w, "hand-over");
        json_int(&w, "linkSeconds", life_s);
        json_int(&w, "qrSize", size);
        json_string(&w, "qrPath", buf_slice(&path));
        if (visit->psu->demo_app) {
            json_string(&w, "link", buf_slice(&link));
        }
        json_close_object(&w);
    }
    buf_free(&link);
    buf_free(&path);
}

void step_wait(struct visit *visit, const cJSON *body)
{
    (void)body;
    struct json_writer w;
    struct lfi_error error = {{0}};
    int status = visit_has_tasks(visit) ? note_find(visit, &error) : LFI_CORE_OK;
    if (status == LFI_CORE_OK) {
        visit_begin_view(visit, &w, "waiting");
        json_close_object(&w);
    } else if (status == LFI_CORE_UNKNOWN) {
        ending_repeat(visit, false);
    } else {
        visit_refuse(visit, 503, "CORE-UNAVAILABLE", error.message);
    }
}

/* --- on the phone ----------------------------------------------------------------------------- */

/* The journey that a link stands for, into the visit; *once is the link's own name. */
static bool open_link(struct visit *visit, struct lfi_slice link, struct lfi_slice *once)
{
    int64_t until = 0;
    struct lfi_error error;
    struct lfi_slice clear = seal_open(visit->psu->seal, visit->arena, PURPOSE, link);
    cJSON *tree = clear.ptr == NULL ? NULL : json_parse(clear);
    struct lfi_slice interaction = arena_keep(visit->arena, json_get_string(tree, "interaction"));
    *once = arena_keep(visit->arena, json_get_string(tree, "once"));
    bool opened = json_get_int(tree, "until", &until) && once->len > 0 && interaction.len > 0 &&
                  clock_now_s(visit->psu->clock) < until &&
                  visit_find_endpoint(visit, json_get_string(tree, "provider"));
    cJSON_Delete(tree);
    return opened && visit_has_tasks(visit) &&
           note_resume(visit, interaction, &error) == LFI_CORE_OK;
}

/* False, having answered, when the link was used before or that cannot be said. */
static bool use_once(struct visit *visit, struct lfi_slice once)
{
    const struct provider *provider = visit->endpoint->provider;
    enum lfi_claim claim;
    struct lfi_slice result;
    struct lfi_error error = {{0}};
    struct lfi_slice key = arena_format(visit->arena, "hand-over:%.*s", SLICE_ARG(once));
    if (ending_claim(visit, key, LINK_LIFE_S, &claim, &result) != 0) {
        return false;
    }
    if (claim != LFI_CLAIM_YOURS) {
        visit_refuse(visit, 409, "HAND-OVER-USED", NULL);
        return false;
    }
    if (provider->ops->claim_settle(provider->core, key, SLICE("used"), &error) != LFI_CORE_OK) {
        visit_refuse(visit, 503, "CORE-UNAVAILABLE", error.message);
        return false;
    }
    return true;
}

void step_take_over(struct visit *visit, const cJSON *body)
{
    struct lfi_slice once;
    struct visit first = *visit;
    struct lfi_slice link = json_get_string(body, "link");
    if (!open_link(visit, link, &once)) {
        visit_refuse(visit, 401, "HAND-OVER-LINK", NULL);
        return;
    }
    /* Opened in the browser that shows it: the journey just goes on there. */
    if (visit_open_session(&first, SESSION_JOURNEY) &&
        slice_equal(first.session.interaction_id, visit->session.interaction_id)) {
        *visit = first;
        api_show(visit);
        return;
    }
    visit->session.on_phone = true;
    visit->session.arrival = SLICE(NOT_FROM_THE_HUB);
    if (visit_seconds_left(visit) == 0) {
        visit_refuse(visit, 401, "HAND-OVER-LINK", "the journey is over");
    } else if (use_once(visit, once) && visit_keep_session(visit) == 0) {
        api_show(visit);
    }
}
