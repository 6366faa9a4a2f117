#include "connect/memo.h"

#include <pthread.h>
#include <stdlib.h>

#define SLOTS 4096
#define LOCKS 16 /* each guards every sixteenth slot */

struct slot {
    uint64_t value;
    int64_t expires_us;
    size_t key_len;
    char key[MEMO_KEY_BYTES];
};

struct memo {
    pthread_mutex_t locks[LOCKS];
    struct slot slots[SLOTS]; /* pages that were never written take no memory */
};

struct memo *memo_new(void)
{
    struct memo *memo = calloc(1, sizeof(*memo));
    for (size_t i = 0; memo && i < LOCKS; i++) {
        (void)pthread_mutex_init(&memo->locks[i], NULL);
    }
    return memo;
}

void memo_free(struct memo *memo)
{
    for (size_t i = 0; memo && i < LOCKS; i++) {
        (void)pthread_mutex_destroy(&memo->locks[i]);
    }
    free(memo);
}

/* FNV-1a: which slot, nothing more. */
static size_t slot_of(struct lfi_slice key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ (unsigned char)key.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return hash % SLOTS;
}

void memo_put(struct memo *memo, struct lfi_slice key, uint64_t value, int64_t expires_us)
{
    if (!key.ptr || key.len > MEMO_KEY_BYTES) {
        return;
    }
    size_t at = slot_of(key);
    struct slot *slot = &memo->slots[at];
    (void)pthread_mutex_lock(&memo->locks[at % LOCKS]);
    slot->value = value;
    slot->expires_us = expires_us;
    slot->key_len = key.len;
    memcpy(slot->key, key.ptr, key.len);
    (void)pthread_mutex_unlock(&memo->locks[at % LOCKS]);
}

uint64_t memo_get(struct memo *memo, struct lfi_slice key, int64_t now_us)
{
    if (!key.ptr || key.len > MEMO_KEY_BYTES) {
        return 0;
    }
    size_t at = slot_of(key);
    const struct slot *slot = &memo->slots[at];
    (void)pthread_mutex_lock(&memo->locks[at % LOCKS]);
    bool known =
        slot->expires_us > now_us && slice_equal((struct lfi_slice){slot->key, slot->key_len}, key);
    uint64_t value = known ? slot->value : 0;
    (void)pthread_mutex_unlock(&memo->locks[at % LOCKS]);
    return value;
}
