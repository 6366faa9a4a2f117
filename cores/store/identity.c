/*
 * Who has an Emirates ID, and codes for CAAP. All channels end in the simulated bank app, among the
 * messages.
 */
#include "store/internal.h"

#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMIRATES_ID_DIGITS 15
#define SEEN_PHONE                                                                                 \
    2 /* last digits of a phone number, first letters of an address: left as they are */

static void mask_phone(const char *phone, char *out, size_t room)
{
    size_t len = strlen(phone);
    (void)snprintf(out, room, "%s", phone);
    for (size_t i = 0; i < len && i + 1 < room; i++) {
        bool country = i < 4;
        out[i] = country || i + SEEN_PHONE >= len ? phone[i] : '*';
    }
}

static void mask_email(const char *email, char *out, size_t room)
{
    const char *at = strchr(email, '@');
    if (at) {
        (void)snprintf(out, room, "%.*s***%s", at - email > 1 ? 1 : 0, email, at);
    }
}

static int read_person(struct store *store, MDB_txn *txn, struct lfi_slice user_id,
                       struct lfi_person *out, struct lfi_error *error)
{
    MDB_val flags, record;
    int rc = read_value(store, txn, DB_USERS, user_id, &flags, error);
    if (rc == LFI_OK) {
        rc = read_value(store, txn, DB_CUSTOMERS, user_id, &record, error);
    }
    if (rc != LFI_OK) {
        return rc;
    }
    cJSON *customer = cJSON_ParseWithLength(record.mv_data, record.mv_size);
    const char *phone = record_find_text(customer, "mobileNumber");
    const char *email = record_find_text(customer, "email");
    *out = (struct lfi_person){.size = sizeof(*out), .channels = LFI_CHANNEL_APP};
    memcpy(out->user_id.text, user_id.ptr, user_id.len);
    out->blocked =
        flags.mv_size > 0 && (((const unsigned char *)flags.mv_data)[0] & STORE_USER_BLOCKED);
    if (phone) {
        out->channels |= LFI_CHANNEL_SMS;
        mask_phone(phone, out->masked_phone, sizeof(out->masked_phone));
    }
    if (email) {
        out->channels |= LFI_CHANNEL_EMAIL;
        mask_email(email, out->masked_email, sizeof(out->masked_email));
    }
    cJSON_Delete(customer);
    return LFI_OK;
}

/* The users of an Emirates ID. */
struct holders {
    struct lfi_slice user_id; /* of the last */
    size_t count, prefix_len;
};

static int take_holder(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct holders *holders = ctx;
    (void)value;
    holders->count++;
    holders->user_id = (struct lfi_slice){(const char *)key->mv_data + holders->prefix_len,
                                          key->mv_size - holders->prefix_len};
    return LFI_OK;
}

static int find_in(struct store *store, MDB_txn *txn, struct lfi_slice emirates_id,
                   struct lfi_person *out, struct lfi_error *error)
{
    struct store_key prefix;
    if (!key_user_prefix(&prefix, emirates_id)) {
        return LFI_UNKNOWN;
    }
    struct holders holders = {.prefix_len = prefix.len};
    int rc = read_walk(store, txn, DB_IDENTITIES, &prefix, take_holder, &holders, error);
    if (rc != LFI_OK) {
        return rc;
    }
    if (holders.count != 1) {
        return holders.count == 0 ? LFI_UNKNOWN : LFI_DENIED;
    }
    return read_person(store, txn, holders.user_id, out, error);
}

static int find_by_digits(struct store *store, struct lfi_slice emirates_id, struct lfi_person *out,
                          struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    int rc = read_begin(store, &txn, error);
    if (rc == LFI_OK) {
        rc = find_in(store, txn, emirates_id, out, error);
        mdb_txn_abort(txn);
    }
    return rc;
}

static int find(void *core, const struct lfi_call *call, struct lfi_slice emirates_id,
                struct lfi_person *out, struct lfi_error *error)
{
    (void)call;
    return find_by_digits(core, emirates_id, out, error);
}

int identity_find(struct store *store, const char *emirates_id, struct lfi_person *out,
                  struct lfi_error *error)
{
    char digits[EMIRATES_ID_DIGITS];
    size_t len = 0;
    for (; *emirates_id; emirates_id++) {
        if (*emirates_id == '-') {
            continue;
        }
        if (*emirates_id < '0' || *emirates_id > '9' || len == sizeof(digits)) {
            return LFI_UNKNOWN;
        }
        digits[len++] = *emirates_id;
    }
    return len == sizeof(digits)
               ? find_by_digits(store, (struct lfi_slice){digits, len}, out, error)
               : LFI_UNKNOWN;
}

static int about(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                 struct lfi_person *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    (void)call;
    int rc = read_begin(core, &txn, error);
    if (rc == LFI_OK) {
        rc = read_person(core, txn, user_id, out, error);
        mdb_txn_abort(txn);
    }
    return rc;
}

static int deliver(void *core, const struct lfi_call *call, const struct lfi_code_message *message,
                   struct lfi_error *error)
{
    char text[256];
    int len = snprintf(text, sizeof(text),
                       "{\"en\":\"Your code for AlTareq is %.*s. It is valid for %u minutes. Never "
                       "tell it to anyone.\",\"ar\":\"رمزك لتطبيق الطارق هو %.*s. وهو صالح لمدة "
                       "%u دقائق. لا تخبر به أحداً.\"}",
                       (int)message->code.len, message->code.ptr, message->valid_s / 60,
                       (int)message->code.len, message->code.ptr, message->valid_s / 60);
    if (len < 0 || (size_t)len >= sizeof(text)) {
        return store_say(error, "message: the code is too long");
    }
    int rc =
        message_send(core, call, message->user_id, (struct lfi_slice){text, (size_t)len}, error);
    OPENSSL_cleanse(text, sizeof(text));
    return rc;
}

const struct lfi_identity store_identity = {
    .size = sizeof(store_identity), .find = find, .about = about, .deliver = deliver};
