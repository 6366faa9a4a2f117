/*
 * "Send as Hub": a call of the demonstration's Hub, for the console. The Hub's keys are the
 * simulator's and stay there: it makes the call, at the address that the file of the demonstration
 * names, which is of this machine. Development alone (config/read.c).
 */
#include "base/array.h"
#include "base/file.h"
#include "base/limits.h"
#include "http/client.h"
#include "operator/call.h"
#include "rows_operator.h"

#define TIMEOUT_MS 10000 /* the bank's own limits are below */

static int fail(struct call *call, int status, const char *message, const char *detail)
{
    (void)operator_refuse(call, "LEVER-SIMULATOR", status, message);
    refusal_detail(call->refusal, "%s", detail);
    return -1;
}

/* Of this machine: whoever can write the file still makes no calls elsewhere. */
static bool is_here(struct lfi_slice url)
{
    static const char *const starts[] = {"http://localhost:", "http://127.0.0.1:"};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        size_t len = strlen(starts[i]);
        if (slice_starts_with(url, starts[i]) && url.len > len &&
            strspn(url.ptr + len, "0123456789") == url.len - len) {
            return true;
        }
    }
    return false;
}

/* The address of the simulator's call; in the arena. */
static int find_simulator(struct call *call, struct lfi_slice *url)
{
    struct buf text;
    struct lfi_error error = {""};
    const char *file = operator_call_of(call)->config->demonstration_file;
    if (!file) {
        return fail(call, 404, "This is no demonstration: adminListener.demonstration is not set.",
                    "");
    }
    buf_init(&text, LIMIT_REPLY_BYTES);
    if (file_read(file, &text, &error) != 0) {
        buf_free(&text);
        return fail(call, 500, "A file of the demonstration is not readable.", error.message);
    }
    cJSON *demonstration = json_parse(buf_slice(&text));
    struct lfi_slice base = json_get_string(demonstration, "simulator");
    *url = is_here(base) ? arena_format(call->arena, "%.*s/sim/send", SLICE_ARG(base))
                         : (struct lfi_slice){NULL, 0};
    cJSON_Delete(demonstration);
    buf_free(&text);
    return url->ptr
               ? 0
               : fail(call, 500, "The demonstration names no simulator of this machine.", file);
}

static int ask_simulator(struct call *call, const char *url, struct http_answer *answer)
{
    struct http_client *client = NULL;
    struct lfi_error error = {""};
    const struct http_client_config config = {.timeout_ms = TIMEOUT_MS,
                                              .reply_bytes = LIMIT_REPLY_BYTES};
    int rc = http_client_new(&client, &config, &error);
    if (rc == 0) {
        rc = http_client_call(client,
                              &(struct http_call){.method = "POST",
                                                  .url = url,
                                                  .content_type = "application/json",
                                                  .body = call->request->body},
                              answer, &error);
    }
    http_client_free(client);
    return rc == 0 ? 0 : fail(call, 502, "The Hub simulator gives no answer.", error.message);
}

int operator_send_as_hub(struct call *call)
{
    struct lfi_slice url;
    struct http_answer answer;
    if (find_simulator(call, &url) != 0) {
        return -1;
    }
    http_answer_init(&answer, LIMIT_REPLY_BYTES);
    int rc = ask_simulator(call, url.ptr, &answer);
    if (rc == 0 && answer.status != 200) {
        cJSON *told = json_parse(buf_slice(&answer.body));
        struct lfi_slice why =
            arena_format(call->arena, "%.*s", SLICE_ARG(json_get_string(told, "errorMessage")));
        cJSON_Delete(told);
        rc = fail(call, 502, why.len > 0 ? why.ptr : "The Hub simulator refuses the call.", "");
    } else if (rc == 0) {
        buf_append_slice(&call->reply->body, buf_slice(&answer.body));
        call->reply->status = 200;
    }
    http_answer_free(&answer);
    return rc;
}
