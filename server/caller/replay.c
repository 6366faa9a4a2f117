#include "caller/replay.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

/*
 * An id may lie in any of the WINDOW slots from its own on. The table is twice as large as asked
 * for, so that a window is never full before the table holds what it was made for.
 */
#define WINDOW 64
#define HASH_BYTES 32

struct entry {
    unsigned char hash[HASH_BYTES]; /* SHA-256: ids cannot be chosen so that two share a place */
    int64_t until_s;                /* 0: free */
};

struct replay {
    pthread_mutex_t lock;
    size_t slots;
    struct entry entries[];
};

struct replay *replay_new(size_t entries)
{
    struct replay *replay = NULL;

    if (entries > SIZE_MAX / 4 / sizeof(struct entry)) {
        return NULL;
    }
    size_t slots = 2 * entries > WINDOW ? 2 * entries : WINDOW;
    replay = calloc(1, sizeof(*replay) + slots * sizeof(struct entry));
    if (replay) {
        replay->slots = slots;
        pthread_mutex_init(&replay->lock, NULL);
    }
    return replay;
}

void replay_free(struct replay *replay)
{
    if (replay) {
        pthread_mutex_destroy(&replay->lock);
        free(replay);
    }
}

bool replay_remember(struct replay *replay, struct lfi_slice id, int64_t until_s, int64_t now_s)
{
    unsigned char hash[HASH_BYTES];
    uint64_t number;

    if (EVP_Digest(id.ptr, id.len, hash, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }
    memcpy(&number, hash, sizeof(number));
    struct entry *room = NULL;
    bool is_new = true;

    pthread_mutex_lock(&replay->lock);
    for (size_t i = 0; i < WINDOW; i++) {
        struct entry *entry = &replay->entries[(number % replay->slots + i) % replay->slots];
        if (entry->until_s < now_s) {
            room = entry;
        } else if (memcmp(entry->hash, hash, HASH_BYTES) == 0) {
            is_new = false;
        }
    }
    if (is_new && room) {
        memcpy(room->hash, hash, HASH_BYTES);
        room->until_s = until_s;
    }
    pthread_mutex_unlock(&replay->lock);
    return is_new && room;
}
