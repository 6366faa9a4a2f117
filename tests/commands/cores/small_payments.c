/*
 * Payments: a table under a lock. Each ends some milliseconds after it was made, when somebody
 * asks next. At the end of the bank they are kept in a file, which the next one reads.
 */
#include "small_bank.h"

#define PAYMENTS_MAX 256
#define ENDS_AFTER_US 30000
#define FILE_NAME "small-bank.kept"
#define SEVERAL 1 /* of ACCOUNTS: payments from it need approvers */

struct payment {
    char id[41], consent[129], key[129], iban[35], purpose[8];
    unsigned account; /* of ACCOUNTS */
    int64_t amount, held, made_us;
    unsigned char digest[LFI_ORDER_DIGEST_SIZE];
    enum lfi_payment_status status;
    bool file;
};

struct change {
    size_t payment;
    enum lfi_payment_status status;
    uint32_t number;
};

struct table {
    struct payment payments[PAYMENTS_MAX];
    struct change changes[2 * PAYMENTS_MAX];
    size_t count, change_count;
};

struct small_payments {
    pthread_mutex_t lock;
    struct table table;
};

/* --- life ------------------------------------------------------------------------------------- */

struct small_payments *payments_new(const char *folder, const struct bank *bank)
{
    char path[512];
    struct small_payments *payments = calloc(1, sizeof(*payments));
    (void)snprintf(path, sizeof(path), "%s/" FILE_NAME, folder);
    FILE *file = payments ? fopen(path, "rb") : NULL;
    if (file) {
        if (breaks(bank, "payment-restart") ||
            fread(&payments->table, sizeof(payments->table), 1, file) != 1) {
            memset(&payments->table, 0, sizeof(payments->table));
        }
        (void)fclose(file);
        (void)remove(path);
    }
    if (payments) {
        (void)pthread_mutex_init(&payments->lock, NULL);
    }
    return payments;
}

void payments_end(struct small_payments *payments, const struct bank *bank)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/" FILE_NAME, bank->folder);
    FILE *file = payments->table.count > 0 ? fopen(path, "wb") : NULL;
    if (file) {
        (void)fwrite(&payments->table, sizeof(payments->table), 1, file);
        (void)fclose(file);
    }
    (void)pthread_mutex_destroy(&payments->lock);
    free(payments);
}

/* --- money ------------------------------------------------------------------------------------ */

static int64_t available(const struct table *table, unsigned account)
{
    int64_t left = AVAILABLE;
    for (size_t i = 0; i < table->count; i++) {
        const struct payment *payment = &table->payments[i];
        left -= payment->account == account ? payment->held : 0;
    }
    return left;
}

int64_t payments_available(struct small_payments *payments, const struct account *account)
{
    (void)pthread_mutex_lock(&payments->lock);
    int64_t left = available(&payments->table, (unsigned)(account - ACCOUNTS));
    (void)pthread_mutex_unlock(&payments->lock);
    return left;
}

/* --- moving ----------------------------------------------------------------------------------- */

static const struct account *own(const char *iban)
{
    for (size_t i = 0; i < ACCOUNT_COUNT; i++) {
        if (strcmp(ACCOUNTS[i].number, iban) == 0) {
            return &ACCOUNTS[i];
        }
    }
    return NULL;
}

static void move(struct table *table, size_t payment, enum lfi_payment_status status,
                 uint32_t number)
{
    table->payments[payment].status = status;
    table->changes[table->change_count++] = (struct change){payment, status, number};
}

/* Locks the table, and ends what is to end. */
static struct table *begin(const struct bank *bank)
{
    struct table *table = &bank->payments->table;
    int64_t now_us = bank->host->monotonic_us(bank->host);
    (void)pthread_mutex_lock(&bank->payments->lock);
    for (size_t i = 0; i < table->count; i++) {
        const struct payment *payment = &table->payments[i];
        if (payment->status == LFI_PAYMENT_PENDING && payment->made_us + ENDS_AFTER_US <= now_us) {
            move(table, i,
                 own(payment->iban) ? LFI_PAYMENT_CREDITED : LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING,
                 1);
            if (breaks(bank, "payment-final")) {
                move(table, i, LFI_PAYMENT_REJECTED, 2);
            }
        }
    }
    return table;
}

static void end(const struct bank *bank)
{
    (void)pthread_mutex_unlock(&bank->payments->lock);
}

/* --- records ---------------------------------------------------------------------------------- */

static void copy(char *out, size_t size, struct lfi_slice text)
{
    (void)snprintf(out, size, "%.*s", (int)text.len, text.ptr ? text.ptr : "");
}

static struct lfi_payment_facts facts_of_payment(const struct payment *payment,
                                                 enum lfi_payment_status status)
{
    struct lfi_payment_facts facts = {.size = sizeof(facts),
                                      .status = status,
                                      .rail =
                                          own(payment->iban) ? LFI_RAIL_INTRA_BANK : LFI_RAIL_AANI,
                                      .amount = {payment->amount, "AED"},
                                      .file = payment->file,
                                      .created_us = 1,
                                      .updated_us = 1};
    memcpy(facts.payment_id, payment->id, sizeof(facts.payment_id));
    memcpy(facts.consent_id, payment->consent, sizeof(facts.consent_id));
    memcpy(facts.digest, payment->digest, sizeof(facts.digest));
    (void)snprintf(facts.account_id, sizeof(facts.account_id), "%s", ACCOUNTS[payment->account].id);
    return facts;
}

static bool give_payment(const struct bank *bank, struct lfi_answer *answer,
                         const struct payment *payment, const struct lfi_payment_facts *facts,
                         const void *given)
{
    static const char *const NAMES[] = {"Pending", "AcceptedSettlementCompleted",
                                        "AcceptedCreditSettlementCompleted",
                                        "AcceptedWithoutPosting", "Rejected"};
    char json[1024];
    (void)snprintf(json, sizeof(json),
                   "{\"id\":\"%s\",\"consentId\":\"%s\",\"status\":\"%s\","
                   "\"statusUpdateDateTime\":\"2026-06-30T12:00:00+04:00\","
                   "\"creationDateTime\":\"2026-06-30T12:00:00+04:00\",\"instruction\":{\"Amount\":"
                   "{\"amount\":\"%lld.%02lld\",\"currency\":\"AED\"}},"
                   "\"paymentPurposeCode\":\"%s\",\"openFinanceBilling\":{\"Type\":\"PushP2P\"}}",
                   facts->payment_id, facts->consent_id, NAMES[facts->status],
                   (long long)(payment->amount / 100), (long long)(payment->amount % 100),
                   payment->purpose);
    return give(bank, answer, json, given);
}

/* --- create ----------------------------------------------------------------------------------- */

static const struct payment *by_key(const struct table *table, struct lfi_slice consent,
                                    struct lfi_slice key)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct payment *payment = &table->payments[i];
        if (same(consent, payment->consent) && same(key, payment->key)) {
            return payment;
        }
    }
    return NULL;
}

static bool is_in_flight(const struct table *table, const struct lfi_payment_order *order)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct payment *payment = &table->payments[i];
        if (payment->status == LFI_PAYMENT_PENDING && same(order->consent_id, payment->consent) &&
            same(order->creditor.iban, payment->iban) && payment->amount == order->amount.minor) {
            return true;
        }
    }
    return false;
}

static void insert(const struct bank *bank, struct table *table,
                   const struct lfi_payment_order *order, unsigned account)
{
    struct payment *payment = &table->payments[table->count];
    int64_t amount = order->amount.minor;
    *payment = (struct payment){.account = account,
                                .amount = amount,
                                .file = order->file,
                                .held = breaks(bank, "payment-money") ? amount / 10 * 10 : amount,
                                .made_us = bank->host->monotonic_us(bank->host)};
    (void)snprintf(payment->id, sizeof(payment->id),
                   breaks(bank, "payment-create") ? "%zu" : "00000000-0000-4000-8000-%012zu",
                   table->count);
    copy(payment->consent, sizeof(payment->consent), order->consent_id);
    copy(payment->key, sizeof(payment->key), order->idempotency_key);
    copy(payment->iban, sizeof(payment->iban), order->creditor.iban);
    copy(payment->purpose, sizeof(payment->purpose), order->purpose);
    memcpy(payment->digest, order->digest, sizeof(payment->digest));
    table->count++;
}

/* The file of the consent was taken, is paid as a whole, and was not paid before. */
static bool may_pay_file(const struct bank *bank, const struct table *table,
                         const struct lfi_payment_order *order)
{
    bool paid = false;
    for (size_t i = 0; i < table->count; i++) {
        const struct payment *payment = &table->payments[i];
        paid = paid || (payment->file && same(order->consent_id, payment->consent));
    }
    return files_have(bank, order->consent_id, order->amount.minor) &&
           (!paid || breaks(bank, "files-payment"));
}

bool payments_file(const struct bank *bank, struct lfi_slice payment_id, char consent[129])
{
    bool found = false;
    const struct table *table = begin(bank);
    for (size_t i = 0; i < table->count; i++) {
        const struct payment *payment = &table->payments[i];
        if (same(payment_id, payment->id) && (payment->file || breaks(bank, "files-report"))) {
            (void)snprintf(consent, sizeof(payment->consent), "%s", payment->consent);
            found = true;
        }
    }
    end(bank);
    return found;
}

/* As if others came between two steps that are to be one. */
static void let_others_in(const struct bank *bank)
{
    end(bank);
    wait_ms(5);
    (void)begin(bank);
}

/* *out: the payment, when there is one. */
static enum lfi_order_outcome decide(const struct bank *bank, struct table *table,
                                     const struct lfi_payment_order *order, unsigned account,
                                     const struct payment **out)
{
    *out = by_key(table, order->consent_id, order->idempotency_key);
    if (*out) {
        bool equal = memcmp((*out)->digest, order->digest, sizeof(order->digest)) == 0;
        return equal || breaks(bank, "payment-key") ? LFI_ORDER_EXISTS : LFI_ORDER_KEY_USED;
    }
    if (breaks(bank, "payment-key-race")) {
        let_others_in(bank);
    }
    if (order->one_in_flight && is_in_flight(table, order) && !breaks(bank, "payment-in-flight")) {
        return LFI_ORDER_IN_FLIGHT;
    }
    if (order->file && !may_pay_file(bank, table, order)) {
        return LFI_ORDER_BANK_RULE;
    }
    if (available(table, account) < order->amount.minor && !breaks(bank, "payment-funds")) {
        return LFI_ORDER_NO_FUNDS;
    }
    if (breaks(bank, "payment-funds-race")) {
        let_others_in(bank);
    }
    insert(bank, table, order, account);
    *out = &table->payments[table->count - 1];
    return LFI_ORDER_CREATED;
}

/* Makes a payment that its key does not find, and loses the reply. */
static int forget(const struct bank *bank, const struct lfi_payment_order *order, unsigned account)
{
    struct lfi_payment_order other = *order;
    other.idempotency_key = TEXT("forgotten");
    insert(bank, begin(bank), &other, account);
    end(bank);
    return LFI_IN_DOUBT;
}

static int create(void *core, const struct lfi_call *call, const struct lfi_payment_order *order,
                  struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    const struct payment *payment = NULL;
    struct lfi_order_summary *summary = answer->summary;
    const struct account *account = account_of(order->account_id);
    if (!account || (!same(call->user_id, account->user) && !breaks(bank, "payment-isolation"))) {
        return LFI_UNKNOWN;
    }
    unsigned index = (unsigned)(account - ACCOUNTS);
    if (call->deadline_us <= bank->host->monotonic_us(bank->host)) {
        (void)say(error, "the deadline has passed");
        return breaks(bank, "payment-doubt") ? forget(bank, order, index) : LFI_UNAVAILABLE;
    }
    struct table *table = begin(bank);
    if (table->count == PAYMENTS_MAX) {
        end(bank);
        return say(error, "too many payments");
    }
    summary->outcome = decide(bank, table, order, index, &payment);
    int rc = LFI_OK;
    if (summary->outcome <= LFI_ORDER_EXISTS) {
        const struct lfi_payment_facts facts = facts_of_payment(payment, payment->status);
        rc = give_payment(bank, answer, payment, &facts, &facts) ? LFI_OK : LFI_STOPPED;
    }
    end(bank);
    return rc;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int find(void *core, const struct lfi_call *call, const struct lfi_payment_query *query,
                struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    const struct payment *payment = NULL;
    int rc = breaks(bank, "payment-unknown") ? LFI_OK : LFI_UNKNOWN;
    (void)call, (void)error;
    struct table *table = begin(bank);
    if (!query->base.subject_id.ptr) {
        payment = by_key(table, query->consent_id, query->idempotency_key);
    }
    for (size_t i = 0; query->base.subject_id.ptr && i < table->count; i++) {
        if (same(query->base.subject_id, table->payments[i].id)) {
            payment = &table->payments[i];
        }
    }
    if (payment) {
        const struct lfi_payment_facts facts = facts_of_payment(payment, payment->status);
        rc = give_payment(bank, answer, payment, &facts, &facts) ? LFI_OK : LFI_STOPPED;
    }
    end(bank);
    return rc;
}

static int list(void *core, const struct lfi_call *call, const struct lfi_payment_list_query *query,
                struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    bool more = true;
    (void)call, (void)error;
    struct table *table = begin(bank);
    answer->total = 0;
    for (size_t i = table->count; i-- > 0;) {
        const struct payment *payment = &table->payments[i];
        if (query->base.subject_id.ptr && !same(query->base.subject_id, payment->consent)) {
            continue;
        }
        uint64_t at = answer->total++;
        if (more && at >= query->base.window.offset &&
            at - query->base.window.offset < query->base.window.limit) {
            const struct lfi_payment_facts facts = facts_of_payment(payment, payment->status);
            more = give_payment(bank, answer, payment, &facts, &facts);
        }
    }
    end(bank);
    return more ? LFI_OK : LFI_STOPPED;
}

/* How many changes are behind the cursor's entry; false: there is no such entry. */
static bool read_cursor(const struct table *table, struct lfi_slice cursor, size_t *out)
{
    char text[32];
    *out = 0;
    for (size_t i = 1; cursor.ptr && i <= table->change_count; i++) {
        (void)snprintf(text, sizeof(text), "c%zu", i);
        *out = same(cursor, text) ? i : *out;
    }
    return !cursor.ptr || *out > 0;
}

static bool give_changes(const struct bank *bank, const struct table *table, size_t from,
                         uint32_t limit, struct lfi_answer *answer)
{
    bool more = true;
    for (size_t i = from; more && i < table->change_count && i - from < limit; i++) {
        const struct change *entry = &table->changes[i];
        const struct payment *payment = &table->payments[entry->payment];
        struct lfi_payment_change change = {.size = sizeof(change),
                                            .number = entry->number,
                                            .facts = facts_of_payment(payment, entry->status)};
        (void)snprintf(change.cursor, sizeof(change.cursor), "c%zu", i + 1);
        more = give_payment(bank, answer, payment, &change.facts, &change);
    }
    return more;
}

static int changes(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    int64_t until_us = bank->host->monotonic_us(bank->host) + (int64_t)query->wait_ms * 1000;
    (void)call, (void)error;
    for (;;) {
        size_t from = 0;
        struct table *table = begin(bank);
        if (!read_cursor(table, query->cursor, &from)) {
            end(bank);
            return LFI_UNKNOWN;
        }
        if (from < table->change_count || bank->host->monotonic_us(bank->host) >= until_us) {
            from -= breaks(bank, "payment-changes") && from > 0;
            bool more = give_changes(bank, table, from, query->limit, answer);
            end(bank);
            return more ? LFI_OK : LFI_STOPPED;
        }
        end(bank);
        wait_ms(5);
    }
}

/* --- accounts --------------------------------------------------------------------------------- */

static int account_by_iban(void *core, const struct lfi_call *call, struct lfi_slice iban,
                           struct lfi_account_by_iban *out, struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)error;
    for (size_t i = 0; i < ACCOUNT_COUNT; i++) {
        if (same(iban, ACCOUNTS[i].number)) {
            *out = (struct lfi_account_by_iban){.size = out->size,
                                                .status = bank->statuses[i],
                                                .sub_type = "CurrentAccount",
                                                .currency = "AED",
                                                .held = same(call->user_id, ACCOUNTS[i].user) ||
                                                        breaks(bank, "payment-account")};
            (void)snprintf(out->account_id, sizeof(out->account_id), "%s", ACCOUNTS[i].id);
            return LFI_OK;
        }
    }
    return LFI_UNKNOWN;
}

static int reach(void *core, const struct lfi_call *call, struct lfi_slice iban,
                 struct lfi_reach *out, struct lfi_error *error)
{
    struct lfi_account_by_iban account = {.size = sizeof(account)};
    bool is_own = account_by_iban(core, call, iban, &account, error) == LFI_OK;
    *out = (struct lfi_reach){.size = out->size,
                              .own = is_own && !breaks(core, "payment-reach"),
                              .aani = 1,
                              .can_receive = is_own ? LFI_YES : LFI_NOT_KNOWN};
    return LFI_OK;
}

static int payable(void *core, const struct lfi_call *call, const struct lfi_query *query,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)error;
    if (!is_user(query->subject_id)) {
        return LFI_UNKNOWN;
    }
    for (size_t i = 0; i < ACCOUNT_COUNT; i++) {
        char json[ACCOUNT_JSON];
        const struct lfi_payable_facts facts = {
            .size = sizeof(facts),
            .account = facts_of(bank, &ACCOUNTS[i]),
            .available = {payments_available(bank->payments, &ACCOUNTS[i]), "AED"},
            .overdraft = {0, "AED"},
            .limit = {0, "AED"},
            .alone = i != SEVERAL};
        account_json(bank, &ACCOUNTS[i], false, json);
        if ((same(query->subject_id, ACCOUNTS[i].user) || breaks(bank, "payment-payable")) &&
            !give(bank, answer, json, &facts)) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

static int refund_account(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                          struct lfi_refund_account *out, struct lfi_error *error)
{
    const struct account *account = account_of(account_id);
    (void)call, (void)error;
    if (!account) {
        return LFI_UNKNOWN;
    }
    *out = (struct lfi_refund_account){.size = out->size, .name_en = "Amal Marjan"};
    (void)snprintf(out->iban, sizeof(out->iban), "%s",
                   breaks(core, "payment-refund") ? ACCOUNTS[2].number : account->number);
    return LFI_OK;
}

static int give_approver(const struct bank *bank, struct lfi_answer *answer, const char *user)
{
    struct lfi_approver approver = {.size = sizeof(approver), .group = "Owners", .name = "Amal"};
    (void)snprintf(approver.user_id, sizeof(approver.user_id), "%s", user);
    return give(bank, answer, "{}", &approver) ? LFI_OK : LFI_STOPPED;
}

static int approvers(void *core, const struct lfi_call *call, const struct lfi_query *query,
                     struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    struct lfi_approver_summary *summary = answer->summary;
    const struct account *account = account_of(query->subject_id);
    (void)call, (void)error;
    if (!account) {
        return breaks(bank, "payment-approvers-unknown") ? LFI_OK : LFI_UNKNOWN;
    }
    summary->group_count = 1;
    (void)snprintf(summary->groups[0].name, sizeof(summary->groups[0].name), "Owners");
    summary->groups[0].required = breaks(bank, "payment-approvers") ? 2 : 1;
    int rc = give_approver(bank, answer, account->user);
    if (rc == LFI_OK && breaks(bank, "payment-approver-pays")) {
        rc = give_approver(bank, answer, "second");
    }
    return rc;
}

static int repeats(void *core, const struct lfi_call *call, const struct lfi_repeat_query *query,
                   struct lfi_repeat *out, struct lfi_error *error)
{
    const struct bank *bank = core;
    const struct table *table = begin(bank);
    (void)error;
    out->found = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct payment *payment = &table->payments[i];
        const struct lfi_payment_facts facts = facts_of_payment(payment, payment->status);
        bool equal = same(query->iban, payment->iban) && query->amount.minor == payment->amount &&
                     query->since_us <= facts.created_us;
        if (same(call->user_id, ACCOUNTS[payment->account].user) &&
            payment->status != LFI_PAYMENT_REJECTED && (equal || breaks(bank, "payment-repeats"))) {
            out->found = 1;
        }
    }
    end(bank);
    return LFI_OK;
}

const struct lfi_payments PAYMENTS = {.size = sizeof(PAYMENTS),
                                      .create = create,
                                      .find = find,
                                      .list = list,
                                      .changes = changes,
                                      .account_by_iban = account_by_iban,
                                      .reach = reach,
                                      .payable = payable,
                                      .refund_account = refund_account,
                                      .approvers = approvers,
                                      .repeats = repeats};
