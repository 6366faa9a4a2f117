/*
 * Stands in for http/client.c in the program that includes it: answers what the test prepared,
 * counts the calls, and can be slow.
 */
#ifndef TESTS_FAKE_CLIENT_H
#define TESTS_FAKE_CLIENT_H

#include "http/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct http_client {
    const char *ca_file;
};

static struct {
    atomic_int calls;
    atomic_int delay_us;
    atomic_int status; /* 0: no answer at all */
    _Atomic(const char *) body;
    pthread_mutex_t lock; /* guards the writing of `url` */
    char url[2048];       /* of the last call; to be read when no other thread calls */
} fake_client = {.lock = PTHREAD_MUTEX_INITIALIZER};

int http_client_new(struct http_client **out, const struct http_client_config *config,
                    struct lfi_error *error)
{
    *out = malloc(sizeof(**out));
    if (!*out) {
        return error_set(error, "out of memory");
    }
    (*out)->ca_file = config->ca_file;
    return 0;
}

void http_client_free(struct http_client *client)
{
    free(client);
}

bool http_client_is_same(const struct http_client *one, const struct http_client *other)
{
    return one->ca_file == other->ca_file;
}

int http_client_call(struct http_client *client, const struct http_call *call,
                     struct http_answer *out, struct lfi_error *error)
{
    (void)client;
    pthread_mutex_lock(&fake_client.lock);
    strncpy(fake_client.url, call->url, sizeof(fake_client.url) - 1);
    pthread_mutex_unlock(&fake_client.lock);
    const int status = fake_client.status;
    const char *body = fake_client.body;
    fake_client.calls++;
    usleep((useconds_t)fake_client.delay_us);
    if (status == 0) {
        return error_set(error, "connection refused");
    }
    out->status = status;
    buf_append_text(&out->body, body);
    return 0;
}

void http_answer_init(struct http_answer *answer, size_t max_body)
{
    memset(answer, 0, sizeof(*answer));
    buf_init(&answer->body, max_body);
}

void http_answer_free(struct http_answer *answer)
{
    buf_free(&answer->body);
}

#endif
