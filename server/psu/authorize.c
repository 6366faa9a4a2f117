#include "psu/authorize.h"

#include "base/base64.h"
#include "base/id.h"
#include "psu/approval.h"
#include "psu/decision.h"
#include "psu/journey_record.h"

#include <openssl/sha.h>

static void redirect(struct context *context, struct lfi_slice location)
{
    context->reply->status = 303;
    context->reply->content_type = NULL;
    reply_header(context->reply, "Location", location);
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

/* Without a journey: a page with a reference, and never a redirect to a TPP. */
static void show_error(struct context *context, int status, const char *id,
                       struct lfi_slice reference)
{
    char fresh[ID_UUID_MAX] = "";
    if (reference.len == 0 && id_uuid4(fresh)) {
        reference = slice_of(fresh);
    }
    context_error_page(context, status, id, reference);
}

/* The state takes no more journeys, or failed. */
static void refuse_to_start(struct context *context, int status, const struct lfi_error *error)
{
    struct decision decision;
    actor_log_state(context_actor(context), status, "task_put", error);
    decision_refuse_unclaimed(context_actor(context), ending_of_core(SESSION_SIGN_IN, status),
                              &decision);
    if (decision.location.len > 0) {
        redirect(context, decision.location);
    } else {
        show_error(context, 503, "HUB-UNAVAILABLE", context->session.interaction_id);
    }
}

static void start(struct context *context, const struct psu_endpoint *endpoint,
                  const struct hub_authorization *authorization, struct lfi_slice arrival)
{
    struct lfi_error error = {{0}};
    context->session = (struct session){
        .kind = SESSION_JOURNEY,
        .stage = SESSION_SIGN_IN,
        .provider = slice_of(endpoint->provider->id),
        .interaction_id = authorization->interaction_id,
        .consent_id = authorization->consent_id,
        .arrival = arrival,
        .started_s = clock_now_s(context->psu->clock),
    };
    LOG_EVENT(context->psu->log, LOG_INFO, "journey-started",
              LOG_TEXT("provider", context->session.provider),
              LOG_TEXT("interaction", context->session.interaction_id),
              LOG_TEXT("consent", context->session.consent_id));
    int status = journey_record_keep(context_actor(context), &error);
    if (status != LFI_OK) {
        refuse_to_start(context, status, &error);
    } else if (context_keep_session(context) == 0) {
        redirect(context, SLICE("/journey"));
    }
}

void authorize_handle(struct context *context, const struct psu_endpoint *endpoint)
{
    struct hub_authorization authorization;
    struct lfi_error error;
    struct lfi_slice arrival = digest_of(context->request, context->arena);
    if (!slice_equal_text(context->request->method, "GET")) {
        reply_header(context->reply, "Allow", SLICE("GET"));
        show_error(context, 405, "JOURNEY-METHOD", (struct lfi_slice){0});
        return;
    }
    if (context_open_session(context, SESSION_JOURNEY) &&
        slice_equal(context->session.arrival, arrival)) {
        redirect(context, SLICE("/journey"));
        return;
    }
    struct context left = *context; /* the journey that this browser was in, if any */
    context->session = (struct session){0};
    context->endpoint = endpoint;
    if (!context_enter(context, "authorize")) {
        reply_header(context->reply, "Refresh", SLICE("2")); /* the Hub was not asked yet */
        show_error(context, 503, "PROVIDER-BUSY", (struct lfi_slice){0});
        return;
    }
    enum hub_outcome outcome = hub_get_auth(endpoint->hub, context->arena, context->request->query,
                                            &authorization, &error);
    if (outcome == HUB_OK && authorization.redirect) {
        redirect(context, authorization.location);
    } else if (outcome == HUB_OK && authorization.interaction_id.len <= CONTEXT_ID_MAX &&
               authorization.consent_id.len <= CONTEXT_ID_MAX) {
        if (left.endpoint == endpoint) {
            approval_withdraw(context_actor(&left));
        }
        start(context, endpoint, &authorization, arrival);
    } else if (outcome == HUB_REFUSED && authorization.error.len > 0) {
        show_error(context, 400, "AUTH-REFUSED", authorization.interaction_id);
    } else {
        show_error(context, 503, "AUTH-UNAVAILABLE", authorization.interaction_id);
    }
}
