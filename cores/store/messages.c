/*
 * What was sent to customers' phones, for the simulated bank app. In memory only, because a text
 * may hold a one-time code: a ring that forgets the oldest.
 */
#include "store/internal.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 64
#define KEPT_US (INT64_C(30) * 60 * 1000000)

struct message {
    char user_id[STORE_ID_MAX + 1];
    char json[LFI_MESSAGE_BYTES_MAX + 1];
    int64_t sent_us;
};

struct store_messages {
    pthread_mutex_t lock;
    struct message items[MESSAGES];
    size_t next;
};

struct store_messages *messages_new(void)
{
    struct store_messages *messages = calloc(1, sizeof(*messages));
    if (messages) {
        (void)pthread_mutex_init(&messages->lock, NULL);
    }
    return messages;
}

void messages_free(struct store_messages *messages)
{
    if (messages) {
        (void)pthread_mutex_destroy(&messages->lock);
        OPENSSL_cleanse(messages, sizeof(*messages));
        free(messages);
    }
}

int message_send(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                 struct lfi_slice text, struct lfi_error *error)
{
    struct store *store = core;
    (void)call;
    if (user_id.len == 0 || user_id.len > STORE_ID_MAX || text.len > LFI_MESSAGE_BYTES_MAX) {
        return store_say(error, "message: refused");
    }
    struct store_messages *messages = store->messages;
    (void)pthread_mutex_lock(&messages->lock);
    struct message *message = &messages->items[messages->next++ % MESSAGES];
    memcpy(message->user_id, user_id.ptr, user_id.len);
    message->user_id[user_id.len] = '\0';
    memcpy(message->json, text.ptr, text.len);
    message->json[text.len] = '\0';
    message->sent_us = store->now_us(store->clock);
    (void)pthread_mutex_unlock(&messages->lock);
    return LFI_OK;
}

/* {"sentAt":<seconds>,"text":<the JSON that was sent>} */
static int give_message(struct lfi_answer *answer, const struct message *message)
{
    char json[LFI_MESSAGE_BYTES_MAX + 64];
    int len = snprintf(json, sizeof(json), "{\"sentAt\":%lld,\"text\":%s}",
                       (long long)(message->sent_us / 1000000), message->json);
    int rc = lfi_give(answer, (struct lfi_slice){json, (size_t)len});
    OPENSSL_cleanse(json, sizeof(json));
    return rc;
}

int messages_list(void *core, const struct lfi_call *call, const struct lfi_query *query,
                  struct lfi_answer *answer, struct lfi_error *error)
{
    struct store *store = core;
    struct store_messages *messages = store->messages;
    int64_t oldest = store->now_us(store->clock) - KEPT_US;
    struct lfi_slice user_id = query->subject_id;
    int rc = read_check_query(query, sizeof(*query), error);
    (void)call;
    (void)pthread_mutex_lock(&messages->lock);
    for (size_t i = 1; i <= MESSAGES && rc == LFI_OK; i++) {
        const struct message *message = &messages->items[(messages->next - i) % MESSAGES];
        if (message->sent_us > oldest && strlen(message->user_id) == user_id.len &&
            memcmp(message->user_id, user_id.ptr, user_id.len) == 0) {
            rc = give_message(answer, message);
        }
    }
    (void)pthread_mutex_unlock(&messages->lock);
    return rc;
}
