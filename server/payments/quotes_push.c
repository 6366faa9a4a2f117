/* What the Hub is told of quotes of insurance. (Insurance 8.) */
#include "base/array.h"
#include "payments/feed.h"
#include "payments/quotes.h"

static const struct feed_log hub_log = {QUOTES_KIND, "quote-pushed", hub_patch_insurance_quote,
                                        true};

#define AVAILABLE "Available" /* since v2.2 */

/* NULL: the Hub's log knows no such status, and is not told. */
static const char *const statuses[] = {
    [LFI_QUOTE_PENDING] = NULL,
    [LFI_QUOTE_AVAILABLE] = AVAILABLE,
    [LFI_QUOTE_APPLIED] = "ApplicationPending",
    [LFI_QUOTE_VERIFIED] = NULL,
    [LFI_QUOTE_APPROVED] = "ApplicationApproved",
    [LFI_QUOTE_PAYMENT_REQUIRED] = "PaymentRequired",
    [LFI_QUOTE_ISSUED] = "PolicyIssued",
    [LFI_QUOTE_COMPLETED] = "Completed",
    [LFI_QUOTE_EXPIRED] = "Expired",
    [LFI_QUOTE_REJECTED] = "Rejected",
    [LFI_QUOTE_CUSTOMER_CANCELLED] = "CustomerCancelled",
    [LFI_QUOTE_INSURER_CANCELLED] = "LFICancelled",
};

static struct lfi_slice write_patch(struct arena *arena, const struct lfi_quote_entry *entry)
{
    struct lfi_slice told = entry->told;
    const char *status = statuses[entry->facts.status];
    bool more = told.len > 2; /* than {} */
    return arena_format(arena, "{\"QuoteStatus\":\"%s\"%s%.*s", status ? status : "",
                        more ? "," : "", more ? (int)told.len - 1 : 1, more ? told.ptr + 1 : "}");
}

static bool read_change(const struct push *push, struct arena *arena, const void *given,
                        struct feed_entry *out)
{
    const struct lfi_quote_entry *entry = given;
    if (!entry || entry->size < sizeof(*entry) ||
        (size_t)entry->facts.status >= ARRAY_LEN(statuses) ||
        (entry->told.ptr && !list_is_object(entry->told))) {
        return false;
    }
    *out = feed_entry_of(push, arena, &hub_log, slice_of(entry->facts.quote_id), entry->number,
                         write_patch(arena, entry));
    out->cursor = entry->cursor;
    out->told = statuses[entry->facts.status] && (entry->facts.status != LFI_QUOTE_AVAILABLE ||
                                                  push->offers->quote_log == HUB_FORM_2_2);
    return true;
}

static int ask_core(const struct provider *provider, const struct lfi_call *call,
                    const struct lfi_change_query *query, struct lfi_answer *answer,
                    struct lfi_error *error)
{
    return provider->quotes->changes(provider->core, call, query, answer, error);
}

bool quotes_read_feed(const struct push *push)
{
    static const struct feed feed = {"quote-feed", ask_core, read_change};
    return push->provider->quotes && feed_move(push, &feed);
}

/* The form is that of the moment of telling, whichever it was when the change was noted. */
void quotes_deliver(const struct push *push, struct hub *hub, struct arena *arena, cJSON *record)
{
    static const char *const later[] = {"ConfirmedPolicyStartDate", "ConfirmedPolicyEndDate"};
    cJSON *patch = cJSON_GetObjectItemCaseSensitive(record, "patch");
    if (push->offers->quote_log == HUB_FORM_2_1) {
        if (slice_equal_text(json_get_string(patch, "QuoteStatus"), AVAILABLE)) {
            feed_skip(push, arena, &hub_log, record);
            return;
        }
        for (size_t i = 0; i < ARRAY_LEN(later); i++) {
            cJSON_DeleteItemFromObjectCaseSensitive(patch, later[i]);
        }
    }
    feed_deliver(push, hub, arena, &hub_log, record);
}
