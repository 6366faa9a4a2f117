#include "psu/context.h"

#include "base/crash.h"
#include "base/limits.h"

#define WARN_S 60
#define COOKIE_BYTES 4000 /* browsers keep 4096 with the attributes */

static const char *cookie_name(const struct psu *psu, enum session_kind kind)
{
    static const char *const names[SESSION_KINDS][2] = {
        [SESSION_JOURNEY] = {"journey", "__Host-journey"},
        [SESSION_CUSTOMER] = {"customer", "__Host-customer"},
    };
    return names[kind][psu->secure];
}

const struct psu_endpoint *context_endpoint_of(const struct psu *psu, struct lfi_slice provider)
{
    for (size_t i = 0; i < psu->endpoint_count; i++) {
        if (psu->endpoints[i].path && slice_equal_text(provider, psu->endpoints[i].provider->id)) {
            return &psu->endpoints[i];
        }
    }
    return NULL;
}

bool context_find_endpoint(struct context *context, struct lfi_slice provider)
{
    const struct psu_endpoint *endpoint = context_endpoint_of(context->psu, provider);
    if (endpoint) {
        context->endpoint = endpoint;
    }
    return endpoint;
}

bool context_find_provider(struct context *context, struct lfi_slice provider)
{
    const struct psu *psu = context->psu;
    for (size_t i = 0; i < psu->endpoint_count; i++) {
        if (slice_equal_text(provider, psu->endpoints[i].provider->id)) {
            context->endpoint = &psu->endpoints[i];
            return true;
        }
    }
    return false;
}

const struct pages *context_pages(const struct context *context)
{
    const struct psu *psu = context->psu;
    return psu->pages[!context->endpoint ? 0 : context->endpoint - psu->endpoints];
}

bool context_open_session(struct context *context, enum session_kind kind)
{
    const struct psu *psu = context->psu;
    struct lfi_slice value = request_cookie(context->request, cookie_name(psu, kind));
    return value.ptr && session_open(psu->seal, context->arena, kind, value, &context->session) &&
           context_find_endpoint(context, context->session.provider);
}

bool context_enter(struct context *context, const char *what)
{
    const struct psu *psu = context->psu;
    context->share = share_take(psu->shares, context->endpoint->provider_index);
    if (context->share == SHARE_NONE) {
        metrics_listener_count(psu->metrics, METRICS_PUBLIC, METRICS_REFUSED_SHARE);
        reply_header(context->reply, "Retry-After", SLICE("1"));
        return false;
    }
    context->entered = context->endpoint;
    crash_note(context->endpoint->provider->id, what);
    return true;
}

bool context_enter_or_refuse(struct context *context, const char *what)
{
    if (!context_enter(context, what)) {
        context_refuse(context, 503, "PROVIDER-BUSY", what);
        return false;
    }
    return true;
}

void context_leave(struct context *context)
{
    if (context->entered) {
        crash_note(NULL, NULL);
        share_give_back(context->psu->shares, context->entered->provider_index, context->share);
        context->entered = NULL;
    }
}

struct actor context_actor(struct context *context)
{
    return (struct actor){.psu = context->psu,
                          .endpoint = context->endpoint,
                          .arena = context->arena,
                          .session = &context->session,
                          .cancellation = context->request->cancellation};
}

int context_keep_session(struct context *context)
{
    struct buf cookie;
    buf_init(&cookie, COOKIE_BYTES);
    buf_append_format(&cookie, "%s=", cookie_name(context->psu, context->session.kind));
    int result = session_seal(context->psu->seal, &context->session, &cookie);
    buf_append_text(&cookie, "; Path=/; HttpOnly; SameSite=Lax");
    if (context->psu->secure) {
        buf_append_text(&cookie, "; Secure");
    }
    if (result == 0 && !cookie.failed) {
        reply_header(context->reply, "Set-Cookie", buf_slice(&cookie));
    } else {
        result = -1;
        context_refuse(context, 500, "INTERNAL", "the session does not fit a cookie");
    }
    buf_free(&cookie);
    return result;
}

bool context_move(struct context *context, enum session_event event)
{
    if (!session_move(&context->session, event)) {
        context_refuse(context, 409, "JOURNEY-ORDER", "no such transition");
        return false;
    }
    return true;
}

/* How long before the end of the session the page says so. */
static int warn_seconds(const struct psu *psu)
{
    return psu->session_s < 2 * WARN_S ? psu->session_s / 2 : WARN_S;
}

static bool is_extendable(const struct context *context)
{
    return (context->extendable_in & (1U << context->session.stage)) != 0 &&
           context->session.extensions < SESSION_EXTENSIONS_MAX;
}

void context_begin_view(struct context *context, struct json_writer *writer, const char *view)
{
    context->reply->status = 200;
    context->reply->content_type = "application/json";
    buf_clear(&context->reply->body);
    json_begin(writer, &context->reply->body);
    json_open_object(writer, NULL);
    json_text(writer, "view", view);
    json_text(writer, "bank", context->psu->bank_name);
    if (context->endpoint) {
        json_text(writer, "segment", context->endpoint->provider->segment);
    }
    if (context->session.interaction_id.ptr) {
        json_string(writer, "journey", context->session.interaction_id);
        json_int(writer, "secondsLeft", actor_seconds_left(context_actor(context)));
        json_int(writer, "warnSeconds", warn_seconds(context->psu));
        json_bool(writer, "extendable", is_extendable(context));
    }
}

static void log_refusal(struct context *context, const char *id, const char *detail,
                        struct lfi_slice reference)
{
    LOG_EVENT(context->psu->log, LOG_WARN, "journey-refused", LOG_TEXT("id", slice_of(id)),
              LOG_TEXT("detail", slice_of(detail)), LOG_TEXT("reference", reference),
              LOG_TEXT("path", context->request->path));
}

void context_refuse(struct context *context, int status, const char *id, const char *detail)
{
    context_refuse_with(context,
                        &(struct step_refusal){.id = id, .status = status, .detail = detail});
}

void context_refuse_with(struct context *context, const struct step_refusal *refusal)
{
    struct json_writer w;
    bool cancelled = cancellation_is_set(context->request->cancellation);
    if (strcmp(refusal->id, "CORE-UNAVAILABLE") == 0 && !cancelled) {
        metrics_count(context->psu->metrics, METRICS_CORE_UNAVAILABLE);
    } else if (strcmp(refusal->id, "STATE-UNAVAILABLE") == 0) {
        metrics_count(context->psu->metrics, METRICS_STATE_UNAVAILABLE);
    }
    log_refusal(context, refusal->id, refusal->detail, context->session.interaction_id);
    context_begin_view(context, &w, "error");
    json_text(&w, "error", refusal->id);
    if (refusal->wait_s > 0) {
        json_int(&w, "waitSeconds", refusal->wait_s);
        reply_header(context->reply, "Retry-After",
                     arena_format(context->arena, "%u", refusal->wait_s));
    }
    json_close_object(&w);
    context->reply->status = refusal->status;
}

bool context_refuse_failed(struct context *context, enum step_subject subject, int status,
                           const struct lfi_error *error)
{
    const struct step_refusal refusal = step_refusal_of(subject, status, error);
    if (refusal.id) {
        context_refuse_with(context, &refusal);
    }
    return refusal.id;
}

void context_refuse_state(struct context *context, const struct lfi_error *error)
{
    (void)context_refuse_failed(context, STEP_STATE, LFI_FAILED, error);
}

void context_error_page(struct context *context, int status, const char *id,
                        struct lfi_slice reference)
{
    log_refusal(context, id, NULL, reference);
    struct web_page page = {.name = "error.html", .error_id = id, .reference = reference};
    pages_render(context_pages(context), context->request, &page, context->reply);
    context->reply->status = status;
}
