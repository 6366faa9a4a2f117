#include "operator/admin.h"

#include "base/array.h"
#include "base/embed.h"
#include "console_files.h"
#include "http/loopback.h"
#include "lfi_version.h"
#include "reference_files.h"

static void answer(struct reply *reply, int status, const char *text)
{
    reply->status = status;
    reply->content_type = "text/plain; charset=utf-8";
    buf_append_text(&reply->body, text);
}

/* --- the resources ---------------------------------------------------------------------------- */

static void append_resources(struct buf *out);

/* What the listener has, as text. */
static void answer_about(struct admin *admin, const struct request *request, struct reply *reply)
{
    (void)request;
    struct buf *out = &reply->body;
    reply->status = 200;
    reply->content_type = "text/html; charset=utf-8";
    reply_header(reply, "Content-Security-Policy",
                 SLICE("default-src 'none'; style-src 'unsafe-inline'"));
    buf_append_text(
        out,
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        "<title>Admin listener</title>\n<style>:root{color-scheme:light dark}"
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;"
        "padding:0 1rem}table{border-collapse:collapse}td{padding:.25rem 1rem "
        ".25rem 0;vertical-align:top}</style>\n<h1>Admin listener of the LFI server</h1>\n<ul>\n");
    append_resources(out);
    buf_append_text(out, "</ul>\n");
    if (!admin->operator_api) {
        buf_append_text(out, "<p>The operator's calls are switched off: "
                             "adminListener.operatorToken is not set.\n");
        return;
    }
    buf_append_text(out, "<h2>The operator's calls</h2>\n<p>Each carries the header "
                         "<code>Authorization: Bearer TOKEN</code>, with the content of the file "
                         "that adminListener.operatorToken names.\n<table>\n");
    operator_append_calls(admin->operator_api, out);
    buf_append_text(out, "</table>\n");
}

static void answer_file(const struct embed_file *file, const struct request *request,
                        struct reply *reply)
{
    const struct static_file one = {file->type, file->etag, {(const char *)file->bytes, file->len}};
    reply_page_headers(reply);
    reply_file(reply, request, &one);
}

static void answer_page(const char *name, const struct request *request, struct reply *reply)
{
    answer_file(embed_find(&console_files, slice_of(name)), request, reply);
}

/* Where a browser that knows only the address begins. */
static void answer_root(struct admin *admin, const struct request *request, struct reply *reply)
{
    if (admin->operator_api) {
        answer_page("index.html", request, reply);
    } else {
        answer_about(admin, request, reply);
    }
}

/* A person gets a page, a program JSON. */
static void answer_not_found(const struct request *request, struct reply *reply)
{
    if (slice_starts_with(request_header(request, "accept", NULL), "text/html")) {
        answer_page("not-found.html", request, reply);
        reply->status = 404;
    } else {
        struct refusal refusal = {0};
        (void)refusal_set(&refusal, "ROUTE-PATH", 404, "GenericError",
                          "There is nothing here: / is the console, /about lists what is here.");
        reply_refusal(reply, &refusal);
    }
}

/* The console's files, and below reference/ the documents of the APIs. */
static const struct embed_file *find_file(struct lfi_slice path)
{
    static const char folder[] = "/console/", reference[] = "reference/";
    const struct embed_set *set = &console_files;
    if (!slice_starts_with(path, folder)) {
        return NULL;
    }
    struct lfi_slice name = {path.ptr + strlen(folder), path.len - strlen(folder)};
    if (slice_starts_with(name, reference)) {
        set = &reference_files;
        name = (struct lfi_slice){name.ptr + strlen(reference), name.len - strlen(reference)};
    }
    return embed_find(set, name);
}

static void answer_console(struct admin *admin, const struct request *request, struct reply *reply)
{
    const struct embed_file *file = admin->operator_api ? find_file(request->path) : NULL;
    if (file) {
        answer_file(file, request, reply);
    } else {
        answer_not_found(request, reply);
    }
}

static void answer_health(struct admin *admin, const struct request *request, struct reply *reply)
{
    (void)admin;
    (void)request;
    answer(reply, 200, "ok\n");
}

static void render_log(const struct log *log, struct buf *out)
{
    buf_append_format(out,
                      "# HELP lfi_log_dropped_total Log lines lost: the reader stalled or failed\n"
                      "# TYPE lfi_log_dropped_total counter\n"
                      "lfi_log_dropped_total %llu\n",
                      (unsigned long long)log_dropped(log));
}

static void answer_readiness(struct admin *admin, const struct request *request,
                             struct reply *reply)
{
    (void)request;
    struct readiness *readiness = atomic_load(&admin->readiness);

    if (!readiness) {
        answer(reply, 503, "{\"status\":\"starting\",\"parts\":[]}\n");
    } else {
        bool ready = readiness_append(readiness, !atomic_load(&admin->ready), &reply->body);
        reply->status = ready ? 200 : 503;
    }
    reply->content_type = "application/json";
}

static void answer_metrics(struct admin *admin, const struct request *request, struct reply *reply)
{
    (void)request;
    struct readiness *readiness = atomic_load(&admin->readiness);

    reply->status = 200;
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_render(admin->metrics, &reply->body);
    render_log(admin->log, &reply->body);
    buf_append_text(&reply->body, "# HELP lfi_build_info Version of the server\n"
                                  "# TYPE lfi_build_info gauge\n"
                                  "lfi_build_info{version=\"" LFI_VERSION "\"} 1\n");
    if (readiness) {
        readiness_append_metrics(readiness, &reply->body);
    }
}

static void run_operator(struct admin *admin, const struct request *request, struct reply *reply)
{
    struct refusal refusal = {0};
    if (admin->operator_api) {
        operator_handle(admin->operator_api, request, reply);
        return;
    }
    (void)refusal_set(&refusal, "LEVER-OFF", 404, "GenericError", "There are no levers here.");
    reply_refusal(reply, &refusal);
    LOG_EVENT(admin->log, LOG_WARN, "operator", LOG_TEXT("method", request->method),
              LOG_TEXT("path", request->path), LOG_NUMBER("status", reply->status),
              LOG_TEXT("refused", slice_of(refusal.id)));
}

/* Everything that the listener has. */
static const struct resource {
    const char *path;
    void (*answer)(struct admin *admin, const struct request *request, struct reply *reply);
    const char *does; /* for people; NULL: not listed */
    bool all_below;   /* with every path below it, whatever the method */
} resources[] = {
    {"/", answer_root, NULL, false},
    {"/about", answer_about, NULL, false},
    {"/console", answer_console, NULL, true},
    {"/healthz", answer_health, "the program runs", false},
    {"/readyz", answer_readiness, "it takes requests", false},
    {"/metrics", answer_metrics, "what it has answered", false},
    {"/explain", run_operator, NULL, true}, /* these two are openapi/operator.yaml */
    {"/operator", run_operator, NULL, true},
};
#define RESOURCES ARRAY_LEN(resources)

static void append_resources(struct buf *out)
{
    for (size_t i = 0; i < RESOURCES; i++) {
        if (resources[i].does) {
            buf_append_format(out, "<li><a href=%s>%s</a>: %s\n", resources[i].path,
                              resources[i].path, resources[i].does);
        }
    }
}

static bool is_at(const struct resource *resource, struct lfi_slice path)
{
    size_t len = strlen(resource->path);
    return slice_equal_text(path, resource->path) ||
           (resource->all_below && slice_starts_with(path, resource->path) && path.ptr[len] == '/');
}

static const struct resource *find_resource(struct lfi_slice path)
{
    for (size_t i = 0; i < RESOURCES; i++) {
        if (is_at(&resources[i], path)) {
            return &resources[i];
        }
    }
    return NULL;
}

/* --- requests --------------------------------------------------------------------------------- */

void admin_handle(void *ctx, const struct request *request, struct reply *reply)
{
    struct admin *admin = ctx;
    const struct resource *resource = find_resource(request->path);
    if (!loopback_is_called(request)) {
        answer(reply, 421, "ADMIN-HOST: call it localhost, 127.0.0.1 or [::1]\n");
    } else if (!resource) {
        answer_not_found(request, reply);
    } else if (!resource->all_below && !request_is_read(request)) {
        answer(reply, 405, "method not allowed\n");
        reply_header(reply, "Allow", SLICE("GET, HEAD"));
    } else {
        resource->answer(admin, request, reply);
    }
}
