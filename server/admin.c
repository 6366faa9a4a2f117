#include "admin.h"

static void answer(struct reply *reply, int status, const char *text)
{
    reply->status = status;
    reply->content_type = "text/plain; charset=utf-8";
    buf_append_text(&reply->body, text);
}

void admin_handle(void *ctx, const struct request *request, struct reply *reply)
{
    const struct admin *admin = ctx;
    if (operator_owns(request->path)) {
        operator_handle(&admin->levers, request, reply);
        return;
    }
    bool health = slice_equal_text(request->path, "/healthz");
    bool readiness = slice_equal_text(request->path, "/readyz");
    bool metrics = slice_equal_text(request->path, "/metrics");

    if (!health && !readiness && !metrics) {
        answer(reply, 404, "not found\n");
    } else if (!slice_equal_text(request->method, "GET") &&
               !slice_equal_text(request->method, "HEAD")) {
        answer(reply, 405, "method not allowed\n");
        reply_header(reply, "Allow", SLICE("GET, HEAD"));
    } else if (metrics) {
        reply->status = 200;
        reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
        metrics_render(admin->metrics, &reply->body);
    } else if (readiness && !atomic_load(&admin->ready)) {
        answer(reply, 503, "not ready\n");
    } else {
        answer(reply, 200, "ok\n");
    }
}
