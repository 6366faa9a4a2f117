#include "about.h"

#include "base/json.h"
#include "http/refusal.h"

void about_answer(const struct sim *sim, const struct about *about, const struct request *request,
                  struct reply *reply)
{
    struct json_writer w;
    struct refusal refusal = {0};
    if (!slice_equal_text(request->path, "/") || !request_is_read(request)) {
        (void)refusal_set(&refusal, "SIM-PATH", 404, "Resource.NotFound",
                          "There is nothing here: GET / says what is.");
        reply_refusal(reply, &refusal);
        return;
    }
    json_begin(&w, &reply->body);
    json_open_object(&w, NULL);
    json_text(&w, "service", about->service);
    json_text(&w, "begin", about->begin);
    json_text(&w, "startPage", sim->config->url);
    json_close_object(&w);
    reply->status = 200;
    reply->content_type = "application/json";
}
