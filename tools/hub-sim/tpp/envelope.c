/* Signed messages of the resource server: what a TPP sends as one, and what it gets as one. */
#include "base/limits.h"
#include "rows_hub_payee_confirmation.h"
#include "tpp/call.h"

#define LIFE_S 300

/* Confirmation of Payee has a text where all others have a list of one. */
static void write_audience(const struct tpp_call *call, struct json_writer *w)
{
    const char *audience = call->tpp ? call->tpp->client_id : "";
    if (call->base.base.found.api->flow == &flow_hub_payee_confirmation) {
        json_text(w, "aud", audience);
        return;
    }
    json_open_array(w, "aud");
    json_text(w, NULL, audience);
    json_close_array(w);
}

static void write_envelope(const struct tpp_call *call, struct lfi_slice message, struct buf *json)
{
    int64_t now_s = clock_now_s(call->base.sim->clock);
    struct json_writer w;
    json_begin(&w, json);
    json_open_object(&w, NULL);
    json_text(&w, "iss", call->base.hub->issuer);
    json_int(&w, "iat", now_s);
    json_int(&w, "nbf", now_s);
    json_int(&w, "exp", now_s + LIFE_S);
    write_audience(call, &w);
    json_raw(&w, "message", message);
    json_close_object(&w);
}

void tpp_sign_reply(struct tpp_call *call)
{
    struct reply *reply = call->base.base.reply;
    struct buf json, jwt;
    struct lfi_error error;
    buf_init(&json, LIMIT_REPLY_BYTES);
    buf_init(&jwt, 2 * LIMIT_REPLY_BYTES);
    write_envelope(call, buf_slice(&reply->body), &json);
    int rc = json.failed ? -1
                         : jose_sign_payload(call->base.hub->responses, "JWT", buf_slice(&json),
                                             &jwt, &error);
    buf_clear(&reply->body);
    if (rc == 0) {
        reply->content_type = "application/jwt";
        buf_append_slice(&reply->body, buf_slice(&jwt));
    } else {
        reply->status = 500;
        reply->content_type = NULL;
    }
    buf_free(&json);
    buf_free(&jwt);
}
