#include "psu/authorize.h"

#include "base/base64.h"
#include "base/id.h"
#include "psu/approval.h"
#include "psu/decision.h"
#include "psu/note.h"

#include <openssl/sha.h>

static void redirect(struct visit *visit, struct lfi_slice location)
{
    visit->reply->status = 303;
    visit->reply->content_type = NULL;
    reply_header(visit->reply, "Location", location);
}

/* A digest of path and query: whether the customer comes back with the same request. */
static struct lfi_slice digest_of(const struct request *request, struct arena *arena)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct buf text;
    struct lfi_slice kept = {0};
    struct lfi_slice address =
        arena_format(arena, "%.*s?%.*s", SLICE_ARG(request->path), SLICE_ARG(request->query));
    buf_init(&text, 64);
    if (address.ptr) {
        SHA256((const unsigned char *)address.ptr, address.len, digest);
        base64_append_url(&text, digest, sizeof(digest));
        kept = arena_keep(arena, buf_slice(&text));
    }
    buf_free(&text);
    return kept;
}

/* No journey came of it: a page with something to quote, and never a redirect to a TPP. */
static void show_error(struct visit *visit, int status, const char *id, struct lfi_slice reference)
{
    char fresh[ID_UUID_MAX] = "";
    if (reference.len == 0 && id_uuid4(fresh)) {
        reference = slice_of(fresh);
    }
    visit_error_page(visit, status, id, reference);
}

/* The state takes no more journeys, or failed. */
static void turn_away(struct visit *visit, int status, const struct lfi_error *error)
{
    struct decision decision;
    actor_note_state(visit_actor(visit), status, "task_put", error);
    decision_turn_away(visit_actor(visit), ending_of_core(SESSION_SIGN_IN, status), &decision);
    if (decision.location.len > 0) {
        redirect(visit, decision.location);
    } else {
        show_error(visit, 503, "HUB-UNAVAILABLE", visit->session.interaction_id);
    }
}

static void start(struct visit *visit, const struct psu_endpoint *endpoint,
                  const struct hub_authorization *authorization, struct lfi_slice arrival)
{
    struct lfi_error error = {{0}};
    visit->session = (struct session){
        .kind = SESSION_JOURNEY,
        .stage = SESSION_SIGN_IN,
        .provider = slice_of(endpoint->provider->id),
        .interaction_id = authorization->interaction_id,
        .consent_id = authorization->consent_id,
        .arrival = arrival,
        .started_s = clock_now_s(visit->psu->clock),
    };
    LOG_EVENT(visit->psu->log, LOG_INFO, "journey-started",
              LOG_TEXT("provider", visit->session.provider),
              LOG_TEXT("interaction", visit->session.interaction_id),
              LOG_TEXT("consent", visit->session.consent_id));
    int status = note_keep(visit_actor(visit), &error);
    if (status != LFI_OK) {
        turn_away(visit, status, &error);
    } else if (visit_keep_session(visit) == 0) {
        redirect(visit, SLICE("/journey"));
    }
}

void authorize_handle(struct visit *visit, const struct psu_endpoint *endpoint)
{
    struct hub_authorization authorization;
    struct lfi_error error;
    struct lfi_slice arrival = digest_of(visit->request, visit->arena);
    if (!slice_equal_text(visit->request->method, "GET")) {
        reply_header(visit->reply, "Allow", SLICE("GET"));
        show_error(visit, 405, "JOURNEY-METHOD", (struct lfi_slice){0});
        return;
    }
    if (visit_open_session(visit, SESSION_JOURNEY) &&
        slice_equal(visit->session.arrival, arrival)) {
        redirect(visit, SLICE("/journey"));
        return;
    }
    struct visit left = *visit; /* the journey that this browser was in, if any */
    visit->session = (struct session){0};
    visit->endpoint = endpoint;
    if (!visit_enter(visit, "authorize")) {
        reply_header(visit->reply, "Refresh", SLICE("2")); /* the Hub was not asked yet */
        show_error(visit, 503, "PROVIDER-BUSY", (struct lfi_slice){0});
        return;
    }
    enum hub_outcome outcome =
        hub_get_auth(endpoint->hub, visit->arena, visit->request->query, &authorization, &error);
    if (outcome == HUB_OK && authorization.redirect) {
        redirect(visit, authorization.location);
    } else if (outcome == HUB_OK && authorization.interaction_id.len <= VISIT_ID_MAX &&
               authorization.consent_id.len <= VISIT_ID_MAX) {
        if (left.endpoint == endpoint) {
            approval_withdraw(visit_actor(&left));
        }
        start(visit, endpoint, &authorization, arrival);
    } else if (outcome == HUB_REFUSED && authorization.error.len > 0) {
        show_error(visit, 400, "AUTH-REFUSED", authorization.interaction_id);
    } else {
        show_error(visit, 503, "AUTH-UNAVAILABLE", authorization.interaction_id);
    }
}
