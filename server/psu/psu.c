#include "psu/psu.h"

#include "base/array.h"
#include "flow/api.h"
#include "psu/authorize.h"
#include "psu/bank_app.h"
#include "psu/journey.h"
#include "psu/own_consents.h"
#include "psu/passkeys.h"
#include "psu/slots.h"

#include <stdlib.h>
#include <string.h>

/* The simulated app is last: not every server has it. */
static const struct step_api *const step_apis[] = {&journey_api, &own_consents_api, &passkeys_api,
                                                   &bank_app_api};
#define STEP_APIS ARRAY_LEN(step_apis)

static size_t step_api_count(const struct psu *psu)
{
    return psu->demo_app ? STEP_APIS : STEP_APIS - 1;
}

static int open_apis(struct psu *psu, struct lfi_error *error)
{
    struct api apis[STEP_APIS] = {{0}};
    for (size_t i = 0; i < STEP_APIS; i++) {
        apis[i].flow = step_apis[i]->flow;
    }
    return apis_new(&psu->apis, apis, step_api_count(psu), error);
}

/* Capabilities that a journey requires; the simulated app needs two more. */
static int check_core(const struct provider *provider, bool demo_app, struct lfi_error *error)
{
    const char *missing = NULL;
    if (!PROVIDER_SERVES(provider, signin, sign_in)) {
        missing = "sign_in";
    } else if (!PROVIDER_SERVES(provider, signin, approval_start) ||
               !PROVIDER_SERVES(provider, signin, approval_state)) {
        missing = "approval_start and approval_state";
    } else if (demo_app && (!PROVIDER_SERVES(provider, signin, approvals_waiting) ||
                            !PROVIDER_SERVES(provider, signin, approval_decide))) {
        missing = "approvals_waiting and approval_decide, which the simulated app needs";
    }
    return !missing
               ? 0
               : error_set(error, "provider %s: its core does not offer %s", provider->id, missing);
}

static int copy_endpoints(struct psu *psu, const struct psu_config *config, struct lfi_error *error)
{
    psu->endpoints = calloc(config->endpoint_count + 1, sizeof(*psu->endpoints));
    psu->pages = calloc(config->endpoint_count + 1, sizeof(*psu->pages));
    if (!psu->endpoints || !psu->pages) {
        return error_set(error, "out of memory");
    }
    if (page_texts_new(&psu->texts, NULL, error) != 0) {
        return -1;
    }
    for (size_t i = 0; i < config->endpoint_count; i++) {
        const struct psu_endpoint *endpoint = &config->endpoints[i];
        if (endpoint->path && check_core(endpoint->provider, config->demo_app, error) != 0) {
            return -1;
        }
        psu->endpoints[i] = *endpoint;
        psu->endpoints[i].path = endpoint->path ? strdup(endpoint->path) : NULL;
        psu->endpoint_count++;
        if (endpoint->path && !psu->endpoints[i].path) {
            return error_set(error, "out of memory");
        }
        struct brand_config brand = {.json = endpoint->brand,
                                     .files = {[BRAND_LOGO] = endpoint->brand_logo,
                                               [BRAND_SCHEME_LOGO] = endpoint->scheme_logo,
                                               [BRAND_SCHEME_MARK] = endpoint->scheme_mark},
                                     .bank_name = psu->bank_name};
        if (pages_new(&psu->pages[i], endpoint->provider->id, &brand, psu->texts, error) != 0) {
            return -1;
        }
    }
    return 0;
}

/* "https://bank.example:8443/anything" → "https://bank.example:8443" */
static char *origin_of(const char *url)
{
    const char *host = strstr(url, "://");
    return !host ? NULL : strndup(url, (size_t)(host - url) + 3 + strcspn(host + 3, "/"));
}

/* "https://bank.example:8443" → "bank.example" */
static char *host_of(const char *origin)
{
    const char *host = !origin ? NULL : strstr(origin, "://") + 3;
    return !host ? NULL : strndup(host, strcspn(host, ":"));
}

int psu_new(struct psu **out, const struct psu_config *config, const struct clock *clock,
            const struct log *log, struct lfi_error *error)
{
    *out = NULL;
    struct psu *psu = calloc(1, sizeof(*psu));
    if (!psu) {
        return error_set(error, "out of memory");
    }
    psu->origin = origin_of(config->public_url);
    psu->host = host_of(psu->origin);
    psu->bank_name = strdup(config->bank_name);
    psu->secure = slice_starts_with(slice_of(config->public_url), "https://");
    psu->session_s = config->session_s;
    psu->proxies = config->proxies;
    psu->max_attempts = config->max_attempts;
    psu->step_up_data_sharing = config->step_up_data_sharing;
    psu->demo_app = config->demo_app;
    psu->state = config->state;
    psu->pii = config->pii;
    psu->verdicts = config->verdicts;
    psu->explain = config->explain;
    psu->overrides = config->overrides;
    psu->shares = config->shares;
    psu->metrics = config->metrics;
    psu->sign_ins = slots_new();
    psu->clock = clock;
    psu->log = log;
    if (!psu->host || !psu->bank_name || !psu->sign_ins) {
        error_set(error, "the public address is not a web address, or memory is short");
        goto fail;
    }
    if (open_apis(psu, error) != 0 || copy_endpoints(psu, config, error) != 0 ||
        seal_new(&psu->seal, config->session_key, config->previous_session_key, error) != 0) {
        goto fail;
    }
    *out = psu;
    return 0;
fail:
    psu_free(psu);
    return -1;
}

void psu_free(struct psu *psu)
{
    if (!psu) {
        return;
    }
    for (size_t i = 0; i < psu->endpoint_count; i++) {
        free((char *)psu->endpoints[i].path);
        pages_free(psu->pages[i]);
    }
    page_texts_free(psu->texts);
    apis_free(psu->apis);
    free(psu->endpoints);
    free(psu->pages);
    free(psu->origin);
    free(psu->host);
    free(psu->bank_name);
    seal_free(psu->seal);
    slots_free(psu->sign_ins);
    free(psu);
}

static const struct psu_endpoint *find_endpoint(const struct psu *psu, struct lfi_slice path)
{
    for (size_t i = 0; i < psu->endpoint_count; i++) {
        if (psu->endpoints[i].path && slice_equal_text(path, psu->endpoints[i].path)) {
            return &psu->endpoints[i];
        }
    }
    return NULL;
}

/* The page "not allowed", which says what would be. */
static void refuse_method(struct context *context)
{
    reply_header(context->reply, "Allow", SLICE("GET, HEAD"));
    context_error_page(context, 405, "JOURNEY-METHOD", (struct lfi_slice){0});
}

static const struct {
    const char *path;
    const char *name;
    enum session_kind kind;
} pages[] = {{"/", "start.html", SESSION_CUSTOMER},
             {"/journey", "journey.html", SESSION_JOURNEY},
             {"/phone", "journey.html", SESSION_JOURNEY},
             {"/consents", "consents.html", SESSION_CUSTOMER},
             {"/passkeys", "passkeys.html", SESSION_CUSTOMER},
             {"/bank-app", "bank-app.html", SESSION_JOURNEY}};
static const char assets[] = "/assets/", brands[] = "/brand/";

bool psu_owns_path(struct lfi_slice path)
{
    bool own = slice_starts_with(path, assets) || slice_starts_with(path, brands);
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        own = own || slice_equal_text(path, pages[i].path);
    }
    for (size_t i = 0; i < ARRAY_LEN(step_apis); i++) {
        own = own || slice_starts_with(path, step_apis[i]->prefix);
    }
    return own;
}

static bool serve_page(struct context *context)
{
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        if (slice_equal_text(context->request->path, pages[i].path)) {
            if (!request_is_read(context->request)) {
                refuse_method(context);
                return true;
            }
            struct web_page page = {.name = pages[i].name, .demo = context->psu->demo_app};
            (void)context_open_session(context, pages[i].kind); /* for the brand alone */
            pages_render(context_pages(context), context->request, &page, context->reply);
            return true;
        }
    }
    return false;
}

/* "/brand/dhowretail/style.css" */
static bool serve_brand(struct context *context)
{
    struct lfi_slice path = context->request->path;
    struct lfi_slice rest = {path.ptr + strlen(brands), path.len - strlen(brands)};
    struct lfi_slice provider;
    return slice_starts_with(path, brands) && slice_next(&rest, '/', &provider) &&
           context_find_provider(context, provider) &&
           pages_serve_brand(context_pages(context), context->request, rest, context->reply);
}

static bool serve_step(struct context *context)
{
    for (size_t i = 0; i < step_api_count(context->psu); i++) {
        if (slice_starts_with(context->request->path, step_apis[i]->prefix)) {
            api_handle(step_apis[i], context);
            return true;
        }
    }
    return false;
}

static bool serve_asset(struct context *context)
{
    struct lfi_slice path = context->request->path;
    struct lfi_slice rest = {path.ptr + strlen(assets), path.len - strlen(assets)};
    return slice_starts_with(path, assets) &&
           pages_serve_file(context->request, rest, context->reply);
}

/* Files may be kept by browsers, answers never. */
static bool serve_file(struct context *context)
{
    if (!serve_asset(context) && !serve_brand(context)) {
        return false;
    }
    if (context->reply->status == 405) {
        refuse_method(context);
    }
    return true;
}

static void route(struct context *context)
{
    struct lfi_slice path = context->request->path;
    const struct psu_endpoint *endpoint = find_endpoint(context->psu, path);
    bool is_app = slice_starts_with(path, "/bank-app");
    if (endpoint) {
        authorize_handle(context, endpoint);
    } else if (serve_file(context)) {
        return;
    } else if (!serve_step(context) &&
               ((is_app && !context->psu->demo_app) || !serve_page(context))) {
        context_error_page(context, 404, "PAGE-UNKNOWN", (struct lfi_slice){0});
    }
    reply_header(context->reply, "Cache-Control", SLICE("no-store"));
}

bool psu_is_step(struct lfi_slice name)
{
    return api_is_step(&journey_api, name);
}

void psu_handle(void *ctx, const struct request *request, struct reply *reply)
{
    const struct psu *psu = ctx;
    struct context context = {
        .psu = psu, .request = request, .reply = reply, .arena = request->arena};
    pages_add_headers(reply, psu->secure);
    route(&context);
    context_leave(&context);
    LOG_EVENT(psu->log, LOG_INFO, "journey-request", LOG_TEXT("method", request->method),
              LOG_TEXT("path", request->path), LOG_NUMBER("status", reply->status),
              LOG_TEXT("interaction", context.session.interaction_id),
              LOG_NUMBER("us", clock_monotonic_us() - request->started_us));
}
