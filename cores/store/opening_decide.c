/* What the reference bank makes of a customer who asks for an account, and how it says so. */
#include "store/opening.h"
#include "store/steer.h"

#include <cjson/cJSON.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define IBAN_LEN 23
#define IBAN_CODE_AT 4
#define NUMBER_DIGITS 16
#define NAME_CHARACTERS 70

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

/* As many characters as the contract takes. */
static void copy_name(char out[OPENING_NAME_SIZE], const char *name)
{
    size_t characters = 0, len = 0;
    for (; name[len] && len < OPENING_NAME_SIZE - 1; len++) {
        if (((unsigned char)name[len] & 0xc0) != 0x80 && characters++ == NAME_CHARACTERS) {
            break;
        }
    }
    memcpy(out, name, len);
    out[len] = '\0';
}

/* What becomes of a request. */
enum decision {
    OPENED,
    REFUSED_NOBODY,
    REFUSED_EXPIRED,
    REFUSED_BUSINESS,
};

static const char *const refusals[] = {
    [OPENED] = "",
    [REFUSED_NOBODY] = "The bank needs to know who asks for the account.",
    [REFUSED_EXPIRED] = "The Emirates ID has expired.",
    [REFUSED_BUSINESS] = "The bank needs the name and the trade licence of a business.",
};

static enum decision decide_on_person(const cJSON *claims, int64_t now_us)
{
    int64_t last_day;
    return day_parse(text_of(claims, "EmiratesIdExpiryDate"), &last_day) &&
                   last_day >= (now_us + GULF_OFFSET_US) / DAY_US
               ? OPENED
               : REFUSED_EXPIRED;
}

static enum decision decide_on_business(const cJSON *claims)
{
    return text_of(claims, "BusinessName")[0] && text_of(claims, "TradeLicenceNumber")[0]
               ? OPENED
               : REFUSED_BUSINESS;
}

/* One request for each decision, and for whom an account is opened. */
static const struct {
    const char *place, *shows;
    enum store_steer_party party;
    enum decision decision;
    const char *request;
} rows[] = {
    {"opening-customer", "the Emirates ID of a customer: the account is among the customer's",
     STORE_STEER_CUSTOMER, OPENED, "{}"},
    {"opening-barred",
     "the Emirates ID of a barred customer: opened, but not among a customer's accounts",
     STORE_STEER_BARRED, OPENED, "{}"},
    {"opening-stranger",
     "somebody whom the bank does not know: opened, but not among a customer's accounts",
     STORE_STEER_NOBODY, OPENED, "{}"},
    {"opening-business", "a business with its name and its trade licence", STORE_STEER_NOBODY,
     OPENED, "{\"Party\":{\"Claims\":{\"IdentityType\":\"Business\"}}}"},
    {"opening-id-expired", "an Emirates ID that has expired", STORE_STEER_NOBODY, REFUSED_EXPIRED,
     "{\"Party\":{\"Claims\":{\"EmiratesIdExpiryDate\":\"2020-01-31\"}}}"},
    {"opening-nobody", "no party", STORE_STEER_NOBODY, REFUSED_NOBODY, "{\"Party\":null}"},
    {"opening-business-no-licence", "a business without its trade licence", STORE_STEER_NOBODY,
     REFUSED_BUSINESS,
     "{\"Party\":{\"Claims\":{\"IdentityType\":\"Business\",\"TradeLicenceNumber\":null}}}"},
    {"opening-business-no-name", "a business without its name", STORE_STEER_NOBODY,
     REFUSED_BUSINESS,
     "{\"Party\":{\"Claims\":{\"IdentityType\":\"Business\",\"BusinessName\":null}}}"},
};

bool store_steer_opening(size_t n, struct store_steer *out)
{
    if (n >= sizeof(rows) / sizeof(rows[0])) {
        return false;
    }
    *out = (struct store_steer){.place = rows[n].place,
                                .party = rows[n].party,
                                .status = rows[n].decision == OPENED ? "Completed" : "Rejected"};
    (void)snprintf(out->reason, sizeof(out->reason), "%s", refusals[rows[n].decision]);
    (void)snprintf(out->shows, sizeof(out->shows), "%s", rows[n].shows);
    (void)snprintf(out->request, sizeof(out->request), "%s", rows[n].request);
    return true;
}

/* The customer, when the bank knows the person. */
static int find_customer(struct store *store, const cJSON *claims, struct opening_value *out,
                         struct lfi_error *error)
{
    struct lfi_person person = {.size = sizeof(person)};
    int rc = identity_find(store, text_of(claims, "EmiratesId"), &person, error);
    if (rc == LFI_OK && !person.blocked) {
        out->user = person.user_id;
    }
    return rc == LFI_UNKNOWN || rc == LFI_DENIED ? LFI_OK : rc;
}

int opening_decide(struct store *store, struct lfi_slice json, struct opening_value *out,
                   struct lfi_error *error)
{
    cJSON *data = cJSON_ParseWithLength(json.ptr, json.len);
    const cJSON *claims =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(data, "Party"), "Claims");
    bool business = strcmp(text_of(claims, "IdentityType"), "Business") == 0;
    enum decision decision = !claims    ? REFUSED_NOBODY
                             : business ? decide_on_business(claims)
                                        : decide_on_person(claims, out->created_us);
    (void)snprintf(out->refusal, sizeof(out->refusal), "%s", refusals[decision]);
    copy_name(out->name, text_of(claims, business ? "BusinessName" : "FullName"));
    int rc = data ? LFI_OK : store_say(error, "the request is not JSON");
    if (rc == LFI_OK && !business) {
        rc = find_customer(store, claims, out, error);
    }
    cJSON_Delete(data);
    return rc;
}

/* --- the account's number --------------------------------------------------------------------- */

/* ISO 13616: the country and "00" are moved behind, letters count from 10. */
static unsigned check_digits(const char iban[IBAN_LEN + 1])
{
    unsigned rest = 0;
    for (size_t i = IBAN_CODE_AT; i < IBAN_LEN; i++) {
        rest = (rest * 10 + (unsigned)(iban[i] - '0')) % 97;
    }
    static const char country[] = "101400"; /* AE00 */
    for (size_t i = 0; country[i]; i++) {
        rest = (rest * 10 + (unsigned)(country[i] - '0')) % 97;
    }
    return 98 - rest;
}

/* The bank's code is in the IBANs that it has given. */
static int read_bank_code(struct store *store, MDB_txn *txn, char out[STORE_BANK_CODE + 1],
                          struct lfi_error *error)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int rc = mdb_cursor_open(txn, store->db[DB_PAYEES], &cursor);
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    }
    if (rc == 0 && key.mv_size == IBAN_LEN) {
        memcpy(out, (const char *)key.mv_data + IBAN_CODE_AT, STORE_BANK_CODE);
        out[STORE_BANK_CODE] = '\0';
    }
    bool known = rc == 0 && key.mv_size == IBAN_LEN;
    if (cursor) {
        mdb_cursor_close(cursor);
    }
    return known ? LFI_OK : store_say(error, "the bank has no IBAN from which to learn its code");
}

static void write_iban(const char code[STORE_BANK_CODE + 1], uint64_t random,
                       struct opening_value *out)
{
    char iban[IBAN_LEN + 1];
    (void)snprintf(iban, sizeof(iban), "AE00%s%0*llu", code, NUMBER_DIGITS,
                   (unsigned long long)(random % UINT64_C(10000000000000000)));
    unsigned digits = check_digits(iban);
    iban[2] = (char)('0' + digits / 10);
    iban[3] = (char)('0' + digits % 10);
    memcpy(out->iban, iban, sizeof(iban));
}

int opening_number(struct store *store, struct opening_value *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val value;
    uint64_t random;
    uint32_t answer_s;
    char code[STORE_BANK_CODE + 1] = "";
    struct lfi_id own;
    struct lfi_reach reach = {.size = sizeof(reach)};
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    rc = read_bank_code(store, txn, code, error);
    do {
        if (rc == LFI_OK && RAND_bytes((unsigned char *)&random, sizeof(random)) != 1) {
            rc = store_say(error, "no random numbers");
        }
        if (rc == LFI_OK) {
            write_iban(code, random, out);
        }
    } while (rc == LFI_OK &&
             mdb_get(txn, store->db[DB_PAYEES], &(MDB_val){IBAN_LEN, out->iban}, &value) == 0);
    if (rc == LFI_OK) {
        rc = payments_reach_in(store, txn, (struct lfi_slice){out->iban, IBAN_LEN}, &reach, &own,
                               &answer_s, error);
        memcpy(out->bic, reach.bic, sizeof(out->bic));
    }
    mdb_txn_abort(txn);
    return rc;
}

/* --- records ---------------------------------------------------------------------------------- */

static const char *const statuses[] = {
    [LFI_OPENING_PENDING] = "Pending",
    [LFI_OPENING_AWAITING_USER] = "AwaitingUserInput",
    [LFI_OPENING_AWAITING_BANK] = "AwaitingLFIProcesses",
    [LFI_OPENING_REJECTED] = "Rejected",
    [LFI_OPENING_COMPLETED] = "Completed",
};

static bool add_text(cJSON *object, const char *name, const char *value)
{
    return cJSON_AddStringToObject(object, name, value);
}

static bool add_account(cJSON *record, const struct opening_value *opening)
{
    char created[TIME_TEXT];
    time_format(opening->created_us, created);
    cJSON *identifiers = cJSON_AddArrayToObject(record, "AccountIdentifiers");
    cJSON *identifier = cJSON_CreateObject();
    if (!identifier || !cJSON_AddItemToArray(identifiers, identifier)) {
        cJSON_Delete(identifier);
        return false;
    }
    bool whole = add_text(identifier, "SchemeName", "IBAN") &&
                 add_text(identifier, "Identification", opening->iban) &&
                 (!opening->name[0] || add_text(identifier, "Name", opening->name)) &&
                 add_text(record, "Currency", "AED") &&
                 add_text(record, "CreationDateTime", created);
    if (whole && opening->bic[0]) {
        cJSON *servicer = cJSON_AddObjectToObject(record, "Servicer");
        whole = servicer && add_text(servicer, "SchemeName", "BICFI") &&
                add_text(servicer, "Identification", opening->bic);
    }
    return whole;
}

static bool fill_record(cJSON *record, const struct opening_value *opening)
{
    char updated[TIME_TEXT];
    time_format(opening->updated_us, updated);
    bool rejected = opening->status == LFI_OPENING_REJECTED;
    return add_text(record, "AccountId", opening->id) &&
           add_text(record, "OpeningStatus", statuses[opening->status]) &&
           add_text(record, "OpeningStatusUpdateDateTime", updated) &&
           (!rejected || add_text(record, "AdditionalStatusInformation", opening->refusal)) &&
           (opening->status != LFI_OPENING_COMPLETED || add_account(record, opening));
}

static void fill_facts(const struct opening_value *opening, struct lfi_opening_facts *out)
{
    *out = (struct lfi_opening_facts){.size = sizeof(*out),
                                      .status = (enum lfi_opening_status)opening->status};
    memcpy(out->account_id, opening->id, sizeof(opening->id));
    memcpy(out->client_id, opening->client_id, sizeof(opening->client_id));
    if (opening->status == LFI_OPENING_REJECTED) {
        memcpy(out->information, opening->refusal, sizeof(opening->refusal));
    }
}

int opening_give(const struct opening_value *opening, struct lfi_opening_change *change,
                 struct lfi_answer *answer, struct lfi_error *error)
{
    struct lfi_opening_facts facts;
    cJSON *record = cJSON_CreateObject();
    char *text = record && fill_record(record, opening) ? cJSON_PrintUnformatted(record) : NULL;
    cJSON_Delete(record);
    if (!text) {
        return store_say(error, "out of memory");
    }
    fill_facts(opening, &facts);
    if (change) {
        change->facts = facts;
    }
    const void *given = change ? (const void *)change : &facts;
    int rc = answer->record(answer, (struct lfi_slice){text, strlen(text)}, given);
    cJSON_free(text);
    return rc == 0 ? LFI_OK : LFI_STOPPED;
}
