/* The entries that a payment makes in the books: transactions in the shape of the contract. */
#include "store/payments.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT 48
#define INFORMATION_TEXT 512

/* How an entry of a rail looks. */
struct entry_kind {
    const char *type;
    const char *channel; /* begins the information */
    const char *family, *family_code;
    const char *sub_family, *sub_family_code;
};

static const struct entry_kind KINDS[] = {
    [LFI_RAIL_INTRA_BANK] = {"SameBankTransfer", "TRF/OF/", "Issued Credit Transfers", "ICDT",
                             "Internal Book Transfer", "BOOK"},
    [LFI_RAIL_AANI] = {"LocalBankTransfer", "IPP/OF/", "Issued Real-Time Credit Transfers", "IRCT",
                       "Domestic Credit Transfer", "DMCT"},
    [LFI_RAIL_UAEFTS] = {"LocalBankTransfer", "FTS/OF/", "Issued Credit Transfers", "ICDT",
                         "Domestic Credit Transfer", "DMCT"},
};
/* Of a payment abroad. */
static const struct entry_kind EXCHANGE_KIND = {"InternationalTransfer",        "TT/OF/",
                                                "Issued Credit Transfers",      "ICDT",
                                                "Cross-Border Credit Transfer", "XBCT"};
static const struct entry_kind CREDIT_KIND = {"SameBankTransfer",          "TRF/CR/",
                                              "Received Credit Transfers", "RCDT",
                                              "Internal Book Transfer",    "BOOK"};

/* Which side of the payment an entry is, and how far it is. */
struct entry_state {
    bool credit;
    bool booked; /* else it is expected to be, then */
    lfi_wall_us booking;
    bool has_balance;
    int64_t balance; /* after it */
};

/* The other side of an entry. */
struct other_end {
    char iban[STORE_ID_MAX + 1];
    char name[PAYMENT_TEXT_MAX + 1];
    char bic[12];
    char bank[141];
};

static void copy_text(char *out, size_t size, struct lfi_slice text)
{
    size_t len = text.len < size ? text.len : size - 1;
    if (len > 0) {
        memcpy(out, text.ptr, len);
    }
    out[len] = '\0';
}

/* --- the JSON --------------------------------------------------------------------------------- */

static bool add_text(cJSON *object, const char *name, const char *text)
{
    return !text[0] || cJSON_AddStringToObject(object, name, text);
}

static bool add_amount(cJSON *object, int64_t minor, const char *currency)
{
    char text[MONEY_TEXT];
    cJSON *amount = cJSON_AddObjectToObject(object, "amount");
    decimal_format((struct decimal){minor, 2}, text);
    return add_text(amount, "amount", text) && add_text(amount, "currency", currency);
}

/* The id that a payment's side has from its hold on; apart from those that were loaded. */
static bool add_ids(cJSON *entry, const struct payment *payment, const char *account_id,
                    const struct entry_state *state)
{
    char id[ID_TEXT];
    char reference[64];
    (void)snprintf(id, sizeof(id), "zz%c%016llx", state->credit ? 'c' : 'd',
                   (unsigned long long)payment->sequence);
    copy_text(reference, sizeof(reference), payment->text[PAYMENT_TRANSACTION]);
    return add_text(entry, "accountId", account_id) && add_text(entry, "transactionId", id) &&
           (!state->booked ||
            add_text(entry, "transactionReference", reference[0] ? reference : id));
}

static bool add_kind(cJSON *entry, const struct entry_kind *kind, const struct entry_state *state)
{
    bool credit = state->credit;
    cJSON *flags = credit ? NULL : cJSON_CreateArray();
    cJSON *flag = credit ? NULL : cJSON_CreateString("OpenFinance");
    bool ok = add_text(entry, "transactionType", kind->type) &&
              add_text(entry, "subTransactionType", "MoneyTransfer") &&
              add_text(entry, "creditDebitIndicator", credit ? "Credit" : "Debit") &&
              add_text(entry, "status", state->booked ? "Booked" : "Pending") &&
              add_text(entry, "transactionMutability", state->booked ? "Immutable" : "Mutable");
    if (!credit && cJSON_AddItemToArray(flags, flag)) {
        flag = NULL;
    }
    if (!credit && ok && !flag && cJSON_AddItemToObject(entry, "flags", flags)) {
        flags = NULL;
    }
    cJSON_Delete(flag);
    cJSON_Delete(flags);
    return ok && !flags && add_text(entry, "paymentModes", "Online");
}

/* As a core system prints it: the channel, the other side in capitals, what the payer wrote. */
static bool add_information(cJSON *entry, const struct entry_kind *kind,
                            const struct other_end *other, struct lfi_slice reference)
{
    char text[INFORMATION_TEXT];
    (void)snprintf(text, sizeof(text), "%s%.300s%s%.*s", kind->channel, other->name,
                   reference.len > 0 ? "/" : "", (int)reference.len,
                   reference.ptr ? reference.ptr : "");
    for (size_t i = 0; text[i]; i++) {
        text[i] = (unsigned char)text[i] < 0x80 ? (char)toupper((unsigned char)text[i]) : text[i];
    }
    return add_text(entry, "transactionInformation", text);
}

static bool add_code(cJSON *entry, const struct entry_kind *kind)
{
    cJSON *code = cJSON_AddObjectToObject(entry, "bankTransactionCode");
    return add_text(code, "domain", "Payments") && add_text(code, "domainCode", "PMNT") &&
           add_text(code, "family", kind->family) &&
           add_text(code, "familyCode", kind->family_code) &&
           add_text(code, "subFamily", kind->sub_family) &&
           add_text(code, "subFamilyCode", kind->sub_family_code);
}

static bool add_balance(cJSON *entry, int64_t minor, const char *currency)
{
    cJSON *balance = cJSON_AddObjectToObject(entry, "balance");
    return add_text(balance, "creditDebitIndicator", minor < 0 ? "Debit" : "Credit") &&
           add_text(balance, "balanceType", "InterimBooked") &&
           add_amount(balance, minor, currency);
}

/* Abroad an account may have another number: an IBAN begins with a country and check digits. */
static bool is_iban(const char *number)
{
    return isupper((unsigned char)number[0]) && isupper((unsigned char)number[1]) &&
           isdigit((unsigned char)number[2]) && isdigit((unsigned char)number[3]);
}

static bool add_other_end(cJSON *entry, const struct other_end *other, bool credit)
{
    cJSON *account = NULL;
    if (other->bic[0]) {
        cJSON *agent = cJSON_AddObjectToObject(entry, credit ? "debtorAgent" : "creditorAgent");
        if (!add_text(agent, "schemeName", "BICFI") ||
            !add_text(agent, "identification", other->bic) ||
            !add_text(agent, "name", other->bank)) {
            return false;
        }
    }
    if (credit) {
        account = cJSON_AddObjectToObject(entry, "debtorAccount");
    } else if (!other->iban[0]) { /* several, of a file */
        return true;
    } else {
        cJSON *accounts = cJSON_AddArrayToObject(entry, "creditorAccount");
        account = cJSON_CreateObject();
        if (!cJSON_AddItemToArray(accounts, account)) {
            cJSON_Delete(account);
            return false;
        }
    }
    return add_text(account, "schemeName", is_iban(other->iban) ? "IBAN" : "AccountNumber") &&
           add_text(account, "identification", other->iban) &&
           add_text(account, "name", other->name);
}

/* --- currency exchange ------------------------------------------------------------------------ */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

/* The sum of the debtor's charges of a type, in minor units. */
static int64_t charges_of(const cJSON *exchange, const char *type)
{
    int64_t sum = 0;
    const cJSON *charge;
    cJSON_ArrayForEach(charge, cJSON_GetObjectItemCaseSensitive(exchange, "charges"))
    {
        struct decimal number;
        const cJSON *amount = cJSON_GetObjectItemCaseSensitive(charge, "amount");
        if (strcmp(text_of(charge, "type"), type) == 0 &&
            strcmp(text_of(charge, "chargeBearer"), "BorneByDebtor") == 0 &&
            decimal_parse(text_of(amount, "amount"), &number)) {
            sum += decimal_minor(number);
        }
    }
    return sum;
}

/* They are part of the entry's amount. */
static bool add_charges(cJSON *entry, const cJSON *exchange, const char *currency)
{
    char text[MONEY_TEXT];
    int64_t fees = charges_of(exchange, "Fees");
    int64_t vat = charges_of(exchange, "VAT");
    cJSON *charge = fees > 0 ? cJSON_AddObjectToObject(entry, "chargeAmount") : NULL;
    cJSON *tax = vat > 0 ? cJSON_AddObjectToObject(entry, "chargeAmountVat") : NULL;
    decimal_format((struct decimal){fees, 2}, text);
    bool ok =
        fees == 0 || (add_text(charge, "amount", text) && add_text(charge, "currency", currency) &&
                      cJSON_AddBoolToObject(charge, "chargeIncluded", true));
    decimal_format((struct decimal){vat, 2}, text);
    return ok &&
           (vat == 0 || (add_text(tax, "amount", text) && add_text(tax, "currency", currency)));
}

/* What the quote of a payment into another currency says; without one nothing is added. */
static bool add_exchange(cJSON *entry, const struct payment *payment)
{
    char number[MONEY_TEXT];
    struct lfi_slice text = payment->text[PAYMENT_EXCHANGE];
    if (text.len == 0) {
        return true;
    }
    cJSON *terms = cJSON_ParseWithLength(text.ptr, text.len);
    const cJSON *rate = cJSON_GetObjectItemCaseSensitive(terms, "exchangeRate");
    const cJSON *asked = cJSON_GetObjectItemCaseSensitive(terms, "currencyRequest");
    const char *currency = payment->head.currency;
    cJSON *exchange = cJSON_AddObjectToObject(entry, "currencyExchange");
    cJSON *amount = cJSON_AddObjectToObject(exchange, "instructedAmount");
    (void)snprintf(number, sizeof(number), "%.6f",
                   cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(rate, "exchangeRate")));
    bool ok = terms && add_charges(entry, terms, currency) &&
              add_text(exchange, "sourceCurrency", currency) &&
              add_text(exchange, "targetCurrency", text_of(asked, "currencyOfTransfer")) &&
              add_text(exchange, "unitCurrency", text_of(rate, "unitCurrency")) &&
              add_text(exchange, "exchangeRate", number) &&
              add_text(exchange, "contractIdentification", text_of(rate, "contractIdentification"));
    decimal_format((struct decimal){payment->head.amount, 2}, number);
    ok = ok && add_text(amount, "amount", number) && add_text(amount, "currency", currency);
    cJSON_Delete(terms);
    return ok;
}

/* --- booking ---------------------------------------------------------------------------------- */

/* One side of a payment. */
struct side {
    const struct posting *posting;
    char account_id[STORE_ID_MAX + 1];
    struct other_end other;
};

static const struct entry_kind *kind_of(const struct payment *payment, bool credit)
{
    uint8_t rail = payment->head.rail == LFI_RAIL_NONE ? LFI_RAIL_AANI : payment->head.rail;
    if (payment->text[PAYMENT_EXCHANGE].len > 0) {
        return &EXCHANGE_KIND;
    }
    return credit ? &CREDIT_KIND : &KINDS[rail];
}

static bool add_times(cJSON *entry, const struct payment *payment, const struct entry_state *state)
{
    char made[TIME_TEXT];
    char booking[TIME_TEXT];
    time_format(payment->head.created_us, made);
    wall_format(state->booking, booking);
    return add_text(entry, "transactionDateTime", made) &&
           add_text(entry, "bookingDateTime", booking) &&
           (!state->booked || add_text(entry, "valueDateTime", booking));
}

/* The entry's JSON, freed by cJSON_free(); NULL: out of memory. */
static char *entry_text(const struct side *side, const struct entry_state *state)
{
    char purpose[16];
    const struct payment *payment = side->posting->payment;
    const struct entry_kind *kind = kind_of(payment, state->credit);
    const char *currency = payment->head.currency;
    struct lfi_slice reference =
        payment->text[state->credit ? PAYMENT_CREDITOR_REFERENCE : PAYMENT_DEBTOR_REFERENCE];
    copy_text(purpose, sizeof(purpose), payment->text[PAYMENT_PURPOSE]);
    cJSON *entry = cJSON_CreateObject();
    bool ok = entry && add_ids(entry, payment, side->account_id, state) &&
              add_times(entry, payment, state) && add_kind(entry, kind, state) &&
              add_information(entry, kind, &side->other, reference) &&
              add_amount(entry, payment_total(payment), currency) && add_exchange(entry, payment) &&
              add_code(entry, kind) &&
              (!state->has_balance || add_balance(entry, state->balance, currency)) &&
              add_other_end(entry, &side->other, state->credit) &&
              add_text(entry, "paymentPurposeCode", purpose);
    char *text = ok ? cJSON_PrintUnformatted(entry) : NULL;
    cJSON_Delete(entry);
    return text;
}

/* The ledger's newest, as number `at` of the database. Returns an LMDB code. */
static int put_entry(const struct posting *posting, const struct ledger_value *ledger,
                     enum payments_db db, uint64_t at, struct lfi_slice json)
{
    struct store_key key;
    const struct entry_head head = {ledger->booking, ledger->version, ledger->posted};
    key_start(&key);
    key_add_u32(&key, ledger->index);
    key_add_u64(&key, at);
    MDB_val where = key_val(&key);
    MDB_val value = {sizeof(head) + json.len, NULL};
    int rc = mdb_put(posting->write, posting->store->payments->db[db], &where, &value, MDB_RESERVE);
    if (rc == 0) {
        memcpy(value.mv_data, &head, sizeof(head));
        memcpy((char *)value.mv_data + sizeof(head), json.ptr, json.len);
    }
    return rc;
}

/* Entries ascend in the order of their booking, even when the clock was set back. */
static void add_to_ledger(struct ledger_value *ledger, int64_t amount, lfi_wall_us now)
{
    ledger->booking = ledger->booking < now ? now : ledger->booking + 1;
    ledger->posted += amount;
    ledger->entries++;
    ledger->version++;
}

static int book(const struct side *side, bool credit)
{
    struct ledger_value ledger;
    struct account_money money;
    const struct posting *posting = side->posting;
    struct payments *payments = posting->store->payments;
    struct lfi_slice account_id = {side->account_id, strlen(side->account_id)};
    int64_t amount = payment_total(posting->payment);
    int result = ledger_money(posting->store, posting->read, account_id, &money, posting->error);
    int rc = ledger_get(payments, posting->write, account_id, &ledger);
    if (rc != 0 || (result != LFI_OK && result != LFI_UNKNOWN)) { /* unknown: loaded without it */
        return rc != 0 ? store_fail(posting->error, "ledger", rc) : result;
    }
    bool exchanged = posting->payment->text[PAYMENT_EXCHANGE].len > 0;
    add_to_ledger(&ledger, credit ? amount : -amount, posting->now_us + GULF_OFFSET_US);
    ledger.exchanges += exchanged;
    rc = ledger_put(payments, posting->write, account_id, &ledger); /* which gives it an index */
    if (rc != 0) {
        return store_fail(posting->error, "ledger", rc);
    }
    const struct entry_state state = {.credit = credit,
                                      .booked = true,
                                      .booking = ledger.booking,
                                      .has_balance = money.has_booked,
                                      .balance = money.booked + ledger.posted};
    char *text = entry_text(side, &state);
    if (!text) {
        return store_say(posting->error, "out of memory");
    }
    const struct lfi_slice json = {text, strlen(text)};
    rc = put_entry(posting, &ledger, PAYMENTS_ENTRIES, ledger.entries - 1, json);
    if (rc == 0 && exchanged) {
        rc = put_entry(posting, &ledger, PAYMENTS_EXCHANGES, ledger.exchanges - 1, json);
    }
    cJSON_free(text);
    return rc == 0 ? LFI_OK : store_fail(posting->error, "entry", rc);
}

static int find_creditor(const struct posting *posting, struct other_end *out)
{
    struct lfi_id own;
    struct lfi_reach reach;
    uint32_t answer_s = 0;
    const struct lfi_slice *text = posting->payment->text;
    if (posting->payment->head.file > 0) {
        copy_text(out->name, sizeof(out->name), text[PAYMENT_NAME_EN]);
        return LFI_OK;
    }
    bool abroad = text[PAYMENT_EXCHANGE].len > 0;
    reach = (struct lfi_reach){.size = sizeof(reach)};
    int rc = abroad ? LFI_OK
                    : payments_reach_in(posting->store, posting->read, text[PAYMENT_IBAN], &reach,
                                        &own, &answer_s, posting->error);
    if (rc == LFI_OK) {
        struct lfi_slice derived = {reach.bic, strlen(reach.bic)};
        copy_text(out->iban, sizeof(out->iban), text[PAYMENT_IBAN]);
        copy_text(out->name, sizeof(out->name),
                  text[text[PAYMENT_NAME_EN].len > 0 ? PAYMENT_NAME_EN : PAYMENT_NAME_AR]);
        copy_text(out->bic, sizeof(out->bic),
                  text[PAYMENT_BIC].len > 0 ? text[PAYMENT_BIC] : derived);
        copy_text(out->bank, sizeof(out->bank),
                  (struct lfi_slice){reach.bank_name, strlen(reach.bank_name)});
    }
    return rc;
}

static int find_debtor(const struct posting *posting, struct other_end *out)
{
    struct lfi_id own;
    struct lfi_reach reach;
    uint32_t answer_s = 0;
    struct lfi_refund_account account = {.size = sizeof(account)};
    int rc = payments_refund_in(posting->store, posting->read,
                                posting->payment->text[PAYMENT_ACCOUNT], &account, posting->error);
    if (rc == LFI_OK) {
        rc = payments_reach_in(posting->store, posting->read,
                               (struct lfi_slice){account.iban, strlen(account.iban)}, &reach, &own,
                               &answer_s, posting->error);
    }
    if (rc == LFI_OK) {
        const char *name = account.name_en[0] ? account.name_en : account.name_ar;
        memcpy(out->iban, account.iban, sizeof(account.iban));
        memcpy(out->bic, reach.bic, sizeof(out->bic));
        memcpy(out->bank, reach.bank_name, sizeof(out->bank));
        copy_text(out->name, sizeof(out->name), (struct lfi_slice){name, strlen(name)});
    }
    return rc == LFI_UNKNOWN ? LFI_OK : rc;
}

int payment_post(const struct posting *posting)
{
    struct side side = {.posting = posting};
    const struct payment *payment = posting->payment;
    int rc = find_creditor(posting, &side.other);
    if (rc == LFI_OK) {
        copy_text(side.account_id, sizeof(side.account_id), payment->text[PAYMENT_ACCOUNT]);
        rc = book(&side, false);
    }
    if (rc == LFI_OK && payment->head.rail == LFI_RAIL_INTRA_BANK) {
        side = (struct side){.posting = posting};
        copy_text(side.account_id, sizeof(side.account_id),
                  payment->text[PAYMENT_CREDITOR_ACCOUNT]);
        rc = find_debtor(posting, &side.other);
        rc = rc == LFI_OK ? book(&side, true) : rc;
    }
    return rc;
}

int payment_give_pending(const struct posting *posting, lfi_wall_us expected,
                         struct lfi_answer *answer)
{
    struct side side = {.posting = posting};
    const struct entry_state state = {.booking = expected};
    int rc = find_creditor(posting, &side.other);
    if (rc != LFI_OK) {
        return rc;
    }
    copy_text(side.account_id, sizeof(side.account_id), posting->payment->text[PAYMENT_ACCOUNT]);
    char *text = entry_text(&side, &state);
    if (!text) {
        return store_say(posting->error, "out of memory");
    }
    rc = lfi_give(answer, (struct lfi_slice){text, strlen(text)});
    cJSON_free(text);
    return rc;
}
