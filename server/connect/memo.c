#include "connect/call.h"

#include <stdatomic.h>
#include <stdlib.h>

#define SLOTS 4096

/* check = key ^ value ^ expires: a slot half-written by another thread does not match its key. */
struct slot {
    _Atomic uint64_t check;
    _Atomic uint64_t value;
    _Atomic uint64_t expires_us;
};

struct memo {
    struct slot slots[SLOTS];
};

struct memo *memo_new(void)
{
    return calloc(1, sizeof(struct memo));
}

void memo_free(struct memo *memo)
{
    free(memo);
}

void memo_put(struct memo *memo, uint64_t key, uint64_t value, int64_t expires_us)
{
    struct slot *slot = &memo->slots[key % SLOTS];
    uint64_t expires = (uint64_t)expires_us;
    atomic_store_explicit(&slot->value, value, memory_order_relaxed);
    atomic_store_explicit(&slot->expires_us, expires, memory_order_relaxed);
    atomic_store_explicit(&slot->check, key ^ value ^ expires, memory_order_relaxed);
}

uint64_t memo_get(const struct memo *memo, uint64_t key, int64_t now_us)
{
    const struct slot *slot = &memo->slots[key % SLOTS];
    uint64_t value = atomic_load_explicit(&slot->value, memory_order_relaxed);
    uint64_t expires = atomic_load_explicit(&slot->expires_us, memory_order_relaxed);
    uint64_t check = atomic_load_explicit(&slot->check, memory_order_relaxed);
    return check == (key ^ value ^ expires) && (int64_t)expires > now_us ? value : 0;
}

uint64_t memo_key_number(uint64_t key, uint64_t number)
{
    /* the finaliser of MurmurHash3: every bit of the number reaches every bit of the key */
    key ^= number + UINT64_C(0x9e3779b97f4a7c15) + (key << 6) + (key >> 2);
    key ^= key >> 33;
    key *= UINT64_C(0xff51afd7ed558ccd);
    key ^= key >> 33;
    key *= UINT64_C(0xc4ceb9fe1a85ec53);
    return key ^ (key >> 33);
}

uint64_t memo_key(uint64_t key, struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        key = (key ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return memo_key_number(key, text.len);
}
