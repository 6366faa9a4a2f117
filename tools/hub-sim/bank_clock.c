#include "bank_clock.h"

#include "base/file.h"
#include "base/json.h"
#include "http/client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define ASK_MS 500 /* a bank that hangs must not hang the simulator */
#define TOKEN_BYTES 256
#define REPLY_BYTES 4096
#define URL_BYTES 512

struct bank_clock {
    struct clock *clock;
    const struct log *log;
    struct http_client *client;
    char url[URL_BYTES], authorization[TOKEN_BYTES + 32];
    pthread_mutex_t lock; /* one asks at a time */
    int64_t asked_us;     /* when the last one began */
};

static int read_token(struct bank_clock *bank_clock, const char *path, struct lfi_error *error)
{
    struct buf text;
    buf_init(&text, TOKEN_BYTES);
    int rc = file_read(path, &text, error);
    if (rc == 0) {
        struct lfi_slice rest = buf_slice(&text), line = {NULL, 0};
        (void)slice_next(&rest, '\n', &line);
        (void)snprintf(bank_clock->authorization, sizeof(bank_clock->authorization),
                       "Authorization: Bearer %.*s", SLICE_ARG(line));
    }
    buf_free(&text);
    return rc;
}

int bank_clock_new(struct bank_clock **out, const struct bank_clock_config *config,
                   struct clock *clock, const struct log *log, struct lfi_error *error)
{
    struct bank_clock *bank_clock = calloc(1, sizeof(*bank_clock));
    struct http_client_config client = {.timeout_ms = ASK_MS, .reply_bytes = REPLY_BYTES};
    if (!bank_clock) {
        return error_set(error, "out of memory");
    }
    bank_clock->clock = clock;
    bank_clock->log = log;
    pthread_mutex_init(&bank_clock->lock, NULL);
    (void)snprintf(bank_clock->url, sizeof(bank_clock->url), "%s", config->url);
    if (read_token(bank_clock, config->token_file, error) ||
        http_client_new(&bank_clock->client, &client, error)) {
        bank_clock_free(bank_clock);
        return -1;
    }
    *out = bank_clock;
    return 0;
}

void bank_clock_free(struct bank_clock *bank_clock)
{
    if (!bank_clock) {
        return;
    }
    http_client_free(bank_clock->client);
    pthread_mutex_destroy(&bank_clock->lock);
    free(bank_clock);
}

static void ask(struct bank_clock *bank_clock)
{
    struct http_answer answer;
    struct lfi_error error;
    const char *const headers[] = {bank_clock->authorization, NULL};
    int64_t offset_s = 0;
    http_answer_init(&answer, REPLY_BYTES);
    int rc = http_client_call(
        bank_clock->client,
        &(struct http_call){.method = "GET", .url = bank_clock->url, .headers = headers}, &answer,
        &error);
    cJSON *body = rc == 0 && answer.status == 200 ? json_parse(buf_slice(&answer.body)) : NULL;
    if (json_get_int(body, "offsetSeconds", &offset_s) && llabs(offset_s) < INT64_MAX / 1000000) {
        int64_t old_us = atomic_exchange(&bank_clock->clock->offset_us, offset_s * 1000000);
        if (old_us != offset_s * 1000000) {
            LOG_EVENT(bank_clock->log, LOG_INFO, "clock-moved",
                      LOG_NUMBER("offsetSeconds", offset_s));
        }
    }
    cJSON_Delete(body);
    http_answer_free(&answer);
}

void bank_clock_follow(struct bank_clock *bank_clock)
{
    int64_t arrived_us = clock_monotonic_us();
    if (!bank_clock) {
        return;
    }
    pthread_mutex_lock(&bank_clock->lock);
    /* An answer to a question that was asked after this call began will do. */
    if (bank_clock->asked_us < arrived_us) {
        bank_clock->asked_us = clock_monotonic_us();
        ask(bank_clock);
    }
    pthread_mutex_unlock(&bank_clock->lock);
}
