/* A payment as it is kept, and as it is told. */
#include "store/payments.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define UUID_TEXT 37

/* --- keys and values -------------------------------------------------------------------------- */

struct store_key payment_key_of(uint64_t number)
{
    struct store_key key;
    key_start(&key);
    key_add_u64(&key, number);
    return key;
}

uint64_t payment_number_of(const MDB_val *key)
{
    uint64_t number = 0;
    const unsigned char *bytes = key->mv_data;
    for (size_t i = 0; key->mv_size == sizeof(number) && i < sizeof(number); i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

int payment_unpack(struct payment *out, uint64_t sequence, const MDB_val *value)
{
    size_t at = sizeof(out->head);
    if (value->mv_size < at) {
        return MDB_CORRUPTED;
    }
    out->sequence = sequence;
    memcpy(&out->head, value->mv_data, sizeof(out->head));
    for (size_t i = 0; i < PAYMENT_TEXTS; i++) {
        size_t len = out->head.len[i];
        if (value->mv_size - at < len) {
            return MDB_CORRUPTED;
        }
        out->text[i] = (struct lfi_slice){len > 0 ? (const char *)value->mv_data + at : NULL, len};
        at += len;
    }
    return 0;
}

static int get_value(struct payments *payments, MDB_txn *txn, uint64_t sequence, MDB_val *value)
{
    struct store_key key = payment_key_of(sequence);
    MDB_val where = key_val(&key);
    return mdb_get(txn, payments->db[PAYMENTS_PAYMENTS], &where, value);
}

int payment_get(struct payments *payments, MDB_txn *txn, uint64_t sequence, struct payment *out)
{
    MDB_val value;
    int rc = get_value(payments, txn, sequence, &value);
    return rc == 0 ? payment_unpack(out, sequence, &value) : rc;
}

int payment_get_copy(struct payments *payments, MDB_txn *txn, uint64_t sequence, char *room,
                     struct payment *out)
{
    MDB_val value;
    int rc = get_value(payments, txn, sequence, &value);
    if (rc != 0 || value.mv_size > PAYMENT_BYTES_MAX) {
        return rc != 0 ? rc : MDB_CORRUPTED;
    }
    memcpy(room, value.mv_data, value.mv_size);
    value.mv_data = room;
    return payment_unpack(out, sequence, &value);
}

int payment_put(struct payments *payments, MDB_txn *txn, const struct payment *payment)
{
    struct payment_value head = payment->head;
    struct store_key key = payment_key_of(payment->sequence);
    MDB_val where = key_val(&key);
    MDB_val value = {sizeof(head), NULL};
    for (size_t i = 0; i < PAYMENT_TEXTS; i++) {
        head.len[i] = (uint16_t)payment->text[i].len;
        value.mv_size += payment->text[i].len;
    }
    if (value.mv_size > PAYMENT_BYTES_MAX) {
        return MDB_BAD_VALSIZE;
    }
    char joined[PAYMENT_BYTES_MAX]; /* the texts may lie where the new value goes */
    memcpy(joined, &head, sizeof(head));
    size_t at = sizeof(head);
    for (size_t i = 0; i < PAYMENT_TEXTS; i++) {
        if (payment->text[i].len > 0) {
            memcpy(joined + at, payment->text[i].ptr, payment->text[i].len);
            at += payment->text[i].len;
        }
    }
    value.mv_data = joined;
    return mdb_put(txn, payments->db[PAYMENTS_PAYMENTS], &where, &value, 0);
}

bool payment_digest(const struct lfi_slice *parts, size_t count, unsigned char out[PAYMENT_DIGEST])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; ok && i < count; i++) {
        uint32_t len = (uint32_t)parts[i].len;
        ok = EVP_DigestUpdate(md, &len, sizeof(len)) == 1 &&
             EVP_DigestUpdate(md, parts[i].ptr, parts[i].len) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(md, out, NULL) == 1;
    EVP_MD_CTX_free(md);
    return ok;
}

bool payment_claim_key(struct lfi_slice consent_id, struct lfi_slice key,
                       unsigned char out[PAYMENT_DIGEST])
{
    const struct lfi_slice parts[] = {consent_id, key};
    return payment_digest(parts, 2, out);
}

bool payment_flight_key(const struct payment *payment, struct store_key *out)
{
    unsigned char digest[PAYMENT_DIGEST];
    const struct lfi_slice parts[] = {
        payment->text[PAYMENT_CONSENT],
        payment->text[PAYMENT_IBAN],
        {(const char *)&payment->head.amount, sizeof(payment->head.amount)},
        {payment->head.currency, sizeof(payment->head.currency)},
    };
    if (!payment_digest(parts, sizeof(parts) / sizeof(parts[0]), digest)) {
        return false;
    }
    key_start(out);
    for (size_t i = 0; i < PAYMENT_DIGEST; i++) {
        key_add_byte(out, digest[i]);
    }
    if (payment->sequence > 0) {
        key_add_u64(out, payment->sequence);
    }
    return true;
}

/* --- facts ------------------------------------------------------------------------------------ */

static void copy_text(char *out, size_t size, struct lfi_slice text)
{
    size_t len = text.len < size ? text.len : size - 1;
    if (len > 0) {
        memcpy(out, text.ptr, len);
    }
    out[len] = '\0';
}

static void uuid_format(const unsigned char id[PAYMENT_ID_BYTES], char out[UUID_TEXT])
{
    size_t at = 0;
    for (size_t i = 0; i < PAYMENT_ID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[at++] = '-';
        }
        (void)snprintf(out + at, 3, "%02x", id[i]);
        at += 2;
    }
}

void payment_fill_facts(const struct payment *payment, struct lfi_payment_facts *out)
{
    const struct payment_value *head = &payment->head;
    *out = (struct lfi_payment_facts){
        .size = sizeof(*out),
        .status = (enum lfi_payment_status)head->status,
        .rail = (enum lfi_rail)head->rail,
        .amount.minor = head->amount,
        .created_us = head->created_us,
        .updated_us = head->updated_us,
        .file = head->file > 0,
        .successes = head->successes,
    };
    memcpy(out->amount.currency, head->currency, sizeof(out->amount.currency));
    memcpy(out->digest, head->digest, sizeof(out->digest));
    uuid_format(head->id, out->payment_id);
    copy_text(out->consent_id, sizeof(out->consent_id), payment->text[PAYMENT_CONSENT]);
    copy_text(out->account_id, sizeof(out->account_id), payment->text[PAYMENT_ACCOUNT]);
    copy_text(out->transaction_id, sizeof(out->transaction_id), payment->text[PAYMENT_TRANSACTION]);
    if (head->status == LFI_PAYMENT_REJECTED) {
        out->reason.by = (enum lfi_rail)head->reason_by;
        copy_text(out->reason.code, sizeof(out->reason.code), payment->text[PAYMENT_CODE]);
        copy_text(out->reason.message, sizeof(out->reason.message), payment->text[PAYMENT_MESSAGE]);
    }
}

/* --- the record ------------------------------------------------------------------------------- */

static bool add_text(cJSON *object, const char *name, struct lfi_slice text)
{
    char copy[PAYMENT_TEXT_MAX + 1];
    if (text.len == 0) {
        return true;
    }
    copy_text(copy, sizeof(copy), text);
    return cJSON_AddStringToObject(object, name, copy);
}

static bool add_time(cJSON *object, const char *name, int64_t utc_us)
{
    char text[TIME_TEXT];
    time_format(utc_us, text);
    return cJSON_AddStringToObject(object, name, text);
}

static bool add_amount(cJSON *record, const struct payment_value *head)
{
    char text[MONEY_TEXT];
    cJSON *instruction = cJSON_AddObjectToObject(record, "instruction");
    cJSON *amount = cJSON_AddObjectToObject(instruction, "Amount");
    decimal_format((struct decimal){head->amount, 2}, text);
    return cJSON_AddStringToObject(amount, "amount", text) &&
           cJSON_AddStringToObject(amount, "currency", head->currency);
}

/* The contract demands a type, of which none is meant for files. */
static bool add_successes(cJSON *record, const struct payment *payment)
{
    cJSON *billing = cJSON_AddObjectToObject(record, "openFinanceBilling");
    return cJSON_AddStringToObject(billing, "Type", "LargeValueCollection") &&
           cJSON_AddNumberToObject(billing, "NumberOfSuccessfulTransactions",
                                   payment->head.successes);
}

static bool add_billing(cJSON *record, const struct payment *payment)
{
    if (payment->head.file > 0) {
        return payment->head.status == LFI_PAYMENT_PENDING || add_successes(record, payment);
    }
    if (payment->text[PAYMENT_BILLING].len == 0) {
        return true;
    }
    cJSON *billing = cJSON_AddObjectToObject(record, "openFinanceBilling");
    return billing && add_text(billing, "Type", payment->text[PAYMENT_BILLING]) &&
           add_text(billing, "MerchantId", payment->text[PAYMENT_MERCHANT]);
}

static const char *prefix_of(uint8_t rail)
{
    return rail == LFI_RAIL_AANI ? "AANI" : rail == LFI_RAIL_UAEFTS ? "FTS" : "LFI";
}

static bool add_reason(cJSON *record, const struct payment *payment)
{
    char code[64];
    struct lfi_slice text = payment->text[PAYMENT_CODE];
    if (payment->head.status != LFI_PAYMENT_REJECTED) {
        return true;
    }
    (void)snprintf(code, sizeof(code), "%s.%.*s", prefix_of(payment->head.reason_by), (int)text.len,
                   text.ptr ? text.ptr : "");
    cJSON *reasons = cJSON_AddArrayToObject(record, "rejectReasonCode");
    cJSON *reason = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(reasons, reason)) {
        cJSON_Delete(reason);
        return false;
    }
    return cJSON_AddStringToObject(reason, "code", code) &&
           add_text(reason, "message", payment->text[PAYMENT_MESSAGE]);
}

/* Into another currency: charges, rate, and what was asked for. */
static bool add_exchange(cJSON *record, struct lfi_slice members)
{
    cJSON *exchange = members.len > 0 ? cJSON_ParseWithLength(members.ptr, members.len) : NULL;
    bool whole = exchange || members.len == 0;
    while (whole && exchange && exchange->child) {
        cJSON *item = cJSON_DetachItemViaPointer(exchange, exchange->child);
        whole = cJSON_AddItemToObject(record, item->string, item);
        if (!whole) {
            cJSON_Delete(item);
        }
    }
    cJSON_Delete(exchange);
    return whole;
}

static bool fill_record(cJSON *record, const struct payment *payment)
{
    static const char *const STATUSES[] = {
        [LFI_PAYMENT_PENDING] = "Pending",
        [LFI_PAYMENT_SETTLED] = "AcceptedSettlementCompleted",
        [LFI_PAYMENT_CREDITED] = "AcceptedCreditSettlementCompleted",
        [LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING] = "AcceptedWithoutPosting",
        [LFI_PAYMENT_REJECTED] = "Rejected",
    };
    char id[UUID_TEXT];
    const struct payment_value *head = &payment->head;
    bool received = head->file > 0 && head->status != LFI_PAYMENT_REJECTED;
    uuid_format(head->id, id);
    return head->status < sizeof(STATUSES) / sizeof(STATUSES[0]) &&
           cJSON_AddStringToObject(record, "id", id) &&
           add_text(record, "consentId", payment->text[PAYMENT_CONSENT]) &&
           add_text(record, "paymentTransactionId", payment->text[PAYMENT_TRANSACTION]) &&
           cJSON_AddStringToObject(record, "status",
                                   received ? "Received" : STATUSES[head->status]) &&
           add_time(record, "statusUpdateDateTime", head->updated_us) &&
           add_time(record, "creationDateTime", head->created_us) && add_amount(record, head) &&
           add_text(record, "paymentPurposeCode", payment->text[PAYMENT_PURPOSE]) &&
           add_text(record, "debtorReference", payment->text[PAYMENT_DEBTOR_REFERENCE]) &&
           add_billing(record, payment) && add_reason(record, payment) &&
           add_exchange(record, payment->text[PAYMENT_EXCHANGE]);
}

int payment_give(const struct payment *payment, const struct lfi_payment_change *change,
                 struct lfi_answer *answer, struct lfi_error *error)
{
    struct lfi_payment_facts facts;
    cJSON *record = cJSON_CreateObject();
    char *text = record && fill_record(record, payment) ? cJSON_PrintUnformatted(record) : NULL;
    cJSON_Delete(record);
    if (!text) {
        return store_say(error, "out of memory");
    }
    payment_fill_facts(payment, &facts);
    const void *given = change ? (const void *)change : &facts;
    int rc = answer->record(answer, (struct lfi_slice){text, strlen(text)}, given);
    cJSON_free(text);
    return rc == 0 ? LFI_OK : LFI_STOPPED;
}
