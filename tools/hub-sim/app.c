#include "app.h"

#include "base/array.h"
#include "consent.h"
#include "tpp_app/app.h"
#include "tpp_app_files.h"

#include <stdio.h>

void app_serve_file(const struct request *request, struct reply *reply)
{
    struct lfi_slice path = request->path;
    path = path.len > 1 ? (struct lfi_slice){path.ptr + 1, path.len - 1} : SLICE("index.html");
    const struct embed_file *file = embed_find(&tpp_app_files, path);
    reply_page_headers(reply);
    if (!file || slice_equal_text(path, "callback.html")) {
        file = embed_find(&tpp_app_files, SLICE("not-found.html"));
        reply_header(reply, "Cache-Control", SLICE("no-store"));
        reply->status = 404;
        reply->content_type = file->type;
        buf_append(&reply->body, file->bytes, file->len);
        return;
    }
    const struct static_file one = {file->type, file->etag, {(const char *)file->bytes, file->len}};
    reply_file(reply, request, &one);
}

/* --- the customer comes back ------------------------------------------------------------------ */

static const char *const callback_names[] = {"code", "error", "error_description", "state", "iss"};
#define CALLBACK_NAMES ARRAY_LEN(callback_names)

static cJSON *describe_callback(const struct request *request, const struct consent *consent)
{
    cJSON *callback = cJSON_CreateObject();
    for (size_t i = 0; i < CALLBACK_NAMES; i++) {
        struct lfi_slice value =
            request_parameter(request->arena, request->query, callback_names[i], NULL);
        if (value.ptr) {
            cJSON_AddStringToObject(callback, callback_names[i], arena_text(request->arena, value));
        }
    }
    cJSON_AddStringToObject(callback, "query", arena_text(request->arena, request->query));
    const struct tpp *tpp = consent ? consent->tpp : &tpps[0];
    if (consent) {
        cJSON_AddStringToObject(callback, "consentId", consent->id);
        cJSON_AddStringToObject(callback, "kind", consent_pays(consent) ? "payment" : "data");
    }
    cJSON_AddStringToObject(callback, "tppName", tpp->name);
    cJSON_AddStringToObject(callback, "slug", tpp->slug);
    return callback;
}

/* Keeps the first arrival only: a page that is loaded again is not the bank's doing. */
static void keep_callback(struct sim *sim, const struct request *request, struct consent *consent,
                          const cJSON *callback)
{
    if (consent->callback) {
        return;
    }
    if (!slice_equal_text(request->query, consent->callback_query)) {
        store_note_finding(sim->store, consent, "CALLBACK-CHANGED",
                           "the customer did not come with the bytes of the Location");
    }
    store_note_step(sim->store, consent,
                    &(struct exchange){.interface = "callback",
                                       .method = request->method,
                                       .path = request->path,
                                       .query = request->query,
                                       .status = 200});
    consent->callback = cJSON_Duplicate(callback, true);
}

static void append_escaped(struct buf *out, struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'') {
            buf_append_format(out, "&#%d;", c);
        } else {
            buf_append(out, &c, 1);
        }
    }
}

/* {{name}} in the page stands for the callback's member, escaped. */
static void render(struct buf *out, const char *page, const cJSON *callback)
{
    const char *open, *close;
    while ((open = strstr(page, "{{")) && (close = strstr(open, "}}"))) {
        char name[32];
        (void)snprintf(name, sizeof name, "%.*s", (int)(close - open) - 2, open + 2);
        buf_append(out, page, (size_t)(open - page));
        append_escaped(out, json_get_string(callback, name));
        page = close + 2;
    }
    buf_append_text(out, page);
}

void app_receive_customer(struct sim *sim, const struct request *request, struct reply *reply)
{
    struct lfi_slice state = request_parameter(request->arena, request->query, "state", NULL);
    store_lock(sim->store);
    struct flow flow;
    bool own = tpp_app_find(sim->app, request, state, &flow);
    struct consent *consent = state.ptr ? store_find_state(sim->store, state) : NULL;
    if (own) {
        consent = store_find(sim->store, flow.hub, slice_of(flow.consent_id));
    }
    cJSON *callback = describe_callback(request, consent);
    cJSON_AddStringToObject(callback, "asked", own ? "app" : "script");
    if (consent) {
        keep_callback(sim, request, consent, callback);
    }
    store_unlock(sim->store);

    const struct embed_file *page = embed_find(&tpp_app_files, SLICE("callback.html"));
    reply_page_headers(reply);
    reply_header(reply, "Cache-Control", SLICE("no-store"));
    reply->status = 200;
    reply->content_type = page->type;
    render(&reply->body, (const char *)page->bytes, callback);
    cJSON_Delete(callback);
}
