#include "caller/replay.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

/* An id has one bucket; only within it entries compete for room. */
#define WAYS 8
#define HASH_BYTES 32

struct entry {
    unsigned char hash[HASH_BYTES]; /* SHA-256: nobody can make two ids share a place on purpose */
    int64_t until_s;                /* 0: free */
};

struct replay {
    pthread_mutex_t lock;
    size_t buckets;
    struct entry entries[]; /* buckets * WAYS */
};

struct replay *replay_new(size_t entries)
{
    size_t buckets = entries / WAYS + (entries % WAYS != 0);
    struct replay *replay = NULL;

    if (buckets < SIZE_MAX / 2 / (WAYS * sizeof(struct entry))) {
        replay = calloc(1, sizeof(*replay) + buckets * WAYS * sizeof(struct entry));
    }
    if (replay != NULL) {
        replay->buckets = buckets;
        pthread_mutex_init(&replay->lock, NULL);
    }
    return replay;
}

void replay_free(struct replay *replay)
{
    if (replay != NULL) {
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
    struct entry *bucket = &replay->entries[number % replay->buckets * WAYS];
    struct entry *oldest = bucket;
    bool is_new = true;

    pthread_mutex_lock(&replay->lock);
    for (size_t i = 0; i < WAYS; i++) {
        if (bucket[i].until_s >= now_s && memcmp(bucket[i].hash, hash, HASH_BYTES) == 0) {
            is_new = false;
        }
        if (bucket[i].until_s < oldest->until_s) {
            oldest = &bucket[i];
        }
    }
    if (is_new) {
        memcpy(oldest->hash, hash, HASH_BYTES);
        oldest->until_s = until_s;
    }
    pthread_mutex_unlock(&replay->lock);
    return is_new;
}
