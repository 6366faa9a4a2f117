/* What TPPs ask for: quotes of dollars, and accounts. They are forgotten when the bank closes. */
#include "small_bank.h"

#define ASKED_MAX 64

struct asked {
    unsigned char identity[LFI_ORDER_DIGEST_SIZE];
    char id[37], reference[64];
    char client_id[129];
    bool accepted;
};

/* Quotes or accounts of all banks of the process. */
struct shelf {
    pthread_mutex_t lock;
    struct asked items[ASKED_MAX];
    size_t count;
};
static struct shelf quotes = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct shelf openings = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* With its lock. NULL: there is none. */
static struct asked *find_in(struct shelf *shelf, struct lfi_slice id)
{
    for (size_t i = 0; i < shelf->count; i++) {
        if (same(id, shelf->items[i].id)) {
            return &shelf->items[i];
        }
    }
    return NULL;
}

/* With its lock; *repeated: it is there. NULL too when no more fit. */
static struct asked *add_to(struct shelf *shelf, const unsigned char *identity,
                            struct lfi_slice client_id, bool *repeated)
{
    *repeated = false;
    for (size_t i = 0; i < shelf->count; i++) {
        *repeated |= memcmp(shelf->items[i].identity, identity, LFI_ORDER_DIGEST_SIZE) == 0;
    }
    if (*repeated || shelf->count == ASKED_MAX) {
        return NULL;
    }
    struct asked *asked = &shelf->items[shelf->count++];
    memcpy(asked->identity, identity, LFI_ORDER_DIGEST_SIZE);
    (void)snprintf(asked->id, sizeof(asked->id), "d8000001-0000-4000-8000-%012zu", shelf->count);
    (void)snprintf(asked->client_id, sizeof(asked->client_id), "%.*s", (int)client_id.len,
                   client_id.ptr);
    return asked;
}

/* --- quotes ----------------------------------------------------------------------------------- */

static const char TRADE[] = "{\"SellAmount\":{\"Amount\":\"100.00\",\"Currency\":\"AED\"},"
                            "\"BuyAmount\":{\"Amount\":\"27.00\",\"Currency\":\"USD\"}}";
static const char COMMISSION[] = "{\"CommissionAmount\":{\"Amount\":\"0.10\",\"Currency\":"
                                 "\"AED\"},\"PaymentMethod\":\"ThroughAPIHub\"}";

static bool give_quote(const struct bank *bank, const struct asked *asked, const char *id,
                       struct lfi_fx_change *change, struct lfi_answer *answer)
{
    char json[1024];
    struct lfi_fx_facts facts = {.size = sizeof(facts),
                                 .status = asked->accepted ? LFI_FX_ACCEPTED : LFI_FX_AVAILABLE,
                                 .trade = TEXT(TRADE),
                                 .commission = TEXT(COMMISSION)};
    (void)snprintf(facts.quote_id, sizeof(facts.quote_id), "%s", asked->id);
    (void)snprintf(facts.client_id, sizeof(facts.client_id), "%s", asked->client_id);
    (void)snprintf(
        json, sizeof(json),
        "{\"FxQuoteId\":\"%s\",\"QuoteReference\":\"check\",\"SellAmount\":{\"Amount\":\"100.00\","
        "\"Currency\":\"AED\"},\"BuyAmount\":{\"Amount\":\"27.00\",\"Currency\":\"USD\"},"
        "\"UnitCurrency\":\"AED\",\"QuotedCurrency\":\"USD\",\"RateType\":\"Actual\","
        "\"ExchangeRate\":0.27,\"UserIdentificationStatus\":\"UserNotIdentified\","
        "\"ExpirationDateTime\":\"2030-01-01T00:00:00+04:00\",\"Commission\":%s,\"QuoteStatus\":"
        "\"%s\",\"CreationDateTime\":\"2026-01-01T00:00:00+04:00\",\"StatusUpdateDateTime\":"
        "\"2026-01-01T00:00:00+04:00\"}",
        id, COMMISSION, asked->accepted ? "Accepted" : "Available");
    if (change) {
        change->facts = facts;
    }
    return give(bank, answer, json, change ? (const void *)change : &facts);
}

static int quote(void *core, const struct lfi_call *call, const struct lfi_fx_request *request,
                 struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    struct lfi_fx_summary *summary = answer->summary;
    bool repeated;
    int status = LFI_OK;
    (void)call;
    (void)pthread_mutex_lock(&quotes.lock);
    struct asked *asked = add_to(&quotes, request->identity, request->client_id, &repeated);
    summary->repeated = repeated;
    (void)snprintf(summary->liability_url, sizeof(summary->liability_url), "https://x.example/l");
    (void)snprintf(summary->refund_url, sizeof(summary->refund_url), "https://x.example/r");
    if (!asked && !repeated) {
        status = say(error, "too many quotes");
    } else if (asked && !give_quote(bank, asked, asked->id, NULL, answer)) {
        status = LFI_STOPPED;
    }
    (void)pthread_mutex_unlock(&quotes.lock);
    return status;
}

static int find_quote(void *core, const struct lfi_call *call, const struct lfi_query *query,
                      struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)error;
    (void)pthread_mutex_lock(&quotes.lock);
    const struct asked *asked = find_in(&quotes, query->subject_id);
    int status = asked ? LFI_OK : breaks(bank, "fx-unknown") ? LFI_DENIED : LFI_UNKNOWN;
    if (asked) {
        const char *id =
            breaks(bank, "fx-quote") ? "d8000009-0000-4000-8000-000000000001" : asked->id;
        status = give_quote(bank, asked, id, NULL, answer) ? LFI_OK : LFI_STOPPED;
    }
    (void)pthread_mutex_unlock(&quotes.lock);
    return status;
}

static int accept(void *core, const struct lfi_call *call, struct lfi_slice quote_id,
                  struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)error;
    (void)pthread_mutex_lock(&quotes.lock);
    struct asked *asked = find_in(&quotes, quote_id);
    bool again = asked && asked->accepted && !breaks(bank, "fx-accept");
    if (asked) {
        asked->accepted = true;
    }
    (void)pthread_mutex_unlock(&quotes.lock);
    return !asked ? LFI_UNKNOWN : again ? LFI_DENIED : LFI_OK;
}

/* Its cursors are numbers from 1: of what was accepted, in the order of the quotes. */
static int changes(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    unsigned long behind = query->cursor.ptr ? strtoul(query->cursor.ptr, NULL, 10) : 0;
    uint32_t left = query->limit;
    bool goes_on = true;
    (void)call, (void)error;
    (void)pthread_mutex_lock(&quotes.lock);
    for (size_t i = behind; i < quotes.count && goes_on && left > 0; i++) {
        struct lfi_fx_change change = {.size = sizeof(change), .number = 1};
        (void)snprintf(change.cursor, sizeof(change.cursor), "%zu", i + 1);
        if (quotes.items[i].accepted) {
            change.number = breaks(bank, "fx-changes") ? 2 : 1;
            goes_on = give_quote(bank, &quotes.items[i], quotes.items[i].id, &change, answer);
            left--;
        }
    }
    (void)pthread_mutex_unlock(&quotes.lock);
    return goes_on ? LFI_OK : LFI_STOPPED;
}

const struct lfi_fx FX = {
    .size = sizeof(FX), .quote = quote, .find = find_quote, .accept = accept, .changes = changes};

/* --- accounts --------------------------------------------------------------------------------- */

static bool give_opening(const struct bank *bank, const struct asked *asked, const char *id,
                         struct lfi_answer *answer)
{
    char json[256];
    struct lfi_opening_facts facts = {.size = sizeof(facts), .status = LFI_OPENING_PENDING};
    (void)snprintf(facts.account_id, sizeof(facts.account_id), "%s", asked->id);
    (void)snprintf(facts.client_id, sizeof(facts.client_id), "%s", asked->client_id);
    (void)snprintf(json, sizeof(json),
                   "{\"AccountId\":\"%s\",\"OpeningStatus\":\"Pending\","
                   "\"OpeningStatusUpdateDateTime\":\"2026-01-01T00:00:00+04:00\"}",
                   id);
    return give(bank, answer, json, &facts);
}

static int request(void *core, const struct lfi_call *call,
                   const struct lfi_opening_request *wanted, struct lfi_answer *answer,
                   struct lfi_error *error)
{
    const struct bank *bank = core;
    struct lfi_opening_summary *summary = answer->summary;
    bool repeated;
    int status = LFI_OK;
    (void)call;
    (void)pthread_mutex_lock(&openings.lock);
    struct asked *asked = add_to(&openings, wanted->identity, wanted->client_id, &repeated);
    summary->repeated = repeated && !breaks(bank, "opening-request");
    if (!asked && !repeated) {
        status = say(error, "too many accounts");
    } else if (asked && !give_opening(bank, asked, asked->id, answer)) {
        status = LFI_STOPPED;
    }
    (void)pthread_mutex_unlock(&openings.lock);
    return status;
}

static int find_opening(void *core, const struct lfi_call *call, const struct lfi_query *query,
                        struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)error;
    (void)pthread_mutex_lock(&openings.lock);
    const struct asked *asked = find_in(&openings, query->subject_id);
    int status = LFI_UNKNOWN;
    if (asked) {
        status = give_opening(bank, asked, asked->id, answer) ? LFI_OK : LFI_STOPPED;
    }
    (void)pthread_mutex_unlock(&openings.lock);
    return status;
}

/* None ever changes. */
static int opening_changes(void *core, const struct lfi_call *call,
                           const struct lfi_change_query *query, struct lfi_answer *answer,
                           struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)answer, (void)error;
    return query->cursor.ptr && !breaks(bank, "opening-unknown") ? LFI_UNKNOWN : LFI_OK;
}

const struct lfi_opening OPENING = {
    .size = sizeof(OPENING), .request = request, .find = find_opening, .changes = opening_changes};
