#include "store/internal.h"

#include <string.h>

void key_start(struct store_key *key)
{
    key->len = 0;
}

void key_add_byte(struct store_key *key, unsigned char value)
{
    key->bytes[key->len++] = value;
}

void key_add_u32(struct store_key *key, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        key_add_byte(key, (unsigned char)(value >> shift));
    }
}

void key_add_u64(struct store_key *key, uint64_t value)
{
    key_add_u32(key, (uint32_t)(value >> 32));
    key_add_u32(key, (uint32_t)value);
}

bool key_add_text(struct store_key *key, struct lfi_slice text)
{
    if (text.len == 0 || text.len > STORE_KEY_MAX || key->len + text.len > STORE_KEY_MAX ||
        memchr(text.ptr, 0, text.len)) {
        return false;
    }
    memcpy(key->bytes + key->len, text.ptr, text.len);
    key->len += text.len;
    return true;
}

bool key_user_prefix(struct store_key *key, struct lfi_slice user_id)
{
    key_start(key);
    if (user_id.len > STORE_ID_MAX || !key_add_text(key, user_id)) {
        return false;
    }
    key_add_byte(key, 0);
    return true;
}

bool key_pair(struct store_key *key, struct lfi_slice user_id, struct lfi_slice other)
{
    return key_user_prefix(key, user_id) && other.len <= STORE_ID_MAX && key_add_text(key, other);
}

MDB_val key_val(const struct store_key *key)
{
    return (MDB_val){key->len, (void *)(uintptr_t)key->bytes};
}

bool key_is_prefix(const struct store_key *prefix, const MDB_val *key)
{
    return key->mv_size >= prefix->len && memcmp(key->mv_data, prefix->bytes, prefix->len) == 0;
}

MDB_val val_of(struct lfi_slice text)
{
    return (MDB_val){text.len, (void *)(uintptr_t)text.ptr};
}
