#include "psu/visit.h"

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

const struct psu_endpoint *visit_endpoint_of(const struct psu *psu, struct lfi_slice provider)
{
    for (size_t i = 0; i < psu->endpoint_count; i++) {
        if (slice_equal_text(provider, psu->endpoints[i].provider->id)) {
            return &psu->endpoints[i];
        }
    }
    return NULL;
}

bool visit_find_endpoint(struct visit *visit, struct lfi_slice provider)
{
    const struct psu_endpoint *endpoint = visit_endpoint_of(visit->psu, provider);
    if (endpoint) {
        visit->endpoint = endpoint;
    }
    return endpoint;
}

const struct pages *visit_pages(const struct visit *visit)
{
    const struct psu *psu = visit->psu;
    return psu->pages[!visit->endpoint ? 0 : visit->endpoint - psu->endpoints];
}

bool visit_open_session(struct visit *visit, enum session_kind kind)
{
    const struct psu *psu = visit->psu;
    struct lfi_slice value = request_cookie(visit->request, cookie_name(psu, kind));
    return value.ptr && session_open(psu->seal, visit->arena, kind, value, &visit->session) &&
           visit_find_endpoint(visit, visit->session.provider);
}

bool visit_enter(struct visit *visit, const char *what)
{
    const struct psu *psu = visit->psu;
    visit->share = share_take(psu->shares, visit->endpoint->provider_index);
    if (visit->share == SHARE_NONE) {
        metrics_listener_count(psu->metrics, METRICS_PUBLIC, METRICS_REFUSED_SHARE);
        reply_header(visit->reply, "Retry-After", SLICE("1"));
        return false;
    }
    visit->entered = visit->endpoint;
    crash_note(visit->endpoint->provider->id, what);
    return true;
}

bool visit_enter_or_refuse(struct visit *visit, const char *what)
{
    if (!visit_enter(visit, what)) {
        visit_refuse(visit, 503, "PROVIDER-BUSY", what);
        return false;
    }
    return true;
}

void visit_leave(struct visit *visit)
{
    if (visit->entered) {
        crash_note(NULL, NULL);
        share_give_back(visit->psu->shares, visit->entered->provider_index, visit->share);
        visit->entered = NULL;
    }
}

struct actor visit_actor(struct visit *visit)
{
    return (struct actor){.psu = visit->psu,
                          .endpoint = visit->endpoint,
                          .arena = visit->arena,
                          .session = &visit->session,
                          .cancellation = visit->request->cancellation};
}

int visit_keep_session(struct visit *visit)
{
    struct buf cookie;
    buf_init(&cookie, COOKIE_BYTES);
    buf_append_format(&cookie, "%s=", cookie_name(visit->psu, visit->session.kind));
    int result = session_seal(visit->psu->seal, &visit->session, &cookie);
    buf_append_text(&cookie, "; Path=/; HttpOnly; SameSite=Lax");
    if (visit->psu->secure) {
        buf_append_text(&cookie, "; Secure");
    }
    if (result == 0 && !cookie.failed) {
        reply_header(visit->reply, "Set-Cookie", buf_slice(&cookie));
    } else {
        result = -1;
        visit_refuse(visit, 500, "INTERNAL", "the session does not fit a cookie");
    }
    buf_free(&cookie);
    return result;
}

bool visit_move(struct visit *visit, enum session_event event)
{
    if (!session_move(&visit->session, event)) {
        visit_refuse(visit, 409, "JOURNEY-ORDER", "no such transition");
        return false;
    }
    return true;
}

/* How long before the end of the session the page says so. */
static int warn_seconds(const struct psu *psu)
{
    return psu->session_s < 2 * WARN_S ? psu->session_s / 2 : WARN_S;
}

static bool is_extendable(const struct visit *visit)
{
    return (visit->extendable_in & (1U << visit->session.stage)) != 0 &&
           visit->session.extensions < SESSION_EXTENSIONS_MAX;
}

void visit_begin_view(struct visit *visit, struct json_writer *writer, const char *view)
{
    visit->reply->status = 200;
    visit->reply->content_type = "application/json";
    buf_clear(&visit->reply->body);
    json_begin(writer, &visit->reply->body);
    json_open_object(writer, NULL);
    json_text(writer, "view", view);
    json_text(writer, "bank", visit->psu->bank_name);
    if (visit->endpoint) {
        json_text(writer, "segment", visit->endpoint->provider->segment);
    }
    if (visit->session.interaction_id.ptr) {
        json_string(writer, "journey", visit->session.interaction_id);
        json_int(writer, "secondsLeft", actor_seconds_left(visit_actor(visit)));
        json_int(writer, "warnSeconds", warn_seconds(visit->psu));
        json_bool(writer, "extendable", is_extendable(visit));
    }
}

static void log_refusal(struct visit *visit, const char *id, const char *detail,
                        struct lfi_slice reference)
{
    LOG_EVENT(visit->psu->log, LOG_WARN, "journey-refused", LOG_TEXT("id", slice_of(id)),
              LOG_TEXT("detail", slice_of(detail)), LOG_TEXT("reference", reference),
              LOG_TEXT("path", visit->request->path));
}

void visit_refuse(struct visit *visit, int status, const char *id, const char *detail)
{
    visit_refuse_with(visit, &(struct step_refusal){.id = id, .status = status, .detail = detail});
}

void visit_refuse_with(struct visit *visit, const struct step_refusal *refusal)
{
    struct json_writer w;
    bool cancelled = cancellation_is_set(visit->request->cancellation);
    if (strcmp(refusal->id, "CORE-UNAVAILABLE") == 0 && !cancelled) {
        metrics_count(visit->psu->metrics, METRICS_CORE_UNAVAILABLE);
    } else if (strcmp(refusal->id, "STATE-UNAVAILABLE") == 0) {
        metrics_count(visit->psu->metrics, METRICS_STATE_UNAVAILABLE);
    }
    log_refusal(visit, refusal->id, refusal->detail, visit->session.interaction_id);
    visit_begin_view(visit, &w, "error");
    json_text(&w, "error", refusal->id);
    if (refusal->wait_s > 0) {
        json_int(&w, "waitSeconds", refusal->wait_s);
        reply_header(visit->reply, "Retry-After",
                     arena_format(visit->arena, "%u", refusal->wait_s));
    }
    json_close_object(&w);
    visit->reply->status = refusal->status;
}

bool visit_refuse_failed(struct visit *visit, enum step_subject subject, int status,
                         const struct lfi_error *error)
{
    const struct step_refusal refusal = step_refusal_of(subject, status, error);
    if (refusal.id) {
        visit_refuse_with(visit, &refusal);
    }
    return refusal.id;
}

void visit_refuse_state(struct visit *visit, const struct lfi_error *error)
{
    (void)visit_refuse_failed(visit, STEP_STATE, LFI_FAILED, error);
}

void visit_error_page(struct visit *visit, int status, const char *id, struct lfi_slice reference)
{
    log_refusal(visit, id, NULL, reference);
    struct web_page page = {.name = "error.html", .error_id = id, .reference = reference};
    pages_render(visit_pages(visit), visit->request, &page, visit->reply);
    visit->reply->status = status;
}
